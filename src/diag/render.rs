//! Errors and findings as text for people.
//!
//! ```text
//! Error: field `replica` is not known
//!   --> base/patch.yaml:4:3
//!    |
//!  4 |   replica: 3
//!    |   ^^^^^^^
//!   = while building `base`
//!   = while building `.`
//!   = hint: did you mean `replicas`?
//! ```
//!
//! The first word is `Error:`, as kustomize has it, whatever follows. Text of the input is shown without anything a
//! terminal would obey or not show, without secrets, and never more of it than fits on a line or two.

use super::secret::{STARS, secrets, without_secrets};
use super::{Error, Finding, Label};
use regex::Regex;
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::OnceLock;

/// The most characters of a line that are shown.
const LINE: usize = 140;

/// The most characters of a message that are shown.
const MESSAGE: usize = 2000;

/// The most places that are shown.
const PLACES: usize = 6;

/// How things look on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Letters alone.
    #[default]
    Plain,
    /// With colours.
    Coloured,
}

/// Codes that terminals understand.
const BOLD_RED: &str = "\x1b[1;31m";
const BOLD_YELLOW: &str = "\x1b[1;33m";
const BOLD_BLUE: &str = "\x1b[1;34m";
const BOLD_CYAN: &str = "\x1b[1;36m";
const BOLD: &str = "\x1b[1m";

impl Look {
    fn paint<'a>(self, colour: &str, text: &'a str) -> Cow<'a, str> {
        match self {
            Self::Plain => text.into(),
            Self::Coloured => format!("{colour}{text}\x1b[0m").into(),
        }
    }
}

/// The text of an error, several lines, each ended.
pub fn error(e: &Error, look: Look) -> String {
    let mut out = String::new();
    let message = clipped(e.message());
    let _ = writeln!(out, "{} {}", look.paint(BOLD_RED, "Error:"), look.paint(BOLD, &message));
    let shown = e.labels().get(..PLACES).unwrap_or(e.labels());
    let widest = shown.iter().map(|l| l.at.line).max().unwrap_or(0);
    let width = widest.to_string().len();
    for (i, label) in shown.iter().enumerate() {
        place(&mut out, label, i == 0, width, look);
    }
    let margin = look.paint(BOLD_BLUE, "=").into_owned();
    if e.labels().len() > PLACES {
        let _ = writeln!(out, "  {margin} and {} places more", e.labels().len() - PLACES);
    }
    for step in e.chain() {
        let _ = writeln!(out, "  {margin} while {}", clipped(step));
    }
    for hint in e.hints() {
        let _ = writeln!(out, "  {margin} {} {}", look.paint(BOLD_CYAN, "hint:"), clipped(hint));
    }
    out
}

/// The text of a finding, a warning or a note: one line, ended.
pub fn warning(f: &Finding, look: Look) -> String {
    let word =
        if f.is_warning() { look.paint(BOLD_YELLOW, "Warning:") } else { look.paint(BOLD_CYAN, "Note:") };
    finding(f, &word)
}

/// The text of a finding that `--strict` made an error.
pub(crate) fn strict(f: &Finding, look: Look) -> String {
    finding(f, &look.paint(BOLD_RED, "Error:"))
}

fn finding(f: &Finding, word: &str) -> String {
    let at = f.at.as_ref().map(|at| format!("{}: ", safe(&at.to_string()))).unwrap_or_default();
    let hint = f.hint.as_ref().map(|hint| format!(" ({})", safe(hint))).unwrap_or_default();
    format!("{word} {at}{}{hint}\n", one_line(&f.message))
}

/// One place: where it is, its line, and signs below what is meant.
fn place(out: &mut String, label: &Label, first: bool, width: usize, look: Look) {
    let at = &label.at;
    let arrow = if first { "-->" } else { ":::" };
    let shown = at.to_string();
    let _ = write!(out, "{:width$}{} {}", "", look.paint(BOLD_BLUE, arrow), safe(&shown), width = width + 1);
    let text = clipped(&label.text);
    let Some(line) = at.text.as_deref().filter(|t| at.line > 0 && !t.trim().is_empty()) else {
        let _ = if text.is_empty() { writeln!(out) } else { writeln!(out, ": {text}") };
        return;
    };
    let column = (at.column as usize).saturating_sub(1);
    let (line, column, length) = without_secrets_in_line(line, column, at.length as usize);
    let cut = Cut::new(&line, column, length);
    let bar = look.paint(BOLD_BLUE, "|");
    let number = at.line.to_string();
    let _ = writeln!(out, "\n{:width$} {bar}", "", width = width + 1);
    let _ = writeln!(out, " {} {bar} {}", look.paint(BOLD_BLUE, &format!("{number:>width$}")), cut.text);
    if at.column == 0 {
        return;
    }
    let signs = if first { "^" } else { "-" }.repeat(cut.length);
    let space = if text.is_empty() { "" } else { " " };
    let mark = format!("{signs}{space}{text}");
    let colour = if first { BOLD_RED } else { BOLD_BLUE };
    let _ = writeln!(
        out,
        "{:width$} {bar} {:indent$}{}",
        "",
        "",
        look.paint(colour, &mark),
        width = width + 1,
        indent = cut.indent
    );
}

