//! Remote bases and files: which texts name them, and how they are brought here.
//!
//! Repositories are cloned by the `git` program with the commands that kustomize uses, once per build where kustomize
//! clones anew for every entry. Files come by HTTP. The user may lead both elsewhere: see [`mirror`]. Nothing
//! here reads the environment: proxies and the configuration's path come from the caller; `git` inherits what it
//! needs.

pub mod exchange;
pub mod git;
pub mod http;
pub mod mirror;
pub mod proxy;
pub mod url;

use crate::diag::{Error, ErrorKind, Result, cause};
use crate::load::{Fetch, RepoSpec};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

pub use mirror::Mirrors;
pub use proxy::Proxies;

/// Fetches over the network. Clones are removed when this is dropped.
#[derive(Debug, Default)]
pub struct Remote {
    mirrors: Mirrors,
    http: http::Client,
    git: git::Git,
}

impl Remote {
    /// Nothing fetched yet.
    pub fn new(mirrors: Mirrors, proxies: Proxies) -> Self {
        Self { mirrors, http: http::Client::new(proxies), git: git::Git::default() }
    }
}

impl Fetch for Remote {
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str> {
        url::parse(text)
    }

    fn checkout(&self, repository: &RepoSpec) -> Result<Arc<Path>> {
        let url = self.mirrors.lead(&repository.url);
        self.git.checkout(&url, repository).map_err(|e| match repository.url.contains("kubeflow/manifests") {
            true => e.hint("kubeflow/manifests is called kubeflow/community-distribution now"),
            false => e,
        })
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        let target = self.mirrors.lead(url);
        match target.strip_prefix("file://") {
            Some(path) if *target != *url => local_file(Path::new(path), url),
            _ => self.http.get(&target),
        }
    }
}

/// The file to which the user's own configuration leads a URL.
fn local_file(path: &Path, url: &str) -> Result<Vec<u8>> {
    let wrong = |cause: String| {
        let message = format!("`{url}` is led to `{}`, {cause}", path.display());
        Error::new(ErrorKind::Remote, message)
            .hint("correct the `[[mirror]]` table or the directory it names")
    };
    let refused = |e: std::io::Error| wrong(format!("which cannot be read: {}", cause(&e)));
    if !path.metadata().map_err(refused)?.is_file() {
        return Err(wrong("which is not a regular file".into()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(refused)?;
    file.take(http::LIMIT + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > http::LIMIT {
        return Err(wrong(format!("which is larger than {} MiB", http::LIMIT >> 20)));
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
        let mirrors = Mirrors::parse(&Source::new("config.toml", config)).unwrap();
        let remote = Remote::new(mirrors, Proxies::default());
        assert_eq!(remote.file("https://h.example/v1/x.yaml").unwrap(), b"a: 1\n");
        for missing in ["https://h.example/v1/y.yaml", "https://h.example/v1/"] {
            let error = remote.file(missing).unwrap_err();
            assert!(error.message().starts_with(&format!("`{missing}` is led to `")), "{error}");
        }
    }
}
