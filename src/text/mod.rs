//! Rules about text that come from the Go language rather than from kustomize.

pub mod go;
pub mod re2;
