//! kfm
pub mod diag;
pub mod kube;
pub mod kustomization;
pub mod load;
pub mod remote;
pub mod resource;
pub mod yaml;
