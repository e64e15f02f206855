//! `mutua audit --follow`: a monitor that can run for months.

use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use mutua_node::audit::{Conflict, FileSource, Halt, Monitor, Pipeline, Source, SourceError};
use mutua_protocol::{
    hash::{CommunityId, SealId},
    keys::PublicKey,
    seals::{Certificate, SealHeader, SealedBatch},
};
use serde::Serialize;

use super::{
    Arguments,
    report::{CommunityFacts, FaultFacts, RoundFacts},
};
use crate::{
    client::Client,
    commands::{Context, run::asked_to_stop},
    failure::{Done, Failure, Status},
    output,
    page::Page,
    progress::Progress,
    times,
};

/// Between two tries of a source that cannot be reached, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long a request that is under way may hold up the end. What was checked is on the disk whenever that is.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Follows the source until it is asked to stop, or something is wrong.
pub(super) fn follow(arguments: &Arguments, state: &Path, pipeline: Pipeline, context: &Context) -> Done {
    let stop = Stopping::listen()?;
    let mut source: Box<dyn Source> = match arguments.address() {
        Some(address) => Box::new(Node(arguments.client(address, context)?)),
        None => Box::new(FileSource::new(Path::new(&arguments.source))),
    };
    let voice = Voice { json: context.json };
    let mut monitor = match open(state, pipeline, source.as_mut(), &voice, &stop, arguments)? {
        Some(monitor) => monitor,
        None => return Ok(()),
    };
    let community = CommunityFacts::of(monitor.ledger());
    voice.say(&Event::Following {
        community: community.id,
        name: &community.name,
        state,
        height: monitor.ledger().height(),
        head: monitor.ledger().head(),
    })?;
    let every = Duration::from_millis(arguments.every.max(100));
    let mut pause = FIRST_PAUSE;
    // Told once, however long it lasts.
    let mut waiting = false;
    loop {
        let mut seals = Seals::default();
        let mut rounds: Vec<RoundFacts> = Vec::new();
        let polled = monitor.poll(source.as_mut(), &mut |report| {
            seals.add(report);
            rounds.extend(report.applied.closing.as_deref().map(RoundFacts::of));
            !stop.asked()
        });
        if let Some(event) = seals.event() {
            voice.say(&event)?;
        }
        for round in &rounds {
            voice.say(&Event::Round { round, line: round.line(&community.currency, community.decimals) })?;
        }
        if stop.asked() {
            break;
        }
        if seals.0.is_some() {
            pause = FIRST_PAUSE;
        }
        let rest = match polled {
            Ok(new) => {
                pause = FIRST_PAUSE;
                if std::mem::take(&mut waiting) {
                    voice.say(&Event::Reached { height: monitor.ledger().height() })?;
                }
                match (new, arguments.once) {
                    (0, true) => break,
                    (0, false) => every,
                    // There may be more.
                    _ => continue,
                }
            }
            Err(halt @ (Halt::Unreachable(_) | Halt::Behind { .. })) => {
                if arguments.once {
                    return Err(Failure::node(halt));
                }
                if !waiting {
                    voice.say(&Event::Waiting { reason: &halt.to_string() })?;
                    waiting = true;
                }
                let now = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                now
            }
            Err(halt) => return Err(alarm(halt, state, &voice)),
        };
        if stop.wait(rest) {
            break;
        }
    }
    let ledger = monitor.ledger();
    voice.say(&Event::Stopped { height: ledger.height(), head: ledger.head() })
}

