//! `build --all`: the rendered manifests of a repository.

use super::{COMPONENT, MAP, run, write, write_all};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn repository(top: &Path) {
    write_all(
        top,
        &[
            ("base/kustomization.yaml", "resources: [map.yaml]\n"),
            ("base/map.yaml", MAP),
            ("component/kustomization.yaml", COMPONENT),
        ],
    );
    for name in ["a", "b"] {
        write(
            top,
            &format!("overlays/{name}/kustomization.yaml"),
            &format!("namePrefix: {name}-\nresources: [../../base]\n"),
        );
    }
    write(top, "single/kustomization.yaml", "configMapGenerator: [{name: s, literals: [k=v]}]\n");
}

const ALL: [&str; 5] = ["build", "--all", ".", "--output", "rendered"];
const CHECK: [&str; 6] = ["build", "--all", ".", "--output", "rendered", "--check"];

#[test]
fn every_root_becomes_a_file_with_the_bytes_of_a_build() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    repository(top);
    let (code, stdout, _) = run(top, &CHECK);
    let missing =
        "missing rendered/overlays/a.yaml\nmissing rendered/overlays/b.yaml\nmissing rendered/single.yaml\n";
    assert_eq!((code, stdout.as_str()), (1, missing));
    assert!(!top.join("rendered").exists());
    let (code, stdout, stderr) = run(top, &ALL);
    assert_eq!((code, stdout, stderr), (0, missing.replace("missing", "written"), String::new()));
    for root in ["overlays/a", "overlays/b", "single"] {
        let (_, built, _) = run(top, &["build", root]);
        let file = fs::read_to_string(top.join(format!("rendered/{root}.yaml"))).expect("a file");
        assert_eq!(file, built, "{root}");
    }
    for arguments in [&ALL[..], &CHECK] {
        assert_eq!(run(top, arguments), (0, String::new(), String::new()));
    }
}

#[test]
fn only_what_changed_is_written_and_only_what_kfm_wrote_is_removed() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    repository(top);
    run(top, &ALL);
    let time = |file: &str| fs::metadata(top.join(file)).and_then(|m| m.modified()).expect("a time");
    let before = time("rendered/single.yaml");
    write(top, "rendered/overlays/mine.yaml", "kept\n");
    write(top, "base/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: c}\n");
    fs::remove_dir_all(top.join("overlays/b")).expect("removed");
    let (code, stdout, _) = run(top, &CHECK);
    assert_eq!(
        (code, stdout.as_str()),
        (1, "stale rendered/overlays/a.yaml\nleft over rendered/overlays/b.yaml\n")
    );
    let (code, stdout, _) = run(top, &ALL);
    assert_eq!(
        (code, stdout.as_str()),
        (0, "written rendered/overlays/a.yaml\nremoved rendered/overlays/b.yaml\n")
    );
    assert_eq!(time("rendered/single.yaml"), before);
    assert_eq!(fs::read_to_string(top.join("rendered/overlays/mine.yaml")).expect("a file"), "kept\n");
    assert!(!top.join("rendered/overlays/b.yaml").exists());
}

#[test]
fn a_root_that_does_not_build_keeps_its_file_and_no_other_one_waits_for_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    repository(top);
    run(top, &ALL);
    let before = fs::read(top.join("rendered/overlays/a.yaml")).expect("a file");
    write(top, "overlays/a/kustomization.yaml", "resources: [none.yaml]\n");
    write(top, "single/kustomization.yaml", "configMapGenerator: [{name: s, literals: [k=w]}]\n");
    let (code, stdout, stderr) = run(top, &ALL);
    assert_eq!((code, stdout.as_str()), (1, "written rendered/single.yaml\n"));
    assert!(stderr.contains("`none.yaml` does not exist"), "{stderr}");
    assert_eq!(fs::read(top.join("rendered/overlays/a.yaml")).expect("a file"), before);
}

