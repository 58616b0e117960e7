//! `cache`: what was fetched and kept.

use super::Done;
use super::args::RemoteArgs;
use super::environment::Environment;
use super::remote::settings;
use crate::diag::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::remote::{Cache, Listed};
use clap::{Args, Subcommand};
use std::time::{Duration, SystemTime};

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// Print what is in the cache: size, days since its last use, commit or hash, URL and references
    List,
    /// Remove what was not used for some time
    Prune(PruneArgs),
    /// Print the directory of the cache
    Path,
}

/// Arguments of `cache prune`.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Remove what was not used for so many days
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub(crate) older_than: u64,
    /// Remove everything that is not in use
    #[arg(long)]
    pub(crate) all: bool,
}

/// Runs a command.
pub(super) fn run(command: &CacheCommand, environment: &Environment) -> Result<Done> {
    let settings = settings(&RemoteArgs::default(), Limits::default(), environment)?;
    let Some(directory) = settings.cache else {
        return Err(Error::new(
            ErrorKind::Usage,
            "there is no cache: neither XDG_CACHE_HOME nor HOME is set",
        ));
    };
    let print = |text: String| Ok(Done { stdout: vec![text.into_bytes()], ..Done::default() });
    if matches!(command, CacheCommand::Path) {
        return print(format!("{}\n", directory.display()));
    }
    if !directory.is_dir() {
        return Ok(Done::default());
    }
    let cache = Cache::open(Some(&directory))?;
    match command {
        CacheCommand::List | CacheCommand::Path => print(cache.list().iter().map(line).collect()),
        CacheCommand::Prune(args) => {
            let days = if args.all { 0 } else { args.older_than };
            let removed = cache.prune(Duration::from_secs(days.saturating_mul(24 * 60 * 60)))?;
            let size: u64 = removed.iter().map(|entry| entry.size).sum();
            print(format!("removed {} of {} MiB\n", removed.len(), size.div_ceil(1 << 20)))
        }
    }
}

fn line(entry: &Listed) -> String {
    let age = SystemTime::now().duration_since(entry.used).unwrap_or_default();
    let days = age.as_secs() / (24 * 60 * 60);
    let version: String = entry.version.chars().take(12).collect();
    let references = entry.references.join(" ");
    let line =
        format!("{:>8} KiB {days:>4} d  {version}  {} {references}", entry.size.div_ceil(1024), entry.url);
    format!("{}\n", line.trim_end())
}
