//! How right attestors and members were: against a plain reading of the textbook, and what counts at all.

use std::{collections::BTreeMap, sync::Arc};

use mutua_protocol::{
    allocation::Fraction,
    hash::RecordId,
    keys::PublicKey,
    ledger::{Figures, Void},
    loans::{
        Account, AttestedRisk, Estimates, Movement, PredictedRisk, Score, Step, Sums, TrackRecord,
        track_record,
    },
    records::{Assessment, Body, ProposalId, Subject},
};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

use crate::support::*;

fn prediction(world: &World, proposal: ProposalId, default: u16) -> Body {
    Body::Predict { proposal, terms: world.ledger.proposals()[&proposal].terms, default }
}

fn record(world: &World) -> TrackRecord {
    let accounts = world.ledger.accounts().iter().map(|(proposal, account)| (proposal, &**account));
    track_record(accounts, world.ledger.time(), |key| world.ledger.newest(key))
}

fn part(above: u128, below: u128) -> Fraction {
    Fraction::new(above, below).expect("no part of nothing")
}

#[test]
fn two_ended_loans_and_what_was_said_of_them() {
    let mut world = World::new();
    world.admit(&["ana", "ben"]);
    world.fund(100_000);
    let good = world.propose("ana", loan("bakery", 40_000));
    let bad = world.propose("ana", loan("boat", 20_000));
    let open = world.propose("ana", loan("mill", 30_000));
    for (proposal, grade, default) in [(good, 1, 100), (bad, 2, 1_000), (open, 2, 500)] {
        world.attest("attestor a", proposal, Assessment { grade, default, loss: 5_000, ..approved() });
    }
    world.attest("attestor b", bad, Assessment { grade: 5, default: 900, loss: 9_000, ..approved() });
    for (name, proposal, default) in [
        ("ana", good, 9_999),
        ("ana", good, 0),
        ("ana", bad, 6_000),
        ("ben", bad, 2_000),
        ("ben", open, 10_000),
    ] {
        assert_eq!(world.enact(name, prediction(&world, proposal, default)), None);
    }
    world.support("ana", &[good, bad, open]);
    assert_eq!(world.close().outcome.funded.len(), 3);
    // What is said afterwards counts for nothing.
    assert_eq!(world.enact("ben", prediction(&world, good, 1)), Some(Void::NotOpen));
    assert_eq!(record(&world).loans, [], "nothing has ended");
    for body in [
        disbursement(good, 40_000),
        disbursement(bad, 15_000),
        disbursement(open, 30_000),
        repayment(good, 40_000, 900),
        repayment(bad, 3_000, 10),
        write_off(bad, 12_000),
    ] {
        assert_eq!(world.enact("treasurer", body), None);
    }
    assert_eq!(record(&world).loans.len(), 1, "of the boat, 5,000 may still be paid out");
    assert_eq!(world.enact("treasurer", release(bad, 5_000)), None);
    assert_eq!(world.enact("treasurer", recovery(bad, 2_000)), None);

    let track = record(&world);
    let ended: Vec<(ProposalId, bool, u128, u128)> =
        track.loans.iter().map(|loan| (loan.proposal, loan.defaulted, loan.disbursed, loan.lost)).collect();
    let mut expected = vec![(good, false, 40_000, 0), (bad, true, 15_000, 10_000)];
    expected.sort_by_key(|loan| loan.0);
    assert_eq!(ended, expected);
    let boat = track.loans.iter().find(|loan| loan.proposal == bad).unwrap();
    assert_eq!(boat.expected_loss, part(1_350, 1), "15,000 at ten per cent and a loss of ninety");
    let a = &track.attestors[&public("attestor a")];
    // (0.01)² and (0.9)².
    assert_eq!(a.score, Score { estimates: 2, brier: part(8_101, 20_000) });
    assert_eq!((a.grades[&1].loans, a.grades[&1].defaulted, &a.grades[&1].expected), (1, 0, &part(1, 100)));
    assert_eq!((a.grades[&2].loans, a.grades[&2].defaulted, &a.grades[&2].expected), (1, 1, &part(1, 10)));
    assert_eq!((&a.expected_loss, a.lost), (&part(200 + 750, 1), 10_000));
    let b = &track.attestors[&public("attestor b")];
    assert_eq!(b.score, Score { estimates: 1, brier: part(8_281, 10_000) });
    // Ana's newest word of the bakery is 0 and was right; of the boat she said 0.6, and Ben 0.2.
    assert_eq!(track.members[&public("ana")], Score { estimates: 2, brier: part(8, 100) });
    assert_eq!(track.members[&public("ben")], Score { estimates: 1, brier: part(64, 100) });
    assert_eq!(track.predictions, Some(Score { estimates: 3, brier: part(80, 300) }));
    assert_eq!(track.crowd, Some(Score { estimates: 2, brier: part(18, 100) }));
}

