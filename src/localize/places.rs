//! Where things go in the copy: remote content below `localized-files`, and the destination's own name.

use crate::diag::{Error, ErrorKind, Result};
use crate::load::RepoSpec;
use crate::text::path::clean;
use crate::text::percent;
use std::path::{Component, Path, PathBuf};

/// The directory for remote content, beside the kustomization file that names it.
pub(crate) const REMOTE: &str = "localized-files";

/// The destination's name where none is given, and how that of a remote target begins.
const PREFIX: &str = "localized";

/// The directory of repositories that are reached by `file://`.
const LOCAL_REPOSITORIES: &str = "file-schemed";

/// The place of a file that was fetched: host and path. User, port and query are left out.
pub(crate) fn file(url: &str) -> Result<PathBuf> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    below(&[host_name(authority), &escaped(path)]).ok_or_else(|| no_place(url))
}

/// The place of a directory in a repository: host, repository, branch, and the directory with links resolved.
pub(crate) fn directory(repository: &RepoSpec, inside: &Path) -> Result<PathBuf> {
    let (host, path) = split_host(&repository.url);
    let path = path.strip_suffix(".git").unwrap_or(path);
    let parts = [host, path, &repository.reference];
    below(&parts).map(|p| p.join(inside)).ok_or_else(|| no_place(&repository.raw))
}

/// The destination of a target that is a directory here.
pub(crate) fn destination(root: &Path) -> String {
    match root.file_name() {
        Some(name) => format!("{PREFIX}-{}", name.to_string_lossy()),
        None => PREFIX.into(),
    }
}

/// The destination of a target in a repository.
pub(crate) fn remote_destination(repository: &RepoSpec, inside: &Path) -> String {
    let name = match inside.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => {
            let path = split_host(&repository.url).1.trim_end_matches('/');
            path.rsplit('/').next().unwrap_or_default().to_owned()
        }
    };
    format!("{PREFIX}-{name}-{}", repository.reference.replace('/', "-"))
}

fn no_place(given: &str) -> Error {
    Error::new(ErrorKind::Restricted, format!("`{given}` has no place below `{REMOTE}`"))
}

/// Parts below the directory for remote content, each cleaned as if it stood at the top.
fn below(parts: &[&str]) -> Option<PathBuf> {
    let mut out = PathBuf::from(REMOTE);
    for (i, part) in parts.iter().enumerate() {
        let part = clean(&Path::new("/").join(part.trim_start_matches('/')));
        let part = part.strip_prefix("/").unwrap_or(&part);
        if i == 0 && part.components().count() != 1 {
            return None;
        }
        out.extend(part.components().filter(|c| matches!(c, Component::Normal(_))));
    }
    Some(out)
}

/// The host of `user@host:port`.
fn host_name(authority: &str) -> &str {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// The name of a repository's host, and the path after it.
fn split_host(url: &str) -> (&str, &str) {
    if let Some(path) = url.strip_prefix("file://") {
        return (LOCAL_REPOSITORIES, path);
    }
    let (rest, at) = match url.split_once("://") {
        Some((_, rest)) => (rest, rest.find('/')),
        None if url.starts_with("gh:") => return ("gh", &url[3..]),
        None => (url, url.find([':', '/'])),
    };
    let (authority, path) = rest.split_at(at.unwrap_or(rest.len()));
    (host_name(authority), path.trim_start_matches([':', '/']))
}

/// A URL's path as it is sent: as written if it is written properly, else with the odd characters escaped.
fn escaped(path: &str) -> String {
    let proper = |b: u8| b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@%!'()*[]".contains(&b);
    if path.bytes().all(proper) {
        return path.to_owned();
    }
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len() + 8);
    let mut at = 0;
    while let Some(rest @ [first, ..]) = bytes.get(at..) {
        let (byte, width) = percent::byte(rest).map_or((*first, 1), |byte| (byte, 3));
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        at += width;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn repository(url: &str, reference: &str) -> RepoSpec {
        RepoSpec {
            raw: url.into(),
            url: url.into(),
            path: String::new(),
            reference: reference.into(),
            submodules: true,
            timeout: Duration::from_secs(1),
            explicit: true,
        }
    }

    #[test]
    fn files_go_to_host_and_path() {
        for (url, expected) in [
            ("https://h.example/a/b.yaml", "localized-files/h.example/a/b.yaml"),
            ("https://u:p@h.example:8443/a//b/../c.yaml?x=1#y", "localized-files/h.example/a/c.yaml"),
            ("HTTP://h.example/../../x", "localized-files/h.example/x"),
            ("https://h.example/a%20b/%2e.yaml", "localized-files/h.example/a%20b/%2e.yaml"),
            ("https://h.example/a b(1)", "localized-files/h.example/a%20b%281%29"),
            ("https://[::1]:80/x", "localized-files/::1/x"),
        ] {
            assert_eq!(file(url).ok(), Some(PathBuf::from(expected)), "{url}");
        }
        for url in ["https://../x", "https:///x", "https://./x"] {
            assert!(file(url).is_err(), "{url}");
        }
    }

    #[test]
    fn directories_go_to_host_repository_and_branch() {
        for (url, reference, expected) in [
            ("https://github.com/org/repo", "v1", "localized-files/github.com/org/repo/v1/in"),
            ("https://u@h.example:1/o/r.git", "a/b", "localized-files/h.example/o/r/a/b/in"),
            ("git@github.com:org/repo.git", "v1", "localized-files/github.com/org/repo/v1/in"),
            ("ssh://git@h.example:22/o/r", "v1", "localized-files/h.example/o/r/v1/in"),
            ("file:///srv/repo.git", "v1", "localized-files/file-schemed/srv/repo/v1/in"),
            ("https://h.example/o/../../r", "../../x", "localized-files/h.example/r/x/in"),
        ] {
            assert_eq!(
                directory(&repository(url, reference), Path::new("in")).ok(),
                Some(expected.into()),
                "{url}"
            );
        }
    }

    #[test]
    fn the_destination_is_named_after_the_target() {
        assert_eq!(destination(Path::new("/a/b")), "localized-b");
        assert_eq!(destination(Path::new("/")), "localized");
        let remote = repository("https://h.example/o/r", "a/b");
        assert_eq!(remote_destination(&remote, Path::new("x/y")), "localized-y-a-b");
        assert_eq!(remote_destination(&remote, Path::new("")), "localized-r-a-b");
    }
}
