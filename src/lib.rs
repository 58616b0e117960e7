//! kfm
pub mod diag;
pub mod yaml;
