//! Sides that are revisions, and the roots that a change reaches.

use super::{COMPONENT, MAP, Random, git, kfm, run, write, write_all};
use std::fs;
use std::path::Path;

/// A repository with bases, a component, overlays, and a branch `work` that is checked out.
fn repository(directory: &Path) {
    git(directory, &["init", "-q", "-b", "main", "."]);
    write_all(
        directory,
        &[
            (
                "base/kustomization.yaml",
                "resources: [service.yaml]\nconfigMapGenerator: [{name: c, files: [k=conf.txt]}]\n",
            ),
            (
                "base/service.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n",
            ),
            ("base/conf.txt", "hello\n"),
            ("base/README.md", "nobody reads this\n"),
            ("component/kustomization.yaml", COMPONENT),
            ("overlays/a/kustomization.yaml", "resources: [../../base]\ncomponents: [../../component]\n"),
            ("overlays/b/kustomization.yaml", "resources: [map.yaml]\npatches: [{path: patch.yaml}]\n"),
            ("overlays/b/map.yaml", MAP),
            ("overlays/b/patch.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {c: d}\n"),
        ],
    );
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-q", "-m", "one"]);
    git(directory, &["checkout", "-q", "-b", "work"]);
}

fn scratch() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    repository(directory.path());
    directory
}

#[test]
fn a_revision_is_read_without_a_checkout() {
    let directory = scratch();
    let top = directory.path();
    write(top, "base/conf.txt", "world\n");
    let index = fs::read(top.join(".git/index")).expect("an index");
    let (code, stdout, stderr) = run(top, &["diff", "main:overlays/a", "overlays/a"]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    assert!(stdout.starts_with("1 changed in 1 field, 1 unchanged\n"), "{stdout}");
    assert!(stdout.contains("\"hello\\n\"") && stdout.contains("\"world\\n\""), "{stdout}");
    for arguments in [
        &["diff", "--against", "main", "overlays/a"][..],
        &["diff", "--merge-base", "main", "overlays/a"],
        &["diff", "--merge-base", "main", "--all"],
    ] {
        let (code, other, stderr) = run(top, arguments);
        let same = other.lines().skip(1).eq(stdout.lines().skip(1));
        assert!(code == 1 && same, "{arguments:?}: {other}{stderr}");
    }
    let (code, ..) = run(&top.join("overlays"), &["diff", "main:./a", "a"]);
    assert_eq!(code, 1);
    assert_eq!(fs::read(top.join(".git/index")).expect("an index"), index);
    assert_eq!(fs::read_to_string(top.join("base/conf.txt")).expect("a file"), "world\n");
}

#[test]
fn only_what_a_change_reaches_is_affected() {
    let directory = scratch();
    let top = directory.path();
    for (file, text, expected) in [
        ("base/conf.txt", "x\n", "overlays/a: base/conf.txt (configMapGenerator), through base\n"),
        ("base/README.md", "x\n", ""),
        (
            "component/kustomization.yaml",
            "kind: Component\n",
            "overlays/a: component/kustomization.yaml, through component\n",
        ),
        ("overlays/b/patch.yaml", "x\n", "overlays/b: overlays/b/patch.yaml (patches)\n"),
        (
            "overlays/c/kustomization.yaml",
            "resources: [../b]\n",
            "overlays/c: overlays/c/kustomization.yaml\n",
        ),
    ] {
        let before = fs::read_to_string(top.join(file)).ok();
        write(top, file, text);
        let (code, stdout, stderr) = run(top, &["affected", "main"]);
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, expected, ""), "{file}");
        match before {
            Some(before) => write(top, file, &before),
            None => fs::remove_dir_all(top.join("overlays/c")).expect("removed"),
        }
    }
    fs::remove_dir_all(top.join("overlays/b")).expect("removed");
    let (_, stdout, _) = run(top, &["affected", "main", "--format", "names"]);
    assert_eq!(stdout, "overlays/b\n");
    let (code, stdout, _) = run(top, &["diff", "--against", "main", "overlays/b"]);
    assert!(code == 1 && stdout.starts_with("1 removed"), "{stdout}");
}

