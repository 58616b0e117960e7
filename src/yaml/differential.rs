//! Tests by comparison: the fast reader with the complete parser, and that one with a port of libyaml, over made up
//! manifests and mutilated forms of them. The random numbers are the same in every run. What is compared is in
//! `readers`, which the fuzz target of this name runs over texts that nobody thought of.

#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing, reason = "a test")]

use super::readers::{self, Outcome, compare};
use super::{Dialect, Source, emit, fast};

/// A small generator of random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const WORDS: &[&str] = &[
    "name",
    "image:tag",
    "http://x/y",
    "a#b",
    "it's",
    "say \"hi\"",
    "-1",
    "--flag",
    "0x1F",
    "1.50",
    "true",
    "yes",
    "null",
    "~",
    "2001-01-01",
    "é–’",
    "😀",
    "a,b",
    "x[0]",
    "{y}",
    "q?",
    "*",
    "a&b",
    "100m",
    "1:30",
    "$(VAR)",
    "a\\b",
    "The quick brown fox",
    "jumps over",
    "the lazy dog.",
    "e.g.",
    "key=value",
    "/path/to",
    "@here",
    "50%",
];

const KEYS: &[&str] = &[
    "name",
    "kind",
    "apiVersion",
    "spec",
    "x-kubernetes-list-type",
    "a.b/c",
    "'quoted'",
    "\"double\"",
    "1",
    "$ref",
    "long key",
    "é",
    "yes",
    "matchLabels",
    "\"a\\tb\"",
    "'it''s'",
];

/// A manifest, put together at random.
struct Maker {
    random: Random,
    out: String,
}

