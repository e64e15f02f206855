//! Between the core's types and ours, which alone are sent and stored.

use arc_malachitebft_core_consensus::{Input as CoreInput, ProposedValue};
use arc_malachitebft_core_types::{
    self as core, Round, RoundCertificateType, RoundSignature, Timeout, TimeoutKind, Validity, ValueOrigin,
};
use mutua_protocol::{
    hash::CommunityId,
    keys::{PublicKey, Signature},
    seals::Vote as Said,
};

use super::{
    context::{Address, Ctx, Height, Proposal, Seal, Vote, nil_or, optional, vote_kind, vote_type},
    log::Entry,
    message::{Body, Passage, PolkaCertificate, RoundCertificate, RoundVote, SignedVote},
    timing::{Step, TimeoutId},
};

/// A round that the core has begun. Before the first one it says "nil", which reaches none of the
/// places where a number is wanted.
pub(super) fn number(round: Round) -> u32 {
    round.as_u32().unwrap_or(0)
}

/// The core's name for a timeout, if the core knows it.
pub(super) fn core_timeout(round: u32, step: Step) -> Timeout {
    let kind = match step {
        Step::Propose => TimeoutKind::Propose,
        Step::Prevote => TimeoutKind::Prevote,
        Step::Precommit => TimeoutKind::Precommit,
        Step::Rebroadcast => TimeoutKind::Rebroadcast,
    };
    Timeout::new(Round::new(round), kind)
}

/// Our name for a timeout. A pause before a height ends is never asked for.
pub(super) fn timeout_id(height: u64, timeout: Timeout) -> Option<TimeoutId> {
    let step = match timeout.kind {
        TimeoutKind::Propose => Step::Propose,
        TimeoutKind::Prevote => Step::Prevote,
        TimeoutKind::Precommit => Step::Precommit,
        TimeoutKind::Rebroadcast => Step::Rebroadcast,
        TimeoutKind::FinalizeHeight(_) => return None,
    };
    Some(TimeoutId { height, round: number(timeout.round), step })
}

/// What a core vote says, as it is signed.
pub(super) fn said(community: CommunityId, vote: &Vote) -> Said {
    Said {
        community,
        height: vote.height.0,
        round: number(vote.round),
        kind: vote_kind(vote.kind),
        value: optional(&vote.value),
    }
}

pub(super) fn signed_vote(community: CommunityId, signed: &core::SignedVote<Ctx>) -> SignedVote {
    SignedVote {
        vote: said(community, &signed.message),
        witness: signed.message.witness.0,
        signature: signed.signature,
    }
}

pub(super) fn polka(certificate: &core::PolkaCertificate<Ctx>) -> PolkaCertificate {
    let signatures = certificate.polka_signatures.iter().map(|by| (by.address.0, by.signature)).collect();
    PolkaCertificate {
        height: certificate.height.0,
        round: number(certificate.round),
        value: certificate.value_id,
        signatures,
    }
}

pub(super) fn round(certificate: &core::RoundCertificate<Ctx>) -> RoundCertificate {
    let vote = |by: &RoundSignature<Ctx>| RoundVote {
        kind: vote_kind(by.vote_type),
        value: optional(&by.value_id),
        witness: by.address.0,
        signature: by.signature,
    };
    RoundCertificate {
        height: certificate.height.0,
        round: number(certificate.round),
        passage: match certificate.cert_type {
            RoundCertificateType::Skip => Passage::Joined,
            RoundCertificateType::Precommit => Passage::Ended,
        },
        votes: certificate.round_signatures.iter().map(vote).collect(),
    }
}

fn core_vote(said: &Said, witness: PublicKey, signature: Signature) -> core::SignedVote<Ctx> {
    let vote = Vote {
        height: Height(said.height),
        round: Round::new(said.round),
        kind: vote_type(said.kind),
        value: nil_or(said.value),
        witness: Address(witness),
    };
    core::SignedMessage::new(vote, signature)
}

fn core_polka(polka: &PolkaCertificate) -> core::PolkaCertificate<Ctx> {
    core::PolkaCertificate {
        height: Height(polka.height),
        round: Round::new(polka.round),
        value_id: polka.value,
        polka_signatures: polka
            .signatures
            .iter()
            .map(|(witness, signature)| core::PolkaSignature::new(Address(*witness), *signature))
            .collect(),
    }
}

