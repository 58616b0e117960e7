//! Istio's AuthorizationPolicies that let more through than before.

use super::{Found, Rule, Subject, get, items, text};
use crate::diff::canonical;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};

/// Returns whether an object is an AuthorizationPolicy.
pub(super) fn is_policy(subject: &Subject<'_>) -> bool {
    subject.any_kind() == "AuthorizationPolicy" && subject.group() == "security.istio.io"
}

/// A policy that lets more through.
pub(super) const LOOSENED: Rule = Rule {
    name: "authorization-policy-loosened",
    about: "an AuthorizationPolicy admits more, denies less, or holds for fewer workloads",
    check: loosened,
};

fn loosened(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both().filter(|_| is_policy(subject)) else { return };
    let action = |policy| text(policy, &["spec", "action"]).unwrap_or("ALLOW").to_owned();
    let (before, after) = (action(old), action(new));
    let spec = get(new, &["spec"]).unwrap_or(new.root());
    if before != after {
        let message = format!("the action goes from {before} to {after}");
        return found.push(Found::node(message, new, spec));
    }
    if selects_other(old, new) {
        found.push(Found::node("the AuthorizationPolicy holds for other workloads", new, spec));
    }
    let (known, now) = (conditions(old), conditions(new));
    let (some, others) = if after == "ALLOW" { (&now, &known) } else { (&known, &now) };
    for condition in some.iter().filter(|condition| !others.iter().any(|other| other.covers(condition))) {
        let message = match after.as_str() {
            "ALLOW" => "a rule of the AuthorizationPolicy admits more".to_owned(),
            action => {
                format!("a rule of the AuthorizationPolicy with action {action} is gone or holds for less")
            }
        };
        let side = if after == "ALLOW" { new } else { old };
        found.push(Found::node(message, side, condition.rule));
    }
}

/// Returns whether the workloads to which a policy applies are others.
fn selects_other(old: &Resource, new: &Resource) -> bool {
    ["selector", "targetRef", "targetRefs"].iter().any(|field| {
        let value = |object: &Resource| {
            get(object, &["spec", field]).map(|node| canonical::text(object.doc(), node, None))
        };
        value(old) != value(new)
    })
}

/// What a request has to meet for a rule: all demands.
struct Condition {
    demands: Vec<Demand>,
    rule: NodeId,
}

/// One of these values, or none of them.
#[derive(Clone, PartialEq, Eq)]
struct Demand {
    field: String,
    is_negative: bool,
    values: Vec<String>,
}

/// The conditions of all rules. A rule with several sources or operations has one for each pair of them.
fn conditions(policy: &Resource) -> Vec<Condition> {
    let doc = policy.doc();
    let mut all = vec![];
    for rule in items(policy, &["spec", "rules"]) {
        for from in alternatives(doc, *rule, "from", "source") {
            for to in alternatives(doc, *rule, "to", "operation") {
                let demands = [from.clone(), to, when(doc, *rule)].concat();
                all.push(Condition { demands, rule: *rule });
            }
        }
    }
    all
}

/// The demands of each source or operation; none at all where there is none.
fn alternatives(doc: &Doc, rule: NodeId, list: &str, inside: &str) -> Vec<Vec<Demand>> {
    let items = doc.get(rule, list).map_or(&[][..], |list| doc.items(list));
    let of = |item: &NodeId| {
        let fields = doc.get(*item, inside).into_iter().flat_map(|fields| doc.pairs(fields));
        fields.map(|(key, values)| demand(doc, doc.text(key), values)).collect()
    };
    if items.is_empty() { vec![vec![]] } else { items.iter().map(of).collect() }
}

/// What `when` demands.
fn when(doc: &Doc, rule: NodeId) -> Vec<Demand> {
    let items = doc.get(rule, "when").map_or(&[][..], |list| doc.items(list));
    let of = |item: &NodeId| {
        let key = doc.get(*item, "key").map_or("", |key| doc.text(key));
        let values = |name| doc.get(*item, name).map(|values| (name, values));
        let both = [values("values"), values("notValues")].into_iter().flatten();
        let demands = both.map(|(name, values)| {
            let demand = demand(doc, name, values);
            Demand { field: format!("when {key}"), ..demand }
        });
        demands.collect::<Vec<_>>()
    };
    items.iter().flat_map(of).collect()
}

/// A field whose name begins with `not` demands the contrary.
fn demand(doc: &Doc, name: &str, values: NodeId) -> Demand {
    let contrary = name.strip_prefix("not").filter(|rest| rest.starts_with(char::is_uppercase));
    let field = contrary.map_or_else(|| name.to_owned(), str::to_ascii_lowercase).to_ascii_lowercase();
    let values = doc.items(values).iter().map(|value| doc.text(*value).to_owned()).collect();
    Demand { field, is_negative: contrary.is_some(), values }
}

impl Condition {
    /// Returns whether it is met by every request that meets another one.
    fn covers(&self, other: &Self) -> bool {
        self.demands.iter().all(|demand| other.demands.iter().any(|stronger| demand.follows_from(stronger)))
    }
}

impl Demand {
    fn follows_from(&self, stronger: &Self) -> bool {
        if self.field != stronger.field || self.is_negative != stronger.is_negative {
            return false;
        }
        let (wide, narrow) = if self.is_negative { (stronger, self) } else { (self, stronger) };
        narrow.values.iter().all(|value| wide.values.iter().any(|pattern| fits(pattern, value)))
    }
}

/// Returns whether a pattern takes in a value or pattern: a star stands at its beginning, its end, or alone.
fn fits(pattern: &str, value: &str) -> bool {
    pattern == value
        || pattern.strip_suffix('*').is_some_and(|start| value.starts_with(start))
        || pattern.strip_prefix('*').is_some_and(|end| value.ends_with(end))
}
