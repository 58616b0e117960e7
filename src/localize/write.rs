//! A kustomization file written again, path by path.
//!
//! As in kustomize the file goes through JSON: fields get their proper case, those without content go, numbers in
//! values of charts are floats of 64 bits, and the printer sorts everything.

use crate::diag::Result;
use crate::kustomization::Text;
use crate::kustomization::decode::{Decoder, Rules};
use crate::kustomization::schema::{Field, KUSTOMIZATION, NAMES, Role, Shape, When};
use crate::yaml::json::{read_json, write_float, write_string};
use crate::yaml::{self, Doc, NodeId, NodeKind, Source, Value};
use std::fmt::Write;
use std::sync::Arc;

/// What the mapping is called in messages.
const FILE: &str = "a kustomization file";

/// Says what a text of a role is in the copy.
pub(crate) type Place<'a> = dyn FnMut(Role, &Text) -> Result<String> + 'a;

/// The text of a kustomization file in the copy. `doc` was read by YAML 1.1.
pub(crate) fn kustomization(doc: Option<&Arc<Doc>>, place: &mut Place<'_>) -> Result<Vec<u8>> {
    let json = match doc {
        Some(doc) => {
            let d = Decoder::new(doc, Rules::KUSTOMIZATION)?;
            let json = Writer { d, place }.fields(Some(doc.root()), FILE, KUSTOMIZATION)?;
            let fields = d.fields(doc.root(), FILE, &NAMES)?;
            let charts = fields.get("helmCharts").filter(|n| !doc.children(*n).is_empty());
            if let (Some(charts), None) = (charts, fields.get("helmGlobals")) {
                place(Role::ChartHome, &d.marked(charts, ""))?;
            }
            json
        }
        None => "{}".into(),
    };
    let doc = read_json(&Source::new("kustomization.yaml", json))?;
    let mut out = vec![];
    yaml::print_with(&doc, doc.root(), yaml::Options::STRAIGHT, &mut out)?;
    Ok(out)
}

struct Writer<'a, 'p> {
    d: Decoder<'a>,
    place: &'a mut Place<'p>,
}

/// A value in JSON, and whether it is an empty one.
struct Json {
    text: String,
    empty: bool,
}

impl Writer<'_, '_> {
    fn fields(&mut self, node: Option<NodeId>, what: &str, table: &'static [Field]) -> Result<String> {
        let names: Vec<&'static str> = table.iter().map(|f| f.name).collect();
        let found = node.map(|n| self.d.fields(n, what, &names)).transpose()?;
        let mut out = String::from("{");
        for field in table {
            let value = found.as_ref().and_then(|f| f.get(field.name));
            let json = self.value(field, value, node)?;
            let text = match field.when {
                When::Filled if json.empty => continue,
                When::Given if value.is_none() => continue,
                When::OrNull if value.is_none() => "null",
                _ => json.text.as_str(),
            };
            out.push_str(if out.len() > 1 { "," } else { "" });
            write_string(field.name, &mut out);
            out.push(':');
            out.push_str(text);
        }
        out.push('}');
        Ok(out)
    }

    fn value(&mut self, field: &Field, node: Option<NodeId>, parent: Option<NodeId>) -> Result<Json> {
        let name = field.name;
        match field.shape {
            Shape::Text(role) => {
                let text = match (node, parent) {
                    (Some(node), _) => self.d.text(node, name)?,
                    (None, Some(parent)) => self.d.marked(parent, ""),
                    (None, None) => return Ok(Json { text: "\"\"".into(), empty: true }),
                };
                let text = (self.place)(role, &text)?;
                Ok(Json { text: quoted(&text), empty: text.is_empty() })
            }
            Shape::Flag => {
                let on = node.map_or(Ok(false), |n| self.d.flag(n, name))?;
                Ok(Json { text: on.to_string(), empty: !on })
            }
            Shape::Number => {
                let number = node.map_or(Ok(0), |n| self.d.int(n, name))?;
                Ok(Json { text: number.to_string(), empty: number == 0 })
            }
            Shape::Texts(role) => {
                let texts = node.map_or(Ok(vec![]), |n| self.d.texts(n, name))?;
                let texts = texts.iter().map(|t| Ok(quoted(&(self.place)(role, t)?)));
                Ok(list(&texts.collect::<Result<Vec<_>>>()?))
            }
            Shape::Pairs(paths) => {
                let pairs = node.map_or(Ok(vec![]), |n| self.d.pairs(n, name))?;
                let mut entries = Vec::with_capacity(pairs.len());
                for (key, value) in &pairs {
                    let role = paths.iter().find(|(k, _)| key.value == *k).map_or(Role::Plain, |(_, r)| *r);
                    let value = (self.place)(role, value)?;
                    entries.push(format!("{}:{}", quoted(&key.value), quoted(&value)));
                }
                Ok(Json { text: format!("{{{}}}", entries.join(",")), empty: entries.is_empty() })
            }
            Shape::Any => {
                let mut text = String::new();
                match node {
                    Some(node) if self.d.doc.kind(node) != NodeKind::Map => {
                        return Err(self.d.mismatch(node, name, "a mapping"));
                    }
                    Some(node) => self.any(node, &mut text)?,
                    None => text.push_str("null"),
                }
                Ok(Json { empty: matches!(text.as_str(), "null" | "{}"), text })
            }
            Shape::One(table) => {
                Ok(Json { text: self.fields(node, &format!("`{name}`"), table)?, empty: node.is_none() })
            }
            Shape::Many(table) => {
                let items = node.map_or(Ok(&[][..]), |n| self.d.items(n, name))?;
                let items = items.iter().map(|item| self.fields(Some(*item), &format!("`{name}`"), table));
                Ok(list(&items.collect::<Result<Vec<_>>>()?))
            }
        }
    }

