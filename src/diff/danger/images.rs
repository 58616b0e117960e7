//! What the reference of an image says: its registry, and which of two tags is the older version.

use std::cmp::Ordering;

/// How the part of a tag begins that makes a version a pre-release; others name a variant: `1.27-alpine`.
const PRE_RELEASES: [&str; 9] =
    ["alpha", "beta", "dev", "milestone", "nightly", "pre", "preview", "rc", "snapshot"];

/// Registry, name and tag of an image.
pub(super) fn image(text: &str) -> (&str, &str, &str) {
    let text = text.split('@').next().unwrap_or_default();
    let slash = text.find('/').unwrap_or(0);
    let (registry, rest) = match text.get(..slash) {
        Some(host) if slash > 0 && (host.contains(['.', ':']) || host == "localhost") => {
            (host, text.get(slash + 1..).unwrap_or_default())
        }
        _ => ("docker.io", text),
    };
    let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
    let (name, tag) = rest.rsplit_once(':').unwrap_or((rest, ""));
    (registry, name.strip_prefix("library/").unwrap_or(name), tag)
}

/// Returns whether a tag is an older version than another one; `false` where that cannot be told.
pub(super) fn is_older(tag: &str, than: &str) -> bool {
    let (Some(a), Some(b)) = (Version::of(tag), Version::of(than)) else { return false };
    let common = a.numbers.iter().zip(&b.numbers).map(|(a, b)| a.cmp(b)).find(|o| o.is_ne());
    match common {
        Some(order) => order.is_lt(),
        // `8.0` is whatever is newest of it, and not older than `8.0.29`.
        None if a.numbers.len() != b.numbers.len() => false,
        None => match (a.is_pre_release(), b.is_pre_release()) {
            (true, true) => natural(a.rest, b.rest).is_lt(),
            (is_pre_release, _) => is_pre_release && b.rest.is_empty(),
        },
    }
}

struct Version<'a> {
    numbers: Vec<u64>,
    rest: &'a str,
}

impl<'a> Version<'a> {
    fn of(tag: &'a str) -> Option<Self> {
        let tag = tag.strip_prefix('v').unwrap_or(tag);
        let (numbers, rest) = tag.split_once('-').unwrap_or((tag, ""));
        let numbers: Option<Vec<u64>> = numbers.split('.').map(|n| n.parse().ok()).collect();
        Some(Self { numbers: numbers?, rest })
    }

    fn is_pre_release(&self) -> bool {
        let name: String = self.rest.chars().take_while(char::is_ascii_alphabetic).collect();
        PRE_RELEASES.contains(&name.to_ascii_lowercase().as_str())
    }
}

/// Compares texts with the numbers in them as numbers: `rc.9` comes before `rc.10`.
fn natural(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| -> Vec<(u64, String)> {
        let is_same_kind = |a: &char, b: &char| a.is_ascii_digit() == b.is_ascii_digit();
        let chars: Vec<char> = text.chars().collect();
        let parts = chars.chunk_by(is_same_kind).map(|part| part.iter().collect::<String>());
        parts.map(|part| (part.parse().unwrap_or(0), part)).collect()
    };
    parts(a).cmp(&parts(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart() {
        for (text, parts) in [
            ("nginx", ("docker.io", "nginx", "")),
            ("library/nginx:1", ("docker.io", "nginx", "1")),
            ("docker.io/library/nginx:1@sha256:0", ("docker.io", "nginx", "1")),
            ("ghcr.io/a/b:v1", ("ghcr.io", "a/b", "v1")),
            ("localhost:5000/a", ("localhost:5000", "a", "")),
        ] {
            assert_eq!(image(text), parts, "{text}");
        }
    }

    #[test]
    fn versions_are_ordered() {
        for (older, newer) in [
            ("1.2", "1.10"),
            ("v1.0.0-rc.1", "v1.0.0"),
            ("1.0.0-rc.9", "1.0.0-rc.10"),
            ("1.2.3", "1.2.4-rc.0"),
            ("1.9.5", "1.10"),
            ("14", "15"),
            ("14.2-alpine", "15.1-alpine"),
        ] {
            assert!(is_older(older, newer) && !is_older(newer, older), "{older} {newer}");
        }
        for (a, b) in
            [("latest", "1.0"), ("8.0", "8.0.29"), ("1.2", "1.2-alpine"), ("sha-a", "sha-b"), ("1.0", "1.0")]
        {
            assert!(!is_older(a, b) && !is_older(b, a), "{a} {b}");
        }
    }
}
