//! What would come out if the round closed now.

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

/// The newest standing, and what it was computed from.
#[derive(Default)]
pub(super) struct Standing(Mutex<Option<(Basis, Arc<Closing>)>>);

/// What a standing was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Basis {
    height: u64,
    tail: usize,
    time: u64,
}

/// Copies of what a standing follows from.
pub(super) struct Snapshot {
    ledger: Ledger,
    tail: Vec<Received>,
}

impl Snapshot {
    pub(super) fn of(core: &Core) -> Self {
        Self { ledger: core.ledger().clone(), tail: core.tail().cloned().collect() }
    }

    /// The same with one more record at the end of its author's chain.
    pub(super) fn with(mut self, record: Received) -> Self {
        self.tail.push(record);
        self
    }

    /// What would come out if the round closed at this time on the wall.
    pub(super) fn closing(mut self, wall: u64) -> Arc<Closing> {
        self.tail.sort_by_key(Received::order);
        self.ledger.provisional(wall.max(self.ledger.time() + 1), &self.tail)
    }
}

impl Shared {
    /// The outcome if the round closed now, with what no seal holds yet.
    ///
    /// Computed from copies, on a thread of its own: in a large community it takes seconds, in which the
    /// service has to go on sealing. Whoever asks meanwhile waits for the same result.
    pub(super) async fn standing(&self) -> Result<Arc<Closing>, Problem> {
        let shared = self.clone();
        blocking(move || shared.compute_standing()).await?
    }

    fn compute_standing(&self) -> Result<Arc<Closing>, Problem> {
        let wall = Clock::started().now().wall;
        let mut held = self.0.standing.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.clone();
        let answer = self.service.query(move |core| {
            if let Some(disagreement) = core.disagreement() {
                return Err(Problem::conflict(format!(
                    "{disagreement}; this node shows no figures of its own"
                )));
            }
            let (height, tail) = (core.ledger().height(), core.tail().count());
            let basis = Basis { height, tail, time: wall / FRESH_MS };
            if let Some((_, closing)) = before.filter(|(known, _)| *known == basis) {
                return Ok((basis, Ok(closing)));
            }
            Ok((basis, Err(Snapshot::of(core))))
        })?;
        let (basis, found) = answer?;
        let closing = match found {
            Ok(closing) => closing,
            Err(snapshot) => snapshot.closing(wall),
        };
        *held = Some((basis, Arc::clone(&closing)));
        Ok(closing)
    }
}
