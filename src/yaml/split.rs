//! From the bytes of a file to its documents.
//!
//! Kustomize turns CR LF into LF, cuts a resource file at lines that begin with `---` without regard to what they
//! stand in, and reads the first document of each piece; kustomization files it reads whole, and only their first
//! document. It does not cut UTF-16 files, which are cut like others here.

use super::node::{Doc, NodeId, Tag};
use super::scalar::Dialect;
use super::source::Source;
use super::{anchors, fast, json, parse};
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::limits::{Budget, narrow};
use std::ops::Range;
use std::sync::Arc;

/// The text of a file: UTF-8, or UTF-16 with a byte order mark; CR LF as LF. The mark stays, as the reader drops it.
/// Its documents are charged to a budget.
pub(crate) fn read_text(
    path: impl Into<Arc<str>>,
    bytes: Vec<u8>,
    budget: Option<&Arc<Budget>>,
) -> Result<Arc<Source>> {
    let path = path.into();
    if bytes.len() > Source::LIMIT {
        let message = format!("the file has {} bytes, at most {} can be read", bytes.len(), Source::LIMIT);
        return Err(Error::new(ErrorKind::Syntax, message).at(Location::file(path)));
    }
    let text = match bytes.as_slice() {
        [0xFF, 0xFE, ..] => utf16(&bytes, u16::from_le_bytes),
        [0xFE, 0xFF, ..] => utf16(&bytes, u16::from_be_bytes),
        _ => String::from_utf8(bytes).map_err(|e| utf8_problem(e.as_bytes(), e.utf8_error().valid_up_to())),
    };
    let text = text.map_err(|problem| problem.error(&path))?;
    let text = match memchr::memchr(b'\r', text.as_bytes()) {
        Some(_) => text.replace("\r\n", "\n"),
        None => text,
    };
    Ok(Source::limited(path, text, budget))
}

/// What keeps bytes from being a text.
struct Problem {
    message: &'static str,
    line: u32,
    column: u32,
}

impl Problem {
    fn error(self, path: &Arc<str>) -> Error {
        let (line, column) = (self.line, self.column);
        Error::new(ErrorKind::Syntax, self.message)
            .hint("save the file as UTF-8; binary files belong in a generator")
            .at(Location { path: path.clone(), line, column, length: 1, text: None })
    }
}

/// What go-yaml says of the byte at which UTF-8 breaks.
fn utf8_problem(bytes: &[u8], at: usize) -> Problem {
    let width = match bytes.get(at).copied().unwrap_or(0) {
        0..0x80 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF8 => 4,
        _ => 0,
    };
    let lead = bytes.get(at).copied().unwrap_or(0);
    let message = match bytes.get(at + 1..at + width) {
        _ if width == 0 => "invalid leading UTF-8 octet",
        None => "incomplete UTF-8 octet sequence",
        Some(rest) if rest.iter().any(|b| b & 0xC0 != 0x80) => "invalid trailing UTF-8 octet",
        Some([second, ..]) => match (lead, second) {
            (0xC0 | 0xC1, _) | (0xE0, ..0xA0) | (0xF0, ..0x90) => "invalid length of a UTF-8 sequence",
            _ => "invalid Unicode character",
        },
        Some([]) => "invalid leading UTF-8 octet",
    };
    let before = bytes.get(..at).unwrap_or_default();
    let line = before.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    Problem {
        message,
        line: narrow(memchr::memchr_iter(b'\n', before).count()) + 1,
        column: narrow(String::from_utf8_lossy(line).chars().count()) + 1,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let mut text = String::with_capacity(bytes.len());
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut units = pairs.iter().map(|p| unit(*p));
    let problem = |text: &str, message| Problem {
        message,
        line: narrow(text.matches('\n').count()) + 1,
        column: narrow(text.rsplit('\n').next().unwrap_or_default().chars().count()) + 1,
    };
    while let Some(first) = units.next() {
        let code = match first {
            0xDC00..0xE000 => return Err(problem(&text, "unexpected low surrogate area")),
            0xD800..0xDC00 => match units.next() {
                Some(second @ 0xDC00..0xE000) => {
                    0x10000 + (u32::from(first & 0x3FF) << 10) + u32::from(second & 0x3FF)
                }
                Some(_) => return Err(problem(&text, "expected low surrogate area")),
                None => return Err(problem(&text, "incomplete UTF-16 surrogate pair")),
            },
            _ => u32::from(first),
        };
        text.extend(char::from_u32(code));
    }
    if rest.is_empty() { Ok(text) } else { Err(problem(&text, "incomplete UTF-16 character")) }
}

/// The pieces that a resource file is cut into, empty ones too. A piece ends with the line break before its
/// separator.
pub(crate) fn documents(source: &Source) -> Result<Vec<Range<usize>>> {
    let text = source.text.as_str();
    let mut pieces = Vec::new();
    if text.is_empty() {
        return Ok(pieces);
    }
    let separator = memchr::memmem::Finder::new(b"\n---");
    let (mut begin, mut from) = (0, 0);
    while let Some(found) = text.as_bytes().get(from..).and_then(|rest| separator.find(rest)) {
        let at = from + found;
        let Some(length) = memchr::memchr(b'\n', text.as_bytes().get(at + 4..).unwrap_or_default()) else {
            break;
        };
        let end = at + 4 + length;
        let rest = text[at + 4..end].trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let message = format!("invalid document separator: {}", text[at..end].trim());
            return Err(Error::new(ErrorKind::Syntax, message).at(source.location(narrow(at) + 1)));
        }
        pieces.push(begin..at + 1);
        (begin, from) = (end + 1, end + 1);
    }
    pieces.push(begin..text.len());
    Ok(pieces)
}

