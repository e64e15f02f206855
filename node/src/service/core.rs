//! The state of a node, and how it begins and commits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use mutua_protocol::{
    charter::Community,
    hash::RecordId,
    keys::{PublicKey, SecretKey},
    ledger::{ChainHead, Closing, Ledger, SealFault},
    records::Received,
    seals::{Certificate, SealHeader, SealedBatch},
};

use super::{
    Health, Input, Now, Output, catchup::CatchUp, evidence::SeenEvidence, intake::Forks, parked::Parked,
    status::Counters, tail::Tail, witnessing::Witnessing,
};
use crate::{
    network::Topic,
    store::{Batch, Reader, Store, StoreError},
};

/// Under this name the store keeps the charter's canonical bytes.
const CHARTER: &str = "charter";

/// Why a node cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store belongs to another community.
    #[error("the store belongs to another community than the charter; use another home folder")]
    OtherCommunity,
    /// A seal in the store cannot be applied.
    #[error(
        "seal {height} in the store cannot be applied: {fault}. Set the folder 'store' aside, start again, \
         and the node fetches the log from its peers (or import an archive with 'mutua log import')"
    )]
    Replay {
        /// Which.
        height: u64,
        /// Why.
        fault: String,
    },
}

/// Everything a node knows and decides.
pub struct Core {
    /// Under the charter that is in force for the next seal.
    pub(super) community: Arc<Community>,
    pub(super) store: Store,
    pub(super) reader: Reader,
    pub(super) ledger: Ledger,
    pub(super) tail: Tail,
    pub(super) parked: Parked,
    /// Records that are parked here, and that nobody else has been told of.
    pub(super) untold: BTreeSet<RecordId>,
    pub(super) forks: Forks,
    pub(super) evidence: SeenEvidence,
    /// The key with which this node witnesses whenever the charter names it.
    pub(super) witness_key: Option<SecretKey>,
    /// What it needs for that, while the charter names it.
    pub(super) witnessing: Option<Witnessing>,
    pub(super) catchup: CatchUp,
    pub(super) counters: Counters,
    pub(super) disagreement: Option<String>,
    /// The certified seal whose outcome is not the one computed here.
    pub(super) disputed: Option<SealedBatch>,
    pub(super) now: Now,
    /// The clock on the wall when the node started.
    pub(super) woke: u64,
    pub(super) batch: Batch,
    pub(super) outputs: Vec<Output>,
    /// Records accepted from this node's own users, to be told to others.
    pub(super) fresh: Vec<Arc<[u8]>>,
    /// What those who watch were told last of this node's surroundings, and when.
    pub(super) health: (u64, Health),
}

impl Core {
    /// Begins from what the store holds. `progress` is called with the height reached and the last one.
    ///
    /// # Errors
    /// [`CoreError`] when the store cannot be read, is another community's, or holds a seal that does
    /// not follow from those before it.
    pub fn open(
        community: Arc<Community>,
        mut store: Store,
        witness: Option<SecretKey>,
        now: Now,
        progress: impl Fn(u64, u64),
    ) -> Result<Self, CoreError> {
        let reader = store.reader();
        let charter = mutua_protocol::codec::encode(&community.charter);
        match reader.meta(CHARTER)? {
            Some(held) if held != charter => return Err(CoreError::OtherCommunity),
            Some(_) => {}
            None => {
                let mut batch = Batch::default();
                batch.put_meta(CHARTER, charter);
                store.commit(batch)?;
            }
        }
        let ledger = replay(&community, &reader, progress)?;
        let community = Arc::clone(ledger.community());
        let witnessing = Witnessing::under(&community, witness.as_ref(), ledger.height());
        let mut core = Self {
            community,
            store,
            reader,
            ledger,
            tail: Tail::default(),
            parked: Parked::default(),
            untold: BTreeSet::new(),
            forks: Forks::default(),
            evidence: SeenEvidence::default(),
            witness_key: witness,
            witnessing,
            catchup: CatchUp::default(),
            counters: Counters::default(),
            disagreement: None,
            disputed: None,
            now,
            woke: now.wall,
            batch: Batch::default(),
            outputs: Vec::new(),
            fresh: Vec::new(),
            health: Default::default(),
        };
        core.load_tail()?;
        core.load_forks()?;
        core.load_evidence()?;
        core.resume_witnessing()?;
        Ok(core)
    }

