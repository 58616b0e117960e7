//! The user's credentials for registries: `config.json` of Docker, and the credential helpers that it names.

use super::reference::DOCKER_HUB;
use super::registry::Credential;
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::plugin::program::{self, Program};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The key of Docker Hub.
const HUB: &str = "https://index.docker.io/v1/";

/// How long a credential helper may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `config.json` says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credentials {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default)]
    creds_store: String,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
struct Auth {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    identitytoken: String,
}

/// What a credential helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl Credentials {
    /// Reads a file; none if it does not exist. Errors: it cannot be read, or is not JSON.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let at = || Location::file(path.to_string_lossy().into_owned());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => {
                let message = format!("the credentials cannot be read: {}", cause(&e));
                return Err(Error::new(ErrorKind::Io, message).at(at()));
            }
        };
        // What is wrong in a file with secrets is not quoted.
        serde_json::from_str(&text).map_err(|e| {
            let message = format!("the credentials are invalid: line {}, column {}", e.line(), e.column());
            Error::new(ErrorKind::Config, message).at(at())
        })
    }

    /// The credential for a registry. Errors: its credential helper fails.
    pub(crate) fn find(&self, registry: &str) -> Result<Option<Credential>> {
        let key = if registry == DOCKER_HUB { HUB } else { registry };
        let helper = self.cred_helpers.get(registry).or_else(|| self.cred_helpers.get(key));
        if let Some(helper) = helper {
            return help(helper, key);
        }
        let host = |key: &str| {
            let rest = key.trim_start_matches("https://").trim_start_matches("http://");
            rest.split('/').next().unwrap_or_default().to_owned()
        };
        let own = self.auths.get(key).or_else(|| {
            self.auths.iter().find(|(k, _)| key != HUB && host(k) == registry).map(|(_, auth)| auth)
        });
        if let Some(credential) = own.and_then(credential) {
            return Ok(Some(credential));
        }
        if self.creds_store.is_empty() { Ok(None) } else { help(&self.creds_store, key) }
    }
}

fn credential(auth: &Auth) -> Option<Credential> {
    if !auth.identitytoken.is_empty() {
        return Some(Credential::Identity(auth.identitytoken.clone()));
    }
    if !auth.username.is_empty() {
        return Some(Credential::Password(auth.username.clone(), auth.password.clone()));
    }
    let decoded = STANDARD.decode(auth.auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
    let (user, password) = decoded.trim_end_matches('\0').split_once(':')?;
    Some(Credential::Password(user.to_owned(), password.to_owned()))
}

fn help(helper: &str, key: &str) -> Result<Option<Credential>> {
    let name = format!("docker-credential-{helper}");
    let wrong = |why: String| {
        Error::new(ErrorKind::Program, format!("`{name}` gives no credential for `{key}`: {why}"))
    };
    if helper.contains(['/', '\\']) {
        return Err(wrong("its name is invalid".into()));
    }
    let output = program::run(&Program {
        name: &name,
        args: &["get".to_owned()],
        input: key.as_bytes(),
        timeout: Some(PATIENCE),
        ..Program::default()
    })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        // What helpers say when they know nothing.
        let unknown =
            [said.as_str(), &output.stderr].iter().any(|text| text.contains("credentials not found"));
        return if unknown { Ok(None) } else { Err(wrong(output.ending())) };
    }
    let helped: Helped = serde_json::from_str(&said).map_err(|_| wrong("its answer is not JSON".into()))?;
    Ok(Some(match helped.username.as_str() {
        "<token>" => Credential::Identity(helped.secret),
        _ => Credential::Password(helped.username, helped.secret),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_by_host() {
        let text = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "dTpw"},
            "https://quay.io": {"username": "a", "password": "b"}, "r.local:5000": {"identitytoken": "t"}}}"#;
        let credentials: Credentials = serde_json::from_str(text).unwrap();
        let password = |user: &str, password: &str| Some(Credential::Password(user.into(), password.into()));
        for (registry, expected) in [
            ("docker.io", password("u", "p")),
            ("quay.io", password("a", "b")),
            ("r.local:5000", Some(Credential::Identity("t".into()))),
            ("r.local", None),
        ] {
            assert_eq!(credentials.find(registry).unwrap(), expected, "{registry}");
        }
    }
}
