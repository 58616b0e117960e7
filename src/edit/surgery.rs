//! From what a command made of the tree to the lines to change.
//!
//! The old and the new tree are walked side by side: nodes that came from the file know their place, so that a
//! changed scalar is replaced where it stands, an item that went is cut out with its line, and a new one is put
//! behind its neighbour. Everything else (comments, order, quotes, indentation) is not touched. Where an item moves
//! (`bases` to `resources`), its lines and the comments above it move along. Comment lines of their own are never
//! removed.

use super::emit::{self, Form};
use super::layout::{Item, Layout, Stuck};
use super::tree::{Entry, Node, Shape};
use crate::yaml::{Doc, Kind, NodeId, order};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) type Done<T = ()> = Result<T, Stuck>;

/// A piece of text to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
    /// What comes there.
    pub text: String,
}

/// How far an edit may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Reach {
    /// Only what has changed.
    Values,
    /// Aliases and merge keys are written out, too.
    Aliases,
    /// Fields with a change in them are written anew.
    Fields,
}

/// The edits that make the new tree of the old one.
pub fn edits(doc: &Doc, text: &str, old: &Node, new: &Node, reach: Reach) -> Done<Vec<Edit>> {
    let mut s = Surgeon {
        layout: Layout::new(doc, text),
        reach,
        list_offset: 0,
        homes: FxHashMap::default(),
        moved: FxHashSet::default(),
        moved_lines: FxHashSet::default(),
        edits: vec![],
    };
    s.list_offset = s.usual_offset(doc.root()).unwrap_or(0);
    s.find_homes(doc.root());
    s.find_moved(new);
    s.root(old, new)?;
    s.edits.sort_by_key(|e| (e.start, e.end));
    let apart = s.edits.windows(2).all(|pair| pair[0].end <= pair[1].start);
    if apart { Ok(s.edits) } else { Err(Stuck) }
}

pub(super) struct Surgeon<'a> {
    pub(super) layout: Layout<'a>,
    reach: Reach,
    list_offset: usize,
    /// The list or mapping in which an item or key stands, and at which place.
    homes: FxHashMap<NodeId, (NodeId, usize)>,
    /// Items and keys that have a place elsewhere in the new tree.
    moved: FxHashSet<NodeId>,
    /// Comment lines that move along.
    moved_lines: FxHashSet<usize>,
    edits: Vec<Edit>,
}

