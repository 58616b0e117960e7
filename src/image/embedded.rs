//! Documents in texts.

use super::find::Walk;
use super::text::Text;
use super::trail::{Level, Trail, path};
use crate::yaml::json::read_json;
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Source, split};

/// How deep texts may stand in texts.
const DEPTH: usize = 4;

impl Walk<'_, '_> {
    /// Reads the text of a scalar and walks what it says.
    pub(super) fn embedded<'a>(&mut self, level: &Level<'a>, trail: &Trail<'a>, value: NodeId) {
        let text = Text::scalar(level.doc, value, level.text);
        if level.depth >= DEPTH || !may_name_images(text.text) {
            return;
        }
        let prefix = path(level, trail);
        let source = Source::limited("", text.text.to_owned(), self.res.doc().source().budget());
        let pieces =
            split::documents(&source).unwrap_or_else(|_| std::iter::once(0..source.text.len()).collect());
        for piece in pieces {
            let part = source.text.get(piece.clone()).unwrap_or_default();
            let json = part.trim_start().starts_with(['{', '[']);
            let yaml = split::read(&source, piece.clone(), Dialect::V3).ok().flatten();
            // JSON has an escape that go-yaml does not know: `\/`.
            let doc = yaml.or_else(|| if json { read_json(&source).ok() } else { None });
            match doc.filter(|doc| doc.kind(doc.root()) != NodeKind::Scalar && is_whole(doc, &piece)) {
                Some(doc) => {
                    let depth = level.depth + 1;
                    let inner = Level { doc: &doc, text: Some(&text), prefix: &prefix, depth, json };
                    self.document(&inner);
                }
                None => self.lines(&prefix, &text, piece),
            }
        }
    }

    pub(super) fn document(&mut self, level: &Level<'_>) {
        let (doc, root) = (level.doc, level.doc.root());
        let mut trail = Trail::default();
        self.hub(level, &mut trail, root);
        match doc.kind(root) {
            NodeKind::Map => self.map(level, &mut trail, root),
            NodeKind::Seq => self.items(level, &mut trail, root),
            _ => {}
        }
    }
}

/// Returns whether a document is all that stands in a piece of its text: what follows it are comments. A template may begin
/// with what reads as a mapping.
fn is_whole(doc: &Doc, piece: &std::ops::Range<usize>) -> bool {
    let Some((_, end)) = doc.span(doc.root()) else { return true };
    let rest = doc.source().text.get(end as usize..piece.end).unwrap_or_default();
    rest.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || line == "...")
}

/// Returns whether reading a text may be worth it.
fn may_name_images(text: &str) -> bool {
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    ["mage", "MAGE", "@sha256:", ".io/", "pkg.dev/", "ecr.aws/", "microsoft.com/"].into_iter().any(has)
}
