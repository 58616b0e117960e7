//! What becomes of files that were there before, and who is served what.

use super::write::{MANIFEST, Outcome, write};
use super::{Local, Trees};
use crate::load::StandIns;
use std::borrow::Cow;
use std::fs;
use std::path::Path;

type Files<'a> = &'a [(&'a str, &'a str)];

fn run(directory: &Path, files: Files<'_>, force: bool) -> Vec<(String, Outcome)> {
    let files: Vec<_> = files.iter().map(|(p, c)| ((*p).to_owned(), Cow::Borrowed(c.as_bytes()))).collect();
    write(directory, &files, &["a", "b"], force).unwrap().0
}

fn outcome(directory: &Path, files: Files<'_>, force: bool) -> Outcome {
    run(directory, files, force)[0].1
}

#[test]
fn a_file_that_was_changed_stays_through_every_upgrade() {
    let top = tempfile::tempdir().unwrap();
    let directory = top.path().join("new/directory");
    let file = directory.join("a/f");
    let [old, new, newest] = ["old", "new", "newest"].map(|c| [("a/f", c)]);
    assert_eq!(outcome(&directory, &old, false), Outcome::Wrote);
    assert_eq!(outcome(&directory, &old, false), Outcome::Same);
    assert_eq!(outcome(&directory, &new, false), Outcome::Updated);
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    fs::write(&file, "mine").unwrap();
    assert_eq!(outcome(&directory, &new, false), Outcome::Kept { newer: false });
    assert_eq!(outcome(&directory, &newest, false), Outcome::Kept { newer: true });
    assert_eq!(outcome(&directory, &newest, false), Outcome::Kept { newer: false });
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(outcome(&directory, &newest, true), Outcome::Updated);
    assert_eq!(fs::read_to_string(&file).unwrap(), "newest");
    assert_eq!(outcome(&directory, &old, false), Outcome::Updated);
}

#[test]
fn a_file_that_was_there_before_is_the_users() {
    let top = tempfile::tempdir().unwrap();
    fs::create_dir(top.path().join("a")).unwrap();
    fs::write(top.path().join("a/f"), "mine").unwrap();
    assert_eq!(outcome(top.path(), &[("a/f", "x")], false), Outcome::Kept { newer: false });
    fs::remove_file(top.path().join(MANIFEST)).unwrap();
    fs::write(top.path().join("a/f"), "x").unwrap();
    assert_eq!(outcome(top.path(), &[("a/f", "x")], false), Outcome::Same);
}

#[test]
fn a_file_that_was_removed_stays_away() {
    let top = tempfile::tempdir().unwrap();
    let files = [("a/f", "x")];
    run(top.path(), &files, false);
    fs::remove_file(top.path().join("a/f")).unwrap();
    assert_eq!(outcome(top.path(), &files, false), Outcome::LeftOut);
    assert_eq!(outcome(top.path(), &[("a/f", "y")], false), Outcome::LeftOut);
    assert!(!top.path().join("a/f").exists());
    assert_eq!(outcome(top.path(), &files, true), Outcome::Wrote);
}

#[test]
fn what_is_not_given_any_more_is_removed_unless_it_was_changed() {
    let top = tempfile::tempdir().unwrap();
    run(top.path(), &[("a/d/f", "x"), ("a/g", "x"), ("b/h", "x")], false);
    let manifest = top.path().join(MANIFEST);
    let mut text = fs::read_to_string(&manifest).unwrap();
    // What is not kfm's own, or not below the directory, stays whatever the list says.
    let hash = text.split(' ').next().unwrap().to_owned();
    for other in ["c/other", "../outside", "/absolute", "a/../../outside", "a/link/f"] {
        text += &format!("{hash}  {other}\n");
    }
    fs::write(&manifest, text + "nonsense\n").unwrap();
    fs::create_dir_all(top.path().join("c")).unwrap();
    fs::write(top.path().join("c/other"), "x").unwrap();
    fs::write(top.path().join("c/f"), "x").unwrap();
    std::os::unix::fs::symlink("../c", top.path().join("a/link")).unwrap();
    fs::write(top.path().join("a/g"), "mine").unwrap();
    let report = run(top.path(), &[("b/h", "x")], false);
    assert_eq!(report, [("b/h".to_owned(), Outcome::Same), ("a/d/f".to_owned(), Outcome::Removed)]);
    let there = |path: &str| top.path().join(path).exists();
    assert_eq!(["a/d", "a/g", "b/h", "c/other", "c/f"].map(there), [false, true, true, true, true]);
    assert_eq!(fs::read_to_string(&manifest).unwrap(), format!("{hash}  b/h\n{hash}  c/other\n"));
}

