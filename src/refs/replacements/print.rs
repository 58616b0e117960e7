//! YAML as kustomize writes it into texts: two blanks a level, lists not indented, styles and comments kept.
//!
//! What `go.yaml.in/yaml/v3` does with kustomize's settings, peculiarities included. The printer of builds is another
//! one.

use super::comments::Comments;
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Style, Tag, chars::is_printable, scalar};

/// A node as YAML, with a line break at the end.
pub(super) fn yaml(doc: &Doc, node: NodeId, comments: Option<&Comments>) -> String {
    let mut printer = Printer { doc, comments, out: String::new(), levels: Vec::new() };
    match doc.kind(node) {
        NodeKind::Map | NodeKind::Seq if printer.is_block(node) => printer.block(node, 0, false),
        _ => {
            printer.inline(node, 0);
            printer.end_line(node);
        }
    }
    for (block, blank_before) in comments.iter().flat_map(|c| &c.end) {
        if *blank_before {
            printer.out.push('\n');
        }
        for line in &block.lines {
            printer.out.push_str(line);
            printer.out.push('\n');
        }
    }
    printer.out
}

struct Printer<'a> {
    doc: &'a Doc,
    comments: Option<&'a Comments>,
    out: String,
    /// Columns of the keys of the mappings that the last line is in, in the old text and in the new one.
    levels: Vec<(usize, usize)>,
}

