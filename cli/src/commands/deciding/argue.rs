//! `mutua argue`, `endorse` and `moderate`: what is said about proposals.

use clap::Args;
use mutua_protocol::{
    charter::Role,
    records::{Body, On, Stance},
};

use crate::{
    context::Context,
    failure::{Done, Failure},
    named::{self, Topic},
    page::cut,
    signing::{Signer, SignerArguments, tell},
};

const ARGUE_EXAMPLE: &str = "\
Example:
  mutua argue 5b3e90aa --for \"It is close by, and the books are sound.\"
  mutua argue 5b3e90aa --against \"There are two ovens in the street already.\"
  mutua argue 5b3e90aa --ask \"Who runs it in summer?\"
  mutua argue c07d11ee --answer \"My sister, as she does now.\"

About a proposal, or about an argument: then it is a reply to that one. Answers are to questions. A question waits until the
proposal's owner has answered it, or the board has (mutua respond). Everybody can read what you say, and nobody can delete
it; a moderator can hide it from view, with a reason.";

const ENDORSE_EXAMPLE: &str = "\
Example:
  mutua endorse c07d11ee
  mutua endorse c07d11ee --withdraw

'mutua arguments PROPOSAL' shows how many members, of what weight, have made an argument their own. It is no vote.";

const MODERATE_EXAMPLE: &str = "\
Example:
  mutua moderate c07d11ee --hide --reason \"It names a private person\"
  mutua moderate c07d11ee --show --reason \"The person has agreed\"

Nothing is deleted: that it was hidden, by whom and why stays in sight, and the text stays in the log. Needs a key of the
charter's moderators.";

/// What `mutua argue` is told.
#[derive(Debug, Args)]
#[command(after_help = ARGUE_EXAMPLE)]
pub(crate) struct Argue {
    /// The proposal's id or the argument's, or its first digits
    #[arg(value_name = "PROPOSAL|ARGUMENT")]
    about: String,
    #[command(flatten)]
    words: Words,
    #[command(flatten)]
    signer: SignerArguments,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Words {
    /// Speak for it
    #[arg(long = "for", value_name = "TEXT")]
    in_favour: Option<String>,
    /// Speak against it
    #[arg(long, value_name = "TEXT")]
    against: Option<String>,
    /// Ask about it
    #[arg(long, value_name = "TEXT")]
    ask: Option<String>,
    /// Answer it: it is a question
    #[arg(long, value_name = "TEXT")]
    answer: Option<String>,
}

impl Words {
    fn said(self) -> Done<(Stance, String)> {
        let Self { in_favour, against, ask, answer } = self;
        [
            (Stance::For, in_favour),
            (Stance::Against, against),
            (Stance::Question, ask),
            (Stance::Answer, answer),
        ]
        .into_iter()
        .find_map(|(stance, text)| Some((stance, text?)))
        .ok_or_else(|| Failure::input("say something with --for, --against, --ask or --answer"))
    }
}

/// What somebody does who takes this stance.
const fn verb(stance: Stance) -> &'static str {
    match stance {
        Stance::For => "speak for",
        Stance::Against => "speak against",
        Stance::Question => "ask about",
        Stance::Answer => "answer",
    }
}

impl Argue {
    /// Says it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, None)?;
        let (stance, text) = self.words.said()?;
        let proposals = signer.client.proposals()?;
        let (on, what) = match named::topic(&self.about, &proposals, &signer.client)? {
            Topic::Proposal(found) if stance == Stance::Answer => {
                return Err(Failure::input(format!(
                    "'{}' is a proposal; answer a question about it, by the question's id ('mutua arguments {}')",
                    cut(found.subject.title(), 40),
                    found.id.short()
                )));
            }
            Topic::Proposal(found) => {
                (On::Proposal(found.id), format!("'{}'", cut(found.subject.title(), 60)))
            }
            Topic::Argument(found) if stance == Stance::Answer && found.stance != Stance::Question => {
                return Err(Failure::input(
                    "only questions are answered; reply with --for or --against, or ask back",
                ));
            }
            Topic::Argument(found) => {
                (On::Argument(found.id), format!("what {} has said", found.author_name))
            }
        };
        let said = signer.say(Body::Argue { on, stance, text })?;
        tell(context, &said, |page| {
            page.line(format!("You {} {what}.", verb(stance)));
        })
    }
}

/// What `mutua endorse` is told.
#[derive(Debug, Args)]
#[command(after_help = ENDORSE_EXAMPLE)]
pub(crate) struct Endorse {
    /// The argument's id, or its first digits
    #[arg(value_name = "ARGUMENT")]
    argument: String,
    /// Take it back
    #[arg(long)]
    withdraw: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Endorse {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, None)?;
        let found = named::argument(&self.argument, &signer.client)?;
        let withdrawn = self.withdraw;
        let said = signer.say(Body::Endorse { argument: found.id, withdrawn })?;
        tell(context, &said, |page| {
            let no_longer = if withdrawn { "no longer " } else { "" };
            page.line(format!("You {no_longer}endorse what {} has said.", found.author_name));
        })
    }
}

/// What `mutua moderate` is told.
#[derive(Debug, Args)]
#[command(after_help = MODERATE_EXAMPLE)]
pub(crate) struct Moderate {
    /// The argument's id, or its first digits
    #[arg(value_name = "ARGUMENT")]
    argument: String,
    /// Hide it from view
    #[arg(long, required_unless_present = "show")]
    hide: bool,
    /// Show it again
    #[arg(long, conflicts_with = "hide")]
    show: bool,
    /// Why; everybody can read it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signer: SignerArguments,
}

impl Moderate {
    /// Says so.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, Some(Role::Moderator))?;
        let found = named::argument(&self.argument, &signer.client)?;
        let (hidden, reason) = (self.hide, self.reason);
        let said = signer.say(Body::Moderate { argument: found.id, hidden, reason: reason.clone() })?;
        tell(context, &said, |page| {
            let done = if hidden { "is hidden from view" } else { "can be seen again" };
            page.line(format!("What {} has said {done}: {reason}", found.author_name));
        })
    }
}