fn core_round(round: &RoundCertificate) -> core::RoundCertificate<Ctx> {
    let signature = |vote: &RoundVote| {
        RoundSignature::new(vote_type(vote.kind), nil_or(vote.value), Address(vote.witness), vote.signature)
    };
    core::RoundCertificate {
        height: Height(round.height),
        round: Round::new(round.round),
        cert_type: match round.passage {
            Passage::Joined => RoundCertificateType::Skip,
            Passage::Ended => RoundCertificateType::Precommit,
        },
        round_signatures: round.votes.iter().map(signature).collect(),
    }
}

/// A checked message as an input of the core.
pub(super) fn input(body: &Body) -> CoreInput<Ctx> {
    match body {
        Body::Vote(vote) => CoreInput::Vote(core_vote(&vote.vote, vote.witness, vote.signature)),
        Body::Polka(certificate) => CoreInput::PolkaCertificate(core_polka(certificate)),
        Body::Round(certificate) => CoreInput::RoundCertificate(core_round(certificate)),
        Body::Proposal(signed) => {
            let proposal = Proposal {
                height: Height(signed.height),
                round: Round::new(signed.round),
                pol_round: Round::from(signed.pol_round),
                value: Seal(signed.seal.header.id()),
                proposer: Address(signed.proposer),
            };
            CoreInput::Proposal(core::SignedMessage::new(proposal, signed.signature))
        }
    }
}

/// An input that the core wants logged, as an entry; `None` for those that it never logs.
pub(super) fn entry(input: &CoreInput<Ctx>) -> Option<Entry> {
    Some(match input {
        CoreInput::Vote(signed) => Entry::Vote {
            round: number(signed.message.round),
            kind: vote_kind(signed.message.kind),
            value: optional(&signed.message.value),
            witness: signed.message.witness.0,
            signature: signed.signature,
        },
        CoreInput::Proposal(signed) => Entry::Proposal {
            round: number(signed.message.round),
            pol_round: signed.message.pol_round.as_u32(),
            value: signed.message.value.0,
            proposer: signed.message.proposer.0,
            signature: signed.signature,
        },
        CoreInput::ProposedValue(value, _) => Entry::Judged {
            round: number(value.round),
            quorum: value.valid_round.as_u32(),
            value: value.value.0,
            proposer: value.proposer.0,
            valid: value.validity.to_bool(),
        },
        CoreInput::TimeoutElapsed(timeout) => {
            let id = timeout_id(0, *timeout)?;
            Entry::Timeout { round: id.round, step: id.step }
        }
        CoreInput::PolkaCertificate(certificate) => {
            let PolkaCertificate { round, value, signatures, .. } = polka(certificate);
            Entry::Polka { round, value, signatures }
        }
        CoreInput::StartHeight(..)
        | CoreInput::RoundCertificate(_)
        | CoreInput::Propose(_)
        | CoreInput::SyncValueResponse(_) => return None,
    })
}

/// An entry as the input that it was; `None` for a seal, which is no input.
pub(super) fn replayed(community: CommunityId, height: u64, entry: &Entry) -> Option<CoreInput<Ctx>> {
    Some(match entry {
        Entry::Seal(_) => return None,
        Entry::Proposal { round, pol_round, value, proposer, signature } => {
            let proposal = Proposal {
                height: Height(height),
                round: Round::new(*round),
                pol_round: Round::from(*pol_round),
                value: Seal(*value),
                proposer: Address(*proposer),
            };
            CoreInput::Proposal(core::SignedMessage::new(proposal, *signature))
        }
        Entry::Judged { round, quorum, value, proposer, valid } => {
            let value = ProposedValue {
                height: Height(height),
                round: Round::new(*round),
                valid_round: Round::from(*quorum),
                proposer: Address(*proposer),
                value: Seal(*value),
                validity: Validity::from_bool(*valid),
            };
            CoreInput::ProposedValue(value, ValueOrigin::Consensus)
        }
        Entry::Vote { round, kind, value, witness, signature } => {
            let said = Said { community, height, round: *round, kind: *kind, value: *value };
            CoreInput::Vote(core_vote(&said, *witness, *signature))
        }
        Entry::Timeout { round, step } => CoreInput::TimeoutElapsed(core_timeout(*round, *step)),
        Entry::Polka { round, value, signatures } => {
            let signatures = signatures.clone();
            let polka = PolkaCertificate { height, round: *round, value: *value, signatures };
            CoreInput::PolkaCertificate(core_polka(&polka))
        }
    })
}
