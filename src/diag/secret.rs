//! Secrets in texts that are shown: what stands before the host of a URL, tokens, and values of a query that grant access.

use std::borrow::Cow;
use std::ops::Range;

/// What is shown in place of a secret.
pub(super) const STARS: &str = "***";

/// Beginnings of tokens that are known by them.
const TOKENS: [&str; 8] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-"];

/// What keys of a query have in their names whose values grant access.
const KEYS: [&str; 9] =
    ["token", "secret", "passw", "signature", "credential", "apikey", "api_key", "api-key", "access_key"];

/// Keys of a query whose values grant access, whole.
const WHOLE_KEYS: [&str; 3] = ["sig", "key", "auth"];

/// A text with stars in place of its secrets.
pub(crate) fn without_secrets(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
    if secrets.is_empty() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for secret in secrets {
        out.push_str(text.get(at..secret.start).unwrap_or_default());
        out.push_str(STARS);
        at = secret.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out.into()
}

/// Where the secrets of a text are, in order, none within another.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    if !text.contains(['@', '?', '_', '-']) {
        return vec![];
    }
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        in_url(text, at, &mut found);
    }
    before_github(text, &mut found);
    for token in TOKENS {
        for (at, _) in text.match_indices(token) {
            let end = text[at..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
            found.push(at..end.map_or(text.len(), |end| at + end));
        }
    }
    found.retain(|secret| !secret.is_empty() && text.get(secret.clone()) != Some(STARS));
    found.sort_by_key(|secret| (secret.start, std::cmp::Reverse(secret.end)));
    let mut end = 0;
    found.retain(|secret| {
        let apart = secret.start >= end;
        end = end.max(secret.end);
        apart
    });
    found
}

/// Whether a character ends a URL in the midst of a text.
fn ends_url(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\'' | '"' | '`' | '<' | '>')
}

/// The secrets of the URL whose `://` is at an offset.
fn in_url(text: &str, at: usize, found: &mut Vec<Range<usize>>) {
    let start = at + "://".len();
    let url = &text[start..];
    let url = &url[..url.find(ends_url).unwrap_or(url.len())];
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    // A password may have a slash, by mistake: what stands behind the colon is no port then.
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = port.bytes().all(|b| b.is_ascii_digit());
    let user = match authority.rfind('@') {
        None if !is_port && !authority.contains(['[', ']']) => url.rfind('@').map(|end| &url[..end]),
        None => None,
        Some(end) => Some(&authority[..end]),
    };
    if let Some(user) = user {
        // The user of SSH is no secret; git has one for all.
        let ssh = text[..at].to_ascii_lowercase().ends_with("ssh");
        let from = if ssh { user.find(':').map_or(user.len(), |colon| colon + 1) } else { 0 };
        found.push(start + from..start + user.len());
    }
    let Some(query) = url.find('?').map(|at| at + 1) else { return };
    let mut from = start + query;
    for pair in url[query..].split(['&', ';']) {
        if let Some((key, value)) = pair.split_once('=') {
            let key = key.to_ascii_lowercase();
            if KEYS.iter().any(|k| key.contains(k)) || WHOLE_KEYS.contains(&key.as_str()) {
                let end = from + pair.len();
                found.push(end - value.len()..end);
            }
        }
        from += pair.len() + 1;
    }
}

/// `https://TOKEN@github.com/…` is written `TOKEN@github.com:…` for git.
fn before_github(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices("@github.com:") {
        let start = text[..at].rfind(|c: char| ends_url(c) || c == '/').map_or(0, |i| i + 1);
        let start = (start..=at).find(|i| text.is_char_boundary(*i)).unwrap_or(at);
        let user = &text[start..at];
        if user != "git" && !user.starts_with("org-") {
            found.push(start..at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (given, expected) in [
            ("https://u:p@h/x", "https://***@h/x"),
            ("https://u:p@q@h", "https://***@h"),
            ("fatal: 'https://u:p@h/x' is not", "fatal: 'https://***@h/x' is not"),
            ("https://ghp_x@h/x", "https://***@h/x"),
            ("https://h/x@y:z", "https://h/x@y:z"),
            ("https://h:8080/x@y", "https://h:8080/x@y"),
            ("http://u:a/b@h:1/x", "http://***@h:1/x"),
            ("https://a/https://u:p@h/x", "https://a/https://***@h/x"),
            ("ssh://git@h/o/r", "ssh://git@h/o/r"),
            ("ssh://u:p@h/o/r", "ssh://u:***@h/o/r"),
            ("https://[::1]:80/x", "https://[::1]:80/x"),
            ("git@h:o/r", "git@h:o/r"),
            ("git@github.com:o/r", "git@github.com:o/r"),
            ("`x@github.com:o/r`", "`***@github.com:o/r`"),
            (
                "https://h/x?ref=v1&access_token=abc&X-Amz-Signature=d",
                "https://h/x?ref=v1&access_token=***&X-Amz-Signature=***",
            ),
            ("https://h/x?sig=a&monkey=b", "https://h/x?sig=***&monkey=b"),
            ("the token glpat-abc_D-1 is", "the token *** is"),
            ("https://***@h/x", "https://***@h/x"),
            ("https://", "https://"),
            ("é://é@é", "é://***@é"),
        ] {
            assert_eq!(without_secrets(given), expected);
        }
    }
}
