//! Witnesses that lie. A liar has a key and an honest engine, whose words it twists.

use mutua_node::witness::{
    Body, Passage, PolkaCertificate, ProposalStatement, ProposedSeal, RoundCertificate, RoundVote,
    SignedProposal, SignedVote, WitnessMessage,
};
use mutua_protocol::{
    hash::{RecordId, Root, SealId},
    keys::{PublicKey, Purpose, SecretKey, Signature},
    seals::{Vote, VoteKind},
};

use crate::sim::{COMMUNITY, POISON, Rng, Sim, propose};

/// What a liar does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Tells every witness something else: votes and proposals.
    Equivocate,
    /// Proposes records that may not be sealed, and votes for them.
    Poison,
    /// Proposes what does not fit together: ids, count, root, height.
    Unfit,
    /// Signs wrongly, in its own name and others'.
    Forge,
    /// Makes up certificates, heights and rounds.
    Invent,
    /// Sends bytes that were damaged on purpose.
    Damage,
    /// All of these.
    Everything,
}

impl Lie {
    pub(crate) const ALL: [Self; 7] = [
        Self::Equivocate,
        Self::Poison,
        Self::Unfit,
        Self::Forge,
        Self::Invent,
        Self::Damage,
        Self::Everything,
    ];
}

/// Sends to each witness whatever the liar makes of a message.
pub(crate) fn publish(sim: &mut Sim, from: usize, message: &WitnessMessage) {
    let Some(mut lie) = sim.nodes[from].lie else { return };
    let key = sim.nodes[from].key.clone();
    let others: Vec<PublicKey> = sim.nodes.iter().map(|node| node.key.public()).collect();
    for to in 0..sim.nodes.len() {
        if sim.nodes[from].lie == Some(Lie::Everything) {
            lie = Lie::ALL[usize::try_from(sim.rng.below(6)).unwrap()];
        }
        let mut rng = sim.rng.clone();
        let lies = twist(&mut rng, lie, &key, &others, message);
        sim.rng = rng;
        for bytes in lies {
            sim.send(from, to, bytes);
        }
    }
}

fn twist(
    rng: &mut Rng,
    lie: Lie,
    key: &SecretKey,
    others: &[PublicKey],
    message: &WitnessMessage,
) -> Vec<Vec<u8>> {
    let copy = rng.next().to_le_bytes()[0];
    let wrap = |body: Body| WitnessMessage { body, copy }.encode();
    let truth = message.encode();
    match (lie, &message.body) {
        (Lie::Equivocate, Body::Vote(signed)) => {
            let choice = rng.below(4);
            let value = match choice {
                0 => signed.vote.value,
                1 => None,
                _ => Some(SealId([rng.next().to_le_bytes()[0]; 32])),
            };
            let twin = wrap(vote(key, Vote { value, ..signed.vote.clone() }));
            if rng.chance(500) { vec![twin, truth] } else { vec![twin] }
        }
        (Lie::Equivocate, Body::Proposal(signed)) => {
            let mut ids = signed.seal.ids.clone();
            ids.push(RecordId([rng.next().to_le_bytes()[0].min(POISON - 1); 32]));
            let header = &signed.seal.header;
            let seal = propose(signed.height, header.previous, header.time, ids);
            let twin = wrap(proposal(key, signed, seal));
            match rng.below(3) {
                0 => vec![truth],
                1 => vec![twin],
                _ => vec![twin, truth],
            }
        }
        (Lie::Poison, Body::Proposal(signed)) => {
            let seal = poisoned(signed);
            vec![wrap(proposal(key, signed, seal))]
        }
        (Lie::Poison, Body::Vote(signed)) if signed.vote.value.is_some() => {
            // Also for what it did not see: it cannot be known which poison this was.
            vec![truth, wrap(vote(key, Vote { value: Some(SealId([POISON; 32])), ..signed.vote.clone() }))]
        }
        (Lie::Unfit, Body::Proposal(signed)) => {
            let mut seal = signed.seal.clone();
            match rng.below(5) {
                0 => seal.ids.push(RecordId([9; 32])),
                1 => seal.header.root = Root([0; 32]),
                2 => seal.header.count += 1,
                3 => seal.header.height += 1,
                _ => seal.ids.reverse(),
            }
            let signed_again = wrap(proposal(key, signed, seal.clone()));
            let signed_before = wrap(Body::Proposal(SignedProposal { seal, ..signed.clone() }));
            vec![signed_again, signed_before]
        }
        (Lie::Forge, Body::Vote(signed)) => {
            let mut broken = signed.clone();
            broken.signature.0[usize::try_from(rng.below(64)).unwrap()] ^= 1;
            let other = others[usize::try_from(rng.below(others.len() as u64)).unwrap()];
            let stolen = SignedVote { witness: other, ..signed.clone() };
            let value = Some(SealId([1; 32]));
            let words = Vote { value, ..signed.vote.clone() };
            let signature = key.sign(Purpose::Vote, &words.bytes());
            let in_its_name = SignedVote { vote: words, witness: other, signature };
            vec![wrap(Body::Vote(broken)), wrap(Body::Vote(stolen)), wrap(Body::Vote(in_its_name)), truth]
        }
        (Lie::Forge, Body::Proposal(signed)) => {
            let mut broken = signed.clone();
            broken.signature.0[3] ^= 1;
            let other = others[usize::try_from(rng.below(others.len() as u64)).unwrap()];
            let stolen = SignedProposal { proposer: other, ..signed.clone() };
            let turn = SignedProposal { round: signed.round + 1, ..signed.clone() };
            vec![wrap(Body::Proposal(broken)), wrap(Body::Proposal(stolen)), wrap(Body::Proposal(turn))]
        }
        (Lie::Invent, Body::Vote(signed)) => {
            let mut lies = inventions(rng, key, others, signed);
            lies.push(truth);
            lies
        }
        (Lie::Damage, _) => {
            let mut lies = vec![truth.clone()];
            for _ in 0..3 {
                let mut bytes = truth.clone();
                match rng.below(3) {
                    0 => bytes.truncate(usize::try_from(rng.below(bytes.len() as u64)).unwrap()),
                    1 => bytes.push(0),
                    _ => {
                        let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
                        bytes[at] = rng.next().to_le_bytes()[0];
                    }
                }
                lies.push(bytes);
            }
            lies
        }
        _ => vec![truth],
    }
}

