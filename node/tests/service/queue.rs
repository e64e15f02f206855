//! What waits for an attestor, where two of three have to agree.

use std::{collections::BTreeMap, sync::Arc};

use mutua_node::api::queue::{Queue, Task, queue};
use mutua_protocol::{
    charter::{Community, Role, RoleHolders},
    records::{Body, Received, Subject, Verdict},
};

use super::{
    sim::{Links, Sim},
    world::{Authors, CLOSE, EPOCH, EVER, admit, attest, charter, loan, public},
};

const ATTESTORS: [&str; 3] = ["anna", "bert", "cleo"];

fn community() -> Arc<Community> {
    let mut charter = charter(1);
    let mut keys: Vec<_> = ATTESTORS.iter().map(|name| public(name)).collect();
    keys.sort();
    charter.roles[1] = RoleHolders { role: Role::Attestor, keys, needed: 2 };
    Arc::new(Community::new(charter).unwrap())
}

/// An attestation that holds until then, with this verdict.
fn rating(proposal: &Received, valid: u64, verdict: Verdict) -> Body {
    match attest(proposal) {
        Body::Attest { proposal, terms, mut assessment } => {
            (assessment.valid_until, assessment.verdict) = (valid, verdict);
            Body::Attest { proposal, terms, assessment }
        }
        _ => panic!("an attestation"),
    }
}

struct Office {
    sim: Sim,
    authors: Authors,
    loans: BTreeMap<&'static str, Received>,
}

impl Office {
    fn new() -> Self {
        let community = community();
        let mut office = Self {
            sim: Sim::new(0, &community, 0, Links::GOOD),
            authors: Authors::new(&community),
            loans: BTreeMap::new(),
        };
        for name in ["owner", "anna"] {
            office.say("registrar", admit(name));
        }
        office.sim.settle(10_000);
        office
    }

    fn say(&mut self, author: &str, body: Body) -> Received {
        let record = self.authors.say(author, body);
        self.sim.accept(0, std::slice::from_ref(&record));
        record
    }

    fn propose(&mut self, title: &'static str, body: Body) -> Received {
        let record = self.say("owner", body);
        self.loans.insert(title, record.clone());
        record
    }

    fn ask(&self, who: &str, within: u64, all: bool) -> Queue {
        queue(self.sim.core(0), public(who), within, all).unwrap()
    }

    /// The tasks, in their order, with the titles.
    fn tasks(&self, who: &str, within: u64, all: bool) -> Vec<(Task, String)> {
        let entries = self.ask(who, within, all).entries;
        entries.into_iter().map(|entry| (entry.task, entry.title)).collect()
    }
}

fn owned(tasks: &[(Task, &str)]) -> Vec<(Task, String)> {
    tasks.iter().map(|(task, title)| (*task, (*title).to_owned())).collect()
}

