//! `images list`

use super::super::args::ImageArgs;
use super::super::environment::Environment;
use super::super::{Done, Strictness};
use super::{Settings, TargetArgs};
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result};
use crate::image;
use crate::image::list::{Image, Listed, images, places, remarks};
use crate::image::plan::{self, Copy};
use crate::image::rewrite::refuse_broken;
use crate::image::{Found, Reference};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Arguments of `images list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// Fail if an image is outside of the allowed registries; the same as `--image-check`
    #[arg(long)]
    check: bool,
    /// List every place rather than every image
    #[arg(long)]
    places: bool,
    /// Say of each place what it is, which rule found it and what it is joined of
    #[arg(long)]
    why: bool,
    /// Group the images
    #[arg(long, value_name = "GROUP")]
    by: Option<By>,
    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    /// Print no warnings
    #[arg(long)]
    quiet: bool,
    /// Treat warnings as errors
    #[arg(long, conflicts_with = "quiet")]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Component,
    Namespace,
    Registry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Yaml,
    Plain,
    /// Input of `skopeo sync`
    Skopeo,
    /// One `skopeo copy` a line
    SkopeoCopy,
    /// One `crane copy` a line
    Crane,
    /// One `oras copy` a line
    Oras,
    /// Package of zarf
    Zarf,
    /// Manifest of hauler
    Hauler,
}

/// Lists images.
pub(super) fn run(args: &ListArgs, environment: &Environment) -> Result<Done> {
    let findings = Findings::default();
    let settings = Settings::new(&args.images, args.target.directory(), environment)?;
    args.target.confine(&[], None, environment, &findings);
    let resources = args.target.resources(None, environment, &findings)?;
    let found = image::find(&resources, &settings.rules()?, |_| true);
    refuse_broken(&found, &resources)?;
    if args.check {
        settings.check_allowed(&resources)?;
    } else {
        settings.check(&resources)?;
    }
    for (message, at) in remarks(&found, &resources) {
        findings.add(Finding::new(Code::Image, message).at(at));
    }
    let listed = places(&found, &resources);
    let extra = if args.by.is_some() { &[][..] } else { &settings.extra };
    let text = match (args.output, args.places) {
        (Format::Json, true) => json(&listed)?,
        (Format::Json, false) => json(&images(listed, &settings.extra))?,
        (Format::Yaml, true) => yaml(&json(&listed)?)?,
        (Format::Yaml, false) => yaml(&json(&images(listed, &settings.extra))?)?,
        (Format::Plain, true) => lines(listed.iter().map(|p| &p.reference)),
        (Format::Plain, false) => lines(images(listed, &settings.extra).iter().map(|i| &i.reference)),
        (Format::Zarf, _) => plan::zarf(&references(&found, &settings)),
        (Format::Hauler, _) => plan::hauler(&references(&found, &settings)),
        (Format::Skopeo, _) => plan::skopeo(&copies(&found, &settings)?),
        (Format::SkopeoCopy, _) => plan::skopeo_copy(&copies(&found, &settings)?),
        (Format::Crane, _) => plan::crane(&copies(&found, &settings)?),
        (Format::Oras, _) => plan::oras(&copies(&found, &settings)?),
        (Format::Table, true) => grouped(&listed, args, |places| place_table(places, args.why)),
        (Format::Table, false) => {
            grouped(&listed, args, |places| image_table(&images(places.to_vec(), extra), args.why))
        }
    };
    let strictness = match (args.strict, args.quiet) {
        (true, _) => Strictness::Strict,
        (_, true) => Strictness::Quiet,
        _ => Strictness::Warn,
    };
    Ok(Done { stdout: vec![text.into_bytes()], findings: findings.take(), strictness, ..Done::default() })
}

/// Every image once.
fn references(found: &Found, settings: &Settings) -> Vec<Reference> {
    let all = found.hits.iter().map(|hit| &hit.reference).chain(&settings.extra);
    all.map(|reference| (reference.full(), reference.clone()))
        .collect::<BTreeMap<_, _>>()
        .into_values()
        .collect()
}

/// What is copied where. Errors: no rule says where.
fn copies(found: &Found, settings: &Settings) -> Result<Vec<Copy>> {
    let map = settings.map()?;
    if map.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "no rule says where images are copied to")
            .hint("give `--image-mirror` or `--image-map`, or `[images]` in `kfm.toml`"));
    }
    Ok(plan::copies(references(found, settings).iter(), &map))
}

fn lines<'a>(all: impl Iterator<Item = &'a String>) -> String {
    all.fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "{line}");
        out
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    let text = serde_json::to_string_pretty(value);
    text.map(|t| t + "\n").map_err(|e| Error::new(ErrorKind::Io, format!("the list cannot be written: {e}")))
}

/// JSON printed as YAML.
fn yaml(json: &str) -> Result<String> {
    let source = crate::yaml::Source::new("", json.to_owned());
    let doc = crate::yaml::json::read_json(&source)?;
    let mut out = vec![];
    crate::yaml::print(&doc, doc.root(), &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A table for each group, with its name above.
fn grouped(all: &[Listed], args: &ListArgs, table: impl Fn(&[Listed]) -> String) -> String {
    let Some(by) = args.by else { return table(all) };
    let mut groups: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for place in all {
        let group = match by {
            By::Component => place.component.clone(),
            By::Namespace => place.namespace.clone(),
            By::Registry => place.full.split('/').next().unwrap_or_default().to_owned(),
        };
        groups.entry(group).or_default().push(place.clone());
    }
    let tables: Vec<String> = groups
        .iter()
        .map(|(name, places)| {
            let name = if name.is_empty() { "(none)" } else { name };
            format!("{name}\n{}", indented(&table(places)))
        })
        .collect();
    tables.join("\n")
}

fn indented(text: &str) -> String {
    lines(text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().iter())
}

fn image_table(all: &[Image], why: bool) -> String {
    let head = ["IMAGE", "PULLED", "PLACES"].map(str::to_owned);
    if !why {
        let rows = all.iter().map(|i| [i.reference.clone(), i.pulled.to_owned(), i.places.len().to_string()]);
        return table([head].into_iter().chain(rows).collect());
    }
    let mut out = String::new();
    for image in all {
        let _ = writeln!(out, "{} ({})", image.reference, image.pulled);
        image.places.iter().for_each(|place| reason(&mut out, place));
    }
    out
}

fn place_table(all: &[Listed], why: bool) -> String {
    if why {
        let mut out = String::new();
        for place in all {
            let _ = writeln!(out, "{}", place.reference);
            reason(&mut out, place);
        }
        return out;
    }
    let head = ["IMAGE", "OBJECT", "PATH", "KIND"].map(str::to_owned);
    let rows = all
        .iter()
        .map(|p| [p.reference.clone(), p.object.clone(), p.path.clone(), p.kind_of_carrier.to_owned()]);
    table([head].into_iter().chain(rows).collect())
}

fn reason(out: &mut String, place: &Listed) {
    let _ = writeln!(out, "  {} {}", place.object, place.path);
    let _ = writeln!(
        out,
        "    {}:{}: {}, rule {}, {}, pulled {}",
        place.file, place.line, place.kind_of_carrier, place.rule, place.confidence, place.pulled
    );
    for (path, text) in &place.components {
        let _ = writeln!(out, "    joined of {path}: {text}");
    }
}

/// Rows with columns of equal width.
fn table<const N: usize>(rows: Vec<[String; N]>) -> String {
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}
