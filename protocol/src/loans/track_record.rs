//! How right the estimates were, on loans that have ended (SPEC section 10.10).

use std::collections::BTreeMap;

use dashu_int::UBig;

use super::Account;
use crate::{allocation::Fraction, charter::BASIS_POINTS, keys::PublicKey, records::ProposalId};

/// Basis points in a whole.
const WHOLE: u128 = BASIS_POINTS as u128;

/// How right attestors and members were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackRecord {
    /// The loans that have ended, in the order in which they were funded.
    pub loans: Vec<EndedLoan>,
    /// Each attestor who rated one of them, by key.
    pub attestors: BTreeMap<PublicKey, AttestorRecord>,
    /// Each member who predicted one of them, by key.
    pub members: BTreeMap<PublicKey, Score>,
    /// All predictions of members together.
    pub predictions: Option<Score>,
    /// The mean of the members' predictions of each loan, as one estimate.
    pub crowd: Option<Score>,
}

/// A loan that has ended: all that was paid out is paid back or written off, and nothing more will be paid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLoan {
    /// Which.
    pub proposal: ProposalId,
    /// The round that funded it.
    pub round: u32,
    /// Was anything written off?
    pub defaulted: bool,
    /// What was paid out, in the smallest unit.
    pub disbursed: u128,
    /// What is lost of it.
    pub lost: u128,
    /// The loss to be expected by the figures with which it was funded.
    pub expected_loss: Fraction,
}

/// How far estimates were from what came: the mean of (p − d)², with d = 1 for a default and 0 for none (G. W. Brier:
/// *Verification of Forecasts Expressed in Terms of Probability*, 1950). 0 is the best, 1 the worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// How many estimates.
    pub estimates: u64,
    /// Their mean score.
    pub brier: Fraction,
}

/// How right one attestor was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestorRecord {
    /// The attestor's Brier score.
    pub score: Score,
    /// What came of each grade, by grade.
    pub grades: BTreeMap<u8, Calibration>,
    /// The loss to be expected by the attestor's figures, over all of these loans.
    pub expected_loss: Fraction,
    /// What is lost of them, in the smallest unit.
    pub lost: u128,
}

/// What was expected of the loans of one grade, and what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calibration {
    /// How many loans.
    pub loans: u64,
    /// How many of them defaulted.
    pub defaulted: u64,
    /// The mean of the stated probabilities of default: calibrated, it is near `defaulted / loans`.
    pub expected: Fraction,
}

/// The sum of squared errors, in (basis points)², and how many there are.
#[derive(Debug, Clone, Copy, Default)]
struct Errors {
    squares: u128,
    count: u64,
}

impl Errors {
    fn add(&mut self, default: u16, defaulted: bool) {
        let came = if defaulted { WHOLE } else { 0 };
        self.squares += came.abs_diff(u128::from(default)).pow(2);
        self.count += 1;
    }

    fn score(self) -> Option<Score> {
        let brier = Fraction::new(self.squares, u128::from(self.count) * WHOLE * WHOLE)?;
        Some(Score { estimates: self.count, brier })
    }
}

/// What is added up for one attestor.
#[derive(Default)]
struct Rated {
    errors: Errors,
    /// By grade: loans, defaults, sum of probabilities.
    grades: BTreeMap<u8, (u64, u64, u128)>,
    /// In units of 1/10^8.
    expected: u128,
    lost: u128,
}

