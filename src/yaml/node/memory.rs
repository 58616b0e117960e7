//! What a document takes of the budget of its build.
//!
//! Every document charges the capacity of its tables as they grow and gives it back when it is dropped. Where a limit
//! is reached the document notes it and grows no further: texts come out empty, copies are cut short. Whoever changes
//! documents asks [`Doc::within_limits`] before the result is used; nothing is printed of a document that is not.

use super::{Doc, Node, NodeId, NodeKind};
use crate::diag::{Error, Result};
use crate::limits::{Budget, Exceeded, Limit, Limits};
use std::mem::size_of;
use std::sync::Arc;

/// Texts of this length are work that counts.
const LONG: usize = 4 << 10;

/// Steps for each node that is walked over.
const WALKED: u64 = 16;

/// Steps for each change of a document as a whole.
const CHANGED: u64 = 2000;

/// What a document has charged, and whether it was too much.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(crate) budget: Option<Arc<Budget>>,
    charged: u64,
    pub(crate) exceeded: Option<Exceeded>,
}

impl Memory {
    pub(super) fn new(budget: Option<&Arc<Budget>>) -> Self {
        Self { budget: budget.cloned(), charged: 0, exceeded: None }
    }

    /// Charges bytes that are about to be allocated.
    fn charge(&mut self, bytes: usize) {
        let Some(budget) = &self.budget else { return };
        let bytes = bytes as u64;
        let taken = budget.take(Limit::Memory, bytes);
        self.charged += bytes;
        self.note(taken);
    }

    fn note(&mut self, result: std::result::Result<(), Exceeded>) {
        if let Err(exceeded) = result {
            self.exceeded.get_or_insert(exceeded);
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.give_back(Limit::Memory, self.charged);
        }
    }
}

impl Clone for Doc {
    fn clone(&self) -> Self {
        let mut memory = Memory::new(self.memory.budget.as_ref());
        memory.exceeded = self.memory.exceeded;
        let bytes = self.nodes.len() * size_of::<Node>()
            + self.children.len() * size_of::<NodeId>()
            + self.text.len();
        memory.charge(bytes);
        if let Some(budget) = &self.memory.budget {
            memory.note(budget.take(Limit::Work, bytes as u64));
        }
        Self {
            sources: self.sources.clone(),
            nodes: self.nodes.clone(),
            children: self.children.clone(),
            text: self.text.clone(),
            keys: self.keys.clone(),
            memory,
            ..*self
        }
    }
}

impl Doc {
    /// The document is as whole as its makers meant it to be.
    ///
    /// # Errors
    ///
    /// A limit of the build was reached while the document was made or changed. The place is that of its root.
    pub(crate) fn within_limits(&self) -> Result<()> {
        match self.memory.exceeded {
            None => Ok(()),
            Some(exceeded) if self.nodes.is_empty() => Err(exceeded.into()),
            Some(exceeded) => Err(Error::from(exceeded).at(self.location(self.root))),
        }
    }

    /// Compares a number with a limit that is for one document.
    ///
    /// # Errors
    ///
    /// It is more.
    pub(crate) fn check(&self, limit: Limit, amount: u64) -> std::result::Result<(), Exceeded> {
        match &self.memory.budget {
            Some(budget) => budget.check(limit, amount),
            None => limit.check_default(amount),
        }
    }

    /// Charges what it takes to change this document by so many nodes of another one.
    ///
    /// # Errors
    ///
    /// The build has done as much as it may.
    pub(crate) fn charge_change(&self, nodes: usize) -> Result<()> {
        let Some(budget) = &self.memory.budget else { return Ok(()) };
        let steps = CHANGED + (self.size() + nodes) as u64 * WALKED;
        budget.take(Limit::Work, steps).map_err(|e| Error::from(e).at(self.location(self.root)))
    }

    /// How many levels deep a document may be.
    pub(crate) fn deepest(&self) -> u64 {
        match &self.memory.budget {
            Some(budget) => budget.limits().get(Limit::Depth),
            None => Limits::default().get(Limit::Depth),
        }
    }

    /// How long the texts of all scalars are together, each alias counted as what it stands for.
    #[cfg(feature = "cli")]
    pub(crate) fn text_size(&self) -> u64 {
        self.nodes.iter().filter(|node| node.kind == NodeKind::Scalar).map(|node| u64::from(node.b)).sum()
    }

    /// How long the text may be that this document is printed to: as long as what it was read from, and what may be made
    /// for it.
    pub(crate) fn longest_print(&self) -> u64 {
        let read: u64 = self.sources.iter().map(|source| source.text.len() as u64).sum();
        let made = match &self.memory.budget {
            Some(budget) => budget.limits().get(Limit::Text),
            None => Limits::default().get(Limit::Text),
        };
        read.saturating_mul(2).saturating_add(made)
    }

    /// Compares how deep a node is nested with the limit, if it comes to stand below so many others. What it takes to find out
    /// is charged.
    ///
    /// # Errors
    ///
    /// It is deeper, or there was too much work.
    pub(crate) fn check_depth(&self, id: NodeId, above: usize) -> std::result::Result<(), Exceeded> {
        let (levels, seen) = self.levels(id);
        if let Some(budget) = &self.memory.budget {
            budget.take(Limit::Work, seen * WALKED)?;
        }
        self.check(Limit::Depth, above as u64 + levels)
    }

    /// How many levels of collections there are in a node, and how many nodes.
    pub(crate) fn levels(&self, id: NodeId) -> (u64, u64) {
        let mut left = vec![(id, 0)];
        let (mut deepest, mut seen) = (0, 0);
        while let Some((id, depth)) = left.pop() {
            seen += 1;
            if self.kind(id) == NodeKind::Scalar || self.kind(id) == NodeKind::Alias {
                continue;
            }
            deepest = deepest.max(depth + 1);
            left.extend(self.children(id).iter().map(|child| (*child, depth + 1)));
        }
        (deepest, seen)
    }

