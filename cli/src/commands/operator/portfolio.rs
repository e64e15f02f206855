//! `mutua portfolio`: what became of the funded loans.

use clap::Args;
use mutua_protocol::{
    charter::{Charter, Currency},
    loans::{LoanFigures, LoanLine, LoanStatus, Portfolio, Step},
    records::Direction,
};

use crate::{
    amounts,
    client::Client,
    context::Context,
    failure::{Done, Failure},
    home::Home,
    output,
    page::{Page, Table, cut},
    sheet::field,
    times::{self, AsOf},
};

const EXAMPLE: &str = "\
Example:
  mutua portfolio
  mutua portfolio 5b3e90aa --records
  mutua portfolio --csv --at 2027-01-01T00:00:00Z > portfolio.csv

Due is what the schedules in the loans' terms want, overdue what of it has not been paid, by days. All figures follow from
sealed records; --records names them. --csv has one line a loan.";

/// What `mutua portfolio` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Show one loan, by its id or the first digits of it
    #[arg(value_name = "LOAN")]
    loan: Option<String>,
    #[command(flatten)]
    as_of: AsOf,
    /// Write comma-separated values, one line a loan
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Name the records behind the figures
    #[arg(long)]
    records: bool,
}

impl Arguments {
    /// Shows it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let charter = client.charter()?;
        let mut portfolio: Portfolio = client.get(&format!("/v1/portfolio{}", self.as_of.query()))?;
        if let Some(prefix) = self.loan.as_deref().map(str::to_ascii_lowercase) {
            portfolio.loans.retain(|loan| loan.proposal.to_string().starts_with(&prefix));
            let [loan] = &portfolio.loans[..] else {
                return Err(Failure::refused(format!(
                    "{} funded loans have an id that begins with '{prefix}'; 'mutua portfolio' lists them all",
                    portfolio.loans.len()
                )));
            };
            if !self.csv {
                return output::show(context.json, loan, |page| one(page, loan, &charter, self.records));
            }
        }
        if self.csv {
            return output::write(&csv(&portfolio.loans, charter.currency.decimals, self.records));
        }
        output::show(context.json, &portfolio, |page| tell(page, &portfolio, &charter, self.records))
    }
}

fn status(status: LoanStatus) -> &'static str {
    match status {
        LoanStatus::Promised => "promised",
        LoanStatus::Running => "running",
        LoanStatus::Repaid => "repaid",
        LoanStatus::WrittenOff => "written off",
        LoanStatus::Released => "released",
    }
}

fn step(step: Step) -> &'static str {
    match step {
        Step::Disburse => "paid out",
        Step::Release => "released",
        Step::Repay => "paid back",
        Step::WriteOff => "written off",
        Step::Recover => "recovered",
    }
}

fn tell(page: &mut Page, portfolio: &Portfolio, charter: &Charter, records: bool) {
    let show = |amount: u128| amounts::show(amount, &charter.currency);
    let (pool, total) = (portfolio.pool, &portfolio.total);
    page.line(format!("Funded loans: {}, as of {}", total.loans, times::show(portfolio.time)));
    page.facts([
        ("in the pool", show(pool.available)),
        ("promised", show(total.undrawn)),
        ("owed", show(total.outstanding)),
        ("overdue", show(total.overdue_total())),
        ("paid back", show(total.sums.repaid)),
        ("interest", show(total.sums.interest)),
        ("lost", show(total.lost)),
        ("deposited", show(pool.paid_in)),
        ("withdrawn", show(pool.paid_out)),
    ]);
    let grades = portfolio.grades.iter().map(|(grade, figures)| (format!("grade {grade}"), figures));
    let categories = portfolio.categories.iter().map(|(name, figures)| (name.clone(), figures));
    let borrowers = portfolio.borrowers.iter().map(|(name, figures)| (name.clone(), figures));
    group(page, "grade", grades, &charter.currency);
    group(page, "category", categories, &charter.currency);
    group(page, "borrower", borrowers, &charter.currency);
    let mut loans =
        Table::new(&["loan", "status", ">owed", ">due so far", ">overdue", "next due", "borrower"]);
    let digits = |amount| amounts::digits(amount, charter.currency.decimals);
    for line in &portfolio.loans {
        loans.row([
            line.proposal.short(),
            status(line.status).to_owned(),
            digits(line.figures.outstanding),
            digits(line.figures.due),
            digits(line.figures.overdue_total()),
            line.next.map_or_else(|| "-".to_owned(), |due| times::show(due.time)),
            cut(&line.borrower, 30),
        ]);
    }
    if loans.is_empty() {
        return;
    }
    page.gap().line("Loans").table(loans);
    if records {
        page.gap().line("Records").table(movements(&portfolio.loans, &charter.currency));
        let mut deposits = Table::new(&["sealed", "what", ">amount", "record", "source"]);
        for deposit in &portfolio.deposits {
            let what = match deposit.direction {
                Direction::In => "deposited",
                Direction::Out => "withdrawn",
            };
            deposits.row([
                times::show(deposit.time),
                what.to_owned(),
                digits(deposit.amount.into()),
                deposit.record.to_string(),
                cut(&deposit.source, 40),
            ]);
        }
        page.gap().table(deposits);
    }
}

