//! Reading `crds` files: descriptions of custom types from which field specs are made.
//!
//! Such a file maps type names to `{Schema: {properties: …}}`; it is no CustomResourceDefinition. Types that have
//! the properties `apiVersion`, `kind` and `metadata` are objects, their kind is the last part of the type name.
//! Extensions of the properties, also of those of types they refer to, say what a field is. Merge keys never come
//! from here. A type that refers to itself crashes kustomize; here it is an error.

use super::config::TransformerConfig;
use super::fieldspec::{FieldSpec, NameReference};
use super::{Gvk, Str};
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::Limit;
use crate::yaml::{Doc, NodeId, NodeKind, Tag};
use rustc_hash::FxHashMap;

/// The field holds annotations.
const ANNOTATION: &str = "x-kubernetes-annotation";
/// The field is a label selector.
const LABEL_SELECTOR: &str = "x-kubernetes-label-selector";
/// The field is a name.
const IDENTITY: &str = "x-kubernetes-identity";
/// The field refers to an object of this version …
const REF_VERSION: &str = "x-kubernetes-object-ref-api-version";
/// … and of this kind …
const REF_KIND: &str = "x-kubernetes-object-ref-kind";
/// … whose name stands under this key, `name` if not given.
const REF_NAME_KEY: &str = "x-kubernetes-object-ref-name-key";

/// The field specs that a `crds` file makes, to be merged into the configuration of the layer.
pub(crate) fn read_crd(doc: &Doc) -> Result<TransformerConfig> {
    if doc.has_no_nodes() || doc.is_null(doc.root()) {
        return Ok(TransformerConfig::default());
    }
    let mut types = FxHashMap::default();
    if doc.kind(doc.root()) != NodeKind::Map {
        return Err(not_a_description(doc, doc.root()));
    }
    for (name, description) in doc.pairs(doc.root()) {
        if doc.is_null(description) {
            continue;
        }
        if doc.kind(description) != NodeKind::Map {
            return Err(not_a_description(doc, description));
        }
        let schema = doc.pairs(description).find(|(k, _)| doc.text(*k).eq_ignore_ascii_case("schema"));
        if let Some(properties) = schema.and_then(|(_, schema)| doc.get(schema, "properties")) {
            types.insert(doc.text(name), properties);
        }
    }
    let mut reader =
        Reader { doc, types: &types, kind: "", found: Found::default(), open: Vec::new(), count: 0 };
    for (name, _) in doc.pairs(doc.root()) {
        let name = doc.text(name);
        let Some(properties) = types.get(name) else { continue };
        if !["apiVersion", "kind", "metadata"].iter().all(|p| doc.get(*properties, p).is_some()) {
            continue;
        }
        reader.kind = name.rsplit('.').next().unwrap_or(name);
        reader.count = 0;
        reader.read(name, "")?;
    }
    let Found { annotations, labels, names, references } = reader.found;
    TransformerConfig::default().merge(&TransformerConfig {
        common_annotations: annotations.into(),
        common_labels: labels.into(),
        name_prefix: names.into(),
        name_reference: references.into(),
        ..TransformerConfig::default()
    })
}

fn not_a_description(doc: &Doc, node: NodeId) -> Error {
    Error::new(ErrorKind::Config, "expected a mapping of type names to `{Schema: {properties: …}}`")
        .at(doc.location(node))
        .hint("list a CustomResourceDefinition under `resources`; `crds` takes OpenAPI definitions of types")
}

/// Field specs as they were found.
#[derive(Default)]
struct Found {
    annotations: Vec<FieldSpec>,
    labels: Vec<FieldSpec>,
    names: Vec<FieldSpec>,
    references: Vec<NameReference>,
}

/// Walks the properties of object types, one after the other.
struct Reader<'a> {
    doc: &'a Doc,
    types: &'a FxHashMap<&'a str, NodeId>,
    /// The kind of the type.
    kind: &'a str,
    found: Found,
    /// The types whose properties are being read.
    open: Vec<&'a str>,
    /// How many properties of the type were read.
    count: u64,
}

impl<'a> Reader<'a> {
    /// Reads the properties of a type that stands at a path.
    fn read(&mut self, name: &'a str, path: &str) -> Result<()> {
        let Some(properties) = self.types.get(name).copied() else { return Ok(()) };
        if self.open.contains(&name) {
            let message = format!("type `{name}` refers to itself at `{path}`");
            return Err(Error::new(ErrorKind::Config, message).at(self.doc.location(properties)));
        }
        self.open.push(name);
        for (key, property) in self.doc.pairs(properties) {
            let key = self.doc.text(key);
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
            self.count += 1;
            // Types that all refer twice to the next one have exponentially many.
            self.doc.check(Limit::Properties, self.count).map_err(|e| {
                Error::from(e)
                    .at(self.doc.location(property))
                    .during(format!("reading the properties of type `{}`", self.kind))
            })?;
            self.property(property, &path);
            if let Some(target) = self.doc.get(property, "$ref") {
                self.read(self.doc.text(target), &path)?;
            }
        }
        self.open.pop();
        Ok(())
    }

