//! Carries out what Malachite's core asks for, by turning it into [`Output`]s.

use std::collections::{BTreeMap, BTreeSet};

use arc_malachitebft_core_consensus::{
    Effect, Input as CoreInput, LivenessMsg, Resumable, Resume, SignedConsensusMsg, VoteExtensionError,
};
use arc_malachitebft_core_types::{
    CertificateError, CommitCertificate, SignedMessage, SignedProposal as CoreProposal, Timeout,
};
use mutua_protocol::{
    hash::{CommunityId, SealId},
    keys::{PublicKey, SecretKey},
    seals::{Certificate, ProposalStatement, WitnessSet},
};

use super::{
    Output,
    context::{Ctx, Proposal},
    convert::{self, number},
    equivocation::{Equivocation, Reported},
    log::{self, Entry},
    message::{Body, Fault, ProposedSeal, SignedProposal, WitnessMessage},
    signing::{Checker, Contradiction, Signer},
    timing::{TimeoutId, Timing},
};

/// What this witness thinks of a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opinion {
    /// Nobody has been asked yet.
    None,
    /// The question has been put; `quorum` as in [`Output::Judge`].
    Asked { quorum: Option<u32> },
    /// Acceptable.
    Good,
    /// Not acceptable as a fresh proposal. Asked again if two thirds find otherwise.
    Bad,
    /// Not acceptable, although two thirds find otherwise.
    Hopeless,
}

/// A seal that was proposed at this height.
pub(super) struct Held {
    pub(super) seal: ProposedSeal,
    pub(super) opinion: Opinion,
    /// Where it was first proposed.
    pub(super) round: u32,
    pub(super) proposer: PublicKey,
}

/// What is different while a log is replayed.
#[derive(Default)]
pub(super) struct Replay {
    /// Entries that the log already has.
    logged: BTreeSet<Vec<u8>>,
    /// Timeouts that are running at this point.
    pub(super) timeouts: BTreeMap<TimeoutId, u64>,
    /// What was published up to this point.
    pub(super) published: Vec<WitnessMessage>,
    /// The round for which a value was asked.
    pub(super) need: Option<u32>,
}

/// Why the engine gives up a height. None of these can be brought about by less than a third of the
/// witnesses.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    #[error("the consensus core asked for something it should not: {0}")]
    Unexpected(&'static str),
}

/// Everything but the state machine.
pub(super) struct Desk {
    pub(super) checker: Checker,
    pub(super) signer: Signer,
    pub(super) timing: Timing,
    pub(super) height: u64,
    /// The seals proposed at this height.
    pub(super) seals: BTreeMap<SealId, Held>,
    /// The seal that came with the input being handled: kept once its proposal is.
    pub(super) incoming: Option<ProposedSeal>,
    /// This witness's newest proposal at this height.
    pub(super) proposed: Option<CoreProposal<Ctx>>,
    /// Number of the repetition, see [`WitnessMessage::copy`].
    pub(super) copy: u8,
    pub(super) outputs: Vec<Output>,
    pub(super) replay: Option<Replay>,
    pub(super) decided: Option<CommitCertificate<Ctx>>,
    pub(super) reported: Reported,
    /// Why the height must be given up, if it must.
    pub(super) trouble: Option<String>,
}

impl Desk {
    pub(super) fn new(community: CommunityId, witnesses: WitnessSet, me: SecretKey, timing: Timing) -> Self {
        Self {
            checker: Checker::new(community, witnesses),
            signer: Signer::new(me),
            timing,
            height: 0,
            seals: BTreeMap::new(),
            incoming: None,
            proposed: None,
            copy: 0,
            outputs: Vec::new(),
            replay: None,
            decided: None,
            reported: Reported::default(),
            trouble: None,
        }
    }

