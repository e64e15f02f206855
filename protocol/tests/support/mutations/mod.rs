//! Hundreds of archives with one fault each, for both verifiers: those of `spoiled.rs`, and here every field of a
//! charter, a body and an outcome, every right and every reference, and histories put together from several.
//!
//! Beside each stands the place of its fault, which was worked out by hand from SPEC section 12.

#![allow(clippy::unwrap_used, reason = "a table of faults may panic where the story is not as told")]

mod arguments;
mod bodies;
mod charters;
mod delegations;
mod files;
mod outcomes;
mod rights;
mod splices;
mod successions;

use std::collections::BTreeSet;

use mutua_protocol::{archive::Check, records::Received};

use super::{
    World,
    log::{Log, header},
    spoiled::{self, Spoiled},
    story::Story,
};

/// Spoiled archives, each with what was done to it.
pub type Mutations = Vec<(String, Spoiled)>;

/// All of them. No two have one name.
pub fn all() -> Mutations {
    let story = Story::tell();
    let named = |cases: spoiled::Cases| cases.into_iter().map(|(name, case)| (name.to_owned(), case));
    let mut all: Mutations = named(spoiled::without_keys(&story)).collect();
    all.extend(named(spoiled::with_keys(&story)));
    all.extend(charters::all(&story));
    all.extend(files::all(&story));
    all.extend(bodies::all());
    all.extend(rights::all(&story));
    all.extend(arguments::all());
    all.extend(delegations::all());
    all.extend(outcomes::all());
    all.extend(splices::all(&story));
    all.extend(successions::all());
    let names: BTreeSet<&String> = all.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), all.len(), "each has a name of its own");
    all
}

/// The log of a world with one more seal, which holds these records whether they may be sealed or not, and which all
/// witnesses have signed.
fn sealed_anyway(world: &World, time: u64, records: &[Received]) -> Log {
    let mut header = header(&world.ledger, time, records);
    if time >= world.ledger.close() {
        header.closes = Some(world.ledger.provisional(time, records).digest);
    }
    let end = (header.height, header.id());
    let mut log = Log { end, ..Log::of(world) };
    log.batches.push(world.batch(header, records));
    log
}

/// A record that may not be sealed after a world, and is.
fn refused(world: &World, check: Check, record: Received) -> Spoiled {
    let log = sealed_anyway(world, world.ledger.time() + super::STEP, &[record]);
    Spoiled::at(log.bytes(), check, log.batches.len()).in_record(0)
}
