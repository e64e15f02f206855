//! The engine: drives Malachite's core with inputs and hands out what it wants done.

use arc_malachitebft_core_consensus::{
    Error as CoreError, Input as CoreInput, LocallyProposedValue, Params, ProposedValue, State, ValuePayload,
    process,
};
use arc_malachitebft_core_types::{
    Round, Threshold, ThresholdParams, Validity, ValueOrigin, VoteExtensionPolicy, VoteType,
};
use mutua_protocol::{
    hash::{CommunityId, SealId},
    keys::{PublicKey, SecretKey},
    seals::WitnessSet,
};

use super::{
    Ignored, Input, Output, ProposedSeal, Step, TimeoutId, Timing, WitnessMessage,
    context::{Address, Ctx, Height, Seal, Validators},
    convert::{self, number},
    desk::{Desk, Opinion},
    log::{self, Entry},
    message::{Body, proposer},
    waiting::Waiting,
};

/// The key given is not one of a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a witness of this community")]
pub struct NotAWitness(pub PublicKey);

/// Where the engine stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The running height, if one is running.
    pub height: Option<u64>,
    /// Its round.
    pub round: u32,
    /// Whose turn it is.
    pub proposer: Option<PublicKey>,
    /// The last height known to be sealed.
    pub sealed: u64,
}

/// One witness's part in the agreement. See the [module](super) for how it is driven.
pub struct Engine {
    desk: Desk,
    validators: Validators,
    /// The state machine of the newest height; none before the first.
    state: Option<State<Ctx>>,
    /// The height being agreed.
    running: Option<u64>,
    /// A height that was given up.
    halted: Option<u64>,
    /// The last height that needs no agreement any more.
    sealed: u64,
    waiting: Waiting,
}

impl Engine {
    /// An engine for the witness with this key; `sealed` is the height of the last seal that the node
    /// holds, 0 for none. Nothing happens before [`Self::start_height`].
    ///
    /// # Errors
    /// [`NotAWitness`] when the key is not in the set.
    pub fn new(
        community: CommunityId,
        witnesses: WitnessSet,
        me: SecretKey,
        timing: Timing,
        sealed: u64,
    ) -> Result<Self, NotAWitness> {
        if witnesses.get(&me.public()).is_none() {
            return Err(NotAWitness(me.public()));
        }
        let validators = Validators::new(&witnesses);
        let desk = Desk::new(community, witnesses, me, timing);
        let waiting = Waiting::default();
        Ok(Self { desk, validators, state: None, running: None, halted: None, sealed, waiting })
    }

    /// The witnesses among whom it agrees.
    #[must_use]
    pub fn witnesses(&self) -> &WitnessSet {
        self.desk.checker.witnesses()
    }