impl Printer<'_> {
    fn is_block(&self, node: NodeId) -> bool {
        matches!(self.doc.kind(node), NodeKind::Map | NodeKind::Seq)
            && !self.doc.is_flow(node)
            && !self.doc.children(node).is_empty()
    }

    fn blanks(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    /// Ends a line after a node, with the comment beside it.
    fn end_line(&mut self, node: NodeId) {
        if self.out.ends_with('\n') {
            return;
        }
        self.comment_beside(node);
        self.out.push('\n');
    }

    fn comment_beside(&mut self, node: NodeId) {
        if let Some(comment) = self.comments.and_then(|c| c.beside.get(&node)) {
            self.out.push(' ');
            self.out.push_str(comment);
        }
    }

    /// The first scalar in a node.
    fn first_leaf(&self, node: NodeId) -> NodeId {
        let mut leaf = node;
        while self.doc.kind(leaf) != NodeKind::Alias
            && let Some(first) = self.doc.children(leaf).first()
        {
            leaf = *first;
        }
        leaf
    }

    /// The comments above the line that starts with a node, then the line's indentation.
    fn start_line(&mut self, node: NodeId, indent: usize) {
        let Some(comments) = self.comments else {
            self.blanks(indent);
            return;
        };
        let leaf = self.first_leaf(node);
        let column = comments.columns.get(&leaf).copied().unwrap_or_default();
        for block in comments.above.get(&leaf).into_iter().flatten() {
            let deeper = self.levels.iter().rev().find(|(old, _)| *old <= block.column && *old > column);
            let indent = deeper.map_or(indent, |(_, new)| *new);
            for line in &block.lines {
                self.blanks(indent);
                self.out.push_str(line);
                self.out.push('\n');
            }
            if block.blank_after {
                self.out.push('\n');
            }
        }
        self.blanks(indent);
    }

    /// Notes at which column a mapping's keys are printed.
    fn note_level(&mut self, key: NodeId, indent: usize) {
        if let Some(column) = self.comments.and_then(|c| c.columns.get(&key)) {
            self.levels.retain(|(old, _)| old < column);
            self.levels.push((*column, indent));
        }
    }

    fn anchor(&mut self, node: NodeId) {
        if let Some(name) = self.comments.and_then(|c| c.anchors.get(&node)) {
            self.out.push('&');
            self.out.push_str(name);
        }
    }

    /// A collection over lines. `started`: the first line is begun already.
    fn block(&mut self, node: NodeId, indent: usize, started: bool) {
        let doc = self.doc;
        if doc.kind(node) == NodeKind::Seq {
            for (i, item) in doc.items(node).iter().enumerate() {
                if i > 0 || !started {
                    self.start_line(*item, indent);
                }
                self.out.push_str("- ");
                if self.is_block(*item) {
                    let before = self.out.len();
                    self.anchor(*item);
                    let leaf = self.first_leaf(*item);
                    if let Some(comment) = self.comments.and_then(|c| c.beside_dash.get(&leaf)) {
                        self.out.push_str(if self.out.len() > before { " " } else { "" });
                        self.out.push_str(comment);
                    }
                    if self.out.len() > before {
                        self.out.push('\n');
                    }
                    self.block(*item, indent + 2, self.out.len() == before);
                } else {
                    self.inline(*item, indent + 2);
                    self.end_line(*item);
                }
            }
            return;
        }
        for (i, (key, value)) in doc.pairs(node).enumerate() {
            if i > 0 || !started {
                self.start_line(key, indent);
            }
            self.note_level(key, indent);
            let simple = !self.is_block(key) && doc.text(key).len() <= 128 && !doc.text(key).contains('\n');
            if simple {
                self.scalar_or_flow(key, indent, false, true);
            } else {
                self.out.push_str("? ");
                if self.is_block(key) {
                    self.block(key, indent + 2, true);
                } else {
                    self.inline(key, indent + 2);
                    self.end_line(key);
                }
                self.blanks(indent);
            }
            self.out.push(':');
            if self.is_block(value) {
                if self.comments.is_some_and(|c| c.anchors.contains_key(&value)) {
                    self.out.push(' ');
                    self.anchor(value);
                }
                self.end_line(key);
                let deeper = if doc.kind(value) == NodeKind::Seq { indent } else { indent + 2 };
                self.block(value, deeper, false);
            } else {
                let before = self.out.len();
                self.out.push(' ');
                self.inline(value, indent + 2);
                if self.out.len() == before + 1 {
                    self.out.pop();
                }
                self.end_line(value);
            }
        }
    }

    /// A scalar, or a collection in brackets. Lines of a block scalar are indented by `indent`.
    fn inline(&mut self, node: NodeId, indent: usize) {
        self.scalar_or_flow(node, indent, false, false);
    }

    fn scalar_or_flow(&mut self, node: NodeId, indent: usize, flow: bool, key: bool) {
        let doc = self.doc;
        let before = self.out.len();
        self.anchor(node);
        if self.out.len() > before {
            self.out.push(' ');
        }
        match doc.kind(node) {
            NodeKind::Scalar => self.scalar(node, indent, flow, key),
            NodeKind::Alias => {
                let span = doc.span(node).and_then(|(a, b)| doc.source().text.get(a as usize..b as usize));
                self.out.push_str(span.unwrap_or_default());
                if key {
                    self.out.push(' ');
                }
            }
            NodeKind::Seq => {
                self.out.push('[');
                for (i, item) in doc.items(node).iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.scalar_or_flow(*item, indent, true, false);
                }
                self.out.push(']');
            }
            NodeKind::Map => {
                self.out.push('{');
                for (i, (key, value)) in doc.pairs(node).enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.scalar_or_flow(key, indent, true, true);
                    self.out.push_str(": ");
                    self.scalar_or_flow(value, indent, true, false);
                }
                self.out.push('}');
            }
        }
    }

    fn scalar(&mut self, node: NodeId, indent: usize, flow: bool, key: bool) {
        let (doc, tag) = (self.doc, self.doc.tag(node));
        let (text, mut style) = (doc.text(node), doc.style(node));
        let resolved = || scalar::resolve(text, Dialect::V3);
        let mut shown = None;
        if tag == Tag::Merge && style == Style::Plain {
            shown = Some("!!merge");
        } else if matches!(tag, Tag::Merge | Tag::Other) {
            shown = written_tag(doc, node);
        } else if doc.is_tagged(node) {
            shown = tag_name(tag);
        } else if tag != Tag::Unset && (tag != Tag::Str || style == Style::Plain) && resolved() != tag {
            if tag != Tag::Str {
                shown = tag_name(tag);
            } else if !text.contains('\n') {
                style = Style::Double;
            }
        }
        if style == Style::Plain && text.contains('\n') {
            style = Style::Literal;
        }
        if let Some(tag) = shown {
            self.out.push_str(tag);
            if !text.is_empty() || style != Style::Plain {
                self.out.push(' ');
            }
        }
        let can = Can::of(text);
        if key && text.contains('\n') {
            style = Style::Double;
        }
        if style == Style::Plain
            && (if flow { !can.flow_plain } else { !can.block_plain } || text.is_empty() && (flow || key))
        {
            style = Style::Single;
        }
        if style == Style::Single && !can.single
            || matches!(style, Style::Literal | Style::Folded) && (!can.block || flow || key)
        {
            style = Style::Double;
        }
        match style {
            Style::Plain => self.out.push_str(text),
            Style::Single => self.single(text, indent),
            Style::Double => double(text, &mut self.out),
            Style::Literal | Style::Folded => self.lines(node, text, indent, style),
        }
    }

    fn single(&mut self, text: &str, indent: usize) {
        self.out.push('\'');
        let mut breaks = false;
        for c in text.chars() {
            if c == '\n' {
                if !breaks {
                    self.out.push('\n');
                }
                self.out.push('\n');
                breaks = true;
                continue;
            }
            if breaks {
                self.blanks(indent);
                breaks = false;
            }
            self.out.push(c);
            if c == '\'' {
                self.out.push(c);
            }
        }
        self.out.push('\'');
    }

    /// A `|` or `>` block.
    fn lines(&mut self, node: NodeId, text: &str, indent: usize, style: Style) {
        self.out.push(if style == Style::Literal { '|' } else { '>' });
        if text.starts_with([' ', '\n']) {
            self.out.push('2');
        }
        match text.strip_suffix('\n') {
            None => self.out.push('-'),
            Some(rest) if rest.is_empty() || rest.ends_with('\n') => self.out.push('+'),
            Some(_) => {}
        }
        self.comment_beside(node);
        self.out.push('\n');
        // Kustomize looks at the first line here, where it should look at the next one.
        let first = text.trim_start_matches('\n').chars().next();
        let doubles = style == Style::Folded && !matches!(first, None | Some(' ' | '\t'));
        for line in text.split_inclusive('\n') {
            let content = line.strip_suffix('\n').unwrap_or(line);
            if !content.is_empty() {
                self.blanks(indent);
                self.out.push_str(content);
            }
            if line.len() > content.len() {
                if doubles && !content.is_empty() && !content.starts_with([' ', '\t']) {
                    self.out.push('\n');
                }
                self.out.push('\n');
            }
        }
    }
}

