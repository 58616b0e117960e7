//! `configMapGenerator`.

use super::kv::{self, Load, Pair};
use super::text::{base64_lines, key_node, string_node};
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::{GeneratorArgs, GeneratorOptions, Pairs};
use crate::resource::{Resource, internal};
use crate::yaml::{Doc, NodeId, Style, Tag};
use std::collections::BTreeMap;

/// The ConfigMap of an entry. `options`: those of the kustomization. Values that are not UTF-8 go to `binaryData`.
pub(crate) fn config_map(
    args: &GeneratorArgs,
    options: Option<&GeneratorOptions>,
    load: &mut Load<'_>,
) -> Result<Resource> {
    let mut doc = base(args, "ConfigMap")?;
    let pairs = kv::pairs(args, load)?;
    let (mut data, mut binary) = (Vec::new(), Vec::new());
    for (key, pair) in &pairs {
        match std::str::from_utf8(&pair.value) {
            Ok(text) => add_pair(&mut doc, &mut data, key, text, pair),
            Err(_) => add_pair(&mut doc, &mut binary, key, &base64_lines(&pair.value), pair),
        }
    }
    for (field, children) in [("data", data), ("binaryData", binary)] {
        if !children.is_empty() {
            set_map(&mut doc, field, &children);
        }
    }
    finish(doc, args, options)
}

/// The object without data.
pub(super) fn base(args: &GeneratorArgs, kind: &str) -> Result<Doc> {
    if args.name.is_empty() {
        let message = format!("expected a `name` for the generated {kind}");
        return Err(Error::new(ErrorKind::Config, message).at(args.mark.location()));
    }
    let mut doc = Doc::new(args.mark.source.clone());
    let root = doc.map();
    doc.set_mark(root, &args.mark);
    doc.set_root(root);
    doc.set_string(root, "apiVersion", "v1");
    doc.set_string(root, "kind", kind);
    let metadata = doc.map();
    doc.set(root, "metadata", metadata);
    for (field, text) in [("name", &args.name), ("namespace", &args.namespace)] {
        if !text.is_empty() {
            let value = string_node(&mut doc, text);
            doc.set_mark(value, &args.mark);
            doc.set(metadata, field, value);
        }
    }
    Ok(doc)
}

/// Adds a key and its value to the children of a map to be.
pub(super) fn add_pair(doc: &mut Doc, children: &mut Vec<NodeId>, key: &str, text: &str, pair: &Pair) {
    let (key, value) = (key_node(doc, key), string_node(doc, text));
    doc.set_mark(key, &pair.mark);
    doc.set_mark(value, &pair.mark);
    children.extend([key, value]);
}

/// Sets a field of the object to a map with these children.
pub(super) fn set_map(doc: &mut Doc, field: &str, children: &[NodeId]) {
    let map = doc.map();
    doc.append(map, children);
    let root = doc.root();
    doc.set(root, field, map);
}

/// Labels, annotations and what else the options ask for.
pub(super) fn finish(
    mut doc: Doc,
    args: &GeneratorArgs,
    options: Option<&GeneratorOptions>,
) -> Result<Resource> {
    let options = kv::merge_options(args.options.as_ref(), options);
    let (labels, annotations) = (sorted(&options.labels)?, sorted(&options.annotations)?);
    let root = doc.root();
    let metadata = doc.get_or_make_map(root, "metadata");
    if !labels.is_empty() {
        let mut children = Vec::with_capacity(2 * labels.len());
        for (key, value) in labels {
            children.push(key_node(&mut doc, key));
            children.push(doc.scalar(value, Style::Single, Tag::Str));
        }
        let map = doc.map();
        doc.append(map, &children);
        doc.set(metadata, "labels", map);
    }
    if options.immutable {
        let value = doc.scalar("true", Style::Plain, Tag::Bool);
        doc.set(root, "immutable", value);
    }
    // Kustomize's own annotations are part of what patches see: the map is always there.
    let behavior = internal::behavior(&args.behavior);
    let mut children = Vec::with_capacity(2 * annotations.len() + 2);
    for (key, value) in annotations {
        children.push(key_node(&mut doc, key));
        children.push(string_node(&mut doc, value));
    }
    children.push(key_node(&mut doc, internal::BEHAVIOR));
    children.push(doc.string(internal::behavior_text(behavior)));
    let map = doc.map();
    doc.append(map, &children);
    doc.set(metadata, "annotations", map);
    doc.within_limits().map_err(|e| e.or_at(|| args.mark.location()))?;
    let mut res = Resource::new(doc);
    res.behavior = behavior;
    res.needs_hash = !options.disable_name_suffix_hash;
    Ok(res)
}

