//! Printing a resource as kustomize prints it.
//!
//! Block style throughout, indented by two, sequences at their key's column, every mapping sorted by
//! [`order::less`], strings in the form that `style` decides, folded at 80 columns. No comment, anchor, tag or
//! style of the input is seen in the output. kustomize gets there by way of five encodings; what they do to values
//! is in `reencode`.
//!
//! The text goes straight from the document's table into one buffer. Mappings are sorted only where a first look
//! at the keys finds two out of order. Printing does not change the document, so resources can be printed on
//! several threads.

#![expect(
    clippy::indexing_slicing,
    reason = "mappings have two children for each entry, and what is sorted are the numbers of entries"
)]

use super::chars::is_break;
use super::node::{Doc, NodeId, NodeKind, Style, Tag, VERBATIM_DEPTH};
use super::reencode::{self, Place, Value};
use super::style::{self, SIMPLE_KEY, Written};
use super::write::Lines;
use super::{number, order};
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::{Limit, narrow};
use std::borrow::Cow;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// Write the tree as YAML and read it again before values are taken, in effect. kustomize does so but for
    /// `-o DIR`.
    pub(crate) reencode: bool,
    /// Fold long texts. Kustomize does so but for what functions read.
    pub(crate) fold: bool,
}

impl Options {
    /// As kustomize prints for `-o DIR`.
    pub(crate) const STRAIGHT: Self = Self { reencode: false, fold: true };
}

impl Default for Options {
    fn default() -> Self {
        Self { reencode: true, fold: true }
    }
}

/// Appends a node as YAML to `out`, as kustomize prints it to standard output. On an error `out` is as before.
pub(crate) fn print(doc: &Doc, root: NodeId, out: &mut Vec<u8>) -> Result<()> {
    print_with(doc, root, Options::default(), out)
}

/// As [`print()`], with options.
pub(crate) fn print_with(doc: &Doc, root: NodeId, options: Options, out: &mut Vec<u8>) -> Result<()> {
    if options == Options::default()
        && root == doc.root()
        && doc.deepest() >= VERBATIM_DEPTH
        && let Some(bytes) = doc.verbatim().and_then(|range| doc.source().text.as_bytes().get(range))
    {
        out.extend_from_slice(bytes);
        return Ok(());
    }
    print_anew(doc, root, options, out)
}

/// As [`print_with`], without a look at how the document was written.
pub(super) fn print_anew(doc: &Doc, root: NodeId, options: Options, out: &mut Vec<u8>) -> Result<()> {
    doc.within_limits()?;
    let before = out.len();
    let last = options.reencode && doc.tail_comment && root == doc.root();
    let mut lines = Lines::new(out);
    lines.fold = options.fold;
    lines.most = before.saturating_add(usize::try_from(doc.longest_print()).unwrap_or(usize::MAX));
    let mut printer = Printer {
        doc,
        reencode: options.reencode,
        out: lines,
        depth: 0,
        deepest: doc.deepest(),
        order: Vec::new(),
        spare: Vec::new(),
    };
    let result = printer.document(root, if last { LAST | TOP } else { TOP });
    let result = result.and_then(|()| printer.check_length(root));
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// Where the reader has single scalars written, to compare them with the source.
#[derive(Default)]
pub(super) struct Scratch(Vec<u8>);

impl Scratch {
    /// The lines of a scalar that stands after `prefix` in its line, if it can be printed.
    pub(super) fn scalar(&mut self, doc: &Doc, id: NodeId, prefix: &[u8], indent: usize) -> Option<&[u8]> {
        self.0.clear();
        let out = Lines::new(&mut self.0);
        out.buf.extend_from_slice(prefix);
        let mut printer = Printer {
            doc,
            reencode: true,
            out,
            depth: 0,
            deepest: doc.deepest(),
            order: Vec::new(),
            spare: Vec::new(),
        };
        if !printer.scalar(id, indent, 0).ok()? {
            printer.out.end();
        }
        Some(&self.0)
    }
}

/// Inside `{}` or `[]` of the input.
const FLOW: u8 = 1;
/// The root of the resource, whose keys need not be strings.
const TOP: u8 = 2;
/// On the way to the last scalar of a document whose closing comments cost a line break.
const LAST: u8 = 4;

struct Printer<'d, 'o> {
    doc: &'d Doc,
    reencode: bool,
    out: Lines<'o>,
    /// How many collections are open: what is made of a document may have more of them than what was read.
    depth: u64,
    /// How many may be.
    deepest: u64,
    /// The order of the entries of all mappings that are being printed and were not in order.
    order: Vec<u32>,
    spare: Vec<u32>,
}

/// An entry of a mapping whose keys are not all plain strings.
struct Entry<'d> {
    text: Cow<'d, str>,
    value: NodeId,
    context: u8,
}

