//! What fetching may reach.

use super::address::{self, Reach, literal};
use super::proxy::Proxies;
use crate::diag::{Error, ErrorKind, Result, without_secrets};
use crate::limits::Limits;
use crate::search_path::SearchPath;
use std::net::ToSocketAddrs;

/// What to do about something that is not here.
pub(super) const OFFLINE_HINT: &str = "this build does not use the network: fetch it once with the network, keep a copy \
    with `kfm vendor`, or lead the location to a local copy by a `[[mirror]]`";

/// What fetching may reach, and where it finds git.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Nothing is asked over the network; what the user's configuration leads to local files is read.
    pub offline: bool,
    /// This machine and private networks are not asked.
    pub public_only: bool,
    /// How much may be fetched, and how long that may take.
    pub limits: Limits,
    /// Where git is found.
    pub search: SearchPath,
}

impl Access {
    /// Whether a location may be asked: any unless there is no network, local ones always.
    pub(crate) fn allows(&self, location: &str) -> bool {
        let local = location.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file://"));
        !self.offline || local || location.starts_with('/')
    }

    /// Refuses everything that is not local.
    pub(crate) fn refuse_offline(&self, location: &str) -> Result<()> {
        if self.allows(location) {
            return Ok(());
        }
        let message = format!("`{}` would have to be fetched", without_secrets(location));
        Err(Error::new(ErrorKind::Restricted, message).hint(OFFLINE_HINT))
    }

    /// Refuses what an address leads to, if that may not be asked.
    pub(crate) fn refuse(&self, reach: Reach, location: &str, public_only: bool) -> Result<()> {
        let shown = without_secrets(location);
        let refused = |message: String| Err(Error::new(ErrorKind::Restricted, message));
        match reach {
            Reach::Refused => {
                refused(format!("`{shown}` leads to a link-local address or to a metadata service"))
            }
            Reach::Private if public_only => {
                refused(format!("`{shown}` leads to this machine or into a private network"))
            }
            Reach::Private | Reach::Public => Ok(()),
        }
    }

    /// Refuses a location whose host may not be asked. Where the host leads is found out here as well, unless a proxy
    /// asks it: git does not tell.
    pub(crate) fn refuse_host(&self, location: &str, proxies: &Proxies) -> Result<()> {
        let Some(host) = address::host_of(location) else { return Ok(()) };
        for reach in reach_of(host, location, proxies) {
            self.refuse(reach, location, self.public_only)?;
        }
        Ok(())
    }
}

/// Where a host leads, as far as can be said here.
pub(super) fn reach_of(host: &str, location: &str, proxies: &Proxies) -> Vec<Reach> {
    if let Some(known) = literal(host) {
        return vec![known];
    }
    let scheme = location.split_once("://").map_or("ssh", |(scheme, _)| scheme);
    if scheme.starts_with("http") && proxies.of(scheme, host, 443).is_some() {
        return vec![];
    }
    let addresses = (host, 443).to_socket_addrs().into_iter().flatten();
    addresses.map(|found| address::reach(found.ip())).collect()
}

/// Refuses a location or branch that git could take for something else.
pub(super) fn refuse_misread(url: &str, reference: &str) -> Result<()> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Restricted, message));
    let shown = without_secrets(url);
    let scheme = url.find("://");
    let host = scheme.map_or(url, |at| &url[at + 3..]);
    let authority = host.split('/').next().unwrap_or_default();
    let name = authority.rsplit('@').next().unwrap_or_default();
    let path = if scheme.is_none() { url.split_once(':').map_or("", |(_, path)| path) } else { "" };
    if [url, authority, name, path].iter().any(|part| part.starts_with('-')) {
        return wrong(format!(
            "`{shown}` has a part that begins with `-`, which git could take for an option"
        ));
    }
    let helper = url.find("::").map(|at| &url[..at]);
    if helper.is_some_and(|h| h.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))) {
        return wrong(format!("`{shown}` names a helper program of git"));
    }
    if reference.starts_with('-') {
        return wrong(format!("`{reference}` begins with `-` and cannot be a branch, tag or commit"));
    }
    if reference.contains([':', '*', '^', '~', '\\', ' ']) || reference.starts_with('+') {
        return wrong(format!("`{reference}` cannot be a branch, tag or commit"));
    }
    if [url, reference].iter().any(|text| text.contains(|c: char| c.is_control())) {
        return wrong(format!("`{}` has control characters", shown.escape_debug()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_could_misread_is_refused() {
        for (url, reference, refused) in [
            ("https://h.example/o/r", "v1", false),
            ("git@h.example:o/r", "HEAD", false),
            ("file:///srv/r", "a/b", false),
            ("https://[::1]/o/r", "v1", false),
            ("-u", "v1", true),
            ("ssh://-oProxyCommand=x/o/r", "v1", true),
            ("ssh://u@-oProxyCommand=x/o/r", "v1", true),
            ("git@h.example:-x/r", "v1", true),
            ("ext::sh -c x", "v1", true),
            ("https://h.example/o/r", "--upload-pack=x", true),
            ("https://h.example/o/r\n", "v1", true),
            ("https://h.example/o/r", "refs/*:refs/*", true),
            ("https://h.example/o/r", "HEAD:refs/heads/x", true),
            ("https://h.example/o/r", "+v1", true),
            ("https://h.example/o/r", "v1~2", true),
        ] {
            assert_eq!(refuse_misread(url, reference).is_err(), refused, "{url} {reference}");
        }
    }
}
