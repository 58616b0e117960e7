//! Rights that widen.

use super::{Found, Rule, Subject, get, items, selector, text, texts};
use crate::resource::Resource;
use crate::yaml::NodeId;
use rustc_hash::FxHashSet;

/// Verbs by which rights can be raised.
const RAISING: [&str; 3] = ["escalate", "bind", "impersonate"];

/// Groups and users that are everybody.
const EVERYONE_NAMES: [&str; 5] =
    ["system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts", "*"];

/// Before the name of a role that a role with this label adds its rights to.
const AGGREGATED: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Roles of every cluster that others are added to.
const COMMON_ROLES: [&str; 3] = ["admin", "edit", "view"];

/// How many single rights of a role are looked at.
const MOST_RIGHTS: usize = 100_000;

/// Rights in the core API group by which others' rights can be had.
const SENSITIVE_RIGHTS: [(&str, &[&str]); 5] = [
    ("secrets", &["get", "list", "watch"]),
    ("serviceaccounts/token", &["create"]),
    ("pods/exec", &["create", "get"]),
    ("pods/attach", &["create", "get"]),
    ("nodes/proxy", &["create", "get"]),
];

fn is_role(subject: &Subject<'_>) -> bool {
    matches!(subject.kind(), "Role" | "ClusterRole")
}

fn is_binding(subject: &Subject<'_>) -> bool {
    matches!(subject.kind(), "RoleBinding" | "ClusterRoleBinding")
}

/// A single right: verb, API group, resource, and the name of the only object that it is about, or `*`.
type Right = [String; 4];

/// The single rights that the rules of a role give, and the rule that gives each.
fn rights(role: Option<&Resource>) -> Vec<(Right, NodeId)> {
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
        let mut names = texts(doc, *rule, "resourceNames");
        if names.is_empty() {
            names.push("*");
        }
        for (verb, group) in verbs.iter().flat_map(|v| groups.iter().map(move |g| (*v, *g))) {
            for (resource, name) in resources.iter().flat_map(|r| names.iter().map(move |n| (*r, *n))) {
                all.push(([verb, group, resource, name].map(str::to_owned), *rule));
                if all.len() == MOST_RIGHTS {
                    return all;
                }
            }
        }
    }
    all
}

/// The rights that are new and not covered by a wildcard of before.
fn gained(subject: &Subject<'_>) -> Vec<(Right, NodeId)> {
    let old: FxHashSet<Right> = rights(subject.before()).into_iter().map(|(right, _)| right).collect();
    let covered = |right: &Right| {
        (0..16).any(|stars| {
            let [verb, group, resource, name] = right;
            let part = |i: u32, of: &String| if stars >> i & 1 == 1 { "*".to_owned() } else { of.clone() };
            old.contains(&[part(0, verb), part(1, group), part(2, resource), part(3, name)])
        })
    };
    rights(subject.after()).into_iter().filter(|(right, _)| !covered(right)).collect()
}

/// Returns whether a right is to everything of a sort.
fn is_wide([verb, group, resource, _]: &Right) -> bool {
    verb == "*" || group == "*" || resource.contains('*')
}

/// A right in words.
fn described([verb, group, resource, name]: &Right) -> String {
    let name = if name == "*" { String::new() } else { format!(" `{name}`") };
    let group = match group.as_str() {
        "" => "the core API group".to_owned(),
        "*" => "all API groups".to_owned(),
        group => format!("API group `{group}`"),
    };
    format!("`{verb}` on `{resource}`{name} in {group}")
}

/// A right to everything of a sort.
pub(super) const WILDCARD: Rule = Rule {
    name: "rbac-wildcard",
    about: "a role gains a right with `*` as verb, API group or resource",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| is_role(subject)) else { return };
        let mut said = vec![];
        for (right, rule) in gained(subject).iter().filter(|(right, _)| is_wide(right)) {
            if !said.contains(rule) {
                said.push(*rule);
                found.push(Found::node(format!("the role gains {}", described(right)), new, *rule));
            }
        }
    },
};

/// A right to give rights.
pub(super) const ESCALATION: Rule = Rule {
    name: "rbac-escalation",
    about: "a role gains `escalate`, `bind` or `impersonate`, by which any right can be had",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| is_role(subject)) else { return };
        for ([verb, _, resource, _], rule) in gained(subject) {
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
pub(super) const CLUSTER_ADMIN: Rule = Rule {
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
pub(super) const CLUSTER_BINDING: Rule = Rule {
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
pub(super) const EVERYONE: Rule = Rule {
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

/// A role that was there gives rights that lead to others.
pub(super) const SENSITIVE: Rule = Rule {
    name: "rbac-sensitive",
    about: "a role gains rights to secrets, to tokens or to run commands in pods, or is added to another role",
    check: |subject, found| {
        let Some(new) = subject.after().filter(|_| is_role(subject)) else { return };
        for target in aggregated(subject) {
            let node = get(new, &["metadata", "labels"]).unwrap_or(new.root());
            found.push(Found::node(format!("its rights are added to ClusterRole `{target}`"), new, node));
        }
        if subject.before().is_none() {
            return;
        }
        for (selector, node) in selectors(subject) {
            found.push(Found::node(
                format!("it takes on the rights of roles labelled {selector}"),
                new,
                node,
            ));
        }
        for (right, rule) in
            gained(subject).iter().filter(|(right, _)| !is_wide(right) && is_sensitive(right))
        {
            found.push(Found::node(format!("the role gains {}", described(right)), new, *rule));
        }
    },
};

/// Returns whether a right leads to others.
fn is_sensitive([verb, group, resource, _]: &Right) -> bool {
    group.is_empty()
        && SENSITIVE_RIGHTS.iter().any(|(r, verbs)| *r == resource.as_str() && verbs.contains(&verb.as_str()))
}

/// The roles to which a role is newly added by its labels. A new role counts where it adds to what every cluster has.
fn aggregated(subject: &Subject<'_>) -> Vec<String> {
    let labels = |side: Option<&Resource>| -> Vec<String> {
        let Some(role) = side else { return vec![] };
        let doc = role.doc();
        let all = get(role, &["metadata", "labels"]).into_iter().flat_map(|labels| doc.pairs(labels));
        let on = all.filter(|(_, value)| doc.text(*value) == "true");
        on.filter_map(|(key, _)| doc.text(key).strip_prefix(AGGREGATED)).map(str::to_owned).collect()
    };
    let (known, is_new) = (labels(subject.before()), subject.before().is_none());
    let added = labels(subject.after()).into_iter().filter(|role| !known.contains(role));
    added.filter(|role| !is_new || COMMON_ROLES.contains(&role.as_str())).collect()
}

/// The selectors by which a role newly takes on the rights of others.
fn selectors(subject: &Subject<'_>) -> Vec<(String, NodeId)> {
    let all = |side: Option<&Resource>| -> Vec<(String, NodeId)> {
        let Some(role) = side else { return vec![] };
        let list = items(role, &["aggregationRule", "clusterRoleSelectors"]);
        let shown = |node: &NodeId| format!("`{}`", selector::demands(role.doc(), *node).join(", "));
        list.iter().map(|node| (shown(node), *node)).collect()
    };
    let known = all(subject.before());
    all(subject.after()).into_iter().filter(|(new, _)| !known.iter().any(|(old, _)| old == new)).collect()
}
