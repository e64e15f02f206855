//! The server: connections, their number, and the time they may take.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;

use hyper::{
    body::Incoming,
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
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch},
};

use super::patient::Patient;

/// Connections at a time. For a further one, the oldest that has asked for nothing yet has to go; where all have, it waits.
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

/// The connections that have not sent the head of a request yet, the oldest first. Whoever opens many and says nothing must
/// not keep others out.
#[derive(Default)]
struct Silent {
    all: Mutex<BTreeMap<u64, oneshot::Sender<()>>>,
}

impl Silent {
    /// One more, under a number that only grows. What comes back is ready when it has to go.
    fn add(&self, number: u64) -> oneshot::Receiver<()> {
        let (go, told) = oneshot::channel();
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(number, go);
        told
    }

    /// It has said something, or is closed.
    fn remove(&self, number: u64) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }

    fn give_up_oldest(&self) {
        let oldest = self.all.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
        if let Some((_, go)) = oldest {
            let _ = go.send(());
        }
    }
}

/// A place for one more connection.
async fn place(places: &Arc<Semaphore>, silent: &Silent) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    silent.give_up_oldest();
    Arc::clone(places).acquire_owned().await.ok()
}

/// Serves until `stopping` becomes true or its sender is gone; then ends the requests under way.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let silent = Arc::new(Silent::default());
    let graceful = GracefulShutdown::new();
    for number in 0.. {
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
        let heard = Arc::clone(&silent);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            heard.remove(number);
            router.call(request)
        });
        let told_to_go = silent.add(number);
        let silent = Arc::clone(&silent);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(Patient::new(stream, STALL_TIME)), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let has_to_go = async {
                if told_to_go.await.is_err() {
                    pending::<()>().await;
                }
            };
            // A client that breaks off, or is too slow, is no concern of the node.
            tokio::select! {
                _ = connection => {}
                () = has_to_go => {}
            }
            silent.remove(number);
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}
