//! `mutua charter`: the founding document, and what it has become.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use mutua_node::api::types::{CharterView, Charters, OpenChange};
use mutua_protocol::{
    charter::{Charter, Community, Role, RoleHolders},
    hash::{CharterHash, CommunityId, ParseHexError},
    keys::PublicKey,
    seals::Witness,
};
use serde::Serialize;

use crate::{
    amounts,
    client::Client,
    context::Context,
    difference::{self, Difference},
    failure::{Done, Failure},
    files,
    founding::Terms,
    home::Home,
    output,
    page::{Page, Table, cut},
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

const SHOW_EXAMPLE: &str = "\
Example:
  mutua charter show                      the charter in force, and the changes that are open
  mutua charter show --out amended.json   the same, into a file: the draft of a change
  mutua charter show --round 3            the charter by which round 3 was decided
  mutua charter show --founding           the charter by which the community was founded

A running node tells which charter is in force. --founding needs none.";

const HISTORY_EXAMPLE: &str = "\
Example:
  mutua charter history

Lists every charter that has been in force, and by which proposal it was adopted.";

const DIFF_EXAMPLE: &str = "\
Example:
  mutua charter show --out amended.json
  (edit amended.json)
  mutua charter diff amended.json
  mutua propose charter amended.json --title \"Greedy\" --purpose \"Members find it easier to follow.\"

Says what the file changes of the charter in force, and whether it may: name, currency and first close stay, and
groups and categories are only appended to.";

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
    /// Show the charter in force, or an earlier one
    #[command(after_help = SHOW_EXAMPLE)]
    Show(Show),
    /// List every charter that has been in force
    #[command(after_help = HISTORY_EXAMPLE)]
    History,
    /// Say what an amended charter changes, and whether it may
    #[command(after_help = DIFF_EXAMPLE)]
    Diff {
        /// The amended charter, a JSON file
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
            Action::Show(show) => show.run(context),
            Action::History => history(context),
            Action::Diff { file } => diff(context, &file),
            Action::Id { file } => {
                let community = files::read_charter(&file)?;
                output::show(context.json, &answer(&community), |page| {
                    page.line(community.id);
                })
            }
        }
    }
}

/// What `mutua charter show` is told.
#[derive(Debug, Args)]
struct Show {
    /// The charter by which this round was or will be decided
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    round: Option<u32>,
    /// The charter by which the community was founded
    #[arg(long, conflicts_with = "round")]
    founding: bool,
    /// Also write it to this file, as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A charter, and what may follow it.
#[derive(Serialize)]
struct Shown {
    community: CommunityId,
    #[serde(flatten)]
    shown: CharterView,
    open: Vec<OpenChange>,
}

impl Show {
    fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let founding = home.community()?;
        let known = if self.founding {
            let (community, hash, charter) = (founding.id, founding.hash, founding.charter.clone());
            let view = CharterView { hash, from_seal: 1, adopted: None, charter };
            Charters { community, charters: vec![view], open: Vec::new() }
        } else {
            Client::of(&home)?.charters()?
        };
        let Charters { community, charters, open } = known;
        let decided_by = |view: &CharterView| match (&view.adopted, self.round) {
            (Some(adopted), Some(round)) => adopted.round < round,
            _ => true,
        };
        let shown = charters.into_iter().rfind(decided_by);
        let shown = shown.ok_or_else(|| Failure::node("the node knows of no charter"))?;
        if let Some(path) = &self.out {
            files::write_new_json(path, &shown.charter)?;
        }
        let shown = Shown { community, shown, open };
        output::show(context.json, &shown, |page| {
            let view = &shown.shown;
            tell_terms(page, &view.charter, &shown.community.to_string());
            page.gap().facts([
                ("charter", view.hash.to_string()),
                ("in force", format!("from seal {} on", view.from_seal)),
                ("adopted", adopted(view)),
            ]);
            if !shown.open.is_empty() {
                let mut table = Table::new(&["change", "amends", "title"]);
                for open in &shown.open {
                    table.row([open.proposal.short(), open.change.base.short(), cut(&open.change.title, 60)]);
                }
                page.gap().line("Open changes of the charter").table(table);
            }
            if let Some(path) = &self.out {
                page.gap().line(format!("It is written to {}.", path.display()));
            }
        })
    }
}

