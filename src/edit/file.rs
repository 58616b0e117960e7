//! The kustomization file of a directory: read for an edit, and written back with only the changed lines touched.

use super::deprecated;
use super::line_edits::{self, Edit, EditScope};
use super::spelling;
use super::tree::{self, Node};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Location, Result, cause, nearest};
use crate::kustomization::schema::ORDER;
use crate::kustomization::{Kustomization, decode, locate::NAMES};
use crate::limits::Budget;
use crate::load;
use crate::yaml::{Dialect, Doc, Source, Tag, parse, split};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A kustomization file that is to be edited.
pub(crate) struct KustomizationFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    bytes: Vec<u8>,
    source: Arc<Source>,
    /// The document as it stands, aliases not expanded.
    doc: Option<Doc>,
    pub(super) old: Node,
    /// What it says; this is what commands change.
    pub(crate) root: Node,
    /// The content is not that on the disk.
    stepped: bool,
}

/// Where the kustomization file of a directory is. Unlike a build this takes a directory of that name for a mistake.
pub(crate) fn locate(directory: &Path) -> Result<PathBuf> {
    let found: Vec<&str> = NAMES.into_iter().filter(|name| directory.join(name).exists()).collect();
    match found.as_slice() {
        [] => {
            let error =
                Error::new(ErrorKind::NotFound, "no kustomization file here, expected `kustomization.yaml`");
            let names = directory.read_dir().into_iter().flatten().flatten().take(10_000);
            let mut names: Vec<String> = names.filter_map(|e| e.file_name().into_string().ok()).collect();
            names.sort_unstable();
            let near = names.iter().find(|n| !NAMES.contains(&n.as_str()) && nearest(n, NAMES).is_some());
            Err(match near {
                Some(name) => error.hint(format!("rename `{name}` to `kustomization.yaml`")),
                None => error.hint(
                    "make one with `create`, or go to its directory: parent directories are not searched",
                ),
            })
        }
        [name] if directory.join(name).is_dir() => {
            let error = Error::new(ErrorKind::Io, format!("`{name}` must be a file, found a directory"));
            Err(error.at(Location::file(*name)))
        }
        [name] => Ok(directory.join(name)),
        several => {
            let names: Vec<String> = several.iter().map(|n| format!("`{n}`")).collect();
            let message = format!("several kustomization files: {}", names.join(", "));
            Err(Error::new(ErrorKind::Conflict, message).hint("keep one of them"))
        }
    }
}

impl KustomizationFile {
    /// Reads the kustomization file of a directory.
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let path = locate(directory)?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let at = || Location::file(name.clone());
        let refused = |e: std::io::Error| {
            Error::new(ErrorKind::Io, format!("`{name}` cannot be read: {}", cause(&e))).at(at())
        };
        // What is not in the directory is somebody else's, and would be written to.
        let real = path.canonicalize().map_err(refused)?;
        if !real.starts_with(directory.canonicalize().map_err(refused)?) {
            let message = format!("`{name}` is a link that leads out of its directory");
            return Err(Error::new(ErrorKind::Restricted, message)
                .at(at())
                .hint("edit the file where it is"));
        }
        let bytes = load::read(&real).map_err(refused)?;
        Self::from_bytes(path, name, bytes)
    }

    /// Reads a text.
    pub(crate) fn from_bytes(path: PathBuf, name: String, bytes: Vec<u8>) -> Result<Self> {
        let source = charged(name, bytes.clone())?;
        let (doc, old, _) = understand(&source)?;
        let mut file = Self { path, bytes, source, doc, root: old.clone(), old, stepped: false };
        let is_number = |key| match &file.doc {
            Some(doc) => matches!(doc.tag(key), Tag::Int | Tag::Float),
            None => false,
        };
        let mut root = file.root.clone();
        deprecated::modernize(&mut root, &is_number);
        deprecated::add_types(&mut root);
        file.root = root;
        Ok(file)
    }

    /// A new file.
    pub(crate) fn new(path: PathBuf) -> Self {
        let empty = Node::map(vec![]);
        let source = Source::new("kustomization.yaml", String::new());
        let mut root = empty.clone();
        deprecated::add_types(&mut root);
        Self { path, bytes: vec![], source, doc: None, old: empty, root, stepped: false }
    }

    /// The name of the file, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.source.path
    }

    /// Where a node of the file stands.
    pub(crate) fn location(&self, node: &Node) -> Location {
        match (&self.doc, node.origin) {
            (Some(doc), Some(id)) => doc.location(id),
            _ => Location::file(self.source.path.clone()),
        }
    }

    /// The file as types, with the changes made so far.
    pub(crate) fn changed(&self) -> Result<(Kustomization, Vec<u8>)> {
        let bytes = self.render()?;
        let source = charged(self.source.path.clone(), bytes.clone())?;
        match understand(&source)? {
            (_, _, Some(read)) => Ok((read, bytes)),
            _ => Err(self.internal()),
        }
    }

    /// Leaves the file as it is.
    pub(crate) fn leave(&mut self) {
        self.root = self.old.clone();
    }

    /// Takes the changes made so far for the content of the file, so that what follows works on their text.
    pub(crate) fn step(&mut self) -> Result<()> {
        if self.root != self.old {
            let next = Self::from_bytes(self.path.clone(), self.source.path.to_string(), self.render()?)?;
            *self = Self { stepped: true, ..next };
        }
        Ok(())
    }

    /// Returns whether something has changed.
    pub(crate) fn is_changed(&self) -> bool {
        self.stepped || self.root != self.old
    }

    /// The new content of the file: the old bytes but for the changed lines.
    ///
    /// What comes out is read again; if it does not say what was meant, or cannot be edited in place, more is
    /// written anew: first what aliases stand for, then whole fields.
    pub(crate) fn render(&self) -> Result<Vec<u8>> {
        if self.root == self.old {
            return Ok(self.bytes.clone());
        }
        let mut new = self.root.clone();
        spelling::drop_empty(&mut new);
        // New fields stand after the others, in kustomize's order.
        new.entries_mut().sort_by_key(|e| match e.origin {
            Some(_) => 0,
            None => 1 + ORDER.iter().position(|f| *f == e.key).unwrap_or(ORDER.len()),
        });
        let mut text = self.source.text.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        for scope in [EditScope::Values, EditScope::Aliases, EditScope::Fields] {
            let edits = match &self.doc {
                Some(doc) => line_edits::edits(doc, &text, &self.old, &new, scope),
                None => Ok(line_edits::first(&text, &new)),
            };
            let Ok(edits) = edits else { continue };
            let bytes = apply(&self.bytes, &text, &edits);
            let again = charged(self.source.path.clone(), bytes.clone()).and_then(|s| understand(&s));
            if again.is_ok_and(|(_, root, _)| root.means(&new)) {
                return Ok(bytes);
            }
        }
        Err(self.internal())
    }

    fn internal(&self) -> Error {
        let message = "this edit would have changed more than it should; the file was left as it is";
        Error::new(ErrorKind::Conflict, message)
            .at(Location::file(self.source.path.clone()))
            .hint("this is a bug in kfm: please report it; meanwhile edit the file by hand")
    }
}

