//! What the author's node foresees before it takes a record is what a seal makes of it.

use proptest::prelude::*;

use mutua_protocol::hash::RecordId;

use crate::support::{
    town::{Chance, PEOPLE, live},
    *,
};

/// After a change of key, the registrar may name the member by the key before.
#[test]
fn a_suspension_is_lifted_by_the_key_before() {
    let mut world = World::new();
    world.admit(&["ana"]);
    let rotation = world.rotation("ana", "second key");
    assert_eq!(world.enact("ana", rotation), None);
    for body in [suspension("ana"), suspension("ana"), readmission("ana"), readmission("ana")] {
        let draft = world.sign("registrar", u64::MAX, RecordId([1; 32]), body.clone());
        let foreseen = world.ledger.preflight(draft.record(), world.ledger.time() + STEP);
        assert_eq!(foreseen.err(), world.enact("registrar", body));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_foreseen_of_any_record_is_what_comes(kind in any::<u16>(), seed in any::<u64>()) {
        let mut chance = Chance(seed);
        let deeds: Vec<_> = (0..60).map(|_| chance.deed()).collect();
        let mut town = live(kind, &deeds);
        for _ in 0..40 {
            let deed = chance.deed();
            // By their first key, too, which they may have changed since.
            let first = PEOPLE[deed.what % PEOPLE.len()];
            let said = match deed.kind {
                1 => Some(("registrar".to_owned(), suspension(first))),
                2 => Some(("registrar".to_owned(), readmission(first))),
                _ => town.words(&deed),
            };
            let Some((name, body)) = said else { continue };
            let ledger = &town.world.ledger;
            let draft = town.world.sign(&name, u64::MAX, RecordId([1; 32]), body.clone());
            let (author, time) = (public(&name), ledger.time() + STEP);
            let may = ledger.admissible(draft.record()).and_then(|()| ledger.within_quota(&author, &ledger.chain(&author)));
            // In the seal that closes a round, a ballot that comes so late still counts, and is not foreseen to.
            if may.is_err() || time >= ledger.close() {
                continue;
            }
            let foreseen = ledger.preflight(draft.record(), time).err();
            prop_assert_eq!(foreseen, town.world.enact(&name, body), "{:?}", deed);
        }
    }
}
