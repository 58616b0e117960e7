//! kfm
pub mod diag;
pub mod resource;
pub mod text;
pub mod yaml;
