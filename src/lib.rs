//! kfm
pub mod diag;
pub mod generate;
pub mod kube;
pub mod kustomization;
pub mod load;
pub mod plugin;
pub mod resource;
pub mod text;
pub mod yaml;
