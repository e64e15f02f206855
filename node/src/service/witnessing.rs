//! Witnessing: building seals, judging them, and carrying out what the engine asks for.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use libp2p::PeerId;
use mutua_protocol::{
    charter::{Charter, Community},
    hash::{RecordId, SealId},
    keys::{PublicKey, SecretKey},
    limits::{SEAL_BYTES, SEAL_RECORDS},
    records::{Body, Received, Record},
    seals::{Certificate, SealHeader},
};

use super::{
    Core, CoreError, Output, WitnessStatus,
    intake::Taken,
    limits::{BACKLOG_MS, FETCHED, GATHER_RECORDS, GATHER_RECORDS_MS, JUDGEMENTS, TAIL_RECORDS},
    sealing::NotApplied,
};
use crate::{
    network::{Topic, Verdict},
    wire::SealNotice,
    witness::{
        Engine, Fault, Input, NotAWitness, Output as EngineOutput, ProposedSeal, TimeoutId, Timing,
        WitnessMessage,
    },
};

/// What a node needs to be a witness.
pub(super) struct Witnessing {
    engine: Engine,
    key: SecretKey,
    position: u64,
    timeouts: BTreeMap<TimeoutId, u64>,
    judgements: Vec<Judgement>,
    fetched: BTreeMap<RecordId, Received>,
    decided: Option<Decided>,
    halted: Option<String>,
    /// A height and round in which it is this node's turn to propose, and there was nothing yet.
    turn: Option<(u64, u32)>,
}

/// A proposed seal that waits for its records.
struct Judgement {
    height: u64,
    /// In which it was proposed first.
    round: u32,
    value: SealId,
    fresh: bool,
    seal: ProposedSeal,
    source: Option<PeerId>,
}

/// A seal that is agreed on and waits for its records.
struct Decided {
    header: SealHeader,
    ids: Vec<RecordId>,
    certificate: Certificate,
}

impl Witnessing {
    /// What a node with this key needs under this charter: nothing, if the charter does not name it as a witness.
    pub(super) fn under(community: &Arc<Community>, key: Option<&SecretKey>, sealed: u64) -> Option<Self> {
        let key = key?.clone();
        match Self::new(community, key, sealed) {
            Ok(witnessing) => Some(witnessing),
            Err(error) => {
                tracing::warn!(
                    "{error} under the charter in force: this node only follows, and witnesses as soon as an amended \
                     charter names its key"
                );
                None
            }
        }
    }

    fn new(community: &Arc<Community>, key: SecretKey, sealed: u64) -> Result<Self, NotAWitness> {
        let witnesses = community.witnesses.clone();
        let me = key.public();
        let position = witnesses.witnesses().iter().take_while(|witness| witness.key < me).count() as u64;
        let engine = Engine::new(community.id, witnesses, key.clone(), Timing::default(), sealed)?;
        Ok(Self {
            engine,
            key,
            position,
            timeouts: BTreeMap::new(),
            judgements: Vec::new(),
            fetched: BTreeMap::new(),
            decided: None,
            halted: None,
            turn: None,
        })
    }

    /// When the first timeout runs out.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.timeouts.values().min().copied()
    }

    /// Records that proposed or agreed seals wait for, those that matter most first: a liar's proposals of
    /// records that nobody has do not stand in the way of the one whose turn it is.
    fn wanted(&self) -> impl Iterator<Item = (&RecordId, Option<PeerId>)> {
        let decided = self.decided.iter().flat_map(|decided| decided.ids.iter().map(|id| (id, None)));
        let (backed, mut fresh): (Vec<&Judgement>, Vec<&Judgement>) =
            self.judgements.iter().rev().partition(|judgement| !judgement.fresh);
        let round = self.engine.status().round;
        fresh.sort_by_key(|judgement| judgement.round != round);
        let judged = backed
            .into_iter()
            .chain(fresh)
            .flat_map(|judgement| judgement.seal.ids.iter().map(move |id| (id, judgement.source)));
        decided.chain(judged)
    }

    /// Notes a question of the engine. When there are too many, the oldest that only its proposer stands for is
    /// returned, to be answered with no: if two thirds find that seal acceptable, the engine asks again.
    fn note(&mut self, judgement: Judgement) -> Option<Judgement> {
        let crowded = self.judgements.len() >= JUDGEMENTS;
        let oldest = self.judgements.iter().position(|judgement| judgement.fresh).filter(|_| crowded);
        let evicted = oldest.map(|oldest| self.judgements.remove(oldest));
        self.judgements.push(judgement);
        evicted
    }
}

