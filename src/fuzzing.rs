//! What the fuzz targets hold, a function each: they are built with `--cfg fuzzing` and all features. A target that needs
//! the face alone stands in `fuzz/fuzz_targets`.

#![allow(clippy::expect_used, reason = "what does not hold ends in a panic")]

use crate::compat::Compat;
use crate::diag::Findings;
use crate::diag::{Error, ErrorKind, Location, render, without_secrets};
use crate::diff::{self, Target, write};
use crate::distribution::kfdef;
use crate::edit::KustomizationFile;
use crate::limits::{Budget, Limit, Limits};
use crate::load::NoFetch;
use crate::localize;
use crate::parallel;
use crate::plugin::values::{self, ValuesMerge};
use crate::plugin::{exchange, function};
use crate::remote::{Config, url};
use crate::resource::{ResMap, from_source, print};
use crate::yaml::{self, Dialect, NodeKind, Source, readers, split};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path};
use std::sync::Arc;

/// The fast reader against the complete parser, and that one against libyaml: the same acceptance, the same nodes.
pub fn readers(text: &str) {
    readers::compare(text, Dialect::V3);
    readers::compare(text, Dialect::V2);
    // The port of libyaml gives up with a panic at a tag before a comma, and refuses a text whose first byte is that of
    // a byte order mark.
    let unfit = text.contains('!') && text.contains(',') || text.as_bytes().first() == Some(&0xEF);
    if !unfit {
        readers::compare_with_libyaml(text);
    }
}

/// What is printed reads back as what was printed.
pub fn print_again(text: &str) {
    let Ok(source) = split::read_text("f.yaml", text.as_bytes().to_vec(), None) else { return };
    for doc in split::read_all(&source).unwrap_or_default() {
        let mut once = vec![];
        if yaml::print(&doc, doc.root(), &mut once).is_err() {
            continue;
        }
        let printed = String::from_utf8(once).expect("UTF-8");
        // A document that is a scalar may look like a marker; objects never are.
        if doc.children(doc.root()).is_empty() {
            continue;
        }
        let again =
            split::read_v2(&Source::new("p.yaml", printed.clone())).expect("readable").expect("a document");
        let mut twice = vec![];
        yaml::print(&again, again.root(), &mut twice).expect("printable");
        let twice = String::from_utf8(twice).expect("UTF-8");
        // For some keys with digits the order of kustomize contradicts itself, and any will do.
        let has_digit = printed.contains(char::is_numeric);
        assert!(
            printed == twice || has_digit && sorted(&printed) == sorted(&twice),
            "{printed:?}\n{twice:?}"
        );
    }
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// Messages: nothing that steers a terminal and none without end, whatever the input is.
pub fn messages(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let at = Location {
        path: text.as_ref().into(),
        line: 1,
        column: u32::from(bytes.first().copied().unwrap_or(1)),
        length: u32::from(bytes.last().copied().unwrap_or(1)),
        text: Some(text.as_ref().into()),
    };
    let error = Error::new(ErrorKind::Config, text.as_ref()).at(at).during(text.as_ref()).hint(text.as_ref());
    let shown = render::error(&error, render::Look::Plain);
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    assert!(shown.len() < 40_000);
}

/// Remote locations and mirrors: nothing panics, and nothing leads out of a mirror.
pub fn locations(text: &str) {
    let _ = url::parse(text);
    let _ = without_secrets(text);
    let config = "[[mirror]]\nfrom = \"https://h/\"\nto = \"file:///m/\"\n[[mirror]]\nfrom = \"git@h:\"\nto = \"https://m/\"\n";
    let mirrors = Config::parse(&Source::new("c", config.into())).expect("a configuration").mirrors;
    for front in ["https://h/", "git@h:", ""] {
        let location = format!("{front}{text}");
        let Ok(rewritten) = mirrors.rewrite(&location) else { continue };
        if let Some(rest) = rewritten.url.strip_prefix("file:///m/") {
            let climbs = Path::new(rest).components().any(|part| matches!(part, Component::ParentDir));
            assert!(!climbs, "{location}");
        }
    }
    let _ = Config::parse(&Source::new("c", text.into()));
}

/// Edits of a kustomization file: what comes out reads back, or the file is left alone.
pub fn edit(bytes: &[u8]) {
    let read = |bytes| KustomizationFile::from_bytes("k".into(), "k".into(), bytes);
    let Ok(file) = read(bytes.to_vec()) else { return };
    if let Ok(new) = file.render() {
        assert!(read(new).is_ok(), "what was written cannot be read");
    }
}

/// The rewriting of command lines, an argument a line.
pub fn command_line(bytes: &[u8]) {
    let words = String::from_utf8_lossy(bytes);
    let words: Vec<OsString> =
        std::iter::once("kfm").chain(words.split('\n')).take(50).map(OsString::from).collect();
    let _ = crate::cli::parse(words);
}

/// Two files of manifests: comparing them ends, swapped sides count the same, a side equals itself, and every report can
/// be written.
pub fn diff(old: &str, new: &str) {
    let (Some(old), Some(new)) = (objects(old), objects(new)) else { return };
    for normalize in [false, true] {
        let options = diff::Options { normalize, ..diff::Options::default() };
        assert!(diff::compare(&old, &old, &options).is_empty());
        let (there, back) = (diff::compare(&old, &new, &options), diff::compare(&new, &old, &options));
        assert_eq!(there.objects.len(), back.objects.len());
        let targets = [Target { name: String::new(), report: there }];
        let style = write::Style::default();
        write::text(&targets, style);
        write::markdown(&targets, style);
        write::github(&targets);
        let _ = write::unified(&targets, false, &Budget::new(Limits::default()));
        let _ = write::json(&targets);
        let _ = write::gitlab(&targets);
        let _ = write::sarif(&targets);
        let _ = write::json_patch(&targets, false);
    }
}

fn objects(text: &str) -> Option<ResMap> {
    let budget = Arc::new(Budget::new(Limits::default()));
    let source = split::read_text("side.yaml", text.as_bytes().to_vec(), Some(&budget)).ok()?;
    let mut all = ResMap::new();
    for object in from_source(&source).ok()? {
        all.push(object);
    }
    Some(all)
}

/// Copies a kustomization with this file: nothing is written but the copy, and nothing is in it that lies elsewhere.
pub fn localize(kustomization: &[u8]) {
    let shared = Path::new("/dev/shm");
    let place = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    let top = tempfile::tempdir_in(place).expect("a directory");
    let put = |file: &str, text: &[u8]| {
        let path = top.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    };
    let object = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
    put("secret/a.yaml", object("elsewhere").as_bytes());
    put("secret/kustomization.yaml", b"resources: [a.yaml]\n");
    put("w/kustomization.yaml", kustomization);
    put("w/a.yaml", object("a").as_bytes());
    put("w/base/kustomization.yaml", b"resources: [../a.yaml]\n");
    let before = names(top.path());
    let request = localize::Request {
        directory: top.path(),
        target: "w",
        destination: "copy",
        scope: "",
        compat: Compat::default(),
    };
    let fetch: Arc<dyn crate::load::Fetch> = Arc::new(NoFetch);
    let copied = parallel::on_own_stack(|| localize::run(request, &fetch)).expect("a thread");
    let mut after = names(top.path());
    let copy: Vec<_> = after.extract_if(.., |name| name.starts_with("copy")).collect();
    assert_eq!(before, after);
    assert_eq!(copied.is_ok(), !copy.is_empty());
    for file in copy.iter().map(|name| top.path().join(name)).filter(|path| path.is_file()) {
        let text = fs::read(file).expect("a copied file");
        assert!(text == kustomization || !String::from_utf8_lossy(&text).contains("name: elsewhere"));
    }
}

/// The paths of all files and directories in and below a directory, sorted.
fn names(top: &Path) -> Vec<String> {
    let (mut found, mut open) = (vec![], vec![top.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            found.push(path.strip_prefix(top).expect("below").to_string_lossy().into_owned());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            }
        }
    }
    found.sort_unstable();
    found
}

