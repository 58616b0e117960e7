//! Resources: documents with a kind and a name.

pub mod annotations;
