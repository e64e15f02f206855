//! Rounds: which ballots count, and what is funded.

use mutua_protocol::{
    allocation::{Fraction, MAX_TOTAL_WEIGHT},
    charter::{Caps, Completion, GreedyOrder, Rule, Utility},
    ledger::{ProposalStatus, Void},
    limits,
    outcome::{CandidateResult, CountedAs, PassedOver, shares_digest},
    records::{Body, Subject},
};

use crate::support::*;

fn passed_over(world_result: &CandidateResult) -> PassedOver {
    match world_result {
        CandidateResult::PassedOver { reason, .. } => *reason,
        other => panic!("expected a loan that was passed over, got {other:?}"),
    }
}

/// Three members, a pool of 900.00.
fn three() -> World {
    let mut world = World::new();
    world.admit(&["ana", "ben", "cleo"]);
    world.fund(90_000);
    world
}

#[test]
fn a_community_over_three_rounds() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 60_000));
    let cinema = world.rated("ben", loan("cinema", 80_000));
    let mill = world.propose("cleo", loan("mill", 10_000));
    world.support("ana", &[bakery]);
    world.support("ben", &[bakery, cinema]);
    world.cast("cleo", standing(ballot(1, &[(cinema, 1), (mill, 1)])));

    let first = world.close();
    assert_eq!(funded(&first), [bakery], "300.00 each of ana and ben");
    assert_eq!(first.outcome.round, 1);
    assert_eq!(first.outcome.close, ROUND);
    assert_eq!((first.outcome.pool, first.outcome.allocated()), (90_000, 60_000));
    assert_eq!(passed_over(result(&first.outcome, cinema)), PassedOver::SupportersLackMoney);
    assert!(matches!(result(&first.outcome, mill), CandidateResult::Ineligible(_)));
    assert_eq!(world.ledger.proposals()[&bakery].status, ProposalStatus::Funded(1));
    assert_eq!(world.ledger.proposals()[&cinema].status, ProposalStatus::Open);
    assert_eq!((world.round(), world.ledger.close()), (2, 2 * ROUND));

    // The pool that is left, new money, and the ballot that stands.
    world.fund(50_000);
    world.attest("attestor a", mill, approved());
    let second = world.close();
    assert_eq!(second.outcome.pool, 80_000);
    assert_eq!(counted(&second, "ana"), Some(CountedAs::Nothing));
    assert!(matches!(counted(&second, "cleo"), Some(CountedAs::Standing(_))));
    assert_eq!(second.outcome.turnout.voters, 1);
    assert_eq!(funded(&second), [cinema], "the same price per unit as the mill, and sealed before it");
    assert!(second.outcome.candidates.iter().all(|candidate| candidate.proposal != bakery));

    world.fund(10_000);
    let third = world.close();
    assert_eq!(funded(&third), [mill]);
    assert_eq!(world.ledger.pool().available(), 0);
    assert_eq!(world.ledger.closings().len(), 3);
}

#[test]
fn the_newest_ballot_of_the_round_counts() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 30_000));
    let cinema = world.rated("ana", loan("cinema", 30_000));
    world.support("ben", &[bakery]);
    let newest = world.support("ben", &[cinema]);
    let closing = world.close();
    assert_eq!(counted(&closing, "ben"), Some(CountedAs::Cast(newest)));
    assert_eq!(funded(&closing), [cinema]);
}

#[test]
fn a_ballot_of_the_round_stands_before_the_standing_one_and_does_not_end_it() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 500_000));
    let kept = world.cast("ben", standing(ballot(1, &[(bakery, 1)])));
    let own = world.cast("ben", ballot(1, &[]));
    assert_eq!(counted(&world.close(), "ben"), Some(CountedAs::Cast(own)));
    assert_eq!(counted(&world.close(), "ben"), Some(CountedAs::Standing(kept)));
    assert_eq!(counted(&world.close(), "ben"), Some(CountedAs::Standing(kept)));
}