    /// The limit that was reached, if one was.
    #[inline]
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        self.memory.exceeded
    }

    /// Makes a limit count as reached.
    pub(crate) fn exceed(&mut self, exceeded: Exceeded) {
        self.memory.exceeded.get_or_insert(exceeded);
    }

    /// The budget that this document is charged to.
    pub(crate) fn budget(&self) -> Option<&Arc<Budget>> {
        self.memory.budget.as_ref()
    }

    /// Makes room for one more node.
    #[cold]
    #[inline(never)]
    pub(super) fn grow_nodes(&mut self) {
        let more = self.nodes.capacity().max(4);
        self.memory.charge(more * size_of::<Node>());
        self.nodes.reserve_exact(more);
    }

    /// Makes room for this many more nodes.
    pub(super) fn reserve_nodes(&mut self, more: usize) {
        if self.nodes.capacity() - self.nodes.len() < more {
            self.memory.charge(more * size_of::<Node>());
            self.nodes.reserve_exact(more);
        }
    }

    /// Makes room for this many more children.
    #[inline]
    pub(super) fn room_for_children(&mut self, more: usize) {
        if self.children.capacity() - self.children.len() < more {
            self.grow_children(more);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_children(&mut self, more: usize) {
        let more = more.max(self.children.capacity()).max(4);
        self.memory.charge(more * size_of::<NodeId>());
        self.children.reserve_exact(more);
    }

    /// Makes room for this many more bytes of the document's own text, or tells that there may be no more.
    #[inline]
    pub(super) fn room_for_text(&mut self, more: usize) -> bool {
        if more < LONG && self.text.capacity() - self.text.len() >= more {
            return true;
        }
        self.grow_text(more)
    }

    #[cold]
    #[inline(never)]
    fn grow_text(&mut self, more: usize) -> bool {
        self.check_text(more);
        if let Some(budget) = &self.memory.budget {
            let taken = budget.take(Limit::Work, more as u64);
            self.memory.note(taken);
        }
        let room = self.text.capacity() - self.text.len();
        if room < more && self.memory.exceeded.is_none() {
            // Long texts seldom grow twice; doubling them would take as much again.
            let step = if more < LONG { self.text.capacity().max(64) } else { self.text.capacity() / 4 };
            let more = more.max(step);
            self.memory.charge(more);
            if self.memory.exceeded.is_none() {
                self.text.reserve_exact(more);
            }
        }
        self.memory.exceeded.is_none()
    }

    /// Notes whether the document's own text would be too long with so many more bytes.
    pub(super) fn check_text(&mut self, more: usize) {
        let bytes = (self.text.len() + more) as u64;
        let checked = self.check(Limit::Text, bytes);
        self.memory.note(checked);
    }

    /// Charges to the budget of another document from now on, if there is none yet.
    pub(super) fn adopt_budget(&mut self, other: &Self) {
        if self.memory.budget.is_none() && other.memory.budget.is_some() {
            self.memory.budget.clone_from(&other.memory.budget);
        }
        if let Some(exceeded) = other.memory.exceeded {
            self.exceed(exceeded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Source, Tag};

    fn limited(limit: Limit, most: u64) -> (Arc<Budget>, Doc) {
        let budget = Arc::new(Budget::new(Limits::default().with(limit, most)));
        let doc = Doc::new(Source::limited("t.yaml", String::new(), Some(&budget)));
        (budget, doc)
    }

    #[test]
    fn a_text_beyond_its_limit_is_an_error_and_never_a_wrong_text() {
        let (_, mut doc) = limited(Limit::Text, 100);
        let (map, text) = (doc.map(), "x".repeat(60));
        doc.set_string(map, "a", &text);
        assert!(doc.within_limits().is_ok());
        doc.set_string(map, "b", &text);
        assert!(
            doc.within_limits().is_err_and(|e| e.to_string().contains("more than 100 bytes of text made"))
        );
        assert_eq!(doc.get(map, "a").map(|n| doc.text(n)), Some(text.as_str()));
        assert_eq!(doc.get(map, "b").map(|n| doc.text(n)), Some(""));
    }

    #[test]
    fn depth_is_that_of_the_deepest_collection() {
        let (_, mut doc) = limited(Limit::Depth, 3);
        let root = doc.map();
        assert!(doc.check_depth(root, 2).is_ok() && doc.check_depth(root, 3).is_err());
        let (list, inner) = (doc.seq(), doc.seq());
        doc.append(list, &[inner]);
        doc.set(root, "a", list);
        doc.set_string(root, "b", "x");
        assert!(doc.check_depth(root, 0).is_ok() && doc.check_depth(root, 1).is_err());
    }

    #[test]
    fn memory_is_charged_as_it_grows_and_given_back() {
        let (budget, mut doc) = limited(Limit::Memory, 1 << 20);
        let root = doc.map();
        while doc.exceeded().is_none() {
            let copy = doc.copy(root);
            doc.set(root, &doc.size().to_string(), copy);
        }
        assert!(doc.nodes.capacity() * size_of::<Node>() < 4 << 20, "{}", doc.nodes.capacity());
        let mut copy = Doc::new(Source::new("u.yaml", String::new()));
        let node = copy.import(&doc, root);
        assert!(copy.within_limits().is_err() && copy.children(node).is_empty());
        copy.set_text(node, &"x".repeat(9000), Tag::Str);
        assert_eq!(copy.text(node), "");
        drop((doc, copy));
        assert!(budget.take(Limit::Memory, 1 << 20).is_ok());
    }
}
