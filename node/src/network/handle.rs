//! The two ends that the service holds: a handle to command the network, and the events that come from it.
//!
//! No call on the handle waits. Each command that carries bytes first takes a place in a bounded queue; when
//! there is none, the caller is told so and keeps the bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use libp2p::gossipsub::MessageId;
use libp2p::request_response::ResponseChannel;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::codec::Reply;
use super::gossip::Topic;
use super::limits;
use super::status::{Board, NetworkStatus};

/// Longest ban: a hundred days. Longer is a matter for the charter and not for a node.
const LONGEST_BAN: Duration = Duration::from_secs(100 * 24 * 3600);

/// Names a request that this node has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What the service thinks of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Valid: pass it on.
    Accept,
    /// Held already, or not to be judged now: do not pass it on, and nobody is to blame.
    Ignore,
    /// Invalid in a way that the sender could have known: do not pass it on, and count it against
    /// everyone who sent it.
    Reject,
}

/// A message that waits for its verdict. It must come within [`limits::HISTORY_LENGTH`] seconds; when the token is
/// dropped instead, the message is not passed on.
#[derive(Debug)]
pub struct GossipToken {
    pub(super) id: MessageId,
    pub(super) source: PeerId,
    pub(super) _room: OwnedSemaphorePermit,
}

/// A request that waits for its response. When the token is dropped instead, the other node is told that
/// there will be none.
#[derive(Debug)]
pub struct ResponseToken {
    pub(super) channel: ResponseChannel<Reply>,
    pub(super) _room: Option<OwnedSemaphorePermit>,
}

impl ResponseToken {
    /// Whether the other node still waits.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.channel.is_open()
    }
}

/// What the network tells the service. `Connected` comes before anything that a peer says; a message or request that
/// was on its way may still come after `Disconnected`.
#[derive(Debug)]
pub enum NetworkEvent {
    /// This node listens here. The address ends in its name and can be given to others as it is.
    Listening(Multiaddr),
    /// A peer of this community is connected, and hears what is published from now on.
    Connected {
        /// Who.
        peer: PeerId,
        /// Where.
        address: Multiaddr,
        /// Whether this node dialled it.
        outbound: bool,
    },
    /// The last connection to a peer is gone.
    Disconnected {
        /// Who.
        peer: PeerId,
    },
    /// A message that this node has not seen in the last minute. It wants a verdict.
    Gossip {
        /// What about.
        topic: Topic,
        /// Who brought it: not who said it.
        source: PeerId,
        /// The message, at most [`limits::MESSAGE_BYTES`].
        data: Vec<u8>,
        /// For the verdict.
        token: GossipToken,
    },
    /// A peer asks.
    Request {
        /// Who.
        peer: PeerId,
        /// The request, at most [`limits::REQUEST_BYTES`].
        data: Vec<u8>,
        /// For the response.
        token: ResponseToken,
    },
    /// The end of a request of this node: there is exactly one for each.
    Response {
        /// Which.
        request: RequestId,
        /// Who was asked.
        peer: PeerId,
        /// The response, at most [`limits::RESPONSE_BYTES`].
        result: Result<Vec<u8>, RequestError>,
    },
}

/// Why a request got no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Ask somebody else, or wait for `Connected`.
    #[error("the peer is not connected")]
    NotConnected,
    /// This node has asked the peer too much at once.
    #[error("{} requests to this peer are waiting already", limits::REQUESTS_OUT_PER_PEER)]
    TooMany,
    /// The peer has too much to do, or declined; ask somebody else, or later.
    #[error("the peer is busy or declined the request")]
    Busy,
    /// No response in time.
    #[error("no response within {} seconds", limits::REQUEST_TIMEOUT.as_secs())]
    Timeout,
    /// The connection broke.
    #[error("the connection was lost before the response came")]
    ConnectionLost,
    /// The peer does not speak this community's protocol.
    #[error("the peer does not answer requests of this community")]
    Unsupported,
    /// The exchange broke off: an oversize response, an omitted one, or something that is not one.
    #[error("the exchange broke off: {0}")]
    Broken(String),
}

/// Why a command was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Never try again: it must be cut up.
    #[error("{length} bytes are too many, at most {limit} can be sent")]
    TooLarge {
        /// What was to be sent.
        length: usize,
        /// What can be.
        limit: usize,
    },
    /// Try again a little later, or leave it to catch-up.
    #[error("the network's queue is full; try again later")]
    Busy,
    /// The network has been shut down.
    #[error("the network has stopped")]
    Stopped,
}

