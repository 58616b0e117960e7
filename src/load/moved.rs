//! Where directories of kubeflow/manifests went that were renamed between its releases.

use std::path::{Component, Path, PathBuf};

/// How many renames a path may have been through.
const STEPS: usize = 4;

/// The renames: old path, new path.
fn renames() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("moved.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
}

/// Returns where a directory of kubeflow/manifests is that does not exist at `path`: the part of `path` that is its old name, and
/// the new one. `exists` says whether there is a directory at a path.
pub(crate) fn moved(path: &Path, exists: &dyn Fn(&Path) -> bool) -> Option<(PathBuf, PathBuf)> {
    let parts: Vec<&str> = path.components().filter_map(|c| name(&c)).collect();
    // Only whole names are dropped in front, so what is left of the path is its root.
    let roots: Vec<&Path> = path.ancestors().collect();
    (0..parts.len()).rev().find_map(|length| {
        let old = parts.get(parts.len() - 1 - length..)?;
        let root = roots.get(old.len())?;
        let new = follow(old, &|new| exists(&root.join(new)), STEPS)?;
        Some((old.iter().collect(), new))
    })
}

fn name<'p>(component: &Component<'p>) -> Option<&'p str> {
    match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

/// The path that an old one has now, after up to `steps` renames.
fn follow(old: &[&str], exists: &dyn Fn(&Path) -> bool, steps: usize) -> Option<PathBuf> {
    renames().find_map(|(from, to)| {
        let below = strip(old, from)?;
        let new: Vec<&str> = to.split('/').chain(below.iter().copied()).collect();
        let path: PathBuf = new.iter().collect();
        if new != old && exists(&path) {
            return Some(path);
        }
        let further = if steps > 1 && new != old { follow(&new, exists, steps - 1) } else { None };
        // What was below may be gone while the directory itself is there under its new name.
        further.or_else(|| {
            let directory = PathBuf::from(to);
            (to.contains('/') && to.split('/').ne(old.iter().copied()) && exists(&directory))
                .then_some(directory)
        })
    })
}

/// What of a path is below a directory of the table.
fn strip<'a, 'p>(path: &'a [&'p str], directory: &str) -> Option<&'a [&'p str]> {
    let names = directory.split('/');
    let count = names.clone().count();
    let same = |(given, name): (&&str, &str)| match name.strip_suffix('*') {
        Some(start) => given.starts_with(start),
        None => *given == name,
    };
    (path.len() >= count && path.iter().zip(names).all(same)).then(|| path.get(count..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, there: &[&str]) -> Option<String> {
        let exists = |path: &Path| there.iter().any(|t| Path::new(t).starts_with(path));
        let (old, new) = moved(Path::new(path), &exists)?;
        Some(format!("{} -> {}", old.display(), new.display()))
    }

    #[test]
    fn old_paths_lead_to_what_is_there() {
        let of_26_03 = [
            "/m/applications/jupyter/jupyter-web-app/upstream/overlays/istio",
            "/m/applications/centraldashboard/overlays/oauth2-proxy",
            "/m/common/istio/istio-crds/base",
            "/m/common/kubeflow-namespace/base",
            "/m/common/cert-manager/overlays/kubeflow",
        ];
        for (path, expected) in [
            (
                "/m/apps/jupyter/jupyter-web-app/upstream/overlays/istio",
                "applications/jupyter/jupyter-web-app/upstream/overlays/istio",
            ),
            (
                "/m/apps/centraldashboard/upstream/overlays/kserve",
                "applications/centraldashboard/overlays/oauth2-proxy",
            ),
            ("/m/common/istio-1-17/istio-crds/base", "common/istio/istio-crds/base"),
            ("/m/common/networkpolicies/base", "common/kubeflow-namespace/base"),
            ("/m/common/cert-manager/kubeflow-issuer/base", "common/cert-manager/overlays/kubeflow"),
        ] {
            let old = path.strip_prefix("/m/").unwrap();
            assert_eq!(found(path, &of_26_03), Some(format!("{old} -> {expected}")), "{path}");
        }
        let of_2026_06 = [
            "/m/applications/dashboard/overlays/istio",
            "/m/applications/notebooks-v1/upstream/jupyter-web-app/overlays/istio",
        ];
        for (path, expected) in [
            (
                "/m/apps/jupyter/jupyter-web-app/upstream/overlays/istio",
                "applications/notebooks-v1/upstream/jupyter-web-app/overlays/istio",
            ),
            (
                "/m/applications/centraldashboard/overlays/oauth2-proxy",
                "applications/dashboard/overlays/istio",
            ),
            ("/m/apps/centraldashboard/upstream/overlays/istio", "applications/dashboard/overlays/istio"),
        ] {
            let old = path.strip_prefix("/m/").unwrap();
            assert_eq!(found(path, &of_2026_06), Some(format!("{old} -> {expected}")), "{path}");
        }
        assert_eq!(found("/m/apps/web", &["/m/apps/api"]), None);
        assert_eq!(found("/m/common/dex/base", &of_26_03), None);
    }
}
