//! The web page, in a real browser, against a community of real nodes.
//!
//! Where axe-core is wanted, `MUTUA_AXE` names its file (`scripts/test` fetches it). Pictures of every page are left in
//! `target/screenshots`.

mod browser;

use std::time::Duration;

use fantoccini::key::Key;
use mutua_protocol::{
    keys::PublicKey,
    records::{Body, Direction, Loan, On, Received, Stance, Subject},
};
use mutua_tests::{Community, Founding, PASSPHRASE, approval, loan, now};
use serde_json::{Value, json};

use browser::Browser;

/// From the founding to the close: time for a member who reads first.
const FIRST_CLOSE: Duration = Duration::from_secs(120);

/// What must stay text, wherever it stands.
const SCRIPT: &str = "<img src=x onerror=window.broken=1>";

/// A member's node, and what they shall vote on.
struct Scene {
    community: Community,
    link: String,
}

/// Two nodes, a member with a key on the second, and two loans: the first carries a script in its texts.
fn scene() -> Scene {
    let founding = Founding { witnesses: 1, nodes: 2, first_close: FIRST_CLOSE, ..Founding::default() };
    let mut community = Community::found("page", founding);
    community.nodes[1].mutua().ok(["key", "new", "me"]);
    let key = community.nodes[1].mutua().json(["key", "show", "me"]);
    let key: PublicKey = key["public"].as_str().and_then(|key| key.parse().ok()).expect("a key was made");
    community.start();
    let admit = |key, name: &str| Body::Admit { key, weight: 1, name: name.to_owned(), group: 0 };
    let mut neighbour = community.author(1);
    let funded = Body::Fund {
        direction: Direction::In,
        amount: 1_000_000,
        source: format!("Savings {SCRIPT}"),
        purpose: None,
    };
    let operator = &mut community.operator;
    let first: Vec<Received> =
        [admit(key, "Alma"), admit(neighbour.key(), SCRIPT), funded].map(|body| operator.say(body)).into();
    community.submit(0, &first);
    community.wait_sealed(3);
    let Subject::Loan(plain) = loan("A second oven", 400_000) else { unreachable!("it is a loan") };
    let odd = Loan {
        title: SCRIPT.to_owned(),
        purpose: SCRIPT.to_owned(),
        borrower: SCRIPT.to_owned(),
        ..plain.clone()
    };
    let subjects = [Subject::Loan(plain), Subject::Loan(odd)];
    let proposed = subjects.clone().map(|subject| neighbour.say(Body::Propose(subject)));
    community.submit(0, &proposed);
    community.wait_sealed(5);
    let mut said: Vec<Received> = proposed
        .iter()
        .zip(&subjects)
        .map(|(proposal, subject)| community.operator.say(approval(proposal.id, subject)))
        .collect();
    for (stance, text) in [(Stance::For, "It sells out by nine."), (Stance::Against, SCRIPT)] {
        let on = On::Proposal(proposed[0].id);
        said.push(neighbour.say(Body::Argue { on, stance, text: text.to_owned() }));
    }
    community.submit(0, &said);
    community.wait_sealed(9);
    let link = community.nodes[1].mutua().ok(["page"]).out.trim().to_owned();
    Scene { community, link }
}

