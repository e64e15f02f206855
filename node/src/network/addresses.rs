//! What can be read from a network address: whose it is, and whether it is worth dialling.

use std::net::{IpAddr, Ipv6Addr};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use super::limits;

/// The IP address at the head of a multiaddress, if it has one.
pub(super) fn ip(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(ip.to_canonical()),
        _ => None,
    }
}

/// How far away an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Distance {
    /// On this machine.
    Here,
    /// In a private network.
    Near,
    /// On the internet, or not known.
    Far,
}

/// How far away an address is.
pub(super) fn distance(address: &Multiaddr) -> Distance {
    ip(address).map_or(Distance::Far, distance_of)
}

fn distance_of(ip: IpAddr) -> Distance {
    let private = match ip {
        // 100.64.0.0/10 is what providers put their customers behind.
        IpAddr::V4(four) => four.is_private() || (four.octets()[0] == 100 && four.octets()[1] & 0xc0 == 64),
        // fc00::/7
        IpAddr::V6(six) => six.segments()[0] & 0xfe00 == 0xfc00,
    };
    match (ip.is_loopback(), private) {
        (true, _) => Distance::Here,
        (false, true) => Distance::Near,
        (false, false) => Distance::Far,
    }
}

/// Whether an address is on this machine.
pub(super) fn is_loopback(address: &Multiaddr) -> bool {
    ip(address).is_some_and(|ip| ip.is_loopback())
}

/// Those who share an address share its limits. With IPv6 a household owns a /64 at least.
pub(super) fn household(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(six) if six.is_loopback() => ip,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & (!0 << 64))),
    }
}

/// The peer named at the end of an address, and the address without it.
pub(super) fn split(address: &Multiaddr) -> (Multiaddr, Option<PeerId>) {
    let mut bare = address.clone();
    match bare.pop() {
        Some(Protocol::P2p(peer)) => (bare, Some(peer)),
        _ => (address.clone(), None),
    }
}

/// An address heard of from others, without the peer's name, if it is one that this node may dial.
///
/// Only plain TCP and QUIC on an IP address: a stranger's DNS name would let it make us ask any
/// resolver. And none nearer than the one who told us: from the internet nobody may send us knocking at
/// doors of our own house.
pub(super) fn dialable(address: &Multiaddr, teller: Distance) -> Option<Multiaddr> {
    if address.len() > limits::ADDRESS_BYTES {
        return None;
    }
    let (bare, _) = split(address);
    let mut parts = bare.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => ip.to_canonical(),
        _ => return None,
    };
    let port = match (parts.next()?, parts.next(), parts.next()) {
        (Protocol::Tcp(port), None, None) | (Protocol::Udp(port), Some(Protocol::QuicV1), None) => port,
        _ => return None,
    };
    let link_local = match ip {
        IpAddr::V4(four) => four.is_link_local() || four.is_broadcast(),
        // fe80::/10 means nothing without an interface.
        IpAddr::V6(six) => six.segments()[0] & 0xffc0 == 0xfe80,
    };
    let reachable = !ip.is_unspecified() && !ip.is_multicast() && !link_local && port != 0;
    (reachable && distance_of(ip) >= teller).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_plain_addresses_of_others_are_dialled() {
        let cases = [
            ("/ip4/192.0.2.1/tcp/4001", true),
            ("/ip4/192.0.2.1/udp/4001/quic-v1", true),
            ("/ip6/2001:db8::1/tcp/4001", true),
            ("/ip4/10.0.0.7/tcp/4001", false),
            ("/ip4/100.64.0.7/tcp/4001", false),
            ("/ip6/fd00::1/tcp/4001", false),
            ("/ip4/127.0.0.1/tcp/4001", false),
            ("/ip6/::1/tcp/4001", false),
            ("/ip6/::ffff:127.0.0.1/tcp/4001", false),
            ("/ip4/0.0.0.0/tcp/4001", false),
            ("/ip4/255.255.255.255/tcp/4001", false),
            ("/ip4/224.0.0.251/udp/5353/quic-v1", false),
            ("/ip6/fe80::1/tcp/4001", false),
            ("/ip4/192.0.2.1/tcp/0", false),
            ("/ip4/192.0.2.1/udp/4001", false),
            ("/ip4/192.0.2.1/tcp/80/ws", false),
            ("/dns4/example.org/tcp/4001", false),
            ("/ip4/192.0.2.1", false),
        ];
        for (text, wanted) in cases {
            assert_eq!(dialable(&address(text), Distance::Far).is_some(), wanted, "{text}");
        }
        assert!(dialable(&Multiaddr::empty(), Distance::Here).is_none());
    }

    #[test]
    fn nobody_sends_us_nearer_than_he_is_himself() {
        let far = address("/ip4/192.0.2.1/tcp/4001");
        let near = address("/ip4/192.168.1.2/tcp/4001");
        let here = address("/ip6/::1/tcp/4001");
        for (teller, taken) in
            [(&far, [true, false, false]), (&near, [true, true, false]), (&here, [true; 3])]
        {
            let taken_from = |address| dialable(address, distance(teller)).is_some();
            assert_eq!([&far, &near, &here].map(taken_from), taken, "{teller}");
        }
    }

    #[test]
    fn the_name_of_the_peer_is_split_off() {
        let peer = PeerId::random();
        let bare = address("/ip4/192.0.2.1/tcp/4001");
        let named = bare.clone().with(Protocol::P2p(peer));
        assert_eq!(split(&named), (bare.clone(), Some(peer)));
        assert_eq!(split(&bare), (bare.clone(), None));
        assert_eq!(dialable(&named, Distance::Far), Some(bare));
    }

    #[test]
    fn a_household_is_one_address_or_a_64() {
        let one: IpAddr = "2001:db8:1:2:3::4".parse().unwrap();
        let other: IpAddr = "2001:db8:1:2:ffff::1".parse().unwrap();
        let elsewhere: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(household(one), household(other));
        assert_ne!(household(one), household(elsewhere));
        assert_eq!(household("::1".parse().unwrap()), "::1".parse::<IpAddr>().unwrap());
    }
}
