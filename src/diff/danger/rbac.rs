//! Rights that widen.

use super::{Found, Rule, Subject, items, text, texts};
use crate::resource::Resource;
use crate::yaml::NodeId;
use rustc_hash::FxHashSet;

/// Verbs by which rights can be raised.
const RAISING: [&str; 3] = ["escalate", "bind", "impersonate"];

/// Groups and users that are everybody.
const EVERYONE_NAMES: [&str; 4] =
    ["system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts"];

fn is_role(subject: &Subject<'_>) -> bool {
    matches!(subject.kind(), "Role" | "ClusterRole")
}

fn is_binding(subject: &Subject<'_>) -> bool {
    matches!(subject.kind(), "RoleBinding" | "ClusterRoleBinding")
}

/// The single rights that the rules of a role give, and the rule that gives each.
fn rights(role: Option<&Resource>) -> Vec<([String; 3], NodeId)> {
    let Some(role) = role else { return vec![] };
    let doc = role.doc();
    let mut all = vec![];
    for rule in items(role, &["rules"]) {
        let verbs = texts(doc, *rule, "verbs");
        let (mut groups, mut resources) = (texts(doc, *rule, "apiGroups"), texts(doc, *rule, "resources"));
        let urls = texts(doc, *rule, "nonResourceURLs");
        if !urls.is_empty() {
            (groups, resources) = (vec!["(URL)"], urls);
        }
        for (verb, group) in verbs.iter().flat_map(|v| groups.iter().map(move |g| (v, g))) {
            all.extend(resources.iter().map(|r| ([(*verb).into(), (*group).into(), (*r).into()], *rule)));
        }
    }
    all
}

/// The rights that are new and not covered by a wildcard of before.
fn gained(subject: &Subject<'_>) -> Vec<([String; 3], NodeId)> {
    let old: FxHashSet<[String; 3]> = rights(subject.before()).into_iter().map(|(right, _)| right).collect();
    let covered = |right: &[String; 3]| {
        (0..8).any(|stars| {
            let part = |i: usize| if stars >> i & 1 == 1 { "*".to_owned() } else { right[i].clone() };
            old.contains(&[part(0), part(1), part(2)])
        })
    };
    rights(subject.after()).into_iter().filter(|(right, _)| !covered(right)).collect()
}

/// A right to everything of a sort.
pub const WILDCARD: Rule = Rule {
    name: "rbac-wildcard",
    about: "a role gains a right with `*` as verb or resource",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| is_role(subject)) else { return };
        let mut said = vec![];
        for ([verb, group, resource], rule) in gained(subject) {
            let is_wide = verb == "*" || resource == "*";
            if is_wide && !said.contains(&rule) {
                said.push(rule);
                let group = if group.is_empty() {
                    "the core API group".to_owned()
                } else {
                    format!("API group `{group}`")
                };
                let message = format!("the role gains `{verb}` on `{resource}` in {group}");
                found.push(Found::node(message, new, rule));
            }
        }
    },
};

/// A right to give rights.
pub const ESCALATION: Rule = Rule {
    name: "rbac-escalation",
    about: "a role gains `escalate`, `bind` or `impersonate`, by which any right can be had",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| is_role(subject)) else { return };
        for ([verb, _, resource], rule) in gained(subject) {
            if RAISING.contains(&verb.as_str()) {
                let message =
                    format!("the role gains `{verb}` on `{resource}`, by which further rights can be had");
                found.push(Found::node(message, new, rule));
            }
        }
    },
};

/// The subjects of a binding: kind, namespace, name.
fn subjects(binding: Option<&Resource>) -> Vec<([&str; 3], NodeId)> {
    let Some(binding) = binding else { return vec![] };
    let doc = binding.doc();
    let field = |item: NodeId, key| doc.get(item, key).map_or("", |n| doc.text(n));
    let all = items(binding, &["subjects"]).iter();
    all.map(|item| ([field(*item, "kind"), field(*item, "namespace"), field(*item, "name")], *item)).collect()
}

/// The subjects that are new; all of them where the role is another one.
fn gained_subjects<'a>(subject: &Subject<'a>) -> Vec<([&'a str; 3], NodeId)> {
    let role = |side: Option<&'a Resource>| side.and_then(|b| text(b, &["roleRef", "name"]));
    let same_role = role(subject.before()) == role(subject.after());
    let old = if same_role { subjects(subject.before()) } else { vec![] };
    let is_new = |who: &[&str; 3]| !old.iter().any(|(known, _)| known == who);
    subjects(subject.after()).into_iter().filter(|(who, _)| is_new(who)).collect()
}

fn shown([kind, namespace, name]: &[&str; 3]) -> String {
    let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    format!("{kind} `{place}{name}`")
}

/// Somebody becomes administrator.
pub const CLUSTER_ADMIN: Rule = Rule {
    name: "rbac-cluster-admin",
    about: "somebody new is bound to `cluster-admin`",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| is_binding(subject)) else { return };
        if text(new, &["roleRef", "name"]) == Some("cluster-admin") {
            for (who, node) in gained_subjects(subject) {
                found.push(Found::node(format!("{} becomes `cluster-admin`", shown(&who)), new, node));
            }
        }
    },
};

/// Somebody gets rights in the whole cluster.
pub const CLUSTER_BINDING: Rule = Rule {
    name: "rbac-cluster-binding",
    about: "a ClusterRoleBinding is new or has new subjects",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| subject.kind() == "ClusterRoleBinding") else { return };
        let role = text(new, &["roleRef", "name"]).unwrap_or_default();
        for (who, node) in gained_subjects(subject) {
            let message = format!("{} gets ClusterRole `{role}` in all namespaces", shown(&who));
            found.push(Found::node(message, new, node));
        }
    },
};

/// Everybody gets rights.
pub const EVERYONE: Rule = Rule {
    name: "rbac-everyone",
    about: "a binding gives rights to everybody: `system:authenticated` and the like",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| is_binding(subject)) else { return };
        for (who, node) in gained_subjects(subject) {
            if EVERYONE_NAMES.contains(&who[2]) {
                found.push(Found::node(format!("rights for everybody: {}", shown(&who)), new, node));
            }
        }
    },
};
