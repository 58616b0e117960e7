//! What the program carries is what is in the repository: cases whose outcome follows from the files themselves.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test")]

use kfm::internals::embedded_files;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kfm"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .expect("kfm runs")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn new_directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().canonicalize().expect("a path");
    (directory, path)
}

/// A directory of the manifests that can be built alone.
fn some_directory() -> &'static str {
    let paths = embedded_files().map(|f| f.path).filter(|path| path.starts_with("manifests/"));
    let mut directories = paths.filter_map(|path| path.strip_suffix("/kustomization.yaml"));
    directories.find(|f| run(top(), &["build", f], &[]).status.success()).expect("a directory that builds")
}

/// The files below a directory and what is in them.
fn files_below(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries =
        walkdir::WalkDir::new(directory).sort_by_file_name().into_iter().map(|e| e.expect("an entry"));
    let files = entries.filter(|e| e.file_type().is_file());
    files
        .map(|e| {
            let path = e.path().strip_prefix(directory).expect("below").to_owned();
            (path, fs::read(e.path()).expect("readable"))
        })
        .collect()
}

/// The built-in files of a directory, by paths inside of it.
fn carried(directory: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let inside = |path: &'static str| Some(Path::new(path).strip_prefix(directory).ok()?.to_owned());
    let mut files: Vec<_> =
        embedded_files().filter_map(|f| Some((inside(f.path)?, f.content.to_vec()))).collect();
    files.sort();
    files
}

#[test]
fn a_directory_that_is_missing_builds_as_in_the_repository() {
    let (_guard, directory) = new_directory();
    for target in ["example", some_directory()] {
        let built = run(&directory, &["build", target], &[]);
        let tree = target.split('/').next().unwrap_or_default();
        assert_eq!(stdout(&built), stdout(&run(top(), &["build", target], &[])), "{target}");
        assert!(stderr(&built).starts_with(&format!("Note: `{tree}` is not on disk")), "{}", stderr(&built));
        assert_eq!(files_below(&directory), [], "{target}");
    }
}

#[test]
fn what_init_writes_builds_without_the_built_in_directories() {
    let (_guard, directory) = new_directory();
    let said = stdout(&run(&directory, &["init", "kf"], &[]));
    assert_eq!(said, format!("kf: wrote {}\n", embedded_files().count()));
    let built = run(&directory, &["build", "kf/example"], &[]);
    assert_eq!(stdout(&built), stdout(&run(top(), &["build", "example"], &[])));
    // Nothing is missing; that the password is known to everybody is so in the repository as well.
    assert!(stderr(&built).starts_with("Warning: anybody can look up the password"), "{}", stderr(&built));
    assert_eq!(stderr(&built).lines().count(), 1);
    let said = stdout(&run(&directory, &["init", "kf"], &[]));
    assert_eq!(said, format!("kf: left unchanged {}\n", embedded_files().count()));
}

#[test]
fn a_directory_on_disk_finds_its_missing_neighbours_in_the_program() {
    let (_guard, directory) = new_directory();
    stdout(&run(&directory, &["init", "."], &[]));
    fs::remove_dir_all(directory.join("manifests")).unwrap();
    let built = run(&directory, &["build", "example"], &[]);
    assert_eq!(stdout(&built), stdout(&run(top(), &["build", "example"], &[])));
    assert!(stderr(&built).starts_with("Note: `manifests` is not on disk"), "{}", stderr(&built));
    // And the other way round: the example of the program over manifests on disk.
    stdout(&run(&directory, &["init", ".", "--force"], &[]));
    fs::remove_dir_all(directory.join("example")).unwrap();
    for entry in files_below(&directory.join("manifests")) {
        let file = directory.join("manifests").join(entry.0);
        let text = String::from_utf8_lossy(&entry.1).replace(
            "kind: Namespace\nmetadata:\n",
            "kind: Namespace\nmetadata:\n  annotations: {seen: on-disk}\n",
        );
        fs::write(file, text).unwrap();
    }
    let built = run(&directory, &["build", "example"], &[]);
    assert!(stdout(&built).contains("seen: on-disk"), "{}", stderr(&built));
}