/// Reads the first document of a range of a source by the fast reader or, where that gives up, the complete parser.
/// Aliases stay nodes of their own.
pub(crate) fn read(source: &Arc<Source>, range: Range<usize>, dialect: Dialect) -> Result<Option<Doc>> {
    match fast::read(source, range.clone(), dialect) {
        Some(doc) => Ok(Some(doc)),
        None => parse::parse(source, range, dialect),
    }
}

/// Reads the first document of a piece of a resource file and expands it.
pub(crate) fn read_piece(source: &Arc<Source>, range: Range<usize>) -> Result<Option<Doc>> {
    let Some(mut doc) = read(source, range, Dialect::V3)? else { return Ok(None) };
    anchors::expand(&mut doc)?;
    doc.within_limits()?;
    Ok(Some(doc))
}

/// Reads all documents of a resource file; those that are empty (nothing, null, `{}`, `[]`) are left out.
pub(crate) fn read_all(source: &Arc<Source>) -> Result<Vec<Doc>> {
    let mut docs = Vec::new();
    for piece in documents(source)? {
        if let Some(doc) = read_piece(source, piece)?
            && !doc.is_empty(doc.root())
        {
            docs.push(doc);
        }
    }
    Ok(docs)
}

/// Reads a kustomization file, a transformer configuration or a JSON 6902 patch in YAML: its first document. Of
/// equal keys the last one counts; they all stand in the document.
pub(crate) fn read_v2(source: &Arc<Source>) -> Result<Option<Doc>> {
    let Some(mut doc) = read(source, 0..source.text.len(), Dialect::V2)? else { return Ok(None) };
    anchors::expand_v2(&mut doc)?;
    doc.within_limits()?;
    if source.text.contains("binary") {
        let root = doc.root();
        decode_binaries(&mut doc, root)?;
    }
    Ok(Some(doc))
}

/// YAML 1.1 texts tagged `!!binary` stand for the text that they encode.
fn decode_binaries(doc: &mut Doc, node: NodeId) -> Result<()> {
    if doc.tag(node) == Tag::Binary {
        let text = json::binary(doc, node)?;
        doc.set_text(node, &text, Tag::Str);
    }
    let mut i = 0;
    while let Some(kid) = doc.child(node, i) {
        decode_binaries(doc, kid)?;
        i += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::show::show;
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<String>, String> {
        let all = |b: &[u8]| read_all(&read_text("t.yaml", b.to_vec(), None)?);
        all(bytes).map(|docs| docs.iter().map(show).collect()).map_err(|e| e.to_string())
    }

    fn cut(text: &str) -> Vec<&str> {
        documents(&Source::new("t", text.into())).unwrap().into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn files_are_cut_at_separator_lines() {
        assert_eq!(cut(""), Vec::<&str>::new());
        assert_eq!(cut("a\n---\nb\n--- # c\nd"), ["a\n", "b\n", "d"]);
        assert_eq!(cut("---\na\n---\t \n---\nb\n---"), ["---\na\n", "---\nb\n---"]);
        assert_eq!(cut("a: |\n---\n ---\n"), ["a: |\n", " ---\n"]);
        assert_eq!(cut("a\n---\n"), ["a\n", ""]);
        for bad in ["a\n--- b\nc", "a\n---b\nc", "a\n----\nc"] {
            assert!(documents(&Source::new("t", bad.into())).is_err(), "{bad}");
        }
        let error = read(b"a: 1\n--- {}\nb").unwrap_err();
        assert_eq!(error, "t.yaml:2:1: invalid document separator: --- {}");
    }

    #[test]
    fn texts_are_decoded() {
        let one = Ok(vec!["{str:a str:é}".to_owned()]);
        assert_eq!(read("a: é\r\n".as_bytes()), one);
        assert_eq!(read("\u{feff}a: é".as_bytes()), one);
        let units: Vec<u16> = "\u{feff}a: é\r\n".encode_utf16().collect();
        assert_eq!(read(&units.iter().flat_map(|u| u.to_le_bytes()).collect::<Vec<_>>()), one);
        assert_eq!(read(&units.iter().flat_map(|u| u.to_be_bytes()).collect::<Vec<_>>()), one);
        let table: [(&[u8], &str); 8] = [
            (b"a: b\nc: \xff", "2:4: invalid leading UTF-8 octet"),
            (b"a: \x80", "1:4: invalid leading UTF-8 octet"),
            (b"a: \xc3", "1:4: incomplete UTF-8 octet sequence"),
            (b"a: \xc3b", "1:4: invalid trailing UTF-8 octet"),
            (b"a: \xc0\x80", "1:4: invalid length of a UTF-8 sequence"),
            (b"a: \xed\xa0\x80", "1:4: invalid Unicode character"),
            (b"\xff\xfea\0\n\0\0\xdc", "2:1: unexpected low surrogate area"),
            (b"\xff\xfea", "1:2: incomplete UTF-16 character"),
        ];
        for (bytes, want) in table {
            assert_eq!(read(bytes), Err(format!("t.yaml:{want}")), "{bytes:?}");
        }
    }

    #[test]
    fn empty_documents_are_left_out() {
        let text = b"# c\n---\n\n---\n{}\n---\n[]\n---\n~\n---\na: 1\n---\n";
        assert_eq!(read(text), Ok(vec!["{str:a int:1}".to_owned()]));
    }

    #[test]
    fn the_older_dialect_reads_the_first_document_of_the_whole_text() {
        let text = "%YAML 1.1\n---\na: yes\nb: ! 1\na: 2001-01-01\n---\nc: d\n";
        let doc = read_v2(&Source::new("k", text.into())).unwrap().unwrap();
        assert_eq!(show(&doc), "{str:a bool:yes str:b str!:1 str:a str:2001-01-01}");
    }
}
