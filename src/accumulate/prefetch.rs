//! Reads ahead: the files that a build will need are found first; helpers read and parse them from then on.
//!
//! The way through the directories is that of the build, but nothing is an error here: what cannot be read is left to the
//! build, which says so. How many entries lead to a file is counted on the way, so that its objects are kept for as
//! long as they are needed and no longer. Remote
//! entries are left to the build as well, but fetching them begins at once.

use super::parsed::{Parsed, parsed, read_file};
use crate::compat::Compat;
use crate::diag::Result;
use crate::kustomization::{self, Text};
use crate::load::{File, Found, Loader};
use crate::parallel::{self, Queue};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Below this many bytes another thread costs more than it saves.
const WORTH_A_THREAD: u64 = 200_000;

/// How many directories are followed. There may be exponentially many ways through them, of which the build may refuse the
/// first.
const FARTHEST: usize = 10_000;

/// What the entries of the directories lead to, so that the build need not look again. Directories are told apart by where
/// their loaders stand in memory: those live as long as the plan, which holds them.
#[derive(Default)]
pub(super) struct Plan {
    resources: FxHashMap<(usize, String), Found>,
    components: FxHashMap<(usize, String), Arc<Loader>>,
    /// Remote entries, each with a loader that can fetch it.
    remote: Vec<(Arc<Loader>, String)>,
}

fn key(loader: &Arc<Loader>, entry: &Text) -> (usize, String) {
    (Arc::as_ptr(loader) as usize, entry.value.clone())
}

impl Plan {
    /// What an entry of `resources` names.
    pub fn resource(&self, loader: &Arc<Loader>, entry: &Text) -> Result<Found> {
        self.resources
            .get(&key(loader, entry))
            .map_or_else(|| loader.resource(entry), |found| Ok(found.clone()))
    }

    /// Remote entries, each with a loader that can fetch it.
    pub fn remote(&self) -> Vec<(Arc<Loader>, String)> {
        self.remote.clone()
    }

    /// What an entry of `components` names.
    pub fn component(&self, loader: &Arc<Loader>, entry: &Text) -> Result<Arc<Loader>> {
        self.components
            .get(&key(loader, entry))
            .map_or_else(|| loader.enter(entry), |found| Ok(found.clone()))
    }
}

/// How many remote entries are fetched at a time.
const FETCHES: usize = 8;

/// How many are fetched before they are asked for.
const MOST_FETCHES: usize = 1000;

/// Runs something while remote entries are fetched, several at a time. What cannot be fetched is an error
/// when it is asked for.
pub(super) fn while_fetching<R>(entries: Vec<(Arc<Loader>, String)>, run: impl FnOnce() -> R) -> R {
    std::thread::scope(|scope| {
        if !entries.is_empty() {
            let fetch = move || {
                parallel::map(FETCHES, &entries, |(loader, entry)| loader.fetch_ahead(entry));
            };
            // Without a thread each is fetched when it is asked for.
            let _ = std::thread::Builder::new().spawn_scoped(scope, fetch);
        }
        run()
    })
}

/// Finds what the kustomizations below a directory name. Files are read from when there is enough of them, if `call` can
/// get helpers.
pub(super) fn run(loader: &Arc<Loader>, compat: Compat, queue: &Queue, call: &dyn Fn() -> bool) -> Plan {
    let keep = loader.files().are_kept();
    let mut finder =
        Finder { compat, queue, call, keep, found: vec![], bytes: 0, left: FARTHEST, plan: Plan::default() };
    finder.follow(loader);
    finder.plan
}

struct Finder<'a> {
    compat: Compat,
    queue: &'a Queue,
    call: &'a dyn Fn() -> bool,
    /// Whether later builds will read the same files.
    keep: bool,
    /// Files that no helper was told of.
    found: Vec<(Arc<File>, Arc<Parsed>)>,
    /// The size of all files so far.
    bytes: u64,
    /// How many more directories may be followed.
    left: usize,
    plan: Plan,
}

impl Finder<'_> {
    /// Follows `resources` and `components`.
    fn follow(&mut self, loader: &Arc<Loader>) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        let Ok(kustomization) = kustomization::locate(loader).and_then(|file| read_file(&file, self.compat))
        else {
            return;
        };
        let local = |entry: &&Text| !loader.is_remote(entry);
        for entry in kustomization.resources.iter().chain(&kustomization.components) {
            let more = self.plan.remote.len() < MOST_FETCHES && loader.is_remote(entry);
            if more && !self.plan.remote.iter().any(|(_, known)| *known == entry.value) {
                self.plan.remote.push((loader.clone(), entry.value.clone()));
            }
        }
        for entry in kustomization.resources.iter().filter(local) {
            let Ok(found) = self.plan.resource(loader, entry) else { continue };
            // Nothing is replaced in the plan: a loader that it let go of could leave its place to another one.
            self.plan.resources.entry(key(loader, entry)).or_insert_with(|| found.clone());
            match found {
                Found::File(file) => self.expect(file),
                Found::Directory(directory) => self.follow(&directory),
            }
        }
        for entry in kustomization.components.iter().filter(local) {
            if let Ok(directory) = self.plan.component(loader, entry) {
                self.plan.components.entry(key(loader, entry)).or_insert_with(|| directory.clone());
                self.follow(&directory);
            }
        }
    }

    fn expect(&mut self, file: Arc<File>) {
        let parsed = parsed(&file);
        if self.keep {
            parsed.retain();
        }
        if !parsed.expect() {
            return;
        }
        self.bytes += file.size();
        self.found.push((file, parsed));
        if self.bytes >= WORTH_A_THREAD && (self.call)() {
            for (file, parsed) in self.found.drain(..) {
                self.queue.push(Box::new(move |queue| parsed.read(&file, queue)));
            }
        }
    }
}
