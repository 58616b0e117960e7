//! Remote bases and files: which texts name them, and how they are brought here.
//!
//! Repositories are cloned by the `git` program with the commands that kustomize uses, once per build where kustomize
//! clones anew for every entry. Files come by HTTP. The user may lead both elsewhere: see [`mirror`]. Nothing
//! here reads the environment: proxies and the configuration's path come from the caller; `git` inherits what it
//! needs.

mod access;
pub mod address;
pub mod exchange;
pub mod git;
pub mod http;
pub mod mirror;
pub mod proxy;
mod submodules;
pub mod url;

use crate::diag::{Error, ErrorKind, Result, cause};
use crate::limits::Limit;
use crate::load::{Fetch, RepoSpec};
use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

pub use access::Access;
pub use mirror::{Config, Mirrors};
pub use proxy::Proxies;

/// Fetches over the network. Clones are removed when this is dropped.
#[derive(Debug, Default)]
pub struct Remote {
    mirrors: Mirrors,
    http: http::Client,
    git: git::Git,
    access: Access,
}

impl Remote {
    /// Nothing fetched yet.
    pub fn new(mirrors: Mirrors, proxies: Proxies, access: Access) -> Self {
        let http = http::Client::new(proxies.clone(), access.clone());
        Self { mirrors, http, git: git::Git::new(proxies, access.clone()), access }
    }
}

impl Fetch for Remote {
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str> {
        url::parse(text)
    }

    fn checkout(&self, repository: &RepoSpec) -> Result<Arc<Path>> {
        let led = self.mirrors.lead(&repository.url)?;
        let url: Cow<'_, str> = match led.local() {
            Some(path) => {
                let path = path.map_err(|e| wrong(&repository.url, &led.url, &e))?;
                format!("file://{}", path.display()).into()
            }
            None => led.url,
        };
        self.access.refuse_offline(&url)?;
        self.git.checkout(&url, repository).map_err(|e| match repository.url.contains("kubeflow/manifests") {
            true => e.hint("kubeflow/manifests is called kubeflow/community-distribution now"),
            false => e,
        })
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        let led = self.mirrors.lead(url)?;
        match led.local() {
            Some(path) => path
                .and_then(|path| read(&path, self.access.limits.get(Limit::Download)))
                .map_err(|e| wrong(url, &led.url, &e)),
            None => {
                self.access.refuse_offline(&led.url)?;
                self.http.get(&led.url)
            }
        }
    }
}

/// Why what the user's own configuration leads to is not taken.
fn wrong(url: &str, led: &str, e: &io::Error) -> Error {
    let message = format!("`{url}` is led to `{led}`, which cannot be read: {}", cause(e));
    Error::new(ErrorKind::Remote, message).hint("correct the `[[mirror]]` table or the directory it names")
}

/// A file of a mirror.
fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = crate::files::open(path)?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!("it is larger than the limit `download`, {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Source;

    #[test]
    fn the_users_configuration_leads_to_local_files() {
        let top = tempfile::tempdir().unwrap();
        std::fs::write(top.path().join("x.yaml"), "a: 1\n").unwrap();
        let config = format!(
            "[[mirror]]\nfrom = \"https://h.example/v1/\"\nto = \"file://{}/\"\n",
            top.path().display()
        );
        let mirrors = Config::parse(&Source::new("config.toml", config)).unwrap().mirrors;
        let remote = Remote::new(mirrors, Proxies::default(), Access::default());
        assert_eq!(remote.file("https://h.example/v1/x.yaml").unwrap(), b"a: 1\n");
        for missing in ["https://h.example/v1/y.yaml", "https://h.example/v1/"] {
            let error = remote.file(missing).unwrap_err();
            assert!(error.message().starts_with(&format!("`{missing}` is led to `")), "{error}");
        }
    }
}