/// A command on its way to the network task.
#[derive(Debug)]
pub(super) enum Command {
    Publish { topic: Topic, data: Vec<u8>, room: OwnedSemaphorePermit },
    Verdict { token: GossipToken, verdict: Verdict },
    Request { request: RequestId, peer: PeerId, data: Vec<u8>, place: OwnedSemaphorePermit },
    Respond { token: ResponseToken, reply: Reply },
    Disconnect { peer: PeerId },
    Ban { peer: PeerId, length: Duration },
    Dial { address: Multiaddr },
    Shutdown,
}

/// Commands the network. Cheap to clone; usable from any thread.
#[derive(Debug, Clone)]
pub struct NetworkHandle {
    commands: mpsc::Sender<Command>,
    publish_room: Arc<Semaphore>,
    request_places: Arc<Semaphore>,
    next_request: Arc<AtomicU64>,
    board: Arc<Board>,
    local_peer: PeerId,
    stopped: watch::Receiver<()>,
}

impl NetworkHandle {
    pub(super) fn new(
        commands: mpsc::Sender<Command>,
        board: Arc<Board>,
        local_peer: PeerId,
        stopped: watch::Receiver<()>,
    ) -> Self {
        Self {
            commands,
            publish_room: Arc::new(Semaphore::new(limits::PUBLISH_QUEUE_KIB)),
            request_places: Arc::new(Semaphore::new(limits::REQUESTS_OUT)),
            next_request: Arc::new(AtomicU64::new(1)),
            board,
            local_peer,
            stopped,
        }
    }

    /// This node's name in the network.
    #[must_use]
    pub fn local_peer(&self) -> PeerId {
        self.local_peer
    }

    /// The state of the network: peers at most a second old, counts as of now.
    #[must_use]
    pub fn status(&self) -> NetworkStatus {
        self.board.read()
    }

    /// Tells everybody. The message waits its turn and leaves at a bounded rate. Success means that it is
    /// queued, not that anybody got it: catch-up fills what gossip loses.
    ///
    /// # Errors
    /// [`SendError::TooLarge`] above [`limits::MESSAGE_BYTES`]; [`SendError::Busy`] when too much waits.
    pub fn publish(&self, topic: Topic, data: Vec<u8>) -> Result<(), SendError> {
        check_size(&data, limits::MESSAGE_BYTES)?;
        let room = Arc::clone(&self.publish_room)
            .try_acquire_many_owned(charge(data.len()))
            .map_err(|_| SendError::Busy)?;
        self.send(Command::Publish { topic, data, room })
    }

    /// Judges a message.
    ///
    /// # Errors
    /// [`SendError::Stopped`]. There is a place for the verdict on every message that this node has handed out.
    pub fn verdict(&self, token: GossipToken, verdict: Verdict) -> Result<(), SendError> {
        self.send(Command::Verdict { token, verdict })
    }

    /// Asks a connected peer. Exactly one [`NetworkEvent::Response`] with the returned id will follow.
    ///
    /// # Errors
    /// [`SendError::TooLarge`] above [`limits::REQUEST_BYTES`]; [`SendError::Busy`] while
    /// [`limits::REQUESTS_OUT`] requests are waiting.
    pub fn request(&self, peer: PeerId, data: Vec<u8>) -> Result<RequestId, SendError> {
        check_size(&data, limits::REQUEST_BYTES)?;
        let place = Arc::clone(&self.request_places).try_acquire_owned().map_err(|_| SendError::Busy)?;
        let request = RequestId(self.next_request.fetch_add(1, Ordering::Relaxed));
        self.send(Command::Request { request, peer, data, place })?;
        Ok(request)
    }

    /// Answers a request.
    ///
    /// # Errors
    /// [`SendError::TooLarge`] above [`limits::RESPONSE_BYTES`]; the request is then declined.
    pub fn respond(&self, token: ResponseToken, data: Vec<u8>) -> Result<(), SendError> {
        if let Err(error) = check_size(&data, limits::RESPONSE_BYTES) {
            self.decline(token)?;
            return Err(error);
        }
        self.send(Command::Respond { token, reply: Reply::Data(data) })
    }

