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

use super::openapi::{BuiltIn, Found, Keys, OpenApi};
use crate::yaml::NodeId;

/// The fields of a built-in type that are merged lists or lead to some, sorted.
struct Type(&'static [(&'static str, Field)]);

/// A field of a built-in type.
#[derive(Clone, Copy)]
enum Field {
    Object(&'static Type),
    List(&'static [&'static str], Option<&'static Type>),
}

/// What is known of an object, a field or an item.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'a>(Node<'a>);

#[derive(Clone, Copy)]
enum Node<'a> {
    /// A part of a built-in type in which nothing is merged.
    Plain,
    /// With the document whose definitions are laid over the built-in ones, if any.
    BuiltIn(Field, Option<&'a OpenApi>),
    Custom(&'a OpenApi, NodeId),
}

/// The schema of a type, if it has one. `openapi` is the document that is in effect for the build.
pub(crate) fn schema_for<'a>(
    openapi: Option<&'a OpenApi>,
    api_version: &str,
    kind: &str,
) -> Option<Schema<'a>> {
    let Some(openapi) = openapi else {
        return built_in(api_version, kind);
    };
    let custom = || openapi.definition(api_version, kind).map(|node| Schema(Node::Custom(openapi, node)));
    match openapi.built_in {
        // Kustomize's own types stay.
        _ if api_version == "kustomize.config.k8s.io/v1beta1" => built_in(api_version, kind).or_else(custom),
        BuiltIn::Gone => custom(),
        BuiltIn::Under => custom().or_else(|| match built_in(api_version, kind)?.0 {
            Node::BuiltIn(field, _) => Some(Schema(Node::BuiltIn(field, Some(openapi)))),
            _ => None,
        }),
        BuiltIn::Over => built_in(api_version, kind).or_else(custom),
    }
}

fn built_in(api_version: &str, kind: &str) -> Option<Schema<'static>> {
    let found = table::KINDS.binary_search_by(|(k, v, _)| (*k, *v).cmp(&(kind, api_version)));
    let (_, _, found) = table::KINDS.get(found.ok()?)?;
    Some(Schema(Node::BuiltIn(Field::Object(found), None)))
}

/// A built-in type that a built-in schema refers to by name: the document laid over may define that name. Some types
/// here stand for several definitions; they are taken as built in.
fn refer<'a>(of: &'static Type, over: Option<&'a OpenApi>) -> Node<'a> {
    let mut names = table::DEFINITIONS.iter().filter(|(_, t)| std::ptr::eq(*t, of)).map(|(name, _)| *name);
    let name = over.and(names.next()).filter(|_| names.next().is_none());
    let own = over.zip(name).and_then(|(openapi, name)| Some(found(openapi, openapi.named(name)?).0));
    own.unwrap_or(Node::BuiltIn(Field::Object(of), over))
}

/// What a document's schema leads to: another one of the document, or a built-in one.
fn found(openapi: &OpenApi, found: Found) -> Schema<'_> {
    Schema(match found {
        Found::Here(node) => Node::Custom(openapi, node),
        Found::BuiltIn(name) => {
            let known = table::DEFINITIONS.binary_search_by(|(n, _)| (*n).cmp(name.as_str()));
            let known = known.ok().and_then(|i| table::DEFINITIONS.get(i));
            let over = (openapi.built_in == BuiltIn::Under).then_some(openapi);
            known.map_or(Node::Plain, |(_, of)| Node::BuiltIn(Field::Object(of), over))
        }
    })
}

impl<'a> Schema<'a> {
    /// A document that is a schema itself, or refers to one.
    pub(crate) fn of_document(openapi: &'a OpenApi) -> Self {
        openapi.whole().map_or(Self(Node::Plain), |whole| found(openapi, whole))
    }

