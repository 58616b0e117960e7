//! An object as JSON: a document whose scalars hold JSON texts while operations run over it.
//!
//! Numbers keep all their digits until the end, as `test` compares them; then they become 64-bit floats in Go's
//! shortest spelling. Strings hold their contents; where a patch in JSON spells one otherwise than Go would, a
//! table beside the document knows the spelling.

use crate::diag::{Error, ErrorKind, Result};
use crate::text::go;
use crate::yaml::json::{key_text, to_json, write_float, write_string};
use crate::yaml::reencode::{self, Value};
use crate::yaml::style::{SIMPLE_KEY, Written, bytes_of, of_any};
use crate::yaml::{Doc, NodeId, NodeKind, Style, Tag, anchors};
use rustc_hash::{FxHashMap, FxHashSet};

/// Turns an object into JSON. Nodes that hang in several places become separate ones.
pub(super) fn to_json_tree(doc: &mut Doc) -> Result<()> {
    let root = doc.root();
    let last = doc.tail_comment;
    let seen = vec![false; doc.size()];
    Decoder { doc, seen }.node(root, false, last, true)?;
    doc.tail_comment = false;
    doc.without_comments = true;
    Ok(())
}

struct Decoder<'d> {
    doc: &'d mut Doc,
    /// Which nodes were met. Copies need no note: each stands in one place.
    seen: Vec<bool>,
}

