//! `mutua submit`: hands a file of signed records to running nodes.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use mutua_node::service::{NodeStatus, ReceptionStatus};
use mutua_protocol::{codec, keys::PublicKey, limits, records::SignedRecord};
use serde::Serialize;

use crate::{
    client::Client,
    context::Context,
    failure::{Done, Failure, Status},
    home::Home,
    output,
    page::plain,
    progress::Progress,
    record_file::{Entry, RecordReader},
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua submit warszawa/records --to warszawa/witness-1 --to warszawa/witness-2

Records that a node cannot take yet are handed in again until it can. The records of one author that follow one
another go to one node, the others are spread. It does no harm to hand in a file twice.

A record that would have no effect any more is taken, and sealed as void: its author's chain goes on with it. One that is refused
for good keeps all those of its author after it from being sealed: they are left out, and 'mutua sign --give-back' frees their
numbers where they were signed.";

/// Records in one request.
const CHUNK: usize = 500;

/// Their bytes: well below what a request may have, in hexadecimal digits.
const CHUNK_BYTES: usize = 512 << 10;

/// How long to wait before records are handed in again.
const PAUSE: Duration = Duration::from_millis(250);

/// What `mutua submit` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The records, as 'mutua sign' and 'mutua import-election' write them
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Home of a running node, again for each [default: the one of --home]
    #[arg(long, value_name = "HOME")]
    to: Vec<PathBuf>,
    /// Give up when nothing has moved for so long: seals stand still while witnesses are away
    #[arg(long, default_value = "2min", value_parser = times::parse_duration, value_name = "DURATION")]
    patience: u64,
}

/// What became of the records.
#[derive(Debug, Serialize)]
struct Submitted {
    records: u64,
    accepted: u64,
    held: u64,
    /// Taken, and of no effect: sealed as void.
    no_effect: BTreeMap<String, Refusals>,
    refused: BTreeMap<String, Refusals>,
    /// Not handed in, because one before them in their author's chain is refused for good.
    left_out: u64,
    /// The first number of each author that is refused for good.
    stopped: BTreeMap<PublicKey, u64>,
    milliseconds: u64,
}

/// Records of one kind.
#[derive(Debug, Clone, Serialize)]
struct Refusals {
    count: u64,
    /// What was said of the first one.
    first: String,
}

/// What the threads share.
struct Work<'a> {
    clients: &'a [Client],
    patience: Duration,
    accepted: AtomicU64,
    held: AtomicU64,
    no_effect: Mutex<BTreeMap<String, Refusals>>,
    refused: Mutex<BTreeMap<String, Refusals>>,
    stopped: Mutex<BTreeMap<PublicKey, u64>>,
    left_out: AtomicU64,
    progress: Progress,
}

/// Records that go to one node in one request.
#[derive(Default)]
struct Chunk {
    records: Vec<Vec<u8>>,
    bytes: usize,
}

/// Whose record comes last, and its number.
type Last = (PublicKey, u64);

