//! Schemas of custom resources.

use super::find::Walk;
use super::hit::{Carrier, Confidence};
use super::reference;
use super::text::Text;
use super::trail::{Level, Segment, Trail};
use crate::yaml::{NodeId, NodeKind};

impl Walk<'_, '_> {
    /// The schema of a custom resource: defaults of properties that are images.
    pub(super) fn schema<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, node: NodeId) {
        let doc = level.doc;
        for (key, value) in doc.pairs(node) {
            if doc.kind(value) == NodeKind::Scalar {
                continue;
            }
            let name = doc.text(key);
            trail.segments.push(Segment::Key(name));
            let default = match name.as_bytes().last() {
                Some(b'e') if self.is_image_key(name) => doc.get(value, "default"),
                _ => None,
            };
            if let Some(default) = default {
                let text = doc.text(default);
                if doc.kind(default) == NodeKind::Scalar && reference::is_reference(text) {
                    trail.segments.push(Segment::Key("default"));
                    let whole = Text::scalar(doc, default, None).whole();
                    self.hit(level, trail, Carrier::SchemaDefault, "schema", Confidence::Likely, text, whole);
                    trail.segments.pop();
                }
            }
            self.schema(level, trail, value);
            trail.segments.pop();
        }
        for (i, item) in doc.items(node).iter().enumerate() {
            if doc.kind(*item) != NodeKind::Scalar {
                trail.segments.push(Segment::Item(i));
                self.schema(level, trail, *item);
                trail.segments.pop();
            }
        }
    }
}
