//! `mutua delegate`: whose ballot counts where one has cast none.

use clap::Args;
use mutua_node::api::types::{DelegationView, DelegationsView, WayView};
use mutua_protocol::{
    ledger::WayEnd,
    records::{Body, Scope},
};

use crate::{
    client::Client,
    commands::community::members::position,
    context::Context,
    failure::{Done, Failure},
    home::Home,
    named, output,
    page::Page,
    signing::{self, Signer, SignerArguments, tell},
};

const EXAMPLE: &str = "\
Example:
  mutua delegate 3f1c8a21
  mutua delegate 77d0c1e2 --category farms
  mutua delegate --end --category farms
  mutua delegate

In every round in which you have no ballot of your own, a standing one included, the ballot of your delegate counts for you,
with your weight; if they have none, that of their delegate, and so on. For the loans of a category, a delegation for that category goes
before the one for all. In a circle, nobody's ballot counts. You can vote yourself at any time: then only your own ballot counts, also if
it is empty. Without a member or --end, what you have delegated is shown, and where it leads.";

/// What `mutua delegate` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The member whose ballot shall count: their key, its first digits, or their name
    #[arg(value_name = "MEMBER")]
    to: Option<String>,
    /// For the loans of this category alone [otherwise: for all loans, and for motions]
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    /// End the delegation
    #[arg(long, conflicts_with = "to")]
    end: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Arguments {
    /// Delegates, or shows what is delegated.
    pub(crate) fn run(self, context: &Context) -> Done {
        let Some(to) = self.to.as_ref().map(Some).or(self.end.then_some(None)) else {
            return self.show(context);
        };
        let signer = Signer::take(context, &self.signer, None)?;
        let members = signer.client.members()?;
        let to = to.map(|name| named::member(name, &members)).transpose()?;
        let scope = match &self.category {
            None => Scope::All,
            Some(name) => Scope::Category(position("category", name, &signer.community.charter.categories)?),
        };
        let said = signer.say(Body::Delegate { scope, to: to.map(|member| member.key) })?;
        let view: DelegationsView = signer.client.get(&format!("/v1/delegations/{}", signer.author()))?;
        tell(context, &said, |page| {
            let what = self.category.as_ref().map_or_else(
                || "all loans and motions".to_owned(),
                |category| format!("loans of the category '{category}'"),
            );
            match &to {
                Some(member) => {
                    page.line(format!(
                        "Where you have no ballot of your own, that of {} ({}) counts for you, for {what}.",
                        member.name,
                        member.key.short()
                    ));
                    own_ballots(page, &view);
                }
                None => {
                    page.line(format!(
                        "Nobody's ballot counts for you for {what}, beyond what you have delegated otherwise."
                    ));
                }
            }
        })
    }

    fn show(&self, context: &Context) -> Done {
        if self.category.is_some() {
            return Err(Failure::input(
                "name the member whose ballot shall count for this category, or --end",
            ));
        }
        let home = Home::existing(context)?;
        let client = Client::of(&home)?;
        let key = signing::whose(&home, self.signer.label.as_deref(), None, &client)?;
        let view: DelegationsView = client.get(&format!("/v1/delegations/{key}"))?;
        output::show(context.json, &view, |page| show(page, &view))
    }
}

/// What stands in the way of delegations.
fn own_ballots(page: &mut Page, view: &DelegationsView) {
    if view.cast.is_some() {
        page.line(
            "In this round you have cast a ballot: it counts, and what you delegate only in later rounds.",
        );
    }
    if view.standing.is_some() {
        page.line(
            "You have a standing ballot, which counts instead. 'mutua vote --fresh --standing' ends it; in this round, that is an \
             empty ballot of yours.",
        );
    }
}

/// What a member has delegated, and what was delegated to them.
pub(crate) fn show(page: &mut Page, view: &DelegationsView) {
    if view.delegations.is_empty() {
        page.line(format!("{} has delegated nothing.", view.member.name));
    } else {
        page.line(format!("Where {} has no ballot of their own:", view.member.name));
        for held in &view.delegations {
            tell_one(page, held);
        }
        own_ballots(page, view);
    }
    let (by, counts) = (view.delegated_by, view.counts_for);
    if by.heads > 0 {
        page.gap().line(format!(
            "Delegated to {}: by {} members, weight {}. Their ballot counts for {} others now, weight {}.",
            view.member.name, by.heads, by.weight, counts.heads, counts.weight
        ));
    }
}

fn tell_one(page: &mut Page, held: &DelegationView) {
    let what = held.category.as_ref().map_or_else(
        || "for all loans and motions".to_owned(),
        |category| format!("for loans of the category '{category}'"),
    );
    let leads = held.way.as_ref().map_or_else(|| "not sealed yet".to_owned(), leads);
    page.line(format!("  {what}: {} ({}); {leads}", held.to.name, held.to.key.short()));
}

/// Where a way leads, in words.
pub(crate) fn leads(way: &WayView) -> String {
    let name = &way.end_name;
    match way.end {
        WayEnd::Ballot { .. } if way.steps <= 1 => "their ballot counts".to_owned(),
        WayEnd::Ballot { .. } => {
            let between = way.through.iter().map(|person| person.name.as_str());
            format!("the ballot of {name} counts, by way of {}", between.collect::<Vec<_>>().join(", "))
        }
        WayEnd::Silent(_) => format!("nobody's ballot counts: {name} has none, and has delegated nothing"),
        WayEnd::NoVote(key) if name.is_empty() => {
            format!("nobody's ballot counts: {} has no vote", key.short())
        }
        WayEnd::NoVote(_) => format!("nobody's ballot counts: {name} has left, or is suspended"),
        WayEnd::Circle(_) => format!("nobody's ballot counts: the way comes back to {name}"),
    }
}
