//! Schemas of CustomResourceDefinitions that refuse what they took.

use super::{Found, Rule, Subject, items, texts};
use crate::diff::canonical;
use crate::yaml::{Doc, NodeId, NodeKind};

/// A schema that refuses more.
pub(super) const TIGHTENED: Rule = Rule {
    name: "crd-tightened",
    about: "the schema of a CustomResourceDefinition refuses or drops what it took",
    check: tightened,
};

/// How many findings are made for a definition.
const MOST: usize = 20;

/// Limits, and whether a larger value refuses more.
const LIMITS: [(&str, bool); 8] = [
    ("minimum", true),
    ("minLength", true),
    ("minItems", true),
    ("minProperties", true),
    ("maximum", false),
    ("maxLength", false),
    ("maxItems", false),
    ("maxProperties", false),
];

/// A type that takes more than another one, as texts of JSON.
const INTEGER_TO_NUMBER: (&str, &str) = ("\"integer\"", "\"number\"");

/// Conditions, and how what they list is joined.
const CONDITIONS: [(&str, Joined); 6] = [
    ("allOf", Joined::And),
    ("anyOf", Joined::Or),
    ("oneOf", Joined::Or),
    ("not", Joined::And),
    ("format", Joined::And),
    ("multipleOf", Joined::And),
];

#[derive(PartialEq, Eq)]
enum Joined {
    And,
    Or,
}

/// Formats that the API server checks; others say something to people.
const FORMATS: [&str; 18] = [
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "date-time",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "mac",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
];

/// Switches that refuse something.
const FLAGS: [&str; 3] = ["exclusiveMinimum", "exclusiveMaximum", "uniqueItems"];

fn tightened(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both().filter(|_| subject.kind() == "CustomResourceDefinition") else {
        return;
    };
    let (a, b) = (old.doc(), new.doc());
    for before in items(old, &["spec", "versions"]) {
        let name = a.get(*before, "name").map_or("", |n| a.text(n));
        let of_name = |v: &&NodeId| b.get(**v, "name").is_some_and(|n| b.text(n) == name);
        let Some(after) = items(new, &["spec", "versions"]).iter().find(of_name) else { continue };
        let schema = |doc: &Doc, version| doc.get_path(version, &["schema", "openAPIV3Schema"]);
        if let (Some(x), Some(y)) = (schema(a, *before), schema(b, *after)) {
            let mut walk = Walk { a, b, found: vec![] };
            walk.schema(x, y, "");
            let more = walk.found.len().saturating_sub(MOST);
            for (message, node) in walk.found.into_iter().take(MOST) {
                found.push(Found::node(format!("version `{name}`: {message}"), new, node));
            }
            if more > 0 {
                found.push(Found::node(
                    format!("version `{name}`: and {more} more of this sort"),
                    new,
                    *after,
                ));
            }
        }
    }
}

struct Walk<'a> {
    a: &'a Doc,
    b: &'a Doc,
    found: Vec<(String, NodeId)>,
}

