//! kfm as Argo CD calls it: in the place of kustomize, and as a plugin.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod plugin;
mod steps;

use std::fs;
use std::path::Path;

/// What the applications are made of.
const BASE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: guestbook
spec:
  replicas: 1
  selector:
    matchLabels:
      app: guestbook
  template:
    metadata:
      labels:
        app: guestbook
    spec:
      containers:
      - image: registry.example.com/guestbook:v1
        name: guestbook
---
apiVersion: v1
kind: Service
metadata:
  name: guestbook
spec:
  selector:
    app: guestbook
";

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, text).expect("a file");
}

/// Puts the program somewhere under another name.
fn link_program(program: &Path) {
    fs::create_dir_all(program.parent().expect("a parent")).expect("a directory");
    let built = Path::new(env!("CARGO_BIN_EXE_kfm"));
    fs::hard_link(built, program).or_else(|_| fs::copy(built, program).map(drop)).expect("a program");
}
