//! Image references in the grammar of the OCI distribution specification: `[registry/]repository[:tag][@digest]`.
//!
//! A first component with a `.` or a `:`, or `localhost`, is a registry; without one it is `docker.io`, and a repository of
//! one component there is below `library/`, as container runtimes have it.

use std::fmt;
use std::ops::Range;

/// The registry of references that name none.
pub(super) const DOCKER_HUB: &str = "docker.io";

/// The longest name of a repository with its registry, in bytes.
const LONGEST_NAME: usize = 255;

/// A reference taken apart, in its full form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// `docker.io`, `registry.local:5000`.
    pub(crate) registry: String,
    /// `library/mysql`.
    pub(crate) repository: String,
    /// What stands behind the colon.
    pub(crate) tag: Option<String>,
    /// `sha256:…`
    pub(crate) digest: Option<String>,
}

/// Where the parts of a reference stand in its text.
struct Parts {
    registry: Option<Range<usize>>,
    repository: Range<usize>,
    tag: Option<Range<usize>>,
    digest: Option<Range<usize>>,
}

impl Reference {
    /// Takes a text apart. The error is what is wrong with it, a part of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = split(text)?;
        let own = |range: Range<usize>| text.get(range).unwrap_or_default().to_owned();
        let registry = match parts.registry.map(own) {
            None => DOCKER_HUB.to_owned(),
            Some(host) if matches!(host.as_str(), "index.docker.io" | "registry-1.docker.io") => {
                DOCKER_HUB.to_owned()
            }
            Some(host) => host,
        };
        let mut repository = own(parts.repository);
        if registry == DOCKER_HUB && !repository.contains('/') {
            repository = format!("library/{repository}");
        }
        Ok(Self { registry, repository, tag: parts.tag.map(own), digest: parts.digest.map(own) })
    }

    /// Registry and repository.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The tag that a runtime pulls if there is no digest.
    pub(crate) fn effective_tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, Some(_)) => None,
            (None, None) => Some("latest"),
        }
    }

    /// The full form with the tag that is pulled: what references are compared and looked up by.
    pub(crate) fn full(&self) -> String {
        Self { tag: self.effective_tag().map(str::to_owned), ..self.clone() }.to_string()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// Returns whether a text is a reference.
pub(super) fn is_reference(text: &str) -> bool {
    split(text).is_ok()
}

/// The length of a reference's registry and repository as they are written: the text without tag and digest.
pub(super) fn name_length(text: &str) -> usize {
    split(text).map_or(text.len(), |parts| parts.repository.end)
}

/// Returns whether a reference names a tag or a digest.
pub(super) fn is_pinned(text: &str) -> bool {
    split(text).is_ok_and(|parts| parts.tag.is_some() || parts.digest.is_some())
}

/// The registry that a reference names, if it names one.
pub(super) fn registry_of(text: &str) -> Option<&str> {
    let (first, _) = text.split_once('/')?;
    is_registry(first).then_some(first)
}

fn split(text: &str) -> Result<Parts, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if let Some(at) = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._-/:@+[]".contains(c))) {
        let expression = text.get(at..).is_some_and(|rest| rest.starts_with(['$', '{']));
        return Err(if expression { "it is an expression" } else { "a character is not allowed" });
    }
    let (rest, digest) = match text.split_once('@') {
        None => (text, None),
        Some((rest, digest)) if is_digest(digest) => (rest, Some(rest.len() + 1..text.len())),
        Some(_) => return Err("the digest is invalid"),
    };
    let from = match rest.find('/') {
        Some(slash) if rest.get(..slash).is_some_and(is_registry) => slash + 1,
        _ => 0,
    };
    let path = rest.get(from..).unwrap_or_default();
    let (path, tag) = match path.split_once(':') {
        None => (path, None),
        Some((path, tag)) if is_tag(tag) => (path, Some(from + path.len() + 1..rest.len())),
        Some(_) => return Err("the tag is invalid"),
    };
    if path.is_empty() {
        return Err("there is no repository");
    }
    if !path.split('/').all(is_component) {
        let upper = path.bytes().any(|b| b.is_ascii_uppercase());
        return Err(if upper {
            "the repository has upper-case letters"
        } else {
            "the repository is invalid"
        });
    }
    if from + path.len() > LONGEST_NAME {
        return Err("the repository is too long");
    }
    if from > 0 && !rest.get(..from - 1).is_some_and(is_host) {
        return Err("the registry is invalid");
    }
    // A bare `sha256:…` is a digest without a repository.
    if digest.is_none() && from == 0 && is_digest(text) {
        return Err("it is a digest");
    }
    let registry = (from > 0).then(|| 0..from - 1);
    Ok(Parts { registry, repository: from..from + path.len(), tag, digest })
}