#[tokio::test]
async fn a_member_reads_votes_and_sees_the_round_close() {
    let Some(browser) = Browser::start().await else { return };
    let Scene { mut community, link } = tokio::task::spawn_blocking(scene).await.expect("the scene is set");

    // Without the token there is nothing to see, and with it the address does not keep it.
    let (address, _) = link.split_once('#').expect("the link has a token");
    browser.client.goto(address).await.expect("the page opens");
    browser.sees("mutua page --open").await;
    browser.client.goto(&link).await.expect("the page opens");
    browser.client.refresh().await.expect("it can be loaded again");
    browser.sees("Round 1").await;
    browser.sees("Live, 1 peer").await;
    let shown = browser.client.current_url().await.expect("there is an address");
    assert!(!shown.as_str().contains("token"), "{shown}");
    browser.sees("2 open proposals are not on your ballot").await;

    // Each page, in English, by a reader who sees and by one who does not.
    for (route, text) in [
        ("now", "If the round closed now"),
        ("proposals", "2 proposals"),
        ("ballot", "What it would change"),
        ("outcome", "No round has closed yet"),
        ("money", "Where the money is"),
        ("trust", "No loan has ended yet"),
        ("log", "Records in the newest seals"),
    ] {
        browser.goes(route).await;
        browser.sees(text).await;
        examine(&browser, route).await;
    }

    // What speaks for and against one of them, with a script that stays text.
    browser.goes("proposals").await;
    browser
        .find(".cards li:nth-child(1) h2 a")
        .await
        .send_keys(&char::from(Key::Enter).to_string())
        .await
        .expect("it opens");
    browser.sees("For and against").await;
    browser.sees("It sells out by nine.").await;
    browser.sees(SCRIPT).await;
    examine(&browser, "proposal").await;

    vote(&browser).await;
    speak_german(&browser).await;

    // The close arrives by itself.
    browser.goes("now").await;
    let close = community.founded.charter.schedule.first_close;
    tokio::time::sleep(Duration::from_millis(close.saturating_sub(now()))).await;
    browser.sees("Round 2").await;
    browser.goes("outcome").await;
    browser.sees("What round 1 funded").await;
    browser.sees("As the witnesses signed it").await;
    browser.sees("1 of 2").await;
    browser.sees("What just missed").await;
    examine(&browser, "outcome-closed").await;

    assert_eq!(browser.run("return window.broken ?? null").await, Value::Null, "a script in a text has run");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser.end().await;
    tokio::task::spawn_blocking(move || {
        for node in &mut community.nodes {
            assert!(node.terminate().success(), "{}", node.last_lines());
        }
    })
    .await
    .expect("the nodes end");
}

/// Scores a loan and casts the ballot, by keyboard alone.
async fn vote(browser: &Browser) {
    browser.goes("ballot").await;
    browser.sees("You have not cast a ballot in this round").await;
    let score = browser.find("input[type=range]").await;
    browser.presses(&score, &[Key::Right; 7]).await;
    browser.sees("Funded with this ballot").await;
    let passphrase = browser.find("input[type=password]").await;
    passphrase.send_keys("a wrong one").await.expect("keys can be pressed");
    browser.presses(&passphrase, &[Key::Enter]).await;
    browser.sees("passphrase").await;
    browser.find(".act .trouble").await;
    passphrase.clear().await.expect("it can be emptied");
    passphrase.send_keys(PASSPHRASE).await.expect("keys can be pressed");
    browser.presses(&passphrase, &[Key::Enter]).await;
    browser.sees("This is what you have cast").await;
    browser.sees("Ballot sealed").await;
    examine(browser, "ballot-cast").await;
}

async fn speak_german(browser: &Browser) {
    let choose = |language: &str| {
        format!(
            "const s = document.querySelector('.languages select'); s.value = '{language}'; s.dispatchEvent(new Event('change'))"
        )
    };
    browser.run(&choose("de")).await;
    browser.sees("Mein Stimmzettel").await;
    browser.sees("Stimmzettel besiegelt").await;
    assert_eq!(browser.run("return document.documentElement.lang").await, "de");
    browser.goes("now").await;
    browser.sees("Würde die Runde jetzt schließen").await;
    examine(browser, "now-german").await;
    browser.client.refresh().await.expect("it can be loaded again");
    browser.sees("Netz und Zeugen").await;
    browser.run(&choose("en")).await;
    browser.sees("Network and witnesses").await;
}

/// Looks at a page: pictures, and what axe-core says of it.
async fn examine(browser: &Browser, name: &str) {
    browser.photograph(name).await;
    let Some(path) = std::env::var_os("MUTUA_AXE") else {
        eprintln!(
            "SKIPPED: axe-core has not looked at '{name}': MUTUA_AXE names no file (scripts/test fetches it)"
        );
        return;
    };
    let axe = std::fs::read_to_string(&path).expect("MUTUA_AXE names the file of axe-core");
    browser.run(&axe).await;
    let script = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations))";
    let found = browser.client.execute_async(script, Vec::new()).await.expect("axe-core answers");
    let serious: Vec<Value> = found
        .as_array()
        .into_iter()
        .flatten()
        .filter(|fault| fault["impact"] == "serious" || fault["impact"] == "critical")
        .map(|fault| json!({ "rule": fault["id"], "help": fault["help"], "where": fault["nodes"][0]["html"], "why": fault["nodes"][0]["failureSummary"] }))
        .collect();
    assert!(serious.is_empty(), "{name}: {serious:#?}");
}
