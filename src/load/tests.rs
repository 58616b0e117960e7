//! Directories in which files are looked for.
#![cfg(unix)]

use super::*;
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::locate;
use crate::yaml::{Mark, Marked, Source};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// A directory with files, whose content is their path, and links.
fn tree(files: &[&str], links: &[(&str, &str)]) -> TempDir {
    let top = tempfile::tempdir().unwrap();
    let place = |path: &str| {
        let full = top.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        full
    };
    for path in files {
        std::fs::write(place(path), path).unwrap();
    }
    for (path, target) in links {
        symlink(target, place(path)).unwrap();
    }
    top
}

/// Fetches from a directory: `https://h.example/o/r…` is a clone of it, every other URL a text or a page.
struct Fake {
    clone: PathBuf,
    asked: AtomicUsize,
}

impl Fetch for Fake {
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str> {
        let rest = text.strip_prefix("https://h.example/o/r").ok_or("failed to parse scheme")?;
        Ok(RepoSpec {
            raw: text.into(),
            url: "https://h.example/o/r".into(),
            path: rest.trim_start_matches('/').into(),
            reference: String::new(),
            submodules: false,
            timeout: Duration::from_secs(1),
            explicit: rest.starts_with("//"),
        })
    }

    fn checkout(&self, _repository: &RepoSpec) -> Result<Arc<Path>> {
        Ok(self.clone.canonicalize().unwrap().into())
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match url {
            "https://h.example/none" => Err(Error::new(ErrorKind::Remote, "status code 404 (Not Found)")),
            "https://h.example/f.yaml" => Ok(b"a: 1".to_vec()),
            _ => Ok(b"\n <html>".to_vec()),
        }
    }
}

fn files(top: &Path, restricted: bool) -> Arc<Files> {
    let fake = Fake { clone: top.join("clone"), asked: AtomicUsize::new(0) };
    Files::new(Options { directory: top.to_owned(), restricted, ..Options::default() }, Arc::new(fake))
}

fn text(value: &str) -> Marked<String> {
    let source = Source::new("k.yaml", format!("resources:\n- {value}\n"));
    Marked { value: value.into(), mark: Mark { source, offset: 13 } }
}

fn shown<T>(result: Result<T>, ok: impl Fn(T) -> String) -> String {
    result.map_or_else(
        |e| std::iter::once(e.to_string()).chain(e.hints().to_vec()).collect::<Vec<_>>().join("; "),
        ok,
    )
}

fn content(file: &Arc<File>) -> String {
    file.text().map_or_else(|e| e.to_string(), |s| s.text.clone())
}

const FLAG: &str = "pass `--load-restrictor LoadRestrictionsNone` to allow files outside the directory";

#[test]
fn files_must_be_in_or_below_the_root() {
    let top = tree(
        &["a/x.yaml", "a/sub/y.yaml", "out.yaml", "a/dir/z"],
        &[
            ("a/in", "sub/y.yaml"),
            ("a/leak", "../out.yaml"),
            ("a/directory", ".."),
            ("a/lost", "nowhere"),
            ("b", "a"),
        ],
    );
    let outside = |given: &str| format!("k.yaml:2:3: file `{given}` is not in or below `a`; {FLAG}");
    let rows = [
        ("x.yaml", Ok("a/x.yaml")),
        ("./sub/../x.yaml", Ok("a/x.yaml")),
        ("missing/../x.yaml", Ok("a/x.yaml")),
        ("x.yaml/", Ok("a/x.yaml")),
        ("in", Ok("a/sub/y.yaml")),
        ("../a/x.yaml", Ok("a/x.yaml")),
        ("../b/x.yaml", Ok("a/x.yaml")),
        ("../out.yaml", Err(outside("../out.yaml"))),
        ("leak", Err(outside("leak"))),
        ("directory/out.yaml", Err(outside("directory/out.yaml"))),
        ("sub", Err("k.yaml:2:3: `sub` must be a file, found a directory".into())),
        ("x.yml", Err("k.yaml:2:3: `x.yml` does not exist; did you mean `x.yaml`?".into())),
        ("subb/y.yaml", Err("k.yaml:2:3: `subb/y.yaml` does not exist; did you mean `sub`?".into())),
        ("lost", Err("k.yaml:2:3: `lost` does not exist; `a/lost` is a dangling symbolic link".into())),
        (
            "out.yaml",
            Err("k.yaml:2:3: `out.yaml` does not exist; paths are relative to the directory of the kustomization \
                 file"
                .into()),
        ),
        ("x.yaml/y", Err("k.yaml:2:3: `x.yaml/y` is not a directory".into())),
    ];
    for root in ["a", "b", "./a/", "a/sub/.."] {
        let loader = Loader::open(&files(top.path(), true), root).unwrap();
        for (given, expected) in &rows {
            let found = shown(loader.file(&text(given)), |f| content(&f));
            let expected = expected.as_ref().map_or_else(String::clone, |s| (*s).to_owned());
            assert_eq!(found, expected, "{given}");
        }
    }
    let free = Loader::open(&files(top.path(), false), "a").unwrap();
    for given in ["../out.yaml", "leak", "directory/out.yaml"] {
        assert_eq!(shown(free.file(&text(given)), |f| content(&f)), "out.yaml", "{given}");
    }
    let absolute = top.path().join("a/x.yaml");
    assert_eq!(shown(free.file(&text(&absolute.to_string_lossy())), |f| content(&f)), "a/x.yaml");
}

