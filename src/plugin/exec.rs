//! Programs as plugins, the old way: found by apiVersion and kind in a directory of plugins.
//!
//! The program gets a file with its configuration, then the arguments that the configuration names; a transformer
//! reads the objects from standard input.

use super::exchange;
use super::options::{PluginOptions, Site};
use super::program::{self, Program};
use super::scratch;
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::Text;
use crate::resource::{ResMap, Resource};
use crate::search_path::is_executable;
use crate::yaml::{Doc, NodeId};
use std::path::{Path, PathBuf};

/// The longest text that goes into a variable, name included.
const LONGEST_VARIABLE: usize = 131_071;

/// A program, its arguments and its configuration.
#[derive(Debug, Clone)]
pub(crate) struct Exec {
    path: PathBuf,
    args: Vec<String>,
    config: String,
}

/// The program of a configuration.
pub(crate) fn find(config: &Resource, site: &mut Site<'_, '_>) -> Result<Exec> {
    let (home, path) = path_of(config, site.options)?;
    check_executable(&path, config)?;
    let path = below(&home, path, config)?;
    let args = arguments(config, site)?;
    Ok(Exec { path, args, config: exchange::to_text(config, false, true)? })
}

/// HOME and HOME/GROUP/VERSION/kind/Kind
fn path_of(config: &Resource, options: &PluginOptions) -> Result<(PathBuf, PathBuf)> {
    let homes = &options.plugin_homes;
    let Some(home) = homes.iter().filter_map(|(_, path)| path.as_deref()).find(|path| path.exists()) else {
        let tried: Vec<String> = homes
            .iter()
            .map(|(what, path)| match path {
                Some(path) => format!("`{}` ({what})", path.display()),
                None => format!("{what}, which is not set"),
            })
            .collect();
        let message =
            format!("there is no directory of plugins for {}; tried {}", config.id(), tried.join(", "));
        return Err(Error::new(ErrorKind::NotFound, message).at(config.doc().location(config.root())));
    };
    let gvk = config.gvk();
    let (group, version, kind) = (gvk.group.as_str(), gvk.version.as_str(), gvk.kind.as_str());
    if let Some(part) = [group, version, kind].iter().find(|part| !is_name(part)) {
        let message = format!("`{part}` cannot be a part of the name of a plugin");
        return Err(Error::new(ErrorKind::Restricted, message)
            .at(config.doc().location(config.root()))
            .hint("plugins are named by letters, digits, `.`, `-` and `_` in `apiVersion` and `kind`"));
    }
    Ok((home.to_owned(), home.join(group).join(version).join(kind.to_lowercase()).join(kind)))
}

/// Whether a part of a type names a file or directory in the one that holds it, and nothing else.
fn is_name(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    !part.starts_with('.') && part.bytes().all(plain) && part.len() <= 253
}

/// The real path of a plugin, which lies below the directory of plugins.
fn below(home: &Path, path: PathBuf, config: &Resource) -> Result<PathBuf> {
    match (path.canonicalize(), home.canonicalize()) {
        (Ok(found), Ok(home)) if found.starts_with(&home) => Ok(found),
        _ => {
            let message =
                format!("the plugin `{}` is a link that leads out of `{}`", path.display(), home.display());
            Err(Error::new(ErrorKind::Restricted, message).at(config.doc().location(config.root())))
        }
    }
}

fn check_executable(path: &Path, config: &Resource) -> Result<()> {
    let fail = |kind: ErrorKind, message: String| {
        Err(Error::new(kind, message).at(config.doc().location(config.root())))
    };
    match path.metadata() {
        Err(_) => fail(ErrorKind::NotFound, format!("there is no plugin `{}`", path.display())),
        Ok(metadata) if !is_executable(&metadata) => {
            fail(ErrorKind::Program, format!("the plugin `{}` is not executable", path.display()))
                .map_err(|e| e.hint("make it executable with `chmod +x`"))
        }
        Ok(_) => Ok(()),
    }
}

