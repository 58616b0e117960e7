//! What a layer has gathered: objects, the rows that steer its transformers, and variables.

use crate::diag::Result;
use crate::kube::TransformerConfig;
use crate::refs::vars::VarSet;
use crate::resource::ResMap;
use std::sync::{Arc, OnceLock};

/// The objects, rows and variables of a layer and of everything below it.
pub struct Accumulator {
    /// The objects.
    pub resources: ResMap,
    /// The rows, `None` before the first was merged. Most builds share [`defaults`].
    pub config: Option<Arc<TransformerConfig>>,
    /// The variables.
    pub vars: VarSet,
}

/// The default rows as they are when they were merged into nothing: the state of nearly every layer.
pub fn defaults() -> &'static Arc<TransformerConfig> {
    static DEFAULTS: OnceLock<Arc<TransformerConfig>> = OnceLock::new();
    DEFAULTS.get_or_init(|| {
        let merged = TransformerConfig::default().merge(TransformerConfig::default_config());
        // The default rows never conflict with one another.
        Arc::new(merged.unwrap_or_default())
    })
}

impl Accumulator {
    /// An accumulator that holds nothing.
    pub fn empty() -> Self {
        Self { resources: ResMap::new(), config: None, vars: VarSet::default() }
    }

    /// Merges rows into those of this layer. Merging the defaults into the defaults changes nothing.
    pub fn merge_config(&mut self, more: &Arc<TransformerConfig>) -> Result<()> {
        self.config = Some(match &self.config {
            Some(own) if Arc::ptr_eq(own, more) && Arc::ptr_eq(own, defaults()) => return Ok(()),
            None if Arc::ptr_eq(more, defaults()) => more.clone(),
            None => Arc::new(TransformerConfig::default().merge(more)?),
            Some(own) => Arc::new(own.as_ref().clone().merge(more)?),
        });
        Ok(())
    }

    /// The rows in force.
    pub fn config(&self) -> Arc<TransformerConfig> {
        self.config.clone().unwrap_or_else(|| defaults().clone())
    }

    /// Appends what a layer below has gathered.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        self.resources.append_all(other.resources)?;
        if let Some(config) = &other.config {
            self.merge_config(config)?;
        }
        self.vars.merge(other.vars)
    }
}
