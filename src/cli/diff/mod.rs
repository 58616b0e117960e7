//! `diff`: what a change does to the cluster.

mod args;
mod copies;
mod live;
mod plan;
mod side;
mod together;

pub(super) use args::DiffArgs;
pub(super) use plan::{affected_roots, repository_path};

use super::args::{BuildArgs, ReachArgs};
use super::environment::Environment;
use super::{Done, output, sandbox, session};
use crate::config::Repository;
use crate::diag::{Error, ErrorKind, Finding, Result};
use crate::diff::{self, Target, write};
use crate::limits::{Budget, Limit};
use crate::parallel;
use crate::resource::ResMap;
use args::{FailOn, Format};
use plan::Pair;
use std::path::Path;
use std::sync::Arc;

/// How many bytes two files have to have together to be read by several threads.
const WORTH_A_THREAD: usize = 200_000;

/// Compares, and leaves the report for standard output or writes it to where `-o` says.
pub(super) fn run(args: &DiffArgs, environment: &Environment) -> Result<Done> {
    if args.live {
        return live::run(args, environment);
    }
    let notes = confine(&args.sides, &args.reach, args.output.as_deref(), environment);
    let pairs = plan::pairs(args, environment)?;
    let options = diff::Options {
        normalize: args.normalize,
        hash_noise: args.hash_noise,
        show_secrets: args.show_secrets,
        live: args.kubectl,
        allowances: Repository::find(&environment.directory, ".")?.allowances()?,
    };
    // Each target is rendered by one thread if there are several.
    let threads = match pairs.len() {
        0 | 1 => 1,
        _ => session::processors(!environment.untrusted),
    };
    let build = args.build(threads > 1);
    let budget = session::budget(&build, environment)?;
    let compare = |pair: &Pair| compare(pair, &budget, &build, &options, args, environment);
    let targets = parallel::map(threads, &pairs, compare).into_iter().collect::<Result<Vec<_>>>()?;
    let done = finish(&targets, &budget, args, environment)?;
    std::mem::forget(targets);
    Ok(Done { findings: notes, ..done })
}

/// Where every input is a stranger's, lets the kernel enforce what may be reached: the sides, and the repository in which
/// the user stands with what git keeps of it.
pub(super) fn confine(
    sides: &[String],
    reach: &ReachArgs,
    output: Option<&str>,
    environment: &Environment,
) -> Vec<Finding> {
    if !environment.untrusted {
        return vec![];
    }
    let git = environment.repository().map(|repository| repository.directories()).unwrap_or_default();
    let git = git.iter().filter_map(|path| path.to_str());
    let named = sides.iter().chain(&reach.root).map(String::as_str);
    sandbox::confine(git.chain(named), output, environment)
}

fn compare(
    pair: &Pair,
    budget: &Arc<Budget>,
    build: &BuildArgs,
    options: &diff::Options,
    args: &DiffArgs,
    environment: &Environment,
) -> Result<Target> {
    let (old, new) = match files(pair, budget, environment) {
        Some(both) => both,
        None => sides(pair, budget, build, args, environment)?,
    };
    let size = charge(budget, &old)? + charge(budget, &new)?;
    let report = diff::compare(&old, &new, options);
    budget.give_back(Limit::Memory, size);
    if pair.name.is_empty() {
        // The process is about to end: what it holds need not be freed piece by piece.
        std::mem::forget((old, new));
    }
    Ok(Target { name: pair.name.clone(), report })
}

/// The objects of two files, if both sides are files that can be read together.
fn files(pair: &Pair, budget: &Arc<Budget>, environment: &Environment) -> Option<(ResMap, ResMap)> {
    let (old, new) = (pair.old.source(budget, environment)?, pair.new.source(budget, environment)?);
    // One where other targets are read at the same time, or where a thread takes longer to start than to read it all.
    let is_much = pair.name.is_empty() && old.text.len() + new.text.len() >= WORTH_A_THREAD;
    let threads = if is_much { session::processors(!environment.untrusted) } else { 1 };
    together::read(&old, &new, threads)
}

/// The objects of two sides.
fn sides(
    pair: &Pair,
    budget: &Arc<Budget>,
    build: &BuildArgs,
    args: &DiffArgs,
    environment: &Environment,
) -> Result<(ResMap, ResMap)> {
    // Both at once, unless other targets are read at the same time.
    let threads = if pair.name.is_empty() { 2 } else { 1 };
    let sides = parallel::map(threads, &[(&pair.old, "older"), (&pair.new, "newer")], |(side, which)| {
        side.read(budget, build, args.kubectl, environment)
            .map_err(|e| e.during(format!("reading the {which} side, `{}`", side.shown())))
    });
    let mut sides = sides.into_iter();
    let mut next = || sides.next().unwrap_or_else(|| Ok(ResMap::new()));
    Ok((next()?, next()?))
}

/// Steps that comparing a byte of text takes.
const STEPS: u64 = 8;

/// Charges the text of objects, every alias as what it stands for: comparing makes such texts. Returns its length.
fn charge(budget: &Budget, objects: &ResMap) -> Result<u64> {
    let mut all = 0;
    for object in objects.iter() {
        let size = object.doc().text_size();
        let taken = budget.take(Limit::Memory, size).and_then(|()| budget.take(Limit::Work, size * STEPS));
        taken.map_err(|e| {
            let error = Error::from(e).at(object.doc().location(object.root()));
            error.during(format!("comparing {}", object.id()))
        })?;
        all += size;
    }
    Ok(all)
}

/// Writes the reports, and decides about the exit code.
fn finish(targets: &[Target], budget: &Budget, args: &DiffArgs, environment: &Environment) -> Result<Done> {
    let look = if args.output.is_some() { Default::default() } else { environment.output_look };
    let style = write::Style { look, full: args.full };
    let text = match args.format {
        Format::Text => write::text(targets, style),
        Format::Unified => write::unified(targets, args.show_secrets, budget)?,
        Format::Json => write::json(targets)?,
        Format::Markdown => write::markdown(targets, style),
        Format::Github => write::github(targets),
        Format::Gitlab => write::gitlab(targets)?,
        Format::Sarif => write::sarif(targets)?,
        Format::Summary => write::summary(targets) + "\n",
        Format::JsonPatch => write::json_patch(targets, args.show_secrets)?,
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

/// An error about the command line.
fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message)
}
