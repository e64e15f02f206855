//! What somebody sees who looks at a page, and what axe-core says of it.

use serde_json::{Value, json};

use crate::browser::Browser;

/// Looks at a page by day and in the dark: pictures, and axe-core.
pub(crate) async fn examine(browser: &Browser, name: &str) {
    browser.photograph(name).await;
    blameless(browser, name, "{ resultTypes: ['violations'] }").await;
    browser.darkens(true);
    blameless(browser, &format!("{name}, in the dark"), "{ runOnly: ['color-contrast'] }").await;
    browser.darkens(false);
}

/// axe-core finds nothing serious.
async fn blameless(browser: &Browser, name: &str, options: &str) {
    let Some(path) = std::env::var_os("MUTUA_AXE") else {
        eprintln!(
            "SKIPPED: axe-core has not looked at '{name}': MUTUA_AXE names no file (scripts/test fetches it)"
        );
        return;
    };
    if browser.run("return typeof axe").await == "undefined" {
        browser.run(&std::fs::read_to_string(&path).expect("MUTUA_AXE names the file of axe-core")).await;
    }
    let script = format!(
        "const done = arguments[0]; axe.run(document, {options}).then((found) => done(found.violations))"
    );
    let found = browser.client.execute_async(&script, Vec::new()).await.expect("axe-core answers");
    let serious: Vec<Value> = found
        .as_array()
        .into_iter()
        .flatten()
        .filter(|fault| fault["impact"] == "serious" || fault["impact"] == "critical")
        .map(|fault| json!({ "rule": fault["id"], "help": fault["help"], "where": fault["nodes"][0]["html"], "why": fault["nodes"][0]["failureSummary"] }))
        .collect();
    assert!(serious.is_empty(), "{name}: {serious:#?}");
}
