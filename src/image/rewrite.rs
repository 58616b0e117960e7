//! Rewriting: every image is mapped to where it is to be pulled from, and pinned by its digest, where it stands.
//!
//! Only the bytes of references change. An image that is joined from parts stays joined where the parts can say the new
//! one, and otherwise becomes whole.

use super::find::{Found, find};
use super::hit::{Hit, Join, Place, object};
use super::lock::Lock;
use super::map::Map;
use super::reference::{Reference, name_length};
use super::rules::Rules;
use crate::compat::Compat;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Location, Result};
use crate::kube::TransformerConfig;
use crate::refs;
use crate::resource::{ResMap, Resource};
use crate::transform::hash;
use crate::yaml::{NodeId, Tag};
use std::collections::BTreeMap;

/// What is to be done with images.
#[derive(Debug)]
pub(crate) struct Rewrite {
    /// Where they stand.
    pub(crate) rules: Rules,
    /// Where they are pulled from.
    pub(crate) map: Map,
    /// Their digests.
    pub(crate) lock: Option<Lock>,
}

impl Rewrite {
    /// What becomes of a reference; `None` if it stays.
    pub(crate) fn target(&self, reference: &Reference) -> Option<Reference> {
        let mapped = self.map.map(reference).map(|mapped| mapped.target);
        let mut target = mapped.clone().unwrap_or_else(|| reference.clone());
        if target.digest.is_none()
            && let Some(lock) = &self.lock
        {
            target.digest = lock.digest(&target).or_else(|| lock.digest(reference)).map(str::to_owned);
        }
        (target != *reference).then_some(target)
    }

    /// Rewrites the images of the objects that `only` selects; gives what was found before. Errors: a container without
    /// a valid image, an image that cannot be written where it stands.
    pub(crate) fn apply(
        &self,
        resources: &mut ResMap,
        findings: &Findings,
        only: impl Fn(&Resource) -> bool,
    ) -> Result<Found> {
        let found = find(resources, &self.rules, only);
        refuse_broken(&found, resources)?;
        self.edits(&found.hits, resources, findings)?.apply(resources)?;
        Ok(found)
    }

    /// The new texts of the scalars that hold these images.
    pub(super) fn texts(
        &self,
        hits: &[Hit],
        resources: &ResMap,
        findings: &Findings,
    ) -> Result<Vec<(usize, NodeId, String)>> {
        Ok(self.edits(hits, resources, findings)?.texts(resources))
    }

    fn edits(&self, hits: &[Hit], resources: &ResMap, findings: &Findings) -> Result<Edits> {
        let mut edits = Edits::default();
        for hit in hits {
            if let Some(target) = self.target(&hit.reference) {
                let at =
                    || resources.get(hit.slot).map_or_else(|| Location::file(""), |res| hit.location(res));
                edits.hit(hit, &target, findings, &at)?;
            }
        }
        Ok(edits)
    }

    /// Rewrites objects that are rendered already. The hash in the name of a ConfigMap or Secret is made anew where it was
    /// that of the content, and references follow.
    pub(crate) fn apply_rendered(&self, resources: &mut ResMap, findings: &Findings) -> Result<Found> {
        let hashed = hashed(resources);
        let found = self.apply(resources, findings, |_| true)?;
        for (slot, stem) in hashed {
            let Some(res) = resources.get(slot) else { continue };
            let name = format!("{stem}-{}", hash::suffix(res.doc(), res.root())?);
            if res.name() == name {
                continue;
            }
            resources.edit(slot, |res| {
                res.store_previous_id();
                res.edit(|doc| {
                    if let Some(node) = doc.get_path(doc.root(), &["metadata", "name"]) {
                        doc.set_text(node, &name, Tag::Str);
                    }
                });
                Ok(())
            })?;
        }
        refs::names::fix(resources, &TransformerConfig::of_files(&[], Compat::default())?)?;
        Ok(found)
    }
}

/// Says of the first container whose image is no reference.
pub(crate) fn refuse_broken(found: &Found, resources: &ResMap) -> Result<()> {
    let Some(near) = found.near.iter().find(|near| near.broken) else { return Ok(()) };
    let message = format!("the image `{}` is not a valid reference", near.text);
    let error = Error::new(ErrorKind::Resource, message)
        .hint("expected `[registry/]repository[:tag][@digest]` in lower case");
    Err(match resources.get(near.slot) {
        Some(res) => error.at(res.doc().location(near.place.node)).during(format!("reading {}", object(res))),
        None => error,
    })
}

/// Objects whose name ends in the hash of their content, with the name before it.
fn hashed(resources: &ResMap) -> Vec<(usize, String)> {
    let of = |slot: usize| {
        let res = resources.get(slot).filter(|r| matches!(r.gvk().kind.as_str(), "ConfigMap" | "Secret"))?;
        let (stem, suffix) = res.name().rsplit_once('-').filter(|(_, suffix)| suffix.len() == 10)?;
        (hash::suffix(res.doc(), res.root()).ok()? == suffix).then(|| (slot, stem.to_owned()))
    };
    resources.slots().filter_map(of).collect()
}

/// What is to be written where: scalars with their splices.
#[derive(Default)]
struct Edits(BTreeMap<(usize, NodeId), Vec<Splice>>);

/// A range of bytes of a scalar and its new text.
type Splice = (std::ops::Range<usize>, String);