#[test]
fn a_blank_standing_ballot_ends_the_one_before() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 500_000));
    world.cast("ben", standing(ballot(1, &[(bakery, 1)])));
    world.close();
    let blank = world.cast("ben", standing(ballot(2, &[])));
    assert_eq!(counted(&world.close(), "ben"), Some(CountedAs::Cast(blank)));
    assert_eq!(counted(&world.close(), "ben"), Some(CountedAs::Nothing));
}

#[test]
fn a_ballot_sealed_with_the_close_counts_and_one_sealed_after_it_is_void() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 30_000));
    let last = world.say("ben", Body::Ballot(ballot(1, &[(bakery, 1)])));
    let closing = world.close_with(vec![last.clone()]);
    assert_eq!(counted(&closing, "ben"), Some(CountedAs::Cast(last.id)));
    assert_eq!(world.enact("cleo", Body::Ballot(ballot(1, &[(bakery, 1)]))), Some(Void::AfterClose));
    assert_eq!(counted(&world.close(), "cleo"), Some(CountedAs::Nothing));
}

#[test]
fn scores_for_loans_that_are_not_candidates_change_nothing() {
    let outcome = |extra: bool| {
        let mut world = three();
        let bakery = world.rated("ana", loan("bakery", 30_000));
        let unrated = world.propose("ana", loan("cinema", 30_000));
        let supported = if extra { vec![bakery, unrated] } else { vec![bakery] };
        world.support("ben", &supported);
        let closing = world.close();
        (closing.outcome.funded.clone(), closing.shares.clone())
    };
    assert_eq!(outcome(true), outcome(false));
}

#[test]
fn closes_that_were_missed_are_skipped() {
    let mut world = three();
    assert!(world.try_seal_at(ROUND - 1, vec![]).is_err());
    let closing = world.seal_at(3 * ROUND + 5, vec![]).closing.unwrap();
    assert_eq!((closing.outcome.round, closing.outcome.close), (1, ROUND));
    assert_eq!(closing.outcome.time, 3 * ROUND + 5);
    assert_eq!((world.round(), world.ledger.close()), (2, 4 * ROUND));
    let on_time = world.seal_at(4 * ROUND, vec![]).closing.unwrap();
    assert_eq!(on_time.outcome.round, 2);
    assert_eq!(world.ledger.close(), 5 * ROUND, "a close on time is followed by the next one");
}

#[test]
fn the_roll_lists_each_member_with_what_was_counted() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 500_000));
    let cast = world.support("ana", &[bakery]);
    let closing = world.close();
    assert!(closing.roll.is_sorted_by_key(|entry| entry.member));
    assert_eq!(closing.roll.len(), 3);
    assert_eq!(counted(&closing, "ana"), Some(CountedAs::Cast(cast)));
    assert_eq!(counted(&closing, "ben"), Some(CountedAs::Nothing));
    assert_eq!(counted(&closing, "treasurer"), None, "roles have no vote of their own");
    let turnout = closing.outcome.turnout;
    assert_eq!((turnout.members, turnout.weight, turnout.voters, turnout.voted), (3, 3, 1, 1));
}

#[test]
fn shares_add_up_to_the_cent() {
    for amount in [1, 2, 99, 100, 101, 29_999, 89_999, 90_000] {
        let mut world = three();
        let odd = world.rated("ana", loan("odd", amount));
        for name in ["ana", "ben", "cleo"] {
            world.support(name, &[odd]);
        }
        let closing = world.close();
        assert_eq!(funded(&closing), [odd]);
        let shares = &closing.shares[0];
        assert_eq!(shares.iter().map(|share| share.amount).sum::<u64>(), amount);
        assert!(shares.is_sorted_by_key(|share| share.member));
        let (least, most) = (amount / 3, amount.div_ceil(3));
        assert!(shares.iter().all(|share| (least..=most).contains(&share.amount)));
        assert!(shares.is_sorted_by(|a, b| a.amount >= b.amount), "equal remainders fall to lower keys");
        assert_eq!(closing.outcome.funded[0].shares, shares_digest(shares));
        let price = closing.outcome.funded[0].price.as_ref().unwrap();
        assert_eq!((&price.numerator[..], &price.denominator[..]), (&[1u8][..], &[3u8][..]));
    }
}

