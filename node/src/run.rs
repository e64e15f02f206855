//! Running a node: opens the store, starts service, network and API, and stops them in order.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use libp2p::Multiaddr;
use mutua_protocol::{
    charter::{Charter, CharterError, Community},
    keys::SecretKey,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::{
    api,
    network::{self, ConnectionLimits, NetworkConfig, NetworkError, NetworkEvent},
    service::{self, Clock, Core, CoreError, ServiceHandle},
    store::{Store, StoreError},
};

/// Under this name a running node writes into its home where it can be reached.
pub const RUNNING: &str = "api.json";

/// How a node is run.
pub struct NodeConfig {
    /// Its home folder.
    pub home: PathBuf,
    /// The community's charter.
    pub charter: Charter,
    /// The seed of its network identity.
    pub identity: Zeroizing<[u8; 32]>,
    /// Where to listen, as multiaddresses.
    pub listen: Vec<String>,
    /// Where to find others, as multiaddresses.
    pub bootstrap: Vec<String>,
    /// Look for others on the local network?
    pub mdns: bool,
    /// Where the local API listens; port 0 takes any free one.
    pub api: SocketAddr,
    /// What a client of the API has to show.
    pub api_token: Zeroizing<String>,
    /// Where the owner's page has something said, if it can.
    pub desk: Option<Arc<dyn api::desk::Desk>>,
    /// Where auditors are let in, if they are.
    pub auditors: Option<AuditorAccess>,
    /// The witness key, if it is a witness.
    pub witness: Option<SecretKey>,
    /// The store's cache in bytes.
    pub cache_bytes: u64,
}

/// Read-only access to the log and the outcomes.
pub struct AuditorAccess {
    /// Where auditors come in; port 0 takes any free one.
    pub address: SocketAddr,
    /// What they have to show.
    pub token: Zeroizing<String>,
}

/// Where a running node can be reached ([`RUNNING`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The API's address.
    pub api: SocketAddr,
    /// Where it listens for peers, with its name: others can use it to find it.
    pub listen: Vec<String>,
    /// Where auditors come in, if they are let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auditors: Option<SocketAddr>,
    /// Its process.
    pub pid: u32,
}

