//! Tables of kustomization files.

use super::decode::{Decoder, Rules};
use super::*;
use crate::compat::Compat;
use crate::diag::Error;
use crate::yaml::{Doc, Mark, Source, split};
use std::sync::Arc;

fn doc(text: &str) -> (Arc<Source>, Option<Arc<Doc>>) {
    let source = Source::new("kustomization.yaml", text.into());
    let doc = split::read_v2(&source).unwrap().map(Arc::new);
    (source, doc)
}

fn parse(text: &str) -> Result<Kustomization, Error> {
    let (source, doc) = doc(text);
    read(doc.as_ref(), &source, Compat::DEFAULT)
}

/// The error without its file name, then the hints.
fn refused(text: &str) -> String {
    match parse(text) {
        Ok(_) => "accepted".into(),
        Err(e) => {
            let mut shown = e.to_string().replace("kustomization.yaml:", "");
            for hint in e.hints() {
                shown += &format!(" ({hint})");
            }
            shown
        }
    }
}

fn values(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|t| t.value.as_str()).collect()
}

fn place(mark: &Mark) -> String {
    mark.location().to_string().replace("kustomization.yaml:", "")
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, expected) in [
        (
            "resource: [a]",
            "1:1: unknown field `resource` in a kustomization file (did you mean `resources`?)",
        ),
        ("x-foo: 1", "1:1: unknown field `x-foo` in a kustomization file"),
        (
            "images:\n- name: a\n  newtags: b",
            "3:3: unknown field `newtags` in an entry of `images` (did you mean `newTag`?)",
        ),
        ("patches:\n- target: {nam: x}", "2:12: unknown field `nam` in a selector (did you mean `name`?)"),
        (
            "patches:\n- options: {zzzzzz: true}",
            "2:13: unknown field `zzzzzz` in `options` of a patch (the fields known here are allowNameChange, \
             allowKindChange)",
        ),
        (
            "namePrefix: 12",
            "1:13: `namePrefix` must be a text, found the number `12` (put it in quotes: `\"12\"`)",
        ),
        (
            "namePrefix: yes",
            "1:13: `namePrefix` must be a text, found the boolean `yes` (put it in quotes: `\"yes\"`)",
        ),
        (
            "commonLabels: {a: 1}",
            "1:19: `a` must be a text, found the number `1` (put it in quotes: `\"1\"`)",
        ),
        (
            "resources: [on]",
            "1:13: an entry of resources must be a text, found the boolean `on` (put it in quotes: `\"on\"`)",
        ),
        ("resources: a", "1:12: `resources` must be a list, found the string `a`"),
        ("patches:\n- a", "2:3: a patch must be a mapping of fields, found the string `a`"),
        (
            "generatorOptions: {immutable: 'true'}",
            "1:31: `immutable` must be `true` or `false`, found the string `true` (take the quotes away)",
        ),
        (
            "generatorOptions: {immutable: 1}",
            "1:31: `immutable` must be `true` or `false`, found the number `1`",
        ),
        ("replicas: [{name: a, count: 1.5}]", "1:29: `count` must be a whole number, found the number `1.5`"),
        ("replicas: [{name: a, count: '1'}]", "1:29: `count` must be a whole number, found the string `1`"),
        ("commonAnnotations: {~: a}", "1:21: a key must be a string, found nothing"),
        ("helmCharts: [{valuesInline: {a: [.inf]}}]", "1:34: `.inf` has no JSON representation"),
        ("helmCharts: [{valuesInline: 1}]", "1:29: `valuesInline` must be a mapping"),
        (
            "configMapGenerator: [{type: x}]",
            "1:23: unknown field `type` in an entry of `configMapGenerator` (the fields known here are name, namespace, behavior, literals, files, envs, env, options)",
        ),
        ("metadata: {nam: x}", "1:12: unknown field `nam` in `metadata` (did you mean `name`?)"),
        (
            "kind: kustomization\nnamePrefix: a",
            "1:7: `kind` must be `Kustomization` or `Component`, found `kustomization` (did you mean `Kustomization`?)",
        ),
        (
            "kind: Component\napiVersion: v1\nnamePrefix: a",
            "2:13: `apiVersion` of a Component must be `kustomize.config.k8s.io/v1alpha1`, found `v1`",
        ),
        ("namespace: !!null a", "1:12: `a` is tagged as null"),
        (
            "commonLabels: {18446744073709551615: x}",
            "1:16: `18446744073709551615` is too large a number for a key",
        ),
        ("[a]", "1:1: a kustomization file must be a mapping of fields, found a list"),
        ("a", "1:1: a kustomization file must be a mapping of fields, found the string `a`"),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn files_that_build_nothing_are_empty() {
    for text in [
        "",
        "# nothing\n",
        "{}",
        "~",
        "kind: Kustomization\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n",
        "bases: []",
        "imageTags: []",
        "helmChartInflationGenerator: []",
        "namePrefix: ''",
    ] {
        assert!(refused(text).contains("kustomization.yaml is empty"), "{text}");
    }
    for text in
        ["resources: []", "commonLabels: {}", "openapi: {}", "metadata: {}", "bases: ['']", "namePrefix: a"]
    {
        assert_eq!(refused(text), "accepted", "{text}");
    }
}

#[test]
fn names_ignore_case_and_the_last_entry_counts() {
    let k = parse("RESOURCES: [a]\nnameprefix: x\nnamePrefix: y\nNamePrefix: z\nnamePrefix: w\n").unwrap();
    assert_eq!(values(&k.resources), ["a"]);
    assert_eq!(k.name_prefix.unwrap().value, "x");
    let k = parse("resources: [a]\nresources: [b]").unwrap();
    assert_eq!(values(&k.resources), ["b"]);
    let k = parse("resources: [a]\nnamePrefix: ~\nnamespace: 2001-01-01\n").unwrap();
    assert!(k.name_prefix.is_none());
    assert_eq!(k.namespace.unwrap().value, "2001-01-01");
}

#[test]
fn values_know_their_places() {
    let k = parse("resources:\n- a.yaml\n- b\ncommonLabels: {app: x}\npatches:\n- path: p.yaml\n").unwrap();
    assert_eq!(place(&k.resources[1].mark), "3:3");
    assert_eq!(place(&k.common_labels[0].0.mark), "4:16");
    assert_eq!(place(&k.common_labels[0].1.mark), "4:21");
    assert_eq!(place(&k.patches[0].mark), "6:3");
    assert_eq!(place(&k.patches[0].path.as_ref().unwrap().mark), "6:9");
}

#[test]
fn keys_that_are_not_texts_become_texts() {
    let k = parse("commonLabels: {1: a, n: b, 1.50: c, d: , 1e9: e}").unwrap();
    let keys: Vec<_> = k.common_labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(keys, [("1", "a"), ("false", "b"), ("1.5", "c"), ("d", ""), ("1e+09", "e")]);
}

#[test]
fn deprecated_fields_are_noted_in_order_and_moved() {
    let k = parse(
        "vars: []\npatchesStrategicMerge: [p]\npatchesJson6902: []\nimageTags: [{name: b}]\ncommonLabels: {}\n\
         bases: [b]\nresources: [a]\nimages: [{name: a}]\nconfigMapGenerator: [{env: e, envs: [f]}]\n\
         helmChartInflationGenerator:\n- {chartName: c, chartHome: h, values: v}\n- {chartName: d, helmHome: i}\n",
    )
    .unwrap();
    let noted: Vec<_> = k.deprecated.iter().map(|d| (d.value, place(&d.mark))).collect();
    let expected = [
        ("bases", "6:1"),
        ("commonLabels", "5:1"),
        ("imageTags", "4:1"),
        ("patchesJson6902", "3:1"),
        ("patchesStrategicMerge", "2:1"),
        ("vars", "1:1"),
    ];
    assert_eq!(noted, expected.map(|(name, at)| (name, at.to_owned())));
    assert_eq!(values(&k.resources), ["a", "b"]);
    assert_eq!(k.images.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(values(&k.config_map_generator[0].envs), ["f", "e"]);
    assert_eq!(k.helm_charts.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!(k.helm_charts[0].values_file.as_ref().unwrap().value, "v");
    let globals = k.helm_globals.unwrap();
    assert_eq!((globals.chart_home.as_str(), globals.config_home.as_str()), ("h", "i"));
    assert!(parse("bases:\ncommonLabels: ~\nnamePrefix: a").unwrap().deprecated.is_empty());
}

#[test]
fn defaults_of_vars_and_replacements_are_filled_in() {
    let k = parse(
        "vars:\n- name: A\n  objref: {apiVersion: apps/v1, kind: Deployment, name: d}\n- name: B\n  objref: {apiVersion: v1}\n\
         \x20 fieldref: {fieldPath: a.b}\nreplacements:\n- source: {kind: ConfigMap}\n  targets:\n  - select: {kind: Pod}\n\
         \x20 - fieldPaths: [x]\n    options: {index: 1.0, delimiter: '-', create: yes}\n- path: r.yaml\n",
    )
    .unwrap();
    assert_eq!(k.vars[0].objref.gvk, crate::kube::Gvk::new("apps/v1", "Deployment"));
    assert_eq!(k.vars[0].field_path, "metadata.name");
    assert_eq!((k.vars[1].objref.gvk.version.as_str(), k.vars[1].field_path.as_str()), ("v1", "a.b"));
    let replacement = &k.replacements[0].replacement;
    assert_eq!(replacement.source.as_ref().unwrap().field_path, "metadata.name");
    assert_eq!(values(&replacement.targets[0].field_paths), ["metadata.name"]);
    assert!(replacement.targets[1].select.is_none());
    let options = replacement.targets[1].options.as_ref().unwrap();
    assert_eq!((options.index, options.create), (1, true));
    assert_eq!(k.replacements[1].path.as_ref().unwrap().value, "r.yaml");
}

#[test]
fn anchors_and_merge_keys_work() {
    let k = parse("commonLabels: &l {a: x}\ncommonAnnotations:\n  <<: *l\n  b: z\nresources: [&r a, *r]")
        .unwrap();
    assert_eq!(k.common_annotations.len(), 2);
    assert_eq!(values(&k.resources), ["a", "a"]);
}

#[test]
fn other_files_turn_numbers_into_texts() {
    for (written, dialect_2, dialect_3) in [
        ("12", "12", "12"),
        ("010", "8", "8"),
        ("0x10", "16", "16"),
        ("1.50", "1.5", "1.5"),
        ("1e3", "1000", "1000"),
        ("1e6", "1e+06", "1000000"),
        ("123456789.125", "1.2345679e+08", "1.2345679e+08"),
        ("yes", "true", "yes"),
        ("true", "true", "true"),
        ("2001-01-01", "2001-01-01", "2001-01-01T00:00:00Z"),
        ("~", "", ""),
        ("'1'", "1", "1"),
    ] {
        let source = Source::new("t.yaml", format!("name: {written}\nunknown: 1\n"));
        let old = Arc::new(split::read_v2(&source).unwrap().unwrap());
        let new = Arc::new(split::read_all(&source).unwrap().remove(0));
        for (doc, rules, expected) in [(old, Rules::REPLACEMENTS, dialect_2), (new, Rules::PLUGIN, dialect_3)]
        {
            let image = entries::image(Decoder::new(&doc, rules).unwrap(), doc.root()).unwrap();
            assert_eq!(image.name, expected, "{written} {rules:?}");
        }
    }
}

#[test]
fn replacement_files_hold_one_or_several() {
    for (text, count) in
        [("source: {name: 1}", 1), ("- source: {kind: a}\n- targets: []\n  other: 1", 2), ("[]", 0)]
    {
        assert_eq!(read_replacements_file(&doc(text).1.unwrap()).unwrap().len(), count, "{text}");
    }
    assert!(read_replacements_file(&doc("text").1.unwrap()).is_err());
}

#[test]
fn configurations_are_strict_and_turn_numbers_into_texts() {
    let config = |text: &str| {
        let doc = doc(text).1.unwrap();
        let d = Decoder::new(&doc, Rules::CONFIGURATION).map_err(|e| e.to_string())?;
        entries::transformer_config(d, doc.root()).map_err(|e| e.to_string())
    };
    let read = config(
        "namePrefix: [{path: 1, create: yes}]\nnameReference:\n- kind: A\n  fieldSpecs: [{path: b}]\n",
    )
    .unwrap();
    assert_eq!((read.name_prefix[0].path.as_str(), read.name_prefix[0].create), ("1", true));
    assert_eq!(read.name_reference[0].referrers[0].path, "b");
    assert!(config("images: []\nimages: []").is_err());
    assert!(config("namePrefix: [{paths: a}]").is_err());
}
