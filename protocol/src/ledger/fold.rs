//! Applying a seal: the one step from ledger to ledger.

use std::{mem, sync::Arc};

use super::{ChainHead, Closing, Inadmissible, Ledger, Void};
use crate::{
    hash::{OutcomeDigest, RecordId, Root},
    limits,
    records::{Body, Received},
    seals::SealHeader,
};

/// Why a record does not continue its author's chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// It has another number than the next.
    #[error("its number is {number}, where {expected} comes next in its author's chain")]
    Sequence {
        /// The record's.
        number: u64,
        /// The next one's.
        expected: u64,
    },
    /// It names another predecessor.
    #[error("it names {named} as predecessor, where the author's newest record is {held}")]
    Previous {
        /// The record's.
        named: RecordId,
        /// The newest one held.
        held: RecordId,
    },
    /// The chain was handed over to another key.
    #[error("its author's chain ended with a change of key")]
    Retired,
}

impl ChainHead {
    /// Does this record come next in the chain?
    ///
    /// # Errors
    /// [`ChainFault`] that says why not.
    pub fn accepts(&self, received: &Received) -> Result<(), ChainFault> {
        let record = received.record();
        if self.retired {
            return Err(ChainFault::Retired);
        }
        let expected = self.sequence.saturating_add(1);
        if record.sequence != expected {
            return Err(ChainFault::Sequence { number: record.sequence, expected });
        }
        if record.previous != self.id {
            return Err(ChainFault::Previous { named: record.previous, held: self.id });
        }
        Ok(())
    }
}

/// Why a seal cannot follow this ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// The header names another community.
    #[error("the seal belongs to another community")]
    Community,
    /// It is not the next seal.
    #[error("seal {height} stands where seal {expected} comes next")]
    Height {
        /// The header's.
        height: u64,
        /// The next one's.
        expected: u64,
    },
    /// It does not link to the seal before it.
    #[error("it does not name the seal before it as predecessor")]
    Previous,
    /// Time does not go on.
    #[error("its time {time} is not after that of the seal before it, {before}")]
    Time {
        /// The header's.
        time: u64,
        /// The seal before's.
        before: u64,
    },
    /// The header's count is not the number of records.
    #[error("the header counts {counted} records, there are {present}")]
    Count {
        /// The header's.
        counted: u32,
        /// Records present.
        present: usize,
    },
    /// More records, or more bytes, than a seal may hold.
    #[error("the seal holds more records or bytes than a seal may")]
    TooLarge,
    /// Neither records nor the end of a round.
    #[error("the seal is empty and closes nothing")]
    Idle,
    /// The records are not sorted, or one stands there twice.
    #[error("record {id} is out of order: records are sorted by author and number, each once")]
    Order {
        /// The record.
        id: RecordId,
    },
    /// The Merkle root is not that of the records.
    #[error("the Merkle root is not that of the records")]
    Root,
    /// A record does not continue its author's chain.
    #[error("record {id}: {fault}")]
    Chain {
        /// The record.
        id: RecordId,
        /// Why.
        fault: ChainFault,
    },
    /// A record's author may not say that.
    #[error("record {id}: {reason}")]
    Inadmissible {
        /// The record.
        id: RecordId,
        /// The rule.
        reason: Inadmissible,
    },
    /// It closes a round before the time, or fails to close one that is due.
    #[error("the seal {}", if *due { "does not close the round that is due" } else { "closes a round before its time" })]
    Closing {
        /// Is a close due?
        due: bool,
    },
    /// The outcome computed from the records is not the one in the header.
    #[error("the outcome computed from the log is {computed}, the seal says {sealed}")]
    Outcome {
        /// Computed here.
        computed: OutcomeDigest,
        /// In the header.
        sealed: OutcomeDigest,
    },
}

/// What a seal has changed.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// The round it closed, if it closed one.
    pub closing: Option<Arc<Closing>>,
    /// Records that changed nothing, and why.
    pub void: Vec<(RecordId, Void)>,
}