#[test]
fn changes_are_followed_through_links_configurations_and_hidden_directories() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    let link = |target: &str, path: &str| {
        let _ = fs::remove_file(top.join(path));
        std::os::unix::fs::symlink(target, top.join(path)).expect("a link");
    };
    let map = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\ndata: {{a: {value}}}\n")
    };
    let generator = |file: &str| {
        format!("apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {{name: g}}\nfiles: [{file}]\n")
    };
    git(top, &["init", "-q", "-b", "main", "."]);
    for (path, text) in [
        ("file/map.yaml", map("1")),
        ("file/shared/k.yaml", "resources: [map.yaml]\n".to_owned()),
        ("chain/kustomization.yaml", "resources: [../first/inner]\n".to_owned()),
        ("one/inner/kustomization.yaml", "resources: [map.yaml]\n".to_owned()),
        ("one/inner/map.yaml", map("1")),
        ("two/inner/kustomization.yaml", "resources: [map.yaml]\n".to_owned()),
        ("two/inner/map.yaml", map("2")),
        (
            "inline/kustomization.yaml",
            format!("generators:\n- |-\n  {}", generator("z.txt").replace('\n', "\n  ")),
        ),
        ("inline/z.txt", "1".to_owned()),
        ("nested/kustomization.yaml", "generators: [gen]\n".to_owned()),
        ("nested/gen/kustomization.yaml", "resources: [g.yaml]\n".to_owned()),
        ("nested/gen/g.yaml", generator("y.txt")),
        ("nested/y.txt", "1".to_owned()),
        ("hidden/kustomization.yaml", "RESOURCES: [../.base]\n".to_owned()),
        (".base/kustomization.yaml", "resources: [../common]\n".to_owned()),
        ("common/kustomization.yaml", "resources: [map.yaml]\n".to_owned()),
        ("common/map.yaml", map("1")),
    ] {
        write(top, path, &text);
    }
    link("shared/k.yaml", "file/kustomization.yaml");
    link("second", "first");
    link("one", "second");
    git(top, &["add", "-A"]);
    git(top, &["commit", "-q", "-m", "one"]);
    let roots = ["chain", "file", "hidden", "inline", "nested"];
    let edits: [(&str, &dyn Fn()); 6] = [
        ("file: file/shared/k.yaml", &|| {
            write(top, "file/shared/k.yaml", "resources: [map.yaml]\nnamePrefix: p-\n");
        }),
        ("chain: second (resources)", &|| link("two", "second")),
        ("chain: one/inner/map.yaml (resources), through one/inner", &|| {
            write(top, "one/inner/map.yaml", &map("3"));
        }),
        ("inline: inline/z.txt (generators)", &|| write(top, "inline/z.txt", "2")),
        ("nested: nested/y.txt (generators)", &|| write(top, "nested/y.txt", "2")),
        ("hidden: common/map.yaml (resources), through .base, common", &|| {
            write(top, "common/map.yaml", &map("2"));
        }),
    ];
    for (expected, edit) in edits {
        git(top, &["checkout", "-q", "-f", "main"]);
        edit();
        let (code, stdout, stderr) = run(top, &["affected", "main"]);
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, format!("{expected}\n").as_str(), ""));
        let (code, whole, stderr) = run(top, &["diff", "--against", "main", "--all", "--format", "json"]);
        assert_eq!((code, stderr.as_str()), (1, ""), "{expected}");
        let arguments = [&["diff", "--against", "main", "--format", "json"][..], &roots].concat();
        let (_, each, _) = run(top, &arguments);
        let changed = |text: &str| -> Vec<serde_json::Value> {
            let report: serde_json::Value = serde_json::from_str(text).expect("a report");
            let all = report["targets"].as_array().expect("targets").iter();
            all.filter(|target| target["objects"] != serde_json::json!([])).cloned().collect()
        };
        assert_eq!(changed(&whole), changed(&each), "{expected}");
    }
}