#[test]
fn nothing_is_written_through_links() {
    let top = tempfile::tempdir().unwrap();
    let directory = top.path().join("directory");
    fs::create_dir_all(top.path().join("outside")).unwrap();
    fs::create_dir(&directory).unwrap();
    std::os::unix::fs::symlink("../outside", directory.join("a")).unwrap();
    fs::write(top.path().join("outside/own"), "mine").unwrap();
    assert_eq!(outcome(&directory, &[("a/f", "x")], true), Outcome::Blocked);
    assert!(!top.path().join("outside/f").exists());
    fs::create_dir(directory.join("b")).unwrap();
    std::os::unix::fs::symlink("../../outside/own", directory.join("b/f")).unwrap();
    assert_eq!(outcome(&directory, &[("b/f", "x")], false), Outcome::Kept { newer: false });
    assert_eq!(outcome(&directory, &[("b/f", "x")], true), Outcome::Updated);
    assert_eq!(fs::read_to_string(top.path().join("outside/own")).unwrap(), "mine");
    fs::create_dir_all(directory.join("b/g")).unwrap();
    assert_eq!(outcome(&directory, &[("b/g", "x")], true), Outcome::Blocked);
}

#[test]
fn reports_name_what_was_not_simply_written() {
    let outcomes = [
        ("w", Outcome::Wrote),
        ("k", Outcome::Kept { newer: true }),
        ("l\u{1b}", Outcome::LeftOut),
        ("r", Outcome::Removed),
    ];
    let report = super::write::Report(outcomes.map(|(p, o)| (p.to_owned(), o)).into());
    let expected = "kept k: it is not as kfm wrote it; kfm has a newer one\nskipped \"l\\x1b\": it was removed here\n\
                    removed r: kfm does not have it any more\nkf: wrote 1, kept 1, removed 1, skipped 1\n";
    assert_eq!(report.text("kf"), expected);
    assert_eq!(super::write::Report::default().text("kf"), "kf: nothing to write\n");
}

#[test]
fn builds_elsewhere_are_served_nothing() {
    let top = tempfile::tempdir().unwrap();
    let directory = top.path().canonicalize().unwrap();
    for (target, local, served) in [
        ("app", false, false),
        (".", false, false),
        ("https://example.com/o/manifests//example?ref=x", false, false),
        ("app", true, true),
        ("example", false, true),
        ("./overlays/x", false, true),
        ("nowhere/example", false, false),
    ] {
        let local = local.then(|| Local {
            directory: directory.join("copy"),
            given: "copy".into(),
            by: "--manifests".into(),
            instead: true,
        });
        assert_eq!(Trees::for_target(&directory, target, local).is_some(), served, "{target}");
    }
}

#[test]
fn only_directories_that_the_program_has_are_served() {
    let top = tempfile::tempdir().unwrap();
    let directory = top.path().canonicalize().unwrap();
    let trees = Trees::for_target(&directory, "manifests/a/overlays/b", None).unwrap();
    let shown = |path: &str| Some(trees.missing(&directory.join(path))?.unwrap().shown.unwrap_or_default());
    assert_eq!(shown("example").as_deref(), Some("<built-in>/example"));
    for other in
        ["example/nothing", "example/kustomization.yaml", "examples", "manifests/a/overlays/b", "a/example"]
    {
        assert_eq!(shown(other), None, "{other}");
    }
    assert_eq!(trees.findings.take().len(), 1);
    assert!(trees.instead(&directory.join("manifests")).is_none());
}

#[test]
fn the_directory_beside_the_trees_is_found_among_several() {
    let top = tempfile::tempdir().unwrap();
    let user = top.path().canonicalize().unwrap().join("manifests/project");
    fs::create_dir_all(user.join("manifests/x")).unwrap();
    for (target, anchor) in
        [("example", user.clone()), ("manifests/x/overlays/y", user.clone()), ("manifests/x", user.clone())]
    {
        let trees = Trees::for_target(&user, target, None).unwrap();
        let found = trees.missing(&anchor.join("example"));
        assert!(found.is_some_and(|f| f.is_ok()), "{target}");
    }
}
