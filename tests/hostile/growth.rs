//! Inputs that grow.

use super::{Input, config_map, lines};

const PATCHED: &str = "resources: [a.yaml]\npatches:\n";

/// The limit that is reached is named with the flag that raises it.
const FLAG: &str = "--limit ";

#[test]
fn aliases_of_a_long_string() {
    let input = Input::new();
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\nx: &a {}\ny:\n{}",
        "x".repeat(100_000),
        lines(40_000, |_| "- *a".to_owned())
    );
    input.put("kustomization.yaml", "resources: [a.yaml]\n").put("a.yaml", text).build().refused(FLAG);
}

#[test]
fn copies_of_a_list_into_itself() {
    let input = Input::new();
    let operations = lines(40, |i| format!("- {{op: copy, from: /data, path: /data/k{i}}}"));
    input.put("kustomization.yaml", format!("{PATCHED}- path: p.yaml\n  target: {{kind: ConfigMap}}\n"));
    input.put("a.yaml", config_map("a", &"x".repeat(3000))).put("p.yaml", operations).build().refused(FLAG);
}

#[test]
fn patches_that_each_copy_once() {
    let input = Input::new();
    let one = "- {target: {kind: ConfigMap}, patch: '[{\"op\": \"copy\", \"from\": \"/x\", \"path\": \"/x/-\"}]'}\n";
    let object = config_map("a", "b") + "x: [aaaaaaaaaaaaaaaa, b]\n";
    let patches = format!("{PATCHED}{}", one.repeat(40));
    input.put("kustomization.yaml", patches).put("a.yaml", object).build().refused(FLAG);
}

#[test]
fn patches_that_deepen_an_object() {
    let input = Input::new();
    let nested = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let bottom = "/0".repeat(4999);
    let patch = format!(
        "[{{\"op\": \"move\", \"from\": \"/x\", \"path\": \"/y\"}}, {{\"op\": \"add\", \"path\": \"/x\", \"value\": {nested}}}, \
         {{\"op\": \"move\", \"from\": \"/y\", \"path\": \"/x{bottom}/-\"}}]"
    );
    input.put("p.json", patch).put("a.yaml", config_map("a", "b") + "x: []\n");
    let entries = "- {path: p.json, target: {kind: ConfigMap}}\n".repeat(100);
    input.put("kustomization.yaml", format!("{PATCHED}{entries}")).build().refused("levels of nesting");
}

#[test]
fn a_field_spec_deeper_than_documents_may_be() {
    let input = Input::new();
    let path = "a/".repeat(200_000) + "a";
    input.put("a.yaml", config_map("a", "b")).put(
        "kustomization.yaml",
        format!(
            "resources: [a.yaml]\nlabels:\n- pairs: {{a: b}}\n  fields:\n  - {{path: {path}, create: true}}\n"
        ),
    );
    input.build().refused("levels of nesting");
}

#[test]
fn replacements_of_a_field_by_itself() {
    let input = Input::new();
    let one = "- source: {kind: ConfigMap, fieldPath: data.a}\n  targets:\n  - select: {kind: ConfigMap}\n    \
               fieldPaths: [data.a]\n    options: {delimiter: x, index: 1000000}\n";
    input.put("kustomization.yaml", format!("resources: [a.yaml]\nreplacements:\n{}", one.repeat(60)));
    input.put("a.yaml", config_map("a", &"x".repeat(2000))).build().refused(FLAG);
}

#[test]
fn short_patterns_that_compile_to_much() {
    let input = Input::new();
    let patches = lines(200, |i| {
        format!(
            "- {{target: {{name: '{i}[\\pL\\pN]{{1000}}'}}, patch: '[{{\"op\": \"remove\", \"path\": \"/data\"}}]'}}"
        )
    });
    input.put("kustomization.yaml", format!("{PATCHED}{patches}")).put("a.yaml", config_map("a", "b"));
    input.build().refused("expression too large");
}