#[test]
fn a_root_that_is_one_on_one_side_alone_is_compared_with_what_is_there() {
    let directory = scratch();
    let top = directory.path();
    let summary = |arguments: &[&str]| run(top, &[&["diff", "--format", "summary"], arguments].concat()).1;
    // Its patches and resources stay, and are no objects.
    fs::remove_file(top.join("overlays/b/kustomization.yaml")).expect("removed");
    assert_eq!(summary(&["--against", "main", "--all"]), "1 removed, 0 unchanged\n");
    assert_eq!(summary(&["--all", "main:.", "."]), "1 removed, 2 unchanged\n");
    git(top, &["checkout", "-q", "-f", "main"]);
    // What nothing builds on any longer becomes a root, and is what it was.
    fs::remove_dir_all(top.join("overlays/a")).expect("removed");
    assert_eq!(summary(&["--against", "main", "--all"]), "2 removed, 0 unchanged\n");
    assert_eq!(summary(&["--all", "main:.", "."]), "2 removed, 3 unchanged\n");
}

#[test]
fn a_revision_has_its_own_lock_and_copies() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    let vendor = |commit: char, value: &str| {
        let commit = commit.to_string().repeat(40);
        write(
            top,
            "kfm.lock",
            &format!(
                "version = 1\n[[repository]]\nurl = \"https://example.com/o/r\"\nref = \"v1\"\ncommit = \"{commit}\"\n\
                 tree = \"{commit}\"\ncopy = \"vendor/r@v1\"\nsum = \"sha256:0\"\n\
                 [[file]]\nurl = \"https://example.com/m.yaml\"\ncopy = \"vendor/m.yaml\"\nsum = \"sha256:0\"\n"
            ),
        );
        let map = |name: &str| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: '{value}'}}\n")
        };
        write(top, "vendor/r@v1/base/kustomization.yaml", "resources: [map.yaml]\n");
        write(top, "vendor/r@v1/base/map.yaml", &map("copied"));
        write(top, "vendor/m.yaml", &map("file"));
    };
    git(top, &["init", "-q", "-b", "main", "."]);
    let remote = "resources: ['https://example.com/o/r//base?ref=v1', 'https://example.com/m.yaml']\n";
    write(top, "overlay/kustomization.yaml", remote);
    write(top, "local/kustomization.yaml", "resources: [map.yaml]\n");
    write(top, "local/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l}\n");
    vendor('1', "old");
    git(top, &["add", "-A"]);
    git(top, &["commit", "-q", "-m", "one"]);
    vendor('2', "new");
    let (code, stdout, stderr) = run(top, &["affected", "main"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "overlay: kfm.lock (resources)\n", ""));
    let arguments = ["diff", "--against", "main", "--all", "--offline", "--format", "unified"];
    let (code, stdout, stderr) = run(top, &arguments);
    assert_eq!((code, stderr.as_str()), (1, ""));
    assert_eq!(stdout.matches("-  a: old\n+  a: new\n").count(), 2, "{stdout}");
    for (flag, message) in [
        ("--offline", "network"),
        ("--locked", "is not in `kfm.lock`"),
        ("--untrusted", "is not in `kfm.lock`"),
    ] {
        write(top, "overlay/kustomization.yaml", "resources: ['https://example.com/other.yaml']\n");
        let (code, stdout, stderr) = run(top, &["diff", "main:local", "overlay", flag]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{flag}");
        assert!(
            stderr.contains(message) && stderr.contains("while reading the newer side"),
            "{flag}: {stderr}"
        );
        let (code, ..) = run(top, &["diff", "main:local", "local", flag]);
        assert_eq!(code, 0, "{flag}");
    }
}

