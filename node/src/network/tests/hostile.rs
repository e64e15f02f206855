//! Strangers: nodes that speak the protocols and break their rules, and things that are no nodes at all.

use std::io;

use libp2p::futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity, ValidationMode};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{StreamProtocol, Swarm, SwarmBuilder, identify, noise, request_response, tcp, yamux};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::*;

/// A request or response as it is on the wire, whether or not the length is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) length: u32,
    pub(super) body: Vec<u8>,
}

#[derive(Clone)]
struct AnythingGoes;

async fn read<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<Frame> {
    let mut head = [0; 5];
    io.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let mut body = vec![0; usize::try_from(length).unwrap()];
    io.read_exact(&mut body).await?;
    Ok(Frame { kind: head[0], length, body })
}

async fn write<T: AsyncWrite + Unpin + Send>(io: &mut T, frame: Frame) -> io::Result<()> {
    io.write_all(&[frame.kind]).await?;
    io.write_all(&frame.length.to_be_bytes()).await?;
    io.write_all(&frame.body).await
}

impl request_response::Codec for AnythingGoes {
    type Protocol = StreamProtocol;
    type Request = Frame;
    type Response = Frame;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Frame> {
        read(io).await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
    ) -> io::Result<Frame> {
        read(io).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        frame: Frame,
    ) -> io::Result<()> {
        write(io, frame).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        frame: Frame,
    ) -> io::Result<()> {
        write(io, frame).await
    }
}

#[derive(NetworkBehaviour)]
struct StrangeBehaviour {
    requests: request_response::Behaviour<AnythingGoes>,
    gossip: gossipsub::Behaviour,
    identify: identify::Behaviour,
}

/// A node made of the same parts, without any of our care.
pub(super) struct Stranger {
    swarm: Swarm<StrangeBehaviour>,
}

impl Stranger {
    pub(super) async fn start() -> Self {
        Self::with_gossip(MessageAuthenticity::Anonymous, ValidationMode::Anonymous)
    }