#[test]
fn nothing_is_written_or_removed_outside_of_the_output() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    repository(top);
    write(top, "outside/b.yaml", "kept\n");
    fs::create_dir(top.join("rendered")).expect("a directory");
    std::os::unix::fs::symlink("../outside", top.join("rendered/overlays")).expect("a link");
    write(
        top,
        "rendered/.kfm-manifest.json",
        r#"{"files": ["../outside/b.yaml", "/etc/hostname", "overlays/b.yaml"]}"#,
    );
    let (code, _, stderr) = run(top, &ALL);
    assert!(code == 1 && stderr.contains("nothing is written there"), "{stderr}");
    assert_eq!(fs::read_to_string(top.join("outside/b.yaml")).expect("a file"), "kept\n");
    assert!(!top.join("outside/a.yaml").exists());
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    for (arguments, message) in [
        (&["build", "--all", "."][..], "needs a directory to write to"),
        (&["build", "--check", "."], "`--check` goes with `--all`"),
        (&["build", "--all", "nope", "--output", "x"], "`nope` cannot be reached"),
    ] {
        let (code, stdout, stderr) = run(directory.path(), arguments);
        assert_eq!((code, stdout.as_str()), (1, ""));
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn an_interrupted_run_leaves_whole_files_and_the_next_one_mends_the_rest() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    write(top, "base/kustomization.yaml", "resources: [all.yaml]\n");
    let map = |i: usize| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{i}}}\ndata: {{a: b}}\n---\n")
    };
    write(top, "base/all.yaml", &(0..400).map(map).collect::<String>());
    for i in 0..80 {
        write(
            top,
            &format!("o/{i}/kustomization.yaml"),
            &format!("namePrefix: o{i}-\nresources: [../../base]\n"),
        );
    }
    let (code, ..) = run(top, &["build", "--all", ".", "--output", "whole"]);
    assert_eq!(code, 0);
    let names = |directory: &Path| -> Vec<String> {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_kfm"))
        .args(["build", "--all", ".", "--output", "cut"])
        .current_dir(top)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("kfm runs");
    while names(&top.join("cut/o")).len() < 5 && child.try_wait().expect("a state").is_none() {
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(killed.is_ok());
    child.wait().expect("an end");
    for name in names(&top.join("cut/o")) {
        let (cut, whole) =
            (fs::read(top.join("cut/o").join(&name)), fs::read(top.join("whole/o").join(&name)));
        assert_eq!(cut.ok(), whole.ok(), "{name}");
    }
    let (code, ..) = run(top, &["build", "--all", ".", "--output", "cut"]);
    assert_eq!((code, names(&top.join("cut/o")).len()), (0, 80));
    assert_eq!(run(top, &["build", "--all", ".", "--output", "cut", "--check"]).0, 0);
}

#[test]
fn every_root_becomes_a_directory_with_a_file_for_each_object() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    repository(top);
    let all = ["build", "--all", ".", "--output", "rendered", "--per-object"];
    let check = [&all[..], &["--check"]].concat();
    let (code, stdout, _) = run(top, &check);
    assert_eq!(code, 1, "{stdout}");
    assert_eq!(stdout.lines().count(), 3, "{stdout}");
    assert!(stdout.starts_with("missing rendered/overlays/a/v1_configmap_a-m.yaml\n"), "{stdout}");
    let (code, written, stderr) = run(top, &all);
    assert_eq!((code, written, stderr), (0, stdout.replace("missing", "written"), String::new()));
    fs::create_dir(top.join("kustomize")).expect("a directory");
    run(top, &["build", "overlays/a", "--output", "kustomize"]);
    let file = "v1_configmap_a-m.yaml";
    let (ours, theirs) = (top.join("rendered/overlays/a").join(file), top.join("kustomize").join(file));
    assert_eq!(fs::read(ours).expect("a file"), fs::read(theirs).expect("a file"));
    // Files of objects that are gone go; those of a root that does not build stay.
    write(top, "base/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n}\n");
    write(top, "overlays/b/kustomization.yaml", "resources: [none.yaml]\n");
    write(top, "rendered/overlays/a/mine.yaml", "kept\n");
    let (code, stdout, _) = run(top, &all);
    let expected = "written rendered/overlays/a/v1_configmap_a-n.yaml\nremoved rendered/overlays/a/v1_configmap_a-m.yaml\n";
    assert_eq!((code, stdout.as_str()), (1, expected));
    assert!(top.join("rendered/overlays/b/v1_configmap_b-m.yaml").exists());
    assert!(top.join("rendered/overlays/a/mine.yaml").exists());
    // One file for each root again.
    write(top, "overlays/b/kustomization.yaml", "resources: [../../base]\n");
    let (code, _, _) = run(top, &ALL);
    assert_eq!(code, 0);
    assert!(top.join("rendered/overlays/b.yaml").exists() && !top.join("rendered/overlays/b").exists());
}

#[test]
fn an_unreachable_location_is_asked_for_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/a.yaml", listener.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    // Every connection is closed without an answer.
    std::thread::spawn(move || {
        listener.incoming().for_each(|_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
    });
    let connections = |roots: usize| {
        let directory = tempfile::tempdir().expect("a directory");
        for root in 0..roots {
            let text = format!("resources: ['{url}']\n");
            write(directory.path(), &format!("r{root}/kustomization.yaml"), &text);
        }
        asked.store(0, Ordering::SeqCst);
        let (code, _, stderr) = run(directory.path(), &ALL);
        assert_eq!((code, stderr.matches("Error: ").count()), (1, roots), "{stderr}");
        asked.load(Ordering::SeqCst)
    };
    let once = connections(1);
    assert!(once > 0);
    assert_eq!(connections(4), once);
}
