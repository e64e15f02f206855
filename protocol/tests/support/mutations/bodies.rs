//! Records with one field out of its bounds (SPEC section 6): signed by their author, and sealed.

use mutua_protocol::{
    archive::Check,
    codec,
    hash::{DocumentHash, RecordId},
    keys::{PublicKey, Purpose},
    limits,
    records::{
        Answer, Assessment, Body, Choice, Direction, Loan, Motion, On, Record, Scope, Score, SignedRecord,
        Stance, Subject, succession,
    },
    seals::SealHeader,
};

use super::{
    super::{samples::full_assessment, *},
    Log, Mutations, Spoiled,
};

/// A community in which ballots are small, so that a ballot with too many scores is not too large.
fn world() -> World {
    let mut terms = charter(4);
    terms.limits.scores = 4;
    World::found(terms)
}

/// Seals a record as it is, whatever it says. `damage` changes its bytes after it was signed.
fn sealed(
    name: &str,
    author: &str,
    body: Body,
    check: Check,
    damage: impl Fn(&mut Vec<u8>),
) -> (String, Spoiled) {
    let world = world();
    let record = Record {
        community: world.community().id,
        author: public(author),
        sequence: 1,
        previous: Record::NONE,
        clock: 1,
        body,
    };
    let id = record.id();
    let mut bytes = record.sign(&key(author)).bytes();
    damage(&mut bytes);
    let mut header = log::header(&world.ledger, STEP, &[]);
    header.count = 1;
    header.root = SealHeader::root_of(&[id]);
    let mut log = Log { end: (1, header.id()), ..Log::of(&world) };
    let mut batch = world.batch(header, &[]);
    batch.records.push(bytes);
    log.batches.push(batch);
    (name.to_owned(), Spoiled::at(log.bytes(), check, 1).in_record(0))
}

/// All of them.
pub fn all() -> Mutations {
    let bounds = [members(), loans(), attestations(), votes(), money(), arguments()].into_iter().flatten();
    bounds
        .map(|(name, author, body)| sealed(&format!("body: {name}"), author, body, Check::Body, |_| {}))
        .chain(damaged())
        .collect()
}

type Said = (&'static str, &'static str, Body);

fn members() -> Vec<Said> {
    let admit = |key, weight, name: &str, group| Body::Admit { key, weight, name: name.to_owned(), group };
    let ana = public("ana");
    let long = "a".repeat(limits::NAME_BYTES + 1);
    let suspend = |reason: &str| Body::Suspend { key: public("ana"), reason: reason.to_owned() };
    let readmit = |reason: &str| Body::Readmit { key: public("ana"), reason: reason.to_owned() };
    let text = "a".repeat(limits::TEXT_BYTES + 1);
    let rotate = |agreed: &[u8], by: &str, successor| Body::RotateKey {
        successor,
        proof: key(by).sign(Purpose::Succession, agreed),
    };
    let community = world().community().id;
    let phone = public("phone");
    let agreed = succession(community, &ana);
    let for_ben = succession(community, &public("ben"));
    let elsewhere = succession(World::new().community().id, &ana);
    let replace = |agreed: &[u8], by: &str, successor, reason: &str| Body::ReplaceKey {
        lost: ana,
        successor,
        consent: key(by).sign(Purpose::Replacement, agreed),
        reason: reason.to_owned(),
    };
    let swapped = |lost: &str| Body::ReplaceKey {
        lost: public(lost),
        successor: phone,
        consent: key("phone").sign(Purpose::Succession, &agreed),
        reason: "known".to_owned(),
    };
    // The neutral element, canonically: of small order.
    let mut weak = [0; 32];
    weak[0] = 1;
    vec![
        ("admission of a weak key", "registrar", admit(PublicKey(weak), 1, "Ana", 0)),
        ("admission of what is no key", "registrar", admit(PublicKey([0xff; 32]), 1, "Ana", 0)),
        ("admission without weight", "registrar", admit(ana, 0, "Ana", 0)),
        ("admission with too much weight", "registrar", admit(ana, limits::MEMBER_WEIGHT + 1, "Ana", 0)),
        ("admission without a name", "registrar", admit(ana, 1, "", 0)),
        ("admission under a blank name", "registrar", admit(ana, 1, "\u{a0}", 0)),
        ("admission under a name that is too long", "registrar", admit(ana, 1, &long, 0)),
        ("admission under a name of two lines", "registrar", admit(ana, 1, "Ana\nBen", 0)),
        ("admission to a group that is not there", "registrar", admit(ana, 1, "Ana", 2)),
        ("suspension without a reason", "registrar", suspend("")),
        ("suspension for a reason that is too long", "registrar", suspend(&text)),
        ("readmission without a reason", "registrar", readmit("")),
        ("readmission for a reason with a tab", "registrar", readmit("dues\tpaid")),
        ("successor that is weak", "ana", rotate(&agreed, "phone", PublicKey(weak))),
        ("successor that did not agree", "ana", rotate(&agreed, "ana", phone)),
        ("successor of somebody else", "ana", rotate(&for_ben, "phone", phone)),
        ("successor in another community", "ana", rotate(&elsewhere, "phone", phone)),
        ("replacement by a weak key", "registrar", replace(&agreed, "phone", PublicKey(weak), "known")),
        (
            "replacement that the new key did not agree to",
            "registrar",
            replace(&agreed, "ana", phone, "known"),
        ),
        ("replacement of somebody else", "registrar", replace(&for_ben, "phone", phone, "known")),
        ("replacement in another community", "registrar", replace(&elsewhere, "phone", phone, "known")),
        ("replacement with an agreement to succeed", "registrar", swapped("ana")),
        ("replacement without a reason", "registrar", replace(&agreed, "phone", phone, "")),
        ("replacement for a reason of two lines", "registrar", replace(&agreed, "phone", phone, "a\nb")),
        ("replacement for a reason that is too long", "registrar", replace(&agreed, "phone", phone, &text)),
    ]
}

