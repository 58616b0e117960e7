//! New text, written as kustomize writes a kustomization file: indented by two, lists at the column of their key (or
//! where the file has them), keys sorted, texts quoted where YAML 1.1 needs it and folded at 80 columns. What came
//! from the file unchanged and stands on one line is taken over as it is.

use super::tree::{Entry, Node, Shape};
use crate::yaml::chars::is_printable;
use crate::yaml::style::{self, SIMPLE_KEY, Written};
use crate::yaml::write::Lines;
use crate::yaml::{Doc, NodeId, NodeKind, Style, order};
use std::cmp::Ordering;

/// The form of what is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'a> {
    /// How far dashes stand to the right of their key.
    pub(crate) list_offset: usize,
    /// The document from which unchanged values may be taken over.
    pub(crate) from: Option<&'a Doc>,
}

struct Emitter<'a, 'o> {
    form: Form<'a>,
    out: Lines<'o>,
}

fn with(form: Form<'_>, column: usize, write: impl FnOnce(&mut Emitter<'_, '_>)) -> String {
    let mut buf = Vec::new();
    let mut emitter = Emitter { form, out: Lines::new(&mut buf) };
    emitter.out.indent(column);
    write(&mut emitter);
    buf.drain(..column.min(buf.len()));
    String::from_utf8_lossy(&buf).into_owned()
}

/// Entries of a mapping at a column, each line ended, the first one not indented.
pub(super) fn entries(form: Form<'_>, entries: &[Entry], column: usize) -> String {
    with(form, column, |e| e.entries(entries, column, true))
}

/// What stands after the dash at a column, with the blank before it; each line ended.
pub(super) fn after_dash(form: Form<'_>, item: &Node, column: usize) -> String {
    with(form, column + 1, |e| {
        e.out.put(b" ");
        e.after_dash(item, column);
    })
}

/// A key.
pub(super) fn key(text: &str) -> String {
    let form = Form { list_offset: 0, from: None };
    with(form, 0, |e| e.key(text))
}

