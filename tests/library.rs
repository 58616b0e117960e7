//! The library as others embed it: from memory, on small stacks, with what its examples show.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may fail so")]

use kfm::files::{Disk, Memory};
use kfm::limits::{Limit, Limits};
use kfm::{Compat, Kustomize, Options};
use std::io::Read;
use std::path::Path;
use std::process::Command;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// The trees that `example` is made of, read into memory.
fn trees() -> Memory {
    let mut files = Memory::new();
    for tree in ["manifests", "overlays", "example"] {
        for entry in walkdir::WalkDir::new(Path::new(TOP).join(tree)) {
            let entry = entry.expect("a readable directory");
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(TOP).expect("below the top");
                files.insert(path, std::fs::read(entry.path()).expect("a readable file"));
            }
        }
    }
    files
}

fn on_two_mib<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn_scoped(scope, run);
        thread.expect("a thread").join().expect("no overflow")
    })
}

fn text(output: &kfm::Output) -> String {
    let mut text = String::new();
    output.yaml().expect("printable objects").read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn the_example_is_rendered_from_memory_on_a_small_stack_as_from_disk() {
    let memory = trees();
    let from_memory = on_two_mib(|| text(&Kustomize::new(memory).build("example").expect("a build")));
    let from_disk = text(&Kustomize::new(Disk::new(TOP)).build("example").expect("a build"));
    assert!(from_memory.len() > 100_000 && from_memory == from_disk);
    #[cfg(feature = "cli")]
    {
        let mut program = Command::new(env!("CARGO_BIN_EXE_kfm"));
        let program = program.args(["build", "example"]).current_dir(TOP).output().expect("kfm starts");
        assert!(program.stdout == from_memory.as_bytes(), "the program prints the same");
    }
}

#[test]
fn the_deepest_document_fits_whatever_the_stack_of_the_caller() {
    let deep = |levels: usize| {
        let value = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        Memory::from([
            ("kustomization.yaml", "resources: [r.yaml]"),
            ("r.yaml", &format!("apiVersion: v1\nkind: T\nmetadata: {{name: a}}\nspec: {value}\n")),
        ])
    };
    on_two_mib(|| {
        let output = Kustomize::new(deep(9_000)).build(".").expect("a build");
        assert!(text(&output).len() > 9_000);
        let object = output.objects().next().expect("an object");
        assert!(object.json().expect("JSON").len() > 18_000);
        assert_eq!(object.fields().len(), 4);
        assert!(Kustomize::new(deep(20_000)).build(".").is_err());
    });
}

#[test]
fn objects_say_who_they_are_and_where_their_fields_come_from() {
    let files = Memory::from([
        ("kustomization.yaml", "resources: [r.yaml]\nnamespace: ns\nimages: [{name: a, newTag: '2'}]"),
        (
            "r.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - image: a:1\n    x/y: 1\n",
        ),
    ]);
    let output = Kustomize::new(files).build(".").expect("a build");
    assert!(output.findings().is_empty());
    let object = output.objects().next().expect("an object");
    assert_eq!(object.to_string(), "v1 Pod ns/p");
    assert_eq!(
        object.json().expect("JSON"),
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"},"spec":{"containers":[{"image":"a:2","x/y":1}]}}"#
    );
    let places: Vec<String> = object
        .fields()
        .iter()
        .map(|field| {
            format!(
                "{} {}",
                field.pointer,
                field.location.as_ref().map_or_else(String::new, |l| l.to_string())
            )
        })
        .collect();
    assert!(places.contains(&"/kind r.yaml:2:7".to_owned()), "{places:?}");
    assert!(places.contains(&"/spec/containers/0/x~1y r.yaml:7:10".to_owned()), "{places:?}");
}

#[test]
fn defaults_work_and_options_are_kept() {
    let files = || {
        Memory::from([
            ("k/kustomization.yaml", "resources: [../r.yaml]"),
            ("r.yaml", "kind: A # of more than thirty bytes\n"),
        ])
    };
    let error = Kustomize::new(files()).build("k").expect_err("outside of the root");
    assert!(error.to_string().contains("is not in or below `k`"), "{error}");
    let limits = Limits::default().with(Limit::File, 30);
    let options = Options { unrestricted: true, limits, compat: Compat::V5_7_1, ..Options::default() };
    let error = Kustomize::new(files()).options(options).build("k").expect_err("too long");
    assert!(error.to_string().contains("more than 30 bytes in one file"), "{error}");
    let missing = Kustomize::new(files()).build("nowhere").expect_err("missing");
    assert!(missing.to_string().contains("`nowhere` does not exist"), "{missing}");
}

#[test]
fn the_examples_of_the_documentation_run() {
    let run = |example: &str, argument: &str| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let mut command = Command::new(path.join(profile).join("examples").join(example));
        let output = command.arg(argument).current_dir(TOP).output();
        let output = output.unwrap_or_else(|e| panic!("{example}: {e}; `cargo build --examples` makes it"));
        assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let example = text(&Kustomize::new(Disk::new(TOP)).build("example").expect("a build"));
    assert_eq!(run("directory", "example"), example);
    assert!(run("memory", "").contains("name: prod-settings\n"));
    assert!(run("objects", "example").contains("/image is set at manifests/"));
    for name in ["directory", "memory", "objects"] {
        let source =
            std::fs::read_to_string(Path::new(TOP).join(format!("docs/library/{name}.rs"))).expect("there");
        assert!(source.lines().count() <= 30, "{name}");
    }
}
