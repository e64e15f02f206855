//! `mutua respond`: the board's answer.

use clap::{Args, ValueEnum};
use mutua_protocol::{
    charter::Role,
    records::{About, Body, ResponseStatus, Stance},
};

use crate::{
    context::Context,
    failure::{Done, Failure},
    named::{self, Topic},
    signing::{Signer, SignerArguments, tell},
};

const EXAMPLE: &str = "\
Example:
  mutua respond 5b3e90aa --status planned --reason \"From January on, on Thursdays\"
  mutua respond c07d11ee --status accepted --reason \"Yes, from the first day\"
  mutua respond --round 3 --status accepted --reason \"Contracts go out this week\"

'mutua status' shows what waits for an answer: carried motions, outcomes that funded loans, and questions about proposals.
'planned' is not the last word. Needs a key of the charter's board.";

/// What `mutua respond` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The motion's id or the question's, or its first digits
    #[arg(value_name = "MOTION|QUESTION", required_unless_present = "round", conflicts_with = "round")]
    motion: Option<String>,
    /// Answer the outcome of this round instead
    #[arg(long, value_name = "N")]
    round: Option<u32>,
    /// Where the board stands
    #[arg(long, value_enum)]
    status: Status,
    /// Why; everybody can read it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signer: SignerArguments,
}

/// Where the board stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    /// It agrees
    Accepted,
    /// It will do it, and has not yet
    Planned,
    /// It will not do it
    Declined,
    /// It has done it
    Done,
}

impl Status {
    fn said(self) -> ResponseStatus {
        match self {
            Self::Accepted => ResponseStatus::Accepted,
            Self::Planned => ResponseStatus::Planned,
            Self::Declined => ResponseStatus::Declined,
            Self::Done => ResponseStatus::Done,
        }
    }
}

/// A stand in a word.
pub(crate) fn word(status: ResponseStatus) -> &'static str {
    match status {
        ResponseStatus::Accepted => "accepted",
        ResponseStatus::Planned => "planned",
        ResponseStatus::Declined => "declined",
        ResponseStatus::Done => "done",
    }
}

/// What is answered, in short.
pub(crate) fn name(about: About) -> String {
    match about {
        About::Motion(motion) => motion.short(),
        About::Outcome(round) => format!("round {round}"),
        About::Question(question) => question.short(),
    }
}

impl Arguments {
    /// Answers.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, Some(Role::Board))?;
        let (about, title) = match (&self.motion, self.round) {
            (Some(prefix), _) => {
                let proposals = signer.client.proposals()?;
                match named::topic(prefix, &proposals, &signer.client)? {
                    Topic::Proposal(loan) if loan.subject.loan().is_some() => {
                        return Err(Failure::input(
                            "this is a loan; the board answers motions and questions, and with --round the outcome that \
                             funded it",
                        ));
                    }
                    Topic::Proposal(motion) => {
                        (About::Motion(motion.id), format!("'{}'", motion.subject.title()))
                    }
                    Topic::Argument(question) if question.stance == Stance::Question => {
                        (About::Question(question.id), format!("the question of {}", question.author_name))
                    }
                    Topic::Argument(_) => {
                        return Err(Failure::input(
                            "this argument is no question; the board answers questions",
                        ));
                    }
                }
            }
            (None, Some(round)) => (About::Outcome(round), format!("the outcome of round {round}")),
            (None, None) => return Err(Failure::input("name a motion, or a round with --round")),
        };
        let status = self.status.said();
        let said = signer.say(Body::Respond { about, status, reason: self.reason.clone() })?;
        tell(context, &said, |page| {
            page.line(format!("The board's answer to {title}: {}.", word(status)));
            page.line(&self.reason);
        })
    }
}
