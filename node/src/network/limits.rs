//! Every number of the network layer, each with its reason.
//!
//! The rule behind them: whatever a stranger can make this node hold is bounded, and the bounds
//! add up. The queues that all peers share hold 600 MiB if every one of them is full to the brim;
//! a connection buffers up to 12 MiB of streams that nobody has read, so that one address, with its eight,
//! comes to 100 MiB. From [`MEMORY_BYTES`] on no new connection is taken. With honest peers all of it is a
//! few MiB.

use std::time::Duration;

// ---- Gossip ----

/// Greatest size of one gossip message. The largest things that are gossiped are records told together
/// (64 KiB) and a proposed seal with its record ids (about 40 KiB); the rest is room to grow.
pub const MESSAGE_BYTES: usize = 256 << 10;

/// What gossipsub may hold in its receive buffer. gossipsub 0.50.1 compares the **whole buffer**
/// with this number, not one frame, and drops the stream for good when it is exceeded. So it has to
/// be larger than the largest frame by whatever one read adds; four times leaves no doubt.
pub const TRANSMIT_BYTES: usize = 1 << 20;

/// Messages published per second. Measured on two cores: up to 1,000 a second everything arrives
/// within milliseconds; without pacing a fifth and more is lost, since a full queue cannot be retried.
pub const PUBLISH_PER_SECOND: f64 = 800.0;

/// Messages that may leave at once after a quiet time.
pub const PUBLISH_BURST: f64 = 64.0;

/// Bytes published per second, to each peer. 800 messages of 16 KiB would fill a home connection
/// many times over; a node that must say more than this is importing, and its peers catch up instead.
pub const PUBLISH_BYTES_PER_SECOND: f64 = (8 << 20) as f64;

/// Bytes that may leave at once: four of the largest messages.
pub const PUBLISH_BYTES_BURST: f64 = (4 * MESSAGE_BYTES) as f64;

/// KiB of messages that wait to be published. Filled at the least charge, that is 20 seconds' worth
/// at [`PUBLISH_PER_SECOND`]; a node that is further behind than that is told so.
pub const PUBLISH_QUEUE_KIB: usize = 64 << 10;

/// KiB of messages received that the service has not judged yet. Beyond it messages are ignored and
/// come again through catch-up.
pub const VALIDATION_QUEUE_KIB: usize = 64 << 10;

/// The least that one message is charged against a queue, in KiB, so that tiny messages are bounded in
/// number as well: 16,384 of them.
pub const LEAST_CHARGE_KIB: usize = 4;

/// How long a message waits for the first peer that wants its topic. A node that starts finds its
/// peers in a second or two; later than this, catch-up has carried the message anyway.
pub const NO_PEERS_PATIENCE: Duration = Duration::from_secs(15);

/// Messages per topic that wait for a first peer; the oldest goes first. A node on its own publishes for
/// nobody, and its peers will ask for all of it when they come.
pub const NO_PEERS_QUEUE: usize = 4096;

/// Pause before trying again to publish on a topic without peers.
pub const NO_PEERS_RETRY: Duration = Duration::from_millis(200);

/// Messages queued for one peer in gossipsub. At 2 KiB each, the size of an ordinary record, a peer
/// that stops reading costs 8 MiB until it is dropped. Longer than the burst of a busy second.
pub const PEER_QUEUE: usize = 4096;

/// How long a message may wait in such a queue. The defaults (5 s own, 1 s forwarded) lose messages when
/// the processor is busy for a moment.
pub const PEER_QUEUE_PATIENCE: Duration = Duration::from_secs(60);

/// Messages dropped for a peer within [`SLOW_PEER_WINDOW`] after which it is disconnected, which frees
/// its queue. It will redial and catch up.
pub const SLOW_PEER_DROPS: usize = 4096;

/// See [`SLOW_PEER_DROPS`].
pub const SLOW_PEER_WINDOW: Duration = Duration::from_secs(30);

/// Heartbeat of gossipsub: mesh upkeep and lazy gossip.
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// Heartbeats a message stays in the cache, and thus the seconds within which a verdict must come.
pub const HISTORY_LENGTH: usize = 15;

/// Heartbeats for which a message is announced to peers outside the mesh.
pub const HISTORY_GOSSIP: usize = 3;

/// Peers per topic to which messages are pushed. Small, since a community has tens of nodes rather than
/// thousands, and each further one costs a copy of everything.
pub const MESH: usize = 4;
/// Fewer than this, and more are sought.
pub const MESH_LOW: usize = 3;
/// More than this, and some are let go.
pub const MESH_HIGH: usize = 8;
/// Of these, at least so many that we dialled: a mesh of strangers that came to us can hide things.
pub const MESH_OUTBOUND: usize = 1;
/// Peers told per heartbeat what is new.
pub const GOSSIP_LAZY: usize = 4;

/// Ids announced or asked for in one control message, and per heartbeat and peer: two and a half seconds of
/// messages at [`PUBLISH_PER_SECOND`].
pub const CONTROL_IDS: usize = 2000;

