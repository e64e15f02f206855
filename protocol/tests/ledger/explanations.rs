//! Explanations, what-ifs and forecasts against the rounds that they speak of.

use std::collections::BTreeSet;

use mutua_protocol::{
    allocation::{Cap, CapExcess, Idle, Phase, allocate},
    charter::{Caps, Completion, GreedyOrder, Rule, Utility},
    ledger::{Change, Closing, ExpectedTurnout, Ineligible, LoanFate, TurnoutBasis},
    outcome::PassedOver,
    records::{Assessment, ProposalId},
};

use crate::support::{
    rules::{every_rule, round},
    *,
};

fn fate(closing: &Closing, proposal: ProposalId) -> LoanFate {
    let explained = closing.explain();
    explained.loans.into_iter().find(|loan| loan.proposal == proposal).expect("an open loan").fate
}

/// The bakery and the mill are funded; what their supporters have left is not enough for the cinema.
fn town(rule: Rule) -> (World, [ProposalId; 3]) {
    let mut world = World::with(|charter| charter.rule = rule);
    world.admit(&["ana", "ben", "cleo", "dora"]);
    world.fund(90_000);
    let bakery = world.rated("ana", loan("bakery", 50_000));
    let mill = world.rated("ana", loan("mill", 20_000));
    let cinema = world.rated("ana", loan("cinema", 36_000));
    world.support("ana", &[bakery]);
    world.support("ben", &[bakery, cinema]);
    world.support("cleo", &[mill, cinema]);
    (world, [bakery, mill, cinema])
}

const COST: Rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::None };

#[test]
fn a_loser_learns_what_was_missing_and_what_would_have_been_enough() {
    let (mut world, [bakery, mill, cinema]) = town(COST);
    let closing = world.close();
    let explained = closing.explain();
    assert_eq!((explained.allocated, explained.left), (70_000, 20_000));
    assert_eq!(explained.idle, Some(Idle::TooDear));
    assert_eq!(explained.endowment, Some(30_000));
    assert_eq!((explained.electorate, explained.voted, explained.represented), ((4, 4), (3, 3), (3, 3)));
    assert_eq!(explained.fairness.unwrap().left_out, None);
    assert_eq!(
        fate(&closing, bakery),
        LoanFate::Funded {
            place: 1,
            by: Phase::EqualShares,
            price: Some("1/2".to_owned()),
            payers: 2,
            greatest_share: 25_000
        }
    );
    // Ben has 50.00 left, cleo 100.00.
    assert_eq!(
        fate(&closing, cinema),
        LoanFate::PassedOver {
            reason: PassedOver::SupportersLackMoney,
            left: Some(15_000),
            missing: Some(21_000),
            over_pool: Some(16_000),
            cap: None,
            time: None
        }
    );
    let distance = closing.distance(&cinema).unwrap();
    assert!(distance.cost_is_certain && distance.supporters_are_certain);
    assert_eq!(closing.distance(&mill), None, "it is funded");
    let supporters = closing.supporters(&cinema);
    let left: BTreeSet<_> = supporters.iter().map(|supporter| (supporter.member, supporter.left)).collect();
    assert_eq!(left, BTreeSet::from([(public("ben"), Some(5_000)), (public("cleo"), Some(10_000))]));
    let paid: Vec<_> = closing.supporters(&bakery).iter().map(|supporter| supporter.paid).collect();
    assert_eq!(paid, [Some(25_000), Some(25_000)]);

    // Whoever believes none of that can try it.
    let again = |amount: u64, further: u64| {
        let mut world = World::with(|charter| charter.rule = COST);
        world.admit(&["ana", "ben", "cleo", "dora"]);
        let more: Vec<String> = (0..further).map(|number| format!("further {number}")).collect();
        if further > 0 {
            world.admit(&more.iter().map(String::as_str).collect::<Vec<_>>());
        }
        world.fund(90_000);
        let bakery = world.rated("ana", loan("bakery", 50_000));
        let mill = world.rated("ana", loan("mill", 20_000));
        let cinema = world.rated("ana", loan("cinema", amount));
        world.support("ana", &[bakery]);
        world.support("ben", &[bakery, cinema]);
        world.support("cleo", &[mill, cinema]);
        for name in &more {
            world.support(name, &[cinema]);
        }
        funded(&world.close()).contains(&cinema)
    };
    let greatest = distance.greatest_cost.unwrap();
    assert!(again(greatest, 0) && !again(greatest + 1, 0), "{greatest}");
    let further = distance.further_supporters.unwrap();
    assert!(again(36_000, further) && (0..further).all(|fewer| !again(36_000, fewer)), "{further}");
}

