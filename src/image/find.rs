//! The search: every object of a table, every text in it.
//!
//! Objects are walked once. A key says what its value may be ([`Rules`]); values of ConfigMaps are read as YAML or JSON and
//! walked in the same way, texts in them again. Nothing is taken from `metadata` but annotations, nothing from the schemas
//! of custom resources but defaults.

use super::hit::{Carrier, Confidence, Hit, Join, Place, Pulled};
use super::reference::{self, Reference};
use super::rules::Rules;
use super::text::Text;
use super::trail::{Level, Segment, Trail, path};
use crate::resource::{ResMap, Resource};
use crate::yaml::{NodeId, NodeKind, Tag};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The images, object by object.
    pub(crate) hits: Vec<Hit>,
    /// What looks like an image and is none.
    pub(crate) near: Vec<Near>,
}

/// What looks like an image and is none.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "some fields are for whoever debugs the rules")]
pub(crate) struct Near {
    /// The slot of the object in its table.
    pub(crate) slot: usize,
    /// The path of the field.
    pub(crate) path: String,
    /// What stands there.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// Why it is none.
    pub(crate) why: &'static str,
    /// It is the image of a container and can be none: the cluster would refuse it.
    pub(crate) broken: bool,
}

/// Looks for the images of objects; `only` says of which.
pub(crate) fn find(resources: &ResMap, rules: &Rules, only: impl Fn(&Resource) -> bool) -> Found {
    let mut found = Found::default();
    for slot in resources.slots() {
        let Some(res) = resources.get(slot).filter(|res| only(res)) else { continue };
        let mut walk = Walk { rules, resources, slot, res, found: &mut found };
        walk.object();
    }
    found
}

pub(super) struct Walk<'r, 'f> {
    pub(crate) rules: &'r Rules,
    pub(crate) resources: &'r ResMap,
    pub(crate) slot: usize,
    pub(crate) res: &'r Resource,
    pub(crate) found: &'f mut Found,
}

impl Walk<'_, '_> {
    pub(super) fn object(&mut self) {
        let (doc, root) = (self.res.doc(), self.res.root());
        let gvk = self.res.gvk();
        let level = Level { doc, text: None, prefix: "", depth: 0, json: false };
        let mut trail = Trail::default();
        if gvk.kind == "CustomResourceDefinition" {
            if self.rules.schema.is_some() {
                self.schema(&level, &mut trail, root);
            }
            return;
        }
        let is_data = gvk.group.is_empty() && matches!(gvk.kind.as_str(), "ConfigMap" | "Secret");
        let text_field = if gvk.kind == "Secret" { "stringData" } else { "data" };
        for (key, value) in doc.pairs(root) {
            let name = doc.text(key);
            match name {
                "apiVersion" | "kind" | "status" => {}
                _ if is_data && name == text_field => {
                    trail.segments.push(Segment::Key(name));
                    self.data(&level, &mut trail, value);
                    trail.segments.pop();
                }
                "data" | "binaryData" if is_data => {}
                _ => self.entry(&level, &mut trail, name, value),
            }
        }
        self.user_paths(&level);
    }

