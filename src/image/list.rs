//! Listings of images: each reference once, with its places, and what is to be said about them.

use super::{Found, Hit, Pulled, Reference, object};
use crate::diag::Location;
use crate::resource::{ResMap, Resource};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A place of an image, as listed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Listed {
    /// `Kind/namespace/name`
    pub(crate) object: String,
    /// The path of the field; `→` leads into a text.
    pub(crate) path: String,
    /// The kind of place.
    pub(crate) kind_of_carrier: &'static str,
    /// The reference as it is written.
    pub(crate) reference: String,
    /// The reference with registry and tag.
    pub(crate) full: String,
    /// What stands there, if it is only a part of the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The parts of a joined reference by their paths.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) components: BTreeMap<String, String>,
    /// The file of the source.
    pub(crate) file: String,
    /// Its line.
    pub(crate) line: u32,
    /// When the image is pulled.
    pub(crate) pulled: &'static str,
    /// How sure it is that this is an image.
    pub(crate) confidence: &'static str,
    /// The rule that found it.
    pub(crate) rule: String,
    /// What the object belongs to.
    pub(crate) component: String,
    /// The namespace of the object.
    pub(crate) namespace: String,
}

/// A reference and where it is named.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Image {
    /// The reference as it is written.
    pub(crate) reference: String,
    /// The reference with registry and tag.
    pub(crate) full: String,
    /// Its registry.
    pub(crate) registry: String,
    /// When it is pulled: the most often of all places.
    pub(crate) pulled: &'static str,
    /// The places.
    pub(crate) places: Vec<Listed>,
}

/// The labels that say what an object belongs to; the first that is there counts.
const COMPONENT_LABELS: &[&str] = &[
    "app.kubernetes.io/part-of",
    "kustomize.component",
    "app.kubernetes.io/name",
    "app.kubernetes.io/component",
    "app",
    "k8s-app",
];

/// All places, in the order of the objects.
pub(crate) fn places(found: &Found, resources: &ResMap) -> Vec<Listed> {
    found.hits.iter().filter_map(|hit| Some(listed(hit, resources.get(hit.slot)?))).collect()
}

fn listed(hit: &Hit, res: &Resource) -> Listed {
    let at = hit.location(res);
    Listed {
        object: object(res),
        path: hit.path.clone(),
        kind_of_carrier: hit.carrier.name(),
        reference: hit.written.clone(),
        full: hit.reference.full(),
        text: (hit.text != hit.written).then(|| hit.text.clone()),
        components: hit.parts.iter().cloned().collect(),
        file: at.path.to_string(),
        line: at.line,
        pulled: hit.pulled.name(),
        confidence: hit.confidence.name(),
        rule: hit.rule.clone(),
        component: component(res),
        namespace: res.namespace().to_owned(),
    }
}

fn component(res: &Resource) -> String {
    let label = COMPONENT_LABELS.iter().find_map(|key| res.label(key).filter(|v| !v.is_empty()));
    label.unwrap_or_else(|| res.namespace()).to_owned()
}

/// Each reference once, sorted, with its places; behind them those that the user adds.
pub(crate) fn images(places: Vec<Listed>, extra: &[Reference]) -> Vec<Image> {
    let mut all: BTreeMap<String, Image> = BTreeMap::new();
    let image = |reference: &str, full: &str, pulled: &'static str| Image {
        reference: reference.to_owned(),
        full: full.to_owned(),
        registry: Reference::parse(full).map(|r| r.registry).unwrap_or_default(),
        pulled,
        places: vec![],
    };
    for place in places {
        let entry = all
            .entry(place.full.clone())
            .or_insert_with(|| image(&place.reference, &place.full, place.pulled));
        if rank(place.pulled) < rank(entry.pulled) {
            entry.pulled = place.pulled;
        }
        entry.places.push(place);
    }
    for reference in extra {
        let full = reference.full();
        all.entry(full.clone()).or_insert_with(|| image(&full, &full, Pulled::OnUse.name()));
    }
    all.into_values().collect()
}

fn rank(pulled: &str) -> usize {
    [Pulled::Always, Pulled::OnUse, Pulled::Conditional].iter().position(|p| p.name() == pulled).unwrap_or(3)
}

/// Registries that hold images only until a release is made.
const STAGING: &[&str] = &["staging", "-dev/", "nightly"];

/// What is to be said about the images: `(message, reference)`.
pub(crate) fn remarks(found: &Found, resources: &ResMap) -> Vec<(String, Location)> {
    let mut remarks = vec![];
    let mut tags: BTreeMap<String, (BTreeSet<String>, Location)> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for hit in &found.hits {
        let Some(res) = resources.get(hit.slot) else { continue };
        let reference = &hit.reference;
        if let Some(tag) = reference.effective_tag() {
            let entry = tags.entry(reference.name());
            entry.or_insert_with(|| (BTreeSet::new(), hit.location(res))).0.insert(tag.to_owned());
        }
        if !seen.insert(reference.full()) {
            continue;
        }
        let mut say = |why: &str| remarks.push((format!("image `{}` {why}", hit.written), hit.location(res)));
        match (&reference.tag, &reference.digest) {
            (None, None) => say("has neither tag nor digest"),
            (Some(tag), None) if tag == "latest" => say("has the tag `latest`, which moves"),
            _ => {}
        }
        let name = reference.name();
        if STAGING.iter().any(|s| name.contains(s)) {
            say("is in a staging registry, from which images are deleted");
        }
    }
    for (name, (tags, at)) in tags {
        if tags.len() > 1 {
            let tags: Vec<_> = tags.into_iter().collect();
            remarks.push((
                format!("repository `{name}` is used with {} tags: {}", tags.len(), tags.join(", ")),
                at,
            ));
        }
    }
    remarks.extend(versions(found, resources));
    remarks
}

/// Products with several versions: repositories of one parent whose tags are versions of different releases.
fn versions(found: &Found, resources: &ResMap) -> Vec<(String, Location)> {
    let mut products: BTreeMap<String, (BTreeMap<String, BTreeSet<String>>, Location)> = BTreeMap::new();
    for hit in &found.hits {
        let Some((parent, name)) = hit.reference.repository.rsplit_once('/').filter(|(p, _)| *p != "library")
        else {
            continue;
        };
        let (Some(release), Some(res)) =
            (hit.reference.tag.as_deref().and_then(release), resources.get(hit.slot))
        else {
            continue;
        };
        let product = format!("{}/{parent}", hit.reference.registry);
        let entry = products.entry(product).or_insert_with(|| (BTreeMap::new(), hit.location(res)));
        entry.0.entry(release).or_default().insert(name.to_owned());
    }
    let several = products.into_iter().filter(|(_, (releases, _))| {
        // One repository in two tags is said above.
        let names: BTreeSet<&String> = releases.values().flatten().collect();
        releases.len() > 1 && names.len() > 1
    });
    several
        .map(|(product, (releases, at))| {
            let shown: Vec<_> =
                releases.iter().map(|(r, names)| format!("{r} ({})", first_names(names))).collect();
            (format!("images of `{product}/` have several versions: {}", shown.join(", ")), at)
        })
        .collect()
}

fn first_names(names: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = names.iter().take(2).map(String::as_str).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// `1.28.0` of `v1.28.0-distroless`.
fn release(tag: &str) -> Option<String> {
    let digits = tag.strip_prefix('v').unwrap_or(tag);
    let end = digits.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(digits.len());
    let release = digits.get(..end)?.trim_end_matches('.');
    release.contains('.').then(|| release.to_owned())
}