#[test]
fn a_cap_says_by_how_much_and_a_policy_says_all_that_is_lacking() {
    let mut world = World::with(|charter| {
        charter.policy.caps = Caps { category: Some(5_000), ..Caps::default() };
        charter.policy.worst_grade = 2;
    });
    world.admit(&["ana"]);
    world.fund(90_000);
    let one = world.rated("ana", loan("bakery", 40_000));
    let two = world.rated("ana", loan("mill", 10_001));
    let three = world.propose("ana", loan("barn", 5_000));
    let poor = Assessment { grade: 3, outlook: 1, greatest_amount: 4_000, ..approved() };
    world.attest("attestor a", three, poor);
    world.support("ana", &[one, two, three]);
    let closing = world.close();
    match fate(&closing, two) {
        LoanFate::PassedOver { reason, cap, .. } => {
            assert_eq!(reason, PassedOver::CategoryCap);
            assert_eq!(cap, Some(CapExcess { cap: Cap::Category, with: 50_001, allowed: 45_000 }));
        }
        other => panic!("{other:?}"),
    }
    match fate(&closing, three) {
        LoanFate::Ineligible { against, figures } => {
            assert_eq!(
                against,
                [
                    Ineligible::Grade { grade: 3, worst: 2 },
                    Ineligible::Outlook { outlook: 1, least: 20 },
                    Ineligible::Amount { greatest: 4_000 }
                ]
            );
            assert_eq!(figures.unwrap().grade, 3);
        }
        other => panic!("{other:?}"),
    }
    let explained = closing.explain();
    assert_eq!(explained.idle, Some(Idle::Caps));
    assert_eq!(explained.fairness, None, "a cap has set the promise aside");
    // One smallest unit less, and the category's 450.00 hold both.
    assert_eq!(closing.distance(&two).unwrap().greatest_cost, Some(5_000));
}

