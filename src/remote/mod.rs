//! Remote bases and files: which texts name them, and how they are brought here.
//!
//! Repositories are cloned by the `git` program with the commands that kustomize uses, once per commit where kustomize
//! clones anew for every entry: see [`cache`]. Files come by HTTP. What `kfm.lock` names is taken from its copies: see
//! [`lock`]. The user may have mirrors of both: see [`mirror`]. Nothing here reads the environment: proxies and the
//! directories of the user come from the caller; `git` inherits what it needs.

mod access;
pub(crate) mod address;
pub(crate) mod cache;
mod command;
pub(crate) mod content;
pub(crate) mod exchange;
mod forward;
pub(crate) mod git;
pub(crate) mod http;
pub(crate) mod lock;
mod locked;
pub(crate) mod mirror;
mod part;
pub(crate) mod places;
pub(crate) mod proxy;
mod request;
mod route;
mod settings;
mod size;
mod submodules;
pub(crate) mod url;

use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result, cause, without_secrets};
use crate::limits::Limit;
use crate::load::{Fetch, Named, RepoSpec};
use crate::search_path::SearchPath;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use access::Access;
pub(crate) use cache::{Cache, Listed};
pub(crate) use git::Found;
pub(crate) use lock::{Lock, LockedFile, LockedRepository, LockedSource};
pub(crate) use locked::Locked;
pub(crate) use mirror::Config;
pub use mirror::Mirrors;
pub use proxy::Proxies;
pub(crate) use settings::Copies;
pub use settings::RemoteOptions;

/// A repository that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// As it was asked for first.
    pub(crate) spec: RepoSpec,
    /// What it turned out to be.
    pub(crate) found: Found,
    /// All texts that asked for it, without passwords.
    pub(crate) references: BTreeSet<String>,
}

/// What a run asked for.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Repositories by URL, reference, and whether with submodules.
    pub(crate) repositories: BTreeMap<(String, String, bool), Asked>,
    /// Files by URL, without password.
    pub(crate) files: BTreeMap<String, Arc<Vec<u8>>>,
    /// Files and links that were read below the directories of repositories.
    pub(crate) used: BTreeSet<PathBuf>,
}

