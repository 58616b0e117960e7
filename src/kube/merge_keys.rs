//! Which lists strategic merge patches merge, and by which keys.
//!
//! A [`Schema`] is followed down an object field by field. The built-in types are those of Kubernetes 1.21, known
//! by exact `apiVersion` and kind; a document that the field `openapi` names takes their place. Lists merge only
//! where the patch strategy names `merge`; then the list map keys are the keys, or else the merge key.
//!
//! The built-in table has only what leads to merged lists. Anything else within a built-in type counts as known
//! with nothing to merge; kustomize knows unknown fields from known ones there and looks for the type of an
//! object that stands in an unknown field.

mod table;

use super::openapi::OpenApi;
use crate::yaml::NodeId;
use smallvec::SmallVec;

/// The keys by which the items of a list are told apart.
pub type Keys<'a> = SmallVec<[&'a str; 2]>;

/// The fields of a built-in type that are merged lists or lead to some, sorted.
pub struct Type(&'static [(&'static str, Field)]);

/// A field of a built-in type.
#[derive(Clone, Copy)]
enum Field {
    Object(&'static Type),
    List(&'static [&'static str], Option<&'static Type>),
}

/// What is known of an object, a field or an item.
#[derive(Clone, Copy)]
pub struct Schema<'a>(Node<'a>);

#[derive(Clone, Copy)]
enum Node<'a> {
    /// A part of a built-in type in which nothing is merged.
    Plain,
    BuiltIn(Field),
    Custom(&'a OpenApi, NodeId),
}

/// The schema of a type, if it has one. `openapi` is the document that is in effect for the build.
pub fn schema_for<'a>(openapi: Option<&'a OpenApi>, api_version: &str, kind: &str) -> Option<Schema<'a>> {
    let Some(openapi) = openapi else {
        return built_in(api_version, kind);
    };
    // Kustomize's own types stay.
    if openapi.keeps_built_in || api_version == "kustomize.config.k8s.io/v1beta1" {
        let custom = || openapi.definition(api_version, kind);
        return built_in(api_version, kind).or_else(|| Some(Schema(Node::Custom(openapi, custom()?))));
    }
    Some(Schema(Node::Custom(openapi, openapi.definition(api_version, kind)?)))
}

fn built_in(api_version: &str, kind: &str) -> Option<Schema<'static>> {
    let found = table::KINDS.binary_search_by(|(k, v, _)| (*k, *v).cmp(&(kind, api_version)));
    let (_, _, found) = table::KINDS.get(found.ok()?)?;
    Some(Schema(Node::BuiltIn(Field::Object(found))))
}

impl<'a> Schema<'a> {
    /// The schema of a field; of the values, where any key may stand.
    pub fn field(self, name: &str) -> Option<Self> {
        match self.0 {
            Node::Plain => Some(self),
            Node::BuiltIn(Field::Object(of)) => {
                let found = of.0.iter().find(|(field, _)| *field == name);
                Some(Self(found.map_or(Node::Plain, |(_, field)| Node::BuiltIn(*field))))
            }
            Node::BuiltIn(Field::List(..)) => None,
            Node::Custom(openapi, node) => Some(Self(Node::Custom(openapi, openapi.field(node, name)?))),
        }
    }

    /// The schema of the items of a list.
    pub fn items(self) -> Option<Self> {
        match self.0 {
            Node::Plain => Some(self),
            Node::BuiltIn(Field::Object(_)) => None,
            Node::BuiltIn(Field::List(_, of)) => {
                Some(Self(of.map_or(Node::Plain, |of| Node::BuiltIn(Field::Object(of)))))
            }
            Node::Custom(openapi, node) => Some(Self(Node::Custom(openapi, openapi.items(node)?))),
        }
    }

    /// Whether the list is merged, and by which keys; without keys it is a set of scalars.
    pub fn patch_strategy(self) -> (bool, Keys<'a>) {
        match self.0 {
            Node::BuiltIn(Field::List(keys, _)) => (true, Keys::from_slice(keys)),
            Node::Custom(openapi, node) => openapi.patch_strategy(node),
            Node::Plain | Node::BuiltIn(Field::Object(_)) => (false, Keys::new()),
        }
    }
}
