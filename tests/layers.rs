//! The layers of the crate: a module may use those of lower layers, and no sibling of its own layer.

use std::path::Path;

/// Lower layers first.
const LAYERS: &[&[&str]] = &[
    &["diag", "text", "parallel"],
    &["files", "limits"],
    &["yaml"],
    &["kube"],
    &["load"],
    &["kustomization"],
    &["resource"],
    &["remote", "revision", "roots"],
    &["generate"],
    &["plugin"],
    &["transform", "patch", "refs"],
    &["accumulate"],
    &["diff", "image"],
    &["edit", "localize", "distribution"],
    &["config"],
    &["vendor"],
    &["cli"],
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|names| names.contains(&module))
}

/// Whether a file is compiled for tests alone; what those use is their own affair.
fn is_for_tests(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let parent = path.with_file_name("mod.rs");
    let declared = std::fs::read_to_string(parent).unwrap_or_default();
    stem.ends_with("tests") || declared.contains(&format!("#[cfg(test)]\nmod {stem};"))
}

#[test]
fn modules_use_only_lower_layers() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut breaches = vec![];
    for entry in walkdir::WalkDir::new(&src).into_iter().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let inside = path.strip_prefix(&src).expect("below src");
        let Some(own) = inside.iter().next().and_then(|p| p.to_str()).filter(|_| inside.iter().count() > 1)
        else {
            continue;
        };
        if is_for_tests(path) {
            continue;
        }
        let own_layer = layer(own).unwrap_or_else(|| panic!("`{own}` has no layer"));
        let text = std::fs::read_to_string(path).expect("readable source");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for used in code.split("crate::").skip(1) {
            let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name != own && layer(&name).is_some_and(|l| l >= own_layer) {
                breaches.push(format!("{} uses {name}", inside.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn only_the_command_line_prints_or_reads_the_environment() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in walkdir::WalkDir::new(&src).into_iter().flatten() {
        let path = entry.path();
        let inside = path.strip_prefix(&src).expect("below src");
        let allowed = inside.starts_with("cli") || inside == Path::new("main.rs");
        if allowed || path.extension().is_none_or(|e| e != "rs") || is_for_tests(path) {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("readable source");
        for word in
            ["println!", "eprintln!", "process::exit", "env::var", "env::args", "stdout()", "stderr()"]
        {
            assert!(!text.contains(word), "{} uses {word}", inside.display());
        }
    }
}
