//! kfm
pub mod diag;
pub mod kube;
pub mod kustomization;
pub mod resource;
pub mod transform;
pub mod yaml;
