//! Where the user leads remote locations.
//!
//! The configuration of kfm may hold tables that lead URLs elsewhere, for mirrors and machines without network:
//!
//! ```toml
//! [[mirror]]
//! from = "https://github.com/org/"
//! to = "https://git.example.com/mirrors/org/"
//! ```
//!
//! `from` is a URL or the beginning of one, as git or the HTTP client would get it; the longest one that fits is
//! used. `to` takes its place; `file://` leads files and repositories to local ones. Kustomize has nothing of the
//! kind, but git's own `url.….insteadOf` works for repositories in both.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::yaml::Source;
use serde::Deserialize;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// The rules of a configuration; the longest `from` first.
#[derive(Debug, Clone, Default)]
pub struct Mirrors(Vec<Mirror>);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    mirror: Vec<toml::Spanned<Mirror>>,
}

impl Mirrors {
    /// The rules of a configuration file; none if there is no such file.
    pub fn read(path: &Path) -> Result<Self> {
        let shown: Arc<str> = path.to_string_lossy().into();
        match std::fs::read_to_string(path) {
            Ok(text) if text.len() <= Source::LIMIT => Self::parse(&Source::new(shown, text)),
            Err(e)
                if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
            {
                Ok(Self::default())
            }
            // A home directory that may not be entered is someone else's.
            Err(e)
                if e.kind() == std::io::ErrorKind::PermissionDenied && path.symlink_metadata().is_err() =>
            {
                Ok(Self::default())
            }
            Ok(_) => {
                Err(Error::new(ErrorKind::Config, "the configuration is too large").at(Location::file(shown)))
            }
            Err(e) => {
                Err(Error::new(ErrorKind::Io, format!("the configuration cannot be read: {}", cause(&e)))
                    .at(Location::file(shown)))
            }
        }
    }

    /// The rules of a configuration's text.
    pub fn parse(source: &Arc<Source>) -> Result<Self> {
        let at = |offset: usize| source.location(u32::try_from(offset).unwrap_or(0));
        let config: Config = toml::from_str(&source.text).map_err(|e| {
            let message = e.message().trim().trim_end_matches('.');
            let message = message.lines().collect::<Vec<_>>().join(", ");
            Error::new(ErrorKind::Config, message).at(at(e.span().map_or(0, |s| s.start)))
        })?;
        let mut mirrors = Vec::with_capacity(config.mirror.len());
        for mirror in config.mirror {
            let start = mirror.span().start;
            let mirror = mirror.into_inner();
            let wrong = |message: &str| Error::new(ErrorKind::Config, message).at(at(start));
            if mirror.from.is_empty() {
                return Err(wrong("`from` of a mirror must be a URL or the beginning of one, found nothing"));
            }
            if mirror.to.is_empty() || mirror.to.starts_with('-') {
                return Err(wrong("`to` of a mirror must be a URL or the beginning of one"));
            }
            mirrors.push(mirror);
        }
        mirrors.sort_by_key(|m| std::cmp::Reverse(m.from.len()));
        Ok(Self(mirrors))
    }

    /// Where a URL leads.
    pub fn lead<'a>(&self, url: &'a str) -> Cow<'a, str> {
        let found = self.0.iter().find_map(|m| Some((m, url.strip_prefix(m.from.as_str())?)).filter(fits));
        match found {
            Some((mirror, rest)) => format!("{}{rest}", mirror.to).into(),
            None => url.into(),
        }
    }
}

/// Returns whether a beginning ends where a part of the URL ends: `…/org/repo` does not lead `…/org/repository`.
fn fits((mirror, rest): &(&Mirror, &str)) -> bool {
    mirror.from.ends_with(['/', ':'])
        || rest.is_empty()
        || rest.starts_with(['/', '?', '#', ':'])
        || *rest == ".git"
        || rest.starts_with(".git/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Mirrors, String> {
        Mirrors::parse(&Source::new("config.toml", text.into())).map_err(|e| e.to_string())
    }

    #[test]
    fn the_longest_rule_leads() {
        let mirrors = parse(
            "[[mirror]]\nfrom = \"https://h/\"\nto = \"https://m/h/\"\n[[mirror]]\nfrom = \"https://h/o/r\"\n\
             to = \"file:///srv/r\"\n[[mirror]]\nfrom = \"git@h:\"\nto = \"https://m/\"\n",
        )
        .unwrap();
        for (url, expected) in [
            ("https://h/x", "https://m/h/x"),
            ("https://h/o/r", "file:///srv/r"),
            ("https://h/o/r/a.yaml", "file:///srv/r/a.yaml"),
            ("https://h/o/r.git", "file:///srv/r.git"),
            ("https://h/o/repo", "https://m/h/o/repo"),
            ("git@h:o/r", "https://m/o/r"),
            ("https://other/x", "https://other/x"),
        ] {
            assert_eq!(mirrors.lead(url), expected, "{url}");
        }
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, expected) in [
            ("mirrors = 1", "config.toml:1:1: unknown field `mirrors`, expected `mirror`"),
            (
                "[[mirror]]\nfrom = \"a\"\nto = \"b\"\nx = 1",
                "config.toml:4:1: unknown field `x`, expected `from` or `to`",
            ),
            ("[[mirror]]\nfrom = \"a\"", "config.toml:1:1: missing field `to`"),
            (
                "[[mirror]]\nfrom = \"\"\nto = \"b\"",
                "config.toml:1:1: `from` of a mirror must be a URL or the beginning of one, found nothing",
            ),
        ] {
            assert_eq!(parse(text).map(|_| ()), Err(expected.to_owned()), "{text}");
        }
        assert!(parse("[[mirror").is_err());
        assert!(parse("").is_ok());
    }

    #[test]
    fn no_file_means_no_rules() {
        let top = tempfile::tempdir().unwrap();
        assert!(Mirrors::read(&top.path().join("config.toml")).unwrap().0.is_empty());
    }
}
