//! `mutua vote`: a member's ballot.

use std::collections::BTreeMap;

use clap::Args;
use mutua_node::api::types::{BallotView, CastView, ProposalView};
use mutua_protocol::records::{Answer, Ballot, Body, Choice, ProposalId, Score, Subject};
use serde::Serialize;

use crate::{
    amounts,
    context::Context,
    failure::{Done, Failure},
    named, output,
    page::{Table, cut},
    signing::{Said, Signer, SignerArguments, tell},
};

const EXAMPLE: &str = "\
Example:
  mutua vote 5b3e90aa=10 77d0c1e2=3 9ac41f60=yes
  mutua vote 5b3e90aa=none
  mutua vote --end-standing

Loans get a score, from 1 to the charter's greatest; motions get yes, no or abstain; none takes back what you
said of one. What you said before of others stays, if their terms are still the same. Ballots
are open: everybody can see how everybody voted.";

/// What `mutua vote` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// PROPOSAL=SCORE, MOTION=yes|no|abstain, or PROPOSAL=none; proposals by the first digits of their ids
    #[arg(value_name = "PROPOSAL=VOTE", required_unless_present_any = ["fresh", "standing", "end_standing"])]
    votes: Vec<String>,
    /// Count this ballot in later rounds, too, until you cast another
    #[arg(long)]
    standing: bool,
    /// Begin with an empty ballot: drop what you said before
    #[arg(long)]
    fresh: bool,
    /// End your standing ballot, and cast none: what you have cast in this round stays, and otherwise your delegate's counts
    #[arg(long, conflicts_with_all = ["votes", "standing", "fresh"])]
    end_standing: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

/// A vote on one proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Vote {
    Score(u8),
    Answer(Choice),
}

/// What this ballot takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replaces {
    Nothing,
    /// The one cast in this round before.
    Newest,
    /// A standing one, from now on.
    Standing,
    /// A standing one, which counts again in later rounds.
    StandingForNow,
}

impl Replaces {
    fn of(held: &BallotView, standing: bool) -> Self {
        match (&held.newest, &held.standing) {
            (Some(_), _) => Self::Newest,
            (None, Some(_)) if standing => Self::Standing,
            (None, Some(_)) => Self::StandingForNow,
            (None, None) => Self::Nothing,
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Nothing => "your first ballot in this round",
            Self::Newest => "it replaces your ballot before",
            Self::Standing => "it replaces your standing ballot",
            Self::StandingForNow => "in this round it counts instead of your standing ballot",
        }
    }
}

/// A line of the ballot.
struct Line<'a> {
    proposal: &'a ProposalView,
    vote: Vote,
    before: bool,
}

#[derive(Serialize)]
struct Voted<'a> {
    #[serde(flatten)]
    said: &'a Said,
    ballot: &'a Ballot,
    dropped: Vec<ProposalId>,
}

impl Arguments {
    /// Votes.
    pub(crate) fn run(self, context: &Context) -> Done {
        let signer = Signer::take(context, &self.signer, None)?;
        let author = signer.author();
        if signer.chain.member.is_none() {
            return Err(Failure::refused(format!(
                "the key '{}' ({}) is not a member's yet: a registrar admits it with 'mutua admit'",
                signer.label(),
                author.short()
            )));
        }
        if self.end_standing {
            return end_standing(&signer, context);
        }
        let proposals = signer.client.proposals()?;
        let mut lines: BTreeMap<ProposalId, Line<'_>> = BTreeMap::new();
        let mut dropped = Vec::new();
        let held: BallotView = signer.client.get(&format!("/v1/ballots/{author}"))?;
        let replaces = Replaces::of(&held, self.standing);
        if !self.fresh
            && let Some(cast) = held.newest.or(held.standing)
        {
            carry_over(&cast, &proposals, &mut lines, &mut dropped);
        }
        let greatest = signer.community.charter.limits.score;
        for text in &self.votes {
            let (proposal, vote) = parse(text, &proposals, greatest)?;
            dropped.retain(|gone: &&ProposalView| gone.id != proposal.id);
            match vote {
                Some(vote) => lines.insert(proposal.id, Line { proposal, vote, before: false }),
                None => lines.remove(&proposal.id),
            };
        }
        let ballot = Ballot {
            round: signer.chain.round,
            standing: self.standing,
            scores: lines
                .iter()
                .filter_map(|(id, line)| match line.vote {
                    Vote::Score(score) => Some(Score { proposal: *id, score }),
                    Vote::Answer(_) => None,
                })
                .collect(),
            answers: lines
                .iter()
                .filter_map(|(id, line)| match line.vote {
                    Vote::Answer(choice) => Some(Answer { proposal: *id, choice }),
                    Vote::Score(_) => None,
                })
                .collect(),
        };
        let said = signer.say(Body::Ballot(ballot.clone()))?;
        if said.unsigned.is_some() || said.says.is_some() {
            return tell(context, &said, |_| {});
        }
        let voted =
            Voted { said: &said, ballot: &ballot, dropped: dropped.iter().map(|gone| gone.id).collect() };
        let currency = &signer.community.charter.currency;
        output::show(context.json, &voted, |page| {
            let kind = if self.standing { ", and for later ones until you cast another" } else { "" };
            page.line(format!("Your ballot for round {}{kind}:", ballot.round)).gap();
            let mut table = Table::new(&["proposal", ">vote", "", ">amount", "title"]);
            for line in lines.values() {
                let amount = line.proposal.subject.loan().map(|loan| amounts::show(loan.amount, currency));
                table.row([
                    line.proposal.id.short(),
                    line.vote.to_string(),
                    if line.before { "as before".to_owned() } else { String::new() },
                    amount.unwrap_or_else(|| "motion".to_owned()),
                    cut(line.proposal.subject.title(), 60),
                ]);
            }
            if table.is_empty() {
                page.line("(empty: it supports nothing, and counts as cast)");
            } else {
                page.table(table);
            }
            if !dropped.is_empty() {
                page.gap()
                    .line("No longer on it, because the proposal was closed or its terms have changed:");
                for gone in &dropped {
                    page.line(format!("  {}  {}", gone.id.short(), cut(gone.subject.title(), 70)));
                }
            }
            page.gap().line(format!(
                "(record {}, number {} of yours; {})",
                said.id.short(),
                said.sequence,
                replaces.told()
            ));
        })
    }
}

