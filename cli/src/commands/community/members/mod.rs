//! `mutua admit`, `suspend`, `readmit`, `leave` and `members`: who belongs to the community.

mod admissions;

use clap::Args;
use mutua_node::api::types::MemberView;
use mutua_protocol::{charter::Role, keys::PublicKey, records::Body};

use crate::{
    client::Client,
    context::Context,
    failure::{Done, Failure},
    home::Home,
    named, output,
    page::{Table, cut},
    signing::{Signer, SignerArguments, tell},
};

const ADMIT_EXAMPLE: &str = "\
Examples:
  mutua admit 3f1c...64 digits...9a --name \"Alma Reyes\" --group customers
  mutua admit --batch members.csv --dry-run

The key is what 'mutua key show' prints at the new member's; a key of your own home can be named by its label. A table has the
columns key and name, and group and weight if you like; 'mutua members --csv' writes one. With one line wrong, nothing is
signed; after an interruption, the same command goes on where it was. Needs a registrar's key.";

/// What `mutua admit` is told.
#[derive(Debug, Args)]
#[command(after_help = ADMIT_EXAMPLE)]
pub(crate) struct Admit {
    /// The new member's public key, or the label of a key in this home
    #[arg(value_name = "KEY", required_unless_present = "batch")]
    key: Option<String>,
    /// What people call them
    #[arg(long, required_unless_present = "batch")]
    name: Option<String>,
    /// Voting weight
    #[arg(long, default_value_t = 1, value_name = "N")]
    weight: u32,
    /// Kind of member [default: the charter's first]
    #[arg(long)]
    group: Option<String>,
    #[command(flatten)]
    batch: admissions::Arguments,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Admit {
    /// Admits.
    pub(crate) fn run(self, context: &Context) -> Done {
        if let Some(table) = &self.batch.batch {
            return self.batch.run(table, context, &self.signer);
        }
        let (Some(key), Some(name)) = (self.key, self.name) else {
            return Err(Failure::input("name a key and a name, or a table with --batch"));
        };
        let key = own_or_whole(context, &key)?;
        let signer = Signer::take(context, &self.signer, Some(Role::Registrar))?;
        let groups = &signer.community.charter.groups;
        let group = match &self.group {
            None => 0,
            Some(name) => position("group", name, groups)?,
        };
        let weight = self.weight;
        let said = signer.say(Body::Admit { key, weight, name: name.clone(), group })?;
        tell(context, &said, |page| {
            let group = groups.get(usize::from(group)).map_or("", String::as_str);
            page.line(format!("{name} is admitted to {group} with weight {weight}, key {}.", key.short()));
        })
    }
}

/// A whole key, which is not looked up as the member's home is elsewhere, or a key of this home by its label.
fn own_or_whole(context: &Context, text: &str) -> Done<PublicKey> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let keystore = Home::existing(context)?.keystore()?;
    let found = keystore.find(text).map_err(|error| {
        Failure::keys(format!(
            "'{text}' is neither a public key of 64 digits nor a key of this home: {error}"
        ))
    })?;
    Ok(found.public)
}

/// The position of a name in the charter's list.
///
/// # Errors
/// When it is not there.
pub(crate) fn position(what: &str, name: &str, names: &[String]) -> Done<u16> {
    names
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name))
        .and_then(|position| u16::try_from(position).ok())
        .ok_or_else(|| {
            Failure::input(format!("the charter has no {what} '{name}'; it has {}", names.join(", ")))
        })
}

const SUSPEND_EXAMPLE: &str = "\
Example:
  mutua suspend 3f1c8a21 --reason \"Key reported stolen\"

The key is named by its first digits, as 'mutua members' shows them. Needs a registrar's key.";

const READMIT_EXAMPLE: &str = "\
Example:
  mutua readmit 3f1c8a21 --reason \"Identity checked in person\"

Lifts a suspension. Needs a registrar's key.";

/// What `mutua suspend` and `mutua readmit` are told.
#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// The member's key, or its first digits
    #[arg(value_name = "KEY")]
    key: String,
    /// Why; everybody can read it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signer: SignerArguments,
}

/// What `mutua suspend` is told.
#[derive(Debug, Args)]
#[command(after_help = SUSPEND_EXAMPLE)]
pub(crate) struct Suspend {
    #[command(flatten)]
    whom: Whom,
}

