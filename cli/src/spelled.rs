//! What a record says, in plain words: for whoever is about to sign it, on a machine that knows the charter and
//! nothing else. Every field of every kind is shown.

use mutua_protocol::{
    charter::Charter,
    hash::{DocumentHash, RecordId},
    records::{
        About, Assessment, Ballot, Body, Choice, Direction, Loan, On, Record, Repayment, ResponseStatus,
        Scope, Stance, Subject, Verdict,
    },
};

use crate::{amounts, difference, draft::Titles, page::plain, times};

/// Names and values.
type Facts = Vec<(&'static str, String)>;

/// What the body says: what it does, and its fields.
pub(crate) fn body(body: &Body, charter: &Charter) -> (&'static str, Facts) {
    let money = |amount: u64| amounts::show(amount, &charter.currency);
    let because = |reason: &String| ("reason", reason.clone());
    match body {
        Body::Admit { key, weight, name, group } => (
            "Admit a member",
            vec![
                ("key", key.to_string()),
                ("name", name.clone()),
                ("group", named(&charter.groups, *group)),
                ("weight", weight.to_string()),
            ],
        ),
        Body::Suspend { key, reason } => ("Suspend a key", vec![("key", key.to_string()), because(reason)]),
        Body::Readmit { key, reason } => {
            ("Lift the suspension of a key", vec![("key", key.to_string()), because(reason)])
        }
        Body::Leave => ("Leave the community when the round closes", Vec::new()),
        Body::RotateKey { successor, .. } => (
            "Go on under another key; this one signs nothing afterwards",
            vec![("new key", successor.to_string())],
        ),
        Body::ReplaceKey { lost, successor, reason, .. } => (
            "Let a member who has lost their key go on under another one",
            vec![("lost key", lost.to_string()), ("new key", successor.to_string()), because(reason)],
        ),
        Body::Propose(subject) => match subject {
            Subject::Loan(loan) => ("Propose a loan", loan_facts(loan, charter)),
            Subject::Motion(_) => ("Propose a motion", subject_facts(subject, charter)),
            Subject::Charter(_) => ("Propose to amend the charter", subject_facts(subject, charter)),
        },
        Body::Amend { proposal, subject } => {
            let mut facts = vec![("proposal", proposal.to_string())];
            facts.extend(subject_facts(subject, charter));
            ("Change the terms of a proposal to these", facts)
        }
        Body::Withdraw { proposal, reason } => {
            ("Take a proposal back", vec![("proposal", proposal.to_string()), because(reason)])
        }
        Body::Attest { proposal, terms, assessment } => {
            let mut facts = vec![("proposal", proposal.to_string()), ("for the terms", terms.to_string())];
            facts.extend(assessment_facts(assessment, charter));
            ("Rate a loan", facts)
        }
        Body::RevokeAttestation { attestation, reason } => {
            ("Take a rating back", vec![("attestation", attestation.to_string()), because(reason)])
        }
        Body::Ballot(ballot) => ("Vote", ballot_facts(ballot)),
        Body::Fund { direction, amount, source, purpose } => {
            let (what, place) = match direction {
                Direction::In => ("State money into the pool", "from"),
                Direction::Out => ("State money out of the pool", "to"),
            };
            let mut facts = vec![("amount", money(*amount)), (place, source.clone())];
            facts.extend(purpose.iter().map(|purpose| ("meant for", purpose.clone())));
            (what, facts)
        }
        Body::Evidence(fork) => (
            "Prove that somebody signed two records with one number",
            vec![
                ("key", fork.author().to_string()),
                ("number", fork.sequence().to_string()),
                ("records", format!("{}\n{}", fork.first.header.id(), fork.second.header.id())),
            ],
        ),
        Body::Disburse { proposal, amount } => (
            "State that a loan was paid out, or a part of it",
            vec![("loan", proposal.to_string()), ("amount", money(*amount))],
        ),
        Body::Release { proposal, amount, reason } => (
            "State that a part of a loan will not be paid out",
            vec![("loan", proposal.to_string()), ("amount", money(*amount)), because(reason)],
        ),
        Body::Repay { proposal, principal, interest } => (
            "State what a borrower has paid",
            vec![
                ("loan", proposal.to_string()),
                ("principal", money(*principal)),
                ("interest", money(*interest)),
            ],
        ),
        Body::WriteOff { proposal, amount, reason } => (
            "Give up what a borrower owes, or a part of it",
            vec![("loan", proposal.to_string()), ("amount", money(*amount)), because(reason)],
        ),
        Body::Recover { proposal, amount } => (
            "State that something written off came in after all",
            vec![("loan", proposal.to_string()), ("amount", money(*amount))],
        ),
        Body::Predict { proposal, terms, default } => (
            "Estimate a loan's probability of default",
            vec![
                ("loan", proposal.to_string()),
                ("for the terms", terms.to_string()),
                ("probability", amounts::percent(*default)),
            ],
        ),
        Body::Respond { about, status, reason } => {
            let about = match about {
                About::Motion(proposal) => ("motion", proposal.to_string()),
                About::Outcome(round) => ("outcome of round", round.to_string()),
                About::Question(argument) => ("question", argument.to_string()),
            };
            let status = match status {
                ResponseStatus::Accepted => "accepted",
                ResponseStatus::Planned => "planned",
                ResponseStatus::Declined => "declined",
                ResponseStatus::Done => "done",
            };
            ("Answer for the board", vec![about, ("status", status.to_owned()), because(reason)])
        }
        Body::Argue { on, stance, text } => {
            let on = match on {
                On::Proposal(proposal) => ("about the proposal", proposal.to_string()),
                On::Argument(argument) => ("about the argument", argument.to_string()),
            };
            let what = match stance {
                Stance::For => "Speak for something",
                Stance::Against => "Speak against something",
                Stance::Question => "Ask a question",
                Stance::Answer => "Answer a question",
            };
            (what, vec![on, ("text", text.clone())])
        }
        Body::Endorse { argument, withdrawn } => (
            if *withdrawn { "No longer endorse an argument" } else { "Endorse an argument" },
            vec![("argument", argument.to_string())],
        ),
        Body::Moderate { argument, hidden, reason } => (
            if *hidden { "Hide an argument from view" } else { "Show an argument again" },
            vec![("argument", argument.to_string()), because(reason)],
        ),
        Body::Delegate { scope, to } => {
            let what = match scope {
                Scope::All => "all loans and motions".to_owned(),
                Scope::Category(category) => format!("loans in {}", named(&charter.categories, *category)),
            };
            let (says, to) = match to {
                Some(key) => ("Let another member's ballot count where I cast none", key.to_string()),
                None => ("End a delegation", "nobody".to_owned()),
            };
            (says, vec![("for", what), ("to", to)])
        }
    }
}

/// A whole record: its place in its author's chain, and what it says.
pub(crate) fn record(record: &Record, charter: &Charter) -> (String, Facts) {
    let (what, said) = body(&record.body, charter);
    let previous = if record.sequence == 1 { "none".to_owned() } else { record.previous.to_string() };
    let mut facts = said;
    facts.push(("after the record", previous));
    facts.push(("written", times::show(record.clock)));
    facts.push(("record", record.id().to_string()));
    (format!("Number {}: {what}", record.sequence), facts)
}

/// Puts what the proposals and ratings among these facts are called beside their ids. The bytes do not say it: somebody else does.
pub(crate) fn entitle(facts: &mut Facts, titles: &Titles) {
    for (_, value) in facts {
        let told: Vec<String> = ids(value)
            .filter_map(|id| titles.get(&id))
            .map(|title| format!("(called '{}')", plain(title, false)))
            .collect();
        if !told.is_empty() {
            *value = format!("{value} {}", told.join(" "));
        }
    }
}

/// The ids that a record names.
pub(crate) fn mentioned(record: &Body, charter: &Charter) -> Vec<RecordId> {
    body(record, charter).1.iter().flat_map(|(_, value)| ids(value)).collect()
}

fn ids(text: &str) -> impl Iterator<Item = RecordId> {
    text.split(|letter: char| !letter.is_ascii_hexdigit())
        .filter(|word| word.len() == 2 * RecordId::LENGTH)
        .filter_map(|word| word.parse().ok())
}

/// The same in one line.
pub(crate) fn line(record: &Record, charter: &Charter) -> String {
    let (what, said) = body(&record.body, charter);
    let facts: Vec<String> =
        said.iter().map(|(name, value)| format!("{name}: {}", plain(value, false))).collect();
    format!("number {}: {what}; {}", record.sequence, facts.join(", "))
}

fn named(names: &[String], position: u16) -> String {
    names.get(usize::from(position)).cloned().unwrap_or_else(|| position.to_string())
}

fn documents(documents: &[DocumentHash]) -> impl Iterator<Item = (&'static str, String)> {
    documents.iter().map(|document| ("document", document.to_string()))
}

fn subject_facts(subject: &Subject, charter: &Charter) -> Facts {
    match subject {
        Subject::Loan(loan) => loan_facts(loan, charter),
        Subject::Motion(motion) => vec![("title", motion.title.clone()), ("text", motion.text.clone())],
        Subject::Charter(change) => {
            let mut facts = vec![
                ("title", change.title.clone()),
                ("purpose", change.purpose.clone()),
                ("amends the charter", change.base.to_string()),
            ];
            if change.base == charter.hash() {
                facts.extend(difference::between(charter, &change.charter).into_iter().map(|change| {
                    let value = |value: Option<serde_json::Value>| {
                        value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
                    };
                    (
                        "changes",
                        format!("{}: {} -> {}", change.field, value(change.before), value(change.after)),
                    )
                }));
            } else {
                // Of another charter than this machine knows: all of it.
                let all = serde_json::to_string_pretty(&change.charter);
                facts.push(("to the charter", all.unwrap_or_else(|error| error.to_string())));
            }
            facts
        }
    }
}

fn loan_facts(loan: &Loan, charter: &Charter) -> Facts {
    let repayment = match loan.repayment {
        Repayment::Annuity => "annuity",
        Repayment::Linear => "linear",
        Repayment::Bullet => "bullet",
    };
    let mut facts = vec![
        ("title", loan.title.clone()),
        ("borrower", loan.borrower.clone()),
        ("purpose", loan.purpose.clone()),
        ("category", named(&charter.categories, loan.category)),
        ("amount", amounts::show(loan.amount, &charter.currency)),
        ("term", format!("{} months", loan.term)),
        ("rate", format!("{} a year", amounts::percent(loan.rate))),
        ("repayment", repayment.to_owned()),
        ("lapses", times::show(loan.expires)),
    ];
    facts.extend(documents(&loan.documents));
    facts
}

fn assessment_facts(assessment: &Assessment, charter: &Charter) -> Facts {
    let verdict = match assessment.verdict {
        Verdict::Approved => "approved",
        Verdict::Declined => "declined",
    };
    let mut facts = vec![
        ("verdict", verdict.to_owned()),
        ("grade", assessment.grade.to_string()),
        ("default", amounts::percent(assessment.default)),
        ("loss in that case", amounts::percent(assessment.loss)),
        ("up to", amounts::show(assessment.greatest_amount, &charter.currency)),
        ("outlook", assessment.outlook.to_string()),
        ("holds until", times::show(assessment.valid_until)),
    ];
    facts.extend(assessment.conditions.iter().map(|condition| ("condition", condition.clone())));
    facts.extend(assessment.reasons.iter().map(|reason| ("reason", reason.clone())));
    facts.extend(documents(&assessment.documents));
    facts
}

fn ballot_facts(ballot: &Ballot) -> Facts {
    let mut facts = vec![
        ("round", ballot.round.to_string()),
        ("in later rounds", if ballot.standing { "it counts, too" } else { "it does not count" }.to_owned()),
    ];
    facts.extend(ballot.scores.iter().map(|score| ("loan", format!("{} = {}", score.proposal, score.score))));
    facts.extend(ballot.answers.iter().map(|answer| {
        let choice = match answer.choice {
            Choice::Yes => "yes",
            Choice::No => "no",
            Choice::Abstain => "abstain",
        };
        ("motion", format!("{} = {choice}", answer.proposal))
    }));
    if ballot.is_blank() {
        facts.push(("supports", "nothing".to_owned()));
    }
    facts
}
