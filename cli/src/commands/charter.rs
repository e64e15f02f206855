//! `mutua charter`: the founding document.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mutua_protocol::{
    charter::{Community, Role},
    hash::CommunityId,
};
use serde::Serialize;

use super::Context;
use crate::{
    Done, amounts, files, output,
    page::{Page, Table},
    rules, times,
};

/// What `mutua charter` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

const CHECK_EXAMPLE: &str = "\
Example:
  mutua charter check charter.json";

const ID_EXAMPLE: &str = "\
Example:
  mutua charter id charter.json

The id is the hash of the charter, and names the community on the network: whoever has the same id has
the same charter.";

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a charter and say what it means
    #[command(after_help = CHECK_EXAMPLE)]
    Check {
        /// The charter, a JSON file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Show the id of the community that a charter founds
    #[command(after_help = ID_EXAMPLE)]
    Id {
        /// The charter, a JSON file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Serialize)]
struct Answer<'a> {
    community: CommunityId,
    name: &'a str,
    valid: bool,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self.action {
            Action::Check { file } => {
                let community = files::read_charter(&file)?;
                output::show(context.json, &answer(&community), |page| tell(page, &community))
            }
            Action::Id { file } => {
                let community = files::read_charter(&file)?;
                output::show(context.json, &answer(&community), |page| {
                    page.line(community.id);
                })
            }
        }
    }
}

fn answer(community: &Community) -> Answer<'_> {
    Answer { community: community.id, name: &community.charter.name, valid: true }
}

/// A charter in words.
fn tell(page: &mut Page, community: &Community) {
    let charter = &community.charter;
    let money = |amount: u64| amounts::show(amount, &charter.currency);
    let caps = charter.policy.caps;
    let cap = |share: Option<u16>| {
        share.map_or("none".to_owned(), |share| amounts::percent(share) + " of the pool")
    };
    page.facts([
        ("community", charter.name.clone()),
        ("id", community.id.to_string()),
        ("currency", format!("{}, {} decimals", charter.currency.code, charter.currency.decimals)),
        ("groups", charter.groups.join(", ")),
        ("categories", charter.categories.join(", ")),
        ("first close", times::show(charter.schedule.first_close)),
        ("then every", times::show_duration(charter.schedule.period)),
        ("rule", rules::describe(charter.rule)),
        ("attestations", format!("{} needed for a loan", charter.attestations_needed())),
        ("worst grade", charter.policy.worst_grade.to_string()),
        ("most default", amounts::percent(charter.policy.greatest_default)),
        ("most amount", money(charter.policy.greatest_amount)),
        ("least outlook", charter.policy.least_outlook.to_string()),
        ("cap/borrower", cap(caps.borrower)),
        ("cap/category", cap(caps.category)),
        ("cap/loss", cap(caps.expected_loss)),
        (
            "motions",
            format!(
                "quorum {}, carried by more than {} yes",
                amounts::percent(charter.motions.quorum),
                amounts::percent(charter.motions.majority)
            ),
        ),
        ("scores", format!("1 to {}", charter.limits.score)),
    ]);
    let mut keys = Table::new(&["role", ">power", "key", "name"]);
    for (role, name) in
        [(Role::Registrar, "registrar"), (Role::Attestor, "attestor"), (Role::Treasurer, "treasurer")]
    {
        for key in charter.holders(role) {
            keys.row([name.to_owned(), String::new(), key.to_string(), String::new()]);
        }
    }
    for witness in &charter.witnesses {
        let (power, key) = (witness.power.to_string(), witness.key.to_string());
        keys.row(["witness".to_owned(), power, key, witness.name.clone()]);
    }
    page.gap().table(keys).gap().line("This charter is valid.");
}
