//! The web page, in a real browser, against a community of real nodes.
//!
//! Where axe-core is wanted, `MUTUA_AXE` names its file (`scripts/test` fetches it). Pictures of every page are left in
//! `target/screenshots`.

mod browser;
mod hostile;
mod looking;
mod member;
mod operator;
mod scene;

use std::time::Duration;

use mutua_tests::now;
use serde_json::{Value, json};

use browser::Browser;
use looking::examine;
use scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_joins_reads_argues_votes_and_sees_the_round_close() {
    let Some(browser) = Browser::start().await else { return };
    let scene = tokio::task::spawn_blocking(Scene::set).await.expect("the scene is set");

    // Without the token there is nothing to see.
    let (address, _) = scene.links[1].split_once('#').expect("the link has a token");
    browser.client.goto(address).await.expect("the page opens");
    browser.sees("mutua page --open").await;
    examine(&browser, "locked").await;

    operator::opens_the_round(&browser, &scene).await;
    member::votes(&browser, &scene).await;
    member::keeps_the_receipt(&browser, &scene).await;
    member::speaks(&browser, &scene).await;
    operator::answers_and_moderates(&browser, &scene).await;

    // Back at the member's node, where the close arrives by itself.
    browser.client.goto(&scene.links[1]).await.expect("the page opens");
    let close = scene.community.founded.charter.schedule.first_close;
    tokio::time::sleep(Duration::from_millis(close.saturating_sub(now()))).await;
    browser.sees("Round 2").await;
    for (route, text) in [
        ("outcome", "What round 1 funded"),
        ("money", "Where the money is"),
        ("trust", "No loan has ended yet"),
        ("log", "Records in the newest seals"),
        ("log/seal/1", "Signed by 1 witness"),
    ] {
        browser.goes(route).await;
        browser.sees(text).await;
        if route == "outcome" {
            browser.sees("As the witnesses signed it").await;
            browser.sees("1 of 2").await;
            browser.sees("What just missed").await;
        }
        examine(&browser, &route.replace('/', "-")).await;
    }
    searches_the_log(&browser).await;
    checks_the_log(&browser).await;
    in_german(&browser, &scene).await;

    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser.end().await;
    let mut community = scene.community;
    tokio::task::spawn_blocking(move || {
        for node in &mut community.nodes {
            assert!(node.terminate().success(), "{}", node.last_lines());
        }
    })
    .await
    .expect("the nodes end");
}

/// Words are found in whatever record they stand, hidden ones included: the log keeps all.
async fn searches_the_log(browser: &Browser) {
    browser.goes("log").await;
    browser.sees("Witnesses that signed").await;
    browser.writes("form[role=search] input", "STREET ovens").await;
    browser.enters("form[role=search] button").await;
    browser.find("[data-test=found] li:only-child a").await;
    examine(browser, "log-found").await;
    browser.enters("[data-test=found] li a").await;
    browser.sees("What it says").await;
    examine(browser, "log-record").await;
    browser.goes("log").await;
    browser.writes("form[role=search] input", "xyzzy").await;
    browser.enters("form[role=search] button").await;
    browser.sees("These words stand in no sealed record").await;
}

/// As an auditor would: the whole log, in the browser.
async fn checks_the_log(browser: &Browser) {
    browser.goes("check").await;
    browser.sees("The whole log").await;
    browser.enters("section:last-of-type button").await;
    member::verdict(browser, "valid").await;
    browser.sees("Authentic and complete").await;
    examine(browser, "check").await;
}

/// The same pages in German, by a language that is chosen once and kept.
async fn in_german(browser: &Browser, scene: &Scene) {
    let choose = |language: &str| {
        format!(
            "const s = document.querySelector('.languages select'); s.value = '{language}'; s.dispatchEvent(new Event('change'))"
        )
    };
    browser.run(&choose("de")).await;
    let proposal = format!("proposals/{}", scene.proposals[0]);
    for (route, name, text) in [
        ("now", "now", "Netz und Zeugen"),
        ("proposals", "proposals", "Anträge"),
        (proposal.as_str(), "proposal", "Dafür und dagegen"),
        ("ballot", "ballot", "Quittung herunterladen"),
        ("outcome", "outcome", "Was Runde 1 finanziert hat"),
        ("money", "money", "Wo das Geld ist"),
        ("log", "log", "Siegel"),
        ("check", "check", "Woran wird gemessen?"),
    ] {
        browser.goes(route).await;
        browser.sees(text).await;
        browser.photograph(&format!("{name}-german")).await;
    }
    assert_eq!(browser.run("return document.documentElement.lang").await, "de");
    browser.client.refresh().await.expect("it can be loaded again");
    browser.sees("Woran wird gemessen?").await;
    browser.run(&choose("en")).await;
    browser.sees("Against which charter?").await;
    assert_eq!(browser.run("return localStorage.getItem('mutua-language')").await, json!("en"));
    assert_eq!(browser.run("return window.broken ?? null").await, Value::Null);
}
