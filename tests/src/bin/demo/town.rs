//! The sample community: what `tests/demo/harbrook.json` holds.

use std::collections::BTreeMap;

use mutua_protocol::records::{Choice, Verdict};
use serde::Deserialize;

/// A small town's credit cooperative, and what its members want.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Town {
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) decimals: u8,
    pub(crate) groups: Vec<String>,
    pub(crate) categories: Vec<String>,
    /// What is paid into the pool, and where it comes from.
    pub(crate) pool: String,
    pub(crate) source: String,
    pub(crate) policy: Policy,
    pub(crate) loans: Vec<LoanIdea>,
    pub(crate) motions: Vec<MotionIdea>,
    pub(crate) members: Vec<Person>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) worst_grade: u8,
    pub(crate) greatest_default: String,
    pub(crate) greatest_amount: String,
    pub(crate) least_outlook: u8,
}

/// A loan that somebody proposes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoanIdea {
    pub(crate) key: String,
    pub(crate) owner: String,
    pub(crate) borrower: String,
    pub(crate) title: String,
    pub(crate) purpose: String,
    pub(crate) category: String,
    pub(crate) amount: String,
    /// What it is amended to after the operator has attested it.
    pub(crate) amended: Option<String>,
    pub(crate) term: u16,
    pub(crate) rate: String,
    /// What the operator says of it; nothing if it has not got round to it.
    pub(crate) attestation: Option<Rating>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rating {
    #[serde(default = "approved")]
    pub(crate) verdict: Verdict,
    pub(crate) grade: u8,
    pub(crate) default: String,
    pub(crate) loss: String,
    pub(crate) outlook: u8,
    pub(crate) reasons: Vec<String>,
}

fn approved() -> Verdict {
    Verdict::Approved
}

/// A motion that somebody puts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MotionIdea {
    pub(crate) key: String,
    pub(crate) owner: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A member, and how they vote: scores for loans, answers to motions, by key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) scores: BTreeMap<String, u8>,
    pub(crate) answers: BTreeMap<String, Choice>,
}

impl Person {
    /// Do they vote at all?
    pub(crate) fn votes(&self) -> bool {
        !self.scores.is_empty() || !self.answers.is_empty()
    }
}

impl Town {
    /// The bundled one.
    pub(crate) fn harbrook() -> Self {
        serde_json::from_str(include_str!("../../../demo/harbrook.json"))
            .unwrap_or_else(|error| panic!("tests/demo/harbrook.json: {error}"))
    }

    /// Position of a label.
    pub(crate) fn position(labels: &[String], label: &str) -> u16 {
        let found = labels.iter().position(|one| one == label);
        found
            .and_then(|place| u16::try_from(place).ok())
            .unwrap_or_else(|| panic!("tests/demo/harbrook.json: no '{label}'"))
    }

    /// An amount such as `28000.00` in smallest units.
    pub(crate) fn units(&self, amount: &str) -> u64 {
        hundredths(amount, u32::from(self.decimals))
    }
}

/// `4.25%` in basis points.
pub(crate) fn basis_points(percent: &str) -> u16 {
    u16::try_from(hundredths(percent.trim_end_matches('%'), 2))
        .unwrap_or_else(|_| panic!("'{percent}' is no percentage"))
}

fn hundredths(text: &str, decimals: u32) -> u64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let parse = |digits: &str| digits.parse::<u64>().unwrap_or_else(|_| panic!("'{text}' is no amount"));
    let scale = 10u64.pow(decimals);
    let part = format!("{part:0<width$}", width = decimals as usize);
    parse(whole) * scale + if part.is_empty() { 0 } else { parse(&part) }
}