    /// A value of any form. Of equal keys the last one counts.
    fn any(&self, node: NodeId, out: &mut String) -> Result<()> {
        let doc = self.d.doc;
        match doc.kind(node) {
            NodeKind::Scalar => match self.d.scalar(node) {
                Value::Null => out.push_str("null"),
                Value::Bool(on) => out.push_str(if on { "true" } else { "false" }),
                Value::Int(n) if n.unsigned_abs() <= 1 << 53 => {
                    let _ = write!(out, "{n}");
                }
                Value::Int(n) => write_float(n as f64, out),
                Value::Uint(n) => write_float(n as f64, out),
                Value::Float(x) if x.is_finite() => write_float(x, out),
                Value::Float(_) | Value::Str(_) | Value::Time(_) => write_string(doc.text(node), out),
            },
            NodeKind::Alias => {
                return doc.children(node).first().map_or(Ok(()), |target| self.any(*target, out));
            }
            NodeKind::Seq => {
                out.push('[');
                for (i, item) in doc.items(node).iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    self.any(*item, out)?;
                }
                out.push(']');
            }
            NodeKind::Map => {
                // The reader of JSON lets the last of equal keys count, too.
                out.push('{');
                for (i, (key, value)) in doc.pairs(node).enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    write_string(&self.d.key(key)?, out);
                    out.push(':');
                    self.any(value, out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    out
}

fn list(items: &[String]) -> Json {
    Json { text: format!("[{}]", items.join(",")), empty: items.is_empty() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::split;

    fn written(text: &str) -> String {
        let source = Source::new("kustomization.yaml", text.to_owned());
        let doc = split::read_v2(&source).expect("YAML").map(Arc::new);
        let mut place = |role, text: &Text| {
            Ok(if role == Role::Plain { text.value.clone() } else { text.value.to_uppercase() })
        };
        let out = kustomization(doc.as_ref(), &mut place).expect("a kustomization");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_file_without_content_is_an_empty_mapping() {
        for text in ["", "# nothing\n", "{}\n", "resources: []\nnamespace: \"\"\ncommonLabels:\n"] {
            assert_eq!(written(text), "{}\n", "{text}");
        }
    }

    #[test]
    fn fields_are_sorted_and_get_their_proper_case() {
        assert_eq!(
            written("RESOURCES: [b, a]\nkind: Kustomization\nnamePrefix: 'p-'\n"),
            "kind: Kustomization\nnamePrefix: p-\nresources:\n- B\n- A\n"
        );
    }

    #[test]
    fn fields_that_kustomize_always_writes_are_written() {
        assert_eq!(
            written("vars: [{name: A, objref: {kind: X}}]\nreplicas: [{name: a, count: 0}]\n"),
            "replicas:\n- count: 0\n  name: a\nvars:\n- fieldref: {}\n  name: A\n  objref:\n    kind: X\n    name: \"\"\n"
        );
        assert_eq!(
            written("patches: [{patch: x, target: {}, options: {allowNameChange: false}}]\n"),
            "patches:\n- options: {}\n  patch: x\n  target: {}\n"
        );
    }

    #[test]
    fn values_of_charts_keep_their_types() {
        assert_eq!(
            written(
                "helmCharts: [{name: c, valuesInline: {a: 1.0, b: \"1\", c: on, d: 1e3, e: ~, f: [], 5: x}}]\n"
            ),
            "helmCharts:\n- name: c\n  valuesInline:\n    \"5\": x\n    a: 1\n    b: \"1\"\n    c: true\n    d: 1000\n    \
             e: null\n    f: []\n"
        );
    }
}
