//! A member at the page: reads, votes, keeps the receipt, speaks.

use std::path::Path;

use fantoccini::key::Key;
use mutua_tests::{PASSPHRASE, eventually};

use crate::{
    browser::Browser,
    looking::examine,
    scene::{MEMBER, Scene, TITLES},
};

/// Scores a loan and casts the ballot, by keyboard alone, and sees it sealed.
pub(crate) async fn votes(browser: &Browser, scene: &Scene) {
    browser.client.goto(&scene.links[1]).await.expect("the page opens");
    browser.client.refresh().await.expect("it can be loaded again");
    browser.sees("Live, 1 peer").await;
    let shown = browser.client.current_url().await.expect("there is an address");
    assert!(!shown.as_str().contains("token"), "{shown}");
    browser.sees(MEMBER).await;
    browser.sees("3 open proposals are not on your ballot").await;
    examine(browser, "now").await;
    browser.goes("ballot").await;
    browser.sees("You have not cast a ballot in this round").await;
    // The first in the list was sealed first.
    let score = browser.find("input[type=range]").await;
    browser.presses(&score, &[Key::Right; 7]).await;
    browser.sees("Funded with this ballot").await;
    let passphrase = browser.find(".act input[type=password]").await;
    passphrase.send_keys("a wrong one").await.expect("keys can be pressed");
    browser.presses(&passphrase, &[Key::Enter]).await;
    browser.find(".act .trouble").await;
    passphrase.clear().await.expect("it can be emptied");
    passphrase.send_keys(PASSPHRASE).await.expect("keys can be pressed");
    browser.presses(&passphrase, &[Key::Enter]).await;
    browser.sees("This is what you have cast").await;
    browser.sees("Ballot sealed").await;
    examine(browser, "ballot").await;
}

/// Downloads the receipt, which is the one that the command line gives, and checks it in the browser: with the node's charter,
/// and with a copy of the member's own.
pub(crate) async fn keeps_the_receipt(browser: &Browser, scene: &Scene) {
    let folder = scene.community.folder().path().join("downloads");
    std::fs::create_dir_all(&folder).expect("the test's folder can be written");
    browser.downloads_to(&folder);
    browser.enters("[data-test=receipt]").await;
    let file = folder.join(format!("ballot-1-{}.receipt", &scene.key[..8]));
    eventually("the receipt is there", || if file.is_file() { Ok(()) } else { Err(String::new()) });
    let same = folder.join("same.receipt");
    scene.community.nodes[1].mutua().ok(["receipt", "--ballot", "1", "--out", path(&same)]);
    let [downloaded, written] = [&file, &same].map(|file| std::fs::read(file).expect("it can be read"));
    assert_eq!(downloaded, written);

    browser.enters("[data-test=check-receipt]").await;
    verdict(browser, "valid").await;
    browser.sees("Now used: the founding charter that the node gives").await;
    let charter = scene.community.nodes[1].home().join("charter.json");
    browser.gives("input[type=file][accept]", &charter).await;
    browser.sees("Your copy: Test of page").await;
    browser.gives(".drop input[type=file]", &file).await;
    browser.sees("Checked against your own copy of the charter").await;
    verdict(browser, "valid").await;
    examine(browser, "check-receipt").await;
    let mut spoiled = downloaded;
    *spoiled.last_mut().expect("it has bytes") ^= 1;
    std::fs::write(&same, spoiled).expect("the test's folder can be written");
    browser.gives(".drop input[type=file]", &same).await;
    verdict(browser, "refused").await;
}

fn path(of: &Path) -> &str {
    of.to_str().expect("the test's folder has a plain name")
}

/// What the newest check has found.
pub(crate) async fn verdict(browser: &Browser, wanted: &str) {
    browser.find(&format!("[data-verdict={wanted}]")).await;
}

/// Says what can be said on a proposal's page, and delegates.
pub(crate) async fn speaks(browser: &Browser, scene: &Scene) {
    browser.client.goto(&scene.links[1]).await.expect("the page opens");
    browser.sees("Live, 1 peer").await;
    browser.goes("proposals").await;
    browser.sees("3 proposals").await;
    examine(browser, "proposals").await;
    browser.writes("input[type=search]", "oven").await;
    browser.sees("1 proposal").await;
    browser.enters(".cards li:nth-child(1) h2 a").await;
    browser.sees("For and against").await;
    browser.sees("It sells out by nine.").await;
    browser.sees(TITLES[0]).await;

    browser.enters("details:has(input[inputmode=decimal]) summary").await;
    browser.writes("input[inputmode=decimal]", "2,5").await;
    browser.sees("2.5%").await;
    browser.signs("details:has(input[inputmode=decimal])").await;
    browser.sees("1 member predicts a default with 2.5%").await;

    browser.enters(".side.for [data-do=endorse]").await;
    browser.signs(".side.for .form").await;
    browser.sees("1 other stands behind this").await;
    browser.enters(".side.for [data-do=endorse]").await;
    browser.enters(".side.for [data-do=reply]").await;
    browser.writes(".side.for textarea", "--for \"my\" street, too").await;
    browser.signs(".side.for .form").await;
    browser.find(".side.for .replies .text").await;
    browser.sees("--for \"my\" street, too").await;
    examine(browser, "proposal").await;

    browser.goes("ballot").await;
    browser.enters("details:has([data-test=delegate]) summary").await;
    let neighbour = scene.community.author(1).key().to_string();
    browser.chooses("[data-test=delegate]", &neighbour).await;
    browser.signs("details:has([data-test=delegate])").await;
    browser.sees("You have a ballot of your own, which counts instead").await;
    examine(browser, "ballot-delegated").await;
}
