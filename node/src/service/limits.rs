//! The service's limits, each with its reason.

/// Inputs that wait for the service. A full queue makes network and API wait, never grow.
pub(super) const INPUTS: usize = 1024;

/// Inputs that share one commit: enough that a sync is divided among many, few enough that an
/// answer does not wait long.
pub(super) const INPUTS_PER_COMMIT: usize = 256;

/// Milliseconds after which a commit is made though inputs still wait.
pub(super) const GATHER_INPUTS_MS: u64 = 20;

/// Milliseconds between two looks at how the node gets on with the others: people who watch see no difference.
pub(super) const HEALTH_MS: u64 = 1_000;

/// Longest sleep of the service in milliseconds: how late a timer can be.
pub(super) const TICK_MS: u64 = 50;

/// Records held that are not sealed. With the quorum gone for a month, a community of ten thousand
/// still votes. Beyond it, new records are parked or refused until seals resume.
pub(super) const TAIL_RECORDS: usize = 200_000;

/// Records parked in all, and their bytes: they are not checked against the ledger yet, so
/// anybody who can sign can send them.
pub(super) const PARKED_RECORDS: usize = 8192;
/// See [`PARKED_RECORDS`].
pub(super) const PARKED_BYTES: usize = 16 << 20;
/// Of those, records by authors that the ledger does not know.
pub(super) const PARKED_STRANGERS: usize = 2048;
/// Records parked for one author: a stranger cannot fill the place for the others.
pub(super) const PARKED_PER_AUTHOR: usize = 64;

/// A height is started when the oldest record has waited this many milliseconds, so that a seal
/// holds what came together ...
pub(super) const GATHER_RECORDS_MS: u64 = 150;
/// ... or when this many records wait.
pub(super) const GATHER_RECORDS: usize = mutua_protocol::limits::SEAL_RECORDS / 2;

/// Milliseconds before a close into which the seals are dated that take in what one seal cannot: with one
/// millisecond each, room for a tail of [`TAIL_RECORDS`] several times over.
pub(super) const BACKLOG_MS: u64 = 1_000;

/// Milliseconds between two questions to one peer about where it stands.
pub(super) const POLL_MS: u64 = 2_000;

/// Milliseconds after which a missing record of a proposed seal is asked for again.
pub(super) const ASK_AGAIN_MS: u64 = 500;

/// Milliseconds after which another peer is asked instead. A page of seals crosses a slow home connection
/// in less.
pub(super) const PATIENT_MS: u64 = 5_000;

/// Milliseconds after which a page of seals is taken for lost, should the network never say so.
pub(super) const REQUEST_MS: u64 = 45_000;

/// Requests under way in all ...
pub(super) const REQUESTS: usize = 64;
/// ... those for a peer's standing: silent peers leave places for what matters more ...
pub(super) const POLLS: usize = 40;
/// ... and those for seals. More than one only when the first is slow.
pub(super) const SEAL_PAGES: usize = 4;

/// Milliseconds in which gossip brings a record to everybody, mostly: what is missing then is asked for.
pub(super) const GOSSIP_MS: u64 = 400;

/// Rounds of one reconciliation before it ends with what it has: a liar cannot keep it going for ever.
pub(super) const RECONCILE_ROUNDS: u32 = 64;
/// Milliseconds after which it ends with what it has, however it gets on.
pub(super) const RECONCILE_MS: u64 = 60_000;
/// Ids at which it stops comparing and fetches: 1 MiB of them.
pub(super) const RECONCILE_IDS: usize = 32 << 10;
/// Bytes of records at which it takes what it has.
pub(super) const RECONCILE_BYTES: usize = 16 << 20;

/// Peers whose standing is kept.
pub(super) const PEERS: usize = 512;

/// Forks kept until their evidence is sealed, one for each author.
pub(super) const FORKS: usize = 1024;

/// Pieces of evidence of one kind kept about one key: who misbehaves more proves nothing more, and with the keys of the
/// charter this bounds the table.
pub(super) const MATTERS: usize = 4;

/// Proposed seals under judgement, and records fetched for them.
pub(super) const JUDGEMENTS: usize = 16;
/// See [`JUDGEMENTS`].
pub(super) const FETCHED: usize = 4 * mutua_protocol::limits::SEAL_RECORDS;
