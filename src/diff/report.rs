//! The report of a comparison, as data.

use super::canonical;
use crate::diag::Location;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};
use std::fmt;
use std::sync::Arc;

/// What stands in place of a value that is not to be seen.
pub(super) const MASK: &str = "***";

/// What differs between two sides.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Objects that are not the same on both sides, by kind, namespace and name.
    pub(crate) objects: Vec<ObjectChange>,
    /// How many objects are the same on both sides.
    pub(crate) unchanged: usize,
    /// Those of them that are written differently all the same: lists in another order, other hash suffixes.
    pub(crate) alike: Vec<(Resource, Resource)>,
    /// Removed and added objects that may be one, renamed or moved.
    pub(crate) moves: Vec<Move>,
    /// What of it is dangerous.
    pub(crate) dangers: Vec<Danger>,
}

/// The report of one target of several.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// What the target is called; empty for the only one.
    pub(crate) name: String,
    /// What differs in it.
    pub(crate) report: Report,
}

/// How many objects were added, removed, changed and left alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Only on the newer side.
    pub(crate) added: usize,
    /// Only on the older side.
    pub(crate) removed: usize,
    /// On both, and different.
    pub(crate) changed: usize,
    /// On both, and the same.
    pub(crate) unchanged: usize,
    /// Fields that differ in the changed ones.
    pub(crate) fields: usize,
}

impl std::ops::Add for Counts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            removed: self.removed + other.removed,
            changed: self.changed + other.changed,
            unchanged: self.unchanged + other.unchanged,
            fields: self.fields + other.fields,
        }
    }
}

impl Report {
    /// Returns whether nothing differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Counts the objects.
    pub(crate) fn counts(&self) -> Counts {
        let count = |change| self.objects.iter().filter(|o| o.change() == change).count();
        Counts {
            added: count(Change::Added),
            removed: count(Change::Removed),
            changed: count(Change::Changed),
            unchanged: self.unchanged,
            fields: self.objects.iter().map(|o| o.fields.len()).sum(),
        }
    }

    /// The dangers that nobody accepted.
    pub(crate) fn open_dangers(&self) -> impl Iterator<Item = &Danger> {
        self.dangers.iter().filter(|danger| danger.accepted.is_none())
    }
}

/// What happened to an object or a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// It is only on the older side.
    Removed,
    /// It is only on the newer side.
    Added,
    /// It is on both sides.
    Changed,
}

impl Change {
    /// As it is called in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Added => "added",
            Self::Changed => "changed",
        }
    }
}

/// An object that differs.
#[derive(Debug)]
pub(crate) struct ObjectChange {
    /// The object of the older side.
    pub(crate) old: Option<Resource>,
    /// The object of the newer side.
    pub(crate) new: Option<Resource>,
    /// What differs, if it is on both sides.
    pub(crate) fields: Vec<FieldChange>,
}

impl ObjectChange {
    /// What happened to the object.
    pub(crate) fn change(&self) -> Change {
        match (&self.old, &self.new) {
            (Some(_), Some(_)) => Change::Changed,
            (Some(_), None) => Change::Removed,
            _ => Change::Added,
        }
    }

    /// The object, that of the newer side if it is there.
    pub(crate) fn object(&self) -> Option<&Resource> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

/// A removed and an added object that may be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    /// Where the removed object stands in [`Report::objects`].
    pub(crate) from: usize,
    /// Where the added object stands there.
    pub(crate) to: usize,
    /// How much of their fields is the same, in percent.
    pub(crate) likeness: u8,
}

/// A field that differs.
#[derive(Debug, Clone)]
pub(crate) struct FieldChange {
    /// Where it is in the object.
    pub(crate) path: Path,
    /// The value of the older side.
    pub(crate) old: Option<Value>,
    /// The value of the newer side.
    pub(crate) new: Option<Value>,
    /// In what way it differs.
    pub(crate) what: What,
}

/// In what way a field differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// It is on one side alone, or has another value.
    Value,
    /// Texts of several lines that are compared line by line.
    Lines,
    /// The same items in another order, where the order counts.
    Order,
    /// A text that means the same values but is written in another way.
    Form,
}

impl FieldChange {
    /// What happened to the field.
    pub(crate) fn change(&self) -> Change {
        match (&self.old, &self.new) {
            (Some(_), Some(_)) => Change::Changed,
            (Some(_), None) => Change::Removed,
            _ => Change::Added,
        }
    }
}

/// A step on the way to a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The value of a key.
    Key(String),
    /// The item of a sequence with these values under these keys; of a set, the item with the value under no key.
    Item(Vec<(String, String)>),
    /// The item of a sequence, by its place on each side.
    Index(Option<usize>, Option<usize>),
    /// Into a text that holds values, by the name of its format.
    Text(&'static str),
}

/// The way to a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Path(pub(crate) Vec<Step>);

impl Path {
    /// The keys on the way, without items.
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        })
    }

    /// Returns whether the way begins with these keys.
    pub(crate) fn starts_with(&self, keys: &[&str]) -> bool {
        self.0.len() >= keys.len()
            && self.0.iter().zip(keys).all(|(step, key)| matches!(step, Step::Key(k) if k == key))
    }
}

/// `spec.template.spec.containers[name=app].image`
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if is_word(key) => {
                    let dot = if i == 0 { "" } else { "." };
                    write!(f, "{dot}{key}")?;
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Item(keys) => {
                    let keys: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
                    write!(f, "[{}]", keys.join(","))?;
                }
                Step::Index(old, new) => {
                    let index = new.or(*old).unwrap_or_default();
                    write!(f, "[{index}]")?;
                }
                Step::Text(format) => write!(f, "<{format}>")?,
            }
        }
        Ok(())
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '$')
}

/// A value on one side.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    doc: Arc<Doc>,
    node: NodeId,
    /// It is not to be seen.
    masked: bool,
    /// Where it stands, if not where the document says.
    at: Option<Location>,
}

impl Value {
    pub(super) fn new(doc: Arc<Doc>, node: NodeId, masked: bool, at: Option<Location>) -> Self {
        Self { doc, node, masked, at }
    }

    /// Returns whether the value is not to be seen.
    pub(crate) fn is_masked(&self) -> bool {
        self.masked
    }

    /// The text of a string of one or more lines; `None` for everything else and for what is not to be seen.
    pub(crate) fn string(&self) -> Option<&str> {
        if self.masked { None } else { canonical::string(&self.doc, self.node) }
    }

    /// The document and the node, unless the value is not to be seen.
    pub(crate) fn node(&self) -> Option<(&Doc, NodeId)> {
        (!self.masked).then_some((&*self.doc, self.node))
    }

    /// The value as JSON on one line.
    pub(crate) fn json(&self) -> String {
        if self.masked { format!("\"{MASK}\"") } else { canonical::json(&self.doc, self.node) }
    }

    /// Where the value stands, if known.
    pub(crate) fn location(&self) -> Option<Location> {
        self.at.clone().or_else(|| self.doc.mark(self.node).map(|mark| mark.location()))
    }
}

/// Something dangerous.
#[derive(Debug, Clone)]
pub(crate) struct Danger {
    /// The name of the rule.
    pub(crate) rule: &'static str,
    /// Where the object stands in [`Report::objects`].
    pub(crate) object: usize,
    /// What is the matter, in one line.
    pub(crate) message: String,
    /// The field, if it is one.
    pub(crate) path: Option<Path>,
    /// The value that makes it dangerous, on the newer side if it is there; else the whole object.
    pub(crate) value: Option<Value>,
    /// Why it is accepted, if it is.
    pub(crate) accepted: Option<String>,
}
