//! Where copies of remote things go below `vendor`: host, path, and `@` with the reference for repositories.

use super::lock::VENDOR;
use crate::load::RepoSpec;
use crate::text::percent;

/// The place of a repository, as `vendor/github.com/org/repo@v1`.
pub(crate) fn repository(spec: &RepoSpec) -> String {
    let (host, path) = split(&spec.url);
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let reference = if spec.reference.is_empty() { "HEAD" } else { &spec.reference };
    format!("{}@{}", place(host, path), escape(reference))
}

/// The place of a file, as `vendor/h.example/path/x.yaml`.
pub(crate) fn file(url: &str) -> String {
    let (host, path) = split(url);
    match path.split_once('?') {
        Some((path, query)) => format!("{}@{}", place(host, path), escape(query)),
        None => place(host, path),
    }
}

/// Host and path of a URL, or of `user@host:path`; `file` in place of a host where there is none.
fn split(url: &str) -> (&str, &str) {
    let (authority, path) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => return ("file", rest),
        Some((_, rest)) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => url.split_at(url.find([':', '/']).unwrap_or(url.len())),
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (host, path.trim_start_matches([':', '/']))
}

fn place(host: &str, path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty()).map(escape);
    let parts: Vec<String> = [VENDOR.to_owned(), escape(host)].into_iter().chain(parts).collect();
    parts.join("/")
}

/// A text as one part of a path, which every file system takes: what may not stand there is written as `%XX`.
fn escape(text: &str) -> String {
    percent::escape(text, |at, byte| {
        byte.is_ascii_alphanumeric() || b"_-+=@~".contains(&byte) || byte == b'.' && at > 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::url;

    #[test]
    fn repositories_have_places() {
        for (text, expected) in [
            ("https://github.com/org/repo//a?ref=v1", "vendor/github.com/org/repo@v1"),
            ("git@h.example:org/repo.git", "vendor/h.example/org/repo@HEAD"),
            ("ssh://git@h.example:22/o/r?ref=a/b", "vendor/h.example%3A22/o/r@a%2Fb"),
            ("https://u:p@h.example/../o//r", "vendor/h.example/%2E./o@HEAD"),
            ("file:///srv/git/app.git//x", "vendor/file/srv/git/app@HEAD"),
        ] {
            let spec = url::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(repository(&spec), expected, "{text}");
        }
    }

    #[test]
    fn files_have_places() {
        for (url, expected) in [
            ("https://h/a/x.yaml", "vendor/h/a/x.yaml"),
            ("https://u:p@h/../x.yaml?v=1/2", "vendor/h/%2E./x.yaml@v=1%2F2"),
        ] {
            assert_eq!(file(url), expected, "{url}");
        }
    }
}