    /// Takes an input.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails: the node has to stop.
    pub fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.now = now;
        match input {
            Input::Connected(peer, address) => {
                self.catchup.connected(peer, address);
                Ok(())
            }
            Input::Disconnected(peer) => self.disconnected(&peer),
            Input::Gossip { topic, source, data, token } => {
                let verdict = match topic {
                    Topic::Records => self.gossiped_records(&data)?,
                    Topic::Witness => self.gossiped_witness(source, &data)?,
                    Topic::Seals => self.gossiped_seal(source, &data)?,
                };
                self.outputs.push(Output::Verdict(token, verdict));
                Ok(())
            }
            Input::Request { peer, data, token } => self.answer(peer, &data, token),
            Input::Response { request, data } => self.answered(request, data),
        }
    }

    /// Does what time has made due.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn tick(&mut self, now: Now) -> Result<(), CoreError> {
        self.now = now;
        self.poll_peers()?;
        self.witness_tick()?;
        self.publish_fresh();
        self.tell_health();
        Ok(())
    }

    /// When something will be due, in [`Now::elapsed`] milliseconds.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        self.witnessing.as_ref().and_then(Witnessing::deadline)
    }

    /// Makes everything durable, and hands out what may now be told.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails; then nothing may be told.
    pub fn commit(&mut self) -> Result<Vec<Output>, CoreError> {
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            self.store.commit(batch)?;
        }
        Ok(std::mem::take(&mut self.outputs))
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What is on the disk.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The end of an author's chain, with what is not sealed yet: what the next record follows.
    #[must_use]
    pub fn chain(&self, author: &PublicKey) -> ChainHead {
        self.tail.chain(author, &self.ledger)
    }

    /// The records that are held and not sealed, by author and number.
    pub fn tail(&self) -> impl Iterator<Item = &Received> {
        self.tail.iter().map(|held| &held.received)
    }

    /// A record of the tail.
    #[must_use]
    pub fn in_tail(&self, id: &RecordId) -> Option<&Received> {
        self.tail.get(id).map(|held| &held.received)
    }

    /// The bytes of a record that is on the disk, or will be with the next commit.
    pub(super) fn record(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        match self.batch.record(id) {
            Some(bytes) => Ok(Some(bytes.to_vec())),
            None => self.reader.record(id),
        }
    }

    /// Header and certificate of a seal that is on the disk, or will be with the next commit.
    pub(super) fn seal(&self, height: u64) -> Result<Option<(SealHeader, Certificate)>, StoreError> {
        match self.batch.seal(height) {
            Some(seal) => Ok(Some(seal)),
            None => Ok(self.reader.seal(height)?.map(|seal| (seal.header, seal.certificate))),
        }
    }

    /// The time of the newest input.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// What sets this node apart from the witnesses, if anything does.
    #[must_use]
    pub fn disagreement(&self) -> Option<&str> {
        self.disagreement.as_deref()
    }

    /// Is this record in a seal? One on the losing branch of a fork is kept, and is not.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn is_sealed(&self, received: &Received) -> Result<bool, CoreError> {
        let (author, sequence) = received.order();
        Ok(self.sealed_at(&author, sequence)?.is_some_and(|sealed| sealed.id == received.id))
    }

    /// The outcome if the round closed now, with the tail counted in; nothing while this node differs
    /// from the witnesses.
    #[must_use]
    pub fn provisional(&self) -> Option<Arc<Closing>> {
        if self.disagreement.is_some() {
            return None;
        }
        let mut records: Vec<Received> = self.tail.iter_ready().map(|held| held.received.clone()).collect();
        records.sort_by_key(Received::order);
        let time = self.now.wall.max(self.ledger.time() + 1);
        Some(self.ledger.provisional(time, &records))
    }

    /// Says what happened to a seal that a node must not pass over in silence.
    pub(super) fn disagree(&mut self, height: u64, fault: &SealFault) {
        let message = format!("seal {height} is certified by the witnesses, but {fault}");
        tracing::error!(
            height,
            "{message}. This node shows no figures of its own any more. Export the log, audit it on another \
             machine, and tell the other members"
        );
        self.disagreement = Some(message);
    }
}

/// Folds the seals in the store.
fn replay(
    community: &Arc<Community>,
    reader: &Reader,
    progress: impl Fn(u64, u64),
) -> Result<Ledger, CoreError> {
    let mut ledger = Ledger::new(Arc::clone(community));
    let last = reader.head()?.unwrap_or(0);
    for seal in reader.seals_from(1) {
        let seal = seal?;
        let height = seal.header.height;
        let broken = |fault: String| CoreError::Replay { height, fault };
        let mut records = Vec::with_capacity(seal.ids.len());
        for id in &seal.ids {
            let bytes = reader.record(id)?.ok_or_else(|| broken(format!("record {id} is missing")))?;
            let received = Received::decode(&bytes, ledger.community())
                .map_err(|error| broken(format!("record {id}: {error}")))?;
            records.push(received);
        }
        ledger.apply(&seal.header, &records).map_err(|fault| broken(fault.to_string()))?;
        progress(height, last);
    }
    Ok(ledger)
}

/// Counts by name, for people.
pub(super) type Counts = BTreeMap<String, u64>;
