//! Patches: which text is one, which objects it selects, and how it changes them.

pub mod selector;

pub use selector::Target;

/// Texts.
pub struct Texts<'a> {
    /// x
    pub load: &'a mut dyn FnMut(
        &crate::kustomization::Text,
    ) -> crate::diag::Result<std::sync::Arc<crate::yaml::Source>>,
    /// x
    pub read: &'a dyn Fn(
        &std::sync::Arc<crate::yaml::Source>,
    ) -> crate::diag::Result<Vec<crate::resource::Resource>>,
    /// x
    pub compat: crate::kustomization::Compat,
}
/// Stub
pub struct Prepared;
use crate::diag::Result;
impl Prepared {
    /// x
    pub fn strategic_merge(_e: &[crate::kustomization::Text], _t: &mut Texts<'_>) -> Result<Self> {
        Ok(Self)
    }
    /// x
    pub fn patch(_e: &crate::kustomization::Patch, _t: &mut Texts<'_>) -> Result<Self> {
        Ok(Self)
    }
    /// x
    pub fn json6902(_e: &crate::kustomization::Patch, _t: &mut Texts<'_>) -> Result<Self> {
        Ok(Self)
    }
    /// x
    pub fn apply(
        &self,
        _r: &mut crate::resource::ResMap,
        _s: Option<&crate::kube::OpenApi>,
        _f: &crate::diag::Findings,
    ) -> Result<()> {
        Ok(())
    }
}
