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
mod document;
mod events;
mod evidence;
mod explanations;
mod forecasts;
mod guard;
mod kept;
mod loans;
mod metrics;
mod money;
mod named;
mod notices;
mod outcomes;
mod own;
mod page;
mod paged;
mod patient;
mod preview;
mod problem;
pub mod queue;
mod receipts;
mod records;
mod routes;
mod server;
mod standing;
pub mod types;
mod views;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aide::openapi::OpenApi;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    middleware,
    response::{IntoResponse, Response},
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
    document: Bytes,
    kept: kept::Kept,
    requests: metrics::Requests,
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
    fn new(
        context: Context,
        door: Door,
        (api, kept): (OpenApi, kept::Kept),
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self(Arc::new(Inner {
            context,
            door,
            document: written(&api).into(),
            kept,
            requests: metrics::Requests::default(),
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

/// The document of the owner's door (OpenAPI 3.1), as it is served at `/v1/openapi.json`.
#[must_use]
pub fn document() -> String {
    written(&routes::owners().finish().1.0)
}

fn written(api: &OpenApi) -> String {
    serde_json::to_string_pretty(api).expect("the document has only values that JSON can write")
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
    let (router, told) = routes::owners().finish();
    let shared = Shared::new(context, Door::Owner(listener.local_addr()?), told, stopping.clone());
    let router = router.layer(DefaultBodyLimit::max(BODY_BYTES)).fallback(elsewhere);
    server::serve(listener, guarded(router, shared), stopping).await;
    Ok(())
}

/// Serves the log and the outcomes to auditors, who show the token of this context, until `stopping` becomes true. It has
/// room of its own: whatever auditors do, the owner's requests do not wait for them.
pub async fn serve_auditors(listener: TcpListener, context: Context, stopping: watch::Receiver<bool>) {
    let (router, told) = routes::shown_to_all().finish();
    let shared = Shared::new(context, Door::Auditors, told, stopping.clone());
    let router = router.fallback(nowhere);
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
