//! Two files that are compared. What changes is little as a rule: a document that is the same text in both is read once.

use crate::parallel;
use crate::resource::{ResMap, Resource, from_docs};
use crate::yaml::{Source, split};
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::Arc;

/// The objects of two texts. Nothing where each has to be read by itself: one has lists of objects, whose order depends on the
/// whole text, or mistakes.
pub(super) fn read(old: &Arc<Source>, new: &Arc<Source>, threads: usize) -> Option<(ResMap, ResMap)> {
    let (older, newer) = (split::documents(old).ok()?, split::documents(new).ok()?);
    let numbered = newer.iter().enumerate();
    let mut known: FxHashMap<&str, usize> =
        numbered.filter_map(|(number, range)| Some((new.text.get(range.clone())?, number))).collect();
    // Which of the newer documents each older one is.
    let same: Vec<Option<usize>> =
        older.iter().map(|range| known.remove(old.text.get(range.clone())?)).collect();
    let own = older.iter().zip(&same).filter(|(_, same)| same.is_none()).map(|(range, _)| (old, range));
    let documents: Vec<(&Arc<Source>, &Range<usize>)> =
        newer.iter().map(|range| (new, range)).chain(own).collect();
    let read = parallel::map(threads, &documents, |(source, range)| object(source, (*range).clone()));
    let read: Vec<Option<Resource>> = read.into_iter().collect::<Option<_>>()?;
    let (newer, own) = read.split_at_checked(newer.len())?;
    let mut own = own.iter();
    let older = same.iter().map(|same| same.map_or_else(|| own.next(), |number| newer.get(number)));
    let older = all(older.flatten().flatten());
    Some((older, all(newer.iter().flatten())))
}

fn all<'a>(objects: impl Iterator<Item = &'a Resource>) -> ResMap {
    let mut all = ResMap::new();
    for object in objects {
        all.push(object.clone());
    }
    all
}

/// The object of a document, if there is anything in it; nothing at all for a list, or a mistake.
fn object(source: &Arc<Source>, range: Range<usize>) -> Option<Option<Resource>> {
    let Some(doc) = split::read_piece(source, range).ok()? else { return Some(None) };
    let kind = doc.get(doc.root(), "kind").map_or("", |node| doc.text(node));
    if kind.ends_with("List") {
        return None;
    }
    from_docs(vec![doc], false).ok().map(|mut objects| objects.pop())
}
