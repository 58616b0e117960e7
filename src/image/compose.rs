//! Images that stand in several fields, or in several places of a form.

use super::find::Walk;
use super::hit::{Carrier, Confidence, Join, Place};
use super::reference;
use super::text::Text;
use super::trail::{Level, Segment, Trail, path};
use crate::yaml::{Doc, NodeId, NodeKind, Source};

impl Walk<'_, '_> {
    /// Image and version in two fields of a mapping.
    pub(super) fn version<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, map: NodeId) {
        let Some(rule) = &self.rules.version else { return };
        let doc = level.doc;
        // Most mappings have no image.
        let Some(image) = doc.get(map, &rule.image) else { return };
        let text = doc.text(image);
        if reference::is_pinned(text) || !reference::is_reference(text) {
            return;
        }
        for key in &rule.versions {
            let Some(version) = doc.get(map, key).map(|n| doc.text(n)).filter(|v| !v.is_empty()) else {
                continue;
            };
            let joined = format!("{text}:{version}");
            trail.push(Segment::Key("image"));
            let place = Text::scalar(doc, image, level.text).whole();
            let parts = vec![(path(level, trail), text.to_owned())];
            if self.hit(
                level,
                trail,
                Carrier::ComposedVersion,
                "version",
                Confidence::Certain,
                &joined,
                place,
            ) {
                trail.pop();
                trail.push(Segment::Key(static_key(doc, map, key)));
                self.joined(text, Join::Version, parts, (path(level, trail), version));
                trail.covered.push(image);
            }
            trail.pop();
        }
    }

    /// Says of the last hit what it is joined of.
    fn joined(&mut self, text: &str, join: Join, mut parts: Vec<(String, String)>, last: (String, &str)) {
        parts.push((last.0, last.1.to_owned()));
        if let Some(hit) = self.found.hits.last_mut() {
            hit.text = text.to_owned();
            hit.join = join;
            hit.parts = parts;
        }
    }

    /// Registry, image and tag in three fields of a text. All other bare words under `image` in it are names that
    /// something joins, too.
    pub(super) fn hub<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, root: NodeId) {
        let rules = self.rules;
        let Some(rule) = &rules.hub else { return };
        let doc = level.doc;
        let get = |path: &str| follow(doc, root, path).filter(|n| doc.kind(*n) == NodeKind::Scalar);
        let (Some(hub), Some(image)) = (get(&rule.hub), get(&rule.image)) else { return };
        cover_bare_words(doc, root, &mut trail.covered);
        let (registry, name) = (doc.text(hub), doc.text(image));
        if name.contains('/') || name.is_empty() || registry.is_empty() {
            return;
        }
        let tag = get(&rule.tag).map(|n| doc.text(n)).filter(|t| !t.is_empty());
        let variant = get(&rule.variant).map(|n| doc.text(n)).filter(|v| !v.is_empty());
        let mut joined = format!("{registry}/{name}");
        if let Some(tag) = tag {
            joined = format!("{joined}:{tag}");
            if let Some(variant) = variant.filter(|_| !tag.contains('@')) {
                joined = format!("{joined}-{variant}");
            }
        }
        let place = |node: NodeId| Text::scalar(doc, node, level.text).whole();
        let short = |n: &NodeId| !doc.text(*n).contains('/') && !doc.text(*n).is_empty();
        let along: Vec<NodeId> = rule.along.iter().filter_map(|path| get(path)).filter(short).collect();
        let join = Join::Hub { hub: place(hub), along: along.iter().map(|n| place(*n)).collect() };
        let shown = |field: &str| path(level, &trail_of(field));
        let here = trail_of(&rule.image);
        if self.hit(level, &here, Carrier::ComposedHubTag, "hub", Confidence::Certain, &joined, place(image))
        {
            let parts = vec![(shown(&rule.hub), registry.to_owned()), (shown(&rule.image), name.to_owned())];
            self.joined(name, join, parts, (shown(&rule.tag), tag.unwrap_or_default()));
        }
        for path in &rule.along {
            if let Some(node) = follow(doc, root, path).filter(|n| along.contains(n)) {
                let why = "a short name: only a whole image counts here";
                self.near(level, &trail_of(path), doc.text(node), place(node), why);
            }
        }
    }

    /// The choices of a form.
    pub(super) fn choice<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, name: &str, map: NodeId) {
        let Some(rule) = &self.rules.choice else { return };
        let Some(rest) = name.strip_prefix(rule.beginning.as_str()) else { return };
        if rest.starts_with(|c: char| c.is_ascii_lowercase()) || rest.starts_with("Pull") {
            return;
        }
        let doc = level.doc;
        for key in &rule.values {
            if let Some(value) = doc.get(map, key) {
                trail.push(Segment::Key(static_key(doc, map, key)));
                self.chosen(level, trail, value);
                trail.pop();
            }
        }
        for key in &rule.options {
            let Some(options) = doc.get(map, key) else { continue };
            trail.push(Segment::Key(static_key(doc, map, key)));
            for (i, option) in doc.items(options).iter().enumerate() {
                trail.push(Segment::Item(i));
                self.chosen(level, trail, *option);
                trail.pop();
            }
            trail.pop();
        }
    }

    fn chosen<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, node: NodeId) {
        let text = level.doc.text(node);
        if level.doc.kind(node) != NodeKind::Scalar || !reference::is_reference(text) {
            return;
        }
        let in_object = if level.text.is_some() { Carrier::EmbeddedChoice } else { Carrier::CustomField };
        let carrier = self.carrier(level, trail, in_object);
        let whole = Text::scalar(level.doc, node, level.text).whole();
        self.hit(level, trail, carrier, "choice", Confidence::Likely, text, whole);
        trail.covered.push(node);
    }

    /// A mapping under an image key: a whole reference, or registry, repository and tag.
    pub(super) fn reference<'a>(
        &mut self,
        level: &Level<'a>,
        trail: &mut Trail<'a>,
        name: &str,
        map: NodeId,
    ) {
        let named = self.rules.field.as_ref().is_some_and(|words| words.has(name));
        if !named {
            return;
        }
        let doc = level.doc;
        let keys: Vec<String> = self.rules.reference.iter().flat_map(|rule| rule.keys.clone()).collect();
        for key in &keys {
            let Some(node) = doc.get(map, key).filter(|n| doc.kind(*n) == NodeKind::Scalar) else { continue };
            if reference::is_reference(doc.text(node)) {
                trail.push(Segment::Key(static_key(doc, map, key)));
                let whole = Text::scalar(doc, node, level.text).whole();
                let carrier = self.carrier(level, trail, Carrier::CustomField);
                self.hit(level, trail, carrier, "reference", Confidence::Likely, doc.text(node), whole);
                trail.pop();
                trail.covered.push(node);
            }
        }
        self.repository(level, trail, map);
    }

    fn repository<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, map: NodeId) {
        let Some(rule) = &self.rules.repository else { return };
        let doc = level.doc;
        let get = |key: &str| doc.get(map, key).filter(|n| !doc.text(*n).is_empty());
        let Some(repository) = get(&rule.repository) else { return };
        let (registry, tag, digest) = (get(&rule.registry), get(&rule.tag), get(&rule.digest));
        let text = doc.text(repository);
        if reference::is_pinned(text) || tag.is_none() && digest.is_none() && registry.is_none() {
            return;
        }
        let mut joined = registry.map_or_else(|| text.to_owned(), |r| format!("{}/{text}", doc.text(r)));
        tag.iter().for_each(|n| joined = format!("{joined}:{}", doc.text(*n)));
        digest.iter().for_each(|n| joined = format!("{joined}@{}", doc.text(*n)));
        let place = |node: NodeId| Text::scalar(doc, node, level.text).whole();
        let join = Join::Repository {
            registry: registry.map(place),
            tag: tag.map(place),
            digest: digest.map(place),
        };
        let key = rule.repository.clone();
        trail.push(Segment::Key(static_key(doc, map, &key)));
        if self.hit(
            level,
            trail,
            Carrier::ComposedRepository,
            "repository",
            Confidence::Likely,
            &joined,
            place(repository),
        ) {
            let path = path(level, trail);
            let tag = tag.map_or("", |n| doc.text(n));
            self.joined(text, join, vec![(path.clone(), text.to_owned())], (path, tag));
            trail.covered.extend([Some(repository), registry, digest].into_iter().flatten());
        }
        trail.pop();
    }

    /// A sequence of images, or a mapping that has images as keys.
    pub(super) fn listed<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, name: &str, node: NodeId) {
        let listed = self.rules.list.as_ref().is_some_and(|words| words.has(name));
        if !listed {
            return;
        }
        let doc = level.doc;
        let items = doc.items(node).iter().enumerate().map(|(i, n)| (Segment::Item(i), *n));
        let keys = doc.pairs(node).map(|(key, _)| (Segment::Key(doc.text(key)), key));
        let all: Vec<(Segment<'a>, NodeId)> = items.chain(keys).collect();
        for (step, item) in all {
            let text = doc.text(item);
            if doc.kind(item) != NodeKind::Scalar || !reference::is_pinned(text) {
                continue;
            }
            trail.push(step);
            let whole = Text::scalar(doc, item, level.text).whole();
            let carrier = self.carrier(level, trail, Carrier::CustomField);
            self.hit(level, trail, carrier, "list", Confidence::Likely, text, whole);
            trail.covered.push(item);
            trail.pop();
        }
    }

    /// A text that is neither mapping nor sequence, line by line.
    pub(super) fn lines(&mut self, prefix: &str, text: &Text<'_>, piece: std::ops::Range<usize>) {
        let mut at = piece.start;
        let part = text.text.get(piece).unwrap_or_default();
        let first = text.text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        if is_code(part) {
            self.source(prefix, text, at, part);
            return;
        }
        for (i, line) in part.split_inclusive('\n').enumerate() {
            if let Some(range) = self.literal(line) {
                let found = line.get(range.clone()).unwrap_or_default();
                let place = text.place(at + range.start..at + range.end);
                self.line_hit(prefix, first + i, Carrier::TemplateLiteral, "template", found, place);
            }
            at += line.len();
        }
        let start = at - part.len();
        self.source(prefix, text, start, part);
    }

    /// Where the image stands in a line that is nothing but an image field.
    fn literal(&self, line: &str) -> Option<std::ops::Range<usize>> {
        self.rules.template.as_ref()?;
        if !line.contains("mage") && !line.contains("MAGE") {
            return None;
        }
        let quote = |c: char| c == '"' || c == '\'';
        let (key, value) = line.split_once(':')?;
        let key = key.trim();
        let key = key.strip_prefix("- ").map_or(key, str::trim).trim_matches(quote);
        let value = value.trim().trim_end_matches(',').trim_matches(quote);
        let named = self.rules.field.as_ref().is_some_and(|words| words.has(key));
        if !named || !reference::is_reference(value) {
            return None;
        }
        let start = line.rfind(value)?;
        Some(start..start + value.len())
    }

    /// Notes an image in a line of a text.
    pub(super) fn line_hit(
        &mut self,
        prefix: &str,
        line: usize,
        carrier: Carrier,
        rule: &str,
        text: &str,
        place: Place,
    ) -> bool {
        let path = format!("{prefix} → line {line}");
        let doc = Doc::new(Source::new("", String::new()));
        let level = Level::line(&doc, &path);
        self.hit(&level, &Trail::default(), carrier, rule, Confidence::Likely, text, place)
    }
}

