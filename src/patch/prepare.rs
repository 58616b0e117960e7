//! Which text is a patch.
//!
//! A text of `patches` is read twice, as objects and as JSON 6902 operations; what it is shows in which reading
//! works. If both do it is taken for objects, even if there is none: such a patch does nothing. A text of
//! `patchesStrategicMerge` is tried as objects first, and if that fails it is a path. Texts are read before any
//! transformer runs, so a patch that cannot be read is an error even if nothing would be patched.

use super::json6902::JsonPatch;
use super::selector::Target;
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::ResId;
use crate::kustomization::{Patch, Text};
use crate::limits::narrow;
use crate::resource::Resource;
use crate::yaml::compatibility::reads_as_string;
use crate::yaml::{Doc, Mark, NodeId, NodeKind, Source, Style, Tag};
use std::sync::Arc;

/// How texts are had, and by which release's rules they are read.
pub(crate) struct Texts<'a> {
    /// Reads a file that a kustomization file names.
    pub(crate) load: &'a mut dyn FnMut(&Text) -> Result<Arc<Source>>,
    /// Reads the objects of a text.
    pub(crate) read: &'a dyn Fn(&Arc<Source>) -> Result<Vec<Resource>>,
    /// Which release to be like.
    pub(crate) compat: Compat,
}

/// An entry of `patches` or `patchesJson6902`, or all of `patchesStrategicMerge`, ready to be applied.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(super) what: What,
    /// How the patch is called in messages.
    pub(super) name: String,
    pub(super) mark: Option<Mark>,
    pub(super) target: Option<Result<Target>>,
    pub(super) compat: Compat,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// Objects, each for the one that has its id, or for the target.
    Objects(Vec<Object>),
    /// Objects of `patchesStrategicMerge`.
    OldObjects(Vec<Object>),
    /// Operations of `patches`.
    Operations(JsonPatch),
    /// Operations of `patchesJson6902`.
    OldOperations(JsonPatch),
    /// No object; with 5.7, operations that may be wrong.
    Nothing(Result<JsonPatch>),
}

/// A patch that is an object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(crate) id: ResId,
    pub(crate) doc: Doc,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    /// It may remove the annotations of an object, and kustomize's bookkeeping with them.
    pub(crate) touches_annotations: bool,
}

impl Prepared {
    /// Returns whether objects are laid over objects, by what schemas say of them.
    pub(crate) fn is_merge(&self) -> bool {
        matches!(self.what, What::Objects(_) | What::OldObjects(_))
    }

    /// Reads `patchesStrategicMerge`.
    pub(crate) fn strategic_merge(entries: &[Text], texts: &mut Texts<'_>) -> Result<Self> {
        let mut objects = vec![];
        for entry in entries {
            let found = match (texts.read)(&inline_as_is(entry)) {
                Ok(found) => found,
                Err(unread) => {
                    let source = (texts.load)(entry).map_err(|missing| {
                        // Several lines are no path.
                        if entry.value.contains('\n') { unread } else { missing }
                    })?;
                    (texts.read)(&source)
                        .map_err(|e| e.during(format!("reading the patch `{}`", entry.value)))?
                }
            };
            objects.extend(found.into_iter().map(|res| Object::new(&res, false, false, true)));
        }
        let mark = entries.first().map(|e| e.mark.clone());
        if objects.is_empty() {
            let error = Error::new(ErrorKind::Config, "expected at least one object, found an empty patch");
            return Err(mark.iter().fold(error, |e, m| e.at(m.location())));
        }
        let name = "patchesStrategicMerge".to_owned();
        Ok(Self { what: What::OldObjects(objects), name, mark, target: None, compat: texts.compat })
    }

    /// Reads an entry of `patches`.
    pub(crate) fn patch(entry: &Patch, texts: &mut Texts<'_>) -> Result<Self> {
        let at = |message: &str| Error::new(ErrorKind::Config, message).at(entry.mark.location());
        let (source, name) = match text_of(entry) {
            (None, None) => return Err(at("expected one of `patch` and `path`, found neither")),
            (Some(_), Some(_)) => return Err(at("expected one of `patch` and `path`, found both")),
            (Some(path), None) => {
                let during = |e: Error| e.during(format!("reading the patch `{}`", path.value));
                ((texts.load)(path).map_err(during)?, format!("`{}`", path.value))
            }
            (None, Some(patch)) => (inline(patch), "the inline patch".to_owned()),
        };
        let objects = (texts.read)(&source);
        let operations = JsonPatch::parse(&source);
        let what = match (objects, operations) {
            (Ok(objects), Ok(operations)) if !objects.is_empty() && !operations.is_empty() => {
                return Err(at(
                    "the patch is both an object and a list of operations, expected one of the two",
                ));
            }
            (Err(objects), Err(operations)) => {
                let list = source.text.trim_start().starts_with(['[', '-']);
                let why = if list { operations } else { objects };
                let what = if list { "a list of JSON 6902 operations" } else { "an object to merge" };
                let error = why.during(format!("reading {name} as {what}"));
                return Err(error.label(entry.mark.location(), "the entry of `patches`"));
            }
            (Ok(objects), operations) if objects.is_empty() => What::Nothing(operations),
            (Ok(objects), _) => {
                let (name, kind) = (entry.allow_name_change, entry.allow_kind_change);
                let object = |res: &Resource| Object::new(res, name, kind, entry.target.is_some());
                What::Objects(objects.iter().map(object).collect())
            }
            (Err(_), Ok(operations)) => What::Operations(operations),
        };
        let target = entry.target.as_ref().map(Target::new);
        Ok(Self { what, name, mark: Some(entry.mark.clone()), target, compat: texts.compat })
    }

