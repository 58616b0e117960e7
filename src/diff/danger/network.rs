//! NetworkPolicies that let more through than before.

use super::{Found, Rule, Subject, get, items, selector, texts};
use crate::diff::canonical;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};
use std::net::IpAddr;

/// Returns whether an object is a NetworkPolicy.
pub(super) fn is_policy(subject: &Subject<'_>) -> bool {
    subject.kind() == "NetworkPolicy" && subject.group() == "networking.k8s.io"
}

/// A policy of the network that lets more through.
pub(super) const LOOSENED: Rule = Rule {
    name: "network-policy-loosened",
    about: "a NetworkPolicy admits more, or holds for fewer pods",
    check: loosened,
};

fn loosened(subject: &Subject<'_>, found: &mut Vec<Found>) {
    let Some((old, new)) = subject.both().filter(|_| is_policy(subject)) else { return };
    const PODS: &[&str] = &["spec", "podSelector"];
    if let Some(node) = get(new, PODS)
        && selector::holds_for_fewer(old, new, PODS)
    {
        found.push(Found::node("the NetworkPolicy holds for fewer pods", new, node));
    }
    for (direction, kind, peers) in [("ingress", "Ingress", "from"), ("egress", "Egress", "to")] {
        if !is_restricted(old, direction, kind) {
            continue;
        }
        if !is_restricted(new, direction, kind) {
            let node = get(new, &["spec"]).unwrap_or(new.root());
            let message = format!("the NetworkPolicy does not restrict {direction} any longer");
            found.push(Found::node(message, new, node));
            continue;
        }
        let known = admitted(old, direction, peers);
        for new_way in admitted(new, direction, peers) {
            if !known.iter().any(|way| way.peer.covers(&new_way.peer) && way.port.covers(&new_way.port)) {
                let message = format!(
                    "the NetworkPolicy admits {direction} of {} on {}",
                    new_way.peer.shown(),
                    new_way.port.shown()
                );
                found.push(Found::node(message, new, new_way.rule));
            }
        }
    }
}

/// Returns whether a policy restricts a direction.
fn is_restricted(policy: &Resource, direction: &str, kind: &str) -> bool {
    let types = items(policy, &["spec", "policyTypes"]);
    match types {
        [] => kind == "Ingress" || get(policy, &["spec", direction]).is_some(),
        types => types.iter().any(|t| policy.doc().text(*t) == kind),
    }
}

/// Whom a policy admits on which port, and the rule that does.
struct Way {
    peer: Peer,
    port: Port,
    rule: NodeId,
}

fn admitted(policy: &Resource, direction: &str, peers: &str) -> Vec<Way> {
    let doc = policy.doc();
    let mut all = vec![];
    for rule in items(policy, &["spec", direction]) {
        let listed = |key| doc.get(*rule, key).map_or(&[][..], |list| doc.items(list));
        let who: Vec<Peer> = match listed(peers) {
            [] => vec![Peer::Anybody],
            list => list.iter().map(|node| Peer::of(doc, *node)).collect(),
        };
        let ports: Vec<Port> = match listed("ports") {
            [] => vec![Port::Any],
            list => list.iter().map(|node| Port::of(doc, *node)).collect(),
        };
        for peer in &who {
            all.extend(ports.iter().map(|port| Way { peer: peer.clone(), port: port.clone(), rule: *rule }));
        }
    }
    all
}

/// Whom a rule is about.
#[derive(Debug, Clone)]
enum Peer {
    Anybody,
    /// Pods: what their namespace has to meet, `None` for that of the policy; what they have to meet; as JSON.
    Pods(Option<Vec<String>>, Vec<String>, String),
    /// Addresses: a network, those of it that are left out, and all of it as JSON.
    Addresses(Option<Network>, Vec<String>, String),
}

impl Peer {
    fn of(doc: &Doc, node: NodeId) -> Self {
        let shown = canonical::json(doc, node);
        if let Some(block) = doc.get(node, "ipBlock") {
            let network = doc.get(block, "cidr").and_then(|cidr| Network::parse(doc.text(cidr)));
            let except = texts(doc, block, "except").into_iter().map(str::to_owned).collect();
            return Self::Addresses(network, except, shown);
        }
        let demands = |field| doc.get(node, field).map(|selector| selector::demands(doc, selector));
        Self::Pods(demands("namespaceSelector"), demands("podSelector").unwrap_or_default(), shown)
    }

