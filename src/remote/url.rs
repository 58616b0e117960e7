//! Which texts name a repository, and what they are made of.
//!
//! The rules are kustomize's. A text is a host, the path of the repository and the path of a directory in it, then a query.
//! The repository's path ends at `_git/` and one more segment, else before `//`, else after `.git`, else after two
//! segments (`file://`: at the end). Texts for `github.com` are brought into one of two forms.

use crate::load::RepoSpec;
use crate::load::fetch::is_file_like;
use crate::text::go;
use crate::text::path::clean;
use crate::text::percent;
use std::path::{Component, Path};
use std::time::Duration;

/// How long each git command may take unless the query says otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(27);

const FILE: &str = "file://";
const SCHEMES: [&str; 4] = ["ssh://", "https://", "http://", FILE];

const NO_SCHEME: &str = "no scheme that git knows";
const NO_HOST: &str = "no host";
const NO_PATH: &str = "no path of a repository";

/// Takes a text apart; the error says why it names no repository.
pub(crate) fn parse(text: &str) -> Result<RepoSpec, &'static str> {
    if text.starts_with('/') {
        return Err("uri looks like abs path");
    }
    let (location, query) = text.split_once('?').unwrap_or((text, ""));
    let (reference, timeout, submodules) = read_query(query);
    let (host, rest) = split_host(location)?;
    let (repository, path, marked) = split_path(rest, host.starts_with(FILE)).ok_or(NO_PATH)?;
    if repository.is_empty() {
        return Err(NO_PATH);
    }
    let inside = path.strip_prefix('/').unwrap_or(path);
    if clean(Path::new(inside)).components().next() == Some(Component::ParentDir) {
        return Err("url path exits repo");
    }
    Ok(RepoSpec {
        raw: text.to_owned(),
        url: format!("{host}{repository}"),
        path: inside.to_owned(),
        explicit: !is_file_like(location) && (marked || !reference.is_empty()),
        reference,
        submodules,
        timeout,
    })
}

/// Cuts a prefix that may be written in any case.
fn cut<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// The host with everything before it, as git is to get it, and what follows.
fn split_host(text: &str) -> Result<(String, &str), &'static str> {
    let text = cut(text, "git::").unwrap_or(text);
    let (scheme, rest) =
        SCHEMES.iter().find_map(|s| cut(text, s).map(|rest| (*s, rest))).unwrap_or(("", text));
    let (user, rest) = split_user(rest);
    if scheme == FILE {
        // What looks like a user is part of the path here.
        return Ok((FILE.into(), text.get(FILE.len()..).unwrap_or_default()));
    }
    let github = cut(rest, "github.com").is_some_and(|r| r.starts_with(['/', ':']));
    let bare = scheme.is_empty() && (!user.is_empty() || github);
    if scheme.is_empty() && !bare {
        return Err(NO_SCHEME);
    }
    let end = rest.find(|c| c == '/' || bare && c == ':');
    let end = match end {
        // A colon that comes first of all is no separator.
        Some(0) if rest.starts_with(':') => rest.find('/').or(Some(0)),
        end => end,
    };
    let (host, path) = end.map_or((rest, ""), |at| rest.split_at(at + 1));
    if github {
        let old = scheme == "ssh://" || !user.is_empty();
        return Ok((if old { format!("{user}github.com:") } else { "https://github.com/".into() }, path));
    }
    if host.is_empty() {
        return Err(NO_HOST);
    }
    Ok((format!("{scheme}{user}{host}"), path))
}

/// A user with its `@`.
fn split_user(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts && text[end..].starts_with('@') { text.split_at(end + 1) } else { ("", text) }
}

/// The repository's path, the directory's path, and whether a mark divided them.
fn split_path(text: &str, whole: bool) -> Option<(&str, &str, bool)> {
    if let Some(at) = text.find("_git/") {
        let start = at + "_git/".len();
        return Some(match text[start..].find('/') {
            Some(end) => (&text[..start + end], &text[start + end + 1..], true),
            None => (text, "", true),
        });
    }
    if let Some((repository, path)) = text.split_once("//") {
        return Some((repository, path, true));
    }
    if let Some(at) = text.find(".git") {
        let (repository, path) = text.split_at(at + ".git".len());
        return Some((repository, path, true));
    }
    if whole {
        return Some((text, "", true));
    }
    let first = text.find('/')?;
    Some(match text[first + 1..].find('/') {
        Some(second) => (&text[..first + 1 + second], &text[first + second + 2..], false),
        None => (text, "", false),
    })
}

