//! What all commands that fetch have in common: their flags, the user's configuration, the lock that counts.

use super::args::RemoteArgs;
use super::environment::Environment;
use super::sandbox::own_root;
use super::say;
use crate::diag::{Findings, Result};
use crate::limits::Limits;
use crate::remote::{Access, Config, Copies, Locked, Remote, RemoteOptions};
use crate::text::path::relative;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What fetches for a build of a directory.
pub(super) fn open(
    args: &RemoteArgs,
    target: &str,
    limits: Limits,
    environment: &Environment,
) -> Result<Arc<Remote>> {
    if environment.untrusted {
        let copies = copies(target, Some(&own_root(target, environment)), environment)?;
        return Ok(copies.unwrap_or_else(|| Arc::new(Remote::new(untrusted(None)))));
    }
    let directory = environment.directory.join(target);
    // A target that is remote, or not there, is looked up from where the user stands.
    let directory = if directory.is_dir() { directory } else { environment.directory.clone() };
    let show = |path: &Path| relative(&environment.directory, path).display().to_string();
    let lock = Locked::find(&directory, &show)?;
    if args.locked {
        lock.iter().try_for_each(Locked::check_sources)?;
    }
    Ok(Arc::new(Remote::new(RemoteOptions {
        lock,
        locked: args.locked,
        parts: true,
        ..settings(args, limits, environment)?
    })))
}

/// What serves an untrusted build: copies beside a lock that is in its root, compared with the lock, and nothing else.
/// `None` without a lock.
pub(super) fn copies(
    target: &str,
    root: Option<&Path>,
    environment: &Environment,
) -> Result<Option<Arc<Remote>>> {
    let show = |path: &Path| relative(&environment.directory, path).display().to_string();
    let lock = Locked::find(&environment.directory.join(target), &show)?;
    let inside = |lock: &Locked| root.is_some_and(|root| lock.directory.starts_with(root));
    Ok(lock.filter(inside).map(|lock| Arc::new(Remote::new(untrusted(Some(lock))))))
}

/// Copies that are named by a lock, compared with it, and nothing else.
fn untrusted(lock: Option<Locked>) -> RemoteOptions {
    let access = Access { offline: true, ..Access::default() };
    RemoteOptions { lock, locked: true, copies: Copies::Only, access, ..RemoteOptions::default() }
}

/// What the user decided by flags and configuration.
pub(super) fn settings(
    args: &RemoteArgs,
    limits: Limits,
    environment: &Environment,
) -> Result<RemoteOptions> {
    let Config { mirrors, network, .. } = configuration(environment)?;
    let access = Access {
        offline: args.offline || network.offline,
        public_only: args.public_only || network.public_only,
        limits,
        search: environment.search.clone(),
    };
    Ok(RemoteOptions {
        mirrors,
        proxies: environment.proxies.clone(),
        access,
        cache: environment.cache_home.as_ref().filter(|_| !args.no_cache).map(|home| home.join("kfm")),
        progress: environment.on_terminal.then_some(progress),
        ..RemoteOptions::default()
    })
}

/// The user's configuration.
pub(super) fn configuration(environment: &Environment) -> Result<Config> {
    match &environment.config_home {
        Some(home) => Config::read(&home.join("kfm/config.toml")),
        None => Ok(Config::default()),
    }
}

/// Moves what there is to say about what was fetched to the other findings.
pub(super) fn report(remote: &Remote, findings: &Findings) {
    remote.findings.take().into_iter().for_each(|finding| findings.add(finding));
}

/// Shows on a terminal what is being fetched, in one line that is gone in the end.
fn progress(what: Option<&str>) {
    static RUNNING: Mutex<(usize, usize)> = Mutex::new((0, 0));
    let mut state = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let (running, done) = &mut *state;
    match what {
        Some(text) => {
            *running += 1;
            let number = *done + *running;
            let text: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
            say(&format!("\r\x1b[2Kfetching {number}: {text}"));
        }
        None => {
            *running = running.saturating_sub(1);
            *done += 1;
            if *running == 0 {
                say("\r\x1b[2K");
            }
        }
    }
    let _ = std::io::stderr().flush();
}