    /// Where the engine stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let round = self.state.as_ref().map_or(0, |state| number(state.round()));
        let witnesses = self.desk.checker.witnesses();
        let turn = self.running.and_then(|height| proposer(witnesses, height, round));
        Status { height: self.running, round, proposer: turn.map(|witness| witness.key), sealed: self.sealed }
    }

    /// Begins the agreement on a height, and ends that on any height before. `log` has the entries that
    /// were logged for this height, in order: empty unless this node was restarted in its midst.
    ///
    /// Does nothing for a height that this engine is running, has finished or has given up: it would
    /// have to forget what it has said since the log was read.
    pub fn start_height(&mut self, height: u64, log: Vec<Vec<u8>>) -> Vec<Output> {
        if height <= self.sealed || self.running.max(self.halted) >= Some(height) {
            return Vec::new();
        }
        self.sealed = height.saturating_sub(1);
        self.running = Some(height);
        self.halted = None;
        let entries = log::read(height, &log);
        self.desk.start(height, log);
        self.desk.outputs.push(Output::CancelAll);
        let params = Params {
            address: Address(self.desk.signer.public()),
            threshold_params: ThresholdParams::default(),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        // The queue for later heights stays empty: such messages wait in `waiting`, where one
        // witness cannot take another's place.
        self.state = Some(State::new(Ctx, Height(height), self.validators.clone(), params, 1, 1));
        match entries {
            Ok(entries) => self.replay(height, &entries),
            Err(error) => self.halt(error.to_string()),
        }
        for body in self.waiting.take(height) {
            self.take_in(body);
        }
        std::mem::take(&mut self.desk.outputs)
    }

    /// The node has learnt by itself that this height is sealed, and the next one need not start yet.
    pub fn sealed(&mut self, height: u64) -> Vec<Output> {
        self.sealed = self.sealed.max(height);
        self.halted = self.halted.filter(|halted| *halted > height);
        if self.running.is_some_and(|running| running <= height) {
            self.running = None;
            return vec![Output::CancelAll];
        }
        Vec::new()
    }

    /// Takes in what happened and says what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Output> {
        match input {
            Input::Message(message) => self.receive(message),
            Input::Timeout(id) => self.run_out(id),
            Input::Propose { height, round, seal } => self.propose(height, round, seal),
            Input::Judged { height, value, valid } => self.judged(height, value, valid),
        }
        std::mem::take(&mut self.desk.outputs)
    }

    fn ignore(&mut self, why: Ignored) {
        self.desk.outputs.push(Output::Ignored(why));
    }

    fn receive(&mut self, message: WitnessMessage) {
        let height = message.height();
        if height <= self.sealed || self.halted == Some(height) {
            return self.ignore(Ignored::Past);
        }
        if let Err(fault) = message.check_with(&mut self.desk.checker) {
            // Before a later height, the charter may name other witnesses.
            if height > self.sealed.saturating_add(1) && fault.is_about_the_set() {
                return self.ignore(Ignored::Early);
            }
            return self.desk.outputs.push(Output::Misbehaved(fault));
        }
        if self.running != Some(height) {
            return self.set_aside(&message);
        }
        self.take_in(message.body);
    }

    /// A checked message for a later height, or for the next one before it is started.
    fn set_aside(&mut self, message: &WitnessMessage) {
        let height = message.height();
        let Some(witness) = message.witness() else { return self.ignore(Ignored::Early) };
        let witnesses = self.desk.checker.witnesses();
        let power = self
            .waiting
            .note(witness, height)
            .filter_map(|key| witnesses.get(key))
            .map(|witness| witness.power)
            .sum();
        let backed = self.desk.checker.is_honest(power);
        if !self.waiting.keep(self.running.unwrap_or(self.sealed), message) {
            self.ignore(Ignored::Early);
        }
        self.desk.outputs.push(Output::Ahead { height, witness, backed });
    }

    /// A checked message for the running height.
    fn take_in(&mut self, body: Body) {
        let me = self.desk.signer.public();
        let input = convert::input(&body);
        match body {
            // One's own words that come back, perhaps from before the log was lost: they bind.
            Body::Vote(vote) if vote.witness == me => {
                self.desk.signer.remember_vote(vote.vote.round, vote.vote.kind, vote.vote.value);
            }
            Body::Proposal(proposal) => {
                if proposal.proposer == me {
                    let value = proposal.seal.header.id();
                    self.desk.signer.remember_proposal(proposal.round, proposal.pol_round, value);
                }
                self.desk.incoming = Some(proposal.seal);
            }
            _ => {}
        }
        self.drive(input);
        self.desk.incoming = None;
        self.settle();
    }

    fn run_out(&mut self, id: TimeoutId) {
        let Some(state) = self.state.as_ref().filter(|_| self.running == Some(id.height)) else {
            return self.ignore(Ignored::Unwanted);
        };
        let round = number(state.round());
        if id.step == Step::Rebroadcast && id.round == round {
            // Votes are repeated by the core; the proposal of this round is what it leaves out.
            let copy = self.desk.next_copy();
            if let Some(proposal) =
                self.desk.proposed.clone().filter(|own| number(own.message.round) == round)
            {
                self.desk.publish_proposal(&proposal, copy);
            }
        }
        self.drive(CoreInput::TimeoutElapsed(convert::core_timeout(id.round, id.step)));
        self.settle();
    }

    fn propose(&mut self, height: u64, round: u32, seal: ProposedSeal) {
        let current = self.state.as_ref().map(|state| (state.round(), state.driver.step_is_propose()));
        let wanted = self.running == Some(height) && current == Some((Round::new(round), true));
        if !wanted || self.desk.signer.has_proposed(round) {
            return self.ignore(Ignored::Unwanted);
        }
        let Ok(value) = seal.check(self.desk.community(), height) else {
            return self.ignore(Ignored::Unfit);
        };
        self.desk.incoming = Some(seal);
        self.drive(CoreInput::Propose(LocallyProposedValue::new(
            Height(height),
            Round::new(round),
            Seal(value),
        )));
        self.desk.incoming = None;
        self.settle();
    }

    fn judged(&mut self, height: u64, value: SealId, valid: bool) {
        let held = self.desk.seals.get(&value).filter(|_| self.running == Some(height));
        let Some((held, Opinion::Asked { quorum })) = held.map(|held| (held, held.opinion)) else {
            return self.ignore(Ignored::Unwanted);
        };
        let judged = ProposedValue {
            height: Height(height),
            round: Round::new(held.round),
            valid_round: Round::from(quorum),
            proposer: Address(held.proposer),
            value: Seal(value),
            validity: Validity::from_bool(valid),
        };
        self.drive(CoreInput::ProposedValue(judged, ValueOrigin::Consensus));
        self.settle();
    }

    /// Gives one input to the state machine. A height that it trips over is given up.
    fn drive(&mut self, input: CoreInput<Ctx>) {
        if self.running.is_none() {
            return;
        }
        let Some(state) = self.state.as_mut() else { return };
        let desk = &mut self.desk;
        let result: Result<(), CoreError<Ctx>> = process!(
            input: input,
            state: state,
            metrics: &(),
            with: effect => desk.carry_out(effect).inspect_err(|trouble| desk.trouble = Some(trouble.to_string()))
        );
        if let Err(error) = result {
            let reason = self.desk.trouble.take().unwrap_or_else(|| error.to_string());
            self.halt(reason);
        } else if let Some(reason) = self.desk.trouble.take() {
            self.halt(reason);
        }
    }

    fn halt(&mut self, reason: String) {
        if let Some(height) = self.running.take() {
            self.desk.replay = None;
            self.halted = Some(height);
            self.desk.outputs.push(Output::CancelAll);
            self.desk.outputs.push(Output::Halted { height, reason });
        }
    }

    /// After each input: reports contradictions, puts questions, and hands out the decision.
    fn settle(&mut self) {
        if self.running.is_none() {
            return;
        }
        let Some(state) = self.state.as_ref() else { return };
        let votes = state.driver.votes().evidence().iter().flat_map(|(_, pairs)| pairs);
        let proposals = state.driver.proposals().evidence().iter().flat_map(|(_, pairs)| pairs);
        let found = self.desk.equivocations(votes, proposals);
        self.desk.outputs.extend(found);
        if self.desk.decided.is_some() { self.hand_out() } else { self.ask() }
    }

    /// Asks about seals of which this witness has no opinion, and again about those it dislikes
    /// but two thirds do not.
    fn ask(&mut self) {
        let Some(state) = self.state.as_ref() else { return };
        let height = self.desk.height;
        for (value, held) in &mut self.desk.seals {
            let quorum = match held.opinion {
                Opinion::None => quorum_round(state, value),
                Opinion::Bad => match quorum_round(state, value) {
                    None => continue,
                    quorum => quorum,
                },
                Opinion::Asked { .. } | Opinion::Good | Opinion::Hopeless => continue,
            };
            held.opinion = Opinion::Asked { quorum };
            self.desk.outputs.push(Output::Judge {
                height,
                round: held.round,
                quorum,
                proposer: held.proposer,
                value: *value,
                seal: held.seal.clone(),
            });
        }
    }

    fn hand_out(&mut self) {
        let Some(commit) = self.desk.decided.take() else { return };
        let height = self.desk.height;
        let certificate = match self.desk.certificate(&commit) {
            Ok(certificate) => certificate,
            Err(reason) => return self.halt(reason),
        };
        let Some(held) = self.desk.seals.remove(&commit.value_id) else {
            return self.halt("a seal was decided that nobody has seen".to_owned());
        };
        self.running = None;
        self.sealed = height;
        let ProposedSeal { header, ids } = held.seal;
        let round = certificate.round;
        self.desk.outputs.push(Output::Decided { height, round, header, ids, certificate });
        self.desk.outputs.push(Output::CancelAll);
    }

    /// Brings the state machine to where the log ends. What it would have published and scheduled on
    /// the way is held back, and what still matters at the end handed out.
    fn replay(&mut self, height: u64, entries: &[Entry]) {
        let me = self.desk.signer.public();
        let community = self.desk.community();
        for entry in entries {
            match entry {
                Entry::Vote { round, kind, value, witness, .. } if *witness == me => {
                    self.desk.signer.remember_vote(*round, *kind, *value);
                }
                Entry::Proposal { round, pol_round, value, proposer, .. } if *proposer == me => {
                    self.desk.signer.remember_proposal(*round, *pol_round, *value);
                }
                _ => {}
            }
        }
        let inputs: Vec<_> =
            entries.iter().filter_map(|entry| convert::replayed(community, height, entry)).collect();
        if let Some(state) = self.state.as_mut() {
            state.index_wal_entries(&inputs);
        }
        self.drive(CoreInput::StartHeight(
            Height(height),
            self.validators.clone(),
            true,
            None,
            VoteExtensionPolicy::Disabled,
        ));
        for entry in entries {
            if self.desk.decided.is_some() {
                break;
            }
            self.replay_entry(height, entry);
        }
        if let Some(state) = self.state.as_mut() {
            state.reset_entries_index();
        }
        self.resume();
    }

    fn replay_entry(&mut self, height: u64, entry: &Entry) {
        match entry {
            // The seal is known to whatever follows; who proposed it where stands in the next entry.
            Entry::Seal(seal) => self.desk.incoming = Some(seal.clone()),
            Entry::Timeout { round, step } => {
                let id = TimeoutId { height, round: *round, step: *step };
                if let Some(replay) = self.desk.replay.as_mut() {
                    replay.timeouts.remove(&id);
                }
            }
            _ => {}
        }
        if let Some(input) = convert::replayed(self.desk.community(), height, entry) {
            self.drive(input);
        }
    }

    /// Ends a replay.
    fn resume(&mut self) {
        let Some(replay) = self.desk.replay.take() else { return };
        let Some(state) = self.state.as_ref() else { return };
        let (round, proposing) = (number(state.round()), state.driver.step_is_propose());
        // What was said in rounds that are over interests nobody any more.
        let copy = self.desk.copy;
        let mut repeated: Vec<WitnessMessage> = Vec::new();
        for message in replay.published {
            let message = WitnessMessage { copy, ..message };
            if message.round().saturating_add(1) >= round && !repeated.contains(&message) {
                repeated.push(message);
            }
        }
        let own = self.desk.proposed.clone().filter(|own| number(own.message.round) == round);
        let said = repeated.iter().any(|message| matches!(message.body, Body::Proposal(_)));
        self.desk.outputs.extend(repeated.into_iter().map(Output::Publish));
        if let Some(own) = own.as_ref().filter(|_| !said) {
            self.desk.publish_proposal(own, copy);
        }
        if self.desk.decided.is_none() {
            let timeouts = replay.timeouts.into_iter();
            self.desk.outputs.extend(timeouts.map(|(id, after_ms)| Output::Schedule { id, after_ms }));
            if proposing && own.is_none() && replay.need == Some(round) {
                self.desk.outputs.push(Output::NeedValue { height: self.desk.height, round });
            }
        }
        self.settle();
    }
}

/// The round in which more than two thirds voted for this seal, as far as this witness has seen.
fn quorum_round(state: &State<Ctx>, value: &SealId) -> Option<u32> {
    let certified = state.driver.polka_certificates().iter().find(|polka| polka.value_id == *value);
    let votes = state.driver.votes();
    let voted = |round: &&Round| {
        [VoteType::Prevote, VoteType::Precommit]
            .into_iter()
            .any(|kind| votes.is_threshold_met(round, kind, Threshold::Value(*value)))
    };
    certified
        .map(|polka| polka.round)
        .or_else(|| votes.all_rounds().keys().find(voted).copied())
        .and_then(|round| round.as_u32())
}