/// Branch, timeout and whether submodules are wanted. A query that cannot be read says nothing.
fn read_query(query: &str) -> (String, Duration, bool) {
    let Some(pairs) = pairs(query) else { return (String::new(), TIMEOUT, true) };
    let get = |key: &str| {
        let value = pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        value.filter(|v| !v.is_empty())
    };
    let reference = get("ref").or(get("version")).unwrap_or_default().to_owned();
    let timeout = get("timeout").and_then(read_timeout);
    let submodules = get("submodules").and_then(go::parse_bool).unwrap_or(true);
    (reference, timeout.unwrap_or(TIMEOUT), submodules)
}

/// A number of seconds, or a duration; not zero.
fn read_timeout(text: &str) -> Option<Duration> {
    let timeout = match text.parse::<i64>() {
        Ok(seconds) => u64::try_from(seconds).ok().map(Duration::from_secs),
        Err(_) => duration(text),
    };
    timeout.filter(|t| !t.is_zero())
}

/// The value of `timeout` in a location if it says nothing, so that the usual one counts.
pub(crate) fn meaningless_timeout(text: &str) -> Option<String> {
    let (_, query) = text.split_once('?')?;
    let (_, value) = pairs(query)?.into_iter().find(|(key, _)| key == "timeout")?;
    (!value.is_empty() && read_timeout(&value).is_none()).then_some(value)
}

fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (!part.contains(';')).then_some((unescape(key)?, unescape(value)?))
        })
        .collect()
}

/// A part of a query without `%` and `+`; `None` where a `%` begins no escape.
fn unescape(text: &str) -> Option<String> {
    let is_escape = |(at, _)| text.as_bytes().get(at..).and_then(percent::byte).is_some();
    text.match_indices('%').all(is_escape).then(|| percent::unescape(&text.replace('+', " ")))
}