/// Votes of impossible rounds and heights, and certificates from one's own signature only.
fn inventions(rng: &mut Rng, key: &SecretKey, others: &[PublicKey], signed: &SignedVote) -> Vec<Vec<u8>> {
    let Vote { height, round, .. } = signed.vote;
    let copy = rng.next().to_le_bytes()[0];
    let wrap = |body: Body| WitnessMessage { body, copy }.encode();
    let far = |height, round| vote(key, Vote { height, round, ..signed.vote.clone() });
    let value = SealId([3; 32]);
    let words =
        Vote { community: COMMUNITY, height, round: round + 1, kind: VoteKind::Prevote, value: Some(value) };
    let signature = key.sign(Purpose::Vote, &words.bytes());
    let mine = (key.public(), signature);
    let everybody: Vec<(PublicKey, Signature)> = others.iter().map(|other| (*other, signature)).collect();
    let polka = |signatures| Body::Polka(PolkaCertificate { height, round: round + 1, value, signatures });
    let round_vote = |witness| RoundVote { kind: VoteKind::Prevote, value: Some(value), witness, signature };
    let join = |passage, votes| Body::Round(RoundCertificate { height, round: round + 1, passage, votes });
    vec![
        wrap(far(height + 1, 0)),
        wrap(far(height + 2, 5)),
        wrap(far(height + 1_000_000, 0)),
        wrap(far(u64::MAX, 0)),
        wrap(far(height.saturating_sub(1), 0)),
        wrap(far(height, round + 5)),
        wrap(far(height, round + 500)),
        wrap(far(height, u32::MAX)),
        wrap(polka(vec![mine; 4])),
        wrap(polka(vec![mine])),
        wrap(polka(Vec::new())),
        wrap(polka(everybody)),
        wrap(join(Passage::Joined, vec![round_vote(key.public())])),
        wrap(join(Passage::Joined, vec![round_vote(key.public()); 2])),
        wrap(join(Passage::Joined, others.iter().map(|other| round_vote(*other)).collect())),
        wrap(join(Passage::Ended, vec![round_vote(key.public()); 3])),
        wrap(join(Passage::Ended, Vec::new())),
    ]
}

/// The same proposal with records that may not be sealed.
fn poisoned(signed: &SignedProposal) -> ProposedSeal {
    let mut ids = signed.seal.ids.clone();
    ids.push(RecordId([POISON; 32]));
    propose(signed.height, signed.seal.header.previous, signed.seal.header.time, ids)
}

fn vote(key: &SecretKey, vote: Vote) -> Body {
    let signature = key.sign(Purpose::Vote, &vote.bytes());
    Body::Vote(SignedVote { vote, witness: key.public(), signature })
}

fn proposal(key: &SecretKey, like: &SignedProposal, seal: ProposedSeal) -> Body {
    let statement = ProposalStatement {
        community: COMMUNITY,
        height: like.height,
        round: like.round,
        pol_round: like.pol_round,
        value: seal.header.id(),
    };
    let signature = key.sign(Purpose::Proposal, &statement.bytes());
    Body::Proposal(SignedProposal { seal, proposer: key.public(), signature, ..like.clone() })
}
