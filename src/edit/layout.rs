//! Where the parts of block collections stand: lines of items and entries, dashes, colons, comments.
//!
//! The reader knows where nodes begin and end; what stands between them (dashes, colons, comments, blank lines) is
//! found here by looking at the text between two nodes, where nothing else can be.

use crate::yaml::{Doc, NodeId, NodeKind, Style};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The text has a form that cannot be edited in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotInPlace;

/// An item of a block list. All are byte offsets.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Of the dash.
    pub(crate) dash: usize,
    /// Of the line with the dash.
    pub(crate) start: usize,
    /// Of the comment lines that stand directly above it, or of `start`.
    pub(crate) lead: usize,
    /// Where the value begins.
    pub(crate) value: usize,
    /// After the value.
    pub(crate) end: usize,
    /// Of the line after the item.
    pub(crate) next: usize,
}

/// An entry of a block mapping. All are byte offsets.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Of the key.
    pub(crate) key: usize,
    /// After the key.
    pub(crate) key_end: usize,
    /// After the colon.
    pub(crate) colon: usize,
    /// Of the line with the key.
    pub(crate) start: usize,
    /// Of the comment lines that stand directly above it, or of `start`.
    pub(crate) lead: usize,
    /// The key stands after a dash.
    pub(crate) inline: bool,
    /// Where the value begins, if there is one.
    pub(crate) value: Option<usize>,
    /// After the value.
    pub(crate) end: usize,
    /// Of the line after the entry.
    pub(crate) next: usize,
}

/// The text of a document, and where its collections stand.
pub(super) struct Layout<'a> {
    /// The document.
    pub(crate) doc: &'a Doc,
    /// Its text, whose last line is ended.
    pub(crate) text: &'a str,
    items: FxHashMap<NodeId, Rc<[Item]>>,
    entries: FxHashMap<NodeId, Rc<[Entry]>>,
}

impl<'a> Layout<'a> {
    /// Nothing is known yet. `text` is that of the document, its last line ended.
    pub(super) fn new(doc: &'a Doc, text: &'a str) -> Self {
        Self { doc, text, items: FxHashMap::default(), entries: FxHashMap::default() }
    }

    /// Where the first line begins: after a byte order mark.
    fn top(&self) -> usize {
        if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    /// Where the line begins on which an offset is.
    pub(super) fn line_start(&self, at: usize) -> usize {
        memchr::memrchr(b'\n', self.text.as_bytes().get(..at).unwrap_or_default())
            .map_or_else(|| self.top(), |i| i + 1)
    }

    /// Where the line break of the line is, or the end of the text.
    pub(super) fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', self.text.as_bytes().get(at..).unwrap_or_default())
            .map_or(self.text.len(), |i| at + i)
    }

    /// Where the next line begins.
    pub(super) fn next_line(&self, at: usize) -> usize {
        (self.line_end(at) + 1).min(self.text.len())
    }

    /// The column of an offset, from 0.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    /// Passes blanks, line breaks and comments.
    fn skip(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(b) = bytes.get(at) {
            match b {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                b'#' => at = self.line_end(at),
                _ if self.text[at..].starts_with('\u{feff}') => at += '\u{feff}'.len_utf8(),
                _ => break,
            }
        }
        at
    }

    /// Passes an anchor and a tag.
    fn skip_properties(&self, mut at: usize) -> usize {
        loop {
            at = self.skip(at);
            if !matches!(self.text.as_bytes().get(at), Some(b'&' | b'!')) {
                return at;
            }
            let rest = &self.text[at..];
            at += rest.find([' ', '\n', '\t']).unwrap_or(rest.len());
        }
    }

    /// Where the node begins and ends; `at` for one that is not there.
    fn bounds(&self, id: NodeId, at: usize) -> (Option<usize>, usize) {
        match self.doc.span(id) {
            Some((start, end)) => (Some(start as usize), end as usize),
            None => (None, at),
        }
    }

    /// The scalar that ends a node, if it is one.
    fn last_scalar(&self, mut id: NodeId) -> Option<NodeId> {
        loop {
            match self.doc.kind(id) {
                NodeKind::Scalar => return Some(id),
                NodeKind::Alias => return None,
                _ => id = *self.doc.children(id).last()?,
            }
        }
    }

    /// Where the next line begins after a node that ends at `end`, if nothing else stands after it.
    fn after(&self, id: NodeId, end: usize) -> Result<usize, NotInPlace> {
        let line = self.line_end(end);
        let rest = self.text[end..line].trim_start();
        if !rest.is_empty() && !(rest.starts_with('#') && (rest.len() < line - end || end == line)) {
            return Err(NotInPlace);
        }
        let mut next = self.next_line(end);
        if self.keeps_lines(id) {
            while next < self.text.len() && self.text[next..self.line_end(next)].trim().is_empty() {
                next = self.next_line(next);
            }
        }
        Ok(next)
    }

