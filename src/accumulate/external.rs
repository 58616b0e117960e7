//! `generators`, `transformers` and `validators`: plugins, builtin and others.

use super::Accumulator;
use super::target::{Build, Target};
use crate::diag::Result;
use crate::kustomization::{HelmChart, HelmGlobals, Text};
use crate::resource::{Origin, ResMap, Resource};
use std::sync::Arc;

/// A transformer that a configuration object sets up.
pub(super) struct Plugin {
    pub run: Run,
    pub note: Option<Arc<Origin>>,
}

pub(super) enum Run {}

impl Run {
    pub fn transform(self, _build: &mut Build, _target: &Target, _resources: &mut ResMap) -> Result<()> {
        match self {}
    }
}

impl Build<'_> {
    pub(super) fn external_generators(
        &mut self,
        _target: &Target,
    ) -> Result<Vec<(Vec<Resource>, Option<Arc<Origin>>)>> {
        Ok(vec![])
    }

    pub(super) fn external_transformers(
        &mut self,
        _target: &Target,
        _entries: &[Text],
    ) -> Result<Vec<Plugin>> {
        Ok(vec![])
    }

    pub(super) fn run_validators(&mut self, _target: &Target, _acc: &mut Accumulator) -> Result<()> {
        Ok(())
    }

    pub(super) fn inflate(
        &mut self,
        _target: &Target,
        _chart: &HelmChart,
        _globals: &HelmGlobals,
    ) -> Result<Vec<Resource>> {
        Ok(vec![])
    }
}
