//! `mutua arguments`: what is said about a proposal.

use std::collections::BTreeMap;

use clap::Args;
use mutua_node::api::types::{ArgumentView, ThreadView};
use mutua_protocol::{hash::RecordId, ledger::Tally, records::Stance};

use crate::{
    client::Client,
    commands::operator::respond,
    context::Context,
    failure::Done,
    home::Home,
    named, output,
    page::{Page, beside, plain, wrap},
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua arguments 5b3e90aa
  mutua arguments 5b3e90aa --hidden

What speaks for it and against it stands side by side where there is room for it, what most members stand behind first.
Hidden arguments are shown as such, with the reason; --hidden shows what they say, too.";

/// Columns from which on two texts can be read side by side.
const WIDE: usize = 90;

/// Greatest number of columns that are used: longer lines are hard to read.
const WIDEST: usize = 160;

/// What `mutua arguments` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The proposal's id, or its first digits
    #[arg(value_name = "PROPOSAL")]
    proposal: String,
    /// Show what hidden arguments say, too
    #[arg(long)]
    hidden: bool,
    /// Columns to use [default: those of the terminal, or 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..))]
    width: Option<u16>,
}

impl Arguments {
    /// Shows them.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let id = named::proposal(&self.proposal, &client.proposals()?)?.id;
        let mut thread: ThreadView =
            client.get(&format!("/v1/proposals/{id}/arguments?hidden={}", self.hidden))?;
        while thread.more
            && let Some(last) = thread.arguments.last().map(|last| last.id)
        {
            let path = format!("/v1/proposals/{id}/arguments?hidden={}&after={last}", self.hidden);
            let next: ThreadView = client.get(&path)?;
            thread.more = next.more;
            thread.arguments.extend(next.arguments);
        }
        let terminal = console::Term::stdout().size_checked().map(|(_, columns)| columns);
        let width = self.width.or(terminal).map_or(80, usize::from).clamp(40, WIDEST);
        output::show(context.json, &thread, |page| Told::of(&thread).tell(page, width))
    }
}

/// How much is said, in words.
pub(crate) fn counted(tally: &Tally, waiting: usize) -> String {
    let mut parts = vec![format!("{} for", tally.in_favour), format!("{} against", tally.against)];
    let one = |number: u64, one: &str, several: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {several}")),
    };
    let waits = match waiting {
        0 => String::new(),
        1 => " (1 waits for an answer)".to_owned(),
        number => format!(" ({number} wait for an answer)"),
    };
    parts.extend(one(tally.questions, "question", "questions").map(|questions| questions + &waits));
    parts.extend(one(tally.answers, "answer", "answers"));
    parts.extend(one(tally.replies, "other reply", "other replies"));
    parts.extend(one(tally.hidden, "of all these is hidden", "of all these are hidden"));
    parts.join(", ")
}

/// A thread, with the replies beside what they reply to.
struct Told<'a> {
    thread: &'a ThreadView,
    replies: BTreeMap<RecordId, Vec<&'a ArgumentView>>,
}

impl<'a> Told<'a> {
    fn of(thread: &'a ThreadView) -> Self {
        let mut replies: BTreeMap<RecordId, Vec<&ArgumentView>> = BTreeMap::new();
        for argument in &thread.arguments {
            if let Some(on) = argument.reply_to {
                replies.entry(on).or_default().push(argument);
            }
        }
        Self { thread, replies }
    }

