//! What a directory holds, as hashes: how copies are compared with what they were made from.
//!
//! Every regular file counts with its path and content, every symbolic link with its path and target; modes and times do
//! not, since version control keeps neither. The hash of a directory is that of the list of its files.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::parallel;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// How hashes are written in a lock.
const PREFIX: &str = "sha256:";

/// More files than this are not looked at.
const MOST_FILES: usize = 500_000;

/// What is at a path below a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A regular file: the hexadecimal SHA-256 of its bytes.
    File(String),
    /// A symbolic link and its target.
    Link(String),
}

/// The files below a directory by their paths, with `/` between the parts.
pub(crate) type Contents = BTreeMap<String, Content>;

/// The hexadecimal SHA-256 of bytes.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The same, as it is written in a lock.
pub(crate) fn prefixed_hash(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", hash(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The hash of a list of files.
pub(crate) fn sum(contents: &Contents) -> String {
    let mut hasher = Sha256::new();
    for (path, content) in contents {
        let line = match content {
            Content::File(hash) => format!("{hash}  {path}\n"),
            Content::Link(target) => format!("-> {target}  {path}\n"),
        };
        hasher.update(line.as_bytes());
    }
    format!("{PREFIX}{}", hex(&hasher.finalize()))
}

/// What is below a directory. Names starting with `.git` followed by nothing else are passed over: a repository's own data is
/// no content.
pub(crate) fn of(directory: &Path) -> Result<Contents> {
    let mut found = vec![];
    list(directory, "", &mut found)?;
    let read = |(path, target): &(String, Option<String>)| -> Result<(String, Content)> {
        let content = match target {
            Some(target) => Content::Link(target.clone()),
            None => Content::File(of_file(&directory.join(path))?),
        };
        Ok((path.clone(), content))
    };
    let threads = if found.len() < 64 { 1 } else { 4 };
    parallel::map(threads, &found, read).into_iter().collect()
}

/// The hexadecimal SHA-256 of a file.
pub(crate) fn of_file(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut file = std::fs::File::open(path).map_err(|e| unreadable(path, &e))?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hasher.finalize())),
            Ok(n) => hasher.update(buffer.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(unreadable(path, &e)),
        }
    }
}

fn unreadable(path: &Path, e: &std::io::Error) -> Error {
    let shown = path.to_string_lossy().into_owned();
    Error::new(ErrorKind::Io, format!("`{shown}` cannot be read: {}", cause(e))).at(Location::file(shown))
}

/// Paths below a directory, with the targets of links.
fn list(top: &Path, below: &str, found: &mut Vec<(String, Option<String>)>) -> Result<()> {
    let directory = top.join(below);
    let entries = directory.read_dir().map_err(|e| unreadable(&directory, &e))?;
    for entry in entries {
        let entry = entry.map_err(|e| unreadable(&directory, &e))?;
        let odd = |what: &str| {
            let path = entry.path().to_string_lossy().into_owned();
            Error::new(ErrorKind::Restricted, format!("`{}` {what}", path.escape_debug()))
                .at(Location::file(path))
        };
        let Ok(name) = entry.file_name().into_string() else {
            return Err(odd("has a name that is not UTF-8"));
        };
        if name == ".git" {
            continue;
        }
        if name.contains(['\n', '\\']) {
            return Err(odd("has a line break or backslash in its name"));
        }
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let kind = entry.file_type().map_err(|e| unreadable(&entry.path(), &e))?;
        if kind.is_dir() {
            list(top, &path, found)?;
        } else if kind.is_symlink() {
            let target = std::fs::read_link(entry.path()).map_err(|e| unreadable(&entry.path(), &e))?;
            let Ok(target) = target.into_os_string().into_string() else {
                return Err(odd("is a link to a name that is not UTF-8"));
            };
            found.push((path, Some(target)));
        } else if kind.is_file() {
            found.push((path, None));
        } else {
            return Err(odd("is neither a file, a directory nor a link"));
        }
        if found.len() > MOST_FILES {
            let message = format!("`{}` holds more than {MOST_FILES} files", top.display());
            return Err(Error::new(ErrorKind::Restricted, message));
        }
    }
    Ok(())
}

/// How two lists of files differ: what is missing from the second, what it has beyond the first, and what is not the same.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// In the first list only.
    pub(crate) missing: Vec<String>,
    /// In the second list only.
    pub(crate) added: Vec<String>,
    /// In both, with other content.
    pub(crate) modified: Vec<String>,
}

impl Difference {
    /// Compares two lists.
    pub(crate) fn between(expected: &Contents, found: &Contents) -> Self {
        let mut difference = Self::default();
        for (path, content) in expected {
            match found.get(path) {
                None => difference.missing.push(path.clone()),
                Some(other) if other != content => difference.modified.push(path.clone()),
                Some(_) => {}
            }
        }
        difference.added = found.keys().filter(|path| !expected.contains_key(*path)).cloned().collect();
        difference
    }

