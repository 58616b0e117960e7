//! For programs: everything that the report holds, as JSON.

use super::components::components;
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::diff::report::{Counts, FieldChange, Report, Target, Value, What};
use crate::resource::Resource;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct All<'a> {
    summary: Summary,
    targets: Vec<One<'a>>,
}

#[derive(Serialize)]
struct Summary {
    added: usize,
    removed: usize,
    changed: usize,
    fields: usize,
    unchanged: usize,
    dangers: usize,
    accepted: usize,
}

#[derive(Serialize)]
struct One<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    summary: Summary,
    dangers: Vec<Danger<'a>>,
    moves: Vec<Move<'a>>,
    objects: Vec<Object<'a>>,
}

#[derive(Serialize)]
struct Danger<'a> {
    rule: &'a str,
    object: Id<'a>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a str>,
}

#[derive(Serialize)]
struct Move<'a> {
    from: Id<'a>,
    to: Id<'a>,
    likeness: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Id<'a> {
    api_version: String,
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    change: &'a str,
    component: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Side<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Side<'a>>,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Side<'a> {
    #[serde(flatten)]
    id: Id<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Place>,
}

#[derive(Serialize)]
struct Field {
    path: String,
    change: &'static str,
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Held>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Held>,
}

#[derive(Serialize)]
struct Held {
    value: Box<RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    masked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Place>,
}

#[derive(Serialize)]
struct Place {
    file: String,
    line: u32,
    column: u32,
}

/// The reports as JSON.
pub(crate) fn json(targets: &[Target]) -> Result<String> {
    let counts = targets.iter().fold(Counts::default(), |sum, target| sum + target.report.counts());
    let of = |accepted| {
        let all = targets.iter().flat_map(|target| &target.report.dangers);
        all.filter(|danger| danger.accepted.is_some() == accepted).count()
    };
    let targets: Result<Vec<_>> = targets.iter().map(one).collect();
    let all = All { summary: summary(counts, of(false), of(true)), targets: targets? };
    serde_json::to_string_pretty(&all)
        .map(|text| text + "\n")
        .map_err(|e| Error::new(ErrorKind::Resource, format!("the report cannot be written as JSON: {e}")))
}

fn summary(counts: Counts, dangers: usize, accepted: usize) -> Summary {
    let Counts { added, removed, changed, unchanged, fields } = counts;
    Summary { added, removed, changed, fields, unchanged, dangers, accepted }
}

fn one(target: &Target) -> Result<One<'_>> {
    let report = &target.report;
    let accepted = report.dangers.iter().filter(|danger| danger.accepted.is_some()).count();
    let id_of = |at: usize| report.objects.get(at).and_then(|change| change.object()).map(id);
    let dangers = report.dangers.iter().filter_map(|danger| {
        Some(Danger {
            rule: danger.rule,
            object: id_of(danger.object)?,
            message: &danger.message,
            path: danger.path.as_ref().map(ToString::to_string),
            at: danger.value.as_ref().and_then(Value::location).and_then(place),
            accepted: danger.accepted.as_deref(),
        })
    });
    let moves = report
        .moves
        .iter()
        .filter_map(|m| Some(Move { from: id_of(m.from)?, to: id_of(m.to)?, likeness: m.likeness }));
    Ok(One {
        name: &target.name,
        summary: summary(report.counts(), report.dangers.len() - accepted, accepted),
        dangers: dangers.collect(),
        moves: moves.collect(),
        objects: objects(report)?,
    })
}

fn objects(report: &Report) -> Result<Vec<Object<'_>>> {
    let mut names = vec![String::new(); report.objects.len()];
    for component in components(report) {
        for at in component.objects {
            if let Some(name) = names.get_mut(at) {
                name.clone_from(&component.name);
            }
        }
    }
    let all = report.objects.iter().zip(names).map(|(change, component)| {
        Ok(Object {
            change: change.change().name(),
            component,
            old: change.old.as_ref().map(side),
            new: change.new.as_ref().map(side),
            fields: change.fields.iter().map(field).collect::<Result<_>>()?,
        })
    });
    all.collect()
}

fn id(object: &Resource) -> Id<'_> {
    Id {
        api_version: object.gvk().api_version(),
        kind: &object.gvk().kind,
        namespace: object.namespace(),
        name: object.name(),
    }
}

fn side(object: &Resource) -> Side<'_> {
    let at = object.doc().mark(object.root()).and_then(|mark| place(mark.location()));
    Side { id: id(object), at }
}

fn field(field: &FieldChange) -> Result<Field> {
    let held = |value: &Option<Value>| value.as_ref().map(held).transpose();
    Ok(Field {
        path: field.path.to_string(),
        change: field.change().name(),
        what: match field.what {
            What::Value => "value",
            What::Lines => "lines",
            What::Order => "order",
            What::Form => "form",
        },
        old: held(&field.old)?,
        new: held(&field.new)?,
    })
}

fn held(value: &Value) -> Result<Held> {
    let raw = RawValue::from_string(value.json())
        .map_err(|e| Error::new(ErrorKind::Resource, format!("a value cannot be written as JSON: {e}")))?;
    Ok(Held { value: raw, masked: value.is_masked(), at: value.location().and_then(place) })
}

fn place(at: Location) -> Option<Place> {
    (at.line > 0).then(|| Place { file: at.path.to_string(), line: at.line, column: at.column })
}
