//! Packs `manifests`, `overlays` and `example` into one archive, which `src/distribution/embedded.rs` reads.
//!
//! The archive is file after file: a line with the path and the number of bytes, then the bytes. Nothing in it has to
//! be moved or unpacked when the program starts.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The directories that the program carries.
const TREES: [&str; 3] = ["manifests", "overlays", "example"];

fn main() -> Result<(), Box<dyn Error>> {
    let top = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("no CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    let mut names = Vec::new();
    let mut said = std::io::stdout().lock();
    writeln!(said, "cargo::rerun-if-changed=build.rs")?;
    // Cargo sets this for the feature.
    if env::var_os("CARGO_FEATURE_DISTRIBUTION").is_none() {
        return Ok(());
    }
    for tree in TREES {
        writeln!(said, "cargo::rerun-if-changed={tree}")?;
        find(&top, tree, &mut names)?;
    }
    names.sort_unstable();
    let mut archive = Vec::new();
    for name in names {
        let content = fs::read(top.join(&name))?;
        writeln!(archive, "{name} {}", content.len())?;
        archive.extend(content);
    }
    fs::write(out.join("distribution.archive"), archive)?;
    Ok(())
}

/// The files below a directory, by paths with slashes; those of editors and systems, which are hidden or end in `~`, are
/// left out.
fn find(top: &Path, directory: &str, names: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(top.join(directory))? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|n| format!("{n:?} is not UTF-8"))?;
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = format!("{directory}/{name}");
        match entry.file_type()? {
            kind if kind.is_dir() => find(top, &path, names)?,
            kind if kind.is_file() && !name.contains('\n') => names.push(path),
            _ => return Err(format!("`{path}` is neither file nor directory, or has a line break").into()),
        }
    }
    Ok(())
}
