//! Notices in words.

use std::fmt;

use mutua_protocol::records::{ResponseStatus, Stance};

use super::News;

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
                write!(f, "{name} has a question about '{title}'")
            }
            Self::Answer { title, name, .. } => write!(f, "{name} answered you about '{title}'"),
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
                write!(
                    f,
                    "Round {round} closes within a day, and nothing counts for {name}: no ballot, no delegation"
                )
            }
            Self::Outcome { round, funded, candidates, .. } => {
                write!(f, "Round {round} is decided: {funded} of {candidates} loans are funded")
            }
            Self::Misbehaviour { evidence, about } => {
                write!(
                    f,
                    "Misbehaviour was seen. {about} ('mutua evidence export {evidence}' writes the proof)"
                )
            }
            Self::Attempt => f.write_str("Notices of mutua come here"),
            Self::Disagreement { about } => write!(f, "Results differ: {about}"),
        }
    }
}
