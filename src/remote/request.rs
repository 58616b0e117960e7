//! What is asked for: from the text of a URL to a request, as Go's client reads it.

use crate::text::percent;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What Go leaves as it stands in a path: the first as it is, the second only if the whole path is written so.
const KEPT: (&[u8], &[u8]) = (b"-_.~$&+,/:;=@", b"!'()*[]%");

/// The URL that is asked for where a file names `url`.
///
/// A `#` in front of the query is a part of the path to kustomize, and the path is then written anew. One in the query begins
/// a fragment.
///
/// # Errors
///
/// A `%` that begins no escape; in the query it may. A `#` in the name of the host.
pub(super) fn of_entry(url: &str) -> Result<String, String> {
    let (before, query) = url.find('?').map_or((url, ""), |at| url.split_at(at));
    let (query, fragment) = query.split_once('#').unwrap_or((query, ""));
    check(before)?;
    check(fragment)?;
    let authority = before.find("://").map_or(0, |at| at + 3);
    let path = before[authority..].find('/').map_or(before.len(), |at| authority + at);
    let (authority, path) = before.split_at(path);
    if authority.contains('#') {
        return Err("invalid character `#` in the host name".to_owned());
    }
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || KEPT.0.contains(&byte);
    let path = match path.bytes().all(|byte| is_kept(byte) || KEPT.1.contains(&byte)) {
        true => path.to_owned(),
        false => percent::escape(&percent::unescape(path), |_, byte| is_kept(byte)),
    };
    Ok(escape(&format!("{authority}{path}{query}")))
}

/// The URL that is asked for where a redirect leads to `url`: a `#` begins a fragment.
///
/// # Errors
///
/// Those of [`of_entry`].
pub(super) fn of_redirect(url: &str) -> Result<String, String> {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    check(url.split('?').next().unwrap_or_default())?;
    check(fragment)?;
    Ok(escape(url))
}

/// Takes user and password out of a URL: what is left, and the value of `Authorization`.
pub(super) fn without_user(url: &str) -> (String, Option<String>) {
    let begin = url.find("://").map_or(0, |at| at + 3);
    let end = url[begin..].find(['/', '?']).map_or(url.len(), |at| begin + at);
    let Some((user, host)) = url[begin..end].rsplit_once('@') else { return (url.to_owned(), None) };
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let both = format!("{}:{}", percent::unescape(user), percent::unescape(password));
    let rest = format!("{}{host}{}", &url[..begin], &url[end..]);
    (rest, Some(format!("Basic {}", STANDARD.encode(both))))
}

fn check(text: &str) -> Result<(), String> {
    let is_wrong = |(at, _): &(usize, &str)| text.as_bytes().get(*at..).and_then(percent::byte).is_none();
    match text.match_indices('%').find(is_wrong) {
        Some((at, _)) => {
            Err(format!("invalid URL escape `{}`", text[at..].chars().take(3).collect::<String>()))
        }
        None => Ok(()),
    }
}

/// A URL in which what may not stand there is written as `%XX`.
fn escape(url: &str) -> String {
    percent::escape(url, |_, byte| byte > b' ' && byte < 0x7f && !b"\"<>\\^`{|}".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_entries_are_asked_for_as_go_asks() {
        for (url, asked) in [
            ("http://h/a b/é?x=%20", Ok("http://h/a%20b/%C3%A9?x=%20")),
            ("http://h/a%23b", Ok("http://h/a%23b")),
            ("http://h/a#b?x=1", Ok("http://h/a%23b?x=1")),
            ("http://h/%41#b#c", Ok("http://h/A%23b%23c")),
            ("http://h/%41(b)", Ok("http://h/%41(b)")),
            ("http://h/a?x=1#y?z", Ok("http://h/a?x=1")),
            ("http://h?x#", Ok("http://h?x")),
            ("http://h/a?x=%zz", Ok("http://h/a?x=%zz")),
            ("http://h#f", Err("invalid character `#` in the host name")),
            ("http://h/a%zz", Err("invalid URL escape `%zz`")),
            ("http://h/a%4", Err("invalid URL escape `%4`")),
            ("http://h/a?x#%é", Err("invalid URL escape `%é`")),
        ] {
            assert_eq!(of_entry(url).as_deref().map_err(String::as_str), asked, "{url}");
        }
    }

    #[test]
    fn redirects_lose_their_fragment() {
        assert_eq!(of_redirect("http://h/a b?x=%#f").as_deref(), Ok("http://h/a%20b?x=%"));
        assert!(of_redirect("http://h/%").is_err());
    }

    #[test]
    fn users_are_read_without_escapes() {
        let basic = |text: &str| Some(format!("Basic {}", STANDARD.encode(text)));
        for (url, rest, authorization) in [
            ("http://u:p%40w@h/a@b", "http://h/a@b", basic("u:p@w")),
            ("http://u@h?x=@", "http://h?x=@", basic("u:")),
            ("http://h/a", "http://h/a", None),
        ] {
            assert_eq!(without_user(url), (rest.to_owned(), authorization), "{url}");
        }
    }
}
