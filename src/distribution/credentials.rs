//! The password and secrets that the distribution is delivered with, which everybody knows.

use crate::diag::{Code, Finding};
use crate::resource::{ResMap, Resource};
use base64::prelude::{BASE64_STANDARD, Engine};

/// A value of the distribution, and of kubeflow/manifests, that is no secret.
struct Known {
    value: &'static str,
    what: &'static str,
    file: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        value: "$2y$12$4K/VkmDd1q1Orb3xAt82zu8gk7Ad6ReFR4LCP9UeYE90NLiN9Df72",
        what: "the password `12341234`",
        file: "overlays/dex/settings.env",
    },
    Known {
        value: "pUBnBOY80SnXgjibTYM9ZWNzY2xreNGQok",
        what: "the client secret",
        file: "overlays/oauth2-proxy/secrets/secrets.env",
    },
    Known {
        value: "7d16fee92f8d11b8940b081b3f8b8acb",
        what: "the cookie secret",
        file: "overlays/oauth2-proxy/secrets/secrets.env",
    },
];

/// Returns a warning if a Secret still has one of the values that everybody knows.
pub(crate) fn warning(resources: &ResMap) -> Option<Finding> {
    let is_secret = |r: &&Resource| r.gvk().kind == "Secret" && r.gvk().group.is_empty();
    let all: Vec<&Resource> = resources.iter().filter(is_secret).collect();
    let mut what: Vec<&str> = vec![];
    let mut files: Vec<String> = vec![];
    let mut secrets: Vec<String> = vec![];
    let note = |list: &mut Vec<String>, text: String| {
        if !list.contains(&text) {
            list.push(text);
        }
    };
    for known in KNOWN {
        let holders: Vec<_> = all.iter().filter(|secret| holds(secret, known.value)).collect();
        if !holders.is_empty() {
            what.push(known.what);
            note(&mut files, format!("`{}`", known.file));
        }
        for secret in holders {
            note(&mut secrets, format!("`{}/{}`", secret.namespace(), secret.name()));
        }
    }
    if secrets.is_empty() {
        return None;
    }
    let message = format!("anybody can look up {} in Secret {}", what.join(", "), secrets.join(", "));
    let hint = format!("change them in {} before others can reach the cluster", files.join(" and "));
    Some(Finding::new(Code::KnownSecret, message).hint(hint))
}

/// Returns whether a Secret has this value.
fn holds(secret: &Resource, value: &str) -> bool {
    let doc = secret.doc();
    let encoded = BASE64_STANDARD.encode(value);
    [("data", encoded.as_str()), ("stringData", value)].into_iter().any(|(field, wanted)| {
        let data = doc.get(secret.root(), field);
        data.is_some_and(|data| doc.pairs(data).any(|(_, text)| doc.text(text).trim() == wanted))
    })
}