    /// Clears the desk for a height whose log is to be replayed.
    pub(super) fn start(&mut self, height: u64, log: Vec<Vec<u8>>) {
        self.checker.forget();
        self.signer.start();
        self.height = height;
        self.seals.clear();
        self.incoming = None;
        self.proposed = None;
        // A restarted witness repeats what it said. Its messages should differ from those sent before,
        // which others' gossip may still remember; the log has grown since then, mostly.
        self.copy = log.len().to_le_bytes()[0];
        self.outputs.clear();
        self.replay = Some(Replay { logged: log.into_iter().collect(), ..Replay::default() });
        self.decided = None;
        self.reported.clear();
        self.trouble = None;
    }

    pub(super) fn community(&self) -> CommunityId {
        self.checker.community()
    }

    /// Answers one effect.
    pub(super) fn carry_out(&mut self, effect: Effect<Ctx>) -> Result<Resume<Ctx>, Trouble> {
        Ok(match effect {
            Effect::CancelAllTimeouts(r) => {
                self.cancel_all();
                r.resume_with(())
            }
            Effect::CancelTimeout(timeout, r) => {
                self.cancel(timeout);
                r.resume_with(())
            }
            Effect::ScheduleTimeout(timeout, r) => {
                self.schedule(timeout);
                r.resume_with(())
            }
            Effect::StartRound(_, _, _, _, r) => r.resume_with(()),
            Effect::PublishConsensusMsg(SignedConsensusMsg::Vote(vote), r) => {
                self.publish(Body::Vote(convert::signed_vote(self.community(), &vote)), 0);
                r.resume_with(())
            }
            Effect::PublishConsensusMsg(SignedConsensusMsg::Proposal(proposal), r) => {
                // Another's proposal is passed on by those who are locked on it: a repetition.
                let own = proposal.message.proposer.0 == self.signer.public();
                let copy = if own { 0 } else { self.next_copy() };
                self.publish_proposal(&proposal, copy);
                r.resume_with(())
            }
            Effect::PublishLivenessMsg(message, r) => {
                let body = match message {
                    LivenessMsg::Vote(vote) => Body::Vote(convert::signed_vote(self.community(), &vote)),
                    LivenessMsg::PolkaCertificate(certificate) => Body::Polka(convert::polka(&certificate)),
                    LivenessMsg::SkipRoundCertificate(certificate) => {
                        Body::Round(convert::round(&certificate))
                    }
                };
                self.publish(body, 0);
                r.resume_with(())
            }
            Effect::RepublishVote(vote, r) => {
                self.publish(Body::Vote(convert::signed_vote(self.community(), &vote)), self.copy);
                r.resume_with(())
            }
            Effect::RepublishRoundCertificate(certificate, r) => {
                self.publish(Body::Round(convert::round(&certificate)), self.copy);
                r.resume_with(())
            }
            // Proposals always travel with their whole seal, and the core publishes the proposal right
            // after each of these.
            Effect::RestreamProposal(_, _, _, _, _, r) => r.resume_with(()),
            Effect::GetValue(_, round, _, r) => {
                match &mut self.replay {
                    Some(replay) => replay.need = round.as_u32(),
                    None => {
                        self.outputs.push(Output::NeedValue { height: self.height, round: number(round) });
                    }
                }
                r.resume_with(())
            }
            Effect::Decide(certificate, _, r) => {
                self.decided = Some(certificate);
                r.resume_with(())
            }
            Effect::Finalize(_, _, evidence, r) => {
                let votes = evidence.votes.iter().flat_map(|(_, pairs)| pairs);
                let proposals = evidence.proposals.iter().flat_map(|(_, pairs)| pairs);
                let found = self.equivocations(votes, proposals);
                self.outputs.extend(found);
                r.resume_with(())
            }
            Effect::SignVote(vote, r) => {
                let signature = self.signer.vote(&convert::said(self.community(), &vote))?;
                r.resume_with(SignedMessage::new(vote, signature))
            }
            Effect::SignProposal(proposal, r) => {
                let signature = self.signer.proposal(&statement(self.community(), &proposal))?;
                r.resume_with(SignedMessage::new(proposal, signature))
            }
            Effect::VerifySignature(signed, _, r) => {
                let holds = self.holds(&signed);
                r.resume_with(holds)
            }
            Effect::VerifyPolkaCertificate(certificate, _, _, r) => {
                r.resume_with(self.checker.polka(&convert::polka(&certificate)).map_err(certificate_error))
            }
            Effect::VerifyRoundCertificate(certificate, _, _, r) => {
                r.resume_with(self.checker.round(&convert::round(&certificate)).map_err(certificate_error))
            }
            // The core panics when a certificate that it has made itself does not hold. So the check's
            // result is kept, and acted on when the decision is handed out.
            Effect::VerifyCommitCertificate(certificate, _, _, r) => {
                if let Err(error) = self.certificate(&certificate) {
                    self.trouble = Some(error);
                }
                r.resume_with(Ok(()))
            }
            Effect::WalAppend(_, input, r) => {
                self.append(&input)?;
                r.resume_with(())
            }
            // Not used: votes have no extensions, and sealed history is caught up with elsewhere.
            Effect::ExtendVote(_, _, _, _, r) => r.resume_with(None),
            Effect::VerifyVoteExtension(_, _, _, _, _, _, r) => {
                r.resume_with(Err(VoteExtensionError::InvalidVoteExtension))
            }
            Effect::VerifyExtendedCommitCertificate(_, _, _, _, r) => {
                r.resume_with(Err(CertificateError::VerificationError(None)))
            }
            Effect::CertVerifiedSyncValue(_, _, r) => r.resume_with(()),
            Effect::CertRejectedSyncValue(_, _, _, r) => r.resume_with(()),
        })
    }

