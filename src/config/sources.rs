//! `[[source]]`: whole trees that `kfm vendor` keeps beside the file.

use crate::diag::{Error, ErrorKind, Location, Result};
use crate::yaml::Source;
use serde::Deserialize;
use std::path::{Component, Path};
use std::sync::Arc;

/// A tree that `kfm vendor` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceTree {
    /// What messages and the lock call it.
    pub(crate) name: String,
    /// The repository.
    pub(crate) git: String,
    /// Branch, tag or commit.
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    /// The directory in the repository; its root if empty.
    #[serde(default)]
    pub(crate) path: String,
    /// Patterns of the files that are taken; all if empty.
    #[serde(default)]
    pub(crate) include: Vec<String>,
    /// Patterns of files that are left out.
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    /// The directory for the tree, relative to the one of this file.
    pub(crate) into: String,
}

/// Refuses trees that share a name or a directory, or reach outside the directory of the file.
pub(super) fn check(sources: &[SourceTree], source: &Arc<Source>) -> Result<()> {
    for (number, tree) in sources.iter().enumerate() {
        let wrong = |message: String| {
            Err(Error::new(ErrorKind::Config, message).at(Location::file(source.path.clone())))
        };
        if tree.name.is_empty() || sources.iter().take(number).any(|other| other.name == tree.name) {
            return wrong(format!("`name` of a source must be its own, found `{}`", tree.name));
        }
        if !is_inside(&tree.into) {
            return wrong(format!(
                "`into` of `{}` must be a directory below this file's, found `{}`",
                tree.name, tree.into
            ));
        }
        if !tree.path.is_empty() && !is_inside(&tree.path) {
            return wrong(format!(
                "`path` of `{}` must be below its repository, found `{}`",
                tree.name, tree.path
            ));
        }
        let overlaps = |other: &SourceTree| {
            Path::new(&other.into).starts_with(&tree.into) || Path::new(&tree.into).starts_with(&other.into)
        };
        if let Some(other) = sources.iter().take(number).find(|other| overlaps(other)) {
            return wrong(format!(
                "the directories of `{}` and `{}` hold one another",
                other.name, tree.name
            ));
        }
    }
    Ok(())
}

fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, FILE};

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(&Source::new(FILE, text.into())).map_err(|e| e.to_string())
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let tree = "[[source]]\nname = \"m\"\ngit = \"https://h/o/r\"\nref = \"v1\"\ninto = \"m\"\n";
        assert_eq!(parse(tree).map(|c| c.sources.len()), Ok(1));
        for (text, expected) in [
            ("mirror = 1".to_owned(), "kfm.toml:1:1: unknown field `mirror`"),
            (tree.replace("ref", "reff"), "kfm.toml:4:1: unknown field `reff`"),
            (tree.replace("\"m\"\n\n", ""), ""),
            (
                tree.replace("into = \"m\"", "into = \"../m\""),
                "kfm.toml: `into` of `m` must be a directory below",
            ),
            (format!("{tree}path = \"/etc\"\n"), "kfm.toml: `path` of `m` must be below its repository"),
            (format!("{tree}{tree}"), "kfm.toml: `name` of a source must be its own"),
            (
                format!("{tree}{}", tree.replace("\"m\"", "\"m/n\"")),
                "kfm.toml: the directories of `m` and `m/n` hold one another",
            ),
        ] {
            let found = parse(&text).map(|_| ()).err().unwrap_or_default();
            assert!(found.starts_with(expected), "{text}: {found}");
        }
    }
}
