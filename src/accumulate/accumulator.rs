//! What a layer has gathered: objects, the field specs that steer its transformers, and variables.

use crate::diag::Result;
use crate::kube::TransformerConfig;
use crate::refs::vars::VarSet;
use crate::resource::ResMap;

/// The objects, field specs and variables of a layer and of everything below it.
#[derive(Default)]
pub(crate) struct Accumulator {
    /// The objects.
    pub(crate) resources: ResMap,
    /// The field specs.
    pub(crate) config: TransformerConfig,
    /// The variables.
    pub(crate) vars: VarSet,
}

impl Accumulator {
    /// Merges field specs into those of this layer.
    pub(crate) fn merge_config(&mut self, more: &TransformerConfig) -> Result<()> {
        self.config = std::mem::take(&mut self.config).merge(more)?;
        Ok(())
    }

    /// Appends what a layer below has gathered.
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        self.resources.append_all(other.resources)?;
        self.merge_config(&other.config)?;
        self.vars.merge(other.vars)
    }
}