    fn with_gossip(authenticity: MessageAuthenticity, mode: ValidationMode) -> Self {
        let gossip = gossipsub::ConfigBuilder::default()
            .validation_mode(mode)
            .max_transmit_size(8 << 20)
            .connection_handler_queue_len(100_000)
            .message_id_fn(|message| gossipsub::MessageId::new(blake3::hash(&message.data).as_bytes()))
            .build()
            .unwrap();
        let mut gossip = gossipsub::Behaviour::new(authenticity, gossip).unwrap();
        for topic in Topic::ALL {
            gossip.subscribe(&IdentTopic::new(topic.name(&COMMUNITY))).unwrap();
        }
        let requests = StreamProtocol::try_from_owned(format!("/mutua/1/{COMMUNITY}/request")).unwrap();
        let swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|key| StrangeBehaviour {
                requests: request_response::Behaviour::with_codec(
                    AnythingGoes,
                    [(requests, request_response::ProtocolSupport::Full)],
                    request_response::Config::default(),
                ),
                gossip,
                identify: identify::Behaviour::new(identify::Config::new(
                    behaviour::protocol_version(&COMMUNITY),
                    key.public(),
                )),
            })
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(DEADLINE))
            .build();
        Self { swarm }
    }

    pub(super) fn id(&self) -> PeerId {
        *self.swarm.local_peer_id()
    }

    pub(super) async fn address(&mut self) -> Multiaddr {
        self.swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
        self.until("address", |event| match event {
            SwarmEvent::NewListenAddr { address, .. } => Some(address),
            _ => None,
        })
        .await
    }

    async fn until<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(SwarmEvent<StrangeBehaviourEvent>) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let event = timeout_at(deadline, self.swarm.select_next_some())
                .await
                .unwrap_or_else(|_| panic!("the stranger saw no {what}"));
            if let Some(value) = wanted(event) {
                return value;
            }
        }
    }

    pub(super) async fn dial(&mut self, node: &Node) {
        self.swarm.dial(node.address()).unwrap();
        self.drive_until_connected().await;
    }

    pub(super) async fn drive_until_connected(&mut self) {
        self.until("identification", |event| {
            matches!(
                event,
                SwarmEvent::Behaviour(StrangeBehaviourEvent::Identify(identify::Event::Received { .. }))
            )
            .then_some(())
        })
        .await;
    }

    pub(super) fn ask(&mut self, peer: PeerId, frame: Frame) {
        self.swarm.behaviour_mut().requests.send_request(&peer, frame);
    }

    pub(super) async fn answered(&mut self) -> Frame {
        self.until("answer", |event| match event {
            SwarmEvent::Behaviour(StrangeBehaviourEvent::Requests(request_response::Event::Message {
                message: request_response::Message::Response { response, .. },
                ..
            })) => Some(response),
            _ => None,
        })
        .await
    }

    pub(super) async fn failed(&mut self) {
        self.until("failure", |event| {
            matches!(
                event,
                SwarmEvent::Behaviour(StrangeBehaviourEvent::Requests(
                    request_response::Event::OutboundFailure { .. }
                ))
            )
            .then_some(())
        })
        .await;
    }

    /// Answers every question about records with the same frame, for ever.
    pub(super) async fn serve(&mut self, frame: Frame) {
        loop {
            let event = self.swarm.select_next_some().await;
            if let SwarmEvent::Behaviour(StrangeBehaviourEvent::Requests(request_response::Event::Message {
                message: request_response::Message::Request { request, channel, .. },
                ..
            })) = event
                && request.kind == 0
            {
                self.swarm.behaviour_mut().requests.send_response(channel, frame.clone()).unwrap();
            }
        }
    }

    /// Publishes as soon as the other side wants the topic.
    async fn publish(&mut self, data: Vec<u8>) {
        let topic = IdentTopic::new(Topic::Records.name(&COMMUNITY));
        let deadline = Instant::now() + DEADLINE;
        while self.swarm.behaviour_mut().gossip.publish(topic.clone(), data.clone()).is_err() {
            assert!(Instant::now() < deadline, "nobody wants what the stranger says");
            self.run_for(Duration::from_millis(20)).await;
        }
        self.run_for(Duration::from_millis(1)).await;
    }

    /// Publishes without looking whether it succeeds.
    fn say(&mut self, data: Vec<u8>) {
        let topic = IdentTopic::new(Topic::Records.name(&COMMUNITY));
        let _ = self.swarm.behaviour_mut().gossip.publish(topic, data);
    }

    /// Goes on running while something else is waited for.
    pub(super) async fn during<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::select! {
            value = other => value,
            () = async { loop { self.swarm.select_next_some().await; } } => unreachable!(),
        }
    }

    async fn run_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while timeout_at(until, self.swarm.select_next_some()).await.is_ok() {}
    }
}

/// Two nodes that talk: whatever strangers do to the first, this goes on.
async fn still_works(a: &mut Node, b: &mut Node) {
    let data = format!("{:?}", std::time::Instant::now()).into_bytes();
    b.handle.publish(Topic::Seals, data.clone()).unwrap();
    a.wait("message among noise", |event| match event {
        NetworkEvent::Gossip { data: received, .. } => (*received == data).then_some(()),
        _ => None,
    })
    .await;
    let request = b.handle.request(a.id(), data.clone()).unwrap();
    let (_, asked, token) = a.asked().await;
    a.handle.respond(token, asked).unwrap();
    assert_eq!(b.answer(request).await.unwrap(), data);
}

