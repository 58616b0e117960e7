//! The tables `[[danger]]` and `[roots]`.
//!
//! ```toml
//! [[danger]]
//! rule = "claim-removed"
//! object = "PersistentVolumeClaim/kubeflow/minio-pvc"
//! reason = "moved to seaweedfs on 2026-04-01"
//!
//! [roots]
//! list = ["overlays/*"]
//! exclude = ["overlays/scratch"]
//! ```

use crate::diag::{Error, ErrorKind, Result, nearest};
use crate::diff::{Allowance, RULES};
use crate::roots::Selection;
use crate::yaml::Source;
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;

/// Dangers of a rule that are accepted for some objects.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Danger {
    rule: Spanned<String>,
    object: Spanned<String>,
    reason: Spanned<String>,
}

/// Which kustomizations are roots.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Roots {
    /// Only these are.
    #[serde(default)]
    list: Vec<String>,
    /// These are not.
    #[serde(default)]
    exclude: Vec<String>,
}

impl Danger {
    /// Returns what is accepted.
    ///
    /// # Errors
    ///
    /// There is no such rule, the object has no kind, or no reason is given.
    pub(super) fn allowance(&self, source: &Arc<Source>) -> Result<Allowance> {
        let wrong = |at: &Spanned<String>, message: String| {
            let offset = u32::try_from(at.span().start).unwrap_or(0);
            Error::new(ErrorKind::Config, message).at(source.location(offset))
        };
        let rule = self.rule.get_ref();
        let mut names = RULES.iter().map(|known| known.name);
        if rule != "*" && !names.clone().any(|name| name == rule) {
            let error = wrong(&self.rule, format!("unknown rule `{rule}`"));
            return Err(match nearest(rule, names.by_ref()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("docs/diff.md lists the rules"),
            });
        }
        if !matches!(self.object.get_ref().split('/').count(), 2 | 3) {
            let message =
                format!("expected KIND/NAME or KIND/NAMESPACE/NAME, found `{}`", self.object.get_ref());
            return Err(wrong(&self.object, message));
        }
        if self.reason.get_ref().trim().is_empty() {
            return Err(wrong(&self.reason, "a danger is accepted only with a reason".to_owned()));
        }
        Ok(Allowance {
            rule: rule.clone(),
            object: self.object.get_ref().clone(),
            reason: self.reason.get_ref().clone(),
        })
    }
}

impl Roots {
    /// Returns which kustomizations below a top directory are roots, where patterns count from another one.
    pub(super) fn selection(&self, from: &Path, top: &Path) -> Selection {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let within = top.strip_prefix(from).map(shown).unwrap_or_default();
        // A file further down speaks of what is there.
        let below = from.strip_prefix(top).map(shown).unwrap_or_default();
        let patterns = |all: &[String]| match below.as_str() {
            "" => all.to_vec(),
            below => all.iter().map(|pattern| format!("{below}/{pattern}")).collect(),
        };
        Selection { list: patterns(&self.list), exclude: patterns(&self.exclude), within }
    }
}
