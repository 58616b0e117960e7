//! Webhooks of the API server that may stop more than before.

use super::{Found, Rule, Subject, items, selector, texts};
use crate::diff::canonical;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};

/// The webhooks of both sides of one name; those of the newer side that are new have none before.
fn webhooks<'a>(subject: &Subject<'a>) -> Vec<(&'a str, Option<NodeId>, NodeId)> {
    let is_one = matches!(subject.kind(), "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration");
    let Some((old, new)) = subject.both().filter(|_| is_one) else { return vec![] };
    let name = |doc: &'a Doc, hook: NodeId| doc.get(hook, "name").map_or("", |n| doc.text(n));
    let before =
        |of: &str| items(old, &["webhooks"]).iter().copied().find(|hook| name(old.doc(), *hook) == of);
    let all = items(new, &["webhooks"]).iter().map(|hook| (name(new.doc(), *hook), *hook));
    all.map(|(name, hook)| (name, before(name), hook)).collect()
}

/// What happens when nobody answers.
pub(super) const FAILURE_POLICY: Rule = Rule {
    name: "webhook-failure-policy",
    about: "a webhook refuses what it let pass when nobody answers, or the other way round",
    check: |subject, found| {
        let policy = |object: &Resource, hook| {
            let doc = object.doc();
            doc.get(hook, "failurePolicy").map_or("Fail", |n| doc.text(n)).to_owned()
        };
        let Some((old, new)) = subject.both() else { return };
        for (name, before, hook) in webhooks(subject) {
            let Some(before) = before else { continue };
            let (before, after) = (policy(old, before), policy(new, hook));
            let what = match (before.as_str(), after.as_str()) {
                ("Ignore", "Fail") => "what it looks at is refused when its server is down",
                ("Fail", "Ignore") => "what it looks at passes unseen when its server is down",
                _ => continue,
            };
            let message =
                format!("`failurePolicy` of webhook `{name}` goes from {before} to {after}: {what}");
            found.push(Found::node(message, new, hook));
        }
    },
};

/// What a webhook looks at.
pub(super) const SCOPE: Rule =
    Rule { name: "webhook-scope", about: "a webhook looks at more than before", check: scope };

fn scope(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both() else { return };
    for (name, before, hook) in webhooks(subject) {
        let Some(before) = before else {
            found.push(Found::node(format!("webhook `{name}` is new"), new, hook));
            continue;
        };
        let known = cases(old.doc(), before);
        let covered = |case: &[String; 5]| {
            known.iter().any(|k| k.iter().zip(case).all(|(k, c)| k == c || k == "*" || k == "*/*"))
        };
        if let Some(case) = cases(new.doc(), hook).iter().find(|case| !covered(case)) {
            let [group, version, resource, operation, _] = case;
            let group = if group.is_empty() { String::new() } else { format!("{group}/") };
            let message =
                format!("webhook `{name}` also looks at {operation} of `{resource}` in {group}{version}");
            found.push(Found::node(message, new, hook));
        }
        let matching = |doc: &Doc, hook| doc.get(hook, "matchPolicy").map(|n| doc.text(n)) == Some("Exact");
        if matching(old.doc(), before) && !matching(new.doc(), hook) {
            let message = format!("webhook `{name}` also looks at other versions of what it names");
            found.push(Found::node(message, new, hook));
        }
        for field in ["namespaceSelector", "objectSelector", "matchConditions"] {
            let lost = demands(old.doc(), before, field)
                .into_iter()
                .find(|demand| !demands(new.doc(), hook, field).contains(demand));
            if lost.is_some() {
                let message = format!("`{field}` of webhook `{name}` demands less: it looks at more");
                found.push(Found::node(message, new, hook));
            }
        }
    }
}

/// Group, version, resource, operation and scope of all that the rules of a webhook name.
fn cases(doc: &Doc, hook: NodeId) -> Vec<[String; 5]> {
    let rules = doc.get(hook, "rules").map_or(&[][..], |list| doc.items(list));
    let mut all = vec![];
    for rule in rules {
        let scope = doc.get(*rule, "scope").map_or("*", |n| doc.text(n));
        for group in texts(doc, *rule, "apiGroups") {
            for version in texts(doc, *rule, "apiVersions") {
                for resource in texts(doc, *rule, "resources") {
                    let operations = texts(doc, *rule, "operations");
                    let case = |o: &str| [group, version, resource, o, scope].map(str::to_owned);
                    all.extend(operations.iter().map(|operation| case(operation)));
                }
            }
        }
    }
    all
}

/// What a selector or a list of conditions demands.
fn demands(doc: &Doc, hook: NodeId, field: &str) -> Vec<String> {
    let Some(node) = doc.get(hook, field) else { return vec![] };
    let conditions = doc.items(node).iter().map(|condition| canonical::text(doc, *condition, None));
    selector::demands(doc, node).into_iter().chain(conditions).collect()
}
