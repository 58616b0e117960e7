//! Changes inside block collections: whole lines go and come, and values change where they stand.

use super::super::emit;
use super::super::layout::{self, Item, NotInPlace};
use super::super::tree::{self, Entry, Node, Shape};
use super::moves::shifted;
use super::{Done, EditScope, LineEditor, rising};
use crate::yaml::{NodeId, NodeKind, order};

/// Among so many keys the place of a new one is looked for from the first on.
const FEW: usize = 64;

impl LineEditor<'_> {
    // ---- mappings ----

    pub(super) fn map(&mut self, old: &Node, new: &Node, top: bool) -> Done {
        let id = old.origin.ok_or(NotInPlace)?;
        let spans = self.layout.entries(id)?;
        if spans.len() != old.entries().len() || spans.is_empty() {
            return Err(NotInPlace);
        }
        let kept = Self::kept(new.entries(), old);
        let mut stays = vec![false; spans.len()];
        kept.iter().for_each(|(o, _)| stays[*o] = true);
        let first_kept = stays.iter().position(|s| *s);
        let column = self.layout.column(spans[0].key);
        // What stood after the dash goes: the next entry takes its place.
        let mut from = 0;
        if spans[0].inline && !stays[0] {
            let next = first_kept.ok_or(NotInPlace)?;
            self.pull_up(id, &spans[0], &spans[next]);
            from = next;
        }
        for i in from..spans.len() {
            if !stays[i] {
                let value = self.doc().pairs(id).nth(i).map(|(_, v)| v).ok_or(NotInPlace)?;
                self.delete_entry(&spans[i], value, column)?;
            }
        }
        for (o, n) in &kept {
            let (was, is) = (&old.entries()[*o], &new.entries()[*n]);
            if is.rename {
                self.put(spans[*o].key, spans[*o].key_end, emit::key(&is.key));
            }
            self.entry_value(&was.value, &is.value, &spans[*o], column, top)?;
        }
        let fresh = new.entries().iter().filter(|e| !e.origin.is_some_and(|k| self.is_home(k, id)));
        let fresh: Vec<&Entry> = fresh.collect();
        if fresh.is_empty() {
            return Ok(());
        }
        if top {
            let at = self.after_comments(spans[spans.len() - 1].next, 0);
            for entry in fresh {
                let text = self.entry_text(entry, column)?;
                self.put(at, at, indented(&text, column));
            }
            return Ok(());
        }
        let keys: Vec<(usize, &str)> =
            kept.iter().map(|(o, _)| (*o, old.entries()[*o].key.as_str())).collect();
        let sorted = keys.windows(2).all(|w| !order::less(w[1].1, w[0].1));
        let mut fresh = fresh;
        fresh.sort_by(|a, b| emit::by_key(&a.key, &b.key));
        for entry in fresh {
            let text = self.entry_text(entry, column)?;
            let goes_after = |(_, key): &(usize, &str)| !sorted || !order::less(&entry.key, key);
            let before = if keys.len() <= FEW {
                keys.iter().take_while(|key| goes_after(key)).count()
            } else {
                keys.partition_point(goes_after)
            };
            match before.checked_sub(1).map(|b| keys[b].0) {
                Some(i) => {
                    let mut at = spans[i].next;
                    if i + 1 == spans.len() && column > 0 {
                        at = self.after_comments(at, column);
                    }
                    self.put(at, at, indented(&text, column));
                }
                None if spans[0].inline => self.put(spans[0].key, spans[0].key, text + &" ".repeat(column)),
                None => {
                    let at = spans[keys.first().map_or(0, |k| k.0)].lead;
                    self.put(at, at, indented(&text, column));
                }
            }
        }
        Ok(())
    }

    /// After the comment lines at `at` that stand at this column or to the right of it.
    fn after_comments(&self, mut at: usize, column: usize) -> usize {
        while at < self.layout.text.len() {
            let line = &self.layout.text[at..self.layout.line_end(at)];
            let indent = line.len() - line.trim_start().len();
            if !line.trim_start().starts_with('#') || indent < column {
                break;
            }
            at = self.layout.next_line(at);
        }
        at
    }

    /// Takes away the first entries of a mapping after a dash.
    fn pull_up(&mut self, id: NodeId, first: &layout::Entry, next: &layout::Entry) {
        let dash_line = self.layout.line_start(first.key);
        for at in self.layout.comments(self.layout.next_line(first.key), next.start, id) {
            if self.moved_lines.contains(&at) {
                continue;
            }
            let comment = self.layout.text[at..self.layout.next_line(at)].trim_start().to_owned();
            let line = &self.layout.text[dash_line..first.key];
            let indent = line.len() - line.trim_start().len();
            self.put(dash_line, dash_line, " ".repeat(indent) + &comment);
        }
        self.put(first.key, next.key, "");
    }

    /// Cuts out the lines of an entry. Comment lines inside stay, and so that they cannot become part of a text above
    /// they are not left further to the right than the entry was.
    fn delete_entry(&mut self, spans: &layout::Entry, value: NodeId, column: usize) -> Done {
        if spans.inline {
            return Err(NotInPlace);
        }
        let start = if self.moved_lines.contains(&spans.lead) { spans.lead } else { spans.start };
        let comments = self.layout.comments(spans.start, spans.next, value);
        let mut at = start;
        for comment in comments {
            if self.moved_lines.contains(&comment) || self.moved_inside(comment, value) {
                continue;
            }
            let line = &self.layout.text[comment..self.layout.line_end(comment)];
            let indent = line.len() - line.trim_start().len();
            self.put(at, comment + indent.saturating_sub(column), "");
            at = self.layout.next_line(comment);
        }
        self.put(at, spans.next, "");
        Ok(())
    }

    /// An entry as lines, the first one not indented. What comes from elsewhere brings its lines along.
    fn entry_text(&mut self, entry: &Entry, column: usize) -> Done<String> {
        if self.scope == EditScope::Fields || !self.brings(&entry.value) {
            return Ok(emit::entries(self.form(), std::slice::from_ref(entry), column));
        }
        let mut out = format!("{}:\n", emit::key(&entry.key));
        for item in entry.value.items() {
            out.push_str(&self.item_text(item, column + self.list_offset)?);
        }
        for inner in entry.value.entries() {
            match self.moved_entry(inner, column + 2)? {
                Some(lines) => out.push_str(&lines),
                None => {
                    let text = self.entry_text(inner, column + 2)?;
                    out.push_str(&indented(&text, column + 2));
                }
            }
        }
        Ok(out)
    }

    fn entry_value(
        &mut self,
        old: &Node,
        new: &Node,
        spans: &layout::Entry,
        column: usize,
        top: bool,
    ) -> Done {
        if self.unchanged(old, new) {
            return Ok(());
        }
        let whole = top && self.scope == EditScope::Fields;
        if !whole && Self::can_merge(old, new) {
            return self.merge(old, new);
        }
        let at = self.layout.column(spans.colon);
        let line_end = self.layout.line_end(spans.colon);
        let block = matches!(new.shape, Shape::List | Shape::Map) && !new.is_empty();
        if block {
            let entry = Entry { key: "x".to_owned(), value: new.clone(), origin: None, rename: false };
            let text = self.entry_text(&entry, column)?;
            let body = text.trim_end_matches('\n').split_once('\n').map_or("", |(_, body)| body);
            let body = format!("\n{body}");
            if spans.end <= line_end {
                self.put(spans.colon, spans.end, "");
                self.put(line_end, line_end, body);
            } else {
                self.put(spans.colon, self.end_of_value(spans.end, spans.next), body);
            }
            return Ok(());
        }
        if let Some(text) = emit::in_place_of(self.doc(), old.origin, new) {
            self.put(spans.value.unwrap_or(spans.end), spans.end, text);
            return Ok(());
        }
        let flat = old.shape == Shape::Str || old.shape == Shape::Plain || spans.end <= line_end;
        match spans.value.filter(|_| flat) {
            Some(value) => {
                let text = emit::scalar(self.form(), new, self.layout.column(value), column + 2);
                self.put_scalar(value, spans.end, spans.next, &text);
            }
            None => {
                let text = format!(" {}", emit::scalar(self.form(), new, at + 1, column + 2));
                self.put_scalar(spans.colon, spans.end, spans.next, &text);
            }
        }
        Ok(())
    }

    // ---- lists ----

    pub(super) fn list(&mut self, old: &Node, new: &Node) -> Done {
        let id = old.origin.ok_or(NotInPlace)?;
        let spans = self.layout.items(id)?;
        if spans.len() != old.items().len() || spans.is_empty() {
            return Err(NotInPlace);
        }
        let column = self.layout.column(spans[0].dash);
        let found = Self::places(new, old);
        let in_place = rising(&found);
        let mut stays = vec![false; spans.len()];
        in_place.iter().flatten().for_each(|i| stays[*i] = true);
        let mut within = vec![false; spans.len()];
        found.iter().flatten().for_each(|i| within[*i] = true);
        for (i, g) in spans.iter().enumerate().filter(|(i, _)| !stays[*i]) {
            let goes_along = within[i] || old.items()[i].origin.is_some_and(|id| self.moved.contains(&id));
            self.put(if goes_along { g.lead } else { g.start }, g.next, "");
        }
        let mut at = spans[0].lead;
        for (item, place) in new.items().iter().zip(&in_place) {
            match place {
                Some(i) => {
                    self.item_value(&old.items()[*i], item, &spans[*i])?;
                    at = spans[*i].next;
                    if *i + 1 == spans.len() && column > 0 {
                        at = self.after_comments(at, column);
                    }
                }
                None => {
                    let text = self.item_text(item, column)?;
                    self.put(at, at, text);
                }
            }
        }
        Ok(())
    }

    /// An item as lines. One that came from elsewhere brings its comments along, and its lines if it is unchanged.
    fn item_text(&mut self, item: &Node, column: usize) -> Done<String> {
        let doc = self.doc();
        let parent = item.origin.and_then(|id| self.parents.get(&id).copied());
        let parent = parent.filter(|(h, _)| doc.kind(*h) == NodeKind::Seq && !doc.is_flow(*h));
        let (mut lead, mut tail) = (String::new(), String::new());
        if let (Some((parent, place)), Some(id), true) = (parent, item.origin, self.scope < EditScope::Fields)
        {
            let spans: Item = self.layout.items(parent)?.get(place).ok_or(NotInPlace)?.clone();
            let from = self.layout.column(spans.dash);
            if tree::read(doc, id) == *item && !(self.scope >= EditScope::Aliases && item.has_opaque()) {
                return shifted(&self.layout.text[spans.lead..spans.next], from, column);
            }
            lead = shifted(&self.layout.text[spans.lead..spans.start], from, column)?;
            let line_end = self.layout.line_end(spans.end);
            tail = self.layout.text[spans.end..line_end].trim_end().to_owned();
        }
        let text = self.after_dash(item, column)?;
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(format!("{lead}{}-{first}{tail}\n{rest}", " ".repeat(column)))
    }

    /// What stands after a dash, with the lines that entries in it bring along.
    fn after_dash(&mut self, item: &Node, column: usize) -> Done<String> {
        if self.scope == EditScope::Fields || item.shape != Shape::Map || !self.brings(item) {
            return Ok(emit::after_dash(self.form(), item, column));
        }
        let mut entries: Vec<&Entry> = item.entries().iter().collect();
        entries.sort_by(|a, b| emit::by_key(&a.key, &b.key));
        let mut out = String::new();
        for entry in entries {
            let indent = if out.is_empty() { 1 } else { column + 2 };
            out.push_str(&" ".repeat(indent));
            out.push_str(&self.entry_text(entry, column + 2)?);
        }
        Ok(out)
    }

    fn item_value(&mut self, old: &Node, new: &Node, spans: &Item) -> Done {
        if self.unchanged(old, new) {
            return Ok(());
        }
        if Self::can_merge(old, new) {
            return self.merge(old, new);
        }
        if let Some(text) = emit::in_place_of(self.doc(), old.origin, new) {
            self.put(spans.value, spans.end, text);
            return Ok(());
        }
        let column = self.layout.column(spans.dash);
        let text = emit::after_dash(self.form(), new, column);
        let flat = matches!(old.shape, Shape::Str | Shape::Plain | Shape::Null) || old.opaque;
        let flat_new = matches!(new.shape, Shape::Str | Shape::Plain | Shape::Null) || new.is_empty();
        if flat && flat_new {
            self.put_scalar(
                spans.value,
                spans.end,
                spans.next,
                text.trim_start_matches(' ').trim_end_matches('\n'),
            );
        } else {
            self.put(spans.dash + 1, self.end_of_value(spans.end, spans.next), text.trim_end_matches('\n'));
        }
        Ok(())
    }

    // ---- values ----

    /// Replaces a value by a scalar. A block text leaves a comment after the value where it is.
    fn put_scalar(&mut self, start: usize, end: usize, next: usize, text: &str) {
        let line_end = self.layout.line_end(end);
        match text.split_once('\n') {
            Some((head, body)) if end < line_end && head.trim_start().starts_with('|') => {
                self.put(start, end, head);
                self.put(line_end, line_end, format!("\n{body}"));
            }
            _ => {
                let end = if next > line_end + 1 { self.end_of_value(end, next) } else { end };
                self.put(start, end, text);
            }
        }
    }

    /// Where a value ends, with the blank lines that belong to it.
    fn end_of_value(&self, end: usize, next: usize) -> usize {
        end.max(next.saturating_sub(1))
    }
}

/// Lines of an entry with the first one indented like the others.
fn indented(text: &str, column: usize) -> String {
    " ".repeat(column) + text
}