#[test]
fn charts_of_a_revision_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let top = directory.path();
    git(top, &["init", "-q", "-b", "main", "."]);
    write(top, "chart/kustomization.yaml", "helmCharts: [{name: c, releaseName: r}]\n");
    git(top, &["add", "-A"]);
    git(top, &["commit", "-q", "-m", "one"]);
    write(top, "chart/kustomization.yaml", "helmCharts: [{name: c, releaseName: s}]\n");
    let (code, stdout, stderr) = run(top, &["diff", "--against", "main", "--all", "--enable-helm"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    let expected = "Error: the charts of a revision cannot be rendered: helm reads the disk\n";
    assert!(stderr.starts_with(expected) && stderr.contains("while reading the older side"), "{stderr}");
}

#[test]
fn affected_roots_are_those_that_differ_and_maybe_more() {
    let directory = scratch();
    let top = directory.path();
    let mut random = Random(7);
    for round in 0..25 {
        git(top, &["checkout", "-q", "-f", "main"]);
        git(top, &["clean", "-q", "-f", "-d"]);
        for _ in 0..1 + random.below(2) {
            let files = [
                "base/service.yaml",
                "base/conf.txt",
                "base/README.md",
                "overlays/b/map.yaml",
                "overlays/b/patch.yaml",
            ];
            let file = files[random.below(files.len())];
            let text = fs::read_to_string(top.join(file)).expect("a file");
            let text = match random.below(3) {
                0 => text.replace("80", "81").replace("hello", "bye"),
                1 => text.replace(": b}", ": bb}").replace(": d}", ": dd}"),
                _ => format!("{text}# a comment\n"),
            };
            write(top, file, &text);
        }
        let (_, affected, _) = run(top, &["affected", "main", "--format", "names"]);
        for root in ["overlays/a", "overlays/b"] {
            let (code, stdout, stderr) = run(top, &["diff", "--against", "main", root]);
            assert!(code < 2, "{stderr}");
            let differs = code == 1;
            assert!(!differs || affected.lines().any(|line| line == root), "round {round}: {root} {stdout}");
        }
        let (whole, ..) = run(top, &["diff", "--against", "main", "--all"]);
        let (each, ..) = run(top, &["diff", "--against", "main", "overlays/a", "overlays/b"]);
        assert_eq!(whole, each, "round {round}");
    }
}

#[test]
fn what_cannot_be_compared_is_said() {
    let directory = scratch();
    let top = directory.path();
    fs::write(top.join("overlays/b/kustomization.yaml"), "resources: [none.yaml]\n").expect("a file");
    for (arguments, message) in [
        (&["diff", "nope:overlays/a", "overlays/a"][..], "Error: revision `nope` does not exist"),
        (&["diff", "main:nope", "overlays/a"], "Error: `nope` does not exist in revision `main`"),
        (
            &["diff", "--against", "main", "nope"],
            "Error: `nope` exists neither in `main` nor in the working tree",
        ),
        (&["diff", "main:overlays/b", "overlays/b"], "= while reading the newer side, `overlays/b`"),
        (&["diff", "--against", "main", "--all"], "Error: `none.yaml` does not exist"),
        (&["diff", "--merge-base", "nope"], "Error: revision `nope` does not exist"),
        (&["diff", "--merge-base", "main", "--against", "main"], "exclude each other"),
    ] {
        let (code, stdout, stderr) = run(top, arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
    }
    let (code, stdout, stderr) = run(top, &["diff", "main", "overlays/b"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("`main` is a revision") && stderr.contains("write `main:DIR`"), "{stderr}");
    let outside = tempfile::tempdir().expect("a directory");
    let (code, _, stderr) = run(outside.path(), &["diff", "--against", "main"]);
    assert!(code == 2 && stderr.contains("is in no git repository"), "{stderr}");
}

#[test]
fn a_bare_repository_has_revisions_and_no_working_tree() {
    let directory = scratch();
    let top = directory.path();
    write(top, "overlays/b/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: c}\n");
    git(top, &["commit", "-q", "-a", "-m", "two"]);
    git(top, &["clone", "-q", "--bare", ".", "bare.git"]);
    let bare = top.join("bare.git");
    let (code, stdout, stderr) =
        run(&bare, &["diff", "main:overlays/b", "work:overlays/b", "--format", "summary"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (1, "1 changed in 1 field, 0 unchanged\n", ""));
    let (code, _, stderr) = run(&bare, &["diff", "--against", "main"]);
    assert!(code == 2 && stderr.contains("is a bare repository"), "{stderr}");
}

#[test]
fn a_shallow_clone_without_the_merge_base_says_how_to_get_it() {
    let directory = scratch();
    let top = directory.path();
    for branch in ["main", "work"] {
        git(top, &["checkout", "-q", branch]);
        write(top, "base/conf.txt", branch);
        git(top, &["commit", "-q", "-a", "-m", branch]);
    }
    let url = format!("file://{}", top.display());
    git(top, &["clone", "-q", "--depth", "1", "--no-single-branch", &url, "shallow"]);
    let (code, stdout, stderr) = run(&top.join("shallow"), &["diff", "--merge-base", "main", "--all"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("no commit in common") && stderr.contains("git fetch --unshallow"), "{stderr}");
}

#[test]
fn submodules_lfs_pointers_and_links_out_are_named_and_not_followed() {
    let directory = scratch();
    let top = directory.path();
    write(top, "lfs/kustomization.yaml", "resources: [big.yaml]\n");
    write(top, "lfs/big.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    write(top, "link/kustomization.yaml", "resources: [out.yaml]\n");
    std::os::unix::fs::symlink("/etc/hostname", top.join("link/out.yaml")).expect("a link");
    std::os::unix::fs::symlink("../base", top.join("link/in")).expect("a link");
    write(top, "through/kustomization.yaml", "resources: [../link/in]\n");
    git(top, &["add", "-A"]);
    git(
        top,
        &["update-index", "--add", "--cacheinfo", "160000,0123456789012345678901234567890123456789,sub"],
    );
    write(top, "sub-user/kustomization.yaml", "resources: [../sub]\n");
    git(top, &["add", "sub-user"]);
    git(top, &["commit", "-q", "-m", "two"]);
    for (root, message) in [
        ("lfs", "kept by Git LFS"),
        ("link", "a link leads out of the repository"),
        ("sub-user", "a submodule, which is not looked into"),
    ] {
        let (code, stdout, stderr) = run(top, &["diff", &format!("work:{root}"), "base"]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{root}");
        assert!(stderr.contains(message), "{root}: {stderr}");
    }
    let (code, stdout, stderr) = run(top, &["diff", "work:through", "work:base"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
}

#[test]
fn affected_takes_the_flags_of_diff() {
    let directory = scratch();
    let top = directory.path();
    write(top, "base/conf.txt", "world\n");
    let plain = run(top, &["affected", "main"]);
    assert_eq!(plain.1, "overlays/a: base/conf.txt (configMapGenerator), through base\n");
    let flags = ["--offline", "--locked", "--no-cache", "--public-only", "--untrusted", "--root", "."];
    assert_eq!(run(top, &[&["affected", "main"], &flags[..]].concat()), plain);
    let code = run(top, &[&["diff", "--against", "main", "--all"], &flags[..]].concat()).0;
    assert_eq!(code, 1);
}

#[test]
fn several_targets_are_reported_apart() {
    let directory = scratch();
    let top = directory.path();
    write(top, "base/conf.txt", "world\n");
    write(top, "overlays/b/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: c}\n");
    let output = kfm(top, &["diff", "--against", "main", "overlays/a", "overlays/b", "base"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("3 of 3 targets differ: 3 changed in 3 fields"), "{text}");
    for target in ["\noverlays/a: 1 changed", "\noverlays/b: 1 changed", "\nbase: 1 changed"] {
        assert!(text.contains(target), "{text}");
    }
    let (_, patches, _) =
        run(top, &["diff", "--against", "main", "overlays/a", "base", "--format", "json-patch"]);
    assert!(patches.contains("{\"of\":\"overlays/a\",\"target\":{"), "{patches}");
}