/// How a charter was adopted, in words.
fn adopted(view: &CharterView) -> String {
    view.adopted.as_ref().map_or_else(
        || "with the founding".to_owned(),
        |adopted| format!("in round {}, {}: {}", adopted.round, times::show(adopted.time), adopted.title),
    )
}

fn history(context: &Context) -> Done {
    let known = Client::of(&Home::existing(context)?)?.charters()?;
    output::show(context.json, &known, |page| {
        let mut table = Table::new(&["charter", ">from seal", "adopted"]);
        for view in &known.charters {
            table.row([view.hash.short(), view.from_seal.to_string(), adopted(view)]);
        }
        page.table(table);
        for [before, after] in known.charters.windows(2).filter_map(|pair| <&[_; 2]>::try_from(pair).ok()) {
            page.gap().line(format!("What charter {} changed", after.hash.short()));
            tell_differences(page, &difference::between(&before.charter, &after.charter));
        }
    })
}

/// What an amended charter comes to.
#[derive(Serialize)]
struct Compared {
    base: CharterHash,
    amended: CharterHash,
    differences: Vec<Difference>,
    /// Why it cannot follow the charter in force, if it cannot.
    refused: Option<String>,
}

fn diff(context: &Context, file: &Path) -> Done {
    let amended = files::read_charter(file)?.charter;
    let home = Home::existing(context)?;
    let community = Client::of(&home)?.community(home.community()?)?;
    let compared = Compared {
        base: community.hash,
        amended: amended.hash(),
        differences: difference::between(&community.charter, &amended),
        refused: amended.check_follows(&community.charter).err().map(|error| error.to_string()),
    };
    output::show(context.json, &compared, |page| {
        tell_differences(page, &compared.differences);
        page.gap().facts([
            ("amends", compared.base.to_string()),
            ("amended charter", compared.amended.to_string()),
        ]);
        if compared.refused.is_none() {
            page.line("It can be proposed: 'mutua propose charter FILE'.");
        }
    })?;
    compared.refused.map_or(Ok(()), |reason| Err(Failure::refused(reason)))
}

/// What changes, one line each.
pub(crate) fn tell_differences(page: &mut Page, differences: &[Difference]) {
    let mut table = Table::new(&["field", "before", "after"]);
    for Difference { field, before, after } in differences {
        let show = |value: &Option<_>| value.as_ref().map_or_else(|| "-".to_owned(), difference::plain);
        table.row([field.clone(), show(before), show(after)]);
    }
    if table.is_empty() {
        page.line("Nothing changes.");
    } else {
        page.table(table);
    }
}

fn answer(community: &Community) -> Answer<'_> {
    Answer { community: community.id, name: &community.charter.name, valid: true }
}

/// A founding charter in words.
fn tell(page: &mut Page, community: &Community) {
    tell_terms(page, &community.charter, &community.id.to_string());
    page.gap().line("This charter is valid.");
}

/// What a charter says.
fn tell_terms(page: &mut Page, charter: &Charter, id: &str) {
    let money = |amount: u64| amounts::show(amount, &charter.currency);
    let caps = charter.policy.caps;
    let cap = |share: Option<u16>| {
        share.map_or("none".to_owned(), |share| amounts::percent(share) + " of the pool")
    };
    page.facts([
        ("community", charter.name.clone()),
        ("id", id.to_owned()),
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
        (
            "changes",
            format!(
                "of this charter: quorum {}, carried by more than {} yes",
                amounts::percent(charter.motions.charter.quorum),
                amounts::percent(charter.motions.charter.majority)
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
    page.gap().table(keys);
}
