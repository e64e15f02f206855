//! The vectors for receipts and evidence.

use mutua_protocol::{
    codec,
    evidence::{self, Evidence, EvidenceFile, TwoVotes},
    hash::{CommunityId, SealId},
    keys::{PublicKey, Purpose},
    outcome::CountedAs,
    receipt::{self, CertifiedSeal, Content, CountedProof, Line, Place, Receipt, SealedProof, Succession},
    records::{Fork, Record, SignedHeader},
    seals::Vote,
};
use serde_json::{Value, json};

use super::{
    amended::{ADOPTED, ADOPTED_AGAIN, Amended, VOID},
    proofs::{Crime, certified, opened, receipt, successions},
    story::{BALLOTS, CLOSE, LAST, Story},
    *,
};

fn charter_of(world: &World) -> Value {
    json!({ "bytes": hex::encode(codec::encode(&world.community().at(0).charter)), "community": world.community().id })
}

/// A receipt with its record and its count.
fn both(receipt: &mut Receipt) -> (&mut SealedProof, &mut CountedProof) {
    let sealed = receipt.sealed.as_mut().expect("a receipt for a record");
    (sealed, receipt.counted.as_mut().expect("a receipt for a count"))
}

fn listed(counted: &mut CountedProof) -> &mut Line {
    match &mut counted.place {
        Place::Listed(line) => line,
        Place::Unlisted { .. } => panic!("the key is in the roll"),
    }
}

/// A key that is in no line, and the lines around it.
type Around<'a> = (&'a mut PublicKey, &'a mut Option<Line>, &'a mut Option<Line>);

fn around(counted: &mut CountedProof) -> Around<'_> {
    match &mut counted.place {
        Place::Unlisted { key, before, after } => (key, before, after),
        Place::Listed(_) => panic!("the key is not in the roll"),
    }
}

