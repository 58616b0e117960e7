use super::*;

fn config(kind: &str, fields: &str) -> Result<Builtin> {
    let text =
        format!("apiVersion: builtin\nkind: {kind}\nmetadata: {{name: n, namespace: space}}\n{fields}\n");
    let all = read::from_source(&Source::new("plugin.yaml", text))?;
    assert!(is_builtin(&all[0]));
    decode(&all[0])
}

#[test]
fn every_kind_is_read() {
    let specs = "fieldSpecs: [{path: a/b, kind: K, create: true}]";
    let table = [
        ("ConfigMapGenerator", "literals: [a=b]".to_owned(), "ConfigMap("),
        ("SecretGenerator", "type: x/y".into(), "Secret("),
        ("HelmChartInflationGenerator", "name: c\nchartHome: h\nversion: 1.50".into(), "Helm("),
        ("AnnotationsTransformer", format!("annotations: {{a: 1}}\n{specs}"), "Annotations(["),
        ("LabelTransformer", format!("labels: {{a: yes}}\n{specs}"), "Labels(["),
        ("NamespaceTransformer", specs.into(), "Namespace(Namespace { namespace: Marked { value: \"space\""),
        ("PrefixTransformer", format!("prefix: p-\n{specs}"), "Prefix(Marked { value: \"p-\""),
        ("SuffixTransformer", format!("suffix: -s\n{specs}"), "Suffix("),
        ("PrefixSuffixTransformer", format!("prefix: p-\nsuffix: -s\n{specs}"), "PrefixSuffix("),
        ("ImageTagTransformer", format!("imageTag: {{name: i, newTag: 1.0}}\n{specs}"), "Image(Image {"),
        ("ReplicaCountTransformer", format!("replica: {{name: r, count: 3}}\n{specs}"), "Replica("),
        ("PatchTransformer", "patch: '{}'\ntarget: {kind: X}".into(), "Patch("),
        ("PatchStrategicMergeTransformer", "patches: '{}'".into(), "PatchStrategicMerge([]"),
        ("PatchJson6902Transformer", "target: {name: x}\njsonOp: '[]'".into(), "PatchJson6902("),
        ("ReplacementTransformer", "replacements: []".into(), "Replacement([])"),
        ("ValueAddTransformer", "value: ' v '\ntargets: [{fieldPath: a/b}]".into(), "ValueAdd("),
        ("HashTransformer", "unknown: {x: y}".into(), "Hash"),
        (
            "IAMPolicyGenerator",
            "cloud: gke\nkubernetesService: {name: k}\nserviceAccount: {name: s, projectId: p}".into(),
            "IamPolicy(",
        ),
    ];
    assert_eq!(table.len(), KINDS.len());
    for (kind, fields, expected) in table {
        let found = config(kind, &fields).map(|b| format!("{b:?}")).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert!(found.starts_with(expected), "{kind}: {found}");
        assert_eq!(config(kind, &fields).unwrap().is_generator(), kind.ends_with("Generator"), "{kind}");
    }
}

#[test]
fn names_of_generators_may_stand_in_the_metadata() {
    let Ok(Builtin::ConfigMap(args)) = config("ConfigMapGenerator", "namespace: own") else { panic!() };
    assert_eq!((args.name.as_str(), args.namespace.as_str()), ("n", "own"));
    let Ok(Builtin::Secret(args)) = config("SecretGenerator", "name: other") else { panic!() };
    assert_eq!((args.name.as_str(), args.namespace.as_str()), ("other", "space"));
}

#[test]
fn texts_are_converted() {
    let Ok(Builtin::Image(image, specs)) =
        config("ImageTagTransformer", "imageTag: {name: i, newTag: 1.50, digest: 0x10}")
    else {
        panic!()
    };
    assert_eq!((image.new_tag.as_str(), image.digest.as_str()), ("1.5", "16"));
    assert!(specs.is_empty());
    let Ok(Builtin::ValueAdd(add)) =
        config("ValueAddTransformer", "value: ' v '\ntargets: [{fieldPath: a, selector: {kind: K}}]")
    else {
        panic!()
    };
    assert_eq!(add.value.value, "v");
    assert!(add.targets[0].selector.is_some());
}

#[test]
fn missing_parts_are_told() {
    let table = [
        ("PrefixTransformer", "prefix: p", "expected `fieldSpecs`"),
        ("PatchStrategicMergeTransformer", "", "expected `paths` or `patches`"),
        ("PatchJson6902Transformer", "jsonOp: '[]'", "expected a `target` with a `name`"),
        ("PatchJson6902Transformer", "target: {name: x}", "expected `path` or `jsonOp`"),
        ("ValueAddTransformer", "value: x", "expected at least one entry in `targets`"),
        ("ValueAddTransformer", "targets: [{}]", "expected a `fieldPath`"),
        ("IAMPolicyGenerator", "cloud: aws", "expected `gke` as `cloud`, found `aws`"),
        ("SortOrderTransformer", "", "there is no builtin plugin `SortOrderTransformer`"),
        ("LabelTransformer", "labels: [a]", "`labels` must be a mapping"),
    ];
    for (kind, fields, message) in table {
        let error = config(kind, fields).unwrap_err();
        assert!(error.message().contains(message), "{kind}: {error:?}");
        assert!(!error.labels().is_empty());
    }
}
