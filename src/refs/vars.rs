//! Variables: `$(NAME)` in fields of `varReference`, replaced by a field of an object at the very end of a build.
//!
//! A variable finds its object at the end of the kustomization that declares it, among the objects of that moment;
//! the object remembers the variable's name. Its value is read after everything else, names and hashes included.
//! Where kustomize only writes to its log (unused variables, values that cannot be inserted), there are findings.

use super::fieldpath;
use super::finder::{Finder, Found, Hit, shape_error};
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result};
use crate::generate::base64_lines;
use crate::kube::{FieldSpec, Gvk, ResId};
use crate::kustomization::types::Var;
use crate::limits::{Exceeded, Limit};
use crate::resource::{ResMap, Resource};
use crate::text::go;
use crate::yaml::{Dialect, Doc, NodeId, NodeKind, Style, Tag, scalar};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// The variables of a build, by name. No name is there twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct VarSet(BTreeMap<String, Var>);

impl VarSet {
    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the variables of a kustomization and lets them find their objects among the present ones.
    pub(crate) fn add(&mut self, vars: &[Var], resources: &mut ResMap) -> Result<()> {
        if vars.is_empty() {
            return Ok(());
        }
        let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for slot in resources.slots() {
            let Some(res) = resources.get(slot) else { continue };
            let mut names: Vec<&str> = vec![res.name()];
            names.extend(res.previous.iter().map(|p| p.name.as_str()));
            names.sort_unstable();
            names.dedup();
            for name in names {
                by_name.entry(name.to_owned()).or_default().push(slot);
            }
        }
        for var in vars {
            let target = ResId::new(var.objref.gvk.clone(), &var.objref.name, &var.objref.namespace);
            // Kustomize does not know here that a type is the cluster's: with a namespace none of its objects is meant.
            let in_namespace =
                |id: &ResId| target.namespace.is_empty() || id.effective_namespace() == target.namespace;
            let same = |id: &ResId| id.name == target.name && id.gvk == target.gvk && in_namespace(id);
            let is_meant = |res: &Resource| same(res.id()) || res.previous_ids().any(|id| same(&id));
            let named = by_name.get(target.name.as_str()).map_or(&[][..], Vec::as_slice);
            let found: Vec<usize> =
                named.iter().copied().filter(|s| resources.get(*s).is_some_and(is_meant)).collect();
            match found[..] {
                [] => {}
                [slot] => resources.edit(slot, |res| {
                    res.vars.push(var.name.as_str().into());
                    Ok(())
                })?,
                _ => return Err(ambiguous(var, &target, &found, resources)),
            }
            self.insert(var.clone())?;
        }
        Ok(())
    }