impl Decoder<'_> {
    /// The node itself where it is met first, else a copy.
    fn own(&mut self, node: NodeId) -> NodeId {
        match self.seen.get_mut(node.index()) {
            Some(seen) if *seen => self.doc.copy(node),
            Some(seen) => {
                *seen = true;
                node
            }
            None => node,
        }
    }

    fn node(&mut self, node: NodeId, flow: bool, last: bool, top: bool) -> Result<NodeId> {
        let node = self.own(node);
        match self.doc.kind(node) {
            NodeKind::Scalar => self.scalar(node, flow, last)?,
            NodeKind::Alias => {}
            kind => {
                let flow = flow || self.doc.is_flow(node);
                let count = self.doc.children(node).len();
                let map = kind == NodeKind::Map;
                let mut odd = false;
                for i in 0..count {
                    let Some(kid) = self.doc.child(node, i) else { break };
                    odd |= map && i % 2 == 0 && self.doc.tag(kid) != Tag::Str;
                    if map
                        && flow
                        && i % 2 == 0
                        && self.doc.child(node, i + 1).is_some_and(|v| self.doc.kind(v) != NodeKind::Scalar)
                    {
                        reencode::refuse_comment_in_flow(self.doc, kid)?;
                    }
                    let new = if map && i % 2 == 0 {
                        let key = self.key(kid, flow, top)?;
                        self.doc.forget_comment(key);
                        key
                    } else {
                        self.node(kid, flow, last && i + 1 == count, false)?
                    };
                    if new != kid {
                        self.doc.set_kid(node, i, new);
                    }
                }
                if map && odd {
                    self.keep_last(node);
                }
                if map {
                    self.refuse_duplicates(node)?;
                }
                self.doc.set_flow(node, false);
            }
        }
        Ok(node)
    }

    fn key(&mut self, key: NodeId, flow: bool, top: bool) -> Result<NodeId> {
        let key = self.own(key);
        let doc = &*self.doc;
        let refuse = |what: &str| {
            let message = format!("expected a string as key, found {what}");
            Err(Error::new(ErrorKind::Resource, message).at(doc.location(key)))
        };
        if doc.kind(key) != NodeKind::Scalar {
            return refuse("a mapping or list");
        }
        if doc.tag(key) == Tag::Str && !matches!(doc.style(key), Style::Literal | Style::Folded) {
            return Ok(key);
        }
        if !top && reencode::has_own_type(doc, key) {
            return refuse(&format!("`{}` with a tag of its own", doc.text(key)));
        }
        let simple_key = doc.text(key).len() <= SIMPLE_KEY && !doc.text(key).contains('\n');
        let place = reencode::Place { flow, simple_key, last: false, reencode: true };
        let text = match reencode::value(doc, key, place)? {
            Value::Str(text) => text.into_owned(),
            Value::Null => return refuse("null"),
            Value::Binary(text) => text,
            _ if top => doc.text(key).to_owned(),
            found => match reencode::key_text(&found) {
                Some(text) => text,
                None => return refuse(&format!("the {} `{}`", reencode::noun(found.tag()), doc.text(key))),
            },
        };
        self.replace(key, &text, Tag::Str);
        Ok(key)
    }

    /// Of keys that became equal, as `1` and `0x1`, the last one counts.
    fn keep_last(&mut self, map: NodeId) {
        let doc = &*self.doc;
        let last: FxHashMap<&str, NodeId> = doc.pairs(map).map(|(key, _)| (doc.text(key), key)).collect();
        let stays = |key: NodeId| last.get(doc.text(key)) == Some(&key);
        let children: Vec<NodeId> =
            doc.pairs(map).filter(|(key, _)| stays(*key)).flat_map(|(key, value)| [key, value]).collect();
        self.doc.set_children(map, &children);
    }

    fn refuse_duplicates(&self, map: NodeId) -> Result<()> {
        let doc = &*self.doc;
        if doc.pairs(map).is_sorted_by(|(a, _), (b, _)| doc.text(*a) < doc.text(*b)) {
            return Ok(());
        }
        let twice = |key: NodeId| {
            let message = format!("the key `{}` is there twice", doc.text(key));
            Err(Error::new(ErrorKind::Resource, message).at(doc.location(key)))
        };
        let keys: Vec<NodeId> = doc.pairs(map).map(|(k, _)| k).collect();
        if keys.len() <= 8 {
            let is_earlier =
                |(i, key): &(usize, &NodeId)| keys.iter().take(*i).any(|k| doc.text(*k) == doc.text(**key));
            return keys.iter().enumerate().find(is_earlier).map_or(Ok(()), |(_, key)| twice(*key));
        }
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        keys.iter().find(|k| !seen.insert(doc.text(**k))).map_or(Ok(()), |k| twice(*k))
    }

    fn replace(&mut self, node: NodeId, text: &str, tag: Tag) {
        if self.doc.text(node) != text {
            self.doc.set_text(node, text, tag);
        }
        self.doc.set_tag(node, tag, false);
    }

    fn scalar(&mut self, node: NodeId, flow: bool, last: bool) -> Result<()> {
        if self.doc.is_bare(node) {
            return Ok(());
        }
        let place = reencode::Place { flow, simple_key: false, last, reencode: true };
        let (text, tag) = match reencode::value(self.doc, node, place)? {
            Value::Null => ("null".to_owned(), Tag::Null),
            Value::Bool(b) => (b.to_string(), Tag::Bool),
            Value::Int(n) => (n.to_string(), Tag::Int),
            Value::Float(f) if f.is_finite() => {
                let mut text = String::new();
                write_float(f, &mut text);
                (text, Tag::Float)
            }
            Value::Float(_) => {
                let message = format!("`{}` has no JSON representation", self.doc.text(node));
                let error = Error::new(ErrorKind::Resource, message);
                return Err(error.at(self.doc.location(node)));
            }
            Value::Str(text) if text == self.doc.text(node) => {
                self.doc.set_tag(node, Tag::Str, false);
                return Ok(());
            }
            Value::Str(text) => (text.into_owned(), Tag::Str),
            Value::Time(text) | Value::Binary(text) => (text, Tag::Str),
        };
        self.replace(node, &text, tag);
        Ok(())
    }
}

/// Reads an object back from JSON.
pub(super) fn from_json_tree(doc: &mut Doc) -> Result<()> {
    let root = doc.root();
    if doc.kind(root) != NodeKind::Map {
        let error = Error::new(ErrorKind::Patch, "expected the patched object to be a mapping, found a list");
        return Err(error.at(doc.location(root)));
    }
    encode(doc, root)?;
    anchors::settle(doc)
}

