//! Saying many things at once: all of it is signed and kept first, and then handed in, part by part.
//!
//! What was interrupted goes on with the next command that signs with the same key, whatever that is. A line that the node
//! refuses, because something has changed since it was checked, is left out: nobody has seen its record, and what follows it is
//! signed again with the number that has become free.

use std::{
    thread,
    time::{Duration, Instant},
};

use mutua_node::service::{Reception, ReceptionStatus};
use mutua_protocol::{
    codec,
    records::{Body, Received, Record},
};

use super::{Signer, note, words};
use crate::{
    failure::{Done, Failure},
    outbox::{BATCH_BYTES, Batch, Note, RefusedLine},
    progress::Progress,
    times,
};

/// Greatest number of records in a batch: a tenth of what a node keeps unsealed, and more than a bank rates in a month.
pub(crate) const ITEMS: usize = 20_000;

/// Records in one request: few enough that the node goes on with other things in between.
const CHUNK: usize = 250;

/// Their bytes: well below what a request may have, in hexadecimal digits.
const CHUNK_BYTES: usize = 512 << 10;

/// What a line of a kept batch has at most beside a record's body: its number, and the head and signature of the record in
/// hexadecimal.
const LINE_BYTES: usize = 640;

/// How long to wait before records are handed in again that the node cannot take yet.
const PAUSE: Duration = Duration::from_millis(250);

/// How long to do so when nothing moves: seals stand still while witnesses are away.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is said in one line of a table.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The line.
    pub line: u64,
    /// What it says.
    pub body: Body,
}

/// What became of a part of a batch.
enum Step {
    /// The node has taken so many, and no more of it were handed in.
    Taken(usize),
    /// After so many, one that it cannot take yet.
    Waits(usize, String),
    /// After so many, one that it refuses.
    Refuses(usize, RefusedLine),
}

impl Signer {
    /// Signs all of these and hands them in. The source names them: the hash of the table that they come from.
    ///
    /// # Errors
    /// When one breaks a bound (then nothing is signed), or the node does not answer or cannot take them (then they are kept).
    pub(crate) fn say_all(&mut self, items: Vec<Item>, source: String) -> Done<Note> {
        let author = self.author();
        for Item { line, body } in &items {
            body.check(&self.community, &author)
                .map_err(|error| Failure::input(format!("line {line}: {error}")))?;
        }
        // Kept in hexadecimal, with what a record has besides its body.
        let size: usize = items.iter().map(|item| 2 * codec::encode(&item.body).len() + LINE_BYTES).sum();
        if size as u64 > BATCH_BYTES {
            return Err(Failure::input(format!(
                "all of it together would have {size} bytes, and at most {BATCH_BYTES} are kept at once: divide the table. Nothing \
                 is signed"
            )));
        }
        let records = self.sign_all(items)?;
        let note =
            Note { command: words(), source, time: times::now(), taken: 0, last: 0, refused: Vec::new() };
        let batch = Batch { note, records };
        if batch.records.is_empty() {
            return Ok(batch.note);
        }
        self.outbox.keep_batch(&batch)?;
        self.hand_in_all(batch)
    }

    /// Hands in a batch that was kept by a command before this one.
    ///
    /// # Errors
    /// See [`Signer::say_all`].
    pub(crate) fn hand_in_batch_again(&mut self, batch: Batch) -> Done {
        let (left, before) = (batch.records.len(), batch.note.refused.len());
        let command = batch.note.command.join(" ");
        let closed = self.hand_in_all(batch)?;
        let refused = closed.refused.len() - before;
        note(&format!(
            "{left} records, kept from 'mutua {command}', are handed in; the node refuses {refused} of them"
        ));
        Ok(())
    }

    /// What became of the batch of this table, if it is through.
    ///
    /// # Errors
    /// When what is remembered cannot be read.
    pub(crate) fn past_batch(&self, source: &str) -> Done<Option<Note>> {
        self.outbox.past_batch(source)
    }

    /// Signs what comes next in the chain.
    fn sign_all(&self, items: impl IntoIterator<Item = Item>) -> Done<Vec<(u64, Received)>> {
        let key = self.key()?;
        let (mut sequence, mut previous) = (self.chain.sequence, self.chain.id);
        let clock = times::now();
        let signed = items
            .into_iter()
            .map(|Item { line, body }| {
                let record = Record {
                    community: self.community.id,
                    author: self.author(),
                    sequence: sequence + 1,
                    previous,
                    clock,
                    body,
                };
                let received = Received::own(record.sign(key));
                (sequence, previous) = (sequence + 1, received.id);
                (line, received)
            })
            .collect::<Vec<_>>();
        Ok(signed)
    }

