//! Gossip: its topics, its message ids, and how gossipsub is set up.
//!
//! gossipsub is the fast path and not the truth. What it loses, catch-up brings. It is set up so that a
//! lie costs the liar and silence costs nobody: rejected messages count heavily against a peer, while the
//! terms that punish quiet peers, and many peers behind one address, have no weight.

use std::collections::HashMap;

use blake3::Hasher;
use libp2p::gossipsub::{
    self, ConfigBuilder, IdentTopic, MaxCountSubscriptionFilter, MessageAuthenticity, MessageId,
    PeerScoreParams, PeerScoreThresholds, TopicHash, TopicScoreParams, ValidationMode,
    WhitelistSubscriptionFilter,
};
use mutua_protocol::hash::CommunityId;

use super::limits;

/// Context of the message id. It never leaves the network layer: nothing signed or stored refers to it.
const MESSAGE_CONTEXT: &str = "mutua 1 gossip message id";

/// What is gossiped about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Signed records.
    Records,
    /// Messages between witnesses: proposals, votes.
    Witness,
    /// Seals with their certificates.
    Seals,
}

impl Topic {
    /// All topics, the most urgent first: a vote that waits behind records holds up everybody.
    pub const ALL: [Self; 3] = [Self::Witness, Self::Seals, Self::Records];

    /// The topic's name within a community.
    #[must_use]
    pub fn name(self, community: &CommunityId) -> String {
        let word = match self {
            Self::Records => "records",
            Self::Witness => "witness",
            Self::Seals => "seals",
        };
        format!("/mutua/1/{community}/{word}")
    }

    /// Place in [`Topic::ALL`].
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Witness => 0,
            Self::Seals => 1,
            Self::Records => 2,
        }
    }
}

/// The topics of one community and their names on the wire.
#[derive(Debug, Clone)]
pub(super) struct Topics {
    hashes: [TopicHash; 3],
}

impl Topics {
    pub(super) fn new(community: &CommunityId) -> Self {
        Self { hashes: Topic::ALL.map(|topic| TopicHash::from_raw(topic.name(community))) }
    }

    pub(super) fn hash(&self, topic: Topic) -> &TopicHash {
        &self.hashes[topic.index()]
    }

    pub(super) fn topic(&self, hash: &TopicHash) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| self.hash(*topic) == hash)
    }
}

/// gossipsub, subscribed to nothing but this community's topics whatever others announce.
pub(super) type Gossip = gossipsub::Behaviour<
    gossipsub::IdentityTransform,
    MaxCountSubscriptionFilter<WhitelistSubscriptionFilter>,
>;

/// The id of a message: a hash of its topic and content, so that the same content is the same message whoever
/// sends it. gossipsub's default (author and number) floods identical content again and again.
pub(super) fn message_id(topic: &str, data: &[u8]) -> MessageId {
    let mut hasher = Hasher::new_derive_key(MESSAGE_CONTEXT);
    // A topic name holds no zero byte, so topic and data cannot run into one another.
    hasher.update(topic.as_bytes()).update(&[0]).update(data);
    MessageId::new(hasher.finalize().as_bytes())
}

/// Sets up gossipsub for a community. The error names the setting that the library refused.
pub(super) fn build(community: &CommunityId) -> Result<Gossip, String> {
    let topics = Topics::new(community);
    let whitelist = WhitelistSubscriptionFilter(topics.hashes.iter().cloned().collect());
    let filter = MaxCountSubscriptionFilter {
        filter: whitelist,
        max_subscribed_topics: Topic::ALL.len(),
        // Subscribing and unsubscribing, and a newer version's topics beside ours.
        max_subscriptions_per_request: 32,
    };
    let mut gossip = Gossip::new_with_subscription_filter(MessageAuthenticity::Anonymous, config()?, filter)?;
    gossip.with_peer_score(score_params(&topics), score_thresholds())?;
    for topic in Topic::ALL {
        gossip.subscribe(&IdentTopic::new(topic.name(community))).map_err(|error| error.to_string())?;
    }
    Ok(gossip)
}

fn config() -> Result<gossipsub::Config, String> {
    let config = ConfigBuilder::default()
        // Who said something is in the record's own signature; gossipsub's would be a second one,
        // and not of the author.
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| message_id(message.topic.as_str(), &message.data))
        .validate_messages()
        .max_transmit_size(limits::TRANSMIT_BYTES)
        .max_control_messages_sent(limits::CONTROL_IDS)
        .max_control_message_size(limits::CONTROL_BYTES)
        .heartbeat_interval(limits::HEARTBEAT)
        .heartbeat_initial_delay(limits::HEARTBEAT / 4)
        .history_length(limits::HISTORY_LENGTH)
        .history_gossip(limits::HISTORY_GOSSIP)
        .duplicate_cache_time(limits::DUPLICATE_MEMORY)
        .mesh_n(limits::MESH)
        .mesh_n_low(limits::MESH_LOW)
        .mesh_n_high(limits::MESH_HIGH)
        .mesh_outbound_min(limits::MESH_OUTBOUND)
        .gossip_lazy(limits::GOSSIP_LAZY)
        // A publisher sends to all its peers: in a community of tens of nodes one hop is most of the way.
        .flood_publish(true)
        .connection_handler_queue_len(limits::PEER_QUEUE)
        .publish_queue_duration(limits::PEER_QUEUE_PATIENCE)
        .forward_queue_duration(limits::PEER_QUEUE_PATIENCE)
        // After a prune the mesh of a small network must heal soon.
        .prune_backoff(std::time::Duration::from_secs(15))
        // A busy node answers late; that is no misconduct.
        .iwant_followup_time(std::time::Duration::from_secs(10))
        .build()
        .map_err(|error| error.to_string())?;
    check(&config)?;
    Ok(config)
}