/// The key of a mapping as it stands there.
fn static_key<'a>(doc: &'a Doc, map: NodeId, key: &str) -> &'a str {
    doc.entry(map, key).and_then(|i| doc.children(map).get(2 * i)).map_or("", |k| doc.text(*k))
}

/// The trail of a path of keys that are divided by dots.
fn trail_of(path: &str) -> Trail<'_> {
    Trail::at(path.split('.').map(Segment::Key).collect())
}

fn follow(doc: &Doc, from: NodeId, path: &str) -> Option<NodeId> {
    path.split('.').try_fold(from, |node, key| doc.get(node, key))
}

/// Strings of one word under `image`, at any depth.
fn cover_bare_words(doc: &Doc, node: NodeId, covered: &mut Vec<NodeId>) {
    for (key, value) in doc.pairs(node) {
        match doc.kind(value) {
            NodeKind::Scalar if doc.text(key) == "image" && !doc.text(value).contains(['/', ':', '@']) => {
                covered.push(value);
            }
            _ => cover_bare_words(doc, value, covered),
        }
    }
    doc.items(node).iter().for_each(|item| cover_bare_words(doc, *item, covered));
}

/// Returns whether a text is a program of a language with imports, where a line like a field is none.
fn is_code(text: &str) -> bool {
    text.lines().any(|line| {
        line.strip_prefix("import ").is_some_and(|rest| !rest.trim().is_empty())
            || line.starts_with("from ") && line.contains(" import ")
    })
}
