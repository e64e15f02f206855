//! Intake: the one path for gossip, catch-up, import and the local API.
//!
//! Bytes -> well-formed -> signed -> linked -> admissible -> in the batch for the store. What comes
//! before what it needs is parked. Another branch of a chain is kept as a fork, and proved.

use std::collections::BTreeMap;

use mutua_protocol::{
    codec,
    hash::RecordId,
    keys::{PublicKey, verify_batch},
    ledger::{ChainFault, Inadmissible, Proposal, ProposalStatus, Void},
    limits,
    records::{Body, BodyError, Fork, MalformedRecord, Received, SignedRecord},
};

use super::{
    Core, CoreError, Event, Now, Output, Reception, ReceptionStatus, Signed, TakenRecord,
    feed::NAMED,
    limits::{FORKS, TAIL_RECORDS},
};
use crate::{network::Verdict, wire};

/// Forks that this node has seen and no seal holds the evidence of, one for each author.
#[derive(Debug, Default)]
pub(super) struct Forks(pub(super) BTreeMap<PublicKey, SeenFork>);

/// A fork, and when it was seen.
#[derive(Debug)]
pub(super) struct SeenFork {
    pub(super) sequence: u64,
    pub(super) fork: Fork,
    pub(super) since: u64,
    /// This node has done its part: it has written the evidence, or found another's.
    pub(super) settled: bool,
}

/// Why records of others are of no use.
#[derive(Debug)]
pub(super) struct Unfit {
    /// The short name of the rule.
    pub(super) rule: &'static str,
    /// Should the sender have known it?
    pub(super) is_to_blame: bool,
}

/// What became of a record, inside.
#[derive(Debug)]
pub(super) enum Taken {
    Accepted,
    Held,
    Parked(String),
    Refused(&'static str, String),
}

impl From<Taken> for ReceptionStatus {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Accepted => Self::Accepted,
            Taken::Held => Self::Held,
            Taken::Parked(reason) => Self::Parked { reason },
            Taken::Refused(rule, reason) => Self::Refused { rule: rule.to_owned(), reason },
        }
    }
}

/// The short name of a malformation.
pub(super) fn malformed_rule(error: &MalformedRecord) -> &'static str {
    match error {
        MalformedRecord::Codec(_) => "bytes",
        MalformedRecord::Community(_) => "other-community",
        MalformedRecord::Sequence(_) => "sequence",
        MalformedRecord::Body { error: BodyError::Evidence(_), .. } => "evidence",
        MalformedRecord::Body { .. } => "body",
    }
}

/// The short name of a rule, which is its name in JSON.
fn rule_of(reason: &Inadmissible) -> &'static str {
    match reason {
        Inadmissible::UnknownAuthor { .. } => "unknown-author",
        Inadmissible::Suspended { .. } => "suspended",
        Inadmissible::Left => "left",
        Inadmissible::Retired { .. } => "retired",
        Inadmissible::Role { .. } => "role",
        Inadmissible::NotMember { .. } => "not-member",
        Inadmissible::NamedInCharter => "named-in-charter",
        Inadmissible::UnknownKey { .. } => "unknown-key",
        Inadmissible::UnknownProposal { .. } => "unknown-proposal",
        Inadmissible::VoidReference { .. } => "void-reference",
        Inadmissible::NotOwn { .. } => "not-own",
        Inadmissible::OtherKind { .. } => "other-kind",
        Inadmissible::UnknownTerms { .. } => "unknown-terms",
        Inadmissible::UnknownAttestation { .. } => "unknown-attestation",
        Inadmissible::OtherAttestor { .. } => "other-attestor",
        Inadmissible::FutureRound { .. } => "future-round",
        Inadmissible::OpenRound { .. } => "open-round",
        Inadmissible::UnknownArgument { .. } => "unknown-argument",
        Inadmissible::NotQuestion { .. } => "not-question",
        Inadmissible::TooDeep { .. } => "too-deep",
        Inadmissible::OwnArgument { .. } => "own-argument",
        Inadmissible::UnknownCharter { .. } => "unknown-charter",
        Inadmissible::CannotFollow { .. } => "cannot-follow",
        Inadmissible::TooMany { .. } => "quota",
    }
}