fn loans() -> Vec<Said> {
    type Change = fn(&mut Loan);
    let changes: [(&str, Change); 15] = [
        ("loan without a borrower", |l| l.borrower.clear()),
        ("loan to a borrower with too long a name", |l| l.borrower = "a".repeat(121)),
        ("loan without a title", |l| l.title.clear()),
        ("loan with a title of two lines", |l| l.title = "oven\noven".to_owned()),
        ("loan with a carriage return", |l| l.purpose = "oven\r\noven".to_owned()),
        ("loan whose purpose turns around", |l| l.purpose = "\u{2067}oven".to_owned()),
        ("loan whose purpose is too long", |l| l.purpose = "a".repeat(limits::TEXT_BYTES + 1)),
        ("loan in a category that is not there", |l| l.category = 3),
        ("loan of nothing", |l| l.amount = 0),
        ("loan of too much", |l| l.amount = limits::AMOUNT + 1),
        ("loan for no time", |l| l.term = 0),
        ("loan for too long", |l| l.term = 601),
        ("loan at too high a rate", |l| l.rate = 10_001),
        ("loan with too many documents", |l| l.documents = vec![DocumentHash([1; 32]); 17]),
        ("loan whose title is too long", |l| l.title = "a".repeat(121)),
    ];
    let mut said: Vec<Said> = changes
        .into_iter()
        .map(|(name, change)| {
            let mut terms = loan("bakery", 5_000);
            change(&mut terms);
            (name, "ana", Body::Propose(Subject::Loan(terms)))
        })
        .collect();
    let nothing = Loan { amount: 0, ..loan("bakery", 5_000) };
    let untitled = Motion { title: String::new(), ..motion("hours") };
    let long = Motion { text: "a".repeat(limits::TEXT_BYTES + 1), ..motion("hours") };
    let loud = Motion { text: "Hear\u{7}!".to_owned(), ..motion("hours") };
    let proposal = RecordId([1; 32]);
    said.extend([
        ("motion without a title", "ana", Body::Propose(Subject::Motion(untitled.clone()))),
        ("motion that is too long", "ana", Body::Propose(Subject::Motion(long))),
        ("motion that rings", "ana", Body::Propose(Subject::Motion(loud))),
        ("amendment to a loan of nothing", "ana", Body::Amend { proposal, subject: Subject::Loan(nothing) }),
        ("amendment without a title", "ana", Body::Amend { proposal, subject: Subject::Motion(untitled) }),
        ("withdrawal without a reason", "ana", Body::Withdraw { proposal, reason: String::new() }),
        ("withdrawal for a long reason", "ana", Body::Withdraw { proposal, reason: "a".repeat(4_001) }),
    ]);
    said
}

