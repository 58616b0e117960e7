//! `images lock`

use super::super::args::ImageArgs;
use super::super::environment::Environment;
use super::super::{Done, output};
use super::{Settings, TargetArgs};
use crate::diag::{Error, ErrorKind, Findings, Label, Location, Result};
use crate::image::credentials::Credentials;
use crate::image::registry::Registries;
use crate::image::rewrite::refuse_broken;
use crate::image::{self, Lock, Reference};
use crate::parallel;
use crate::remote::exchange::Exchange;
use crate::yaml::Source;
use clap::Args;
use std::collections::BTreeMap;
use std::time::Duration;

/// Arguments of `images lock`.
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// The lock file
    #[arg(short, long, value_name = "FILE", default_value = "images.lock")]
    output: String,
    /// Take digests from this file, which a mirror tool wrote, rather than from registries
    #[arg(long, value_name = "FILE")]
    from: Option<String>,
    /// Write nothing; fail if an image has moved, is not in the lock file, or is there and not used
    #[arg(long)]
    check: bool,
    /// Registry to ask by HTTP rather than HTTPS; may be repeated
    #[arg(long, value_name = "REGISTRY")]
    insecure_registry: Vec<String>,
    /// Seconds until an answer is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
}

impl LockArgs {
    /// Returns whether digests come from registries.
    pub(crate) fn asks_registries(&self) -> bool {
        self.from.is_none()
    }
}

/// How many registries are asked at a time.
const AT_A_TIME: usize = 8;

/// An image that is pulled, and where it is named.
struct Pulled {
    reference: Reference,
    at: Option<Location>,
}

/// Writes or checks a lock file.
pub(super) fn run(args: &LockArgs, environment: &Environment) -> Result<Done> {
    let findings = Findings::default();
    let settings = Settings::new(&args.images, args.target.directory(), environment)?;
    args.target.confine(
        &[args.from.as_deref().unwrap_or(&args.output)],
        Some(&args.output),
        environment,
        &findings,
    );
    let images = pulled(args, &settings, environment, &findings)?;
    let now = match &args.from {
        Some(file) => from_file(&images, &Lock::parse(&super::settings::read(file, environment)?)?)?,
        None => from_registries(&images, args, environment)?,
    };
    if args.check {
        let file = super::settings::read(&args.output, environment)?;
        compare(&now, &Lock::parse(&file)?, &file)?;
    } else {
        output::file(&environment.directory.join(&args.output), &[now.text().into_bytes()])?;
    }
    Ok(Done { findings: findings.take(), ..Done::default() })
}

/// The images of the target as they are pulled: mapped.
fn pulled(
    args: &LockArgs,
    settings: &Settings,
    environment: &Environment,
    findings: &Findings,
) -> Result<Vec<Pulled>> {
    let resources = args.target.resources(None, environment, findings)?;
    let found = image::find(&resources, &settings.rules()?, |_| true);
    refuse_broken(&found, &resources)?;
    let map = settings.map()?;
    let mut all: BTreeMap<String, Pulled> = BTreeMap::new();
    let mut add = |reference: &Reference, at: Option<Location>| {
        let reference = map.map(reference).map_or_else(|| reference.clone(), |mapped| mapped.target);
        all.entry(reference.full()).or_insert(Pulled { reference, at });
    };
    for hit in &found.hits {
        add(&hit.reference, resources.get(hit.slot).map(|res| hit.location(res)));
    }
    settings.extra.iter().for_each(|reference| add(reference, None));
    Ok(all.into_values().collect())
}

fn from_file(images: &[Pulled], known: &Lock) -> Result<Lock> {
    let digests = images.iter().map(|image| {
        known.digest(&image.reference).or(image.reference.digest.as_deref()).map(str::to_owned).ok_or_else(
            || {
                Error::new(
                    ErrorKind::NotFound,
                    format!("the file has no digest of `{}`", image.reference.full()),
                )
            },
        )
    });
    collect(images, digests.collect())
}

fn from_registries(images: &[Pulled], args: &LockArgs, environment: &Environment) -> Result<Lock> {
    let credentials = match &environment.docker_config {
        Some(directory) => Credentials::read(&directory.join("config.json"))?,
        None => Credentials::default(),
    };
    let find = |registry: &str| credentials.find(registry);
    let access = args.target.access(environment)?;
    let timeout = Duration::from_secs(args.timeout.max(1));
    let exchange = Exchange::new(environment.proxies.clone(), access, timeout);
    let registries = Registries::new(&exchange, &find, &args.insecure_registry);
    let digests = parallel::map(AT_A_TIME, images, |image| registries.digest(&image.reference));
    collect(images, digests)
}

/// The lock of all digests, or one error with all places.
fn collect(images: &[Pulled], digests: Vec<Result<String>>) -> Result<Lock> {
    let mut lock = Lock::default();
    let mut failed: Option<Error> = None;
    let mut count = 0;
    for (image, digest) in images.iter().zip(digests) {
        match digest.and_then(|digest| lock.insert(&image.reference, &digest)) {
            Ok(()) => {}
            Err(e) => {
                count += 1;
                let message = e.message().to_owned();
                failed = Some(match (failed, &image.at) {
                    (None, Some(at)) => e.at(at.clone()),
                    (None, None) => e,
                    (Some(first), Some(at)) => first.label(at.clone(), message),
                    (Some(first), None) => first.hint(message),
                });
            }
        }
    }
    match failed {
        None => Ok(lock),
        Some(error) if count == 1 => Err(error),
        Some(error) => Err(error.during(format!("locking {} images, of which {count} failed", images.len()))),
    }
}

/// Fails where a lock file does not say what is pulled now.
fn compare(now: &Lock, then: &Lock, file: &Source) -> Result<()> {
    let now: BTreeMap<&str, &str> = now.iter().collect();
    let then: BTreeMap<&str, &str> = then.iter().collect();
    let line = |image: &str| {
        let offset = file.text.find(image).and_then(|at| u32::try_from(at).ok()).unwrap_or(0);
        file.location(offset)
    };
    let mut wrong: Vec<Label> = vec![];
    for (image, digest) in &now {
        let text = match then.get(image) {
            Some(old) if old == digest => continue,
            Some(old) => format!("`{image}` has moved from {old} to {digest}"),
            None => format!("`{image}` is not in the lock file"),
        };
        let at = if then.contains_key(image) { line(image) } else { Location::file(file.path.clone()) };
        wrong.push(Label { at, text });
    }
    for image in then.keys().filter(|image| !now.contains_key(**image)) {
        wrong.push(Label { at: line(image), text: format!("`{image}` is not used any more") });
    }
    let Some(first) = wrong.first() else { return Ok(()) };
    let error = Error::new(ErrorKind::Conflict, first.text.clone()).at(first.at.clone());
    let error = wrong.iter().skip(1).fold(error, |e, label| e.hint(label.text.clone()));
    Err(error.hint("run `kfm images lock` to bring the lock file up to date"))
}
