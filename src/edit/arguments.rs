//! How the commands take their arguments apart.

use crate::diag::{Error, ErrorKind, Result};

/// The options of `buildMetadata`.
const BUILD_METADATA: [&str; 3] = ["originAnnotations", "transformerAnnotations", "managedByLabel"];

/// Pairs `key:value`, where one pair of double quotes around the value is taken off; later ones of a key count.
pub(crate) fn pairs(inputs: &[String], what: &str) -> Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for input in inputs {
        let (key, value) = match input.split_once(':') {
            Some(("", _)) => {
                let message = format!(
                    "invalid {what} `{input}`: expected `key:value`, where the value may be in quotes"
                );
                return Err(Error::new(ErrorKind::Usage, message));
            }
            Some((key, value)) => (key, unquoted(value)),
            None => (input.as_str(), ""),
        };
        found.retain(|(k, _)| k != key);
        found.push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// The parts of a list with commas; an empty text has one empty part.
pub(crate) fn commas(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

/// The options of `buildMetadata` in the one argument of a command.
pub(crate) fn build_metadata(arguments: &[String]) -> Result<Vec<String>> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Usage, message));
    let options = match arguments {
        [] => return wrong("expected an option for `buildMetadata`, found none".into()),
        [one] => commas(one),
        _ => return wrong("expected one argument: options are separated by commas, without spaces".into()),
    };
    match options.iter().find(|o| !BUILD_METADATA.contains(&o.as_str())) {
        Some(other) => {
            let known = BUILD_METADATA.map(|o| format!("`{o}`")).join(", ");
            wrong(format!("`{other}` is not an option of `buildMetadata`, expected {known}"))
        }
        None => Ok(options),
    }
}

/// What is set for an image. `*` keeps what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Image {
    /// `name`
    pub(crate) name: String,
    /// `newName`
    pub(crate) new_name: String,
    /// `newTag`
    pub(crate) new_tag: String,
    /// `digest`
    pub(crate) digest: String,
}

/// `NAME:TAG`, `NAME@DIGEST`, `NAME:TAG@DIGEST`, `NAME=NEW` with any of them.
pub(crate) fn image(argument: &str) -> Result<Image> {
    let (key, value) = argument.split_once('=').unwrap_or(("", argument));
    let (name, tag, digest) = split_image(value);
    if name == argument {
        let message = format!("`{argument}` does not say what to set for the image");
        return Err(Error::new(ErrorKind::Usage, message).hint(
            "use one of `NAME=NEW`, `NAME=NEW:TAG`, `NAME=NEW@DIGEST`, `NAME=NEW:TAG@DIGEST`, `NAME:TAG`, \
             `NAME@DIGEST`, `NAME:TAG@DIGEST`",
        ));
    }
    let (name, new_name) = if key.is_empty() { (name, "") } else { (key, name) };
    let own = str::to_owned;
    Ok(Image { name: own(name), new_name: own(new_name), new_tag: own(tag), digest: own(digest) })
}

/// Name, tag and digest. What stands before the first `/` is a host and may have a port.
fn split_image(text: &str) -> (&str, &str, &str) {
    let from = text.find('/').unwrap_or(0);
    let find = |c: char| text[from..].find(c).map(|i| from + i);
    match (find(':'), find('@')) {
        (None, None) => (text, "", ""),
        (colon, Some(at)) if colon.is_none_or(|c| at < c) => (&text[..at], "", &text[at + 1..]),
        (Some(colon), Some(at)) => (&text[..colon], &text[colon + 1..at], &text[at + 1..]),
        (Some(colon), None) => (&text[..colon], &text[colon + 1..], ""),
        (None, Some(at)) => (&text[..at], "", &text[at + 1..]),
    }
}

/// `NAME=COUNT`
pub(crate) fn replica(argument: &str) -> Result<(String, i64)> {
    let parts: Vec<&str> = argument.split('=').collect();
    let wrong = || Error::new(ErrorKind::Usage, format!("`{argument}` is not of the form `NAME=COUNT`"));
    let [name, count] = parts.as_slice() else { return Err(wrong()) };
    Ok(((*name).to_owned(), count.parse().map_err(|_| wrong())?))
}

/// Returns whether a key may be that of an annotation.
pub(crate) fn is_annotation_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(p, n)| (Some(p), n));
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    prefix.is_none_or(|p| p.len() <= 253)
        && name.len() <= 63
        && end(name.chars().next())
        && end(name.chars().next_back())
        && name.chars().all(inner)
}

/// A literal with exactly one `=`, as the commands that change one ask for it.
pub(crate) fn literal(text: &str) -> Result<(&str, &str)> {
    match text.split_once('=') {
        Some((key, value)) if !value.contains('=') => Ok((key, value)),
        _ => Err(Error::new(
            ErrorKind::Usage,
            format!("literal `{text}` must be of the form `key=value`, with one `=`"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart() {
        let table = [
            ("nginx:1", "nginx||1|"),
            ("nginx@sha256:a", "nginx|||sha256:a"),
            ("nginx:1@sha256:a", "nginx||1|sha256:a"),
            ("nginx=r/n", "nginx|r/n||"),
            ("nginx=r/n:1@d", "nginx|r/n|1|d"),
            ("localhost:5000/app:1", "localhost:5000/app||1|"),
            ("localhost:5000", "localhost||5000|"),
            ("nginx@abc:1", "nginx|||abc:1"),
            ("nginx:", "nginx|||"),
            ("nginx=", "nginx|||"),
            ("=nginx:1", "nginx||1|"),
            (":1", "||1|"),
            ("nginx=*:*", "nginx|*|*|"),
            ("nginx:a:b", "nginx||a:b|"),
        ];
        for (argument, want) in table {
            let i = image(argument).unwrap();
            assert_eq!(format!("{}|{}|{}|{}", i.name, i.new_name, i.new_tag, i.digest), want, "{argument}");
        }
        for argument in ["nginx", "", "localhost:5000/app"] {
            assert!(image(argument).is_err(), "{argument}");
        }
    }

    #[test]
    fn pairs_and_counts_are_taken_apart() {
        let inputs: Vec<String> = ["a:\"b c\"", "u:x:y", "k", "a:2", "z:'q'"].map(String::from).to_vec();
        let found = pairs(&inputs, "label").unwrap();
        let shown: Vec<String> = found.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(shown, ["u=x:y", "k=", "a=2", "z='q'"]);
        assert!(pairs(&[":x".to_owned()], "label").is_err());
        assert_eq!(replica("web=+2").unwrap(), ("web".to_owned(), 2));
        for bad in ["web", "web=", "web=1.5", "a=1=2", "web=9223372036854775808"] {
            assert!(replica(bad).is_err(), "{bad}");
        }
    }
}
