//! Plugins that are not builtin: functions and programs.

use super::exchange;
use super::exec::{self, Exec};
use super::function::{self, Spec};
use super::options::Site;
use crate::diag::{Error, ErrorKind, Result};
use crate::resource::{ResMap, Resource};

/// A plugin that is a program of its own, and the object that set it up.
#[derive(Debug, Clone)]
pub(crate) struct External {
    config: Resource,
    run: Run,
}

#[derive(Debug, Clone)]
enum Run {
    Function(Spec),
    Exec(Exec),
}

impl External {
    /// Finds and checks the plugin of a configuration.
    pub(crate) fn load(config: &Resource, site: &mut Site<'_, '_>) -> Result<Self> {
        if !site.options.enable_alpha_plugins {
            return Err(Error::new(
                ErrorKind::Restricted,
                format!(
                    "`{}` is not a builtin plugin; enable external plugins with `--enable-alpha-plugins`",
                    config.gvk().kind
                ),
            )
            .at(config.doc().location(config.root()))
            .hint("builtin ones have `apiVersion: builtin`; enable others with `--enable-alpha-plugins`"));
        }
        let run = match function::spec_of(config)? {
            Some(spec) => Run::Function(spec),
            None => Run::Exec(exec::find(config, site)?),
        };
        Ok(Self { config: config.clone(), run })
    }

    /// Runs it as a generator. What it makes is found, in messages, where it was set up.
    pub(crate) fn generate(&self, site: &Site<'_, '_>) -> Result<Vec<Resource>> {
        let made = match &self.run {
            Run::Function(spec) => function::generate(spec, &self.config, site),
            Run::Exec(program) => exec::generate(program, site),
        };
        let mut made = made.map_err(|e| self.blame_config(e))?;
        if let Some(mark) = self.config.doc().mark(self.config.root()) {
            made.iter_mut().for_each(|res| exchange::set_place(res, &mark));
        }
        Ok(made)
    }

    /// Runs it as a transformer.
    pub(crate) fn transform(&self, resources: &mut ResMap, site: &Site<'_, '_>) -> Result<()> {
        match &self.run {
            Run::Function(spec) => function::transform(spec, &self.config, resources, site),
            Run::Exec(program) => exec::transform(program, resources, site),
        }
        .map_err(|e| self.blame_config(e))
    }

    /// Adds where the plugin was set up.
    fn blame_config(&self, error: Error) -> Error {
        exchange::blame_config(error, || self.config.doc().location(self.config.root()))
    }
}