#[test]
fn only_what_was_in_force_at_the_close_is_scored() {
    let mut world = World::new();
    world.admit(&["ana", "ben", "cleo", "dora", "emil"]);
    world.fund(100_000);
    let bakery = world.rated("ana", loan("bakery", 40_000));
    for name in ["ana", "ben", "cleo", "dora"] {
        assert_eq!(world.enact(name, prediction(&world, bakery, 1_000)), None);
    }
    let old_terms = prediction(&world, bakery, 5);
    let amended = Body::Amend { proposal: bakery, subject: Subject::Loan(loan("bakery", 30_000)) };
    assert_eq!(world.enact("ana", amended), None);
    assert_eq!(world.enact("emil", old_terms), Some(Void::AmendedTerms));
    let revoked = world.attest("attestor b", bakery, approved());
    world.attest("attestor a", bakery, Assessment { default: 900, ..approved() });
    world.attest("attestor a", bakery, Assessment { default: 300, ..approved() });
    assert_eq!(world.enact("attestor b", revocation(revoked)), None);
    for name in ["ben", "cleo", "dora", "emil"] {
        assert_eq!(world.enact(name, prediction(&world, bakery, 2_000)), None);
    }
    let rotation = world.rotation("ben", "ben's new phone");
    assert_eq!(world.enact("ben", rotation), None);
    assert_eq!(world.enact("registrar", suspension("cleo")), None);
    // Who is leaving votes and predicts until the close.
    assert_eq!(world.enact("dora", Body::Leave), None);
    world.support("ana", &[bakery]);
    // In the closing seal, and still before the close.
    let last = world.say("emil", prediction(&world, bakery, 700));
    world.close_with(vec![last]);
    let estimates = &world.ledger.accounts()[&bakery].estimates;
    let attested: Vec<(PublicKey, u16)> =
        estimates.attested.iter().map(|said| (said.attestor, said.default)).collect();
    assert_eq!(attested, [(public("attestor a"), 300)]);
    let predicted: BTreeMap<PublicKey, u16> =
        estimates.predicted.iter().map(|said| (said.member, said.default)).collect();
    let expected = [("ben's new phone", 2_000), ("dora", 2_000), ("emil", 700)];
    assert_eq!(predicted, expected.map(|(name, default)| (public(name), default)).into());
    // Nobody can take their word back afterwards.
    let attestation = estimates.attested[0].record;
    let before = estimates.clone();
    world.enact("attestor a", revocation(attestation));
    assert_eq!(world.ledger.accounts()[&bakery].estimates, before);
}

/// A loan that ended, or has not: what was said, and what came.
#[derive(Debug, Clone)]
struct Case {
    attested: Vec<(u8, u8, u16, u16)>,
    predicted: Vec<(u8, u16)>,
    disbursed: u64,
    written_off: u64,
    ended: bool,
}

fn cases() -> impl Strategy<Value = Vec<Case>> {
    let attested = prop::collection::vec((0u8..4, 1u8..5, 0u16..=10_000, 0u16..=10_000), 0..4);
    let predicted = prop::collection::vec((0u8..12, 0u16..=10_000), 0..10);
    let case = (attested, predicted, 1u64..1 << 50, prop::option::of(0u64..1 << 50), any::<bool>());
    let case = case.prop_map(|(mut attested, mut predicted, disbursed, written_off, ended)| {
        attested.sort_unstable();
        attested.dedup_by_key(|said| said.0);
        predicted.sort_unstable();
        predicted.dedup_by_key(|said| said.0);
        let written_off = written_off.map_or(0, |part| part % (disbursed + 1));
        Case { attested, predicted, disbursed, written_off, ended }
    });
    prop::collection::vec(case, 0..24)
}

fn person(number: u8) -> PublicKey {
    PublicKey([number; 32])
}

fn account(case: &Case) -> Account {
    let id = RecordId([7; 32]);
    let figures = Figures { grade: 1, default: 100, loss: 100, greatest_amount: 1, outlook: 1 };
    let attested = case.attested.iter().map(|(who, grade, default, loss)| AttestedRisk {
        record: id,
        attestor: person(*who),
        grade: *grade,
        default: *default,
        loss: *loss,
    });
    let predicted = case.predicted.iter();
    let predicted =
        predicted.map(|(who, default)| PredictedRisk { record: id, member: person(*who), default: *default });
    let mut movements = Vec::new();
    let mut move_money = |step, principal| {
        if principal > 0 {
            movements.push(Movement { record: id, height: 2, time: 2, step, principal, interest: 0 });
        }
    };
    move_money(Step::Disburse, case.disbursed);
    if case.ended {
        move_money(Step::WriteOff, case.written_off);
        move_money(Step::Repay, case.disbursed - case.written_off);
    }
    Account {
        round: 1,
        height: 1,
        time: 1,
        figures,
        estimates: Arc::new(Estimates { attested: attested.collect(), predicted: predicted.collect() }),
        sums: Sums { allocated: u128::from(case.disbursed), ..Sums::default() },
        movements,
    }
}

