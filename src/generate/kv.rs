//! The data of a generator: env files, then literals, then files.
//!
//! Nothing is validated but that keys do not repeat: kustomize takes any text as a key.

use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::{GeneratorArgs, GeneratorOptions, Text};
use crate::yaml::Mark;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a generator gets at its files: by a path and the place where it is asked for.
pub(crate) type Load<'a> = dyn FnMut(&Text) -> Result<Arc<Vec<u8>>> + 'a;

/// A value and the entry it came from.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// The value.
    pub(crate) value: Arc<Vec<u8>>,
    /// The literal or file entry.
    pub(crate) mark: Mark,
}

/// Longer lines silently end the reading of an env file.
const LONGEST_ENV_LINE: usize = 65535;

/// All data of a generator, sorted by key.
pub(crate) fn pairs(args: &GeneratorArgs, load: &mut Load<'_>) -> Result<BTreeMap<String, Pair>> {
    let mut data = Data { name: &args.name, pairs: BTreeMap::new() };
    // Files are read before keys are compared, as in kustomize; which of two mistakes is told first is all it decides.
    let mut found: Vec<(String, Arc<Vec<u8>>, &Text)> = Vec::new();
    for entry in &args.envs {
        let content = load(entry)?;
        env_file(entry, &content, &mut found)?;
    }
    for entry in &args.literals {
        let (key, value) = literal(entry)?;
        found.push((key.to_owned(), Arc::new(value.as_bytes().to_vec()), entry));
    }
    for entry in &args.files {
        let (key, path) = file(entry)?;
        let path = Text { value: path.to_owned(), mark: entry.mark.clone() };
        found.push((key.to_owned(), load(&path)?, entry));
    }
    found.into_iter().try_for_each(|(key, value, entry)| data.add(key, value, entry))?;
    Ok(data.pairs)
}

struct Data<'a> {
    name: &'a str,
    pairs: BTreeMap<String, Pair>,
}

impl Data<'_> {
    fn add(&mut self, key: String, value: Arc<Vec<u8>>, entry: &Text) -> Result<()> {
        if let Some(first) = self.pairs.get(&key) {
            let error = Error::new(ErrorKind::Conflict, format!("`{}` has the key `{key}` twice", self.name))
                .at(entry.mark.location());
            // Both may stand in one env file.
            let elsewhere = first.mark != entry.mark;
            return Err(if elsewhere { error.label(first.mark.location(), "the first one") } else { error });
        }
        self.pairs.insert(key, Pair { value, mark: entry.mark.clone() });
        Ok(())
    }
}

/// Splits `key=value`; one pair of quotes around the value is dropped.
fn literal(entry: &Text) -> Result<(&str, &str)> {
    match entry.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, unquoted(value))),
        _ => Err(Error::new(
            ErrorKind::Config,
            format!("expected a literal `key=value`, found `{}`", entry.value),
        )
        .at(entry.mark.location())),
    }
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote)))
        .unwrap_or(text)
}

/// Splits `key=path`; without a key it is the last part of the path.
pub(crate) fn file(entry: &Text) -> Result<(&str, &str)> {
    let fail = |message: String| Err(Error::new(ErrorKind::Config, message).at(entry.mark.location()));
    let text = entry.value.as_str();
    match text.split_once('=') {
        None => Ok((base_name(text), text)),
        Some((_, path)) if path.contains('=') => {
            fail(format!("expected `path` or `key=path` with one `=` at most, found `{text}`"))
        }
        Some(("", path)) => fail(format!("expected a key before `={path}`")),
        Some((key, "")) => fail(format!("expected a path after `{key}=`")),
        Some(both) => Ok(both),
    }
}

/// The last part of a path; slashes at its end do not count.
fn base_name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// Reads `KEY=value` lines. A line without `=` is a key with an empty value.
fn env_file<'a>(
    entry: &'a Text,
    content: &[u8],
    found: &mut Vec<(String, Arc<Vec<u8>>, &'a Text)>,
) -> Result<()> {
    let mut rest = content;
    let mut number = 0;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if end > LONGEST_ENV_LINE {
            break;
        }
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(line) = std::str::from_utf8(line) else {
            let message = format!("line {number} of the env file `{}` is not UTF-8", entry.value);
            return Err(Error::new(ErrorKind::Syntax, message).at(entry.mark.location()));
        };
        let line = if number == 1 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            found.push((key.to_owned(), Arc::new(value.as_bytes().to_vec()), entry));
        }
    }
    Ok(())
}

