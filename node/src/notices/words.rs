//! Notices in words. Each begins with words of ours, whatever members call themselves: a program may take what begins with
//! a dash for an option.

use std::fmt;

use mutua_protocol::records::{ResponseStatus, Stance};

use super::News;
use crate::service::MatterKind;

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proposal { title, category: Some(category), .. } => {
                write!(f, "New in {category}: '{title}' can be voted on")
            }
            Self::Proposal { title, category: None, .. } => {
                write!(f, "New motion: '{title}' can be voted on")
            }
            Self::Answer { title, stance: Stance::Question, name, .. } => {
                write!(f, "A question about '{title}', by {name}")
            }
            Self::Answer { title, name, .. } => write!(f, "An answer to you about '{title}', by {name}"),
            Self::Response { title, status, .. } => {
                let stand = match status {
                    ResponseStatus::Accepted => "accepted",
                    ResponseStatus::Planned => "planned",
                    ResponseStatus::Declined => "declined",
                    ResponseStatus::Done => "done",
                };
                write!(f, "The board answered you about '{title}': {stand}")
            }
            Self::Closing { round, name, .. } => {
                write!(f, "Round {round} closes within a day, and nothing counts for {name}")
            }
            Self::Outcome { round, funded, candidates, .. } => {
                write!(f, "Round {round} is decided: {funded} of {candidates} loans are funded")
            }
            Self::Misbehaviour { evidence, what, name } => {
                let by = name.as_ref().map_or_else(String::new, |name| format!(", by {name}"));
                let what = told(*what);
                write!(
                    f,
                    "Misbehaviour was seen: {what}{by} ('mutua evidence export {evidence}' writes the proof)"
                )
            }
            Self::Attempt => f.write_str("Notices of mutua come here"),
            Self::Disagreement { about } => write!(f, "Results differ: {about}"),
        }
    }
}

fn told(what: MatterKind) -> &'static str {
    match what {
        MatterKind::Fork => "two records with one number were signed",
        MatterKind::Seals => "the witnesses certified two seals that cannot be in one log",
        MatterKind::Votes => "a witness voted twice",
        MatterKind::Proposals => "a witness proposed two seals at once",
        MatterKind::Attestations => "two attestations contradict each other",
        MatterKind::Outcome => "the witnesses certified an outcome that does not follow from the log",
    }
}
