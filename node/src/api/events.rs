//! What happens, as it happens: server-sent events, for whoever shows the token.
//!
//! Each event has an id. Whoever names the newest one that came (`Last-Event-ID`) gets what came since: from memory while
//! this node runs, after a restart the seals from the log. Where that cannot be said, `reset` asks to read the state anew.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::{Shared, blocking, problem::Problem};
use crate::service::{Event, Mark};

/// Streams at a time. Each is an open connection, and a few kilobytes.
pub(super) const STREAMS: usize = 32;

/// Seals that are told of after a restart of the node; of more, `reset` says that much has happened.
const CAUGHT_UP: u64 = 500;

/// Events that wait for a slow client. Beyond them the client gets nothing until it has read on.
const WAITING: usize = 32;

/// A sign of life when nothing happens, so that a broken connection shows.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The header by which a client says which event came last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Where the community stands when a stream begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Beginning {
    height: u64,
    round: u32,
    close: u64,
    tail: usize,
}

pub(super) async fn stream(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Problem> {
    let place = Arc::clone(&shared.0.streams).try_acquire_owned().map_err(|_| {
        Problem::unavailable("this node tells as many of its events as it can; close a page elsewhere")
    })?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).and_then(mark);
    let (send, events) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let _ = follow(shared, last, send, place).await;
    });
    let alive = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(ReceiverStream::new(events)).keep_alive(alive).into_response())
}

type Sender = mpsc::Sender<Result<sse::Event, axum::Error>>;

/// The client has gone, or the node stops.
struct Ended;

/// Sends what comes until the client goes or the node stops.
async fn follow(
    shared: Shared,
    last: Option<Mark>,
    send: Sender,
    _place: OwnedSemaphorePermit,
) -> Result<(), Ended> {
    let feed = shared.service.feed().clone();
    let mut newest = feed.watch();
    let mut stopping = shared.0.stopping.clone();
    let mut at = feed.mark();
    if let Some(last) = last {
        if feed.after(last).is_some() {
            at = last;
        } else {
            catch_up(&shared, last, at, &send).await?;
        }
    }
    let beginning = shared
        .ask(|core| {
            let ledger = core.ledger();
            let (height, round, close) = (ledger.height(), ledger.round(), ledger.close());
            Beginning { height, round, close, tail: core.tail().count() }
        })
        .await
        .map_err(|_| Ended)?;
    tell(&send, "beginning", at, &beginning).await?;
    loop {
        newest.borrow_and_update();
        match feed.after(at) {
            Some(events) => {
                for (mark, event) in events {
                    tell(&send, name(&event), mark, &event).await?;
                    at = mark;
                }
            }
            None => {
                at = feed.mark();
                tell(&send, "reset", at, &()).await?;
            }
        }
        tokio::select! {
            changed = newest.changed() => changed.map_err(|_| Ended)?,
            _ = stopping.wait_for(|stop| *stop) => return Err(Ended),
            () = send.closed() => return Err(Ended),
        }
    }
}

/// Tells of the seals that came after those of which an earlier run of this node has told.
async fn catch_up(shared: &Shared, last: Mark, now: Mark, send: &Sender) -> Result<(), Ended> {
    if last.height > now.height || now.height - last.height > CAUGHT_UP {
        return tell(send, "reset", now, &()).await;
    }
    for height in last.height + 1..=now.height {
        let reader = shared.reader.clone();
        let Ok(Ok(Some(seal))) = blocking(move || reader.seal(height)).await else {
            return tell(send, "reset", now, &()).await;
        };
        let before = Mark { height: height - 1, number: 0, ..now };
        if let Some(digest) = seal.header.closes {
            let round = shared
                .ask(move |core| {
                    let mut closings = core.ledger().closings().iter();
                    closings
                        .find(|closing| closing.outcome.height == height)
                        .map(|closing| closing.outcome.round)
                })
                .await;
            if let Ok(Some(round)) = round {
                tell(send, "closed", before, &Event::Closed { round, height, digest }).await?;
            }
        }
        let sealed = Event::Sealed { height, time: seal.header.time, records: u64::from(seal.header.count) };
        tell(send, "sealed", Mark { height, ..before }, &sealed).await?;
    }
    Ok(())
}

async fn tell(send: &Sender, name: &str, mark: Mark, data: &impl Serialize) -> Result<(), Ended> {
    let id = format!("{}-{}-{}", mark.began, mark.number, mark.height);
    let event = sse::Event::default().event(name).id(id).json_data(data);
    send.send(event).await.map_err(|_| Ended)
}

fn mark(id: &str) -> Option<Mark> {
    let mut parts = id.split('-').map(|part| part.parse::<u64>().ok());
    let mut next = || parts.next().flatten();
    let (began, number, height) = (next()?, next()?, next()?);
    parts.next().is_none().then_some(Mark { began, number, height })
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Taken { .. } => "taken",
        Event::Closed { .. } => "closed",
        Event::Sealed { .. } => "sealed",
        Event::Health(_) => "health",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_nothing_else_is() {
        assert_eq!(mark("17-3-9"), Some(Mark { began: 17, number: 3, height: 9 }));
        for bad in ["", "1", "1-2", "1-2-3-4", "1-2-x", "-1-2-3", "1--2"] {
            assert_eq!(mark(bad), None, "{bad}");
        }
    }
}
