//! Kustomization files, also those that are no UTF-8.

#![no_main]

#[path = "build.rs"]
mod build;

use build::{LARGEST, OBJECT, build};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LARGEST {
        return;
    }
    let _ = build(&[
        ("kustomization.yaml", bytes),
        ("a.yaml", OBJECT.as_bytes()),
        ("base/kustomization.yaml", b"resources: [../a.yaml]\n"),
        ("base/a.yaml", OBJECT.as_bytes()),
    ]);
});
