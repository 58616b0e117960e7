//! `resources`: files, and the directories and repositories below.

use super::Accumulator;
use super::parsed::objects;
use super::target::{Build, Target};
use crate::diag::{Error, Result};
use crate::kustomization::Text;
use crate::load::Found;
use std::sync::Arc;

impl Build<'_> {
    /// Appends what the entries name: a file if it can be one, else a directory.
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
                    for mut res in objects(&file, self.queue).map_err(during)? {
                        res.origin = target.origin.as_ref().map(|o| Arc::new(o.of_file(&entry.value)));
                        self.schemas.use_scope(res.gvk())?;
                        let entry_place = |e: Error| e.label(entry.mark.location(), "the entry that adds it");
                        acc.resources.append(res).map_err(entry_place)?;
                    }
                }
                Found::Directory(loader) => {
                    acc = self.accumulate_directory(target, &loader, entry, acc, false)?;
                }
            }
        }
        Ok(acc)
    }
}