#[test]
fn an_empty_copy_is_filled_and_used_from_then_on() {
    let (_guard, directory) = new_directory();
    let copy = directory.join("copy");
    let expected = stdout(&run(top(), &["build", "example"], &[]));
    let first = run(&directory, &["build", "example", "--manifests", "copy"], &[]);
    assert_eq!(stdout(&first), expected);
    assert!(stderr(&first).contains("the built-in manifests were copied there"), "{}", stderr(&first));
    assert_eq!(files_below(&copy), carried("manifests"));
    let inside = some_directory().strip_prefix("manifests").unwrap().trim_start_matches('/');
    let file = copy.join(inside).join("kustomization.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text + "\ncommonAnnotations:\n  of: the-copy\n").unwrap();
    for arguments in [&["build", some_directory(), "--manifests", "copy"][..], &["build", some_directory()]] {
        let second = run(&directory, arguments, &[("KFM_MANIFESTS", "copy")]);
        assert!(stdout(&second).contains("of: the-copy"), "{arguments:?}");
        assert!(!stderr(&second).contains("copied"), "{}", stderr(&second));
    }
}

#[test]
fn a_copy_that_is_of_no_use_leaves_the_built_in_manifests() {
    let (_guard, directory) = new_directory();
    fs::write(directory.join("file"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", directory.join("link")).unwrap();
    let expected = stdout(&run(top(), &["build", "example"], &[]));
    for copy in ["file", "file/below", "link", "/proc/none/manifests", "/mapr/kubeflow/manifests"] {
        let built = run(&directory, &["build", "example"], &[("KFM_MANIFESTS", copy)]);
        assert_eq!(stdout(&built), expected, "{copy}");
        let said = stderr(&built);
        assert!(said.contains("Warning: KFM_MANIFESTS: ") && said.contains("are used"), "{said}");
        let strict = run(&directory, &["build", "example", "--strict"], &[("KFM_MANIFESTS", copy)]);
        assert_eq!((strict.status.code(), strict.stdout.len()), (Some(1), 0), "{copy}");
    }
    assert!(!Path::new("/mapr").exists());
}

fn kfdef(directory: &Path, path: &str) {
    let inside = some_directory().strip_prefix("manifests/").unwrap();
    let text = format!(
        "apiVersion: kfdef.apps.kubeflow.org/v1\nkind: KfDef\nmetadata:\n  name: kf\nspec:\n  applications:\n  \
         - name: some\n    kustomizeConfig:\n      repoRef: {{name: manifests, path: {inside}}}\n  repos:\n  \
         - {{name: manifests{path}}}\n"
    );
    fs::write(directory.join("kfdef.yaml"), text).unwrap();
}

#[test]
fn the_path_of_a_repository_decides_which_manifests_an_import_uses() {
    let expected = stdout(&run(top(), &["build", some_directory()], &[]));
    // (the path, whether it is made, whether the import carries the manifests, what is said)
    for (path, is_made, carries, said) in [
        ("", false, true, ""),
        ("copy", true, false, "Note: kfdef.yaml:11:29: `copy` was empty"),
        ("kfdef.yaml", false, true, "Warning: kfdef.yaml:11:29: `kfdef.yaml` cannot be read"),
        (
            "/mapr/kubeflow/manifests",
            false,
            true,
            "Warning: kfdef.yaml:11:29: `/mapr/kubeflow/manifests` does not",
        ),
    ] {
        let (_guard, directory) = new_directory();
        kfdef(&directory, &if path.is_empty() { String::new() } else { format!(", path: {path}") });
        let done = run(&directory, &["import", "kfdef", "kfdef.yaml"], &[]);
        stdout(&done);
        assert!(stderr(&done).starts_with(said), "{path}: {}", stderr(&done));
        assert_eq!(directory.join("copy").exists(), is_made, "{path}");
        assert_eq!(directory.join("kf/manifests").exists(), carries, "{path}");
        let built = run(&directory, &["build", "kf"], &[]);
        assert_eq!((stdout(&built), stderr(&built)), (expected.clone(), String::new()), "{path}");
    }
    assert!(!Path::new("/mapr").exists());
}

#[test]
fn importing_again_keeps_what_the_user_changed() {
    let (_guard, directory) = new_directory();
    kfdef(&directory, "");
    stdout(&run(&directory, &["import", "kfdef", "kfdef.yaml"], &[]));
    let file = directory.join("kf/applications/some/kustomization.yaml");
    let changed = fs::read_to_string(&file).unwrap() + "namePrefix: my-\n";
    fs::write(&file, &changed).unwrap();
    let said = stdout(&run(&directory, &["import", "kfdef", "kfdef.yaml"], &[]));
    assert!(said.starts_with("kept applications/some/kustomization.yaml: "), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    // The rest of the distribution may be written to the same directory.
    let said = stdout(&run(&directory, &["init", "kf"], &[]));
    assert!(!said.contains("removed"), "{said}");
    let said = stdout(&run(&directory, &["import", "kfdef", "kfdef.yaml", "--force"], &[]));
    assert!(said.contains("updated 1") && !said.contains("removed"), "{said}");
    assert!(directory.join("kf/example/kustomization.yaml").exists());
}