impl Core {
    /// What this node does as a witness.
    pub(super) fn witness_status(&self) -> Option<WitnessStatus> {
        let witnessing = self.witnessing.as_ref()?;
        let status = witnessing.engine.status();
        Some(WitnessStatus {
            key: witnessing.key.public(),
            height: status.height,
            round: status.height.map(|_| status.round),
            halted: witnessing.halted.clone(),
        })
    }

    /// The charter may name other witnesses than before: who is one now begins with the next height, and who is none
    /// any more stops. What was said about the heights before is over, and its log is cleared with the seal.
    pub(super) fn follow_witnesses(&mut self) {
        let same = |witnessing: &Witnessing| *witnessing.engine.witnesses() == self.community.witnesses;
        if self.witnessing.as_ref().is_some_and(same) {
            return;
        }
        self.witnessing = Witnessing::under(&self.community, self.witness_key.as_ref(), self.ledger.height());
    }

    /// After a start: a height that was being agreed on goes on from its log.
    pub(super) fn resume_witnessing(&mut self) -> Result<(), CoreError> {
        let height = self.ledger.height() + 1;
        if self.witnessing.is_some() && !self.reader.log(height)?.is_empty() {
            self.start_height()?;
        }
        Ok(())
    }

    /// Starts the next height when it is time, and lets timeouts run out.
    pub(super) fn witness_tick(&mut self) -> Result<(), CoreError> {
        let Some(witnessing) = &mut self.witnessing else { return Ok(()) };
        let elapsed = self.now.elapsed;
        let due: Vec<TimeoutId> =
            witnessing.timeouts.iter().filter(|(_, at)| **at <= elapsed).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(witnessing) = &mut self.witnessing {
                witnessing.timeouts.remove(&id);
                let outputs = witnessing.engine.handle(Input::Timeout(id));
                self.carry_out(outputs, None)?;
            }
        }
        self.prove_forks()?;
        if self.is_time_to_seal() {
            self.start_height()?;
        }
        let proposed = self.propose();
        self.carry_out(proposed, None)?;
        self.settle_judgements()?;
        self.fetch_wanted();
        Ok(())
    }

    /// Can the next height be started? Not while this one is under way, agreed on and waiting for its records, or
    /// given up.
    fn is_idle(&self) -> bool {
        self.disagreement.is_none()
            && self.witnessing.as_ref().is_some_and(|witnessing| {
                witnessing.engine.status().height.is_none()
                    && witnessing.decided.is_none()
                    && witnessing.halted.is_none()
            })
    }

    fn is_time_to_seal(&self) -> bool {
        if !self.is_idle() {
            return false;
        }
        if self.now.wall >= self.ledger.close() {
            return true;
        }
        // Nothing but the close can come next when the seals are ahead of this clock.
        self.ledger.time() + 1 < self.ledger.close()
            && (self.tail.ready() >= GATHER_RECORDS
                || self.tail.oldest().is_some_and(|since| since + GATHER_RECORDS_MS <= self.now.elapsed))
    }

    fn start_height(&mut self) -> Result<(), CoreError> {
        let height = self.ledger.height() + 1;
        let log = self.reader.log(height)?;
        if let Some(witnessing) = &mut self.witnessing {
            let outputs = witnessing.engine.start_height(height, log);
            self.carry_out(outputs, None)?;
        }
        Ok(())
    }

    /// The ledger has moved on, by agreement or by catch-up.
    pub(super) fn witness_sealed(&mut self, height: u64) -> Result<(), CoreError> {
        if let Some(witnessing) = &mut self.witnessing {
            witnessing.judgements.clear();
            witnessing.fetched.clear();
            witnessing.decided = None;
            witnessing.halted = None;
            witnessing.turn = None;
            let outputs = witnessing.engine.sealed(height);
            self.carry_out(outputs, None)?;
        }
        Ok(())
    }

    /// A message of the witnesses, told by a peer.
    pub(super) fn gossiped_witness(&mut self, source: PeerId, data: &[u8]) -> Result<Verdict, CoreError> {
        let Ok(message) = WitnessMessage::decode(data) else {
            self.counters.refuse("bytes");
            return Ok(Verdict::Reject);
        };
        if message.height() <= self.ledger.height() {
            return Ok(Verdict::Ignore);
        }
        let Some(witnessing) = &mut self.witnessing else {
            // Not a witness: passed on when it is sound, so that witnesses need not be neighbours.
            let sound = message.check(self.community.id, &self.community.witnesses);
            if message.height() > self.ledger.height() + 1
                && sound.as_ref().is_err_and(Fault::is_about_the_set)
            {
                // Before that height the charter may name others.
                return Ok(Verdict::Ignore);
            }
            return Ok(self.witness_verdict(sound));
        };
        let outputs = witnessing.engine.handle(Input::Message(message));
        let mut verdict = Verdict::Accept;
        for output in &outputs {
            match output {
                EngineOutput::Misbehaved(fault) => {
                    tracing::debug!(%fault, "a witness message is at fault");
                    self.counters.refuse("witness-message");
                    verdict = Verdict::Reject;
                }
                EngineOutput::Ignored(_) if verdict == Verdict::Accept => verdict = Verdict::Ignore,
                _ => {}
            }
        }
        self.carry_out(outputs, Some(source))?;
        Ok(verdict)
    }

    fn witness_verdict(&mut self, sound: Result<(), Fault>) -> Verdict {
        match sound {
            Ok(()) => Verdict::Accept,
            Err(fault) => {
                tracing::debug!(%fault, "a witness message is at fault");
                self.counters.refuse("witness-message");
                Verdict::Reject
            }
        }
    }

    /// Carries out what the engine asks for, in order, and what follows from that.
    fn carry_out(&mut self, outputs: Vec<EngineOutput>, source: Option<PeerId>) -> Result<(), CoreError> {
        let mut queue: VecDeque<EngineOutput> = outputs.into();
        while let Some(output) = queue.pop_front() {
            let Some(witnessing) = &mut self.witnessing else { return Ok(()) };
            match output {
                EngineOutput::Log(entry) => {
                    self.batch.append_log(self.ledger.height() + 1, entry);
                }
                EngineOutput::Publish(message) => {
                    self.outputs.push(Output::Publish(Topic::Witness, message.encode()));
                }
                EngineOutput::Schedule { id, after_ms } => {
                    witnessing.timeouts.insert(id, self.now.elapsed + after_ms);
                }
                EngineOutput::Cancel(id) => {
                    witnessing.timeouts.remove(&id);
                }
                EngineOutput::CancelAll => witnessing.timeouts.clear(),
                EngineOutput::NeedValue { height, round } => {
                    witnessing.turn = Some((height, round));
                    queue.extend(self.propose());
                }
                EngineOutput::Judge { height, round, quorum, value, seal, .. } => {
                    let fresh = quorum.is_none();
                    let judgement = Judgement { height, round, value, fresh, seal, source };
                    if let Some(Judgement { height, value, .. }) = witnessing.note(judgement) {
                        let refusal = Input::Judged { height, value, valid: false };
                        queue.extend(witnessing.engine.handle(refusal));
                    }
                    queue.extend(self.judge_what_is_held()?);
                }
                EngineOutput::Decided { header, ids, certificate, .. } => {
                    witnessing.decided = Some(Decided { header, ids, certificate });
                    self.settle_decided()?;
                }
                EngineOutput::Equivocation(proof) => {
                    tracing::error!(witness = %proof.witness(), "a witness has contradicted itself");
                    self.counters.refuse("equivocation");
                    self.seen_evidence(proof.evidence());
                }
                EngineOutput::Ahead { height, backed, .. } => {
                    if height == self.ledger.height() + 1 {
                        // A single witness cannot make the others vote about nothing: one more has to speak
                        // of it, or something has to wait. What was said until then is kept.
                        let wanted = backed || self.tail.len() > 0 || self.now.wall >= self.ledger.close();
                        if wanted
                            && witnessing.engine.status().height.is_none()
                            && self.disagreement.is_none()
                        {
                            let log = self.reader.log(height)?;
                            if let Some(witnessing) = &mut self.witnessing {
                                queue.extend(witnessing.engine.start_height(height, log));
                            }
                        }
                    } else if backed {
                        self.catchup.poll_now(self.now.elapsed);
                    }
                }
                EngineOutput::Misbehaved(_) | EngineOutput::Ignored(_) => {}
                EngineOutput::Halted { height, reason } => {
                    tracing::error!(height, "this witness stops voting at this height: {reason}");
                    witnessing.halted = Some(reason);
                }
            }
        }
        Ok(())
    }

    /// Proposes a seal, if it is this node's turn and there is something to seal.
    fn propose(&mut self) -> Vec<EngineOutput> {
        let Some((height, round)) = self.witnessing.as_ref().and_then(|witnessing| witnessing.turn) else {
            return Vec::new();
        };
        let Some(seal) = self.build(round) else { return Vec::new() };
        let Some(witnessing) = &mut self.witnessing else { return Vec::new() };
        witnessing.turn = None;
        witnessing.engine.handle(Input::Propose { height, round, seal })
    }

    /// Builds the seal that this node would propose in this round.
    fn build(&self, round: u32) -> Option<ProposedSeal> {
        let (close, next) = (self.ledger.close(), self.ledger.time() + 1);
        let mut time = self.now.wall.max(next);
        let due = time >= close;
        if due && self.now.wall < close {
            return None;
        }
        let (records, full) = self.tail.gather(due.then_some(close));
        let crowded = if due { full } else { is_full(&self.community.charter, &records) };
        if crowded && self.is_dispute(round) && next < close {
            time = time.min(self.before_close(round));
        }
        if records.is_empty() && time < close {
            return None;
        }
        match self.ledger.seal(time, &records) {
            Ok(header) => {
                let ids = records.iter().map(|received| received.id).collect();
                Some(ProposedSeal { header, ids })
            }
            Err(fault) => {
                tracing::error!("cannot build a seal: {fault}");
                None
            }
        }
    }

    /// The latest time of a full seal that does not close: more may have come before the close than fits the seal that
    /// closes, and seals of the time before take it in first. The earlier each of them, the more there can be. The round
    /// makes each another seal, so that it is judged anew.
    fn before_close(&self, round: u32) -> u64 {
        let (close, next) = (self.ledger.close(), self.ledger.time() + 1);
        // No further from the clock than the others allow.
        let room = BACKLOG_MS.min(self.community.charter.sealing.drift / 2);
        let early = next.max(close.saturating_sub(room)).saturating_add(u64::from(round));
        early.min(close.saturating_sub(1))
    }

    /// Is there still time to insist? When every witness has had its turn twice, the honest ones differ in what
    /// came to them, as after an outage, and one of them has to give in for seals to go on.
    fn is_dispute(&self, round: u32) -> bool {
        (round as usize) < 2 * self.community.witnesses.witnesses().len()
    }

    /// A record that is held or was fetched.
    fn find(&self, id: &RecordId) -> Option<&Received> {
        self.tail
            .get(id)
            .map(|held| &held.received)
            .or_else(|| self.witnessing.as_ref().and_then(|witnessing| witnessing.fetched.get(id)))
    }

    fn find_all(&self, ids: &[RecordId]) -> Option<Vec<Received>> {
        if ids.iter().any(|id| self.find(id).is_none()) {
            return None;
        }
        ids.iter().map(|id| self.find(id).cloned()).collect()
    }

    /// Judges the proposed seals whose records are all held, and gives the engine the verdicts.
    fn judge_what_is_held(&mut self) -> Result<Vec<EngineOutput>, CoreError> {
        let Some(witnessing) = &mut self.witnessing else { return Ok(Vec::new()) };
        let judgements = std::mem::take(&mut witnessing.judgements);
        let mut verdicts = Vec::new();
        let mut waiting = Vec::new();
        for judgement in judgements {
            let records = if self.is_early(&judgement) { None } else { self.find_all(&judgement.seal.ids) };
            match records {
                None => waiting.push(judgement),
                Some(records) => {
                    let valid = self.is_acceptable(&judgement, &records);
                    verdicts.push(Input::Judged { height: judgement.height, value: judgement.value, valid });
                }
            }
        }
        let mut outputs = Vec::new();
        if let Some(witnessing) = &mut self.witnessing {
            witnessing.judgements = waiting;
            for verdict in verdicts {
                outputs.extend(witnessing.engine.handle(verdict));
            }
        }
        Ok(outputs)
    }

    fn settle_judgements(&mut self) -> Result<(), CoreError> {
        let outputs = self.judge_what_is_held()?;
        self.carry_out(outputs, None)?;
        self.settle_decided()
    }

    /// Would this node sign this seal?
    fn is_acceptable(&self, judgement: &Judgement, records: &[Received]) -> bool {
        let header = &judgement.seal.header;
        if let Err(fault) = self.ledger.judge(header, records) {
            tracing::warn!(height = judgement.height, "a proposed seal is refused: {fault}");
            return false;
        }
        if !judgement.fresh {
            return true;
        }
        match self.objection(header, judgement.round, records) {
            None => true,
            Some(objection) => {
                tracing::warn!(height = judgement.height, "a proposed seal is refused: {objection}");
                false
            }
        }
    }

    /// Does it close the round before this node's clock does? Then it is judged when that time has come: what others
    /// say in the meantime counts.
    fn is_early(&self, judgement: &Judgement) -> bool {
        judgement.fresh && judgement.seal.header.closes.is_some() && self.now.wall < self.ledger.close()
    }

    /// What this node has against a fresh seal that follows from the ledger.
    fn objection(&self, header: &SealHeader, round: u32, records: &[Received]) -> Option<String> {
        let sealing = &self.community.charter.sealing;
        let (close, wall) = (self.ledger.close(), self.now.wall);
        let is_full = is_full(&self.community.charter, records);
        // Full seals take in what came before the close, however long there was no quorum.
        let is_backlog = is_full && header.time < close && wall >= close;
        let off = header.time.abs_diff(wall);
        if off > sealing.drift && !is_backlog {
            return Some(format!("its time is {off} ms away from this node's clock"));
        }
        if (header.closes.is_some() || is_backlog)
            && let Some(id) = self.came_late(records, close.saturating_add(sealing.drift), round)
        {
            return Some(format!("it counts record {id}, which came after the close"));
        }
        if !self.is_dispute(round) {
            return None;
        }
        if is_full && header.closes.is_none() && header.time > self.before_close(round) {
            return Some("it takes the time before the close from seals that may be needed".to_owned());
        }
        let older_than = self.now.elapsed.checked_sub(sealing.patience)?;
        // What came to this node just before a close may have come to others just after it.
        let before = header.closes.is_some().then(|| close.saturating_sub(sealing.patience));
        let may_be_more = self.ledger.time() + 1 >= close;
        if is_full && (before.is_none() || may_be_more) {
            return None;
        }
        let id = self.tail.left_out(records, older_than, before)?;
        Some(format!("it leaves out record {id}, which this node has held for long"))
    }

    /// A record that came here at or after a time. A node that was not up before the close cannot tell, and
    /// when every witness has had its turn without a seal, those who differ were cut off from each other.
    fn came_late(&self, records: &[Received], time: u64, round: u32) -> Option<RecordId> {
        let can_tell = self.woke < self.ledger.close();
        if !can_tell || round as usize >= self.community.witnesses.witnesses().len() {
            return None;
        }
        let came = |id: &RecordId| self.tail.get(id).map_or(self.now.wall, |held| held.arrived);
        records.iter().map(|received| received.id).find(|id| came(id) >= time)
    }

    /// Applies the agreed seal as soon as its records are held.
    fn settle_decided(&mut self) -> Result<(), CoreError> {
        let Some(decided) = self.witnessing.as_mut().and_then(|witnessing| witnessing.decided.take()) else {
            return Ok(());
        };
        if decided.header.height <= self.ledger.height() {
            return Ok(());
        }
        let Some(records) = self.find_all(&decided.ids) else {
            if let Some(witnessing) = &mut self.witnessing {
                witnessing.decided = Some(decided);
            }
            return Ok(());
        };
        let Decided { header, ids, certificate } = decided;
        // This node may be a witness no longer once the seal is applied.
        let tells = certificate.signatures.iter().take(2).any(|(key, _)| self.is_me(key));
        match self.apply_seal(&header, &certificate, &records)? {
            Ok(()) => {
                if tells {
                    self.publish_seal(&SealNotice { header, certificate, ids });
                }
            }
            Err(NotApplied::Fault(fault)) => {
                tracing::error!(height = header.height, "the agreed seal does not follow: {fault}");
                if let Some(witnessing) = &mut self.witnessing {
                    witnessing.halted = Some(format!("the agreed seal does not follow: {fault}"));
                }
            }
            Err(NotApplied::Disagreement) => {}
        }
        Ok(())
    }

    fn is_me(&self, key: &PublicKey) -> bool {
        self.witnessing.as_ref().is_some_and(|witnessing| witnessing.key.public() == *key)
    }

    /// The records that proposed or agreed seals wait for, and who may have them.
    pub(super) fn missing_records(&self) -> (Vec<RecordId>, Option<PeerId>) {
        let Some(witnessing) = &self.witnessing else { return (Vec::new(), None) };
        let mut source = None;
        let mut seen: BTreeSet<&RecordId> = BTreeSet::new();
        let mut missing: Vec<RecordId> = Vec::new();
        for (id, from) in witnessing.wanted() {
            if self.find(id).is_none() && seen.insert(id) {
                if missing.is_empty() {
                    source = from;
                }
                missing.push(*id);
            }
        }
        (missing, source)
    }

    /// Keeps records that came for proposed seals: also those of a branch that this node does not follow.
    pub(super) fn fetched(&mut self, records: &[Received]) {
        let Some(witnessing) = &mut self.witnessing else { return };
        let wanted: BTreeSet<RecordId> = witnessing.wanted().map(|(id, _)| *id).take(FETCHED).collect();
        // What matters most has the room, whatever came before it.
        if witnessing.fetched.len() + records.len() > FETCHED {
            witnessing.fetched.retain(|id, _| wanted.contains(id));
        }
        for received in records.iter().filter(|received| wanted.contains(&received.id)) {
            witnessing.fetched.insert(received.id, received.clone());
        }
    }

    /// Writes evidence of forks into the log. The witnesses take turns, so that one record does.
    fn prove_forks(&mut self) -> Result<(), CoreError> {
        let Some(witnessing) = &self.witnessing else { return Ok(()) };
        let (key, wait) = (
            witnessing.key.clone(),
            self.community.charter.sealing.patience.saturating_mul(witnessing.position),
        );
        let me = key.public();
        let due: Vec<PublicKey> = self
            .forks
            .0
            .iter()
            .filter(|(_, seen)| !seen.settled && seen.since.saturating_add(wait) <= self.now.elapsed)
            .map(|(author, _)| *author)
            .collect();
        for author in due {
            let Some(seen) = self.forks.0.get(&author) else { continue };
            let (sequence, fork) = (seen.sequence, seen.fork);
            let chain = self.chain(&me);
            let record = Record {
                community: self.community.id,
                author: me,
                sequence: chain.sequence + 1,
                previous: chain.id,
                clock: self.now.wall,
                body: Body::Evidence(Box::new(fork)),
            };
            // Once signed and kept waiting, it would be followed by another one with its number: a fork of this
            // witness's own chain. So it is signed when it can be sealed next, and not before.
            let admissible =
                self.ledger.within_quota(&me, &chain).and_then(|()| self.ledger.admissible(&record));
            if admissible.is_err() || self.tail.len() >= TAIL_RECORDS {
                continue;
            }
            if let Some(seen) = self.forks.0.get_mut(&author) {
                seen.settled = true;
            }
            let proved = self.tail().any(|received| match &received.record().body {
                Body::Evidence(fork) => (fork.author(), fork.sequence()) == (author, sequence),
                _ => false,
            });
            if proved {
                continue;
            }
            let received = Received::own(record.sign(&key));
            let bytes = received.bytes.clone();
            match self.take(received)? {
                Taken::Accepted => self.fresh.push(bytes),
                Taken::Held => {}
                Taken::Parked(reason) | Taken::Refused(_, reason) => {
                    tracing::warn!(%author, "evidence of a fork cannot be sealed: {reason}");
                }
            }
        }
        Ok(())
    }
}

/// Is there no room for another record, however large?
fn is_full(charter: &Charter, records: &[Received]) -> bool {
    let bytes: usize = records.iter().map(|received| received.bytes.len()).sum();
    records.len() >= SEAL_RECORDS || bytes + charter.limits.record_bytes as usize > SEAL_BYTES
}

/// A height starts early when so many records wait.
const _: () = assert!(GATHER_RECORDS <= mutua_protocol::limits::SEAL_RECORDS);
