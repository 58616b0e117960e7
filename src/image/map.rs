//! Where images are pulled from: rules that map the beginning of a reference to another one.
//!
//! The source of a rule is a registry, a registry and the beginning of a repository, a whole reference, or `*` for
//! everything that no other rule maps. The most specific rule wins. If another rule maps the result, it is applied as
//! well, so that a second run changes nothing; cycles are refused, and so are two rules with the same source. A rule
//! leaves references below its own target alone, and `*` leaves the targets of all rules and its own registry alone.

use super::reference::{self, DOCKER_HUB, Reference};
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::yaml::{Mark, Source};
use std::sync::Arc;

/// How many rules may be applied to one reference.
const MOST_STEPS: usize = 16;

/// Rules that map references, the most specific first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Map(Vec<Rule>);

/// A rule.
#[derive(Debug, Clone)]
struct Rule {
    source: Pattern,
    /// Registry and beginning of the repository, or a whole reference where the source is one.
    target: Target,
    /// Where a mirror copies from, if that is not the source.
    from: Option<Target>,
    mark: Mark,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Pattern {
    /// `*`
    Any,
    /// A registry, or a registry and the beginning of a repository.
    Prefix(String),
    /// A reference with tag or digest.
    Exact(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// What takes the place of the prefix.
    Prefix(String),
    /// What takes the place of the whole reference.
    Whole(Reference),
}

/// A rule as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What it maps.
    pub(crate) source: String,
    /// Where to.
    pub(crate) target: String,
    /// Where a mirror copies from.
    pub(crate) from: Option<String>,
    /// Its place.
    pub(crate) mark: Mark,
}

/// What becomes of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mapped {
    /// Where it is pulled from.
    pub(crate) target: Reference,
    /// Where a mirror copies it from.
    pub(crate) from: Reference,
}

impl Map {
    /// Reads rules, one a line: `SOURCE = TARGET`, `SOURCE = TARGET from ORIGIN`, comments with `#`.
    /// Errors: a line that is no rule, and what [`Map::new`] refuses.
    #[cfg(test)]
    pub(crate) fn parse(source: &Arc<Source>) -> Result<Self> {
        Self::new(entries(source)?)
    }

    /// Rules from entries. `*` with a registry alone puts the whole name of an image below it:
    /// `registry.local/docker.io/library/mysql`. Errors: texts that are no references, two rules with one source and
    /// different targets, rules that form a cycle.
    pub(crate) fn new(entries: Vec<Entry>) -> Result<Self> {
        let mut rules: Vec<Rule> = vec![];
        for entry in entries {
            let rule = rule(&entry).map_err(|e| e.at(entry.mark.location()))?;
            match rules.iter().find(|r| r.source == rule.source) {
                Some(other) if other.target == rule.target && other.from == rule.from => {}
                Some(other) => {
                    let message = format!("`{}` is mapped to two targets", entry.source);
                    return Err(Error::new(ErrorKind::Conflict, message)
                        .at(entry.mark.location())
                        .label(other.mark.location(), "the other rule")
                        .hint("remove one of the two"));
                }
                None => rules.push(rule),
            }
        }
        rules.sort_by_key(|rule| match &rule.source {
            Pattern::Exact(_) => (0, 0),
            Pattern::Prefix(prefix) => (1, usize::MAX - prefix.len()),
            Pattern::Any => (2, 0),
        });
        let map = Self(rules);
        let mut in_order: Vec<&Rule> = map.0.iter().collect();
        in_order.sort_by_key(|rule| rule.mark.offset);
        in_order.into_iter().try_for_each(|rule| map.refuse_cycle(rule))?;
        Ok(map)
    }

    /// Returns whether there is no rule.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The registries, or beginnings of repositories, that references are mapped to.
    pub(crate) fn targets(&self) -> Vec<String> {
        let all = self.0.iter().map(|rule| match &rule.target {
            Target::Prefix(prefix) => prefix.clone(),
            Target::Whole(reference) => reference.name(),
        });
        let mut all: Vec<String> = all.collect();
        all.sort();
        all.dedup();
        all
    }