/// Ends a standing ballot without casting one: an empty standing ballot for a round that is over takes it away, and counts
/// in none.
fn end_standing(signer: &Signer, context: &Context) -> Done {
    let held: BallotView = signer.client.get(&format!("/v1/ballots/{}", signer.author()))?;
    if held.standing.is_none() {
        return Err(Failure::refused("you have no standing ballot"));
    }
    let round = signer.chain.round.saturating_sub(1);
    if round == 0 {
        return Err(Failure::refused(
            "in the first round your standing ballot is the one that you have cast in it. Empty both with 'mutua vote --fresh \
             --standing', and vote again for this round alone; or end it when the round has closed",
        ));
    }
    let ballot = Ballot { round, standing: true, scores: Vec::new(), answers: Vec::new() };
    let said = signer.say(Body::Ballot(ballot))?;
    tell(context, &said, |page| {
        page.line("Your standing ballot is ended. What you have cast in this round, if anything, stays.");
    })
}

impl std::fmt::Display for Vote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Score(score) => write!(f, "{score}"),
            Self::Answer(Choice::Yes) => f.write_str("yes"),
            Self::Answer(Choice::No) => f.write_str("no"),
            Self::Answer(Choice::Abstain) => f.write_str("abstain"),
        }
    }
}

/// Takes over what an earlier ballot says of proposals that are still as they were.
fn carry_over<'a>(
    cast: &CastView,
    proposals: &'a [ProposalView],
    lines: &mut BTreeMap<ProposalId, Line<'a>>,
    dropped: &mut Vec<&'a ProposalView>,
) {
    let scores = cast.ballot.scores.iter().map(|entry| (entry.proposal, Vote::Score(entry.score)));
    let answers = cast.ballot.answers.iter().map(|entry| (entry.proposal, Vote::Answer(entry.choice)));
    for (id, vote) in scores.chain(answers) {
        let Some(proposal) = proposals.iter().find(|proposal| proposal.id == id) else { continue };
        // Whoever voted before an amendment voted on something else.
        let same_terms = cast.height.is_none_or(|height| height > proposal.since);
        if proposal.status == "open" && same_terms {
            lines.insert(id, Line { proposal, vote, before: true });
        } else {
            dropped.push(proposal);
        }
    }
}

/// Reads `PROPOSAL=VOTE`; no vote takes one back.
fn parse<'a>(
    text: &str,
    proposals: &'a [ProposalView],
    greatest: u8,
) -> Done<(&'a ProposalView, Option<Vote>)> {
    let (name, vote) = text.split_once('=').ok_or_else(|| {
        Failure::input(format!("'{text}' is no vote: write PROPOSAL=SCORE, or MOTION=yes, no or abstain"))
    })?;
    let proposal = named::proposal(name, proposals)?;
    if vote.eq_ignore_ascii_case("none") {
        return Ok((proposal, None));
    }
    let title = cut(proposal.subject.title(), 40);
    if proposal.status != "open" {
        return Err(Failure::refused(format!("'{title}' cannot be voted on: it is {}", proposal.status)));
    }
    let vote = match &proposal.subject {
        Subject::Motion(_) | Subject::Charter(_) => match vote.to_ascii_lowercase().as_str() {
            "yes" => Vote::Answer(Choice::Yes),
            "no" => Vote::Answer(Choice::No),
            "abstain" => Vote::Answer(Choice::Abstain),
            _ => {
                return Err(Failure::input(format!(
                    "'{title}' is a motion: answer yes, no or abstain, not '{vote}'"
                )));
            }
        },
        Subject::Loan(_) => {
            let score =
                vote.parse().ok().filter(|score| (1..=greatest).contains(score)).ok_or_else(|| {
                    Failure::input(format!(
                        "'{title}' is a loan: give it a score from 1 to {greatest}, or none, not '{vote}'"
                    ))
                })?;
            Vote::Score(score)
        }
    };
    Ok((proposal, Some(vote)))
}