impl Suspend {
    /// Suspends.
    pub(crate) fn run(self, context: &Context) -> Done {
        self.whom.say(context, "is suspended", |key, reason| Body::Suspend { key, reason })
    }
}

/// What `mutua readmit` is told.
#[derive(Debug, Args)]
#[command(after_help = READMIT_EXAMPLE)]
pub(crate) struct Readmit {
    #[command(flatten)]
    whom: Whom,
}

impl Readmit {
    /// Readmits.
    pub(crate) fn run(self, context: &Context) -> Done {
        self.whom.say(context, "is no longer suspended", |key, reason| Body::Readmit { key, reason })
    }
}

impl Whom {
    /// A key of this home by its label, or whichever key begins like this: a member may have made one that begins as one of this
    /// home does.
    fn key(&self, context: &Context, signer: &Signer) -> Done<PublicKey> {
        let own = Home::existing(context)?.keystore()?.list().map_err(Failure::keys)?;
        if let Some(labelled) = own.iter().find(|key| key.label == self.key) {
            return Ok(labelled.public);
        }
        let members = signer.client.members()?;
        let mut keys: Vec<PublicKey> =
            members.iter().map(|member| member.key).chain(own.iter().map(|key| key.public)).collect();
        keys.sort_unstable();
        keys.dedup();
        named::key(&self.key, &keys)
    }

    fn say(self, context: &Context, done: &str, body: impl FnOnce(PublicKey, String) -> Body) -> Done {
        let signer = Signer::take(context, &self.signer, Some(Role::Registrar))?;
        let key = self.key(context, &signer)?;
        let name =
            signer.client.chain(&key)?.member.map_or_else(|| "The key".to_owned(), |member| member.name);
        let said = signer.say(body(key, self.reason))?;
        tell(context, &said, |page| {
            page.line(format!("{name} ({}) {done}.", key.short()));
        })
    }
}

const LEAVE_EXAMPLE: &str = "\
Example:
  mutua leave

You take part until the current round closes. Nobody can refuse it, and nobody can undo it.";

/// What `mutua leave` is told.
#[derive(Debug, Args)]
#[command(after_help = LEAVE_EXAMPLE)]
pub(crate) struct Leave {
    #[command(flatten)]
    signer: SignerArguments,
}

impl Leave {
    /// Leaves.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, None)?;
        let said = signer.say(Body::Leave)?;
        tell(context, &said, |page| {
            let round = signer.chain.round;
            page.line(format!(
                "The member of the key '{}' leaves when round {round} closes.",
                signer.label()
            ));
        })
    }
}

const MEMBERS_EXAMPLE: &str = "\
Examples:
  mutua members
  mutua members --csv > members.csv

--csv has one line a member: key, name, group and weight, as 'mutua admit --batch' reads them.";

/// What `mutua members` is told.
#[derive(Debug, Args)]
#[command(after_help = MEMBERS_EXAMPLE)]
pub(crate) struct Members {
    /// Show those who have left, too
    #[arg(long)]
    all: bool,
    /// Show a table of comma-separated values
    #[arg(long)]
    csv: bool,
}

impl Members {
    /// Lists.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let mut members = client.members()?;
        members.retain(|member| self.all || member.status != "left");
        if self.csv {
            return output::write(&admissions::table(&members));
        }
        output::show(context.json, &members, |page| {
            let voted = members.iter().filter(|member| member.cast.is_some()).count();
            page.line(format!("Members: {}; voted in this round: {voted}", members.len()));
            let mut table = Table::new(&["key", "name", ">weight", "group", "status", "ballot"]);
            for member in &members {
                table.row([
                    member.key.short(),
                    cut(&member.name, 40),
                    member.weight.to_string(),
                    cut(&member.group, 24),
                    status(member),
                    match (&member.cast, &member.standing) {
                        (Some(_), _) => "cast".to_owned(),
                        (None, Some(_)) => "standing".to_owned(),
                        (None, None) => "-".to_owned(),
                    },
                ]);
            }
            if !table.is_empty() {
                page.gap().table(table);
            }
        })
    }
}

fn status(member: &MemberView) -> String {
    match &member.suspended {
        None => member.status.clone(),
        Some(reason) => format!("suspended: {}", cut(reason, 40)),
    }
}
