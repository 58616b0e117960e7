//! `images`, and the plugin ImageTagTransformer.
//!
//! An entry runs in two passes: over the field `image` in the items of every list called `containers` or
//! `initContainers` at any depth, then over the configured field specs. A field that both reach is rewritten twice, which
//! shows with `tagSuffix`. Entries run one after the other, each over what the former left.
//!
//! Kustomize walks all objects twice for each entry. Here the fields of an object are gathered once for all
//! entries, each with the number of times that an entry visits it; an entry is found by the last part of its name.

use super::specs::{SpecsByType, SplitSpec};
use super::write;
use crate::compat::Compat;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result};
use crate::kube::{FieldSpec, fieldspec};
use crate::kustomization::types::Image;
use crate::limits::{Limit, room_for_patterns};
use crate::resource::ResMap;
use crate::text::re2;
use crate::yaml::{Doc, NodeId, NodeKind, Tag};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Runs entries one after the other over all objects.
pub(crate) fn apply_all(
    resources: &mut ResMap,
    images: &[Image],
    specs: &[FieldSpec],
    compat: Compat,
    findings: &Findings,
) -> Result<()> {
    if images.is_empty() {
        return Ok(());
    }
    let mut entries = Entries::new(images, compat);
    let mut by_type = SpecsByType::new(specs);
    for slot in resources.slots() {
        let Some(res) = resources.get(slot).filter(|r| r.gvk().kind != "CustomResourceDefinition") else {
            continue;
        };
        let context = |e: Error| e.during(format!("setting images of {}", res.id()));
        let specs = by_type.of(res.gvk());
        match fields(res.doc(), specs).map_err(context)? {
            Some(fields) => {
                let changes = rewrite_all(res.doc(), &fields, &mut entries).map_err(context)?;
                if !changes.is_empty() {
                    resources.edit(slot, |res| res.edit(|doc| put(doc, &changes)))?;
                }
            }
            None => {
                let id = res.id().clone();
                let change = |doc: &mut Doc| {
                    let fields = fields_by_walking(doc, specs)?;
                    let changes = rewrite_all(doc, &fields, &mut entries)?;
                    put(doc, &changes)
                };
                resources
                    .edit(slot, |res| res.edit(change))
                    .map_err(|e| e.during(format!("setting images of {id}")))?;
            }
        }
    }
    entries.report(findings);
    Ok(())
}

/// A field that holds an image, and how often an entry visits it.
type Field = (NodeId, usize);

/// The image fields of an object; `None` when they cannot be told without changing it.
fn fields(doc: &Doc, specs: &[SplitSpec<'_>]) -> Result<Option<Vec<Field>>> {
    let mut found = Vec::new();
    containers(doc, doc.root(), &mut found)?;
    if !specs.iter().all(|spec| spec.fields(doc, false, &mut found)) {
        return Ok(None);
    }
    counted(doc, found).map(Some)
}

/// The same, where the walk along the field specs turns a null into an empty list, or fails.
fn fields_by_walking(doc: &mut Doc, specs: &[SplitSpec<'_>]) -> Result<Vec<Field>> {
    let mut found = Vec::new();
    let root = doc.root();
    containers(doc, root, &mut found)?;
    for spec in specs {
        fieldspec::apply_path(doc, root, &spec.spec.path, None, &mut |_, node| {
            found.push(node);
            Ok(())
        })?;
    }
    counted(doc, found)
}

fn counted(doc: &Doc, mut found: Vec<NodeId>) -> Result<Vec<Field>> {
    found.sort_unstable();
    let mut fields: Vec<Field> = Vec::with_capacity(found.len());
    for node in found {
        write::check_scalar(doc, node)?;
        match fields.last_mut() {
            Some((last, visits)) if *last == node => *visits += 1,
            _ => fields.push((node, 1)),
        }
    }
    Ok(fields)
}

/// The fields of the first pass.
fn containers(doc: &Doc, node: NodeId, found: &mut Vec<NodeId>) -> Result<()> {
    for (key, value) in doc.pairs(node) {
        let kind = doc.kind(value);
        if kind == NodeKind::Scalar {
            continue;
        }
        containers(doc, value, found)?;
        if kind == NodeKind::Seq && matches!(doc.text(key), "containers" | "initContainers") {
            for item in doc.items(value) {
                match doc.kind(*item) {
                    NodeKind::Map => found.extend(doc.get(*item, "image")),
                    _ if doc.is_null(*item) => {}
                    _ => return Err(write::wrong_kind(doc, *item, "a container")),
                }
            }
        }
    }
    for item in doc.items(node) {
        if doc.kind(*item) != NodeKind::Scalar {
            containers(doc, *item, found)?;
        }
    }
    Ok(())
}

/// A field, its new text, and the entry that gave it.
type Change<'a> = (NodeId, String, &'a Image);

fn rewrite_all<'a>(doc: &Doc, fields: &[Field], entries: &mut Entries<'a>) -> Result<Vec<Change<'a>>> {
    let (mut changes, mut bytes) = (Vec::new(), 0);
    for (node, visits) in fields {
        if let Some((text, image)) = entries.rewrite(doc.text(*node), *visits)? {
            bytes += text.len() as u64;
            doc.check(Limit::Text, bytes).map_err(|e| Error::from(e).at(image.mark.location()))?;
            changes.push((*node, text, image));
        }
    }
    Ok(changes)
}

