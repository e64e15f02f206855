//! Archives with one fault each, for every check of SPEC section 12.
//!
//! The first table holds what anybody can do to a file. The second holds what nobody can do without
//! the keys of witnesses: there the seals are signed anew, and the rules alone are left to object.

#![allow(clippy::unwrap_used, reason = "a table of faults may panic where the story is not as told")]

use mutua_protocol::{
    archive::{Check, MAGIC, end_frame, opening, seal_frame},
    charter::Charter,
    codec,
    hash::{CommunityId, OutcomeDigest, Root, SealId, TermsHash},
    keys::{PublicKey, Purpose, Signature},
    limits,
    records::{Body, Direction, Fork, Received, Record, SignedRecord, Subject},
    seals::{Certificate, SealHeader, SealedBatch, Vote, VoteKind},
};

use super::{
    log::{Log, header},
    story::{ADMISSIONS, BALLOTS, CLOSE, LAST, OPEN_AGAIN, Story},
    *,
};

/// A spoiled archive and the place of its fault.
pub struct Spoiled {
    pub bytes: Vec<u8>,
    pub check: Check,
    pub seal: Option<usize>,
    pub record: Option<usize>,
}

impl Spoiled {
    pub fn at(bytes: Vec<u8>, check: Check, seal: impl Into<Option<usize>>) -> Self {
        Self { bytes, check, seal: seal.into(), record: None }
    }

    pub fn in_record(self, position: usize) -> Self {
        Self { record: Some(position), ..self }
    }
}