impl Maker {
    fn pad(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn words(&mut self, most: usize) -> String {
        let n = 1 + self.random.below(most);
        let words: Vec<&str> = (0..n).map(|_| self.random.pick(WORDS)).collect();
        words.join(if self.random.one_in(9) { "  " } else { " " })
    }

    /// A text that may stand bare.
    fn bare(&mut self, most: usize) -> String {
        let text = self.words(most);
        if text.starts_with(['*', '{', '@', '\'', '"']) { format!("x{text}") } else { text }
    }

    /// The end of a line, and lines that mean nothing.
    fn end_line(&mut self) {
        match self.random.below(24) {
            0 => self.out.push_str(" # a comment"),
            1 => self.out.push_str("  "),
            _ => {}
        }
        self.out.push('\n');
        while self.random.one_in(12) {
            let indent = self.random.below(8);
            self.pad(indent);
            self.out.push_str(if self.random.one_in(2) { "# comment: 'x\n" } else { "\n" });
        }
    }

    fn map(&mut self, indent: usize, depth: usize, mut started: bool) {
        for _ in 0..1 + self.random.below(5) {
            if !started {
                self.pad(indent);
            }
            started = false;
            let key = self.random.pick(KEYS);
            self.out.push_str(key);
            self.out.push_str(if self.random.one_in(20) { " :" } else { ":" });
            self.value(indent, depth, true);
        }
    }

    fn list(&mut self, indent: usize, depth: usize, mut started: bool) {
        for _ in 0..1 + self.random.below(4) {
            if !started {
                self.pad(indent);
            }
            started = false;
            let wide = self.random.one_in(6);
            self.out.push_str(if wide { "-   " } else { "- " });
            let inner = indent + if wide { 4 } else { 2 };
            match self.random.below(if depth > 4 { 4 } else { 7 }) {
                0..3 => {
                    self.out.pop();
                    self.value(indent, depth, false);
                }
                3 => self.end_line(),
                4 => self.list(inner, depth + 1, true),
                _ => self.map(inner, depth + 1, true),
            }
        }
    }

    /// What follows `key:` or `-`.
    fn value(&mut self, indent: usize, depth: usize, key: bool) {
        let step = 1 + self.random.below(4);
        match self.random.below(if depth > 5 { 11 } else { 16 }) {
            0..4 => {
                let text = self.bare(3);
                self.out.push_str(&format!(" {text}"));
                self.end_line();
            }
            4 => {
                let text = self.words(4).replace('\'', "''");
                self.out.push_str(&format!(" '{text}'"));
                self.end_line();
            }
            5 => {
                let text = self.words(4).replace('\\', "\\\\").replace('"', "\\\"");
                let more = self.random.pick(&["", "\\n", "\\u00e9", "\\x41", " \\\n  x"]);
                self.out.push_str(&format!(" \"{text}{more}\""));
                self.end_line();
            }
            6 => self.end_line(),
            7 => {
                let flow = self.flow(2);
                self.out.push_str(&format!(" {flow}"));
                self.end_line();
            }
            8 => self.block(indent + step),
            9 | 10 => self.folded(indent + step),
            11 if key => {
                self.end_line();
                self.list(indent, depth + 1, false);
            }
            11 | 12 => {
                self.end_line();
                self.list(indent + step, depth + 1, false);
            }
            _ => {
                self.end_line();
                self.map(indent + step, depth + 1, false);
            }
        }
    }

    fn flow(&mut self, depth: usize) -> String {
        let scalar = |m: &mut Self| match m.random.below(4) {
            0 => format!("'{}'", m.words(2).replace('\'', "''")),
            1 => "\"x y\"".to_owned(),
            _ => m.random.pick(&["a", "1", "b c", "-x", "a:b", "true", "é"]).to_owned(),
        };
        let n = self.random.below(4);
        let nested =
            |m: &mut Self| if depth > 0 && m.random.one_in(4) { m.flow(depth - 1) } else { scalar(m) };
        if self.random.one_in(2) {
            let items: Vec<String> = (0..n).map(|_| nested(self)).collect();
            format!("[{}]", items.join(", "))
        } else {
            let items: Vec<String> = (0..n).map(|i| format!("k{i}: {}", nested(self))).collect();
            format!("{{{}}}", items.join(" , "))
        }
    }

    /// A block scalar.
    fn block(&mut self, indent: usize) {
        let head = self.random.pick(&[" |", " |-", " |+", " >", " >-", " >+"]);
        self.out.push_str(head);
        self.end_of_header();
        for i in 0..1 + self.random.below(5) {
            if i > 0 && self.random.one_in(4) {
                self.out.push_str(self.random.pick(&["\n", "\n\n", "  \n"]));
            }
            self.pad(indent);
            if i > 0 && self.random.one_in(5) {
                self.pad(2);
            }
            let text = self.words(5);
            self.out.push_str(&text);
            self.out.push_str(if self.random.one_in(8) { ": # x \n" } else { "\n" });
        }
        self.out.push_str(self.random.pick(&["", "", "\n", "\n\n"]));
    }

    fn end_of_header(&mut self) {
        self.out.push_str(self.random.pick(&["\n", "\n", "\n", " \n", " # c\n"]));
    }

    /// A plain or quoted scalar of several lines.
    fn folded(&mut self, indent: usize) {
        let quote = self.random.pick(&["", "", "'", "\""]);
        self.out.push(' ');
        self.out.push_str(quote);
        for i in 0..2 + self.random.below(3) {
            if i > 0 {
                self.out.push_str(self.random.pick(&["\n", "\n", "\n\n", " \n", "\n\n\n"]));
                self.pad(indent);
            }
            let text = self.bare(5).replace(['\'', '"', '\\'], "");
            self.out.push_str(&text);
        }
        self.out.push_str(quote);
        self.end_line();
    }
}

fn manifest(seed: u64) -> String {
    let mut maker =
        Maker { random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1), out: String::new() };
    let start = maker.random.pick(&["", "", "", "---\n", "# head\n", "\n"]);
    maker.out.push_str(start);
    maker.map(0, 0, false);
    if maker.random.one_in(8) {
        maker.out.push_str("# tail");
    } else if maker.random.one_in(8) {
        maker.out.pop();
    }
    maker.out
}

const PIECES: &[&str] = &[
    "\n", "\n", " ", "  ", "    ", ":", ": ", ":\n", "- ", "-\n", "#", " # c", "\n# c\n", "'", "\"", "''",
    "\\", "|\n", ">-\n", "|+\n", "|2\n", "{", "}", "[", "]", "{}", "[]", ", ", "&a ", "*a", "!t ", "!!str ",
    "? ", "<<", "<<: ", "~", "~: ", "null: ", "---\n", "...\n", "--- ", "\t", "%", "@", "\r", "\u{85}",
    "\u{2028}", "\u{feff}", "\u{1}", "é", "-", "k: v\n", "a: b: c",
];

/// A text with a few pieces put in, cut out or doubled.
fn mutant(seed: u64) -> String {
    mutate(manifest(seed / 3 + 1), seed)
}