impl Ledger {
    /// The header of a seal with these records, sorted by author and number, at this time.
    ///
    /// # Errors
    /// [`SealFault`] when they cannot be sealed next.
    pub fn seal(&self, time: u64, records: &[Received]) -> Result<SealHeader, SealFault> {
        self.check_records(records)?;
        let mut header = SealHeader {
            community: self.community.id,
            height: self.height + 1,
            previous: self.head,
            time,
            count: u32::try_from(records.len()).map_err(|_| SealFault::TooLarge)?,
            root: root(records),
            closes: None,
        };
        if time >= self.close {
            header.closes = Some(self.preview(&header, records).digest);
        }
        self.check_header(&header, records, header.root)?;
        Ok(header)
    }

    /// Checks everything about a seal but its certificate and the records' signatures, the outcome
    /// included, and changes nothing.
    ///
    /// # Errors
    /// [`SealFault`] that names the first fault.
    pub fn judge(&self, header: &SealHeader, records: &[Received]) -> Result<(), SealFault> {
        self.check_header(header, records, root(records))?;
        self.check_records(records)?;
        match header.closes {
            None => Ok(()),
            Some(sealed) => same_outcome(self.preview(header, records).digest, sealed),
        }
    }

    /// Applies a seal. On error the ledger is unchanged.
    ///
    /// The certificate and the signatures of records are checked by the caller, in batches.
    ///
    /// # Errors
    /// [`SealFault`] that names the first fault.
    pub fn apply(&mut self, header: &SealHeader, records: &[Received]) -> Result<Applied, SealFault> {
        self.apply_with_root(header, records, root(records))
    }

    /// Applies a seal of which somebody has computed the Merkle root of the records before. On error the
    /// ledger is unchanged.
    pub(crate) fn apply_with_root(
        &mut self,
        header: &SealHeader,
        records: &[Received],
        root: Root,
    ) -> Result<Applied, SealFault> {
        self.check_header(header, records, root)?;
        self.check_records(records)?;
        let Some(sealed) = header.closes else {
            return Ok(Applied { closing: None, void: self.fold(header, records) });
        };
        let before = self.mark();
        let void = self.fold(header, records);
        let closing = Arc::new(self.decide(header));
        if let Err(fault) = same_outcome(closing.digest, sealed) {
            self.go_back(before);
            return Err(fault);
        }
        self.keep();
        self.settle(&closing);
        Ok(Applied { closing: Some(closing), void })
    }

    /// From now on every change can be undone. Returns all but what notes its own changes.
    fn mark(&mut self) -> Self {
        let (chains, members) = (mem::take(&mut self.chains), mem::take(&mut self.members));
        let rest = self.clone();
        (self.chains, self.members) = (chains, members);
        self.chains.mark();
        self.members.mark();
        rest
    }

    /// The changes since the mark stay.
    fn keep(&mut self) {
        self.chains.keep();
        self.members.keep();
    }

    /// Undoes every change since the mark.
    fn go_back(&mut self, mut rest: Self) {
        mem::swap(&mut rest.chains, &mut self.chains);
        mem::swap(&mut rest.members, &mut self.members);
        *self = rest;
        self.chains.go_back();
        self.members.go_back();
    }

    /// The closing that a seal would bring about.
    fn preview(&self, header: &SealHeader, records: &[Received]) -> Arc<Closing> {
        let mut next = self.clone();
        next.fold(header, records);
        Arc::new(next.decide(header))
    }

    /// The outcome if the round closed at this time with these further records, which may be any that
    /// would be admissible one after another: what a node shows as provisional.
    #[must_use]
    pub fn provisional(&self, time: u64, records: &[Received]) -> Arc<Closing> {
        self.preview(&self.closing_at(time), records)
    }

    /// The same without a copy of the ledger: it is changed, and changed back. For whoever asks often.
    #[must_use]
    pub fn try_on(&mut self, time: u64, records: &[Received]) -> Arc<Closing> {
        let header = self.closing_at(time);
        let before = self.mark();
        self.fold(&header, records);
        let closing = Arc::new(self.decide(&header));
        self.go_back(before);
        closing
    }

