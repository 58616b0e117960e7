//! Tables for the transformers: YAML in, YAML out.

use super::*;
use crate::compat::Compat;
use crate::diag::{Code, Error, Findings, Result};
use crate::kube::{FieldSpec, Gvk, TransformerConfig};
use crate::kustomization::types::{Image, Label, Pairs, Replica, SortOptions, Text};
use crate::resource::{ResMap, Resource};
use crate::yaml::{self, Dialect, Mark, Source};

fn mark() -> Mark {
    Mark { source: Source::new("kustomization.yaml", String::new()), offset: 0 }
}

fn text(value: &str) -> Text {
    Text { value: value.into(), mark: mark() }
}

fn pairs(all: &[(&str, &str)]) -> Pairs {
    all.iter().map(|(k, v)| (text(k), text(v))).collect()
}

fn load(input: &str) -> ResMap {
    let mut resources = ResMap::new();
    for piece in input.split("---\n") {
        let source = Source::new("r.yaml", piece.to_owned());
        if let Ok(Some(doc)) = yaml::parse::parse(&source, 0..piece.len(), Dialect::V3) {
            resources.push(Resource::new(doc));
        }
    }
    resources
}

fn show(resources: &ResMap) -> String {
    let mut out = Vec::new();
    for res in resources.iter() {
        if !out.is_empty() {
            out.extend_from_slice(b"---\n");
        }
        if let Err(e) = yaml::print(res.doc(), res.root(), &mut out) {
            out.extend_from_slice(format!("error: {e}\n").as_bytes());
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a step makes of objects, or its error.
fn after(input: &str, step: impl FnOnce(&mut ResMap) -> Result<()>) -> String {
    let mut resources = load(input);
    match step(&mut resources) {
        Ok(()) => show(&resources),
        Err(e) => format!("error: {}", e.message()),
    }
}

/// What entries of `images` make of the input.
fn after_images(input: &str, entries: &[Image]) -> String {
    after(input, |m| images::apply_all(m, entries, &config().images, Compat::DEFAULT, &Findings::default()))
}

fn spec(kind: &str, path: &str, create: bool) -> FieldSpec {
    FieldSpec { gvk: Gvk::new("", kind), path: path.into(), create }
}

fn config() -> &'static TransformerConfig {
    TransformerConfig::built_in(Compat::DEFAULT)
}

fn image(name: &str, new_name: &str, new_tag: &str, digest: &str, tag_suffix: &str) -> Image {
    Image {
        mark: mark(),
        name: name.into(),
        new_name: new_name.into(),
        tag_suffix: tag_suffix.into(),
        new_tag: new_tag.into(),
        digest: digest.into(),
    }
}

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  selector:\n    \
                          matchLabels:\n      app: d\n  template:\n    metadata:\n      labels:\n        app: d\n";

fn namespace_step(name: &'static str) -> impl FnOnce(&mut ResMap) -> Result<()> {
    move |m| namespace::apply(m, &text(name), &config().namespace, namespace::Options::default())
}

#[test]
fn a_namespace_is_text_and_keeps_the_style_that_was_there() {
    let table = [
        ("metadata: {name: a}", "metadata:\n  name: a\n  namespace: \"0755\"\n"),
        ("metadata: {name: a, namespace: x}", "metadata:\n  name: a\n  namespace: \"0755\"\n"),
        ("metadata: {name: a, namespace: null}", "metadata:\n  name: a\n  namespace: \"0755\"\n"),
        ("metadata: {name: a, namespace: \"\"}", "metadata:\n  name: a\n  namespace: \"0755\"\n"),
    ];
    for (input, output) in table {
        let head = "apiVersion: v1\nkind: ConfigMap\n";
        assert_eq!(after(&format!("{head}{input}\n"), namespace_step("0755")), format!("{head}{output}"));
    }
    let broken = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: {x: y}}\n";
    assert_eq!(after(broken, namespace_step("n")), "error: expected a scalar, found a mapping");
}

#[test]
fn only_core_namespaces_are_renamed_and_cluster_objects_stay() {
    let head = |api: &str, kind: &str| format!("apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: a\n");
    let table = [
        (head("v1", "Namespace"), "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns\n".to_owned()),
        (head("ex.dev/v1", "Namespace"), head("ex.dev/v1", "Namespace") + "  namespace: ns\n"),
        (head("v1", "PersistentVolume"), head("v1", "PersistentVolume")),
    ];
    for (input, output) in table {
        assert_eq!(after(&input, namespace_step("ns")), output);
    }
}

#[test]
fn subjects_of_bindings_follow_the_mode() {
    let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: b\n";
    let input = format!(
        "{head}subjects:\n- kind: User\n  name: default\n- kind: ServiceAccount\n  name: x\n  namespace: old\n- null\n"
    );
    for (mode, user, account) in [
        (namespace::Subjects::DefaultOnly, "\n  namespace: ns", "old"),
        (namespace::Subjects::AllServiceAccounts, "", "ns"),
        (namespace::Subjects::None, "", "old"),
    ] {
        let options = namespace::Options { subjects: mode, unset_only: false };
        let result = after(&input, |m| namespace::apply(m, &text("ns"), &config().namespace, options));
        let subjects = format!(
            "subjects:\n- kind: User\n  name: default{user}\n- kind: ServiceAccount\n  name: x\n  namespace: {account}\n- null\n"
        );
        assert_eq!(result, format!("{head}{subjects}"));
    }
}

#[test]
fn objects_that_meet_in_a_namespace_are_both_named() {
    let one = |ns: &str| format!("{CONFIG_MAP}  namespace: {ns}\n");
    let result = after(&format!("{}---\n{}", one("a"), one("b")), namespace_step("b"));
    assert_eq!(
        result,
        "error: namespace transformation produces ID conflict: `ConfigMap.v1.[noGrp]/c.a` and \
         `ConfigMap.v1.[noGrp]/c.b` both become `ConfigMap.v1.[noGrp]/c.b`"
    );
}

#[test]
fn every_object_remembers_its_id_before_the_namespace() {
    let mut resources =
        load(&format!("{CONFIG_MAP}---\napiVersion: v1\nkind: Node\nmetadata: {{name: c}}\n"));
    assert!(namespace_step("n")(&mut resources).is_ok());
    let known: Vec<String> =
        resources.iter().map(|r| format!("{} {}", r.previous.len(), r.original_id().namespace)).collect();
    assert_eq!(known, ["1 default", "1 _non_namespaceable_"]);
}

#[test]
fn affixes_are_resolved_anew_where_the_name_is_bare() {
    let table = [("7", "e5", "700000"), ("\"7\"", "e5", "\"7e5\""), ("web", "-x", "web-x")];
    for (name, suffix, output) in table {
        let input = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
        let result =
            after(&input, |m| name_affix::apply(m, name_affix::Side::Suffix, suffix, &config().name_suffix));
        assert_eq!(result, format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {output}\n"));
    }
}

#[test]
fn affixes_are_recorded_and_some_kinds_skipped() {
    let input = format!(
        "{CONFIG_MAP}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n\
         apiVersion: other/v1\nkind: APIService\nmetadata: {{name: s}}\n"
    );
    let mut resources = load(&input);
    let done = name_affix::apply(&mut resources, name_affix::Side::Prefix, "a,b-", &config().name_prefix);
    assert!(done.is_ok());
    let known: Vec<_> =
        resources.iter().map(|r| (r.name().to_owned(), r.prefixes.join("|"), r.previous.len())).collect();
    let want = [("a,b-c", "a|b-", 1), ("n", "", 0), ("a,b-s", "a|b-", 1)];
    assert_eq!(known, want.map(|(n, p, c)| (n.to_owned(), p.to_owned(), c)));
}

#[test]
fn labels_go_where_the_entry_says() {
    let table = [
        (false, false, ["", "", "\n        a: b"]),
        (false, true, ["", "", ""]),
        (true, false, ["", "", ""]),
    ];
    let counts: Vec<usize> = table
        .iter()
        .map(|(selectors, templates, _)| {
            let entry = Label {
                mark: mark(),
                pairs: pairs(&[("a", "b")]),
                include_selectors: *selectors,
                include_templates: *templates,
                include_volume_claim_templates: None,
                fields: vec![],
            };
            let result =
                after(DEPLOYMENT, |m| labels::apply(m, &entry.pairs, &labels::specs_of(&entry, config())?));
            result.matches("a: b").count()
        })
        .collect();
    assert_eq!(counts, [1, 2, 3]);
}

#[test]
fn a_new_label_is_one_value_in_all_places() {
    let mut resources = load(DEPLOYMENT);
    let common =
        |m: &mut ResMap, all: &[(&str, &str)]| labels::apply(m, &pairs(all), &config().common_labels);
    assert!(common(&mut resources, &[("team", "old"), ("app", "e")]).is_ok());
    let plain = [spec("", "metadata/labels", true)];
    assert!(labels::apply(&mut resources, &pairs(&[("team", "new"), ("app", "f")]), &plain).is_ok());
    assert_eq!(
        show(&resources),
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    app: f\n    team: new\n  name: d\nspec:\n  \
         selector:\n    matchLabels:\n      app: e\n      team: new\n  template:\n    metadata:\n      labels:\n        \
         app: e\n        team: new\n"
    );
}

#[test]
fn a_label_is_text_and_its_key_must_be_one() {
    let specs = [spec("", "metadata/labels", true)];
    let result = after(CONFIG_MAP, |m| labels::apply(m, &pairs(&[("v", "1.0"), ("w", "yes")]), &specs));
    assert!(result.contains("    v: \"1.0\"\n    w: \"yes\"\n"), "{result}");
    let result = after(CONFIG_MAP, |m| labels::apply(m, &pairs(&[("1", "x")]), &specs));
    assert!(result.contains("    \"1\": x\n"), "{result}");
    let result = after(CONFIG_MAP, |m| labels::apply(m, &pairs(&[("1.5", "x")]), &specs));
    assert!(result.starts_with("error"), "{result}");
    let result = after(CONFIG_MAP, |m| labels::apply(m, &pairs(&[("", "x")]), &specs));
    assert!(result.starts_with("error"), "{result}");
    let list = format!("{CONFIG_MAP}  labels: [a]\n");
    assert_eq!(
        after(&list, |m| labels::apply(m, &pairs(&[("a", "b")]), &specs)),
        "error: expected a mapping, found a list"
    );
}

#[test]
fn rows_that_lead_nowhere_leave_the_document_shared() {
    let mut resources = load(CONFIG_MAP);
    let twin: Vec<Resource> = resources.iter().cloned().collect();
    let specs = [spec("", "spec/selector/matchLabels", false)];
    assert!(labels::apply(&mut resources, &pairs(&[("a", "b")]), &specs).is_ok());
    let entries = [image("none", "", "1", "", "")];
    assert!(
        images::apply_all(&mut resources, &entries, &config().images, Compat::DEFAULT, &Findings::default())
            .is_ok()
    );
    for (a, b) in resources.iter().zip(&twin) {
        assert!(std::ptr::eq(a.doc(), b.doc()));
    }
}

#[test]
fn images_are_matched_taken_apart_and_put_together() {
    let table: &[(&str, &[&str; 5], &str)] = &[
        ("nginx:1", &["nginx", "", "2", "", ""], "nginx:2"),
        ("nginx@sha256:ab", &["nginx", "", "2", "", ""], "nginx:2"),
        ("nginx:1@sha256:ab", &["nginx", "o", "", "", ""], "o:1@sha256:ab"),
        ("nginx:1@sha256:ab", &["nginx", "o", "", "x:y", ""], "o@x:y"),
        ("nginx:1", &["nginx", "", "2", "x:y", ""], "nginx:2@x:y"),
        ("nginx:", &["nginx", "", "", "", ""], "nginx"),
        ("r:80/nginx:1", &["nginx", "", "2", "", ""], "r:80/nginx:1"),
        ("r:80/nginx:1", &["r:80/nginx", "", "2", "", ""], "r:80/nginx:2"),
        ("r:80/nginx", &["r:80/nginx", "", "", "", "-x"], "r:80/nginx:-x"),
        ("nginx:1/x", &["nginx", "", "2", "", ""], "nginx:1/x"),
        ("nginx:1:2", &["nginx", "", "2", "", ""], "nginx:1:2"),
        ("nginx@md5:ab", &["nginx", "", "2", "", ""], "nginx:2"),
        ("nginx@a++b:ab", &["nginx", "", "2", "", ""], "nginx@a++b:ab"),
        ("nginx:1.2", &["nginx:1.2", "", "z", "", ""], "nginx:z"),
        ("ngXinx", &["ng.inx", "", "2", "", ""], "ngXinx:2"),
        ("ngéinx", &["ng.inx", "", "2", "", ""], "ngéinx:2"),
        ("a-b/nginx", &["a.b/nginx", "", "2", "", ""], "a-b/nginx:2"),
        ("a/nginx:1", &["(a/)?nginx", "", "2", "", ""], "a/nginx:2"),
        ("NGINX", &["(?i)nginx", "", "2", "", ""], "NGINX:2"),
        ("xnginx", &["a|nginx", "", "2", "", ""], "xnginx:2"),
        ("{V}/x", &["{V}/x", "y", "", "", ""], "y"),
    ];
    for (from, [name, new_name, tag, digest, suffix], to) in table {
        let input = format!(
            "apiVersion: v1\nkind: X\nmetadata:\n  name: x\nrun:\n  containers:\n  - image: '{from}'\n"
        );
        let entries = [image(name, new_name, tag, digest, suffix)];
        let result = after_images(&input, &entries);
        let line = result.lines().find(|l| l.contains("image:")).map(|l| l.replace("  - image: ", ""));
        assert_eq!(line.map(|l| l.replace(['"', '\''], "")).as_deref(), Some(*to), "{name} on {from}");
    }
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n";

#[test]
fn images_that_two_passes_reach_are_written_twice_by_each_entry() {
    let entries = [
        image("web", "", "", "", "-a"),
        image(".*base", "x/base", "", "", "-b"),
        image("web:1-a-a", "end", "9", "", ""),
    ];
    let input = format!("{POD}  - image: web:1\n  - image: my/base:2\n  - image: base\n");
    let result = after_images(&input, &entries);
    assert_eq!(result, format!("{POD}  - image: end:9\n  - image: x/base:2-b-b\n  - image: x/base:-b-b\n"));
}

#[test]
fn entries_run_in_their_order_whatever_their_form() {
    let entries = [
        image("a", "b", "", "", ""),
        image("c", "never", "", "", ""),
        image("b+", "c.d", "", "", ""),
        image("c.d", "e", "1", "", ""),
        image("a", "again", "", "", ""),
        image("reg.io/x", "f", "", "", ""),
        image("f", "g", "", "", ""),
    ];
    let findings = Findings::default();
    let input = format!("{POD}  - image: a\n  - image: reg.io/x:3\n");
    let result =
        after(&input, |m| images::apply_all(m, &entries, &config().images, Compat::DEFAULT, &findings));
    assert_eq!(result, format!("{POD}  - image: e:1\n  - image: g:3\n"));
    let found: Vec<_> = findings.take().into_iter().map(|f| (f.code, f.message)).collect();
    let want =
        ["no image matches `c`", "no image matches `a`"].map(|m| (Code::EntryChangesNothing, m.to_owned()));
    assert_eq!(found, want);
}

#[test]
fn images_may_be_null_and_must_not_be_mappings() {
    let entries = [image("web", "", "2", "", "")];
    let run = |input: &str| after_images(input, &entries);
    let head = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n";
    assert_eq!(
        run(&format!("{head}  containers: [{{image: null}}, {{image: web}}]\n  initContainers: null\n")),
        format!("{head}  containers:\n  - image: null\n  - image: web:2\n  initContainers: []\n")
    );
    let message = "error: expected a scalar, found a mapping";
    assert_eq!(run(&format!("{head}  containers: [{{image: {{a: b}}}}]\n")), message);
    assert_eq!(run(&format!("{head}  containers: [a]\n")), "error: expected a container, found `a`");
}

#[test]
fn a_bad_pattern_is_an_error_only_where_there_is_an_image() {
    let entries = [image("(", "", "2", "", "")];
    let run = |input: &str, compat| {
        after(input, |m| images::apply_all(m, &entries, &config().images, compat, &Findings::default()))
    };
    let pod = format!("{POD}  - image: x\n");
    assert_eq!(run(CONFIG_MAP, Compat::V5_8_1), CONFIG_MAP);
    assert!(run(&pod, Compat::V5_8_1).starts_with("error: invalid regular expression `"));
    assert_eq!(run(&pod, Compat::V5_8_2), pod);
}

fn replica(name: &str, count: i64) -> Replica {
    Replica { mark: mark(), name: name.into(), count }
}

#[test]
fn replicas_are_numbers_but_quotes_stay() {
    let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n";
    for (spec, output) in [
        ("spec: {replicas: \"2\"}\n", "spec:\n  replicas: \"4\"\n"),
        ("spec: {replicas: null}\n", "spec:\n  replicas: 4\n"),
        ("spec: null\n", "spec:\n  replicas: 4\n"),
        ("", "spec:\n  replicas: 4\n"),
    ] {
        let result = after(&format!("{head}{spec}"), |m| {
            replicas::apply_all(m, &[replica("a", 4)], &config().replicas, &Findings::default())
        });
        assert_eq!(result, format!("{head}{output}"), "{spec}");
    }
}

#[test]
fn replicas_are_found_by_any_name_and_have_to_be_found() {
    let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ";
    for (name, found) in [("web", true), ("a-web", true), ("b", false)] {
        let result = after(&format!("{head}web\n"), |m| {
            name_affix::apply(m, name_affix::Side::Prefix, "a-", &config().name_prefix)?;
            replicas::apply_all(m, &[replica(name, 4)], &config().replicas, &Findings::default())
        });
        let want = "error: resource with name b does not match a config with the following GVK \
                    [Deployment.[noVer].[noGrp] StatefulSet.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] \
                    ReplicationController.[noVer].[noGrp]]";
        let done = format!("{head}a-web\nspec:\n  replicas: 4\n");
        if found {
            assert_eq!(result, done);
        } else {
            assert!(result.starts_with("error: expected an object called `b` of kind "), "{result} {want}");
        }
    }
}

#[test]
fn hashes_are_those_of_kustomize() {
    let table = [
        ("kind: ConfigMap\nmetadata: {name: c}\n", "6ct58987ht"),
        ("kind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n", "4h2mbtbbt6"),
        ("kind: Secret\nmetadata: {name: c}\ntype: Opaque\ndata: {}\n", "46f8b28mk5"),
        ("kind: Secret\nmetadata: {name: c}\ntype: Opaque\ndata: {a: Yg==}\n", "k695gkmbtk"),
        ("kind: Secret\nmetadata: {name: c}\ntype: Opaque\n", "8226t8dd99"),
        ("kind: ConfigMap\nmetadata: {name: c}\ndata: {M: \"3\", a: \"2\", z: \"1\"}\n", "hk69d6m22m"),
        ("kind: ConfigMap\nmetadata: {name: c}\ndata: {k: <>&}\n", "6ghhmcbdd4"),
        ("kind: ConfigMap\nmetadata: {name: c}\ndata: {k: \"\\a\"}\n", "hdb944747f"),
        ("kind: ConfigMap\nmetadata: {name: c}\ndata: {k: '\\n'}\n", "84h7mc89t9"),
        (
            "kind: ConfigMap\nmetadata: {name: c}\ndata: {n: 1, f: 1.0, big: 12345678901234567890, t: true, \
             z: null, o: {b: 1, a: [1, \"2\"]}}\n",
            "gb9hf924hk",
        ),
    ];
    for (input, hash) in table {
        let resources = load(&format!("apiVersion: v1\n{input}"));
        let found: Vec<String> =
            resources.iter().filter_map(|r| hash::suffix(r.doc(), r.root()).ok()).collect();
        assert_eq!(found, [hash], "{input}");
    }
}

#[test]
fn a_hash_goes_to_the_name_of_what_asks_for_it() {
    let mut resources =
        load(&format!("{CONFIG_MAP}data:\n  a: b\n---\napiVersion: v1\nkind: X\nmetadata: {{name: x}}\n"));
    let asks = resources.edit(0, |r| {
        r.needs_hash = true;
        Ok(())
    });
    assert!(asks.and_then(|()| hash::apply(&mut resources)).is_ok());
    let names: Vec<_> = resources.iter().map(|r| (r.name(), r.previous.len())).collect();
    assert_eq!(names, [("c-4h2mbtbbt6", 1), ("x", 0)]);
}

fn order_of(input: &[(&str, &str, &str, &str)], options: Option<&SortOptions>) -> Result<Vec<usize>, Error> {
    let docs: Vec<String> = input
        .iter()
        .map(|(api, kind, ns, name)| {
            let ns = if ns.is_empty() { String::new() } else { format!(", namespace: {ns}") };
            format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}{ns}}}\n")
        })
        .collect();
    let mut resources = load(&docs.join("---\n"));
    let before: Vec<_> = resources.iter().map(|r| r.id().clone()).collect();
    sort::apply(&mut resources, options, true)?;
    Ok(resources.iter().filter_map(|r| before.iter().position(|id| id == r.id())).collect())
}

