//! What happened lately, for those who watch.
//!
//! The newest events are kept, numbered, so that whoever lost the connection goes on where they were. Nothing here is
//! more than a hint: whoever has missed events reads the state.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mutua_protocol::{
    hash::{OutcomeDigest, RecordId},
    keys::PublicKey,
    records::Kind,
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Events that are kept for those who come back: minutes of a busy round.
const KEPT: usize = 1024;

/// Records that one event names; of more it tells the number.
pub(super) const NAMED: usize = 16;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// Records were taken in. They are on this node's disk and in no seal yet.
    Taken {
        /// How many.
        count: u64,
        /// The first ones.
        records: Vec<TakenRecord>,
    },
    /// A round was closed, by the seal of which the next event tells.
    Closed {
        /// Which.
        round: u32,
        /// By which seal.
        height: u64,
        /// The digest of its outcome.
        digest: OutcomeDigest,
    },
    /// A seal was applied.
    Sealed {
        /// Its number.
        height: u64,
        /// Its time, milliseconds since 1970.
        time: u64,
        /// How many records it holds.
        records: u64,
    },
    /// The node's surroundings have changed.
    Health(Health),
}

/// A record that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TakenRecord {
    /// Its id.
    pub id: RecordId,
    /// Whose it is.
    pub author: PublicKey,
    /// What kind of statement it is.
    pub kind: Kind,
}

/// How a node gets on with the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Health {
    /// Connected peers.
    pub peers: usize,
    /// Why it has stopped voting as a witness, if it has.
    pub halted: Option<String>,
    /// What sets it apart from the witnesses, if anything does.
    pub disagreement: Option<String>,
}

/// Which event, and where the log stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When the feed began, milliseconds since 1970: numbers of an earlier run mean nothing.
    pub began: u64,
    /// The number of the event in this run, from 1; 0 before the first.
    pub number: u64,
    /// The newest seal of which the events up to this one have told.
    pub height: u64,
}

/// The events of this run. Clones are the same feed.
#[derive(Debug, Clone)]
pub struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: u64,
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct Ring {
    last: u64,
    height: u64,
    events: VecDeque<(Mark, Event)>,
}

impl Feed {
    /// A feed that begins at this time, where the log has this height.
    #[must_use]
    pub fn new(began: u64, height: u64) -> Self {
        let ring = Ring { last: 0, height, events: VecDeque::new() };
        Self(Arc::new(Inner { began, ring: Mutex::new(ring), newest: watch::Sender::new(0) }))
    }

    /// Tells everybody who watches.
    pub fn tell(&self, event: Event) {
        let mut ring = self.ring();
        ring.last += 1;
        if let Event::Sealed { height, .. } = event {
            ring.height = height;
        }
        if ring.events.len() == KEPT {
            ring.events.pop_front();
        }
        let mark = Mark { began: self.0.began, number: ring.last, height: ring.height };
        ring.events.push_back((mark, event));
        drop(ring);
        self.0.newest.send_replace(mark.number);
    }

    /// Where the feed stands.
    #[must_use]
    pub fn mark(&self) -> Mark {
        let ring = self.ring();
        Mark { began: self.0.began, number: ring.last, height: ring.height }
    }

    /// What came after this mark; nothing when that cannot be said any more.
    #[must_use]
    pub fn after(&self, mark: Mark) -> Option<Vec<(Mark, Event)>> {
        let ring = self.ring();
        let first = ring.events.front().map_or(ring.last + 1, |(mark, _)| mark.number);
        if mark.began != self.0.began || mark.number > ring.last || mark.number.saturating_add(1) < first {
            return None;
        }
        Some(ring.events.iter().filter(|(each, _)| each.number > mark.number).cloned().collect())
    }

    /// Changes with each event.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.newest.subscribe()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(height: u64) -> Event {
        Event::Sealed { height, time: height, records: 1 }
    }

    #[test]
    fn whoever_comes_back_gets_what_came_meanwhile_and_nothing_twice() {
        let feed = Feed::new(5, 10);
        let before = feed.mark();
        feed.tell(sealed(11));
        let between = feed.mark();
        feed.tell(Event::Health(Health::default()));
        feed.tell(sealed(12));
        let numbers = |mark| feed.after(mark).map(|events| events.iter().map(|(m, _)| m.number).collect());
        assert_eq!(numbers(before), Some(vec![1, 2, 3]));
        assert_eq!(numbers(between), Some(vec![2, 3]));
        assert_eq!(numbers(feed.mark()), Some(Vec::<u64>::new()));
        assert_eq!((between.height, feed.mark().height), (11, 12));
    }

    #[test]
    fn who_comes_back_too_late_or_from_another_run_is_told_so() {
        let feed = Feed::new(5, 0);
        let before = feed.mark();
        (1..=KEPT as u64).for_each(|height| feed.tell(sealed(height)));
        assert_eq!(feed.after(before).map(|events| events.len()), Some(KEPT));
        feed.tell(sealed(KEPT as u64 + 1));
        assert!(feed.after(before).is_none());
        assert!(feed.after(Mark { began: 4, ..feed.mark() }).is_none());
        assert!(feed.after(Mark { number: u64::MAX, ..feed.mark() }).is_none());
    }
}
