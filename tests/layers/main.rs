//! The layers of the crate: a module may use those of lower layers, and no sibling of its own layer. Within a directory,
//! no two files use each other, directly or through others.
#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

mod imports;

use imports::Names;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::visit::{self, Visit};

/// Lower layers first.
const LAYERS: &[&[&str]] = &[
    &["compat", "diag", "text", "interrupt"],
    &["files", "limits", "parallel", "search_path"],
    &["yaml"],
    &["kube"],
    &["load"],
    &["kustomization"],
    &["resource"],
    &["remote", "revision", "roots"],
    &["generate"],
    &["plugin"],
    &["transform", "patch", "refs"],
    &["accumulate"],
    &["kustomize"],
    &["diff", "image"],
    &["edit", "localize", "distribution"],
    &["config"],
    &["vendor"],
    &["cli"],
    &["fuzzing"],
];

/// More would no longer be a face.
const MOST_PUBLIC_ITEMS: usize = 110;

fn src() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|names| names.contains(&module));
    found.unwrap_or_else(|| panic!("`{module}` has no layer"))
}

#[test]
fn modules_use_only_lower_layers() {
    let mut breaches = BTreeSet::new();
    for (user, used) in imports::all(src()) {
        // The root of the crate lists everything.
        let (Some(a), Some(b)) = (user.first(), used.first()) else { continue };
        if a != b && layer(a) <= layer(b) {
            breaches.insert(format!("{} uses {}", user.join("/"), used.join("/")));
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn no_files_of_a_directory_use_each_other() {
    let mut uses: BTreeMap<Names, BTreeSet<Names>> = BTreeMap::new();
    for (user, used) in imports::all(src()) {
        let common = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
        // Rust makes children and parents know each other.
        let (Some(a), Some(b)) = (user.get(..=common), used.get(..=common)) else { continue };
        if common > 0 {
            uses.entry(a.to_vec()).or_default().insert(b.to_vec());
        }
    }
    let circles: Vec<String> = uses
        .keys()
        .filter(|file| reachable(&uses, file).contains(*file))
        .map(|file| format!("{} is in a circle", file.join("/")))
        .collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

fn reachable(uses: &BTreeMap<Names, BTreeSet<Names>>, from: &Names) -> BTreeSet<Names> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Names> = uses.get(from).into_iter().flatten().collect();
    while let Some(file) = next.pop() {
        if found.insert(file.clone()) {
            next.extend(uses.get(file).into_iter().flatten());
        }
    }
    found
}

#[test]
fn only_the_command_line_prints_or_reads_the_environment() {
    for (module, path) in imports::files(src()) {
        if module.first().is_some_and(|top| top == "cli") {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("a readable file");
        for word in
            ["println!", "eprintln!", "process::exit", "env::var", "env::args", "stdout()", "stderr()"]
        {
            assert!(!text.contains(word), "{} uses {word}", module.join("/"));
        }
    }
}

/// Counts the items of the library that are `pub`; the lint `unreachable_pub` makes what nobody can reach `pub(crate)`.
#[derive(Default)]
struct Public(usize);

impl Public {
    fn count(&mut self, visibility: &syn::Visibility) {
        self.0 += usize::from(matches!(visibility, syn::Visibility::Public(_)));
    }
}

impl Visit<'_> for Public {
    fn visit_item(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Const(item) => self.count(&item.vis),
            syn::Item::Enum(item) => self.count(&item.vis),
            syn::Item::Fn(item) => self.count(&item.vis),
            syn::Item::Mod(item) => self.count(&item.vis),
            syn::Item::Static(item) => self.count(&item.vis),
            syn::Item::Struct(item) => self.count(&item.vis),
            syn::Item::Trait(item) => self.count(&item.vis),
            syn::Item::Type(item) => self.count(&item.vis),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
        self.count(&item.vis);
    }

    fn visit_impl_item_const(&mut self, item: &syn::ImplItemConst) {
        self.count(&item.vis);
    }
}

#[test]
fn few_items_are_public() {
    let mut public = Public::default();
    for (_, path) in imports::files(src()) {
        let text = std::fs::read_to_string(path).expect("a readable file");
        public.visit_file(&syn::parse_file(&text).expect("Rust"));
    }
    assert!(public.0 <= MOST_PUBLIC_ITEMS, "{} items are public", public.0);
}