/// A text, with a budget of its own.
fn charged(name: impl Into<Arc<str>>, bytes: Vec<u8>) -> Result<Arc<Source>> {
    let budget = Arc::new(Budget::default());
    budget.read(bytes.len() as u64);
    split::read_text(name, bytes, Some(&budget))
}

/// Aliases unexpanded, the tree, and the types.
type Understood = (Option<Doc>, Node, Option<Kustomization>);

fn understand(source: &Arc<Source>) -> Result<Understood> {
    let empty = Node::map(vec![]);
    let Some(doc) = parse::parse(source, 0..source.text.len(), Dialect::V2)? else {
        return Ok((None, empty, None));
    };
    let Some(expanded) = split::read_v2(source)? else { return Ok((None, empty, None)) };
    let read = decode(&Arc::new(expanded), Compat::default())?;
    let mut root = tree::read(&doc, doc.root());
    if root.shape != tree::Shape::Map {
        root = empty.at(root.origin);
    }
    Ok((Some(doc), root, Some(read)))
}

/// Applies edits of the text to the bytes that it was read from: line ends and a byte order mark stay as they are.
/// New lines end as the first line does. A file that is no UTF-8 becomes it.
fn apply(bytes: &[u8], text: &str, edits: &[Edit]) -> Vec<u8> {
    let original = std::str::from_utf8(bytes).unwrap_or(text);
    let crlf = original.find('\n').is_some_and(|i| original[..i].ends_with('\r'));
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = Original { bytes: original.as_bytes(), at: 0, seen: 0 };
    // The text has got the end of its last line, the original has not.
    let lacks_end = !original.is_empty() && !original.ends_with('\n');
    for edit in edits {
        out.push_str(rest.take(original, edit.start));
        rest.take(original, edit.end);
        if lacks_end && edit.start + 1 >= text.len() && !out.ends_with('\n') {
            out.push_str(if crlf { "\r\n" } else { "\n" });
        }
        match crlf {
            true => out.push_str(&edit.text.replace('\n', "\r\n")),
            false => out.push_str(&edit.text),
        }
    }
    out.push_str(rest.take(original, usize::MAX));
    if !out.is_empty() && !out.ends_with('\n') {
        out.push_str(if crlf { "\r\n" } else { "\n" });
    }
    out.into_bytes()
}

/// The original text, read piece by piece up to offsets of the text in which CR LF is LF.
struct Original<'a> {
    bytes: &'a [u8],
    at: usize,
    seen: usize,
}

impl Original<'_> {
    fn take<'t>(&mut self, text: &'t str, until: usize) -> &'t str {
        let start = self.at;
        while self.at < self.bytes.len() && self.seen < until {
            let pair = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\r\n"));
            self.at += if pair { 2 } else { 1 };
            self.seen += 1;
        }
        text.get(start..self.at).unwrap_or_default()
    }
}