    /// What a reference is mapped to; `None` if no rule matches it.
    pub(crate) fn map(&self, reference: &Reference) -> Option<Mapped> {
        let mut mapped: Option<Mapped> = None;
        for _ in 0..MOST_STEPS {
            let now = mapped.as_ref().map_or(reference, |l| &l.target);
            let Some(rule) = self.rule_for(now) else { break };
            let target = apply(&rule.source, &rule.target, now);
            if target == *now {
                break;
            }
            let origin = mapped.as_ref().map_or(reference, |l| &l.from);
            let from = match &rule.from {
                Some(from) => apply(&rule.source, from, now),
                None => origin.clone(),
            };
            mapped = Some(Mapped { target, from });
        }
        mapped
    }

    fn rule_for(&self, reference: &Reference) -> Option<&Rule> {
        self.0.iter().find(|rule| match &rule.source {
            Pattern::Any => !self.is_target(reference),
            source => source.matches(reference) && !rule.is_done(reference),
        })
    }

    /// Returns whether a reference lies below the target of a rule, or in the registry of the target of `*`.
    fn is_target(&self, reference: &Reference) -> bool {
        self.0.iter().any(|rule| match (&rule.source, &rule.target) {
            (Pattern::Any, Target::Prefix(prefix)) => prefix.split('/').next() == Some(&reference.registry),
            _ => rule.is_done(reference),
        })
    }

    /// Follows the target of a rule from rule to rule.
    fn refuse_cycle(&self, first: &Rule) -> Result<()> {
        let mut seen = vec![first];
        let mut now = match (&first.source, &first.target) {
            (_, Target::Whole(reference)) => reference.clone(),
            (Pattern::Prefix(_), Target::Prefix(prefix)) => match below(prefix) {
                Some(reference) => reference,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        while let Some(rule) = self.rule_for(&now) {
            if seen.iter().any(|s| std::ptr::eq(*s, rule)) || seen.len() > MOST_STEPS {
                let mut error = Error::new(ErrorKind::Conflict, "the rules for images form a cycle")
                    .at(first.mark.location());
                for rule in seen.iter().skip(1) {
                    error = error.label(rule.mark.location(), "maps it further");
                }
                return Err(
                    error.hint("map each source to the registry that its images are pulled from in the end")
                );
            }
            seen.push(rule);
            let next = apply(&rule.source, &rule.target, &now);
            if next == now {
                break;
            }
            now = next;
        }
        Ok(())
    }
}

impl Rule {
    /// Returns whether a reference lies below the target already.
    fn is_done(&self, reference: &Reference) -> bool {
        match &self.target {
            Target::Prefix(prefix) => rest_below(&reference.name(), prefix).is_some(),
            Target::Whole(target) => target == reference,
        }
    }
}

impl Pattern {
    fn matches(&self, reference: &Reference) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => rest_below(&reference.name(), prefix).is_some(),
            Self::Exact(full) => *full == reference.full() || *full == without_digest(reference),
        }
    }
}

/// A reference with a tag and a digest is also meant by its tag alone.
fn without_digest(reference: &Reference) -> String {
    match &reference.tag {
        Some(_) => Reference { digest: None, ..reference.clone() }.full(),
        None => reference.full(),
    }
}

/// What is behind a prefix that ends where a part of the name ends.
fn rest_below<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// A reference below a prefix.
fn below(prefix: &str) -> Option<Reference> {
    Reference::parse(&format!("{prefix}/x")).ok()
}

fn apply(source: &Pattern, target: &Target, reference: &Reference) -> Reference {
    let name = reference.name();
    match (source, target) {
        (Pattern::Exact(_), Target::Whole(whole)) => {
            // The digest is that of the content, which a copy keeps.
            let digest =
                whole.digest.clone().or_else(|| match whole.tag == reference.tag || whole.tag.is_none() {
                    true => reference.digest.clone(),
                    false => None,
                });
            let tag = whole.tag.clone().or_else(|| reference.tag.clone());
            Reference { tag, digest, ..whole.clone() }
        }
        (Pattern::Any, Target::Prefix(prefix)) => {
            // A port has no place in a repository.
            let registry = reference.registry.to_ascii_lowercase().replace(['[', ']'], "").replace(':', "_");
            renamed(reference, &format!("{prefix}/{registry}/{}", reference.repository))
        }
        (Pattern::Prefix(source), Target::Prefix(prefix)) => {
            let rest = rest_below(&name, source).unwrap_or_default();
            renamed(reference, &format!("{prefix}{rest}"))
        }
        _ => reference.clone(),
    }
}