#[test]
fn a_variable_in_many_places() {
    let input = Input::new();
    let vars = "vars: [{name: V, objref: {kind: ConfigMap, name: a, apiVersion: v1}, fieldref: {fieldpath: data.a}}]\n";
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    args:\n{}",
        lines(30_000, |_| "    - $(V)".to_owned())
    );
    input.put("kustomization.yaml", format!("resources: [a.yaml, p.yaml]\n{vars}")).put("p.yaml", pod);
    input.put("a.yaml", config_map("a", &"x".repeat(100_000))).build().refused(FLAG);
}

#[test]
fn one_file_for_many_generators() {
    let input = Input::new();
    let files = (0..100).map(|i| format!("k{i}=big")).collect::<Vec<_>>().join(", ");
    let generators = lines(100, |i| format!("- {{name: c{i}, files: [{files}]}}"));
    input
        .put("big", "x".repeat(1_000_000))
        .put("kustomization.yaml", format!("configMapGenerator:\n{generators}"));
    input.build().refused(FLAG);
}

#[test]
fn long_prefixes_in_many_layers() {
    let input = Input::new();
    let prefix = "x".repeat(5000);
    for layer in 0..180 {
        let base = if layer == 0 { "a.yaml".to_owned() } else { format!("../l{}", layer - 1) };
        input.put(
            &format!("l{layer}/kustomization.yaml"),
            format!("resources: ['{base}']\nnamePrefix: {prefix}\n"),
        );
    }
    let objects = (0..50).map(|i| config_map(&format!("a{i}"), "b")).collect::<Vec<_>>().join("---\n");
    input.put("l0/a.yaml", objects).put("kustomization.yaml", "resources: [l179]\n");
    let ended = input.build();
    ended.within_limits();
    assert!(ended.code == Some(1) || ended.code == Some(0), "{}", ended.stderr);
}

#[test]
fn components_that_each_name_two() {
    let input = Input::new();
    let head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    for i in 0..15 {
        for side in ["a", "b"] {
            let next = if i == 14 {
                format!("namePrefix: {}\n", "x".repeat(2000))
            } else {
                format!("components: [../a{0}, ../b{0}]\n", i + 1)
            };
            input.put(&format!("{side}{i}/kustomization.yaml"), format!("{head}{next}"));
        }
    }
    input.put("a.yaml", config_map("a", "b"));
    let ended = input.put("kustomization.yaml", "resources: [a.yaml]\ncomponents: [a0]\n").build();
    ended.refused(FLAG);
}

#[test]
fn directories_that_each_name_two() {
    let input = Input::new();
    for i in 0..26 {
        for side in ["a", "b"] {
            let next = if i == 25 { "[]".to_owned() } else { format!("[../a{0}, ../b{0}]", i + 1) };
            input
                .put(&format!("{side}{i}/kustomization.yaml"), format!("resources: {next}\nnamePrefix: x\n"));
        }
    }
    input.put("kustomization.yaml", "resources: [a0]\n").build().refused("--limit directories=");
}

#[test]
fn a_long_chain_of_directories() {
    let input = Input::new();
    for i in 0..3000 {
        let next = if i == 2999 { String::new() } else { format!("resources: [../d{}]\n", i + 1) };
        input.put(&format!("d{i}/kustomization.yaml"), format!("{next}namePrefix: x\n"));
    }
    input.put("kustomization.yaml", "resources: [d0]\n").build().refused("--limit directory-depth=");
}

#[test]
fn many_patches_for_many_objects() {
    let input = Input::new();
    let patches = "- {path: p.yaml, target: {kind: ConfigMap}}\n".repeat(2500);
    let objects = (0..2500).map(|i| config_map(&format!("a{i}"), "b")).collect::<Vec<_>>().join("---\n");
    input.put("kustomization.yaml", format!("{PATCHED}{patches}")).put("a.yaml", objects);
    input.put("p.yaml", config_map("a", "c")).build().refused("--limit work=");
}

#[test]
fn indentation_of_deep_maps() {
    let input = Input::new();
    let deep = |name: &str| {
        let nested = format!("{}b{}", "{a: ".repeat(9000), "}".repeat(9000));
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\nx: {nested}\n")
    };
    let objects = (0..12).map(|i| deep(&format!("a{i}"))).collect::<Vec<_>>().join("---\n");
    input.put("kustomization.yaml", "resources: [a.yaml]\n").put("a.yaml", objects).build().refused(FLAG);
    input.put("out/keep", "").run_in("", &["build", ".", "-o", "out"], &[]).refused(FLAG);
}

