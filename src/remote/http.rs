//! Files over HTTP.
//!
//! Kustomize follows ten redirects, takes any answer from 200 to 299 and waits forever. Here a file may have 256 MiB and
//! take five minutes. Certificates are checked against those of the operating system.

use super::proxy::Proxies;
use crate::diag::{Error, ErrorKind, Result, cause};
use crate::load::fetch::without_password;
use rustc_hash::FxHashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

/// The longest file that is fetched, in bytes.
pub const LIMIT: u64 = 256 << 20;

/// How long a file may take altogether, and how long until there is a connection.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(27));

/// Fetches files; one connection pool for each proxy.
#[derive(Debug, Default)]
pub struct Client {
    proxies: Proxies,
    agents: Mutex<FxHashMap<Option<String>, Agent>>,
}

impl Client {
    /// A client that has no connections yet.
    pub fn new(proxies: Proxies) -> Self {
        Self { proxies, agents: Mutex::default() }
    }

    /// The content at a URL.
    pub fn get(&self, url: &str) -> Result<Vec<u8>> {
        let shown = without_password(url);
        let failed =
            |cause: String| Error::new(ErrorKind::Remote, format!("`{shown}` cannot be fetched: {cause}"));
        let uri: ureq::http::Uri =
            escape(url).parse().map_err(|e: ureq::http::uri::InvalidUri| failed(e.to_string()))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        let proxy = self.proxies.of(scheme, uri.host().unwrap_or_default(), port);
        // The host is looked up on a thread of its own, without which ureq panics.
        let thread = std::thread::Builder::new().spawn(|| ());
        thread.map_err(|e| failed(format!("no thread can be started: {}", cause(&e))))?;
        let mut answer = self.agent(proxy)?.get(uri).call().map_err(|e| failed(reason(&e)))?;
        let status = answer.status();
        if !status.is_success() {
            let reason = status.canonical_reason().unwrap_or_default();
            return Err(failed(format!("status code {} ({reason})", status.as_u16())));
        }
        answer.body_mut().with_config().limit(LIMIT).read_to_vec().map_err(|e| failed(reason(&e)))
    }

    fn agent(&self, proxy: Option<&str>) -> Result<Agent> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        let key = proxy.map(str::to_owned);
        if let Some(agent) = agents.get(&key) {
            return Ok(agent.clone());
        }
        let proxy = proxy.map(|text| {
            Proxy::new(text).map_err(|e| {
                let message = format!("the proxy `{}` cannot be used: {e}", without_password(text));
                Error::new(ErrorKind::Remote, message)
            })
        });
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent: Agent = Agent::config_builder()
            .proxy(proxy.transpose()?)
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(10)
            .timeout_global(Some(PATIENCE.0))
            .timeout_connect(Some(PATIENCE.1))
            .user_agent(concat!("kfm/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        agents.insert(key, agent.clone());
        Ok(agent)
    }
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
    }

    #[test]
    fn a_url_without_host_is_refused() {
        assert!(Client::default().get("http://").is_err());
    }
}