/// What a control message may measure. gossipsub sends as many ids as it likes and closes the stream on receiving
/// more than this, 16 KiB by default, which is less than 500 of our ids: room for [`CONTROL_IDS`] of 34 bytes
/// each, a topic, and as much again.
pub const CONTROL_BYTES: usize = 128 << 10;

/// How long ids of messages are remembered. Shorter than a minute lets loops live; longer costs memory.
pub const DUPLICATE_MEMORY: Duration = Duration::from_secs(60);

/// New messages a second that one peer may bring, twice what an honest publisher sends and room for
/// what it forwards from others.
pub const PEER_MESSAGES_PER_SECOND: f64 = 4000.0;

/// And at once: what an honest peer has queued for us when the line comes back.
pub const PEER_MESSAGES_BURST: f64 = 8192.0;

// ---- Peer score ----

/// Points for each rejected message, times the square of their number: after one, gossip still flows;
/// after two, it is not sent our own messages; after three it is banned.
pub const INVALID_MESSAGE_WEIGHT: f64 = -20.0;

/// Below this score nothing is announced to a peer.
pub const GOSSIP_THRESHOLD: f64 = -40.0;
/// Below this score our own messages are not sent to it.
pub const PUBLISH_THRESHOLD: f64 = -70.0;
/// Below this score it is not listened to, and banned for [`SCORE_BAN`].
pub const GRAYLIST_THRESHOLD: f64 = -120.0;

/// The most that good conduct earns: not enough to pay for one rejected message.
pub const SCORE_CAP: f64 = 10.0;

/// How often counters fade.
pub const SCORE_DECAY: Duration = Duration::from_secs(10);

/// What remains of the count of rejected messages after [`SCORE_DECAY`]: half after five minutes.
pub const INVALID_MESSAGE_DECAY: f64 = 0.977;

/// How long the score of a peer that left is kept. Each costs some hundred bytes, and
/// [`CONNECTS_PER_SECOND`] bounds how many an address can leave behind.
pub const SCORE_MEMORY: Duration = Duration::from_secs(600);

/// How long a peer stays out whose score fell below [`GRAYLIST_THRESHOLD`].
pub const SCORE_BAN: Duration = Duration::from_secs(600);

// ---- Requests ----

/// Greatest size of a request: a negentropy frame of several hundred kB.
pub const REQUEST_BYTES: usize = 512 << 10;

/// Greatest size of a response: a page of catch-up.
pub const RESPONSE_BYTES: usize = 4 << 20;

/// Time for the whole exchange: the request, the other node's work, the response. 4 MiB need 140 kB/s.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The library's timeout starts once the stream is open; a stream that cannot be opened is given up
/// after 10 s. Later than both together, the request is failed by us: no request is forgotten.
pub const REQUEST_DEADLINE: Duration = Duration::from_secs(45);

/// Own requests that wait for an answer, over all peers. Times [`RESPONSE_BYTES`], 256 MiB, if all of
/// them are answered at once with the largest page.
pub const REQUESTS_OUT: usize = 64;

/// Own requests that wait for an answer from one peer, so that one that never answers holds up a
/// sixteenth of them.
pub const REQUESTS_OUT_PER_PEER: usize = 4;

/// Requests of others that are being answered: until the response has left this node. Times
/// [`RESPONSE_BYTES`], 128 MiB, if every one of them asks for a page and stops reading.
pub const REQUESTS_IN: usize = 32;

/// Requests of one peer that are being answered.
pub const REQUESTS_IN_PER_PEER: usize = 4;

/// KiB of requests being read, over all peers; a request beyond is refused.
pub const REQUEST_READ_KIB: usize = 32 << 10;

/// Streams of the request protocol open on one connection, in both directions: the above and room for
/// those which are told that we are busy.
pub const REQUEST_STREAMS: usize = 16;

/// A request or response is read in pieces of this size, so that memory follows what has really come and
/// not what a length claims.
pub const READ_PIECE: usize = 64 << 10;

// ---- Connections ----

/// Connections at most, in both directions.
pub const CONNECTIONS: u32 = 128;

/// Of these, at most so many that came to us: the rest stays free for peers that we choose.
pub const CONNECTIONS_IN: u32 = 96;

/// Handshakes that came to us and are not finished. Each lasts [`CONNECT_TIMEOUT`] at most.
pub const HANDSHAKES_IN: u32 = 48;

/// Connections to one peer: two sides that dial each other at once make two, a third bridges a
/// reconnection over which the old line is not yet known to be dead.
pub const CONNECTIONS_PER_PEER: u32 = 3;

/// Connections, handshakes included, that came from one address (IPv6: from one /64). A household or a
/// small office is behind one address.
pub const CONNECTIONS_PER_ADDRESS: u32 = 8;

/// The same for loopback, where a whole community may run on one machine.
pub const CONNECTIONS_PER_LOOPBACK: u32 = 128;

/// New connections per second from one address. Each leaves a score behind for [`SCORE_MEMORY`].
pub const CONNECTS_PER_SECOND: f64 = 1.0;

/// And at once.
pub const CONNECTS_BURST: f64 = 20.0;

/// The same for loopback.
pub const CONNECTS_PER_SECOND_LOOPBACK: f64 = 200.0;

