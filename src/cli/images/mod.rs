//! `images`: which images there are, and where they are to be pulled from.

mod list;
mod lock;
mod rewrite;
mod settings;

pub(super) use settings::{Settings, edit};

use super::args::{BuildArgs, ReachArgs};
use super::environment::Environment;
use super::{Done, input, remote, sandbox, session};
use crate::accumulate::Edit;
use crate::diag::{Error, ErrorKind, Findings, Location, Result, cause};
use crate::image::Rewrite;
use crate::limits::{Budget, Limit, Limits};
use crate::remote::Access;
use crate::resource::{ResMap, read};
use crate::yaml::split;
use clap::{Args, Subcommand};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// What to do with images.
#[derive(Debug, Subcommand)]
pub(super) enum Images {
    /// List the images that a target, a file or standard input (`-`) names
    List(Box<list::ListArgs>),
    /// Print the objects of a target, a file or standard input (`-`) with their images rewritten
    Rewrite(Box<rewrite::RewriteArgs>),
    /// Write the digest of every image to a lock file
    Lock(Box<lock::LockArgs>),
}

impl Images {
    /// What may be read, run and fetched.
    pub(super) fn reach(&self) -> &ReachArgs {
        match self {
            Self::List(args) => &args.target.reach,
            Self::Rewrite(args) => &args.target.reach,
            Self::Lock(args) => &args.target.reach,
        }
    }
}

/// What is looked at.
#[derive(Debug, Args)]
pub(super) struct TargetArgs {
    /// Directory or git URL to build, file of objects, or `-` for standard input
    #[arg(value_name = "TARGET", default_value = ".")]
    target: String,
    /// What may be read, run and fetched
    #[command(flatten)]
    reach: ReachArgs,
}

/// The largest text that is read from standard input, in bytes.
const INPUT: u64 = 1 << 30;

impl TargetArgs {
    /// The resources of a file, of standard input, or of a build, rewritten.
    fn resources(
        &self,
        rewrite: Option<Rewrite>,
        environment: &Environment,
        findings: &Findings,
    ) -> Result<ResMap> {
        if let Some(mut resources) = self.read(environment)? {
            charge(&resources)?;
            if let Some(rewrite) = rewrite {
                rewrite.apply_rendered(&mut resources, findings)?;
            }
            return Ok(resources);
        }
        self.build(rewrite.map(edit), environment, findings)
    }

    /// The resources of a build, with a step of the caller's.
    fn build(&self, edit: Option<Edit>, environment: &Environment, findings: &Findings) -> Result<ResMap> {
        let args = self.build_args();
        let mut options = session::options(&args, environment, findings)?;
        options.edit = edit;
        let resources = session::resources(&args, &self.target, options, environment, findings)?;
        charge(&resources)?;
        Ok(resources)
    }

    /// The resources of a file or of standard input; `None` for what is to be built.
    fn read(&self, environment: &Environment) -> Result<Option<ResMap>> {
        let budget = || session::budget(&self.build_args(), environment);
        if self.target == "-" {
            let mut bytes = vec![];
            std::io::stdin().lock().take(INPUT).read_to_end(&mut bytes).map_err(|e| {
                Error::new(ErrorKind::Io, format!("standard input cannot be read: {}", cause(&e)))
            })?;
            return objects("<stdin>", bytes, &budget()?).map(Some);
        }
        let path = environment.directory.join(&self.target);
        if path.is_file() {
            let bytes = input::file(&self.target, INPUT, environment).map_err(|e| {
                let message = format!("`{}` cannot be read: {}", self.target, cause(&e));
                Error::new(ErrorKind::Io, message).at(Location::file(self.target.clone()))
            })?;
            return objects(&self.target, bytes, &budget()?).map(Some);
        }
        Ok(None)
    }

    /// The directory whose `kfm.toml` is read: that of the target, or the current one.
    fn directory(&self) -> &str {
        if self.target == "-" || Path::new(&self.target).is_file() { "." } else { &self.target }
    }

    fn build_args(&self) -> BuildArgs {
        BuildArgs { reach: self.reach.clone(), ..BuildArgs::default() }
    }

    /// What may be asked over the network: nothing where the input is a stranger's.
    fn access(&self, environment: &Environment) -> Result<Access> {
        match environment.untrusted {
            true => Ok(Access { offline: true, ..Access::default() }),
            false => Ok(remote::settings(&self.reach.remote, Limits::default(), environment)?.access),
        }
    }

    /// Where every input is a stranger's, lets the kernel enforce what may be reached: what the target and other files may
    /// read, and writing to `output`.
    fn confine(&self, files: &[&str], output: Option<&str>, environment: &Environment, findings: &Findings) {
        let targets = [Some(self.directory()), self.reach.root.as_deref()].into_iter().flatten();
        let targets = targets.chain(files.iter().copied());
        let notes = sandbox::confine(targets, output, environment);
        notes.into_iter().for_each(|note| findings.add(note));
    }
}

/// What an image takes that is found, for each of the nodes that one needs, in bytes.
const FOUND: u64 = 200;

/// Charges what the images of objects may take: each node could be one.
fn charge(resources: &ResMap) -> Result<()> {
    resources.iter().try_for_each(|object| {
        let Some(budget) = object.doc().budget() else { return Ok(()) };
        let taken = budget.take(Limit::Memory, object.doc().size() as u64 * FOUND);
        taken.map_err(|e| Error::from(e).during(format!("searching {} for images", object.id())))
    })
}

fn objects(name: &str, bytes: Vec<u8>, budget: &Arc<Budget>) -> Result<ResMap> {
    let source = split::read_text(name, bytes, Some(budget))?;
    let mut all = ResMap::new();
    for res in read::from_source(&source)? {
        all.push(res);
    }
    Ok(all)
}

/// Runs a command of `images`.
pub(super) fn run(command: Images, environment: &Environment) -> Result<Done> {
    match command {
        Images::List(args) => list::run(&args, environment),
        Images::Lock(args) => lock::run(&args, environment),
        Images::Rewrite(args) => rewrite::run(&args, environment),
    }
}
