//! OpenAPI documents and descriptions of custom types.

#![no_main]

#[path = "build.rs"]
mod build;

use build::{LARGEST, OBJECT, build};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LARGEST {
        return;
    }
    let patch = b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: c, x: 1}]}}}\n";
    for field in ["openapi: {path: s}\n", "crds: [s]\n", "configurations: [s]\n"] {
        let kustomization = format!("resources: [a.yaml]\nnamePrefix: x-\npatches: [{{path: p}}]\n{field}");
        let files: [(&str, &[u8]); 4] = [
            ("kustomization.yaml", kustomization.as_bytes()),
            ("a.yaml", OBJECT.as_bytes()),
            ("p", patch),
            ("s", bytes),
        ];
        let _ = build(&files);
    }
});
