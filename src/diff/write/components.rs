//! Objects grouped by where they come from: the directory of their file, or their namespace where all are in one file.

use crate::diff::report::{ObjectChange, Report};
use crate::resource::Resource;
use std::collections::BTreeMap;

/// How many directories below the common one make a component.
const DEPTH: usize = 2;

/// The objects of a component, by their place in the report.
pub(super) struct Component {
    /// What it is called.
    pub(crate) name: String,
    /// Its objects.
    pub(crate) objects: Vec<usize>,
}

/// All components, by name.
pub(super) fn components(report: &Report) -> Vec<Component> {
    let common = |side: fn(&ObjectChange) -> Option<&Resource>| {
        let local = report.objects.iter().filter_map(side).filter(|object| remote(object).is_none());
        common(&local.map(directories).collect::<Vec<_>>())
    };
    let (old, new) = (common(|change| change.old.as_ref()), common(|change| change.new.as_ref()));
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, change) in report.objects.iter().enumerate() {
        let (object, common) = match (&change.new, &change.old) {
            (Some(object), _) => (object, new),
            (None, Some(object)) => (object, old),
            (None, None) => continue,
        };
        groups.entry(remote(object).unwrap_or_else(|| name(object, common))).or_default().push(i);
    }
    groups.into_iter().map(|(name, objects)| Component { name, objects }).collect()
}

/// The repository that an object comes from, if it is a remote one: `ORGANIZATION/REPOSITORY`.
fn remote(object: &Resource) -> Option<String> {
    let (_, location) = object.doc().source().path.split_once("://")?;
    let parts: Vec<&str> = location.split('/').skip(1).filter(|part| !part.is_empty()).take(DEPTH).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// The directories of the file that an object stands in.
fn directories(object: &Resource) -> Vec<String> {
    let path = &object.doc().source().path;
    let mut parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    parts.pop();
    parts
}

/// How many directories all files have in common.
fn common(all: &[Vec<String>]) -> usize {
    let Some((first, rest)) = all.split_first() else { return 0 };
    rest.iter().fold(first.len(), |common, other| {
        first.iter().zip(other).take(common).take_while(|(a, b)| a == b).count()
    })
}

fn name(object: &Resource, common: usize) -> String {
    let directories = directories(object);
    let below: Vec<&str> = directories.iter().skip(common).take(DEPTH).map(String::as_str).collect();
    match (below.is_empty(), object.namespace()) {
        (false, _) => below.join("/"),
        (true, "") if object.id().is_cluster_scoped() => "cluster".to_owned(),
        (true, "") => "no namespace".to_owned(),
        (true, namespace) => format!("namespace {namespace}"),
    }
}
