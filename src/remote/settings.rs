//! What the user decides about fetching.

use super::access::Access;
use super::locked::Locked;
use super::mirror::Mirrors;
use super::proxy::Proxies;
use std::path::PathBuf;

/// What the user decides about fetching.
#[derive(Debug, Clone)]
pub struct RemoteOptions {
    /// The user's mirrors.
    pub mirrors: Mirrors,
    /// Proxies for HTTP.
    pub proxies: Proxies,
    /// What may be reached.
    pub access: Access,
    /// The directory of the cache; without one nothing is kept.
    pub cache: Option<PathBuf>,
    /// The lock that counts.
    pub(crate) lock: Option<Locked>,
    /// Whether everything remote must be in the lock, and every copy match it.
    pub(crate) locked: bool,
    /// How the copies that the lock names are used.
    pub(crate) copies: Copies,
    /// Whether a part of a repository may be fetched where that is enough.
    pub(crate) parts: bool,
    /// URLs whose entries in the lock are ignored; an empty one stands for all.
    pub(crate) moving: Vec<String>,
    /// Called with a location before it is fetched, and with `None` afterwards.
    pub(crate) progress: Option<fn(Option<&str>)>,
}

impl Default for RemoteOptions {
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
pub(crate) enum Copies {
    /// Where they are there; else what the lock names is fetched.
    First,
    /// Nothing else: what is not there is an error.
    Only,
    /// Not at all.
    Never,
}
