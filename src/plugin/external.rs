//! Plugins that are not builtin: functions and programs.

use super::exec::{self, Exec};
use super::function::{self, Spec};
use super::options::Site;
use crate::diag::{Error, Kind, Result};
use crate::resource::{ResMap, Resource};

/// A plugin that is a program of its own.
#[derive(Debug, Clone)]
pub enum External {
    /// A function, and its configuration.
    Function(Box<(Spec, Resource)>),
    /// A program found by its type.
    Exec(Exec),
}

impl External {
    /// Finds and checks the plugin of a configuration.
    pub fn load(config: &Resource, site: &mut Site<'_, '_>) -> Result<Self> {
        if !site.options.enable_alpha_plugins {
            return Err(Error::new(
                Kind::Restricted,
                format!("`{}` is no builtin plugin, and others are not enabled", config.gvk().kind),
            )
            .at(config.doc().location(config.root()))
            .hint("builtin ones have `apiVersion: builtin`; enable others with `--enable-alpha-plugins`"));
        }
        Ok(match function::spec_of(config)? {
            Some(spec) => Self::Function(Box::new((spec, config.clone()))),
            None => Self::Exec(exec::find(config, site)?),
        })
    }

    /// Runs it as a generator.
    pub fn generate(&self, site: &Site<'_, '_>) -> Result<Vec<Resource>> {
        match self {
            Self::Function(function) => function::generate(&function.0, &function.1, site),
            Self::Exec(program) => exec::generate(program, site),
        }
    }

    /// Runs it as a transformer.
    pub fn transform(&self, resources: &mut ResMap, site: &Site<'_, '_>) -> Result<()> {
        match self {
            Self::Function(function) => function::transform(&function.0, &function.1, resources, site),
            Self::Exec(program) => exec::transform(program, resources, site),
        }
    }
}
