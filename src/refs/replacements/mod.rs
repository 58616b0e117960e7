//! Replacements: a value from one object, or a given one, put into fields of others.
//!
//! Replacements run in order, each sees what the former did. A source is selected by exact texts, targets by
//! patterns (in kustomize 5.7 by exact texts too), both by any id that an object has or had. Where kustomize does
//! nothing and says nothing (a target that selects no object, a value that is lost inside a text), there are
//! findings.

mod comments;
mod matcher;
mod notes;
mod objects;
mod print;
mod put;
mod structured;
mod value;

use super::fieldpath;
use crate::compat::Compat;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result};
use crate::kube::ResId;
use crate::kustomization::entries::DEFAULT_FIELD_PATH;
use crate::kustomization::types::{Replacement, Selector, SourceSelector, TargetSelector};
use crate::resource::{ResMap, Resource};
use crate::yaml::{Mark, NodeKind};
use matcher::{Matcher, Patterns};
use objects::{Conditions, Index, Selection, any_id, is_exactly};
use put::{Problem, put};
use value::{Value, delimiter_error, detached, given, set_text};

/// Applies replacements in order.
pub(crate) fn apply(
    replacements: &[Replacement],
    resources: &mut ResMap,
    compat: Compat,
    findings: &Findings,
) -> Result<()> {
    if replacements.is_empty() {
        return Ok(());
    }
    let index = Index::new(resources);
    let mut step = Step { resources, index, patterns: Patterns::default(), compat, findings };
    for replacement in replacements {
        step.one(replacement).map_err(|e| e.or_at(|| replacement.mark.location()))?;
    }
    Ok(())
}

/// An entry of `fieldPaths`.
struct Path<'t> {
    text: &'t str,
    parts: Vec<String>,
    mark: &'t Mark,
}

impl<'t> Path<'t> {
    fn new(text: &'t str, mark: &'t Mark) -> Self {
        Self { text, parts: fieldpath::split(text), mark }
    }
}

struct Step<'a> {
    resources: &'a mut ResMap,
    index: Index,
    patterns: Patterns,
    compat: Compat,
    findings: &'a Findings,
}