    /// Adds the variables of a base or of a component.
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        other.0.into_values().try_for_each(|var| self.insert(var))
    }

    fn insert(&mut self, var: Var) -> Result<()> {
        if let Some(first) = self.0.get(&var.name) {
            return Err(Error::new(ErrorKind::Conflict, format!("var `{}` already encountered", var.name))
                .at(var.mark.location())
                .label(first.mark.location(), "first declared here")
                .hint("declare it once, or give one of the two another name"));
        }
        self.0.insert(var.name.clone(), var);
        Ok(())
    }

    /// Reads the values of all variables and puts them where the field specs say.
    pub(crate) fn resolve_and_replace(
        &self,
        resources: &mut ResMap,
        specs: &[FieldSpec],
        findings: &Findings,
    ) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let values = self.values(resources)?;
        let mut used = Used::default();
        let replaced = replace(resources, specs, &values, &mut used);
        for (name, var) in &self.0 {
            if used.inserted.contains(name.as_str()) {
                continue;
            }
            let finding = if used.refused.contains(name.as_str()) {
                let message = format!("the value of var `{name}` is a mapping or list and was not inserted");
                Finding::new(Code::VarNotInserted, message)
                    .hint("choose a field that holds a string, number or boolean in `fieldref.fieldpath`")
            } else {
                Finding::new(Code::UnusedVar, format!("var `{name}` is never replaced"))
                    .hint(format!("use `$({name})` in a field that `varReference` covers, or remove the var"))
            };
            findings.add(finding.at(var.mark.location()));
        }
        replaced
    }

    fn values(&self, resources: &ResMap) -> Result<FxHashMap<&str, Value>> {
        let mut owners: FxHashMap<&str, &Resource> = FxHashMap::default();
        for res in resources.iter() {
            for name in &res.vars {
                owners.entry(name.as_str()).or_insert(res);
            }
        }
        let mut values = FxHashMap::default();
        for (name, var) in &self.0 {
            let Some(res) = owners.get(name.as_str()) else {
                let id = ResId::new(var.objref.gvk.clone(), &var.objref.name, &var.objref.namespace);
                let hint = if id.is_cluster_scoped() && !id.namespace.is_empty() {
                    "leave `namespace` out of `objref`: objects of this type have none"
                } else {
                    "name apiVersion, kind and name as they were when this kustomization was built"
                };
                let message = format!("var `{name}` cannot be mapped to a field: no object matches `{id}`");
                return Err(Error::new(ErrorKind::Reference, message).at(var.mark.location()).hint(hint));
            };
            values.insert(name.as_str(), value(res, var)?);
        }
        Ok(values)
    }
}

fn ambiguous(var: &Var, target: &ResId, found: &[usize], resources: &ResMap) -> Error {
    let message = format!("found {} objects for var `{}` that match `{target}`", found.len(), var.name);
    let mut error = Error::new(ErrorKind::Reference, message).at(var.mark.location());
    for res in found.iter().filter_map(|s| resources.get(*s)) {
        error = error.label(res.doc().location(res.root()), "this one matches");
    }
    error.hint("add `namespace` to `objref`")
}

/// What a variable stands for.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Str(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// A mapping or list: not inserted.
    Other,
}

impl Value {
    /// The value as part of a longer text.
    fn text(&self) -> String {
        match self {
            Self::Str(s) => s.clone(),
            Self::Int(n) => n.to_string(),
            Self::Bool(b) => b.to_string(),
            Self::Float(f) => go::float_v(*f),
            Self::Other => String::new(),
        }
    }
}

fn value(res: &Resource, var: &Var) -> Result<Value> {
    let doc = res.doc();
    let missing = || {
        Error::new(
            ErrorKind::Reference,
            format!("field `{}` of var `{}` is not found in `{}`", var.field_path, var.name, res.id()),
        )
        .at(var.mark.location())
        .label(doc.location(res.root()), "the object")
    };
    let parts = with_indices(fieldpath::split(&var.field_path));
    let found = fieldpath::lookup(doc, res.root(), &parts).map_err(|e| missing().hint(e.message()))?;
    let node = found.ok_or_else(missing)?;
    if doc.kind(node) != NodeKind::Scalar {
        return Ok(Value::Other);
    }
    let text = doc.text(node);
    let unreadable = || missing().hint(format!("write `{text}` as a plain decimal number or in quotes"));
    match doc.tag(node) {
        Tag::Int => text.parse().map(Value::Int).map_err(|_| unreadable()),
        Tag::Float => go_float(text).map(Value::Float).ok_or_else(unreadable),
        Tag::Bool => Ok(Value::Bool(matches!(text, "true" | "True" | "TRUE"))),
        _ => Ok(Value::Str(text.to_owned())),
    }
}

/// A finite number as `strconv.ParseFloat` reads it, which knows neither `.inf` nor `.nan`.
fn go_float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// `ports[0]` is `ports` and `0`.
fn with_indices(parts: Vec<String>) -> Vec<String> {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let split = part.strip_suffix(']').and_then(|p| p.rsplit_once('['));
        match split {
            Some((name, index)) if !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()) => {
                if !name.is_empty() {
                    all.push(name.to_owned());
                }
                all.push(index.to_owned());
            }
            _ => all.push(part),
        }
    }
    all
}

