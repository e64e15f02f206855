//! Work that is given to a pool of threads and taken back in the order in which it was given.

use std::{collections::VecDeque, sync::mpsc};

use rayon::ThreadPool;

/// Jobs under way, bounded in number and weight.
pub(super) struct Ordered<'p, T> {
    pool: &'p ThreadPool,
    /// The jobs in their order, each with its weight.
    waiting: VecDeque<(usize, mpsc::Receiver<T>)>,
    weight: usize,
    most: (usize, usize),
}

impl<'p, T: Send + 'static> Ordered<'p, T> {
    /// At most this many jobs at a time; and no further one once they weigh this much together.
    pub(super) fn new(pool: &'p ThreadPool, jobs: usize, weight: usize) -> Self {
        Self { pool, waiting: VecDeque::new(), weight: 0, most: (jobs, weight) }
    }

    /// May another job be given?
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.most.0 && self.weight < self.most.1
    }

    /// Gives a job.
    pub(super) fn give(&mut self, weight: usize, job: impl FnOnce() -> T + Send + 'static) {
        let (done, result) = mpsc::sync_channel(1);
        self.pool.spawn(move || {
            // Nobody waits for it any more once a fault was found.
            let _ = done.send(job());
        });
        self.weight += weight;
        self.waiting.push_back((weight, result));
    }

    /// Waits for the oldest job; nothing if none is under way.
    pub(super) fn take(&mut self) -> Option<T> {
        let (weight, result) = self.waiting.pop_front()?;
        self.weight -= weight;
        Some(result.recv().expect("a job sends its result; one that panics ends the process"))
    }
}
