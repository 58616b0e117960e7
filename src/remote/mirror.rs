//! The user's configuration: mirrors of remote locations, what may be reached, how much a build may take.
//!
//! The configuration of kfm may hold tables that rewrite URLs, for mirrors and machines without network:
//!
//! ```toml
//! [[mirror]]
//! from = "https://github.com/org/"
//! to = "https://git.example.com/mirrors/org/"
//! ```
//!
//! `from` is a URL or the beginning of one, as git or the HTTP client would get it; the longest one that fits is
//! used. `to` takes its place; with `file://` files and repositories are local ones. What follows `from` in a URL may
//! not leave the mirror: see [`Mirrored::local`]. Kustomize has nothing of the kind, but git's own `url.….insteadOf` works
//! for repositories in both.

use crate::diag::{Error, ErrorKind, Location, Result, cause, without_secrets};
use crate::limits::Limits;
use crate::yaml::Source;
use serde::Deserialize;
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The mirrors of a configuration; the longest `from` first.
#[derive(Debug, Clone, Default)]
pub struct Mirrors(Vec<Mirror>);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    from: String,
    to: String,
}

/// What the user's configuration says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// `[[mirror]]`
    pub(crate) mirrors: Mirrors,
    /// `[network]`
    pub(crate) network: Network,
    /// `[limits]`, as the command line writes them: `memory=2GiB`.
    pub(crate) limits: Vec<String>,
}

/// The table `[network]`: what may be reached unless the command line says less.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Network {
    /// `offline = true`: nothing is asked over the network.
    pub(crate) offline: bool,
    /// `public-only = true`: this machine and private networks are not asked.
    pub(crate) public_only: bool,
    /// `file-repositories = true`: kustomization files may name repositories of this machine.
    pub(crate) file_repositories: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    #[serde(default)]
    mirror: Vec<toml::Spanned<Mirror>>,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    limits: std::collections::BTreeMap<String, toml::Spanned<toml::Value>>,
}

impl FromIterator<(String, String)> for Mirrors {
    /// Mirrors of URLs, or of their beginnings: what they are and what takes their place.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self::new(pairs.into_iter().map(|(from, to)| Mirror { from, to }).collect())
    }
}

impl Mirrors {
    fn new(mut mirrors: Vec<Mirror>) -> Self {
        mirrors.sort_by_key(|m| std::cmp::Reverse(m.from.len()));
        Self(mirrors)
    }
}

impl Config {
    /// What a configuration file says; nothing if there is no such file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
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

    /// What a configuration's text says.
    pub(crate) fn parse(source: &Arc<Source>) -> Result<Self> {
        let at = |offset: usize| source.location(u32::try_from(offset).unwrap_or(0));
        let config: Tables = toml::from_str(&source.text).map_err(|e| {
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
        let mut limits = Vec::with_capacity(config.limits.len());
        for (name, value) in config.limits {
            let start = value.span().start;
            let text = match value.into_inner() {
                toml::Value::String(text) => format!("{name}={text}"),
                value => format!("{name}={value}"),
            };
            let check = Limits::default().set(&text);
            check.map_err(|message| Error::new(ErrorKind::Config, message).at(at(start)))?;
            limits.push(text);
        }
        Ok(Self { mirrors: Mirrors::new(mirrors), network: config.network, limits })
    }
}

impl Mirrors {
    /// Rewrites a URL. An error if the result would be outside of the mirror.
    pub(crate) fn rewrite<'a>(&self, url: &'a str) -> Result<Mirrored<'a>> {
        let found = self.0.iter().find_map(|m| Some((m, url.strip_prefix(m.from.as_str())?)).filter(fits));
        let Some((mirror, rest)) = found else { return Ok(Mirrored { url: url.into(), base: None }) };
        let local = local_path(&mirror.to);
        if climbs(rest) || local.is_some() && rest.contains(['?', '#', '\\', '\0']) {
            let message = format!("`{}` would leave the mirror of `{}`", without_secrets(url), mirror.from);
            return Err(Error::new(ErrorKind::Restricted, message)
                .hint("name what is in the mirror without `..`, `?` and `#`"));
        }
        let base = local.map(|to| match rest == ".git" || rest.starts_with(".git/") {
            true => PathBuf::from(format!("{}.git", to.display())),
            false => to.to_owned(),
        });
        Ok(Mirrored { url: format!("{}{rest}", mirror.to).into(), base })
    }
}

/// A URL, rewritten where a mirror has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mirrored<'a> {
    /// The location.
    pub(crate) url: Cow<'a, str>,
    /// The local directory of the mirror.
    base: Option<PathBuf>,
}

