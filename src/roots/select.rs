//! Which directories count as roots: those that nothing else builds on, and what the configuration says.

use super::Graph;
use crate::text::wildcard;

/// What the configuration says about roots. `*` stands for any characters of one part of a path, `**` for any parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Only these are roots, whoever builds on them; empty for those that nothing builds on.
    pub(crate) list: Vec<String>,
    /// These are not.
    pub(crate) exclude: Vec<String>,
    /// The way to the top from where patterns count.
    pub(crate) within: String,
}

/// The roots in and below a directory.
pub(crate) fn select(graph: &Graph, below: &str, selection: &Selection) -> Vec<String> {
    let is_below = |at: &str| {
        below.is_empty() || at == below || at.strip_prefix(below).is_some_and(|rest| rest.starts_with('/'))
    };
    let named = |patterns: &[String], at: &str| {
        let path = format!("{}/{at}", selection.within);
        patterns.iter().any(|pattern| fits(pattern, &path))
    };
    let all: Vec<&str> = if selection.list.is_empty() {
        graph.tops()
    } else {
        graph.0.keys().map(String::as_str).filter(|at| named(&selection.list, at)).collect()
    };
    all.into_iter().filter(|at| is_below(at) && !named(&selection.exclude, at)).map(str::to_owned).collect()
}

/// Returns whether a path fits a pattern.
fn fits(pattern: &str, path: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    all_fit(&parts(pattern), &parts(path))
}

fn all_fit(pattern: &[String], path: &[String]) -> bool {
    wildcard::matches(
        pattern,
        path,
        |p| p == "**",
        |p, part| wildcard::matches(p.as_bytes(), part.as_bytes(), |c| *c == b'*', |c, d| c == d),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_paths() {
        for (pattern, path, fit) in [
            ("overlays/*", "overlays/a", true),
            ("overlays/*", "overlays/a/b", false),
            ("overlays/**", "overlays/a/b", true),
            ("**/test", "a/b/test", true),
            ("**/test", "test", true),
            ("./a/", "a", true),
            ("*-prod", "eu-prod", true),
            ("a", "b", false),
            (".", "", true),
        ] {
            assert_eq!(fits(pattern, path), fit, "{pattern} {path}");
        }
    }
}
