//! What the targets share that feed bytes to one place of a build.

use kfm::diag::Result;
use kfm::files::Memory;
use kfm::limits::{Limit, Limits};
use kfm::{Kustomize, Options};
use std::io::Read;

/// An object for patches, replacements and field specs.
pub const OBJECT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {app: x}}\nspec:\n  \
                          replicas: 1\n  template:\n    spec:\n      containers:\n      - name: c\n        image: nginx:1\n        \
                          args: [a, b]\n      - name: d\n        image: r.example/d@sha256:ab\n";

/// The largest input worth a look.
pub const LARGEST: usize = 8 << 10;

/// Limits that are reached soon.
fn limits() -> Limits {
    [
        (Limit::Memory, 32 << 20),
        (Limit::Text, 4 << 20),
        (Limit::Nodes, 100_000),
        (Limit::Depth, 200),
        (Limit::Work, 100_000_000),
        (Limit::Directories, 100),
        (Limit::Patterns, 4 << 20),
    ]
    .into_iter()
    .fold(Limits::default(), |limits, (limit, value)| limits.with(limit, value))
}

/// Builds files in memory on this thread's workers; the text, or the first mistake. No text is larger or deeper than the limits say.
pub fn build(files: &[(&str, &[u8])]) -> Result<String> {
    let memory: Memory = files.iter().map(|(path, content)| (path, content.to_vec())).collect();
    let input: usize = files.iter().map(|(_, content)| content.len()).sum();
    let options = Options { limits: limits(), threads: 1, ..Options::default() };
    let mut text = String::new();
    let output = Kustomize::new(memory).options(options).build("/")?;
    output.yaml()?.read_to_string(&mut text).expect("UTF-8");
    assert!(text.len() < (64 << 20) + 64 * input, "{} bytes of {input}", text.len());
    // Sequences in mappings are not indented.
    let deepest = text.lines().map(|line| line.len() - line.trim_start_matches([' ', '-']).len()).max();
    assert!(deepest.unwrap_or(0) <= 2 * 200 + 2, "{deepest:?}");
    Ok(text)
}