    /// Whether the lists are equal.
    pub(crate) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.added.is_empty() && self.modified.is_empty()
    }
}

/// What was edited: the hash of each file that is not what it was, empty for removed ones.
pub(crate) fn edits(list: &Contents, here: &Contents) -> BTreeMap<String, String> {
    let difference = Difference::between(list, here);
    let hash = |path: &String| match here.get(path) {
        Some(Content::File(hash)) => format!("sha256:{hash}"),
        Some(Content::Link(target)) => format!("link:{target}"),
        None => String::new(),
    };
    let Difference { missing, added, modified } = difference;
    [missing, added, modified].concat().into_iter().map(|path| (path.clone(), hash(&path))).collect()
}

/// Writes lists as `sha256sum` does, so that it can check them; links are comments there.
pub(crate) fn write_sums(lists: &BTreeMap<String, Contents>) -> String {
    let mut out = String::new();
    for (directory, contents) in lists {
        for (path, content) in contents {
            let full = match path.as_str() {
                "" => directory.clone(),
                path => format!("{directory}/{path}"),
            };
            match content {
                Content::File(hash) => out.push_str(&format!("{hash}  {full}\n")),
                Content::Link(target) => out.push_str(&format!("# link  {full}  {target}\n")),
            }
        }
    }
    out
}

/// Reads what [`write_sums`] wrote. Lines that it cannot have written are passed over: the hash of each list is in the
/// lock, which is what counts.
pub(crate) fn read_sums(text: &str) -> Contents {
    let line = |line: &str| -> Option<(String, Content)> {
        if let Some(link) = line.strip_prefix("# link  ") {
            let (path, target) = link.split_once("  ")?;
            return Some((path.to_owned(), Content::Link(target.to_owned())));
        }
        let (hash, path) = line.split_once("  ")?;
        (hash.len() == 64).then(|| (path.to_owned(), Content::File(hash.to_owned())))
    };
    text.lines().filter_map(line).collect()
}

/// The part of a list that is below a directory, with paths relative to it.
pub(crate) fn below(contents: &Contents, directory: &str) -> Contents {
    let inside = |path: &String| match path.strip_prefix(directory) {
        Some("") => Some(String::new()),
        Some(rest) => rest.strip_prefix('/').map(str::to_owned),
        None => None,
    };
    contents.iter().filter_map(|(path, content)| Some((inside(path)?, content.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_the_list_of_its_files_and_links() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(top.path().join("a/.git")).unwrap();
        std::fs::write(top.path().join("a/x.yaml"), "x").unwrap();
        std::fs::write(top.path().join("a/.git/config"), "x").unwrap();
        std::os::unix::fs::symlink("a/x.yaml", top.path().join("l")).unwrap();
        let contents = of(top.path()).unwrap();
        let paths: Vec<_> = contents.keys().collect();
        assert_eq!(paths, ["a/x.yaml", "l"]);
        assert_eq!(contents.get("l"), Some(&Content::Link("a/x.yaml".into())));
        let before = sum(&contents);
        std::fs::write(top.path().join("a/x.yaml"), "y").unwrap();
        assert_ne!(sum(&of(top.path()).unwrap()), before);
    }

    #[test]
    fn what_has_no_place_in_a_list_is_refused() {
        let top = tempfile::tempdir().unwrap();
        std::fs::write(top.path().join("a\nb"), "x").unwrap();
        assert!(of(top.path()).unwrap_err().message().contains("line break"));
    }

    #[test]
    fn sums_can_be_read_back() {
        let list: Contents =
            [("x".into(), Content::File(hash(b"x"))), ("y".into(), Content::Link("x".into()))].into();
        let text = write_sums(&[("v/a".to_owned(), list.clone())].into());
        assert!(
            text.starts_with("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  v/a/x\n")
        );
        assert_eq!(below(&read_sums(&text), "v/a"), list);
        assert_eq!(below(&read_sums(&text), "v/aa"), Contents::new());
    }

    #[test]
    fn differences_are_named() {
        let file = |text: &str| Content::File(hash(text.as_bytes()));
        let old: Contents =
            [("a".into(), file("1")), ("b".into(), file("1")), ("c".into(), file("1"))].into();
        let new: Contents =
            [("b".into(), file("2")), ("c".into(), file("1")), ("d".into(), file("1"))].into();
        let difference = Difference::between(&old, &new);
        assert_eq!(
            difference,
            Difference { missing: vec!["a".into()], added: vec!["d".into()], modified: vec!["b".into()] }
        );
        assert!(Difference::between(&old, &old).is_empty());
    }
}
