//! `import profiles`: Profiles of Kubeflow from a list of names, owners and quotas.

use crate::diag::{Error, ErrorKind, Location, Result};
use crate::yaml::json::write_string;
use crate::yaml::{Doc, NodeId, NodeKind, Source, split};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// A user's or a team's place in the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its name, which its namespace gets as well.
    pub(crate) name: String,
    /// E-mail address of the user who owns it.
    pub(crate) owner: String,
    /// What its ResourceQuota limits, and to how much; no quota if empty.
    pub(crate) quota: Vec<(String, String)>,
}

/// Namespaces that the platform and the cluster use themselves.
const TAKEN: [&str; 10] = [
    "auth",
    "cert-manager",
    "default",
    "enterprise-gateway",
    "istio-system",
    "knative-serving",
    "kubeflow",
    "kubeflow-system",
    "monitoring",
    "oauth2-proxy",
];

/// Reads a list: a sequence of mappings with `name`, `owner` and, where there is one, `quota`.
pub(crate) fn read(source: &Arc<Source>) -> Result<Vec<Profile>> {
    let doc = split::read_v2(source)?;
    let entries = match &doc {
        Some(doc) if doc.kind(doc.root()) == NodeKind::Seq => doc.items(doc.root()),
        _ => {
            return Err(Error::new(ErrorKind::Config, "expected a sequence of profiles")
                .at(Location::file(source.path.clone()))
                .hint("write `- name: team-a`, `  owner: user@example.com` and, if wanted, `  quota: {requests.cpu: 8}`"));
        }
    };
    let Some(doc) = &doc else { return Ok(vec![]) };
    let mut known: FxHashMap<String, Location> = FxHashMap::default();
    let mut profiles = Vec::with_capacity(entries.len());
    for entry in entries {
        let profile = profile(doc, *entry)?;
        let at = doc.get(*entry, "name").map_or_else(|| doc.location(*entry), |name| doc.location(name));
        if let Some(first) = known.insert(profile.name.clone(), at.clone()) {
            let message = format!("the profile `{}` is listed twice", profile.name);
            return Err(Error::new(ErrorKind::Conflict, message).at(at).label(first, "the first one"));
        }
        profiles.push(profile);
    }
    Ok(profiles)
}

fn profile(doc: &Doc, entry: NodeId) -> Result<Profile> {
    let wrong = |node: NodeId, message: String| Error::new(ErrorKind::Config, message).at(doc.location(node));
    if doc.kind(entry) != NodeKind::Map {
        return Err(wrong(entry, format!("expected a mapping, found {}", doc.kind(entry).noun())));
    }
    if let Some((key, _)) =
        doc.pairs(entry).find(|(k, _)| !["name", "owner", "quota"].contains(&doc.text(*k)))
    {
        return Err(wrong(key, format!("unknown field `{}` of a profile", doc.text(key)))
            .hint("known are `name`, `owner` and `quota`"));
    }
    let name = scalar(doc, entry, "name")?;
    if !is_label(&name.1) || name.1.starts_with("kube-") || TAKEN.contains(&name.1.as_str()) {
        return Err(wrong(name.0, format!("`{}` cannot be the name of a profile", name.1)).hint(
            "a profile's name is that of its namespace: at most 63 lower case letters, digits and `-`, and none that the platform uses",
        ));
    }
    let owner = scalar(doc, entry, "owner")?;
    if owner.1.chars().any(char::is_control) || owner.1.chars().any(char::is_whitespace) {
        return Err(wrong(owner.0, "expected an e-mail address as owner".into()));
    }
    let mut quota = vec![];
    if let Some(limits) = doc.get(entry, "quota").filter(|node| !doc.is_null(*node)) {
        if doc.kind(limits) != NodeKind::Map {
            return Err(wrong(
                limits,
                format!("expected `quota` to be a mapping, found {}", doc.kind(limits).noun()),
            )
            .hint("write `quota: {requests.cpu: 8, requests.memory: 32Gi}`"));
        }
        for (key, _) in doc.pairs(limits) {
            quota.push((doc.text(key).to_owned(), scalar(doc, limits, doc.text(key))?.1));
        }
    }
    Ok(Profile { name: name.1, owner: owner.1, quota })
}

fn scalar(doc: &Doc, map: NodeId, key: &str) -> Result<(NodeId, String)> {
    let wrong = |node: NodeId| {
        Error::new(ErrorKind::Config, format!("a profile needs a value for `{key}`")).at(doc.location(node))
    };
    let node = doc.get(map, key).ok_or_else(|| wrong(map))?;
    if doc.kind(node) != NodeKind::Scalar || doc.text(node).is_empty() || doc.is_null(node) {
        return Err(wrong(node));
    }
    Ok((node, doc.text(node).to_owned()))
}

/// Returns whether a name is one that Kubernetes takes for a namespace.
fn is_label(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= 63
        && name.chars().all(fine)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The files for a list of profiles: one kustomization for all, and a directory with one for each.
pub(crate) fn files(profiles: &[Profile]) -> Vec<(String, Cow<'static, [u8]>)> {
    let head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n";
    let mut all = head.to_owned();
    let mut files = vec![];
    for profile in profiles {
        all += &format!("- {}\n", profile.name);
        let text = |text: String| Cow::Owned(text.into_bytes());
        files.push((format!("{}/kustomization.yaml", profile.name), text(format!("{head}- profile.yaml\n"))));
        files.push((format!("{}/profile.yaml", profile.name), text(manifest(profile))));
    }
    files.insert(0, ("kustomization.yaml".to_owned(), Cow::Owned(all.into_bytes())));
    files
}

/// The Profile as YAML. Values are quoted: they come from a list that anybody may have written.
fn manifest(profile: &Profile) -> String {
    let quoted = |text: &str| {
        let mut out = String::new();
        write_string(text, &mut out);
        out
    };
    let mut out = format!(
        "apiVersion: kubeflow.org/v1\nkind: Profile\nmetadata:\n  name: {}\nspec:\n  owner:\n    kind: User\n    name: {}\n",
        quoted(&profile.name),
        quoted(&profile.owner)
    );
    if !profile.quota.is_empty() {
        out += "  resourceQuotaSpec:\n    hard:\n";
        for (what, limit) in &profile.quota {
            out += &format!("      {}: {}\n", quoted(what), quoted(limit));
        }
    }
    out
}
