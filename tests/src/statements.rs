//! Bodies of records, with everything filled in that a test does not care about.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mutua_protocol::{
    hash::RecordId,
    records::{Answer, Assessment, Ballot, Body, Choice, Loan, Motion, Repayment, Score, Subject, Verdict},
};

/// Milliseconds since 1970.
#[must_use]
pub fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// A time far enough ahead for every test.
fn next_year() -> u64 {
    now() + u64::try_from(Duration::from_secs(365 * 86_400).as_millis()).unwrap_or(0)
}

/// A loan of this amount in smallest units.
#[must_use]
pub fn loan(title: &str, amount: u64) -> Subject {
    Subject::Loan(Loan {
        borrower: format!("Borrower of {title}"),
        title: title.to_owned(),
        purpose: "For a test.".to_owned(),
        category: 0,
        amount,
        term: 12,
        rate: 450,
        repayment: Repayment::Annuity,
        documents: Vec::new(),
        expires: next_year(),
    })
}

/// A motion.
#[must_use]
pub fn motion(title: &str) -> Subject {
    Subject::Motion(Motion { title: title.to_owned(), text: "For a test.".to_owned() })
}

/// A favourable attestation of a proposal with these terms.
#[must_use]
pub fn approval(proposal: RecordId, subject: &Subject) -> Body {
    let assessment = Assessment {
        verdict: Verdict::Approved,
        grade: 1,
        default: 100,
        loss: 4000,
        greatest_amount: 1 << 40,
        outlook: 80,
        conditions: Vec::new(),
        reasons: Vec::new(),
        documents: Vec::new(),
        valid_until: next_year(),
    };
    Body::Attest { proposal, terms: subject.terms(), assessment }
}

/// A ballot for the first round with these scores. A standing one counts in every later round too, so that
/// a test need not hit the moment between two closes.
#[must_use]
pub fn ballot(standing: bool, scores: &[(RecordId, u8)]) -> Body {
    let mut scores: Vec<Score> =
        scores.iter().map(|(proposal, score)| Score { proposal: *proposal, score: *score }).collect();
    scores.sort_by_key(|score| score.proposal);
    Body::Ballot(Ballot { round: 1, standing, scores, answers: Vec::new() })
}

/// A yes to a motion.
#[must_use]
pub fn yes(proposal: RecordId) -> Answer {
    Answer { proposal, choice: Choice::Yes }
}
