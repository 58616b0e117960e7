//! Objects as text: one stream, or a file for each.

use super::{ResMap, Resource};
use crate::diag::{Error, Result};
use crate::kube::id::NO_NAMESPACE;
use crate::limits::{Budget, Limit};
use crate::parallel;
use crate::yaml::{self, Source};
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Below this many nodes of all documents another thread costs more than it saves.
const WORTH_A_THREAD: usize = 8_000;

/// About how many nodes a thread takes at a time.
const PORTION: usize = 4_000;

/// The stream of all objects, in pieces: documents divided by `---`, in the order of the table.
pub(crate) fn all(resources: &ResMap, threads: usize) -> Result<Vec<Piece>> {
    let objects: Vec<&Resource> = resources.iter().collect();
    let portions = portions(&objects);
    let nodes: usize = objects.iter().map(|r| r.doc().size()).sum();
    let threads = if nodes < WORTH_A_THREAD { 1 } else { threads };
    let printed = Printed::new(resources);
    let print = |portion: &Vec<_>| print(portion, &printed);
    let all = parallel::map(threads, &portions, print).into_iter().collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().flatten().collect())
}

/// Runs of objects of about equal size. The first of all has no `---` before it.
fn portions<'a>(objects: &[&'a Resource]) -> Vec<Vec<(&'a Resource, bool)>> {
    let mut portions: Vec<Vec<(&Resource, bool)>> = vec![];
    let mut room = 0;
    for (i, res) in objects.iter().enumerate() {
        if room == 0 {
            portions.push(vec![]);
            room = PORTION;
        }
        room = room.saturating_sub(res.doc().size());
        if let Some(last) = portions.last_mut() {
            last.push((*res, i == 0));
        }
    }
    portions
}

/// A part of the text of objects.
pub(crate) enum Piece {
    /// Printed.
    Made(Vec<u8>),
    /// Lines of a file that are what is to be printed.
    Lines(Arc<Source>, Range<usize>),
}

impl Borrow<[u8]> for Piece {
    fn borrow(&self) -> &[u8] {
        match self {
            Self::Made(bytes) => bytes,
            Self::Lines(source, range) => source.text.as_bytes().get(range.clone()).unwrap_or_default(),
        }
    }
}

/// Shorter lines of a file are copied: writing a piece has its cost, too.
const WORTH_A_PIECE: usize = 16_000;

/// The lines of its file that are the text of an object, if they are many.
fn lines(res: &Resource) -> Option<Range<usize>> {
    res.doc().verbatim().filter(|range| range.len() >= WORTH_A_PIECE)
}

/// The bytes that were printed so far, which the budget of the build counts until all is done.
struct Printed {
    budget: Option<Arc<Budget>>,
    bytes: AtomicU64,
}

impl Printed {
    fn new(resources: &ResMap) -> Self {
        let budget = resources.iter().find_map(|res| res.doc().budget()).cloned();
        Self { budget, bytes: AtomicU64::new(0) }
    }

    fn charge(&self, res: &Resource, bytes: usize) -> Result<()> {
        let Some(budget) = &self.budget else { return Ok(()) };
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        budget.take(Limit::Memory, bytes as u64).map_err(|e| context(e.into(), res))
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.give_back(Limit::Memory, self.bytes.load(Ordering::Relaxed));
        }
    }
}

fn print(portion: &[(&Resource, bool)], printed: &Printed) -> Result<Vec<Piece>> {
    let mut pieces = vec![];
    let mut out = Vec::with_capacity(portion.iter().map(|(r, _)| size(r)).sum());
    for (res, first) in portion {
        if !first {
            out.extend_from_slice(b"---\n");
        }
        match lines(res) {
            Some(lines) => {
                pieces.push(Piece::Made(out.clone()));
                out.clear();
                pieces.push(Piece::Lines(res.doc().source().clone(), lines));
            }
            None => {
                let before = out.len();
                yaml::print(res.doc(), res.root(), &mut out).map_err(|e| context(e, res))?;
                printed.charge(res, out.len() - before)?;
            }
        }
    }
    pieces.push(Piece::Made(out));
    Ok(pieces)
}

/// About how long the text of an object will be: as long as it was.
fn size(res: &Resource) -> usize {
    let doc = res.doc();
    match lines(res) {
        Some(_) => 4,
        None => doc.span(res.root()).map_or(doc.size() * 70, |(start, end)| (end - start) as usize + 400),
    }
}

fn context(error: Error, res: &Resource) -> Error {
    error.or_at(|| res.doc().location(res.root())).during(format!("printing {}", res.id()))
}

/// The text of each object and the name of its file: `GROUP_VERSION_KIND_NAME.yaml` in lower case, with the
/// namespace in front where the objects have more than one. Of equal names the later object wins.
pub(crate) fn files(resources: &ResMap) -> Result<Vec<(String, Vec<u8>)>> {
    let namespaces: BTreeSet<&str> =
        resources.iter().map(|r| r.id().effective_namespace()).filter(|n| *n != NO_NAMESPACE).collect();
    let printed = Printed::new(resources);
    resources
        .iter()
        .map(|res| {
            let (gvk, namespace) = (res.gvk(), res.id().effective_namespace());
            let in_front = if namespace != NO_NAMESPACE && namespaces.len() > 1 { namespace } else { "" };
            let parts = [in_front, &gvk.group, &gvk.version, &gvk.kind, res.name()];
            let name: Vec<&str> = parts
                .into_iter()
                .enumerate()
                .filter(|(i, p)| *i == 4 || !p.is_empty())
                .map(|(_, p)| p)
                .collect();
            let mut text = vec![];
            yaml::print_with(res.doc(), res.root(), yaml::Options::STRAIGHT, &mut text)
                .map_err(|e| context(e, res))?;
            printed.charge(res, text.len())?;
            Ok((format!("{}.yaml", name.join("_").to_lowercase()), text))
        })
        .collect()
}