fn mutate(mut text: String, seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0xD134_2543_DE82_EF95) | 1);
    for _ in 0..1 + random.below(3) {
        let at = random.below(text.len() + 1);
        let from = (0..=at).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        let to = (from..=text.len().min(from + 12)).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(from);
        match random.below(5) {
            0 => text.replace_range(from..to, ""),
            1 => text = [&text[..to], &text[from..]].concat(),
            _ => text.insert_str(from, random.pick(PIECES)),
        }
    }
    text
}

#[test]
fn the_fast_reader_makes_the_documents_of_the_complete_parser() {
    let all = 4000;
    let taken = (1..=all).filter(|seed| compare(&manifest(*seed), Dialect::V3)).count();
    assert!(taken * 100 > all as usize * 90, "{taken} of {all}");
}

#[test]
fn the_fast_reader_takes_no_mutilated_text_that_it_should_not() {
    let all = 20_000;
    let dialects = [Dialect::V3, Dialect::V2];
    let taken = (1..=all).filter(|seed| compare(&mutant(*seed), dialects[*seed as usize % 2])).count();
    assert!(taken * 100 > all as usize * 25, "{taken} of {all}");
}

#[test]
fn the_complete_parser_agrees_with_libyaml() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 1..=20_000 {
        let text = if seed % 4 == 0 { manifest(seed) } else { mutant(seed) };
        match readers::compare_with_libyaml(&text) {
            Outcome::Taken => taken += 1,
            Outcome::Refused => refused += 1,
            Outcome::Differs => {}
        }
    }
    assert!(taken > 10_000 && refused > 5000, "{taken} {refused}");
}

/// Prints a text in the long way, and compares where the document is known to be written as it is printed. Gives what
/// was printed, and whether that was known.
fn print_both_ways(text: &str) -> Option<(String, bool)> {
    let source = Source::new("t.yaml", text.into());
    let doc = fast::read(&source, 0..text.len(), Dialect::V3)?;
    let mut anew = vec![];
    let result = emit::print_anew(&doc, doc.root(), emit::Options::default(), &mut anew);
    if let Some(verbatim) = doc.verbatim() {
        assert!(result.is_ok(), "{text}");
        assert_eq!(text[verbatim].as_bytes(), anew, "{text}");
    }
    result.ok()?;
    Some((String::from_utf8(anew).expect("UTF-8"), doc.verbatim().is_some()))
}

#[test]
fn a_document_is_copied_only_if_it_is_written_as_it_is_printed() {
    let (mut printed, mut known) = (0, 0);
    for seed in 0..4_000 {
        print_both_ways(&mutant(seed));
        let Some((canonical, _)) = print_both_ways(&manifest(seed)) else { continue };
        for more in 0..4 {
            print_both_ways(&mutate(canonical.clone(), 5 * seed + more));
        }
        // A line after a text that keeps its line breaks would be one of them.
        let gap = if canonical.ends_with("\n\n") { "" } else { "\n" };
        for frame in ["", "---\n", "# head\n\n"] {
            let Some((again, same)) = print_both_ways(&format!("{frame}{canonical}{gap}")) else { continue };
            assert_eq!(again, canonical);
            printed += 1;
            known += usize::from(same);
        }
    }
    assert!(known * 4 > printed && printed > 1_000, "{known} of {printed}");
}

/// `KFM_CORPUS=DIRECTORY cargo test --release copied_only -- --ignored` looks at all documents below a directory.
#[test]
#[ignore = "needs a directory of manifests"]
fn documents_of_a_directory_are_copied_only_if_they_are_written_as_they_are_printed() {
    let (mut documents, mut known, mut bytes, mut known_bytes) = (0, 0, 0, 0);
    for entry in walkdir::WalkDir::new(std::env::var("KFM_CORPUS").expect("KFM_CORPUS names a directory")) {
        let path = entry.expect("a directory that can be read").into_path();
        if path.extension().is_none_or(|e| e != "yaml" && e != "yml") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let Ok(pieces) = super::split::documents(&Source::new("t", text.clone())) else { continue };
        for piece in pieces {
            if let Some((printed, same)) = print_both_ways(&text[piece]) {
                documents += 1;
                bytes += printed.len();
                known += usize::from(same);
                known_bytes += printed.len() * usize::from(same);
            }
        }
    }
    assert!(known > 0, "{known} of {documents} documents, {known_bytes} of {bytes} bytes");
}
