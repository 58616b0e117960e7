//! For people, on a terminal: what happened in one line, dangers, then every object by component.

use super::components::components;
use super::{Style, changed_lines, clipped, count, lines, place, title};
use crate::diag::render::Look;
use crate::diff::report::Danger;
use crate::diff::report::{Change, Counts, FieldChange, ObjectChange, Report, Target, What};

/// How many changes of an object, and lines of a value, are shown unless all are asked for.
const MOST_FIELDS: usize = 12;
const MOST_LINES: usize = 10;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";
const FAINT: &str = "2";

/// The reports as text, nothing if nothing differs.
pub(crate) fn text(targets: &[Target], style: Style) -> String {
    let differ: Vec<&Target> = targets.iter().filter(|target| !target.report.is_empty()).collect();
    let mut out = String::new();
    if targets.len() > 1 && !differ.is_empty() {
        let line =
            format!("{} of {} differ: {}", differ.len(), count(targets.len(), "target"), summary(targets));
        out.push_str(&paint(style, BOLD, &line));
        out.push('\n');
    }
    for target in differ {
        let mut writer = Writer { report: &target.report, style, out };
        if !writer.out.is_empty() {
            writer.out.push('\n');
        }
        writer.summary(target);
        writer.dangers();
        writer.moves();
        writer.components();
        out = writer.out;
    }
    out
}

fn paint(style: Style, colour: &str, text: &str) -> String {
    match style.look {
        Look::Plain => text.to_owned(),
        Look::Coloured => format!("\x1b[{colour}m{text}\x1b[0m"),
    }
}

struct Writer<'a> {
    report: &'a Report,
    style: Style,
    out: String,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        paint(self.style, colour, text)
    }

    fn summary(&mut self, target: &Target) {
        let name =
            if target.name.is_empty() { String::new() } else { format!("{}: ", clipped(&target.name)) };
        let line = format!("{name}{}", summary(std::slice::from_ref(target)));
        let line = self.paint(BOLD, &line);
        self.line(&line);
    }

    fn dangers(&mut self) {
        let report = self.report;
        let (accepted, open): (Vec<_>, Vec<_>) = report.dangers.iter().partition(|d| d.accepted.is_some());
        if !open.is_empty() {
            let heading = self.paint("1;31", "Dangers");
            self.line(&format!("\n{heading}"));
            open.iter().for_each(|danger| self.danger(danger));
        }
        if !accepted.is_empty() {
            let heading = self.paint(BOLD, "Accepted dangers");
            self.line(&format!("\n{heading}"));
            accepted.iter().for_each(|danger| self.danger(danger));
        }
    }

    fn danger(&mut self, danger: &Danger) {
        let Some(change) = self.report.objects.get(danger.object) else { return };
        let place = match place(danger.value.as_ref()) {
            Some(place) => format!("  {}", self.paint(FAINT, &place)),
            None => String::new(),
        };
        let rule = self.paint(RED, danger.rule);
        self.line(&format!("  ! {rule}: {}{place}", title(change)));
        self.line(&format!("      {}", clipped(&danger.message)));
        if let Some(reason) = &danger.accepted {
            self.line(&format!("      accepted: {}", clipped(reason)));
        }
    }

    fn moves(&mut self) {
        let report = self.report;
        if report.moves.is_empty() {
            return;
        }
        let heading = self.paint(BOLD, "Perhaps renamed or moved");
        self.line(&format!("\n{heading}"));
        for m in &report.moves {
            let name = |at: usize| report.objects.get(at).map(title).unwrap_or_default();
            self.line(&format!("  {} → {} ({} % alike)", name(m.from), name(m.to), m.likeness));
        }
    }

    fn components(&mut self) {
        let report = self.report;
        let all = components(report);
        for component in all {
            let objects: Vec<&ObjectChange> =
                component.objects.iter().filter_map(|i| report.objects.get(*i)).collect();
            let of = |change| objects.iter().filter(|o| o.change() == change).count();
            let counts = [('+', Change::Added), ('-', Change::Removed), ('~', Change::Changed)]
                .map(|(sign, change)| (sign, of(change)))
                .iter()
                .filter(|(_, n)| *n > 0)
                .map(|(sign, n)| format!("{sign}{n}"))
                .collect::<Vec<_>>();
            let heading = self.paint(BOLD, &clipped(&component.name));
            self.line(&format!("\n{heading} ({})", counts.join(" ")));
            objects.iter().for_each(|object| self.object(object));
        }
    }

    fn object(&mut self, change: &ObjectChange) {
        let (sign, colour, side) = match change.change() {
            Change::Added => ("+", GREEN, &change.new),
            Change::Removed => ("-", RED, &change.old),
            Change::Changed => ("~", YELLOW, &None),
        };
        let at = side.as_ref().and_then(|object| object.doc().mark(object.root()));
        let at = at.map(|mark| mark.location()).map(|at| clipped(&format!("{}:{}", at.path, at.line)));
        let at = at.map(|at| format!("  {}", self.paint(FAINT, &at))).unwrap_or_default();
        let head = self.paint(colour, &format!("{sign} {}", title(change)));
        self.line(&format!("  {head}{at}"));
        let (shown, folded) = chosen(change, self.style);
        shown.iter().for_each(|field| self.field(field));
        if !folded.is_empty() {
            let note = self.paint(FAINT, &format!("… {folded}"));
            self.line(&format!("      {note}"));
        }
    }

    fn field(&mut self, field: &FieldChange) {
        let path = clipped(&field.path.to_string());
        let note = match field.what {
            What::Order => " (other order)",
            What::Form => " (written differently, the same values)",
            What::Value | What::Lines => "",
        };
        self.line(&format!("      {path}{note}"));
        if field.what == What::Form {
            return;
        }
        let texts =
            (field.old.as_ref().and_then(|v| v.string()), field.new.as_ref().and_then(|v| v.string()));
        if let (What::Lines, (Some(old), Some(new))) = (field.what, texts) {
            self.places(field);
            let lines = changed_lines(old, new);
            return self.signed(&lines);
        }
        for (sign, value) in [('-', &field.old), ('+', &field.new)] {
            let Some(value) = value else { continue };
            let mut all: Vec<(char, String)> = lines(value).into_iter().map(|line| (sign, line)).collect();
            if let (Some(first), Some(place)) = (all.first_mut(), place(Some(value))) {
                first.1 = format!("{}  {}", first.1, self.paint(FAINT, &place));
            }
            self.signed(&all);
        }
    }

    fn places(&mut self, field: &FieldChange) {
        let places: Vec<String> =
            [&field.old, &field.new].into_iter().filter_map(|side| place(side.as_ref())).collect();
        if !places.is_empty() {
            let places = self.paint(FAINT, &places.join(" → "));
            self.line(&format!("        {places}"));
        }
    }

    /// Lines with a sign before each, not all if they are many.
    fn signed(&mut self, lines: &[(char, String)]) {
        let most = if self.style.full { usize::MAX } else { MOST_LINES };
        for (sign, line) in lines.iter().take(most) {
            let text = format!("{sign} {line}");
            let text = match sign {
                '-' => self.paint(RED, &text),
                '+' => self.paint(GREEN, &text),
                _ => text,
            };
            self.line(&format!("        {text}"));
        }
        if lines.len() > most {
            let note = self.paint(FAINT, &format!("… {} (--full)", count(lines.len() - most, "more line")));
            self.line(&format!("        {note}"));
        }
    }
}

