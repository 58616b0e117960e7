//! `diff`: what a change does to the cluster.

mod args;
mod side;

pub use args::DiffArgs;

use super::environment::Environment;
use super::{Done, output};
use crate::diag::{Error, ErrorKind, Result};
use crate::diff::{self, Target, write};
use args::{FailOn, Format};
use side::Side;
use std::path::Path;

/// Compares, and leaves the report for standard output or writes it to where `-o` says.
pub fn run(args: &DiffArgs, environment: &Environment) -> Result<Done> {
    let [old, new] = args.sides.as_slice() else {
        let message = format!("expected two sides to compare, found {}", args.sides.len());
        return Err(Error::new(ErrorKind::Usage, message));
    };
    if old == "-" && new == "-" {
        return Err(Error::new(ErrorKind::Usage, "only one side can be standard input"));
    }
    let [old, new] = [(old, "older"), (new, "newer")].map(|(text, name)| {
        Side::of(text, args, environment)
            .and_then(|side| side.read(args, environment))
            .map_err(|e| e.during(format!("reading the {name} side `{text}`")))
    });
    let report = diff::compare(&old?, &new?, &options(args));
    finish(&[Target { name: String::new(), report }], args, environment)
}

fn options(args: &DiffArgs) -> diff::Options {
    diff::Options {
        normalize: args.normalize,
        hash_noise: args.hash_noise,
        show_secrets: args.show_secrets,
        live: args.kubectl,
        allowances: vec![],
    }
}

/// Writes the reports, and decides about the exit code.
fn finish(targets: &[Target], args: &DiffArgs, environment: &Environment) -> Result<Done> {
    let look = if args.output.is_some() { Default::default() } else { environment.output_look };
    let style = write::Style { look, full: args.full };
    let text = match args.format {
        Format::Text => write::text(targets, style),
        Format::Unified => write::unified(targets, args.show_secrets)?,
        Format::Json => write::json(targets)?,
        Format::Markdown => write::markdown(targets, style),
        Format::Github => write::github(targets),
        Format::Gitlab => write::gitlab(targets)?,
        Format::Sarif => write::sarif(targets)?,
        Format::JsonPatch => write::json_patch(targets, args.show_secrets)?,
        Format::Summary => write::summary(targets) + "\n",
    };
    let differs = targets.iter().any(|target| !target.report.is_empty());
    let dangerous = targets.iter().any(|target| target.report.open_dangers().next().is_some());
    let code = match args.fail_on {
        FailOn::Any => u8::from(differs),
        FailOn::Danger => u8::from(dangerous),
        FailOn::None => 0,
    };
    match &args.output {
        Some(path) => {
            output::file(Path::new(path), &[text.into_bytes()])?;
            Ok(Done { code, ..Done::default() })
        }
        None => Ok(Done { stdout: vec![text.into_bytes()], code, ..Done::default() }),
    }
}