fn attestations() -> Vec<Said> {
    type Change = fn(&mut Assessment);
    let changes: [(&str, Change); 11] = [
        ("rating with a grade of 0", |a| a.grade = 0),
        ("rating with a default beyond certainty", |a| a.default = 10_001),
        ("rating with a loss beyond all", |a| a.loss = 10_001),
        ("rating for too much", |a| a.greatest_amount = limits::AMOUNT + 1),
        ("rating with an outlook beyond the best", |a| a.outlook = 101),
        ("rating under a blank condition", |a| a.conditions = vec![" ".to_owned()]),
        ("rating under too many conditions", |a| a.conditions = vec!["so".to_owned(); 17]),
        ("rating for a reason that is too long", |a| a.reasons = vec!["a".repeat(limits::TEXT_BYTES + 1)]),
        ("rating for an empty reason", |a| a.reasons.push(String::new())),
        ("rating for too many reasons", |a| a.reasons = vec!["so".to_owned(); 17]),
        ("rating with too many documents", |a| a.documents = vec![DocumentHash([1; 32]); 17]),
    ];
    let mut said: Vec<Said> = changes
        .into_iter()
        .map(|(name, change)| {
            let mut assessment = full_assessment();
            change(&mut assessment);
            let terms = mutua_protocol::hash::TermsHash([2; 32]);
            (name, "attestor a", Body::Attest { proposal: RecordId([1; 32]), terms, assessment })
        })
        .collect();
    let attestation = RecordId([1; 32]);
    said.push((
        "revocation without a reason",
        "attestor a",
        Body::RevokeAttestation { attestation, reason: String::new() },
    ));
    said
}

fn votes() -> Vec<Said> {
    let id = |number: u16| {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&number.to_be_bytes());
        RecordId(id)
    };
    let scores = |entries: &[(u16, u8)]| {
        entries.iter().map(|(proposal, score)| Score { proposal: id(*proposal), score: *score }).collect()
    };
    let answers = |numbers: &[u16]| {
        numbers.iter().map(|number| Answer { proposal: id(*number), choice: Choice::Abstain }).collect()
    };
    let blank = ballot(1, &[]);
    let many: Vec<u16> = (0..=384).collect();
    [
        ("ballot for no round", ballot(0, &[])),
        ("ballot with a score of 0", Ballot { scores: scores(&[(1, 0)]), ..blank.clone() }),
        ("ballot with too high a score", Ballot { scores: scores(&[(1, 11)]), ..blank.clone() }),
        ("ballot with unsorted scores", Ballot { scores: scores(&[(2, 1), (1, 1)]), ..blank.clone() }),
        ("ballot with a score twice", Ballot { scores: scores(&[(1, 1), (1, 2)]), ..blank.clone() }),
        (
            "ballot with too many scores",
            Ballot { scores: scores(&[(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]), ..blank.clone() },
        ),
        ("ballot with unsorted answers", Ballot { answers: answers(&[2, 1]), ..blank.clone() }),
        ("ballot with an answer twice", Ballot { answers: answers(&[1, 1]), ..blank.clone() }),
        ("ballot with too many answers", Ballot { answers: answers(&many), ..blank }),
    ]
    .map(|(name, ballot)| (name, "ana", Body::Ballot(ballot)))
    .into()
}

fn money() -> Vec<Said> {
    let with = |change: fn(&mut u64, &mut String)| {
        let mut body = payment(Direction::In, 5);
        if let Body::Fund { amount, source, .. } = &mut body {
            change(amount, source);
        }
        body
    };
    let loan = RecordId([1; 32]);
    let much = limits::AMOUNT + 1;
    let meant = |purpose: &str| {
        let mut body = payment(Direction::In, 5);
        if let Body::Fund { purpose: meant, .. } = &mut body {
            *meant = Some(purpose.to_owned());
        }
        body
    };
    let released = |reason: &str| Body::Release { proposal: loan, amount: 5, reason: reason.to_owned() };
    let lost = |reason: &str| Body::WriteOff { proposal: loan, amount: 5, reason: reason.to_owned() };
    [
        ("payment of nothing", with(|amount, _| *amount = 0)),
        ("payment of too much", with(|amount, _| *amount = limits::AMOUNT + 1)),
        ("payment from nowhere", with(|_, source| source.clear())),
        ("payment from a source that is too long", with(|_, source| *source = "a".repeat(121))),
        ("payment for a blank purpose", meant(" ")),
        ("payment for a purpose that is too long", meant(&"a".repeat(121))),
        ("disbursement of nothing", disbursement(loan, 0)),
        ("disbursement of too much", disbursement(loan, much)),
        ("release of nothing", release(loan, 0)),
        ("release of too much", release(loan, much)),
        ("release without a reason", released("")),
        ("release for a reason that is too long", released(&"a".repeat(limits::TEXT_BYTES + 1))),
        ("repayment of nothing", repayment(loan, 0, 0)),
        ("repayment of too much", repayment(loan, much, 0)),
        ("repayment of too much interest", repayment(loan, 1, much)),
        ("write-off of nothing", write_off(loan, 0)),
        ("write-off of too much", write_off(loan, much)),
        ("write-off without a reason", lost("")),
        ("write-off for a reason of two lines", lost("bankrupt\nfor good")),
        ("recovery of nothing", recovery(loan, 0)),
        ("recovery of too much", recovery(loan, much)),
    ]
    .map(|(name, body)| (name, "treasurer", body))
    .into()
}

