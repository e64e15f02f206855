//! `mutua forecast`: how likely the open loans are to be funded.

use std::{thread::sleep, time::Duration};

use clap::Args;
use mutua_node::api::types::{ForecastAnswer, ForecastView};
use mutua_protocol::{allocation::FULL_DRAWS, charter::Currency, ledger::TurnoutBasis};

use crate::{
    amounts,
    client::Client,
    context::Context,
    explaining,
    failure::Done,
    home::Home,
    output,
    page::{Page, Table, cut},
    progress::Progress,
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua forecast                   as many vote as in earlier rounds
  mutua forecast --turnout 60%     six of ten members vote
  mutua forecast --turnout 250     250 members vote

The ballots sealed so far are kept, and those still to come are drawn from them, 1,000 times; how often a loan is funded
then is its chance. Where that would take minutes (very many ballots, and completion by add-one) fewer draws are made, at
least 100, and the answer says how many. Without --turnout the share of the members who voted in the last four rounds is
expected; in the first round, one half. The draws follow from the newest seal, so that every node shows the same.
It takes those who vote later to vote like those who have voted. Where they do not, it is too sure: of the projects of real
elections forecast at 70 to 80 % from the first half of the ballots, 61 % were funded; from half of them by lot, 78 %.";

/// What `mutua forecast` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// How many members vote in the end: a number, or a share such as 60%
    #[arg(long, value_parser = parse_turnout, value_name = "N|RATE")]
    turnout: Option<Turnout>,
}

/// An expected turnout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turnout {
    Members(u64),
    Share(u16),
}

fn parse_turnout(text: &str) -> Result<Turnout, String> {
    if let Ok(members) = text.parse() {
        return Ok(Turnout::Members(members));
    }
    let share = amounts::parse_rate(text).map_err(|_| "write a number of members, or a share such as 60%")?;
    Ok(Turnout::Share(share))
}

impl Arguments {
    /// Shows it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let currency = client.charter()?.currency;
        let asked = match self.turnout {
            None => String::new(),
            Some(Turnout::Members(members)) => format!("?members={members}"),
            Some(Turnout::Share(share)) => format!("?share={share}"),
        };
        let mut progress = None;
        let view = loop {
            let answer: ForecastAnswer = client.get(&format!("/v1/forecast{asked}"))?;
            if let Some(view) = answer.view {
                break view;
            }
            let progress: &Progress =
                progress.get_or_insert_with(|| Progress::new(answer.of.into(), "Drawing ballots"));
            progress.set(answer.done.into());
            sleep(Duration::from_millis(100));
        };
        drop(progress);
        output::show(context.json, &view, |page| tell(page, &view, &currency))
    }
}

/// How exact the chances are.
fn drawn(draws: u32) -> String {
    if draws < FULL_DRAWS {
        return format!(
            "From {draws} draws instead of {FULL_DRAWS}, which would take minutes: a chance of one half may be 2 to 5 in 100 off."
        );
    }
    format!("From {draws} draws.")
}

fn tell(page: &mut Page, view: &ForecastView, currency: &Currency) {
    let forecast = &view.forecast;
    let basis = match forecast.basis {
        TurnoutBasis::History { rounds: 1 } => "as in the last round".to_owned(),
        TurnoutBasis::History { rounds } => format!("as in the last {rounds} rounds"),
        TurnoutBasis::Assumed => "one half, as no round has closed yet".to_owned(),
        TurnoutBasis::Given => "as you say".to_owned(),
    };
    page.line(format!(
        "Round {} as of seal {}: {} of {} members have voted; {} are expected to vote ({basis})",
        forecast.round, forecast.height, forecast.voted, forecast.electorate, forecast.expected
    ));
    page.line(format!("It closes at {}.", times::show(forecast.close)));
    page.line(drawn(forecast.draws));
    let mut chances: Vec<_> = forecast.chances.iter().collect();
    chances.sort_by_key(|chance| std::cmp::Reverse(chance.funded));
    let name = |id| view.names.get(id);
    let mut table = Table::new(&["loan", ">amount", ">supporters", ">chance", "borrower", "title"]);
    let mut lacking = Table::new(&["not yet eligible", ">amount", "why", "title"]);
    for chance in chances {
        let amount = amounts::show(chance.amount, currency);
        let title = name(&chance.proposal).map(|name| cut(&name.title, 50)).unwrap_or_default();
        let borrower = name(&chance.proposal).map(|name| cut(&name.borrower, 28)).unwrap_or_default();
        match chance.funded {
            Some(funded) => table.row([
                chance.proposal.short(),
                amount,
                chance.supporters.0.to_string(),
                amounts::part_of(funded.into(), forecast.draws.into()),
                borrower,
                title,
            ]),
            None => {
                let money = |amount| amounts::show(amount, currency);
                let why = chance.against.iter().map(|reason| explaining::lack(reason, &money));
                lacking.row([chance.proposal.short(), amount, why.collect::<Vec<_>>().join("; "), title]);
            }
        }
    }
    if table.is_empty() {
        page.gap().line("No loan is open that may be funded.");
    } else {
        page.gap().table(table);
    }
    if !lacking.is_empty() {
        page.gap().table(lacking);
    }
    if forecast.voted == 0 {
        page.gap().line("Nobody has voted yet, so there is nothing to forecast from.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_draws_are_said_to_be_fewer() {
        assert_eq!(drawn(FULL_DRAWS), "From 1000 draws.");
        assert!(drawn(208).starts_with("From 208 draws instead of 1000"));
    }
}