#[test]
fn weight_is_money() {
    let mut world = World::new();
    let heavy = world.say("registrar", admission("ana", 2));
    let light = world.say("registrar", admission("ben", 1));
    world.seal(vec![heavy, light]);
    world.fund(90_000);
    let bakery = world.rated("ana", loan("bakery", 60_000));
    let cinema = world.rated("ben", loan("cinema", 60_000));
    world.support("ana", &[bakery]);
    world.support("ben", &[cinema]);
    let closing = world.close();
    assert_eq!(funded(&closing), [bakery]);
    assert!(matches!(
        result(&closing.outcome, cinema),
        CandidateResult::PassedOver { left: Some(30_000), supporters: 1, .. }
    ));
}

#[test]
fn those_who_do_not_vote_leave_the_pool_to_those_who_do() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 90_000));
    world.support("ana", &[bakery]);
    assert_eq!(funded(&world.close()), [bakery], "one voter of three members");

    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 90_000));
    world.support("ana", &[bakery]);
    world.cast("ben", ballot(1, &[]));
    assert!(funded(&world.close()).is_empty(), "a blank ballot is a vote against spending its share");
}

#[test]
fn the_loan_sealed_earlier_wins_a_tie() {
    let mut world = three();
    let later_name = world.rated("cleo", loan("zoo", 90_000));
    let earlier_name = world.rated("ana", loan("apiary", 90_000));
    world.support("ben", &[later_name, earlier_name]);
    assert_eq!(funded(&world.close()), [later_name]);
}

#[test]
fn a_round_without_money_members_or_loans_closes() {
    let mut world = World::new();
    let empty = world.close();
    assert_eq!((empty.outcome.turnout.members, empty.outcome.turnout.voted), (0, 0));
    assert!(empty.outcome.candidates.is_empty() && empty.outcome.funded.is_empty());
    world.admit(&["ana"]);
    let bakery = world.rated("ana", loan("bakery", 1));
    assert!(matches!(
        result(&world.close().outcome, bakery),
        CandidateResult::PassedOver { reason: PassedOver::NoSupporters, left: Some(0), .. }
    ));
    world.support("ana", &[bakery]);
    assert_eq!(passed_over(result(&world.close().outcome, bakery)), PassedOver::SupportersLackMoney);
}

#[test]
fn a_cap_passes_a_loan_over_and_the_outcome_names_it() {
    let caps = |caps| World::with(|charter| charter.policy.caps = caps);
    let none = Caps::default();
    let cases = [
        (Caps { borrower: Some(5_000), ..none }, PassedOver::BorrowerCap),
        (Caps { category: Some(5_000), ..none }, PassedOver::CategoryCap),
        // Two loans of 400.00 with 1.5 % x 40 % lose 4.80, one loses 2.40; 0.4 % of the pool is 3.60.
        (Caps { expected_loss: Some(40), ..none }, PassedOver::ExpectedLossCap),
    ];
    for (cap, expected) in cases {
        let mut world = caps(cap);
        world.admit(&["ana"]);
        world.fund(90_000);
        let one = world.rated("ana", loan("bakery", 40_000));
        let two = world.rated("ana", loan("bakery", 40_000));
        world.support("ana", &[one, two]);
        let closing = world.close();
        assert_eq!(funded(&closing), [one], "{expected:?}");
        assert_eq!(passed_over(result(&closing.outcome, two)), expected);
    }
}

