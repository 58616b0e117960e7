//! `kfm.lock`: what each remote reference resolved to, and where its copy is.
//!
//! The file belongs to the directory it is in: paths in it are relative to that directory and stay below it. It is
//! written by `kfm vendor` and read by everything that fetches. Its entries are sorted, one value a line, so that a change
//! is a short diff; passwords and tokens of URLs are never in it.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files;
use crate::load::{Named, RepoSpec};
use crate::yaml::Source;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path};
use std::sync::Arc;

/// The name of the file.
pub(crate) const NAME: &str = "kfm.lock";

/// The file beside it that lists the hash of every copied file, as `sha256sum` writes them.
pub(crate) const SUMS: &str = "kfm.sum";

/// The directory beside it for copies.
pub(crate) const VENDOR: &str = "vendor";

/// The largest lock and list of hashes that are read, in bytes.
pub(crate) const LARGEST: u64 = 256 << 20;

const VERSION: u32 = 1;

const HEADER: &str = "# Written by `kfm vendor`, which changes it: what each remote reference resolved to.\n";

/// The content of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    /// The version of the format.
    pub(crate) version: u32,
    /// The targets that were walked, relative to the lock's directory; none for every kustomization below it.
    #[serde(default)]
    pub(crate) targets: Vec<String>,
    /// Repositories by URL and reference.
    #[serde(default, rename = "repository", skip_serializing_if = "Vec::is_empty")]
    pub(crate) repositories: Vec<LockedRepository>,
    /// Files by URL.
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<LockedFile>,
    /// Whole trees by name.
    #[serde(default, rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub(crate) sources: Vec<LockedSource>,
}

/// A repository at a reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedRepository {
    /// As git gets it, before any mirror, without password.
    pub(crate) url: String,
    /// As written; empty for the default branch.
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    /// Whether submodules were left out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) without_submodules: bool,
    /// The commit.
    pub(crate) commit: String,
    /// The commit's tree, as git names it.
    pub(crate) tree: String,
    /// Where the copy is.
    pub(crate) copy: String,
    /// The hash of the copy.
    pub(crate) sum: String,
    /// The references that lead here, as they are written, without password.
    #[serde(default)]
    pub(crate) references: Vec<String>,
}

/// A file fetched over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedFile {
    /// As written, without password.
    pub(crate) url: String,
    /// Where the copy is.
    pub(crate) copy: String,
    /// The hash of the file.
    pub(crate) sum: String,
}

/// A tree that `kfm.toml` asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedSource {
    /// The source's name.
    pub(crate) name: String,
    /// The repository, without password.
    pub(crate) git: String,
    /// As written.
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    /// The commit.
    pub(crate) commit: String,
    /// The commit's tree, as git names it.
    pub(crate) tree: String,
    /// Where the tree is.
    pub(crate) into: String,
    /// The hash of what was taken from upstream.
    pub(crate) sum: String,
    /// Files that were edited since, with the hash of their content; empty for removed ones.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub(crate) edits: std::collections::BTreeMap<String, String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: VERSION, targets: vec![], repositories: vec![], files: vec![], sources: vec![] }
    }
}

impl Lock {
    /// Reads a lock; `None` if there is no such file. `shown` is how messages name it.
    pub(crate) fn read(path: &Path, shown: &str) -> Result<Option<Self>> {
        match files::read_text_beside(path, LARGEST) {
            Ok(text) => Self::parse(&Source::new(shown, text)).map(Some),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::new(ErrorKind::Io, format!("the lock cannot be read: {}", cause(&e)))
                .at(Location::file(shown))),
        }
    }

    /// Reads the text of a lock.
    pub(crate) fn parse(source: &Arc<Source>) -> Result<Self> {
        let lock: Self = toml::from_str(&source.text).map_err(|e| {
            let message = e.message().trim().trim_end_matches('.').lines().collect::<Vec<_>>().join(", ");
            let offset = e.span().map_or(0, |span| span.start);
            let at = source.location(u32::try_from(offset).unwrap_or(0));
            Error::new(ErrorKind::Config, message).at(at).hint("run `kfm vendor` to write the lock anew")
        })?;
        let wrong =
            |message: String| Error::new(ErrorKind::Config, message).at(Location::file(source.path.clone()));
        if lock.version != VERSION {
            return Err(wrong(format!("the lock has version {}, expected {VERSION}", lock.version))
                .hint("use the version of kfm that wrote it, or a newer one"));
        }
        let copies = lock.repositories.iter().map(|r| (&r.copy, true));
        let copies = copies.chain(lock.files.iter().map(|f| (&f.copy, true)));
        for (path, vendored) in copies.chain(lock.sources.iter().map(|s| (&s.into, false))) {
            if !is_inside(path) || vendored && !Path::new(path).starts_with(VENDOR) {
                let place = if vendored { "in `vendor`" } else { "below the lock's directory" };
                return Err(wrong(format!("`{path}` must be a path {place}")));
            }
        }
        let commits = lock.repositories.iter().map(|r| &r.commit);
        for commit in commits.chain(lock.sources.iter().map(|s| &s.commit)) {
            if !is_commit(commit) {
                return Err(wrong(format!("`{commit}` must be the full name of a commit")));
            }
        }
        Ok(lock)
    }

    /// The text of the lock, its entries in order.
    pub(crate) fn text(&self) -> Result<String> {
        let mut sorted = self.clone();
        sorted.repositories.sort_by(|a, b| key(a).cmp(&key(b)));
        sorted.repositories.iter_mut().for_each(|r| r.references.sort());
        sorted.files.sort_by(|a, b| a.url.cmp(&b.url));
        sorted.sources.sort_by(|a, b| a.name.cmp(&b.name));
        let text = toml::to_string_pretty(&sorted)
            .map_err(|e| Error::new(ErrorKind::Config, format!("the lock cannot be written: {e}")))?;
        Ok(format!("{HEADER}{text}"))
    }

    /// The entry for a repository.
    pub(crate) fn repository(&self, spec: &RepoSpec) -> Option<&LockedRepository> {
        let url = without_user(&spec.url);
        self.repositories.iter().find(|r| {
            r.url == url && r.reference == spec.reference && r.without_submodules != spec.submodules
        })
    }

    /// The entry for a file.
    pub(crate) fn file(&self, url: &str) -> Option<&LockedFile> {
        let url = without_user(url);
        self.files.iter().find(|f| f.url == url)
    }

    /// What a text names that may name either.
    pub(crate) fn known(&self, spec: &RepoSpec) -> Option<Named> {
        let file = || self.file(&spec.raw).map(|_| Named::File);
        file().or_else(|| self.repository(spec).map(|_| Named::Directory))
    }
}

