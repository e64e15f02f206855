//! The pool.

use mutua_protocol::{
    ledger::{Pool, Void},
    records::Direction,
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
    assert_eq!(pool, Pool { paid_in: 100_000, paid_out: 10_000, allocated: 40_000 });
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