#[test]
fn the_charter_picks_the_rule() {
    let build = |rule| {
        let mut world = World::with(|charter| charter.rule = rule);
        world.admit(&["ana", "ben", "cleo"]);
        world.fund(90_000);
        let big = world.rated("ana", loan("big", 80_000));
        let small = world.rated("ana", loan("small", 30_000));
        world.cast("ana", ballot(1, &[(big, 1)]));
        world.cast("ben", ballot(1, &[(big, 1)]));
        world.cast("cleo", ballot(1, &[(small, 10)]));
        let closing = world.close();
        let left = result(&closing.outcome, if funded(&closing) == [big] { small } else { big }).clone();
        let name = if funded(&closing) == [big] { "big" } else { "small" };
        (name, passed_over(&left), closing.outcome.funded[0].price.is_some())
    };
    let shares = |utility, completion| Rule::EqualShares { utility, completion };
    use PassedOver::{PoolSpent, SupportersLackMoney};
    assert_eq!(build(shares(Utility::Cost, Completion::None)), ("small", SupportersLackMoney, true));
    assert_eq!(build(shares(Utility::Cost, Completion::Greedy)), ("small", PoolSpent, true));
    assert_eq!(build(shares(Utility::Cost, Completion::AddOne)), ("small", SupportersLackMoney, true));
    assert_eq!(build(shares(Utility::Cost, Completion::AddOneThenGreedy)), ("small", PoolSpent, true));
    let greedy = |utility, order| Rule::Greedy { utility, order };
    use GreedyOrder::{PerCost, Total};
    assert_eq!(build(greedy(Utility::Cost, PerCost)), ("big", PoolSpent, false));
    // 2 / 80,000 is less than 1 / 30,000, and less than 10 / 30,000.
    assert_eq!(build(greedy(Utility::Cardinality, PerCost)), ("small", PoolSpent, false));
    assert_eq!(build(greedy(Utility::Score, PerCost)), ("small", PoolSpent, false));
    // 2 is more than 1, and less than 10.
    assert_eq!(build(greedy(Utility::Cardinality, Total)), ("big", PoolSpent, false));
    assert_eq!(build(greedy(Utility::Score, Total)), ("small", PoolSpent, false));
    // One voter has 30,000 before two have 80,000.
    assert_eq!(build(Rule::Phragmen), ("small", PoolSpent, true));
}

/// Whoever wants to retrace the figures of add-one has to know with how much everybody began.
#[test]
fn the_outcome_says_how_often_add_one_has_raised_the_endowments() {
    let build = |completion| {
        let rule = Rule::EqualShares { utility: Utility::Cost, completion };
        let mut world = World::with(|charter| charter.rule = rule);
        world.admit(&["ana", "ben", "cleo"]);
        world.fund(90_000);
        let barn = world.rated("ana", loan("barn", 64_000));
        let mill = world.rated("ana", loan("mill", 25_000));
        let yard = world.rated("ana", loan("yard", 40_000));
        world.support("ana", &[barn]);
        world.support("ben", &[barn]);
        world.support("cleo", &[mill, yard]);
        let closing = world.close();
        let left = match result(&closing.outcome, yard) {
            CandidateResult::PassedOver { left, .. } => *left,
            _ => None,
        };
        (closing.outcome.raises, closing.outcome.funded.len(), left)
    };
    assert_eq!(build(Completion::None), (None, 1, Some(5_000)));
    assert_eq!(build(Completion::Greedy), (None, 2, Some(5_000)));
    // Ana and ben begin with 600.00 together and lack 40.00: 20 raises of 1.00 each. Cleo's grow as well.
    assert_eq!(build(Completion::AddOne), (Some(20), 2, Some(7_000)));
    assert_eq!(build(Completion::AddOneThenGreedy), (Some(20), 2, Some(7_000)));
}

