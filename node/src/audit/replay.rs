//! Replaying seals: opened on all cores, applied in their order.

use std::{
    collections::VecDeque,
    io::{self, Read},
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::Arc,
};

use mutua_protocol::{
    archive::{ArchiveReader, Auditor, Fault, OpenedSeal, SealReport, VerifyError, open_seals},
    charter::Community,
    keys::KnownKeys,
};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{
    feed::{CHUNK_BYTES, Chunk, SealBytes, Tail, chunk},
    ordered::Ordered,
};

/// Bytes of seals at which no further chunk is handed out. Opened, they take a few times as much.
pub const BYTES_UNDER_WAY: usize = 32 << 20;

/// Chunks that are handed out at a time, beside two for each thread: while the ledger closes a round, which
/// takes it a while, the threads have something to do.
const AHEAD: usize = 32;

/// Members of whom the threads keep in mind how their signatures are checked: those of a large community, in
/// about 64 MiB. Beyond that, signatures take longer.
pub const KNOWN_KEYS: usize = 1 << 18;

/// The threads that open seals.
#[derive(Debug)]
pub struct Pipeline {
    pool: ThreadPool,
    known: Arc<KnownKeys>,
    /// Chunks that are handed out at a time.
    chunks: usize,
    /// Bytes of seals after which a chunk is full.
    chunk_bytes: usize,
}

/// A seal that holds.
#[derive(Debug)]
pub struct Sealed<'a> {
    /// What was found in it.
    pub report: &'a SealReport,
    /// Its canonical bytes.
    pub bytes: &'a [u8],
    /// Where its frame ends in the archive.
    pub position: u64,
}

/// Why a replay ended.
#[derive(Debug)]
pub enum Stop {
    /// At the end mark, which holds.
    End,
    /// Because the caller has had enough.
    Asked,
    /// Because the source failed.
    Io(io::Error),
    /// At the first fault.
    Fault(Box<Broken>),
}

/// The first fault of an archive.
#[derive(Debug)]
pub struct Broken {
    /// What it is.
    pub fault: Fault,
    /// What was read already and not applied, beginning with the seal at fault, if it is the fault of one.
    pub(super) rest: VecDeque<Chunk>,
    /// May more be read after that?
    pub(super) goes_on: bool,
}

/// A chunk whose seals have been opened.
struct Opened {
    chunk: Chunk,
    /// One for each seal, up to the first fault.
    seals: Vec<Result<OpenedSeal, Fault>>,
    /// By whose rules they were opened.
    community: Arc<Community>,
}

impl Pipeline {
    /// A pool of this many threads, or one for each core.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(threads: Option<NonZeroUsize>) -> io::Result<Self> {
        let threads = threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            NonZeroUsize::get,
        );
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|number| format!("audit {number}"))
            .build()
            .map_err(io::Error::other)?;
        let known = Arc::new(KnownKeys::up_to(KNOWN_KEYS));
        Ok(Self { pool, known, chunks: AHEAD + 2 * threads, chunk_bytes: CHUNK_BYTES })
    }

    /// With chunks of at least this many bytes, where there are as many, of which so many are handed out at a
    /// time. Verdicts do not depend on it.
    #[must_use]
    pub fn with_chunks(self, bytes: usize, chunks: usize) -> Self {
        Self { chunk_bytes: bytes.clamp(1, BYTES_UNDER_WAY), chunks: chunks.max(1), ..self }
    }

    /// Reads the next chunk.
    pub(super) fn chunk<R: Read>(&self, reader: &mut ArchiveReader<R>) -> Chunk {
        chunk(reader, self.chunk_bytes)
    }

    /// The threads.
    #[must_use]
    pub fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// A queue for work on chunks.
    pub(super) fn queue<T: Send + 'static>(&self) -> Ordered<'_, T> {
        Ordered::new(&self.pool, self.chunks, BYTES_UNDER_WAY)
    }

    /// Checks and applies seals until the archive's end mark, the first fault, or `each` says false. `each` is
    /// called for every seal that holds, in their order, after it was applied.
    pub fn replay<R: Read>(
        &self,
        auditor: &mut Auditor,
        reader: &mut ArchiveReader<R>,
        each: &mut dyn FnMut(Sealed<'_>) -> bool,
    ) -> Stop {
        let mut queue = self.queue::<Opened>();
        let mut next = auditor.ledger().height() + 1;
        let mut more = true;
        loop {
            while more && queue.has_room() {
                let chunk = self.chunk(reader);
                more = chunk.tail.is_none();
                let (first, community) = (next, Arc::clone(auditor.ledger().community()));
                let known = Arc::clone(&self.known);
                next += chunk.seals.len() as u64;
                queue.give(chunk.bytes(), move || open(chunk, first, community, &known));
            }
            let Some(opened) = queue.take() else {
                // Only a tail ends the reading, and a tail ends the loop below.
                return Stop::Io(io::ErrorKind::UnexpectedEof.into());
            };
            match apply(auditor, opened, &self.known, each) {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(Applying::Stop(stop)) => return stop,
                ControlFlow::Break(Applying::Fault { fault, rest, goes_on }) => {
                    let mut rest: VecDeque<Chunk> = rest.into_iter().collect();
                    while let Some(opened) = queue.take() {
                        rest.push_back(opened.chunk);
                    }
                    return Stop::Fault(Box::new(Broken { fault, rest, goes_on }));
                }
            }
        }
    }
}