/// Spoiled archives, each with what was done to it.
pub type Cases = Vec<(&'static str, Spoiled)>;

/// What anybody can do to a file.
pub fn without_keys(story: &Story) -> Cases {
    let log = story.log();
    let whole = log.bytes();
    let frames = log.frames();
    let arranged = |order: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut frames = frames.clone();
        order(&mut frames);
        frames.concat()
    };
    let cut = |bytes: usize| whole[..bytes].to_vec();
    let with_charter = |change: &dyn Fn(&mut Charter)| {
        let mut log = log.clone();
        change(&mut log.charter);
        log.bytes()
    };
    // One seal changed, its header and certificate left as they were or not.
    let with_seal = |height: usize, change: &dyn Fn(&mut SealedBatch)| {
        let mut log = log.clone();
        change(&mut log.batches[height - 1]);
        log.bytes()
    };
    let with_record = |height: usize, position: usize, change: &dyn Fn(&mut Vec<u8>)| {
        with_seal(height, &|batch| change(&mut batch.records[position]))
    };
    let with_certificate =
        |change: &dyn Fn(&mut Certificate)| with_seal(BALLOTS, &|batch| change(&mut batch.certificate));
    // A record that its author has signed, in the place of another.
    let with_signed = |change: &dyn Fn(&mut Record)| {
        with_record(BALLOTS, 0, &|bytes| {
            let mut record = codec::decode::<SignedRecord>(bytes, bytes.len()).unwrap().record;
            let author = ["ana", "ben", "cleo", "dora"].iter().find(|name| public(name) == record.author);
            change(&mut record);
            *bytes = record.sign(&key(author.unwrap())).bytes();
        })
    };
    let seal_bytes = |height: usize, bytes: Vec<u8>| {
        arranged(&|frames| {
            let mut frame = vec![2];
            frame.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
            frame.extend(&bytes);
            frames[height] = frame;
        })
    };
    let inside = frames[..=3].concat().len() + frames[4].len() / 2;
    let other_history = {
        let mut other = story.after(BALLOTS).clone();
        other.fund(1);
        other.fund(2);
        other
    };
    let stranger = |certificate: &mut Certificate| {
        let (_, signature) = certificate.signatures.remove(0);
        certificate.signatures.push((public("stranger"), signature));
        certificate.signatures.sort_by_key(|signed| signed.0);
    };
    let prevotes = {
        let header = &log.batches[BALLOTS - 1].header;
        let vote = Vote {
            community: header.community,
            height: header.height,
            round: 0,
            kind: VoteKind::Prevote,
            value: Some(header.id()),
        };
        let sign = |signed: &(PublicKey, Signature)| {
            let witness = (1..=4).map(|number| key(&format!("witness {number}")));
            let witness = witness.into_iter().find(|witness| witness.public() == signed.0).unwrap();
            (signed.0, witness.sign(Purpose::Vote, &vote.bytes()))
        };
        log.batches[BALLOTS - 1].certificate.signatures.iter().map(sign).collect::<Vec<_>>()
    };
    // A sound proof of a fork, spoiled.
    let accusation = |change: &dyn Fn(&mut Fork)| {
        let fork = story.after(BALLOTS - 1).fork("cleo", Body::Leave, Body::Ballot(ballot(1, &[])));
        let mut fork = Fork::of(&fork[0], &fork[1]);
        change(&mut fork);
        Body::Evidence(Box::new(fork))
    };
    let certificate = |bytes| Spoiled::at(bytes, Check::Certificate, BALLOTS);
    let record = |bytes, check| Spoiled::at(bytes, check, BALLOTS).in_record(0);
    let end = |bytes| Spoiled::at(bytes, Check::End, None);
    let last_byte = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    // Where the number of the body begins; a ballot's round and its mark of standing follow it.
    let body = 32 + 32 + 8 + 32 + 8;

    vec![
        // The charter
        ("an empty file", Spoiled::at(vec![], Check::Charter, None)),
        ("another magic", Spoiled::at(arranged(&|f| f[0][3] ^= 1), Check::Charter, None)),
        ("nothing but the magic", Spoiled::at(MAGIC.to_vec(), Check::End, None)),
        ("a damaged charter", Spoiled::at(arranged(&|f| f[0].truncate(400)), Check::Charter, None)),
        (
            "an unknown frame for a charter",
            Spoiled::at(arranged(&|f| f[0][MAGIC.len()] = 9), Check::Charter, None),
        ),
        ("no charter", Spoiled::at(arranged(&|f| f[0].truncate(MAGIC.len())), Check::Charter, None)),
        ("a charter out of bounds", Spoiled::at(with_charter(&|c| c.limits.score = 0), Check::Charter, None)),
        ("another charter", Spoiled::at(with_charter(&|c| c.limits.score = 9), Check::Community, 1)),
        ("another witness", Spoiled::at(with_charter(&|c| c.witnesses[0].power = 2), Check::Community, 1)),
        (
            "a second charter",
            Spoiled::at(
                arranged(&|f| f.insert(3, opening(&log.charter)[MAGIC.len()..].to_vec())),
                Check::Canonical,
                3,
            ),
        ),
        // Frames
        ("a seal left out", Spoiled::at(arranged(&|f| drop(f.remove(BALLOTS))), Check::Height, BALLOTS)),
        ("the first seal left out", Spoiled::at(arranged(&|f| drop(f.remove(1))), Check::Height, 1)),
        ("two seals swapped", Spoiled::at(arranged(&|f| f.swap(4, 5)), Check::Height, 4)),
        ("a seal twice", Spoiled::at(arranged(&|f| f.insert(3, f[3].clone())), Check::Height, 4)),
        ("the last seal left out", Spoiled::at(arranged(&|f| drop(f.remove(LAST))), Check::End, LAST - 1)),
        ("cut inside a seal", Spoiled::at(cut(inside), Check::End, 4)),
        ("cut between two seals", Spoiled::at(cut(frames[..4].concat().len()), Check::End, 4)),
        ("cut inside the end", Spoiled::at(cut(whole.len() - 1), Check::End, LAST + 1)),
        ("cut before the end", Spoiled::at(arranged(&|f| drop(f.pop())), Check::End, LAST + 1)),
        ("an end of another seal", Spoiled::at(arranged(&|f| last_byte(&mut f[LAST + 1])), Check::End, LAST)),
        ("a byte after the end", end([&whole[..], &[0]].concat())),
        ("an archive after the end", end([&whole[..], &whole[..]].concat())),
        ("an unknown kind of frame", Spoiled::at(arranged(&|f| f[4][0] = 9), Check::Canonical, 4)),
        ("a frame without bound", Spoiled::at(arranged(&|f| f[4][1] = 0xff), Check::Canonical, 4)),
        ("two ends", end(arranged(&|f| f.push(f[LAST + 1].clone())))),
        // Bytes of seals
        (
            "an end mark that does not decode",
            Spoiled::at(arranged(&|f| f[LAST + 1] = vec![3, 0, 0, 0, 1, 0]), Check::Canonical, LAST + 1),
        ),
        (
            "a byte after a seal's end",
            Spoiled::at(
                seal_bytes(3, [codec::encode(&log.batches[2]), vec![0]].concat()),
                Check::Canonical,
                3,
            ),
        ),
        (
            "a seal cut short",
            Spoiled::at(
                seal_bytes(3, {
                    let mut bytes = codec::encode(&log.batches[2]);
                    bytes.pop();
                    bytes
                }),
                Check::Canonical,
                3,
            ),
        ),
        (
            "a close that is neither there nor not",
            Spoiled::at(
                seal_bytes(3, {
                    let mut bytes = codec::encode(&log.batches[2]);
                    bytes[116] = 2;
                    bytes
                }),
                Check::Canonical,
                3,
            ),
        ),
        // Seals and what their certificates cover
        (
            "a record left out",
            Spoiled::at(with_seal(BALLOTS, &|b| drop(b.records.pop())), Check::Count, BALLOTS),
        ),
        (
            "a record put in",
            Spoiled::at(with_seal(BALLOTS, &|b| b.records.push(b.records[0].clone())), Check::Count, BALLOTS),
        ),
        (
            "another community's seal",
            Spoiled::at(with_seal(3, &|b| b.header.community = CommunityId([7; 32])), Check::Community, 3),
        ),
        ("another time", certificate(with_seal(BALLOTS, &|b| b.header.time += 1))),
        ("another root", certificate(with_seal(BALLOTS, &|b| b.header.root = Root([7; 32])))),
        ("another predecessor", certificate(with_seal(BALLOTS, &|b| b.header.previous = SealId([7; 32])))),
        (
            "another outcome",
            Spoiled::at(
                with_seal(CLOSE, &|b| b.header.closes = Some(OutcomeDigest([7; 32]))),
                Check::Certificate,
                CLOSE,
            ),
        ),
        ("no outcome", Spoiled::at(with_seal(CLOSE, &|b| b.header.closes = None), Check::Certificate, CLOSE)),
        // Certificates
        ("a forged signature", certificate(with_certificate(&|c| c.signatures[1].1.0[9] ^= 4))),
        (
            "a certificate of another seal",
            certificate(with_certificate(&|c| {
                *c = log.batches[BALLOTS].certificate.clone();
            })),
        ),
        ("two of four witnesses", certificate(with_certificate(&|c| c.signatures.truncate(2)))),
        ("no witness", certificate(with_certificate(&|c| c.signatures.clear()))),
        (
            "a witness twice",
            certificate(with_certificate(&|c| {
                c.signatures.truncate(2);
                c.signatures.insert(1, c.signatures[1]);
            })),
        ),
        ("witnesses out of order", certificate(with_certificate(&|c| c.signatures.reverse()))),
        ("a stranger among the witnesses", certificate(with_certificate(&stranger))),
        ("another consensus round", certificate(with_certificate(&|c| c.round = 1))),
        ("prevotes for precommits", certificate(with_certificate(&|c| c.signatures = prevotes.clone()))),
        // Records
        ("a changed ballot", record(with_record(BALLOTS, 0, &|b| b[body + 8] ^= 1), Check::Signature)),
        ("a changed signature", record(with_record(BALLOTS, 0, &last_byte), Check::Signature)),
        (
            "another author",
            record(
                with_record(BALLOTS, 0, &|b| b[32..64].copy_from_slice(&public("stranger").0)),
                Check::Signature,
            ),
        ),
        ("an unknown body", record(with_record(BALLOTS, 0, &|b| b[body + 3] = 99), Check::RecordBytes)),
        ("bytes after a record", record(with_record(BALLOTS, 0, &|b| b.push(0)), Check::RecordBytes)),
        ("a record cut short", record(with_record(BALLOTS, 0, &|b| b.truncate(150)), Check::RecordBytes)),
        ("an empty record", record(with_record(BALLOTS, 0, &Vec::clear), Check::RecordBytes)),
        (
            "a record beyond the limit",
            record(with_record(BALLOTS, 0, &|b| b.resize(limits::RECORD_BYTES + 1, 0)), Check::RecordBytes),
        ),
        (
            "a record of another community",
            record(with_signed(&|r| r.community = CommunityId([7; 32])), Check::Community),
        ),
        ("a record with number 0", record(with_signed(&|r| r.sequence = 0), Check::Sequence)),
        (
            "a field out of bounds",
            record(with_signed(&|r| r.body = Body::Ballot(ballot(1, &[(story.bakery, 11)]))), Check::Body),
        ),
        (
            "evidence of one record",
            record(with_signed(&|r| r.body = accusation(&|fork| fork.second = fork.first)), Check::Evidence),
        ),
        (
            "evidence in the other order",
            record(
                with_signed(&|r| {
                    r.body = accusation(&|fork| std::mem::swap(&mut fork.first, &mut fork.second))
                }),
                Check::Evidence,
            ),
        ),
        (
            "evidence against somebody else",
            record(
                with_signed(&|r| r.body = accusation(&|fork| fork.second.header.author = public("ben"))),
                Check::Evidence,
            ),
        ),
        (
            "evidence with a changed body hash",
            record(
                with_signed(&|r| r.body = accusation(&|fork| fork.first.header.body.0[0] ^= 1)),
                Check::Evidence,
            ),
        ),
        (
            "evidence of another community",
            record(
                with_signed(&|r| {
                    r.body = accusation(&|fork| fork.first.header.community = CommunityId([7; 32]));
                }),
                Check::Evidence,
            ),
        ),
        (
            "evidence that nobody signed",
            record(
                with_signed(&|r| r.body = accusation(&|fork| fork.first.signature = Signature([7; 64]))),
                Check::Evidence,
            ),
        ),
        (
            "a ballot changed by its author",
            Spoiled::at(with_signed(&|r| r.body = Body::Ballot(ballot(1, &[]))), Check::Root, BALLOTS),
        ),
        (
            "records in another order",
            Spoiled::at(with_seal(BALLOTS, &|b| b.records.swap(0, 1)), Check::Order, BALLOTS).in_record(1),
        ),
        (
            "a record in the place of another",
            Spoiled::at(with_seal(BALLOTS, &|b| b.records[1] = b.records[0].clone()), Check::Order, BALLOTS)
                .in_record(1),
        ),
        // Two sound histories
        (
            "two histories spliced",
            Spoiled::at(
                [
                    frames[..=CLOSE].concat(),
                    seal_frame(&other_history.batches[CLOSE]),
                    end_frame(7, other_history.ledger.head()),
                ]
                .concat(),
                Check::Link,
                CLOSE + 1,
            ),
        ),
    ]
}