impl Step<'_> {
    fn one(&mut self, replacement: &Replacement) -> Result<()> {
        let sources = (&replacement.source, &replacement.source_value);
        if sources.0.is_none() && sources.1.is_none() || replacement.targets.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "expected a source and at least one target in a replacement",
            ));
        }
        let mut value = match sources {
            (Some(_), Some(_)) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    "`source` and `sourceValue` are mutually exclusive, found both",
                ));
            }
            (Some(source), None) => self.source(source, replacement)?,
            (None, Some(text)) => given(text),
            (None, None) => return Ok(()),
        };
        replacement.targets.iter().try_for_each(|target| self.target(target, &mut value))
    }

    fn source(&self, source: &SourceSelector, replacement: &Replacement) -> Result<Value> {
        let selector = &source.selector;
        let wanted = ResId::new(selector.gvk.clone(), &selector.name, &selector.namespace);
        let at = |e: Error| {
            let mark = selector.mark.as_ref().unwrap_or(&replacement.mark);
            e.at(mark.location())
        };
        let slots = self.index.slots(Some(&selector.gvk.kind), Some(&selector.name));
        let mut found: Option<(usize, &Resource)> = None;
        for slot in slots {
            let slot = *slot as usize;
            let Some(res) = self.resources.get(slot) else { continue };
            if !any_id(res, |id| is_exactly(id, selector)) {
                continue;
            }
            if let Some((_, first)) = found {
                let error =
                    Error::new(ErrorKind::Reference, format!("multiple matches for source `{wanted}`"));
                return Err(at(error)
                    .label(first.doc().location(first.root()), "this one matches")
                    .label(res.doc().location(res.root()), "and this one")
                    .hint("say more in `source`: `group`, `version`, `kind`, `name`, `namespace`"));
            }
            found = Some((slot, res));
        }
        let Some((slot, res)) = found else {
            let error = Error::new(ErrorKind::Reference, format!("nothing selected by source `{wanted}`"));
            return Err(at(error).hint("sources are compared literally, with current and previous names"));
        };
        let path = if source.field_path.is_empty() { DEFAULT_FIELD_PATH } else { &source.field_path };
        let parts = fieldpath::split(path);
        let noted = (notes::are_at(&parts) && res.has_bookkeeping()).then(|| notes::shown(res));
        let res = noted.as_ref().unwrap_or(res);
        let doc = res.doc();
        let node = fieldpath::lookup(doc, res.root(), &parts)
            .map_err(|e| e.during(format!("looking for `{path}` in replacement source `{}`", res.id())))?;
        let Some(node) = node.filter(|n| !doc.is_empty(*n)) else {
            let message = format!("field `{path}` is missing in replacement source `{}`", res.id());
            let error = Error::new(ErrorKind::Reference, message);
            return Err(at(error).label(doc.location(res.root()), "the source"));
        };
        let mut value = detached(doc, node);
        let Some(options) = source.options.as_ref().filter(|o| !o.delimiter.is_empty()) else {
            value.from = noted.is_none().then_some((slot, node));
            return Ok(value);
        };
        if doc.kind(node) != NodeKind::Scalar {
            return Err(delimiter_error(doc, node));
        }
        let text = doc.text(node);
        let part = usize::try_from(options.index).ok().and_then(|i| text.split(&options.delimiter).nth(i));
        let Some(part) = part else {
            let message = format!("options.index {} is out of bounds for value `{text}`", options.index);
            return Err(at(Error::new(ErrorKind::Reference, message)));
        };
        set_text(&mut value.doc, value.node, part);
        Ok(value)
    }

    fn target(&mut self, target: &TargetSelector, value: &mut Value) -> Result<()> {
        let at = |e: Error| e.or_at(|| target.mark.location());
        let Some(select) = &target.select else {
            return Err(at(Error::new(ErrorKind::Config, "expected `select` in a target, found none")));
        };
        if self.resources.is_empty() {
            return Ok(());
        }
        let selection = Selection::new(select, &target.reject, self.compat).map_err(at)?;
        let mut paths: Vec<Path<'_>> =
            target.field_paths.iter().map(|p| Path::new(&p.value, &p.mark)).collect();
        if paths.is_empty() {
            paths.push(Path::new(DEFAULT_FIELD_PATH, &target.mark));
        }

        let (kind, name) = selection.select.literals();
        let slots = self.index.slots(kind, name).to_vec();
        let mut selected = false;
        for slot in slots {
            let slot = slot as usize;
            let Some(res) = self.resources.get(slot).filter(|res| selection.selects(res)) else { continue };
            selected = true;
            res.doc().charge_change(0).map_err(at)?;
            if !selection.rejects(res) {
                self.write(slot, target, &paths, value).map_err(at)?;
            }
        }
        if !selected {
            self.nothing_selected(target, select, &selection.conditions);
        }
        Ok(())
    }

    fn nothing_selected(&self, target: &TargetSelector, select: &Selector, conditions: &Conditions) {
        let slots = self.index.slots(Some(&select.gvk.kind), Some(&select.name));
        let literally = self.compat >= Compat::V5_8_1
            && slots
                .iter()
                .filter_map(|s| self.resources.get(*s as usize))
                .any(|res| any_id(res, |id| is_exactly(id, select)) && conditions.are_met(res));
        let finding = if literally {
            let message =
                "the target selects nothing; kustomize 5.7 compared it literally and found resources";
            Finding::new(Code::SelectsUnderCompat, message)
                .hint("write the selector as a pattern, or build with `--compat 5.7`")
        } else {
            Finding::new(Code::TargetMatchesNothing, "the target of the replacement selects nothing").hint(
                "compare group, version, kind, name and namespace with the objects of this kustomization",
            )
        };
        self.findings.add(finding.at(target.mark.location()));
    }

    /// Writes the value to all paths of a target in an object.
    fn write(
        &mut self,
        slot: usize,
        target: &TargetSelector,
        paths: &[Path<'_>],
        value: &mut Value,
    ) -> Result<()> {
        let options = target.options.as_ref();
        let create = options.filter(|o| o.create).map(|_| value.doc.kind(value.node));
        let mut matcher = Matcher { create, compat: self.compat, patterns: &mut self.patterns };
        let mut lost = None;
        let mut id_before = None;
        self.resources.edit(slot, |res| {
            id_before = Some(res.id().clone());
            let id = res.id().clone();
            let noted = paths.iter().any(|path| notes::are_at(&path.parts)).then(|| notes::show(res));
            let done: Result<()> = res.edit(|doc| {
                for Path { text: path, parts, mark } in paths {
                    let kept = put(doc, slot, parts, options, value, &mut matcher).map_err(|e| {
                        let error =
                            |message: String| Error::new(ErrorKind::Reference, message).at(mark.location());
                        match e {
                            Problem::NotFound => {
                                let message =
                                    format!("field `{path}` is missing in replacement target `{id}`");
                                let error = error(message).label(doc.location(doc.root()), "the target");
                                match create {
                                    None => error.hint("`options: {create: true}` makes missing fields"),
                                    Some(_) => error,
                                }
                            }
                            Problem::Path(e) => {
                                let seen = e.labels().iter().filter(|l| l.at.line > 0);
                                let error = seen.fold(error(e.message().to_owned()), |error, l| {
                                    error.label(l.at.clone(), "found here")
                                });
                                let error = e.hints().iter().cloned().fold(error, Error::hint);
                                error.during(format!(
                                    "looking for field `{path}` in replacement target `{id}`"
                                ))
                            }
                            Problem::Other(e) => e,
                        }
                    })?;
                    if !kept {
                        lost = Some(*path);
                    }
                }
                Ok(())
            });
            done?;
            noted.map_or(Ok(()), |shown| notes::take(res, &shown))
        })?;
        self.resources.note_clash(slot, id_before.as_ref());
        if let Some(res) = self.resources.get(slot) {
            if id_before.as_ref() != Some(res.id()) {
                self.index.add(slot, res);
            }
            if let Some(path) = lost {
                let message = format!(
                    "the replacement changes nothing at `{path}` of `{}`: the value does not fit into the structured string",
                    res.id()
                );
                self.findings.add(
                    Finding::new(Code::EntryChangesNothing, message).at(target.mark.location()).hint(
                        "use a value of the same type, or end the path at the structured string itself",
                    ),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{field, mark, objects, selector};
    use super::*;
    use crate::kustomization::types::{FieldOptions, Text};

    const TEXT: &str = "{apiVersion: v1, kind: A, metadata: {name: a}, spec: {num: 42, text: one-two, list: [x, y], \
        map: {k: v}, specs: [{name: r1, v: 1}, {name: r2, v: 2}], none: null}}\n---\n\
        {apiVersion: v1, kind: C, metadata: {name: c.d}, spec: {old: a-b-c, num: 7, quoted: 'x', deep: {}, \
        specs: [{name: r1, v: old}, {name: r2, v: old}], json: '{\"b\":{\"c\":\"<\"},\"a\":[1]}', \
        yaml: \"a: x # c\\n\\nb: 1\\n\"}}\n";

    fn replacement(from: &str, to: &str, options: FieldOptions) -> Replacement {
        let text = |value: &str| Text { value: value.to_owned(), mark: mark() };
        let given = from.strip_prefix('=').map(text);
        let source =
            SourceSelector { selector: selector("", "A", ""), field_path: from.to_owned(), options: None };
        Replacement {
            mark: mark(),
            source: given.is_none().then_some(source),
            source_value: given,
            targets: vec![TargetSelector {
                mark: mark(),
                select: Some(selector("", "C", "")),
                reject: vec![],
                field_paths: vec![text(to)],
                options: Some(options),
            }],
        }
    }

    fn run(from: &str, to: &str, options: FieldOptions, show: &str) -> String {
        let mut all = objects(TEXT);
        let step = replacement(from, to, options);
        match apply(&[step], &mut all, Compat::DEFAULT, &Findings::default()) {
            Ok(()) => field(&all, "c.d", &["spec", show]),
            Err(e) => format!("error: {}", e.message()),
        }
    }

    #[test]
    fn a_scalar_takes_the_text_and_keeps_its_type() {
        let plain = FieldOptions::default();
        for (from, to, show, result) in [
            ("spec.num", "spec.quoted", "quoted", "\"42\""),
            ("=8", "spec.num", "num", "8"),
            ("spec.list", "spec.quoted", "quoted", "\"\""),
            ("spec.list", "spec.deep", "deep", "- x\n- \"y\""),
            ("spec.map", "spec.specs.0", "specs", "- k: v\n- name: r2\n  v: old"),
            (
                "spec.specs.[name=r2].v",
                "spec.specs.[name=r1].v",
                "specs",
                "- name: r1\n  v: \"2\"\n- name: r2\n  v: old",
            ),
            ("=n", "spec.specs.*.v", "specs", "- name: r1\n  v: \"n\"\n- name: r2\n  v: \"n\""),
            ("=n", "spec.specs.[name=r.].v", "specs", "- name: r1\n  v: \"n\"\n- name: r2\n  v: \"n\""),
        ] {
            assert_eq!(run(from, to, plain.clone(), show), result, "{from} -> {to}");
        }
    }

    #[test]
    fn paths_that_lead_nowhere_are_errors() {
        let plain = FieldOptions::default();
        for (from, to, message) in [
            (
                "spec.none",
                "spec.num",
                "field `spec.none` is missing in replacement source `A.v1.[noGrp]/a.[noNs]`",
            ),
            ("=x", "spec.new", "field `spec.new` is missing in replacement target `C.v1.[noGrp]/c.d.[noNs]`"),
            ("=x", "spec.specs.7", "index 7 specified but only 2 elements found"),
            ("=x", "spec.specs.[name=(].v", "invalid regular expression `(`: missing closing ): `(`"),
            ("spec.-.x", "spec.num", "expected a list for `-` of the path, found a mapping"),
        ] {
            assert_eq!(run(from, to, plain.clone(), "num"), format!("error: {message}"), "{from} -> {to}");
        }
    }

    #[test]
    fn missing_fields_are_made_where_that_is_asked_for() {
        let create = FieldOptions { create: true, ..FieldOptions::default() };
        for (to, show, result) in [
            ("spec.deep.a.b", "deep", "a:\n  b: 17"),
            ("spec.deep.l.[name=x].v", "deep", "l:\n- name: x\n  v: 17"),
            ("spec.deep.l.0", "deep", "l:\n- 17"),
            ("spec.deep.l.[=17]", "deep", "l:\n- 17"),
            ("spec.specs.2.v", "specs", "- name: r1\n  v: old\n- name: r2\n  v: old\n- v: 17"),
            ("spec.json.b.d", "json", "'{\"a\":[1],\"b\":{\"c\":\"\\u003c\",\"d\":17}}'"),
        ] {
            assert_eq!(run("=17", to, create.clone(), show), result, "{to}");
        }
    }

    #[test]
    fn parts_between_delimiters_are_replaced() {
        for (index, result) in [(0, "x-b-c"), (2, "a-b-x"), (9, "a-b-c-x"), (-1, "x-a-b-c")] {
            let options = FieldOptions { delimiter: "-".into(), index, ..FieldOptions::default() };
            assert_eq!(run("=x", "spec.old", options, "old"), result);
        }
    }

    #[test]
    fn texts_are_changed_inside() {
        let plain = FieldOptions::default();
        for (from, to, show, result) in [
            ("=y", "spec.yaml.a", "yaml", "|-\na: y # c\nb: 1"),
            ("=2", "spec.yaml.b", "yaml", "|-\na: x # c\nb: 2"),
            ("spec.list", "spec.json.a", "json", "'{\"a\":[\"x\",\"y\"],\"b\":{\"c\":\"\\u003c\"}}'"),
        ] {
            assert_eq!(run(from, to, plain.clone(), show), result, "{from} -> {to}");
        }
    }

    #[test]
    fn a_value_that_is_lost_in_a_text_is_found() {
        let mut all = objects(TEXT);
        let findings = Findings::default();
        let step = replacement("=text", "spec.json.a.0", FieldOptions::default());
        apply(&[step], &mut all, Compat::DEFAULT, &findings).expect("kustomize says nothing");
        assert_eq!(findings.take()[0].code, Code::EntryChangesNothing);
    }

    #[test]
    fn selectors_are_patterns_or_texts() {
        for (name, compat, result) in [
            ("c.d", Compat::DEFAULT, "x"),
            ("c.*", Compat::DEFAULT, "x"),
            ("c.*", Compat::V5_7_1, "7"),
            ("c", Compat::DEFAULT, "7"),
        ] {
            let mut all = objects(TEXT);
            let mut step = replacement("=x", "spec.num", FieldOptions::default());
            step.targets[0].select = Some(selector("", "C", name));
            apply(&[step], &mut all, compat, &Findings::default()).expect("it works");
            let res = all.get(1).expect("the target");
            let node = res.doc().get_path(res.root(), &["spec", "num"]).expect("the field");
            assert_eq!(res.doc().text(node), result, "{name}");
        }
    }

    #[test]
    fn a_target_that_only_an_older_kustomize_selects_is_found() {
        let mut all = objects("{apiVersion: v1, kind: A, metadata: {name: a+b}}");
        let findings = Findings::default();
        let mut step = replacement("=x", "metadata.name", FieldOptions::default());
        for name in ["a+b", "none"] {
            step.targets[0].select = Some(selector("", "", name));
            apply(std::slice::from_ref(&step), &mut all, Compat::DEFAULT, &findings)
                .expect("nothing happens");
        }
        let codes: Vec<Code> = findings.take().iter().map(|f| f.code).collect();
        assert_eq!(codes, [Code::SelectsUnderCompat, Code::TargetMatchesNothing]);
    }

    #[test]
    fn a_value_follows_its_source() {
        let mut all = objects(TEXT);
        let mut step = replacement("spec.map", "spec.map.k", FieldOptions::default());
        step.targets[0].select = Some(selector("", "A", ""));
        step.targets[0].field_paths.push(Text { value: "spec.list".to_owned(), mark: mark() });
        apply(&[step], &mut all, Compat::DEFAULT, &Findings::default()).expect("it works");
        assert_eq!(field(&all, "a", &["spec", "list"]), "k: \"\"");
    }
}
