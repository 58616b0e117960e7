//! Field paths of replacements, and of field specs that make what is missing.

#![no_main]

#[path = "build.rs"]
mod build;

use build::{LARGEST, OBJECT, build};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LARGEST {
        return;
    }
    let Ok(path) = std::str::from_utf8(bytes) else { return };
    let path = format!("{:?}", path.replace(char::is_control, ""));
    let kustomization = format!(
        "resources: [a.yaml]\nreplacements:\n- source: {{kind: Deployment, fieldPath: {path}}}\n  targets:\n  - select: {{kind: Deployment}}\n    \
         fieldPaths: [{path}, metadata.labels.app]\n    options: {{create: true}}\nlabels:\n- pairs: {{a: b}}\n  fields: [{{path: {path}, create: true}}]\n"
    );
    let _ = build(&[("kustomization.yaml", kustomization.as_bytes()), ("a.yaml", OBJECT.as_bytes())]);
});