#[derive(Default)]
struct Used<'v> {
    inserted: FxHashSet<&'v str>,
    refused: FxHashSet<&'v str>,
}

fn replace<'v>(
    resources: &mut ResMap,
    specs: &[FieldSpec],
    values: &FxHashMap<&'v str, Value>,
    used: &mut Used<'v>,
) -> Result<()> {
    let mut plans: FxHashMap<Gvk, (Finder, Vec<&FieldSpec>)> = FxHashMap::default();
    let mut hits = Vec::new();
    for slot in resources.slots() {
        let Some(res) = resources.get(slot) else { continue };
        let (finder, specs) = plans.entry(res.gvk().clone()).or_insert_with_key(|gvk| {
            let specs: Vec<&FieldSpec> = specs.iter().filter(|s| gvk.is_selected(&s.gvk)).collect();
            (Finder::new(specs.iter().map(|s| s.path.as_str())), specs)
        });
        finder.find(res.doc(), res.root(), &mut hits);
        for hit in &hits {
            let Some(res) = resources.get(slot) else { break };
            let mut writes = Vec::new();
            let wanted = collect(res.doc(), *hit, values, used, &mut writes);
            if let Err(e) = wanted {
                let path = specs.get(hit.spec as usize).map_or("", |s| s.path.as_str());
                return Err(e.during(format!("replacing vars in `{path}` of `{}`", res.id())));
            }
            if !writes.is_empty() {
                resources.edit(slot, |res| {
                    res.edit(|doc| writes.iter().for_each(|(node, new)| write(doc, *node, new)));
                    Ok(())
                })?;
            }
        }
    }
    Ok(())
}

/// What is to be written into a field.
enum New {
    Value(Value),
    EmptyList,
}

fn write(doc: &mut Doc, node: NodeId, new: &New) {
    let (text, tag) = match new {
        New::EmptyList => {
            let list = doc.seq();
            doc.assign(node, list);
            return;
        }
        New::Value(Value::Str(s)) => (s.clone(), Tag::Str),
        New::Value(Value::Int(n)) => (n.to_string(), Tag::Int),
        New::Value(Value::Bool(b)) => (b.to_string(), Tag::Bool),
        New::Value(Value::Float(f)) => (f.to_string(), Tag::Float),
        New::Value(Value::Other) => return,
    };
    doc.set_text(node, &text, tag);
    doc.set_style(node, Style::Plain);
}

/// Returns whether kustomize takes a node for a text: a string, or a scalar without a tag.
fn is_string(doc: &Doc, node: NodeId) -> bool {
    doc.kind(node) == NodeKind::Scalar && matches!(doc.tag(node), Tag::Str | Tag::Unset)
}

fn collect<'v>(
    doc: &Doc,
    hit: Hit,
    values: &FxHashMap<&'v str, Value>,
    used: &mut Used<'v>,
    writes: &mut Vec<(NodeId, New)>,
) -> Result<()> {
    let node = hit.node;
    match hit.found {
        Found::Scalar | Found::Unreachable => return Err(shape_error(doc, hit)),
        Found::NullList => {
            writes.push((node, New::EmptyList));
            return Ok(());
        }
        Found::Field => {}
    }
    if doc.is_null(node) {
        return Ok(());
    }
    let mut made = 0;
    let mut one = |node: NodeId| -> Result<()> {
        let text = doc.text(node);
        let fits = |length: usize| doc.check(Limit::Text, (made + length) as u64);
        let new = expand(text, values, used, &fits).map_err(|e| Error::from(e).at(doc.location(node)))?;
        if let Value::Str(new) = &new {
            made += new.len();
        }
        let kept = matches!(&new, Value::Str(new) if new == text) && stays_string(doc, node);
        if !kept {
            writes.push((node, New::Value(new)));
        }
        Ok(())
    };
    match doc.kind(node) {
        NodeKind::Scalar if is_string(doc, node) => one(node)?,
        NodeKind::Scalar | NodeKind::Alias => {}
        NodeKind::Map => {
            for (key, value) in doc.pairs(node) {
                if !is_string(doc, key) {
                    return Err(Error::new(
                        ErrorKind::Resource,
                        format!("expected string keys, found `{}`", doc.text(key)),
                    )
                    .at(doc.location(key)));
                }
                if is_string(doc, value) {
                    one(value)?;
                }
            }
        }
        NodeKind::Seq => {
            for item in doc.items(node) {
                if !is_string(doc, *item) {
                    return Err(Error::new(ErrorKind::Resource, "expected a sequence of strings")
                        .at(doc.location(*item))
                        .hint("put the item in quotes"));
                }
                one(*item)?;
            }
        }
    }
    Ok(())
}

