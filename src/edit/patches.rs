//! What the commands do to `patches`.

use super::tree::{Entry, Node};
use crate::diag::{Error, ErrorKind, Result};

/// A patch as the flags of a command describe it.
#[derive(Debug, Clone, Default)]
pub(crate) struct PatchFlags {
    /// `path`
    pub(crate) path: String,
    /// `patch`
    pub(crate) patch: String,
    /// The fields of `target` and their values.
    pub(crate) target: Vec<(&'static str, String)>,
}

impl PatchFlags {
    /// Refuses both a path and a text.
    pub(crate) fn check(&self) -> Result<()> {
        if self.path.is_empty() || self.patch.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Usage, "`--patch` and `--path` cannot be given together"))
    }

    fn node(&self) -> Node {
        let mut node = Node::fields([("path", self.path.as_str()), ("patch", self.patch.as_str())]);
        let target = Node::fields(self.target.iter().map(|(field, text)| (*field, text.as_str())));
        if !target.is_empty() {
            node.entries_mut().push(Entry::new("target", target));
        }
        node
    }

    fn is(&self, entry: &Node) -> bool {
        let target = |field: &str| entry.get("target").map_or("", |t| t.get_text(field));
        entry.get_text("path") == self.path
            && entry.get_text("patch") == self.patch
            && self.target.iter().all(|(field, text)| target(field) == text)
    }
}

/// Appends a patch; false if an equal one is there.
pub(crate) fn add(root: &mut Node, flags: &PatchFlags) -> Result<bool> {
    flags.check()?;
    if flags.path.is_empty() && flags.patch.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "expected `--path` or `--patch`, found neither"));
    }
    if root.get_items("patches").iter().any(|e| flags.is(e) && e.get("options").is_none()) {
        return Ok(false);
    }
    root.field_mut("patches").items_mut().push(flags.node());
    Ok(true)
}

/// Removes the patches that are equal; those with options only if there are none without. False if there are none.
pub(crate) fn remove(root: &mut Node, flags: &PatchFlags) -> Result<bool> {
    flags.check()?;
    if flags.path.is_empty() && flags.patch.is_empty() {
        return Ok(false);
    }
    let items = root.get_items("patches");
    let plain = items.iter().any(|e| flags.is(e) && e.get("options").is_none());
    let stays = |e: &&Node| !flags.is(e) || plain && e.get("options").is_some();
    let kept: Vec<Node> = items.iter().filter(stays).cloned().collect();
    let found = kept.len() < items.len();
    super::fields::keep_items(root, "patches", kept);
    Ok(found)
}