fn key(repository: &LockedRepository) -> (&str, &str, bool) {
    (&repository.url, &repository.reference, repository.without_submodules)
}

/// Whether a text is the full name of a commit.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a path names something below the directory it is relative to.
pub(crate) fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// A URL as a lock, a cache or a message may hold it: over HTTP without user, over SSH without password.
pub(crate) fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((user, host)) = authority.rsplit_once('@') else { return url.to_owned() };
    match scheme.eq_ignore_ascii_case("ssh") {
        true => format!("{scheme}://{}@{host}{path}", user.split(':').next().unwrap_or_default()),
        false => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::url;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn lock() -> Lock {
        let repository = |url: &str, reference: &str| LockedRepository {
            url: url.into(),
            reference: reference.into(),
            without_submodules: false,
            commit: COMMIT.into(),
            tree: COMMIT.into(),
            copy: format!("vendor/x@{reference}"),
            sum: "sha256:0".into(),
            references: vec![format!("{url}//b?ref={reference}"), format!("{url}//a?ref={reference}")],
        };
        Lock {
            repositories: vec![repository("https://h/o/r", "v2"), repository("https://h/o/r", "v1")],
            files: vec![LockedFile {
                url: "https://h/x.yaml".into(),
                copy: "vendor/h/x.yaml".into(),
                sum: "sha256:0".into(),
            }],
            ..Lock::default()
        }
    }

    #[test]
    fn a_lock_is_sorted_and_can_be_read_back() {
        let text = lock().text().unwrap();
        assert!(text.starts_with(HEADER));
        assert!(text.find("\"v1\"").unwrap() < text.find("\"v2\"").unwrap());
        let read = Lock::parse(&Source::new(NAME, text.clone())).unwrap();
        assert_eq!(read.text().unwrap(), text);
    }

    #[test]
    fn entries_are_found_whatever_the_password() {
        let lock = lock();
        let found = |text: &str| lock.repository(&url::parse(text).unwrap()).is_some();
        assert!(found("https://u:p@h/o/r//x?ref=v1"));
        assert!(!found("https://h/o/r//x?ref=v3"));
        assert!(!found("https://h/o/r//x?ref=v1&submodules=false"));
        assert!(lock.file("https://token@h/x.yaml").is_some());
    }

    #[test]
    fn a_lock_leads_nowhere_outside() {
        for (key, value) in [
            ("copy", "../x"),
            ("copy", "/etc"),
            ("copy", "vendor/../.."),
            ("copy", "other/x"),
            ("commit", "main"),
            ("commit", "--upload-pack=x"),
        ] {
            let text = lock().text().unwrap();
            let line = text.lines().find(|l| l.starts_with(&format!("{key} = "))).unwrap();
            let bad = text.replacen(line, &format!("{key} = \"{value}\""), 1);
            let error = Lock::parse(&Source::new(NAME, bad)).unwrap_err();
            assert!(error.message().contains(" must be "), "{value}: {error}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        let error = Lock::parse(&Source::new(NAME, "version = 1\nx = 2\n".into())).unwrap_err();
        assert!(error.to_string().starts_with("kfm.lock:2:1: unknown field `x`"), "{error}");
        let error = Lock::parse(&Source::new(NAME, "version = 9\n".into())).unwrap_err();
        assert_eq!(error.message(), "the lock has version 9, expected 1");
    }

    #[test]
    fn users_are_cut_from_urls() {
        for (given, expected) in [
            ("https://u:p@h/x", "https://h/x"),
            ("https://token@h/x?a=b@c", "https://h/x?a=b@c"),
            ("ssh://git:p@h/x", "ssh://git@h/x"),
            ("git@h:o/r", "git@h:o/r"),
        ] {
            assert_eq!(without_user(given), expected);
        }
    }
}