    /// Reads an entry of `patchesJson6902`.
    pub(crate) fn json6902(entry: &Patch, texts: &mut Texts<'_>) -> Result<Self> {
        let at = |message: &str| Error::new(ErrorKind::Config, message).at(entry.mark.location());
        let Some(target) = entry.target.as_ref().filter(|t| !t.name.is_empty()) else {
            return Err(at("expected a `target` with a `name`"));
        };
        let (source, name) = match (non_empty(entry.path.as_ref()), non_empty(entry.patch.as_ref())) {
            (None, None) => return Err(at("expected one of `path` and `patch`, found neither")),
            (Some(_), Some(_)) => return Err(at("expected one of `path` and `patch`, found both")),
            (Some(path), None) => {
                let during = |e: Error| e.during(format!("reading the patch `{}`", path.value));
                ((texts.load)(path).map_err(during)?, format!("`{}`", path.value))
            }
            (None, Some(patch)) => (inline_as_is(patch), "the inline patch".to_owned()),
        };
        let operations = JsonPatch::parse(&source).map_err(|e| e.or_at(|| entry.mark.location()))?;
        if operations.is_empty() {
            return Err(at("expected at least one operation, found an empty patch"));
        }
        let target = Some(Target::new(target));
        let what = What::OldOperations(operations);
        Ok(Self { what, name, mark: Some(entry.mark.clone()), target, compat: texts.compat })
    }
}

fn non_empty(text: Option<&Text>) -> Option<&Text> {
    text.filter(|t| !t.value.is_empty())
}

fn text_of(entry: &Patch) -> (Option<&Text>, Option<&Text>) {
    let patch = entry.patch.as_ref().filter(|p| !p.value.trim().is_empty());
    (non_empty(entry.path.as_ref()), patch)
}

/// A text in a kustomization file as a source of its own, without spaces around it.
fn inline(text: &Text) -> Arc<Source> {
    let all = text.value.as_str();
    let above = all.strip_suffix(all.trim_start()).unwrap_or_default();
    let lines = narrow(above.matches('\n').count());
    source_of(text, all.trim(), lines)
}

fn inline_as_is(text: &Text) -> Arc<Source> {
    source_of(text, &text.value, 0)
}

/// The lines of a block begin below its `|`, at its indentation.
fn source_of(text: &Text, value: &str, skipped: u32) -> Arc<Source> {
    let at = text.mark.location();
    let rest = text.mark.source.text.get(text.mark.offset as usize..).unwrap_or("");
    let (lines, columns) = if rest.starts_with(['|', '>']) {
        let line = rest.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or("");
        (at.line, line.len() - line.trim_start_matches(' ').len())
    } else {
        let quote = usize::from(rest.starts_with(['"', '\'']));
        (at.line.saturating_sub(1), at.column.saturating_sub(1) as usize + quote)
    };
    Source::part(&text.mark.source, at.path, value.to_owned(), lines + skipped, narrow(columns))
}

impl Object {
    /// `copied`: the patch goes to its objects as a copy, whose labels and annotations kustomize turns to text.
    fn new(res: &Resource, allow_name_change: bool, allow_kind_change: bool, copied: bool) -> Self {
        let mut doc = res.doc().clone();
        if let Some(metadata) = doc.get(doc.root(), "metadata") {
            if copied {
                set_texts(&mut doc, metadata, "labels");
            }
            // The permission to change name or kind is an annotation, and setting one rewrites all.
            if copied || allow_name_change || allow_kind_change {
                set_texts(&mut doc, metadata, "annotations");
            }
        }
        let metadata = doc.get(doc.root(), "metadata");
        let touches_annotations = metadata.is_some_and(|m| {
            doc.kind(m) != NodeKind::Map
                || doc.get(m, "annotations").is_some()
                || doc.get(m, super::strategic::DIRECTIVE).is_some()
        });
        Self { id: res.original_id(), doc, allow_name_change, allow_kind_change, touches_annotations }
    }
}

/// Sets the entries of a mapping below `metadata` anew, as strings; an empty one vanishes.
fn set_texts(doc: &mut Doc, metadata: NodeId, field: &str) {
    let Some(old) = doc.remove(metadata, field) else { return };
    let entries: Vec<(NodeId, NodeId)> = doc.pairs(old).collect();
    if entries.is_empty() {
        return;
    }
    let new = doc.map();
    for (key, value) in entries {
        let (name, text) = (doc.text(key).to_owned(), doc.text(value).to_owned());
        // The copy is written and read again, which makes a block of several lines.
        let style = match &text {
            text if text.contains('\n') => Style::Literal,
            text if reads_as_string(text) => Style::Plain,
            _ => Style::Double,
        };
        let copy = doc.scalar(&text, style, Tag::Str);
        if let Some(mark) = doc.mark(value) {
            doc.set_mark(copy, &mark);
        }
        match doc.get(new, &name) {
            Some(_) => doc.set(new, &name, copy),
            None => {
                let key = doc.copy(key);
                doc.set_text(key, &name, Tag::Unset);
                doc.set_style(key, Style::Plain);
                doc.append(new, &[key, copy]);
            }
        }
    }
    doc.set(metadata, field, new);
}