    /// The schema of a field; of the values, where any key may stand.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        match self.0 {
            Node::Plain => Some(self),
            Node::BuiltIn(Field::Object(of), over) => {
                let found = of.0.iter().find(|(field, _)| *field == name);
                Some(Self(found.map_or(Node::Plain, |(_, field)| match field {
                    Field::Object(of) => refer(of, over),
                    list => Node::BuiltIn(*list, over),
                })))
            }
            Node::BuiltIn(Field::List(..), _) => None,
            Node::Custom(openapi, node) => Some(found(openapi, openapi.field(node, name)?)),
        }
    }

    /// The schema of the items of a list.
    pub(crate) fn items(self) -> Option<Self> {
        match self.0 {
            Node::Plain => Some(self),
            Node::BuiltIn(Field::Object(_), _) => None,
            Node::BuiltIn(Field::List(_, of), over) => {
                Some(Self(of.map_or(Node::Plain, |of| refer(of, over))))
            }
            Node::Custom(openapi, node) => Some(found(openapi, openapi.items(node)?)),
        }
    }

    /// Returns whether the list is merged, and by which keys; without keys it is a set of scalars.
    pub(crate) fn patch_strategy(self) -> (bool, Keys<'a>) {
        match self.0 {
            Node::BuiltIn(Field::List(keys, _), _) => (true, Keys::from_slice(keys)),
            Node::Custom(openapi, node) => openapi.patch_strategy(node),
            Node::Plain | Node::BuiltIn(Field::Object(_), _) => (false, Keys::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::Compat;
    use crate::kube::Gvk;
    use crate::kube::Scope::{Cluster, Namespaced};
    use crate::kube::Scopes;
    use crate::yaml::{Dialect, Source, parse::parse};

    /// Follows names, `[]` for items; shows what the patch strategy is there.
    fn keys(schema: Option<Schema<'_>>, path: &str) -> Option<String> {
        let mut schema = schema?;
        for step in path.split('/').filter(|s| !s.is_empty()) {
            schema = if step == "[]" { schema.items()? } else { schema.field(step)? };
        }
        let (merge, keys) = schema.patch_strategy();
        Some(if merge { format!("merge {}", keys.join(",")) } else { "replace".to_owned() })
    }

    #[test]
    fn built_in_lists_have_the_keys_of_kubernetes() {
        let pod = "spec/template/spec";
        let table = [
            ("apps/v1", "Deployment", "spec/template/spec/containers", Some("merge name")),
            ("apps/v1", "Deployment", "spec/template/spec/containers/[]/env", Some("merge name")),
            (
                "apps/v1",
                "Deployment",
                "spec/template/spec/containers/[]/ports",
                Some("merge containerPort,protocol"),
            ),
            ("apps/v1", "Deployment", "spec/template/spec/containers/[]/args", Some("replace")),
            ("apps/v1", "Deployment", "spec/template/spec/containers/[]/envFrom", Some("replace")),
            (
                "apps/v1",
                "Deployment",
                "spec/template/spec/initContainers/[]/volumeMounts",
                Some("merge mountPath"),
            ),
            ("apps/v1", "Deployment", "spec/template/spec/volumes", Some("merge name")),
            ("apps/v1", "Deployment", "spec/template/spec/tolerations", Some("replace")),
            ("apps/v1", "Deployment", "spec/template/spec/hostAliases", Some("merge ip")),
            ("apps/v1", "Deployment", "metadata/ownerReferences", Some("merge uid")),
            ("apps/v1", "Deployment", "metadata/finalizers", Some("merge ")),
            ("apps/v1", "Deployment", "metadata/labels", Some("replace")),
            ("apps/v1", "Deployment", "spec/selector/matchExpressions", Some("replace")),
            ("apps/v1", "StatefulSet", "spec/volumeClaimTemplates", Some("replace")),
            (
                "apps/v1",
                "StatefulSet",
                "spec/template/spec/topologySpreadConstraints",
                Some("merge topologyKey,whenUnsatisfiable"),
            ),
            ("batch/v1", "CronJob", "spec/jobTemplate/spec/template/spec/containers", Some("merge name")),
            ("v1", "Pod", "spec/imagePullSecrets", Some("merge name")),
            ("v1", "Pod", "spec/containers/[]/volumeDevices", Some("merge devicePath")),
            ("v1", "Service", "spec/ports", Some("merge port,protocol")),
            ("v1", "ServiceAccount", "secrets", Some("merge name")),
            ("v1", "ServiceAccount", "imagePullSecrets", Some("replace")),
            ("v1", "Node", "spec/podCIDRs", Some("merge ")),
            ("v1", "Node", "spec/taints", Some("replace")),
            ("networking.k8s.io/v1", "Ingress", "spec/rules", Some("replace")),
            (
                "admissionregistration.k8s.io/v1",
                "MutatingWebhookConfiguration",
                "webhooks",
                Some("merge name"),
            ),
            ("extensions/v1beta1", "Deployment", pod, None),
            ("autoscaling/v2", "HorizontalPodAutoscaler", "", None),
            ("example.com/v1", "Widget", "", None),
        ];
        for (api_version, kind, path, wanted) in table {
            let found = keys(schema_for(None, api_version, kind), path);
            assert_eq!(found.as_deref(), wanted, "{api_version} {kind} {path}");
        }
    }

    #[test]
    fn tables_are_sorted() {
        assert!(table::KINDS.is_sorted_by_key(|(kind, version, _)| (*kind, *version)));
        assert!(table::DEFINITIONS.is_sorted_by_key(|(name, _)| *name));
    }

    const DOCUMENT: &str = r##"{
      "definitions": {
        "v1.Widget": {
          "properties": {
            "parts": {"type": "array", "items": {"$ref": "#/definitions/v1.Part"},
              "x-kubernetes-patch-strategy": "merge,retainKeys", "x-kubernetes-patch-merge-key": "id"},
            "pairs": {"type": ["array"], "items": {"type": "object"}, "x-kubernetes-patch-strategy": "merge",
              "x-kubernetes-patch-merge-key": "a", "x-kubernetes-list-map-keys": ["a", "b"]},
            "flags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"},
            "plain": {"type": "array", "items": {"type": "string"}, "x-kubernetes-patch-merge-key": "a"},
            "circle": {"$ref": "#/definitions/v1.Circle"},
            "lost": {"$ref": "#/definitions/none"},
            "any": {"type": "object", "additionalProperties": {"$ref": "#/definitions/a~1b%20c"}}
          },
          "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}]
        },
        "v1.Part": {"properties": {"parts": {"$ref": "#/definitions/v1.Widget/properties/parts"}}},
        "v1.Circle": {"$ref": "#/definitions/v1.Circle"},
        "a/b c": {"properties": {"x": {"type": "string"}}}
      },
      "paths": {
        "/apis/example.com/v1/widgets": {"get": {"x-kubernetes-group-version-kind":
          {"group": "example.com", "version": "v1", "kind": "Widget"}}},
        "/apis/example.com/v1/namespaces/{namespace}/gadgets": {"get": {"x-kubernetes-group-version-kind":
          {"group": "example.com", "version": "v1", "kind": "Gadget"}}},
        "/apis/example.com/v1/gadgets": {"get": {"x-kubernetes-group-version-kind":
          {"group": "example.com", "version": "v1", "kind": "Gadget"}}},
        "/api/v1/configmaps": {"get": {"x-kubernetes-group-version-kind":
          {"group": "", "version": "v1", "kind": "ConfigMap"}}},
        "/api/v1/posts": {"post": {"x-kubernetes-group-version-kind":
          {"group": "", "version": "v1", "kind": "Post"}}}
      }
    }"##;

    fn document(text: &str) -> crate::diag::Result<OpenApi> {
        let source = Source::new("schema.json", text.to_owned());
        match parse(&source, 0..text.len(), Dialect::V2)? {
            Some(doc) => OpenApi::read(doc),
            None => OpenApi::read(crate::yaml::Doc::new(source)),
        }
    }

    #[test]
    fn a_document_takes_the_place_of_the_built_in_types() {
        let mut openapi = document(DOCUMENT).unwrap();
        let table = [
            ("parts", Some("merge id")),
            ("parts/[]/parts", Some("merge id")),
            ("parts/[]/parts/[]/parts", Some("merge id")),
            ("pairs", Some("merge a,b")),
            ("pairs/[]", Some("replace")),
            ("flags", Some("merge ")),
            ("plain", Some("replace")),
            ("circle", None),
            ("lost", None),
            ("none", None),
            ("any/key/x", Some("replace")),
            ("any/key/y", None),
        ];
        for (path, wanted) in table {
            let found = keys(schema_for(Some(&openapi), "example.com/v1", "Widget"), path);
            assert_eq!(found.as_deref(), wanted, "{path}");
        }
        assert!(schema_for(Some(&openapi), "apps/v1", "Deployment").is_none());
        assert!(schema_for(Some(&openapi), "kustomize.config.k8s.io/v1beta1", "Kustomization").is_some());
        openapi.built_in = BuiltIn::Under;
        assert!(schema_for(Some(&openapi), "apps/v1", "Deployment").is_some());
        assert!(schema_for(Some(&openapi), "example.com/v1", "Widget").is_some());
    }

    #[test]
    fn built_in_types_that_stay_are_under_or_over_those_of_a_document() {
        let text = r##"{"definitions": {
          "io.k8s.api.core.v1.Volume": {"properties": {"own": {"$ref": "#/definitions/none"}}},
          "Own": {"properties": {"template": {"$ref": "#/definitions/io.k8s.api.core.v1.PodTemplateSpec"}}},
          "W": {"properties": {"spec": {"$ref": "#/definitions/Own"}},
            "x-kubernetes-group-version-kind": [
              {"group": "example.com", "version": "v1", "kind": "Widget"}, {"version": "v1", "kind": "Pod"}]}
        }}"##;
        let mut openapi = document(text).unwrap();
        let containers = "spec/template/spec/containers";
        for (built_in, widget, pod) in [
            (BuiltIn::Gone, None, None),
            (BuiltIn::Under, Some("merge name"), None),
            (BuiltIn::Over, Some("merge name"), Some("merge name")),
        ] {
            openapi.built_in = built_in;
            let found = |kind, version, path| keys(schema_for(Some(&openapi), version, kind), path);
            assert_eq!(found("Widget", "example.com/v1", containers).as_deref(), widget, "{built_in:?}");
            assert_eq!(found("Pod", "v1", "spec/containers").as_deref(), pod, "{built_in:?}");
        }
    }

    #[test]
    fn paths_of_a_document_give_scopes_to_types_that_are_not_built_in() {
        let openapi = std::sync::Arc::new(document(DOCUMENT).unwrap());
        let policies = "admissionregistration.k8s.io/v1";
        let table = [
            ("example.com/v1", "Widget", Cluster, Cluster),
            ("example.com/v1", "Gadget", Namespaced, Namespaced),
            ("v1", "ConfigMap", Namespaced, Namespaced),
            ("v1", "Namespace", Cluster, Cluster),
            ("v1", "Post", Namespaced, Namespaced),
            (policies, "ValidatingAdmissionPolicy", Cluster, Namespaced),
        ];
        for (api_version, kind, now, before) in table {
            let of = |compat| {
                let scopes = Scopes::new(compat, Some(&openapi)).unwrap();
                scopes.of(&Gvk::new(api_version, kind))
            };
            assert_eq!((of(Compat::V5_8_2), of(Compat::V5_8_1)), (now, before), "{kind}");
        }
        assert!(Scopes::new(Compat::V5_8_2, None).is_none());
    }

    #[test]
    fn documents_that_are_no_mappings_are_refused() {
        assert!(document("{}").is_ok());
        for text in ["", "[]", "text", "~"] {
            assert!(document(text).is_err(), "{text}");
        }
    }
}