fn put(doc: &mut Doc, changes: &[Change<'_>]) -> Result<()> {
    for (node, text, image) in changes {
        write::scalar(doc, *node, text, Tag::Unset, Some(&image.mark))?;
    }
    Ok(())
}

/// The entries, and where to look for those that match a text.
struct Entries<'a> {
    images: &'a [Image],
    compat: Compat,
    /// `None` for a name that is no pattern.
    compiled: Vec<OnceCell<Option<Regex>>>,
    used: Vec<bool>,
    /// Entries whose name ends in a part without special characters, by that part; ascending.
    by_part: FxHashMap<&'a str, Vec<usize>>,
    /// Entries without other special characters than `.`, by the number of characters of their names.
    dotted: FxHashMap<usize, Vec<Dotted>>,
    /// All others; ascending.
    others: Vec<usize>,
}

/// Entries whose names have points at the same places, where any character may stand.
struct Dotted {
    points: Vec<usize>,
    /// By name; ascending.
    by_name: FxHashMap<String, Vec<usize>>,
}

/// A text with points at some places.
fn with_dots(text: &str, points: &[usize]) -> String {
    let mut points = points.iter().peekable();
    text.chars()
        .enumerate()
        .map(|(i, c)| if points.next_if(|p| **p == i).is_some() { '.' } else { c })
        .collect()
}

#[expect(
    clippy::indexing_slicing,
    reason = "all numbers are those of `images`, and `compiled` and `used` have an item for each of them"
)]
impl<'a> Entries<'a> {
    fn new(images: &'a [Image], compat: Compat) -> Self {
        let mut by_part: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        let mut dotted: FxHashMap<usize, Vec<Dotted>> = FxHashMap::default();
        let mut others = Vec::new();
        for (i, image) in images.iter().enumerate() {
            let part = last_part(&image.name);
            if !is_literal(&image.name) {
                others.push(i);
            } else if part.contains('.') {
                let name = image.name.as_str();
                let points = name.chars().enumerate().filter(|(_, c)| *c == '.').map(|(at, _)| at).collect();
                let alike = dotted.entry(name.chars().count()).or_default();
                let at = alike.iter().position(|d| d.points == points).unwrap_or_else(|| {
                    alike.push(Dotted { points, by_name: FxHashMap::default() });
                    alike.len() - 1
                });
                alike[at].by_name.entry(name.to_owned()).or_default().push(i);
            } else {
                by_part.entry(part).or_default().push(i);
            }
        }
        let compiled = vec![OnceCell::new(); images.len()];
        Self { images, compat, compiled, used: vec![false; images.len()], by_part, dotted, others }
    }

