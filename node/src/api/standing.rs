//! What would come out if the round closed now, as things stand or with one more ballot.

use std::sync::{Arc, Mutex, PoisonError};

use mutua_protocol::{
    ledger::{Closing, Ledger},
    records::Received,
};

use super::{Shared, blocking, problem::Problem};
use crate::service::{Clock, Core};

/// For how long, in milliseconds, a standing holds without a new record: attestations and proposals run out
/// by themselves.
const FRESH_MS: u64 = 10_000;

/// What standings are computed on, and the newest one.
#[derive(Default)]
pub(super) struct Standing(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// A copy of the ledger, as of its newest seal. Copying it is most of the work in a large community, so it is
    /// kept, and every computation leaves it as it was.
    ledger: Option<Ledger>,
    newest: Option<(Basis, Arc<Closing>)>,
}

/// What a standing was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Basis {
    height: u64,
    tail: usize,
    time: u64,
}

impl Held {
    /// What would come out with these records, on a ledger that is copied only if the one here is not the newest.
    fn compute(&mut self, snapshot: Snapshot, wall: u64) -> Arc<Closing> {
        let Snapshot { ledger: newer, mut tail } = snapshot;
        // Taken out meanwhile: should the computation break off, a ledger that is changed by half is not there to be used.
        let held = self.ledger.take();
        let mut ledger = newer.or(held).expect("a snapshot lacks the ledger only where it is held");
        tail.sort_by_key(Received::order);
        let closing = ledger.try_on(wall.max(ledger.time() + 1), &tail);
        self.ledger = Some(ledger);
        closing
    }
}

/// Copies of what a standing follows from.
struct Snapshot {
    /// Nothing if the ledger of this height is held already.
    ledger: Option<Ledger>,
    tail: Vec<Received>,
}

impl Snapshot {
    fn of(core: &Core, held: Option<u64>) -> Self {
        let ledger = core.ledger();
        let ledger = (held != Some(ledger.height())).then(|| ledger.clone());
        Self { ledger, tail: core.tail().cloned().collect() }
    }
}

fn refuse_disagreement(core: &Core) -> Result<(), Problem> {
    match core.disagreement() {
        Some(disagreement) => {
            Err(Problem::conflict(format!("{disagreement}; this node shows no figures of its own")))
        }
        None => Ok(()),
    }
}

impl Shared {
    /// The outcome if the round closed now, with what no seal holds yet.
    ///
    /// Computed beside the service, which has to go on sealing meanwhile. Whoever asks at the same time waits for the
    /// same result.
    pub(super) async fn standing(&self) -> Result<Arc<Closing>, Problem> {
        let shared = self.clone();
        blocking(move || shared.compute_standing()).await?
    }

    fn compute_standing(&self) -> Result<Arc<Closing>, Problem> {
        let wall = Clock::started().now().wall;
        let mut held = self.0.standing.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, height) = (held.newest.clone(), held.ledger.as_ref().map(Ledger::height));
        let (basis, found) = self.service.query(move |core| {
            refuse_disagreement(core)?;
            let (height_now, tail) = (core.ledger().height(), core.tail().count());
            let basis = Basis { height: height_now, tail, time: wall / FRESH_MS };
            let found = known.filter(|(known, _)| *known == basis).map(|(_, closing)| closing);
            Ok::<_, Problem>((basis, found.ok_or_else(|| Snapshot::of(core, height))))
        })??;
        let closing = match found {
            Ok(closing) => closing,
            Err(snapshot) => held.compute(snapshot, wall),
        };
        held.newest = Some((basis, Arc::clone(&closing)));
        Ok(closing)
    }

    /// The same with one more record at the end of its author's chain, which the service's state makes, or says why not.
    pub(super) async fn standing_with(
        &self,
        record: impl FnOnce(&Core) -> Result<Received, Problem> + Send + 'static,
    ) -> Result<Arc<Closing>, Problem> {
        let shared = self.clone();
        self.compute(move || {
            let wall = Clock::started().now().wall;
            let mut held = shared.0.standing.0.lock().unwrap_or_else(PoisonError::into_inner);
            let height = held.ledger.as_ref().map(Ledger::height);
            let snapshot = shared.service.query(move |core| {
                refuse_disagreement(core)?;
                let record = record(core)?;
                let mut snapshot = Snapshot::of(core, height);
                snapshot.tail.push(record);
                Ok::<_, Problem>(snapshot)
            })??;
            Ok(held.compute(snapshot, wall))
        })
        .await?
    }
}
