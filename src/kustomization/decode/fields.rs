//! The fields of a mapping by name, in whatever spelling.

use super::super::types::{Pairs, Text};
use super::Decoder;
use crate::diag::{Error, ErrorKind, Result, nearest};
use crate::yaml::{Doc, NodeId, NodeKind};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// The fields of one mapping.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    decoder: Decoder<'a>,
    found: Vec<Field>,
}

/// A field that was found.
#[derive(Debug, Clone)]
struct Field {
    name: &'static str,
    /// The keys of its spellings.
    keys: SmallVec<[NodeId; 1]>,
    /// Their values.
    values: SmallVec<[NodeId; 1]>,
    /// How many of those are from mappings that lie below.
    below: usize,
}

/// Returns whether a key names a field, as Go compares them: the long s and the sign for kelvin count as letters.
fn names(key: &str, field: &str) -> bool {
    let folded = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    field.eq_ignore_ascii_case(key)
        || !key.is_ascii() && key.chars().map(folded).eq(field.chars().map(folded))
}

impl<'a> Decoder<'a> {
    /// The fields of a mapping; none for null. `what` names the mapping in messages.
    pub(crate) fn fields(self, node: NodeId, what: &str, known: &[&'static str]) -> Result<Fields<'a>> {
        let mut found: Vec<Field> = Vec::new();
        for node in self.under.iter().copied().chain([node]) {
            if self.doc.kind(node) != NodeKind::Map && !self.is_null(node) {
                let message = format!("{what} must be a mapping of fields, found {}", self.describe(node));
                return Err(self.wrong(node, message));
            }
            found.iter_mut().for_each(|field| field.below = field.values.len());
            for (key, value) in self.doc.pairs(node) {
                let text = self.key(key)?;
                let Some(name) = known.iter().copied().find(|known| names(&text, known)) else {
                    if self.rules.refuse_unknown {
                        return Err(self.unknown(key, &text, what, known));
                    }
                    continue;
                };
                match found.iter_mut().find(|field| field.name == name) {
                    Some(field) => self.add_spelling(field, key, value),
                    None => {
                        found.push(Field { name, keys: smallvec![key], values: smallvec![value], below: 0 });
                    }
                }
            }
        }
        Ok(Fields { decoder: Self { under: &[], ..self }, found })
    }

    /// Notes another entry of a field: in the place of one of the same spelling, else in byte order.
    fn add_spelling(self, field: &mut Field, key: NodeId, value: NodeId) {
        let here = field.keys.get(field.below..).unwrap_or_default();
        match here.binary_search_by(|there| self.doc.text(*there).cmp(self.doc.text(key))) {
            Ok(at) => {
                if let Some(there) = field.values.get_mut(field.below + at) {
                    *there = value;
                }
            }
            Err(at) => {
                field.keys.insert(field.below + at, key);
                field.values.insert(field.below + at, value);
            }
        }
    }

    fn unknown(self, key: NodeId, text: &str, what: &str, known: &[&'static str]) -> Error {
        let error = self.wrong(key, format!("unknown field `{text}` in {what}"));
        match nearest(text, known.iter().copied()) {
            Some(name) => error.hint(format!("did you mean `{name}`?")),
            None if known.len() <= 20 => {
                error.hint(format!("the fields known here are {}", known.join(", ")))
            }
            None => error,
        }
    }
}

impl<'a> Fields<'a> {
    /// The same fields, whose strings are taken as they are.
    pub(crate) fn not_marshalled(&self) -> Self {
        let mut fields = self.clone();
        fields.decoder.rules.marshalled = false;
        fields
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.found.iter().find(|field| field.name == name)
    }

    /// The values of a field in all its spellings, nulls included.
    fn values(&self, name: &str) -> &[NodeId] {
        self.field(name).map_or(&[], |field| &field.values)
    }

    /// Key and value of the last spelling of a field that is not null. A null takes away what is no scalar.
    fn entry(&self, name: &str) -> Option<(NodeId, NodeId)> {
        let field = self.field(name)?;
        let (last, doc) = (*field.values.last()?, self.decoder.doc);
        let entries = field.keys.iter().copied().zip(field.values.iter().copied());
        let (key, value) = entries.rev().find(|(_, value)| !self.decoder.is_null(*value))?;
        (value == last || doc.kind(value) == NodeKind::Scalar).then_some((key, value))
    }

    /// The value of a field, unless absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<NodeId> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The key of a field that is not null.
    pub(crate) fn key(&self, name: &str) -> Option<NodeId> {
        self.entry(name).map(|(key, _)| key)
    }

    /// The value of a scalar field: every spelling has to be right, the last one that is not null counts.
    fn scalar<T>(
        &self,
        name: &'static str,
        read: fn(Decoder<'a>, NodeId, &str) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut value = None;
        for node in self.values(name).iter().filter(|node| !self.decoder.is_null(**node)) {
            value = Some(read(self.decoder, *node, name)?);
        }
        Ok(value)
    }

    /// A string, if there.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<Text>> {
        self.scalar(name, Decoder::text)
    }

    /// A string that is there and not empty.
    pub(crate) fn filled(&self, name: &'static str) -> Result<Option<Text>> {
        Ok(self.text(name)?.filter(|t| !t.value.is_empty()))
    }

    /// A string without its place, empty if absent.
    pub(crate) fn string(&self, name: &'static str) -> Result<String> {
        Ok(self.text(name)?.map_or_else(String::new, |t| t.value))
    }

    /// A boolean, false if absent.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool> {
        Ok(self.scalar(name, Decoder::flag)?.unwrap_or(false))
    }

    /// A whole number, zero if absent.
    pub(crate) fn int(&self, name: &'static str) -> Result<i64> {
        Ok(self.scalar(name, Decoder::int)?.unwrap_or(0))
    }

    /// The items of a list, empty if absent: each is the items of all spellings at its place, that of the last one last.
    /// A null at the place of an item changes nothing. What a shorter list cuts off comes back under a longer one that
    /// follows, as Go keeps its memory; not so after an empty list.
    fn items(&self, name: &'static str) -> Result<Vec<SmallVec<[NodeId; 1]>>> {
        let mut all: Vec<SmallVec<[NodeId; 1]>> = vec![];
        let mut length = 0;
        for node in self.values(name) {
            let items = self.decoder.items(*node, name)?;
            length = items.len();
            if items.is_empty() {
                all.clear();
            }
            for (i, item) in items.iter().enumerate() {
                match all.get_mut(i) {
                    Some(_) if self.decoder.is_null(*item) => {}
                    Some(there) => there.push(*item),
                    None => all.push(smallvec![*item]),
                }
            }
        }
        all.truncate(length);
        Ok(all)
    }

    /// A list of strings, empty if absent.
    pub(crate) fn texts(&self, name: &'static str) -> Result<Vec<Text>> {
        let mut texts = vec![];
        let what = format!("an entry of {name}");
        for item in self.items(name)? {
            let read = item.iter().map(|node| self.decoder.text(*node, &what)).collect::<Result<Vec<_>>>()?;
            texts.extend(read.into_iter().last());
        }
        Ok(texts)
    }

    /// A list of strings without their places, empty if absent.
    pub(crate) fn strings(&self, name: &'static str) -> Result<Vec<String>> {
        Ok(self.texts(name)?.into_iter().map(|t| t.value).collect())
    }

    /// A map of strings, empty if absent.
    pub(crate) fn pairs(&self, name: &'static str) -> Result<Pairs> {
        self.values(name).iter().try_fold(Pairs::new(), |pairs, node| match self.decoder.is_null(*node) {
            true => Ok(Pairs::new()),
            false => self.decoder.pairs_over(pairs, *node, name),
        })
    }

    /// A mapping of anything, in a document. Its spellings lay their keys over each other; a null takes all of them away.
    pub(crate) fn mapping(&self, name: &'static str) -> Result<Option<(Arc<Doc>, NodeId)>> {
        let doc = self.decoder.doc;
        let is_wrong = |node: &&NodeId| doc.kind(**node) != NodeKind::Map && !self.decoder.is_null(**node);
        if let Some(node) = self.values(name).iter().find(is_wrong) {
            let message = format!("`{name}` must be a mapping");
            return Err(Error::new(ErrorKind::Config, message).at(doc.location(*node)));
        }
        let values = self.values(name).rsplit(|node| self.decoder.is_null(*node)).next().unwrap_or_default();
        Ok(match values {
            [] => None,
            [only] => Some((doc.clone(), *only)),
            several => {
                let children: Vec<NodeId> =
                    several.iter().flat_map(|node| doc.children(*node)).copied().collect();
                let mut doc = Doc::clone(doc);
                let all = doc.map();
                doc.append(all, &children);
                Some((Arc::new(doc), all))
            }
        })
    }

    /// A list, empty if absent.
    pub(crate) fn list<T>(
        &self,
        name: &'static str,
        item: for<'b> fn(Decoder<'b>, NodeId) -> Result<T>,
    ) -> Result<Vec<T>> {
        let items = self.items(name)?;
        items.iter().filter_map(|nodes| self.read(nodes, item)).collect()
    }

    /// Something of its own, if there. A null takes away what the spellings before it said.
    pub(crate) fn sub<T>(
        &self,
        name: &'static str,
        read: for<'b> fn(Decoder<'b>, NodeId) -> Result<T>,
    ) -> Result<Option<T>> {
        let values = self.values(name);
        let null = values.iter().rposition(|node| self.decoder.is_null(*node));
        self.read(values.get(null.map_or(0, |at| at + 1)..).unwrap_or_default(), read).transpose()
    }

    /// Something of its own that a null does not take away: what kustomize does not hold by a pointer.
    pub(crate) fn embedded<T>(
        &self,
        name: &'static str,
        read: for<'b> fn(Decoder<'b>, NodeId) -> Result<T>,
    ) -> Result<Option<T>> {
        let values = self.values(name).iter().copied();
        let values: SmallVec<[NodeId; 1]> = values.filter(|node| !self.decoder.is_null(*node)).collect();
        self.read(&values, read).transpose()
    }

    /// Reads the last of some nodes, laid over the others.
    fn read<T>(
        &self,
        nodes: &[NodeId],
        read: for<'b> fn(Decoder<'b>, NodeId) -> Result<T>,
    ) -> Option<Result<T>> {
        let (last, under) = nodes.split_last()?;
        Some(read(Decoder { under, ..self.decoder }, *last))
    }
}
