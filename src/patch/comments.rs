//! Schemas in comments.
//!
//! A comment that is a JSON object stands for the OpenAPI schema of its field when a strategic merge patch is laid
//! over it: `ports: # {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"}`. It counts in
//! the object and in the patch, after the colon or the value or in the line above, and takes the place of what is
//! known of the field's type; so a comment of another tool, `# {"$imagepolicy": …}`, above a list makes the patch
//! replace it. Comments within `{}` and `[]` are not looked at.

use crate::kube::openapi::{BuiltIn, OpenApi};
use crate::yaml::json::read_json;
use crate::yaml::{Doc, Mark, NodeId, NodeKind, Source, Tag};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Schemas by the key, value or item whose comment holds them.
pub(super) type Comments = FxHashMap<NodeId, OpenApi>;

/// What comments say of the nodes below some roots. `only`: nodes of other sources have none.
pub(super) fn collect(
    doc: &mut Doc,
    roots: &[NodeId],
    openapi: Option<&OpenApi>,
    only: Option<&Arc<Source>>,
) -> Comments {
    let mut found = Comments::default();
    if doc.has_json_comments() {
        let mut reader = Reader { doc, openapi, only, found: &mut found };
        roots.iter().for_each(|root| reader.node(*root));
    }
    found
}

struct Reader<'a> {
    doc: &'a Doc,
    openapi: Option<&'a OpenApi>,
    /// Only comments of this source count.
    only: Option<&'a Arc<Source>>,
    found: &'a mut Comments,
}

impl Reader<'_> {
    fn node(&mut self, node: NodeId) {
        if self.doc.is_flow(node) {
            return;
        }
        for (key, value) in self.doc.pairs(node) {
            if let Some(mark) = self.mark(key) {
                let after = self.doc.comment_after(key);
                let comment = after.or_else(|| above(&mark.source.text, mark.offset as usize, false));
                self.note(key, comment);
            }
            self.after_value(value);
            self.node(value);
        }
        for item in self.doc.items(node) {
            if self.doc.kind(*item) != NodeKind::Scalar
                && let Some(mark) = self.mark(*item)
            {
                self.note(*item, above(&mark.source.text, mark.offset as usize, true));
            }
            self.after_value(*item);
            self.node(*item);
        }
    }

    fn mark(&self, node: NodeId) -> Option<Mark> {
        let mark = self.doc.mark(node)?;
        self.only.is_none_or(|only| Arc::ptr_eq(&mark.source, only)).then_some(mark)
    }

    /// The comment in the line in which a `{}` or `[]` ends.
    fn after_value(&mut self, value: NodeId) {
        if self.doc.is_flow(value)
            && let Some(mark) = self.mark(value)
        {
            self.note(value, after_flow(&mark.source.text, mark.offset as usize));
        }
    }

    fn note(&mut self, node: NodeId, comment: Option<&str>) {
        if let Some(schema) = comment.and_then(|text| schema_in(text, self.openapi)) {
            self.found.insert(node, schema);
        }
    }
}

/// The schema that a comment is, if it is one that says anything.
fn schema_in(comment: &str, openapi: Option<&OpenApi>) -> Option<OpenApi> {
    let text = comment.trim_start_matches('#').trim();
    // What follows the object makes the comment an error to Go, which has the schema by then.
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&serde_json::value::RawValue>();
    values.next()?.ok()?;
    let text = text.get(..values.byte_offset())?;
    let doc = read_json(&Source::new("", text.to_owned())).ok()?;
    let root = doc.root();
    if doc.kind(root) != NodeKind::Map
        || !doc.pairs(root).all(|(key, value)| is_well_formed(&doc, key, value))
    {
        return None;
    }
    let says = |(key, value): (NodeId, NodeId)| {
        let known = MEMBERS.iter().any(|(name, _)| *name == doc.text(key));
        !known || !doc.is_null(value) && (doc.kind(value) != NodeKind::Scalar || !doc.text(value).is_empty())
    };
    if !doc.pairs(root).any(says) {
        return None;
    }
    let mut schema = OpenApi::read(doc).ok()?;
    schema.built_in = openapi.map_or(BuiltIn::Under, |_| BuiltIn::Gone);
    Some(schema)
}

/// What a member of a schema may be.
#[derive(Clone, Copy, PartialEq)]
enum Member {
    Text,
    /// A text or a list of texts.
    Texts,
    Object,
    List,
    /// An object, or a list of them.
    Objects,
    /// An object or `true` or `false`.
    ObjectOrFlag,
}

/// Members that matter here or are met often.
const MEMBERS: &[(&str, Member)] = &[
    ("$ref", Member::Text),
    ("$schema", Member::Text),
    ("additionalProperties", Member::ObjectOrFlag),
    ("allOf", Member::List),
    ("anyOf", Member::List),
    ("definitions", Member::Object),
    ("description", Member::Text),
    ("enum", Member::List),
    ("format", Member::Text),
    ("id", Member::Text),
    ("items", Member::Objects),
    ("oneOf", Member::List),
    ("pattern", Member::Text),
    ("properties", Member::Object),
    ("required", Member::List),
    ("title", Member::Text),
    ("type", Member::Texts),
];

