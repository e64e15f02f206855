//! `mutua submit`: handing in records that were signed before.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use mutua_node::service::ReceptionStatus;
use mutua_protocol::{charter::Community, records::Received};
use serde::Serialize;

use super::Context;
use crate::{
    Done,
    client::Client,
    failure::{Failure, Status},
    home::Home,
    output,
    progress::Progress,
    record_file, times,
};

const EXAMPLE: &str = "\
Example:
  mutua submit records
  mutua submit records --to node-a --to node-b      # several nodes' homes share the work

Each author's records go to one node, in their order. A record that refers to one that is not sealed
yet is handed in again until it is.";

/// Records handed in at once.
const CHUNK: usize = 400;

/// Pause before what was parked is handed in again.
const PAUSE: Duration = Duration::from_millis(250);

/// What `mutua submit` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The file of signed records
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The home of a running node, again for each node [default: --home]
    #[arg(long, value_name = "HOME")]
    to: Vec<PathBuf>,
    /// Give up when nothing was accepted for so long
    #[arg(long, default_value = "60s", value_parser = times::parse_duration, value_name = "DURATION")]
    patience: u64,
}

/// What became of the records.
#[derive(Debug, Default, Serialize)]
struct Answer {
    accepted: u64,
    held: u64,
    refused: u64,
    /// By rule: how many, and what one of them was told.
    reasons: BTreeMap<String, (u64, String)>,
}

/// A node with what it is still to be given.
struct Lane {
    client: Client,
    waiting: VecDeque<Vec<u8>>,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let records = record_file::read(&self.file)?;
        let mut clients = Vec::new();
        for home in &self.to {
            clients.push(Client::at(home)?);
        }
        if clients.is_empty() {
            clients.push(Client::of(&Home::existing(context)?)?);
        }
        let community = Community::new(clients[0].charter()?).map_err(Failure::input)?;
        let total = records.len() as u64;
        let mut lanes: Vec<Lane> =
            clients.into_iter().map(|client| Lane { client, waiting: VecDeque::new() }).collect();
        let nodes = lanes.len();
        for bytes in records {
            // What is no record goes to the first node, which says what is wrong with it.
            let author = Received::decode(&bytes, &community).map(|received| received.record().author);
            let lane = author.map_or(0, |author| usize::from(author.0[0]) % nodes);
            lanes[lane].waiting.push_back(bytes);
        }
        let answer = hand_in(&mut lanes, total, Duration::from_millis(self.patience))?;
        output::show(context.json, &answer, |page| {
            page.line(format!(
                "{} accepted, {} held before, {} refused",
                answer.accepted, answer.held, answer.refused
            ));
            for (rule, (count, reason)) in &answer.reasons {
                page.line(format!("  {count} by rule '{rule}', for instance: {reason}"));
            }
        })?;
        if answer.refused > 0 { Err(Failure::said(Status::Refused)) } else { Ok(()) }
    }
}

fn hand_in(lanes: &mut [Lane], total: u64, patience: Duration) -> Done<Answer> {
    let mut answer = Answer::default();
    let progress = Progress::new(total, "handing in");
    let mut last_success = Instant::now();
    loop {
        let mut went_on = false;
        let mut reason = String::new();
        for lane in lanes.iter_mut().filter(|lane| !lane.waiting.is_empty()) {
            let chunk: Vec<Vec<u8>> = lane.waiting.drain(..lane.waiting.len().min(CHUNK)).collect();
            let receptions = lane.client.submit(&chunk)?.records;
            if receptions.len() != chunk.len() {
                return Err(Failure::node(format!(
                    "{} answered for {} of {} records",
                    lane.client.name(),
                    receptions.len(),
                    chunk.len()
                )));
            }
            let mut again = Vec::new();
            for (bytes, reception) in chunk.into_iter().zip(receptions) {
                match reception.status {
                    ReceptionStatus::Accepted => answer.accepted += 1,
                    ReceptionStatus::Held => answer.held += 1,
                    ReceptionStatus::Parked { reason: waits_for } => {
                        reason = waits_for;
                        again.push(bytes);
                        continue;
                    }
                    // No room to park it now: as good as parked.
                    ReceptionStatus::Refused { rule, reason: full } if rule.ends_with("-full") => {
                        reason = full;
                        again.push(bytes);
                        continue;
                    }
                    ReceptionStatus::Refused { rule, reason } => {
                        answer.refused += 1;
                        answer.reasons.entry(rule).or_insert((0, reason)).0 += 1;
                    }
                }
                went_on = true;
            }
            for bytes in again.into_iter().rev() {
                lane.waiting.push_front(bytes);
            }
        }
        progress.set(answer.accepted + answer.held + answer.refused);
        let left: usize = lanes.iter().map(|lane| lane.waiting.len()).sum();
        if left == 0 {
            return Ok(answer);
        }
        if went_on {
            last_success = Instant::now();
        } else if last_success.elapsed() > patience {
            return Err(Failure::refused(format!(
                "{left} of {total} records are still waiting, and nothing was accepted for {} s; one of them: {reason}",
                patience.as_secs()
            )));
        } else {
            thread::sleep(PAUSE);
        }
    }
}
