//! A report as text, one file for each form.

mod components;
mod forges;
mod json;
mod json_patch;
mod markdown;
mod text;
mod unified;

pub(crate) use forges::{github, gitlab, sarif};
pub(crate) use json::json;
pub(crate) use json_patch::json_patch;
pub(crate) use markdown::markdown;
pub(crate) use text::{summary, text};
pub(crate) use unified::unified;

use super::report::{ObjectChange, Value};
use crate::diag::render::{Look, safe};
use crate::yaml::{self, Doc, NodeKind};
use similar::{Algorithm, TextDiff};

/// How a report is written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    /// With colours or without.
    pub(crate) look: Look,
    /// Nothing is left out, however long it becomes.
    pub(crate) full: bool,
}

/// The most characters of a value that are shown on one line.
const WIDTH: usize = 160;

/// How an object is called: kind, and the name with its namespace.
fn title(change: &ObjectChange) -> String {
    let Some(object) = change.object() else { return String::new() };
    let place = |object: &crate::resource::Resource| match object.namespace() {
        "" => object.name().to_owned(),
        namespace => format!("{namespace}/{}", object.name()),
    };
    let was = match (&change.old, &change.new) {
        (Some(old), Some(new)) if old.name() != new.name() => format!("{} → ", old.name()),
        _ => String::new(),
    };
    match was.is_empty() {
        true => format!("{} {}", object.gvk().kind, safe(&place(object))),
        false => format!(
            "{} {} (was {})",
            object.gvk().kind,
            safe(&place(object)),
            safe(was.trim_end_matches(" → "))
        ),
    }
}

/// Where a value stands, as `file:line`.
fn place(value: Option<&Value>) -> Option<String> {
    let at = value?.location()?;
    (at.line > 0).then(|| safe(&format!("{}:{}", at.path, at.line)).into_owned())
}

/// Values of more levels are shown as JSON, which has no indentation.
const LEVELS: u64 = 100;

/// A value in lines: a single value on one, others as YAML.
fn lines(value: &Value) -> Vec<String> {
    let many = |doc: &Doc, node| !doc.children(node).is_empty() && doc.levels(node).0 <= LEVELS;
    let text = match value.node() {
        Some((doc, node)) if doc.kind(node) != NodeKind::Scalar && many(doc, node) => {
            let mut out = vec![];
            match yaml::print_with(doc, node, yaml::Options::STRAIGHT, &mut out) {
                Ok(()) => String::from_utf8_lossy(&out).into_owned(),
                Err(_) => value.json(),
            }
        }
        _ => value.json(),
    };
    text.lines().map(clipped).collect()
}

/// A line that a terminal does not obey, cut where it is very long.
fn clipped(line: &str) -> String {
    let line = safe(line).replace('\n', " ");
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// The lines that differ in two texts, with some around them: a sign and the line.
fn changed_lines(old: &str, new: &str) -> Vec<(char, String)> {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_lines(old, new);
    let mut all = vec![];
    for (i, group) in diff.grouped_ops(1).iter().enumerate() {
        if i > 0 {
            all.push(('…', String::new()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                similar::ChangeTag::Equal => ' ',
                similar::ChangeTag::Delete => '-',
                similar::ChangeTag::Insert => '+',
            };
            all.push((sign, clipped(change.value().trim_end_matches('\n'))));
        }
    }
    all
}

/// A number and a noun in singular or plural.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
