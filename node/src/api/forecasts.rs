//! What may become of the current round: computed on a thread of its own, once for each seal, and never more than half of
//! the time.

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
    allocation::FULL_DRAWS,
    hash::SealId,
    ledger::{ExpectedTurnout, Poll},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Shared, blocking,
    explanations::names,
    problem::Problem,
    types::{ForecastAnswer, ForecastView},
};

/// Draws between two looks at the clock for those who wait.
const STEP: u32 = 10;

/// For how long a forecast is shown at least although there are newer seals: where many vote, there is one every second.
const FRESH: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
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
    done: Option<Done>,
    running: Option<Arc<Progress>>,
}

/// A forecast, and until when it is shown although there are newer seals: at least as long again as it took to make.
struct Done {
    key: Key,
    fresh_until: Instant,
    view: Arc<ForecastView>,
}

/// How far a forecast has come.
struct Progress {
    drawn: AtomicU32,
    of: u32,
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
        if let Some(Done { key: (seal, turnout), fresh_until, view }) = &held.done
            && *turnout == key.1
            && (*seal == key.0 || Instant::now() < *fresh_until)
        {
            let draws = view.forecast.draws;
            return Some(ForecastAnswer { done: draws, of: draws, view: Some((**view).clone()) });
        }
        let running = held.running.as_ref()?;
        Some(ForecastAnswer { done: running.drawn.load(Ordering::Relaxed), of: running.of, view: None })
    }

    /// Begins one, unless one is under way.
    fn begin(self: &Arc<Self>, key: Key, poll: Poll) -> std::io::Result<()> {
        let draws = poll.draws();
        let progress = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if held.running.is_some() {
                return Ok(());
            }
            Arc::clone(held.running.insert(Arc::new(Progress { drawn: AtomicU32::new(0), of: draws })))
        };
        let running = Running(Arc::clone(self));
        // Not one of the runtime's threads: those would be waited for when the node stops.
        std::thread::Builder::new().name("forecast".to_owned()).spawn(move || {
            let begun = Instant::now();
            let mut funded: Vec<u32> = Vec::new();
            for begin in (0..draws).step_by(STEP as usize) {
                let drawn = poll.draw(begin..(begin + STEP).min(draws));
                funded.resize(drawn.len(), 0);
                for (sum, more) in funded.iter_mut().zip(drawn) {
                    *sum += more;
                }
                progress.drawn.store(begin, Ordering::Relaxed);
            }
            let view = ForecastView { forecast: poll.forecast(&funded, draws), names: names(poll.count()) };
            let fresh_until = Instant::now() + begun.elapsed().max(FRESH);
            let mut held = running.0.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.done = Some(Done { key, fresh_until, view: Arc::new(view) });
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
    Ok(Json(forecasts.known(&key).unwrap_or(ForecastAnswer { done: 0, of: FULL_DRAWS, view: None })))
}
