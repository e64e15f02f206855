//! Peers that do not keep to the rules, made of the node's own network library.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mutua_node::network::{self, NetworkConfig, NetworkEvent, NetworkHandle, Topic, Verdict};
use mutua_protocol::hash::{CommunityId, derive};
use tokio::runtime::Runtime;

use crate::eventually;

/// A peer of the community's network that says what a test wants.
#[derive(Debug)]
pub struct HostilePeer {
    runtime: Option<Runtime>,
    handle: NetworkHandle,
    connected: Arc<AtomicUsize>,
    gone: Arc<AtomicUsize>,
}

impl HostilePeer {
    /// Joins the network of a community at these addresses, and waits until all of them are connected. It
    /// passes messages on like an honest peer, and answers no request.
    #[must_use]
    #[track_caller]
    pub fn join(community: CommunityId, name: &str, addresses: &[String]) -> Self {
        Self::join_with(community, name, addresses, |handle, event| match event {
            NetworkEvent::Gossip { token, .. } => {
                let _ = handle.verdict(token, Verdict::Accept);
            }
            NetworkEvent::Request { token, .. } => {
                let _ = handle.decline(token);
            }
            _ => {}
        })
    }

    /// The same, and `act` deals with everything that comes.
    ///
    /// # Panics
    /// When it cannot start, or does not come into contact.
    #[must_use]
    #[track_caller]
    pub fn join_with(
        community: CommunityId,
        name: &str,
        addresses: &[String],
        mut act: impl FnMut(&NetworkHandle, NetworkEvent) + Send + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be built");
        let mut config =
            NetworkConfig::new(community, derive("mutua-tests hostile network key", name.as_bytes()));
        config.bootstrap =
            addresses.iter().map(|address| address.parse().expect("nodes write valid addresses")).collect();
        let (handle, mut events) = runtime.block_on(network::start(config)).expect("the network starts");
        let connected = Arc::new(AtomicUsize::new(0));
        let gone = Arc::new(AtomicUsize::new(0));
        let (came, went, own) = (Arc::clone(&connected), Arc::clone(&gone), handle.clone());
        runtime.spawn(async move {
            while let Some(event) = events.recv().await {
                match &event {
                    NetworkEvent::Connected { .. } => _ = came.fetch_add(1, Ordering::Relaxed),
                    NetworkEvent::Disconnected { .. } => _ = went.fetch_add(1, Ordering::Relaxed),
                    _ => {}
                }
                act(&own, event);
            }
        });
        let peer = Self { runtime: Some(runtime), handle, connected, gone };
        eventually("the hostile peer is connected", || {
            let connected = peer.connected.load(Ordering::Relaxed);
            if connected >= addresses.len() { Ok(()) } else { Err(format!("{connected} connections")) }
        });
        peer
    }

    /// Tells everybody it is connected to.
    ///
    /// # Panics
    /// When its own network library refuses.
    pub fn gossip(&self, topic: Topic, data: Vec<u8>) {
        self.handle.publish(topic, data).expect("the queue has room");
    }

    /// How many peers have broken off the connection, for good or not.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.gone.load(Ordering::Relaxed)
    }
}

impl Drop for HostilePeer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}