#[test]
fn the_most_urgent_comes_first_and_what_is_done_is_left_out() {
    let mut office = Office::new();
    for title in ["new", "missing", "amended", "revoked", "out", "soon", "torn", "enough", "stands"] {
        office.propose(title, loan(title, 1_000));
    }
    let lapses = match loan("lapses", 1_000) {
        Body::Propose(Subject::Loan(mut loan)) => {
            loan.expires = EPOCH + CLOSE;
            Body::Propose(Subject::Loan(loan))
        }
        _ => panic!("a loan"),
    };
    office.propose("lapses", lapses);
    office.sim.settle(10_000);
    let soon = EPOCH + CLOSE + 1_000_000;
    let said = [
        ("anna", "missing", EVER, Verdict::Approved),
        ("bert", "amended", EVER, Verdict::Approved),
        ("bert", "revoked", EVER, Verdict::Approved),
        ("bert", "out", EPOCH + CLOSE, Verdict::Approved),
        ("bert", "soon", soon, Verdict::Approved),
        ("anna", "torn", EVER, Verdict::Declined),
        ("bert", "torn", EVER, Verdict::Approved),
        ("anna", "enough", EVER, Verdict::Approved),
        ("cleo", "enough", EVER, Verdict::Approved),
        ("bert", "stands", EVER, Verdict::Approved),
    ];
    let mut attestations = BTreeMap::new();
    for (who, title, valid, verdict) in said {
        let body = rating(&office.loans[title], valid, verdict);
        attestations.insert((who, title), office.say(who, body).id);
    }
    office.sim.settle(10_000);
    let amended = match loan("amended", 2_000) {
        Body::Propose(subject) => Body::Amend { proposal: office.loans["amended"].id, subject },
        _ => panic!("a loan"),
    };
    office.say("owner", amended);
    let attestation = attestations[&("bert", "revoked")];
    office.say("bert", Body::RevokeAttestation { attestation, reason: "a mistake".to_owned() });
    office.sim.settle(10_000);

    let waiting = [
        (Task::Amended, "amended"),
        (Task::RunsOut, "out"),
        (Task::Missing, "missing"),
        (Task::Revoked, "revoked"),
        (Task::New, "new"),
    ];
    let torn = (Task::Disagreement, "torn");
    assert_eq!(office.tasks("bert", 0, false), owned(&[&waiting[..], &[torn]].concat()));
    let renew = [(Task::Renew, "soon"), torn];
    assert_eq!(office.tasks("bert", 2_000_000, false), owned(&[&waiting[..], &renew].concat()));
    let done = [
        torn,
        (Task::Enough, "enough"),
        (Task::Stands, "soon"),
        (Task::Stands, "stands"),
        (Task::Lapses, "lapses"),
    ];
    assert_eq!(office.tasks("bert", 0, true), owned(&[&waiting[..], &done].concat()));

    // What is shown of each.
    let queue = office.ask("bert", 2_000_000, true);
    assert_eq!((queue.needed, queue.attestors, queue.name.as_deref()), (2, 3, None));
    let entry = |title: &str| queue.entries.iter().find(|entry| entry.title == title).unwrap();
    let missing = entry("missing");
    assert_eq!((missing.missing, missing.disagree, missing.due), (1, false, EPOCH + CLOSE));
    assert_eq!(missing.attested[0].attestor.name.as_deref(), Some("anna"));
    let mut without: Vec<_> = missing.without.iter().map(|name| name.key).collect();
    without.sort();
    let mut expected = vec![public("bert"), public("cleo")];
    expected.sort();
    assert_eq!(without, expected);
    assert_eq!(entry("soon").due, soon);
    assert!(entry("torn").disagree && entry("torn").missing == 0);
    assert_eq!(entry("revoked").mine.as_ref().unwrap().revoked.as_deref(), Some("a mistake"));
    let amended = entry("amended");
    assert_eq!((amended.amount, amended.amendments, amended.missing), (2_000, 1, 2));
    assert_ne!(amended.mine.as_ref().unwrap().terms, amended.terms);
    // Another attestor's queue is another one.
    assert!(office.tasks("cleo", 0, false).contains(&(Task::Missing, "stands".to_owned())));
    assert_eq!(queue.pending, []);
}

#[test]
fn what_is_handed_in_waits_no_longer_and_a_suspended_attestor_s_word_is_missing() {
    let mut office = Office::new();
    office.propose("oven", loan("oven", 1_000));
    office.sim.settle(10_000);
    assert_eq!(office.tasks("bert", 0, false), owned(&[(Task::New, "oven")]));
    let body = rating(&office.loans["oven"], EVER, Verdict::Approved);
    let said = office.say("bert", body);
    assert_eq!(office.tasks("bert", 0, false), []);
    assert_eq!(office.tasks("bert", 0, true), owned(&[(Task::Pending, "oven")]));
    assert_eq!(office.ask("bert", 0, false).pending[0].id, said.id);
    assert_eq!(office.ask("anna", 0, false).pending, [], "another's is not theirs");
    office.sim.settle(10_000);
    assert_eq!(office.tasks("bert", 0, true), owned(&[(Task::Stands, "oven")]));
    assert_eq!(office.tasks("anna", 0, false), owned(&[(Task::Missing, "oven")]));
    office.say("registrar", Body::Suspend { key: public("bert"), reason: "on leave".to_owned() });
    office.sim.settle(10_000);
    assert_eq!(office.tasks("anna", 0, false), owned(&[(Task::New, "oven")]));
    assert_eq!(office.ask("bert", 0, false).suspended.as_deref(), Some("on leave"));
}

#[test]
fn who_is_no_attestor_has_no_queue() {
    let office = Office::new();
    assert!(queue(office.sim.core(0), public("owner"), 0, true).is_none());
}
