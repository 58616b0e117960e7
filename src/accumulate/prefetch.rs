//! Reads ahead: the files that a build will need are found first, then read and parsed on all threads.
//!
//! The way through the folders is that of the build, but nothing is an error here: what cannot be read is left to the
//! build, which says so. How many entries lead to a file is counted on the way, so that its objects are kept for as
//! long as they are needed and no longer. Remote entries are left to the build as well.

use super::resources::{Parsed, parsed};
use super::target::read_file;
use crate::diag::Result;
use crate::kustomization::{self, Compat, Text};
use crate::load::{File, Found, Loader};
use crate::parallel;
use crate::resource::read;
use crate::yaml::{Doc, Source, split};
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

/// Below this many bytes another thread costs more than it saves.
const WORTH_A_THREAD: u64 = 200_000;

/// About how many bytes a thread takes at a time.
const PORTION: usize = 32_000;

/// What the entries of the folders lead to, so that the build need not look again. Folders are told apart by where
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
    pub fn resource(&self, loader: &Arc<Loader>, entry: &Text) -> Result<Found> {
        self.resources
            .get(&key(loader, entry))
            .map_or_else(|| loader.resource(entry), |found| Ok(found.clone()))
    }

    /// What an entry of `components` names.
    pub fn component(&self, loader: &Arc<Loader>, entry: &Text) -> Result<Arc<Loader>> {
        self.components
            .get(&key(loader, entry))
            .map_or_else(|| loader.enter(entry), |found| Ok(found.clone()))
    }
}

/// A file to be read ahead.
struct Job {
    file: Arc<File>,
    parsed: Arc<Parsed>,
}

/// Reads and parses what the kustomizations below a folder name.
pub(super) fn run(loader: &Arc<Loader>, compat: Compat, threads: usize) -> Plan {
    let mut plan = Plan::default();
    let mut jobs = vec![];
    find(loader, compat, &mut jobs, &mut plan);
    let bytes: u64 = jobs.iter().map(|j| j.file.size()).sum();
    if threads > 1 && bytes >= WORTH_A_THREAD {
        parse(&jobs, threads);
    }
    plan
}

fn parse(jobs: &[Job], threads: usize) {
    let cut = parallel::map(threads, jobs, |job| {
        let source = job.file.text()?;
        let pieces = split::documents(&source)?;
        Ok((source, pieces))
    });
    let portions = portions(&cut);
    let docs = parallel::map(threads, &portions, |p| {
        p.pieces.iter().filter_map(|piece| split::read_piece(p.source, piece.clone()).transpose()).collect()
    });
    let mut by_job: Vec<Result<Vec<Doc>>> = jobs.iter().map(|_| Ok(vec![])).collect();
    for (portion, read) in portions.iter().zip(docs) {
        if let Some(all) = by_job.get_mut(portion.job) {
            match (read, &mut *all) {
                (Ok(more), Ok(docs)) => docs.extend::<Vec<Doc>>(more),
                (Err(e), Ok(_)) => *all = Err(e),
                _ => {}
            }
        }
    }
    for ((job, docs), cut) in jobs.iter().zip(by_job).zip(&cut) {
        // A file that cannot be read or cut is read again by the build, which then knows who asked for it.
        if let Ok((_, pieces)) = cut {
            let objects = docs.and_then(|docs| read::from_docs(docs, pieces.len() == 1));
            job.parsed.keep(objects);
        }
    }
}

/// Follows `resources` and `components`.
fn find(loader: &Arc<Loader>, compat: Compat, jobs: &mut Vec<Job>, plan: &mut Plan) {
    let Ok(kustomization) = kustomization::locate(loader).and_then(|file| read_file(&file, compat)) else {
        return;
    };
    let local = |entry: &&Text| !loader.is_remote(entry);
    for entry in kustomization.resources.iter().filter(local) {
        let Ok(found) = plan.resource(loader, entry) else { continue };
        // Nothing is replaced in the plan: a loader that it let go of could leave its place to another one.
        plan.resources.entry(key(loader, entry)).or_insert_with(|| found.clone());
        match found {
            Found::File(file) => {
                let parsed = parsed(&file);
                if parsed.expect() {
                    jobs.push(Job { file, parsed });
                }
            }
            Found::Folder(folder) => find(&folder, compat, jobs, plan),
        }
    }
    for entry in kustomization.components.iter().filter(local) {
        if let Ok(folder) = plan.component(loader, entry) {
            plan.components.entry(key(loader, entry)).or_insert_with(|| folder.clone());
            find(&folder, compat, jobs, plan);
        }
    }
}

/// Documents of one file that are parsed together.
struct Portion<'a> {
    job: usize,
    source: &'a Arc<Source>,
    pieces: &'a [Range<usize>],
}

/// A file's text and where its documents are.
type Cut = (Arc<Source>, Vec<Range<usize>>);

fn portions(cut: &[Result<Cut>]) -> Vec<Portion<'_>> {
    let mut all = vec![];
    for (job, cut) in cut.iter().enumerate() {
        let Ok((source, pieces)) = cut else { continue };
        let mut rest = pieces.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |piece: &&Range<usize>| {
                let room = bytes < PORTION;
                bytes += piece.len();
                room
            };
            let (now, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            all.push(Portion { job, source, pieces: now });
            rest = later;
        }
    }
    all
}