/// Why a node cannot run, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The charter breaks a rule.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// An address is no multiaddress.
    #[error("'{0}' is not an address such as /ip4/0.0.0.0/tcp/4610")]
    Address(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state cannot be rebuilt, or the store failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The network cannot start.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The API cannot listen.
    #[error("the local API cannot listen on {address}: {error}; choose another address with --api")]
    Api {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// Auditors cannot be let in.
    #[error("auditors cannot be let in at {address}: {error}; choose another address with --auditors")]
    Auditors {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// A file in the home folder cannot be written.
    #[error("cannot write {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A thread or task could not be started, or has died.
    #[error("the node's {0} has failed")]
    Task(&'static str),
}

/// Runs a node until `stop` is ready, or it fails. `ready` is called once it can be reached.
///
/// # Errors
/// [`RunError`] that says what failed and what to do.
pub async fn run(
    config: NodeConfig,
    ready: impl FnOnce(&Running),
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let community = Arc::new(Community::new(config.charter)?);
    let listen = addresses(&config.listen)?;
    let bootstrap = addresses(&config.bootstrap)?;
    let clock = Clock::started();
    let path = config.home.join("store");
    let opening = {
        let community = Arc::clone(&community);
        let witness = config.witness;
        move || -> Result<Core, RunError> {
            let store = Store::open(&path, config.cache_bytes)?;
            tracing::info!(path = %path.display(), "replaying the log");
            Ok(Core::open(community, store, witness, clock.now(), |height, last| {
                if height % 1000 == 0 {
                    tracing::info!(height, last, "replaying");
                }
            })?)
        }
    };
    let core = tokio::task::spawn_blocking(opening).await.map_err(|_| RunError::Task("store"))??;
    let reader = core.reader().clone();
    tracing::info!(height = core.ledger().height(), records = core.ledger().records(), "the log is replayed");

    let listener = tokio::net::TcpListener::bind(config.api)
        .await
        .map_err(|error| RunError::Api { address: config.api, error })?;
    let api_address = listener.local_addr().map_err(|error| RunError::Api { address: config.api, error })?;
    let auditors = match config.auditors {
        None => None,
        Some(AuditorAccess { address, token }) => {
            let failed = |error| RunError::Auditors { address, error };
            let listener = tokio::net::TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            Some((listener, address, token))
        }
    };
    let (network, events) = network::start(NetworkConfig {
        listen,
        bootstrap,
        mdns: config.mdns,
        agent: format!("mutua/{}", env!("CARGO_PKG_VERSION")),
        connections: ConnectionLimits::default(),
        ..NetworkConfig::new(community.id, *config.identity)
    })
    .await?;

    let (service, thread) =
        service::start(core, clock, network.clone()).map_err(|_| RunError::Task("service thread"))?;
    let service_ended = tokio::task::spawn_blocking(move || thread.join());
    let forwarding = forward(events, service.clone());

    let running = Running {
        api: api_address,
        listen: network.status().listening.iter().map(ToString::to_string).collect(),
        auditors: auditors.as_ref().map(|(_, address, _)| *address),
        pid: std::process::id(),
    };
    let running_file = config.home.join(RUNNING);
    write_running(&running_file, &running)?;
    tracing::info!(api = %api_address, listen = ?running.listen, "the node is running");

    let context = api::Context {
        service: service.clone(),
        reader,
        network: network.clone(),
        community,
        token: config.api_token,
        desk: config.desk,
    };
    let (stop_api, api_stopping) = tokio::sync::watch::channel(false);
    let door = auditors.map(|(listener, address, token)| {
        tracing::info!(%address, "auditors are let in");
        let context = api::Context { token, desk: None, ..context.clone() };
        tokio::spawn(api::serve_auditors(listener, context, api_stopping.clone()))
    });
    let mut serving = tokio::spawn(api::serve(listener, context, api_stopping));
    ready(&running);

    tokio::pin!(service_ended);
    let ended = tokio::select! {
        () = stop => None,
        result = &mut service_ended => Some(result),
        _ = &mut serving => { tracing::error!("the local API has stopped"); None }
        () = network.stopped() => { tracing::error!("the network has stopped"); None }
    };

    tracing::info!("stopping");
    let _ = stop_api.send(true);
    // A client that never ends its request must not keep the node from stopping.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(3), &mut serving).await;
    serving.abort();
    if let Some(door) = door {
        door.abort();
    }
    service.stop();
    let result = match ended {
        Some(result) => result,
        None => service_ended.await,
    };
    network.shutdown();
    forwarding.abort();
    let _ = std::fs::remove_file(&running_file);
    match result {
        Ok(Ok(ended)) => Ok(ended?),
        _ => Err(RunError::Task("service thread")),
    }
}

/// Passes the network's events on to the service.
fn forward(mut events: mpsc::Receiver<NetworkEvent>, service: ServiceHandle) -> tokio::task::JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        while let Some(event) = events.blocking_recv() {
            if service.network(event).is_err() {
                break;
            }
        }
    })
}

fn addresses(texts: &[String]) -> Result<Vec<Multiaddr>, RunError> {
    texts.iter().map(|text| text.parse().map_err(|_| RunError::Address(text.clone()))).collect()
}

/// Written whole or not at all: others wait for it.
fn write_running(path: &Path, running: &Running) -> Result<(), RunError> {
    let failed = |error| RunError::File { path: path.to_path_buf(), error };
    let temporary = path.with_extension("tmp");
    let mut file = std::fs::File::create(&temporary).map_err(failed)?;
    let text = serde_json::to_string_pretty(running).map_err(|error| failed(error.into()))?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}
