//! Single requests over HTTP, with headers, for protocols that answer with more than a file.
//!
//! An answer has a largest size and a longest time. Redirects are followed without credentials once they leave the host,
//! and never from HTTPS to HTTP.

use super::access::Access;
use super::proxy::Proxies;
use super::route::{Routes, Sent, is_redirect};
use crate::diag::{Error, ErrorKind, Result, cause};
use std::io::Read;
use std::time::{Duration, Instant};
use ureq::Body;
use ureq::http::{Response, StatusCode, Uri};

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// Sends requests.
#[derive(Debug)]
pub(crate) struct Exchange {
    routes: Routes,
    timeout: Duration,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The URL.
    pub(crate) url: &'a str,
    /// Headers that every host may see.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// `Authorization`, for the host of the URL alone.
    pub(crate) authorization: Option<&'a str>,
    /// A form to post; otherwise the request is a GET.
    pub(crate) form: Option<&'a str>,
    /// The largest answer, in bytes.
    pub(crate) limit: u64,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The first header of a name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All headers of a name in lower case.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl Exchange {
    /// Nothing sent yet. `timeout`: how long an answer may take altogether.
    pub(crate) fn new(proxies: Proxies, access: Access, timeout: Duration) -> Self {
        Self { routes: Routes::new(proxies, access), timeout }
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// The host may not be asked, there is no connection, the answer is too large or too slow, or there are too many
    /// redirects.
    pub(crate) fn send(&self, request: &Request<'_>) -> Result<Answer> {
        let shown = without_query(request.url);
        let failed =
            |why: String| Error::new(ErrorKind::Remote, format!("`{shown}` cannot be fetched: {why}"));
        self.routes.access().refuse_offline(shown)?;
        let deadline = Instant::now() + self.timeout;
        let mut url = request.url.to_owned();
        let mut authorization = request.authorization;
        let mut public_only = self.routes.access().public_only;
        for _ in 0..=REDIRECTS {
            let uri: Uri = url.parse().map_err(|_| failed("the URL is invalid".into()))?;
            let mut headers = request.headers.to_vec();
            headers.extend(authorization.map(|value| ("authorization", value)));
            let sent = Sent { uri: &uri, public_only, deadline, headers: &headers, form: request.form };
            let answer = read(self.routes.send(&sent, &failed)?, request.limit).map_err(failed)?;
            let is_redirect = StatusCode::from_u16(answer.status).is_ok_and(is_redirect);
            let Some(to) = answer.header("location").filter(|_| is_redirect) else { return Ok(answer) };
            let next = absolute(&uri, to);
            let target: Uri =
                next.parse().map_err(|_| failed("a redirect leads to an invalid URL".into()))?;
            if uri.scheme_str() == Some("https") && target.scheme_str() != Some("https") {
                return Err(failed("a redirect leads from HTTPS to HTTP".into()));
            }
            if target.authority() != uri.authority() {
                authorization = None;
            }
            public_only |= self.routes.is_public(&uri);
            url = next;
        }
        Err(failed(format!("more than {REDIRECTS} redirects")))
    }
}

/// Reads an answer of at most so many bytes.
fn read(mut answer: Response<Body>, limit: u64) -> Result<Answer, String> {
    let headers = answer
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let (status, headers) = (answer.status().as_u16(), headers.collect());
    let mut body = vec![];
    let read = answer.body_mut().as_reader().take(limit + 1).read_to_end(&mut body);
    read.map_err(|e| match cause(&e) {
        why if why.starts_with("timeout") => "the answer takes too long".to_owned(),
        why => why,
    })?;
    if body.len() as u64 > limit {
        return Err(format!("the answer is larger than {} KiB", limit >> 10));
    }
    Ok(Answer { status, headers, body })
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