/// And at once.
pub const CONNECTS_BURST_LOOPBACK: f64 = 1000.0;

/// Addresses whose rate is being counted; when there are more, those that have been quiet are forgotten.
pub const COUNTED_ADDRESSES: usize = 4096;

/// Time for dialling and the handshake.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Within this time a connection must show that it belongs to this community.
pub const IDENTIFY_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a peer that belongs to this community is waited for to subscribe to the topics, before the service hears of
/// it. Usually milliseconds; what is published earlier does not reach it.
pub const SUBSCRIBE_PATIENCE: Duration = Duration::from_secs(2);

/// Memory of the process beyond which no new connection is made or taken.
pub const MEMORY_BYTES: usize = 2 << 30;

/// Substreams that one peer may have open on a connection: [`REQUEST_STREAMS`], a handful for the other
/// protocols, and [`NEGOTIATING_STREAMS`]. With yamux, each may buffer 256 KiB that nobody has read.
pub const STREAMS: usize = 48;

/// Streams on a connection whose protocol is not settled yet.
pub const NEGOTIATING_STREAMS: usize = 16;

/// How long a QUIC peer may send ahead on one stream, in bytes.
pub const QUIC_STREAM_WINDOW: u32 = 2 << 20;

/// And on all streams of a connection.
pub const QUIC_CONNECTION_WINDOW: u32 = 8 << 20;

/// An idle connection stays open: links are few, and gossip wants them at once.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Pause between pings.
pub const PING_INTERVAL: Duration = Duration::from_secs(10);

/// Time for one pong: a busy machine may take seconds.
pub const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Pings without pong after which the line counts as dead. The library itself only reports.
pub const PING_FAILURES: u32 = 2;

/// Bans remembered; the one that ends first makes room.
pub const BANS: usize = 4096;

// ---- Finding peers ----

/// Known peers are dialled while fewer than this are connected. Bootstrap addresses are dialled always.
pub const WANTED_PEERS: usize = 24;

/// Dials under way at once.
pub const DIALS: usize = 8;

/// Pause before the first redial.
pub const REDIAL_FIRST: Duration = Duration::from_millis(500);

/// Greatest pause between dials of a bootstrap address or of a peer that was connected before.
pub const REDIAL_CAP: Duration = Duration::from_secs(10);

/// The same on loopback, where a dial costs nothing and a node is often restarted.
pub const REDIAL_CAP_LOOPBACK: Duration = Duration::from_secs(2);

/// Greatest pause between dials of a peer that has been away for long, or was only heard of.
pub const REDIAL_CAP_AWAY: Duration = Duration::from_secs(300);

/// Failed dials after which a peer has been away for long: about ten minutes.
pub const REDIALS_BEFORE_AWAY: u32 = 64;

/// Failed dials after which a peer that was only heard of is forgotten.
pub const REDIALS_OF_HEARSAY: u32 = 6;

/// Peers in the address book.
pub const BOOK_PEERS: usize = 1024;

/// Addresses remembered for each.
pub const BOOK_ADDRESSES: usize = 8;

/// Peers whose addresses the status offers to be kept over a restart.
pub const REMEMBERED_PEERS: usize = 64;

/// Length of an address in bytes; the longest sensible one (a DNS name, a port, QUIC) is about 280.
pub const ADDRESS_BYTES: usize = 320;

/// Bootstrap addresses in the configuration.
pub const BOOTSTRAPS: usize = 64;

/// Peers of other communities remembered, so that they are not dialled again.
pub const STRANGERS: usize = 1024;

/// How long they are remembered.
pub const STRANGER_MEMORY: Duration = Duration::from_secs(3600);

/// Peers named in an answer to "whom do you know".
pub const EXCHANGE_PEERS: usize = 32;

/// Addresses for each of them.
pub const EXCHANGE_ADDRESSES: usize = 4;

/// Greatest size of such an answer.
pub const EXCHANGE_BYTES: usize = 48 << 10;

/// Pause between asking one peer and asking it again, and between answers given to it.
pub const EXCHANGE_INTERVAL: Duration = Duration::from_secs(60);

// ---- Between the network task and the service ----

/// Events on their way to the service.
pub const EVENTS: usize = 8192;

/// Of these, kept free for events that must not be lost (peers coming and going, responses): gossip and
/// requests are refused while fewer places are free.
pub const EVENTS_RESERVED: usize = 1024;

/// Events that must not be lost and found no place. Beyond this the network stands still until the service
/// takes some: a service that far behind is better off alone.
pub const EVENTS_OVERFLOW: usize = 1024;

/// Commands on their way to the network. Each message to be published, verdict, request or response holds a
/// place in a bounded queue of its own; this is their sum and some more, so that a verdict always finds
/// a place.
pub const COMMANDS: usize = 40_000;

/// How often the task looks at its clocks.
pub const TICK: Duration = Duration::from_millis(100);

/// How often the status that others see is renewed.
pub const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Time for the last messages to leave when the node stops.
pub const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);

/// Characters of another node's description of itself that are kept.
pub const AGENT_CHARACTERS: usize = 64;