    /// A seal that would close the round at this time, as far as the outcome depends on it.
    fn closing_at(&self, time: u64) -> SealHeader {
        SealHeader {
            community: self.community.id,
            height: self.height + 1,
            previous: self.head,
            time,
            count: 0,
            root: SealHeader::root_of(&[]),
            closes: None,
        }
    }

    /// The root is that of the records.
    fn check_header(&self, header: &SealHeader, records: &[Received], root: Root) -> Result<(), SealFault> {
        if header.community != self.community.id {
            return Err(SealFault::Community);
        }
        if header.height != self.height + 1 {
            return Err(SealFault::Height { height: header.height, expected: self.height + 1 });
        }
        if header.previous != self.head {
            return Err(SealFault::Previous);
        }
        if header.time <= self.time {
            return Err(SealFault::Time { time: header.time, before: self.time });
        }
        if header.count as usize != records.len() {
            return Err(SealFault::Count { counted: header.count, present: records.len() });
        }
        let bytes: usize = records.iter().map(|received| received.bytes.len()).sum();
        if records.len() > limits::SEAL_RECORDS || bytes > limits::SEAL_BYTES {
            return Err(SealFault::TooLarge);
        }
        let due = header.time >= self.close;
        if due != header.closes.is_some() {
            return Err(SealFault::Closing { due });
        }
        if records.is_empty() && !due {
            return Err(SealFault::Idle);
        }
        for pair in records.windows(2) {
            if pair[0].order() >= pair[1].order() {
                return Err(SealFault::Order { id: pair[1].id });
            }
        }
        if root != header.root {
            return Err(SealFault::Root);
        }
        Ok(())
    }

    /// Every record continues its chain, and its author may say it.
    fn check_records(&self, records: &[Received]) -> Result<(), SealFault> {
        let mut before: Option<(&Received, ChainHead)> = None;
        for received in records {
            let id = received.id;
            let author = &received.record().author;
            let chain = match before {
                Some((previous, chain)) if previous.record().author == *author => chain,
                _ => self.chain(author),
            };
            chain.accepts(received).map_err(|fault| SealFault::Chain { id, fault })?;
            self.within_quota(author, &chain)
                .and_then(|()| self.admissible(received.record()))
                .map_err(|reason| SealFault::Inadmissible { id, reason })?;
            before = Some((received, chain.after(received, self.round)));
        }
        Ok(())
    }

    /// Carries out records that have passed the checks: in their order, but lost keys are replaced last, so that what
    /// they have said in the same seal counts whichever author comes first.
    fn fold(&mut self, header: &SealHeader, records: &[Received]) -> Vec<(RecordId, Void)> {
        let mut void = Vec::new();
        let mut last = Vec::new();
        for (position, received) in (0..).zip(records) {
            let author = received.record().author;
            let place = (header.height, position);
            let carried = if matches!(received.record().body, Body::ReplaceKey { .. }) {
                last.push((received, place));
                Ok(())
            } else {
                self.carry_out(received, place, header.time)
            };
            let chain = self.chains.get_or_insert(author, ChainHead::EMPTY);
            *chain = chain.after(received, self.round);
            if let Err(reason) = carried {
                chain.retired = false;
                void.push((received.id, reason));
            }
        }
        for (received, place) in last {
            if let Err(reason) = self.carry_out(received, place, header.time) {
                void.push((received.id, reason));
            }
        }
        self.void.extend(void.iter().copied());
        self.height = header.height;
        self.head = header.id();
        self.time = header.time;
        self.records += records.len() as u64;
        void
    }
}

fn root(records: &[Received]) -> Root {
    let ids: Vec<RecordId> = records.iter().map(|received| received.id).collect();
    SealHeader::root_of(&ids)
}

fn same_outcome(computed: OutcomeDigest, sealed: OutcomeDigest) -> Result<(), SealFault> {
    if computed == sealed { Ok(()) } else { Err(SealFault::Outcome { computed, sealed }) }
}