/// Returns whether Go would read a member into the schema's fields.
fn is_well_formed(doc: &Doc, key: NodeId, value: NodeId) -> bool {
    let Some((_, member)) = MEMBERS.iter().find(|(name, _)| *name == doc.text(key)) else { return true };
    if doc.is_null(value) {
        return true;
    }
    let text = |node: NodeId| doc.kind(node) == NodeKind::Scalar && doc.tag(node) == Tag::Str;
    match member {
        Member::Text => text(value),
        Member::Texts => {
            text(value) || doc.kind(value) == NodeKind::Seq && doc.items(value).iter().all(|n| text(*n))
        }
        Member::Object => doc.kind(value) == NodeKind::Map,
        Member::List => doc.kind(value) == NodeKind::Seq,
        Member::Objects => doc.kind(value) != NodeKind::Scalar,
        Member::ObjectOrFlag => doc.kind(value) == NodeKind::Map || doc.tag(value) == Tag::Bool,
    }
}

/// The comment after a `{}` or `[]`.
fn after_flow(text: &str, offset: usize) -> Option<&str> {
    let rest = text.get(offset..)?;
    let bytes = rest.as_bytes();
    let (mut depth, mut quote, mut i) = (0, None, 0);
    while let Some(&b) = bytes.get(i) {
        match (quote, b) {
            (Some(b'"'), b'\\') => i += 1,
            (Some(q), _) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => depth -= 1,
            _ => {}
        }
        i += 1;
        if depth == 0 {
            break;
        }
    }
    let line = rest.get(i..)?.lines().next()?;
    let comment = line.trim_start();
    (comment.len() < line.len() && comment.starts_with('#')).then_some(comment)
}

/// The first of the comments that are the head of what begins at an offset: they stand above it, and not at the foot of
/// what comes before.
fn above(text: &str, offset: usize, item: bool) -> Option<&str> {
    let before = text.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    let lead = before.get(start..)?;
    let column = if item {
        // The first dash that belongs to the item.
        lead.trim_start_matches(' ').strip_prefix('-').filter(|rest| rest.trim().is_empty())?;
        lead.len() - lead.trim_start_matches(' ').len()
    } else {
        lead.trim_start_matches(' ').is_empty().then_some(lead.len())?
    };
    let (mut lines, mut last) = (vec![], None);
    for line in before.get(..start)?.lines().rev() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            lines.push((trimmed, line.len() - trimmed.len()));
        } else {
            last = Some(line);
            break;
        }
    }
    lines.reverse();
    let is_blank = |line: &(&str, usize)| line.0.is_empty();
    let mut head = lines.as_slice();
    let Some(last) = last.filter(|line| !line.starts_with("---")) else {
        // What an empty line parts from the first field is the document's.
        let after = head.iter().rposition(is_blank).map_or(0, |i| i + 1);
        return head.get(after).map(|(comment, _)| *comment);
    };
    let inner = last.len() - last.trim_start_matches([' ', '-']).len();
    let opens = last.split(" #").next().is_some_and(|line| line.trim_end().ends_with(':'));
    if let Some(end) = head.iter().position(is_blank)
        && let Some((_, at)) = head.first().filter(|_| end > 0)
        && (!opens || *at < inner)
    {
        head = head.get(end..)?;
    }
    let (comment, at) = head.iter().find(|line| !is_blank(line))?;
    (column >= inner || *at == column).then_some(comment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::split;

    #[test]
    fn the_head_of_a_field_is_what_stands_above_it() {
        let table = [
            ("# c\n<k: 1", Some("# c")),
            ("a: 1\n# c\n<k: 1", Some("# c")),
            ("a: 1\n# c\n\n<k: 1", None),
            ("a: 1\n\n# c\n\n<k: 1", Some("# c")),
            ("a:\n# c\n\n<k: 1", Some("# c")),
            ("a: 1\n# b\n# c\n<k: 1", Some("# b")),
            ("a: 1\n# b\n\n# c\n<k: 1", Some("# c")),
            ("a:\n  b: 1\n  # c\n<k: 1", None),
            ("a:\n  b: 1\n# c\n<k: 1", Some("# c")),
            ("- # c\n  <k: 1", None),
        ];
        for (text, wanted) in table {
            let offset = text.find('<').unwrap();
            assert_eq!(above(&text.replace('<', ""), offset, false), wanted, "{text}");
        }
        let items =
            [("a:\n# c\n- <k: 1", Some("# c")), ("a:\n- b\n# c\n- <k: 1", Some("# c")), ("a: <k", None)];
        for (text, wanted) in items {
            let offset = text.find('<').unwrap();
            assert_eq!(above(&text.replace('<', ""), offset, true), wanted, "{text}");
        }
    }

    #[test]
    fn comments_after_keys_and_flow_collections_are_found() {
        let after = |text: &str| {
            let doc = split::read_all(&Source::new("t.yaml", text.to_owned())).unwrap().swap_remove(0);
            let (key, _) = doc.pairs(doc.root()).next().unwrap();
            doc.comment_after(key).map(str::to_owned)
        };
        assert_eq!(after("'a b' : # c\n- 1").as_deref(), Some("# c"));
        assert_eq!(after("a: 1 # c"), None);
        assert_eq!(after_flow("['a]', \"b\\\"]\"] # c\n", 0), Some("# c"));
        assert_eq!(after_flow("[a]# c", 0), None);
    }

    #[test]
    fn only_schemas_that_say_something_count() {
        let table = [
            (r##"# {"description": "x"}"##, true),
            (r##"#{"x": null} and more"##, true),
            (r##"# {"$imagepolicy": "a:b"}"##, true),
            ("# {}", false),
            (r##"# {"description": ""}"##, false),
            (r##"# {"type": 5}"##, false),
            ("# [1]", false),
            ("# {a: 1}", false),
        ];
        for (comment, wanted) in table {
            assert_eq!(schema_in(comment, None).is_some(), wanted, "{comment}");
        }
    }
}
