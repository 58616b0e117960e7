//! JSON 6902 patches, several times: no object grows or deepens beyond the limits.

#![no_main]

#[path = "build.rs"]
mod build;

use build::{LARGEST, OBJECT, build};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LARGEST {
        return;
    }
    let kustomization =
        "resources: [a.yaml]\npatches:\n".to_owned() + &"- {path: p, target: {kind: Deployment}}\n".repeat(8);
    let _ = build(&[
        ("kustomization.yaml", kustomization.as_bytes()),
        ("a.yaml", OBJECT.as_bytes()),
        ("p", bytes),
    ]);
});
