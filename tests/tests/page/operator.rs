//! The operator at the page: admits, rates, answers, moderates.

use crate::{
    browser::Browser,
    looking::examine,
    scene::{MEMBER, Scene},
};

/// Admits the member and rates the loan that waits, as long as the round is young.
pub(crate) async fn opens_the_round(browser: &Browser, scene: &Scene) {
    browser.client.goto(&scene.links[0]).await.expect("the page opens");
    browser.sees("Round 1").await;
    browser.enters("nav a[href='#/operator']").await;
    browser.sees("1 loan waits").await;
    browser.sees("Nobody has rated it").await;
    browser.sees("Question about this proposal").await;
    browser.writes("[data-test=key]", "abc").await;
    browser.sees("A public key has 64 digits").await;
    browser.writes("[data-test=key]", &scene.key).await;
    browser.writes("[data-test=name]", MEMBER).await;
    examine(browser, "operator").await;
    browser.signs("section:has([data-test=key])").await;
    browser.sees("Admitted from here").await;
    rates(browser).await;
}

async fn rates(browser: &Browser) {
    browser.enters("[data-test=attest]").await;
    browser.sees("The terms that you rate").await;
    browser.sees("grade 5 or better, an outlook of 20 or more").await;
    browser.chooses("[data-test=grade]", "6").await;
    browser.sees("With this rating the loan cannot be funded").await;
    browser.chooses("[data-test=grade]", "2").await;
    for (field, text) in [("rate", "1,5"), ("loss", "40"), ("outlook", "75")] {
        browser.writes(&format!("[data-test={field}]"), text).await;
    }
    browser.writes("[data-test=queue] textarea", "--steady trade for five years").await;
    examine(browser, "operator-rating").await;
    browser.signs("[data-test=queue]").await;
    browser.sees("No loan waits for you").await;
}

/// Answers the question for the board, and hides what was said against the loan.
pub(crate) async fn answers_and_moderates(browser: &Browser, scene: &Scene) {
    browser.client.goto(&scene.links[0]).await.expect("the page opens");
    browser.sees("Round").await;
    browser.goes("operator").await;
    browser.enters("[data-test=owed] li:last-child button").await;
    browser.writes("[data-test=owed] textarea", "Her sister, from June on.").await;
    browser.signs("[data-test=owed]").await;
    browser.goes(&format!("proposals/{}", scene.proposals[0])).await;
    browser.sees("Her sister, from June on.").await;
    browser.enters(".side.against [data-do=moderate]").await;
    browser.writes(".side.against textarea", "It names no source").await;
    browser.signs(".side.against .form").await;
    browser.sees("A moderator has hidden this: It names no source").await;
    browser.enters(".side.against .moderated button").await;
    browser.sees("There are two ovens in the street already.").await;
    examine(browser, "proposal-moderated").await;
}
