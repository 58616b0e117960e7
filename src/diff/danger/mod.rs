//! What of a difference is dangerous: rules with names.
//!
//! A rule looks at one object that differs and says what could go wrong when the newer side is applied. Whoever knows
//! better accepts a danger with a reason, in `kfm.toml` or in an annotation of the object.

mod authorization;
mod availability;
mod crd;
mod images;
mod immutable;
mod network;
mod pods;
mod rbac;
mod removed;
mod selector;
mod webhook;

use super::Options;
use super::report::{Danger, FieldChange, ObjectChange, Path, Report, Value};
use crate::kube::ResId;
use crate::resource::Resource;
use crate::text::wildcard;
use crate::yaml::{Doc, NodeId, NodeKind};

/// Before the name of a rule: the annotation that accepts its dangers for an object. The value is the reason.
const ANNOTATION: &str = "danger.kfm/";

/// A rule.
pub(crate) struct Rule {
    /// Its name, which configurations refer to.
    pub(crate) name: &'static str,
    /// What it finds, in one line.
    pub(crate) about: &'static str,
    check: fn(&Subject<'_>, &mut Vec<Found>),
}

/// All rules.
pub(crate) const RULES: &[Rule] = &[
    removed::CLAIM,
    removed::STORAGE_REPLACED,
    removed::STATEFUL_SET,
    removed::NAMESPACE,
    removed::DEFINITION,
    immutable::FIELD,
    immutable::DATA,
    immutable::VOLUME_SHRINKS,
    removed::VERSION,
    removed::FINALIZER,
    crd::TIGHTENED,
    rbac::WILDCARD,
    rbac::ESCALATION,
    rbac::CLUSTER_ADMIN,
    rbac::CLUSTER_BINDING,
    rbac::EVERYONE,
    rbac::SENSITIVE,
    pods::PRIVILEGED,
    pods::HOST_PATH,
    pods::HOST_NAMESPACE,
    pods::CAPABILITY,
    pods::POD_SECURITY,
    pods::REGISTRY,
    pods::TAG_BACK,
    removed::NETWORK_POLICY,
    network::LOOSENED,
    removed::AUTHORIZATION_POLICY,
    authorization::LOOSENED,
    availability::REPLICAS_ZERO,
    availability::BUDGET_TIGHTENED,
    webhook::FAILURE_POLICY,
    webhook::SCOPE,
];

/// Dangers that somebody accepts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// The name of the rule.
    pub(crate) rule: String,
    /// Which objects: `KIND/NAME` or `KIND/NAMESPACE/NAME`, where `*` stands for any characters.
    pub(crate) object: String,
    /// Why.
    pub(crate) reason: String,
}

/// What a rule found.
struct Found {
    message: String,
    path: Option<Path>,
    value: Option<Value>,
}

impl Found {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), path: None, value: None }
    }

    /// Something about a field.
    fn at(message: impl Into<String>, field: &FieldChange) -> Self {
        let value = field.new.clone().or_else(|| field.old.clone());
        Self { message: message.into(), path: Some(field.path.clone()), value }
    }

    /// Something about a node of an object.
    fn node(message: impl Into<String>, object: &Resource, node: NodeId) -> Self {
        let value = Value::new(object.shared_doc().clone(), node, false, None);
        Self { message: message.into(), path: None, value: Some(value) }
    }
}

/// What a rule looks at.
struct Subject<'a> {
    change: &'a ObjectChange,
    report: &'a Report,
}

impl<'a> Subject<'a> {
    /// The kind of a built-in type; empty for others, which may have kinds of the same names.
    fn kind(&self) -> &'a str {
        if is_built_in(self.group()) { self.any_kind() } else { "" }
    }

    fn any_kind(&self) -> &'a str {
        self.change.object().map_or("", |object| object.gvk().kind.as_str())
    }

    fn group(&self) -> &'a str {
        self.change.object().map_or("", |object| object.gvk().group.as_str())
    }

    fn before(&self) -> Option<&'a Resource> {
        self.change.old.as_ref()
    }

    fn after(&self) -> Option<&'a Resource> {
        self.change.new.as_ref()
    }

    /// Both sides, if the object is on both.
    fn both(&self) -> Option<(&'a Resource, &'a Resource)> {
        self.before().zip(self.after())
    }

    /// Returns whether the object is gone.
    fn is_removed(&self) -> bool {
        self.change.new.is_none()
    }

    /// The changes at or below a path.
    fn fields(&self, keys: &'static [&'static str]) -> impl Iterator<Item = &'a FieldChange> {
        self.change.fields.iter().filter(move |field| field.path.starts_with(keys))
    }
}