/// The monitor; nothing if it was asked to stop before there was one.
fn open(
    state: &Path,
    pipeline: Pipeline,
    source: &mut dyn Source,
    voice: &Voice,
    stop: &Stopping,
    arguments: &Arguments,
) -> Done<Option<Monitor>> {
    let mut pipeline = Some(pipeline);
    let mut pause = FIRST_PAUSE;
    let mut told = false;
    loop {
        let given = match pipeline.take() {
            Some(pipeline) => pipeline,
            None => Pipeline::new(arguments.threads)
                .map_err(|error| Failure::refused(format!("the audit cannot start: {error}")))?,
        };
        let progress = Progress::amount_of("checking the state again", "seals");
        match Monitor::open(state, given, source, &mut |height| progress.set(height)) {
            Ok(monitor) => return Ok(Some(monitor)),
            Err(halt @ Halt::Unreachable(_)) if arguments.once => return Err(Failure::node(halt)),
            Err(Halt::Unreachable(reason)) => {
                if !told {
                    voice.say(&Event::Waiting { reason: &reason })?;
                    told = true;
                }
            }
            Err(halt) => return Err(alarm(halt, state, voice)),
        }
        if stop.wait(pause) {
            return Ok(None);
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Says loudly what is wrong, and hands back the failure to end with.
fn alarm(halt: Halt, state: &Path, voice: &Voice) -> Failure {
    let said = match &halt {
        Halt::Fault(fault) => voice.say(&Event::Fault { fault: &FaultFacts::of(fault) }),
        Halt::Conflict(conflict) => keep(conflict, state).and_then(|file| {
            voice.say(&Event::Conflict {
                height: conflict.height(),
                ours: Certified::of(&conflict.ours),
                theirs: Certified::of(&conflict.theirs),
                convicted: &conflict.convicted,
                file: &file,
            })
        }),
        Halt::Refused(message) => return Failure::node(message),
        Halt::Mirror(error) => return Failure::input(error),
        Halt::OtherCommunity { .. } | Halt::Unreachable(_) | Halt::Behind { .. } => {
            return Failure::refused(halt);
        }
    };
    match said {
        Ok(()) => Failure::said(Status::Refused),
        Err(failure) => Failure::refused(format!("{halt} ({})", failure.message())),
    }
}

/// Writes the proof beside the state.
fn keep(conflict: &Conflict, state: &Path) -> Done<PathBuf> {
    let mut name = state.as_os_str().to_owned();
    name.push(format!(".two-seals-{}-{}.evidence", conflict.height(), conflict.theirs.header.id().short()));
    let path = PathBuf::from(name);
    // Found again after a restart, it is the same.
    std::fs::write(&path, conflict.evidence.to_file())
        .map_err(|error| Failure::file(&path, format!("cannot be written: {error}")))?;
    Ok(path)
}

/// A seal and who has signed it.
#[derive(Debug, Serialize)]
struct Certified<'a> {
    id: SealId,
    header: &'a SealHeader,
    certificate: &'a Certificate,
}

impl<'a> Certified<'a> {
    fn of(SealedBatch { header, certificate, .. }: &'a SealedBatch) -> Self {
        Self { id: header.id(), header, certificate }
    }

    fn signers(&self) -> String {
        let keys: Vec<String> = self.certificate.signatures.iter().map(|(key, _)| key.short()).collect();
        keys.join(", ")
    }
}

/// A node as a source.
struct Node(Client);

impl Source for Node {
    fn part(&mut self, from: u64, seals: u64) -> Result<Box<dyn Read + '_>, SourceError> {
        match self.0.archive(from, seals) {
            Ok((_, body)) => Ok(Box::new(body)),
            Err(failure) if failure.is_of_node() => {
                Err(SourceError::Unreachable(failure.message().to_owned()))
            }
            Err(failure) => Err(SourceError::Refused(failure.message().to_owned())),
        }
    }
}

/// What happens, one line each.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
enum Event<'a> {
    Following {
        community: CommunityId,
        name: &'a str,
        state: &'a Path,
        height: u64,
        head: SealId,
    },
    Seals {
        from: u64,
        to: u64,
        records: usize,
        void: usize,
        time: u64,
    },
    Round {
        #[serde(flatten)]
        round: &'a RoundFacts,
        #[serde(skip)]
        line: String,
    },
    Waiting {
        reason: &'a str,
    },
    Reached {
        height: u64,
    },
    Fault {
        #[serde(flatten)]
        fault: &'a FaultFacts,
    },
    Conflict {
        height: u64,
        ours: Certified<'a>,
        theirs: Certified<'a>,
        convicted: &'a [PublicKey],
        file: &'a Path,
    },
    Stopped {
        height: u64,
        head: SealId,
    },
}