    /// The values of a ConfigMap or Secret.
    pub(super) fn data<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, data: NodeId) {
        let doc = level.doc;
        let together = &self.rules.skip.together;
        if !together.is_empty() && together.iter().all(|key| doc.get(data, key).is_some()) {
            for (key, value) in
                doc.pairs(data).filter(|(key, _)| together.iter().any(|t| t == doc.text(*key)))
            {
                trail.segments.push(Segment::Key(doc.text(key)));
                let place = Text::scalar(doc, value, level.text).whole();
                self.near(level, trail, "", place, "a copy for people: no program reads it");
                trail.segments.pop();
            }
            return;
        }
        for (key, value) in doc.pairs(data) {
            let name = doc.text(key);
            if self.is_skipped(name) || doc.kind(value) != NodeKind::Scalar {
                continue;
            }
            trail.segments.push(Segment::Key(name));
            let text = doc.text(value);
            if is_structured(text) {
                self.embedded(level, trail, value);
            } else {
                self.scalar(level, trail, name, None, value);
            }
            trail.segments.pop();
        }
    }

    pub(super) fn is_skipped(&self, key: &str) -> bool {
        self.rules.skip.keys.iter().any(|k| k == key)
            || self.user().any(|rule| rule.ignore.iter().any(|k| k == key))
    }

    /// The rules of the user that hold for the object.
    pub(super) fn user(&self) -> impl Iterator<Item = &super::rules::UserRule> {
        let (kind, name) = (&self.res.gvk().kind, self.res.name());
        self.rules.user.iter().filter(move |rule| {
            rule.kind.as_deref().is_none_or(|k| k == kind.as_str())
                && rule.object.as_deref().is_none_or(|n| n == name)
        })
    }

    /// A mapping: first what is joined of several fields, then each of them.
    pub(super) fn map<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, map: NodeId) {
        self.version(level, trail, map);
        for (key, value) in level.doc.pairs(map) {
            if level.doc.kind(value) == NodeKind::Scalar {
                let name = level.doc.text(key);
                trail.segments.push(Segment::Key(name));
                self.scalar(level, trail, name, Some(map), value);
                trail.segments.pop();
            } else {
                self.entry(level, trail, level.doc.text(key), value);
            }
        }
    }

    /// The value of a key.
    pub(super) fn entry<'a>(
        &mut self,
        level: &Level<'a>,
        trail: &mut Trail<'a>,
        name: &'a str,
        value: NodeId,
    ) {
        if self.is_skipped(name) {
            return;
        }
        trail.segments.push(Segment::Key(name));
        match (level.doc.kind(value), name) {
            (NodeKind::Scalar, _) => self.scalar(level, trail, name, None, value),
            (NodeKind::Map, "metadata") => {
                if let Some(annotations) = level.doc.get(value, "annotations") {
                    trail.segments.push(Segment::Key("annotations"));
                    self.annotations(level, trail, annotations);
                    trail.segments.pop();
                }
            }
            (NodeKind::Map, "annotations") => self.annotations(level, trail, value),
            (NodeKind::Map, "labels" | "matchLabels") | (NodeKind::Alias, _) => {}
            (NodeKind::Map, _) => {
                self.choice(level, trail, name, value);
                self.reference(level, trail, name, value);
                self.listed(level, trail, name, value);
                self.map(level, trail, value);
            }
            (NodeKind::Seq, "env") => self.env(level, trail, value),
            (NodeKind::Seq, "args" | "command") => self.args(level, trail, value),
            (NodeKind::Seq, _) => {
                self.listed(level, trail, name, value);
                self.items(level, trail, value);
            }
        }
        trail.segments.pop();
    }

    pub(super) fn items<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, seq: NodeId) {
        for (i, item) in level.doc.items(seq).iter().enumerate() {
            trail.segments.push(Segment::Item(i));
            match level.doc.kind(*item) {
                NodeKind::Map => self.map(level, trail, *item),
                NodeKind::Seq => self.items(level, trail, *item),
                NodeKind::Scalar => self.scalar(level, trail, "", None, *item),
                NodeKind::Alias => {}
            }
            trail.segments.pop();
        }
    }

    /// A scalar under a key, which is empty for an item. `map`: the mapping it stands in.
    pub(super) fn scalar<'a>(
        &mut self,
        level: &Level<'a>,
        trail: &mut Trail<'a>,
        name: &str,
        map: Option<NodeId>,
        value: NodeId,
    ) {
        let text = level.doc.text(value);
        // The shortest key is `image`, the shortest image that is known by its look is longer.
        let named = name.len() >= 4 && self.is_image_key(name);
        if !named && text.len() < 8 || trail.covered.contains(&value) {
            return;
        }
        if !matches!(level.doc.tag(value), Tag::Str | Tag::Unset | Tag::Other) {
            return;
        }
        if named {
            self.field(level, trail, map, value);
        } else if text.contains('\n') || text.starts_with(['{', '[']) {
            if level.text.is_some() {
                self.embedded(level, trail, value);
            }
        } else if let Some(known) = &self.rules.known
            && known.has(text)
            && !known.prose.iter().any(|k| k == name)
        {
            let whole = Text::scalar(level.doc, value, level.text).whole();
            let carrier = self.carrier(level, trail, Carrier::CustomField);
            self.hit(level, trail, carrier, "known", Confidence::Likely, text, whole);
        }
    }

    pub(super) fn is_image_key(&self, name: &str) -> bool {
        let ends = matches!(name.as_bytes().last(), Some(b'e' | b'E'));
        ends && self.rules.field.as_ref().is_some_and(|words| words.has(name))
            || self.user().any(|rule| rule.keys.iter().any(|k| k == name))
    }

    /// A scalar under a key that says that it is an image.
    pub(super) fn field<'a>(
        &mut self,
        level: &Level<'a>,
        trail: &mut Trail<'a>,
        map: Option<NodeId>,
        value: NodeId,
    ) {
        let text = level.doc.text(value);
        let whole = Text::scalar(level.doc, value, level.text).whole();
        let in_container = self.in_container(trail);
        if let Some(why) = self.no_image(text) {
            let broken =
                in_container && level.text.is_none() && !text.is_empty() && why.starts_with("no reference");
            self.near(level, trail, text, whole, why);
            if let Some(last) = self.found.near.last_mut() {
                last.broken = broken;
            }
            return;
        }
        let carrier = match (in_container, self.is_workload()) {
            (true, true) => Carrier::Container,
            (true, false) => Carrier::CustomContainer,
            _ => Carrier::CustomField,
        };
        let carrier = self.carrier(level, trail, carrier);
        let confidence = if in_container { Confidence::Certain } else { Confidence::Likely };
        if !self.hit(level, trail, carrier, "field", confidence, text, whole) {
            return;
        }
        let off = map.and_then(|m| level.doc.get(m, "enabled")).is_some_and(|n| level.doc.text(n) == "false");
        if let Some(hit) = self.found.hits.last_mut().filter(|_| off) {
            hit.pulled = Pulled::Conditional;
        }
    }

    /// Why a text under an image key is no image.
    pub(super) fn no_image(&self, text: &str) -> Option<&'static str> {
        let words = self.rules.field.as_ref();
        if words.is_some_and(|w| w.placeholders.iter().any(|p| p == text)) {
            Some("a placeholder, filled in later")
        } else if words.is_some_and(|w| w.files.iter().any(|f| text.ends_with(f.as_str()))) {
            Some("a picture")
        } else if text.contains("{{") || text.contains(['$', '{']) {
            Some("an expression, filled in later")
        } else if !reference::is_reference(text) {
            Some("no reference of an image")
        } else {
            None
        }
    }

    pub(super) fn in_container(&self, trail: &Trail<'_>) -> bool {
        let Some(rule) = &self.rules.container else { return false };
        match trail.segments.as_slice() {
            [.., Segment::Key(list), Segment::Item(_), Segment::Key("image")] => {
                rule.sequences.iter().any(|s| s == list)
            }
            [.., Segment::Key(parent), Segment::Key("image")] => rule.mappings.iter().any(|m| m == parent),
            _ => false,
        }
    }

    pub(super) fn is_workload(&self) -> bool {
        let gvk = self.res.gvk();
        matches!(gvk.group.as_str(), "" | "apps" | "batch")
    }

    /// The kind of a place: what it is in an object, or that of the text it stands in.
    pub(super) fn carrier(&self, level: &Level<'_>, trail: &Trail<'_>, in_object: Carrier) -> Carrier {
        let is_image = matches!(trail.segments.last(), Some(Segment::Key("image")));
        match (level.text, level.json) {
            (None, _) if self.is_data() => Carrier::Scalar,
            (None, _) => in_object,
            (Some(_), true) => Carrier::EmbeddedJson,
            (Some(_), false) if is_image || in_object != Carrier::EmbeddedChoice => Carrier::EmbeddedYaml,
            (Some(_), false) => Carrier::EmbeddedChoice,
        }
    }

    pub(super) fn is_data(&self) -> bool {
        self.is_workload() && matches!(self.res.gvk().kind.as_str(), "ConfigMap" | "Secret")
    }

    pub(super) fn annotations<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, map: NodeId) {
        let Some(rule) = &self.rules.annotation else { return };
        for (key, value) in level.doc.pairs(map) {
            let (name, text) = (level.doc.text(key), level.doc.text(value));
            let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
            if rule.has(last) && reference::is_reference(text) {
                trail.segments.push(Segment::Key(name));
                let whole = Text::scalar(level.doc, value, level.text).whole();
                let carrier = self.carrier(level, trail, Carrier::Annotation);
                let carrier = if level.text.is_none() { Carrier::Annotation } else { carrier };
                self.hit(level, trail, carrier, "annotation", Confidence::Likely, text, whole);
                trail.segments.pop();
            }
        }
    }

    /// The fields that rules of the user name.
    pub(super) fn user_paths(&mut self, level: &Level<'_>) {
        let paths: Vec<(String, String)> =
            self.user().flat_map(|rule| rule.paths.iter().map(|p| (rule.name.clone(), p.clone()))).collect();
        for (rule, path) in paths {
            let keys = super::paths::parse(&path);
            let mut found = vec![];
            super::paths::follow(level.doc, level.doc.root(), &keys, &mut vec![], &mut found);
            for (segments, node) in found {
                let trail = Trail { segments, covered: vec![] };
                let text = level.doc.text(node);
                let whole = Text::scalar(level.doc, node, None).whole();
                let seen = self.found.hits.iter().any(|h| h.slot == self.slot && h.place == whole);
                if !seen && reference::is_reference(text) {
                    self.hit(level, &trail, Carrier::CustomField, &rule, Confidence::Certain, text, whole);
                }
            }
        }
    }

    /// Notes an image; whether its text is one.
    #[expect(clippy::too_many_arguments, reason = "what a hit is made of")]
    pub(super) fn hit(
        &mut self,
        level: &Level<'_>,
        trail: &Trail<'_>,
        carrier: Carrier,
        rule: &str,
        confidence: Confidence,
        text: &str,
        place: Place,
    ) -> bool {
        let Ok(reference) = Reference::parse(text) else { return false };
        let gvk = self.res.gvk();
        let hint =
            self.rules.hint.iter().any(|h| h.group == gvk.group.as_str() && h.kind == gvk.kind.as_str());
        let pulled = match carrier {
            _ if hint => Pulled::Conditional,
            Carrier::Container | Carrier::ComposedHubTag => Pulled::Always,
            Carrier::TemplateLiteral | Carrier::SourceDefault | Carrier::SchemaDefault => Pulled::Conditional,
            _ => Pulled::OnUse,
        };
        self.found.hits.push(Hit {
            slot: self.slot,
            path: path(level, trail),
            carrier,
            reference,
            written: text.to_owned(),
            text: text.to_owned(),
            place,
            join: Join::Whole,
            parts: vec![],
            rule: rule.to_owned(),
            pulled,
            confidence,
        });
        true
    }

    pub(super) fn near(
        &mut self,
        level: &Level<'_>,
        trail: &Trail<'_>,
        text: &str,
        place: Place,
        why: &'static str,
    ) {
        let path = path(level, trail);
        self.found.near.push(Near {
            slot: self.slot,
            path,
            text: text.to_owned(),
            place,
            why,
            broken: false,
        });
    }
}

/// Returns whether a value is more than one word: it has a line break or begins with a bracket.
fn is_structured(text: &str) -> bool {
    text.contains('\n') || text.starts_with(['{', '['])
}
