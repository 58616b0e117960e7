//! The lock file: image, tag and digest of every reference.
//!
//! ```text
//! # kfm images lock
//! ghcr.io/dexidp/dex:v2.45.0 sha256:…
//! ```
//!
//! One image a line, in full and sorted, so that changes can be read. The same format, with the digest behind an `@`, a
//! blank or an `=`, is what mirror tools write; JSON with images and digests is read, too.

use super::reference::{Reference, is_digest};
use crate::diag::{Error, ErrorKind, Result};
use crate::yaml::Source;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// The first line of a lock file.
const HEAD: &str = "# Images and their digests, written by `kfm images lock`.\n";

/// Digests of references.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lock(BTreeMap<String, String>);

impl Lock {
    /// Reads a lock file, or the list of a mirror tool. Errors: a line that is neither, two digests of one reference.
    pub(crate) fn parse(source: &Arc<Source>) -> Result<Self> {
        let mut lock = Self::default();
        if source.text.trim_start().starts_with('{') {
            return lock.read_json(source).map(|()| lock);
        }
        let mut at = 0;
        for line in source.text.split_inclusive('\n') {
            let place = source.location(u32::try_from(at).unwrap_or(0));
            at += line.len();
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parted = line.split_once([' ', '\t', '=']).or_else(|| line.rsplit_once('@'));
            let wrong = || {
                Error::new(ErrorKind::Config, format!("expected an image and its digest, found `{line}`"))
                    .at(place.clone())
            };
            let (image, digest) = parted.map(|(i, d)| (i.trim(), d.trim())).ok_or_else(wrong)?;
            let digest = digest.rsplit_once('@').map_or(digest, |(_, digest)| digest);
            let reference = Reference::parse(image).ok().filter(|_| is_digest(digest)).ok_or_else(wrong)?;
            lock.insert(&reference, digest).map_err(|e| e.at(place.clone()))?;
        }
        Ok(lock)
    }

    /// `{"image": "digest"}`, at any depth.
    fn read_json(&mut self, source: &Arc<Source>) -> Result<()> {
        let wrong = |e: serde_json::Error| {
            Error::new(ErrorKind::Syntax, format!("the lock is no JSON: {e}")).at(source.location(0))
        };
        let map: BTreeMap<String, String> = serde_json::from_str(&source.text).map_err(wrong)?;
        for (image, digest) in map {
            let digest = digest.rsplit_once('@').map_or(digest.as_str(), |(_, digest)| digest);
            let reference = Reference::parse(&image).ok().filter(|_| is_digest(digest)).ok_or_else(|| {
                let message = format!("expected an image and its digest, found `{image}` and `{digest}`");
                Error::new(ErrorKind::Config, message).at(source.location(0))
            })?;
            self.insert(&reference, digest).map_err(|e| e.at(source.location(0)))?;
        }
        Ok(())
    }

    /// Adds the digest of a reference. Errors: it has another one.
    pub(crate) fn insert(&mut self, reference: &Reference, digest: &str) -> Result<()> {
        let key = key(reference);
        if let Some(own) = reference.digest.as_deref().filter(|own| *own != digest) {
            let message = format!("the lock gives `{key}` the digest {digest}, but it names {own} itself");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        match self.0.insert(key.clone(), digest.to_owned()) {
            Some(other) if other != digest => {
                let message = format!("the lock gives `{key}` two digests, {other} and {digest}");
                Err(Error::new(ErrorKind::Conflict, message))
            }
            _ => Ok(()),
        }
    }

    /// The digest of a reference, if it is known.
    pub(crate) fn digest(&self, reference: &Reference) -> Option<&str> {
        self.0.get(&key(reference)).map(String::as_str)
    }

    /// References and their digests, sorted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(image, digest)| (image.as_str(), digest.as_str()))
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        self.iter().fold(HEAD.to_owned(), |mut out, (image, digest)| {
            let _ = writeln!(out, "{image} {digest}");
            out
        })
    }
}

/// The name by which a reference is looked up: in full, without digest if there is a tag.
fn key(reference: &Reference) -> String {
    match reference.tag {
        Some(_) => Reference { digest: None, ..reference.clone() }.full(),
        None => reference.full(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(text: &str) -> Result<Lock, String> {
        Lock::parse(&Source::new("images.lock", text.into())).map_err(|e| e.to_string())
    }

    #[test]
    fn lists_of_several_tools_are_read() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let wanted = lock(&format!("docker.io/library/a:1 {digest}\n")).unwrap();
        for text in [
            format!("# x\n\na:1 {digest}\n"),
            format!("a:1@{digest}\n"),
            format!("a:1=docker.io/library/a@{digest}"),
            format!("{{\"a:1\": \"{digest}\"}}"),
        ] {
            assert_eq!(lock(&text).as_ref(), Ok(&wanted), "{text}");
        }
        assert_eq!(lock(&wanted.text()).as_ref(), Ok(&wanted));
    }

    #[test]
    fn mistakes_are_refused_with_their_place() {
        let (a, b) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
        for (text, expected) in [
            ("a:1".to_owned(), "images.lock:1:1: expected an image and its digest, found `a:1`".to_owned()),
            (
                format!("a:1 {a}\na:1 {b}"),
                format!("images.lock:2:1: the lock gives `docker.io/library/a:1` two digests, {a} and {b}"),
            ),
        ] {
            assert_eq!(lock(&text).map(|_| ()), Err(expected), "{text}");
        }
    }
}
