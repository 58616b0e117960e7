//! The document that the field `openapi` names.

use super::Gvk;
use super::scope::Scope;

/// An OpenAPI document of the user.
#[derive(Debug, Default)]
pub struct OpenApi {}

impl OpenApi {
    /// The scope that the paths of the document give to a type.
    pub fn scope(&self, _gvk: &Gvk) -> Option<Scope> {
        None
    }
}