/// A line with stars in place of its secrets, and where the characters are that were meant.
fn without_secrets_in_line(line: &str, column: usize, length: usize) -> (Cow<'_, str>, usize, usize) {
    let secrets = secrets(line);
    if secrets.is_empty() {
        return (line.into(), column, length);
    }
    let moved = |at: usize| {
        let mut new = at;
        for secret in &secrets {
            let start = line[..secret.start].chars().count();
            let end = start + line[secret.clone()].chars().count();
            let cut = |at: usize| at.clamp(start, end) - start;
            new = new - cut(at) + if at >= end { STARS.len() } else { cut(at).min(STARS.len()) };
        }
        new
    };
    let (from, to) = (moved(column), moved(column + length));
    (without_secrets(line), from, to - from)
}

/// The part of a line that is shown, and where the signs stand below it.
struct Cut {
    text: String,
    indent: usize,
    length: usize,
}

impl Cut {
    fn new(line: &str, column: usize, length: usize) -> Self {
        let from = if column < LINE - 20 { 0 } else { column - LINE / 3 };
        let mut text = String::new();
        if from > 0 {
            text.push_str("… ");
        }
        let (mut indent, mut signs) = (0, 0);
        let mut chars = line.chars().skip(from);
        for at in from..from + LINE {
            if at == column {
                indent = cells(&text);
            }
            let Some(c) = chars.next() else { break };
            let shown = shown(c);
            if (column..column + length).contains(&at) {
                signs += cell(shown);
            }
            text.push(shown);
        }
        if chars.next().is_some() {
            text.push_str(" …");
        }
        if indent == 0 && column > 0 {
            indent = cells(text.trim_end()).min(column);
        }
        Self { text: text.trim_end().to_owned(), indent, length: signs.max(1) }
    }
}

fn cells(text: &str) -> usize {
    text.chars().map(cell).sum()
}

/// How many columns of a terminal a character takes, roughly: two for East Asian ones and pictures, none for marks.
fn cell(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// What is shown in place of a character: blanks for tabs, a sign for what a terminal would obey.
fn shown(c: char) -> char {
    match c {
        '\t' => ' ',
        _ if is_obeyed(c) => '\u{FFFD}',
        _ => c,
    }
}

/// Characters that change what stands around them, or that nobody sees: controls, formatting, line and paragraph
/// separators, and what Unicode says is to be ignored.
const OBEYED: &str = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]";

/// Whether a character is one of [`OBEYED`].
fn is_obeyed(c: char) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let pattern = PATTERN.get_or_init(|| Regex::new(OBEYED).ok());
    // Without the pattern nothing but ASCII is shown.
    pattern.as_ref().is_none_or(|p| p.is_match(c.encode_utf8(&mut [0; 4])))
}

