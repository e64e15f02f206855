//! The answer to "which peers do you know": names and addresses, so that members who were brought together by
//! one bootstrap node find one another, and stay together without it.
//!
//! Bytes: number of peers (u8); for each its name (u8 length, bytes), number of addresses (u8), and each
//! address (u16 big-endian length, bytes). What is read is hearsay: bounded, checked, and the first to be forgotten.

use libp2p::{Multiaddr, PeerId};

use super::limits;

/// A peer and where it can be found.
pub(super) type Entry = (PeerId, Vec<Multiaddr>);

/// Writes an answer, as many entries of it as are allowed.
pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = vec![0];
    for (peer, addresses) in entries.iter().take(limits::EXCHANGE_PEERS) {
        let name = peer.to_bytes();
        let (Ok(name_length), addresses) = (u8::try_from(name.len()), usable(addresses)) else { continue };
        bytes.push(name_length);
        bytes.extend_from_slice(&name);
        bytes.push(u8::try_from(addresses.len()).unwrap_or(0));
        for address in addresses {
            bytes.extend_from_slice(&u16::try_from(address.len()).unwrap_or(0).to_be_bytes());
            bytes.extend_from_slice(address.as_ref());
        }
        bytes[0] += 1;
    }
    bytes
}

fn usable(addresses: &[Multiaddr]) -> Vec<&Multiaddr> {
    addresses
        .iter()
        .filter(|address| address.len() <= limits::ADDRESS_BYTES)
        .take(limits::EXCHANGE_ADDRESSES)
        .collect()
}

/// Reads an answer. Nothing that is not one to the last byte.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut rest = bytes;
    let count = usize::from(byte(&mut rest)?);
    if count > limits::EXCHANGE_PEERS {
        return None;
    }
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let length = usize::from(byte(&mut rest)?);
        let peer = PeerId::from_bytes(piece(&mut rest, length)?).ok()?;
        let addresses = usize::from(byte(&mut rest)?);
        if addresses > limits::EXCHANGE_ADDRESSES {
            return None;
        }
        let addresses = (0..addresses).map(|_| address(&mut rest)).collect::<Option<Vec<_>>>()?;
        entries.push((peer, addresses));
    }
    rest.is_empty().then_some(entries)
}

fn address(rest: &mut &[u8]) -> Option<Multiaddr> {
    let length = usize::from(u16::from_be_bytes([byte(rest)?, byte(rest)?]));
    if length > limits::ADDRESS_BYTES {
        return None;
    }
    Multiaddr::try_from(piece(rest, length)?.to_vec()).ok()
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(*first)
}

fn piece<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (piece, others) = rest.split_at_checked(length)?;
    *rest = others;
    Some(piece)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries(count: usize, addresses: usize) -> Vec<Entry> {
        let address: Multiaddr = "/ip4/192.0.2.1/udp/4001/quic-v1".parse().unwrap();
        (0..count).map(|_| (PeerId::random(), vec![address.clone(); addresses])).collect()
    }

    #[test]
    fn an_answer_comes_back_as_it_was_written() {
        for (count, addresses) in
            [(0, 0), (1, 0), (3, 2), (limits::EXCHANGE_PEERS, limits::EXCHANGE_ADDRESSES)]
        {
            let entries = entries(count, addresses);
            assert_eq!(decode(&encode(&entries)), Some(entries));
        }
    }

    #[test]
    fn more_than_is_allowed_is_neither_written_nor_read() {
        let written = decode(&encode(&entries(100, 100))).unwrap();
        assert_eq!(written.len(), limits::EXCHANGE_PEERS);
        assert_eq!(written[0].1.len(), limits::EXCHANGE_ADDRESSES);
        let mut bytes = encode(&entries(2, 1));
        bytes.push(0);
        assert_eq!(decode(&bytes), None, "a byte too many");
        assert_eq!(decode(&bytes[..20]), None, "broken off");
        assert_eq!(decode(&[255]), None, "too many peers");
    }

    #[test]
    fn the_largest_answer_fits() {
        let largest =
            1 + limits::EXCHANGE_PEERS * (2 + 64 + limits::EXCHANGE_ADDRESSES * (2 + limits::ADDRESS_BYTES));
        assert!(largest <= limits::EXCHANGE_BYTES, "{largest}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }
    }
}