    /// Hands in a batch, which is in the outbox, until the node has taken or refused all of it.
    fn hand_in_all(&mut self, mut batch: Batch) -> Done<Note> {
        let progress = Progress::new(batch.records.len() as u64, "handing in");
        let total = batch.records.len();
        let mut position = 0;
        let mut moved = Instant::now();
        while position < batch.records.len() {
            let (taken, waits) = match self.hand_in_part(&batch.records[position..])? {
                Step::Taken(taken) => (taken, None),
                Step::Waits(taken, reason) => (taken, Some(reason)),
                Step::Refuses(taken, refused) => {
                    position += taken;
                    count(&mut batch, position);
                    self.leave_out(&mut batch, position, refused)?;
                    (position, moved) = (0, Instant::now());
                    continue;
                }
            };
            position += taken;
            if taken > 0 {
                moved = Instant::now();
            }
            progress.set((total - (batch.records.len() - position)) as u64);
            let Some(reason) = waits else { continue };
            let (line, next) = &batch.records[position];
            self.not_behind(next, self.client.chain(&self.author())?.sequence)?;
            if moved.elapsed() >= PATIENCE {
                return Err(Failure::refused(format!(
                    "line {line} cannot be sealed yet: {reason}. The {} records from there on are signed and kept in this \
                     home. Give the command again when that has changed: it goes on where it was",
                    batch.records.len() - position
                )));
            }
            thread::sleep(PAUSE);
        }
        count(&mut batch, position);
        self.outbox.close_batch(&batch.note)?;
        self.chain = self.client.chain(&self.author())?;
        Ok(batch.note)
    }

    fn hand_in_part(&self, records: &[(u64, Received)]) -> Done<Step> {
        let mut size = 0;
        let fits = |(_, received): &&(u64, Received)| {
            size += received.bytes.len();
            size <= CHUNK_BYTES
        };
        let part: Vec<Vec<u8>> = records
            .iter()
            .take(CHUNK)
            .take_while(fits)
            .map(|(_, received)| received.bytes.to_vec())
            .collect();
        let answer = self.client.submit(&part, false).map_err(|failure| {
            failure.and(format!(
                "{} records are signed and kept in this home. Give the command again, or another one with this key: they \
                 are handed in first",
                records.len()
            ))
        })?;
        let mut taken = 0;
        for (Reception { status, .. }, (line, _)) in answer.records.into_iter().zip(records) {
            match status {
                ReceptionStatus::Accepted | ReceptionStatus::Held => taken += 1,
                ReceptionStatus::Parked { reason } => return Ok(Step::Waits(taken, reason)),
                ReceptionStatus::Refused { rule, reason } if is_for_now(&rule) => {
                    return Ok(Step::Waits(taken, reason));
                }
                ReceptionStatus::Refused { rule, reason } => {
                    return Ok(Step::Refuses(taken, RefusedLine { line: *line, rule, reason }));
                }
            }
        }
        if taken == 0 {
            return Err(Failure::node("the node has answered for none of the records that were handed in"));
        }
        Ok(Step::Taken(taken))
    }

    /// Leaves out the record at this position, which the node has refused and nobody else has seen, and signs those after
    /// it anew.
    fn leave_out(&mut self, batch: &mut Batch, position: usize, refused: RefusedLine) -> Done {
        let rest: Vec<Item> = batch
            .records
            .drain(..)
            .skip(position + 1)
            .map(|(line, received)| Item { line, body: received.signed.record.body })
            .collect();
        if !is_of_the_line(&refused.rule) {
            self.outbox.drop_batch()?;
            return Err(Failure::refused(format!(
                "line {}: the node refuses the record ({}): {}. The node has taken {} records before it; the {} lines after \
                 it are not handed in, and nobody has seen them",
                refused.line,
                refused.rule,
                refused.reason,
                batch.note.taken,
                rest.len()
            )));
        }
        batch.note.refused.push(refused);
        self.chain = self.client.chain(&self.author())?;
        batch.records = self.sign_all(rest)?;
        if batch.records.is_empty() { Ok(()) } else { self.outbox.keep_batch(batch) }
    }
}

/// Notes that the node has taken the records before this position.
fn count(batch: &mut Batch, position: usize) {
    batch.note.taken += position as u64;
    if let Some((_, last)) = position.checked_sub(1).and_then(|last| batch.records.get(last)) {
        batch.note.last = last.record().sequence;
    }
}

/// Refusals that say no more than that there is no room at the moment.
fn is_for_now(rule: &str) -> bool {
    matches!(rule, "tail-full" | "parked-full")
}

/// Refusals that concern what one line says, and not who says it: the next one may well be taken.
fn is_of_the_line(rule: &str) -> bool {
    matches!(rule, "no-effect" | "other-kind" | "not-own" | "other-attestor")
}