/// The options of an entry with those of the kustomization under them.
pub(crate) fn merge_options(
    local: Option<&GeneratorOptions>,
    global: Option<&GeneratorOptions>,
) -> GeneratorOptions {
    let mut merged = global.cloned().unwrap_or_default();
    if let Some(local) = local {
        // Later pairs of one key win when the object is made.
        merged.labels.extend_from_slice(&local.labels);
        merged.annotations.extend_from_slice(&local.annotations);
        merged.disable_name_suffix_hash |= local.disable_name_suffix_hash;
        merged.immutable |= local.immutable;
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Source;

    fn entry(value: &str) -> Text {
        let source = Source::new("kustomization.yaml", String::new());
        Text { value: value.into(), mark: Mark { source, offset: 0 } }
    }

    #[test]
    fn literals_are_split_at_the_first_equals_sign() {
        let table = [
            ("a=b", "a", "b"),
            ("a='b'", "a", "b"),
            ("a=\"b c\"", "a", "b c"),
            ("a=\"b'", "a", "\"b'"),
            ("a='", "a", "'"),
            ("a=''", "a", ""),
            ("a==", "a", "="),
            (" a = b ", " a ", " b "),
            ("a=", "a", ""),
        ];
        for (text, key, value) in table {
            assert_eq!(literal(&entry(text)).unwrap(), (key, value), "{text}");
        }
        for text in ["", "a", "=b"] {
            assert!(literal(&entry(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn files_may_have_a_key() {
        for (text, key, path) in
            [("d/a.txt", "a.txt", "d/a.txt"), ("k=d/a.txt", "k", "d/a.txt"), ("d/", "d", "d/")]
        {
            assert_eq!(file(&entry(text)).unwrap(), (key, path), "{text}");
        }
        for text in ["=a", "a=", "a=b=c", "=", "=="] {
            assert!(file(&entry(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn env_files_are_read_line_by_line() {
        let table: [(&str, &[(&str, &str)]); 8] = [
            ("A=b\nC=d", &[("A", "b"), ("C", "d")]),
            ("A=b\r\nC=d\r\r\n", &[("A", "b"), ("C", "d\r")]),
            ("\u{feff}A=b\n\u{feff}B=c\n", &[("A", "b"), ("\u{feff}B", "c")]),
            ("# c\n  # d\n\n\t\n\u{a0}A=b # no comment", &[("A", "b # no comment")]),
            ("ALONE\n=x\n", &[("ALONE", "")]),
            ("A=\"b\" ", &[("A", "\"b\" ")]),
            ("", &[]),
            ("\n\n", &[]),
        ];
        for (text, expected) in table {
            let entry = entry("f.env");
            let mut found = vec![];
            env_file(&entry, text.as_bytes(), &mut found).unwrap();
            let found: Vec<(&str, &str)> =
                found.iter().map(|(k, v, _)| (k.as_str(), std::str::from_utf8(v).unwrap())).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_very_long_line_ends_an_env_file() {
        let entry = entry("f.env");
        for (length, count) in [(65535, 3), (65536, 1)] {
            let text = format!("A=b\nL={}\nC=d\n", "x".repeat(length - 2));
            let mut found = vec![];
            env_file(&entry, text.as_bytes(), &mut found).unwrap();
            assert_eq!(found.len(), count);
        }
        assert!(env_file(&entry, b"A=\xff\n", &mut vec![]).is_err());
    }

    #[test]
    fn a_key_must_not_repeat() {
        let mut args = crate::generate::configmap::tests::args();
        args.literals = vec![entry("a=b")];
        args.envs = vec![entry("f.env")];
        args.envs[0].mark.offset = 1;
        let mut load = |_: &Text| Ok(Arc::new(b"a=c\n".to_vec()));
        let error = pairs(&args, &mut load).unwrap_err();
        assert_eq!(error.message(), "`conf` has the key `a` twice");
        assert!(!error.labels().is_empty());
    }
}
