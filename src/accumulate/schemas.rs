//! Where a build has its schemas from: the built-in types, or the document of a field `openapi`.

use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::{BuiltIn, Gvk, OpenApi, Scopes, scope};
use crate::kustomization;
use crate::load::Loader;
use crate::yaml::{Doc, split};
use std::sync::Arc;

/// The schemas of a build.
pub(super) struct Schemas {
    compat: Compat,
    source: Source,
    /// The scopes of types, where they are not just the built-in ones of today.
    scopes: Option<Arc<Scopes>>,
    /// Schemas were looked up already.
    was_used: bool,
    /// The scope of a type that is not built in was looked up already.
    unknown_type_was_met: bool,
}

/// What `openapi` says.
enum Source {
    /// Nothing so far.
    Unset,
    /// The built-in types, by their version.
    BuiltIn,
    /// A document in place of the built-in types: the first that was met going down.
    Document(Arc<OpenApi>),
    /// A document that is none, which is an error once something is looked up in it.
    Broken(Error),
}

impl Schemas {
    /// The built-in types of a version.
    pub(super) fn new(compat: Compat) -> Self {
        Self {
            compat,
            source: Source::Unset,
            scopes: Scopes::new(compat, None),
            was_used: false,
            unknown_type_was_met: false,
        }
    }

    /// The document in place of the built-in types, if there is one.
    pub(super) fn document(&self) -> Option<&OpenApi> {
        match &self.source {
            Source::Document(document) => Some(document),
            _ => None,
        }
    }

    /// The scopes of types, where they are not just the built-in ones of today.
    pub(super) fn scopes(&self) -> Option<&Arc<Scopes>> {
        self.scopes.as_ref()
    }

    /// Reads the `openapi` field of a directory: the schema is one for the whole build, that of the top if it has one.
    pub(super) fn read(&mut self, field: &kustomization::OpenApi, loader: &Loader, top: bool) -> Result<()> {
        // A file that is named has to be there, also where it is ignored.
        let source = field.path.as_ref().map(|path| loader.file(path)?.text()).transpose()?;
        if !matches!(self.source, Source::Unset) && !top {
            return Ok(());
        }
        if let (Some(_), Some(version)) = (&source, &field.version) {
            let message = "a builtin version and a schema of one's own cannot be used both";
            return Err(Error::new(ErrorKind::Config, message)
                .at(version.mark.location())
                .hint("remove one of the two"));
        }
        if let Some(source) = source {
            let doc = split::read_v2(&source).map(|doc| doc.unwrap_or_else(|| Doc::new(source)));
            self.source = match doc.and_then(OpenApi::read) {
                Ok(mut document) => {
                    document.built_in = self.built_in();
                    Source::Document(Arc::new(document))
                }
                Err(error) => Source::Broken(error),
            };
            if let Source::Document(document) = &self.source {
                self.scopes = Scopes::new(self.compat, Some(document));
            }
        } else if let Some(version) = field.version.as_ref().filter(|v| !v.value.is_empty()) {
            if version.value != "v1.21.2" {
                let message = format!("the OpenAPI version `{}` is not built in", version.value);
                return Err(Error::new(ErrorKind::Config, message)
                    .at(version.mark.location())
                    .hint("`v1.21.2` is; name another document with `path`"));
            }
            if matches!(self.source, Source::Unset) {
                self.source = Source::BuiltIn;
            }
        }
        Ok(())
    }

    /// What becomes of the built-in types beside a document. Those that are in use, or wanted, by now are not given up.
    fn built_in(&self) -> BuiltIn {
        match (self.was_used, self.unknown_type_was_met) {
            (true, _) => BuiltIn::Under,
            (false, true) => BuiltIn::Over,
            (false, false) => BuiltIn::Gone,
        }
    }

    /// Notes that schemas are looked up.
    pub(super) fn use_schema(&mut self) -> Result<()> {
        self.was_used = true;
        self.refuse_broken()
    }

    /// Notes that the scope of the type of an object is looked up.
    pub(super) fn use_scope(&mut self, gvk: &Gvk) -> Result<()> {
        if self.unknown_type_was_met || scope::is_known(gvk, self.compat) {
            return Ok(());
        }
        self.unknown_type_was_met = true;
        self.refuse_broken()
    }

    fn refuse_broken(&self) -> Result<()> {
        match &self.source {
            Source::Broken(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}
