//! Telling the owner of a node what happens, while it runs: by a command, by a web address, or by both.
//!
//! What there is to be told the node finds in its log each time. All that is remembered is what was told, in the home:
//! so nothing is told twice, and what happened while the node was off, or nobody answered, is told later.

mod target;
mod told;

use std::time::Duration;

use mutua_node::notices::Notices;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{
    client::Client,
    failure::{Done, Failure},
    home::Home,
    times,
};
pub(crate) use target::Target;
use told::Told;

/// How often it is looked whether there is anything to tell.
const EVERY: Duration = Duration::from_secs(5);

/// The pause after the first failure; it doubles with each one that follows.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// The keys of a home that are told of: what the address of a request can hold.
const KEYS: usize = 500;

/// Failures after which the rest waits, too: the program or the address is out of order, and not one notice.
const IN_A_ROW: usize = 3;

/// What nobody could be told for so long is told no more: milliseconds.
const STALE_MS: u64 = 7 * 24 * 3600 * 1000;

/// How the owner wants to be told: `[notify]` in `node.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notify {
    /// A program and its arguments. The notice is added as the last argument, and is its standard input as JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// An address that the notice is posted to as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// Categories of loans that are followed; `*` is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
}

impl Notify {
    /// Where notices go.
    ///
    /// # Errors
    /// When the settings name nothing that can be used.
    pub(crate) fn targets(&self) -> Done<Vec<Target>> {
        let mut targets = Vec::new();
        if let Some((program, arguments)) = self.command.split_first() {
            targets.push(Target::Command { program: program.clone(), arguments: arguments.to_vec() });
        }
        if let Some(address) = &self.webhook {
            targets.push(Target::webhook(address)?);
        }
        Ok(targets)
    }
}

/// Begins to tell, in threads that end with the process.
///
/// # Errors
/// When the settings name nothing that can be used.
pub(crate) fn start(home: &Home, notify: &Notify) -> Done {
    for target in notify.targets()? {
        let (home, categories) = (home.clone(), notify.categories.clone());
        std::thread::Builder::new()
            .name(format!("notify-{}", target.name()))
            .spawn(move || keep_telling(&home, &target, &categories))
            .map_err(|error| Failure::refused(format!("no thread can be started for notices: {error}")))?;
    }
    Ok(())
}

/// What there is to be told to the members whose keys are in this home.
///
/// # Errors
/// When the node does not answer, or does not know a category.
pub(crate) fn notices(home: &Home, client: &Client, categories: &[String], since: u64) -> Done<Notices> {
    let keys = home.own_keys()?;
    let members: Vec<String> = keys.iter().take(KEYS).map(|own| own.key.to_string()).collect();
    let categories: Vec<String> =
        categories.iter().map(|name| utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()).collect();
    client.get(&format!(
        "/v1/notices?members={}&categories={}&since={since}",
        members.join(","),
        categories.join("%0A")
    ))
}

fn keep_telling(home: &Home, target: &Target, categories: &[String]) {
    let mut failures = 0;
    loop {
        match tell_news(home, target, categories) {
            Ok(()) => failures = 0,
            Err(failure) => {
                failures += 1;
                tracing::warn!(to = target.name(), "notices wait: {}", failure.message());
            }
        }
        std::thread::sleep(match failures {
            0 => EVERY,
            more => FIRST_PAUSE.saturating_mul(1 << (more - 1).min(10)).min(LONGEST_PAUSE),
        });
    }
}

/// Tells what is new, the oldest first. One notice that nobody takes does not keep back the others.
fn tell_news(home: &Home, target: &Target, categories: &[String]) -> Done {
    let client = Client::of(home)?;
    let mut told = match Told::read(home, target.name())? {
        Some(told) => told,
        None => {
            // Whoever has just asked to be told does not want to hear the history.
            let told = Told::of(&notices(home, &client, categories, u64::MAX)?);
            told.write(home, target.name())?;
            told
        }
    };
    let found = notices(home, &client, categories, told.height())?;
    if found.left_off > 0 {
        tracing::warn!(
            left_off = found.left_off,
            "more has happened than is told: 'mutua notices' shows the newest"
        );
    }
    let stale = times::now().saturating_sub(STALE_MS);
    let mut failed = Vec::new();
    for notice in &found.notices {
        if told.has(notice) {
            continue;
        }
        if notice.time.is_none_or(|time| time >= stale)
            && let Err(failure) = target.tell(notice)
        {
            failed.push(failure);
            if failed.len() == IN_A_ROW {
                break;
            }
            continue;
        }
        told.add(notice);
        told.write(home, target.name())?;
    }
    match failed.pop() {
        Some(failure) => Err(failure),
        None if told.reach(&found) => told.write(home, target.name()),
        None => Ok(()),
    }
}
