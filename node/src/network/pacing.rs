//! Pacing: how fast things may go, and the queue of what waits to be published.
//!
//! A publish that finds gossipsub's queues full is lost and cannot be retried, because its id is already in
//! the duplicate cache. So messages wait here, before the first attempt, and leave at a rate that the
//! network carries.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use super::gossip::Topic;
use super::limits;

/// A bucket that fills at a steady rate up to a brim.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    per_second: f64,
    brim: f64,
    level: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(per_second: f64, brim: f64, now: Instant) -> Self {
        Self { per_second, brim, level: brim, at: now }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.brim);
        self.at = self.at.max(now);
    }

    /// Takes `amount` if it is there.
    pub(super) fn take(&mut self, amount: f64, now: Instant) -> bool {
        self.fill(now);
        let enough = self.level >= amount;
        if enough {
            self.level -= amount;
        }
        enough
    }

    /// Puts back what was taken in vain.
    fn give_back(&mut self, amount: f64) {
        self.level = (self.level + amount).min(self.brim);
    }

    /// How long until `amount` is there.
    fn wait(&mut self, amount: f64, now: Instant) -> Duration {
        self.fill(now);
        let missing = (amount - self.level).max(0.0);
        Duration::from_secs_f64(missing / self.per_second)
    }

    /// Whether nothing has been taken for so long that the bucket need not be remembered.
    pub(super) fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= self.brim
    }
}

/// A message on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) data: Vec<u8>,
    pub(super) since: Instant,
    /// Its place in the bounded queue, free again when this is dropped.
    pub(super) _room: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<Outgoing>,
    /// Nobody wanted this topic; not before then is it tried again.
    no_peers_until: Option<Instant>,
}

/// The messages that wait to be published. Bounded by the room that each of them holds.
#[derive(Debug)]
pub(super) struct Pacer {
    lanes: [Lane; 3],
    messages: Bucket,
    bytes: Bucket,
}

impl Pacer {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            lanes: Default::default(),
            messages: Bucket::new(limits::PUBLISH_PER_SECOND, limits::PUBLISH_BURST, now),
            bytes: Bucket::new(limits::PUBLISH_BYTES_PER_SECOND, limits::PUBLISH_BYTES_BURST, now),
        }
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.queue.len()).sum()
    }

    /// Queues a message behind those of its topic.
    pub(super) fn push(&mut self, topic: Topic, message: Outgoing) {
        self.lanes[topic.index()].queue.push_back(message);
    }

    /// The next message that may leave now, the most urgent topic first.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(Topic, Outgoing)> {
        let topic = self.ready(now)?;
        let lane = &mut self.lanes[topic.index()];
        let size = size(lane.queue.front()?);
        if !self.messages.take(1.0, now) {
            return None;
        }
        if !self.bytes.take(size, now) {
            self.messages.give_back(1.0);
            return None;
        }
        lane.no_peers_until = None;
        lane.queue.pop_front().map(|message| (topic, message))
    }

    /// Takes back a message that nobody was there for. Returns how many older ones had to go.
    pub(super) fn nobody_wanted(&mut self, topic: Topic, message: Outgoing, now: Instant) -> usize {
        self.messages.give_back(1.0);
        self.bytes.give_back(size(&message));
        let lane = &mut self.lanes[topic.index()];
        lane.queue.push_front(message);
        lane.no_peers_until = Some(now + limits::NO_PEERS_RETRY);
        let before = lane.queue.len();
        while lane.queue.len() > limits::NO_PEERS_QUEUE
            || lane.queue.front().is_some_and(|message| {
                now.saturating_duration_since(message.since) > limits::NO_PEERS_PATIENCE
            })
        {
            lane.queue.pop_front();
        }
        before - lane.queue.len()
    }

    /// Somebody has come who wants this topic.
    pub(super) fn somebody_wants(&mut self, topic: Topic) {
        self.lanes[topic.index()].no_peers_until = None;
    }

    /// When [`Pacer::pop`] will next have something, if anything waits.
    pub(super) fn next(&mut self, now: Instant) -> Option<Instant> {
        if let Some(topic) = self.ready(now) {
            let size = size(self.lanes[topic.index()].queue.front()?);
            return Some(now + self.messages.wait(1.0, now).max(self.bytes.wait(size, now)));
        }
        self.lanes.iter().filter(|lane| !lane.queue.is_empty()).filter_map(|lane| lane.no_peers_until).min()
    }

    fn ready(&self, now: Instant) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| {
            let lane = &self.lanes[topic.index()];
            !lane.queue.is_empty() && lane.no_peers_until.is_none_or(|until| until <= now)
        })
    }
}

