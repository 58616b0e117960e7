//! `resources`: files, and the folders and repositories below.

use super::Accumulator;
use super::target::{Build, Target};
use crate::diag::{Error, Result};
use crate::kustomization::Text;
use crate::load::{File, Found};
use crate::resource::{Resource, read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

impl Build<'_> {
    /// Appends what the entries name: a file if it can be one, else a folder.
    pub(super) fn accumulate_resources(
        &mut self,
        target: &Target,
        mut acc: Accumulator,
        entries: &[Text],
    ) -> Result<Accumulator> {
        for entry in entries {
            match self.plan.resource(&target.loader, entry)? {
                Found::File(file) => {
                    let during = |e: Error| {
                        e.or_at(|| entry.mark.location()).during(format!(
                            "reading `{}` for `{}`",
                            entry.value,
                            target.loader.shown()
                        ))
                    };
                    for mut res in parsed(&file).objects(&file).map_err(during)? {
                        res.origin = target.origin.as_ref().map(|o| Arc::new(o.of_file(&entry.value)));
                        self.use_scope(res.gvk())?;
                        let entry_place = |e: Error| e.label(entry.mark.location(), "the entry that adds it");
                        acc.resources.append(res).map_err(entry_place)?;
                    }
                }
                Found::Folder(loader) => {
                    acc = self.accumulate_directory(target, &loader, entry, acc, false)?;
                }
            }
        }
        Ok(acc)
    }
}

/// The objects that were read from a file, and how many entries are known to lead to it.
#[derive(Default)]
pub(super) struct Parsed {
    objects: Mutex<Option<Result<Vec<Resource>>>>,
    uses: AtomicUsize,
}

/// What is kept with a file.
pub(super) fn parsed(file: &File) -> Arc<Parsed> {
    file.made(|_| Parsed::default())
}

impl Parsed {
    /// Notes one more entry that leads to the file; true for the first.
    pub(super) fn expect(&self) -> bool {
        self.uses.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Keeps what was read ahead of its use.
    pub(super) fn keep(&self, objects: Result<Vec<Resource>>) {
        *self.objects.lock().unwrap_or_else(PoisonError::into_inner) = Some(objects);
    }

    /// The objects, shared with other users until they are changed. The last expected user gets them whole, so that
    /// documents of a file that is used once are never copied.
    fn objects(&self, file: &File) -> Result<Vec<Resource>> {
        let mut kept = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.uses.load(Ordering::Relaxed) <= 1;
        let objects = match kept.take() {
            Some(objects) => objects,
            None => file.text().and_then(|source| read::from_source(&source)),
        };
        if !last {
            self.uses.fetch_sub(1, Ordering::Relaxed);
            *kept = Some(objects.clone());
        }
        objects
    }
}