    /// What becomes of a text when all entries have visited it, and the last entry that wrote; `None` if none did.
    fn rewrite(&mut self, text: &str, visits: usize) -> Result<Option<(String, &'a Image)>> {
        let mut now = Cow::Borrowed(text);
        let mut writer = None;
        let mut from = 0;
        while let Some(i) = self.first_match(&now, from)? {
            self.used[i] = true;
            writer = Some(&self.images[i]);
            now = Cow::Owned(rewritten(&now, &self.images[i]));
            for _ in 1..visits {
                if self.matches(i, &now)? {
                    now = Cow::Owned(rewritten(&now, &self.images[i]));
                }
            }
            from = i + 1;
        }
        Ok(writer.map(|image| (now.into_owned(), image)))
    }

    /// The first entry from a number on that matches a text.
    fn first_match(&self, text: &str, from: usize) -> Result<Option<usize>> {
        let mut best = usize::MAX;
        let first = |list: &[usize], best: usize| {
            let later = &list[list.partition_point(|i| *i < from)..];
            let matches = |i: &&usize| {
                literal(&self.images[**i].name, text).is_some_and(|tail| is_tail(tail, self.compat))
            };
            later.iter().take_while(|i| **i < best).find(matches).copied().unwrap_or(best)
        };
        for end in name_ends(text) {
            if let Some(list) = self.by_part.get(last_part(&text[..end])) {
                best = first(list, best);
            }
            if self.dotted.is_empty() {
                continue;
            }
            for alike in self.dotted.get(&text[..end].chars().count()).into_iter().flatten() {
                if let Some(list) = alike.by_name.get(&with_dots(&text[..end], &alike.points)) {
                    best = first(list, best);
                }
            }
        }
        for i in &self.others[self.others.partition_point(|i| *i < from)..] {
            if *i >= best {
                break;
            }
            if self.matches(*i, text)? {
                best = *i;
            }
        }
        Ok((best < usize::MAX).then_some(best))
    }

    /// Returns whether the name of an entry matches an image.
    fn matches(&self, i: usize, text: &str) -> Result<bool> {
        let image = &self.images[i];
        if is_literal(&image.name) {
            return Ok(literal(&image.name, text).is_some_and(|tail| is_tail(tail, self.compat)));
        }
        if let Some(compiled) = self.compiled[i].get() {
            return Ok(compiled.as_ref().is_some_and(|c| c.is_match(text)));
        }
        let algorithm = if self.compat >= Compat::V5_8_2 { ALGORITHM } else { "sha256" };
        let whole = format!("^{}(:[a-zA-Z0-9_.{{}}-]*)?(@{algorithm}:[a-zA-Z0-9_.{{}}-]*)?$", image.name);
        let room = room_for_patterns(image.mark.source.budget().map(|budget| &**budget));
        let no_room = OnceCell::new();
        let room = |size| room(size).inspect_err(|e| drop(no_room.set(e.clone())));
        let compiled = match re2::compile(&whole, &room) {
            Ok(compiled) => Some(compiled),
            Err(e) if no_room.get().is_some() => {
                let message =
                    format!("invalid regular expression `{}` as the name of an image: {e}", image.name);
                return Err(Error::new(ErrorKind::Limit, message).at(image.mark.location()));
            }
            // Since 5.8.2 such a name matches nothing; kustomize crashed over it before.
            Err(_) if self.compat >= Compat::V5_8_2 => None,
            Err(e) => {
                let why = e.split(": `").next().unwrap_or_default();
                let message =
                    format!("invalid regular expression `{}` as the name of an image: {why}", image.name);
                return Err(Error::new(ErrorKind::Config, message)
                    .at(image.mark.location())
                    .hint("escape each literal special character with a backslash"));
            }
        };
        Ok(self.compiled[i].get_or_init(|| compiled).as_ref().is_some_and(|c| c.is_match(text)))
    }