    /// Checks the signature of one message for the core.
    fn holds(
        &mut self,
        signed: &SignedMessage<Ctx, arc_malachitebft_core_consensus::ConsensusMsg<Ctx>>,
    ) -> bool {
        use arc_malachitebft_core_consensus::ConsensusMsg;
        let community = self.community();
        match &signed.message {
            ConsensusMsg::Vote(vote) => {
                self.checker.vote(&convert::said(community, vote), &vote.witness.0, &signed.signature)
            }
            ConsensusMsg::Proposal(proposal) => {
                let statement = statement(community, proposal);
                self.checker.proposal(&statement, &proposal.proposer.0, &signed.signature)
            }
        }
        .is_ok()
    }

    /// The certificate of a decision in the form that is stored, checked.
    pub(super) fn certificate(&self, commit: &CommitCertificate<Ctx>) -> Result<Certificate, String> {
        let mut signatures: Vec<_> =
            commit.commit_signatures.iter().map(|by| (by.address.0, by.signature)).collect();
        signatures.sort_by_key(|(witness, _)| *witness);
        signatures.dedup_by_key(|(witness, _)| *witness);
        let certificate = Certificate { round: number(commit.round), signatures };
        self.checker
            .witnesses()
            .check(self.community(), commit.height.0, commit.value_id, &certificate)
            .map_err(|error| format!("the certificate of a decision does not hold: {error}"))?;
        Ok(certificate)
    }

    /// Writes down an input, and with the first mention of a seal the seal itself.
    fn append(&mut self, input: &CoreInput<Ctx>) -> Result<(), Trouble> {
        let entry = convert::entry(input).ok_or(Trouble::Unexpected("to log an input that has no entry"))?;
        match &entry {
            Entry::Proposal { round, value, proposer, .. } => self.keep(*value, *round, *proposer)?,
            Entry::Judged { round, quorum, value, proposer, valid } => {
                self.keep(*value, *round, *proposer)?;
                if let Some(held) = self.seals.get_mut(value) {
                    held.opinion = match (valid, quorum) {
                        (true, _) => Opinion::Good,
                        (false, None) => Opinion::Bad,
                        (false, Some(_)) => Opinion::Hopeless,
                    };
                }
            }
            _ => {}
        }
        if let CoreInput::Proposal(signed) = input
            && signed.message.proposer.0 == self.signer.public()
        {
            self.proposed = Some(signed.clone());
        }
        self.log(entry);
        Ok(())
    }

