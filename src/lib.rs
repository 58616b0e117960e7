//! kfm
pub mod diag;
pub mod kube;
pub mod kustomization;
pub mod patch;
pub mod refs;
pub mod resource;
pub mod text;
pub mod yaml;
