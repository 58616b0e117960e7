//! Errors and findings as text for people.

use super::{Error, Finding, Location};
use std::fmt::Write;

/// The text of an error, several lines, each ended.
pub fn error(e: &Error) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "Error: {}", e.message());
    for label in e.labels() {
        place(&mut out, &label.at, &label.text);
    }
    for step in e.chain() {
        let _ = writeln!(out, "  = while {step}");
    }
    for hint in e.hints() {
        let _ = writeln!(out, "  = hint: {hint}");
    }
    out
}

/// The text of a finding: one line, ended.
pub fn warning(f: &Finding) -> String {
    finding(f, "Warning")
}

/// The text of a finding that `--strict` made an error.
pub fn strict(f: &Finding) -> String {
    finding(f, "Error")
}

fn finding(f: &Finding, word: &str) -> String {
    let at = f.at.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
    let hint = f.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{word}: {at}{}{hint}\n", f.message)
}

fn place(out: &mut String, at: &Location, text: &str) {
    let _ = write!(out, "  --> {at}");
    let _ = if text.is_empty() { writeln!(out) } else { writeln!(out, ": {text}") };
    let Some(line) = at.text.as_deref().filter(|_| at.line > 0) else { return };
    let number = at.line.to_string();
    let shown: String = line.chars().take(160).collect();
    let _ = writeln!(out, "{number:>5} | {shown}");
    if at.column > 0 && at.column < 160 {
        let _ = writeln!(out, "      | {:>width$}", "^", width = at.column as usize);
    }
}