/// A tag as it stands in the text.
fn written_tag(doc: &Doc, node: NodeId) -> Option<&str> {
    let (start, _) = doc.span(node)?;
    let (before, after) = doc.source().text.split_at_checked(start as usize)?;
    let word = before.split_whitespace().next_back().filter(|w| w.starts_with('!'));
    word.or_else(|| after.split_whitespace().next().filter(|w| w.starts_with('!')))
}

fn tag_name(tag: Tag) -> Option<&'static str> {
    match tag {
        Tag::Null => Some("!!null"),
        Tag::Bool => Some("!!bool"),
        Tag::Int => Some("!!int"),
        Tag::Float => Some("!!float"),
        Tag::Str => Some("!!str"),
        Tag::Timestamp => Some("!!timestamp"),
        Tag::Binary => Some("!!binary"),
        _ => None,
    }
}

/// Which styles a text can be written in.
struct Can {
    flow_plain: bool,
    block_plain: bool,
    single: bool,
    block: bool,
}

impl Can {
    fn of(text: &str) -> Self {
        let Some(first) = text.chars().next() else {
            return Self { flow_plain: false, block_plain: true, single: true, block: false };
        };
        let blank = |c: Option<char>| c.is_none_or(|c| matches!(c, ' ' | '\t' | '\n'));
        let mut in_block = text.starts_with("---") || text.starts_with("...");
        let mut in_flow = in_block;
        let (mut special, mut tab, mut space_break, mut break_space) = (false, false, false, false);
        let mut before = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let ends = blank(rest.peek().copied());
            match (c, before) {
                (
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                    | '`',
                    None,
                ) => {
                    (in_flow, in_block) = (true, true);
                }
                ('?' | ':', None) | (':', _) => (in_flow, in_block) = (true, in_block || ends),
                ('-', None) if ends => (in_flow, in_block) = (true, true),
                (',' | '?' | '[' | ']' | '{' | '}', _) => in_flow = true,
                ('#', _) if blank(before) => (in_flow, in_block) = (true, true),
                _ => {}
            }
            tab |= c == '\t';
            special |= c != '\t' && (!is_printable(c) || c == '\u{feff}');
            break_space |= c == ' ' && before == Some('\n');
            space_break |= c == '\n' && before == Some(' ');
            before = Some(c);
        }
        let edge = matches!(first, ' ' | '\n') || text.ends_with([' ', '\n']);
        let odd = space_break || tab || special;
        let plain = !edge && !break_space && !odd && !text.contains('\n');
        Self {
            flow_plain: plain && !in_flow,
            block_plain: plain && !in_block,
            single: !break_space && !odd,
            block: !text.ends_with(' ') && !space_break && !special,
        }
    }
}

