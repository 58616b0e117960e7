//! What stops running, and what keeps nodes from being drained.

use super::{Found, Rule, Subject, get, text};
use crate::resource::Resource;

/// A workload without pods.
pub const REPLICAS_ZERO: Rule = Rule {
    name: "replicas-zero",
    about: "a workload is scaled to no replicas",
    check: |subject, found| {
        let Some((old, new)) = subject.both() else { return };
        const PATH: &[&str] = &["spec", "replicas"];
        let scales = matches!(subject.kind(), "Deployment" | "StatefulSet" | "ReplicaSet");
        if scales && text(new, PATH) == Some("0") && text(old, PATH) != Some("0") {
            let node = get(new, PATH).unwrap_or(new.root());
            let before = text(old, PATH).unwrap_or("1");
            found.push(Found::node(format!("replicas go from {before} to 0: nothing runs"), new, node));
        }
    },
};

/// A disruption budget that lets less go.
pub const BUDGET_TIGHTENED: Rule = Rule {
    name: "pdb-tightened",
    about: "a PodDisruptionBudget lets fewer pods be evicted, so that draining a node may block",
    check: budget_tightened,
};

fn budget_tightened(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some(new) = subject.after().filter(|_| subject.kind() == "PodDisruptionBudget") else { return };
    for (field, less_is_tighter) in [("minAvailable", false), ("maxUnavailable", true)] {
        let path = &["spec", field];
        let Some(node) = get(new, path) else { continue };
        let after = text(new, path).unwrap_or_default();
        let before = subject.before().and_then(|old: &Resource| text(old, path));
        let blocks =
            if less_is_tighter { amount(after) == Some((0, true)) || after == "0" } else { after == "100%" };
        let tighter = match before {
            Some(before) => match (amount(before), amount(after)) {
                (Some((b, p)), Some((a, q))) if p == q => {
                    if less_is_tighter {
                        a < b
                    } else {
                        a > b
                    }
                }
                _ => blocks && before != after,
            },
            None => blocks,
        };
        if tighter {
            let was = before.map(|b| format!(", before it was {b}")).unwrap_or_default();
            let message = format!("`{field}` is {after}{was}: draining a node may block");
            found.push(Found::node(message, new, node));
        }
    }
}

/// A number, and whether it is a percentage.
fn amount(text: &str) -> Option<(u64, bool)> {
    match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(|n| (n, true)),
        None => text.parse().ok().map(|n| (n, false)),
    }
}
