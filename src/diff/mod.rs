//! Compares two rendered sets of objects as Kubernetes would: what was added, removed or changed, and what of it is
//! dangerous.
//!
//! [`compare`] pairs the objects of both sides (`pair`), walks each pair (`objects`, `compare`) and asks every rule of
//! `danger`. What comes out is data, a [`Report`]; the writers in `write` turn it into text.
//! Nothing in here knows of kustomizations or files.

mod canonical;
mod compare;
mod danger;
mod embedded;
mod list;
mod mask;
mod normalize;
mod objects;
mod pair;
mod report;
mod schema;
pub(crate) mod write;

pub(crate) use danger::{Allowance, RULES};
pub(crate) use report::{FieldChange, Report, Target};

use crate::resource::ResMap;

/// What the caller decides about a comparison.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Quantities, defaults and the order of rules count as the API server sees them.
    pub(crate) normalize: bool,
    /// References that changed only by a hash suffix are changes, too.
    pub(crate) hash_noise: bool,
    /// Values of Secrets are part of the report.
    pub(crate) show_secrets: bool,
    /// Fields that a cluster writes are passed over: one side is what runs.
    pub(crate) live: bool,
    /// Dangers that are accepted, and why.
    pub(crate) allowances: Vec<Allowance>,
}

/// Compares the objects of two sides, older first.
pub(crate) fn compare(old: &ResMap, new: &ResMap, options: &Options) -> Report {
    let pairs = pair::pair(old, new);
    let mut report = objects::compare(old, new, pairs, options);
    report.dangers = danger::find(&report, options);
    report
}