#[test]
fn the_first_directory_that_is_lost_is_compared_with_those_that_are_there() {
    let top = tree(&["a/sub/x"], &[]);
    let loader = Loader::open(&files(top.path(), true), "a").unwrap();
    let given = format!("subb/{}x", "deep/".repeat(300));
    let found = shown(loader.file(&text(&given)), |f| content(&f));
    assert_eq!(found.split_once(' ').unwrap().1, format!("`{given}` does not exist; did you mean `sub`?"));
}

#[test]
fn a_file_is_read_once_and_named_by_where_it_is() {
    let top = tree(&["a/x.yaml", "b/y"], &[("b/link", "../a/x.yaml")]);
    let files = files(top.path(), false);
    let one = Loader::open(&files, "a").unwrap().file(&text("x.yaml")).unwrap();
    let two = Loader::open(&files, "b").unwrap().file(&text("link")).unwrap();
    assert!(Arc::ptr_eq(&one, &two));
    assert_eq!(&**two.shown(), "a/x.yaml");
    assert!(Arc::ptr_eq(&one.text().unwrap(), &two.text().unwrap()));
    assert_eq!(*one.bytes().unwrap(), b"a/x.yaml");
}

#[test]
fn pipes_and_devices_are_no_files() {
    let top = tree(&["a/x"], &[("a/null", "/dev/null")]);
    let loader = Loader::open(&files(top.path(), false), "a").unwrap();
    assert_eq!(
        shown(loader.file(&text("null")), |f| content(&f)),
        "k.yaml:2:3: `/dev/null` is not a regular file"
    );
}

#[test]
fn directories_may_be_anywhere_but_not_around_what_is_built() {
    let top = tree(&["a/b/x", "a/c/x", "d/x"], &[("a/b/up", "../../d"), ("a/b/round", "../b")]);
    let loader = Loader::open(&files(top.path(), true), "a/b").unwrap();
    let absolute = top.path().join("d").to_string_lossy().into_owned();
    let own = "remove the entry: a kustomization cannot include itself";
    for (given, expected) in [
        ("../c", "a/c".to_owned()),
        ("../../d", "d".into()),
        ("up", "d".into()),
        ("..", format!("k.yaml:2:3: directory `..` holds `a/b`, which is being built already; {own}")),
        ("../..", format!("k.yaml:2:3: directory `../..` holds `a/b`, which is being built already; {own}")),
        (".", format!("k.yaml:2:3: directory `.` is `a/b`, which is being built already; {own}")),
        ("round", format!("k.yaml:2:3: directory `round` is `a/b`, which is being built already; {own}")),
        ("x", "k.yaml:2:3: `x` must be a directory, found a file".into()),
        ("../cc", "k.yaml:2:3: `../cc` does not exist".into()),
        ("", "k.yaml:2:3: an entry that should name a directory is empty".into()),
        (
            &absolute,
            format!(
                "k.yaml:2:3: directory `{absolute}` must be relative, found an absolute path; name the directory relative \
                 to that of the kustomization file"
            ),
        ),
    ] {
        let found = shown(loader.enter(&text(given)), |l| l.shown().to_string());
        assert_eq!(found, expected, "{given}");
    }
    let below = loader.enter(&text("../c")).unwrap();
    assert!(below.enter(&text("../b")).is_err());
    assert_eq!(&**below.parent().unwrap().shown(), "a/b");
}

#[test]
fn the_top_must_be_a_directory() {
    let top = tree(&["a/x"], &[]);
    let files = files(top.path(), true);
    for (given, expected) in [
        ("a", "a"),
        (".", "."),
        ("b", "the target `b` does not exist"),
        (
            "a/x",
            "a/x: `a/x` must be a directory, found a file; name the directory in which the kustomization file is",
        ),
        ("", "the target is an empty string"),
    ] {
        assert_eq!(shown(Loader::open(&files, given), |l| l.shown().to_string()), expected, "{given}");
    }
}