impl Core {
    /// Takes records from this node's own users. When the answer has been committed, they are durable.
    ///
    /// Stricter than what is taken from others: a record that would fork its author's chain is refused here, before anybody
    /// else has seen it, and so is one that would change nothing, unless it was signed [apart](Signed::Apart): were that refused,
    /// its author's chain could not go on.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn submit(
        &mut self,
        now: Now,
        records: &[Vec<u8>],
        place: Signed,
    ) -> Result<Vec<Reception>, CoreError> {
        self.now = now;
        let decoded: Vec<Result<Received, MalformedRecord>> =
            records.iter().map(|bytes| Received::decode(bytes, &self.community)).collect();
        let claims: Vec<_> = decoded.iter().flatten().map(Received::claim).collect();
        let bad = verify_batch(&claims).err().unwrap_or_default();
        let mut position = 0;
        let mut receptions = Vec::with_capacity(records.len());
        for entry in decoded {
            let reception = match entry {
                Err(error) => {
                    let rule = malformed_rule(&error);
                    let status = Taken::Refused(rule, error.to_string()).into();
                    Reception { id: None, status, no_effect: None }
                }
                Ok(received) => {
                    let signed = bad.binary_search(&position).is_err();
                    position += 1;
                    let id = Some(received.id);
                    let (taken, void) = if signed {
                        self.take_own(received, place)?
                    } else {
                        (Taken::Refused("signature", "the signature is not the author's".to_owned()), None)
                    };
                    Reception { id, status: taken.into(), no_effect: void.map(|void| void.to_string()) }
                }
            };
            if let ReceptionStatus::Refused { rule, .. } = &reception.status {
                self.counters.refuse(rule);
            }
            receptions.push(reception);
        }
        Ok(receptions)
    }

    /// What becomes of a record of this node's users, and why it would have no effect if it is taken all the same.
    fn take_own(&mut self, received: Received, place: Signed) -> Result<(Taken, Option<Void>), CoreError> {
        if self.holds(&received)? {
            return Ok((Taken::Held, None));
        }
        let (author, sequence) = received.order();
        let chain = self.chain(&author);
        if sequence <= chain.sequence {
            let reason = format!(
                "{author} has signed another record with number {sequence}; the next number is {}. \
                 Two records with one number would be proof of misbehaviour, so this one is not told to anybody",
                chain.sequence + 1
            );
            return Ok((Taken::Refused("fork", reason), None));
        }
        let void = self
            .ledger
            .admissible(received.record())
            .is_ok()
            .then(|| self.ledger.preflight(received.record(), self.now.wall).err())
            .flatten();
        if let Some(void) = void.filter(|_| place == Signed::Here) {
            let rule = if void == Void::AfterClose { "after-close" } else { "no-effect" };
            return Ok((Taken::Refused(rule, format!("it would change nothing: {void}")), None));
        }
        // What was parked here and never told to anybody, its author may still say differently.
        self.forget_untold_rivals(&received);
        let (id, bytes) = (received.id, received.bytes.clone());
        let was_told = self.parked.has(&id);
        let taken = self.take(received)?;
        match &taken {
            Taken::Accepted => self.fresh.push(bytes),
            Taken::Parked(_) if !was_told => {
                self.untold.retain(|id| self.parked.has(id));
                self.untold.insert(id);
            }
            _ => {}
        }
        let void = void.filter(|_| matches!(taken, Taken::Accepted));
        Ok((taken, void))
    }

    /// Lets go of records that wait here for their own author, who has given their numbers back. If others may know one
    /// of them, it is named, and all stay.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn let_go(&mut self, ids: &[RecordId]) -> Result<Option<RecordId>, CoreError> {
        for id in ids {
            let waits_for_others = self.parked.has(id) && !self.untold.contains(id);
            if waits_for_others || self.tail.get(id).is_some() || self.record(id)?.is_some() {
                return Ok(Some(*id));
            }
        }
        for id in ids {
            self.untold.remove(id);
            self.parked.forget(id);
        }
        Ok(None)
    }

    /// Takes a record that came from others.
    pub(super) fn take_told(&mut self, received: Received) -> Result<Taken, CoreError> {
        self.is_told(&received);
        self.take(received)
    }

    /// Others have seen this record: what was parked here beside it and told to nobody gives way, or it would become the proof
    /// of a fork.
    pub(super) fn is_told(&mut self, received: &Received) {
        if self.untold.is_empty() {
            return;
        }
        self.untold.remove(&received.id);
        self.forget_untold_rivals(received);
    }

    fn forget_untold_rivals(&mut self, received: &Received) {
        for rival in self.parked.rivals(received) {
            if self.untold.remove(&rival) {
                self.parked.forget(&rival);
            }
        }
    }

    /// Is this very record held, sealed or not?
    pub(super) fn holds(&self, received: &Received) -> Result<bool, CoreError> {
        if self.tail.get(&received.id).is_some() {
            return Ok(true);
        }
        let (author, sequence) = received.order();
        Ok(sequence <= self.ledger.chain(&author).sequence && self.record(&received.id)?.is_some())
    }

    /// Takes a record whose signature holds, from whomever, and then what it was waited for with.
    pub(super) fn take(&mut self, received: Received) -> Result<Taken, CoreError> {
        let author = received.record().author;
        let taken = self.take_one(received)?;
        if matches!(taken, Taken::Accepted) {
            for waiting in self.parked.take_of(&author) {
                if let Taken::Refused(rule, _) = self.take_one(waiting)? {
                    self.counters.refuse(rule);
                }
            }
        }
        Ok(taken)
    }

    fn take_one(&mut self, received: Received) -> Result<Taken, CoreError> {
        if self.holds(&received)? {
            return Ok(Taken::Held);
        }
        let (author, _) = received.order();
        let chain = self.chain(&author);
        match chain.accepts(&received) {
            Ok(()) => {}
            Err(fault @ ChainFault::Retired) => return Ok(Taken::Refused("retired", fault.to_string())),
            Err(ChainFault::Sequence { number, expected }) if number > expected => {
                let reason = format!("record {} of its author's chain has not come yet", number - 1);
                return Ok(self.park(received, "predecessor", reason));
            }
            Err(_) => return self.other_branch(received),
        }
        if self.tail.len() >= TAIL_RECORDS {
            return Ok(Taken::Refused(
                "tail-full",
                "this node holds as many unsealed records as it can".into(),
            ));
        }
        let admissible = self
            .ledger
            .within_quota(&author, &chain)
            .and_then(|()| self.ledger.admissible(received.record()));
        match admissible {
            Ok(()) => {
                self.keep(received);
                Ok(Taken::Accepted)
            }
            Err(reason) if reason.may_pass() => Ok(self.park(received, rule_of(&reason), reason.to_string())),
            Err(reason) => Ok(Taken::Refused(rule_of(&reason), reason.to_string())),
        }
    }

    fn park(&mut self, received: Received, rule: &'static str, reason: String) -> Taken {
        let is_stranger =
            matches!(self.ledger.admissible(received.record()), Err(Inadmissible::UnknownAuthor { .. }));
        if self.parked.put(received, rule, is_stranger) {
            Taken::Parked(reason)
        } else {
            Taken::Refused("parked-full", format!("{reason}; and there is no room to keep it until then"))
        }
    }

    /// Puts a record at the end of its author's chain, for good.
    fn keep(&mut self, received: Received) {
        let (author, sequence) = received.order();
        self.batch.put_record(received.id, received.bytes.to_vec());
        self.batch.add_tail(author, sequence, received.id, self.now.wall);
        if let Body::Evidence(fork) = &received.record().body {
            tracing::warn!(author = %fork.author(), "evidence of a fork has come");
        }
        self.tell_taken(&received);
        self.tail.push(received, self.now.wall, self.now.elapsed, &self.ledger);
    }

    /// Those who watch are told of everything that one commit takes in, in one piece.
    fn tell_taken(&mut self, received: &Received) {
        let taken = TakenRecord {
            id: received.id,
            author: received.record().author,
            kind: received.record().body.kind(),
        };
        if let Some(Output::Tell(Event::Taken { count, records })) =
            self.outputs.iter_mut().rev().find(|output| matches!(output, Output::Tell(_)))
        {
            *count += 1;
            if records.len() < NAMED {
                records.push(taken);
            }
            return;
        }
        self.outputs.push(Output::Tell(Event::Taken { count: 1, records: vec![taken] }));
    }

    /// A record with a number that its author has used, or on a branch that this node does not follow.
    fn other_branch(&mut self, received: Received) -> Result<Taken, CoreError> {
        let (author, sequence) = received.order();
        if self.untold.remove(&received.id) {
            // Parked here for its own author, who has said something else since: nobody else has seen it.
            let reason = format!("its author has said something else with number {sequence} or before it");
            return Ok(Taken::Refused("other-branch", reason));
        }
        if self.forks.0.contains_key(&author) || self.ledger.suspension(&author).is_some() {
            // One fork is as good as many, and looking for the other record takes time.
            let reason = format!("its author has signed other records with number {sequence} or before");
            return Ok(Taken::Refused("fork", reason));
        }
        let held = match self.tail.at(&author, sequence) {
            Some(held) => Some(held.received.clone()),
            None if sequence <= self.ledger.chain(&author).sequence => self.sealed_at(&author, sequence)?,
            None => None,
        };
        match held {
            Some(held) => {
                self.seen_fork(&held, &received);
                let reason = format!("its author has signed {} with the same number {sequence}", held.id);
                Ok(Taken::Refused("fork", reason))
            }
            None => {
                let reason =
                    "its predecessor is a branch of the chain that this node does not hold".to_owned();
                Ok(Taken::Refused("other-branch", reason))
            }
        }
    }

    /// The sealed record of an author with this number. Forks of sealed records are rare, so it is
    /// found by walking back the chain.
    pub(super) fn sealed_at(&self, author: &PublicKey, sequence: u64) -> Result<Option<Received>, CoreError> {
        let mut id = self.ledger.chain(author).id;
        while let Some(bytes) = self.record(&id)? {
            let Ok(received) = Received::decode(&bytes, &self.community) else { return Ok(None) };
            if received.record().sequence == sequence {
                return Ok(Some(received));
            }
            id = received.record().previous;
        }
        Ok(None)
    }

    /// Remembers a fork until evidence of it is sealed, or would come too late.
    pub(super) fn seen_fork(&mut self, held: &Received, other: &Received) {
        let (author, sequence) = held.order();
        let fork = Fork::of(held, other);
        let known = self.forks.0.contains_key(&author)
            || self.ledger.may_convict(&fork).is_err()
            || self.forks.0.len() >= FORKS;
        if known {
            return;
        }
        tracing::warn!(%author, sequence, "an author has signed two records with one number");
        self.counters.forks += 1;
        self.batch.put_record(other.id, other.bytes.to_vec());
        self.batch.put_fork(author, sequence, held.id, other.id);
        self.forks.0.insert(author, SeenFork { sequence, fork, since: self.now.elapsed, settled: false });
    }

    /// Decodes and authenticates records that came from others.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub(super) fn authentic(&self, records: &[Vec<u8>]) -> Result<Vec<Received>, Unfit> {
        let mut fresh = Vec::with_capacity(records.len());
        let mut foreign = None;
        for bytes in records {
            match Received::decode(bytes, &self.community) {
                Ok(received) if self.tail.get(&received.id).is_some() => {}
                Ok(received) => fresh.push(received),
                Err(error) if self.may_be_in_order(&error, bytes) => {
                    foreign.get_or_insert(malformed_rule(&error));
                }
                Err(error) => return Err(Unfit { rule: malformed_rule(&error), is_to_blame: true }),
            }
        }
        let claims: Vec<_> = fresh.iter().map(Received::claim).collect();
        verify_batch(&claims).map_err(|_| Unfit { rule: "signature", is_to_blame: true })?;
        foreign.map_or(Ok(fresh), |rule| Err(Unfit { rule, is_to_blame: false }))
    }

    /// Can these bytes be in order under an amended charter that this node has yet to learn of? Then whoever has told them is
    /// not to blame. What is no record under any charter, or is not its author's, is never excused: else a peer could
    /// claim a great height, and send anything.
    fn may_be_in_order(&self, error: &MalformedRecord, bytes: &[u8]) -> bool {
        let depends_on_charter = match error {
            MalformedRecord::Codec(_) => true,
            MalformedRecord::Body { error, .. } => !matches!(error, BodyError::Evidence(_)),
            MalformedRecord::Community(_) | MalformedRecord::Sequence(_) => false,
        };
        let is_behind = || {
            let open = |proposal: &Proposal| {
                proposal.status == ProposalStatus::Open && proposal.subject.change().is_some()
            };
            self.catchup.is_behind(self.ledger.height()) || self.ledger.proposals().values().any(open)
        };
        let is_signed = || {
            codec::decode::<SignedRecord>(bytes, limits::RECORD_BYTES).is_ok_and(|signed| {
                signed.record.community == self.community.id
                    && Received::own(signed).signed_header().check().is_ok()
            })
        };
        depends_on_charter && is_behind() && is_signed()
    }

    /// Records told by a peer.
    pub(super) fn gossiped_records(&mut self, data: &[u8]) -> Result<Verdict, CoreError> {
        let records: Vec<Vec<u8>> = match wire::decode(data) {
            Ok(records) => records,
            Err(_) => {
                self.counters.refuse("bytes");
                return Ok(Verdict::Reject);
            }
        };
        if records.len() > wire::GOSSIP_RECORDS {
            self.counters.refuse("gossip-size");
            return Ok(Verdict::Reject);
        }
        let fresh = match self.authentic(&records) {
            Ok(fresh) => fresh,
            Err(Unfit { rule, is_to_blame }) => {
                self.counters.refuse(rule);
                return Ok(if is_to_blame { Verdict::Reject } else { Verdict::Ignore });
            }
        };
        let mut verdict = Verdict::Ignore;
        for received in fresh {
            match self.take_told(received)? {
                Taken::Accepted => verdict = Verdict::Accept,
                Taken::Refused(rule, _) => self.counters.refuse(rule),
                Taken::Held | Taken::Parked(_) => {}
            }
        }
        Ok(verdict)
    }

    /// Tells others what this node's users have handed in.
    pub(super) fn publish_fresh(&mut self) {
        let mut message: Vec<Vec<u8>> = Vec::new();
        let mut size = 0;
        for bytes in std::mem::take(&mut self.fresh) {
            if message.len() == wire::GOSSIP_RECORDS || size + bytes.len() > wire::GOSSIP_BYTES {
                self.publish_records(std::mem::take(&mut message));
                size = 0;
            }
            size += bytes.len();
            message.push(bytes.to_vec());
        }
        if !message.is_empty() {
            self.publish_records(message);
        }
    }

    fn publish_records(&mut self, records: Vec<Vec<u8>>) {
        let data = wire::encode(&records);
        self.outputs.push(super::Output::Publish(crate::network::Topic::Records, data));
    }

    /// Takes up the tail that the store holds.
    pub(super) fn load_tail(&mut self) -> Result<(), CoreError> {
        let entries: Vec<_> = self.reader.tail().collect::<Result<_, _>>()?;
        for (author, sequence, id, arrived) in entries {
            let Some(bytes) = self.reader.record(&id)? else { continue };
            let Ok(received) = Received::decode(&bytes, &self.community) else { continue };
            if self.chain(&author).accepts(&received).is_ok() {
                self.tail.push(received, arrived, self.now.elapsed, &self.ledger);
            } else {
                self.batch.remove_tail(author, sequence);
            }
        }
        for author in self.tail.authors() {
            for held in self.tail.review(&author, &self.ledger) {
                self.batch.remove_tail(author, held.received.order().1);
            }
        }
        Ok(())
    }

    /// Takes up the forks that the store holds and evidence of which would still convict.
    pub(super) fn load_forks(&mut self) -> Result<(), CoreError> {
        let entries: Vec<_> = self.reader.forks().collect::<Result<_, _>>()?;
        for (author, sequence, a, b) in entries {
            let (Some(a), Some(b)) = (self.reader.record(&a)?, self.reader.record(&b)?) else { continue };
            let decode = |bytes: &[u8]| Received::decode(bytes, &self.community);
            let (Ok(a), Ok(b)) = (decode(&a), decode(&b)) else { continue };
            let fork = Fork::of(&a, &b);
            if self.ledger.may_convict(&fork).is_ok() {
                let since = self.now.elapsed;
                self.forks.0.insert(author, SeenFork { sequence, fork, since, settled: false });
            }
        }
        Ok(())
    }
}
