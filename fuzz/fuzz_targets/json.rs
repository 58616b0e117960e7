//! JSON as a resource: no panic, and what is read is printed.

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
        ("kustomization.yaml", b"resources: [a.json, b.yaml]\n"),
        ("a.json", bytes),
        ("b.yaml", OBJECT.as_bytes()),
    ]);
});
