//! Changes inside block collections: whole lines go and come, and values change where they stand.

use super::super::emit;
use super::super::layout::{self, Item, Stuck};
use super::super::tree::{self, Entry, Node, Shape};
use super::moves::shifted;
use super::{Done, Reach, Surgeon, rising};
use crate::yaml::{NodeId, NodeKind, order};

/// Among so many keys the place of a new one is looked for from the first on.
const FEW: usize = 64;

impl Surgeon<'_> {
    // ---- mappings ----

    pub(super) fn map(&mut self, old: &Node, new: &Node, top: bool) -> Done {
        let id = old.origin.ok_or(Stuck)?;
        let geo = self.layout.entries(id)?;
        if geo.len() != old.entries().len() {
            return Err(Stuck);
        }
        let kept = Self::kept(new.entries(), old);
        let mut stays = vec![false; geo.len()];
        kept.iter().for_each(|(o, _)| stays[*o] = true);
        let first_kept = stays.iter().position(|s| *s);
        let column = self.layout.column(geo[0].key);
        // What stood behind the dash goes: the next entry takes its place.
        let mut from = 0;
        if geo[0].inline && !stays[0] {
            let next = first_kept.ok_or(Stuck)?;
            self.pull_up(id, &geo[0], &geo[next]);
            from = next;
        }
        for i in from..geo.len() {
            if !stays[i] {
                let value = self.doc().pairs(id).nth(i).map(|(_, v)| v).ok_or(Stuck)?;
                self.delete_entry(&geo[i], value, column)?;
            }
        }
        for (o, n) in &kept {
            let (was, is) = (&old.entries()[*o], &new.entries()[*n]);
            if is.rename {
                self.put(geo[*o].key, geo[*o].key_end, emit::key(&is.key));
            }
            self.entry_value(&was.value, &is.value, &geo[*o], column, top)?;
        }
        let fresh = new.entries().iter().filter(|e| !e.origin.is_some_and(|k| self.is_home(k, id)));
        let fresh: Vec<&Entry> = fresh.collect();
        if fresh.is_empty() {
            return Ok(());
        }
        if top {
            let at = self.behind_comments(geo[geo.len() - 1].next, 0);
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
            let goes_behind = |(_, key): &(usize, &str)| !sorted || !order::less(&entry.key, key);
            let before = if keys.len() <= FEW {
                keys.iter().take_while(|key| goes_behind(key)).count()
            } else {
                keys.partition_point(goes_behind)
            };
            match before.checked_sub(1).map(|b| keys[b].0) {
                Some(i) => {
                    let mut at = geo[i].next;
                    if i + 1 == geo.len() && column > 0 {
                        at = self.behind_comments(at, column);
                    }
                    self.put(at, at, indented(&text, column));
                }
                None if geo[0].inline => self.put(geo[0].key, geo[0].key, text + &" ".repeat(column)),
                None => {
                    let at = geo[keys.first().map_or(0, |k| k.0)].lead;
                    self.put(at, at, indented(&text, column));
                }
            }
        }
        Ok(())
    }

    /// Behind the comment lines at `at` that stand at this column or to the right of it.
    fn behind_comments(&self, mut at: usize, column: usize) -> usize {
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

    /// Takes away the first entries of a mapping behind a dash.
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
    fn delete_entry(&mut self, geo: &layout::Entry, value: NodeId, column: usize) -> Done {
        if geo.inline {
            return Err(Stuck);
        }
        let start = if self.moved_lines.contains(&geo.lead) { geo.lead } else { geo.start };
        let comments = self.layout.comments(geo.start, geo.next, value);
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
        self.put(at, geo.next, "");
        Ok(())
    }

    /// An entry as lines, the first one not indented. What comes from elsewhere brings its lines along.
    fn entry_text(&mut self, entry: &Entry, column: usize) -> Done<String> {
        if self.reach == Reach::Fields || !self.brings(&entry.value) {
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

    fn entry_value(&mut self, old: &Node, new: &Node, geo: &layout::Entry, column: usize, top: bool) -> Done {
        if self.unchanged(old, new) {
            return Ok(());
        }
        let whole = top && self.reach == Reach::Fields;
        if !whole && Self::can_merge(old, new) {
            return self.merge(old, new);
        }
        let at = self.layout.column(geo.colon);
        let line_end = self.layout.line_end(geo.colon);
        let block = matches!(new.shape, Shape::List | Shape::Map) && !new.is_empty();
        if block {
            let entry = Entry { key: "x".to_owned(), value: new.clone(), origin: None, rename: false };
            let text = self.entry_text(&entry, column)?;
            let body = text.trim_end_matches('\n').split_once('\n').map_or("", |(_, body)| body);
            let body = format!("\n{body}");
            if geo.end <= line_end {
                self.put(geo.colon, geo.end, "");
                self.put(line_end, line_end, body);
            } else {
                self.put(geo.colon, self.end_of_value(geo.end, geo.next), body);
            }
            return Ok(());
        }
        if let Some(text) = emit::in_place_of(self.doc(), old.origin, new) {
            self.put(geo.value.unwrap_or(geo.end), geo.end, text);
            return Ok(());
        }
        let flat = old.shape == Shape::Str || old.shape == Shape::Plain || geo.end <= line_end;
        match geo.value.filter(|_| flat) {
            Some(value) => {
                let text = emit::scalar(self.form(), new, self.layout.column(value), column + 2);
                self.put_scalar(value, geo.end, geo.next, &text);
            }
            None => {
                let text = format!(" {}", emit::scalar(self.form(), new, at + 1, column + 2));
                self.put_scalar(geo.colon, geo.end, geo.next, &text);
            }
        }
        Ok(())
    }

    // ---- lists ----

    pub(super) fn list(&mut self, old: &Node, new: &Node) -> Done {
        let id = old.origin.ok_or(Stuck)?;
        let geo = self.layout.items(id)?;
        if geo.len() != old.items().len() || geo.is_empty() {
            return Err(Stuck);
        }
        let column = self.layout.column(geo[0].dash);
        let found = Self::places(new, old);
        let in_place = rising(&found);
        let mut stays = vec![false; geo.len()];
        in_place.iter().flatten().for_each(|i| stays[*i] = true);
        let mut within = vec![false; geo.len()];
        found.iter().flatten().for_each(|i| within[*i] = true);
        for (i, g) in geo.iter().enumerate().filter(|(i, _)| !stays[*i]) {
            let goes_along = within[i] || old.items()[i].origin.is_some_and(|id| self.moved.contains(&id));
            self.put(if goes_along { g.lead } else { g.start }, g.next, "");
        }
        let mut at = geo[0].lead;
        for (item, place) in new.items().iter().zip(&in_place) {
            match place {
                Some(i) => {
                    self.item_value(&old.items()[*i], item, &geo[*i])?;
                    at = geo[*i].next;
                    if *i + 1 == geo.len() && column > 0 {
                        at = self.behind_comments(at, column);
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
        let home = item.origin.and_then(|id| self.homes.get(&id).copied());
        let home = home.filter(|(h, _)| doc.kind(*h) == NodeKind::Seq && !doc.is_flow(*h));
        let (mut lead, mut tail) = (String::new(), String::new());
        if let (Some((home, place)), Some(id), true) = (home, item.origin, self.reach < Reach::Fields) {
            let geo: Item = self.layout.items(home)?[place].clone();
            let from = self.layout.column(geo.dash);
            if tree::read(doc, id) == *item && !(self.reach >= Reach::Aliases && item.has_opaque()) {
                return shifted(&self.layout.text[geo.lead..geo.next], from, column);
            }
            lead = shifted(&self.layout.text[geo.lead..geo.start], from, column)?;
            let line_end = self.layout.line_end(geo.end);
            tail = self.layout.text[geo.end..line_end].trim_end().to_owned();
        }
        let text = self.behind_dash(item, column)?;
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(format!("{lead}{}-{first}{tail}\n{rest}", " ".repeat(column)))
    }

    /// What stands behind a dash, with the lines that entries in it bring along.
    fn behind_dash(&mut self, item: &Node, column: usize) -> Done<String> {
        if self.reach == Reach::Fields || item.shape != Shape::Map || !self.brings(item) {
            return Ok(emit::behind_dash(self.form(), item, column));
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

    fn item_value(&mut self, old: &Node, new: &Node, geo: &Item) -> Done {
        if self.unchanged(old, new) {
            return Ok(());
        }
        if Self::can_merge(old, new) {
            return self.merge(old, new);
        }
        if let Some(text) = emit::in_place_of(self.doc(), old.origin, new) {
            self.put(geo.value, geo.end, text);
            return Ok(());
        }
        let column = self.layout.column(geo.dash);
        let text = emit::behind_dash(self.form(), new, column);
        let flat = matches!(old.shape, Shape::Str | Shape::Plain | Shape::Null) || old.opaque;
        let flat_new = matches!(new.shape, Shape::Str | Shape::Plain | Shape::Null) || new.is_empty();
        if flat && flat_new {
            self.put_scalar(
                geo.value,
                geo.end,
                geo.next,
                text.trim_start_matches(' ').trim_end_matches('\n'),
            );
        } else {
            self.put(geo.dash + 1, self.end_of_value(geo.end, geo.next), text.trim_end_matches('\n'));
        }
        Ok(())
    }

    // ---- values ----

    /// Replaces a value by a scalar. A block text leaves a comment behind the value where it is.
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