fn is_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost"
}

/// `host`, `host:port` or `[address]:port`.
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let label = |l: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !l.is_empty() && l.bytes().all(inner) && !l.starts_with('-') && !l.ends_with('-')
    };
    let address = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let good = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split('.').all(label),
    };
    good && port.is_none_or(|p| !p.is_empty() && p.len() < 6 && p.bytes().all(|b| b.is_ascii_digit()))
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut bytes = text.bytes();
    text.len() <= 128 && bytes.next().is_some_and(word) && bytes.all(|b| word(b) || b == b'.' || b == b'-')
}

/// Returns whether a text is `algorithm:hex`.
pub(super) fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    let word = |w: &str| {
        w.starts_with(|c: char| c.is_ascii_alphabetic()) && w.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    algorithm.split(['+', '.', '_', '-']).all(word)
        && hex.bytes().all(lower)
        && match algorithm {
            "sha256" => hex.len() == 64,
            "sha512" => hex.len() == 128,
            _ => hex.len() >= 32,
        }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    if !ends.iter().all(|b| b.is_some_and(|b| plain(*b))) {
        return false;
    }
    let between = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    between.filter(|s| !s.is_empty()).all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        for (text, full) in [
            ("mysql", "docker.io/library/mysql:latest"),
            ("mysql:8.0", "docker.io/library/mysql:8.0"),
            ("docker.io/mysql:8.0", "docker.io/library/mysql:8.0"),
            ("index.docker.io/a/b", "docker.io/a/b:latest"),
            ("kserve/agent:v0.16.0", "docker.io/kserve/agent:v0.16.0"),
            ("localhost/a", "localhost/a:latest"),
            ("localhost:5000/a/b:1", "localhost:5000/a/b:1"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"),
            ("gcr.io/knative.dev/cmd/queue", "gcr.io/knative.dev/cmd/queue:latest"),
            ("a__b/c-d--e:X_1.2-3", "docker.io/a__b/c-d--e:X_1.2-3"),
            ("registry-1.docker.io/library/a", "docker.io/library/a:latest"),
        ] {
            assert_eq!(Reference::parse(text).map(|r| r.full()).as_deref(), Ok(full), "{text}");
        }
        for (text, full) in [("q.io/a", "q.io/a"), ("a:1", "docker.io/library/a:1")] {
            let text = format!("{text}@{digest}");
            assert_eq!(Reference::parse(&text).map(|r| r.full()), Ok(format!("{full}@{digest}")), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "a b",
            "A/b",
            "a/B:1",
            "/a",
            "a/",
            "a//b",
            "a:",
            "a:-x",
            "a@sha256:12",
            "a.b/",
            "https://h/x",
            "$X",
            "${X}:1",
            "{{ .Image }}",
            "a_-b",
            "-a",
            "a..b/c",
            "host:80:90",
            "a.b:x/c",
            "oci://ghcr.io/a",
            "IfNotPresent",
            "a:b:c",
            "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_name_ends_before_tag_and_digest() {
        for (text, name) in [("localhost:5000/a:1", "localhost:5000/a"), ("a", "a"), ("a:1", "a")] {
            assert_eq!(text.get(..name_length(text)), Some(name));
        }
    }
}