fn arguments() -> Vec<Said> {
    let (proposal, said) = (On::Proposal(RecordId([1; 32])), On::Argument(RecordId([1; 32])));
    let argue = |on, stance, text: &str| Body::Argue { on, stance, text: text.to_owned() };
    let hide = |reason: &str| Body::Moderate {
        argument: RecordId([1; 32]),
        hidden: true,
        reason: reason.to_owned(),
    };
    vec![
        ("argument that says nothing", "ana", argue(proposal, Stance::For, "")),
        ("argument of white space", "ana", argue(proposal, Stance::Against, "\n\u{2003}\n")),
        ("argument that is too long", "ana", argue(said, Stance::For, &"a".repeat(limits::TEXT_BYTES + 1))),
        ("argument that turns around", "ana", argue(said, Stance::Question, "safe\u{202e}?")),
        ("answer to a proposal", "ana", argue(proposal, Stance::Answer, "Yes.")),
        ("moderation without a reason", "moderator", hide("")),
        ("delegation in a category that is not there", "ana", delegation(Scope::Category(3), Some("ben"))),
        ("delegation of no such category ended", "ana", delegation(Scope::Category(u16::MAX), None)),
        ("delegation to oneself", "ana", delegation(Scope::All, Some("ana"))),
        ("delegation of a category to oneself", "ana", delegation(Scope::Category(0), Some("ana"))),
        ("moderation for a reason of two lines", "moderator", hide("rude\nand wrong")),
        ("moderation for a reason that is too long", "moderator", hide(&"a".repeat(4_001))),
    ]
}

/// Records whose bytes are no record any more.
fn damaged() -> Mutations {
    // Where a body begins.
    const BODY: usize = 32 + 32 + 8 + 32 + 8;
    let damage = |name: &str, body: Body, change: fn(&mut Vec<u8>)| {
        sealed(&format!("bytes of a record: {name}"), "ana", body, Check::RecordBytes, change)
    };
    let vote = || Body::Ballot(ballot(1, &[(RecordId([1; 32]), 1)]));
    let first_score = BODY + 4 + 4 + 1;
    assert_eq!(first_score, 121);
    let large = |body: Body, bytes: usize| {
        sealed("bytes of a record: more than the limit", "ana", body, Check::RecordBytes, move |record| {
            assert!(codec::decode::<SignedRecord>(record, bytes).is_err(), "it is larger");
        })
    };
    let documents = vec![DocumentHash([1; 32]); 600];
    vec![
        damage("a kind that is not there", Body::Leave, |b| b[BODY] = 1),
        damage("neither standing nor not", vote(), |b| b[BODY + 8] = 2),
        damage("a list that goes on for ever", vote(), |b| b[BODY + 9] = 0xff),
        damage("a list that is longer than it says", vote(), |b| b[BODY + 16] = 0),
        damage("a list that is shorter than it says", vote(), |b| b[BODY + 16] = 2),
        damage("no signature", vote(), |b| b.truncate(b.len() - 64)),
        damage("two signatures", vote(), |b| b.extend(b[b.len() - 64..].to_vec())),
        damage("a record and a half", vote(), |b| b.extend(b[..b.len() / 2].to_vec())),
        damage("a text that is not UTF-8", payment(Direction::In, 5), |b| b[BODY + 4 + 4 + 8 + 8] = 0xff),
        damage("a text of half a character", payment(Direction::In, 5), |b| b[BODY + 4 + 4 + 8 + 8] = 0xc3),
        damage("a direction that is not there", payment(Direction::In, 5), |b| b[BODY + 7] = 2),
        damage("neither loan nor motion", Body::Propose(Subject::Motion(motion("hours"))), |b| {
            b[BODY + 7] = 2
        }),
        damage(
            "an answer that is not there",
            Body::Ballot(answer(1, RecordId([1; 32]), Choice::Abstain)),
            |b| {
                let end = b.len() - 64;
                b[end - 1] = 3;
            },
        ),
        large(
            Body::Propose(Subject::Loan(Loan { documents, ..loan("bakery", 5_000) })),
            limits::RECORD_BYTES,
        ),
    ]
}
