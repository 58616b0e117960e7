//! Whether lock and copies are what the targets need, found out without network and without changing anything.

use super::Request;
use super::plan::{Item, Plan, RepositoryCopy};
use super::walk::{Targets, is_about_remote, try_all};
use crate::diag::{Code, Finding, Result};
use crate::files;
use crate::remote::content::{self, Content, Contents, Difference};
use crate::remote::lock::{LARGEST, NAME, SUMS, without_user};
use crate::remote::{Copies, LockedRepository, Remote, RemoteOptions};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What there is to say about lock and copies.
pub(super) struct Checked {
    /// What the copies are to be.
    pub(crate) plan: Plan,
    /// What is not as it should be.
    pub(crate) problems: Vec<Finding>,
    /// What there is to say besides.
    pub(crate) findings: Vec<Finding>,
}

/// What is not as it should be; nothing if all is well.
pub(crate) fn check(request: &Request, targets: &Targets) -> Result<Vec<Finding>> {
    let mut problems = Problems { found: copies(request, targets)?.problems };
    for tree in &request.sources {
        let Some(entry) = request.lock.sources.iter().find(|entry| entry.name == tree.name) else {
            problems.add(format!("the source `{}` is not in `{NAME}`", tree.name));
            continue;
        };
        let same = (&entry.git, &entry.reference, &entry.into)
            == (&without_user(&tree.git), &tree.reference, &tree.into);
        if !same {
            problems.add(format!("the source `{}` is another one in `{NAME}`", tree.name));
        }
    }
    let locked = request.locked();
    for entry in &request.lock.sources {
        if !request.sources.iter().any(|tree| tree.name == entry.name) {
            problems.add(format!("the source `{}` is no longer in `{}`", entry.name, crate::config::FILE));
        }
        locked.source_problems(entry)?.into_iter().for_each(|problem| problems.add(problem));
    }
    Ok(problems.found)
}

/// The same for copies alone.
pub(super) fn copies(request: &Request, targets: &Targets) -> Result<Checked> {
    let settings = RemoteOptions {
        lock: Some(request.locked()),
        copies: Copies::Only,
        locked: false,
        moving: vec![],
        ..request.settings.clone()
    };
    let remote = Arc::new(Remote::new(settings));
    let walked = try_all(targets, &request.options, &remote);
    let plan = Plan::of(&walked.record)?;
    let mut problems = Problems::default();
    for (target, error) in &walked.failed {
        if is_about_remote(error) {
            problems.add(format!("`{target}` does not build from the copies: {}", error.message()));
        }
    }
    let sums = files::read_text_beside(&request.directory.join(SUMS), LARGEST).unwrap_or_default();
    let sums = content::read_sums(&sums);
    for entry in &request.lock.repositories {
        problems.repository(request, entry, &plan, &content::below(&sums, &entry.copy))?;
    }
    for entry in &request.lock.files {
        let Some(path) = request.locked().copy(&entry.copy)? else {
            problems.add(format!("`{}` is missing", entry.copy));
            continue;
        };
        let found = content::of_file(&path)?;
        if entry.sum != format!("sha256:{found}") {
            problems.add(format!("`{}` is modified", entry.copy));
        }
        if !plan.files.values().any(|(url, _)| *url == entry.url) {
            problems.add(format!("`{}` is no longer reached: `{}`", entry.url, entry.copy));
        }
    }
    if targets.given != request.lock.targets {
        problems.add(format!("`{NAME}` was written for other targets"));
    }
    Ok(Checked { plan, problems: problems.found, findings: walked.findings })
}

#[derive(Default)]
struct Problems {
    found: Vec<Finding>,
}

impl Problems {
    fn add(&mut self, message: String) {
        let finding = Finding::new(Code::OutOfDate, message).hint("run `kfm vendor`");
        if !self.found.contains(&finding) {
            self.found.push(finding);
        }
    }

    fn repository(
        &mut self,
        request: &Request,
        entry: &LockedRepository,
        plan: &Plan,
        expected: &Contents,
    ) -> Result<()> {
        let Some(path) = request.locked().copy(&entry.copy)? else {
            self.add(format!("`{}` is missing", entry.copy));
            return Ok(());
        };
        let found = content::of(&path)?;
        if content::sum(&found) != entry.sum {
            let difference = Difference::between(expected, &found);
            let kinds = [
                ("is modified", &difference.modified),
                ("is missing", &difference.missing),
                ("was added", &difference.added),
            ];
            for (what, paths) in kinds {
                paths.iter().for_each(|path| self.add(format!("`{}/{path}` {what}", entry.copy)));
            }
            if difference.is_empty() {
                self.add(format!("`{}` is not what `{NAME}` says", entry.copy));
            }
            // What builds reach in a changed copy says nothing.
            return Ok(());
        }
        let is_entry = |copy: &&RepositoryCopy| {
            let spec = &copy.asked.spec;
            let same = spec.reference == entry.reference && spec.submodules != entry.without_submodules;
            same && without_user(&spec.url) == entry.url
        };
        let Some(copy) = plan.repositories.values().find(is_entry) else {
            self.add(format!(
                "`{}` at `{}` is no longer reached: `{}`",
                entry.url, entry.reference, entry.copy
            ));
            return Ok(());
        };
        let references: BTreeSet<&String> = entry.references.iter().collect();
        if copy.asked.references.iter().collect::<BTreeSet<_>>() != references {
            self.add(format!("the references to `{}` at `{}` changed", entry.url, entry.reference));
        }
        for (path, content) in &found {
            let needed = match copy.items.get(path) {
                Some(Item::Link(target)) => *content == Content::Link(target.clone()),
                Some(Item::File(_)) => true,
                None => !expected.contains_key(path),
            };
            if !needed {
                self.add(format!("`{}/{path}` is no longer reached", entry.copy));
            }
        }
        Ok(())
    }
}
