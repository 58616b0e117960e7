//! What holds for any two sides. The oracle is a plain comparison of JSON values.

use super::{Random, run};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const ROUNDS: u64 = 150;

/// A random set of objects: workloads with lists that have keys, lists that have none, sets, nulls.
fn objects(random: &mut Random) -> Vec<Value> {
    let mut all = BTreeMap::new();
    for _ in 0..1 + random.below(4) {
        let name = ["a", "b", "c", "d"][random.below(4)];
        let object = if random.below(2) == 0 { workload(random, name) } else { settings(random, name) };
        all.insert(id(&object), object);
    }
    all.into_values().collect()
}

fn workload(random: &mut Random, name: &str) -> Value {
    let mut names: Vec<&str> = ["x", "y", "z"].into_iter().filter(|_| random.below(3) > 0).collect();
    if random.below(2) == 0 {
        names.reverse();
    }
    let containers: Vec<Value> = names
        .into_iter()
        .map(|name| {
            let args: Vec<String> = (0..random.below(4)).map(|_| format!("--{}", random.below(3))).collect();
            json!({ "name": name, "image": format!("i:{}", random.below(2)), "args": args })
        })
        .collect();
    let mut labels = Map::new();
    for key in ["k", "l/m", "n~o"] {
        match random.below(4) {
            0 => drop(labels.insert(key.to_owned(), Value::Null)),
            1 | 2 => drop(labels.insert(key.to_owned(), json!(format!("v{}", random.below(2))))),
            _ => {}
        }
    }
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": "n", "labels": labels },
        "spec": { "replicas": random.below(3), "template": { "spec": { "containers": containers } } },
    })
}

fn settings(random: &mut Random, name: &str) -> Value {
    let rules: Vec<Value> = (0..random.below(4))
        .map(|_| match random.below(3) {
            0 => json!({ "a": random.below(2), "b": [random.below(2)] }),
            1 => json!([random.below(3)]),
            _ => json!(random.below(3)),
        })
        .collect();
    json!({
        "apiVersion": "example.com/v1", "kind": "Settings",
        "metadata": { "name": name },
        "rules": rules, "text": format!("line\n{}\nend\n", random.below(3)),
    })
}

fn id(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let meta = &object["metadata"];
    [text(&object["kind"]), text(&meta["namespace"]), text(&meta["name"])].join("/")
}

/// The value that Kubernetes takes an object for: no nulls in mappings, containers by name.
fn meant(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                entries
                    .map(|(key, value)| {
                        let mut value = meant(value);
                        if let (true, Some(items)) = (key == "containers", value.as_array_mut()) {
                            items.sort_by_key(|item| item["name"].to_string());
                        }
                        (key.clone(), value)
                    })
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(meant).collect()),
        value => value.clone(),
    }
}

fn write(directory: &Path, name: &str, objects: &[Value]) {
    let text: Vec<String> = objects.iter().map(ToString::to_string).collect();
    std::fs::write(directory.join(name), text.join("\n---\n")).expect("a file");
}

fn report(directory: &Path, old: &str, new: &str) -> Value {
    let (code, stdout, stderr) = run(directory, &["diff", old, new, "--format", "json", "--hash-noise"]);
    assert!(code < 2, "{stderr}");
    serde_json::from_str(&stdout).expect("a report")
}

/// Every change of a report, as text that is the same for the same change. `swapped`: as if the sides were the others.
fn changes(report: &Value, swapped: bool) -> Vec<String> {
    let (old, new) = if swapped { ("new", "old") } else { ("old", "new") };
    let mut all = vec![];
    for object in report["targets"][0]["objects"].as_array().expect("objects") {
        let side = |side: &str| object[side]["name"].clone();
        all.push(format!("{} {}", side(old), side(new)));
        for field in object["fields"].as_array().expect("fields") {
            let value = |side: &str| field[side]["value"].to_string();
            all.push(format!("{} {} {} {}", side(old), field["what"], value(old), value(new)));
        }
    }
    all.sort();
    all
}

