//! Files over HTTP.
//!
//! Kustomize follows nine redirects, takes any answer from 200 to 299 and waits forever. Here the size of a file and the
//! size and time of all files together have limits. Certificates are checked against those of the operating system.

use super::access::Access;
use super::proxy::Proxies;
use super::request;
use super::route::{Routes, Sent, is_redirect};
use crate::diag::{Error, ErrorKind, Result, cause, without_secrets};
use crate::limits::{Exceeded, Limit};
use flate2::read::GzDecoder;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Uri;
use ureq::http::header::{CONTENT_ENCODING, LOCATION};
use ureq::{Body, http::Response};

/// How many requests a file may take: Go's client stops at the tenth redirect.
const REQUESTS: usize = 10;

/// Fetches files.
#[derive(Debug, Default)]
pub(crate) struct Client {
    routes: Routes,
    spent: Mutex<Spent>,
}

/// What has been fetched so far.
#[derive(Debug, Default)]
struct Spent {
    bytes: u64,
    time: Duration,
}

impl Client {
    /// A client that has no connections yet.
    pub(crate) fn new(proxies: Proxies, access: Access) -> Self {
        Self { routes: Routes::new(proxies, access), ..Self::default() }
    }

    /// The content at a URL.
    pub(crate) fn get(&self, url: &str, within: Duration) -> Result<Vec<u8>> {
        let shown = without_secrets(url);
        let failed =
            |cause: String| Error::new(ErrorKind::Remote, format!("`{shown}` cannot be fetched: {cause}"));
        let begun = Instant::now();
        let limits = &self.routes.access().limits;
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
            let encoding = answer.headers().get(CONTENT_ENCODING).map_or(&b""[..], |name| name.as_bytes());
            let is_packed = encoding != b"gzip" && encoding.eq_ignore_ascii_case(b"gzip");
            let body = answer.body_mut().with_config().limit(u64::MAX).reader();
            // ureq unpacks what is called `gzip`, Go in any case.
            let body: Box<dyn Read> = if is_packed { Box::new(GzDecoder::new(body)) } else { Box::new(body) };
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
        let mut location = request::of_entry(url).map_err(failed)?;
        let mut public_only = self.routes.access().public_only;
        for _ in 0..REQUESTS {
            let (asked, authorization) = request::without_user(&location);
            let uri: Uri = asked.parse().map_err(|e: ureq::http::uri::InvalidUri| failed(e.to_string()))?;
            let headers: Vec<_> =
                authorization.iter().map(|value| ("authorization", value.as_str())).collect();
            let sent = Sent { uri: &uri, public_only, deadline, headers: &headers, form: None };
            let answer = self.routes.send(&sent, failed)?;
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
            public_only |= self.routes.is_public(&uri);
            location = request::of_redirect(&joined(&location, next)).map_err(failed)?;
        }
        Err(failed(format!("stopped after {REQUESTS} redirects")))
    }
}

/// Where a redirect leads: a whole URL, or a part of one that is relative to the one before.
fn joined(base: &str, to: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or_default();
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let path = path.split('?').next().unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_relative_to_what_redirects() {
        let base = "https://u:p@h:1/a/b?q";
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
            assert_eq!(joined(base, to), expected, "{to}");
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
