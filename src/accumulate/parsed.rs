//! The objects of a file: read once, by a helper ahead of their use or by the build when it needs them.

use crate::compat::Compat;
use crate::diag::Result;
use crate::kustomization::{self, Kustomization};
use crate::load::File;
use crate::parallel::Queue;
use crate::resource::{Resource, read};
use crate::yaml::{Doc, Source, split};
use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// About how many bytes of a long file a thread takes at a time.
const PORTION: usize = 32_000;

/// The objects that were read from a file, and how many entries are known to lead to it.
#[derive(Default)]
pub(super) struct Parsed {
    state: Mutex<State>,
    uses: AtomicUsize,
    /// Later builds will ask for them.
    kept: AtomicBool,
}

#[derive(Default)]
enum State {
    #[default]
    Unread,
    /// Somebody reads.
    Begun,
    Read(Result<Vec<Resource>>),
}

/// What is kept with a file.
pub(super) fn parsed(file: &File) -> Arc<Parsed> {
    file.made(|_| Parsed::default())
}

/// The objects of a file, shared with other users until they are changed. The last expected user gets them whole, so
/// that documents of a file that is used once are never copied.
pub(super) fn objects(file: &File, queue: &Queue) -> Result<Vec<Resource>> {
    let parsed = parsed(file);
    parsed.read(file, queue);
    queue.wait(|| parsed.take())
}

impl Parsed {
    /// Notes that later builds will ask for the objects.
    pub(super) fn retain(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    /// Notes one more entry that leads to the file; true for the first.
    pub(super) fn expect(&self) -> bool {
        self.uses.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Reads the file, unless somebody did or does. A long one is left to all threads in portions.
    pub(super) fn read(self: &Arc<Self>, file: &File, queue: &Queue) {
        match &mut *self.state() {
            state @ State::Unread => *state = State::Begun,
            _ => return,
        }
        let cut = file.text().and_then(|source| split::documents(&source).map(|pieces| (source, pieces)));
        let (source, pieces) = match cut {
            Ok(cut) => cut,
            Err(e) => return self.keep(Err(e), queue),
        };
        let single = pieces.len() == 1;
        let portions = match queue.helpers() {
            0 => vec![pieces],
            _ => portions(pieces),
        };
        if let [pieces] = portions.as_slice() {
            return self
                .keep(documents(&source, pieces).and_then(|docs| read::from_docs(docs, single)), queue);
        }
        let long = Arc::new(Long {
            parsed: self.clone(),
            docs: Mutex::new(portions.iter().map(|_| Ok(vec![])).collect()),
            left: AtomicUsize::new(portions.len()),
        });
        queue.push_first(portions.into_iter().enumerate().map(|(number, pieces)| {
            let (long, source) = (long.clone(), source.clone());
            Box::new(move |queue: &Queue| long.read(number, documents(&source, &pieces), queue)) as _
        }));
    }

    fn keep(&self, objects: Result<Vec<Resource>>, queue: &Queue) {
        *self.state() = State::Read(objects);
        queue.announce();
    }

    /// What was read, if it is there.
    fn take(&self) -> Option<Result<Vec<Resource>>> {
        let mut state = self.state();
        let State::Read(objects) = &mut *state else { return None };
        if self.kept.load(Ordering::Relaxed) {
            return Some(objects.clone());
        }
        if self.uses.load(Ordering::Relaxed) > 1 {
            self.uses.fetch_sub(1, Ordering::Relaxed);
            return Some(objects.clone());
        }
        match mem::take(&mut *state) {
            State::Read(objects) => Some(objects),
            _ => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is read in portions.
struct Long {
    parsed: Arc<Parsed>,
    /// The documents of each portion.
    docs: Mutex<Vec<Result<Vec<Doc>>>>,
    /// How many portions are not read.
    left: AtomicUsize,
}

impl Long {
    /// Keeps the documents of a portion, and makes objects of all of them when it was the last.
    fn read(&self, number: usize, docs: Result<Vec<Doc>>, queue: &Queue) {
        let mut all = self.docs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = all.get_mut(number) {
            *slot = docs;
        }
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            let all: Result<Vec<Vec<Doc>>> = mem::take(&mut *all).into_iter().collect();
            let objects = all.and_then(|all| read::from_docs(all.into_iter().flatten().collect(), false));
            self.parsed.keep(objects, queue);
        }
    }
}

/// The documents of pieces of a text.
fn documents(source: &Arc<Source>, pieces: &[Range<usize>]) -> Result<Vec<Doc>> {
    pieces.iter().filter_map(|piece| split::read_piece(source, piece.clone()).transpose()).collect()
}

/// Neighbours of about [`PORTION`] bytes together.
fn portions(pieces: Vec<Range<usize>>) -> Vec<Vec<Range<usize>>> {
    let mut portions: Vec<Vec<Range<usize>>> = vec![];
    let mut bytes = PORTION;
    for piece in pieces {
        if bytes >= PORTION {
            portions.push(vec![]);
            bytes = 0;
        }
        bytes += piece.len();
        if let Some(last) = portions.last_mut() {
            last.push(piece);
        }
    }
    portions
}

/// The kustomization in a file, decoded once however many directories lead to it.
pub(super) fn read_file(file: &File, compat: Compat) -> Result<Arc<Kustomization>> {
    let read = |file: &File| -> Result<Arc<Kustomization>> {
        let source = file.text()?;
        let doc = split::read_v2(&source)?.map(Arc::new);
        kustomization::read(doc.as_ref(), &source, compat).map(Arc::new)
    };
    file.made(read).as_ref().clone()
}