/// Fetches over the network, through the lock and the cache of the user.
#[derive(Debug, Default)]
pub struct Remote {
    settings: RemoteOptions,
    http: http::Client,
    git: git::Git,
    cache: Arc<cache::LazyCache>,
    /// Copies that were compared with the lock.
    checked: Mutex<FxHashMap<String, Result<()>>>,
    record: Mutex<Record>,
    /// What there is to say about what was fetched.
    pub(crate) findings: Findings,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Remote {
    /// Nothing fetched yet.
    pub fn new(settings: RemoteOptions) -> Self {
        let RemoteOptions { proxies, access, cache, .. } = &settings;
        let lazy = Arc::new(cache::LazyCache::new(cache.clone()));
        Self {
            http: http::Client::new(proxies.clone(), access.clone()),
            git: git::Git::new(proxies.clone(), access.clone(), lazy.clone(), settings.parts),
            cache: lazy,
            settings,
            checked: Mutex::default(),
            record: Mutex::default(),
            findings: Findings::default(),
        }
    }

    /// What was asked for since this was called last.
    pub(crate) fn take_record(&self) -> Record {
        std::mem::take(&mut hold(&self.record))
    }

    /// A repository as the lock has it, or from wherever it is.
    fn find(&self, spec: &RepoSpec) -> Result<Found> {
        let lock = self.settings.lock.as_ref();
        let entry =
            lock.and_then(|l| Some((l, l.lock.repository(spec).filter(|e| !self.is_moving(&e.url))?)));
        let Some((lock, entry)) = entry else {
            self.refuse_unlocked(&spec.raw)?;
            self.warn_of_timeout(spec);
            let found = self.fetch(spec)?;
            if found.moves {
                self.warn_of_moving(spec);
            }
            return Ok(found);
        };
        if let Some(directory) = self.copy(lock, entry)? {
            let (commit, tree) = (entry.commit.clone(), entry.tree.clone());
            return Ok(Found { directory: directory.into(), commit, tree, moves: false });
        }
        self.fetch(&RepoSpec { reference: entry.commit.clone(), ..spec.clone() })
    }

    /// The directory of a copy, if it is to be used.
    fn copy(&self, lock: &Locked, entry: &LockedRepository) -> Result<Option<PathBuf>> {
        if self.settings.copies == Copies::Never {
            return Ok(None);
        }
        let Some(directory) = lock.copy(&entry.copy)? else {
            return self.missing(&entry.url, &entry.copy).map(|()| None);
        };
        if self.settings.locked {
            let known = hold(&self.checked).get(&entry.copy).cloned();
            let result = known.unwrap_or_else(|| lock.check_directory(entry, &directory));
            hold(&self.checked).insert(entry.copy.clone(), result.clone());
            result?;
        }
        Ok(Some(directory))
    }

    /// Refuses to go on without a copy where that is not allowed.
    fn missing(&self, url: &str, copy: &str) -> Result<()> {
        match self.settings.copies {
            Copies::Only => {
                let message = format!("the copy `{copy}` of `{url}` is missing");
                Err(Error::new(ErrorKind::Remote, message).hint("run `kfm vendor` to write it"))
            }
            Copies::First | Copies::Never => Ok(()),
        }
    }

    fn is_moving(&self, url: &str) -> bool {
        self.settings.moving.iter().any(|m| m.is_empty() || url == m || url.starts_with(&format!("{m}/")))
    }

    fn refuse_unlocked(&self, text: &str) -> Result<()> {
        if !self.settings.locked && self.settings.copies != Copies::Only {
            return Ok(());
        }
        let shown = without_secrets(text);
        let message = match self.settings.lock {
            Some(_) => format!("`{shown}` is not in `{}`", lock::NAME),
            None => format!("`{shown}` is remote, and there is no `{}`", lock::NAME),
        };
        Err(Error::new(ErrorKind::Remote, message)
            .hint("run `kfm vendor`, and keep what it writes with the rest"))
    }

    /// Warns of a query that kustomize passes over.
    fn warn_of_timeout(&self, spec: &RepoSpec) {
        if let Some(value) = url::meaningless_timeout(&spec.raw) {
            let message = format!(
                "`timeout={value}` of `{}` is no duration and is ignored",
                without_secrets(&spec.raw)
            );
            let hint = "write seconds, or a duration such as `2m30s`";
            self.findings.add(Finding::new(Code::Skipped, message).hint(hint));
        }
    }

    fn warn_of_moving(&self, spec: &RepoSpec) {
        let what = match spec.reference.as_str() {
            "" => "names no commit, tag or branch".to_owned(),
            branch => format!("names the branch `{branch}`"),
        };
        let message =
            format!("`{}` {what}: what it builds to can change at any time", without_secrets(&spec.raw));
        self.findings.add(
            Finding::new(Code::Unpinned, message)
                .hint("name a tag or commit by `?ref=`, or run `kfm vendor`"),
        );
    }

    /// Where programs are found.
    pub(crate) fn search(&self) -> &SearchPath {
        &self.settings.access.search
    }

    /// A repository from the cache or from wherever it is, whatever the lock says.
    pub(crate) fn fetch(&self, spec: &RepoSpec) -> Result<Found> {
        let mirrored = self.settings.mirrors.rewrite(&spec.url)?;
        let url: Cow<'_, str> = match mirrored.local() {
            Some(path) => {
                let path = path.map_err(|e| wrong(&spec.url, &mirrored.url, &e))?;
                format!("file://{}", path.display()).into()
            }
            None => mirrored.url,
        };
        let fetched = self.during(&spec.raw, || self.git.checkout(&url, spec));
        fetched.map_err(|e| match spec.url.contains("kubeflow/manifests") {
            true => e.hint("kubeflow/manifests is called kubeflow/community-distribution now"),
            false => e,
        })
    }

    /// Says what is being fetched meanwhile.
    fn during<T>(&self, text: &str, work: impl FnOnce() -> T) -> T {
        let Some(progress) = self.settings.progress else { return work() };
        progress(Some(&without_secrets(text)));
        let result = work();
        progress(None);
        result
    }

    /// How large a file may be, in bytes.
    fn most(&self) -> u64 {
        self.settings.access.limits.get(Limit::Download)
    }