#[tokio::test]
async fn garbage_on_the_port_is_harmless() {
    let mut a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    let (bare, _) = addresses::split(&a.address());
    let port = bare
        .iter()
        .find_map(|part| match part {
            Protocol::Tcp(port) => Some(port),
            _ => None,
        })
        .unwrap();
    // What comes in the middle of a proper handshake, and what never was one.
    let beginnings: [&[u8]; 6] = [
        b"",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x13/multistream/1.0.0\n\x07/noise\n",
        b"\x13/multistream/1.0.0\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        &[0; 1000],
        &[0xff; 1000],
    ];
    let mut open = Vec::new();
    for (number, beginning) in beginnings.iter().cycle().take(36).enumerate() {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
        let mut noise = vec![0; 2000];
        getrandom::fill(&mut noise).unwrap();
        // The other side may have hung up already.
        let _ = stream.write_all(beginning).await;
        if number % 2 == 0 {
            let _ = stream.write_all(&noise).await;
        }
        open.push(stream);
    }
    still_works(&mut a, &mut b).await;
    a.status_until("failed handshakes", |status| status.refusals(Refusal::ConnectionHandshakeFailed) >= 18)
        .await;
    drop(open);
    still_works(&mut a, &mut b).await;
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_keep_others_out() {
    let mut tight = config(&[]);
    tight.connections.handshakes = 4;
    tight.connections.per_loopback = 6;
    let mut a = Node::start(tight).await;
    let mut b = Node::joining(&[&a]).await;
    a.connected_to(b.id()).await;
    let (bare, _) = addresses::split(&a.address());
    let Some(Protocol::Tcp(port)) = bare.iter().nth(1) else { panic!("no port") };
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let status = a
        .status_until("refused connections", |status| {
            status.refusals(Refusal::ConnectionHandshakes) + status.refusals(Refusal::ConnectionAddressLimit)
                >= 15
        })
        .await;
    assert_eq!(status.peers.len(), 1);
    still_works(&mut a, &mut b).await;
    // Once they are gone, there is place again.
    drop(open);
    let mut c = Node::joining(&[&a]).await;
    still_works(&mut a, &mut c).await;
}

#[tokio::test]
async fn signed_or_oversize_messages_of_a_stranger_reach_nobody() {
    let mut node = Node::start(config(&[])).await;
    let key = libp2p::identity::Keypair::generate_ed25519();
    let mut signing = Stranger::with_gossip(MessageAuthenticity::Signed(key), ValidationMode::Strict);
    signing.dial(&node).await;
    signing.publish(b"signed by whom?".to_vec()).await;
    let signer = signing.id();
    let lowered = node.status_until("a lower score", |status| {
        status.peers.iter().any(|peer| peer.peer == signer && peer.score < 0.0)
    });
    signing.during(lowered).await;

    let mut large = Stranger::start().await;
    large.dial(&node).await;
    large.publish(vec![1; limits::MESSAGE_BYTES + 1]).await;
    let refused =
        node.status_until("a refused message", |status| status.refusals(Refusal::GossipTooLarge) == 1);
    large.during(refused).await;
    node.has_nothing_like(is_gossip);
}

#[tokio::test]
async fn a_flood_is_bounded_and_the_rest_goes_on() {
    let mut a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    let mut stranger = Stranger::start().await;
    stranger.dial(&a).await;
    // a's service does not look at anything while this comes in.
    let flood = 12_000_u32;
    stranger.publish(b"the first of many".to_vec()).await;
    for number in 0..flood {
        stranger.say(number.to_be_bytes().to_vec());
        if number % 100 == 0 {
            stranger.run_for(Duration::from_millis(1)).await;
        }
    }
    let refused =
        |status: &NetworkStatus| status.refusals(Refusal::GossipBusy) + status.refusals(Refusal::GossipRate);
    let full = a.status_until("refused messages", |status| refused(status) > 1000);
    stranger.during(full).await;
    assert!(a.events.len() <= limits::EVENTS);
    // Room was kept for what must not be lost.
    let c = Node::joining(&[&a]).await;
    a.connected_to(c.id()).await;
    a.passed.clear();
    still_works(&mut a, &mut b).await;
}
