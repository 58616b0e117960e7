//! Which modules of the crate use which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// A path of names from the crate's root.
pub(crate) type Names = Vec<String>;

/// A module as its file has it.
struct Module {
    /// What it names, relative paths made absolute.
    uses: BTreeSet<Names>,
    /// What it brings into its scope: the name, and what stands behind it.
    scope: BTreeMap<String, Names>,
}

/// Returns every pair of modules of which the first uses the second; tests are left out.
pub(crate) fn all(src: &Path) -> BTreeSet<(Names, Names)> {
    let modules = read(src);
    let mut edges = BTreeSet::new();
    for (name, module) in &modules {
        for used in &module.uses {
            if let Some(used) = resolve(&modules, used, 0).filter(|used| used != name) {
                edges.insert((name.clone(), used));
            }
        }
    }
    edges
}

/// Returns the files of the crate, by module; what is compiled for tests alone is left out.
pub(crate) fn files(src: &Path) -> BTreeMap<Names, PathBuf> {
    parsed(src).into_iter().map(|(name, (path, _))| (name, path)).collect()
}

fn parsed(src: &Path) -> BTreeMap<Names, (PathBuf, syn::File)> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(src).sort_by_file_name() {
        let path = entry.expect("a readable directory").into_path();
        if path.extension().is_none_or(|e| e != "rs") || path.ends_with("main.rs") {
            continue;
        }
        let inside = path.strip_prefix(src).expect("a path below src").with_extension("");
        let mut name: Names = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if name.last().is_some_and(|last| last == "mod" || last == "lib") {
            name.pop();
        }
        let text = std::fs::read_to_string(&path).expect("a readable file");
        found.insert(name, (path, syn::parse_file(&text).expect("a file of Rust")));
    }
    let tests: BTreeSet<Names> =
        found.iter().flat_map(|(name, (_, file))| modules_for_tests(name, file)).collect();
    found.retain(|name, _| !tests.iter().any(|test| name.starts_with(test)));
    found
}

fn read(src: &Path) -> BTreeMap<Names, Module> {
    let files = parsed(src);
    let names: BTreeSet<Names> = files.keys().cloned().collect();
    files.iter().map(|(name, (_, file))| (name.clone(), module(name, file, &names))).collect()
}

/// The children of a module that are declared for tests alone.
fn modules_for_tests(name: &Names, file: &syn::File) -> Vec<Names> {
    let declared = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(declared) if is_for_tests(&declared.attrs) => Some(declared.ident.to_string()),
        _ => None,
    });
    declared.map(|child| [name.as_slice(), &[child]].concat()).collect()
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

fn module(name: &Names, file: &syn::File, modules: &BTreeSet<Names>) -> Module {
    let mut reader =
        Reader { name, modules, module: Module { uses: BTreeSet::new(), scope: BTreeMap::new() } };
    reader.visit_file(file);
    reader.module
}

struct Reader<'a> {
    name: &'a Names,
    modules: &'a BTreeSet<Names>,
    module: Module,
}

impl Reader<'_> {
    /// Notes a path, if it leads into the crate. Returns it as it is from the root.
    fn note(&mut self, path: &[String]) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        let absolute = match first.as_str() {
            "crate" => rest.to_vec(),
            "self" => [self.name, rest].concat(),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let above = self.name.get(..self.name.len().checked_sub(up)?)?;
                [above, path.get(up..)?].concat()
            }
            child if self.modules.contains(&[self.name.as_slice(), &[child.to_owned()]].concat()) => {
                [self.name, path].concat()
            }
            _ => return None,
        };
        self.module.uses.insert(absolute.clone());
        Some(absolute)
    }

    fn import(&mut self, before: &mut Names, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.import(before, item)),
            syn::UseTree::Glob(_) => drop(self.note(before)),
            syn::UseTree::Name(name) if name.ident == "self" => self.bring(before.last().cloned(), before),
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.bring(Some(name.clone()), &[before.as_slice(), &[name]].concat());
            }
            syn::UseTree::Rename(rename) => {
                let path = match rename.ident.to_string() {
                    name if name == "self" => before.clone(),
                    name => [before.as_slice(), &[name]].concat(),
                };
                self.bring(Some(rename.rename.to_string()), &path);
            }
        }
    }

    fn bring(&mut self, name: Option<String>, path: &[String]) {
        if let (Some(name), Some(absolute)) = (name, self.note(path)) {
            self.module.scope.insert(name, absolute);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        match item {
            syn::Item::Mod(declared) if is_for_tests(&declared.attrs) => {}
            syn::Item::Use(declared) if is_for_tests(&declared.attrs) => {}
            syn::Item::Use(declared) => self.import(&mut vec![], &declared.tree),
            item => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.note(&names);
        }
        visit::visit_path(self, path);
    }
}

/// The module in which the item of a path stands, through what other modules export again.
fn resolve(modules: &BTreeMap<Names, Module>, path: &[String], depth: usize) -> Option<Names> {
    let (name, module, rest) = (0..=path.len()).rev().find_map(|length| {
        let (name, rest) = path.split_at(length);
        modules.get(name).map(|module| (name, module, rest))
    })?;
    match rest.split_first().and_then(|(first, rest)| Some((module.scope.get(first)?, rest))) {
        Some((behind, rest)) if depth < 10 => {
            resolve(modules, &[behind.as_slice(), rest].concat(), depth + 1)
        }
        _ => Some(name.to_vec()),
    }
}
