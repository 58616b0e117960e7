//! The ways to servers: through which proxy, and to which addresses.
//!
//! Where an address leads is looked at when the connection is made, for every request anew: see [`super::address`].

use super::access::{Access, reach_of};
use super::address::{self, Reach};
use super::forward;
use super::proxy::Proxies;
use crate::diag::{Error, ErrorKind, Result, cause, without_secrets};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::{StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Proxy, http::Response};

/// How long it may take until there is a connection.
const PATIENCE: Duration = Duration::from_secs(27);

/// A connection pool for each way of connecting.
#[derive(Debug, Default)]
pub(super) struct Routes {
    proxies: Proxies,
    access: Access,
    routes: Mutex<FxHashMap<Way, Route>>,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Way {
    proxy: Option<String>,
    /// The scheme of what is asked for: a proxy is asked in another way for each.
    encrypted: bool,
    public_only: bool,
}

/// A way to a server.
#[derive(Debug, Clone)]
struct Route {
    agent: Agent,
    /// `Proxy-Authorization`, where it goes with each request.
    authorization: Option<String>,
}

/// A request.
pub(super) struct Sent<'a> {
    /// Where to.
    pub(crate) uri: &'a Uri,
    /// This machine and private networks are not asked.
    pub(crate) public_only: bool,
    /// When an answer is given up.
    pub(crate) deadline: Instant,
    /// Headers.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// A form to post; otherwise the request is a GET.
    pub(crate) form: Option<&'a str>,
}

impl Routes {
    /// No connections yet.
    pub(super) fn new(proxies: Proxies, access: Access) -> Self {
        Self { proxies, access, routes: Mutex::default() }
    }

    /// What may be reached.
    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    /// Returns whether a server is one that everybody can ask. What it answers leads to nothing that only this machine can reach.
    pub(super) fn is_public(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default();
        reach_of(host, &uri.to_string(), &self.proxies).contains(&Reach::Public)
    }

    /// Sends a request, and returns the answer whatever its status; redirects are not followed.
    ///
    /// # Errors
    ///
    /// The URL is none of HTTP, its host may not be asked, or there was no answer in time: `failed` makes the error.
    pub(super) fn send(&self, sent: &Sent<'_>, failed: &dyn Fn(String) -> Error) -> Result<Response<Body>> {
        let (uri, location) = (sent.uri, sent.uri.to_string());
        let scheme = uri.scheme_str().unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        if !matches!(scheme, "http" | "https") || host.is_empty() {
            return Err(failed(format!(
                "expected a URL of HTTP with a host, found `{}`",
                without_secrets(&location)
            )));
        }
        if let Some(reach) = address::literal(host) {
            self.access.refuse(reach, &location, sent.public_only)?;
        }
        // The host is looked up on a thread of its own, without which ureq panics.
        let thread = std::thread::Builder::new().spawn(|| ());
        thread.map_err(|e| failed(format!("no thread can be started: {}", cause(&e))))?;
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        let proxy = self.proxies.of(scheme, host, port).map(str::to_owned);
        let way = Way { proxy, encrypted: scheme == "https", public_only: sent.public_only };
        let route = self.route(way)?;
        let left = sent.deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let mut headers = sent.headers.to_vec();
        headers.extend(route.authorization.as_deref().map(|value| ("proxy-authorization", value)));
        let answer = match sent.form {
            None => {
                let get = route.agent.get(uri.clone()).config().timeout_global(Some(left)).build();
                headers.iter().fold(get, |get, (name, value)| get.header(*name, *value)).call()
            }
            Some(form) => {
                let post = route.agent.post(uri.clone()).config().timeout_global(Some(left)).build();
                let post = post.header("content-type", "application/x-www-form-urlencoded");
                headers.iter().fold(post, |post, (name, value)| post.header(*name, *value)).send(form)
            }
        };
        answer.map_err(|e| match e {
            ureq::Error::Other(e) if e.is::<RefusedAddress>() => {
                let reach = e.downcast_ref().map_or(Reach::Refused, |RefusedAddress(reach)| *reach);
                self.access.refuse(reach, &location, true).err().unwrap_or_else(|| failed(e.to_string()))
            }
            e => failed(reason(&e)),
        })
    }

