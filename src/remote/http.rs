//! Files over HTTP.
//!
//! Kustomize follows ten redirects, takes any answer from 200 to 299 and waits forever. Here the size of a file and the
//! size and time of all files together have limits. Certificates are checked against those of the operating system. Where an address
//! leads is looked at when the connection is made, for every redirect anew: see [`super::address`].

use super::access::{Access, reach_of};
use super::address::{self, Reach};
use super::forward;
use super::proxy::Proxies;
use crate::diag::{Error, ErrorKind, Result, cause, without_secrets};
use crate::limits::{Exceeded, Limit};
use rustc_hash::FxHashMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::{StatusCode, Uri, header::LOCATION};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Proxy, http::Response};

/// How long it may take until there is a connection.
const PATIENCE: Duration = Duration::from_secs(27);

/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// Fetches files; a connection pool for each way of connecting.
#[derive(Debug, Default)]
pub struct Client {
    proxies: Proxies,
    access: Access,
    routes: Mutex<FxHashMap<Way, Route>>,
    spent: Mutex<Spent>,
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

/// What has been fetched so far.
#[derive(Debug, Default)]
struct Spent {
    bytes: u64,
    time: Duration,
}

impl Client {
    /// A client that has no connections yet.
    pub fn new(proxies: Proxies, access: Access) -> Self {
        Self { proxies, access, ..Self::default() }
    }

    /// The content at a URL.
    pub fn get(&self, url: &str, within: Duration) -> Result<Vec<u8>> {
        let shown = without_secrets(url);
        let failed =
            |cause: String| Error::new(ErrorKind::Remote, format!("`{shown}` cannot be fetched: {cause}"));
        // The host is looked up on a thread of its own, without which ureq panics.
        let thread = std::thread::Builder::new().spawn(|| ());
        thread.map_err(|e| failed(format!("no thread can be started: {}", cause(&e))))?;
        let begun = Instant::now();
        let limits = &self.access.limits;
        let exceeded = |limit: Limit| {
            let error = Exceeded { limit, most: limits.get(limit) };
            Error::new(ErrorKind::Limit, format!("`{shown}` cannot be fetched: {error}")).hint(error.hint())
        };
        let left = Duration::from_secs(limits.get(Limit::FetchTime)).saturating_sub(self.spent().time);
        if left.is_zero() {
            return Err(exceeded(Limit::FetchTime));
        }
        let (one, all) = (limits.get(Limit::Download), limits.get(Limit::Fetched));
        let room = all.saturating_sub(self.spent().bytes);
        let most = room.min(one);
        let result = self.follow(url, begun + left.min(within), &failed).and_then(|mut answer| {
            // What counts is the size of what is unpacked, which ureq does not limit.
            let mut bytes = Vec::new();
            let body = answer.body_mut().with_config().limit(u64::MAX).reader();
            body.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| failed(cause(&e)))?;
            match bytes.len() as u64 <= most {
                true => Ok(bytes),
                false if one <= room => Err(exceeded(Limit::Download)),
                false => Err(exceeded(Limit::Fetched)),
            }
        });
        let took = begun.elapsed();
        let result = result.map_err(|e| match (took >= left, took >= within) {
            (true, _) => exceeded(Limit::FetchTime),
            (false, true) => failed(format!("it took longer than {within:?}"))
                .hint("allow more seconds in the location: `?timeout=120`"),
            (false, false) => e,
        });
        let mut spent = self.spent();
        spent.time += took;
        spent.bytes += result.as_ref().map_or(0, |bytes| bytes.len() as u64);
        // Several files may have been fetched at the same time.
        if spent.bytes > all { Err(exceeded(Limit::Fetched)) } else { result }
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer that is no redirect.
    fn follow(
        &self,
        url: &str,
        deadline: Instant,
        failed: &dyn Fn(String) -> Error,
    ) -> Result<Response<Body>> {
        // To kustomize a `#` in what a file names is a part of the path; one in a redirect begins a fragment.
        let mut location = escape(&url.replace('#', "%23"));
        let mut public_only = self.access.public_only;
        for _ in 0..=REDIRECTS {
            let uri: Uri =
                location.parse().map_err(|e: ureq::http::uri::InvalidUri| failed(e.to_string()))?;
            let answer = self.ask(&uri, &location, public_only, deadline, failed)?;
            let status = answer.status();
            if status.is_success() {
                return Ok(answer);
            }
            let next = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(next) = next.filter(|_| is_redirect(status)) else {
                let reason = status.canonical_reason().unwrap_or_default();
                return Err(failed(format!("status code {} ({reason})", status.as_u16())));
            };
            // What a public server answers leads to nothing that only this machine can reach.
            let host = uri.host().unwrap_or_default();
            public_only |= reach_of(host, &location, &self.proxies).contains(&Reach::Public);
            location = escape(&joined(&uri, next));
        }
        Err(failed(format!("more than {REDIRECTS} redirects")))
    }

