//! The server: connections, their number, and the time they may take.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{self, Poll},
    time::Duration,
};

use axum::{Router, body::Bytes};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
};

use super::patient::Patient;

/// Connections at a time. For a further one, that of which no request is under way for longest has to go; where all have one, the
/// first that is answered.
const CONNECTIONS: usize = 256;

/// How long a client may take to send the head of a request, or be silent between two requests.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// How long a client may take nothing of an answer. Whoever fetches a long one and stops reading would keep a place
/// from all others otherwise.
const STALL_TIME: Duration = Duration::from_secs(60);

/// Greatest size of a request's head.
const HEAD_BYTES: usize = 16 << 10;

/// How long to wait after a connection could not be accepted, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of which no request is under way, the longest silent first. Whoever opens many and says nothing, or
/// nothing more, must not keep others out.
#[derive(Default)]
struct Silent(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    all: BTreeMap<u64, Arc<Notify>>,
    /// A number that only grows: the next connection that falls silent.
    next: u64,
    /// Somebody needs a place, and nobody was silent.
    wanted: bool,
}

impl Silent {
    fn held(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that is silent longest has to go; where none is, the first that falls silent.
    fn give_up_oldest(&self) {
        let mut held = self.held();
        match held.all.pop_first() {
            Some((_, go)) => go.notify_one(),
            None => held.wanted = true,
        }
    }

    /// Nobody needs a place any more.
    fn content(&self) {
        self.held().wanted = false;
    }
}

/// One connection, from when it is accepted.
struct Line {
    silent: Arc<Silent>,
    /// Told when the connection has to go.
    go: Arc<Notify>,
    number: Mutex<Option<u64>>,
}

impl Line {
    fn new(silent: Arc<Silent>) -> Arc<Self> {
        let line = Self { silent, go: Arc::default(), number: Mutex::default() };
        line.falls_silent();
        Arc::new(line)
    }

    fn falls_silent(&self) {
        let mut held = self.silent.held();
        if held.wanted {
            held.wanted = false;
            self.go.notify_one();
            return;
        }
        let number = held.next;
        held.next += 1;
        held.all.insert(number, Arc::clone(&self.go));
        *self.number.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
    }

    /// It says something, or is closed.
    fn leave(&self) {
        let number = self.number.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(number) = number {
            self.silent.held().all.remove(&number);
        }
    }

    /// A request has come.
    fn answering(self: &Arc<Self>) -> Answering {
        self.leave();
        Answering(Arc::clone(self))
    }
}

/// A request under way: when this is dropped, its answer is given, and its connection is silent again.
struct Answering(Arc<Line>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.falls_silent();
    }
}

/// The body of an answer, which is given when it is dropped.
struct Answer {
    body: axum::body::Body,
    _answering: Answering,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A place for one more connection.
async fn place(places: &Arc<Semaphore>, silent: &Silent) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    silent.give_up_oldest();
    let place = Arc::clone(places).acquire_owned().await.ok();
    silent.content();
    place
}

/// Serves until `stopping` becomes true or its sender is gone; then ends the requests under way.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let silent = Arc::new(Silent::default());
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            let accepted = listener.accept().await;
            (accepted, place(&places, &silent).await)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the API could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let router = TowerToHyperService::new(router.clone());
        let line = Line::new(Arc::clone(&silent));
        let heard = Arc::clone(&line);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let answering = heard.answering();
            let answer = router.call(request);
            async move { Ok::<_, Infallible>(answer.await?.map(|body| Answer { body, _answering: answering })) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(Patient::new(stream, STALL_TIME)), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off, or is too slow, is no concern of the node.
            tokio::select! {
                _ = connection => {}
                () = line.go.notified() => {}
            }
            line.leave();
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is the connection told to go? Once it was asked, it knows.
    fn goes(line: &Line) -> bool {
        let told = line.go.notified();
        tokio::pin!(told);
        told.as_mut().enable()
    }

    #[test]
    fn who_was_answered_and_says_nothing_more_goes_after_those_who_are_silent_longer() {
        let silent = Arc::new(Silent::default());
        let [first, second, third] = [(); 3].map(|()| Line::new(Arc::clone(&silent)));
        drop(first.answering());
        let busy = second.answering();
        silent.give_up_oldest();
        assert!(goes(&third), "nothing was ever heard of it");
        silent.give_up_oldest();
        assert!(goes(&first), "it was answered, and is silent since");
        drop(busy);
        silent.give_up_oldest();
        assert!(goes(&second));
    }

    #[test]
    fn where_all_are_busy_the_first_that_is_answered_goes() {
        let silent = Arc::new(Silent::default());
        let [first, second] = [(); 2].map(|()| Line::new(Arc::clone(&silent)));
        let busy = [first.answering(), second.answering()];
        silent.give_up_oldest();
        assert!(!goes(&first) && !goes(&second));
        drop(busy);
        assert!(goes(&first) && !goes(&second), "one place was needed");
        // Nobody goes for a place that was found meanwhile.
        silent.give_up_oldest();
        let busy = first.answering();
        silent.give_up_oldest();
        silent.content();
        drop(busy);
        assert!(!goes(&first));
    }
}
