//! In the place of plugins where kfm is compiled without them: everything that would start a program is refused.

use super::Site;
use crate::diag::{Error, ErrorKind, Result};
use crate::resource::{ResMap, Resource};

fn refuse<T>(what: &str) -> Result<T> {
    Err(Error::new(ErrorKind::Restricted, format!("cannot run {what}: kfm was compiled without plugins"))
        .hint("compile it with the Cargo feature `plugins`"))
}

/// A plugin that is no builtin one.
pub(crate) enum External {}

impl External {
    /// Refuses.
    pub(crate) fn load(config: &Resource, _: &mut Site<'_, '_>) -> Result<Self> {
        refuse(&format!("the plugin `{}`", config.gvk().kind))
    }

    /// Is never reached.
    pub(crate) fn generate(&self, _: &Site<'_, '_>) -> Result<Vec<Resource>> {
        match *self {}
    }

    /// Is never reached.
    pub(crate) fn transform(&self, _: &mut ResMap, _: &Site<'_, '_>) -> Result<()> {
        match *self {}
    }
}

/// Charts.
pub(crate) mod helm {
    use super::{Resource, Result, Site, refuse};
    use crate::kustomization::{HelmChart, HelmGlobals};

    /// A chart that could be rendered.
    pub(crate) enum Chart {}

    /// Refuses.
    pub(crate) fn prepare(chart: &HelmChart, _: Option<&HelmGlobals>, _: &mut Site<'_, '_>) -> Result<Chart> {
        refuse(&format!("helm for the chart `{}`", chart.name))
    }

    /// Is never reached.
    pub(crate) fn inflate(chart: &Chart, _: &mut Site<'_, '_>) -> Result<Vec<Resource>> {
        match *chart {}
    }
}