impl<'a> Surgeon<'a> {
    pub(super) fn doc(&self) -> &'a Doc {
        self.layout.doc
    }

    pub(super) fn put(&mut self, start: usize, end: usize, text: impl Into<String>) {
        let text = text.into();
        if start < end || !text.is_empty() {
            self.edits.push(Edit { start, end, text });
        }
    }

    fn form(&self) -> Form<'a> {
        let from = (self.reach < Reach::Fields).then_some(self.layout.doc);
        Form { list_offset: self.list_offset, from }
    }

    /// How far the first block list of the file is indented.
    fn usual_offset(&mut self, id: NodeId) -> Option<usize> {
        let doc = self.doc();
        if doc.kind(id) != Kind::Map || doc.is_flow(id) {
            return None;
        }
        let entries = self.layout.entries(id).ok()?;
        doc.pairs(id).zip(entries.iter()).find_map(|((_, value), entry)| {
            let block_list = doc.kind(value) == Kind::Seq && !doc.is_flow(value);
            let item = block_list.then(|| self.layout.items(value).ok()).flatten()?.first()?.clone();
            self.layout.column(item.dash).checked_sub(self.layout.column(entry.key))
        })
    }

    fn find_homes(&mut self, id: NodeId) {
        let doc = self.doc();
        match doc.kind(id) {
            Kind::Seq => {
                for (i, item) in doc.items(id).iter().enumerate() {
                    self.homes.insert(*item, (id, i));
                    self.find_homes(*item);
                }
            }
            Kind::Map => {
                for (i, (key, value)) in doc.pairs(id).enumerate() {
                    self.homes.insert(key, (id, i));
                    self.find_homes(value);
                }
            }
            _ => {}
        }
    }

    /// Notes the items and keys that are elsewhere now, and the comments that go with them.
    fn find_moved(&mut self, node: &Node) {
        let items = node.items().iter().filter_map(|i| i.origin);
        let keys = node.entries().iter().filter_map(|e| e.origin);
        for id in items.chain(keys) {
            let Some(&(home, place)) = self.homes.get(&id) else { continue };
            if Some(home) == node.origin {
                continue;
            }
            self.moved.insert(id);
            self.move_comments(home, place);
        }
        node.items().iter().for_each(|n| self.find_moved(n));
        node.entries().iter().for_each(|e| self.find_moved(&e.value));
    }

    fn move_comments(&mut self, home: NodeId, place: usize) {
        if self.doc().is_flow(home) {
            return;
        }
        let range = match self.doc().kind(home) {
            Kind::Seq => self.layout.items(home).ok().and_then(|g| g.get(place).map(|g| (g.lead, g.start))),
            _ => self.layout.entries(home).ok().and_then(|g| g.get(place).map(|g| (g.lead, g.start))),
        };
        let Some((mut at, end)) = range else { return };
        while at < end {
            self.moved_lines.insert(at);
            at = self.layout.next_line(at);
        }
    }

    // ---- the root ----

    fn root(&mut self, old: &Node, new: &Node) -> Done {
        let root = self.doc().root();
        match old.shape {
            Shape::Map if !old.is_empty() && self.doc().is_flow(root) => self.flow_map(old, new),
            Shape::Map if !old.is_empty() => {
                if old.opaque {
                    return Err(Stuck);
                }
                self.map(old, new, true)
            }
            _ => {
                let text = emit_all(self.form(), new);
                match self.doc().span(root) {
                    Some((start, end)) => self.put(start as usize, end as usize, text.trim_end()),
                    None => {
                        let at = end_of_document(self.layout.text);
                        self.put(at, at, text);
                    }
                }
                Ok(())
            }
        }
    }

    // ---- mappings ----

    pub(super) fn kept(new: &[Entry], old: &Node) -> Vec<(usize, usize)> {
        let places: FxHashMap<NodeId, usize> =
            old.entries().iter().enumerate().filter_map(|(i, e)| Some((e.origin?, i))).collect();
        new.iter().enumerate().filter_map(|(n, e)| Some((*places.get(&e.origin?)?, n))).collect()
    }

    /// Whether a mapping can be changed entry by entry.
    pub(super) fn can_merge(old: &Node, new: &Node) -> bool {
        !old.opaque
            && match (old.shape, new.shape) {
                (Shape::Map, Shape::Map) => !Self::kept(new.entries(), old).is_empty(),
                (Shape::List, Shape::List) => !old.is_empty() && !new.is_empty(),
                _ => false,
            }
    }

    fn map(&mut self, old: &Node, new: &Node, top: bool) -> Done {
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
            let before = keys.iter().take_while(|(_, k)| !sorted || !order::less(&entry.key, k)).count();
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

    fn is_home(&self, id: NodeId, collection: NodeId) -> bool {
        self.homes.get(&id).is_some_and(|(home, _)| *home == collection)
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
    fn pull_up(&mut self, id: NodeId, first: &super::layout::Entry, next: &super::layout::Entry) {
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
    fn delete_entry(&mut self, geo: &super::layout::Entry, value: NodeId, column: usize) -> Done {
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

    /// Whether a comment line stands inside of an item that moves.
    fn moved_inside(&mut self, comment: usize, list: NodeId) -> bool {
        let doc = self.doc();
        if doc.kind(list) != Kind::Seq || doc.is_flow(list) {
            return false;
        }
        let Ok(items) = self.layout.items(list) else { return false };
        let around =
            doc.items(list).iter().zip(items.iter()).find(|(_, g)| (g.start..g.next).contains(&comment));
        around.is_some_and(|(id, _)| self.moved.contains(id))
    }

    /// Whether items or entries below a node come from elsewhere.
    fn brings(&self, node: &Node) -> bool {
        let moved = |id: Option<NodeId>| id.is_some_and(|id| self.moved.contains(&id));
        node.items().iter().any(|i| moved(i.origin) || self.brings(i))
            || node.entries().iter().any(|e| moved(e.origin) || self.brings(&e.value))
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

    /// The lines of an entry that comes from elsewhere unchanged.
    fn moved_entry(&mut self, entry: &Entry, column: usize) -> Done<Option<String>> {
        let Some((home, place)) = entry.origin.and_then(|k| self.homes.get(&k).copied()) else {
            return Ok(None);
        };
        let doc = self.doc();
        if doc.is_flow(home) || entry.rename {
            return Ok(None);
        }
        let Some((_, value)) = doc.pairs(home).nth(place) else { return Ok(None) };
        if super::tree::read(doc, value) != entry.value {
            return Ok(None);
        }
        let geo = self.layout.entries(home)?[place].clone();
        if geo.inline {
            return Ok(None);
        }
        let from = self.layout.column(geo.key);
        shifted(&self.layout.text[geo.lead..geo.next], from, column).map(Some)
    }

    // ---- values ----

    pub(super) fn unchanged(&self, old: &Node, new: &Node) -> bool {
        old == new && !(self.reach >= Reach::Aliases && old.has_opaque())
    }

    fn entry_value(
        &mut self,
        old: &Node,
        new: &Node,
        geo: &super::layout::Entry,
        column: usize,
        top: bool,
    ) -> Done {
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

    /// Where a value ends, with the blank lines that belong to it.
    fn end_of_value(&self, end: usize, next: usize) -> usize {
        end.max(next.saturating_sub(1))
    }

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

    pub(super) fn merge(&mut self, old: &Node, new: &Node) -> Done {
        let id = old.origin.ok_or(Stuck)?;
        match (self.doc().is_flow(id), old.shape) {
            (true, Shape::Map) => self.flow_map(old, new),
            (true, _) => self.flow_list(old, new),
            (false, Shape::Map) => self.map(old, new, false),
            (false, _) => self.list(old, new),
        }
    }

    // ---- lists ----

    fn list(&mut self, old: &Node, new: &Node) -> Done {
        let id = old.origin.ok_or(Stuck)?;
        let geo = self.layout.items(id)?;
        if geo.len() != old.items().len() || geo.is_empty() {
            return Err(Stuck);
        }
        let column = self.layout.column(geo[0].dash);
        let places: FxHashMap<NodeId, usize> =
            old.items().iter().enumerate().filter_map(|(i, n)| Some((n.origin?, i))).collect();
        let found: Vec<Option<usize>> = new.items().iter().map(|n| places.get(&n.origin?).copied()).collect();
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
        let home = home.filter(|(h, _)| doc.kind(*h) == Kind::Seq && !doc.is_flow(*h));
        let (mut lead, mut tail) = (String::new(), String::new());
        if let (Some((home, place)), Some(id), true) = (home, item.origin, self.reach < Reach::Fields) {
            let geo: Item = self.layout.items(home)?[place].clone();
            let from = self.layout.column(geo.dash);
            if super::tree::read(doc, id) == *item && !(self.reach >= Reach::Aliases && item.has_opaque()) {
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
}

/// All fields of a new file as lines.
pub fn emit_all(form: Form<'_>, root: &Node) -> String {
    let one = |entry: &Entry| emit::entries(form, std::slice::from_ref(entry), 0);
    root.entries().iter().map(one).collect()
}

/// Where to write in a file without content: before a second document, or at the end.
fn end_of_document(text: &str) -> usize {
    let mut at = 0;
    let mut begun = false;
    for line in text.split_inclusive('\n') {
        let marker = line.starts_with("---");
        if line.starts_with("...") || marker && begun {
            return at;
        }
        begun |= marker;
        at += line.len();
    }
    at
}

/// Lines of an entry with the first one indented like the others.
fn indented(text: &str, column: usize) -> String {
    " ".repeat(column) + text
}

/// Lines moved from one column to another.
fn shifted(lines: &str, from: usize, to: usize) -> Done<String> {
    let mut out = String::with_capacity(lines.len());
    for line in lines.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line.trim().is_empty() {
            out.push_str(line);
        } else if indent + to < from {
            // A comment further to the left may stay; anything else may not.
            if !line.trim_start().starts_with('#') {
                return Err(Stuck);
            }
            out.push_str(line.trim_start());
        } else {
            out.push_str(&" ".repeat(indent + to - from));
            out.push_str(&line[indent..]);
        }
    }
    Ok(out)
}

/// The longest run of places that rise: those items need not move.
pub(super) fn rising(found: &[Option<usize>]) -> Vec<Option<usize>> {
    // `tails[n]`: where in `found` the lowest end of a run of n + 1 places is.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; found.len()];
    for (i, place) in found.iter().enumerate() {
        let Some(place) = place else { continue };
        let at = tails.partition_point(|t| found[*t].is_some_and(|p| p < *place));
        before[i] = at.checked_sub(1).map(|b| tails[b]);
        match tails.get_mut(at) {
            Some(tail) => *tail = i,
            None => tails.push(i),
        }
    }
    let mut out = vec![None; found.len()];
    let mut at = tails.last().copied();
    while let Some(i) = at {
        out[i] = found[i];
        at = before[i];
    }
    out
}

/// The edits that fill a file without content.
pub fn first(text: &str, new: &Node) -> Vec<Edit> {
    let form = Form { list_offset: 0, from: None };
    let at = end_of_document(text);
    vec![Edit { start: at, end: at, text: emit_all(form, new) }]
}
