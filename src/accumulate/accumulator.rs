//! What a layer has gathered: objects, the field specs that steer its transformers, and variables.

use crate::diag::Result;
use crate::kube::TransformerConfig;
use crate::refs::vars::VarSet;
use crate::resource::ResMap;

/// The objects, field specs and variables of a layer and of everything below it.
#[derive(Default)]
pub struct Accumulator {
    /// The objects.
    pub resources: ResMap,
    /// The field specs.
    pub config: TransformerConfig,
    /// The variables.
    pub vars: VarSet,
}

impl Accumulator {
    /// Merges field specs into those of this layer.
    pub fn merge_config(&mut self, more: &TransformerConfig) -> Result<()> {
        self.config = std::mem::take(&mut self.config).merge(more)?;
        Ok(())
    }

    /// Appends what a layer below has gathered.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        self.resources.append_all(other.resources)?;
        self.merge_config(&other.config)?;
        self.vars.merge(other.vars)
    }
}