fn group<'a>(
    page: &mut Page,
    what: &'static str,
    groups: impl Iterator<Item = (String, &'a LoanFigures)>,
    currency: &Currency,
) {
    let head =
        [what, ">loans", ">owed", ">overdue to 30 d", ">to 60 d", ">to 90 d", ">more", ">paid back", ">lost"];
    let mut table = Table::new(&head);
    let digits = |amount| amounts::digits(amount, currency.decimals);
    for (name, figures) in groups {
        let [first, second, third, more] = figures.overdue.map(digits);
        table.row([
            cut(&name, 30),
            figures.loans.to_string(),
            digits(figures.outstanding),
            first,
            second,
            third,
            more,
            digits(figures.sums.repaid),
            digits(figures.lost),
        ]);
    }
    if !table.is_empty() {
        page.gap().table(table);
    }
}

fn movements(loans: &[LoanLine], currency: &Currency) -> Table {
    let mut table = Table::new(&["loan", "sealed", "what", ">principal", ">interest", "record"]);
    for line in loans {
        for movement in &line.movements {
            table.row([
                line.proposal.short(),
                times::show(movement.time),
                step(movement.step).to_owned(),
                amounts::digits(movement.principal.into(), currency.decimals),
                amounts::digits(movement.interest.into(), currency.decimals),
                movement.record.to_string(),
            ]);
        }
    }
    table
}

fn one(page: &mut Page, line: &LoanLine, charter: &Charter, records: bool) {
    let show = |amount: u128| amounts::show(amount, &charter.currency);
    let figures = &line.figures;
    let [first, second, third, more] = figures.overdue.map(show);
    page.line(format!("{}, for {}: {}", line.title, line.borrower, status(line.status)));
    page.facts([
        ("id", line.proposal.to_string()),
        ("funded", format!("in round {}, by the outcome in seal {}", line.round, line.height)),
        ("allocated", show(figures.sums.allocated)),
        ("not paid out", show(figures.undrawn)),
        ("released", show(figures.sums.released)),
        ("paid out", show(figures.sums.disbursed)),
        ("paid back", show(figures.sums.repaid)),
        ("interest", show(figures.sums.interest)),
        ("owed", show(figures.outstanding)),
        ("written off", show(figures.sums.written_off)),
        ("recovered", show(figures.sums.recovered)),
        ("due so far", show(figures.due)),
        ("overdue", format!("{first} to 30 days, {second} to 60, {third} to 90, {more} longer")),
        (
            "next due",
            line.next.map_or_else(
                || "nothing".to_owned(),
                |due| format!("{} on {}", show(due.amount), times::show(due.time)),
            ),
        ),
    ]);
    if records && !line.movements.is_empty() {
        page.gap().line("Records").table(movements(std::slice::from_ref(line), &charter.currency));
    }
}

/// Comma-separated values (RFC 4180), amounts with a point before decimals.
fn csv(loans: &[LoanLine], decimals: u8, records: bool) -> String {
    let mut text = "loan,title,borrower,category,grade,round,status,allocated,undrawn,disbursed,released,repaid,interest,\
         outstanding,written_off,recovered,lost,due,overdue_to_30,overdue_to_60,overdue_to_90,overdue_more,next_due,\
         next_amount"
        .to_owned();
    text.push_str(if records { ",records\r\n" } else { "\r\n" });
    let digits = |amount| amounts::digits(amount, decimals);
    for line in loans {
        let (figures, sums) = (&line.figures, &line.figures.sums);
        let [first, second, third, more] = figures.overdue.map(digits);
        let mut fields = vec![
            line.proposal.to_string(),
            field(&line.title),
            field(&line.borrower),
            field(&line.category),
            line.grade.to_string(),
            line.round.to_string(),
            status(line.status).to_owned(),
            digits(sums.allocated),
            digits(figures.undrawn),
            digits(sums.disbursed),
            digits(sums.released),
            digits(sums.repaid),
            digits(sums.interest),
            digits(figures.outstanding),
            digits(sums.written_off),
            digits(sums.recovered),
            digits(figures.lost),
            digits(figures.due),
            first,
            second,
            third,
            more,
            line.next.map(|due| times::show(due.time)).unwrap_or_default(),
            line.next.map(|due| digits(due.amount)).unwrap_or_default(),
        ];
        if records {
            let ids: Vec<String> = line.movements.iter().map(|moved| moved.record.to_string()).collect();
            fields.push(ids.join(" "));
        }
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}
