//! `mutua attest --queue`: what waits for an attestor.

use clap::Args;
use mutua_node::api::queue::{AttestorName, Queue, QueueEntry, Task};
use mutua_protocol::charter::{Charter, Role};

use super::{RATING, verdict};
use crate::{
    amounts,
    client::Client,
    context::Context,
    failure::Done,
    home::Home,
    output,
    page::{Page, Table, cut},
    sheet::field,
    signing::whose,
    times,
};

/// What the queue is told.
#[derive(Debug, Args)]
pub(crate) struct QueueArguments {
    /// Show what waits for your attestation, the most urgent first
    #[arg(long, conflicts_with_all = RATING)]
    pub queue: bool,
    /// With --queue: show attestations, too, that run out so soon
    #[arg(long, value_parser = times::parse_duration, default_value = "14d", value_name = "DURATION")]
    within: u64,
    /// With --queue: list the loans for which there is nothing to do, too
    #[arg(long, requires = "queue")]
    all: bool,
    /// With --queue: write a table to be filled in for --batch
    #[arg(long, requires = "queue", conflicts_with = "json")]
    csv: bool,
}

impl QueueArguments {
    /// Shows it.
    pub(crate) fn run(&self, context: &Context, label: Option<&str>) -> Done {
        let home = Home::existing(context)?;
        let client = Client::of(&home)?;
        let attestor = whose(&home, label, Some(Role::Attestor), &client)?;
        let (within, all) = (self.within, self.all);
        let queue: Queue =
            client.get(&format!("/v1/attestors/{attestor}/queue?within={within}&all={all}"))?;
        let charter = client.charter()?;
        if self.csv {
            return output::write(&csv(&queue, &charter));
        }
        output::show(context.json, &queue, |page| tell(page, &queue, &charter))
    }
}

/// A task in words.
fn task(task: Task) -> &'static str {
    match task {
        Task::Amended => "amended since",
        Task::RunsOut => "runs out",
        Task::Missing => "others wait for you",
        Task::Revoked => "revoked",
        Task::New => "new",
        Task::Renew => "runs out soon",
        Task::Disagreement => "verdicts disagree",
        Task::Enough => "enough without you",
        Task::Pending => "not sealed yet",
        Task::Stands => "stands",
        Task::Lapses => "lapses before the close",
    }
}

fn person(name: &AttestorName) -> String {
    name.name.clone().unwrap_or_else(|| name.key.short())
}

/// Who has attested it, and what.
fn attested(entry: &QueueEntry) -> String {
    let words = entry.attested.iter().map(|given| {
        format!("{} {}, grade {}", person(&given.attestor), verdict(given.verdict), given.grade)
    });
    words.collect::<Vec<_>>().join("; ")
}

fn tell(page: &mut Page, queue: &Queue, charter: &Charter) {
    let who = queue.name.as_ref().map_or_else(String::new, |name| format!("{name}, "));
    page.line(format!("Queue of the attestor {who}{}", queue.attestor.short()));
    let waiting = queue.entries.iter().filter(|entry| entry.task.waits()).count();
    let left = match queue.close.saturating_sub(queue.time) {
        0 => "due: the next seal closes it".to_owned(),
        left => format!("in {}, {}", times::show_duration(left), times::show(queue.close)),
    };
    page.facts([
        ("waiting", waiting.to_string()),
        ("needed", format!("{} of {} attestors for each loan", queue.needed, queue.attestors)),
        ("close", left),
        ("handed in", format!("{} attestations that are not sealed yet", queue.pending.len())),
    ]);
    if let Some(reason) = &queue.suspended {
        page.line(format!("THIS KEY IS SUSPENDED ({reason}): what it signs is not sealed, and what it has attested does not count."));
    }
    if queue.entries.is_empty() {
        page.line("Nothing waits. '--all' lists the other open loans.");
        return;
    }
    let mut table =
        Table::new(&["what", "due", "loan", ">amount", ">missing", "borrower", "title", "attested by"]);
    for entry in &queue.entries {
        let due = match entry.due.saturating_sub(queue.time) {
            0 => "now".to_owned(),
            left => format!("in {}", times::show_duration(left)),
        };
        table.row([
            task(entry.task).to_owned(),
            due,
            entry.proposal.short(),
            amounts::digits(entry.amount.into(), charter.currency.decimals),
            entry.missing.to_string(),
            cut(&entry.borrower, 28),
            cut(&entry.title, 40),
            attested(entry),
        ]);
    }
    page.gap().table(table);
    let mut notes = Vec::new();
    for entry in &queue.entries {
        if entry.disagree {
            let without: Vec<String> = entry.without.iter().map(person).collect();
            let silent =
                if without.is_empty() { String::new() } else { format!("; silent: {}", without.join(", ")) };
            notes.push((
                entry.proposal.short(),
                format!("the attestors disagree: {}{silent}", attested(entry)),
            ));
        }
        if let Some(reason) = entry.mine.as_ref().and_then(|mine| mine.revoked.as_ref()) {
            notes.push((entry.proposal.short(), format!("you took your word back: {reason}")));
        }
    }
    if !notes.is_empty() {
        page.gap().facts(notes.iter().map(|(loan, note)| (loan.as_str(), note.clone())));
    }
}

/// A table to be filled in: what is known of each loan, and the columns of a batch.
fn csv(queue: &Queue, charter: &Charter) -> String {
    let mut text =
        "task,due,title,borrower,category,amount,attested,missing,proposal,terms,verdict,grade,default,loss,\
         greatest,outlook,valid,conditions,reasons,documents\r\n"
            .to_owned();
    for entry in &queue.entries {
        let fields = [
            task(entry.task).to_owned(),
            times::show(entry.due),
            field(&entry.title),
            field(&entry.borrower),
            field(&entry.category),
            amounts::digits(entry.amount.into(), charter.currency.decimals),
            field(&attested(entry)),
            entry.missing.to_string(),
            entry.proposal.to_string(),
            entry.terms.to_string(),
        ];
        text.push_str(&fields.join(","));
        text.push_str(&",".repeat(10));
        text.push_str("\r\n");
    }
    text
}
