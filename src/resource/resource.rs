//! One object: its document, its id, and what kustomize remembers about it.
//!
//! Kustomize keeps its bookkeeping as annotations inside the object; here it is fields beside the document. The
//! document is shared until it is changed, so that a base reached twice is read once.

use crate::kube::Scope;
use crate::kube::gvk::group_and_version;
use crate::kube::{Gvk, ResId, Scopes, Str};
use crate::yaml::{Doc, NodeId};
use std::sync::Arc;

/// An id that an object had before a step renamed or moved it. Group and version are always the present ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PreviousId {
    /// Kind of then.
    pub(crate) kind: Str,
    /// Name of then.
    pub(crate) name: Str,
    /// Effective namespace of then.
    pub(crate) namespace: Str,
}

/// What a generated object does when one of its id is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Behavior {
    /// Nothing was said; the same as [`Behavior::Create`].
    #[default]
    Unspecified,
    /// It must be new.
    Create,
    /// It takes the place of the old one's data.
    Replace,
    /// Its data are laid over the old one's.
    Merge,
}

/// Where an object came from, or what changed it, as `buildMetadata` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Origin {
    /// File, from the directory being built.
    pub(crate) path: String,
    /// Repository of a remote file.
    pub(crate) repo: String,
    /// Its ref.
    pub(crate) reference: String,
    /// The file that asked for a generator or transformer.
    pub(crate) configured_in: String,
    /// That generator or transformer: apiVersion, kind, name, namespace.
    pub(crate) configured_by: Option<ResId>,
    /// The note as a text, where a patch or a replacement has put one in the place of kustomize's.
    pub(crate) raw: String,
}

/// An object of Kubernetes.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    doc: Arc<Doc>,
    id: ResId,
    /// The scopes of types, where the build does not know just the built-in types of today.
    scopes: Option<Arc<Scopes>>,
    /// Ids of before, oldest first.
    pub(crate) previous: Vec<PreviousId>,
    /// Prefixes put before the name, in the order of application.
    pub(crate) prefixes: Vec<Str>,
    /// Suffixes put after the name, in the order of application.
    pub(crate) suffixes: Vec<Str>,
    /// For generated objects.
    pub(crate) behavior: Behavior,
    /// A hash of the contents is appended to the name at the end of the build.
    pub(crate) needs_hash: bool,
    /// A chart made it: no namespace is set.
    pub(crate) from_helm: bool,
    /// As a patch: it may change the name.
    pub(crate) allow_name_change: bool,
    /// As a patch: it may change the kind.
    pub(crate) allow_kind_change: bool,
    /// Ids of the objects that refer to this one.
    pub(crate) referred_by: Vec<ResId>,
    /// Variables whose value is read from this object.
    pub(crate) vars: Vec<Str>,
    /// Where it came from.
    pub(crate) origin: Option<Arc<Origin>>,
    /// What worked on it, when that is tracked.
    pub(crate) transformations: Vec<Arc<Origin>>,
}

impl Resource {
    /// An object from a document whose root is a mapping.
    pub(crate) fn new(doc: Doc) -> Self {
        let mut res = Self {
            doc: Arc::new(doc),
            id: ResId::default(),
            scopes: None,
            previous: vec![],
            prefixes: vec![],
            suffixes: vec![],
            behavior: Behavior::Unspecified,
            needs_hash: false,
            from_helm: false,
            allow_name_change: false,
            allow_kind_change: false,
            referred_by: vec![],
            vars: vec![],
            origin: None,
            transformations: vec![],
        };
        res.refresh_id();
        res
    }

    /// The document.
    pub(crate) fn doc(&self) -> &Doc {
        &self.doc
    }

    /// The document, to be kept.
    pub(crate) fn shared_doc(&self) -> &Arc<Doc> {
        &self.doc
    }

    /// The root of the document.
    pub(crate) fn root(&self) -> NodeId {
        self.doc.root()
    }

    /// Changes the document; the id is kept in step. Call it through [`super::ResMap::edit`] for objects in a map.
    pub(crate) fn edit<R>(&mut self, change: impl FnOnce(&mut Doc) -> R) -> R {
        let result = change(Arc::make_mut(&mut self.doc));
        self.refresh_id();
        result
    }

    /// The present id.
    pub(crate) fn id(&self) -> &ResId {
        &self.id
    }

    /// The present type.
    pub(crate) fn gvk(&self) -> &Gvk {
        &self.id.gvk
    }

