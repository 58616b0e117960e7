//! From nodes to typed values, with the place of everything that is wrong.
//!
//! Kustomize turns YAML into JSON and decodes that into structures. What follows from that holds here too: the names of
//! fields ignore case; of several entries of one key the last counts; nulls count as absent; a field in several spellings
//! is decoded once for each, in byte order, over what is there: mappings are merged, also in the items of lists, and a
//! null takes lists and mappings away; keys of maps that are numbers or booleans become texts; infinite numbers
//! and null keys are refused wherever they stand. How strict the rest is depends on the file: see [`Rules`].
//!
//! Kustomize reports the name of the field that is wrong; here the error also knows its place.

mod fields;

pub(crate) use fields::Fields;

use super::types::{Pairs, Text};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::Limit;
use crate::yaml::scalar::{self, Dialect, Value};
use crate::yaml::{Doc, Mark, Marked, NodeId, NodeKind, Style, Tag, json, reencode};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::sync::Arc;

/// Texts of this length count on the memory of the build: an alias makes another one of two characters.
const LONG: usize = 1 << 10;

/// How strictly a file is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Fields that are not known are errors rather than ignored.
    pub(crate) refuse_unknown: bool,
    /// Two entries of one key are an error.
    pub(crate) refuse_duplicates: bool,
    /// Numbers and booleans become texts where a text is due.
    pub(crate) convert: bool,
    /// How the document was read.
    pub(crate) dialect: Dialect,
    /// Which release to be like.
    pub(crate) compat: Compat,
    /// Strings go through JSON that is read as YAML, as all configurations of plugins do.
    pub(crate) marshalled: bool,
}

impl Rules {
    /// Kustomization files.
    pub(crate) const KUSTOMIZATION: Self = Self {
        refuse_unknown: true,
        refuse_duplicates: false,
        convert: false,
        dialect: Dialect::V2,
        compat: Compat::DEFAULT,
        marshalled: true,
    };
    /// Files that `configurations` names.
    pub(crate) const CONFIGURATION: Self = Self {
        refuse_unknown: true,
        refuse_duplicates: true,
        convert: true,
        dialect: Dialect::V2,
        compat: Compat::DEFAULT,
        marshalled: false,
    };
    /// Files that `replacements` names.
    pub(crate) const REPLACEMENTS: Self = Self {
        refuse_unknown: false,
        refuse_duplicates: false,
        convert: true,
        dialect: Dialect::V2,
        compat: Compat::DEFAULT,
        marshalled: false,
    };
    /// Configurations of builtin plugins: they are resources.
    pub(crate) const PLUGIN: Self = Self {
        refuse_unknown: false,
        refuse_duplicates: false,
        convert: true,
        dialect: Dialect::V3,
        compat: Compat::DEFAULT,
        marshalled: true,
    };
}

/// A document and how strictly it is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder<'a> {
    /// The document.
    pub(crate) doc: &'a Arc<Doc>,
    /// How strictly.
    pub(crate) rules: Rules,
    /// Mappings over which the one at hand is laid: those of other spellings of its field.
    under: &'a [NodeId],
}

impl<'a> Decoder<'a> {
    /// A decoder. Refuses documents with values that JSON cannot say.
    pub(crate) fn new(doc: &'a Arc<Doc>, rules: Rules) -> Result<Self> {
        let decoder = Self { doc, rules, under: &[] };
        decoder.check(doc.root(), true, &mut FxHashSet::default())?;
        Ok(decoder)
    }

    /// Refuses keys and numbers that cannot be put into JSON, and duplicate keys where those are errors. `counts`: no
    /// later value of the same key takes its place before the document becomes JSON.
    fn check(self, node: NodeId, counts: bool, seen: &mut FxHashSet<(NodeId, bool)>) -> Result<()> {
        let doc = self.doc;
        match doc.kind(node) {
            NodeKind::Scalar => {
                let number = self.tag(node) == Tag::Float;
                if counts && number && matches!(self.value(node), Value::Float(x) if !x.is_finite()) {
                    return Err(self.wrong(node, format!("`{}` has no JSON representation", doc.text(node))));
                }
                if self.is_null(node) && self.value(node) != Value::Null {
                    return Err(self.wrong(node, format!("`{}` is tagged as null", doc.text(node))));
                }
                Ok(())
            }
            _ if !seen.insert((node, counts)) => Ok(()),
            NodeKind::Map => {
                let mut keys = FxHashSet::default();
                let place = |(i, (key, _))| Some((self.key(key).ok()?, i));
                let last: FxHashMap<_, usize> = doc.pairs(node).enumerate().filter_map(place).collect();
                for (i, (key, value)) in doc.pairs(node).enumerate() {
                    let name = self.key(key)?;
                    let counts = counts && last.get(&name) == Some(&i);
                    if self.rules.refuse_duplicates && !keys.insert(name) {
                        return Err(self.wrong(key, format!("key `{}` is there already", doc.text(key))));
                    }
                    self.check(value, counts, seen)?;
                }
                Ok(())
            }
            NodeKind::Seq | NodeKind::Alias => {
                doc.children(node).iter().try_for_each(|kid| self.check(*kid, counts, seen))
            }
        }
    }