/// Seals that were checked one after the other.
#[derive(Default)]
struct Seals(Option<(u64, u64, usize, usize, u64)>);

impl Seals {
    fn add(&mut self, report: &mutua_protocol::archive::SealReport) {
        let (from, _, records, void, _) = self.0.unwrap_or((report.height, 0, 0, 0, 0));
        self.0 = Some((
            from,
            report.height,
            records + report.records,
            void + report.applied.void.len(),
            report.time,
        ));
    }

    fn event(&self) -> Option<Event<'static>> {
        self.0.map(|(from, to, records, void, time)| Event::Seals { from, to, records, void, time })
    }
}

/// Tells what happens.
struct Voice {
    json: bool,
}

impl Voice {
    fn say(&self, event: &Event<'_>) -> Done {
        if self.json {
            let line = serde_json::to_string(event)
                .map_err(|error| Failure::input(format!("an event cannot be written as JSON: {error}")))?;
            return output::write(&(line + "\n"));
        }
        let mut page = Page::default();
        match event {
            Event::Following { community, name, state, height, .. } => {
                page.line(format!("following {name} ({community})"));
                page.line(format!("{} holds {height} seals that were checked", state.display()));
            }
            Event::Seals { from, to, records, void, time } => {
                let which = if from == to {
                    format!("seal {to} holds")
                } else {
                    format!("seals {from} to {to} hold")
                };
                let void =
                    if *void == 0 { String::new() } else { format!(", {void} of them without effect") };
                page.line(format!("{which}: {records} records{void}, up to {}", times::show(*time)));
            }
            Event::Round { line, .. } => {
                page.line(line);
            }
            Event::Waiting { reason } => {
                page.line(format!("waiting: {reason}"));
            }
            Event::Reached { height } => {
                page.line(format!("the source answers again; {height} seals are checked"));
            }
            Event::Fault { fault } => {
                page.gap().line("THE LOG BREAKS THE RULES").gap();
                fault.tell(&mut page);
                page.gap().line("Keep what the source shows ('mutua log export'), and tell the witnesses and the members.");
            }
            Event::Conflict { height, ours, theirs, convicted, file } => {
                page.gap().line("TWO HISTORIES").gap();
                let keys: Vec<String> = convicted.iter().map(ToString::to_string).collect();
                page.facts([
                    ("seal", height.to_string()),
                    ("checked before", ours.id.to_string()),
                    ("signed by", ours.signers()),
                    ("shown now", theirs.id.to_string()),
                    ("signed by", theirs.signers()),
                    ("signed both", keys.join(", ")),
                    ("proof", file.display().to_string()),
                ]);
                page.gap().line(
                    "Both certificates are valid. Give the proof to the members and the other witnesses.",
                );
            }
            Event::Stopped { height, .. } => {
                page.line(format!("stopped; {height} seals are checked"));
            }
        }
        output::write(page.text())
    }
}

/// Was the monitor asked to stop?
struct Stopping(Arc<(Mutex<bool>, Condvar)>);

impl Stopping {
    /// Listens for Ctrl-C and SIGTERM.
    fn listen() -> Done<Self> {
        let failed = |error| Failure::refused(format!("signals cannot be taken: {error}"));
        let state = Arc::new((Mutex::new(false), Condvar::new()));
        let told = Arc::clone(&state);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let asked = {
            let _inside = runtime.enter();
            asked_to_stop()?
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(asked);
                *told.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
                told.1.notify_all();
                std::thread::sleep(LAST_WAIT);
                // A source that neither answers nor breaks off. All that was checked and kept is synced.
                std::process::exit(0);
            })
            .map_err(failed)?;
        Ok(Self(state))
    }

    fn asked(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits this long, or until asked to stop, and says whether it was.
    fn wait(&self, long: Duration) -> bool {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) =
            self.0.1.wait_timeout_while(asked, long, |asked| !*asked).unwrap_or_else(PoisonError::into_inner);
        *asked
    }
}
