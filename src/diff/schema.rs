//! What is known of the lists of an object: their merge keys, from the built-in types and from the
//! CustomResourceDefinitions of the same output.

use crate::kube::{self, Str, schema_for};
use crate::resource::{ResMap, Resource};
use crate::yaml::{Doc, NodeId};
use rustc_hash::FxHashMap;

/// How the items of a list are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ListType {
    /// By their place; the list is a value as a whole.
    Atomic,
    /// By their value; the order does not count.
    Set,
    /// By the values under these keys; the order does not count.
    Map(Vec<String>),
}

/// The CustomResourceDefinitions of both sides, by group and kind.
#[derive(Default)]
pub(super) struct Schemas<'a> {
    old: FxHashMap<(Str, Str), &'a Resource>,
    new: FxHashMap<(Str, Str), &'a Resource>,
}

/// What is known of a value.
#[derive(Clone, Copy)]
pub(super) enum Schema<'a> {
    /// Nothing.
    Unknown,
    /// A built-in type.
    BuiltIn(kube::Schema<'a>),
    /// Definitions of the older and the newer side.
    Custom(Option<Node<'a>>, Option<Node<'a>>),
}

/// A schema in a CustomResourceDefinition.
type Node<'a> = (&'a Doc, NodeId);

impl<'a> Schemas<'a> {
    /// The definitions among the objects of both sides.
    pub(super) fn new(old: &'a ResMap, new: &'a ResMap) -> Self {
        Self { old: definitions(old), new: definitions(new) }
    }

    /// What is known of the type of an object.
    pub(super) fn of(&self, object: &Resource) -> Schema<'a> {
        let gvk = object.gvk();
        if let Some(schema) = schema_for(None, &gvk.api_version(), &gvk.kind) {
            return Schema::BuiltIn(schema);
        }
        let key = (gvk.group.clone(), gvk.kind.clone());
        let find = |side: &FxHashMap<(Str, Str), &'a Resource>| {
            side.get(&key).and_then(|definition| version(definition, &gvk.version))
        };
        match (find(&self.old), find(&self.new)) {
            (None, None) => Schema::Unknown,
            (old, new) => Schema::Custom(old, new),
        }
    }
}

fn definitions(side: &ResMap) -> FxHashMap<(Str, Str), &Resource> {
    let all = side.iter().filter(|object| object.gvk().kind == "CustomResourceDefinition");
    all.filter_map(|object| {
        let (doc, root) = (object.doc(), object.root());
        let text = |path: &[&str]| doc.get_path(root, path).map(|node| Str::from(doc.text(node)));
        Some(((text(&["spec", "group"])?, text(&["spec", "names", "kind"])?), object))
    })
    .collect()
}

/// The schema of a version.
fn version<'a>(definition: &'a Resource, name: &str) -> Option<Node<'a>> {
    let (doc, root) = (definition.doc(), definition.root());
    let versions = doc.items(doc.get_path(root, &["spec", "versions"])?);
    let of_name = |v: &&NodeId| doc.get(**v, "name").is_some_and(|n| doc.text(n) == name);
    let schema = doc.get_path(*versions.iter().find(of_name)?, &["schema", "openAPIV3Schema"])?;
    Some((doc, schema))
}

impl<'a> Schema<'a> {
    /// The schema of a field of an object; `top` if it is a field of the object itself.
    pub(super) fn field(self, name: &str, top: bool) -> Self {
        match self {
            Self::Unknown | Self::Custom(..) if top && name == "metadata" => {
                let metadata = schema_for(None, "v1", "ConfigMap").and_then(|s| s.field("metadata"));
                metadata.map_or(Self::Unknown, Self::BuiltIn)
            }
            Self::Unknown => self,
            Self::BuiltIn(schema) => schema.field(name).map_or(Self::Unknown, Self::BuiltIn),
            Self::Custom(old, new) => {
                let step = |(doc, node): Node<'a>| {
                    let property = doc.get_path(node, &["properties", name]);
                    property.or_else(|| doc.get(node, "additionalProperties")).map(|found| (doc, found))
                };
                Self::custom(old.and_then(step), new.and_then(step))
            }
        }
    }

    /// The schema of the items of a list.
    pub(super) fn items(self) -> Self {
        match self {
            Self::Unknown => self,
            Self::BuiltIn(schema) => schema.items().map_or(Self::Unknown, Self::BuiltIn),
            Self::Custom(old, new) => {
                let step = |(doc, node): Node<'a>| doc.get(node, "items").map(|found| (doc, found));
                Self::custom(old.and_then(step), new.and_then(step))
            }
        }
    }

    fn custom(old: Option<Node<'a>>, new: Option<Node<'a>>) -> Self {
        match (old, new) {
            (None, None) => Self::Unknown,
            _ => Self::Custom(old, new),
        }
    }

    /// How the items of the list are told apart. Where the definitions of both sides disagree, nothing is sure.
    pub(super) fn list_type(self) -> ListType {
        match self {
            Self::Unknown => ListType::Atomic,
            Self::BuiltIn(schema) => match schema.patch_strategy() {
                (false, _) => ListType::Atomic,
                (true, keys) if keys.is_empty() => ListType::Set,
                (true, keys) => ListType::Map(keys.iter().map(|key| (*key).to_owned()).collect()),
            },
            Self::Custom(Some(old), Some(new)) if declared(old) != declared(new) => ListType::Atomic,
            Self::Custom(old, new) => old.or(new).map_or(ListType::Atomic, declared),
        }
    }
}

/// What a definition says of a list.
fn declared((doc, node): Node<'_>) -> ListType {
    match doc.get(node, "x-kubernetes-list-type").map(|n| doc.text(n)) {
        Some("set") => ListType::Set,
        Some("map") => {
            let keys = doc.get(node, "x-kubernetes-list-map-keys").map_or(&[][..], |keys| doc.items(keys));
            ListType::Map(keys.iter().map(|key| doc.text(*key).to_owned()).collect())
        }
        _ => ListType::Atomic,
    }
}