/// How many digits a whole number may have that is written as before whatever happens to it.
const SHORT: usize = 6;

fn encode(doc: &mut Doc, node: NodeId) -> Result<()> {
    if doc.is_bare(node) && (doc.tag(node) != Tag::Int || doc.text(node).len() <= SHORT) {
        return Ok(());
    }
    match doc.tag(node) {
        Tag::Int | Tag::Float => {
            let number = doc.text(node).parse::<f64>().ok().filter(|n| n.is_finite());
            let Some(number) = number else {
                let message = format!("cannot unmarshal number {} into a 64-bit float", doc.text(node));
                return Err(Error::new(ErrorKind::Patch, message).at(doc.location(node)));
            };
            let text = go::float(number);
            let whole = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            let tag = if whole { Tag::Int } else { Tag::Float };
            if text == doc.text(node) {
                doc.set_tag(node, tag, false);
            } else {
                doc.set_text(node, &text, tag);
            }
            doc.set_style(node, Style::Plain);
        }
        Tag::Str => {
            let text = doc.text(node);
            let style = match of_any(text, bytes_of(text)) {
                _ if text.contains('\n') && reencode::block_allowed(text) => Style::Literal,
                Written::Plain => Style::Plain,
                Written::Single => Style::Single,
                Written::Double => Style::Double,
                Written::Literal => Style::Literal,
            };
            doc.set_style(node, style);
        }
        Tag::Null | Tag::Bool => doc.set_style(node, Style::Plain),
        _ => {
            let map = doc.kind(node) == NodeKind::Map;
            for i in 0..doc.children(node).len() {
                let Some(kid) = doc.child(node, i) else { break };
                if map && i % 2 == 0 && doc.text(kid) == "<<" {
                    doc.set_tag(kid, Tag::Merge, false);
                    doc.has_anchors = true;
                }
                encode(doc, kid)?;
            }
        }
    }
    Ok(())
}

/// A new null.
pub(super) fn null(doc: &mut Doc) -> NodeId {
    doc.scalar("null", Style::Plain, Tag::Null)
}

/// Copies a value of an operation into an object, as JSON. `json`: it comes from a JSON text. `raw`: where to note
/// odd spellings.
pub(super) fn import(
    doc: &mut Doc,
    from: &Doc,
    node: NodeId,
    json: bool,
    mut raw: Option<&mut Raw>,
) -> NodeId {
    let new = match from.kind(node) {
        NodeKind::Scalar => {
            let (text, tag) = scalar(from, node, json);
            doc.scalar(&text, Style::Plain, tag)
        }
        NodeKind::Map => {
            let map = doc.map();
            let mut places: FxHashMap<String, usize> = FxHashMap::default();
            let mut children = Vec::with_capacity(from.children(node).len());
            for (key, value) in from.pairs(node) {
                let value = import(doc, from, value, json, raw.as_deref_mut());
                let text = key_text(from, key).unwrap_or_else(|_| from.text(key).to_owned());
                if let Some(known) = places.get(&text).and_then(|place| children.get_mut(*place)) {
                    *known = value;
                    continue;
                }
                let new = doc.string(&text);
                if let Some(mark) = from.mark(key) {
                    doc.set_mark(new, &mark);
                }
                places.insert(text, children.len() + 1);
                children.extend([new, value]);
            }
            doc.set_children(map, &children);
            map
        }
        _ => {
            let list = doc.seq();
            let children: Vec<NodeId> = from
                .children(node)
                .iter()
                .map(|item| import(doc, from, *item, json, raw.as_deref_mut()))
                .collect();
            doc.set_children(list, &children);
            list
        }
    };
    if let Some(mark) = from.mark(node) {
        doc.set_mark(new, &mark);
    }
    if let Some(raw) = raw.filter(|_| json)
        && let Some(spelling) = spelling(from, node)
    {
        raw.0.insert(new, spelling);
    }
    new
}