impl Mirrored<'_> {
    /// The file or directory of a local mirror that this is, free of links; `None` where it is no local
    /// one. An error of the kind `PermissionDenied` where a link leads out of the mirror.
    pub(crate) fn local(&self) -> Option<io::Result<PathBuf>> {
        let base = self.base.as_ref()?;
        let inside = || {
            let path = local_path(&self.url).ok_or(io::ErrorKind::InvalidInput)?.canonicalize()?;
            match path.starts_with(base.canonicalize()?) {
                true => Ok(path),
                false => Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "it leads out of the directory of the mirror",
                )),
            }
        };
        Some(inside())
    }
}

/// The path of a local mirror.
fn local_path(to: &str) -> Option<&Path> {
    let file = to.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("file://"));
    match file {
        Some(scheme) => to.get(scheme.len()..).map(Path::new),
        None => to.starts_with('/').then_some(Path::new(to)),
    }
}

/// Whether a part of a path is `..`, in any spelling that some server takes for it.
fn climbs(rest: &str) -> bool {
    let path = rest.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    path.split(['/', '\\', ':', '?', '#', ';']).any(|part| part == "..")
}

/// Whether a beginning ends where a part of the URL ends: `…/org/repo` does not fit `…/org/repository`.
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
        let config = Config::parse(&Source::new("config.toml", text.into())).map_err(|e| e.to_string())?;
        Ok(config.mirrors)
    }

    #[test]
    fn the_longest_rule_counts() {
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
            assert_eq!(mirrors.rewrite(url).unwrap().url, expected, "{url}");
        }
    }

    #[test]
    fn nothing_leads_out_of_a_mirror() {
        let mirrors = parse(
            "[[mirror]]\nfrom = \"https://h/\"\nto = \"file:///srv/m/\"\n[[mirror]]\nfrom = \"https://o/\"\n\
             to = \"https://m/o/\"\n",
        )
        .unwrap();
        for (url, held) in [
            ("https://h/a/b.yaml", true),
            ("https://h/a..b/..c/d..", true),
            ("https://h/../x", false),
            ("https://h/a/../x", false),
            ("https://h/a/..", false),
            ("https://h/%2E./x", false),
            ("https://h/a%2f..%2fx", false),
            ("https://h/..\\x", false),
            ("https://h/a?b", false),
            ("https://h/a#b", false),
            ("https://h/a\0b", false),
            ("https://o/a?ref=v1", true),
            ("https://o/../a", false),
            ("https://other/../a", true),
        ] {
            assert_eq!(mirrors.rewrite(url).is_ok(), held, "{url}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out_of_a_local_mirror() {
        let top = tempfile::tempdir().unwrap();
        for directory in ["m/o/r", "m/x.git", "out"] {
            std::fs::create_dir_all(top.path().join(directory)).unwrap();
        }
        std::os::unix::fs::symlink("o", top.path().join("m/inside")).unwrap();
        std::os::unix::fs::symlink("../out", top.path().join("m/outside")).unwrap();
        let to = top.path().join("m").display().to_string();
        let mirrors = parse(&format!(
            "[[mirror]]\nfrom = \"https://h/\"\nto = \"file://{to}/\"\n[[mirror]]\nfrom = \"https://o/x\"\n\
             to = \"file://{to}/x\"\n"
        ))
        .unwrap();
        for (url, expected) in [
            ("https://h/o/r", Some("m/o/r")),
            ("https://h/inside/r", Some("m/o/r")),
            ("https://h/outside", None),
            ("https://h/none", None),
            ("https://o/x.git", Some("m/x.git")),
        ] {
            let found = mirrors.rewrite(url).unwrap().local().unwrap();
            let expected = expected.map(|path| top.path().canonicalize().unwrap().join(path));
            assert_eq!(found.ok(), expected, "{url}");
        }
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, expected) in [
            (
                "mirrors = 1",
                "config.toml:1:1: unknown field `mirrors`, expected one of `mirror`, `network`, `limits`",
            ),
            (
                "[limits]\nmemry = 1",
                "config.toml:2:9: unknown limit `memry`; the limits are memory, text, nodes, depth, objects, work, \
                 directories, directory-depth, file, patterns, properties, download, fetched, fetch-time",
            ),
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
    fn limits_and_the_network_are_the_users() {
        let text = "[limits]\nmemory = \"2GiB\"\ndepth = 50\n[network]\noffline = true\n";
        let config = Config::parse(&Source::new("config.toml", text.into())).unwrap();
        assert_eq!(config.limits, ["depth=50", "memory=2GiB"]);
        assert_eq!(config.network, Network { offline: true, ..Network::default() });
    }

    #[test]
    fn no_file_means_no_rules() {
        let top = tempfile::tempdir().unwrap();
        assert!(Config::read(&top.path().join("config.toml")).unwrap().mirrors.0.is_empty());
    }
}
