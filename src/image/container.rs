//! Environment variables and arguments of containers.

use super::find::Walk;
use super::hit::{Carrier, Confidence};
use super::reference;
use super::text::Text;
use super::trail::{Level, Segment, Trail};
use crate::yaml::NodeId;

impl Walk<'_, '_> {
    pub(super) fn env<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, seq: NodeId) {
        let doc = level.doc;
        for (i, item) in doc.items(seq).iter().enumerate() {
            let (Some(name), Some(value)) = (doc.get(*item, "name"), doc.get(*item, "value")) else {
                continue;
            };
            let (name, text, node) = (doc.text(name), doc.text(value), value);
            let named = self.rules.env.as_ref().is_some_and(|words| words.has(name))
                || self.user().any(|rule| rule.env.iter().any(|n| n == name));
            trail.segments.extend([Segment::Item(i), Segment::Key("value")]);
            let known = !named && self.rules.known.as_ref().is_some_and(|known| known.has(text));
            let whole = || Text::scalar(doc, node, level.text).whole();
            if named && reference::is_reference(text) || known {
                let carrier = self.carrier(level, trail, Carrier::Env);
                let rule = if named { "env" } else { "known" };
                self.hit(level, trail, carrier, rule, Confidence::Likely, text, whole());
            } else if named && !text.is_empty() {
                self.near(level, trail, text, whole(), "no reference of an image");
            }
            trail.segments.truncate(trail.segments.len() - 2);
        }
    }

    pub(super) fn args<'a>(&mut self, level: &Level<'a>, trail: &mut Trail<'a>, seq: NodeId) {
        let doc = level.doc;
        let mut awaited = false;
        for (i, item) in doc.items(seq).iter().enumerate() {
            let text = doc.text(*item);
            let whole = Text::scalar(doc, *item, level.text);
            trail.segments.push(Segment::Item(i));
            let flag = text.strip_prefix("--").or_else(|| text.strip_prefix('-'));
            match flag.map(|flag| flag.split_once('=').unwrap_or((flag, ""))) {
                Some((name, value)) if !value.is_empty() => {
                    let named = self.is_image_flag(name);
                    let known = !named && self.rules.known.as_ref().is_some_and(|k| k.has(value));
                    if named && reference::is_reference(value) || known {
                        let place = whole.place(text.len() - value.len()..text.len());
                        let carrier = self.carrier(level, trail, Carrier::ArgJoined);
                        let rule = if named { "flag" } else { "known" };
                        self.hit(level, trail, carrier, rule, Confidence::Likely, value, place);
                    }
                    awaited = false;
                }
                Some((name, _)) => awaited = self.is_image_flag(name),
                None => {
                    let known = !awaited && self.rules.known.as_ref().is_some_and(|k| k.has(text));
                    if awaited && reference::is_reference(text) || known {
                        let carrier = self.carrier(level, trail, Carrier::ArgSeparate);
                        let rule = if awaited { "flag" } else { "known" };
                        self.hit(level, trail, carrier, rule, Confidence::Likely, text, whole.whole());
                    }
                    awaited = false;
                }
            }
            trail.segments.pop();
        }
    }

    fn is_image_flag(&self, name: &str) -> bool {
        self.rules.flag.as_ref().is_some_and(|words| words.has(name))
            || self.user().any(|rule| rule.flags.iter().any(|f| f == name))
    }
}