#[test]
fn entries_are_files_or_directories_here_or_elsewhere() {
    let top = tree(&["a/x.yaml", "a/sub/x", "clone/in/x.yaml", "clone/f"], &[("clone/in/leak", "../f")]);
    let loader = Loader::open(&files(top.path(), false), "a").unwrap();
    for (given, expected) in [
        ("x.yaml", "file a/x.yaml"),
        ("sub", "directory a/sub"),
        ("https://h.example/f.yaml", "file https://h.example/f.yaml"),
        ("https://h.example/o/r//in", "directory https://h.example/o/r//in"),
        ("https://h.example/o/r/in", "directory https://h.example/o/r//in"),
        ("https://h.example/none", "k.yaml:2:3: status code 404 (Not Found)"),
        (
            "https://h.example/o/r//f",
            "k.yaml:2:3: `https://h.example/o/r//f` is a file in its repository, not a directory; name a directory with a kustomization file, or the file by the URL that serves it raw",
        ),
        (
            "ftp://h.example/x",
            "k.yaml:2:3: `ftp://h.example/x` does not exist; it is not the URL of a repository either: failed to parse scheme",
        ),
        ("nothing", "k.yaml:2:3: `nothing` does not exist"),
    ] {
        let found = shown(loader.resource(&text(given)), |found| match found {
            Found::File(file) => format!("file {}", file.shown()),
            Found::Directory(loader) => format!("directory {}", loader.shown()),
        });
        assert_eq!(found, expected, "{given}");
    }
}

#[test]
fn a_clone_is_a_world_of_its_own() {
    let top = tree(
        &["a/x", "clone/in/x", "clone/in/deep/x", "clone/f"],
        &[("clone/in/leak", "../f"), ("clone/out", "../a")],
    );
    let loader = Loader::open(&files(top.path(), false), "a").unwrap();
    let inside = loader.enter(&text("https://h.example/o/r//in")).unwrap();
    assert_eq!(inside.repository().unwrap().0.path, "in");
    assert_eq!(
        shown(inside.file(&text("leak")), |f| content(&f)),
        "k.yaml:2:3: file `leak` is not in or below `https://h.example/o/r//in`; what comes from a repository may read \
         below its own directory only"
    );
    assert_eq!(shown(inside.file(&text("x")), |f| f.shown().to_string()), "https://h.example/o/r//in/x");
    assert_eq!(
        shown(inside.enter(&text("../../a")), |_| String::new()),
        "k.yaml:2:3: directory `../../a` is outside its repository `https://h.example/o/r`"
    );
    assert!(loader.enter(&text("https://h.example/o/r//out")).is_err());
    // The same location again is a cycle, another one in the same repository is not, nor are directories of the first.
    assert!(inside.enter(&text("https://h.example/o/r//in")).is_err());
    assert!(inside.enter(&text("https://h.example/o/r")).is_err());
    let again = inside.enter(&text("https://h.example/o/r//in/deep")).unwrap();
    assert!(again.enter(&text("..")).is_err());
    assert!(
        again.enter(&text("https://h.example/o/r//other/..")).is_ok_and(|l| l.enter(&text("in")).is_ok())
    );
}

#[test]
fn one_kustomization_file_is_found() {
    for (files_there, links, expected) in [
        (&["a/kustomization.yaml"][..], &[][..], "a/kustomization.yaml"),
        (&["a/kustomization.yml"], &[], "a/kustomization.yml"),
        (&["a/Kustomization"], &[], "a/Kustomization"),
        (&["a/kustomization.yml", "a/kustomization.yaml/x"], &[], "a/kustomization.yml"),
        (&["out", "a/Kustomization"], &[("a/kustomization.yaml", "../out")], "a/Kustomization"),
        (&["a/k"], &[("a/kustomization.yaml", "k")], "a/k"),
        (
            &["a/kustomization.yaml", "a/Kustomization"],
            &[],
            "a: several kustomization files in `a`: `kustomization.yaml`, `Kustomization`; keep one of them",
        ),
        (
            &["a/kustomize.yaml"],
            &[],
            "a: no kustomization file in `a`; rename `kustomize.yaml` to `kustomization.yaml`",
        ),
        (
            &["a/x"],
            &[],
            "a: no kustomization file in `a`; the file must be named `kustomization.yaml`, `kustomization.yml`, \
             `Kustomization`",
        ),
    ] {
        let top = tree(files_there, links);
        let loader = Loader::open(&files(top.path(), true), "a").unwrap();
        assert_eq!(shown(locate(&loader), |f| f.shown().to_string()), expected);
    }
}
