//! What may become of the current round: computed on a thread of its own, once for each seal.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mutua_protocol::{
    hash::SealId,
    ledger::{ExpectedTurnout, Poll},
};
use serde::Deserialize;

use super::{
    Shared, blocking,
    explanations::names,
    problem::Problem,
    types::{ForecastAnswer, ForecastView},
};

/// How often the rest of the ballots is drawn: with 1,000 draws, a chance of one half is told to about 2 in 100.
pub(super) const DRAWS: u32 = 1000;

/// Draws between two looks at the clock for those who wait.
const STEP: u32 = 10;

/// For how long a forecast is shown although there are newer seals: where many vote, there is one every second.
const FRESH: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// So many members are expected to vote.
    members: Option<u64>,
    /// Such a share of the electorate is, in basis points.
    share: Option<u16>,
}

/// A seal, and the turnout that is asked about.
type Key = (SealId, Option<ExpectedTurnout>);

/// The newest forecast, and the one that is being made. One at a time.
#[derive(Default)]
pub(super) struct Forecasts(Mutex<Work>);

#[derive(Default)]
struct Work {
    done: Option<(Key, Instant, Arc<ForecastView>)>,
    running: Option<Arc<AtomicU32>>,
}

/// Ends the making of a forecast, however it ends.
struct Running(Arc<Forecasts>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).running = None;
    }
}

impl Forecasts {
    /// What there is to say at once: a forecast for this seal or one that is hardly older, or how far the one under way has come.
    fn known(&self, key: &Key) -> Option<ForecastAnswer> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(((seal, turnout), made, view)) = &held.done
            && *turnout == key.1
            && (*seal == key.0 || made.elapsed() < FRESH)
        {
            return Some(ForecastAnswer { done: DRAWS, of: DRAWS, view: Some((**view).clone()) });
        }
        let running = held.running.as_ref()?;
        Some(ForecastAnswer { done: running.load(Ordering::Relaxed), of: DRAWS, view: None })
    }

    /// Begins one, unless one is under way.
    fn begin(self: &Arc<Self>, key: Key, poll: Poll) -> std::io::Result<()> {
        let progress = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if held.running.is_some() {
                return Ok(());
            }
            Arc::clone(held.running.insert(Arc::default()))
        };
        let running = Running(Arc::clone(self));
        // Not one of the runtime's threads: those would be waited for when the node stops.
        std::thread::Builder::new().name("forecast".to_owned()).spawn(move || {
            let mut funded: Vec<u32> = Vec::new();
            for begin in (0..DRAWS).step_by(STEP as usize) {
                let drawn = poll.draw(begin..(begin + STEP).min(DRAWS));
                funded.resize(drawn.len(), 0);
                for (sum, more) in funded.iter_mut().zip(drawn) {
                    *sum += more;
                }
                progress.store(begin, Ordering::Relaxed);
            }
            let view = ForecastView { forecast: poll.forecast(&funded, DRAWS), names: names(poll.count()) };
            let mut held = running.0.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.done = Some((key, Instant::now(), Arc::new(view)));
            drop(held);
        })?;
        Ok(())
    }
}

pub(super) async fn show(
    State(shared): State<Shared>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<ForecastAnswer>, Problem> {
    let Query(asked) = asked?;
    let turnout = match (asked.members, asked.share) {
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request("give 'members' or 'share', and not both"));
        }
        (Some(members), None) => Some(ExpectedTurnout::Members(members)),
        (None, share) => share.map(ExpectedTurnout::Share),
    };
    let seal = shared
        .ask(|core| match core.disagreement() {
            Some(disagreement) => {
                Err(Problem::conflict(format!("{disagreement}; this node shows no figures of its own")))
            }
            None => Ok(core.ledger().head()),
        })
        .await??;
    let forecasts = Arc::clone(&shared.0.bench.forecasts);
    if let Some(answer) = forecasts.known(&(seal, turnout)) {
        return Ok(Json(answer));
    }
    let ledger = shared.ask(|core| core.ledger().clone()).await?;
    let key = (ledger.head(), turnout);
    let begun = Arc::clone(&forecasts);
    blocking(move || begun.begin(key, ledger.poll(turnout)))
        .await?
        .map_err(|error| Problem::overloaded(format!("the forecast cannot be begun: {error}")))?;
    Ok(Json(forecasts.known(&key).unwrap_or(ForecastAnswer { done: 0, of: DRAWS, view: None })))
}
