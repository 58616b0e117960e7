//! Policies of the network that let more through than before.

use super::{Found, Rule, Subject, get, items, text};
use crate::diff::canonical;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};

/// What stands for anybody, or any port.
const ANY: &str = "*";

fn is_network_policy(subject: &Subject<'_>) -> bool {
    subject.kind() == "NetworkPolicy" && subject.group() == "networking.k8s.io"
}

fn is_authorization_policy(subject: &Subject<'_>) -> bool {
    subject.kind() == "AuthorizationPolicy" && subject.group() == "security.istio.io"
}

/// A policy of the network that is gone.
pub const POLICY_REMOVED: Rule = Rule {
    name: "network-policy-removed",
    about: "a NetworkPolicy is removed",
    check: |subject, found| {
        if is_network_policy(subject) && subject.is_removed() {
            found.push(Found::new("the NetworkPolicy is removed: what it kept out may come in"));
        }
    },
};

/// A policy of the network that lets more through.
pub const POLICY_LOOSENED: Rule = Rule {
    name: "network-policy-loosened",
    about: "a NetworkPolicy admits more, or holds for fewer pods",
    check: policy_loosened,
};

fn policy_loosened(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both().filter(|_| is_network_policy(subject)) else { return };
    let selector = &["spec", "podSelector"];
    if let Some(node) = get(new, selector)
        && selects_less(old, new, selector)
    {
        found.push(Found::node("the NetworkPolicy holds for fewer pods", new, node));
    }
    for (direction, kind, peers) in [("ingress", "Ingress", "from"), ("egress", "Egress", "to")] {
        if !is_restricted(old, direction, kind) {
            continue;
        }
        if !is_restricted(new, direction, kind) {
            let node = get(new, &["spec"]).unwrap_or(new.root());
            let message = format!("the NetworkPolicy does not restrict {direction} any longer");
            found.push(Found::node(message, new, node));
            continue;
        }
        let known = admitted(old, direction, peers);
        for (peer, port, rule) in admitted(new, direction, peers) {
            let covers =
                |(p, o, _): &(String, String, NodeId)| (*p == peer || p == ANY) && (*o == port || o == ANY);
            if !known.iter().any(covers) {
                let ports = if port == ANY { "any port".to_owned() } else { format!("port {port}") };
                let who = if peer == ANY { "anybody".to_owned() } else { peer };
                let message = format!("the NetworkPolicy admits {direction} of {who} on {ports}");
                found.push(Found::node(message, new, rule));
            }
        }
    }
}

/// Returns whether a policy restricts a direction.
fn is_restricted(policy: &Resource, direction: &str, kind: &str) -> bool {
    let types = items(policy, &["spec", "policyTypes"]);
    match types {
        [] => kind == "Ingress" || get(policy, &["spec", direction]).is_some(),
        types => types.iter().any(|t| policy.doc().text(*t) == kind),
    }
}

/// Whom a policy admits on which port, and the rule that does.
fn admitted(policy: &Resource, direction: &str, peers: &str) -> Vec<(String, String, NodeId)> {
    let doc = policy.doc();
    let mut all = vec![];
    for rule in items(policy, &["spec", direction]) {
        let who = each(doc, *rule, peers);
        let ports = each(doc, *rule, "ports");
        for peer in &who {
            all.extend(ports.iter().map(|port| (peer.clone(), port.clone(), *rule)));
        }
    }
    all
}

/// The items under a key, or what stands for anything where there are none.
fn each(doc: &Doc, rule: NodeId, key: &str) -> Vec<String> {
    let list = doc.get(rule, key).map_or(&[][..], |list| doc.items(list));
    match list {
        [] => vec![ANY.to_owned()],
        list => list.iter().map(|item| canonical::json(doc, *item)).collect(),
    }
}

/// Returns whether a label selector demands something that it did not demand.
pub(super) fn selects_less(old: &Resource, new: &Resource, path: &[&str]) -> bool {
    let demands = |object: &Resource| -> Vec<String> {
        let Some(selector) = get(object, path) else { return vec![] };
        let doc = object.doc();
        let labels = doc.get(selector, "matchLabels").into_iter().flat_map(|map| doc.pairs(map));
        let labels = labels.map(|(key, value)| format!("{}={}", doc.text(key), doc.text(value)));
        let expressions = doc.get(selector, "matchExpressions").map_or(&[][..], |list| doc.items(list));
        labels.chain(expressions.iter().map(|e| canonical::text(doc, *e, None))).collect()
    };
    let known = demands(old);
    demands(new).iter().any(|demand| !known.contains(demand))
}

/// A policy of the mesh that is gone.
pub const AUTHORIZATION_REMOVED: Rule = Rule {
    name: "authorization-policy-removed",
    about: "an AuthorizationPolicy is removed",
    check: |subject, found| {
        if is_authorization_policy(subject) && subject.is_removed() {
            found.push(Found::new("the AuthorizationPolicy is removed: what it kept out may come in"));
        }
    },
};

/// A policy of the mesh that lets more through.
pub const AUTHORIZATION_LOOSENED: Rule = Rule {
    name: "authorization-policy-loosened",
    about: "an AuthorizationPolicy admits more, denies less, or holds for fewer workloads",
    check: authorization_loosened,
};

fn authorization_loosened(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both().filter(|_| is_authorization_policy(subject)) else { return };
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
    let (from, to) = if after == "ALLOW" { (&now, &known) } else { (&known, &now) };
    for (condition, rule) in from {
        if to.iter().any(|(other, _)| other == condition) {
            continue;
        }
        let message = match after.as_str() {
            "ALLOW" => "a rule of the AuthorizationPolicy admits more".to_owned(),
            action => format!("a rule of the AuthorizationPolicy with action {action} is gone"),
        };
        let side = if after == "ALLOW" { new } else { old };
        found.push(Found::node(message, side, *rule));
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

/// The rules, each as what it demands. A rule that only lists more sources is split into one for each.
fn conditions(policy: &Resource) -> Vec<(String, NodeId)> {
    let doc = policy.doc();
    let mut all = vec![];
    for rule in items(policy, &["spec", "rules"]) {
        for from in each(doc, *rule, "from") {
            for to in each(doc, *rule, "to") {
                let when = each(doc, *rule, "when").join(" and ");
                all.push((format!("{from} {to} {when}"), *rule));
            }
        }
    }
    all
}