    /// Returns whether a node ends with a block text to which blank lines after it belong (`|+`).
    fn keeps_lines(&self, id: NodeId) -> bool {
        let Some(last) = self.last_scalar(id) else { return false };
        if !matches!(self.doc.style(last), Style::Literal | Style::Folded) {
            return false;
        }
        let Some((start, _)) = self.doc.span(last) else { return false };
        let header = &self.text[start as usize..self.line_end(start as usize)];
        header.split('#').next().is_some_and(|h| h.contains('+'))
    }

    /// Where the comment lines begin that stand directly above a line, not before `from`.
    fn lead(&self, start: usize, from: usize) -> usize {
        let mut lead = start;
        let from = from.max(self.top());
        while lead > from {
            let above = self.line_start(lead - 1);
            if above < from || !self.text[above..lead].trim_start().starts_with('#') {
                break;
            }
            lead = above;
        }
        lead
    }

    /// The items of a block list.
    pub(super) fn items(&mut self, seq: NodeId) -> Result<Rc<[Item]>, NotInPlace> {
        if let Some(known) = self.items.get(&seq) {
            return Ok(known.clone());
        }
        let (Some(mut at), _) = self.bounds(seq, 0) else { return Err(NotInPlace) };
        at = self.skip_properties(at);
        let mut from = self.line_start(at);
        // Comments between the key and the first dash.
        while from > self.top() {
            let above = self.line_start(from - 1);
            let line = self.text[above..from].trim();
            if above == from || !(line.is_empty() || line.starts_with('#')) {
                break;
            }
            from = above;
        }
        let mut items = Vec::new();
        for id in self.doc.items(seq) {
            let dash = self.skip(at);
            if self.text.as_bytes().get(dash) != Some(&b'-') {
                return Err(NotInPlace);
            }
            let start = self.line_start(dash);
            if !self.text[start..dash].trim().is_empty() {
                return Err(NotInPlace);
            }
            let (value, end) = self.bounds(*id, dash + 1);
            let next = self.after(*id, end)?;
            let lead = self.lead(start, from);
            items.push(Item { dash, start, lead, value: value.unwrap_or(end), end, next });
            (at, from) = (end, next);
        }
        let items: Rc<[Item]> = items.into();
        self.items.insert(seq, items.clone());
        Ok(items)
    }

    /// The entries of a block mapping.
    pub(super) fn entries(&mut self, map: NodeId) -> Result<Rc<[Entry]>, NotInPlace> {
        if let Some(known) = self.entries.get(&map) {
            return Ok(known.clone());
        }
        let mut entries = Vec::new();
        let mut from = usize::MAX;
        for (key, value) in self.doc.pairs(map) {
            let (Some(at), key_end) = self.bounds(key, 0) else { return Err(NotInPlace) };
            let start = self.line_start(at);
            let before = self.text[start..at].trim();
            let inline = before.ends_with('-') && before.chars().all(|c| c == '-' || c == ' ');
            if !(before.is_empty() || inline && entries.is_empty()) {
                return Err(NotInPlace);
            }
            let colon = key_end + self.text[key_end..].find(':').ok_or(NotInPlace)?;
            if !self.text[key_end..colon].trim().is_empty() {
                return Err(NotInPlace);
            }
            let (value_at, end) = self.bounds(value, colon + 1);
            let next = self.after(value, end)?;
            if from == usize::MAX {
                from = if inline { start } else { 0 };
            }
            let lead = self.lead(start, from);
            entries.push(Entry {
                key: at,
                key_end,
                colon: colon + 1,
                start,
                lead,
                inline,
                value: value_at,
                end,
                next,
            });
            from = next;
        }
        let entries: Rc<[Entry]> = entries.into();
        self.entries.insert(map, entries.clone());
        Ok(entries)
    }

    /// The lines of a range that are comments, as they begin: those inside block texts and quoted ones of `within`
    /// are none.
    pub(super) fn comments(&self, from: usize, to: usize, within: NodeId) -> Vec<usize> {
        let mut texts = Vec::new();
        self.long_texts(within, &mut texts);
        texts.sort_unstable();
        let mut found = Vec::new();
        let mut at = from;
        while at < to {
            let next = texts.partition_point(|(_, end)| *end <= at);
            let inside = texts.get(next).is_some_and(|(start, _)| *start <= at);
            if !inside && self.text[at..self.line_end(at)].trim_start().starts_with('#') {
                found.push(at);
            }
            let next = self.next_line(at);
            if next <= at {
                break;
            }
            at = next;
        }
        found
    }

    fn long_texts(&self, id: NodeId, texts: &mut Vec<(usize, usize)>) {
        match self.doc.kind(id) {
            NodeKind::Scalar => {
                if let Some((start, end)) = self.doc.span(id) {
                    let (start, end) = (start as usize, end as usize);
                    if self.text[start..end].contains('\n') {
                        texts.push((start, end));
                    }
                }
            }
            NodeKind::Alias => {}
            _ => self.doc.children(id).iter().for_each(|kid| self.long_texts(*kid, texts)),
        }
    }
}