fn open(chunk: Chunk, first: u64, community: Arc<Community>, known: &KnownKeys) -> Opened {
    let seals = open_seals(&community, known, first, &chunk.seals);
    Opened { chunk, seals, community }
}

/// Why applying a chunk is not followed by the next one.
enum Applying {
    Stop(Stop),
    /// A fault, what is left of the chunk, and whether more can be read after it.
    Fault {
        fault: Fault,
        rest: Option<Chunk>,
        goes_on: bool,
    },
}

/// How many seals are opened again at once: few after a change of the rules, and twice as many each time that it was
/// not too many. So an archive that changes them in every other seal makes no more work than a few times its length.
#[derive(Debug, Default)]
struct Again {
    next: usize,
}

impl Again {
    fn restart(&mut self) {
        self.next = 0;
    }

    /// The next stretch, of so many seals at most.
    fn stretch(&mut self, left: usize) -> usize {
        let stretch = self.next.max(1);
        self.next = stretch.saturating_mul(2);
        stretch.min(left)
    }
}

fn apply(
    auditor: &mut Auditor,
    opened: Opened,
    known: &KnownKeys,
    each: &mut dyn FnMut(Sealed<'_>) -> bool,
) -> ControlFlow<Applying> {
    let Opened { chunk: Chunk { seals, tail }, seals: opened, mut community } = opened;
    let mut opened = opened.into_iter();
    let mut again = Again::default();
    for at in 0..seals.len() {
        // The close of a round may change by whose signatures and within which limits the next seals hold. What was
        // opened by the rules of before is opened again.
        if !Arc::ptr_eq(&community, auditor.ledger().community()) {
            community = Arc::clone(auditor.ledger().community());
            again.restart();
            opened = Vec::new().into_iter();
        }
        let seal = opened.next().unwrap_or_else(|| {
            let end = at + again.stretch(seals.len() - at);
            let first = auditor.ledger().height() + 1;
            opened = open_seals(&community, known, first, &seals[at..end]).into_iter();
            opened.next().expect("there is a result for each seal up to the first fault")
        });
        match seal.and_then(|seal| auditor.apply(seal)) {
            Ok(report) => {
                let SealBytes { bytes, end } = &seals[at];
                if !each(Sealed { report: &report, bytes, position: *end }) {
                    return ControlFlow::Break(Applying::Stop(Stop::Asked));
                }
            }
            Err(fault) => {
                let goes_on = tail.as_ref().is_none_or(Tail::goes_on);
                let rest = Chunk { seals: seals.into_iter().skip(at).collect(), tail };
                return ControlFlow::Break(Applying::Fault { fault, rest: Some(rest), goes_on });
            }
        }
    }
    match tail {
        None => ControlFlow::Continue(()),
        Some(tail) => ControlFlow::Break(conclude(auditor, tail)),
    }
}

/// What it means that something other than a seal follows.
fn conclude(auditor: &Auditor, tail: Tail) -> Applying {
    let goes_on = tail.goes_on();
    let unreadable = |error, seal| match VerifyError::unreadable(error, seal) {
        VerifyError::Io(error) => Applying::Stop(Stop::Io(error)),
        VerifyError::Fault(fault) => Applying::Fault { fault, rest: None, goes_on },
    };
    match tail {
        Tail::Broken(error) => unreadable(error, Some(auditor.ledger().height() + 1)),
        Tail::Charter => Applying::Fault { fault: auditor.second_charter(), rest: None, goes_on },
        Tail::End { height, head, after } => match (auditor.end(height, head), after) {
            (Err(fault), _) => Applying::Fault { fault, rest: None, goes_on },
            (Ok(()), Ok(())) => Applying::Stop(Stop::End),
            (Ok(()), Err(error)) => unreadable(error, None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_often_the_rules_change_seals_are_opened_again_a_few_times_at_most() {
        const SEALS: usize = 256;
        for every in 1..=SEALS {
            let (mut again, mut ready, mut opened) = (Again::default(), 0, 0);
            for at in 0..SEALS {
                if at % every == 0 {
                    again.restart();
                    ready = 0;
                }
                if ready == 0 {
                    ready = again.stretch(SEALS - at);
                    opened += ready;
                }
                ready -= 1;
            }
            assert!(opened <= 2 * SEALS, "a change in every {every} seals: {opened} opened");
        }
    }

    #[test]
    fn where_the_rules_stay_the_same_seals_are_opened_in_few_batches() {
        let (mut again, mut left, mut batches) = (Again::default(), 256, 0);
        while left > 0 {
            left -= again.stretch(left);
            batches += 1;
        }
        assert_eq!(batches, 9);
    }
}