/// The pairs by key; of several with one key the last counts.
fn sorted(pairs: &Pairs) -> Result<BTreeMap<&str, &str>> {
    if let Some((key, _)) = pairs.iter().find(|(key, _)| key.is_empty()) {
        let message = "expected a key, found an empty string";
        return Err(Error::new(ErrorKind::Config, message).at(key.mark.location()));
    }
    Ok(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::kustomization::Text;
    use crate::yaml::{Mark, Source};
    use std::sync::Arc;

    pub(in super::super) fn args() -> GeneratorArgs {
        let source = Source::new("kustomization.yaml", "configMapGenerator:\n".into());
        GeneratorArgs {
            mark: Mark { source, offset: 0 },
            name: "conf".into(),
            namespace: String::new(),
            behavior: String::new(),
            literals: vec![],
            files: vec![],
            envs: vec![],
            options: None,
            secret_type: String::new(),
        }
    }

    pub(in super::super) fn texts(list: &[&str]) -> Vec<Text> {
        list.iter().map(|t| Text { value: (*t).into(), mark: args().mark }).collect()
    }

    pub(in super::super) fn show(res: &Resource) -> String {
        fn node(doc: &Doc, id: NodeId) -> String {
            if doc.children(id).is_empty() {
                return doc.text(id).replace('\n', "|");
            }
            let pairs: Vec<String> =
                doc.pairs(id).map(|(k, v)| format!("{}: {}", doc.text(k), node(doc, v))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        node(res.doc(), res.root())
    }

    #[test]
    fn values_go_where_they_fit() {
        let mut a = args();
        a.literals = texts(&["b=1", "a=x"]);
        a.files = texts(&["f.bin"]);
        let res = config_map(&a, None, &mut |_| Ok(Arc::new(b"a\xff".to_vec()))).unwrap();
        assert_eq!(
            show(&res),
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf, annotations: \
             {internal.config.kubernetes.io/generatorBehavior: unspecified}}, data: {a: x, b: 1}, \
             binaryData: {f.bin: Yf8=}}"
        );
        assert!(res.needs_hash);
        assert_eq!(res.id().to_string(), "ConfigMap.v1.[noGrp]/conf.[noNs]");
    }

    #[test]
    fn options_of_the_file_lie_under_those_of_the_entry() {
        let pair = |k: &str, v: &str| texts(&[k, v]).into_iter();
        let pairs = |list: &[(&str, &str)]| -> Pairs {
            list.iter()
                .map(|(k, v)| {
                    let mut both = pair(k, v);
                    (both.next().unwrap(), both.next().unwrap())
                })
                .collect()
        };
        let mut a = args();
        a.behavior = "merge".into();
        a.options = Some(GeneratorOptions { labels: pairs(&[("a", "local")]), ..Default::default() });
        let global = GeneratorOptions {
            labels: pairs(&[("b", "global"), ("a", "global")]),
            immutable: true,
            disable_name_suffix_hash: true,
            ..Default::default()
        };
        let res = config_map(&a, Some(&global), &mut |_| Ok(Arc::default())).unwrap();
        assert_eq!(
            show(&res),
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf, labels: {a: local, b: global}, \
             annotations: {internal.config.kubernetes.io/generatorBehavior: merge}}, immutable: true}"
        );
        assert!(!res.needs_hash);
        assert_eq!(res.behavior, crate::resource::Behavior::Merge);
    }

    #[test]
    fn a_name_is_needed() {
        let mut a = args();
        a.name = String::new();
        let error = config_map(&a, None, &mut |_| Ok(Arc::default())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "kustomization.yaml:1:1: expected a `name` for the generated ConfigMap"
        );
    }
}
