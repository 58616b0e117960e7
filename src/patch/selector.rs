//! `target` of a patch: which objects it selects.
//!
//! Group, version, kind, name and namespace are patterns for the whole text; the name and the effective namespace
//! may be the present or the original ones, but not those in between. Labels and annotations are looked at last,
//! so that a mistake in their selectors shows only where an object gets that far, as in kustomize.

use crate::diag::{Error, ErrorKind, Result, nearest};
use crate::kustomization::Selector;
use crate::limits::room_for_patterns;
use crate::resource::LabelSelector;
use crate::resource::{ResMap, Resource};
use crate::text::pattern::Pattern;
use crate::yaml::Mark;

/// A selector ready for use.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    mark: Option<Mark>,
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Result<LabelSelector, String>,
    annotations: Result<LabelSelector, String>,
    /// No field restricts it: `target: {}`.
    pub(crate) is_empty: bool,
}

impl Target {
    /// Compiles the patterns of a selector.
    pub(crate) fn new(selector: &Selector) -> Result<Self> {
        let budget = selector.mark.as_ref().and_then(|mark| mark.source.budget());
        let room = room_for_patterns(budget.map(|budget| &**budget));
        let compile = |pattern: &str| {
            Pattern::anchored(pattern, &room).map_err(|message| {
                // What is around the pattern to make it match whole texts is not the user's.
                let wrapped = message.ends_with(")$`");
                let why = message.split(": `").next().filter(|_| wrapped).unwrap_or(&message);
                let message = format!("invalid regular expression `{pattern}`: {why}");
                let error = Error::new(ErrorKind::Config, message);
                selector.mark.as_ref().map_or_else(|| error.clone(), |m| error.clone().at(m.location()))
            })
        };
        Ok(Self {
            mark: selector.mark.clone(),
            group: compile(&selector.gvk.group)?,
            version: compile(&selector.gvk.version)?,
            kind: compile(&selector.gvk.kind)?,
            name: compile(&selector.name)?,
            namespace: compile(&selector.namespace)?,
            labels: LabelSelector::parse(&selector.label_selector),
            annotations: LabelSelector::parse(&selector.annotation_selector),
            is_empty: [
                selector.gvk.group.as_str(),
                &selector.gvk.version,
                &selector.gvk.kind,
                &selector.name,
                &selector.namespace,
                &selector.label_selector,
                &selector.annotation_selector,
            ]
            .iter()
            .all(|field| field.is_empty()),
        })
    }

    /// Where it stands.
    pub(crate) fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// The name that was probably meant where none matches: that of an object of the kind, or the kind of an object of
    /// the name.
    pub(crate) fn nearest(&self, map: &ResMap) -> Option<String> {
        let name = self.name.literal()?;
        let of_kind = || map.iter().filter(|res| self.kind.matches(&res.gvk().kind));
        if let Some(res) = map.iter().find(|res| res.name() == name && !self.kind.matches(&res.gvk().kind)) {
            return Some(format!("there is `{name}` of kind `{}`", res.gvk().kind));
        }
        if of_kind().any(|res| res.name() == name) {
            return Some(format!("`{name}` is there with another group, version, namespace or label"));
        }
        nearest(name, of_kind().map(Resource::name)).map(|near| format!("did you mean `{near}`?"))
    }

    /// Returns whether the object is meant.
    pub(crate) fn selects(&self, res: &Resource) -> Result<bool> {
        let gvk = res.gvk();
        if !self.kind.matches(&gvk.kind)
            || !self.group.matches(&gvk.group)
            || !self.version.matches(&gvk.version)
        {
            return Ok(false);
        }
        let original_name = || res.previous.first().is_some_and(|p| self.name.matches(&p.name));
        if !self.name.matches(res.name()) && !original_name() {
            return Ok(false);
        }
        let original_namespace =
            || !res.previous.is_empty() && self.namespace.matches(res.original_id().effective_namespace());
        if !matches!(self.namespace, Pattern::Any)
            && !self.namespace.matches(res.id().effective_namespace())
            && !original_namespace()
        {
            return Ok(false);
        }
        Ok(self.condition(&self.labels, "labelSelector")?.matches(|key| res.label(key))
            && self.condition(&self.annotations, "annotationSelector")?.matches(|key| res.annotation(key)))
    }

