//! Group, version and kind.

use super::Str;
use std::fmt;

/// A type of objects; as a selector, empty parts match anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    /// API group, empty for the core group.
    pub(crate) group: Str,
    /// API version.
    pub(crate) version: Str,
    /// Kind.
    pub(crate) kind: Str,
}

impl Gvk {
    /// Splits an `apiVersion` at its first slash; without one it is a version alone.
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = group_and_version(api_version);
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// The `apiVersion` text.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Returns whether this type has every part that the selector names.
    pub(crate) fn is_selected(&self, selector: &Self) -> bool {
        (selector.kind.is_empty() || selector.kind == self.kind)
            && (selector.group.is_empty() || selector.group == self.group)
            && (selector.version.is_empty() || selector.version == self.version)
    }

    /// Kustomize's text by which types are ordered: `group_version_kind`, with `~G`, `~V`, `~K` for empty parts.
    #[cfg(test)]
    pub(crate) fn sort_key(&self) -> String {
        let part = |text: &Str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_string() };
        format!("{}_{}_{}", part(&self.group, "~G"), part(&self.version, "~V"), part(&self.kind, "~K"))
    }
}

/// The two parts of an `apiVersion`, which its first slash divides, even where nothing stands before it.
pub(crate) fn group_and_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// `Kind.version.group` with `[noKind]`, `[noVer]`, `[noGrp]` for empty parts.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |text: &Str, none: &'static str| if text.is_empty() { none.into() } else { text.clone() };
        let (kind, version) = (part(&self.kind, "[noKind]"), part(&self.version, "[noVer]"));
        write!(f, "{kind}.{version}.{}", part(&self.group, "[noGrp]"))
    }
}

/// Where the objects of a type live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Objects have no namespace.
    Cluster,
    /// Objects stand in a namespace.
    Namespaced,
}