/// Receipts of the community of `archive.json`, what they prove, and files that prove nothing.
pub fn receipts() -> Value {
    let world = Story::tell().worlds.swap_remove(LAST);
    let at = |height: usize, name: &str| {
        let records = opened(&world, &world.batches[height - 1]);
        records.iter().find(|received| received.record().author == public(name)).expect("a record").id
    };
    let community = world.community();
    let ana = receipt(&world, Some(at(CLOSE, "ana")), Some((1, public("ana"))));
    let mut roll: Vec<PublicKey> = ["ana", "ben", "cleo", "dora"].map(public).to_vec();
    roll.sort_unstable();
    let mut between = roll[1];
    between.0[31] ^= 1;
    let unlisted = receipt(&world, None, Some((1, between)));
    let sound = [
        ("a ballot and its count", ana.clone()),
        ("the same without the ballot's body", ana.without_body(community)),
        ("a ballot in whose place a newer one was counted", {
            receipt(&world, Some(at(BALLOTS, "ana")), Some((1, public("ana"))))
        }),
        ("a standing ballot, counted in a later round", {
            receipt(&world, Some(at(CLOSE, "ana")), Some((2, public("ana"))))
        }),
        ("a record, and no count", receipt(&world, Some(at(3, "cleo")), None)),
        ("a member for whom nothing was counted", {
            receipt(&world, None, Some((2, public("ben's new phone"))))
        }),
        ("a suspended member, who is not in the roll", receipt(&world, None, Some((2, public("dora"))))),
        ("a stranger between two members", unlisted.clone()),
        ("a key before all members", receipt(&world, None, Some((1, PublicKey([0; 32]))))),
        ("a key after all members", receipt(&world, None, Some((1, PublicKey([0xff; 32]))))),
    ];
    let sound: Vec<Value> = sound
        .into_iter()
        .map(|(what, receipt)| {
            json!({
                "what": what,
                "file": hex::encode(receipt.to_file()),
                "text": receipt.to_text(),
                "proves": receipt.verify(community).expect("a sound receipt"),
            })
        })
        .collect();

    let changed = |change: &dyn Fn(&mut SealedProof, &mut CountedProof)| {
        let mut receipt = ana.without_body(community);
        let (sealed, counted) = both(&mut receipt);
        change(sealed, counted);
        receipt.to_file()
    };
    let stranger = |change: &dyn Fn(Around<'_>)| {
        let mut receipt = unlisted.clone();
        change(around(receipt.counted.as_mut().expect("a count")));
        receipt.to_file()
    };
    let bytes = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = ana.to_file();
        change(&mut bytes);
        bytes
    };
    let whole = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut receipt = ana.clone();
        let (sealed, _) = both(&mut receipt);
        if let Content::Whole(bytes) = &mut sealed.content {
            change(bytes);
        }
        receipt.to_file()
    };
    let header = |change: &dyn Fn(&mut SignedHeader)| {
        changed(&|sealed, _| {
            if let Content::Header(signed) = &mut sealed.content {
                change(signed);
            }
        })
    };
    let refused: Vec<(&str, &str, Vec<u8>)> = vec![
        ("6.1", "no bytes", vec![]),
        ("6.1", "another version", bytes(&|b| b[receipt::MAGIC.len() - 1] = 2)),
        ("6.1", "an evidence file", bytes(&|b| b[..16].copy_from_slice(evidence::MAGIC))),
        ("6.1", "a byte too many", bytes(&|b| b.push(0))),
        ("6.1", "a byte too few", bytes(&|b| b.truncate(b.len() - 1))),
        ("6.1", "an option that is 2", bytes(&|b| b[16] = 2)),
        ("6.1", "neither proof", Receipt { successions: Vec::new(), sealed: None, counted: None }.to_file()),
        ("6.2", "a seal of another community", {
            changed(&|sealed, _| sealed.seal.header.community = CommunityId([1; 32]))
        }),
        ("6.2", "a closing seal of another community", {
            changed(&|_, counted| counted.seal.header.community = CommunityId([1; 32]))
        }),
        (
            "6.2",
            "a record of another community",
            header(&|signed| signed.header.community = CommunityId([1; 32])),
        ),
        ("6.3", "a signature of something else", header(&|signed| signed.signature.0[0] ^= 1)),
        ("6.3", "number 0", header(&|signed| signed.header.sequence = 0)),
        ("6.3", "a first record with a predecessor", header(&|signed| signed.header.sequence = 1)),
        ("6.3", "a second record without one", header(&|signed| signed.header.previous = Record::NONE)),
        (
            "6.3",
            "a whole record with another score",
            whole(&|b| {
                let at = b.len() - 64 - 8 - 1;
                b[at] ^= 1;
            }),
        ),
        ("6.3", "a record that does not decode", whole(&|b| b.truncate(100))),
        ("6.4", "another position", changed(&|sealed, _| sealed.position += 1)),
        ("6.4", "a path too long", changed(&|sealed, _| sealed.path.push(sealed.seal.header.root))),
        ("6.4", "a seal with more records than it has", changed(&|sealed, _| sealed.seal.header.count = 9)),
        ("6.4", "another seal", changed(&|sealed, _| sealed.seal = certified(&world, BALLOTS as u64))),
        ("6.5", "too few signatures", changed(&|sealed, _| sealed.seal.signatures.truncate(2))),
        ("6.5", "one signature twice", {
            changed(&|sealed, _| sealed.seal.signatures[1] = sealed.seal.signatures[0])
        }),
        ("6.5", "signers in another order", changed(&|sealed, _| sealed.seal.signatures.swap(0, 2))),
        ("6.5", "a witness that there is not", changed(&|_, counted| counted.seal.signatures[2].0 = 4)),
        ("6.5", "a signature of another witness", changed(&|_, counted| counted.seal.signatures[2].0 = 3)),
        ("6.5", "another round of the consensus", changed(&|_, counted| counted.seal.round = 1)),
        ("6.5", "another time of the seal", changed(&|sealed, _| sealed.seal.header.time += 1)),
        ("6.6", "a seal that closes nothing", changed(&|_, counted| counted.seal = certified(&world, 1))),
        (
            "6.6",
            "a seal that closes another round",
            changed(&|_, counted| counted.seal = certified(&world, 9)),
        ),
        ("6.6", "another budget", changed(&|_, counted| counted.outcome.pool += 1)),
        ("6.6", "another roll", changed(&|_, counted| counted.outcome.roll.0[0] ^= 1)),
        ("6.6", "an outcome of another height, signed by nobody", {
            changed(&|_, counted| {
                counted.outcome.height += 1;
                counted.seal.header.closes = Some(counted.outcome.digest());
            })
        }),
        ("6.7", "another thing counted", {
            changed(&|_, counted| listed(counted).entry.counted = CountedAs::Nothing)
        }),
        ("6.7", "another weight", changed(&|_, counted| listed(counted).entry.weight = 100)),
        ("6.7", "another member", changed(&|_, counted| listed(counted).entry.member = between)),
        ("6.7", "another position", changed(&|_, counted| listed(counted).position ^= 1)),
        (
            "6.8",
            "a member who is said to be none",
            stranger(&|(key, before, _)| {
                *key = before.as_ref().expect("a line before").entry.member;
            }),
        ),
        ("6.8", "a key before the line before it", stranger(&|(key, _, _)| *key = PublicKey([0; 32]))),
        ("6.8", "a key after the line after it", stranger(&|(key, _, _)| *key = PublicKey([0xff; 32]))),
        ("6.8", "no line before, where there is one", stranger(&|(_, before, _)| *before = None)),
        ("6.8", "no line after, where there is one", stranger(&|(_, _, after)| *after = None)),
        (
            "6.8",
            "no lines, where there are some",
            stranger(&|(_, before, after)| {
                (*before, *after) = (None, None);
            }),
        ),
        (
            "6.8",
            "lines that are no neighbours",
            stranger(&|(_, _, after)| {
                let mut last = receipt(&world, None, Some((1, roll[3])));
                *after = Some(listed(last.counted.as_mut().expect("a count")).clone());
            }),
        ),
        (
            "6.8",
            "a line that stands elsewhere",
            stranger(&|(_, before, _)| {
                before.as_mut().expect("a line before").position ^= 1;
            }),
        ),
    ];
    let refused: Vec<Value> = refused
        .into_iter()
        .map(|(check, what, file)| json!({ "what": what, "check": check, "file": hex::encode(file) }))
        .collect();
    json!({ "section": 13, "charter": charter_of(&world), "receipts": sound, "refused": refused })
}

