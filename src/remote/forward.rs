//! Plain HTTP through a proxy: the proxy is asked for the whole URL, as most demand it.
//!
//! ureq asks every proxy for a tunnel (`CONNECT`), which many allow for port 443 alone. Here connections go to the proxy,
//! and `GET /path` becomes `GET http://host/path` on the way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};
use ureq::{Agent, Error, Proxy, ProxyProtocol};

/// Returns whether a proxy is asked for whole URLs of this scheme.
pub(super) fn applies(scheme: &str, proxy: &Proxy) -> bool {
    scheme == "http" && proxy.protocol() == ProxyProtocol::Http
}

/// A client whose connections all go to a proxy; its configuration names none.
pub(super) fn agent(config: Config, proxy: &Proxy) -> Result<Agent, String> {
    let uri = format!("http://{}:{}/", proxy.host(), proxy.port());
    let resolver =
        ProxyResolver { proxy: uri.parse().map_err(|e| format!("{e}"))?, inner: DefaultResolver::default() };
    Ok(Agent::with_parts(config, ().chain(TcpConnector::default()).chain(WholeUrls), resolver))
}

/// The value of `Proxy-Authorization`, for a proxy with a user.
pub(super) fn authorization(proxy: &Proxy) -> Option<String> {
    let user = proxy.username()?;
    let both = format!("{user}:{}", proxy.password().unwrap_or_default());
    Some(format!("Basic {}", STANDARD.encode(both)))
}

/// Finds the address of the proxy, whatever is asked for.
#[derive(Debug)]
struct ProxyResolver {
    proxy: Uri,
    inner: DefaultResolver,
}

impl Resolver for ProxyResolver {
    fn resolve(&self, _: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        self.inner.resolve(&self.proxy, config, timeout)
    }
}

/// Connects so that whole URLs are asked for.
#[derive(Debug)]
struct WholeUrls;

impl<In: Transport> Connector<In> for WholeUrls {
    type Out = Connection<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let authority = details.uri.authority().map_or("", |authority| authority.as_str());
        let host = authority.rsplit('@').next().unwrap_or_default();
        Ok(chained.map(|inner| Connection { inner, begin: format!("GET http://{host}/") }))
    }
}

/// A connection to a proxy for the requests to one host.
#[derive(Debug)]
struct Connection<T> {
    inner: T,
    /// What takes the place of `GET /`.
    begin: String,
}

impl<T: Transport> Transport for Connection<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.inner.buffers().output();
        // Requests have no body, so that nothing else begins like this.
        let Some(rest) = output.get(..amount).and_then(|output| output.strip_prefix(b"GET /")) else {
            return self.inner.transmit_output(amount, timeout);
        };
        let request = [self.begin.as_bytes(), rest].concat();
        match output.get_mut(..request.len()) {
            Some(room) => room.copy_from_slice(&request),
            None => return Err(Error::BadUri("too long for a proxy".to_owned())),
        }
        self.inner.transmit_output(request.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_the_proxy_is_named_to_it() {
        let proxy = |text: &str| Proxy::new(text).unwrap();
        assert_eq!(authorization(&proxy("http://me:pw@h:3128")).as_deref(), Some("Basic bWU6cHc="));
        assert_eq!(authorization(&proxy("http://h:3128")), None);
    }

    #[test]
    fn only_plain_http_is_asked_for_without_a_tunnel() {
        for (scheme, proxy, expected) in [
            ("http", "http://h:1", true),
            ("https", "http://h:1", false),
            ("http", "https://h:1", false),
            ("http", "socks5://h:1", false),
        ] {
            assert_eq!(applies(scheme, &Proxy::new(proxy).unwrap()), expected, "{scheme} {proxy}");
        }
    }
}