/// A scalar of an operation: its JSON text, or its contents if it is a string. Numbers of a JSON text count as they
/// are written.
fn scalar(doc: &Doc, node: NodeId, json: bool) -> (String, Tag) {
    let text = doc.text(node);
    let mut written = String::new();
    match doc.tag(node) {
        Tag::Null => ("null".to_owned(), Tag::Null),
        tag @ (Tag::Int | Tag::Float | Tag::Bool) if json || to_json(doc, node, &mut written).is_err() => {
            (text.to_owned(), tag)
        }
        tag @ (Tag::Int | Tag::Float | Tag::Bool) => (written, tag),
        _ => (text.to_owned(), Tag::Str),
    }
}

/// How a string of a JSON text is spelled, if Go would spell it otherwise.
fn spelling(doc: &Doc, node: NodeId) -> Option<String> {
    if doc.kind(node) != NodeKind::Scalar || doc.tag(node) != Tag::Str {
        return None;
    }
    let (start, end) = doc.span(node)?;
    let written = doc.source().text.get(start as usize..end as usize)?;
    let mut canonical = String::new();
    write_string(doc.text(node), &mut canonical);
    (written != canonical).then(|| written.to_owned())
}

/// The spellings of strings that Go would spell otherwise.
#[derive(Debug, Default)]
pub(super) struct Raw(FxHashMap<NodeId, String>);

impl Raw {
    /// A deep copy of a node, with its spellings; `<`, `>` and `&` are escaped on the way.
    pub(super) fn copy(&mut self, doc: &mut Doc, node: NodeId) -> NodeId {
        let new = doc.copy(node);
        if !self.0.is_empty() {
            self.note(doc, node, new);
        }
        new
    }

    fn note(&mut self, doc: &Doc, node: NodeId, new: NodeId) {
        if let Some(raw) = self.0.get(&node) {
            let escaped = [
                ("<", "\\u003c"),
                (">", "\\u003e"),
                ("&", "\\u0026"),
                ("\u{2028}", "\\u2028"),
                ("\u{2029}", "\\u2029"),
            ]
            .iter()
            .fold(raw.clone(), |raw, (from, to)| raw.replace(from, to));
            self.0.insert(new, escaped);
        }
        for (a, b) in doc.children(node).iter().zip(doc.children(new)) {
            self.note(doc, *a, *b);
        }
    }

    fn written(&self, doc: &Doc, node: NodeId) -> String {
        self.0.get(&node).cloned().unwrap_or_else(|| {
            let mut out = String::new();
            write_string(doc.text(node), &mut out);
            out
        })
    }

    /// Returns whether a value of the object equals one of an operation: scalars by their JSON texts.
    pub(super) fn equal(&self, doc: &Doc, a: NodeId, other: &Doc, b: NodeId, json: bool) -> bool {
        match (doc.kind(a), other.kind(b)) {
            (NodeKind::Scalar, NodeKind::Scalar) => {
                let (text, tag) = scalar(other, b, json);
                let number = |tag: Tag| matches!(tag, Tag::Int | Tag::Float);
                let (same, string) = (doc.tag(a), Tag::Str);
                if same != tag && !(number(same) && number(tag)) || doc.text(a) != text {
                    return false;
                }
                if tag != string || !json && self.0.is_empty() {
                    return true;
                }
                let written = if json { spelling(other, b) } else { None };
                let written = written.unwrap_or_else(|| {
                    let mut out = String::new();
                    write_string(&text, &mut out);
                    out
                });
                self.written(doc, a) == written
            }
            (NodeKind::Map, NodeKind::Map) => {
                let mut keys: FxHashMap<String, NodeId> = FxHashMap::default();
                for (key, value) in other.pairs(b) {
                    keys.insert(key_text(other, key).unwrap_or_default(), value);
                }
                keys.len() == doc.pairs(a).len()
                    && doc.pairs(a).all(|(key, value)| {
                        keys.get(doc.text(key)).is_some_and(|b| self.equal(doc, value, other, *b, json))
                    })
            }
            (NodeKind::Seq, NodeKind::Seq) => {
                let (a, b) = (doc.items(a), other.items(b));
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.equal(doc, *a, other, *b, json))
            }
            _ => false,
        }
    }
}
