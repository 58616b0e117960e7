//! Holds `docs/differences.md` against the cases that it names.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test")]

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
            assert!(root.join("tests/cases").join(case).join("cmd").is_file(), "no case `{case}` for: {row}");
        }
    }
}