#[test]
fn nothing_is_left_out_and_nothing_made_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut differed = 0;
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let (a, b) = (objects(&mut random), objects(&mut random));
        write(directory.path(), "a.json", &a);
        write(directory.path(), "b.json", &b);
        let by_id = |all: &[Value]| -> BTreeMap<String, Value> {
            all.iter().map(|object| (id(object), meant(object))).collect()
        };
        let (old, new) = (by_id(&a), by_id(&b));
        let ids: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let expected: Vec<String> =
            ids.into_iter().filter(|id| old.get(*id) != new.get(*id)).cloned().collect();
        let found = report(directory.path(), "a.json", "b.json");
        let mut named: Vec<String> = found["targets"][0]["objects"]
            .as_array()
            .expect("objects")
            .iter()
            .map(|object| {
                let side = if object["new"].is_null() { &object["old"] } else { &object["new"] };
                let text = |key: &str| side[key].as_str().unwrap_or_default().to_owned();
                [text("kind"), text("namespace"), text("name")].join("/")
            })
            .collect();
        named.sort();
        assert_eq!(named, expected, "seed {seed}");
        differed += usize::from(!expected.is_empty());
    }
    assert!(differed as u64 > ROUNDS / 2);
}

#[test]
fn swapped_sides_mirror_the_report_and_a_side_equals_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    for seed in 0..ROUNDS {
        let mut random = Random(seed + 1000);
        write(directory.path(), "a.json", &objects(&mut random));
        write(directory.path(), "b.json", &objects(&mut random));
        let there = report(directory.path(), "a.json", "b.json");
        let back = report(directory.path(), "b.json", "a.json");
        assert_eq!(changes(&there, false), changes(&back, true), "seed {seed}");
        let (code, stdout, _) = run(directory.path(), &["diff", "a.json", "a.json"]);
        assert_eq!((code, stdout.as_str()), (0, ""), "seed {seed}");
    }
}

#[test]
fn the_patches_make_the_newer_side_of_the_older_one() {
    let directory = tempfile::tempdir().expect("a directory");
    for seed in 0..ROUNDS {
        let mut random = Random(seed + 2000);
        let (a, b) = (objects(&mut random), objects(&mut random));
        write(directory.path(), "a.json", &a);
        write(directory.path(), "b.json", &b);
        let (code, stdout, stderr) =
            run(directory.path(), &["diff", "a.json", "b.json", "--format", "json-patch"]);
        assert!(code < 2, "{stderr}");
        let patches: Value = serde_json::from_str(&stdout).expect("patches");
        let mut all: BTreeMap<String, Value> = a.iter().map(|object| (id(object), object.clone())).collect();
        for entry in patches.as_array().expect("entries") {
            let target = json!({ "kind": entry["target"]["kind"], "metadata": entry["target"] });
            let mut object = all.remove(&id(&target));
            for operation in entry["patch"].as_array().expect("operations") {
                apply(&mut object, operation);
            }
            if let Some(object) = object {
                all.insert(id(&object), object);
            }
        }
        let expected: BTreeMap<String, Value> = b.iter().map(|object| (id(object), object.clone())).collect();
        assert_eq!(all, expected, "seed {seed}: {stdout}");
    }
}

/// A plain reading of RFC 6902, for `add`, `remove` and `replace`.
fn apply(object: &mut Option<Value>, operation: &Value) {
    let path = operation["path"].as_str().expect("a path");
    let is_removal = operation["op"] == "remove";
    let Some((parent, token)) = path.rsplit_once('/') else {
        *object = (!is_removal).then(|| operation["value"].clone());
        return;
    };
    let token = token.replace("~1", "/").replace("~0", "~");
    let parent = object.as_mut().and_then(|o| o.pointer_mut(parent)).expect("a parent");
    match parent {
        Value::Object(map) if is_removal => drop(map.remove(&token).expect("a value to remove")),
        Value::Object(map) => drop(map.insert(token, operation["value"].clone())),
        Value::Array(items) => {
            let at: usize = token.parse().expect("an index");
            match operation["op"].as_str() {
                Some("remove") => drop(items.remove(at)),
                Some("add") => items.insert(at, operation["value"].clone()),
                _ => items[at] = operation["value"].clone(),
            }
        }
        other => panic!("{other} has no children"),
    }
}