/// The changes that are shown, and what is said about the others.
pub(super) fn chosen(change: &ObjectChange, style: Style) -> (Vec<&FieldChange>, String) {
    if style.full {
        return (change.fields.iter().collect(), String::new());
    }
    let is_definition = change.object().is_some_and(|o| o.gvk().kind == "CustomResourceDefinition");
    let (described, mut rest): (Vec<_>, Vec<_>) = change
        .fields
        .iter()
        .partition(|field| is_definition && field.path.keys().next_back() == Some("description"));
    let more = rest.len().saturating_sub(MOST_FIELDS);
    rest.truncate(MOST_FIELDS);
    let mut notes = vec![];
    if more > 0 {
        notes.push(count(more, "more field"));
    }
    if !described.is_empty() {
        notes.push(count(described.len(), "description"));
    }
    let folded = if notes.is_empty() { String::new() } else { format!("{} (--full)", notes.join(", ")) };
    (rest, folded)
}

/// What happened, in one line.
pub(crate) fn summary(targets: &[Target]) -> String {
    let counts = targets.iter().fold(Counts::default(), |sum, target| sum + target.report.counts());
    let mut parts = vec![];
    for (number, what) in [(counts.added, "added"), (counts.removed, "removed")] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if counts.changed > 0 {
        parts.push(format!("{} changed in {}", counts.changed, count(counts.fields, "field")));
    }
    if parts.is_empty() {
        parts.push("no changes".to_owned());
    }
    let dangers = targets.iter().map(|target| target.report.open_dangers().count()).sum::<usize>();
    let dangers = if dangers > 0 { format!("; {}", count(dangers, "danger")) } else { String::new() };
    format!("{}, {} unchanged{dangers}", parts.join(", "), counts.unchanged)
}
