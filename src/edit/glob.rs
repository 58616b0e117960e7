//! Patterns of file names, as Go's `filepath.Match` and `filepath.Glob` take them.
//!
//! `*` and `?` do not cross `/`; there is no `**`. Kustomize leaves hidden files out unless the last part of the
//! pattern begins with a dot.

use crate::diag::{Error, ErrorKind, Result};
use std::path::Path;

/// Returns whether a name matches a pattern; an error if the pattern is malformed.
pub(crate) fn matches(pattern: &str, name: &str) -> Result<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let wrong = || {
        let text: String = pattern.iter().collect();
        Error::new(ErrorKind::Usage, format!("invalid pattern `{text}`: a `[` or `\\` is not closed"))
    };
    // All of the pattern is looked at, so that it is refused whatever the name is.
    let mut parts = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        let (part, next) = part(&pattern, at).ok_or_else(wrong)?;
        parts.push(part);
        at = next;
    }
    Ok(fits(&parts, &name))
}

/// A part of a pattern.
#[derive(Debug, PartialEq)]
enum Part {
    /// `*`
    Any,
    /// `?`
    One,
    /// A character that stands for itself.
    Is(char),
    /// `[a-z]`; true for `[^a-z]`.
    In(bool, Vec<(char, char)>),
}

fn part(pattern: &[char], at: usize) -> Option<(Part, usize)> {
    match *pattern.get(at)? {
        '*' => Some((Part::Any, at + 1)),
        '?' => Some((Part::One, at + 1)),
        '\\' => Some((Part::Is(*pattern.get(at + 1)?), at + 2)),
        '[' => class(pattern, at + 1),
        c => Some((Part::Is(c), at + 1)),
    }
}

fn class(pattern: &[char], mut at: usize) -> Option<(Part, usize)> {
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut ranges = Vec::new();
    loop {
        if pattern.get(at)? == &']' && !ranges.is_empty() {
            return Some((Part::In(negated, ranges), at + 1));
        }
        let (low, next) = class_char(pattern, at)?;
        let mut high = low;
        at = next;
        if pattern.get(at)? == &'-' {
            (high, at) = class_char(pattern, at + 1)?;
        }
        ranges.push((low, high));
    }
}

fn class_char(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match *pattern.get(at)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        c => Some((c, at + 1)),
    }
}

fn fits(parts: &[Part], name: &[char]) -> bool {
    // Where to go on if the last `*` has to take one character more.
    let mut retry: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    loop {
        let fit = match parts.get(p) {
            Some(Part::Any) => {
                retry = Some((p, n));
                p += 1;
                continue;
            }
            None if n == name.len() => return true,
            None => false,
            Some(part) => name.get(n).is_some_and(|c| match part {
                Part::One => *c != '/',
                Part::Is(own) => own == c,
                Part::In(negated, ranges) => {
                    *c != '/' && ranges.iter().any(|(low, high)| (low..=high).contains(&c)) != *negated
                }
                Part::Any => true,
            }),
        };
        if fit {
            (p, n) = (p + 1, n + 1);
            continue;
        }
        match retry {
            Some((star, from)) if name.get(from).is_some_and(|c| *c != '/') => {
                retry = Some((star, from + 1));
                (p, n) = (star + 1, from + 1);
            }
            _ => return false,
        }
    }
}

/// The files and directories that a pattern names, relative to a directory, in alphabetical order of each level.
pub(crate) fn files(directory: &Path, pattern: &str) -> Result<Vec<String>> {
    matches(pattern, "")?;
    let mut found = level(directory, pattern)?;
    if !is_hidden(pattern) {
        found.retain(|name| !is_hidden(name));
    }
    Ok(found)
}

fn has_meta(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

fn is_hidden(path: &str) -> bool {
    path.trim_end_matches('/').rsplit('/').next().is_some_and(|base| base.starts_with('.'))
}

fn level(directory: &Path, pattern: &str) -> Result<Vec<String>> {
    if !has_meta(pattern) {
        let there = !pattern.is_empty() && directory.join(pattern).symlink_metadata().is_ok();
        return Ok(if there { vec![pattern.to_owned()] } else { vec![] });
    }
    let (dir, file) =
        pattern.rsplit_once('/').map_or(("", pattern), |(d, f)| (if d.is_empty() { "/" } else { d }, f));
    let dirs = if has_meta(dir) { level(directory, dir)? } else { vec![dir.to_owned()] };
    let mut found = Vec::new();
    for dir in dirs {
        let entries = directory.join(&dir).read_dir().into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort_unstable();
        for name in names {
            if matches(file, &name)? {
                found.push(match dir.as_str() {
                    "" => name,
                    dir if dir.ends_with('/') => format!("{dir}{name}"),
                    dir => format!("{}/{name}", dir.strip_prefix("./").unwrap_or(dir)),
                });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        let table = [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[^b-d]", "abc", false),
            ("a\\*b", "a*b", true),
            ("a?b", "a/b", false),
            ("[a-ζ]*", "α", true),
            ("*x", "xxx", true),
            ("*", "a/b", false),
            ("", "", true),
            ("[\\]a]", "]", true),
        ];
        for (pattern, name, want) in table {
            assert_eq!(matches(pattern, name).ok(), Some(want), "{pattern} {name}");
        }
        for pattern in ["[]a]", "[", "[^", "[^bc", "a[", "\\", "[a-]", "[-x]"] {
            assert!(matches(pattern, "a").is_err(), "{pattern}");
        }
    }
}
