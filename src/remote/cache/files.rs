//! Files that were fetched over HTTP.

use super::disk::{self, Root, read_toml, touch, write_toml};
use crate::remote::content;
use serde::{Deserialize, Serialize};
use std::fs;

/// Which file came last.
pub(super) const LATEST: &str = "latest.toml";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Latest {
    pub(crate) url: String,
    sum: String,
}

/// The file of a URL that has this hash, or that came last.
pub(super) fn get(root: &Root, name: &str, sum: Option<&str>) -> Option<Vec<u8>> {
    let directory = root.path.join("http").join(name);
    let sum = match sum {
        Some(sum) => sum.to_owned(),
        None => read_toml::<Latest>(&directory.join(LATEST))?.sum,
    };
    let path = directory.join(sum.rsplit(':').next()?);
    let bytes = fs::read(&path).ok().filter(|bytes| content::prefixed_hash(bytes) == sum)?;
    touch(&path);
    Some(bytes)
}

/// Keeps a file; that it cannot be kept is no reason to fail.
pub(super) fn keep(root: &Root, name: &str, url: &str, bytes: &[u8]) {
    let directory = root.path.join("http").join(name);
    let sum = content::prefixed_hash(bytes);
    let file = directory.join(sum.rsplit(':').next().unwrap_or_default());
    let latest = Latest { url: url.to_owned(), sum };
    let _ = disk::make(&directory)
        .and_then(|()| disk::write(&file, bytes))
        .and_then(|()| write_toml(&directory.join(LATEST), &latest));
}