/// The track record at a time, from all accounts. What members have predicted stands under the key that is now theirs,
/// `newest` of the one of that time.
#[must_use]
pub fn track_record<'a>(
    accounts: impl Iterator<Item = (&'a ProposalId, &'a Account)>,
    time: u64,
    newest: impl Fn(PublicKey) -> PublicKey,
) -> TrackRecord {
    let mut ended: Vec<(&ProposalId, &Account, EndedLoan)> = accounts
        .filter_map(|(proposal, account)| Some((proposal, account, ended(*proposal, account, time)?)))
        .collect();
    ended.sort_by_key(|(proposal, account, _)| (account.height, **proposal));

    let mut attestors: BTreeMap<PublicKey, Rated> = BTreeMap::new();
    let mut members: BTreeMap<PublicKey, Errors> = BTreeMap::new();
    let (mut predictions, mut crowd) = (Errors::default(), Crowd::default());
    for (_, account, loan) in &ended {
        for said in &account.estimates.attested {
            let rated = attestors.entry(said.attestor).or_default();
            rated.errors.add(said.default, loan.defaulted);
            let (loans, defaulted, sum) = rated.grades.entry(said.grade).or_default();
            *loans += 1;
            *defaulted += u64::from(loan.defaulted);
            *sum += u128::from(said.default);
            rated.expected += loan.disbursed * u128::from(said.default) * u128::from(said.loss);
            rated.lost += loan.lost;
        }
        for said in &account.estimates.predicted {
            members.entry(newest(said.member)).or_default().add(said.default, loan.defaulted);
            predictions.add(said.default, loan.defaulted);
        }
        crowd.add(account.estimates.predicted.iter().map(|said| said.default), loan.defaulted);
    }
    TrackRecord {
        loans: ended.into_iter().map(|(_, _, loan)| loan).collect(),
        attestors: attestors
            .into_iter()
            .filter_map(|(attestor, rated)| Some((attestor, rated.record()?)))
            .collect(),
        members: members.into_iter().filter_map(|(member, errors)| Some((member, errors.score()?))).collect(),
        predictions: predictions.score(),
        crowd: crowd.score(),
    }
}

fn ended(proposal: ProposalId, account: &Account, time: u64) -> Option<EndedLoan> {
    let sums = account.at(time);
    if sums.disbursed == 0 || sums.undrawn() > 0 || sums.outstanding() > 0 {
        return None;
    }
    let figures = account.figures;
    let expected = sums.disbursed * u128::from(figures.default) * u128::from(figures.loss);
    Some(EndedLoan {
        proposal,
        round: account.round,
        defaulted: sums.written_off > 0,
        disbursed: sums.disbursed,
        lost: sums.lost(),
        expected_loss: Fraction::new(expected, WHOLE * WHOLE)?,
    })
}

impl Rated {
    fn record(self) -> Option<AttestorRecord> {
        let calibration = |(loans, defaulted, sum)| {
            let expected = Fraction::new(sum, u128::from(loans) * WHOLE)?;
            Some(Calibration { loans, defaulted, expected })
        };
        Some(AttestorRecord {
            score: self.errors.score()?,
            grades: self
                .grades
                .into_iter()
                .filter_map(|(grade, sums)| Some((grade, calibration(sums)?)))
                .collect(),
            expected_loss: Fraction::new(self.expected, WHOLE * WHOLE)?,
            lost: self.lost,
        })
    }
}

/// The squared errors of means: those over the same number of members share a denominator.
#[derive(Default)]
struct Crowd {
    /// By number of members: the sum of (number x error of the mean)², in (basis points)².
    squares: BTreeMap<u64, u128>,
    loans: u64,
}

impl Crowd {
    fn add(&mut self, defaults: impl ExactSizeIterator<Item = u16>, defaulted: bool) {
        let members = defaults.len() as u64;
        if members == 0 {
            return;
        }
        let sum: u128 = defaults.map(u128::from).sum();
        let came = if defaulted { WHOLE * u128::from(members) } else { 0 };
        *self.squares.entry(members).or_default() += came.abs_diff(sum).pow(2);
        self.loans += 1;
    }

    fn score(self) -> Option<Score> {
        let (mut above, mut below) = (UBig::ZERO, UBig::ONE);
        for (members, squares) in self.squares {
            let part = UBig::from(members) * UBig::from(members);
            above = above * &part + UBig::from(squares) * &below;
            below *= part;
        }
        let scale = UBig::from(u128::from(self.loans) * WHOLE * WHOLE);
        let brier = Fraction::reduce(above, below * scale)?;
        Some(Score { estimates: self.loans, brier })
    }
}
