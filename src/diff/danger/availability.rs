//! What stops running, and what keeps nodes from being drained.

use super::{Found, Rule, Subject, get, selector, text};

/// A workload without pods.
pub(super) const REPLICAS_ZERO: Rule = Rule {
    name: "replicas-zero",
    about: "a workload is scaled to no replicas",
    check: |subject, found| {
        let Some((old, new)) = subject.both() else { return };
        const PATH: &[&str] = &["spec", "replicas"];
        let scales = get(new, &["spec", "template", "spec"]).is_some();
        if scales && text(new, PATH) == Some("0") && text(old, PATH) != Some("0") {
            let node = get(new, PATH).unwrap_or(new.root());
            let before = text(old, PATH).unwrap_or("1");
            found.push(Found::node(format!("replicas go from {before} to 0: nothing runs"), new, node));
        }
    },
};

/// A disruption budget that lets less go.
pub(super) const BUDGET_TIGHTENED: Rule = Rule {
    name: "pdb-tightened",
    about: "a PodDisruptionBudget lets fewer pods be evicted, so that draining a node may block",
    check: budget_tightened,
};

fn budget_tightened(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some(new) = subject.after().filter(|_| subject.kind() == "PodDisruptionBudget") else { return };
    for (field, less_is_tighter) in [("minAvailable", false), ("maxUnavailable", true)] {
        let path = &["spec", field];
        let (Some(node), Some(after)) = (get(new, path), text(new, path)) else { continue };
        let before = subject.before().and_then(|old| text(old, path));
        let blocks = if less_is_tighter { matches!(after, "0" | "0%") } else { after == "100%" };
        let tighter = match (before.and_then(amount), amount(after)) {
            (Some((b, p)), Some((a, q))) if p == q && less_is_tighter => a < b,
            (Some((b, p)), Some((a, q))) if p == q => a > b,
            _ => blocks && before != Some(after),
        };
        if tighter {
            let was = before.map(|b| format!(", before it was {b}")).unwrap_or_default();
            let message = format!("`{field}` is {after}{was}: draining a node may block");
            found.push(Found::node(message, new, node));
        }
    }
    let Some(old) = subject.before() else { return };
    const SELECTOR: &[&str] = &["spec", "selector"];
    if let Some(node) = get(new, SELECTOR)
        && selector::holds_for_more(old, new, SELECTOR)
    {
        found.push(Found::node(
            "the PodDisruptionBudget holds for more pods: draining a node may block",
            new,
            node,
        ));
    }
    const UNHEALTHY: &[&str] = &["spec", "unhealthyPodEvictionPolicy"];
    if text(old, UNHEALTHY) == Some("AlwaysAllow") && text(new, UNHEALTHY) != Some("AlwaysAllow") {
        let message = "pods that are not healthy are evicted no longer: draining a node may block";
        found.push(Found::node(message, new, get(new, &["spec"]).unwrap_or(new.root())));
    }
}

/// A number, and whether it is a percentage.
fn amount(text: &str) -> Option<(u64, bool)> {
    match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(|n| (n, true)),
        None => text.parse().ok().map(|n| (n, false)),
    }
}
