//! Reads ahead: the files that a build will need are found first; helpers read and parse them from then on.
//!
//! The way through the directories is that of the build, but nothing is an error here: what cannot be read is left to the
//! build, which says so. How many entries lead to a file is counted on the way, so that its objects are kept for as
//! long as they are needed and no longer. Remote entries are left to the build as well, but fetching them begins at once.

use super::parsed::{Parsed, parsed, read_file};
use crate::compat::Compat;
use crate::diag::Result;
use crate::kustomization::{self, Text};
use crate::load::{File, Found, Loader};
use crate::parallel::Queue;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

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
}

fn key(loader: &Arc<Loader>, entry: &Text) -> (usize, String) {
    (Arc::as_ptr(loader) as usize, entry.value.clone())
}

impl Plan {
    /// What an entry of `resources` names.
    pub(super) fn resource(&self, loader: &Arc<Loader>, entry: &Text) -> Result<Found> {
        self.resources
            .get(&key(loader, entry))
            .map_or_else(|| loader.resource(entry), |found| Ok(found.clone()))
    }

    /// What an entry of `components` names.
    pub(super) fn component(&self, loader: &Arc<Loader>, entry: &Text) -> Result<Arc<Loader>> {
        self.components
            .get(&key(loader, entry))
            .map_or_else(|| loader.enter(entry), |found| Ok(found.clone()))
    }
}

/// How many remote entries are fetched at a time.
const FETCHES: usize = 8;

/// How many are fetched before they are asked for.
const MOST_FETCHES: usize = 1000;

/// Begins to fetch what an entry names; the loader is that of the directory which names it.
pub(super) type Begin<'a> = dyn Fn(&Arc<Loader>, &str) + 'a;

/// Runs something that may begin to fetch remote entries, several at a time. What cannot be fetched is an error when it
/// is asked for; what nobody began to fetch when the work is done is left alone.
pub(super) fn while_fetching<R>(run: impl FnOnce(&Begin<'_>) -> R) -> R {
    let (sender, receiver) = mpsc::channel::<(Arc<Loader>, String)>();
    let receiver = Mutex::new(receiver);
    let done = &AtomicBool::new(false);
    let next = || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    let fetch = || {
        while let Some((loader, entry)) = next() {
            if !done.load(Ordering::Relaxed) {
                loader.fetch_ahead(&entry);
            }
        }
    };
    std::thread::scope(move |scope| {
        let threads = Cell::new(0);
        let begin = |loader: &Arc<Loader>, entry: &str| {
            // Without a thread each is fetched when it is asked for.
            if threads.get() < FETCHES && std::thread::Builder::new().spawn_scoped(scope, fetch).is_ok() {
                threads.set(threads.get() + 1);
            }
            drop(sender.send((loader.clone(), entry.to_owned())));
        };
        let result = run(&begin);
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// Finds what the kustomizations below a directory name. Files are read from when there is enough of them, if `call` can
/// get helpers; what is remote is fetched from when it is found.
pub(super) fn run(
    loader: &Arc<Loader>,
    compat: Compat,
    queue: &Queue,
    call: &dyn Fn() -> bool,
    begin: &Begin<'_>,
) -> Plan {
    let mut finder = Finder {
        compat,
        queue,
        call,
        begin,
        keep: loader.files().are_kept(),
        found: vec![],
        bytes: 0,
        left: FARTHEST,
        remote: FxHashSet::default(),
        plan: Plan::default(),
    };
    finder.follow(loader);
    finder.plan
}

struct Finder<'a> {
    compat: Compat,
    queue: &'a Queue,
    call: &'a dyn Fn() -> bool,
    begin: &'a Begin<'a>,
    /// Whether later builds will read the same files.
    keep: bool,
    /// Files that no helper was told of.
    found: Vec<(Arc<File>, Arc<Parsed>)>,
    /// The size of all files so far.
    bytes: u64,
    /// How many more directories may be followed.
    left: usize,
    /// Remote entries so far.
    remote: FxHashSet<String>,
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
            let more = self.remote.len() < MOST_FETCHES && loader.is_remote(entry);
            if more && self.remote.insert(entry.value.clone()) {
                (self.begin)(loader, entry);
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