    fn find_file(&self, url: &str) -> Result<Vec<u8>> {
        let lock = self.settings.lock.as_ref();
        let entry = lock.and_then(|l| Some((l, l.lock.file(url).filter(|e| !self.is_moving(&e.url))?)));
        let Some((lock, entry)) = entry else {
            self.refuse_unlocked(url)?;
            return self.fetch_file(url, None);
        };
        if self.settings.copies != Copies::Never {
            match lock.copy(&entry.copy)? {
                Some(path) => {
                    let bytes = read(&path, self.most()).map_err(|e| wrong(url, &entry.copy, &e))?;
                    if self.settings.locked {
                        lock.check_file(entry, &bytes)?;
                    }
                    return Ok(bytes);
                }
                None => self.missing(&entry.url, &entry.copy)?,
            }
        }
        let bytes = self.fetch_file(url, Some(&entry.sum))?;
        match content::prefixed_hash(&bytes) == entry.sum {
            true => Ok(bytes),
            false => {
                let message = format!("`{}` is not what it was when `{}` was written", entry.url, lock::NAME);
                Err(Error::new(ErrorKind::Remote, message)
                    .hint("if the change is meant, take it by `kfm vendor --update URL`"))
            }
        }
    }

    /// A file from the cache if its hash is known or there is no network, else over HTTP.
    fn fetch_file(&self, url: &str, sum: Option<&str>) -> Result<Vec<u8>> {
        let mirrored = self.settings.mirrors.rewrite(url)?;
        if let Some(path) = mirrored.local() {
            return path.and_then(|path| read(&path, self.most())).map_err(|e| wrong(url, &mirrored.url, &e));
        }
        let name = lock::without_user(&mirrored.url);
        if sum.is_some() || !self.settings.access.allows(&mirrored.url) {
            if let Some(bytes) = self.cache.open()?.file(&name, sum) {
                return Ok(bytes);
            }
            self.settings.access.refuse_offline(&mirrored.url)?;
        }
        let bytes = self.during(url, || self.http.get(&mirrored.url, within(url)))?;
        if self.settings.cache.is_some() {
            self.cache.open()?.keep_file(&name, &bytes);
        }
        Ok(bytes)
    }
}

impl Fetch for Remote {
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str> {
        url::parse(text)
    }

    fn known(&self, repository: &RepoSpec) -> Option<Named> {
        self.settings.lock.as_ref()?.lock.known(repository)
    }

    fn checkout(&self, spec: &RepoSpec) -> Result<Arc<Path>> {
        let found = self.find(spec)?;
        let directory = found.directory.clone();
        let key = (lock::without_user(&spec.url), spec.reference.clone(), spec.submodules);
        let mut record = hold(&self.record);
        let asked = record.repositories.entry(key);
        let asked = asked.or_insert_with(|| Asked { spec: spec.clone(), found, references: BTreeSet::new() });
        asked.references.insert(lock::without_user(&spec.raw));
        Ok(directory)
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        let bytes = self.find_file(url)?;
        hold(&self.record).files.insert(lock::without_user(url), Arc::new(bytes.clone()));
        Ok(bytes)
    }

    fn used(&self, path: &Path) {
        hold(&self.record).used.insert(path.to_owned());
    }
}

/// How long a file may take. What can only be a repository is asked for as a file when git failed, and no longer than git.
fn within(text: &str) -> Duration {
    url::parse(text).ok().filter(|spec| spec.explicit).map_or(Duration::MAX, |spec| spec.timeout)
}

/// Why what the user's own configuration leads to is not taken.
fn wrong(url: &str, mirror: &str, e: &io::Error) -> Error {
    let message = format!("the mirror of `{url}`, `{mirror}`, cannot be read: {}", cause(e));
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
        let remote = Remote::new(RemoteOptions { mirrors, ..RemoteOptions::default() });
        assert_eq!(remote.file("https://h.example/v1/x.yaml").unwrap(), b"a: 1\n");
        for missing in ["https://h.example/v1/y.yaml", "https://h.example/v1/"] {
            let error = remote.file(missing).unwrap_err();
            assert!(error.message().starts_with(&format!("the mirror of `{missing}`, `file://")), "{error}");
        }
    }
}