/// Returns whether a group is one of Kubernetes' own.
fn is_built_in(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// Asks all rules about all objects. The dangers come in the order of the rules.
pub(super) fn find(report: &Report, options: &Options) -> Vec<Danger> {
    let mut dangers = vec![];
    for rule in RULES {
        for (object, change) in report.objects.iter().enumerate() {
            let mut found = vec![];
            (rule.check)(&Subject { change, report }, &mut found);
            let whole = || change.object().map(|o| Value::new(o.shared_doc().clone(), o.root(), false, None));
            dangers.extend(found.into_iter().map(|Found { message, path, value }| Danger {
                rule: rule.name,
                object,
                message,
                path,
                value: value.or_else(whole),
                accepted: accepted(rule.name, change, options),
            }));
        }
    }
    dangers
}

/// The reason for which a danger is accepted.
fn accepted(rule: &str, change: &ObjectChange, options: &Options) -> Option<String> {
    let annotation = format!("{ANNOTATION}{rule}");
    let sides = [&change.new, &change.old].into_iter().flatten();
    let noted = sides.clone().find_map(|object| object.annotation(&annotation));
    let reason = noted.map(str::to_owned).or_else(|| {
        let allowance = options.allowances.iter().find(|a| {
            (a.rule == rule || a.rule == "*") && sides.clone().any(|object| is_named(&a.object, object.id()))
        });
        allowance.map(|a| a.reason.clone())
    })?;
    (!reason.trim().is_empty()).then_some(reason)
}

/// Returns whether a pattern names an object.
fn is_named(pattern: &str, id: &ResId) -> bool {
    let kind = &id.gvk.kind;
    glob(pattern, &format!("{kind}/{}", id.name))
        || glob(pattern, &format!("{kind}/{}/{}", id.namespace, id.name))
}

/// Returns whether a text fits a pattern in which `*` stands for any characters but a slash.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), text.split('/').collect());
    let fits =
        |p: &str, t: &str| wildcard::matches(p.as_bytes(), t.as_bytes(), |c| *c == b'*', |c, d| c == d);
    pattern.len() == text.len() && pattern.iter().zip(text).all(|(p, t)| fits(p, t))
}

/// The node at a path of keys.
fn get(object: &Resource, path: &[&str]) -> Option<NodeId> {
    object.doc().get_path(object.root(), path).filter(|node| !object.doc().is_null(*node))
}

/// The text at a path of keys.
fn text<'a>(object: &'a Resource, path: &[&str]) -> Option<&'a str> {
    let node = get(object, path)?;
    (object.doc().kind(node) == NodeKind::Scalar).then(|| object.doc().text(node))
}

/// The items at a path of keys.
fn items<'a>(object: &'a Resource, path: &[&str]) -> &'a [NodeId] {
    get(object, path).map_or(&[], |node| object.doc().items(node))
}

/// The texts of the items under a key of a node.
fn texts<'a>(doc: &'a Doc, node: NodeId, key: &str) -> Vec<&'a str> {
    let list = doc.get(node, key).map_or(&[][..], |list| doc.items(list));
    list.iter().map(|item| doc.text(*item)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything_within_a_name() {
        for (pattern, text, fits) in [
            ("Deployment/x", "Deployment/x", true),
            ("Deployment/*", "Deployment/x", true),
            ("Deployment/*", "Deployment/n/x", false),
            ("*/n/*", "Deployment/n/x", true),
            ("*-b*/x", "a-b-c/x", true),
            ("", "a/x", false),
            ("*", "a/x", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn names_of_rules_are_their_own() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }
}
