//! Scripts in every text of a community: shown as text, and nowhere run.

use std::time::Duration;

use mutua_protocol::{
    charter::{Charter, Role, RoleHolders},
    keys::{Purpose, SecretKey},
    records::{
        About, Assessment, Body, CharterChange, Direction, Loan, Motion, On, Received, Repayment,
        ResponseStatus, Stance, Subject, replacement,
    },
};
use mutua_tests::{Community, Founding, approval, ballot, member, now};
use serde_json::{Value, json};

use crate::{browser::Browser, scene::SCRIPT};

/// From the founding to the close: time to say what comes before it.
const FIRST_CLOSE: Duration = Duration::from_secs(20);

/// Twice a day's length, in milliseconds.
const LATER: u64 = 172_800_000;

fn loan(expires: u64) -> Subject {
    Subject::Loan(Loan {
        borrower: SCRIPT.to_owned(),
        title: SCRIPT.to_owned(),
        purpose: SCRIPT.to_owned(),
        category: 0,
        amount: 1_000,
        term: 12,
        rate: 450,
        repayment: Repayment::Linear,
        documents: Vec::new(),
        expires,
    })
}

/// A community with scripts in its names, whose first node holds the offices.
fn charter(charter: &mut Charter) {
    let mut keys = vec![charter.witnesses[0].key, charter.roles[0].keys[0]];
    keys.sort();
    let held = |role| RoleHolders { role, keys: keys.clone(), needed: 1 };
    charter.roles =
        [Role::Registrar, Role::Attestor, Role::Treasurer, Role::Board, Role::Moderator].map(held).into();
    SCRIPT.clone_into(&mut charter.name);
    charter.groups = vec![SCRIPT.to_owned()];
    charter.categories = vec![SCRIPT.to_owned()];
    SCRIPT.clone_into(&mut charter.witnesses[0].name);
}

