//! Requests under way, in both directions, and their bounds.

use std::collections::HashMap;
use std::io;
use std::time::Instant;

use libp2p::PeerId;
use libp2p::request_response::{InboundRequestId, OutboundFailure, OutboundRequestId};
use tokio::sync::OwnedSemaphorePermit;

use super::handle::{RequestError, RequestId};
use super::limits;

/// A request of this node that waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) peer: PeerId,
    /// The service's name for it; none if the network itself asked for peers.
    pub(super) request: Option<RequestId>,
    since: Instant,
    /// Its place among all that wait.
    _place: Option<OwnedSemaphorePermit>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Requests {
    outgoing: HashMap<OutboundRequestId, Waiting>,
    incoming: HashMap<InboundRequestId, (PeerId, Instant)>,
}

impl Requests {
    /// Whether a peer may be asked one thing more.
    pub(super) fn may_ask(&self, peer: &PeerId) -> bool {
        let waiting = self.outgoing.values().filter(|waiting| waiting.peer == *peer);
        waiting.filter(|waiting| waiting.request.is_some()).count() < limits::REQUESTS_OUT_PER_PEER
    }

    /// Notes a request that has been sent.
    pub(super) fn asked(
        &mut self,
        id: OutboundRequestId,
        peer: PeerId,
        request: Option<RequestId>,
        place: Option<OwnedSemaphorePermit>,
        now: Instant,
    ) {
        self.outgoing.insert(id, Waiting { peer, request, since: now, _place: place });
    }

    /// A request has come to its end.
    pub(super) fn ended(&mut self, id: OutboundRequestId) -> Option<Waiting> {
        self.outgoing.remove(&id)
    }

    /// Takes in a request of a peer if there is a place for it.
    pub(super) fn take_in(&mut self, id: InboundRequestId, peer: PeerId, now: Instant) -> bool {
        let of_peer = self.incoming.values().filter(|(other, _)| *other == peer).count();
        let room = self.incoming.len() < limits::REQUESTS_IN && of_peer < limits::REQUESTS_IN_PER_PEER;
        if room {
            self.incoming.insert(id, (peer, now));
        }
        room
    }

    /// A request of a peer has been dealt with. True if it had been taken in.
    pub(super) fn done(&mut self, id: InboundRequestId) -> bool {
        self.incoming.remove(&id).is_some()
    }

    /// Requests that the library has not brought to an end within [`limits::REQUEST_DEADLINE`]. It always
    /// does; but a place that is never given back would be lost for good.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Waiting> {
        let late = |since: Instant| now.saturating_duration_since(since) > limits::REQUEST_DEADLINE;
        self.incoming.retain(|_, (_, since)| !late(*since));
        self.outgoing.extract_if(|_, waiting| late(waiting.since)).map(|(_, waiting)| waiting).collect()
    }
}

/// What a failure means for the one who asked.
pub(super) fn explain(failure: &OutboundFailure) -> RequestError {
    match failure {
        OutboundFailure::DialFailure => RequestError::NotConnected,
        OutboundFailure::Timeout => RequestError::Timeout,
        OutboundFailure::ConnectionClosed => RequestError::ConnectionLost,
        OutboundFailure::UnsupportedProtocols => RequestError::Unsupported,
        OutboundFailure::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            RequestError::Broken("the peer ended it without an answer".to_owned())
        }
        OutboundFailure::Io(error) => RequestError::Broken(error.to_string()),
    }
}
