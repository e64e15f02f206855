//! The local API: HTTP and JSON on loopback, for the command line, the web page and other programs of this machine.
//!
//! Every request but those for the files of the page shows the token that lies in the node's home (`Authorization: Bearer ...`). `Host` has to
//! name this machine and `Origin`, if a browser sends one, has to be the API itself, so that no page on
//! the web can speak to it. Auditors can be let in by a door of their own, at any address and with a token of its own,
//! which leads to the log and the outcomes and nowhere else. Errors are `application/problem+json` (RFC 9457).

mod archive;
mod arguments;
mod bench;
mod charters;
mod delegations;
pub mod desk;
mod events;
mod evidence;
mod explanations;
mod forecasts;
mod guard;
mod loans;
mod money;
mod notices;
mod outcomes;
mod own;
mod page;
mod patient;
mod preview;
mod problem;
pub mod queue;
mod receipts;
mod records;
mod server;
mod standing;
pub mod types;
mod views;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use mutua_protocol::charter::Community;
use tokio::{net::TcpListener, sync::Semaphore, sync::watch};
use zeroize::Zeroizing;

use crate::{
    network::NetworkHandle,
    service::{Core, NodeStatus, ServiceHandle},
    store::Reader,
};
pub use archive::HEIGHT;
pub use money::show_amount;
use problem::Problem;

/// Greatest request body: a seal of the greatest size, or a thousand records in hexadecimal.
const BODY_BYTES: usize = 4 << 20;

/// Requests that are worked on at once; others wait.
const REQUESTS: usize = 32;

/// Answers of any length that are made at once: each keeps a thread and a few parts in memory.
const DOWNLOADS: usize = 4;

/// How long one request may take, sending its body included. Answers that stream may take longer.
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// What the API works with.
#[derive(Clone)]
pub struct Context {
    /// The node.
    pub service: ServiceHandle,
    /// Its store.
    pub reader: Reader,
    /// Its network.
    pub network: NetworkHandle,
    /// The community, under its founding charter.
    pub community: Arc<Community>,
    /// What a client has to show.
    pub token: Zeroizing<String>,
    /// Where the owner's page has something said, if the program has lent one.
    pub desk: Option<Arc<dyn desk::Desk>>,
}

/// What every handler sees.
#[derive(Clone)]
struct Shared(Arc<Inner>);

/// By which door a request comes.
#[derive(Debug, Clone, Copy)]
enum Door {
    /// The owner's, on this machine, at this address.
    Owner(SocketAddr),
    /// The auditors', who may come from anywhere.
    Auditors,
}

struct Inner {
    context: Context,
    door: Door,
    places: Semaphore,
    downloads: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
    standing: standing::Standing,
    bench: bench::Bench,
}

impl std::ops::Deref for Shared {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0.context
    }
}

impl Shared {
    fn new(context: Context, door: Door, stopping: watch::Receiver<bool>) -> Self {
        Self(Arc::new(Inner {
            context,
            door,
            places: Semaphore::new(REQUESTS),
            downloads: Arc::new(Semaphore::new(DOWNLOADS)),
            streams: Arc::new(Semaphore::new(events::STREAMS)),
            stopping,
            standing: standing::Standing::default(),
            bench: bench::Bench::default(),
        }))
    }

    /// Asks the service, on a thread that may wait.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.service.clone();
        blocking(move || service.query(question)).await?.map_err(Problem::from)
    }
}

/// Runs what waits for the service or the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::stopping())
}