impl Walk<'_> {
    /// Compares two schemas of one field.
    fn schema(&mut self, x: NodeId, y: NodeId, path: &str) {
        let (a, b) = (self.a, self.b);
        if canonical::same(a, x, b, y, &canonical::Names::default()) {
            return;
        }
        let shown = if path.is_empty() { "the object" } else { path };
        let text = |doc: &Doc, node, key| doc.get(node, key).map(|n| canonical::text(doc, n, None));
        match (text(a, x, "type"), text(b, y, "type")) {
            // Every integer is a number.
            (Some(before), Some(after))
                if before != after && (before.as_str(), after.as_str()) != INTEGER_TO_NUMBER =>
            {
                self.found.push((format!("`{shown}` must be {after}, it was {before}"), y));
                return;
            }
            (None, Some(after)) => {
                self.found.push((format!("`{shown}` must be {after}, it could be anything"), y));
            }
            _ => {}
        }
        for field in texts(b, y, "required") {
            let was = texts(a, x, "required").contains(&field);
            let has_default = b.get_path(y, &["properties", field, "default"]).is_some();
            if !was && !has_default {
                let field = join(path, field);
                self.found.push((format!("`{field}` must be there"), y));
            }
        }
        self.values(x, y, shown);
        self.limits(x, y, shown);
        self.properties(x, y, path);
        self.conditions(x, y, shown);
        if let (Some(x), Some(y)) = (a.get(x, "items"), b.get(y, "items")) {
            self.schema(x, y, &format!("{path}[]"));
        }
        if let (Some(x), Some(y)) = (a.get(x, "additionalProperties"), b.get(y, "additionalProperties")) {
            self.schema(x, y, &join(path, "*"));
        }
    }

    /// Values that are not in the list any longer.
    fn values(&mut self, x: NodeId, y: NodeId, shown: &str) {
        let (a, b) = (self.a, self.b);
        let Some(list) = b.get(y, "enum") else { return };
        let now: Vec<String> = b.items(list).iter().map(|n| canonical::text(b, *n, None)).collect();
        let Some(before) = a.get(x, "enum") else {
            return self.found.push((format!("`{shown}` takes listed values only"), list));
        };
        for value in a.items(before) {
            let value = canonical::text(a, *value, None);
            if !now.contains(&value) {
                self.found.push((format!("`{shown}` does not take {value} any longer"), list));
            }
        }
    }

    fn limits(&mut self, x: NodeId, y: NodeId, shown: &str) {
        let (a, b) = (self.a, self.b);
        for (limit, larger_refuses) in LIMITS {
            let number = |doc: &Doc, node| doc.get(node, limit).and_then(|n| doc.text(n).parse::<f64>().ok());
            let Some(after) = number(b, y) else { continue };
            let refuses = match number(a, x) {
                Some(before) if larger_refuses => after > before,
                Some(before) => after < before,
                None => !(larger_refuses && after <= 0.0 && limit != "minimum"),
            };
            if refuses {
                self.found.push((format!("`{limit}` of `{shown}` is {after}"), y));
            }
        }
        let text = |doc: &Doc, node, key| doc.get(node, key).map(|n| doc.text(n).to_owned());
        if let Some(pattern) = text(b, y, "pattern").filter(|p| text(a, x, "pattern").as_ref() != Some(p)) {
            self.found.push((format!("`{shown}` must match `{pattern}`"), y));
        }
        if text(a, x, "nullable").as_deref() == Some("true")
            && text(b, y, "nullable").as_deref() != Some("true")
        {
            self.found.push((format!("`{shown}` must not be null any longer"), y));
        }
        let rules = |doc: &Doc, node| -> Vec<String> {
            let list = doc.get(node, "x-kubernetes-validations").map_or(&[][..], |list| doc.items(list));
            list.iter().filter_map(|r| doc.get(*r, "rule")).map(|n| doc.text(n).to_owned()).collect()
        };
        let known = rules(a, x);
        for rule in rules(b, y).iter().filter(|rule| !known.contains(rule)) {
            let rule: String = rule.split_whitespace().collect::<Vec<_>>().join(" ");
            self.found.push((format!("`{shown}` must satisfy `{rule}`"), y));
        }
    }

    /// Conditions that are more than a limit.
    fn conditions(&mut self, x: NodeId, y: NodeId, shown: &str) {
        let (a, b) = (self.a, self.b);
        let list = |doc: &Doc, node, key| -> Option<Vec<String>> {
            let node = doc.get(node, key)?;
            let items = doc.items(node).iter().map(|item| canonical::text(doc, *item, None));
            Some(if doc.kind(node) == NodeKind::Seq {
                items.collect()
            } else {
                vec![canonical::text(doc, node, None)]
            })
        };
        for (key, joined) in CONDITIONS {
            let Some(after) = list(b, y, key) else { continue };
            let refuses = match list(a, x, key) {
                None => key != "format" || after.iter().any(|f| FORMATS.contains(&f.trim_matches('"'))),
                Some(before) if joined == Joined::And => after.iter().any(|one| !before.contains(one)),
                Some(before) => before.iter().any(|one| !after.contains(one)),
            };
            if refuses {
                self.found.push((format!("`{key}` of `{shown}` refuses more"), y));
            }
        }
        let is = |doc: &Doc, node, key, value| doc.get(node, key).is_some_and(|n| doc.text(n) == value);
        for key in FLAGS.into_iter().filter(|key| is(b, y, key, "true") && !is(a, x, key, "true")) {
            self.found.push((format!("`{shown}` has `{key}`"), y));
        }
        const LIST: &str = "x-kubernetes-list-type";
        if is(b, y, LIST, "set") && !is(a, x, LIST, "set") {
            self.found.push((format!("`{shown}` is a set: its items must differ"), y));
        }
        const KEEPS: &str = "x-kubernetes-preserve-unknown-fields";
        let keeps = is(b, y, KEEPS, "true") || b.get(y, "additionalProperties").is_some();
        if is(a, x, KEEPS, "true") && is(b, y, "type", "object") && !keeps {
            self.found.push((format!("fields of `{shown}` that are not in the schema are dropped"), y));
        }
    }

    fn properties(&mut self, x: NodeId, y: NodeId, path: &str) {
        let (a, b) = (self.a, self.b);
        let Some(before) = a.get(x, "properties") else { return };
        let keeps = b.get(y, "x-kubernetes-preserve-unknown-fields").is_some_and(|n| b.text(n) == "true")
            || b.get(y, "additionalProperties").is_some();
        let after = b.get(y, "properties");
        for (key, x) in a.pairs(before) {
            let field = a.text(key);
            match after.and_then(|after| b.get(after, field)) {
                Some(y) => self.schema(x, y, &join(path, field)),
                None if keeps => {}
                None => {
                    let field = join(path, field);
                    self.found.push((
                        format!("`{field}` is dropped: the field is not in the schema any longer"),
                        y,
                    ));
                }
            }
        }
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}