/// Message sizes are below [`limits::MESSAGE_BYTES`], far inside what a float counts exactly.
#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn size(message: &Outgoing) -> f64 {
    message.data.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize, since: Instant) -> Outgoing {
        Outgoing { data: vec![0; length], since, _room: None }
    }

    #[test]
    fn messages_leave_no_faster_than_the_rate() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        for _ in 0..2000 {
            pacer.push(Topic::Records, message(600, start));
        }
        let mut now = start;
        let mut sent = 0;
        while now < start + Duration::from_secs(1) {
            while pacer.pop(now).is_some() {
                sent += 1;
            }
            now = pacer.next(now).unwrap().max(now + Duration::from_millis(1));
        }
        let most = limits::PUBLISH_PER_SECOND + limits::PUBLISH_BURST;
        assert!(f64::from(sent) <= most + 1.0, "{sent} sent");
        assert!(f64::from(sent) >= limits::PUBLISH_PER_SECOND * 0.9, "{sent} sent");
    }

    #[test]
    fn large_messages_leave_no_faster_than_the_byte_rate() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        for _ in 0..200 {
            pacer.push(Topic::Records, message(limits::MESSAGE_BYTES, start));
        }
        let mut now = start;
        let mut bytes = 0;
        while now < start + Duration::from_secs(1) {
            while let Some((_, sent)) = pacer.pop(now) {
                bytes += sent.data.len();
            }
            now = pacer.next(now).unwrap().max(now + Duration::from_millis(1));
        }
        assert!(bytes <= (9 << 20) + limits::MESSAGE_BYTES, "{bytes} bytes");
        assert!(bytes >= 8 << 20, "{bytes} bytes");
    }

    #[test]
    fn a_vote_does_not_wait_behind_records() {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        for _ in 0..10 {
            pacer.push(Topic::Records, message(1, now));
        }
        pacer.push(Topic::Seals, message(2, now));
        pacer.push(Topic::Witness, message(3, now));
        let order: Vec<_> = std::iter::from_fn(|| pacer.pop(now)).map(|(topic, _)| topic).take(3).collect();
        assert_eq!(order, [Topic::Witness, Topic::Seals, Topic::Records]);
    }

    #[test]
    fn a_message_that_nobody_wants_waits_in_order_and_then_goes() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        pacer.push(Topic::Records, message(1, start));
        pacer.push(Topic::Records, message(2, start));
        let (topic, first) = pacer.pop(start).unwrap();
        assert_eq!(pacer.nobody_wanted(topic, first, start), 0);
        // Not at once again, but after the pause, and the first one first.
        assert!(pacer.pop(start).is_none());
        let later = pacer.next(start).unwrap();
        assert_eq!(later, start + limits::NO_PEERS_RETRY);
        let (topic, first) = pacer.pop(later).unwrap();
        assert_eq!(first.data.len(), 1);
        // Somebody coming ends the pause.
        pacer.nobody_wanted(topic, first, later);
        pacer.somebody_wants(Topic::Records);
        let (topic, first) = pacer.pop(later).unwrap();
        assert_eq!(first.data.len(), 1);
        // After a while nobody needs it any more.
        let late = start + limits::NO_PEERS_PATIENCE + Duration::from_secs(1);
        assert_eq!(pacer.nobody_wanted(topic, first, late), 2);
        assert_eq!(pacer.len(), 0);
        assert_eq!(pacer.next(late), None);
    }

    #[test]
    fn what_waits_for_nobody_is_bounded() {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        for _ in 0..limits::NO_PEERS_QUEUE + 10 {
            pacer.push(Topic::Seals, message(1, now));
        }
        let (topic, first) = pacer.pop(now).unwrap();
        assert_eq!(pacer.nobody_wanted(topic, first, now), 10);
    }
}
