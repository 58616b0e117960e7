//! Single requests over HTTP, with headers, for protocols that answer with more than a file.
//!
//! An answer has a largest size and a longest time. Redirects are followed without credentials once they leave the host,
//! and never from HTTPS to HTTP.

use super::proxy::Proxies;
use crate::diag::{Error, ErrorKind, Result, cause};
use rustc_hash::FxHashMap;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// Sends requests.
#[derive(Debug)]
pub struct Exchange {
    proxies: Proxies,
    timeout: Duration,
    agents: Mutex<FxHashMap<Option<String>, Agent>>,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The URL.
    pub url: &'a str,
    /// Headers that every host may see.
    pub headers: &'a [(&'a str, &'a str)],
    /// `Authorization`, for the host of the URL alone.
    pub authorization: Option<&'a str>,
    /// A form to post; otherwise the request is a GET.
    pub form: Option<&'a str>,
    /// The largest answer, in bytes.
    pub limit: u64,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of a name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All headers of a name in lower case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl Exchange {
    /// Nothing sent yet. `timeout`: how long an answer may take altogether.
    pub fn new(proxies: Proxies, timeout: Duration) -> Self {
        Self { proxies, timeout, agents: Mutex::default() }
    }

    /// Sends a request. Errors: no connection, an answer that is too large or too slow, too many redirects.
    pub fn send(&self, request: &Request<'_>) -> Result<Answer> {
        let failed = |why: &str| {
            Error::new(
                ErrorKind::Remote,
                format!("`{}` cannot be fetched: {why}", without_query(request.url)),
            )
        };
        // The host is looked up on a thread of its own, without which ureq panics.
        let thread = std::thread::Builder::new().spawn(|| ());
        thread.map_err(|e| failed(&format!("cannot start a thread: {}", cause(&e))))?;
        let deadline = Instant::now() + self.timeout;
        let mut url = request.url.to_owned();
        let mut authorization = request.authorization;
        for _ in 0..=REDIRECTS {
            let uri: Uri = url.parse().map_err(|_| failed("the URL is invalid"))?;
            let answer = self.once(&uri, request, authorization, deadline).map_err(|why| failed(&why))?;
            let to =
                answer.header("location").filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308));
            let Some(to) = to else { return Ok(answer) };
            let next = absolute(&uri, to);
            let target: Uri = next.parse().map_err(|_| failed("a redirect leads to an invalid URL"))?;
            if uri.scheme_str() == Some("https") && target.scheme_str() != Some("https") {
                return Err(failed("a redirect leads from HTTPS to HTTP"));
            }
            if target.authority() != uri.authority() {
                authorization = None;
            }
            url = next;
        }
        Err(failed(&format!("more than {REDIRECTS} redirects")))
    }

    fn once(
        &self,
        uri: &Uri,
        request: &Request<'_>,
        authorization: Option<&str>,
        deadline: Instant,
    ) -> Result<Answer, String> {
        let scheme = uri.scheme_str().unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        let agent = self.agent(self.proxies.of(scheme, host, port))?;
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let mut headers = request.headers.to_vec();
        headers.extend(authorization.map(|value| ("authorization", value)));
        let sent = match request.form {
            None => {
                let get = agent.get(uri.clone()).config().timeout_global(Some(left)).build();
                headers.iter().fold(get, |get, (name, value)| get.header(*name, *value)).call()
            }
            Some(form) => {
                let post = agent.post(uri.clone()).config().timeout_global(Some(left)).build();
                let post = post.header("content-type", "application/x-www-form-urlencoded");
                headers.iter().fold(post, |post, (name, value)| post.header(*name, *value)).send(form)
            }
        };
        let mut answer = sent.map_err(|e| reason(&e))?;
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let (status, headers) = (answer.status().as_u16(), headers.collect());
        let mut body = vec![];
        let read = answer.body_mut().as_reader().take(request.limit + 1).read_to_end(&mut body);
        read.map_err(|e| match cause(&e) {
            why if why.starts_with("timeout") => "the answer takes too long".to_owned(),
            why => why,
        })?;
        if body.len() as u64 > request.limit {
            return Err(format!("the answer is larger than {} KiB", request.limit >> 10));
        }
        Ok(Answer { status, headers, body })
    }

    fn agent(&self, proxy: Option<&str>) -> Result<Agent, String> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        let key = proxy.map(str::to_owned);
        if let Some(agent) = agents.get(&key) {
            return Ok(agent.clone());
        }
        let proxy = proxy.map(Proxy::new).transpose().map_err(|e| format!("cannot use the proxy: {e}"))?;
        let agent: Agent = Agent::config_builder()
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(self.timeout))
            .user_agent(concat!("kfm/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        agents.insert(key, agent.clone());
        Ok(agent)
    }
}

/// A URL without its query, which may hold secrets.
fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

fn absolute(base: &Uri, to: &str) -> String {
    if to.contains("://") {
        return to.to_owned();
    }
    let scheme = base.scheme_str().unwrap_or("https");
    let authority = base.authority().map_or("", |a| a.as_str());
    if to.starts_with('/') {
        return format!("{scheme}://{authority}{to}");
    }
    let directory = base.path().rsplit_once('/').map_or("", |(directory, _)| directory);
    format!("{scheme}://{authority}{directory}/{to}")
}

fn reason(e: &ureq::Error) -> String {
    match e {
        ureq::Error::Io(e) if e.to_string().contains("lookup address") => "unknown host".to_owned(),
        ureq::Error::HostNotFound => "unknown host".to_owned(),
        ureq::Error::Timeout(_) => "the answer takes too long".to_owned(),
        ureq::Error::Io(e) => cause(e),
        other => other.to_string(),
    }
}
