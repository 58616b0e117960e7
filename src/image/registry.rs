//! Digests from registries, by the OCI distribution protocol.
//!
//! A manifest is fetched by its tag and hashed: what the registry says of its digest has to agree. An index of several
//! platforms stays an index. Registries that ask for a token are given one, with the credentials of the user if there are
//! any.

use super::reference::{DOCKER_HUB, Reference};
use crate::diag::{Error, ErrorKind, Result};
use crate::remote::exchange::{Answer, Exchange, Request};
use crate::text::percent;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The largest manifest, in bytes: what registries take at most.
const MANIFEST: u64 = 4 << 20;

/// The largest answer with a token, in bytes.
const TOKEN: u64 = 1 << 20;

/// How often a request is repeated after `429 Too Many Requests`, and how long is waited at most.
const RETRIES: (usize, Duration) = (4, Duration::from_secs(30));

/// The types of manifests: indexes first.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// What proves who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// User and password.
    Password(String, String),
    /// A token that tokens are given for.
    Identity(String),
}

/// The credentials for a registry, by its host.
pub(crate) type FindCredential<'a> = dyn Fn(&str) -> Result<Option<Credential>> + Sync + 'a;

/// Asks registries.
pub(crate) struct Registries<'a> {
    exchange: &'a Exchange,
    credential: &'a FindCredential<'a>,
    /// Registries that are asked by HTTP; those of this machine are as well.
    plain: &'a [String],
    /// `Authorization` by registry and repository.
    tokens: Mutex<FxHashMap<String, String>>,
}

impl<'a> Registries<'a> {
    /// Nothing asked yet.
    pub(crate) fn new(
        exchange: &'a Exchange,
        credential: &'a FindCredential<'a>,
        plain: &'a [String],
    ) -> Self {
        Self { exchange, credential, plain, tokens: Mutex::default() }
    }

    /// The digest of an image: that of its index if it has several platforms. Errors: the registry cannot be reached,
    /// refuses, has no such image, or contradicts itself.
    pub(crate) fn digest(&self, reference: &Reference) -> Result<String> {
        let answer = self.manifest(reference)?;
        let mut digest = String::from("sha256:");
        for byte in Sha256::digest(&answer.body) {
            let _ = write!(digest, "{byte:02x}");
        }
        let claimed = answer.header("docker-content-digest").filter(|d| d.starts_with("sha256:"));
        let wanted = reference.digest.as_deref().filter(|d| d.starts_with("sha256:"));
        match [claimed, wanted].into_iter().flatten().find(|other| *other != digest) {
            Some(other) => {
                let message =
                    format!("the manifest of `{reference}` has the digest {digest}, expected {other}");
                Err(Error::new(ErrorKind::Remote, message))
            }
            None => Ok(digest),
        }
    }