    /// The present name.
    pub(crate) fn name(&self) -> &str {
        &self.id.name
    }

    /// The present namespace as written.
    pub(crate) fn namespace(&self) -> &str {
        &self.id.namespace
    }

    /// Says which scopes types have.
    pub(crate) fn set_scopes(&mut self, scopes: &Arc<Scopes>) {
        self.scopes = Some(scopes.clone());
        self.refresh_scope();
    }

    fn refresh_scope(&mut self) {
        self.id.scope = self.scopes.as_ref().map(|scopes| scopes.of(&self.id.gvk));
    }

    fn refresh_id(&mut self) {
        let doc = &*self.doc;
        let root = doc.root();
        let text = |node: Option<NodeId>| node.filter(|n| !doc.is_null(*n)).map_or("", |n| doc.text(n));
        let (api_version, kind) = (text(doc.get(root, "apiVersion")), text(doc.get(root, "kind")));
        let (group, version) = group_and_version(api_version);
        let meta = doc.get(root, "metadata");
        let (name, namespace) =
            meta.map_or(("", ""), |m| (text(doc.get(m, "name")), text(doc.get(m, "namespace"))));
        let id = &mut self.id;
        let gvk = &mut id.gvk;
        for (field, now) in [
            (&mut gvk.group, group),
            (&mut gvk.version, version),
            (&mut gvk.kind, kind),
            (&mut id.name, name),
            (&mut id.namespace, namespace),
        ] {
            if field != now {
                *field = now.into();
            }
        }
        self.refresh_scope();
    }

    /// Remembers the present id before a step that renames or moves.
    pub(crate) fn store_previous_id(&mut self) {
        self.previous.push(PreviousId {
            kind: self.id.gvk.kind.clone(),
            name: self.id.name.clone(),
            namespace: self.id.effective_namespace().into(),
        });
    }

    fn previous_id(&self, previous: &PreviousId) -> ResId {
        ResId {
            gvk: Gvk { kind: previous.kind.clone(), ..self.id.gvk.clone() },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
            // One that the build calls namespaced may be one of the cluster to others.
            scope: self.id.scope.filter(|scope| *scope == Scope::Namespaced),
        }
    }

    /// The ids of before, oldest first.
    pub(crate) fn previous_ids(&self) -> impl DoubleEndedIterator<Item = ResId> + '_ {
        let named = self.previous.iter().any(|p| !p.name.is_empty());
        self.previous.iter().filter(move |_| named).map(|p| self.previous_id(p))
    }

    /// Returns whether the ids of before can be told. Kustomize keeps a list of names, one of namespaces and one of kinds,
    /// leaves out what is empty, and crashes where the lists are not of one length.
    pub(crate) fn has_whole_previous_ids(&self) -> bool {
        let parts = |text: &Str| if text.is_empty() { 0 } else { 1 + text.matches(',').count() };
        let count =
            |part: fn(&PreviousId) -> &Str| self.previous.iter().map(|p| parts(part(p))).sum::<usize>();
        let names = count(|p| &p.name);
        names == 0 || names == count(|p| &p.namespace) && names == count(|p| &p.kind)
    }

    /// The first id the object had in this build.
    pub(crate) fn original_id(&self) -> ResId {
        self.previous_ids().next().unwrap_or_else(|| self.id.clone())
    }

    /// Returns whether the object has or had this id.
    pub(crate) fn had_id(&self, id: &ResId) -> bool {
        self.id == *id || self.previous_ids().any(|p| p == *id)
    }

    /// Returns whether kustomize keeps notes in the annotations of the object at this point, so that these exist to it even
    /// if the document has none.
    pub(crate) fn has_bookkeeping(&self) -> bool {
        !self.previous.is_empty()
            || !self.prefixes.is_empty()
            || !self.suffixes.is_empty()
            || !self.referred_by.is_empty()
            || !self.transformations.is_empty()
            || self.origin.is_some()
            || self.behavior != Behavior::Unspecified
            || self.needs_hash
            || self.from_helm
    }

    /// The value of a label.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.metadata_text("labels", key)
    }

    /// The value of an annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata_text("annotations", key)
    }

    fn metadata_text(&self, field: &str, key: &str) -> Option<&str> {
        let doc = self.doc();
        doc.get_path(self.root(), &["metadata", field, key]).map(|n| doc.text(n))
    }
}