    /// Declines a request: the other node gets [`RequestError::Busy`] at once and can ask elsewhere.
    ///
    /// # Errors
    /// [`SendError::Stopped`].
    pub fn decline(&self, token: ResponseToken) -> Result<(), SendError> {
        self.send(Command::Respond { token, reply: Reply::Busy })
    }

    /// Closes all connections to a peer. It may come back, and a bootstrap peer is dialled again.
    ///
    /// # Errors
    /// [`SendError::Busy`] or [`SendError::Stopped`].
    pub fn disconnect(&self, peer: PeerId) -> Result<(), SendError> {
        self.send(Command::Disconnect { peer })
    }

    /// Closes all connections to a peer and takes none for a while, at most a hundred days. Bans are not kept
    /// over a restart.
    ///
    /// # Errors
    /// [`SendError::Busy`] or [`SendError::Stopped`].
    pub fn ban(&self, peer: PeerId, length: Duration) -> Result<(), SendError> {
        self.send(Command::Ban { peer, length: length.min(LONGEST_BAN) })
    }

    /// Dials an address once, beside the bootstrap addresses.
    ///
    /// # Errors
    /// [`SendError::Busy`] or [`SendError::Stopped`].
    pub fn dial(&self, address: Multiaddr) -> Result<(), SendError> {
        self.send(Command::Dial { address })
    }

    /// Stops the network: what waits to be published leaves, connections are closed, and the channel of
    /// events ends.
    pub fn shutdown(&self) {
        // A full queue or a stopped task: in both cases there is nothing to add.
        let _ = self.commands.try_send(Command::Shutdown);
    }

    /// Waits until the network has stopped.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        while stopped.changed().await.is_ok() {}
    }

    fn send(&self, command: Command) -> Result<(), SendError> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SendError::Busy,
            mpsc::error::TrySendError::Closed(_) => SendError::Stopped,
        })
    }
}

/// What a message of some length is charged against a queue, in KiB.
pub(super) fn charge(length: usize) -> u32 {
    u32::try_from(length.div_ceil(1024).max(limits::LEAST_CHARGE_KIB)).unwrap_or(u32::MAX)
}

fn check_size(data: &[u8], limit: usize) -> Result<(), SendError> {
    if data.len() > limit {
        return Err(SendError::TooLarge { length: data.len(), limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(commands: usize) -> (NetworkHandle, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(commands);
        let peer = PeerId::random();
        let (_, stopped) = watch::channel(());
        (NetworkHandle::new(sender, Arc::new(Board::new(peer)), peer, stopped), receiver)
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_queued() {
        let (handle, mut commands) = handle(8);
        let limit = limits::MESSAGE_BYTES;
        assert_eq!(
            handle.publish(Topic::Records, vec![0; limit + 1]),
            Err(SendError::TooLarge { length: limit + 1, limit })
        );
        handle.request(PeerId::random(), vec![0; limits::REQUEST_BYTES + 1]).unwrap_err();
        assert!(commands.try_recv().is_err());
        handle.publish(Topic::Records, vec![0; limit]).unwrap();
        assert!(commands.try_recv().is_ok());
    }

    #[test]
    fn what_waits_is_bounded_by_size_and_by_number() {
        let (large, _commands) = handle(limits::COMMANDS);
        let taken = (0..1000)
            .take_while(|_| large.publish(Topic::Records, vec![0; limits::MESSAGE_BYTES]).is_ok())
            .count();
        assert_eq!(taken, limits::PUBLISH_QUEUE_KIB * 1024 / limits::MESSAGE_BYTES);

        let (small, _commands) = handle(limits::COMMANDS);
        let taken = (0..100_000).take_while(|_| small.publish(Topic::Records, vec![0]).is_ok()).count();
        assert_eq!(taken, limits::PUBLISH_QUEUE_KIB / limits::LEAST_CHARGE_KIB);
        // However full the queue is, there is a place for other commands.
        small.disconnect(PeerId::random()).unwrap();
        let asked = (0..1000).take_while(|_| small.request(PeerId::random(), Vec::new()).is_ok()).count();
        assert_eq!(asked, limits::REQUESTS_OUT);
    }

    #[test]
    fn a_stopped_network_says_so() {
        let (handle, commands) = handle(8);
        drop(commands);
        assert_eq!(handle.publish(Topic::Seals, vec![1]), Err(SendError::Stopped));
        handle.shutdown();
    }
}