impl Arguments {
    /// Hands them in.
    pub(crate) fn run(self, context: &Context) -> Done {
        let mut reader = RecordReader::open(&self.file)?;
        let clients: Vec<Client> = if self.to.is_empty() {
            vec![Client::of(&Home::existing(context)?)?]
        } else {
            self.to.iter().map(|path| Client::at(path)).collect::<Done<_>>()?
        };
        for client in &clients {
            let status: NodeStatus = client.get("/v1/status")?;
            if status.community != reader.community {
                return Err(Failure::refused(format!(
                    "{} holds records of the community {}, and the node {} belongs to {} ({})",
                    self.file.display(),
                    reader.community.short(),
                    client.name(),
                    status.name,
                    status.community.short()
                )));
            }
        }
        let begun = Instant::now();
        let work = Work {
            clients: &clients,
            patience: Duration::from_millis(self.patience),
            accepted: AtomicU64::new(0),
            held: AtomicU64::new(0),
            no_effect: Mutex::default(),
            refused: Mutex::default(),
            stopped: Mutex::default(),
            left_out: AtomicU64::new(0),
            progress: Progress::new(reader.count, "handing in records"),
        };
        let mut more = true;
        while more {
            let (again, last) = work.stage(&mut reader)?;
            more = again;
            if let Some(last) = last.filter(|_| more) {
                work.wait_sealed(last)?;
            }
        }
        let submitted = Submitted {
            records: reader.count,
            accepted: work.accepted.into_inner(),
            held: work.held.into_inner(),
            no_effect: work.no_effect.into_inner().unwrap_or_else(PoisonError::into_inner),
            refused: work.refused.into_inner().unwrap_or_else(PoisonError::into_inner),
            left_out: work.left_out.into_inner(),
            stopped: work.stopped.into_inner().unwrap_or_else(PoisonError::into_inner),
            milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        drop(work.progress);
        tell(context, &submitted, clients.len())
    }
}

fn tell(context: &Context, submitted: &Submitted, nodes: usize) -> Done {
    output::show(context.json, submitted, |page| {
        let refused: u64 = submitted.refused.values().map(|refusals| refusals.count).sum();
        page.facts([
            ("records", format!("{} to {nodes} nodes", submitted.records)),
            ("accepted", submitted.accepted.to_string()),
            ("held already", submitted.held.to_string()),
            ("refused", refused.to_string()),
            ("time", format!("{}.{} s", submitted.milliseconds / 1000, submitted.milliseconds % 1000 / 100)),
        ]);
        for (rule, refusals) in &submitted.refused {
            page.line(format!("  {} by the rule '{rule}', the first: {}", refusals.count, refusals.first));
        }
        for (reason, taken) in &submitted.no_effect {
            page.gap().line(format!(
                "{} of those accepted will be sealed and have NO EFFECT: {reason} ({})",
                taken.count, taken.first
            ));
        }
        for (author, number) in &submitted.stopped {
            page.gap().line(format!(
                "Number {number} of {author} is refused for good, and what comes after it in this file is of no use ({} records \
                 left out). Hand the file in nowhere else. Where it was signed: mutua sign FILE --give-back {number}",
                submitted.left_out
            ));
        }
    })?;
    if submitted.refused.is_empty() { Ok(()) } else { Err(Failure::said(Status::Refused)) }
}

impl Work<'_> {
    /// Hands in one stage. Is there another, and what came last?
    fn stage(&self, reader: &mut RecordReader) -> Done<(bool, Option<Last>)> {
        thread::scope(|scope| {
            let (mut queues, mut workers) = (Vec::new(), Vec::new());
            for first in 0..self.clients.len() {
                let (queue, chunks): (SyncSender<Chunk>, Receiver<Chunk>) = sync_channel(1);
                queues.push(queue);
                workers.push(scope.spawn(move || {
                    for chunk in chunks {
                        self.hand_in(first, chunk)?;
                    }
                    Ok::<(), Failure>(())
                }));
            }
            let read = spread(reader, &queues);
            drop(queues);
            for worker in workers {
                worker.join().map_err(|_| Failure::refused("a thread of this program has failed"))??;
            }
            read
        })
    }

