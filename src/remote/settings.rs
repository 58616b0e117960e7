//! What the user decides about fetching.

use super::access::Access;
use super::locked::Locked;
use super::mirror::Mirrors;
use super::proxy::Proxies;
use std::path::PathBuf;

/// What the user decides about fetching.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Mirrors of locations.
    pub mirrors: Mirrors,
    /// Proxies for HTTP.
    pub proxies: Proxies,
    /// What may be reached.
    pub access: Access,
    /// The directory for what is kept from run to run; nothing is kept without.
    pub cache: Option<PathBuf>,
    /// The lock that counts.
    pub lock: Option<Locked>,
    /// Everything must be in the lock, and copies be what the lock says.
    pub locked: bool,
    /// The copies that the lock names are used.
    pub copies: Copies,
    /// Of a repository the directory that is needed is fetched alone where that is enough.
    pub parts: bool,
    /// Entries of the lock for these URLs do not count, those for all if one is empty.
    pub moving: Vec<String>,
    /// What is called before something is fetched and, with `None`, when that is done.
    pub progress: Option<fn(Option<&str>)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mirrors: Mirrors::default(),
            proxies: Proxies::default(),
            access: Access::default(),
            cache: None,
            lock: None,
            locked: false,
            copies: Copies::First,
            parts: false,
            moving: vec![],
            progress: None,
        }
    }
}

/// How copies are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// Where they are there; else what the lock names is fetched.
    First,
    /// Nothing else: what is not there is an error.
    Only,
    /// Not at all.
    Never,
}