/// `argsOneLiner`, then the lines of the file that `argsFromFile` names.
fn arguments(config: &Resource, site: &mut Site<'_, '_>) -> Result<Vec<String>> {
    let doc = config.doc();
    let field = |name: &str| {
        let node = doc.get(config.root(), name)?;
        (!doc.text(node).is_empty() && !doc.is_null(node)).then(|| marked(doc, node))
    };
    let mut args = Vec::new();
    if let Some(line) = field("argsOneLiner") {
        args = words(&line).ok_or_else(|| {
            Error::new(ErrorKind::Config, "unclosed quote in `argsOneLiner`").at(line.mark.location())
        })?;
    }
    if let Some(file) = field("argsFromFile") {
        let content = (site.load)(&file).map_err(|e| e.or_at(|| file.mark.location()))?;
        let content = String::from_utf8_lossy(&content);
        let lines = content.split('\n').map(|l| l.trim_start_matches(' ')).filter(|l| !l.is_empty());
        args.extend(lines.map(str::to_owned));
    }
    Ok(args)
}

fn marked(doc: &Doc, node: NodeId) -> Text {
    Text { value: doc.text(node).to_owned(), mark: doc.mark_or_start(node) }
}

/// Splits into words as a shell does; a `#` outside of quotes ends the line. `None`: a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut escaped) = (None, false);
    for c in text.chars() {
        match c {
            _ if escaped => {
                word.push(c);
                escaped = false;
            }
            '\\' if quote != Some('\'') => escaped = true,
            '\'' | '"' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            '#' if quote.is_none() => break,
            _ if quote.is_none() && c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if quote.is_some() {
        return None;
    }
    if !word.is_empty() {
        words.push(word);
    }
    Some(words)
}

/// Runs a program that makes objects.
pub(crate) fn generate(exec: &Exec, site: &Site<'_, '_>) -> Result<Vec<Resource>> {
    let mut all = exchange::from_output(&exec.name(), exec.run("", site)?, site.budget)?;
    exchange::apply_generator_annotations(&mut all)?;
    Ok(all)
}

/// Runs a program that changes objects.
pub(crate) fn transform(exec: &Exec, resources: &mut ResMap, site: &Site<'_, '_>) -> Result<()> {
    let texts = resources.iter().map(|r| exchange::to_text(r, true, true)).collect::<Result<Vec<_>>>()?;
    let output = exec.run(&texts.join("---\n"), site)?;
    let output = exchange::from_output(&exec.name(), output, site.budget)?;
    exchange::update(resources, output, &exec.name())
}

impl Exec {
    fn name(&self) -> String {
        format!("the plugin `{}`", self.path.display())
    }

    fn run(&self, input: &str, site: &Site<'_, '_>) -> Result<Vec<u8>> {
        let file = scratch::file("kust-plugin-config-", self.config.as_bytes())?;
        let mut args = vec![file.path().display().to_string()];
        args.extend_from_slice(&self.args);
        let env: Vec<(String, String)> = [
            ("KUSTOMIZE_PLUGIN_CONFIG_STRING", self.config.clone()),
            ("KUSTOMIZE_PLUGIN_CONFIG_ROOT", site.root.display().to_string()),
        ]
        .into_iter()
        .filter(|(name, value)| name.len() + 1 + value.len() <= LONGEST_VARIABLE)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        let output = program::run(&Program {
            name: &self.path.to_string_lossy(),
            search: site.options.search.clone(),
            args: &args,
            env: &env,
            directory: site.root.exists().then_some(site.root),
            input: input.as_bytes(),
            ..Default::default()
        })?;
        if !output.status.success() {
            let message = format!("{} failed with {}", self.name(), output.complaint());
            return Err(Error::new(ErrorKind::Program, message));
        }
        Ok(output.stdout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_types_are_names() {
        for (part, expected) in [
            ("", true),
            ("example.com", true),
            ("v1", true),
            ("Sed-2_x", true),
            ("..", false),
            (".x", false),
            ("/abs", false),
            ("a/b", false),
            ("a\\b", false),
            ("é", false),
            ("a\0", false),
        ] {
            assert_eq!(is_name(part), expected, "{part:?}");
        }
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        let table: [(&str, Option<&[&str]>); 7] = [
            ("one \"two three\" 'four'", Some(&["one", "two three", "four"])),
            ("a\\ b c", Some(&["a b", "c"])),
            ("'a\\b' \"a\\\"b\"", Some(&["a\\b", "a\"b"])),
            ("a b#c d", Some(&["a", "b"])),
            ("a '' b", Some(&["a", "b"])),
            ("  ", Some(&[])),
            ("one 'two", None),
        ];
        for (text, expected) in table {
            let found = words(text);
            assert_eq!(
                found.as_deref(),
                expected.map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>()).as_deref(),
                "{text}"
            );
        }
    }
}