/// The textbook: the mean of (p − d)².
fn brier(estimates: &[(BigRational, bool)]) -> Option<BigRational> {
    let square = |(p, defaulted): &(BigRational, bool)| {
        let d = BigRational::from_integer(BigInt::from(u8::from(*defaulted)));
        (p - &d) * (p - &d)
    };
    let count = BigRational::from_integer(BigInt::from(estimates.len()));
    (!estimates.is_empty()).then(|| estimates.iter().map(square).sum::<BigRational>() / count)
}

fn rational(fraction: &Fraction) -> BigRational {
    let number = |bytes: Vec<u8>| BigInt::from_bytes_be(num_bigint::Sign::Plus, &bytes);
    BigRational::new(number(fraction.numerator_bytes()), number(fraction.denominator_bytes()))
}

fn points(default: u16) -> BigRational {
    BigRational::new(BigInt::from(default), BigInt::from(10_000))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scores_are_those_of_the_textbook(cases in cases()) {
        let accounts: Vec<(ProposalId, Account)> =
            (0u8..).zip(&cases).map(|(number, case)| (RecordId([number; 32]), account(case))).collect();
        let track = track_record(accounts.iter().map(|(proposal, account)| (proposal, account)), 5, |key| key);
        let ended: Vec<&Case> = cases.iter().filter(|case| case.ended).collect();
        prop_assert_eq!(track.loans.len(), ended.len());
        let score = |score: &Score| (score.estimates, rational(&score.brier));
        let came = |case: &Case| case.written_off > 0;

        for who in 0..4 {
            let said: Vec<(u8, u16, u16, &Case)> = ended
                .iter()
                .flat_map(|case| case.attested.iter().map(move |said| (said.0, said.1, said.2, said.3, *case)))
                .filter(|said| said.0 == who)
                .map(|(_, grade, default, loss, case)| (grade, default, loss, case))
                .collect();
            let all: Vec<_> = said.iter().map(|(_, default, _, case)| (points(*default), came(case))).collect();
            let found = track.attestors.get(&person(who));
            let expected = brier(&all).map(|mean| (all.len() as u64, mean));
            prop_assert_eq!(found.map(|found| score(&found.score)), expected);
            let Some(found) = found else { continue };
            let lost: u128 = said.iter().map(|(_, _, _, case)| u128::from(case.written_off)).sum();
            prop_assert_eq!(found.lost, lost);
            let expected_loss: BigRational = said
                .iter()
                .map(|(_, default, loss, case)| {
                    BigRational::from_integer(BigInt::from(case.disbursed)) * points(*default) * points(*loss)
                })
                .sum();
            prop_assert_eq!(rational(&found.expected_loss), expected_loss);
            for grade in 1..5 {
                let of: Vec<_> = said.iter().filter(|said| said.0 == grade).collect();
                let found = found.grades.get(&grade);
                prop_assert_eq!(found.is_some(), !of.is_empty());
                let Some(found) = found else { continue };
                prop_assert_eq!(found.loans, of.len() as u64);
                prop_assert_eq!(found.defaulted, of.iter().filter(|said| came(said.3)).count() as u64);
                let sum: BigRational = of.iter().map(|said| points(said.1)).sum();
                prop_assert_eq!(rational(&found.expected), sum / BigRational::from_integer(BigInt::from(of.len())));
            }
        }
        let everybody: Vec<(BigRational, bool)> = ended
            .iter()
            .flat_map(|case| case.predicted.iter().map(|said| (points(said.1), came(case))))
            .collect();
        let means: Vec<(BigRational, bool)> = ended
            .iter()
            .filter(|case| !case.predicted.is_empty())
            .map(|case| {
                let sum: BigRational = case.predicted.iter().map(|said| points(said.1)).sum();
                (sum / BigRational::from_integer(BigInt::from(case.predicted.len())), came(case))
            })
            .collect();
        let expected = |all: &[(BigRational, bool)]| brier(all).map(|mean| (all.len() as u64, mean));
        prop_assert_eq!(track.predictions.as_ref().map(score), expected(&everybody));
        prop_assert_eq!(track.crowd.as_ref().map(score), expected(&means));
        for who in 0..12 {
            let own: Vec<(BigRational, bool)> = ended
                .iter()
                .flat_map(|case| {
                    let own = case.predicted.iter().filter(|said| said.0 == who);
                    own.map(|said| (points(said.1), came(case)))
                })
                .collect();
            prop_assert_eq!(track.members.get(&person(who)).map(score), expected(&own));
        }
    }
}