/// Evidence of each kind, and files that convict nobody.
pub fn evidence() -> Value {
    let crime = Crime::commit();
    let community = crime.world.community();
    let sound: Vec<Value> = crime
        .all()
        .into_iter()
        .map(|(what, evidence)| {
            json!({
                "what": what,
                "file": hex::encode(evidence.to_file()),
                "proves": evidence.verify(community).expect("sound evidence"),
            })
        })
        .collect();

    let bytes = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Evidence::Votes(crime.votes()).to_file();
        change(&mut bytes);
        bytes
    };
    let fork = |change: &dyn Fn(&mut Fork)| {
        let mut fork = crime.fork();
        change(&mut fork);
        Evidence::Fork(fork).to_file()
    };
    let seals = |change: &dyn Fn(&mut CertifiedSeal, &mut CertifiedSeal)| {
        let mut seals = crime.seals();
        change(&mut seals.first, &mut seals.second);
        Evidence::Seals(seals).to_file()
    };
    let vote = |change: &dyn Fn(&mut Vote)| {
        let mut votes = crime.votes();
        change(&mut votes.first.0);
        votes.first.1 = key("witness 2").sign(Purpose::Vote, &votes.first.0.bytes());
        Evidence::Votes(votes).to_file()
    };
    let contradiction = |change: &dyn Fn(&mut evidence::Contradiction)| {
        let mut contradiction = crime.contradiction();
        change(&mut contradiction);
        Evidence::Attestations(contradiction).to_file()
    };
    let other_community = CommunityId([1; 32]);
    let refused: Vec<(&str, &str, Vec<u8>)> = vec![
        ("7.1", "no bytes", vec![]),
        ("7.1", "a receipt", bytes(&|b| b[..16].copy_from_slice(receipt::MAGIC))),
        ("7.1", "a byte too many", bytes(&|b| b.push(0))),
        ("7.1", "an unknown kind", bytes(&|b| b[27] = 5)),
        ("7.1", "a record that does not decode", contradiction(&|c| c.records[1].truncate(100))),
        ("7.2", "a record of another community", fork(&|f| f.first.header.community = other_community)),
        ("7.2", "a seal of another community", seals(&|first, _| first.header.community = other_community)),
        ("7.2", "a vote of another community", vote(&|vote| vote.community = other_community)),
        (
            "7.2",
            "the later attestation in a seal of another community",
            contradiction(&|c| c.sealed.seal.header.community = other_community),
        ),
        ("7.3", "two records with two numbers", fork(&|f| f.second.header.sequence += 1)),
        ("7.3", "one record twice", fork(&|f| f.second = f.first)),
        ("7.3", "two records in the wrong order", fork(&|f| std::mem::swap(&mut f.first, &mut f.second))),
        ("7.3", "one seal twice", seals(&|first, second| *second = first.clone())),
        ("7.3", "two seals in the wrong order", seals(&|first, second| std::mem::swap(first, second))),
        (
            "7.3",
            "seals that follow each other",
            seals(&|first, second| {
                (*first, *second) = (certified(&crime.world, 4), certified(&crime.world, 5));
            }),
        ),
        (
            "7.3",
            "seals far from each other",
            seals(&|first, second| {
                (*first, *second) = (certified(&crime.world, 2), certified(&crime.world, 5));
            }),
        ),
        ("7.3", "votes of two rounds", vote(&|vote| vote.round += 1)),
        ("7.3", "votes of two heights", vote(&|vote| vote.height += 1)),
        ("7.3", "votes of two kinds", vote(&|vote| vote.kind = VoteKind::Prevote)),
        ("7.3", "proposals of two rounds", {
            let mut proposals = crime.proposals();
            proposals.second.0.round += 1;
            Evidence::Proposals(proposals).to_file()
        }),
        ("7.3", "one attestation", contradiction(&|c| c.records.truncate(1))),
        ("7.3", "two attestations of different terms", contradiction(&|c| c.records.truncate(2))),
        ("7.4", "votes of somebody who is no witness", {
            let mut votes = crime.votes();
            votes.witness = public("ana");
            Evidence::Votes(votes).to_file()
        }),
        ("7.5", "a record that somebody else signed", fork(&|f| f.second.signature = f.first.signature)),
        ("7.5", "a seal with too few signatures", seals(&|first, _| first.signatures.truncate(2))),
        ("7.5", "a vote that somebody else signed", {
            let mut votes = crime.votes();
            votes.witness = public("witness 1");
            Evidence::Votes(votes).to_file()
        }),
        (
            "7.5",
            "an attestation with a broken signature",
            contradiction(&|c| {
                let last = c.records[1].len() - 1;
                c.records[1][last] ^= 1;
            }),
        ),
        ("7.6", "attestations with a record left out", contradiction(&|c| drop(c.records.remove(1)))),
        ("7.7", "an attestation that had been taken back", {
            taken_back(&crime, |world, chain| vec![world.say("attestor a", revocation(chain[0].id))])
        }),
        ("7.7", "an attestation that had been replaced", {
            taken_back(&crime, |world, chain| {
                let Body::Attest { proposal, .. } = chain[0].record().body else { return Vec::new() };
                vec![world.say("attestor a", world.attestation(proposal, approved()))]
            })
        }),
        ("7.7", "an attestation that had run out", ran_out()),
        ("7.8", "a proof about another record", {
            contradiction(&|c| c.sealed = proofs::sealed(&crime.world, crime.chain[0].id))
        }),
        ("7.8", "a seal that is not certified", contradiction(&|c| c.sealed.seal.signatures.truncate(2))),
    ];
    let refused: Vec<Value> = refused
        .into_iter()
        .map(|(check, what, file)| json!({ "what": what, "check": check, "file": hex::encode(file) }))
        .collect();
    json!({ "section": 14, "charter": charter_of(&crime.world), "evidence": sound, "refused": refused })
}