/// A text that no terminal takes for orders; line breaks stay, with the next line indented.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    let text = without_secrets(text);
    if !text.contains(is_obeyed) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.trim_end().chars() {
        match c {
            '\n' => out.push_str("\n    "),
            '\t' => out.push(' '),
            _ if is_obeyed(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out.into()
}

fn one_line(text: &str) -> String {
    safe(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A safe text whose middle is left out where it is very long.
fn clipped(text: &str) -> Cow<'_, str> {
    if text.len() <= MESSAGE {
        return safe(text);
    }
    let head: String = text.chars().take(MESSAGE / 2).collect();
    let tail: Vec<char> = text.chars().rev().take(MESSAGE / 4).collect();
    let tail: String = tail.into_iter().rev().collect();
    safe(&format!("{head} … {tail}")).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, ErrorKind, Location};

    fn at(line: u32, column: u32, length: u32, text: &str) -> Location {
        Location { path: "a.yaml".into(), line, column, length, text: Some(text.into()) }
    }

    #[test]
    fn an_error_shows_its_line_who_asked_and_what_to_do() {
        let e = Error::new(ErrorKind::Config, "unknown field `resource`")
            .at(at(9, 1, 8, "resource: []"))
            .label(at(120, 3, 3, "  abc: 1"), "its like")
            .label(Location::file("b"), "and this")
            .during("building `a`")
            .during("building `.`")
            .hint("did you mean `resources`?");
        let expected = "Error: unknown field `resource`\n    \
                        --> a.yaml:9:1\n     |\n   9 | resource: []\n     | ^^^^^^^^\n    \
                        ::: a.yaml:120:3\n     |\n 120 |   abc: 1\n     |   --- its like\n    \
                        ::: b: and this\n  \
                        = while building `a`\n  = while building `.`\n  = hint: did you mean `resources`?\n";
        assert_eq!(error(&e, Look::Plain), expected);
        let coloured = error(&e, Look::Coloured);
        assert!(coloured.starts_with("\x1b[1;31mError:\x1b[0m "), "{coloured}");
    }

    #[test]
    fn signs_stand_below_what_is_meant() {
        for (line, column, length, text, indent, signs) in [
            ("a: b", 3, 1, "a: b", 3, 1),
            ("\ta: b", 1, 1, " a: b", 1, 1),
            ("世: b", 3, 1, "世: b", 4, 1),
            ("世界", 0, 2, "世界", 0, 4),
            ("a", 1, 1, "a", 1, 1),
            ("a: \x1b[1m", 3, 4, "a: \u{FFFD}[1m", 3, 4),
        ] {
            let cut = Cut::new(line, column, length);
            assert_eq!((cut.text.as_str(), cut.indent, cut.length), (text, indent, signs), "{line:?}");
        }
        let long = "x".repeat(1000);
        let cut = Cut::new(&long, 500, 1000);
        assert!(cut.text.chars().count() < LINE + 5 && cut.indent + cut.length < LINE + 5);
    }

    #[test]
    fn a_line_is_shown_without_its_secrets() {
        for (line, column, length, expected) in [
            ("- https://u:secret@h/x", 2, 20, ("- https://***@h/x", 2, 15)),
            ("- https://u:secret@h/x", 21, 1, ("- https://***@h/x", 16, 1)),
            ("- https://u@h/x", 14, 1, ("- https://***@h/x", 16, 1)),
            ("a: b", 3, 1, ("a: b", 3, 1)),
        ] {
            let (text, column, length) = without_secrets_in_line(line, column, length);
            assert_eq!((&*text, column, length), expected, "{line}");
        }
        let e = Error::new(ErrorKind::Remote, "`https://u:secret@h/x` is not there")
            .at(at(1, 3, 20, "- https://u:secret@h/x"))
            .during("building `https://ghp_secret@h/y`")
            .hint("see `https://secret@h`");
        assert!(!error(&e, Look::Plain).contains("secret"), "{}", error(&e, Look::Plain));
    }

    #[test]
    fn characters_that_nobody_sees_are_shown_by_their_number() {
        for c in
            "\u{200b}\u{200d}\u{ad}\u{e0041}\u{fff9}\u{180e}\u{115f}\u{1d173}\u{feff}\u{2066}\u{85}".chars()
        {
            let e = Error::new(ErrorKind::Config, format!("a{c}b")).at(at(1, 1, 1, &format!("x{c}")));
            let expected = format!("Error: a{}b\n", c.escape_unicode());
            let text = error(&e, Look::Plain);
            assert!(text.starts_with(&expected) && !text.contains(c), "{text:?}");
        }
        for text in ["é世", "a\u{301}", "🦀"] {
            assert_eq!(safe(text), text);
        }
    }

    #[test]
    fn text_of_the_input_cannot_steer_a_terminal() {
        let e = Error::new(ErrorKind::Config, "found `\x1b]0;x\u{7}\u{202E}`\nsecond\tline\n");
        assert_eq!(error(&e, Look::Plain), "Error: found `\\u{1b}]0;x\\u{7}\\u{202e}`\n    second line\n");
        let e = Error::new(ErrorKind::Config, "x".repeat(1 << 20));
        assert!(error(&e, Look::Plain).len() < 2 * MESSAGE);
    }

    #[test]
    fn a_finding_is_one_line() {
        let f = Finding::new(Code::Note, "a\nb").at(at(1, 2, 1, "xy")).hint("do it");
        assert_eq!(warning(&f, Look::Plain), "Note: a.yaml:1:2: a b (do it)\n");
        assert_eq!(strict(&f, Look::Plain), "Error: a.yaml:1:2: a b (do it)\n");
    }
}