impl Edits {
    fn hit(
        &mut self,
        hit: &Hit,
        new: &Reference,
        findings: &Findings,
        at: &dyn Fn() -> Location,
    ) -> Result<()> {
        let old = &hit.reference;
        match &hit.join {
            Join::Whole => self.add(hit, &hit.place, written(&hit.written, old, new), at),
            Join::Version => {
                if new.tag != old.tag {
                    let message = format!(
                        "the image `{}` cannot become `{new}`: its tag stands elsewhere",
                        hit.written
                    );
                    return Err(Error::new(ErrorKind::Resource, message)
                        .at(at())
                        .hint("map the repository rather than the tag"));
                }
                if new.digest.is_some() && new.digest != old.digest {
                    let message =
                        format!("the image `{}` is not pinned: only a tag is joined to it", hit.written);
                    findings.add(Finding::new(Code::Skipped, message).at(at()));
                }
                if new.name() == old.name() {
                    return Ok(());
                }
                self.add(hit, &hit.place, new.name(), at)
            }
            Join::Hub { hub, along } => {
                let name = new.name();
                let same_tail = new.tag == old.tag && new.digest == old.digest;
                match name.strip_suffix(hit.text.as_str()).and_then(|n| n.strip_suffix('/')) {
                    Some(registry) if same_tail => self.add(hit, hub, registry.to_owned(), at),
                    _ => {
                        let whole = [&hit.place].into_iter().chain(along);
                        whole.into_iter().try_for_each(|place| self.add(hit, place, new.to_string(), at))
                    }
                }
            }
            Join::Repository { registry, tag, digest } => {
                match registry {
                    Some(registry) => {
                        self.add(hit, registry, new.registry.clone(), at)?;
                        self.add(hit, &hit.place, new.repository.clone(), at)?;
                    }
                    None => self.add(hit, &hit.place, new.name(), at)?,
                }
                let digest_of = |r: &Reference| r.digest.clone().unwrap_or_default();
                match (digest, tag) {
                    (Some(digest), _) if new.digest != old.digest => {
                        self.add(hit, digest, digest_of(new), at)?;
                    }
                    (None, Some(tag)) if new.digest != old.digest || new.tag != old.tag => {
                        let text = new.tag.clone().unwrap_or_default();
                        let pinned = match &new.digest {
                            Some(digest) => format!("{text}@{digest}"),
                            None => text,
                        };
                        return self.add(hit, tag, pinned, at);
                    }
                    _ => {}
                }
                match tag {
                    Some(tag) if new.tag != old.tag => {
                        self.add(hit, tag, new.tag.clone().unwrap_or_default(), at)
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn add(&mut self, hit: &Hit, place: &Place, text: String, at: &dyn Fn() -> Location) -> Result<()> {
        let Some(range) = place.range.clone() else {
            let message =
                format!("the image `{}` is written with escapes and cannot be changed in place", hit.written);
            return Err(Error::new(ErrorKind::Resource, message).at(at()).hint("write it without escapes"));
        };
        let edits = self.0.entry((hit.slot, place.node)).or_default();
        match edits.iter().find(|(other, _)| other.start < range.end && range.start < other.end) {
            Some((other, same)) if *other == range && *same == text => Ok(()),
            Some(_) => {
                let message = format!("the image `{}` has to become two different ones", hit.written);
                Err(Error::new(ErrorKind::Conflict, message).at(at()))
            }
            None => {
                edits.push((range, text));
                Ok(())
            }
        }
    }

    /// The new texts of all scalars that change.
    fn texts(self, resources: &ResMap) -> Vec<(usize, NodeId, String)> {
        let new = |((slot, node), mut edits): ((usize, NodeId), Vec<Splice>)| {
            edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
            let mut text = resources.get(slot)?.doc().text(node).to_owned();
            for (range, new) in &edits {
                text.replace_range(range.clone(), new);
            }
            Some((slot, node, text))
        };
        self.0.into_iter().filter_map(new).collect()
    }

    fn apply(self, resources: &mut ResMap) -> Result<()> {
        for (slot, node, text) in self.texts(resources) {
            resources.edit(slot, |res| {
                res.edit(|doc| {
                    let tag = if doc.tag(node) == Tag::Unset { Tag::Unset } else { Tag::Str };
                    doc.set_text(node, &text, tag);
                });
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// The new reference in the form of the old text: as it was but for the digest, unless registry, repository or tag
/// change.
fn written(text: &str, old: &Reference, new: &Reference) -> String {
    if new.name() != old.name() || new.tag != old.tag {
        return new.to_string();
    }
    let name = text.get(..name_length(text)).unwrap_or(text);
    let mut out = name.to_owned();
    for (sign, part) in [(':', &new.tag), ('@', &new.digest)] {
        if let Some(part) = part {
            out.push(sign);
            out.push_str(part);
        }
    }
    out
}

/// Images outside of the registries that are allowed, or of none: `(reference, object, path, place)`.
pub(crate) fn outside<'a>(found: &'a Found, allowed: &[String]) -> Vec<&'a Hit> {
    let is_allowed = |hit: &Hit| {
        let name = hit.reference.name();
        allowed.iter().any(|prefix| {
            name.strip_prefix(prefix.trim_end_matches('/'))
                .is_some_and(|rest| rest.starts_with('/') || rest.is_empty())
        })
    };
    found.hits.iter().filter(|hit| !is_allowed(hit)).collect()
}