fn renamed(reference: &Reference, name: &str) -> Reference {
    let (registry, repository) = name.split_once('/').unwrap_or((name, ""));
    Reference { registry: registry.to_owned(), repository: repository.to_owned(), ..reference.clone() }
}

fn rule(entry: &Entry) -> Result<Rule> {
    let wrong = |what: &str, text: &str, why: &str| {
        Error::new(ErrorKind::Config, format!("the {what} `{text}` of a rule for images is invalid: {why}"))
    };
    let source = match entry.source.as_str() {
        "*" => Pattern::Any,
        text if reference::is_pinned(text) && !is_registry_with_port(text) => match Reference::parse(text) {
            Ok(reference) => Pattern::Exact(reference.full()),
            Err(why) => return Err(wrong("source", text, why)),
        },
        text => Pattern::Prefix(prefix(text, true).map_err(|why| wrong("source", text, why))?),
    };
    let target = |what: &str, text: &str| -> Result<Target> {
        if matches!(source, Pattern::Exact(_)) {
            return Reference::parse(text).map(Target::Whole).map_err(|why| wrong(what, text, why));
        }
        prefix(text, false).map(Target::Prefix).map_err(|why| wrong(what, text, why))
    };
    let from = entry.from.as_deref().map(|from| target("origin", from)).transpose()?;
    Ok(Rule { target: target("target", &entry.target)?, from, source, mark: entry.mark.clone() })
}

/// A registry, or a registry and the beginning of a repository, in full. `source`: a name without registry is one of
/// Docker Hub; a target needs its registry.
fn prefix(text: &str, source: bool) -> Result<String, &'static str> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    let is_registry = first.contains(['.', ':']) || first == "localhost";
    if rest.is_empty() && is_registry {
        return if reference::is_host(first) {
            Ok(hub_of(first).to_owned())
        } else {
            Err("it is no registry")
        };
    }
    if !is_registry && !source {
        return Err("it names no registry");
    }
    let parsed = Reference::parse(text)?;
    if parsed.tag.is_some() || parsed.digest.is_some() {
        return Err("a tag or digest stands here, and none in the source");
    }
    // `docker.io/kserve` is all of `kserve/`, and `mysql` is `library/mysql`.
    let single = parsed.registry == DOCKER_HUB && is_registry && !rest.contains('/');
    Ok(if single { format!("{DOCKER_HUB}/{rest}") } else { parsed.name() })
}

/// `host.example:5000` and `localhost:5000` are registries, `mysql:8` is an image.
fn is_registry_with_port(text: &str) -> bool {
    let host = text.split(':').next().unwrap_or_default();
    !text.contains('/') && (host.contains('.') || host == "localhost")
}

fn hub_of(registry: &str) -> &str {
    if matches!(registry, "index.docker.io" | "registry-1.docker.io") { DOCKER_HUB } else { registry }
}

/// The rules in a text, one a line. Errors: a line that is no rule.
pub(crate) fn entries(source: &Arc<Source>) -> Result<Vec<Entry>> {
    let mut entries = vec![];
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let offset = at + (line.len() - line.trim_start().len());
        at += line.len();
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let mark = Mark { source: source.clone(), offset: u32::try_from(offset).unwrap_or(0) };
        let Some((left, right)) = line.split_once('=') else {
            let message = format!("expected `SOURCE = TARGET`, found `{line}`");
            return Err(Error::new(ErrorKind::Config, message).at(mark.location()));
        };
        let (target, from) = match right.trim().split_once(" from ") {
            Some((target, from)) => (target.trim(), Some(from.trim().to_owned())),
            None => (right.trim(), None),
        };
        entries.push(Entry { source: left.trim().to_owned(), target: target.to_owned(), from, mark });
    }
    Ok(entries)
}

