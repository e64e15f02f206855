//! `mutua charter`: the founding document.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mutua_protocol::{
    charter::{Community, Role, RoleHolders},
    hash::{CommunityId, ParseHexError},
    keys::PublicKey,
    seals::Witness,
};
use serde::Serialize;

use super::Context;
use crate::{
    Done, amounts,
    failure::Failure,
    files,
    founding::Terms,
    output,
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

const NEW_EXAMPLE: &str = "\
Example:
  mutua charter new --name \"Sonnental eG\" --registrar 3f1c...9a --attestor 77d0...12 --treasurer 3f1c...9a \\
      --witness office=3f1c...9a --witness library=c0de...44 --witness school=9ac4...f6 --witness bank=5b3e...a1 \\
      --out charter.json

Each of those named makes a key with 'mutua key new' in a home of their own, and gives you the public key
('mutua key show'). Then each runs 'mutua init --charter charter.json' in that home. Four witnesses survive
one that is down or lies; one is enough to begin with.";

#[derive(Debug, Subcommand)]
enum Action {
    /// Compose a charter from public keys
    #[command(after_help = NEW_EXAMPLE)]
    New(Box<New>),
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

/// What `mutua charter new` is told.
#[derive(Debug, Args)]
struct New {
    /// The community's name
    #[arg(long)]
    name: String,
    /// Admits and suspends members, again for each
    #[arg(long, required = true, value_name = "KEY")]
    registrar: Vec<PublicKey>,
    /// Rates loans, again for each
    #[arg(long, required = true, value_name = "KEY")]
    attestor: Vec<PublicKey>,
    /// How many attestors must rate a loan
    #[arg(long, default_value_t = 1, value_name = "N")]
    attestors_needed: u8,
    /// States money into and out of the pool, again for each
    #[arg(long, required = true, value_name = "KEY")]
    treasurer: Vec<PublicKey>,
    /// Answers motions, questions and outcomes, again for each
    #[arg(long, value_name = "KEY")]
    board: Vec<PublicKey>,
    /// Hides arguments from view, and shows them again; for each again
    #[arg(long, value_name = "KEY")]
    moderator: Vec<PublicKey>,
    /// Agrees on seals, again for each
    #[arg(long, required = true, value_parser = parse_witness, value_name = "NAME=KEY")]
    witness: Vec<Witness>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    terms: Terms,
}

fn parse_witness(text: &str) -> Result<Witness, String> {
    let (name, key) = text.rsplit_once('=').ok_or("write NAME=KEY")?;
    let key: PublicKey = key.parse().map_err(|error: ParseHexError| error.to_string())?;
    Ok(Witness { key, power: 1, name: name.to_owned() })
}

impl New {
    fn run(self, context: &Context) -> Done {
        let held = |role, mut keys: Vec<PublicKey>, needed| {
            keys.sort_unstable();
            keys.dedup();
            RoleHolders { role, keys, needed }
        };
        let mut roles = vec![
            held(Role::Registrar, self.registrar, 1),
            held(Role::Attestor, self.attestor, self.attestors_needed),
            held(Role::Treasurer, self.treasurer, 1),
        ];
        if !self.board.is_empty() {
            roles.push(held(Role::Board, self.board, 1));
        }
        if !self.moderator.is_empty() {
            roles.push(held(Role::Moderator, self.moderator, 1));
        }
        let charter = self.terms.charter(&self.name, roles, self.witness)?;
        let community = Community::new(charter).map_err(Failure::input)?;
        files::write_new_json(&self.out, &community.charter)?;
        output::show(context.json, &answer(&community), |page| {
            tell(page, &community);
            page.line(format!("It is written to {}.", self.out.display()));
        })
    }
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self.action {
            Action::New(new) => new.run(context),
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
    let mut grades = Table::new(&[">grade", ">most default", ">most amount"]);
    for (grade, _) in (1..=charter.policy.worst_grade).zip(&charter.policy.grades) {
        let bounds = charter.policy.bounds(grade);
        let (default, amount) = (amounts::percent(bounds.greatest_default), money(bounds.greatest_amount));
        grades.row([grade.to_string(), default, amount]);
    }
    if !grades.is_empty() {
        page.gap().table(grades);
    }
    let mut keys = Table::new(&["role", ">power", "key", "name"]);
    for (role, name) in [
        (Role::Registrar, "registrar"),
        (Role::Attestor, "attestor"),
        (Role::Treasurer, "treasurer"),
        (Role::Board, "board"),
        (Role::Moderator, "moderator"),
    ] {
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