/// Returns whether a text that is written back as a plain string prints as it would have without that.
fn stays_string(doc: &Doc, node: NodeId) -> bool {
    match (doc.style(node), doc.tag(node)) {
        (Style::Single | Style::Double, _) | (Style::Plain, Tag::Str) => true,
        (Style::Plain, _) => scalar::resolve(doc.text(node), Dialect::V3) == Tag::Str,
        _ => false,
    }
}

/// Inserts variables into a string. `fits`: returns whether so many bytes may be made.
#[expect(
    clippy::indexing_slicing,
    reason = "`copied` and `at` are at most the length; at + len is where a `)` is"
)]
fn expand<'v>(
    text: &str,
    values: &FxHashMap<&'v str, Value>,
    used: &mut Used<'v>,
    fits: &dyn Fn(usize) -> Result<(), Exceeded>,
) -> Result<Value, Exceeded> {
    let bytes = text.as_bytes();
    let Some(first) = memchr::memchr(b'$', bytes) else { return Ok(Value::Str(text.to_owned())) };
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let (mut copied, mut at) = (0, first);
    let last_end = memchr::memrchr(b')', bytes).unwrap_or(0);
    while at + 1 < bytes.len() {
        if bytes[at] != b'$' {
            at += 1;
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        at += 1;
        match bytes[at] {
            b'$' => out.push(b'$'),
            b'(' => match memchr::memchr(b')', bytes.get(at..=last_end).unwrap_or_default()) {
                Some(len) => {
                    let name = text.get(at + 1..at + len).unwrap_or_default();
                    let whole = at == 1 && at + len + 1 == bytes.len();
                    match values.get_key_value(name) {
                        Some((name, Value::Other)) => {
                            used.refused.insert(name);
                            out.extend_from_slice(&bytes[at - 1..=at + len]);
                        }
                        Some((name, value)) => {
                            used.inserted.insert(name);
                            if whole {
                                if let Value::Str(value) = value {
                                    fits(value.len())?;
                                }
                                return Ok(value.clone());
                            }
                            let value = value.text();
                            fits(out.len() + value.len())?;
                            out.extend_from_slice(value.as_bytes());
                        }
                        None => out.extend_from_slice(&bytes[at - 1..=at + len]),
                    }
                    at += len;
                }
                None => out.extend_from_slice(b"$("),
            },
            // Kustomize turns this single byte into a character of its own.
            other => {
                let mut buffer = [0; 4];
                out.push(b'$');
                out.extend_from_slice(char::from(other).encode_utf8(&mut buffer).as_bytes());
            }
        }
        at += 1;
        copied = at;
    }
    out.extend_from_slice(&bytes[copied..]);
    // Kustomize writes bytes that are no text in base64.
    Ok(Value::Str(String::from_utf8(out).unwrap_or_else(|e| base64_lines(e.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{field, mark, objects, selector};
    use super::*;
    use crate::kube::TransformerConfig;

    const TEXT: &str = "{apiVersion: v1, kind: Service, metadata: {name: s}, \
        spec: {port: 80, ratio: 1e21, on: true, list: [1], text: hi, ref: $(A)}}\n---\n";

    fn var(name: &str, path: &str) -> Var {
        let objref = selector("v1", "Service", "s");
        Var { mark: mark(), name: name.to_owned(), objref, field_path: path.to_owned() }
    }

    /// What the value of an environment variable becomes.
    fn replaced(value: &str) -> (String, Vec<String>) {
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [{{env: [{{value: {value}}}]}}]}}}}"
        );
        let mut all = objects(&format!("{TEXT}{pod}"));
        let mut vars = VarSet::default();
        let declared = [
            var("PORT", "spec.port"),
            var("RATIO", "spec.ratio"),
            var("ON", "spec.on"),
            var("LIST", "spec.list"),
            var("TEXT", "spec.text"),
            var("REF", "spec.ref"),
        ];
        vars.add(&declared, &mut all).expect("vars are clear");
        let findings = Findings::default();
        let specs = &TransformerConfig::built_in(crate::compat::Compat::DEFAULT).var_reference;
        vars.resolve_and_replace(&mut all, specs, &findings).expect("values are there");
        let shown = field(&all, "p", &["spec", "containers"]).replace("- env:\n  - value: ", "");
        let unused = findings.take().iter().map(|f| f.message.clone()).collect();
        (shown, unused)
    }

    #[test]
    fn values_keep_their_type_alone_and_are_joined_as_text() {
        for (text, result) in [
            ("$(PORT)", "80"),
            ("$(ON)", "true"),
            ("$(RATIO)", "1e+21"),
            ("$(RATIO)x", "1e+21x"),
            ("'$(PORT)$(PORT)'", "\"8080\""),
            ("a-$(TEXT)-$(ON)", "a-hi-true"),
            ("$(REF)", "$(A)"),
            ("$$(TEXT)", "$(TEXT)"),
            ("$$$(TEXT)", "$hi"),
            ("$(NONE)-$TEXT-$(TEXT", "$(NONE)-$TEXT-$(TEXT"),
            ("$(LIST)", "$(LIST)"),
            ("x$", "x$"),
            ("$(TE$(TEXT))", "$(TE$(TEXT))"),
        ] {
            assert_eq!(replaced(text).0, result, "{text}");
        }
    }

    #[test]
    fn a_dollar_before_a_character_beyond_ascii_breaks_the_text() {
        assert_eq!(replaced("a$é").0, "YSTDg6k=");
    }

    #[test]
    fn unused_vars_and_values_that_cannot_be_inserted_are_found() {
        let (_, found) = replaced("$(LIST)$(PORT)$(ON)$(REF)$(RATIO)");
        assert_eq!(
            found,
            [
                "the value of var `LIST` is a mapping or list and was not inserted",
                "var `TEXT` is never replaced"
            ]
        );
    }

    #[test]
    fn a_name_may_be_declared_once() {
        let mut all = objects(TEXT);
        let mut vars = VarSet::default();
        let error = vars.add(&[var("A", "x"), var("A", "y")], &mut all).expect_err("twice");
        assert_eq!(error.message(), "var `A` already encountered");
        let mut other = VarSet::default();
        other.add(&[var("A", "x")], &mut all).expect("once");
        assert!(vars.merge(other).is_err());
    }

    #[test]
    fn objects_and_fields_that_are_missing_are_errors_at_the_end() {
        for (var, message) in [
            (
                var("A", "spec.none"),
                "field `spec.none` of var `A` is not found in `Service.v1.[noGrp]/s.[noNs]`",
            ),
            (
                Var { objref: selector("v2", "Service", "s"), ..var("A", "x") },
                "var `A` cannot be mapped to a field: no object matches `Service.v2.[noGrp]/s.[noNs]`",
            ),
        ] {
            let mut all = objects(TEXT);
            let mut vars = VarSet::default();
            vars.add(&[var], &mut all).expect("nothing is checked yet");
            let error = vars.resolve_and_replace(&mut all, &[], &Findings::default()).expect_err("missing");
            assert_eq!(error.message(), message);
        }
    }
}
