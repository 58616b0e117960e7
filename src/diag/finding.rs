//! Findings: what a build noticed and kustomize would not say, or only in passing.

use super::Location;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::sync::{Mutex, PoisonError};

/// Which rule made a finding. The name is stable: scripts may refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A field of the kustomization file is deprecated.
    DeprecatedField,
    /// A flag of the command line is deprecated.
    DeprecatedFlag,
    /// A `target` selects nothing.
    TargetMatchesNothing,
    /// An entry changes nothing.
    EntryChangesNothing,
    /// A variable is used nowhere.
    UnusedVar,
    /// A variable's value cannot be put where it is used.
    VarNotInserted,
    /// An empty selector together with a deletion.
    DeletesEverything,
    /// Kustomize 5.7 would have selected something here.
    SelectsUnderCompat,
    /// Kustomize before 5.8.2 would have labelled claim templates, which a cluster does not let change.
    ClaimTemplatesNotLabelled,
    /// A component was built by itself, without what it changes.
    ComponentAlone,
    /// A secret that everybody knows.
    KnownSecret,
    /// Something is left out that the user may expect to happen.
    Skipped,
    /// Something about an image.
    Image,
    /// A remote location names something that moves.
    Unpinned,
    /// A copy of remote content is not what it should be.
    OutOfDate,
    /// A note about what kfm did.
    Note,
}

/// One thing noticed. Data first: the text is made by [`super::render`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The rule.
    pub code: Code,
    /// What is the matter: lower case, no full stop.
    pub message: String,
    /// Where, if known.
    pub at: Option<Location>,
    /// What the user could do.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding without place and hint.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), at: None, hint: None }
    }

    /// Adds the place.
    #[must_use]
    pub(crate) fn at(mut self, at: Location) -> Self {
        self.at = Some(at);
        self
    }

    /// Adds what the user could do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns whether it tells of a possible mistake, so that `--strict` makes it an error.
    pub fn is_warning(&self) -> bool {
        self.code != Code::Note
    }
}

/// The findings of a build, each once, in the order they were made. Shared by all steps.
#[derive(Debug, Default)]
pub(crate) struct Findings(Mutex<IndexSet<Finding, FxBuildHasher>>);

impl Findings {
    /// Adds a finding unless an equal one is there.
    pub(crate) fn add(&self, finding: Finding) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(finding);
    }

    /// How many findings there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes all findings out.
    pub(crate) fn take(&self) -> Vec<Finding> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *all).into_iter().collect()
    }
}