fn double(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        let escape = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\0' => "\\0",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{b}' => "\\v",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            '\u{1b}' => "\\e",
            '\u{85}' => "\\N",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            c if is_printable(c) => {
                out.push(c);
                continue;
            }
            c => {
                let code = u32::from(c);
                let (letter, width) = match code {
                    0..=0xff => ('x', 2),
                    0x100..=0xffff => ('u', 4),
                    _ => ('U', 8),
                };
                out.push_str(&format!("\\{letter}{code:0width$X}"));
                continue;
            }
        };
        out.push_str(escape);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::matcher::read;
    use super::*;

    fn again(text: &str) -> String {
        let doc = read(text).expect("the text is YAML").expect("there is a document");
        yaml(&doc, doc.root(), Some(&Comments::of(&doc)))
    }

    #[test]
    fn texts_that_are_kept_as_they_are() {
        for text in [
            "a: x\n# foot\n\nb: y\n",
            "# top\n\na: x\n",
            "a: x\n\n# end\n",
            "a: # c\n  b: 1\n",
            "a:\n  b: x\n  # deeper\nd: z\n",
            "a:\n- x # one\n# above y\n- y\n",
            "- # first\n  a: x\n- a: y\n",
            "a: 'q'\nb: \"d\"\nc: |\n  two\n  lines\nd: |+\n  keep\n\n",
            "a: [1, 2, {c: d}]\nb: {f: g, h: [i]}\nc: []\nd: {}\n",
            "a: &k\n  c: d\nb: &m v\nc: *k\nd: *m\n",
            "b: !!str 5\nc: !foo bar\n",
            "a:\nb: ~\nc: 0x10\n'e f': x\n12: z\n",
        ] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn texts_that_change() {
        for (text, written) in [
            ("a: x\n\n\nb: y\n", "a: x\nb: y\n"),
            ("# c1\na: x\n\n# c2\nb: y # c3\n", "# c1\na: x\n# c2\nb: y # c3\n"),
            ("a:\n    - x\n    -   b: c\n        d: e\n", "a:\n- x\n- b: c\n  d: e\n"),
            ("a: >\n  one\n  two\n\n  three\nb: x\n", "a: >\n  one two\n\n  three\n\nb: x\n"),
            ("a: 'one\n  two'\nb: one\n  two\n", "a: 'one two'\nb: one two\n"),
            ("? b\n: c\n", "b: c\n"),
            ("<<: {a: b}\n", "!!merge <<: {a: b}\n"),
            ("a: x\n---\nb: y\n", "a: x\n"),
        ] {
            assert_eq!(again(text), written);
        }
    }

    #[test]
    fn a_text_of_another_type_is_quoted_or_tagged() {
        let mut doc = read("a: abc\nb: 5\nc: x\n").expect("YAML").expect("a document");
        for (key, text) in [("a", "77"), ("b", "fresh"), ("c", "- x")] {
            let node = doc.get(doc.root(), key).expect("the key");
            let tag = doc.tag(node);
            doc.set_text(node, text, tag);
        }
        assert_eq!(yaml(&doc, doc.root(), None), "a: \"77\"\nb: !!int fresh\nc: '- x'\n");
    }
}
