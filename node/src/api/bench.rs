//! Where longer computations are done: one at a time, beside the service's thread, and never twice.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mutua_protocol::{allocation::Distance, hash::OutcomeDigest, records::ProposalId};
use tokio::sync::Semaphore;

use super::{Shared, blocking, forecasts::Forecasts, problem::Problem};

/// Computations that may wait for the one under way. More are turned away: each request that waits keeps one of the
/// places that all requests share.
const WAITING: usize = 4;

/// How long one waits at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// Results that are kept; a round has at most as many loans that anybody asks about.
const KEPT: usize = 1024;

/// The place for one computation, and what came out of earlier ones.
pub(super) struct Bench {
    place: Arc<Semaphore>,
    queue: Semaphore,
    distances: Mutex<BTreeMap<(OutcomeDigest, ProposalId), Option<Distance>>>,
    pub(super) forecasts: Arc<Forecasts>,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            place: Arc::new(Semaphore::new(1)),
            queue: Semaphore::new(WAITING),
            distances: Mutex::default(),
            forecasts: Arc::default(),
        }
    }
}

impl Bench {
    /// How far a loan was from being funded, if that is known already.
    pub(super) fn distance(&self, key: &(OutcomeDigest, ProposalId)) -> Option<Option<Distance>> {
        self.distances.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    /// Keeps what was found out.
    pub(super) fn keep(&self, key: (OutcomeDigest, ProposalId), distance: Option<Distance>) {
        let mut held = self.distances.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= KEPT {
            held.clear();
        }
        held.insert(key, distance);
    }
}

impl Shared {
    /// Computes something when the bench is free. The place is kept until it is done, whoever has stopped waiting.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let bench = &self.0.bench;
        let busy = || Problem::overloaded("the node is computing something else; ask again in a while");
        let queued = bench.queue.try_acquire().map_err(|_| busy())?;
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&bench.place).acquire_owned());
        let place = place.await.map_err(|_| busy())?.map_err(|_| Problem::stopping())?;
        drop(queued);
        blocking(move || {
            let result = work();
            drop(place);
            result
        })
        .await
    }
}