/// Attestor a approves the bakery, says something else, and then declines the same terms in the other proposal.
fn taken_back(crime: &Crime, between: impl FnOnce(&mut World, &[Received]) -> Vec<Received>) -> Vec<u8> {
    let mut world = World::found(crime.world.community().charter.clone());
    world.admit(&["ana", "ben"]);
    let terms = loan("bakery", 60_000);
    let (one, two) = (world.propose("ana", terms.clone()), world.propose("ben", terms));
    convict(world, one, two, approved(), between)
}

/// Receipts and evidence of a community that has changed its charter twice, for whoever has the founding charter.
pub fn amended() -> Value {
    let Amended { world, changes, again, bakery, school, .. } = Amended::tell();
    let founding = world.community().at(0);
    let late = |height: usize, name: &str| {
        let records = opened(&world, &world.batches[height - 1]);
        records.iter().find(|received| received.record().author == public(name)).expect("a record").id
    };
    let last = world.ledger.height();
    let ben = receipt(&world, Some(late(ADOPTED_AGAIN - 1, "ben")), Some((2, public("ben"))));
    let dora = receipt(&world, Some(late(ADOPTED_AGAIN + 1, "registrar")), Some((3, public("dora"))));
    let sound = [
        ("before any change", receipt(&world, Some(changes[0]), Some((1, public("ana"))))),
        (
            "a record that the charter of before allowed",
            receipt(&world, Some(late(VOID, "attestor c")), None),
        ),
        ("under the first amended charter", ben.clone()),
        ("under the second amended charter", dora.clone()),
        ("without the record's body", ben.without_body(founding)),
    ];
    let sound: Vec<Value> = sound
        .into_iter()
        .map(|(what, receipt)| {
            json!({
                "what": what,
                "file": hex::encode(receipt.to_file()),
                "proves": receipt.verify(founding).expect("a sound receipt"),
            })
        })
        .collect();
    let changed = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = dora.clone();
        change(&mut receipt);
        receipt.to_file()
    };
    let refused: Vec<(&str, &str, Vec<u8>)> = vec![
        ("6.9", "the changes in the wrong order", changed(&|r| r.successions.swap(0, 1))),
        ("6.9", "the first change left out", changed(&|r| drop(r.successions.remove(0)))),
        ("6.9", "a change twice", changed(&|r| r.successions.push(r.successions[1].clone()))),
        ("6.9", "another charter than was adopted", changed(&|r| r.successions[1].charter.limits.score = 4)),
        ("6.9", "another outcome", changed(&|r| r.successions[0].outcome.pool += 1)),
        ("6.9", "a seal that closes nothing", changed(&|r| r.successions[0].seal = certified(&world, 2))),
        ("6.9", "a change with too few signatures", {
            changed(&|r| r.successions[1].seal.signatures.truncate(2))
        }),
        ("6.9", "a change of another community", {
            changed(&|r| r.successions[0].seal.header.community = CommunityId([1; 32]))
        }),
        ("6.9", "an outcome that changes nothing", {
            let third = world.ledger.closings().last().expect("a closed round");
            changed(&|r| {
                r.successions.push(Succession {
                    seal: certified(&world, last),
                    outcome: third.outcome.head(),
                    charter: world.community().charter.clone(),
                });
            })
        }),
        // Witness 5 has two of the five units of power, and then of seven; those who were there at first have no more
        // than two thirds without it.
        ("6.5", "without the changes", changed(&|r| r.successions.clear())),
        ("6.5", "without the last change", changed(&|r| r.successions.truncate(1))),
    ];
    let refused: Vec<Value> = refused
        .into_iter()
        .map(|(check, what, file)| json!({ "what": what, "check": check, "file": hex::encode(file) }))
        .collect();

    // Two votes of witness 5, who is a witness from the first change on.
    let votes = |height: u64| {
        let witness = key("witness 5");
        let cast = |value| {
            let vote = Vote { community: founding.id, height, round: 0, kind: VoteKind::Precommit, value };
            (vote.clone(), witness.sign(Purpose::Vote, &vote.bytes()))
        };
        Evidence::Votes(TwoVotes::new(witness.public(), cast(Some(SealId([1; 32]))), cast(None)))
    };
    let file = |height: u64, known: u64| EvidenceFile {
        successions: successions(&world, known),
        evidence: votes(height),
    };
    let convicted = file(VOID as u64, VOID as u64);
    let evidence = json!([{
        "what": "two votes of a witness who is one since a change",
        "file": hex::encode(convicted.to_file()),
        "proves": convicted.verify(founding).expect("sound evidence"),
    }]);
    let broken = {
        let mut file = file(last, last);
        file.successions.swap(0, 1);
        file.to_file()
    };
    let innocent = [
        ("7.4", "two votes of a witness to come", file(ADOPTED as u64, last).to_file()),
        ("7.4", "without the change that made it one", file(VOID as u64, 0).to_file()),
        ("7.9", "the changes in the wrong order", broken),
    ]
    .map(|(check, what, file)| json!({ "what": what, "check": check, "file": hex::encode(file) }));
    let closings: Vec<Value> = world
        .ledger
        .closings()
        .iter()
        .map(|closing| {
            json!({
                "outcome": closing.outcome,
                "bytes": hex::encode(codec::encode(&closing.outcome)),
                "head_bytes": hex::encode(codec::encode(&closing.outcome.head())),
                "digest": closing.digest,
            })
        })
        .collect();
    let void: Vec<Value> =
        world.ledger.void().iter().map(|(id, reason)| json!({ "record": id, "reason": reason })).collect();
    let charters: Vec<Value> = [0, VOID, ADOPTED_AGAIN + 1]
        .map(|height| {
            let community = world.community().at(height as u64);
            json!({ "from_seal": community.since + 1, "hash": community.hash, "charter": community.charter })
        })
        .to_vec();
    json!({
        "section": 5,
        "charter": charter_of(&world),
        "archive": hex::encode(log::Log::of(&world).bytes()),
        "charters": charters,
        "proposals": { "changes": changes, "again": again, "bakery": bakery, "school": school },
        "outcomes": closings,
        "void": void,
        "receipts": sound,
        "refused_receipts": refused,
        "evidence": evidence,
        "refused_evidence": innocent.to_vec(),
    })
}

fn ran_out() -> Vec<u8> {
    let mut world = World::found(charter(4));
    world.admit(&["ana", "ben"]);
    let terms = loan("bakery", 60_000);
    let (one, two) = (world.propose("ana", terms.clone()), world.propose("ben", terms));
    let soon = Assessment { valid_until: world.ledger.time() + STEP + 1, ..approved() };
    convict(world, one, two, soon, |_, _| Vec::new())
}

fn convict(
    mut world: World,
    one: ProposalId,
    two: ProposalId,
    approval: Assessment,
    between: impl FnOnce(&mut World, &[Received]) -> Vec<Received>,
) -> Vec<u8> {
    let mut chain = vec![world.say("attestor a", world.attestation(one, approval))];
    world.seal(chain.clone());
    chain.extend(between(&mut world, &chain));
    let declined = Assessment { verdict: Verdict::Declined, ..approved() };
    chain.push(world.say("attestor a", world.attestation(two, declined)));
    world.seal(chain[1..].to_vec());
    let later = chain.last().expect("an attestation");
    Evidence::Attestations(evidence::Contradiction {
        records: chain.iter().map(|received| received.bytes.to_vec()).collect(),
        sealed: proofs::sealed(&world, later.id),
    })
    .to_file()
}
