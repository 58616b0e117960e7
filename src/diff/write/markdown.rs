//! For a comment on a pull request: dangers first, then every component behind a fold. What would make the comment too
//! long is left out, and said to be.

use super::components::{Component, components};
use super::text::{chosen, summary};
use super::{Style, changed_lines, clipped, count, lines, place, title};
use crate::diff::report::{Change, FieldChange, ObjectChange, Report, Target, What};
use std::fmt::Write;

/// The most bytes of a comment: GitHub takes 65,536 characters.
const MOST: usize = 60_000;

/// The most lines of a value that are shown.
const MOST_LINES: usize = 20;

/// By this line a comment is found again and replaced.
pub(super) const MARK: &str = "<!-- kfm diff -->";

/// The reports as Markdown.
pub(crate) fn markdown(targets: &[Target], style: Style) -> String {
    let mut out = format!("{MARK}\n### kfm diff: {}\n", escaped(&summary(targets)));
    dangers(targets, &mut out);
    let mut left_out = 0;
    for target in targets.iter().filter(|target| !target.report.is_empty()) {
        if !target.name.is_empty() {
            let name = escaped(&target.name);
            let one = summary(std::slice::from_ref(target));
            let heading = format!("\n#### `{name}`: {}\n", escaped(&one));
            if out.len() + heading.len() < MOST {
                out.push_str(&heading);
            }
        }
        for component in components(&target.report) {
            let section = section(&target.report, &component, style);
            if style.full || out.len() + section.len() <= MOST {
                out.push_str(&section);
            } else {
                left_out += component.objects.len();
            }
        }
    }
    if left_out > 0 {
        let note = format!(
            "\n_Left out, for the size of a comment: {}. `kfm diff --full` shows all of it._\n",
            count(left_out, "object")
        );
        out.push_str(&note);
    }
    out
}

fn dangers(targets: &[Target], out: &mut String) {
    let mut left_out = 0;
    for target in targets {
        let report = &target.report;
        for danger in &report.dangers {
            let object = report.objects.get(danger.object).map(title).unwrap_or_default();
            let at = place(danger.value.as_ref()).map(|at| format!(" (`{}`)", code(&at))).unwrap_or_default();
            let (sign, accepted) = match &danger.accepted {
                Some(reason) => (":white_check_mark:", format!(" — accepted: {}", escaped(reason))),
                None => (":warning:", String::new()),
            };
            let line = format!(
                "- {sign} **{}** `{}`: {}{at}{accepted}\n",
                danger.rule,
                code(&object),
                escaped(&danger.message)
            );
            if out.len() + line.len() > MOST / 2 {
                left_out += 1;
                continue;
            }
            if out.lines().count() == 2 {
                out.push('\n');
            }
            out.push_str(&line);
        }
    }
    if left_out > 0 {
        let _ = writeln!(out, "- and {}", count(left_out, "more danger"));
    }
}

fn section(report: &Report, component: &Component, style: Style) -> String {
    let objects: Vec<&ObjectChange> =
        component.objects.iter().filter_map(|i| report.objects.get(*i)).collect();
    let of = |change| objects.iter().filter(|o| o.change() == change).count();
    let counts = [("added", Change::Added), ("removed", Change::Removed), ("changed", Change::Changed)];
    let counts: Vec<String> =
        counts.iter().filter(|(_, c)| of(*c) > 0).map(|(name, c)| format!("{} {name}", of(*c))).collect();
    let mut body = String::new();
    objects.iter().for_each(|change| object(change, style, &mut body));
    let fence = "`".repeat(longest_run(&body).max(2) + 1);
    format!(
        "\n<details><summary>{} ({})</summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n",
        escaped(&component.name),
        counts.join(", ")
    )
}

fn object(change: &ObjectChange, style: Style, out: &mut String) {
    let sign = match change.change() {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Changed => '!',
    };
    let _ = writeln!(out, "{sign} {}", title(change));
    let (shown, folded) = chosen(change, style);
    shown.iter().for_each(|f| field(f, style, out));
    if !folded.is_empty() {
        let _ = writeln!(out, "  … {folded}");
    }
}

fn field(field: &FieldChange, style: Style, out: &mut String) {
    let note = match field.what {
        What::Order => " (other order)",
        What::Form => " (written differently, the same values)",
        What::Value | What::Lines => "",
    };
    let places: Vec<String> =
        [&field.old, &field.new].into_iter().filter_map(|v| place(v.as_ref())).collect();
    let _ = writeln!(out, "@@ {}{note} @@ {}", clipped(&field.path.to_string()), places.join(" → "));
    if field.what == What::Form {
        return;
    }
    let texts = (field.old.as_ref().and_then(|v| v.string()), field.new.as_ref().and_then(|v| v.string()));
    let all: Vec<(char, String)> = match (field.what, texts) {
        (What::Lines, (Some(old), Some(new))) => changed_lines(old, new),
        _ => [('-', &field.old), ('+', &field.new)]
            .into_iter()
            .filter_map(|(sign, value)| Some((sign, value.as_ref()?)))
            .flat_map(|(sign, value)| lines(value).into_iter().map(move |line| (sign, line)))
            .collect(),
    };
    let most = if style.full { usize::MAX } else { MOST_LINES };
    for (sign, line) in all.iter().take(most) {
        let _ = writeln!(out, "{sign} {line}");
    }
    if all.len() > most {
        let _ = writeln!(out, "  … {}", count(all.len() - most, "more line"));
    }
}

/// How many backticks stand side by side, at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// A text within code.
fn code(text: &str) -> String {
    clipped(text).replace('`', "'")
}

/// A text that Markdown and HTML take as it is; code in backticks stays.
fn escaped(text: &str) -> String {
    let text = clipped(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut out = String::new();
    for (i, part) in text.split('`').enumerate() {
        if i > 0 {
            out.push('`');
        }
        for c in part.chars() {
            if i % 2 == 0 && matches!(c, '*' | '_' | '[' | ']' | '|' | '#' | '@' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    if text.matches('`').count() % 2 == 1 { out.replace('`', "'") } else { out }
}