    fn route(&self, way: Way) -> Result<Route> {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = routes.get(&way) {
            return Ok(route.clone());
        }
        let text = way.proxy.as_deref().unwrap_or_default();
        let wrong = |why: String| {
            let message = format!("the proxy `{}` cannot be used: {why}", without_secrets(text));
            Error::new(ErrorKind::Remote, message)
        };
        // To Go both names of the protocol leave the look-up to the proxy.
        let remote = text.strip_prefix("socks5://").map(|rest| format!("socks5h://{rest}"));
        let proxy = way
            .proxy
            .as_deref()
            .map(|text| Proxy::new(remote.as_deref().unwrap_or(text)))
            .transpose()
            .map_err(|e| wrong(e.to_string()))?;
        let scheme = if way.encrypted { "https" } else { "http" };
        let config = |proxy: Option<Proxy>| {
            Agent::config_builder()
                .proxy(proxy)
                .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .timeout_connect(Some(PATIENCE))
                .user_agent(concat!("kfm/", env!("CARGO_PKG_VERSION")))
                .build()
        };
        // The proxy is the user's, wherever it is.
        let (agent, authorization) = match proxy {
            Some(proxy) if forward::applies(scheme, &proxy) => {
                let agent = forward::agent(config(None), &proxy).map_err(wrong)?;
                (agent, forward::authorization(&proxy))
            }
            Some(proxy) => (config(Some(proxy)).into(), None),
            None => {
                let guard = Guard { inner: Arc::default(), public_only: way.public_only };
                (Agent::with_parts(config(None), DefaultConnector::default(), guard), None)
            }
        };
        let route = Route { agent, authorization };
        routes.insert(way, route.clone());
        Ok(route)
    }
}

/// Looks up hosts, and refuses the addresses that may not be asked.
#[derive(Debug)]
struct Guard {
    inner: Arc<DefaultResolver>,
    public_only: bool,
}

/// An address that may not be asked.
#[derive(Debug)]
struct RefusedAddress(Reach);

impl std::fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the address may not be asked")
    }
}

impl std::error::Error for RefusedAddress {}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let refused = |reach: &Reach| match reach {
            Reach::Refused => true,
            Reach::Private => self.public_only,
            Reach::Public => false,
        };
        match found.iter().map(|at| address::reach(at.ip())).find(refused) {
            Some(reach) => Err(ureq::Error::Other(Box::new(RefusedAddress(reach)))),
            None => Ok(found),
        }
    }
}

/// Whether a redirect is followed: those that Go's client follows.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Why something could not be fetched, as a part of a sentence.
fn reason(e: &ureq::Error) -> String {
    match e {
        ureq::Error::Io(e) if e.to_string().contains("lookup address") => "the host is not known".to_owned(),
        ureq::Error::HostNotFound => "the host is not known".to_owned(),
        ureq::Error::Io(e) => cause(e),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_public_server_leads_into_no_private_network() {
        let routes = Routes::new(Proxies::default(), Access::default());
        for (url, public) in [
            ("https://1.1.1.1/a", true),
            ("https://[2606:4700:4700::1111]/a", true),
            ("http://127.0.0.1:1/a", false),
            ("http://10.0.0.1/a", false),
            ("http://[::1]/a", false),
        ] {
            let uri: Uri = url.parse().unwrap();
            assert_eq!(routes.is_public(&uri), public, "{url}");
            if public {
                continue;
            }
            let deadline = Instant::now() + Duration::from_secs(60);
            let sent = Sent { uri: &uri, public_only: true, deadline, headers: &[], form: None };
            let failed = |cause: String| Error::new(crate::diag::ErrorKind::Remote, cause);
            let error = routes.send(&sent, &failed).unwrap_err();
            assert_eq!(error.kind(), crate::diag::ErrorKind::Restricted, "{url}: {error}");
        }
    }
}
