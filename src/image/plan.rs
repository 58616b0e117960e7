//! Copy plans: what tools that copy images between registries read.

use super::map::Map;
use super::reference::Reference;
use super::registry::is_loopback;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// An image that is copied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Copy {
    /// Where from.
    pub(crate) from: Reference,
    /// Where to.
    pub(crate) to: Reference,
}

/// What is to be copied so that every image of the list can be pulled from where it is mapped to; images that stay are
/// left out.
pub(crate) fn copies<'a>(images: impl Iterator<Item = &'a Reference>, map: &Map) -> Vec<Copy> {
    let all = images.filter_map(|image| {
        let mapped = map.map(image)?;
        Some(Copy { from: mapped.from, to: mapped.target })
    });
    all.collect::<BTreeSet<Copy>>().into_iter().collect()
}

/// What is fetched: by digest if there is one.
fn source(reference: &Reference) -> String {
    match reference.digest {
        Some(_) => Reference { tag: None, ..reference.clone() }.to_string(),
        None => reference.full(),
    }
}

/// What is written: by tag if there is one, so that the tag exists as well.
fn target(reference: &Reference) -> String {
    match reference.tag {
        Some(_) => Reference { digest: None, ..reference.clone() }.to_string(),
        None => reference.full(),
    }
}

/// One `crane copy` a line.
pub(crate) fn crane(copies: &[Copy]) -> String {
    lines(copies, "crane copy")
}

/// One `skopeo copy` a line.
pub(crate) fn skopeo_copy(copies: &[Copy]) -> String {
    copies.iter().fold(String::new(), |mut out, copy| {
        let _ = writeln!(out, "{}", skopeo_line(copy));
        out
    })
}

fn skopeo_line(copy: &Copy) -> String {
    let plain = |flag: &str, registry: &str| match is_loopback(registry) {
        true => format!(" --{flag}-tls-verify=false"),
        false => String::new(),
    };
    format!(
        "skopeo copy --all --preserve-digests{}{} docker://{} docker://{}",
        plain("src", &copy.from.registry),
        plain("dest", &copy.to.registry),
        source(&copy.from),
        target(&copy.to)
    )
}

/// One `oras copy` a line; artifacts that refer to an image are copied with it.
pub(crate) fn oras(copies: &[Copy]) -> String {
    lines(copies, "oras copy --recursive")
}

fn lines(copies: &[Copy], command: &str) -> String {
    copies.iter().fold(String::new(), |mut out, copy| {
        let _ = writeln!(out, "{command} {} {}", source(&copy.from), target(&copy.to));
        out
    })
}

/// The input of `skopeo sync`, which keeps the whole name of an image below one registry (`--scoped`), for the copies that
/// are of this form; `skopeo copy` in comments for the others.
pub(crate) fn skopeo(copies: &[Copy]) -> String {
    let mut registries: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    let (mut targets, mut others) = (BTreeSet::new(), vec![]);
    for copy in copies {
        let below = copy.to.name().strip_suffix(&format!("/{}", copy.from.name())).map(str::to_owned);
        let version = copy.from.digest.as_deref().or(copy.from.effective_tag()).unwrap_or("latest");
        match below.filter(|_| !copy.from.registry.contains(':')) {
            // A tag beside a digest has to be written, too.
            Some(prefix) if copy.from.tag.is_none() || copy.from.digest.is_none() => {
                targets.insert(prefix);
                let images = registries.entry(&copy.from.registry).or_default();
                images.entry(&copy.from.repository).or_default().insert(version);
            }
            _ => others.push(copy),
        }
    }
    let mut out = String::new();
    for target in &targets {
        let plain = if is_loopback(target.split('/').next().unwrap_or_default()) {
            " --dest-tls-verify=false"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "# skopeo sync --all --preserve-digests --scoped{plain} --src yaml --dest docker FILE {target}"
        );
    }
    for copy in others {
        let _ = writeln!(
            out,
            "# skopeo copy --all docker://{} docker://{}",
            source(&copy.from),
            target(&copy.to)
        );
    }
    for (registry, images) in registries {
        let _ = writeln!(out, "{registry}:\n  images:");
        for (repository, versions) in images {
            let _ = writeln!(out, "    {repository}:");
            for version in versions {
                let _ = writeln!(out, "      - \"{version}\"");
            }
        }
        if is_loopback(registry) {
            out.push_str("  tls-verify: false\n");
        }
    }
    out
}

/// A package of zarf that holds the images.
pub(crate) fn zarf(images: &[Reference]) -> String {
    let mut out = String::from(
        "kind: ZarfPackageConfig\nmetadata:\n  name: images\ncomponents:\n  - name: images\n    required: true\n    images:\n",
    );
    for image in images {
        let _ = writeln!(out, "      - {}", image.full());
    }
    out
}

/// The manifest of hauler that holds the images.
pub(crate) fn hauler(images: &[Reference]) -> String {
    let mut out = String::from(
        "apiVersion: content.hauler.cattle.io/v1\nkind: Images\nmetadata:\n  name: images\nspec:\n  images:\n",
    );
    for image in images {
        let _ = writeln!(out, "    - name: {}", image.full());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Source;

    fn plan() -> Vec<Copy> {
        let map = "* = r.local\nghcr.io/a = r.local/team from quay.io/a\n";
        let map = Map::parse(&Source::new("map", map.into())).unwrap();
        let digest = format!("sha256:{}", "a".repeat(64));
        let texts = [
            "mysql:8".to_owned(),
            "gcr.io/x".to_owned(),
            format!("gcr.io/y@{digest}"),
            format!("gcr.io/z:1@{digest}"),
            "ghcr.io/a/b:1".to_owned(),
            "r.local/done:1".to_owned(),
        ];
        let images: Vec<Reference> = texts.iter().map(|t| Reference::parse(t).unwrap()).collect();
        copies(images.iter(), &map)
    }

    #[test]
    fn tags_exist_after_a_copy_by_digest() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let expected = format!(
            "crane copy docker.io/library/mysql:8 r.local/docker.io/library/mysql:8\n\
             crane copy gcr.io/x:latest r.local/gcr.io/x:latest\n\
             crane copy gcr.io/y@{digest} r.local/gcr.io/y@{digest}\n\
             crane copy gcr.io/z@{digest} r.local/gcr.io/z:1\n\
             crane copy quay.io/a/b:1 r.local/team/b:1\n"
        );
        assert_eq!(crane(&plan()), expected);
    }

    #[test]
    fn skopeo_syncs_what_keeps_its_name() {
        let text = skopeo(&plan());
        assert!(
            text.starts_with(
                "# skopeo sync --all --preserve-digests --scoped --src yaml --dest docker FILE r.local\n# skopeo copy"
            ),
            "{text}"
        );
        assert!(text.contains("docker.io:\n  images:\n    library/mysql:\n      - \"8\"\n"), "{text}");
    }
}
