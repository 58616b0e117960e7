//! Objects as text: one stream, or a file for each.

use super::{ResMap, Resource};
use crate::diag::{Error, Result};
use crate::kube::id::NO_NAMESPACE;
use crate::parallel;
use crate::yaml;
use std::collections::BTreeSet;

/// Below this many nodes of all documents another thread costs more than it saves.
const WORTH_A_THREAD: usize = 8_000;

/// About how many nodes a thread takes at a time.
const PORTION: usize = 4_000;

/// The stream of all objects, in pieces: documents divided by `---`, in the order of the table.
pub fn all(resources: &ResMap, threads: usize) -> Result<Vec<Vec<u8>>> {
    let objects: Vec<&Resource> = resources.iter().collect();
    let portions = portions(&objects);
    let nodes: usize = objects.iter().map(|r| r.doc().size()).sum();
    if threads < 2 || portions.len() < 2 || nodes < WORTH_A_THREAD {
        return portions.iter().map(|p| print(p)).collect();
    }
    parallel::map(threads, &portions, |p| print(p)).into_iter().collect()
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

fn print(portion: &[(&Resource, bool)]) -> Result<Vec<u8>> {
    let nodes: usize = portion.iter().map(|(r, _)| r.doc().size()).sum();
    let mut out = Vec::with_capacity(nodes * 40);
    for (res, first) in portion {
        if !first {
            out.extend_from_slice(b"---\n");
        }
        yaml::print(res.doc(), res.root(), &mut out).map_err(|e| context(e, res))?;
    }
    Ok(out)
}

fn context(error: Error, res: &Resource) -> Error {
    error.or_at(|| res.doc().location(res.root())).during(format!("printing {}", res.id()))
}

/// The text of each object and the name of its file: `GROUP_VERSION_KIND_NAME.yaml` in lower case, with the
/// namespace in front where the objects have more than one. Of equal names the later object wins.
pub fn files(resources: &ResMap) -> Result<Vec<(String, Vec<u8>)>> {
    let namespaces: BTreeSet<&str> =
        resources.iter().map(|r| r.id().effective_namespace()).filter(|n| *n != NO_NAMESPACE).collect();
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
            yaml::print_with(res.doc(), res.root(), yaml::Options { reencode: false }, &mut text)
                .map_err(|e| context(e, res))?;
            Ok((format!("{}.yaml", name.join("_").to_lowercase()), text))
        })
        .collect()
}
