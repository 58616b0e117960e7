//! The complete parser: the tokens of `super::scan` to a [`Doc`].
//!
//! It takes and refuses what go-yaml takes and refuses, in its words; errors carry the place where the problem was
//! noticed and the place where the construct began. Only the first document of a text is read, as kustomize does
//! with each piece of a file. Depth costs memory, not stack.
//!
//! Places: a node begins at its anchor or tag, if it has one, and ends after its last character; a block scalar
//! ends before the break of its last line, a block collection where its last child ends, an absent value where the
//! indicator before it ends.

#![expect(
    clippy::indexing_slicing,
    reason = "`top` is the place of the innermost open collection, and children are only taken away down to where an open one begins"
)]

mod problem;

use super::chars::find_control;
use super::node::{Doc, NodeId, NodeKind, Style, Tag};
use super::scalar::{Dialect, resolve, time};
use super::scan::{Fail, Scanner, Text, Token, TokenKind};
use super::source::Source;
use crate::diag::Error;
use crate::limits::narrow;
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

/// Reads the first document of a range of a source; `None` where there is none.
///
/// Aliases stay nodes of their own: see `anchors::expand`.
pub(crate) fn parse(
    source: &Arc<Source>,
    range: Range<usize>,
    dialect: Dialect,
) -> Result<Option<Doc>, Error> {
    document(source, range, dialect).map_err(|fail| problem::error(source, &fail))
}

/// What an open collection expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BlockSeq,
    IndentlessSeq,
    BlockKey,
    BlockValue,
    FlowSeq {
        first: bool,
    },
    FlowKey {
        first: bool,
    },
    FlowValue,
    /// A key in a flow mapping that no `?` or `:` goes with.
    FlowNoValue,
    /// A mapping of one pair in a flow sequence.
    PairKey,
    PairValue,
    PairEnd,
}

/// An open collection.
struct Open {
    state: State,
    node: NodeId,
    start: usize,
    /// Where its children begin on the stack of children.
    children: usize,
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    dialect: Dialect,
    text: &'a str,
    doc: Doc,
    open: Vec<Open>,
    children: Vec<NodeId>,
    anchors: FxHashMap<&'a str, NodeId>,
    directives: Vec<(String, Vec<u8>)>,
    /// Where the node read last ends.
    end: usize,
}

/// The tag and the anchor of a node.
#[derive(Default)]
struct Properties {
    start: usize,
    anchor: Option<(usize, usize)>,
    tag: Option<Vec<u8>>,
}

fn document(source: &Arc<Source>, range: Range<usize>, dialect: Dialect) -> Result<Option<Doc>, Fail> {
    let bytes = source.text.as_bytes();
    if let Some(i) = find_control(&bytes[range.clone()]) {
        let message = "control characters are not allowed".to_owned();
        return Err(Fail { message, at: range.start + i, context: None });
    }
    let mut parser = Parser {
        scanner: Scanner::new(&source.text, range.start, range.end, dialect),
        dialect,
        text: &source.text,
        doc: Doc::new(source.clone()),
        open: Vec::new(),
        children: Vec::new(),
        anchors: FxHashMap::default(),
        directives: Vec::new(),
        end: range.start,
    };
    parser.scanner.take()?;
    if matches!(parser.scanner.peek()?.kind, TokenKind::StreamEnd) {
        return Ok(None);
    }
    parser.document_start()?;
    while let Some(top) = parser.open.len().checked_sub(1) {
        parser.step(top)?;
    }
    if let Some(root) = parser.children.first() {
        parser.doc.set_root(*root);
    }
    if ends_document(&parser.scanner.peek()?.kind) {
        parser.doc.tail_comment = parser.scanner.tail_comment();
    }
    Ok(Some(parser.doc))
}

fn ends_document(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::DocStart | TokenKind::DocEnd | TokenKind::StreamEnd)
}

fn starts_value(kind: &TokenKind) -> bool {
    !matches!(kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd)
}

