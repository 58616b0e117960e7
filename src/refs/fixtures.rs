//! Objects for tests.

use crate::kube::Gvk;
use crate::kustomization::types::Selector;
use crate::resource::{PreviousId, ResMap, Resource};
use crate::yaml::{Mark, Source, print, split};

/// The objects of a text.
pub(super) fn objects(text: &str) -> ResMap {
    let source = Source::new("objects.yaml", text.to_owned());
    let mut all = ResMap::new();
    for doc in split::read_all(&source).expect("objects can be read") {
        all.push(Resource::new(doc));
    }
    all
}

/// The objects of a text; those whose name starts with `p-` got that as a prefix.
pub(super) fn prefixed(text: &str) -> ResMap {
    let mut all = objects(text);
    all.edit_all(|res| {
        if let Some(name) = res.name().strip_prefix("p-") {
            let kind = res.gvk().kind.clone();
            let namespace = res.id().effective_namespace().into();
            res.previous.push(PreviousId { kind, name: name.into(), namespace });
            res.prefixes.push("p-".into());
        }
        Ok(())
    })
    .expect("nothing fails");
    all
}

/// A field of the object of this name, printed.
pub(super) fn field(all: &ResMap, name: &str, path: &[&str]) -> String {
    let res = all.iter().find(|res| res.name() == name).expect("the object is there");
    let node = res.doc().get_path(res.root(), path).expect("the field is there");
    let mut out = Vec::new();
    print(res.doc(), node, &mut out).expect("the field can be printed");
    String::from_utf8(out).expect("it is text").trim_end().to_owned()
}

/// A place.
pub(super) fn mark() -> Mark {
    Mark { source: Source::new("kustomization.yaml", String::new()), offset: 0 }
}

/// A selector of kind and name.
pub(super) fn selector(api_version: &str, kind: &str, name: &str) -> Selector {
    Selector { gvk: Gvk::new(api_version, kind), name: name.to_owned(), ..Selector::default() }
}