    fn manifest(&self, reference: &Reference) -> Result<Answer> {
        let version = reference.digest.as_deref().or(reference.effective_tag()).unwrap_or("latest");
        let url =
            format!("{}/v2/{}/manifests/{version}", self.base(&reference.registry), reference.repository);
        let name = reference.name();
        let mut authorized = false;
        for attempt in 0..=RETRIES.0 {
            let token = self.tokens().get(&name).cloned();
            let answer = self.exchange.send(&Request {
                url: &url,
                headers: &[("accept", ACCEPT)],
                authorization: token.as_deref(),
                form: None,
                limit: MANIFEST,
            })?;
            let failed = |why: &str| {
                let message = format!("registry `{}` {why} `{reference}`", reference.registry);
                Err(Error::new(ErrorKind::Remote, message))
            };
            match answer.status {
                200 => return Ok(answer),
                401 if !authorized => {
                    authorized = true;
                    let token = self.authorize(reference, &answer)?;
                    self.tokens().insert(name.clone(), token);
                }
                401 | 403 => {
                    let hint = format!("log in with `docker login {}`", reference.registry);
                    return failed("refuses").map_err(|e| e.hint(hint));
                }
                404 => {
                    return failed("does not have")
                        .map_err(|e| e.hint("copy the image there, or correct the tag"));
                }
                429 if attempt < RETRIES.0 => std::thread::sleep(pause(&answer)),
                429 => return failed("asks to wait before it gives"),
                status => return failed(&format!("answers with status code {status} for")),
            }
        }
        Err(Error::new(
            ErrorKind::Remote,
            format!("registry `{}` does not give `{reference}`", reference.registry),
        ))
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, FxHashMap<String, String>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn base(&self, registry: &str) -> String {
        let host = if registry == DOCKER_HUB { "registry-1.docker.io" } else { registry };
        let plain = is_loopback(registry) || self.plain.iter().any(|p| p == registry);
        format!("{}://{host}", if plain { "http" } else { "https" })
    }

    /// What `Authorization` is to say, by the challenge in an answer.
    fn authorize(&self, reference: &Reference, answer: &Answer) -> Result<String> {
        let registry = &reference.registry;
        let credential = (self.credential)(registry)?;
        let challenges: Vec<Challenge> =
            answer.headers("www-authenticate").filter_map(Challenge::parse).collect();
        if let Some(bearer) = challenges.iter().find(|c| c.scheme.eq_ignore_ascii_case("bearer")) {
            return self.token(reference, bearer, credential.as_ref()).map(|token| format!("Bearer {token}"));
        }
        match credential {
            Some(Credential::Password(user, password)) => Ok(basic(&user, &password)),
            _ => Err(Error::new(
                ErrorKind::Remote,
                format!("registry `{registry}` asks for a user and a password"),
            )
            .hint(format!("log in with `docker login {registry}`"))),
        }
    }

    fn token(
        &self,
        reference: &Reference,
        bearer: &Challenge,
        credential: Option<&Credential>,
    ) -> Result<String> {
        let registry = &reference.registry;
        let wrong =
            |why: &str| Error::new(ErrorKind::Remote, format!("registry `{registry}` gives no token: {why}"));
        let realm = bearer.get("realm").ok_or_else(|| wrong("it does not say where"))?;
        let plain = self.base(registry).starts_with("http://");
        if !(realm.starts_with("https://") || plain && realm.starts_with("http://")) {
            return Err(wrong(&format!("`{realm}` is not reached by HTTPS")));
        }
        let scope = format!("repository:{}:pull", reference.repository);
        let service = bearer.get("service").unwrap_or_default();
        let query = format!("service={}&scope={}", encoded(service), encoded(&scope));
        let (url, form, authorization) = match credential {
            Some(Credential::Identity(token)) => {
                let form = format!(
                    "grant_type=refresh_token&client_id=kfm&refresh_token={}&{query}",
                    encoded(token)
                );
                (realm.to_owned(), Some(form), None)
            }
            other => {
                let sign = if realm.contains('?') { '&' } else { '?' };
                let authorization = match other {
                    Some(Credential::Password(user, password)) => Some(basic(user, password)),
                    _ => None,
                };
                (format!("{realm}{sign}{query}"), None, authorization)
            }
        };
        let answer = self.exchange.send(&Request {
            url: &url,
            headers: &[],
            authorization: authorization.as_deref(),
            form: form.as_deref(),
            limit: TOKEN,
        })?;
        if answer.status != 200 {
            return Err(wrong(&format!("status code {}", answer.status))
                .hint(format!("log in with `docker login {registry}`")));
        }
        let value: serde_json::Value =
            serde_json::from_slice(&answer.body).map_err(|_| wrong("the answer is not JSON"))?;
        let token = ["token", "access_token"].iter().find_map(|key| value.get(key)?.as_str());
        let token = token.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic()));
        token.map(str::to_owned).ok_or_else(|| wrong("the answer has none"))
    }
}

/// `Bearer realm="…",service="…"`
struct Challenge<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Challenge<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let (scheme, mut rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        let mut parameters = vec![];
        while let Some((name, value)) = rest.split_once('=') {
            let name = name.trim_matches([' ', ',', '\t']);
            let (value, behind) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => value.split_once(',').unwrap_or((value, "")),
            };
            parameters.push((name, value));
            rest = behind;
        }
        (!scheme.is_empty()).then_some(Self { scheme, parameters })
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// Returns whether a registry is on this machine.
pub(crate) fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[').and_then(|r| r.split_once(']')) {
        Some((address, _)) => address,
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// How long a registry asks to wait.
fn pause(answer: &Answer) -> Duration {
    let seconds = answer.header("retry-after").and_then(|value| value.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1)).min(RETRIES.1)
}

fn encoded(text: &str) -> String {
    percent::escape(text, |_, byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_taken_apart() {
        let header = r#"Bearer realm="https://a.example/token?x=1",service="a.example", scope="repository:a:pull,push",x=1"#;
        let challenge = Challenge::parse(header).unwrap();
        assert_eq!(challenge.get("realm"), Some("https://a.example/token?x=1"));
        assert_eq!(challenge.get("service"), Some("a.example"));
        assert_eq!(challenge.get("scope"), Some("repository:a:pull,push"));
        assert_eq!(challenge.get("x"), Some("1"));
        assert!(Challenge::parse(r#"Bearer realm="open"#).is_none());
    }

    #[test]
    fn registries_of_this_machine_are_known() {
        for (registry, expected) in [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("[::1]:5000", true),
            ("localhost.example", false),
            ("10.0.0.1:5000", false),
        ] {
            assert_eq!(is_loopback(registry), expected, "{registry}");
        }
    }
}
