//! Which objects of both sides belong together.
//!
//! First by group, kind, namespace and name; then generated objects whose name changed only the hash behind it. What
//! is left was removed or added; of those the ones that look alike are suggested as renamed or moved.

use super::canonical::{self, Names};
use super::report::Move;
use crate::kube::Str;
use crate::resource::{ResMap, Resource};
use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// The characters of a hash suffix, which is ten of them.
const HASH: &str = "2456789bcdfghkmt";

/// How many fields of an object are looked at when it is held against others.
const MOST_FIELDS: usize = 2_000;

/// How many pairs of objects of a kind are held against each other.
const MOST_PAIRS: usize = 40_000;

/// From how much likeness on two objects are suggested to be one, in percent.
const LIKELY: u8 = 60;

/// The pairs, and the names that changed only their suffix.
pub(super) struct Pairing<'a> {
    /// Objects of the older and the newer side.
    pub(crate) pairs: Vec<(Option<&'a Resource>, Option<&'a Resource>)>,
    /// Names of generated objects that got another suffix.
    pub(crate) names: Renamed,
}

/// Names of generated objects that got another suffix, by the namespace of what refers to them.
#[derive(Default)]
pub(super) struct Renamed {
    /// For all namespaces but these.
    all: Names,
    /// For namespaces in which a name became another one than elsewhere.
    own: FxHashMap<Str, Names>,
}

impl Renamed {
    fn new(pairs: &[(Id, &str, &str)]) -> Self {
        let mut all = Names::default();
        pairs.iter().for_each(|(_, old, new)| all.insert(old, new));
        let mut own: FxHashMap<Str, Names> = FxHashMap::default();
        for (id, ..) in pairs.iter().filter(|(_, old, new)| all.renew(old) != *new) {
            own.entry(id.namespace.clone()).or_insert_with(|| all.clone());
        }
        for (id, old, new) in pairs {
            own.get_mut(&id.namespace).into_iter().for_each(|names| names.insert(old, new));
        }
        Self { all, own }
    }

    /// The names that an object may refer to.
    pub(super) fn of(&self, object: &Resource) -> &Names {
        self.own.get(&id(object).namespace).unwrap_or(&self.all)
    }
}

/// What tells objects apart, whatever version they are of.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord, Clone)]
struct Id {
    group: Str,
    kind: Str,
    namespace: Str,
    name: Str,
}

fn id(object: &Resource) -> Id {
    let gvk = object.gvk();
    let namespace = object.namespace();
    let has_none = object.id().is_cluster_scoped() || namespace == "default";
    Id {
        group: gvk.group.clone(),
        kind: gvk.kind.clone(),
        namespace: if has_none { "" } else { namespace }.into(),
        name: object.name().into(),
    }
}

/// Pairs the objects of two sides.
pub(super) fn pair<'a>(old: &'a ResMap, new: &'a ResMap) -> Pairing<'a> {
    let mut waiting: FxHashMap<Id, Vec<&Resource>> = FxHashMap::default();
    new.iter().rev().for_each(|object| waiting.entry(id(object)).or_default().push(object));
    let mut pairing = Pairing { pairs: vec![], names: Renamed::default() };
    let mut lone = vec![];
    for object in old.iter() {
        let versions = waiting.get_mut(&id(object));
        let same_version = |all: &Vec<&Resource>| all.iter().rposition(|o| o.gvk() == object.gvk());
        let found = versions.and_then(|all| match same_version(all) {
            Some(at) => Some(all.remove(at)),
            None => all.pop(),
        });
        match found {
            Some(found) => pairing.pairs.push((Some(object), Some(found))),
            None => lone.push(object),
        }
    }
    let mut added: Vec<&Resource> = waiting.into_values().flatten().collect();
    added.sort_by_key(|object| id(object));
    by_base_name(lone, added, &mut pairing);
    pairing
}

/// Pairs generated objects whose hash changed; the rest has no counterpart.
fn by_base_name<'a>(lone: Vec<&'a Resource>, added: Vec<&'a Resource>, pairing: &mut Pairing<'a>) {
    let mut waiting: FxHashMap<Id, Vec<&Resource>> = FxHashMap::default();
    let mut rest = vec![];
    for object in added {
        match without_hash(object) {
            Some(id) => waiting.entry(id).or_default().push(object),
            None => rest.push(object),
        }
    }
    let mut renamed = vec![];
    let mut lone = lone;
    lone.sort_by_key(|object| id(object));
    for object in lone {
        let all = without_hash(object).and_then(|id| waiting.get_mut(&id));
        // Of several with one base name the first ones go together.
        match all.filter(|all| !all.is_empty()).map(|all| all.remove(0)) {
            Some(found) => {
                renamed.push((id(object), object.name(), found.name()));
                pairing.pairs.push((Some(object), Some(found)));
            }
            None => pairing.pairs.push((Some(object), None)),
        }
    }
    pairing.names = Renamed::new(&renamed);
    rest.extend(waiting.into_values().flatten());
    rest.sort_by_key(|object| id(object));
    pairing.pairs.extend(rest.into_iter().map(|object| (None, Some(object))));
}