    /// Hands in a chunk, again and again, until every record of it is taken or refused for good.
    fn hand_in(&self, first: usize, chunk: Chunk) -> Done {
        let mut pending = self.without_stopped(chunk.records);
        let mut moved = Instant::now();
        let mut node = first;
        while !pending.is_empty() {
            let receptions = match self.clients[node].submit(&pending, true) {
                Ok(receptions) if receptions.records.len() == pending.len() => receptions.records,
                Ok(receptions) => {
                    return Err(Failure::node(format!(
                        "the node {} got {} records and says what became of {}. Hand the file in again, to another node: \
                         nothing is lost",
                        self.clients[node].name(),
                        pending.len(),
                        receptions.records.len()
                    )));
                }
                // Another node takes over what this one does not.
                Err(failure) if failure.is_of_node() && moved.elapsed() < self.patience => {
                    node = (node + 1) % self.clients.len();
                    thread::sleep(PAUSE);
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let before = pending.len();
            let mut waiting = String::new();
            let mut rest = Vec::new();
            for (bytes, reception) in pending.into_iter().zip(receptions) {
                if let Some(reason) = reception.no_effect {
                    let record = author_of(&bytes);
                    let first = record.map_or_else(String::new, |(author, number)| {
                        format!("the first: number {number} of {}", author.short())
                    });
                    note(&self.no_effect, reason, first);
                }
                match reception.status {
                    ReceptionStatus::Accepted => drop(self.accepted.fetch_add(1, Ordering::Relaxed)),
                    ReceptionStatus::Held => drop(self.held.fetch_add(1, Ordering::Relaxed)),
                    ReceptionStatus::Parked { reason } => {
                        waiting = reason;
                        rest.push(bytes);
                    }
                    ReceptionStatus::Refused { rule, reason } if is_for_now(&rule) => {
                        waiting = reason;
                        rest.push(bytes);
                    }
                    ReceptionStatus::Refused { rule, reason } => {
                        if let Some((author, number)) = author_of(&bytes) {
                            let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
                            let first = stopped.entry(author).or_insert(number);
                            *first = number.min(*first);
                        }
                        note(&self.refused, rule, plain(&reason, false));
                    }
                }
            }
            pending = self.without_stopped(rest);
            self.show();
            if pending.len() < before {
                moved = Instant::now();
            } else if moved.elapsed() >= self.patience {
                return Err(Failure::refused(format!(
                    "nothing has moved for {} s at the node {}: {waiting}. Are enough witnesses running? Hand \
                     the file in again when they are: nothing is lost",
                    self.patience.as_secs(),
                    self.clients[node].name()
                )));
            }
            if !pending.is_empty() {
                thread::sleep(PAUSE);
            }
        }
        Ok(())
    }

    /// These without what comes after a record that is refused for good: it cannot be sealed.
    fn without_stopped(&self, records: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if stopped.is_empty() {
            return records;
        }
        let goes_on = |bytes: &Vec<u8>| {
            author_of(bytes)
                .is_none_or(|(author, number)| stopped.get(&author).is_none_or(|first| number < *first))
        };
        let (rest, left): (Vec<_>, Vec<_>) = records.into_iter().partition(goes_on);
        self.left_out.fetch_add(left.len() as u64, Ordering::Relaxed);
        rest
    }

    fn show(&self) {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let refused: u64 = refused.values().map(|refusals| refusals.count).sum();
        let others = [&self.accepted, &self.held, &self.left_out].map(|count| count.load(Ordering::Relaxed));
        self.progress.set(others.iter().sum::<u64>() + refused);
    }

    /// Waits until what came last in a stage is sealed on every node: the next stage refers to it.
    fn wait_sealed(&self, (author, sequence): Last) -> Done {
        for client in self.clients {
            let mut best = 0;
            let mut moved = Instant::now();
            loop {
                let sealed = match client.chain(&author) {
                    Ok(chain) => chain.sealed,
                    // It may be on its way up again; its share of the next stage goes to others.
                    Err(failure) if failure.is_of_node() && self.clients.len() > 1 => break,
                    Err(failure) => return Err(failure),
                };
                if sealed >= sequence {
                    break;
                }
                if sealed > best {
                    (best, moved) = (sealed, Instant::now());
                } else if moved.elapsed() >= self.patience {
                    return Err(Failure::refused(format!(
                        "no seal has come for {} s at the node {}; are enough witnesses running? Hand the file \
                         in again when they are: nothing is lost",
                        self.patience.as_secs(),
                        client.name()
                    )));
                }
                thread::sleep(PAUSE);
            }
        }
        Ok(())
    }
}

/// One more of a kind.
fn note(all: &Mutex<BTreeMap<String, Refusals>>, kind: String, first: String) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.entry(kind).or_insert(Refusals { count: 0, first }).count += 1;
}

/// Whose record this is, and its number.
fn author_of(bytes: &[u8]) -> Option<Last> {
    let signed = codec::decode::<SignedRecord>(bytes, limits::RECORD_BYTES).ok()?;
    Some((signed.record.author, signed.record.sequence))
}

/// Refusals that say no more than that there is no room at the moment.
fn is_for_now(rule: &str) -> bool {
    matches!(rule, "tail-full" | "parked-full")
}

/// Reads a stage and spreads it: what one author says in a row goes to one node, so that none has to wait for
/// another to pass it on.
fn spread(reader: &mut RecordReader, queues: &[SyncSender<Chunk>]) -> Done<(bool, Option<Last>)> {
    let mut node = 0;
    let mut chunk = Chunk::default();
    let mut last: Option<Last> = None;
    // A worker that has failed has closed its queue, and says why when it is joined.
    let send = |node: usize, chunk: Chunk| chunk.records.is_empty() || queues[node].send(chunk).is_ok();
    loop {
        let bytes = match reader.next()? {
            Some(Entry::Record(bytes)) => bytes,
            end => {
                send(node, chunk);
                return Ok((end.is_some(), last));
            }
        };
        let record = codec::decode::<SignedRecord>(&bytes, limits::RECORD_BYTES)
            .map_err(|error| {
                Failure::refused(format!("the file holds something that is no record: {error}"))
            })?
            .record;
        let full = chunk.records.len() >= CHUNK || chunk.bytes + bytes.len() > CHUNK_BYTES;
        let same = last.is_some_and(|(author, _)| author == record.author);
        if full {
            if !send(node, std::mem::take(&mut chunk)) {
                return Ok((false, None));
            }
            if !same {
                node = (node + 1) % queues.len();
            }
        }
        last = Some((record.author, record.sequence));
        chunk.bytes += bytes.len();
        chunk.records.push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read, io::Write, net::TcpListener};

    use zeroize::Zeroizing;

    use super::*;

    /// A node that answers every request with this.
    fn node(answer: &'static str) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        // It ends with the test process.
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
                let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
            }
        });
        Client::remote(&address, Zeroizing::new("token".to_owned())).unwrap()
    }

    #[test]
    fn a_record_of_which_a_node_says_nothing_is_not_taken_for_handed_in() {
        for (answer, taken) in [
            (r#"{"records":[]}"#, false),
            (r#"{"records":[{"id":null,"status":"accepted"}]}"#, false),
            (r#"{"records":[{"id":null,"status":"accepted"},{"id":null,"status":"held"}]}"#, true),
        ] {
            let work = Work {
                clients: &[node(answer)],
                patience: Duration::ZERO,
                accepted: AtomicU64::new(0),
                held: AtomicU64::new(0),
                no_effect: Mutex::default(),
                refused: Mutex::default(),
                stopped: Mutex::default(),
                left_out: AtomicU64::new(0),
                progress: Progress::new(2, "handing in records"),
            };
            let chunk = Chunk { records: vec![vec![1], vec![2]], bytes: 2 };
            assert_eq!(work.hand_in(0, chunk).is_ok(), taken, "{answer}");
        }
    }
}