    fn ask(
        &self,
        uri: &Uri,
        location: &str,
        public_only: bool,
        deadline: Instant,
        failed: &dyn Fn(String) -> Error,
    ) -> Result<Response<Body>> {
        let scheme = uri.scheme_str().unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        if !matches!(scheme, "http" | "https") || host.is_empty() {
            return Err(failed(format!(
                "expected a URL of HTTP with a host, found `{}`",
                without_secrets(location)
            )));
        }
        if let Some(reach) = address::literal(host) {
            self.access.refuse(reach, location, public_only)?;
        }
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        let proxy = self.proxies.of(scheme, host, port).map(str::to_owned);
        let route = self.route(Way { proxy, encrypted: scheme == "https", public_only })?;
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let mut request = route.agent.get(uri.clone()).config().timeout_global(Some(left)).build();
        if let Some(value) = &route.authorization {
            request = request.header("proxy-authorization", value);
        }
        request.call().map_err(|e| match e {
            ureq::Error::Other(e) if e.is::<RefusedAddress>() => {
                let reach = e.downcast_ref().map_or(Reach::Refused, |RefusedAddress(reach)| *reach);
                self.access.refuse(reach, location, true).err().unwrap_or_else(|| failed(e.to_string()))
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
        let proxy = way.proxy.as_deref().map(Proxy::new).transpose().map_err(|e| wrong(e.to_string()))?;
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
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads: a whole URL, or a part of one that is relative to the one before.
fn joined(base: &Uri, to: &str) -> String {
    let scheme = base.scheme_str().unwrap_or_default();
    let authority = base.authority().map_or("", |a| a.as_str());
    let path = base.path();
    if to.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    }) {
        to.to_owned()
    } else if to.starts_with("//") {
        format!("{scheme}:{to}")
    } else if to.starts_with('/') {
        format!("{scheme}://{authority}{}", normal(to))
    } else if to.starts_with(['?', '#']) || to.is_empty() {
        format!("{scheme}://{authority}{path}{to}")
    } else {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        format!("{scheme}://{authority}{}", normal(&format!("{directory}/{to}")))
    }
}

/// A path without `.` and `..`, with its query.
fn normal(path: &str) -> String {
    let (path, query) = path.find(['?', '#']).map_or((path, ""), |at| path.split_at(at));
    let mut parts: Vec<&str> = Vec::new();
    let all: Vec<&str> = path.split('/').skip(1).collect();
    for (i, part) in all.iter().enumerate() {
        let last = i + 1 == all.len();
        match *part {
            "." | ".." => {
                if *part == ".." {
                    parts.pop();
                }
                if last {
                    parts.push("");
                }
            }
            part => parts.push(part),
        }
    }
    format!("/{}{query}", parts.join("/"))
}

/// A URL in which what may not stand there is written as `%XX`; the fragment is cut.
fn escape(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte <= b' ' || byte >= 0x7f || b"\"<>\\^`{|}".contains(&byte) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
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

    #[test]
    fn urls_are_escaped() {
        assert_eq!(escape("https://h/a b/é?x=%20#f"), "https://h/a%20b/%C3%A9?x=%20");
        assert_eq!(escape("https://h/a%23b"), "https://h/a%23b");
    }

    #[test]
    fn redirects_are_relative_to_what_redirects() {
        let base: Uri = "https://u:p@h:1/a/b?q".parse().unwrap();
        for (to, expected) in [
            ("http://o/x", "http://o/x"),
            ("file:///etc/passwd", "file:///etc/passwd"),
            ("//o/x", "https://o/x"),
            ("/x/../y", "https://u:p@h:1/y"),
            ("c", "https://u:p@h:1/a/c"),
            ("../c?d=/../e", "https://u:p@h:1/c?d=/../e"),
            ("../../..", "https://u:p@h:1/"),
            ("?r", "https://u:p@h:1/a/b?r"),
        ] {
            assert_eq!(joined(&base, to), expected, "{to}");
        }
    }

    #[test]
    fn metadata_is_not_asked() {
        for url in [
            "http://169.254.169.254/latest",
            "http://[::ffff:a9fe:a9fe]/",
            "http://metadata.google.internal/",
        ] {
            let error = Client::default().get(url, Duration::MAX).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Restricted, "{error}");
        }
        // A number is an address as well.
        let error = Client::default().get("http://2852039166/latest", Duration::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Restricted, "{error}");
        let access = Access { public_only: true, ..Access::default() };
        let error =
            Client::new(Proxies::default(), access).get("http://127.1:1/x", Duration::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Restricted, "{error}");
        let error = Client::default().get("http://127.0.0.1:1/x", Duration::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Remote, "{error}");
    }

    #[test]
    fn a_url_without_host_is_refused() {
        assert!(Client::default().get("http://", Duration::MAX).is_err());
    }
}
