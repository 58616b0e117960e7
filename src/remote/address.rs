//! Which addresses may be asked.
//!
//! A URL may stand in a file that a stranger wrote. Services of the machine's provider that hand out credentials are
//! refused always. Other machines of a private network are where many sites keep their bases; the user may refuse
//! them, and a server outside never leads there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A host of the public network.
    Public,
    /// This machine, or a host of a private network.
    Private,
    /// Metadata of a virtual machine, or what is valid for a single cable only.
    Refused,
}

/// Addresses of metadata services that are not link-local: Oracle, Alibaba, Azure, AWS.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Names of metadata services, for those who reach them through a proxy.
const METADATA_NAMES: [&str; 4] =
    ["metadata", "metadata.goog", "metadata.google.internal", "instance-data.ec2.internal"];

/// Where an address leads.
pub(crate) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => match inner(v6) {
            Some(v4) => reach_v4(v4),
            None => reach_v6(v6),
        },
    }
}

fn reach_v4(a: Ipv4Addr) -> Reach {
    let [first, second, ..] = a.octets();
    if a.is_link_local() || METADATA_V4.contains(&a) {
        return Reach::Refused;
    }
    let shared = first == 100 && (64..128).contains(&second);
    match a.is_loopback() || a.is_private() || first == 0 || shared || a.is_broadcast() || a.is_multicast() {
        true => Reach::Private,
        false => Reach::Public,
    }
}

fn reach_v6(a: Ipv6Addr) -> Reach {
    if a == METADATA_V6 || a.is_unicast_link_local() {
        return Reach::Refused;
    }
    match a.is_loopback() || a.is_unspecified() || a.is_unique_local() || a.is_multicast() {
        true => Reach::Private,
        false => Reach::Public,
    }
}

/// The address of the older kind that one of the newer kind stands for: mapped, compatible, NAT64, 6to4.
fn inner(a: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = a.segments();
    let pair = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(pair(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(pair(high, low)),
        [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => None,
    }
}

/// Where a host leads that is an address or the name of a metadata service; `None` for other names.
pub(crate) fn literal(host: &str) -> Option<Reach> {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    let address = host.split('%').next().unwrap_or_default();
    if let Ok(address) = address.parse::<IpAddr>() {
        return Some(reach(address));
    }
    if host.eq_ignore_ascii_case("localhost") {
        return Some(Reach::Private);
    }
    METADATA_NAMES.iter().any(|name| host.eq_ignore_ascii_case(name)).then_some(Reach::Refused)
}

/// The host that git would ask for a location, if it would ask one: `https://user@host:port/…`, `user@host:…`.
pub(crate) fn host_of(location: &str) -> Option<&str> {
    let (scheme, rest) = match location.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, location),
    };
    if scheme.is_some_and(|s| s.eq_ignore_ascii_case("file")) {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    (scheme.is_some() || authority.contains(':')).then_some(host).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_refused_in_every_spelling() {
        for (host, expected) in [
            ("169.254.169.254", Some(Reach::Refused)),
            ("169.254.0.1", Some(Reach::Refused)),
            ("[fe80::1%eth0]", Some(Reach::Refused)),
            ("fd00:ec2::254", Some(Reach::Refused)),
            ("::ffff:169.254.169.254", Some(Reach::Refused)),
            ("64:ff9b::a9fe:a9fe", Some(Reach::Refused)),
            ("2002:a9fe:a9fe::1", Some(Reach::Refused)),
            ("100.100.100.200", Some(Reach::Refused)),
            ("168.63.129.16", Some(Reach::Refused)),
            ("Metadata.Google.Internal.", Some(Reach::Refused)),
            ("127.0.0.1", Some(Reach::Private)),
            ("0.0.0.0", Some(Reach::Private)),
            ("[::1]", Some(Reach::Private)),
            ("::", Some(Reach::Private)),
            ("10.1.2.3", Some(Reach::Private)),
            ("192.168.1.1", Some(Reach::Private)),
            ("172.31.0.1", Some(Reach::Private)),
            ("100.64.0.1", Some(Reach::Private)),
            ("fd12::1", Some(Reach::Private)),
            ("localhost", Some(Reach::Private)),
            ("8.8.8.8", Some(Reach::Public)),
            ("2001:db8::1", Some(Reach::Public)),
            ("h.example", None),
        ] {
            assert_eq!(literal(host), expected, "{host}");
        }
    }

    #[test]
    fn the_host_of_a_location_is_found() {
        for (location, host) in [
            ("https://h.example/o/r", Some("h.example")),
            ("https://u:p@h.example:8443/o", Some("h.example")),
            ("ssh://git@[::1]:22/o", Some("::1")),
            ("git@h.example:o/r", Some("h.example")),
            ("h.example:o/r", Some("h.example")),
            ("file:///srv/x", None),
            ("../x", None),
        ] {
            assert_eq!(host_of(location), host, "{location}");
        }
    }
}