/// The id with the name before its hash, if it has one.
fn without_hash(object: &Resource) -> Option<Id> {
    let (base, hash) = object.name().rsplit_once('-')?;
    let is_hash = hash.len() == 10 && hash.chars().all(|c| HASH.contains(c));
    (is_hash && !base.is_empty()).then(|| Id { name: base.into(), ..id(object) })
}

/// Objects that were removed and added and look alike. Each is suggested at most once, the most alike first.
pub(super) fn moves(removed: &[(usize, &Resource)], added: &[(usize, &Resource)]) -> Vec<Move> {
    let mut kinds: FxHashMap<&str, (Vec<Looks>, Vec<Looks>)> = FxHashMap::default();
    for (place, object) in removed {
        kinds.entry(&object.gvk().kind).or_default().0.push(Looks::of(*place, object));
    }
    for (place, object) in added {
        if let Some((_, added)) = kinds.get_mut(object.gvk().kind.as_str()) {
            added.push(Looks::of(*place, object));
        }
    }
    let mut found = vec![];
    for (removed, added) in kinds.values() {
        let few = removed.len().saturating_mul(added.len()) <= MOST_PAIRS;
        for from in removed {
            for to in added.iter().filter(|to| few || to.name == from.name) {
                let likeness = from.likeness(to);
                if likeness >= LIKELY {
                    found.push((from, to, likeness));
                }
            }
        }
    }
    found.sort_by(|a, b| {
        let names = |(from, to, _): &(&Looks, &Looks, u8)| {
            let (x, y) = (from.whole.clone(), to.whole.clone());
            if x < y { (x, y) } else { (y, x) }
        };
        b.2.cmp(&a.2).then_with(|| names(a).cmp(&names(b)))
    });
    let (mut used, mut moves) = (vec![], vec![]);
    for (from, to, likeness) in found {
        if !used.contains(&from.place) && !used.contains(&to.place) {
            used.extend([from.place, to.place]);
            moves.push(Move { from: from.place, to: to.place, likeness });
        }
    }
    moves.sort_by_key(|m| m.from.min(m.to));
    moves
}

/// What an object looks like: a hash of each of its fields, sorted.
struct Looks {
    place: usize,
    name: Str,
    whole: Id,
    fields: Vec<u64>,
}

impl Looks {
    fn of(place: usize, object: &Resource) -> Self {
        let mut fields = vec![];
        let doc = object.doc();
        for (key, value) in doc.pairs(object.root()) {
            // The name is what a renamed object has another one of; the version is what a moved one may have.
            if !matches!(doc.text(key), "apiVersion" | "kind" | "metadata") {
                put(doc, value, hash(&doc.text(key)), &mut fields);
            }
        }
        for field in ["labels", "annotations"] {
            if let Some(map) = doc.get_path(object.root(), &["metadata", field]) {
                put(doc, map, hash(&field), &mut fields);
            }
        }
        fields.sort_unstable();
        Self { place, name: object.name().into(), whole: id(object), fields }
    }

    /// How many of the fields of both are the same, in percent. With the same name less is enough.
    fn likeness(&self, other: &Self) -> u8 {
        let (mut i, mut j, mut common) = (0, 0, 0_usize);
        while let (Some(x), Some(y)) = (self.fields.get(i), other.fields.get(j)) {
            common += usize::from(x == y);
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
        let all = self.fields.len() + other.fields.len() - common;
        let percent = (100 * common).checked_div(all).unwrap_or(0);
        let same_name = self.name == other.name && !self.name.is_empty();
        let percent = u8::try_from(percent).unwrap_or(100);
        if same_name { percent.max(LIKELY) } else { percent }
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

fn put(doc: &Doc, node: NodeId, path: u64, fields: &mut Vec<u64>) {
    if fields.len() >= MOST_FIELDS {
        return;
    }
    match doc.kind(node) {
        NodeKind::Map => {
            doc.pairs(node).for_each(|(key, value)| put(doc, value, hash(&(path, doc.text(key))), fields));
        }
        NodeKind::Seq => doc.items(node).iter().for_each(|item| put(doc, *item, hash(&(path, "-")), fields)),
        _ => fields.push(hash(&(path, canonical::text(doc, node, None)))),
    }
}