/// What the library does not check: `build` accepts any mesh and any transmit size.
fn check(config: &gossipsub::Config) -> Result<(), String> {
    let (low, mesh, high) = (config.mesh_n_low(), config.mesh_n(), config.mesh_n_high());
    let outbound = config.mesh_outbound_min();
    let rules = [
        (low <= mesh && mesh <= high, "mesh sizes out of order"),
        (outbound < low && outbound * 2 <= mesh, "too many outbound mesh peers"),
        (config.history_gossip() <= config.history_length(), "history shorter than what is gossiped"),
        (config.history_length() >= 12, "history too short for a verdict"),
        (
            config.max_control_message_size() >= config.max_control_messages_sent() * 34 + 1024,
            "control messages larger than a receiver takes",
        ),
        (config.validate_messages(), "messages would be forwarded before they are judged"),
        (
            config.max_transmit_size() >= limits::MESSAGE_BYTES + (64 << 10),
            "transmit size below a full buffer",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, broken)) => Err((*broken).to_owned()),
        None => Ok(()),
    }
}

fn score_params(topics: &Topics) -> PeerScoreParams {
    let topic = TopicScoreParams {
        topic_weight: 1.0,
        // A little credit for staying and for bringing news, so that a mesh prefers peers that serve it.
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: std::time::Duration::from_secs(1),
        time_in_mesh_cap: 300.0,
        first_message_deliveries_weight: 0.05,
        first_message_deliveries_decay: 0.9,
        first_message_deliveries_cap: 100.0,
        // A community is quiet for hours. Who has nothing to say must not lose points for it.
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: limits::INVALID_MESSAGE_WEIGHT,
        invalid_message_deliveries_decay: limits::INVALID_MESSAGE_DECAY,
        ..TopicScoreParams::default()
    };
    PeerScoreParams {
        topics: topics.hashes.iter().map(|hash| (hash.clone(), topic.clone())).collect::<HashMap<_, _>>(),
        topic_score_cap: limits::SCORE_CAP,
        app_specific_weight: 0.0,
        // Members share an address in a household, a whole community shares loopback; connections per
        // address are limited elsewhere.
        ip_colocation_factor_weight: 0.0,
        // Grafting too early and unkept promises happen to a node that was restarted or is busy.
        behaviour_penalty_weight: -5.0,
        behaviour_penalty_threshold: 8.0,
        behaviour_penalty_decay: 0.8,
        decay_interval: limits::SCORE_DECAY,
        retain_score: limits::SCORE_MEMORY,
        // Slow is not dishonest; a peer far too slow is disconnected.
        slow_peer_weight: 0.0,
        ..PeerScoreParams::default()
    }
}

fn score_thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: limits::GOSSIP_THRESHOLD,
        publish_threshold: limits::PUBLISH_THRESHOLD,
        graylist_threshold: limits::GRAYLIST_THRESHOLD,
        accept_px_threshold: limits::SCORE_CAP,
        opportunistic_graft_threshold: 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMUNITY: CommunityId = CommunityId([7; 32]);

    #[test]
    fn gossipsub_accepts_the_settings() {
        build(&COMMUNITY).unwrap();
    }

    #[test]
    fn settings_that_the_library_would_take_are_refused() {
        let mut builder = ConfigBuilder::from(config().unwrap());
        check(&builder.mesh_n_high(2).build().unwrap()).unwrap_err();
        let mut builder = ConfigBuilder::from(config().unwrap());
        check(&builder.max_transmit_size(limits::MESSAGE_BYTES).build().unwrap()).unwrap_err();
        let mut builder = ConfigBuilder::from(config().unwrap());
        check(&builder.history_length(5).build().unwrap()).unwrap_err();
        let mut builder = ConfigBuilder::from(config().unwrap());
        check(&builder.max_control_message_size(16384).build().unwrap()).unwrap_err();
    }

    #[test]
    fn a_message_is_named_by_topic_and_content() {
        let id = message_id("/a", b"x");
        assert_eq!(id.0.len(), 32);
        assert_eq!(id, message_id("/a", b"x"));
        assert_ne!(id, message_id("/a", b"y"));
        assert_ne!(id, message_id("/b", b"x"));
        assert_ne!(message_id("/a", b"bc"), message_id("/ab", b"c"));
    }

    #[test]
    fn topics_carry_the_community() {
        let topics = Topics::new(&COMMUNITY);
        for topic in Topic::ALL {
            assert_eq!(topics.topic(topics.hash(topic)), Some(topic));
            assert_eq!(Topic::ALL[topic.index()], topic);
        }
        let other = Topics::new(&CommunityId([8; 32]));
        assert_eq!(topics.topic(other.hash(Topic::Records)), None);
        assert_eq!(Topic::Records.name(&COMMUNITY), format!("/mutua/1/{}/records", "07".repeat(32)));
    }
}
