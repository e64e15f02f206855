//! `mutua track-record`: how right attestors and members were.

use clap::Args;
use mutua_node::api::types::{ScoreView, TrackRecordView};
use mutua_protocol::charter::Currency;

use crate::{
    amounts,
    client::Client,
    context::Context,
    failure::Done,
    home::Home,
    output,
    page::{Page, Table, cut},
    times::AsOf,
};

const EXAMPLE: &str = "\
Example:
  mutua track-record
  mutua track-record --at 2027-01-01T00:00:00Z --json

Scores are Brier scores: the mean of the squared difference between the stated probability of default and what came
(1 for a default, 0 for none). 0 is the best; whoever always says 50% gets 0.25. Only what was sealed before the close of
the round that funded the loan counts. --json has every figure as an exact fraction.";

/// What `mutua track-record` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    as_of: AsOf,
}

impl Arguments {
    /// Shows it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let track: TrackRecordView = client.get(&format!("/v1/track-record{}", self.as_of.query()))?;
        let currency = client.charter()?.currency;
        output::show(context.json, &track, |page| tell(page, &track, &currency))
    }
}

fn tell(page: &mut Page, track: &TrackRecordView, currency: &Currency) {
    let defaulted = track.loans.iter().filter(|loan| loan.defaulted).count();
    page.line(format!("Loans that have ended: {}, of which {defaulted} defaulted", track.loans.len()));
    if track.loans.is_empty() {
        page.line("Nothing can be compared before the first loan is paid back or written off.");
        return;
    }
    let mut loans = Table::new(&["loan", ">round", ">paid out", ">lost", ">loss expected", "title"]);
    for loan in &track.loans {
        loans.row([
            loan.proposal.short(),
            loan.round.to_string(),
            amounts::digits(loan.disbursed, currency.decimals),
            amounts::digits(loan.lost, currency.decimals),
            whole_units(&loan.expected_loss.decimal, currency),
            cut(&loan.title, 50),
        ]);
    }
    page.gap().line(format!("Amounts in {}", currency.code)).table(loans);
    let mut scores = Table::new(&["who", ">estimates", ">score", "name"]);
    let mut add = |who: String, score: &ScoreView, name: String| {
        scores.row([who, score.estimates.to_string(), score.brier.decimal.clone(), name]);
    };
    for attestor in &track.attestors {
        let name = attestor.name.clone().unwrap_or_default();
        add(attestor.attestor.short(), &attestor.score, format!("attestor {name}").trim_end().to_owned());
    }
    if let Some(crowd) = &track.crowd {
        add("crowd".to_owned(), crowd, "the mean of the members' predictions".to_owned());
    }
    if let Some(predictions) = &track.predictions {
        add("members".to_owned(), predictions, "all predictions".to_owned());
    }
    for member in &track.members {
        add(member.member.short(), &member.score, member.name.clone().unwrap_or_default());
    }
    page.gap().line("Scores: 0 is the best, 1 the worst").table(scores);
    let mut grades = Table::new(&["attestor", ">grade", ">loans", ">defaulted", ">expected of them"]);
    let mut losses = Table::new(&["attestor", ">loss expected", ">lost"]);
    for attestor in &track.attestors {
        for grade in &attestor.grades {
            grades.row([
                attestor.attestor.short(),
                grade.grade.to_string(),
                grade.loans.to_string(),
                grade.defaulted.to_string(),
                format!("{} each", grade.expected.decimal),
            ]);
        }
        losses.row([
            attestor.attestor.short(),
            whole_units(&attestor.expected_loss.decimal, currency),
            amounts::digits(attestor.lost, currency.decimals),
        ]);
    }
    if !grades.is_empty() {
        page.gap().line("What the grades have meant").table(grades);
        page.gap().line("Losses").table(losses);
    }
}

/// A decimal count of smallest units, cut to whole ones, as an amount.
fn whole_units(decimal: &str, currency: &Currency) -> String {
    let whole = decimal.split('.').next().unwrap_or(decimal);
    whole.parse().map_or_else(|_| whole.to_owned(), |units| amounts::digits(units, currency.decimals))
}