impl<'a> Parser<'a> {
    fn fail<T>(&self, context: Option<(&'static str, usize)>, message: &str, at: usize) -> Result<T, Fail> {
        Err(Fail { message: message.to_owned(), at, context })
    }

    fn next_is(&mut self, kind: &TokenKind) -> Result<bool, Fail> {
        Ok(self.scanner.peek()?.kind == *kind)
    }

    /// Directives and `---`, then the root node or its beginning.
    fn document_start(&mut self) -> Result<(), Fail> {
        let mut version = false;
        let explicit = matches!(
            self.scanner.peek()?.kind,
            TokenKind::Version(..) | TokenKind::TagDirective(..) | TokenKind::DocStart
        );
        while matches!(self.scanner.peek()?.kind, TokenKind::Version(..) | TokenKind::TagDirective(..)) {
            let token = self.scanner.take()?;
            match token.kind {
                TokenKind::Version(..) if version => {
                    return self.fail(None, "found duplicate %YAML directive", token.start);
                }
                TokenKind::Version(1, 1) => version = true,
                TokenKind::Version(..) => {
                    return self.fail(None, "found incompatible YAML document", token.start);
                }
                TokenKind::TagDirective(handle, prefix) => {
                    if self.directives.iter().any(|(h, _)| *h == handle) {
                        return self.fail(None, "found duplicate %TAG directive", token.start);
                    }
                    self.directives.push((handle, prefix));
                }
                _ => {}
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.directives.iter().any(|(h, _)| h == handle) {
                self.directives.push((handle.to_owned(), prefix.as_bytes().to_vec()));
            }
        }
        if explicit {
            let token = self.scanner.peek()?;
            if token.kind != TokenKind::DocStart {
                let at = token.start;
                return self.fail(None, "did not find expected <document start>", at);
            }
            self.scanner.take()?;
            let token = self.scanner.peek()?;
            let directive = matches!(token.kind, TokenKind::Version(..) | TokenKind::TagDirective(..));
            if directive || ends_document(&token.kind) {
                let at = token.start;
                self.absent(at);
                return Ok(());
            }
        }
        self.node(true, false)
    }

    /// A value that is not there.
    fn absent(&mut self, at: usize) {
        let offset = narrow(at);
        let id = self.doc.add_span(offset, offset, (offset, offset), Style::Plain, Tag::Null);
        self.children.push(id);
        self.end = at;
    }

    /// Reads a node; of a collection only the beginning.
    fn node(&mut self, block: bool, indentless: bool) -> Result<(), Fail> {
        if self.next_is(&TokenKind::Alias)? {
            return self.alias();
        }
        let properties = self.properties()?;
        let (start, end) = (properties.start, self.end);
        let named = properties.anchor.is_some() || properties.tag.is_some();
        let token = self.scanner.peek()?;
        let (kind, state, flow, take) = match token.kind {
            TokenKind::Entry if indentless => (NodeKind::Seq, State::IndentlessSeq, false, false),
            TokenKind::Scalar(..) => {
                let token = self.scanner.take()?;
                self.scalar(token, properties);
                return Ok(());
            }
            TokenKind::FlowSeq => (NodeKind::Seq, State::FlowSeq { first: true }, true, true),
            TokenKind::FlowMap => (NodeKind::Map, State::FlowKey { first: true }, true, true),
            TokenKind::BlockSeq if block => (NodeKind::Seq, State::BlockSeq, false, true),
            TokenKind::BlockMap if block => (NodeKind::Map, State::BlockKey, false, true),
            _ if named => {
                let kind = TokenKind::Scalar(Style::Plain, Text::Empty);
                let token = Token { kind, start, end, level: None };
                self.scalar(token, properties);
                return Ok(());
            }
            _ => {
                let at = token.start;
                let what = if block { "while parsing a block node" } else { "while parsing a flow node" };
                return self.fail(Some((what, start)), "did not find expected node content", at);
            }
        };
        if take {
            self.scanner.take()?;
        }
        let node = self.begin(state, kind, start, flow);
        if let Some((from, to)) = properties.anchor {
            self.anchors.insert(&self.text[from..to], node);
        }
        if properties.tag.is_some_and(|t| known_tag(&t) == Tag::Null) {
            self.doc.set_tag(node, Tag::Null, true);
        }
        Ok(())
    }

    fn alias(&mut self) -> Result<(), Fail> {
        let token = self.scanner.take()?;
        let name = &self.text[token.start + 1..token.end];
        let Some(target) = self.anchors.get(name) else {
            return self.fail(None, &format!("unknown anchor '{name}' referenced"), token.start);
        };
        let id = self.doc.add_alias(narrow(token.start), narrow(token.end), *target);
        self.doc.has_anchors = true;
        self.children.push(id);
        self.end = token.end;
        Ok(())
    }

    /// An anchor and a tag, in either order.
    fn properties(&mut self) -> Result<Properties, Fail> {
        let mut found = Properties { start: self.scanner.peek()?.start, ..Properties::default() };
        let mut tag: Option<(String, Vec<u8>, usize)> = None;
        for _ in 0..2 {
            match self.scanner.peek()?.kind {
                TokenKind::Anchor if found.anchor.is_none() => {
                    let token = self.scanner.take()?;
                    found.anchor = Some((token.start + 1, token.end));
                    self.doc.has_anchors = true;
                    self.end = token.end;
                }
                TokenKind::Tag(..) if tag.is_none() => {
                    let token = self.scanner.take()?;
                    self.end = token.end;
                    if let TokenKind::Tag(handle, suffix) = token.kind {
                        tag = Some((handle, suffix, token.start));
                    }
                }
                _ => break,
            }
        }
        if let Some((handle, suffix, at)) = tag {
            let full = if handle.is_empty() {
                suffix
            } else {
                match self.directives.iter().find(|(h, _)| *h == handle) {
                    Some((_, prefix)) => [prefix.as_slice(), &suffix].concat(),
                    None => vec![],
                }
            };
            if full.is_empty() {
                let context = Some(("while parsing a node", found.start));
                return self.fail(context, "found undefined tag handle", at);
            }
            found.tag = Some(full);
        }
        Ok(found)
    }

    fn scalar(&mut self, token: Token, properties: Properties) {
        let TokenKind::Scalar(style, text) = token.kind else { return };
        let value = match &text {
            Text::Empty => "",
            Text::Span(from, to) => &self.text[*from..*to],
            Text::Made(made) => made.as_str(),
        };
        let written = properties.tag.filter(|t| t != b"!" || self.dialect == Dialect::V2);
        let tag = match &written {
            Some(tag) => match known_tag(tag) {
                Tag::Map | Tag::Seq => Tag::Other,
                // the older library takes `!` for `!!str`
                _ if tag == b"!" => Tag::Str,
                // and keeps the text of a time
                Tag::Timestamp if self.dialect == Dialect::V2 && time(value).is_some() => Tag::Str,
                tag => tag,
            },
            None if style != Style::Plain => Tag::Str,
            None if value == "<<" => Tag::Merge,
            None => resolve(value, self.dialect),
        };
        if tag == Tag::Merge || value == "<<" {
            self.doc.has_anchors = true;
        }
        let (start, end) = (narrow(properties.start), narrow(token.end));
        let id = match &text {
            Text::Empty => self.doc.add_span(start, end, (end, end), style, tag),
            Text::Span(from, to) => self.doc.add_span(start, end, (narrow(*from), narrow(*to)), style, tag),
            Text::Made(made) => self.doc.add_text(start, end, made, style, tag),
        };
        if written.is_some() {
            self.doc.set_tag(id, tag, true);
        }
        if let Some((from, to)) = properties.anchor {
            self.anchors.insert(&self.text[from..to], id);
        }
        self.children.push(id);
        self.end = token.end;
    }

    fn begin(&mut self, state: State, kind: NodeKind, start: usize, flow: bool) -> NodeId {
        let node = self.doc.add_collection(kind, narrow(start), 0, &[], flow);
        self.open.push(Open { state, node, start, children: self.children.len() });
        node
    }

    /// Closes the innermost collection, which ends where its last child or its bracket ends.
    fn finish(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let children = &self.children[open.children..];
        self.doc.set_children(open.node, children);
        self.doc.set_span(open.node, narrow(open.start), narrow(self.end));
        if self.doc.kind(open.node) == NodeKind::Map && !self.doc.has_anchors {
            // a null written as a key is doubled where anchors are expanded
            let odd = |k: &NodeId| self.doc.tag(*k) == Tag::Null && !self.doc.text(*k).is_empty();
            self.doc.has_anchors = children.iter().step_by(2).any(odd);
        }
        if self.doc.is_flow(open.node) && self.doc.kind(open.node) == NodeKind::Map {
            children.iter().step_by(2).for_each(|key| self.doc.forget_comment(*key));
        }
        self.children.truncate(open.children);
        self.children.push(open.node);
    }

    /// Goes on with the innermost collection, whose place in the stack is `top`.
    fn step(&mut self, top: usize) -> Result<(), Fail> {
        let Open { state, start, .. } = self.open[top];
        let to = |p: &mut Self, state| p.open[top].state = state;
        match state {
            State::BlockSeq | State::IndentlessSeq => self.block_entry(state, start),
            State::BlockKey => {
                let token = self.scanner.peek()?;
                match token.kind {
                    TokenKind::Key => {
                        to(self, State::BlockValue);
                        self.block_part()
                    }
                    TokenKind::BlockEnd => self.end_block(),
                    // a key is missing before `:`, or there is none
                    _ => {
                        let at = token.start;
                        let context = Some(("while parsing a block mapping", start));
                        self.fail(context, "did not find expected key", at)
                    }
                }
            }
            State::BlockValue => {
                to(self, State::BlockKey);
                if self.next_is(&TokenKind::Value)? {
                    self.block_part()
                } else {
                    let at = self.end;
                    self.absent(at);
                    Ok(())
                }
            }
            State::FlowSeq { first } => self.flow_item(top, first, start),
            State::FlowKey { first } => self.flow_key(top, first, start),
            State::FlowValue => {
                to(self, State::FlowKey { first: false });
                self.flow_value(&TokenKind::FlowMapEnd)
            }
            State::FlowNoValue => {
                to(self, State::FlowKey { first: false });
                let at = self.end;
                self.absent(at);
                Ok(())
            }
            State::PairKey => {
                to(self, State::PairValue);
                match self.scanner.peek()?.kind {
                    // the indicator is lost here: `[? : a]` and `[?, a]` go on after it
                    TokenKind::Value | TokenKind::Comma | TokenKind::FlowSeqEnd => {
                        let at = self.scanner.take()?.end;
                        self.absent(at);
                        Ok(())
                    }
                    _ => self.node(false, false),
                }
            }
            State::PairValue => {
                to(self, State::PairEnd);
                self.flow_value(&TokenKind::FlowSeqEnd)
            }
            State::PairEnd => {
                self.finish();
                Ok(())
            }
        }
    }

    /// A key or a value of a block mapping: passes its indicator.
    fn block_part(&mut self) -> Result<(), Fail> {
        let at = self.scanner.take()?.end;
        if starts_value(&self.scanner.peek()?.kind) {
            return self.node(true, true);
        }
        self.absent(at);
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), Fail> {
        self.scanner.take()?;
        self.finish();
        Ok(())
    }

    fn block_entry(&mut self, state: State, start: usize) -> Result<(), Fail> {
        let indentless = state == State::IndentlessSeq;
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Entry => {
                let at = self.scanner.take()?.end;
                let next = &self.scanner.peek()?.kind;
                let absent = matches!(next, TokenKind::Entry | TokenKind::BlockEnd)
                    || indentless && !starts_value(next);
                if !absent {
                    return self.node(true, false);
                }
                self.absent(at);
                Ok(())
            }
            _ if indentless => {
                self.finish();
                Ok(())
            }
            TokenKind::BlockEnd => self.end_block(),
            _ => {
                let at = token.start;
                let context = Some(("while parsing a block collection", start));
                self.fail(context, "did not find expected '-' indicator", at)
            }
        }
    }

    /// Passes the comma before an entry of a flow collection. False: the collection is closed instead.
    fn flow_comma(
        &mut self,
        first: bool,
        end: &TokenKind,
        context: (&'static str, usize),
        message: &str,
    ) -> Result<bool, Fail> {
        let token = self.scanner.peek()?;
        let at = token.start;
        if token.kind != *end && !first {
            if token.kind != TokenKind::Comma {
                return self.fail(Some(context), message, at);
            }
            self.scanner.take()?;
        }
        if !self.next_is(end)? {
            return Ok(true);
        }
        self.end = self.scanner.take()?.end;
        self.finish();
        Ok(false)
    }

    fn flow_item(&mut self, top: usize, first: bool, start: usize) -> Result<(), Fail> {
        let context = ("while parsing a flow sequence", start);
        if !self.flow_comma(first, &TokenKind::FlowSeqEnd, context, "did not find expected ',' or ']'")? {
            return Ok(());
        }
        self.open[top].state = State::FlowSeq { first: false };
        if self.next_is(&TokenKind::Key)? {
            let at = self.scanner.take()?.start;
            self.begin(State::PairKey, NodeKind::Map, at, true);
            return Ok(());
        }
        self.node(false, false)
    }

    fn flow_key(&mut self, top: usize, first: bool, start: usize) -> Result<(), Fail> {
        let context = ("while parsing a flow mapping", start);
        if !self.flow_comma(first, &TokenKind::FlowMapEnd, context, "did not find expected ',' or '}'")? {
            return Ok(());
        }
        if !self.next_is(&TokenKind::Key)? {
            self.open[top].state = State::FlowNoValue;
            return self.node(false, false);
        }
        self.open[top].state = State::FlowValue;
        let at = self.scanner.take()?.end;
        if matches!(self.scanner.peek()?.kind, TokenKind::Value | TokenKind::Comma | TokenKind::FlowMapEnd) {
            self.absent(at);
            return Ok(());
        }
        self.node(false, false)
    }

    /// The value after a key in a flow collection that is closed by `end`.
    fn flow_value(&mut self, end: &TokenKind) -> Result<(), Fail> {
        let mut at = self.end;
        if self.next_is(&TokenKind::Value)? {
            at = self.scanner.take()?.end;
            let next = &self.scanner.peek()?.kind;
            if *next != TokenKind::Comma && next != end {
                return self.node(false, false);
            }
        }
        self.absent(at);
        Ok(())
    }
}

/// The tags that have a meaning, without `!!`.
const TAGS: &[(&[u8], Tag)] = &[
    (b"null", Tag::Null),
    (b"bool", Tag::Bool),
    (b"int", Tag::Int),
    (b"float", Tag::Float),
    (b"str", Tag::Str),
    (b"timestamp", Tag::Timestamp),
    (b"binary", Tag::Binary),
    (b"merge", Tag::Merge),
    (b"map", Tag::Map),
    (b"seq", Tag::Seq),
];

fn known_tag(full: &[u8]) -> Tag {
    let name = full.strip_prefix(b"tag:yaml.org,2002:").or_else(|| full.strip_prefix(b"!!"));
    TAGS.iter().find(|(n, _)| Some(*n) == name).map_or(Tag::Other, |(_, tag)| *tag)
}

#[cfg(test)]
mod tests;