    /// The place of a node.
    pub(crate) fn mark(self, node: NodeId) -> Mark {
        self.doc.mark_or_start(node)
    }

    /// A text with the place of a node.
    pub(crate) fn marked(self, node: NodeId, value: impl Into<String>) -> Text {
        Marked { value: value.into(), mark: self.mark(node) }
    }

    fn wrong(self, node: NodeId, message: String) -> Error {
        Error::new(ErrorKind::Config, message).at(self.doc.location(node))
    }

    /// The tag, resolved where that has been left to later.
    fn tag(self, node: NodeId) -> Tag {
        match self.doc.tag(node) {
            Tag::Unset if self.doc.kind(node) == NodeKind::Scalar && self.doc.style(node) == Style::Plain => {
                scalar::resolve(self.doc.text(node), self.rules.dialect)
            }
            tag => tag,
        }
    }

    /// The value of a scalar that has the tag of a number, boolean or null.
    fn value(self, node: NodeId) -> Value<'a> {
        let text = self.doc.text(node);
        match scalar::value(text, self.rules.dialect) {
            Value::Time(_) | Value::Str(_) if self.doc.is_tagged(node) => scalar::untimed(text),
            value => value,
        }
    }

    /// Returns whether a node counts as absent.
    pub(crate) fn is_null(self, node: NodeId) -> bool {
        self.doc.kind(node) == NodeKind::Scalar && self.tag(node) == Tag::Null
    }

    /// What a node is, for messages: `the number `12``.
    fn describe(self, node: NodeId) -> String {
        let kind = self.doc.kind(node);
        if kind != NodeKind::Scalar {
            return kind.noun().into();
        }
        let text: String = self.doc.text(node).chars().take(40).collect();
        match self.tag(node) {
            Tag::Null => "nothing".into(),
            Tag::Bool => format!("the boolean `{text}`"),
            Tag::Int | Tag::Float => format!("the number `{text}`"),
            _ => format!("the string `{text}`"),
        }
    }

    /// The error for a value of the wrong sort.
    pub(crate) fn mismatch(self, node: NodeId, name: &str, expected: &str) -> Error {
        let quote = if name.contains(' ') { "" } else { "`" };
        self.wrong(node, format!("{quote}{name}{quote} must be {expected}, found {}", self.describe(node)))
    }

    /// The value of a scalar of any type.
    pub(crate) fn scalar(self, node: NodeId) -> Value<'a> {
        match self.tag(node) {
            Tag::Null | Tag::Bool | Tag::Int | Tag::Float => self.value(node),
            _ => Value::Str(self.doc.text(node)),
        }
    }

    /// A text. Dates are texts. `name` is for messages.
    pub(crate) fn text(self, node: NodeId, name: &str) -> Result<Text> {
        let text = self.doc.text(node);
        if self.doc.kind(node) != NodeKind::Scalar {
            return Err(self.mismatch(node, name, "a text"));
        }
        if let Some(budget) = self.doc.budget().filter(|_| text.len() >= LONG) {
            let taken = budget.take(Limit::Memory, text.len() as u64);
            taken.map_err(|e| Error::from(e).at(self.doc.location(node)))?;
        }
        let value = match self.tag(node) {
            Tag::Bool | Tag::Int | Tag::Float if self.rules.convert => match self.value(node) {
                Value::Bool(b) => b.to_string(),
                Value::Int(n) => n.to_string(),
                Value::Uint(n) => n.to_string(),
                Value::Float(x) => self.float_text(x),
                _ => text.to_owned(),
            },
            Tag::Bool | Tag::Int | Tag::Float => {
                let error = self.mismatch(node, name, "a text");
                return Err(error.hint(format!("put it in quotes: `\"{text}\"`")));
            }
            Tag::Timestamp if self.rules.dialect == Dialect::V3 => {
                scalar::time(text).unwrap_or_else(|| text.to_owned())
            }
            Tag::Null => String::new(),
            Tag::Binary => json::binary(self.doc, node)?,
            _ => text.to_owned(),
        };
        if self.rules.marshalled
            && let Cow::Owned(folded) =
                reencode::from_json(&value, false).map_err(|e| e.or_at(|| self.doc.location(node)))?
        {
            return Ok(self.marked(node, folded));
        }
        Ok(self.marked(node, value))
    }

    /// A float where a text is due. Resources have been printed before, which makes whole numbers of whole floats.
    fn float_text(self, x: f64) -> String {
        if self.rules.dialect == Dialect::V3 && x.fract() == 0.0 && (-9.2e18..1.8e19).contains(&x) {
            return format!("{x:.0}");
        }
        json::short_float(x)
    }

    /// A boolean.
    pub(crate) fn flag(self, node: NodeId, name: &str) -> Result<bool> {
        let value = (self.doc.kind(node) == NodeKind::Scalar && self.tag(node) == Tag::Bool)
            .then(|| self.value(node));
        match value {
            Some(Value::Bool(b)) => Ok(b),
            _ => {
                let error = self.mismatch(node, name, "`true` or `false`");
                let quoted = matches!(self.doc.text(node), "true" | "false");
                Err(if quoted { error.hint("take the quotes away") } else { error })
            }
        }
    }

    /// A whole number; floats without fraction are taken.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the float has no fraction and lies within the range"
    )]
    pub(crate) fn int(self, node: NodeId, name: &str) -> Result<i64> {
        let number =
            self.doc.kind(node) == NodeKind::Scalar && matches!(self.tag(node), Tag::Int | Tag::Float);
        match number.then(|| self.value(node)) {
            Some(Value::Int(n)) => Ok(n),
            Some(Value::Float(x)) if x.fract() == 0.0 && (-9.2e18..9.2e18).contains(&x) => Ok(x as i64),
            _ => Err(self.mismatch(node, name, "a whole number")),
        }
    }

    /// The items of a list; none for null.
    pub(crate) fn items(self, node: NodeId, name: &str) -> Result<&'a [NodeId]> {
        match self.doc.kind(node) {
            NodeKind::Seq => Ok(self.doc.items(node)),
            _ if self.is_null(node) => Ok(&[]),
            _ => Err(self.mismatch(node, name, "a list")),
        }
    }

    /// A list, item by item.
    pub(crate) fn list<T>(
        self,
        node: NodeId,
        name: &str,
        item: for<'b> fn(Decoder<'b>, NodeId) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.items(node, name)?.iter().map(|n| item(Self { under: &[], ..self }, *n)).collect()
    }

    /// A list of texts; nulls are empty texts.
    pub(crate) fn texts(self, node: NodeId, name: &str) -> Result<Vec<Text>> {
        self.items(node, name)?.iter().map(|n| self.text(*n, &format!("an entry of {name}"))).collect()
    }

    /// The text of a key of a map.
    pub(crate) fn key(self, node: NodeId) -> Result<Cow<'a, str>> {
        if self.doc.kind(node) != NodeKind::Scalar {
            return Err(self.wrong(node, format!("a key must be a string, found {}", self.describe(node))));
        }
        Ok(match self.tag(node) {
            Tag::Null => return Err(self.wrong(node, "a key must be a string, found nothing".into())),
            Tag::Bool | Tag::Int | Tag::Float => match self.value(node) {
                Value::Bool(b) => b.to_string().into(),
                Value::Int(n) => n.to_string().into(),
                Value::Uint(n) => {
                    return Err(self.wrong(node, format!("`{n}` is too large a number for a key")));
                }
                Value::Float(x) => json::short_float(x).into(),
                _ => self.doc.text(node).into(),
            },
            _ => self.doc.text(node).into(),
        })
    }

    /// A map from texts to texts in the order of the file; of several entries of one key the last one's value at
    /// the first one's place. Nulls are empty texts.
    pub(crate) fn pairs(self, node: NodeId, name: &str) -> Result<Pairs> {
        self.pairs_over(Pairs::new(), node, name)
    }

    /// [`Self::pairs`], laid over others.
    fn pairs_over(self, mut pairs: Pairs, node: NodeId, name: &str) -> Result<Pairs> {
        if self.doc.kind(node) != NodeKind::Map && !self.is_null(node) {
            return Err(self.mismatch(node, name, "a mapping"));
        }
        let mut places: FxHashMap<Cow<'_, str>, usize> =
            pairs.iter().enumerate().map(|(i, (key, _))| (key.value.clone().into(), i)).collect();
        for (key, value) in self.doc.pairs(node) {
            let text = self.key(key)?;
            let value = self.text(value, &text)?;
            match places.get(&text).and_then(|i| pairs.get_mut(*i)) {
                Some(pair) => pair.1 = value,
                None => {
                    places.insert(text.clone(), pairs.len());
                    pairs.push((self.marked(key, text), value));
                }
            }
        }
        Ok(pairs)
    }
}