/// A scalar that begins at a column, its further lines indented; without the last line's end.
pub(super) fn scalar(form: Form<'_>, node: &Node, column: usize, indent: usize) -> String {
    let mut text = with(form, column, |e| {
        e.scalar(node, indent);
    });
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// The order of keys.
pub(super) fn by_key(a: &str, b: &str) -> Ordering {
    match (order::less(a, b), order::less(b, a)) {
        (true, _) => Ordering::Less,
        (_, true) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// The quotes in which a text stands in the file though kustomize would write it otherwise: the user's own choice.
fn own_quotes(doc: &Doc, id: NodeId) -> Option<Written> {
    let written = match (doc.kind(id), doc.style(id)) {
        (NodeKind::Scalar, Style::Single) => Written::Single,
        (NodeKind::Scalar, Style::Double) => Written::Double,
        _ => return None,
    };
    (how(doc.text(id)) != written).then_some(written)
}

/// A text that takes the place of another, in the same quotes if those were chosen by the user.
pub(super) fn in_place_of(doc: &Doc, old: Option<NodeId>, new: &Node) -> Option<String> {
    let quotes = old.and_then(|id| own_quotes(doc, id)).filter(|_| new.shape == Shape::Str)?;
    let fits = new.text().chars().all(|c| c != '\n' && is_printable(c));
    let form = Form { list_offset: 0, from: None };
    fits.then(|| {
        with(form, 0, |e| {
            e.out.string(new.text(), quotes, 0, true);
        })
    })
}

impl Emitter<'_, '_> {
    fn entries(&mut self, entries: &[Entry], column: usize, mut inline: bool) {
        let mut order: Vec<&Entry> = entries.iter().collect();
        if order.iter().all(|e| e.origin.is_none()) {
            order.sort_by(|a, b| by_key(&a.key, &b.key));
        }
        for entry in order {
            if !std::mem::take(&mut inline) {
                self.out.indent(column);
            }
            if entry.key.len() > SIMPLE_KEY || entry.key.contains('\n') {
                self.out.put(b"? ");
                if !self.out.string(&entry.key, how(&entry.key), column + 2, false) {
                    self.out.end();
                }
                self.out.indent(column);
                self.out.put(b":");
                self.out.put(b" ");
                self.after_dash(&entry.value, column);
                continue;
            }
            self.key(&entry.key);
            self.out.put(b":");
            self.after_colon(&entry.value, column);
        }
    }

    fn key(&mut self, text: &str) {
        self.out.string(text, how(text), 0, true);
    }

    fn after_colon(&mut self, value: &Node, column: usize) {
        match value.shape {
            Shape::List if !value.is_empty() => {
                self.out.end();
                self.items(value.items(), column + self.form.list_offset, false);
            }
            Shape::Map if !value.is_empty() => {
                self.out.end();
                self.entries(value.entries(), column + 2, false);
            }
            _ => {
                self.out.put(b" ");
                if !self.scalar(value, column + 2) {
                    self.out.end();
                }
            }
        }
    }

    fn items(&mut self, items: &[Node], column: usize, mut inline: bool) {
        for item in items {
            if !std::mem::take(&mut inline) {
                self.out.indent(column);
            }
            self.out.put(b"- ");
            self.after_dash(item, column);
        }
    }

    fn after_dash(&mut self, item: &Node, column: usize) {
        match item.shape {
            Shape::List if !item.is_empty() => self.items(item.items(), column + 2, true),
            Shape::Map if !item.is_empty() => self.entries(item.entries(), column + 2, true),
            _ => {
                if !self.scalar(item, column + 2) {
                    self.out.end();
                }
            }
        }
    }

    /// Writes a scalar or an empty collection; the answer is whether it ended its line.
    fn scalar(&mut self, node: &Node, indent: usize) -> bool {
        if let Some(text) = self.form.from.and_then(|doc| taken_over(doc, node)) {
            self.out.put(text.as_bytes());
            return false;
        }
        match node.shape {
            Shape::Null => self.out.put(b"null"),
            Shape::Plain => self.out.put(node.text().as_bytes()),
            Shape::List => self.out.put(b"[]"),
            Shape::Map => self.out.put(b"{}"),
            Shape::Str => return self.out.string(node.text(), how(node.text()), indent, false),
        }
        false
    }
}

/// The text of a scalar that came from the file, stands on one line, and has not been changed.
fn taken_over<'d>(doc: &'d Doc, node: &Node) -> Option<&'d str> {
    let id = node.origin.filter(|id| doc.kind(*id) == NodeKind::Scalar)?;
    let (start, end) = doc.span(id)?;
    let text = doc.source().text.get(start as usize..end as usize)?;
    let unchanged = super::tree::read(doc, id) == *node;
    let first = text.chars().next()?;
    (unchanged && !text.contains('\n') && !matches!(first, '&' | '!' | '|' | '>')).then_some(text)
}

/// A value as it is written inside `{}` or `[]`. `json`: with all texts in double quotes.
pub(super) fn flow(node: &Node, json: bool) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match node.shape {
        Shape::Null => "null".to_owned(),
        Shape::Plain => node.text().to_owned(),
        Shape::Str => flow_text(node.text(), json),
        Shape::List => format!("[{}]", list(node.items().iter().map(|i| flow(i, json)).collect())),
        Shape::Map => format!("{{{}}}", list(node.entries().iter().map(|e| flow_entry(e, json)).collect())),
    }
}

/// An entry of a mapping in `{}`.
pub(super) fn flow_entry(entry: &Entry, json: bool) -> String {
    format!("{}: {}", flow_text(&entry.key, json), flow(&entry.value, json))
}

fn how(text: &str) -> Written {
    style::of_any(text, style::bytes_of(text))
}

fn flow_text(text: &str, json: bool) -> String {
    let how = match how(text) {
        _ if json => Written::Double,
        Written::Literal => Written::Double,
        Written::Plain if text.contains([',', '[', ']', '{', '}', ':', '?']) => Written::Single,
        other => other,
    };
    let form = Form { list_offset: 0, from: None };
    with(form, 0, |e| {
        e.out.string(text, how, 0, true);
    })
}