#[test]
fn phragmens_rule_has_loads_for_prices_and_stops_at_what_does_not_fit() {
    let mut world = World::with(|charter| charter.rule = Rule::Phragmen);
    world.admit(&["ana", "ben", "cleo"]);
    world.fund(90_000);
    let [barn, mill, shed, bank] = [("barn", 40_000), ("mill", 30_000), ("shed", 25_000), ("bank", 10_000)]
        .map(|(title, amount)| world.rated("ana", loan(title, amount)));
    world.support("ana", &[barn, mill]);
    world.support("ben", &[barn, shed]);
    world.support("cleo", &[mill, bank]);
    let closing = world.close();
    // Cleo has the bank's 100.00 when each has earned 100. At 200 the barn and the mill tie. Then ana and cleo
    // have the mill's 300.00 at (300 + 200 + 100) / 2 = 300, and the shed, at 250 + 200, does not fit.
    assert_eq!(funded(&closing), [bank, barn, mill]);
    let loads: Vec<String> = closing
        .outcome
        .funded
        .iter()
        .map(|loan| loan.price.clone().unwrap())
        .map(|price| Fraction::from_bytes(&price.numerator, &price.denominator).unwrap().to_string())
        .collect();
    assert_eq!(loads, ["10000", "20000", "30000"]);
    let share = |place: usize, name| {
        closing.shares[place].iter().find(|share| share.member == public(name)).map(|share| share.amount)
    };
    assert_eq!((share(2, "ana"), share(2, "ben"), share(2, "cleo")), (Some(10_000), None, Some(20_000)));
    assert!(matches!(
        result(&closing.outcome, shed),
        CandidateResult::PassedOver { reason: PassedOver::PoolSpent, left: None, .. }
    ));
}

#[test]
fn what_would_still_fit_after_phragmens_rule_has_stopped_says_so() {
    let mut world = World::with(|charter| charter.rule = Rule::Phragmen);
    world.admit(&["ana", "ben"]);
    world.fund(90_000);
    let [barn, mill, shed] = [("barn", 50_000), ("mill", 60_000), ("shed", 40_000)]
        .map(|(title, amount)| world.rated("ana", loan(title, amount)));
    world.support("ana", &[barn, shed]);
    world.support("ben", &[mill]);
    let closing = world.close();
    // The shed comes first, then the barn with 900.00 by then; before that the mill does not fit.
    assert_eq!(funded(&closing), [shed]);
    assert_eq!(passed_over(result(&closing.outcome, mill)), PassedOver::PoolSpent);
    assert_eq!(passed_over(result(&closing.outcome, barn)), PassedOver::Stopped);
}

#[test]
fn greedy_shares_fall_on_supporters_by_weight() {
    let rule = Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost };
    let mut world = World::with(|charter| charter.rule = rule);
    let heavy = world.say("registrar", admission("ana", 2));
    let light = world.say("registrar", admission("ben", 1));
    world.seal(vec![heavy, light]);
    world.fund(1_000);
    let bakery = world.rated("ana", loan("bakery", 1_000));
    world.support("ana", &[bakery]);
    world.support("ben", &[bakery]);
    let closing = world.close();
    let share = |name| closing.shares[0].iter().find(|share| share.member == public(name)).unwrap().amount;
    assert_eq!((share("ana"), share("ben")), (667, 333));
}

#[test]
fn the_greatest_weights_and_amounts_do_not_overflow() {
    const { assert!(limits::MEMBER_WEIGHT as u64 * 1_000_000 < MAX_TOTAL_WEIGHT) };
    let mut world = World::with(|charter| {
        charter.policy.greatest_amount = limits::AMOUNT;
        charter.policy.caps =
            Caps { borrower: Some(10_000), category: Some(10_000), expected_loss: Some(10_000) };
    });
    for name in ["ana", "ben"] {
        assert_eq!(world.enact("registrar", admission(name, limits::MEMBER_WEIGHT)), None);
    }
    for _ in 0..8 {
        world.fund(limits::AMOUNT);
    }
    let mut rating = approved();
    (rating.greatest_amount, rating.default, rating.loss) = (limits::AMOUNT, 1_000, 10_000);
    let huge: Vec<_> = ["one", "two"]
        .map(|title| {
            let id = world.propose("ana", loan(title, limits::AMOUNT));
            world.attest("attestor a", id, rating.clone());
            id
        })
        .to_vec();
    world.support("ana", &huge);
    world.support("ben", &huge);
    let closing = world.close();
    assert_eq!(funded(&closing), huge);
    assert_eq!(world.ledger.pool().available(), 6 * u128::from(limits::AMOUNT));
}

