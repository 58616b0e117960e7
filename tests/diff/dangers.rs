//! The cases `danger-RULE` and `danger-RULE-variants`: the rule finds every object whose name begins with `fires`, and none
//! whose name begins with `near`.

use super::run;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn rules_find_what_fires_and_pass_over_what_is_near() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/diff");
    let mut seen = 0;
    for entry in std::fs::read_dir(cases).expect("cases").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rule) = name.strip_prefix("danger-").and_then(|name| name.strip_suffix("-variants")) else {
            continue;
        };
        let (_, stdout, stderr) =
            run(&entry.path().join("input"), &["diff", "old.yaml", "new.yaml", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&stdout).expect(&stderr);
        let target = &report["targets"][0];
        let names = |list: &serde_json::Value, of: &dyn Fn(&serde_json::Value) -> Option<String>| {
            list.as_array().expect("a list").iter().filter_map(of).collect::<BTreeSet<String>>()
        };
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let found = names(&target["dangers"], &|danger| {
            text(&danger["object"]["name"]).filter(|_| danger["rule"] == rule)
        });
        let changed =
            names(&target["objects"], &|o| text(&o["new"]["name"]).or_else(|| text(&o["old"]["name"])));
        let expected: BTreeSet<String> =
            changed.into_iter().filter(|name| name.starts_with("fires")).collect();
        assert!(!expected.is_empty(), "{name}");
        assert_eq!(found, expected, "{name}");
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}