/// What nobody can do without the keys of witnesses.
pub fn with_keys(story: &Story) -> Cases {
    // A seal on top of others that all witnesses have signed.
    let signed = |after: usize, records: &[Received], time: u64, change: &dyn Fn(&mut SealHeader)| {
        let world = story.after(after);
        let mut header = header(&world.ledger, time, records);
        if time >= world.ledger.close() {
            header.closes = Some(world.ledger.provisional(time, records).digest);
        }
        change(&mut header);
        let end = (header.height, header.id());
        let mut log = Log { end, ..Log::of(world) };
        log.batches.push(world.batch(header, records));
        log.bytes()
    };
    let soon = |after: usize| story.after(after).ledger.time() + STEP;
    let with_header = |check, change: &dyn Fn(&mut SealHeader)| {
        let mut world = story.after(BALLOTS).clone();
        let record = world.say("treasurer", payment(Direction::In, 5));
        Spoiled::at(signed(BALLOTS, &[record], soon(BALLOTS), change), check, BALLOTS + 1)
    };
    let closing = |time: u64, check, change: &dyn Fn(&mut SealHeader)| {
        Spoiled::at(signed(BALLOTS, &[], time, change), check, BALLOTS + 1)
    };
    // Records after a seal, of which the one at a position is at fault.
    let with_records = |after: usize, check, make: &dyn Fn(&mut World) -> (Vec<Received>, usize)| {
        let mut world = story.after(after).clone();
        let (records, position) = make(&mut world);
        Spoiled::at(signed(after, &records, soon(after), &|_| {}), check, after + 1).in_record(position)
    };
    let with_one = |after: usize, check, make: &dyn Fn(&mut World) -> Received| {
        with_records(after, check, &|world| (vec![make(world)], 0))
    };
    let blank = |round| Body::Ballot(ballot(round, &[]));
    let nowhere = RecordId([9; 32]);
    let without_ballots = {
        let mut world = story.after(BALLOTS - 1).clone();
        world.close().digest
    };
    let reused = |height: usize| {
        let world = story.after(LAST);
        let bytes = &world.batches[height - 1].records[0];
        Received::decode(bytes, world.community()).unwrap()
    };
    let before = story.after(BALLOTS).ledger.time();

    vec![
        // The header
        (
            "a seal of another community",
            with_header(Check::Community, &|h| h.community = CommunityId([7; 32])),
        ),
        ("a number left out", with_header(Check::Height, &|h| h.height += 1)),
        ("a false count", with_header(Check::Count, &|h| h.count += 1)),
        ("a false predecessor", with_header(Check::Link, &|h| h.previous = SealId([7; 32]))),
        (
            "a seal that skips one",
            with_header(Check::Link, &|h| {
                h.previous = story.after(BALLOTS - 1).ledger.head();
            }),
        ),
        ("time that goes back", with_header(Check::Time, &|h| h.time = before - 1)),
        ("time that stands still", with_header(Check::Time, &|h| h.time = before)),
        ("a false root", with_header(Check::Root, &|h| h.root = Root([7; 32]))),
        ("a root in another tree", with_header(Check::Root, &|h| h.root = SealHeader::root_of(&[]))),
        // Rounds
        ("a round closed too early", with_header(Check::Closing, &|h| h.closes = Some(without_ballots))),
        ("a round left open", closing(ROUND, Check::Closing, &|h| h.closes = None)),
        ("a round left open, later", closing(3 * ROUND, Check::Closing, &|h| h.closes = None)),
        (
            "an outcome out of thin air",
            closing(ROUND, Check::Outcome, &|h| h.closes = Some(OutcomeDigest([7; 32]))),
        ),
        (
            "an outcome without the ballots",
            closing(ROUND, Check::Outcome, &|h| h.closes = Some(without_ballots)),
        ),
        (
            "an outcome of another time",
            closing(ROUND + 1, Check::Outcome, &|h| {
                h.closes = Some(story.after(BALLOTS).ledger.provisional(ROUND, &[]).digest);
            }),
        ),
        ("an idle seal", closing(ROUND - 1, Check::Idle, &|_| {})),
        // The order of records
        (
            "unsorted records",
            with_records(BALLOTS, Check::Order, &|world| {
                let mut records = vec![world.say("ana", blank(1)), world.say("ben", blank(1))];
                records.sort_by_key(Received::order);
                records.reverse();
                (records, 1)
            }),
        ),
        ("a record twice in a seal", {
            let mut world = story.after(BALLOTS).clone();
            let record = world.say("ana", blank(1));
            let records = [record.clone(), record];
            // Both have one id: the place of the second is named.
            let bytes = signed(BALLOTS, &records, soon(BALLOTS), &|_| {});
            Spoiled::at(bytes, Check::Order, BALLOTS + 1).in_record(1)
        }),
        (
            "both branches of a fork",
            with_records(BALLOTS, Check::Order, &|world| {
                (world.fork("ana", blank(1), Body::Leave).to_vec(), 1)
            }),
        ),
        // Chains
        (
            "a gap in a chain",
            with_one(BALLOTS, Check::Sequence, &|world| {
                let head = world.ledger.chain(&public("ana"));
                world.sign("ana", head.sequence + 2, head.id, blank(1))
            }),
        ),
        ("a record sealed again", with_one(LAST, Check::Sequence, &|_| reused(ADMISSIONS))),
        (
            "the other branch of a fork",
            with_one(BALLOTS, Check::Sequence, &|world| world.sign("ana", 1, Record::NONE, blank(1))),
        ),
        (
            "another predecessor in a chain",
            with_one(BALLOTS, Check::Predecessor, &|world| {
                let head = world.ledger.chain(&public("ana"));
                world.sign("ana", head.sequence + 1, nowhere, blank(1))
            }),
        ),
        (
            "a key that was replaced",
            with_one(OPEN_AGAIN, Check::Predecessor, &|world| {
                let head = world.ledger.chain(&public("ben"));
                world.sign("ben", head.sequence + 1, head.id, blank(2))
            }),
        ),
        // Authority
        ("a member who admits", with_one(BALLOTS, Check::Authority, &|w| w.say("ana", admission("x", 1)))),
        (
            "a member who attests",
            with_one(BALLOTS, Check::Authority, &|w| w.say("ana", w.attestation(story.bakery, approved()))),
        ),
        (
            "a registrar who pays in",
            with_one(BALLOTS, Check::Authority, &|w| w.say("registrar", payment(Direction::In, 5))),
        ),
        (
            "a member who pays out",
            with_one(BALLOTS, Check::Authority, &|w| w.say("ana", disbursement(story.bakery, 1))),
        ),
        (
            "a registrar who writes off",
            with_one(BALLOTS, Check::Authority, &|w| w.say("registrar", write_off(story.bakery, 1))),
        ),
        (
            "an operator who predicts",
            with_one(BALLOTS, Check::Authority, &|w| {
                let terms = w.ledger.proposals()[&story.bakery].terms;
                w.say("attestor a", Body::Predict { proposal: story.bakery, terms, default: 1 })
            }),
        ),
        (
            "a member who answers for the board",
            with_one(CLOSE, Check::Authority, &|w| {
                w.say("ana", response(About::Outcome(1), ResponseStatus::Accepted))
            }),
        ),
        ("a stranger who votes", with_one(BALLOTS, Check::Authority, &|w| w.say("stranger", blank(1)))),
        ("an operator who votes", with_one(BALLOTS, Check::Authority, &|w| w.say("treasurer", blank(1)))),
        (
            "a suspended member who votes",
            with_one(OPEN_AGAIN, Check::Authority, &|w| w.say("dora", blank(2))),
        ),
        ("a forker who votes", with_one(OPEN_AGAIN + 1, Check::Authority, &|w| w.say("cleo", blank(2)))),
        (
            "another's loan withdrawn",
            with_one(BALLOTS, Check::Authority, &|w| w.say("ben", withdrawal(story.bakery))),
        ),
        // References
        (
            "a vote for nothing",
            with_one(BALLOTS, Check::Reference, &|w| w.say("ana", Body::Ballot(ballot(1, &[(nowhere, 1)])))),
        ),
        (
            "a payment for nothing",
            with_one(BALLOTS, Check::Reference, &|w| w.say("treasurer", repayment(nowhere, 1, 0))),
        ),
        (
            "a prediction for other terms",
            with_one(BALLOTS, Check::Reference, &|w| {
                let (terms, proposal) = (TermsHash([9; 32]), story.bakery);
                w.say("ana", Body::Predict { proposal, terms, default: 1 })
            }),
        ),
        ("a vote in a round to come", with_one(BALLOTS, Check::Reference, &|w| w.say("ana", blank(2)))),
        (
            "a stranger suspended",
            with_one(BALLOTS, Check::Reference, &|w| w.say("registrar", suspension("stranger"))),
        ),
        (
            "an attestation that is not there",
            with_one(BALLOTS, Check::Reference, &|w| w.say("attestor a", revocation(nowhere))),
        ),
        (
            "terms that never were",
            with_one(BALLOTS, Check::Reference, &|w| {
                let terms = TermsHash([9; 32]);
                w.say("attestor a", Body::Attest { proposal: story.bakery, terms, assessment: approved() })
            }),
        ),
        (
            "a vote beside the proposal",
            with_records(BALLOTS, Check::Reference, &|w| {
                let proposal = w.say("ana", Body::Propose(Subject::Loan(loan("mill", 5))));
                let vote = w.say("ana", Body::Ballot(ballot(1, &[(proposal.id, 1)])));
                (vec![proposal, vote], 1)
            }),
        ),
        // Limits
        (
            "more records than the quota",
            with_records(OPEN_AGAIN, Check::Quota, &|w| {
                ((0..9).map(|_| w.say("ana", blank(2))).collect(), 8)
            }),
        ),
        ("more records than a seal may hold", {
            let mut world = story.after(BALLOTS).clone();
            let records: Vec<_> = (0..=limits::SEAL_RECORDS)
                .map(|number| world.say("registrar", admission(&number.to_string(), 1)))
                .collect();
            Spoiled::at(signed(BALLOTS, &records, soon(BALLOTS), &|_| {}), Check::Quota, BALLOTS + 1)
        }),
    ]
}
