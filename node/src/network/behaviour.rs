//! The protocols of a node put together, and the transports under them.

use std::sync::Arc;

use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    StreamProtocol, Swarm, SwarmBuilder, identify, mdns, memory_connection_limits, noise, ping, quic,
    request_response, tcp, yamux,
};
use mutua_protocol::hash::CommunityId;

use super::admission::Admission;
use super::codec::PageCodec;
use super::gossip::{self, Gossip};
use super::limits;
use super::status::Board;
use super::{NetworkConfig, NetworkError};

/// All protocols. **The order matters**: admission comes first, so that a connection it refuses is never
/// seen by the others, which would keep a ghost of it.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) admission: Admission,
    memory: memory_connection_limits::Behaviour,
    pub(super) gossip: Gossip,
    pub(super) requests: request_response::Behaviour<PageCodec>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    mdns: Toggle<mdns::tokio::Behaviour>,
}

/// What a node of this community says that it speaks. A node that says something else is not one of us.
pub(super) fn protocol_version(community: &CommunityId) -> String {
    format!("mutua/1/{community}")
}

/// Builds the swarm of a node.
pub(super) fn swarm(
    config: &NetworkConfig,
    key: &Keypair,
    board: &Arc<Board>,
) -> Result<Swarm<Behaviour>, NetworkError> {
    let with_transports = || {
        SwarmBuilder::with_existing_identity(key.clone())
            .with_tokio()
            .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, multiplexer)
            .map(|builder| builder.with_quic_config(quic_settings))
            .map_err(|error| NetworkError::Setup(error.to_string()))
    };
    let behaviour = behaviour(config, key, board)?;
    let settings = |config: libp2p::swarm::Config| {
        config
            .with_idle_connection_timeout(limits::IDLE_TIMEOUT)
            .with_max_negotiating_inbound_streams(limits::NEGOTIATING_STREAMS)
    };
    match with_transports()?.with_dns() {
        Ok(builder) => Ok(builder
            .with_behaviour(|_| behaviour)
            .map_err(|error| NetworkError::Setup(error.to_string()))?
            .with_swarm_config(settings)
            .with_connection_timeout(limits::CONNECT_TIMEOUT)
            .build()),
        Err(error) => {
            tracing::warn!(%error, "no DNS settings found: addresses with host names cannot be dialled");
            Ok(with_transports()?
                .with_behaviour(|_| behaviour)
                .map_err(|error| NetworkError::Setup(error.to_string()))?
                .with_swarm_config(settings)
                .with_connection_timeout(limits::CONNECT_TIMEOUT)
                .build())
        }
    }
}

fn multiplexer() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(limits::STREAMS);
    config
}

fn quic_settings(mut config: quic::Config) -> quic::Config {
    config.max_concurrent_stream_limit = u32::try_from(limits::STREAMS).unwrap_or(u32::MAX);
    config.max_stream_data = limits::QUIC_STREAM_WINDOW;
    config.max_connection_data = limits::QUIC_CONNECTION_WINDOW;
    config
}

fn behaviour(config: &NetworkConfig, key: &Keypair, board: &Arc<Board>) -> Result<Behaviour, NetworkError> {
    let local = key.public().to_peer_id();
    let identify = identify::Config::new(protocol_version(&config.community), key.public())
        .with_agent_version(config.agent.clone())
        .with_push_listen_addr_updates(true)
        // Addresses are kept in our own book, which is bounded and knows what to believe.
        .with_cache_size(0);
    let requests = StreamProtocol::try_from_owned(format!("/mutua/1/{}/request", config.community))
        .map_err(|error| NetworkError::Setup(error.to_string()))?;
    let mdns =
        config.mdns.then(|| mdns::tokio::Behaviour::new(mdns::Config::default(), local)).and_then(|mdns| {
            mdns.inspect_err(|error| tracing::warn!(%error, "no discovery on the local network")).ok()
        });
    Ok(Behaviour {
        admission: Admission::new(config.connections, Arc::clone(board)),
        memory: memory_connection_limits::Behaviour::with_max_bytes(config.memory_bytes),
        gossip: gossip::build(&config.community).map_err(NetworkError::Setup)?,
        requests: request_response::Behaviour::with_codec(
            PageCodec::new(Arc::clone(board)),
            [(requests, request_response::ProtocolSupport::Full)],
            request_response::Config::default()
                .with_request_timeout(config.request_timeout)
                .with_max_concurrent_streams(limits::REQUEST_STREAMS),
        ),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::new(
            ping::Config::new().with_interval(limits::PING_INTERVAL).with_timeout(limits::PING_TIMEOUT),
        ),
        mdns: Toggle::from(mdns),
    })
}
