//! The versions of kustomize that a build can be like.
//!
//! Versions are ordered: a rule that came with 5.8.2 asks `compat >= Compat::V5_8_2`. A new version is a row of
//! `VERSIONS`, and a comparison in each rule that it changes; `docs/versions.md` lists those.

/// The version of kustomize whose behavior is wanted where versions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compat {
    /// 5.7.1
    V5_7_1,
    /// 5.8.1
    V5_8_1,
    /// 5.8.2
    V5_8_2,
    /// 5.8.3
    V5_8_3,
}

/// All versions, oldest first, and their names.
const VERSIONS: [(Compat, &str); 4] = [
    (Compat::V5_7_1, "5.7.1"),
    (Compat::V5_8_1, "5.8.1"),
    (Compat::V5_8_2, "5.8.2"),
    (Compat::V5_8_3, "5.8.3"),
];

impl Compat {
    /// The version that a build is like unless another one is asked for.
    pub const DEFAULT: Self = Self::V5_8_3;

    /// All versions, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        VERSIONS.iter().map(|(version, _)| *version)
    }

    /// The name: `5.8.1`.
    pub fn name(self) -> &'static str {
        VERSIONS.iter().find(|(version, _)| *version == self).map_or("", |(_, name)| name)
    }

    /// The version of a name. `5.8` is the newest version of its line; a `v` in front is ignored.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix('v').unwrap_or(name);
        let is_meant =
            |known: &str| known == name || known.rsplit_once('.').is_some_and(|(line, _)| line == name);
        VERSIONS.iter().rev().find(|(_, known)| is_meant(known)).map(|(version, _)| *version)
    }
}

impl Default for Compat {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_and_found_by_name() {
        assert!(Compat::all().is_sorted());
        assert!(Compat::all().all(|version| Compat::from_name(version.name()) == Some(version)));
        let table = [
            ("5.7", Some(Compat::V5_7_1)),
            ("5.8", Some(Compat::V5_8_3)),
            ("v5.8.2", Some(Compat::V5_8_2)),
            ("5", None),
            ("5.8.0", None),
            ("", None),
        ];
        for (name, version) in table {
            assert_eq!(Compat::from_name(name), version, "{name}");
        }
    }
}