#[test]
fn indentation_of_many_lines_and_empty_collections() {
    let input = Input::new();
    for inside in [
        format!("\"{}\"", "a\\n".repeat(200_000)),
        format!("\"{}\"", "aaaaaaaa ".repeat(90_000)),
        format!("\"{}\"", "\\u2028a ".repeat(90_000)),
        format!("[{}]", "{},".repeat(200_000)),
        format!("[{}]", "a,".repeat(200_000)),
    ] {
        let nested = format!("{}{inside}{}", "{a: ".repeat(9000), "}".repeat(9000));
        let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\nx: {nested}\n");
        input.put("kustomization.yaml", "resources: [a.yaml]\n").put("a.yaml", object);
        input.build().refused("--limit text=");
    }
}

#[test]
fn a_long_image_name_and_a_long_literal_in_many_places() {
    let (input, long) = (Input::new(), "x".repeat(400_000));
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n".to_owned();
    input.put("a.yaml", pod + &"  - {name: a, image: x}\n".repeat(20_000));
    input.put("kustomization.yaml", format!("resources: [a.yaml]\nimages: [{{name: x, newName: {long}}}]\n"));
    input.build().refused("--limit text=");
    let literals = lines(9000, |i| format!("- {{name: c{i}, literals: [*l]}}"));
    let first = format!("configMapGenerator:\n- {{name: c, literals: [&l 'k={long}']}}\n");
    input.put("kustomization.yaml", first + &literals).build().refused("--limit memory=");
}

/// Two files of manifests that differ in each of twelve deep objects.
fn deep_sides(input: &Input) {
    for name in ["m", "n"] {
        let nested = format!("{}b{}", "{a: ".repeat(9000), "}".repeat(9000));
        let objects = (0..12).map(|i| config_map(&format!("{name}{i}"), "b") + &format!("x: {nested}\n"));
        input.put(&format!("{name}.yaml"), objects.collect::<Vec<_>>().join("---\n"));
    }
}

#[test]
fn a_unified_diff_of_deep_maps() {
    let input = Input::new();
    deep_sides(&input);
    let ended = input.run_in("", &["diff", "m.yaml", "n.yaml", "--format", "unified"], &[]);
    ended.within_limits();
    assert!(ended.code == Some(2) && ended.stdout.is_empty(), "{}", ended.stderr);
    assert!(ended.stderr.contains("`--limit memory="), "{}", ended.stderr);
}

#[test]
fn a_diff_of_long_strings_by_alias() {
    let input = Input::new();
    for side in ["m", "n"] {
        let text = format!("x: &a {side}{}\ny:\n{}", "x".repeat(100_000), "- *a\n".repeat(3000));
        input.put(&format!("{side}.yaml"), config_map("a", "b") + &text);
    }
    let ended = input.run_in("", &["diff", "m.yaml", "n.yaml", "--full"], &[]);
    ended.within_limits();
    assert!(ended.code == Some(2) && ended.stderr.contains("while comparing"), "{}", ended.stderr);
}

#[test]
fn roots_that_each_take_much() {
    let input = Input::new();
    let patches = "- {path: p.yaml, target: {kind: ConfigMap}}\n".repeat(400);
    let objects = (0..400).map(|i| config_map(&format!("a{i}"), "b")).collect::<Vec<_>>().join("---\n");
    for i in 0..24 {
        input.put(&format!("r{i}/kustomization.yaml"), format!("{PATCHED}{patches}"));
        input.put(&format!("r{i}/a.yaml"), &objects).put(&format!("r{i}/p.yaml"), config_map("a", "c"));
    }
    let ended = input.run_in("", &["build", "--all", ".", "-o", "out"], &[]);
    ended.within_limits();
    assert!(ended.code == Some(1) && ended.stderr.contains("--limit work="), "{}", ended.stderr);
}