    /// Tells of the entries that matched no image.
    fn report(&self, findings: &Findings) {
        for (i, image) in self.images.iter().enumerate().filter(|(i, _)| !self.used[*i]) {
            let (message, hint) = match self.compiled[i].get() {
                Some(None) => (
                    format!(
                        "the image name `{}` is an invalid regular expression and matches nothing",
                        image.name
                    ),
                    "escape each literal special character with a backslash",
                ),
                _ => (
                    format!("no image matches `{}`", image.name),
                    "remove the entry, or use the name as it is written in the resources, with its registry",
                ),
            };
            findings
                .add(Finding::new(Code::EntryChangesNothing, message).at(image.mark.location()).hint(hint));
        }
    }
}

/// Returns whether a name has no character with a meaning in a pattern, but for `.`.
fn is_literal(name: &str) -> bool {
    !name.bytes().any(|b| b"\\+*?()|[]{}^$".contains(&b))
}

/// What stands after the last slash.
fn last_part(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, part)| part)
}

/// Where the name in an image may end: before each `:` and `@`, and at the end.
fn name_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    memchr::memchr2_iter(b':', b'@', text.as_bytes()).chain([text.len()])
}

/// Matches a name without special characters but `.` at the start of a text; gives the rest.
fn literal<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for (i, part) in name.split('.').enumerate() {
        if i > 0 {
            let mut chars = rest.chars();
            chars.next().filter(|c| *c != '\n')?;
            rest = chars.as_str();
        }
        rest = rest.strip_prefix(part)?;
    }
    Some(rest)
}

fn is_tag_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '-')
}

/// The pattern of a digest's algorithm since 5.8.2; only `sha256` was one before.
const ALGORITHM: &str = "[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*";

/// Whether a text is a tag, a digest, both or nothing.
fn is_tail(text: &str, compat: Compat) -> bool {
    let rest = text.strip_prefix(':').map_or(text, |tag| tag.trim_start_matches(is_tag_char));
    let digest = || rest.strip_prefix('@')?.split_once(':');
    rest.is_empty()
        || digest()
            .is_some_and(|(name, digest)| is_algorithm(name, compat) && digest.chars().all(is_tag_char))
}

/// Whether a text matches [`ALGORITHM`], or is `sha256` where only that counts.
fn is_algorithm(name: &str, compat: Compat) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    name == "sha256" || compat >= Compat::V5_8_2 && name.split(['.', '+', '_', '-']).all(is_part)
}

/// Takes an image apart: name, tag, digest. Up to the first slash nothing divides; an `@` before the first `:`
/// leaves only a digest.
fn split(image: &str) -> (&str, &str, &str) {
    let from = image.find('/').unwrap_or(0);
    let at = image[from..].find('@').map(|i| i + from);
    let colon = image[from..].find(':').map(|i| i + from);
    match (colon, at) {
        (None, None) => (image, "", ""),
        (Some(c), Some(a)) if c < a => (&image[..c], &image[c + 1..a], &image[a + 1..]),
        (_, Some(a)) => (&image[..a], "", &image[a + 1..]),
        (Some(c), None) => (&image[..c], &image[c + 1..], ""),
    }
}

/// What an entry makes of an image that it matches.
fn rewritten(text: &str, entry: &Image) -> String {
    let (mut name, tag, digest) = split(text);
    if !entry.new_name.is_empty() {
        name = &entry.new_name;
    }
    let suffixed;
    let (tag, digest) = if !entry.new_tag.is_empty() || !entry.digest.is_empty() {
        (entry.new_tag.as_str(), entry.digest.as_str())
    } else if !entry.tag_suffix.is_empty() {
        suffixed = [tag, &entry.tag_suffix].concat();
        (suffixed.as_str(), "")
    } else {
        (tag, digest)
    };
    let mut out = name.to_owned();
    for (sign, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            out.push(sign);
            out.push_str(part);
        }
    }
    out
}
