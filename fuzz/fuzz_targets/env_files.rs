//! Env files and files of generators.

#![no_main]

#[path = "build.rs"]
mod build;

use build::{LARGEST, OBJECT, build};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LARGEST {
        return;
    }
    let kustomization = b"resources: [a.yaml]\nconfigMapGenerator: [{name: a, envs: [e]}, {name: b, files: [e]}]\nsecretGenerator: [{name: c, envs: [e]}]\n";
    let _ = build(&[("kustomization.yaml", kustomization), ("a.yaml", OBJECT.as_bytes()), ("e", bytes)]);
});
