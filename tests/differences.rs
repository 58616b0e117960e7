//! Holds `docs/differences.md` and `SECURITY.md` against the cases and tests that they name.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_case_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/differences.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| what")).collect();
    let rows: Vec<&str> = rows.into_iter().filter(|l| !l.starts_with("| ---")).collect();
    assert!(rows.len() > 20, "{} rows", rows.len());
    for row in rows {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let cases: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!cases.is_empty(), "no case in: {row}");
        for case in cases {
            let exists = match case.contains("::") {
                true => tests().contains(case),
                false => is_case(case),
            };
            assert!(exists, "no case `{case}` for: {row}");
        }
    }
}

fn is_case(name: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name).join("cmd").is_file()
}

/// All tests as `MODULE::NAME`; tests of a module `tests` count as those of the module around it.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut open, mut found) = (vec![root.join("src"), root.join("tests")], BTreeSet::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
        // `load/tests.rs` and `files/open.rs` are also known by their directories.
        let modules = [stem(&path), stem(path.parent().unwrap())];
        for part in std::fs::read_to_string(&path).unwrap().split("#[test]\n").skip(1) {
            let name = part.trim_start().strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            found.extend(name.iter().flat_map(|name| modules.iter().map(move |m| format!("{m}::{name}"))));
        }
    }
    found
}

#[test]
fn every_promise_names_a_test_that_exists() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md")).unwrap();
    let tests = tests();
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
    assert!(named.len() > 40, "{}", named.len());
    named.iter().for_each(|name| assert!(tests.contains(*name), "no test `{name}`"));
    let is_test = |name: &str| tests.contains(name) || is_case(name);
    let names_one = |block: &str| block.split('`').skip(1).step_by(2).any(is_test);
    // Items of lists, and rows of the tables of flags and limits.
    let promises =
        text.split("\n## ").filter(|section| !section.starts_with("Who") && !section.starts_with("How"));
    for section in promises.skip(1) {
        for item in section
            .replace("\n  ", " ")
            .lines()
            .filter(|line| line.starts_with("- ") || line.starts_with("| `"))
        {
            assert!(names_one(item), "no test for: {item}");
        }
    }
}
