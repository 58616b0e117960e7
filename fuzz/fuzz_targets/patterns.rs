//! Patterns of selectors: none takes more than the limit, however short it is.

#![no_main]

#[path = "build.rs"]
mod build;

use build::{LARGEST, OBJECT, build};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LARGEST {
        return;
    }
    let Ok(pattern) = std::str::from_utf8(bytes) else { return };
    let pattern = pattern.replace(char::is_control, "").replace(char::from(39), "");
    let kustomization = format!(
        "resources: [a.yaml]\npatches:\n- {{target: {{name: {0}{pattern}{0}}}, path: p}}\n",
        char::from(39)
    );
    let patch = b"[{op: remove, path: /spec}]";
    let _ = build(&[
        ("kustomization.yaml", kustomization.as_bytes()),
        ("a.yaml", OBJECT.as_bytes()),
        ("p", patch),
    ]);
});