    /// What is about the proposal itself with this stance, what most stand behind first.
    fn about(&self, stance: Stance) -> Vec<&'a ArgumentView> {
        let all = self.thread.arguments.iter();
        let mut found: Vec<&ArgumentView> =
            all.filter(|argument| argument.reply_to.is_none() && argument.stance == stance).collect();
        found.sort_by_key(|argument| std::cmp::Reverse(argument.endorsements.weight));
        found
    }

    fn tell(&self, page: &mut Page, width: usize) {
        let ThreadView { title, proposal, tally, open_questions, .. } = self.thread;
        page.line(format!("'{title}' ({})", proposal.short()));
        for line in wrap(&counted(tally, *open_questions), width) {
            page.line(line);
        }
        if self.thread.arguments.is_empty() {
            page.gap().line(format!(
                "Nobody has said anything yet. 'mutua argue {} --for TEXT' does, or --against, or --ask.",
                proposal.short()
            ));
            return;
        }
        let (column, sides) = if width >= WIDE { ((width - 3) / 2, true) } else { (width, false) };
        let [in_favour, against] =
            [("FOR", Stance::For), ("AGAINST", Stance::Against)].map(|(name, stance)| {
                let mut lines = vec![name.to_owned()];
                lines.extend(self.block(&self.about(stance), column));
                lines
            });
        if sides {
            page.gap();
            for line in beside(&in_favour, &against, column) {
                page.line(line);
            }
        } else {
            for lines in [in_favour, against] {
                page.gap();
                for line in lines {
                    page.line(line);
                }
            }
        }
        let questions = self.block(&self.about(Stance::Question), width);
        if !questions.is_empty() {
            page.gap().line("QUESTIONS");
            for line in questions {
                page.line(line);
            }
        }
    }

    /// Arguments with their replies, in lines of this width.
    fn block(&self, arguments: &[&ArgumentView], width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        // The replies of what is said last come first from the end of the list, so that no thread is too deep.
        let mut rest: Vec<&ArgumentView> = arguments.iter().rev().copied().collect();
        while let Some(argument) = rest.pop() {
            let level = usize::from(argument.depth.saturating_sub(1));
            let indent = "  ".repeat(level);
            let room = width.saturating_sub(indent.len() + 2).max(16);
            let facts = wrap(&heading(argument), room + 2);
            if level == 0 && !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(facts.into_iter().map(|line| format!("{indent}{line}")));
            lines.extend(wrap(&body(argument), room).into_iter().map(|line| format!("{indent}  {line}")));
            for said in &argument.responses {
                let told = format!(
                    "The board, {}: {} ({})",
                    respond::word(said.status),
                    said.reason,
                    times::show(said.time)
                );
                lines.extend(wrap(&told, room).into_iter().map(|line| format!("{indent}  {line}")));
            }
            rest.extend(self.replies.get(&argument.id).into_iter().flatten().rev());
        }
        lines
    }
}

/// Who says it, and who stands behind it.
fn heading(argument: &ArgumentView) -> String {
    let stance = match (argument.stance, argument.reply_to) {
        (Stance::For | Stance::Against | Stance::Question, None) => "",
        (Stance::For, Some(_)) => ", for it",
        (Stance::Against, Some(_)) => ", against it",
        (Stance::Question, Some(_)) => ", asking",
        (Stance::Answer, _) => ", answering",
    };
    let mut told = format!("{} {}{stance}", argument.id.short(), argument.author_name);
    if let Some(time) = argument.time {
        told += &format!(", {}", times::show(time));
    } else {
        told += ", not sealed yet";
    }
    let behind = &argument.endorsements;
    if behind.heads > 0 {
        told += &format!("\n[endorsed by {}, weight {}]", behind.heads, behind.weight);
    }
    if argument.waits {
        told += "\n[waits for an answer]";
    }
    told
}

/// What it says, or why that is hidden.
fn body(argument: &ArgumentView) -> String {
    let text = argument.text.as_deref().map(|text| plain(text, true)).unwrap_or_default();
    let last = argument.moderations.last();
    match last.filter(|_| argument.hidden) {
        None => text,
        Some(hidden) => {
            let why = format!(
                "(hidden by {}, {}: {})",
                hidden.author.short(),
                times::show(hidden.time),
                hidden.reason
            );
            if text.is_empty() { why } else { format!("{why}\n{text}") }
        }
    }
}