impl<'d> Printer<'d, '_> {
    fn document(&mut self, root: NodeId, context: u8) -> Result<()> {
        match self.doc.kind(root) {
            NodeKind::Scalar => {
                if !self.scalar(root, 0, context)? {
                    self.out.end();
                }
                Ok(())
            }
            _ if self.doc.children(root).is_empty() => self.empty(root),
            _ => self.block(root, 0, true, context),
        }
    }

    fn empty(&mut self, id: NodeId) -> Result<()> {
        self.out.put(if self.doc.kind(id) == NodeKind::Seq { b"[]" } else { b"{}" });
        self.out.end();
        Ok(())
    }

    /// Prints a collection that has children, from the start of a line, or from where its first line is indented
    /// already.
    fn block(&mut self, id: NodeId, indent: usize, inline: bool, context: u8) -> Result<()> {
        self.enter(id)?;
        let result = self.open(id, indent, inline, context);
        self.depth -= 1;
        result
    }

    /// Counts a collection, and refuses what is too deep.
    #[inline]
    fn enter(&mut self, id: NodeId) -> Result<()> {
        self.depth += 1;
        if self.depth > self.deepest { self.exceeded(id, Limit::Depth, self.depth) } else { Ok(()) }
    }

    /// Refuses output that is too long.
    #[inline]
    fn check_length(&self, id: NodeId) -> Result<()> {
        if self.out.is_too_long() { self.exceeded(id, Limit::Text, u64::MAX) } else { Ok(()) }
    }

    #[cold]
    fn exceeded(&self, id: NodeId, limit: Limit, amount: u64) -> Result<()> {
        let exceeded = self.doc.check(limit, amount);
        exceeded.map_err(|e| Error::from(e).at(self.doc.location(id)).during("printing"))
    }

    fn open(&mut self, id: NodeId, indent: usize, inline: bool, context: u8) -> Result<()> {
        match self.doc.kind(id) {
            NodeKind::Seq => self.sequence(id, indent, inline, context),
            _ => self.mapping(id, indent, inline, context),
        }
    }

    /// The context of a collection's children; `last` says whether it is the last one.
    fn below(&self, id: NodeId, context: u8, last: bool) -> u8 {
        let flow = if self.doc.is_flow(id) { FLOW } else { context & FLOW };
        if last { flow | context & LAST } else { flow }
    }

    fn sequence(&mut self, id: NodeId, indent: usize, inline: bool, context: u8) -> Result<()> {
        let items = self.doc.children(id);
        let below = self.below(id, context, false);
        for (i, &item) in items.iter().enumerate() {
            let last = if i + 1 == items.len() { context & LAST } else { 0 };
            if i > 0 || !inline {
                self.out.indent(indent);
            }
            self.out.put(b"- ");
            self.inline_value(item, indent, below | last)?;
        }
        Ok(())
    }

    /// Prints what stands after `- ` and `: `.
    fn inline_value(&mut self, id: NodeId, indent: usize, context: u8) -> Result<()> {
        let id = self.meant(id);
        if self.doc.kind(id) == NodeKind::Scalar {
            if !self.scalar(id, indent + 2, context)? {
                self.out.end();
            }
            Ok(())
        } else if self.doc.children(id).is_empty() {
            self.empty(id)
        } else {
            self.block(id, indent + 2, true, context)
        }
    }

    /// The node that an alias stands for.
    fn meant(&self, mut id: NodeId) -> NodeId {
        while self.doc.kind(id) == NodeKind::Alias {
            match self.doc.children(id).first() {
                Some(target) => id = *target,
                None => break,
            }
        }
        id
    }

    fn mapping(&mut self, id: NodeId, indent: usize, inline: bool, context: u8) -> Result<()> {
        let doc = self.doc;
        let children = doc.children(id);
        let mut sorted = true;
        let mut before = "";
        for (i, pair) in children.chunks_exact(2).enumerate() {
            let Some(text) = doc.simple_key(pair[0]) else {
                return self.mapping_with_typed_keys(id, indent, inline, context);
            };
            sorted &= i == 0 || order::less(before, text);
            before = text;
        }
        let below = self.below(id, context, false);
        let last = children.len() / 2 - 1;
        if sorted {
            for (i, pair) in children.chunks_exact(2).enumerate() {
                let more = if i == last { context & LAST } else { 0 };
                self.entry(doc.text(pair[0]), pair[0], pair[1], indent, inline && i == 0, below | more)?;
            }
            return Ok(());
        }
        let first = self.order.len();
        self.order.extend(0..=narrow(last));
        let text = |i: u32| doc.text(children[2 * i as usize]);
        order::sort(&mut self.order[first..], &mut self.spare, &|a, b| order::less(text(a), text(b)));
        if let Some(pair) = self.order[first..].windows(2).find(|w| text(w[0]) == text(w[1])) {
            return Err(duplicate(doc, children[2 * pair[0] as usize], children[2 * pair[1] as usize]));
        }
        for slot in first..=first + last {
            let i = self.order[slot] as usize;
            let (key, value) = (children[2 * i], children[2 * i + 1]);
            let more = if i == last { context & LAST } else { 0 };
            self.entry(doc.text(key), key, value, indent, inline && slot == first, below | more)?;
        }
        self.order.truncate(first);
        Ok(())
    }

    /// A mapping with keys that are not all strings in the usual styles.
    fn mapping_with_typed_keys(
        &mut self,
        id: NodeId,
        indent: usize,
        inline: bool,
        context: u8,
    ) -> Result<()> {
        let mut entries = self.entries(id, context)?;
        let mut order: Vec<u32> = (0..narrow(entries.len())).collect();
        let less = |a: u32, b: u32| order::less(&entries[a as usize].0.text, &entries[b as usize].0.text);
        order::sort(&mut order, &mut Vec::new(), &less);
        // Two keys that differ in writing only, as `1` and `0x1`: the later one counts.
        order.dedup_by(|b, a| {
            let same = entries[*a as usize].0.text == entries[*b as usize].0.text;
            if same {
                *a = *b;
            }
            same
        });
        for (n, i) in order.into_iter().enumerate() {
            let (entry, key) = &mut entries[i as usize];
            let (text, value, below) = (std::mem::take(&mut entry.text), entry.value, entry.context);
            self.entry(&text, *key, value, indent, inline && n == 0, below)?;
        }
        Ok(())
    }

    /// The entries of a mapping with their keys as they will be printed.
    fn entries(&self, id: NodeId, context: u8) -> Result<Vec<(Entry<'d>, NodeId)>> {
        let doc = self.doc;
        let mut seen = rustc_hash::FxHashMap::default();
        let mut entries = Vec::with_capacity(doc.children(id).len() / 2);
        let count = doc.pairs(id).len();
        for (i, (key, value)) in doc.pairs(id).enumerate() {
            let key = self.meant(key);
            if let Some(first) = seen.insert((doc.kind(key) as u8, doc.text(key)), key) {
                return Err(duplicate(doc, first, key));
            }
            let refuse =
                |message: String| Err(Error::new(ErrorKind::Resource, message).at(doc.location(key)));
            if doc.kind(key) != NodeKind::Scalar {
                return refuse("a key is a mapping or sequence, expected a string".into());
            }
            let below = self.below(id, context, i + 1 == count);
            let place = Place {
                flow: below & FLOW != 0,
                simple_key: is_simple(doc.text(key)),
                last: false,
                reencode: self.reencode,
            };
            if context & TOP == 0 && reencode::has_own_type(doc, key) {
                let text = doc.text(key);
                return refuse(format!("the key `{text}` has a tag of its own, expected a string"));
            }
            let text: Cow<'d, str> = match reencode::value(doc, key, place)? {
                Value::Str(text) => text,
                Value::Binary(text) if context & TOP != 0 => text.into(),
                Value::Null => return refuse("a key is null, expected a string".into()),
                _ if context & TOP != 0 => doc.text(key).into(),
                found => match reencode::key_text(&found) {
                    Some(text) => text.into(),
                    None => {
                        let (text, noun) = (doc.text(key), reencode::noun(found.tag()));
                        return refuse(format!("the key `{text}` is a {noun}, expected a string"));
                    }
                },
            };
            entries.push((Entry { text, value, context: below }, key));
        }
        Ok(entries)
    }

    /// Prints an entry of a mapping, its line's end included.
    fn entry(
        &mut self,
        text: &str,
        key: NodeId,
        value: NodeId,
        indent: usize,
        inline: bool,
        context: u8,
    ) -> Result<()> {
        if !inline {
            self.out.indent(indent);
        }
        if text.len() <= SIMPLE_KEY && self.doc.is_bare(key) && self.doc.tag(key) == Tag::Str {
            self.out.put(text.as_bytes());
        } else {
            let bytes = style::bytes_of(text);
            if text.len() > SIMPLE_KEY || bytes & style::ODD != 0 && !is_simple(text) {
                return self.long_entry(text, key, value, indent, context);
            }
            self.string(text, bytes, key, indent + 2, true)?;
        }
        let value = self.meant(value);
        let kind = self.doc.kind(value);
        if self.reencode && context & FLOW != 0 && kind != NodeKind::Scalar {
            reencode::refuse_comment_in_flow(self.doc, key)?;
        }
        if kind == NodeKind::Scalar {
            self.out.put(b": ");
            if !self.scalar(value, indent + 2, context)? {
                self.out.end();
            }
            Ok(())
        } else if self.doc.children(value).is_empty() {
            // Kustomize writes the comment before the brackets, which then begin a line of their own.
            if self.reencode && !self.doc.is_flow(value) && self.doc.comment_after(key).is_some() {
                let message =
                    format!("the comment after `{text}:` keeps its emptied value from being printed");
                let error = Error::new(ErrorKind::Resource, message).at(self.doc.location(key));
                return Err(error.hint("put the comment above the key"));
            }
            self.out.put(b": ");
            self.empty(value)
        } else {
            self.out.put(b":");
            self.out.end();
            let indent = if kind == NodeKind::Seq { indent } else { indent + 2 };
            self.block(value, indent, false, context)
        }
    }

    /// Prints an entry whose key is written after `?`.
    fn long_entry(
        &mut self,
        text: &str,
        key: NodeId,
        value: NodeId,
        indent: usize,
        context: u8,
    ) -> Result<()> {
        // As a node of its own the key goes through what block texts go through.
        let place =
            Place { flow: context & FLOW != 0, simple_key: false, last: false, reencode: self.reencode };
        if self.doc.tag(key) == Tag::Str {
            reencode::value(self.doc, key, place)?;
        }
        if reencode::key_too_long(text) {
            let message = "the key is longer than the 1024 characters that kustomize can print";
            return Err(Error::new(ErrorKind::Resource, message).at(self.doc.location(key)));
        }
        self.out.put(b"? ");
        if text.contains('\u{85}') {
            let message = "a key with the line break U+0085 cannot be printed";
            return Err(Error::new(ErrorKind::Resource, message).at(self.doc.location(key)));
        }
        if !self.string(text, style::bytes_of(text), key, indent + 2, false)? {
            self.out.end();
        }
        self.out.indent(indent);
        self.out.put(b": ");
        self.inline_value(value, indent, context)
    }

    /// Prints a scalar; the answer is whether it ended its line.
    fn scalar(&mut self, id: NodeId, indent: usize, context: u8) -> Result<bool> {
        self.check_length(id)?;
        let doc = self.doc;
        let text = doc.text(id);
        if doc.is_bare(id) {
            self.out.plain(text, indent, false);
            return Ok(false);
        }
        match (doc.tag(id), doc.style(id)) {
            (Tag::Str, Style::Single | Style::Double) => {
                return self.string(text, style::bytes_of(text), id, indent, false);
            }
            (Tag::Str, Style::Plain) if !text.starts_with('\t') => {
                return self.string(text, style::bytes_of(text), id, indent, false);
            }
            (Tag::Bool, Style::Plain) if matches!(text, "true" | "false") => {
                self.out.put(text.as_bytes());
                return Ok(false);
            }
            (Tag::Int, Style::Plain) if number::is_usual(text) && !doc.is_tagged(id) => {
                self.out.put(text.as_bytes());
                return Ok(false);
            }
            _ => {}
        }
        let place = Place {
            flow: context & FLOW != 0,
            simple_key: false,
            last: context & LAST != 0,
            reencode: self.reencode,
        };
        match reencode::value(doc, id, place)? {
            Value::Null => self.out.put(b"null"),
            Value::Bool(true) => self.out.put(b"true"),
            Value::Bool(false) => self.out.put(b"false"),
            Value::Int(n) => self.out.put(n.to_string().as_bytes()),
            Value::Float(f) => match number::spelling(f) {
                Some(spelling) => self.out.put(spelling.as_bytes()),
                None => {
                    let message =
                        format!("the number `{text}` cannot be printed: it has no JSON representation");
                    return Err(Error::new(ErrorKind::Resource, message).at(doc.location(id)));
                }
            },
            Value::Str(text) => return self.string(&text, style::bytes_of(&text), id, indent, false),
            Value::Time(text) if text.ends_with("+24:00") || text.ends_with("-24:00") => {
                let message = format!("the time `{text}` cannot be printed: the zone has at most 23 hours");
                return Err(Error::new(ErrorKind::Resource, message).at(doc.location(id)));
            }
            Value::Time(text) | Value::Binary(text) => {
                return self.string(&text, style::bytes_of(&text), id, indent, false);
            }
        }
        Ok(false)
    }

    /// Prints a string; the answer is whether it ended its line. `bytes` is its [`style::bytes_of`], `at` the node
    /// to name in errors.
    #[inline]
    fn string(&mut self, text: &str, bytes: u8, at: NodeId, indent: usize, key: bool) -> Result<bool> {
        if bytes & style::ODD != 0 {
            return self.non_ascii_string(text, bytes, at, indent, key);
        }
        let how = style::of_ascii(text, bytes);
        if how == Written::Plain {
            self.out.plain(text, indent, key);
            return Ok(false);
        }
        Ok(self.out.string(text, how, indent, key))
    }

    fn non_ascii_string(
        &mut self,
        text: &str,
        bytes: u8,
        at: NodeId,
        indent: usize,
        key: bool,
    ) -> Result<bool> {
        if bytes & (style::HIGH | style::CONTROL) == 0 {
            return Ok(self.out.string(text, style::of_any(text, bytes), indent, key));
        }
        let text = reencode::from_json(text, key).map_err(|e| e.or_at(|| self.doc.location(at)))?;
        let how = style::of_any(&text, style::bytes_of(&text));
        Ok(self.out.string(&text, how, indent, key))
    }
}

/// Returns whether a key can be written without `?`.
fn is_simple(key: &str) -> bool {
    key.len() <= SIMPLE_KEY && !key.contains(is_break)
}

fn duplicate(doc: &Doc, first: NodeId, second: NodeId) -> Error {
    Error::new(ErrorKind::Resource, format!("the key `{}` is there twice, expected once", doc.text(second)))
        .label(doc.location(second), "again here")
        .label(doc.location(first), "first here")
}

#[cfg(test)]
mod tests;
