//! Ports for nodes that keep their address over a restart.

use std::{
    net::{TcpListener, UdpSocket},
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the range from which the kernel takes ports for outgoing connections (32768 on Linux): otherwise
/// somebody's connection could sit on the port of a node that is down.
const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port on which nobody listens on loopback, neither by TCP nor by UDP.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free() -> u16 {
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or(0);
    for _ in 0..COUNT {
        let offset = NEXT.fetch_add(7, Ordering::Relaxed).wrapping_add(start) % COUNT;
        let port = FIRST + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port between {FIRST} and {} is free", FIRST + COUNT)
}