#[test]
fn a_diff_of_values_far_below() {
    for (open, close) in [("{a: ", "}"), ("[", "]"), ("[{a: ", "}]")] {
        let input = Input::new();
        let levels = 9000 / close.len();
        for side in ["m", "n"] {
            let nested = format!("{}{side}{}", open.repeat(levels), close.repeat(levels));
            let objects = (0..4).map(|i| config_map(&format!("a{i}"), "b") + &format!("x: {nested}\n"));
            input.put(&format!("{side}.yaml"), objects.collect::<Vec<_>>().join("---\n"));
        }
        for format in ["text", "json", "markdown", "json-patch"] {
            let ended = input.run_in("", &["diff", "m.yaml", "n.yaml", "--full", "--format", format], &[]);
            ended.within_limits();
            assert!(matches!(ended.code, Some(1)), "{format}: {}", ended.stderr);
        }
    }
}

#[test]
fn aliases_in_many_files() {
    let letters = ["b", "c", "d", "e", "f", "g"];
    let first = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    let (_, laugh) = letters.iter().fold(("a", first), |(last, text), name| {
        let items = vec![format!("*{last}"); 10].join(", ");
        (name, format!("{text}{name}: &{name} [{items}]\n"))
    });
    let input = Input::new();
    let names = (0..40).map(|i| format!("d{i}")).collect::<Vec<_>>().join(", ");
    for i in 0..40 {
        input.put(&format!("d{i}/kustomization.yaml"), format!("resources: []\n{laugh}"));
        input.put(&format!("objects/a{i}.yaml"), config_map(&format!("a{i}"), "b") + &laugh);
    }
    let kustomization = format!("resources: [{names}]\n");
    input.put("kustomization.yaml", &kustomization);
    let objects = (0..40).map(|i| format!("a{i}.yaml")).collect::<Vec<_>>().join(", ");
    let vars = "vars: [{name: V, objref: {kind: ConfigMap, name: a0, apiVersion: v1}}]\n";
    input.put("vars/kustomization.yaml", format!("resources: [{objects}]\n{vars}"));
    for i in 0..40 {
        input.put(&format!("vars/a{i}.yaml"), config_map(&format!("a{i}"), "b") + &laugh);
    }
    for (directory, args) in [
        ("", &["build", "."][..]),
        ("", &["build", "--all", ".", "-o", "out"]),
        ("", &["localize", ".", "copy"]),
        ("", &["diff", "objects", "vars"]),
        ("objects", &["create", "--autodetect"]),
        ("vars", &["edit", "fix", "--vars"]),
    ] {
        let ended = input.run_in(directory, args, &[]);
        ended.within_limits();
        assert_ne!(ended.code, Some(0), "{args:?}");
        let said = ended.stderr.contains("--limit") || ended.stderr.contains("unknown field");
        assert!(said, "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn without_memory_nothing_is_printed() {
    let input = Input::new();
    input
        .put("kustomization.yaml", "resources: [a.yaml]\n")
        .put("a.yaml", config_map("a", &"x".repeat(1 << 20)));
    let script = "ulimit -v 100000; exec \"$0\" build .";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_kfm")]).current_dir(input.path(""));
    let done = shell.output().expect("a shell");
    assert!(!done.status.success() && done.stdout.is_empty());
}

#[test]
fn images_by_alias_and_many_operations_for_many_objects() {
    let input = Input::new();
    let containers = "  - {name: a, image: nginx}\n".repeat(200);
    let copies = vec!["*c"; 8000].join(", ");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: &c\n";
    input.put("pod.yaml", format!("{pod}{containers}  more: [{copies}]\n"));
    input.run_in("", &["images", "list", "pod.yaml"], &[]).refused("--limit memory=");
    let objects = (0..3000).map(|i| config_map(&format!("a{i}"), "b")).collect::<Vec<_>>().join("---\n");
    let operations = lines(100, |i| format!("- {{op: add, path: /data/k{i}, value: v}}"));
    let patches = "- {path: p.yaml, target: {kind: ConfigMap}}\n".repeat(300);
    input.put("a.yaml", objects).put("p.yaml", operations);
    input.put("kustomization.yaml", format!("{PATCHED}{patches}")).build().refused("--limit work=");
}