    fn condition<'s>(
        &self,
        parsed: &'s Result<LabelSelector, String>,
        field: &str,
    ) -> Result<&'s LabelSelector> {
        parsed.as_ref().map_err(|message| {
            let error = Error::new(ErrorKind::Config, format!("wrong `{field}`: {message}"));
            self.mark.as_ref().map_or_else(|| error.clone(), |m| error.clone().at(m.location()))
        })
    }

    /// The slots of all objects that are meant, in order.
    pub(crate) fn select(&self, map: &mut ResMap) -> Result<Vec<usize>> {
        let candidates = match self.name.literal() {
            Some(name) => map.find_named(name).to_vec(),
            None => map.slots().collect(),
        };
        let mut found = Vec::new();
        for slot in candidates {
            if let Some(res) = map.get(slot)
                && self.selects(res)?
            {
                found.push(slot);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::Gvk;
    use crate::yaml::{Source, split};

    fn map(text: &str) -> ResMap {
        let mut map = ResMap::new();
        for doc in split::read_all(&Source::new("t.yaml", text.into())).unwrap() {
            map.push(Resource::new(doc));
        }
        map
    }

    fn selector(text: &str) -> Selector {
        let mut s = Selector::default();
        let mut gvk = Gvk::default();
        for part in text.split(';').filter(|p| !p.is_empty()) {
            let (key, value) = part.split_once('~').unwrap();
            match key {
                "g" => gvk.group = value.into(),
                "v" => gvk.version = value.into(),
                "k" => gvk.kind = value.into(),
                "n" => s.name = value.into(),
                "ns" => s.namespace = value.into(),
                "l" => s.label_selector = value.into(),
                _ => s.annotation_selector = value.into(),
            }
        }
        s.gvk = gvk;
        s
    }

    const OBJECTS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {app: x, n: 5}}\n---\n\
        apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: a, annotations: {on: 'yes'}}\n---\n\
        apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: b}\n";

    #[test]
    fn all_conditions_have_to_hold() {
        let mut map = map(OBJECTS);
        let table: &[(&str, &[usize])] = &[
            ("", &[0, 1, 2]),
            ("n~web", &[0, 1]),
            ("n~we.*", &[0, 1]),
            ("n~we", &[]),
            ("k~Service|ConfigMap", &[1, 2]),
            ("g~apps", &[0]),
            ("v~v1;k~D.*", &[0]),
            ("ns~default", &[0]),
            ("ns~a", &[1]),
            ("l~app=x", &[0]),
            ("l~!app", &[1, 2]),
            ("l~n=5", &[0]),
            ("a~on=yes", &[1]),
            ("n~web;k~(?i)service", &[1]),
        ];
        for (text, expected) in table {
            let target = Target::new(&selector(text)).unwrap();
            assert_eq!(target.select(&mut map).unwrap(), *expected, "{text}");
        }
    }

    #[test]
    fn original_names_count_and_those_in_between_do_not() {
        let mut map = map(OBJECTS);
        for name in ["middle", "last"] {
            let rename = |res: &mut Resource| {
                res.store_previous_id();
                res.edit(|doc| {
                    let meta = doc.get(doc.root(), "metadata").unwrap();
                    doc.set_string(meta, "name", name);
                });
                Ok(())
            };
            map.edit(2, rename).unwrap();
        }
        for (text, found) in [("n~conf", true), ("n~middle", false), ("n~last", true), ("n~mid.*", false)] {
            let target = Target::new(&selector(text)).unwrap();
            assert_eq!(target.select(&mut map).unwrap().contains(&2), found, "{text}");
        }
    }

    #[test]
    fn wrong_label_selectors_matter_only_to_objects_that_get_so_far() {
        let mut map = map(OBJECTS);
        let target = Target::new(&selector("n~nobody;l~a=.*")).unwrap();
        assert!(target.select(&mut map).is_ok());
        let target = Target::new(&selector("n~web;l~a=.*")).unwrap();
        assert!(target.select(&mut map).is_err());
        assert!(Target::new(&selector("n~(")).is_err());
    }
}