/// Units of a duration and their length in nanoseconds. Longer names first.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration as Go writes it: `2m30s`, `1.5h`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a unit is less than its length, and not negative"
)]
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut nanoseconds = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at(end);
        let (name, length) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction: f64 = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
        let part = whole.checked_mul(*length)?.checked_add((fraction * *length as f64) as u64)?;
        nanoseconds = nanoseconds.checked_add(part).filter(|n| *n <= i64::MAX as u64)?;
        rest = &unit[name.len()..];
    }
    Some(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (&'static str, &'static str, &'static str, bool, u64);

    #[rustfmt::skip]
    const ROWS: &[(&str, Result<Parts, &str>)] = &[
        ("https://github.com/org/repo", Ok(("https://github.com/org/repo", "", "", true, 27))),
        ("https://github.com/org/repo/", Ok(("https://github.com/org/repo", "", "", true, 27))),
        ("https://github.com/org/repo/a/b", Ok(("https://github.com/org/repo", "a/b", "", true, 27))),
        ("https://github.com/org/repo//a/b?ref=v1", Ok(("https://github.com/org/repo", "a/b", "v1", true, 27))),
        ("https://github.com/org/repo.git/a/b", Ok(("https://github.com/org/repo.git", "a/b", "", true, 27))),
        ("https://github.com/org/repo.git//a/b", Ok(("https://github.com/org/repo.git", "a/b", "", true, 27))),
        ("http://github.com/org/repo", Ok(("https://github.com/org/repo", "", "", true, 27))),
        ("https://user@github.com/org/repo", Ok(("user@github.com:org/repo", "", "", true, 27))),
        ("https://user:pw@github.com/org/repo", Ok(("https://user:pw@github.com/org/repo", "", "", true, 27))),
        ("ssh://git@github.com/org/repo/a", Ok(("git@github.com:org/repo", "a", "", true, 27))),
        ("ssh://github.com/org/repo", Ok(("github.com:org/repo", "", "", true, 27))),
        ("git@github.com:org/repo/a", Ok(("git@github.com:org/repo", "a", "", true, 27))),
        ("git@github.com/org/repo", Ok(("git@github.com:org/repo", "", "", true, 27))),
        ("github.com/org/repo/a?ref=x", Ok(("https://github.com/org/repo", "a", "x", true, 27))),
        ("github.com:org/repo", Ok(("https://github.com/org/repo", "", "", true, 27))),
        ("GitHub.com/Org/Repo", Ok(("https://github.com/Org/Repo", "", "", true, 27))),
        ("https://GITHUB.com/org/repo", Ok(("https://github.com/org/repo", "", "", true, 27))),
        ("git::https://github.com/org/repo", Ok(("https://github.com/org/repo", "", "", true, 27))),
        ("GIT::ssh://git@h.example/o/r", Ok(("ssh://git@h.example/o/r", "", "", true, 27))),
        ("github.com/org", Err(NO_PATH)),
        ("https://github.com/org", Err(NO_PATH)),
        ("https://github.com", Err(NO_PATH)),
        ("https://h.example/org/repo/path/in", Ok(("https://h.example/org/repo", "path/in", "", true, 27))),
        ("https://h.example/repo", Err(NO_PATH)),
        ("https://h.example/repo//path", Ok(("https://h.example/repo", "path", "", true, 27))),
        ("https://h.example/g/sub/repo.git/path", Ok(("https://h.example/g/sub/repo.git", "path", "", true, 27))),
        ("https://h.example/g/sub/repo", Ok(("https://h.example/g/sub", "repo", "", true, 27))),
        ("https://h.example:8443/o/r/p?version=v2", Ok(("https://h.example:8443/o/r", "p", "v2", true, 27))),
        ("https://h.example/o/r/p?version=v2&ref=v3", Ok(("https://h.example/o/r", "p", "v3", true, 27))),
        ("https://h.example/_git/repo", Ok(("https://h.example/_git/repo", "", "", true, 27))),
        ("https://h.example/x.git/y.git/z", Ok(("https://h.example/x.git", "y.git/z", "", true, 27))),
        ("https://h.example/o/my.gitops/p", Ok(("https://h.example/o/my.git", "ops/p", "", true, 27))),
        ("https://h.example/o/r//a//b", Ok(("https://h.example/o/r", "a//b", "", true, 27))),
        ("https://h.example//o/r", Ok(("https://h.example//o", "r", "", true, 27))),
        ("ssh://git@h.example:22/o/r/p", Ok(("ssh://git@h.example:22/o/r", "p", "", true, 27))),
        ("ssh://git@h.example/o/r.git?ref=a/b", Ok(("ssh://git@h.example/o/r.git", "", "a/b", true, 27))),
        ("git@h.example:o/r", Ok(("git@h.example:o/r", "", "", true, 27))),
        ("git@h.example:o/r/p", Ok(("git@h.example:o/r", "p", "", true, 27))),
        ("git@h.example:o/r.git//p?ref=v1&submodules=false", Ok(("git@h.example:o/r.git", "p", "v1", false, 27))),
        ("git@h.example:2222/o/r", Ok(("git@h.example:2222/o", "r", "", true, 27))),
        ("git@h.example:r", Err(NO_PATH)),
        ("git@h.example:r.git", Ok(("git@h.example:r.git", "", "", true, 27))),
        ("git@h.example/o/r", Ok(("git@h.example/o/r", "", "", true, 27))),
        ("h.example:o/r", Err(NO_SCHEME)),
        ("h.example/o/r", Err(NO_SCHEME)),
        ("g_x@h.example:o/r", Err(NO_SCHEME)),
        ("org-1@h.example:o/r", Ok(("org-1@h.example:o/r", "", "", true, 27))),
        ("1x@h.example:o/r", Err(NO_SCHEME)),
        ("file:///srv/repo", Ok(("file:///srv/repo", "", "", true, 27))),
        ("file:///srv/repo//p", Ok(("file:///srv/repo", "p", "", true, 27))),
        ("file:///srv/repo.git/p?ref=x", Ok(("file:///srv/repo.git", "p", "x", true, 27))),
        ("file://relative/repo//p", Ok(("file://relative/repo", "p", "", true, 27))),
        ("file://", Err(NO_PATH)),
        ("file:///", Ok(("file:///", "", "", true, 27))),
        ("https://", Err(NO_HOST)),
        ("https:///o/r", Ok(("https:///o/r", "", "", true, 27))),
        ("ssh://", Err(NO_HOST)),
        ("ftp://h.example/o/r", Err(NO_SCHEME)),
        ("git://h.example/o/r", Err(NO_SCHEME)),
        ("s3::https://h.example/o/r", Err(NO_SCHEME)),
        ("/abs/path", Err("uri looks like abs path")),
        ("../rel/path", Err(NO_SCHEME)),
        ("./x", Err(NO_SCHEME)),
        ("", Err(NO_SCHEME)),
        ("https://h.example/o/r?ref=", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?ref=v1&timeout=61", Ok(("https://h.example/o/r", "", "v1", true, 61))),
        ("https://h.example/o/r?timeout=61s", Ok(("https://h.example/o/r", "", "", true, 61))),
        ("https://h.example/o/r?timeout=2m30s", Ok(("https://h.example/o/r", "", "", true, 150))),
        ("https://h.example/o/r?timeout=-5", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?timeout=0", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?timeout=1.5", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?timeout=x", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?submodules=0", Ok(("https://h.example/o/r", "", "", false, 27))),
        ("https://h.example/o/r?submodules=False", Ok(("https://h.example/o/r", "", "", false, 27))),
        ("https://h.example/o/r?submodules=no", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?ref=a%2Fb", Ok(("https://h.example/o/r", "", "a/b", true, 27))),
        ("https://h.example/o/r?ref=a+b", Ok(("https://h.example/o/r", "", "a b", true, 27))),
        ("https://h.example/o/r?ref=a;b=c", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?ref=%zz", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?x=1", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("https://h.example/o/r?ref=a?b", Ok(("https://h.example/o/r", "", "a?b", true, 27))),
        ("https://h.example/o/r//../x", Err("url path exits repo")),
        ("https://h.example/o/r/..", Err("url path exits repo")),
        ("https://h.example/o/r//a/../../x", Err("url path exits repo")),
        ("https://h.example/o/r//a/..", Ok(("https://h.example/o/r", "a/..", "", true, 27))),
        ("https://h.example/o/r.git/../x", Err("url path exits repo")),
        ("https://h.example/o/r#frag", Ok(("https://h.example/o/r#frag", "", "", true, 27))),
        ("https://user@h.example/o/p/_git/repo/path/x?version=v1", Ok(("https://user@h.example/o/p/_git/repo", "path/x", "v1", true, 27))),
        ("gh:org/repo", Err(NO_SCHEME)),
        ("git::git::https://h.example/o/r", Err(NO_SCHEME)),
        ("https://user@github.com//o/repo.git.git/x", Ok(("user@github.com:/o/repo.git", ".git/x", "", true, 27))),
        ("https://h.example/x_git/y/z?ref=v1&ref=v2", Ok(("https://h.example/x_git/y", "z", "v1", true, 27))),
        ("ssh://h.example:/v1/repos/x", Ok(("ssh://h.example:/v1/repos", "x", "", true, 27))),
        ("https://h.example/o/r??ref=v1", Ok(("https://h.example/o/r", "", "", true, 27))),
        ("git@h.example:group/sub/repo//p", Ok(("git@h.example:group/sub/repo", "p", "", true, 27))),
    ];

    #[test]
    fn texts_are_taken_apart_as_kustomize_does() {
        for (text, expected) in ROWS {
            let found = parse(text);
            let parts = found.as_ref().map(|r| {
                (r.url.as_str(), r.path.as_str(), r.reference.as_str(), r.submodules, r.timeout.as_secs())
            });
            assert_eq!(parts, expected.as_ref().copied(), "{text}");
        }
    }

    #[test]
    fn what_can_only_be_a_repository_is_known() {
        for (text, explicit) in [
            ("https://h.example/o/r", false),
            ("https://h.example/o/r/x.yaml", false),
            ("https://h.example/o/r//x.yaml?ref=v1", false),
            ("https://h.example/o/r//x", true),
            ("https://h.example/o/r.git", true),
            ("https://h.example/o/r/x?ref=v1", true),
        ] {
            assert_eq!(parse(text).map(|r| r.explicit), Ok(explicit), "{text}");
        }
    }

    #[test]
    fn timeouts_that_say_nothing_are_known() {
        for (text, expected) in [
            ("h?timeout=abc", Some("abc")),
            ("h?timeout=0", Some("0")),
            ("h?timeout=1m", None),
            ("h?ref=v1", None),
        ] {
            assert_eq!(meaningless_timeout(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, expected) in [
            ("1h2m3.5s", Some(3_723_500)),
            ("1500us", Some(1)),
            ("+1s", Some(1000)),
            (".5s", Some(500)),
            ("1.s", Some(1000)),
            (".s", None),
            ("1.2.3s", None),
            ("9223372036854775807ns", Some(9_223_372_036_854)),
            ("9223372036854775808ns", None),
            ("2562048h", None),
            ("1", None),
            ("s", None),
            ("1 s", None),
            ("", None),
        ] {
            assert_eq!(duration(text).map(|d| d.as_millis()), expected, "{text}");
        }
    }
}