    /// Returns whether it is everybody that another one is.
    fn covers(&self, other: &Self) -> bool {
        let are_met = |demands: &[String], by: &[String]| demands.iter().all(|demand| by.contains(demand));
        match (self, other) {
            (Self::Anybody, _) => true,
            (Self::Pods(None, pods, _), Self::Pods(None, others, _)) => are_met(pods, others),
            (Self::Pods(Some(space), pods, _), Self::Pods(Some(other), others, _)) => {
                are_met(space, other) && are_met(pods, others)
            }
            // A namespace selector that demands nothing selects that of the policy, too.
            (Self::Pods(Some(space), pods, _), Self::Pods(None, others, _)) => {
                space.is_empty() && are_met(pods, others)
            }
            (Self::Addresses(Some(all), except, _), Self::Addresses(Some(part), others, _)) => {
                let is_out = |left_out: &String| {
                    let Some(hole) = Network::parse(left_out) else { return false };
                    !hole.overlaps(part)
                        || others.iter().filter_map(|o| Network::parse(o)).any(|o| o.holds(&hole))
                };
                all.holds(part) && except.iter().all(is_out)
            }
            (Self::Addresses(.., a), Self::Addresses(.., b)) => a == b,
            _ => false,
        }
    }

    fn shown(&self) -> &str {
        match self {
            Self::Anybody => "anybody",
            Self::Pods(.., shown) | Self::Addresses(.., shown) => shown,
        }
    }
}

/// A range of addresses: the first one, and how many bits of it count.
#[derive(Debug, Clone)]
struct Network(IpAddr, u8);

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self(address, bits))
    }

    /// Returns whether all addresses of another network are in it.
    fn holds(&self, other: &Self) -> bool {
        let start = |address: IpAddr, width: u8| match address {
            IpAddr::V4(a) => u128::from(a.to_bits()).checked_shr(u32::from(32 - width)),
            IpAddr::V6(a) => a.to_bits().checked_shr(u32::from(128 - width)),
        };
        self.0.is_ipv4() == other.0.is_ipv4()
            && self.1 <= other.1
            && (self.1 == 0 || start(self.0, self.1) == start(other.0, self.1))
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.holds(other) || other.holds(self)
    }
}

/// The ports that a rule is about.
#[derive(Debug, Clone)]
enum Port {
    Any,
    /// A protocol, and its ports: all, a range, or one by its name.
    Of(String, Option<(u16, u16)>, Option<String>),
}

impl Port {
    fn of(doc: &Doc, node: NodeId) -> Self {
        let text = |field| doc.get(node, field).map(|n| doc.text(n));
        let protocol = text("protocol").unwrap_or("TCP").to_owned();
        let Some(port) = text("port") else { return Self::Of(protocol, None, None) };
        let Ok(first) = port.parse() else { return Self::Of(protocol, None, Some(port.to_owned())) };
        let last = text("endPort").and_then(|end| end.parse().ok()).unwrap_or(first);
        Self::Of(protocol, Some((first, last)), None)
    }

    /// Returns whether it has all ports that another one has.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Of(..), Self::Any) => false,
            (Self::Of(a, ..), Self::Of(b, ..)) if a != b => false,
            (Self::Of(_, None, None), _) => true,
            (Self::Of(_, Some((a, b)), _), Self::Of(_, Some((c, d)), _)) => a <= c && d <= b,
            (Self::Of(_, _, name), Self::Of(_, _, other)) => name.is_some() && name == other,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Any => "any port".to_owned(),
            Self::Of(protocol, None, None) => format!("any port of {protocol}"),
            Self::Of(protocol, Some((a, b)), _) if a == b => format!("{protocol} port {a}"),
            Self::Of(protocol, Some((a, b)), _) => format!("{protocol} ports {a} to {b}"),
            Self::Of(protocol, None, Some(name)) => format!("{protocol} port `{name}`"),
        }
    }
}