#[test]
fn a_provisional_outcome_is_that_of_the_seal_to_come() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 30_000));
    let last = world.say("ben", Body::Ballot(ballot(1, &[(bakery, 1)])));
    let before = world.ledger.provisional(ROUND, std::slice::from_ref(&last));
    assert_eq!(world.round(), 1, "asking changes nothing");
    for _ in 0..2 {
        let tried = world.ledger.try_on(ROUND, std::slice::from_ref(&last));
        assert_eq!(*tried, *before, "trying on changes nothing that stays");
    }
    assert_eq!(world.close_with(vec![last]).digest, before.digest);
}

#[test]
fn a_late_standing_ballot_stands_but_is_no_ballot_of_the_new_round() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 500_000));
    world.close();
    let own = world.cast("ben", ballot(2, &[]));
    let late = world.cast("ben", standing(ballot(1, &[(bakery, 1)])));
    let blank = world.cast("cleo", standing(ballot(1, &[])));
    let second = world.close();
    assert_eq!(counted(&second, "ben"), Some(CountedAs::Cast(own)), "the one meant for this round");
    assert_eq!(counted(&second, "cleo"), Some(CountedAs::Nothing), "not {blank}");
    assert_eq!(counted(&world.close(), "ben"), Some(CountedAs::Standing(late)));
}

/// The reason must not depend on when the engine happens to look at a loan.
#[test]
fn a_cap_that_is_broken_at_the_end_is_the_reason_whatever_else_is_lacking() {
    let mut world = World::with(|charter| charter.policy.caps.category = Some(5_000));
    world.admit(&["ana", "ben", "cleo"]);
    world.fund(90_000);
    let bakery = world.rated("ana", loan("bakery", 40_000));
    // Out of reach for cleo alone from the beginning, and in the bakery's category.
    let cinema = world.rated("ana", loan("cinema", 80_000));
    let mut elsewhere = loan("mill", 44_000);
    elsewhere.category = 1;
    let mill = world.rated("ana", elsewhere);
    world.support("ana", &[bakery]);
    world.support("ben", &[bakery]);
    world.support("cleo", &[cinema, mill]);
    let closing = world.close();
    assert_eq!(funded(&closing), [bakery]);
    assert_eq!(passed_over(result(&closing.outcome, cinema)), PassedOver::CategoryCap);
    assert_eq!(passed_over(result(&closing.outcome, mill)), PassedOver::SupportersLackMoney);
}

/// Attestations are bound to the terms they are for, and so are votes.
#[test]
fn a_vote_is_for_the_terms_that_were_sealed_before_it() {
    let mut world = three();
    let bakery = world.rated("ana", loan("bakery", 30_000));
    world.support("ana", &[bakery]);
    world.cast("ben", standing(ballot(1, &[(bakery, 1)])));
    let subject = Subject::Loan(loan("bakery", 60_000));
    assert_eq!(world.enact("ana", Body::Amend { proposal: bakery, subject }), None);
    world.attest("attestor a", bakery, approved());
    let first = world.close();
    assert!(funded(&first).is_empty());
    assert!(matches!(
        result(&first.outcome, bakery),
        CandidateResult::PassedOver { reason: PassedOver::NoSupporters, supporters: 0, .. }
    ));
    assert_eq!(first.outcome.turnout.voters, 2, "they voted all the same");
    world.support("cleo", &[bakery]);
    world.support("ben", &[bakery]);
    let second = world.close();
    assert_eq!(funded(&second), [bakery]);
    assert_eq!(second.outcome.funded[0].supporters, 2);
}
