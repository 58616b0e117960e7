//! Objects grouped by where they come from: the directory of their file, or their namespace where all are in one file.

use crate::diff::report::Report;
use crate::resource::Resource;
use std::collections::BTreeMap;

/// How many directories below the common one make a component.
const DEPTH: usize = 2;

/// The objects of a component, by their place in the report.
pub struct Component {
    /// What it is called.
    pub name: String,
    /// Its objects.
    pub objects: Vec<usize>,
}

/// All components, by name.
pub fn components(report: &Report) -> Vec<Component> {
    let olds: Vec<Vec<String>> =
        report.objects.iter().filter_map(|c| c.old.as_ref()).map(directories).collect();
    let news: Vec<Vec<String>> =
        report.objects.iter().filter_map(|c| c.new.as_ref()).map(directories).collect();
    let (old, new) = (common(&olds), common(&news));
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, change) in report.objects.iter().enumerate() {
        let (object, common) = match (&change.new, &change.old) {
            (Some(object), _) => (object, new),
            (None, Some(object)) => (object, old),
            (None, None) => continue,
        };
        groups.entry(name(object, common)).or_default().push(i);
    }
    groups.into_iter().map(|(name, objects)| Component { name, objects }).collect()
}

/// The directories of the file that an object stands in.
fn directories(object: &Resource) -> Vec<String> {
    let path = &object.doc().source().path;
    let path = path.split_once("://").map_or(&**path, |(_, rest)| rest);
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
