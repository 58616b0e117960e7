//! Through which proxy a URL is reached.
//!
//! The rules are those of Go's HTTP client: a proxy for each scheme, none for this machine, and a list of hosts that are
//! reached directly.

use std::net::IpAddr;

/// The proxies of the user's environment, as the caller found them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// `HTTP_PROXY`
    pub http: Option<String>,
    /// `HTTPS_PROXY`
    pub https: Option<String>,
    /// `NO_PROXY`: hosts, domains, addresses and networks, divided by commas.
    pub direct: Option<String>,
}

impl Proxies {
    /// The proxy for a URL, if one is to be used.
    pub(crate) fn of(&self, scheme: &str, host: &str, port: u16) -> Option<&str> {
        let proxy = if scheme.eq_ignore_ascii_case("https") { &self.https } else { &self.http };
        let proxy = proxy.as_deref().filter(|p| !p.is_empty())?;
        (!self.is_direct(host, port)).then_some(proxy)
    }

    fn is_direct(&self, host: &str, port: u16) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        if host == "localhost" || address.is_some_and(|a| a.is_loopback()) {
            return true;
        }
        let entries = self.direct.as_deref().unwrap_or_default().split(',');
        entries.map(str::trim).filter(|e| !e.is_empty()).any(|entry| {
            let entry = entry.to_ascii_lowercase();
            if entry == "*" {
                return true;
            }
            if let (Some((network, bits)), Some(address)) = (entry.split_once('/'), address) {
                return in_network(address, network, bits);
            }
            let (name, wanted) = match entry.rsplit_once(':') {
                Some((name, number)) if !name.contains(':') => (name, number.parse::<u16>().ok()),
                _ => (entry.as_str(), None),
            };
            let domain = name.trim_start_matches('*').trim_start_matches('.');
            let below = host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'));
            wanted.is_none_or(|w| w == port) && (below || domain == name && host == name)
        })
    }
}

fn in_network(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            (a.to_bits() ^ n.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            (a.to_bits() ^ n.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_the_list_are_reached_directly() {
        let proxies = Proxies {
            http: None,
            https: Some("http://p:1".into()),
            direct: Some("a.example, .b.example,10.0.0.0/8,c.example:8443,fd00::/8".into()),
        };
        for (host, port, direct) in [
            ("a.example", 443, true),
            ("x.a.example", 443, true),
            ("xa.example", 443, false),
            ("b.example", 443, false),
            ("x.b.example", 443, true),
            ("10.1.2.3", 443, true),
            ("11.1.2.3", 443, false),
            ("c.example", 443, false),
            ("c.example", 8443, true),
            ("[fd00::1]", 443, true),
            ("localhost", 443, true),
            ("127.0.0.1", 443, true),
            ("h.example", 443, false),
        ] {
            assert_eq!(proxies.of("https", host, port).is_none(), direct, "{host}:{port}");
        }
        assert_eq!(proxies.of("http", "h.example", 80), None);
    }
}
