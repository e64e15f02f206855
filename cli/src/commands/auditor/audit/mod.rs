//! `mutua audit`: checks everything from nothing but a file, or what a node sends; and goes on doing so.

mod follow;
mod report;

use std::{
    fs::File,
    io::BufReader,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use mutua_node::audit::{Depth, Findings, Pipeline, READ_BYTES, Unreadable};
use zeroize::Zeroizing;

use crate::{
    client::Client,
    context::Context,
    failure::{Done, Failure, Status},
    files,
    home::Home,
    output,
    progress::Progress,
};
use report::Report;

const EXAMPLE: &str = "\
Example:
  mutua audit community.archive
  mutua audit http://node.example:4612 --token-file token
  mutua audit --follow http://node.example:4612 --token-file token --state community.log

The file is one that 'mutua log export' wrote; a node sends the same ('mutua auditor-token' there says what its
owner has to do). Everything in it is checked from nothing but the bytes: signatures, chains, roles, seals, and each
round's outcome, computed anew. The exit status is 0 when all holds, 1 when a check fails (its number is that of SPEC
section 12), 2 when the file is no archive, and 3 when the node cannot be reached.

The audit ends at the first fault, from which on nobody can say what the ledger should be. With --all it goes on without
a ledger: each later seal is looked at by itself (bytes, community, count, records and their bounds, certificate,
signatures, order, size, Merkle root) and beside the one before it (number, link, time). Rights, chains, references, closes
and outcomes are not checked any more.

With --follow, new seals are checked as they come, and the log that was checked before has to be the beginning of the
log that is there now. If another seal stands in an old place, with a valid certificate, both are written to a file
beside the state: they prove that witnesses have signed two histories. The state is itself an archive, which
'mutua audit' can check.";

/// Faults that are kept with `--all`; further ones are counted.
const FAULTS: usize = 100;

/// Greatest size of a token file.
const TOKEN_BYTES: u64 = 4 << 10;

/// What `mutua audit` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The archive: a file, or the address of a node that lets auditors in
    #[arg(value_name = "FILE|URL")]
    source: String,
    /// Go on after a fault, and list every one that can be named without the ledger
    #[arg(long, conflicts_with = "follow")]
    all: bool,
    /// Check new seals as they come, until stopped with Ctrl-C
    #[arg(long, requires = "state")]
    follow: bool,
    /// With --follow: where to keep the log that was checked
    #[arg(long, value_name = "FILE", requires = "follow")]
    state: Option<PathBuf>,
    /// With --follow: look for new seals this often
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = crate::times::parse_duration)]
    every: u64,
    /// With --follow: check what is there now, and end
    #[arg(long, requires = "follow")]
    once: bool,
    /// Read the node's token for auditors from this file [otherwise: MUTUA_AUDITOR_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Check on this many threads [default: one for each core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl Arguments {
    /// Audits.
    pub(crate) fn run(self, context: &Context) -> Done {
        let pipeline = Pipeline::new(self.threads)
            .map_err(|error| Failure::refused(format!("the audit cannot start: {error}")))?;
        if let Some(state) = &self.state {
            return follow::follow(&self, state, pipeline, context);
        }
        let begun = Instant::now();
        let depth = if self.all { Depth::All { keep: FAULTS } } else { Depth::First };
        let findings = match self.address() {
            Some(address) => from_node(&pipeline, &self.client(address, context)?, depth)?,
            None => from_file(&pipeline, Path::new(&self.source), depth)?,
        };
        let report = Report::of(&findings, begun.elapsed());
        output::show(context.json, &report, |page| report.tell(page))?;
        if report.is_valid() { Ok(()) } else { Err(Failure::said(Status::Refused)) }
    }

    /// The source, if it is a node.
    fn address(&self) -> Option<&str> {
        Some(self.source.as_str()).filter(|source| source.contains("://"))
    }

    /// The node at this address.
    fn client(&self, address: &str, context: &Context) -> Done<Client> {
        let token = match &self.token_file {
            Some(path) => Zeroizing::new(files::read_text(path, TOKEN_BYTES)?.trim().to_owned()),
            None => match std::env::var("MUTUA_AUDITOR_TOKEN") {
                Ok(token) => Zeroizing::new(token.trim().to_owned()),
                Err(_) => own_token(address, context).unwrap_or_default(),
            },
        };
        Client::remote(address, token)
    }
}

/// The token of the node that runs in this home, if that is the one with this address.
fn own_token(address: &str, context: &Context) -> Option<Zeroizing<String>> {
    let home = Home::named(context).ok()?;
    let running = home.running().ok()?;
    (address.trim_end_matches('/') == format!("http://{}", running.api)).then(|| home.token().ok()).flatten()
}

fn from_file(pipeline: &Pipeline, path: &Path, depth: Depth) -> Done<Findings> {
    let file = File::open(path).map_err(|error| Failure::file(path, format!("cannot be read: {error}")))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let progress = Progress::records(size, "auditing");
    let source = BufReader::with_capacity(READ_BYTES, file);
    pipeline
        .audit(source, depth, &mut |advance| {
            progress.set(advance.bytes);
            progress.tell_records(advance.records);
        })
        .map_err(|error| Failure::file(path, error))
}

fn from_node(pipeline: &Pipeline, client: &Client, depth: Depth) -> Done<Findings> {
    let (height, source) = client.archive(1, u64::MAX)?;
    let progress = Progress::new(height.unwrap_or(0), "auditing seals");
    let source = BufReader::with_capacity(READ_BYTES, source);
    pipeline.audit(source, depth, &mut |advance| progress.set(advance.height)).map_err(|error| match error {
        Unreadable::Io(error) => Failure::node(format!("the node {} broke off: {error}", client.name())),
        error @ Unreadable::Magic(_) => Failure::input(format!("{}: {error}", client.name())),
    })
}