/// Serves the API until `stopping` becomes true, and then finishes the requests under way.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    context: Context,
    stopping: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let shared = Shared::new(context, Door::Owner(listener.local_addr()?), stopping.clone());
    let router = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/own-keys", get(own::keys))
        .route("/v1/events", get(events::stream))
        .route("/v1/network", get(network))
        .route("/v1/charter", get(charters::in_force))
        .route("/v1/charters", get(charters::all))
        .route("/v1/members", get(views::members))
        .route("/v1/members/{key}", get(views::member))
        .route("/v1/chains/{key}", get(views::chain))
        .route("/v1/replacements", get(views::replacements))
        .route("/v1/successors", get(views::successors))
        .route("/v1/proposals", get(views::proposals))
        .route("/v1/proposals/{id}", get(views::proposal))
        .route("/v1/proposals/{id}/arguments", get(arguments::thread))
        .route("/v1/arguments", get(arguments::find))
        .route("/v1/questions", get(arguments::questions))
        .route("/v1/ballots/{key}", get(views::ballot))
        .route("/v1/delegations/{key}", get(delegations::show))
        .route("/v1/records", post(records::submit).get(records::beginning))
        .route("/v1/records/let-go", post(records::let_go))
        .route("/v1/records/{id}", get(records::show))
        .route("/v1/outcomes", get(outcomes::list))
        .route("/v1/outcomes/{round}", get(outcomes::show))
        .route("/v1/outcomes/{round}/shares", get(outcomes::shares))
        .route("/v1/outcomes/{round}/explanation", get(explanations::explanation))
        .route("/v1/outcomes/{round}/explanation/{proposal}", get(explanations::loan))
        .route("/v1/outcomes/{round}/what-if", post(explanations::what_if))
        .route("/v1/preview", post(preview::show))
        .route("/v1/forecast", get(forecasts::show))
        .route("/v1/receipts", get(receipts::show))
        .route("/v1/evidence", get(evidence::list))
        .route("/v1/evidence/{name}", get(evidence::show))
        .route("/v1/notices", get(notices::list))
        .route("/v1/attestors/{key}/queue", get(queue::show))
        .route("/v1/portfolio", get(loans::show_portfolio))
        .route("/v1/track-record", get(loans::show_track_record))
        .route("/v1/desk", post(desk::act))
        .route("/v1/seals", post(archive::import))
        .route("/v1/seals/{height}", get(archive::seal))
        .route("/v1/archive", get(archive::export))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .fallback(elsewhere);
    server::serve(listener, guarded(router, shared), stopping).await;
    Ok(())
}

/// Serves the log and the outcomes to auditors, who show the token of this context, until `stopping` becomes true. It has
/// room of its own: whatever auditors do, the owner's requests do not wait for them.
pub async fn serve_auditors(listener: TcpListener, context: Context, stopping: watch::Receiver<bool>) {
    let router = Router::new()
        .route("/v1/charter", get(charters::in_force))
        .route("/v1/charters", get(charters::all))
        .route("/v1/outcomes", get(outcomes::list))
        .route("/v1/outcomes/{round}", get(outcomes::show))
        .route("/v1/outcomes/{round}/shares", get(outcomes::shares))
        .route("/v1/receipts", get(receipts::show))
        .route("/v1/evidence", get(evidence::list))
        .route("/v1/evidence/{name}", get(evidence::show))
        .route("/v1/seals/{height}", get(archive::seal))
        .route("/v1/archive", get(archive::export))
        .fallback(nowhere);
    let shared = Shared::new(context, Door::Auditors, stopping.clone());
    server::serve(listener, guarded(router, shared), stopping).await;
}

/// Everything goes past the guard, also what leads nowhere.
fn guarded(router: Router<Shared>, shared: Shared) -> Router {
    router
        .method_not_allowed_fallback(|| async { Problem::method() })
        .layer(middleware::from_fn_with_state(shared.clone(), guard::admit))
        .with_state(shared)
}

async fn nowhere() -> Problem {
    Problem::not_found("there is nothing at this path; the API begins at /v1/")
}

/// What is not the API's is the page's.
async fn elsewhere(request: Request) -> Response {
    if page::is_file(request.uri().path()) {
        page::show(request).await
    } else {
        nowhere().await.into_response()
    }
}

async fn status(State(shared): State<Shared>) -> Result<Json<NodeStatus>, Problem> {
    Ok(Json(shared.ask(Core::status).await?))
}

async fn network(State(shared): State<Shared>) -> Json<crate::network::NetworkStatus> {
    Json(shared.network.status())
}