    fn property(&mut self, property: NodeId, path: &str) {
        let lists = [
            (ANNOTATION, &mut self.found.annotations),
            (LABEL_SELECTOR, &mut self.found.labels),
            (IDENTITY, &mut self.found.names),
        ];
        for (extension, list) in lists {
            if text(self.doc, property, extension).is_some() {
                list.push(spec(self.kind, path));
            }
        }
        let version = text(self.doc, property, REF_VERSION);
        if let (Some(version), Some(kind)) = (version, text(self.doc, property, REF_KIND)) {
            let key = text(self.doc, property, REF_NAME_KEY).unwrap_or("name");
            let gvk = Gvk { group: Str::default(), version: version.into(), kind: kind.into() };
            let referrer = spec(self.kind, &format!("{path}/{key}"));
            self.found.references.push(NameReference { gvk, referrers: vec![referrer].into() });
        }
    }
}

/// An extension, if it is a text.
fn text<'a>(doc: &'a Doc, property: NodeId, extension: &str) -> Option<&'a str> {
    let value = doc.get(property, extension)?;
    let is_text = !matches!(doc.tag(value), Tag::Null | Tag::Bool | Tag::Int | Tag::Float);
    (doc.kind(value) == NodeKind::Scalar && is_text).then(|| doc.text(value))
}

fn spec(kind: &str, path: &str) -> FieldSpec {
    let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
    FieldSpec { gvk, path: path.into(), create: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::FieldSpecs;
    use crate::yaml::{Dialect, Source, parse::parse};

    fn read(text: &str) -> Result<TransformerConfig> {
        let source = Source::new("crd.json", text.to_owned());
        match parse(&source, 0..text.len(), Dialect::V2)? {
            Some(doc) => read_crd(&doc),
            None => Ok(TransformerConfig::default()),
        }
    }

    const BEE: &str = r##"
github.com/example/v1.Bee:
  Schema:
    properties:
      apiVersion: {type: string}
      kind: {type: string}
      metadata: {$ref: k8s.io/ObjectMeta}
      spec: {$ref: github.com/example/v1.BeeSpec}
github.com/example/v1.BeeSpec:
  Schema:
    properties:
      hive:
        x-kubernetes-object-ref-api-version: v1
        x-kubernetes-object-ref-kind: Hive
      queen:
        x-kubernetes-object-ref-api-version: v1
        x-kubernetes-object-ref-kind: Hive
        x-kubernetes-object-ref-name-key: id
      selector: {x-kubernetes-label-selector: ""}
      notes: {x-kubernetes-annotation: ""}
      alias: {x-kubernetes-identity: ""}
      other: {x-kubernetes-identity: true}
"##;

    #[test]
    fn extensions_become_specs_of_the_kind() {
        let config = read(BEE).unwrap();
        let shown = |specs: &FieldSpecs| -> Vec<String> {
            specs.iter().map(|r| format!("{} {} {}", r.gvk.kind, r.path, r.create)).collect()
        };
        assert_eq!(shown(&config.common_labels), ["Bee spec/selector false"]);
        assert_eq!(shown(&config.common_annotations), ["Bee spec/notes false"]);
        assert_eq!(shown(&config.name_prefix), ["Bee spec/alias false"]);
        assert!(config.name_suffix.is_empty());
        assert_eq!(config.name_reference.len(), 1);
        assert_eq!(config.name_reference[0].gvk.to_string(), "Hive.v1.[noGrp]");
        assert_eq!(
            shown(&config.name_reference[0].referrers),
            ["Bee spec/hive/name false", "Bee spec/queen/id false"]
        );
    }

    #[test]
    fn types_that_are_no_objects_or_no_types_make_no_specs() {
        for text in
            ["", "{}", "~", "a: ~", "a.B: {Schema: {properties: {kind: {x-kubernetes-identity: ''}}}}"]
        {
            assert_eq!(read(text).unwrap(), TransformerConfig::default(), "{text}");
        }
    }

    #[test]
    fn definitions_of_custom_resources_and_circles_are_refused() {
        let circle = BEE.replace("$ref: k8s.io/ObjectMeta", "$ref: github.com/example/v1.Bee");
        assert!(read(&circle).unwrap_err().message().contains("refers to itself at `metadata`"));
        let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n";
        assert_eq!(read(definition).unwrap_err().labels()[0].at.to_string(), "crd.json:1:13");
        assert!(read("[]").is_err());
    }
}
