//! A part of a repository: one directory of its top with all below, and the files beside it.
//!
//! Where the server can leave files out of what it sends (a partial clone), a build that names a directory of a repository
//! gets that part alone, unless something in the part could lead out of it: a link, a path with enough `..` in a
//! kustomization file, or any `..` in a generator of charts. What other files of a repository name is below the directory
//! of a kustomization file.

use super::command::Run;
use super::size::{self, Part};
use crate::diag::Result;
use crate::kustomization::locate::NAMES;
use crate::load::RepoSpec;
use crate::text::path::clean;
use std::fs;
use std::io;
use std::path::{Component, Path};

/// More files than this are fetched with all others.
const MOST_FILES: usize = 10_000;

/// What generators of charts have in their kind: helm finds the charts, wherever they are.
const CHARTS: &[u8] = b"HelmChart";

/// The part that a location needs, if it may be fetched alone: the name of a directory.
pub(super) fn of(url: &str, spec: &RepoSpec) -> Option<String> {
    let path = clean(Path::new(&spec.path));
    let Some(Component::Normal(name)) = path.components().next() else { return None };
    let name = name.to_str()?;
    // These have no meaning in patterns of git.
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b));
    let is_local = url.starts_with('/') || url.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("file://"));
    (plain && name != ".git" && !is_local).then(|| name.to_owned())
}

/// How checking out a part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server sent all files.
    NotFiltered,
    /// The part is checked out, and nothing in it leads out.
    CheckedOut,
    /// The part is not enough.
    Insufficient,
}

/// Fetches the files of a part that the clone lacks, and checks the part out.
pub(super) fn check_out(run: &Run<'_>, clone: &Path, name: &str, submodules: bool) -> Result<Outcome> {
    let Some(Part { missing, modules, .. }) = size::part(clone, "FETCH_HEAD", name) else {
        return Ok(Outcome::Insufficient);
    };
    if missing.is_empty() {
        return Ok(Outcome::NotFiltered);
    }
    if missing.len() > MOST_FILES || modules && submodules {
        return Ok(Outcome::Insufficient);
    }
    let fetch = ["fetch", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"];
    let from = ["--filter=blob:none", "origin"];
    let objects = missing.iter().map(String::as_str);
    let args: Vec<&str> = fetch.into_iter().chain(from).chain(objects).collect();
    let settings = clone.join(".git/info/sparse-checkout");
    let written = fs::create_dir_all(clone.join(".git/info"))
        .and_then(|()| fs::write(settings, format!("/*\n!/*/\n/{name}/\n")));
    // A server may refuse to send single files.
    if written.is_err() || run.git(clone, &args).is_err() {
        return Ok(Outcome::Insufficient);
    }
    size::check_part(run.url, clone, "FETCH_HEAD", name)?;
    run.git(clone, &["config", "core.sparseCheckout", "true"])?;
    run.git(clone, &["checkout", "FETCH_HEAD"])?;
    Ok(if leads_out(clone, name) { Outcome::Insufficient } else { Outcome::CheckedOut })
}

/// Returns whether something in a part may lead out of it.
fn leads_out(clone: &Path, name: &str) -> bool {
    let beside = clone.read_dir().is_ok_and(|entries| {
        entries.flatten().all(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink()))
    });
    !beside || any_leads_out(&clone.join(name), 1).unwrap_or(true)
}

/// The same for the files of a directory so many levels below the clone, and for those below.
fn any_leads_out(directory: &Path, depth: usize) -> io::Result<bool> {
    for entry in directory.read_dir()? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let out = if kind.is_dir() {
            any_leads_out(&entry.path(), depth + 1)?
        } else if kind.is_file() {
            let is_kustomization = NAMES.iter().any(|name| entry.file_name() == *name);
            let bytes = fs::read(entry.path())?;
            is_kustomization && climbs(&bytes, depth) || contains(&bytes, CHARTS) && climbs(&bytes, 1)
        } else {
            true
        };
        if out {
            return Ok(true);
        }
    }
    Ok(false)
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// Returns whether some line has as many `..` as parts of paths, or could have by an escape.
fn climbs(bytes: &[u8], most: usize) -> bool {
    let escaped = [&b"\\x2e"[..], b"\\x2E", b"\\u002e", b"\\u002E", b"\\U0000002", b"\\\n", b"\\\r"];
    let is_escaped = bytes.contains(&b'\\') && escaped.iter().any(|text| contains(bytes, text));
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/\\:@#?&\"'`,;=()[]{}<>|".contains(byte);
    let ups = |line: &[u8]| line.split(is_end).filter(|part| *part == b"..").count();
    is_escaped || bytes.split(|byte| b"\n\r".contains(byte)).any(|line| ups(line) >= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::url;

    #[test]
    fn a_part_is_a_directory_of_a_remote_repository() {
        for (text, part) in [
            ("https://h.example/o/r//config/default?ref=v1", Some("config")),
            ("git@h.example:o/r//a/../b", Some("b")),
            ("https://h.example/o/r", None),
            ("https://h.example/o/r//a*b/c", None),
            ("https://h.example/o/r//.", None),
            ("file:///srv/r//a", None),
        ] {
            let spec = url::parse(text).unwrap();
            assert_eq!(of(&spec.url, &spec).as_deref(), part, "{text}");
        }
    }

    #[test]
    fn what_could_lead_out_is_seen() {
        for (text, depth, expected) in [
            ("resources:\n- ../crd\n- ../rbac\n", 2, false),
            ("- ../../d e/../../x", 3, true),
            ("resources: [../../other]", 2, true),
            ("resources: [a/../../other]", 2, true),
            ("- ..\n", 1, true),
            ("x: 1..2 and so on...", 1, false),
            ("chartHome: ../charts", 1, true),
            ("- \"\\x2e\\x2e/x\"", 1, true),
            ("plain: text", 1, false),
        ] {
            assert_eq!(climbs(text.as_bytes(), depth), expected, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_and_generators_of_charts_lead_out() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("a/b")).unwrap();
        fs::write(top.path().join("a/b/kustomization.yaml"), "resources: [../c]").unwrap();
        assert!(!leads_out(top.path(), "a"));
        let generator = |home: &str| format!("kind: HelmChartInflationGenerator\nchartHome: {home}\n");
        fs::write(top.path().join("a/b/g.yaml"), generator("x")).unwrap();
        assert!(!leads_out(top.path(), "a"));
        fs::write(top.path().join("a/b/g.yaml"), generator("../../x")).unwrap();
        assert!(leads_out(top.path(), "a"));
        fs::remove_file(top.path().join("a/b/g.yaml")).unwrap();
        std::os::unix::fs::symlink("x", top.path().join("a/l")).unwrap();
        assert!(leads_out(top.path(), "a"));
        assert!(leads_out(top.path(), "none"));
    }
}
