//! Dangers where the people who review see them: commands of GitHub's runner, GitLab's code quality report, SARIF.

use super::{text::summary, title};
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::diff::danger::RULES;
use crate::diff::report::Danger;
use crate::diff::report::{Target, Value};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Dangers and the objects they are about.
fn dangers(targets: &[Target]) -> impl Iterator<Item = (&Target, &Danger, String)> {
    targets.iter().flat_map(|target| {
        target.report.dangers.iter().map(move |danger| {
            let object = target.report.objects.get(danger.object);
            (target, danger, object.map(title).unwrap_or_default())
        })
    })
}

fn place(danger: &Danger) -> Option<Location> {
    danger.value.as_ref().and_then(Value::location).filter(|at| at.line > 0)
}

/// Commands by which GitHub's runner shows dangers beside the lines of a pull request.
pub(crate) fn github(targets: &[Target]) -> String {
    let mut out = String::new();
    for (_, danger, object) in dangers(targets).filter(|(_, danger, _)| danger.accepted.is_none()) {
        let at = match place(danger) {
            Some(at) => format!("file={},line={},", property(&at.path), at.line),
            None => String::new(),
        };
        let title = property(&format!("{}: {object}", danger.rule));
        let _ = writeln!(out, "::error {at}title={title}::{}", data(&danger.message));
    }
    let _ = writeln!(out, "::notice title=kfm diff::{}", data(&summary(targets)));
    out
}

/// A text as the data of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// GitLab's code quality report.
pub(crate) fn gitlab(targets: &[Target]) -> Result<String> {
    let open = dangers(targets).filter(|(_, danger, _)| danger.accepted.is_none());
    let all: Vec<Json> = open
        .map(|(target, danger, object)| {
            let at = place(danger);
            let (path, line) =
                at.map_or_else(|| (target.name.clone(), 1), |at| (at.path.to_string(), at.line));
            json!({
                "description": format!("{object}: {}", danger.message),
                "check_name": danger.rule,
                "fingerprint": fingerprint(target, danger, &object),
                "severity": "critical",
                "location": { "path": path, "lines": { "begin": line } },
            })
        })
        .collect();
    pretty(&Json::Array(all))
}

/// A SARIF log with all dangers; those that are accepted are suppressed.
#[expect(clippy::indexing_slicing, reason = "to assign to a field of a JSON object adds it")]
pub(crate) fn sarif(targets: &[Target]) -> Result<String> {
    let rules: Vec<Json> = RULES
        .iter()
        .map(|rule| json!({ "id": rule.name, "shortDescription": { "text": rule.about } }))
        .collect();
    let results: Vec<Json> = dangers(targets)
        .map(|(target, danger, object)| {
            let mut result = json!({
                "ruleId": danger.rule,
                "level": "error",
                "message": { "text": format!("{object}: {}", danger.message) },
                "partialFingerprints": { "kfm/v1": fingerprint(target, danger, &object) },
            });
            if let Some(at) = place(danger) {
                result["locations"] = json!([{ "physicalLocation": {
                    "artifactLocation": { "uri": &*at.path },
                    "region": { "startLine": at.line, "startColumn": at.column.max(1) },
                }}]);
            }
            if let Some(reason) = &danger.accepted {
                result["suppressions"] = json!([{ "kind": "external", "justification": reason }]);
            }
            result
        })
        .collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "kfm diff", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results,
        }],
    }))
}

/// The same for the same danger in the next run.
fn fingerprint(target: &Target, danger: &Danger, object: &str) -> String {
    let path = danger.path.as_ref().map(ToString::to_string).unwrap_or_default();
    let text = [&target.name, danger.rule, object, &path, &danger.message].join("\0");
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn pretty(value: &Json) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|e| Error::new(ErrorKind::Resource, format!("the report cannot be written as JSON: {e}")))
}
