//! Texts within texts, and the way from a place in one to the bytes of the scalar that holds them all.

use super::hit::Place;
use crate::yaml::{Doc, NodeId};
use std::ops::Range;

/// A text: the value of a scalar of an object, or of a scalar in such a text.
pub(super) struct Text<'a> {
    /// The text as it reads.
    pub(crate) text: &'a str,
    /// The scalar of the object that holds it.
    node: NodeId,
    /// The text it stands in, and the bytes it takes there.
    within: Option<(&'a Self, Option<Range<usize>>)>,
}

impl<'a> Text<'a> {
    /// The text of a scalar of a document that was read from `within`, or of the object itself.
    pub(super) fn scalar(doc: &'a Doc, node: NodeId, within: Option<&'a Self>) -> Self {
        let span = doc.span(node).map(|(start, end)| start as usize..end as usize);
        Self {
            text: doc.text(node),
            node: within.map_or(node, |w| w.node),
            within: within.map(|w| (w, span)),
        }
    }

    /// The bytes of the outermost scalar that are these bytes of the text.
    pub(super) fn place(&self, range: Range<usize>) -> Place {
        Place { node: self.node, range: self.lift(range) }
    }

    /// The place of all of the text.
    pub(super) fn whole(&self) -> Place {
        self.place(0..self.text.len())
    }

    /// Quotes, folding and indentation shift bytes; the bytes of an image are the same outside and inside, so that the
    /// one counted from the start is the one meant. Where the counts differ the image is written with escapes: all between
    /// the quotes can be replaced then, but no part of it.
    fn lift(&self, range: Range<usize>) -> Option<Range<usize>> {
        let Some((outer, span)) = &self.within else { return Some(range) };
        let wanted = self.text.get(range.clone())?;
        let span = span.clone()?;
        let raw = outer.text.get(span.clone())?;
        let starts = |text: &str| text.match_indices(wanted).map(|(at, _)| at).collect::<Vec<_>>();
        let (inside, outside) = (starts(self.text), starts(raw));
        if wanted.is_empty() {
            return None;
        }
        if inside.len() != outside.len() {
            let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).is_some();
            return (quoted && range.len() == self.text.len())
                .then(|| outer.lift(span.start + 1..span.end - 1))
                .flatten();
        }
        let number = inside.iter().position(|at| *at == range.start)?;
        let start = span.start + outside.get(number)?;
        outer.lift(start..start + wanted.len())
    }
}