/// A KfDef: what comes of it are files in and below the directory of the import.
pub fn kfdef(bytes: &[u8]) {
    let Ok(source) = split::read_text("kfdef.yaml", bytes.to_vec(), None) else { return };
    let request = kfdef::Request { source: &source, directory: Path::new("/"), output: None, local: None };
    let import = parallel::on_own_stack(|| kfdef::import(&request, &Findings::default())).expect("a thread");
    let Ok(import) = import else { return };
    assert!(import.directory.starts_with("/") && import.directory != Path::new("/"));
    for (path, _) in &import.files {
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        assert!(inside && !path.is_empty(), "{path:?}");
    }
}

/// Values of a chart, inline and in a file: what is laid over one another is YAML again, and not deeper than both.
pub fn helm_values(inline: &[u8], file: &[u8]) {
    let budget = Arc::new(Budget::new(limits()));
    let read = |name: &str, bytes: &[u8]| split::read_text(name, bytes.to_vec(), Some(&budget)).ok();
    let (Some(inline), Some(file)) = (read("inline", inline), read("values.yaml", file)) else { return };
    let Ok(Some(inline)) = split::read_v2(&inline) else { return };
    // Anything else is refused before.
    if inline.kind(inline.root()) != NodeKind::Map {
        return;
    }
    for how in [ValuesMerge::Override, ValuesMerge::Merge, ValuesMerge::Replace] {
        let merge = || values::merged((&inline, inline.root()), Some(&file), how);
        let Ok(Ok(merged)) = parallel::on_own_stack(merge) else { continue };
        let merged = Source::new("merged", String::from_utf8(merged).expect("UTF-8"));
        // A file that is a string comes out as one, which is for helm to refuse.
        if merged.text.starts_with('|') || merged.text.starts_with('>') {
            continue;
        }
        assert!(split::read_v2(&merged).is_ok(), "{}", merged.text);
    }
}

/// What a function prints: it replaces the objects that the function got, and is printed.
pub fn function_output(bytes: &[u8]) {
    let budget = Arc::new(Budget::new(limits()));
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {a: [b, {c: d}], e: f}\n";
    let Some(mut resources) = objects(object) else { return };
    let transform = || -> crate::diag::Result<()> {
        function::take("the function", bytes.to_vec(), &mut resources, Some(&budget))?;
        print::all(&resources, 1).map(drop)?;
        let mut made = exchange::from_output("the function", bytes.to_vec(), Some(&budget))?;
        exchange::apply_generator_annotations(&mut made)?;
        made.iter().try_for_each(|object| exchange::to_text(object, true, false).map(drop))
    };
    let _ = parallel::on_own_stack(transform).expect("a thread");
}

/// Limits that are reached soon.
fn limits() -> Limits {
    [(Limit::Memory, 32 << 20), (Limit::Text, 4 << 20), (Limit::Nodes, 100_000), (Limit::Work, 100_000_000)]
        .into_iter()
        .fold(Limits::default(), |limits, (limit, value)| limits.with(limit, value))
}
