//! Every kind of record can be written down, carried, shown and signed elsewhere.

use std::fs;

use clap::Parser;
use mutua_protocol::{
    charter::{Role, RoleHolders},
    hash::{DocumentHash, RecordId, TermsHash},
    keys::{Purpose, SecretKey},
    records::{
        About, Answer, Assessment, Ballot, Body, Choice, Direction, Fork, Kind, Loan, On, Received,
        Repayment, ResponseStatus, Scope, Score, Stance, Subject, Verdict, replacement, succession,
    },
    seals::Witness,
};

use super::*;
use crate::founding::Terms;

#[derive(Parser)]
struct Founding {
    #[command(flatten)]
    terms: Terms,
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn community() -> Community {
    let key = key(1).public();
    let roles = vec![RoleHolders { role: Role::Registrar, keys: vec![key], needed: 1 }];
    let witnesses = vec![Witness { key, power: 1, name: "one".to_owned() }];
    let terms = Founding::parse_from(["found"]).terms;
    let mut charter = terms.charter("Test", roles, witnesses).unwrap();
    charter.schedule.first_close = 1_790_000_000_000;
    Community::new(charter).unwrap()
}

/// The names of all kinds, from the one place that must know them: whatever reads a kind by its name.
fn kinds() -> Vec<Kind> {
    let told = serde_json::from_str::<Kind>("\"no such kind\"").unwrap_err().to_string();
    let names: Vec<&str> = told.split('`').skip(3).step_by(2).collect();
    names.iter().map(|name| serde_json::from_str(&format!("\"{name}\"")).unwrap()).collect()
}

const PLACE: RecordId = RecordId([0x5b; 32]);
const TERMS: TermsHash = TermsHash([0x7e; 32]);

fn record(sequence: u64, previous: RecordId, body: Body) -> Record {
    let author = key(1).public();
    Record { community: community().id, author, sequence, previous, clock: 1_790_000_000_000, body }
}

/// One of each kind, with something in it that has to be shown.
fn sample(kind: Kind) -> (Body, Vec<String>) {
    let other = key(2).public();
    let reason = "because of this".to_owned();
    let shown = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let place = PLACE.to_string();
    let community = community().id;
    let loan = Loan {
        borrower: "Mill Street Bakery".to_owned(),
        title: "A second oven".to_owned(),
        purpose: "Bread".to_owned(),
        category: 0,
        amount: 450_000,
        term: 36,
        rate: 425,
        repayment: Repayment::Linear,
        documents: vec![DocumentHash([0xd0; 32])],
        expires: 1_800_000_000_000,
    };
    match kind {
        Kind::Admit => (
            Body::Admit { key: other, weight: 3, name: "Ada".to_owned(), group: 0 },
            shown(&[&other.to_string(), "Ada", "3"]),
        ),
        Kind::Suspend => (Body::Suspend { key: other, reason }, shown(&[&other.to_string(), "because"])),
        Kind::Readmit => (Body::Readmit { key: other, reason }, shown(&[&other.to_string(), "because"])),
        Kind::Leave => (Body::Leave, shown(&["Leave"])),
        Kind::RotateKey => {
            let proof = key(2).sign(Purpose::Succession, &succession(community, &key(1).public()));
            (Body::RotateKey { successor: other, proof }, shown(&[&other.to_string()]))
        }
        Kind::ReplaceKey => {
            let lost = key(3).public();
            let consent = key(2).sign(Purpose::Replacement, &replacement(community, &lost));
            (
                Body::ReplaceKey { lost, successor: other, consent, reason },
                shown(&[&lost.to_string(), &other.to_string(), "because"]),
            )
        }
        Kind::Propose => (
            Body::Propose(Subject::Loan(loan)),
            shown(&[
                "A second oven",
                "Mill Street Bakery",
                "4500.00",
                "36 months",
                "4.25%",
                "linear",
                "d0d0",
            ]),
        ),
        Kind::Amend => (
            Body::Amend { proposal: PLACE, subject: Subject::Loan(loan) },
            shown(&[&place, "A second oven", "4500.00"]),
        ),
        Kind::Withdraw => (Body::Withdraw { proposal: PLACE, reason }, shown(&[&place, "because"])),
        Kind::Attest => {
            let assessment = Assessment {
                verdict: Verdict::Declined,
                grade: 3,
                default: 250,
                loss: 4_500,
                greatest_amount: 500_000,
                outlook: 62,
                conditions: vec!["insured".to_owned()],
                reasons: vec!["good years".to_owned()],
                documents: vec![DocumentHash([0xd1; 32])],
                valid_until: 1_790_000_000_000,
            };
            (
                Body::Attest { proposal: PLACE, terms: TERMS, assessment },
                shown(&[
                    &place,
                    &TERMS.to_string(),
                    "declined",
                    "2.50%",
                    "45.00%",
                    "5000.00",
                    "62",
                    "insured",
                    "good",
                    "d1d1",
                ]),
            )
        }
        Kind::RevokeAttestation => {
            (Body::RevokeAttestation { attestation: PLACE, reason }, shown(&[&place, "because"]))
        }
        Kind::Ballot => {
            let ballot = Ballot {
                round: 7,
                standing: true,
                scores: vec![Score { proposal: PLACE, score: 9 }],
                answers: vec![Answer { proposal: PLACE, choice: Choice::Abstain }],
            };
            (Body::Ballot(ballot), shown(&["7", &format!("{place} = 9"), &format!("{place} = abstain")]))
        }
        Kind::Fund => (
            Body::Fund {
                direction: Direction::Out,
                amount: 12_345,
                source: "the bank".to_owned(),
                purpose: Some("for farms".to_owned()),
            },
            shown(&["out of", "123.45", "the bank", "for farms"]),
        ),
        Kind::Evidence => {
            let [one, two] = [Body::Leave, Body::Withdraw { proposal: PLACE, reason }].map(|body| {
                Received::own(Record { author: other, ..record(1, Record::NONE, body) }.sign(&key(2)))
            });
            let shown = shown(&[&other.to_string(), &one.id.to_string(), &two.id.to_string()]);
            (Body::Evidence(Box::new(Fork::of(&one, &two))), shown)
        }
        Kind::Disburse => (Body::Disburse { proposal: PLACE, amount: 501 }, shown(&[&place, "5.01"])),
        Kind::Release => {
            (Body::Release { proposal: PLACE, amount: 501, reason }, shown(&[&place, "5.01", "because"]))
        }
        Kind::Repay => {
            (Body::Repay { proposal: PLACE, principal: 501, interest: 77 }, shown(&[&place, "5.01", "0.77"]))
        }
        Kind::WriteOff => {
            (Body::WriteOff { proposal: PLACE, amount: 501, reason }, shown(&[&place, "5.01", "because"]))
        }
        Kind::Recover => (Body::Recover { proposal: PLACE, amount: 501 }, shown(&[&place, "5.01"])),
        Kind::Predict => (
            Body::Predict { proposal: PLACE, terms: TERMS, default: 1_250 },
            shown(&[&place, &TERMS.to_string(), "12.50%"]),
        ),
        Kind::Respond => (
            Body::Respond { about: About::Outcome(7), status: ResponseStatus::Planned, reason },
            shown(&["round", "7", "planned", "because"]),
        ),
        Kind::Argue => (
            Body::Argue { on: On::Proposal(PLACE), stance: Stance::Against, text: "Too dear.".to_owned() },
            shown(&["against", &place, "Too dear."]),
        ),
        Kind::Endorse => (Body::Endorse { argument: PLACE, withdrawn: true }, shown(&["No longer", &place])),
        Kind::Moderate => {
            (Body::Moderate { argument: PLACE, hidden: true, reason }, shown(&["Hide", &place, "because"]))
        }
        Kind::Delegate => (
            Body::Delegate { scope: Scope::Category(0), to: Some(other) },
            shown(&["general", &other.to_string()]),
        ),
    }
}

#[test]
fn every_kind_of_record_can_be_signed_elsewhere() {
    let (folder, community) = (tempfile::tempdir().unwrap(), community());
    let kinds = kinds();
    assert!(kinds.len() >= 24, "{kinds:?}");
    for kind in kinds {
        let (body, shows) = sample(kind);
        assert_eq!(body.kind(), kind);
        let draft =
            Draft { author: key(1).public(), records: vec![record(5, PLACE, body)], titles: Titles::new() };
        let path = folder.path().join(format!("{kind:?}"));
        draft.write(&path, &community).unwrap();
        let (read, _) = Draft::read(&path, community.clone()).unwrap();
        assert_eq!(read, draft, "{kind:?}");
        let (title, facts) = spelled::record(&read.records[0], &community.charter);
        let told = facts.iter().fold(title, |told, (name, value)| format!("{told}\n{name}: {value}"));
        for part in shows {
            assert!(told.contains(&part), "{kind:?} does not show {part}: {told}");
        }
        // What is signed is what any node takes.
        let signed = read.records[0].clone().sign(&key(1));
        assert!(Received::decode(&signed.bytes(), &community).is_ok(), "{kind:?}");
    }
}

#[test]
fn what_is_no_chain_of_one_author_s_records_is_refused() {
    let (folder, community) = (tempfile::tempdir().unwrap(), community());
    let path = folder.path().join("draft");
    let first = record(1, Record::NONE, Body::Leave);
    let second = record(2, first.id(), Body::Leave);
    let write = |records: Vec<Record>| {
        Draft { author: key(1).public(), records, titles: Titles::new() }.rewrite(&path, &community).unwrap();
        Draft::read(&path, community.clone())
    };
    assert_eq!(write(vec![first.clone(), second.clone()]).unwrap().0.records.len(), 2);
    let long = Body::Withdraw { proposal: PLACE, reason: "a".repeat(4_001) };
    let cases = [
        (vec![], "holds no record"),
        (vec![first.clone(), first.clone()], "record 2 of 2: it does not follow"),
        (vec![first.clone(), record(2, PLACE, Body::Leave)], "does not follow"),
        (vec![record(1, PLACE, Body::Leave)], "does not fit its predecessor"),
        (vec![record(2, Record::NONE, Body::Leave)], "does not fit its predecessor"),
        (vec![Record { author: key(2).public(), ..first.clone() }], "another community or author"),
        (vec![Record { community: CommunityId([9; 32]), ..first.clone() }], "another community or author"),
        (vec![record(1, Record::NONE, long)], "reason"),
    ];
    for (records, says) in cases {
        let refused = write(records).unwrap_err();
        assert!(refused.message().contains(says), "{}", refused.message());
    }
    write(vec![first.clone()]).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for (from, to, says) in [
        ("version 1", "version 2", "another version"),
        (&*community.id.to_string(), &*"0".repeat(64), "is for the community"),
        (&*hex::encode(codec::encode(&first)), "00", "no record"),
        (&*hex::encode(codec::encode(&first)), "xx", "hexadecimal"),
        ("\"reads\"", "\"more\"", "holds no records to be signed"),
    ] {
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let refused = Draft::read(&path, community.clone()).unwrap_err();
        assert!(refused.message().contains(says), "{}", refused.message());
    }
}

/// What stands beside the bytes is read by nobody.
#[test]
fn what_is_shown_comes_from_the_bytes() {
    let (folder, community) = (tempfile::tempdir().unwrap(), community());
    let path = folder.path().join("draft");
    let (body, _) = sample(Kind::Fund);
    Draft { author: key(1).public(), records: vec![record(1, Record::NONE, body)], titles: Titles::new() }
        .write(&path, &community)
        .unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("amount: 123.45"));
    fs::write(&path, text.replace("amount: 123.45", "amount: 1.00")).unwrap();
    let (read, _) = Draft::read(&path, community.clone()).unwrap();
    assert!(spelled::line(&read.records[0], &community.charter).contains("amount: 123.45"));
}