#[test]
fn the_order_is_by_rank_type_namespace_and_name() {
    let input = [
        ("v1", "Widget", "", "w"),
        ("ex.dev/v1", "Widget", "", "w"),
        ("v1", "Secret", "", "s"),
        ("v1", "Secret", "a-b", "s"),
        ("v1", "Secret", "a", "s"),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", "v"),
        ("ex.dev/v1", "Namespace", "", "n"),
        ("v1", "Namespace", "", "n"),
        ("abc/v1", "Namespace", "", "n"),
    ];
    assert_eq!(order_of(&input, None).ok(), Some(vec![7, 8, 6, 3, 4, 2, 1, 0, 5]));
}

#[test]
fn lists_of_kinds_may_be_given_and_the_last_place_counts() {
    let input =
        [("v1", "Pod", "", "p"), ("v1", "Secret", "", "s"), ("v1", "Widget", "", "w"), ("v1", "A", "", "a")];
    let mut options = SortOptions { mark: mark(), order: "legacy".into(), legacy: None };
    let lists = |first: &[&str], last: &[&str]| {
        Some((first.iter().map(|s| s.to_string()).collect(), last.iter().map(|s| s.to_string()).collect()))
    };
    options.legacy = lists(&["Widget", "Secret", "Pod", "Widget"], &["Secret"]);
    assert_eq!(order_of(&input, Some(&options)).ok(), Some(vec![0, 2, 3, 1]));
    options.legacy = lists(&[], &[]);
    assert_eq!(order_of(&input, Some(&options)).ok(), Some(vec![3, 0, 1, 2]));
    options.order = "fifo".into();
    assert!(order_of(&input, Some(&options)).is_err());
    options.legacy = None;
    assert_eq!(order_of(&input, Some(&options)).ok(), Some(vec![0, 1, 2, 3]));
    options.order = String::new();
    assert!(order_of(&input, Some(&options)).is_err());
}

#[test]
fn values_are_added_to_fields_and_paths() {
    let table = [
        ("data/k", 0, "data:\n  k: v\n"),
        ("data/list/0", 0, ""),
        ("data/path", 2, "data:\n  path: a/v/b\n"),
        (r"data/a\/b", 0, "data:\n  a/b: v\n"),
    ];
    for (path, position, output) in table {
        let data = if position > 0 { "data:\n  path: a/b\n" } else { "" };
        let input = format!("apiVersion: v1\n{data}kind: X\nmetadata:\n  name: x\n");
        let target = value_add::Target { field_path: path.into(), file_path_position: position };
        let result = after(&input, |m| value_add::apply(m, &[0], &text("v"), &target));
        let want = if output.is_empty() { "data:\n  list: []\n" } else { output };
        assert_eq!(result, format!("apiVersion: v1\n{want}kind: X\nmetadata:\n  name: x\n"), "{path}");
    }
}