#[test]
fn phragmens_rule_names_the_loan_at_which_it_stopped() {
    let mut world = World::with(|charter| charter.rule = Rule::Phragmen);
    world.admit(&["ana", "ben"]);
    world.fund(90_000);
    let [barn, mill, shed] = [("barn", 50_000), ("mill", 60_000), ("shed", 40_000)]
        .map(|(title, amount)| world.rated("ana", loan(title, amount)));
    world.support("ana", &[barn, shed]);
    world.support("ben", &[mill]);
    let closing = world.close();
    let explained = closing.explain();
    assert_eq!((explained.stopped_at, explained.idle), (Some(mill), Some(Idle::Stopped)));
    let time = |proposal| match fate(&closing, proposal) {
        LoanFate::PassedOver { time, .. } => time.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!((time(mill), time(barn)), ("60000".to_owned(), "90000".to_owned()));
}

/// An explanation is made again from the ballots; it has to tell of the very same outcome.
#[test]
fn explanations_and_what_ifs_agree_with_the_outcome_under_every_rule() {
    for rule in every_rule() {
        let world = round(rule);
        let closing = &world.ledger.closings()[0];
        let explained = closing.explain();
        assert_eq!(explained.loans.len(), closing.outcome.candidates.len());
        assert_eq!(explained.allocated, closing.outcome.allocated());
        for (place, loan) in (1..).zip(&closing.outcome.funded) {
            assert!(
                matches!(fate(closing, loan.proposal), LoanFate::Funded { place: found, .. } if found == place)
            );
        }
        let same = closing.count.what_if(&Change::default()).unwrap();
        let loans: Vec<ProposalId> = same.funded.iter().map(|loan| loan.proposal).collect();
        assert_eq!((loans, same.rule), (funded(closing), rule));
        for other in every_rule() {
            let change = Change { rule: Some(other), ..Change::default() };
            let what_if = closing.count.what_if(&change).unwrap();
            let loans: Vec<ProposalId> = what_if.funded.iter().map(|loan| loan.proposal).collect();
            assert_eq!(
                loans,
                funded(&round(other).ledger.closings()[0])
                    .into_iter()
                    .map(|id| {
                        // The same loans have other names in a community with another charter.
                        let position = |world: &World, id| {
                            let outcome = &world.ledger.closings()[0].outcome;
                            outcome.candidates.iter().position(|candidate| candidate.proposal == id).unwrap()
                        };
                        closing.outcome.candidates[position(&round(other), id)].proposal
                    })
                    .collect::<Vec<_>>(),
                "{other:?}"
            );
        }
    }
}

#[test]
fn what_if_leaves_out_loans_and_categories_and_takes_another_budget() {
    let (mut world, [bakery, mill, cinema]) = town(COST);
    let closing = world.close();
    let loans = |change: Change| {
        let what_if = closing.count.what_if(&change).unwrap();
        assert_eq!(what_if.allocated, what_if.funded.iter().map(|loan| loan.amount).sum::<u64>());
        what_if.funded.iter().map(|loan| loan.proposal).collect::<Vec<_>>()
    };
    assert_eq!(loans(Change::default()), [bakery, mill]);
    assert_eq!(loans(Change { without: [bakery].into(), ..Change::default() }), [cinema]);
    assert_eq!(loans(Change { without_categories: [0].into(), ..Change::default() }), []);
    assert_eq!(loans(Change { budget: Some(300_000), ..Change::default() }).len(), 3);
    let total = Rule::Greedy { utility: Utility::Cardinality, order: GreedyOrder::Total };
    assert_eq!(loans(Change { rule: Some(total), ..Change::default() }), [bakery, cinema]);
}

#[test]
fn a_forecast_is_the_same_for_all_who_hold_the_seals() {
    let (world, [bakery, _, _]) = town(COST);
    let poll = world.ledger.poll(None);
    let whole = poll.draw(0..200);
    let parts = [0..70, 70..130, 130..200].map(|range| world.clone().ledger.poll(None).draw(range));
    let sums: Vec<u32> = (0..whole.len()).map(|loan| parts.iter().map(|part| part[loan]).sum()).collect();
    assert_eq!(whole, sums, "whoever draws which part");
    let forecast = poll.forecast(&whole, 200);
    assert_eq!((forecast.electorate, forecast.voted, forecast.expected), (4, 3, 3));
    assert_eq!(forecast.basis, TurnoutBasis::Assumed);
    assert_eq!(forecast.chances[0].proposal, bakery);
    assert_eq!(forecast.seal, world.ledger.head());
}

#[test]
fn with_every_ballot_in_a_forecast_is_certain_and_right() {
    let (mut world, _) = town(COST);
    let poll = world.ledger.poll(Some(ExpectedTurnout::Members(3)));
    let forecast = poll.forecast(&poll.draw(0..20), 20);
    let closing = world.close();
    for chance in &forecast.chances {
        let came = funded(&closing).contains(&chance.proposal);
        assert_eq!(chance.funded, Some(if came { 20 } else { 0 }));
    }
}

#[test]
fn the_expected_turnout_is_that_of_the_rounds_before() {
    let (mut world, [_, _, cinema]) = town(COST);
    world.close();
    let poll = world.ledger.poll(None);
    let forecast = poll.forecast(&poll.draw(0..5), 5);
    assert_eq!((forecast.voted, forecast.expected), (0, 3), "three of four voted");
    assert_eq!(forecast.basis, TurnoutBasis::History { rounds: 1 });
    assert_eq!(forecast.chances.len(), 1, "two are funded");
    assert_eq!(forecast.chances[0].funded, Some(0), "nobody has voted");
    world.support("ana", &[cinema]);
    let share = |points| {
        let poll = world.ledger.poll(Some(ExpectedTurnout::Share(points)));
        poll.forecast(&[], 1).expected
    };
    assert_eq!((share(0), share(5_000), share(10_000)), (1, 2, 4));
}

#[test]
fn what_is_counted_is_what_was_decided() {
    let (mut world, _) = town(COST);
    let closing = world.close();
    let allocation = allocate(closing.count.instance(), closing.count.rule());
    let loans: Vec<ProposalId> =
        allocation.funded.iter().map(|funded| closing.count.loan(funded.project).unwrap().proposal).collect();
    assert_eq!(loans, funded(&closing));
    assert!(closing.voted(&public("ana")) && !closing.voted(&public("dora")));
}
