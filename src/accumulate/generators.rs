//! The generators of a directory: `configMapGenerator`, `secretGenerator`, `helmCharts`, `generators`.

use super::Accumulator;
use super::target::{Build, Target};
use crate::compat::Compat;
use crate::diag::Result;
use crate::generate;
use crate::kustomization::{GeneratorArgs, GeneratorOptions, Text};
use crate::load::Loader;
use crate::plugin::helm;
use crate::resource::{Origin, Resource};
use std::sync::Arc;

/// What a generator made, and the note of who made it.
pub(super) type Generated = (Vec<Resource>, Option<Arc<Origin>>);

impl Build<'_> {
    /// Runs all generators and lets their objects meet those that are there.
    pub(super) fn run_generators(&mut self, target: &Target, acc: &mut Accumulator) -> Result<()> {
        let mut all = self.field_generators(target)?;
        all.extend(self.external_generators(target)?);
        for (objects, origin) in all {
            for mut res in objects {
                if origin.is_some() {
                    res.origin.clone_from(&origin);
                }
                generate::absorb(&mut acc.resources, res, self.compat())?;
            }
        }
        Ok(())
    }

    fn field_generators(&mut self, target: &Target) -> Result<Vec<Generated>> {
        let k = &*target.kustomization;
        let mut all: Vec<Generated> = vec![];
        let note =
            |kind: &str| target.origin.as_ref().map(|o| Arc::new(o.of_builtin(&target.file_name, kind)));
        for args in &k.config_map_generator {
            all.push((
                vec![generate_from(
                    &target.loader,
                    generate::config_map,
                    args,
                    k.generator_options.as_ref(),
                )?],
                note("ConfigMapGenerator"),
            ));
        }
        for args in &k.secret_generator {
            all.push((
                vec![generate_from(&target.loader, generate::secret, args, k.generator_options.as_ref())?],
                note("SecretGenerator"),
            ));
        }
        // Every chart is checked before the first one is rendered.
        let mut charts = vec![];
        for chart in &k.helm_charts {
            let mut chart = chart.clone();
            if chart.namespace.is_empty() && self.compat() >= Compat::V5_8_1 {
                chart.namespace = match &k.namespace {
                    Some(own) => own.value.clone(),
                    None => target.helm_namespace.clone(),
                };
            }
            charts.push(self.at_site(target, |site| helm::prepare(&chart, k.helm_globals.as_ref(), site))?);
        }
        for chart in charts {
            let objects = self.at_site(target, |site| helm::inflate(&chart, site))?;
            all.push((objects, note("HelmChartInflationGenerator")));
        }
        Ok(all)
    }
}

type Maker = fn(&GeneratorArgs, Option<&GeneratorOptions>, &mut generate::Load<'_>) -> Result<Resource>;

/// Runs a generator whose files are read from a directory.
pub(super) fn generate_from(
    loader: &Loader,
    make: Maker,
    args: &GeneratorArgs,
    options: Option<&GeneratorOptions>,
) -> Result<Resource> {
    let mut load = |entry: &Text| loader.file(entry)?.bytes();
    make(args, options, &mut load)
        .map_err(|e| e.or_at(|| args.mark.location()).during(format!("generating `{}`", args.name)))
}