    /// Keeps the seal that a proposal is about.
    fn keep(&mut self, value: SealId, round: u32, proposer: PublicKey) -> Result<(), Trouble> {
        if self.seals.contains_key(&value) {
            return Ok(());
        }
        let seal = self
            .incoming
            .take_if(|seal| seal.header.id() == value)
            .ok_or(Trouble::Unexpected("to log a proposal of a seal that nobody has seen"))?;
        self.log(Entry::Seal(seal.clone()));
        self.hold(value, seal, round, proposer);
        Ok(())
    }

    /// Holds a seal, about which nobody has been asked.
    pub(super) fn hold(&mut self, value: SealId, seal: ProposedSeal, round: u32, proposer: PublicKey) {
        self.seals.entry(value).or_insert(Held { seal, opinion: Opinion::None, round, proposer });
    }

    fn log(&mut self, entry: Entry) {
        let bytes = log::write(self.height, entry);
        if self.replay.as_ref().is_none_or(|replay| !replay.logged.contains(&bytes)) {
            self.outputs.push(Output::Log(bytes));
        }
    }

    /// Sends a message; during a replay, notes that it was sent.
    fn publish(&mut self, body: Body, copy: u8) {
        let message = WitnessMessage { body, copy };
        match &mut self.replay {
            Some(replay) => replay.published.push(message),
            None => self.outputs.push(Output::Publish(message)),
        }
    }

    /// Sends a proposal with its seal.
    pub(super) fn publish_proposal(&mut self, signed: &CoreProposal<Ctx>, copy: u8) {
        let Some(held) = self.seals.get(&signed.message.value.0) else { return };
        let proposal = SignedProposal {
            height: self.height,
            round: number(signed.message.round),
            pol_round: signed.message.pol_round.as_u32(),
            seal: held.seal.clone(),
            proposer: signed.message.proposer.0,
            signature: signed.signature,
        };
        self.publish(Body::Proposal(proposal), copy);
    }

    /// The number for another repetition.
    pub(super) fn next_copy(&mut self) -> u8 {
        self.copy = self.copy.wrapping_add(1);
        self.copy
    }

    fn schedule(&mut self, timeout: Timeout) {
        let Some(id) = convert::timeout_id(self.height, timeout) else { return };
        let after_ms = self.timing.wait(id.step, id.round);
        match &mut self.replay {
            Some(replay) => {
                replay.timeouts.insert(id, after_ms);
            }
            None => self.outputs.push(Output::Schedule { id, after_ms }),
        }
    }

    fn cancel(&mut self, timeout: Timeout) {
        let Some(id) = convert::timeout_id(self.height, timeout) else { return };
        match &mut self.replay {
            Some(replay) => {
                replay.timeouts.remove(&id);
            }
            None => self.outputs.push(Output::Cancel(id)),
        }
    }

    fn cancel_all(&mut self) {
        match &mut self.replay {
            Some(replay) => replay.timeouts.clear(),
            None => self.outputs.push(Output::CancelAll),
        }
    }

    /// The contradictions among these that have not been reported.
    pub(super) fn equivocations<'a>(
        &mut self,
        votes: impl Iterator<Item = &'a arc_malachitebft_core_types::DoubleVote<Ctx>>,
        proposals: impl Iterator<Item = &'a arc_malachitebft_core_types::DoubleProposal<Ctx>>,
    ) -> Vec<Output> {
        let community = self.community();
        let mut found: Vec<Equivocation> =
            votes.filter_map(|pair| self.reported.votes(community, pair)).collect();
        found.extend(proposals.filter_map(|pair| self.reported.proposals(community, pair)));
        found.into_iter().map(|proof| Output::Equivocation(Box::new(proof))).collect()
    }
}

/// What a proposer signs.
fn statement(community: CommunityId, proposal: &Proposal) -> ProposalStatement {
    ProposalStatement {
        community,
        height: proposal.height.0,
        round: number(proposal.round),
        pol_round: proposal.pol_round.as_u32(),
        value: proposal.value.0,
    }
}

/// The core only wants to know that a certificate does not hold: messages were checked, and their
/// sender blamed, before they came here.
fn certificate_error(_: Fault) -> CertificateError<Ctx> {
    CertificateError::VerificationError(None)
}