/// The rule that maps everything to one registry, as `--image-mirror` gives it.
pub(crate) fn mirror(registry: &str, name: &str) -> Entry {
    let source = Source::new(Location::file(name).path, format!("* = {registry}\n"));
    Entry { source: "*".into(), target: registry.into(), from: None, mark: Mark { source, offset: 0 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Result<Map, String> {
        Map::parse(&Source::new("map", text.into())).map_err(|e| e.to_string())
    }

    fn mapped(map: &Map, text: &str) -> String {
        let reference = Reference::parse(text).unwrap();
        map.map(&reference).map_or(reference, |mapped| mapped.target).to_string()
    }

    #[test]
    fn the_most_specific_rule_wins() {
        let map = map(
            "# all\n* = m.local\ndocker.io = h.local/hub\ngcr.io/a = h.local/a\nmysql = h.local/db/mysql\n\
             busybox:1.28 = ghcr.io/x/busybox:1.29\nghcr.io = h.local/ghcr\nkserve = h.local/k\n",
        )
        .unwrap();
        for (text, expected) in [
            ("quay.io/a/b:1", "m.local/quay.io/a/b:1"),
            ("a/b", "h.local/hub/a/b"),
            ("nginx:1", "h.local/hub/library/nginx:1"),
            ("gcr.io/a/b:1", "h.local/a/b:1"),
            ("gcr.io/ab/c", "m.local/gcr.io/ab/c"),
            ("mysql:8", "h.local/db/mysql:8"),
            ("mysql-client:8", "h.local/hub/library/mysql-client:8"),
            ("busybox:1.28", "h.local/ghcr/x/busybox:1.29"),
            ("busybox:1.2", "h.local/hub/library/busybox:1.2"),
            ("m.local/x", "m.local/x"),
            ("localhost:5000/x", "m.local/localhost_5000/x"),
        ] {
            let once = mapped(&map, text);
            assert_eq!(once, expected, "{text}");
            assert_eq!(mapped(&map, &once), once, "{text} twice");
        }
    }

    #[test]
    fn a_mirror_may_copy_from_elsewhere() {
        let map = map("us.pkg.dev/staging/jobset = r.local/jobset from registry.k8s.io/jobset\n").unwrap();
        let mapped = map.map(&Reference::parse("us.pkg.dev/staging/jobset/jobset:v1").unwrap()).unwrap();
        assert_eq!(mapped.target.to_string(), "r.local/jobset/jobset:v1");
        assert_eq!(mapped.from.to_string(), "registry.k8s.io/jobset/jobset:v1");
    }

    #[test]
    fn digests_stay_beside_tags() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let map = map("gcr.io = r.local\n").unwrap();
        assert_eq!(mapped(&map, &format!("gcr.io/a:1@{digest}")), format!("r.local/a:1@{digest}"));
    }

    #[test]
    fn mistakes_are_refused_with_their_place() {
        for (text, expected) in [
            ("a", "map:1:1: expected `SOURCE = TARGET`, found `a`"),
            ("gcr.io = a.b\n\ngcr.io = c.d", "map:3:1: `gcr.io` is mapped to two targets"),
            ("gcr.io = quay.io\nquay.io = gcr.io", "map:1:1: the rules for images form a cycle"),
            ("a.b = c.d\nc.d = e.f\ne.f = a.b", "map:1:1: the rules for images form a cycle"),
            ("x:1 = y:1\ny:1 = x:1", "map:1:1: the rules for images form a cycle"),
            (
                "gcr.io = A/b",
                "map:1:1: the target `A/b` of a rule for images is invalid: it names no registry",
            ),
            (
                "gcr.io = h.local/B",
                "map:1:1: the target `h.local/B` of a rule for images is invalid: the repository has upper-case letters",
            ),
            ("a:1 = ", "map:1:1: the target `` of a rule for images is invalid: it is empty"),
        ] {
            assert_eq!(map(text).map(|_| ()), Err(expected.to_owned()), "{text}");
        }
        assert!(map("gcr.io = a.b\ngcr.io = a.b").is_ok());
        let within = map("gcr.io = gcr.io/mirror").unwrap();
        assert_eq!(mapped(&within, "gcr.io/a"), "gcr.io/mirror/a");
        assert_eq!(mapped(&within, "gcr.io/mirror/a"), "gcr.io/mirror/a");
    }
}
