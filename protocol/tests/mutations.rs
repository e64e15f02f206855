//! Every archive of `support/mutations/` is refused, for its own fault and at its place. The second verifier has to say the
//! same of each: `scripts/mutate-archive` holds the two against each other.

mod support;

use std::collections::BTreeMap;

use mutua_protocol::archive::Check;
use support::{log::audit, mutations};

#[test]
fn every_mutation_is_refused_at_its_place_and_no_check_is_idle() {
    let mutations = mutations::all();
    let mut caught: BTreeMap<Check, usize> = BTreeMap::new();
    for (name, spoiled) in &mutations {
        let fault = audit(&spoiled.bytes).map(|_| ()).expect_err(name);
        let place = (fault.check, fault.seal, fault.record.map(|(position, _)| position));
        let expected = (spoiled.check, spoiled.seal.map(|height| height as u64), spoiled.record);
        assert_eq!(place, expected, "{name}: {fault}");
        *caught.entry(fault.check).or_default() += 1;
    }
    assert!(mutations.len() >= 200, "{} mutations", mutations.len());
    for check in Check::ALL {
        assert!(
            caught.get(check).is_some_and(|times| *times >= 3),
            "{check:?} has caught {:?}",
            caught.get(check)
        );
    }
}
