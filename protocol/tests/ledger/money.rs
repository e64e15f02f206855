//! The pool.

use mutua_protocol::{
    ledger::{Deposit, Pool, Void},
    loans::Sums,
    records::{Body, Direction},
};

use crate::support::*;

#[test]
fn the_pool_is_what_came_in_less_what_went_out_and_was_allocated() {
    let mut world = World::new();
    world.admit(&["ana"]);
    world.fund(100_000);
    assert_eq!(world.enact("treasurer", payment(Direction::Out, 10_000)), None);
    let bakery = world.rated("ana", loan("bakery", 40_000));
    world.support("ana", &[bakery]);
    let closing = world.close();
    assert_eq!((closing.outcome.pool, closing.outcome.allocated()), (90_000, 40_000));
    let pool = world.ledger.pool();
    let loans = Sums { allocated: 40_000, ..Sums::default() };
    assert_eq!(pool, Pool { paid_in: 100_000, paid_out: 10_000, loans });
    assert_eq!(pool.available(), 50_000);
    assert_eq!(world.close().outcome.pool, 50_000);
}

#[test]
fn no_more_goes_out_than_the_pool_holds() {
    let mut world = World::new();
    world.admit(&["ana"]);
    world.fund(100);
    assert_eq!(world.enact("treasurer", payment(Direction::Out, 101)), Some(Void::PoolTooSmall));
    let mill = world.rated("ana", loan("mill", 60));
    world.support("ana", &[mill]);
    world.close();
    assert_eq!(world.enact("treasurer", payment(Direction::Out, 41)), Some(Void::PoolTooSmall));
    assert_eq!(world.enact("treasurer", payment(Direction::Out, 40)), None);
    assert_eq!(world.ledger.pool().available(), 0);
}

#[test]
fn money_in_the_closing_seal_counts() {
    let mut world = World::new();
    let last = world.say("treasurer", payment(Direction::In, 7));
    assert_eq!(world.close_with(vec![last]).outcome.pool, 7);
}

#[test]
fn every_deposit_is_kept_with_its_record_and_purpose() {
    let mut world = World::new();
    let body = Body::Fund {
        direction: Direction::In,
        amount: 500,
        source: "green bonds".to_owned(),
        purpose: Some("for farms".to_owned()),
    };
    let first = world.say("treasurer", body);
    world.seal(vec![first.clone()]);
    assert_eq!(world.enact("treasurer", payment(Direction::Out, 501)), Some(Void::PoolTooSmall));
    assert_eq!(world.enact("treasurer", payment(Direction::Out, 500)), None);
    let kept = world.ledger.deposits();
    assert_eq!(kept.len(), 2, "what is void is not among them");
    let expected = Deposit {
        record: first.id,
        height: 1,
        time: STEP,
        direction: Direction::In,
        amount: 500,
        source: "green bonds".to_owned(),
        purpose: Some("for farms".to_owned()),
    };
    assert_eq!(kept[0], expected);
    assert_eq!((kept[1].direction, kept[1].amount), (Direction::Out, 500));
}