/// Every kind of record that has a text, with a script in each. What it cannot change is sealed all the same.
fn said(community: &mut Community) -> Vec<Received> {
    let text = || SCRIPT.to_owned();
    let expires = now() + LATER;
    let loan = || loan(expires);
    let mut owner = community.author(0);
    let mut all = Vec::new();
    let mut stage = |community: &mut Community, said: Vec<Received>| {
        community.submit(0, &said);
        all.extend(said);
        community.wait_sealed(all.len() as u64);
    };
    let admit = |n| Body::Admit { key: member(n).public(), weight: 1, name: text(), group: 0 };
    let fund =
        Body::Fund { direction: Direction::In, amount: 1_000_000, source: text(), purpose: Some(text()) };
    let bodies = [admit(0), admit(1), admit(2), fund];
    let records = bodies.map(|body| community.operator.say(body));
    stage(community, records.into());

    let change = CharterChange {
        title: text(),
        purpose: text(),
        base: community.founded.charter.hash(),
        charter: Charter { categories: vec![text(), "more".to_owned()], ..community.founded.charter.clone() },
    };
    let motion = Motion { title: text(), text: text() };
    let subjects = [loan(), loan(), loan(), Subject::Motion(motion), Subject::Charter(Box::new(change))];
    let proposed = subjects.map(|subject| owner.say(Body::Propose(subject)));
    stage(community, proposed.to_vec());
    let [first, second, third, ..] = proposed;

    let on = On::Proposal(first.id);
    let argued = [Stance::For, Stance::Against, Stance::Question]
        .map(|stance| owner.say(Body::Argue { on, stance, text: text() }));
    let mut said = argued.to_vec();
    let amended = match loan() {
        Subject::Loan(loan) => Subject::Loan(Loan { amount: 2_000, ..loan }),
        other => other,
    };
    said.push(owner.say(Body::Amend { proposal: first.id, subject: amended.clone() }));
    said.push(owner.say(Body::Withdraw { proposal: second.id, reason: text() }));
    stage(community, said);

    let attest = |proposal, subject: &Subject| match approval(proposal, subject) {
        Body::Attest { proposal, terms, assessment } => {
            let assessment = Assessment { conditions: vec![text()], reasons: vec![text()], ..assessment };
            Body::Attest { proposal, terms, assessment }
        }
        other => other,
    };
    let attested = community.operator.say(attest(first.id, &amended));
    let other = community.operator.say(attest(third.id, &loan()));
    let suspended = community.operator.say(Body::Suspend { key: member(1).public(), reason: text() });
    stage(community, vec![attested, other.clone(), suspended]);
    // What becomes of a loan needs one that is funded.
    let cast = owner.say(ballot(false, &[(first.id, 10)]));
    stage(community, vec![cast]);
    community.agreed_outcome(1);

    let (lost, successor) = (member(2), SecretKey::from_seed(&[9; 32]));
    let consent = successor.sign(Purpose::Replacement, &replacement(community.founded.id, &lost.public()));
    let proposal = first.id;
    let bodies = [
        Body::Readmit { key: member(1).public(), reason: text() },
        Body::Respond {
            about: About::Question(argued[2].id),
            status: ResponseStatus::Declined,
            reason: text(),
        },
        Body::Moderate { argument: argued[1].id, hidden: true, reason: text() },
        Body::Disburse { proposal, amount: 1_000 },
        Body::Release { proposal, amount: 1_000, reason: text() },
        Body::RevokeAttestation { attestation: other.id, reason: text() },
        Body::ReplaceKey { lost: lost.public(), successor: successor.public(), consent, reason: text() },
    ];
    let records = bodies.map(|body| community.operator.say(body));
    stage(community, records.into());
    let lost = Body::WriteOff { proposal, amount: 1_000, reason: text() };
    let lost = community.operator.say(lost);
    stage(community, vec![lost]);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_any_text_of_any_record_is_shown_and_never_run() {
    let Some(browser) = Browser::start().await else { return };
    let (community, link, records) = tokio::task::spawn_blocking(|| {
        let founding = Founding { witnesses: 1, nodes: 1, first_close: FIRST_CLOSE, ..Founding::default() };
        let mut community = Community::found_as("scripts", founding, charter);
        community.start();
        let records = said(&mut community);
        let link = community.nodes[0].mutua().ok(["page"]).out.trim().to_owned();
        (community, link, records)
    })
    .await
    .expect("the scene is set");
    browser.client.goto(&link).await.expect("the page opens");
    browser.sees(SCRIPT).await;
    let proposals = records.iter().filter(|record| matches!(record.record().body, Body::Propose(_)));
    let mut routes: Vec<String> = proposals.map(|record| format!("proposals/{}", record.id)).collect();
    routes.extend(
        ["now", "proposals?state=all", "ballot", "operator", "outcome", "money", "log/seal/1"]
            .map(str::to_owned),
    );
    for route in routes {
        browser.goes(&route).await;
        browser.sees(SCRIPT).await;
        harmless(&browser, &route).await;
    }
    browser.goes("trust").await;
    browser.sees("Were the grades right?").await;
    harmless(&browser, "trust").await;
    browser.photograph("trust-ended").await;
    // Each record, as JSON with its quotes escaped.
    let told = SCRIPT.replace('"', "\\\"");
    let without = |body: &Body| matches!(body, Body::Ballot(_) | Body::Disburse { .. });
    let with_text = records.iter().filter(|record| !without(&record.record().body));
    for record in with_text {
        browser.goes(&format!("log/record/{}", record.id)).await;
        browser.sees(&record.id.to_string()).await;
        browser.sees(&told).await;
        harmless(&browser, &format!("{:?}", record.record().body.kind())).await;
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser.end().await;
    drop(community);
}

/// No element was made of the text, and nothing of it was run.
async fn harmless(browser: &Browser, at: &str) {
    let made = "return [document.querySelectorAll('img[src=\"x\"], #page script, [onerror]').length, window.broken ?? null]";
    assert_eq!(browser.run(made).await, json!([0, Value::Null]), "{at}");
}
