//! The thread that runs the core: many inputs, one commit, then the outputs.

use std::{
    collections::BTreeMap,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use mutua_protocol::{hash::RecordId, seals::SealedBatch};

use super::{
    Core, CoreError, Feed, Imported, Input, Now, Output, Reception, Signed,
    limits::{GATHER_INPUTS_MS, INPUTS, INPUTS_PER_COMMIT, TICK_MS},
};
use crate::network::{GossipToken, NetworkEvent, NetworkHandle, RequestId, ResponseToken};

/// How long a peer that sent nonsense is shut out.
const BAN: Duration = Duration::from_secs(60);

/// The service has stopped, or is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node is stopping")]
pub struct Stopped;

type Answer<T> = SyncSender<T>;
type Question = Box<dyn FnOnce(&Core) + Send>;

enum Command {
    Network(NetworkEvent),
    Submit(Vec<Vec<u8>>, Signed, Answer<Vec<Reception>>),
    LetGo(Vec<RecordId>, Answer<Option<RecordId>>),
    Import(Box<SealedBatch>, Answer<Imported>),
    Query(Question),
    Stop,
}

/// The way to the service, for the API and the network. All calls wait.
#[derive(Clone)]
pub struct ServiceHandle {
    commands: SyncSender<Command>,
    feed: Feed,
}

impl ServiceHandle {
    /// Hands in records. When this returns, those accepted are on the disk.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn submit(&self, records: Vec<Vec<u8>>, place: Signed) -> Result<Vec<Reception>, Stopped> {
        self.call(|answer| Command::Submit(records, place, answer))
    }

    /// Lets go of records that wait for their own author ([`Core::let_go`]). One of them that others may know is returned.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn let_go(&self, ids: Vec<RecordId>) -> Result<Option<RecordId>, Stopped> {
        self.call(|answer| Command::LetGo(ids, answer))
    }

    /// Hands in the next seal of an archive. When this returns, it is on the disk.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn import(&self, batch: SealedBatch) -> Result<Imported, Stopped> {
        self.call(|answer| Command::Import(Box::new(batch), answer))
    }

    /// Asks something; the question runs on the service's thread and has to be short.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn query<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        self.call(|answer| {
            Command::Query(Box::new(move |core| {
                // Who asked may be gone.
                let _ = answer.send(question(core));
            }))
        })
    }

    /// Passes on what the network says; waits while the service is busy.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn network(&self, event: NetworkEvent) -> Result<(), Stopped> {
        self.commands.send(Command::Network(event)).map_err(|_| Stopped)
    }

    /// Asks the service to stop after what it is doing.
    pub fn stop(&self) {
        if let Err(TrySendError::Full(command)) = self.commands.try_send(Command::Stop) {
            let _ = self.commands.send(command);
        }
    }

    /// What happens in it.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    fn call<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Stopped> {
        let (answer, result) = sync_channel(1);
        self.commands.send(command(answer)).map_err(|_| Stopped)?;
        result.recv().map_err(|_| Stopped)
    }
}

/// The clocks of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Elapsed time counts from now.
    #[must_use]
    pub fn started() -> Self {
        Self(Instant::now())
    }

    /// The time, as a value.
    #[must_use]
    pub fn now(self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Now {
            wall: u64::try_from(wall).unwrap_or(u64::MAX),
            elapsed: u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Starts the service on a thread of its own. The thread ends with an error when the store fails.
///
/// # Errors
/// When no thread can be started.
pub fn start(
    core: Core,
    clock: Clock,
    network: NetworkHandle,
) -> std::io::Result<(ServiceHandle, JoinHandle<Result<(), CoreError>>)> {
    let (commands, inputs) = sync_channel(INPUTS);
    let feed = Feed::new(clock.now().wall, core.ledger().height());
    let driver = Driver {
        feed: feed.clone(),
        core,
        clock,
        network,
        gossip: BTreeMap::new(),
        responses: BTreeMap::new(),
        requests: BTreeMap::new(),
        next_token: 0,
        submitted: Vec::new(),
        imported: Vec::new(),
        questions: Vec::new(),
        unsent: Vec::new(),
    };
    let thread = std::thread::Builder::new().name("service".to_owned()).spawn(move || driver.run(&inputs))?;
    Ok((ServiceHandle { commands, feed }, thread))
}

struct Driver {
    core: Core,
    feed: Feed,
    clock: Clock,
    network: NetworkHandle,
    gossip: BTreeMap<u64, GossipToken>,
    responses: BTreeMap<u64, ResponseToken>,
    requests: BTreeMap<RequestId, u64>,
    next_token: u64,
    submitted: Vec<(Answer<Vec<Reception>>, Vec<Reception>)>,
    imported: Vec<(Answer<Imported>, Imported)>,
    questions: Vec<Question>,
    /// Requests that the network did not take: for the core they have ended without an answer.
    unsent: Vec<u64>,
}

impl Driver {
    fn run(mut self, inputs: &Receiver<Command>) -> Result<(), CoreError> {
        let mut going = true;
        while going {
            let now = self.clock.now();
            let until =
                self.core.deadline().map_or(TICK_MS, |at| at.saturating_sub(now.elapsed).min(TICK_MS));
            match inputs.recv_timeout(Duration::from_millis(until)) {
                Ok(command) => going = self.take(command)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => going = false,
            }
            let began = Instant::now();
            for _ in 1..INPUTS_PER_COMMIT {
                if !going || began.elapsed() >= Duration::from_millis(GATHER_INPUTS_MS) {
                    break;
                }
                match inputs.try_recv() {
                    Ok(command) => going = self.take(command)?,
                    Err(_) => break,
                }
            }
            for request in std::mem::take(&mut self.unsent) {
                self.core.handle(self.clock.now(), Input::Response { request, data: None })?;
            }
            self.core.tick(self.clock.now())?;
            let outputs = self.core.commit()?;
            self.answer();
            for output in outputs {
                self.carry_out(output);
            }
        }
        Ok(())
    }

    fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    fn take(&mut self, command: Command) -> Result<bool, CoreError> {
        let now = self.clock.now();
        match command {
            Command::Stop => return Ok(false),
            Command::Query(question) => self.questions.push(question),
            Command::Submit(records, place, answer) => {
                let receptions = self.core.submit(now, &records, place)?;
                self.submitted.push((answer, receptions));
            }
            Command::LetGo(ids, answer) => {
                // Who asked may be gone.
                let _ = answer.send(self.core.let_go(&ids)?);
            }
            Command::Import(batch, answer) => {
                let imported = self.core.import(now, &batch)?;
                self.imported.push((answer, imported));
            }
            Command::Network(event) => {
                if let Some(input) = self.input(event) {
                    self.core.handle(now, input)?;
                }
            }
        }
        Ok(true)
    }

    fn input(&mut self, event: NetworkEvent) -> Option<Input> {
        match event {
            NetworkEvent::Listening(_) => None,
            NetworkEvent::Connected { peer, address, .. } => {
                Some(Input::Connected(peer, address.to_string()))
            }
            NetworkEvent::Disconnected { peer } => Some(Input::Disconnected(peer)),
            NetworkEvent::Gossip { topic, source, data, token } => {
                let number = self.token();
                self.gossip.insert(number, token);
                Some(Input::Gossip { topic, source, data, token: number })
            }
            NetworkEvent::Request { peer, data, token } => {
                let number = self.token();
                self.responses.insert(number, token);
                Some(Input::Request { peer, data, token: number })
            }
            NetworkEvent::Response { request, result, peer } => {
                let request = self.requests.remove(&request)?;
                if let Err(error) = &result {
                    tracing::debug!(%peer, %error, "a request got no answer");
                }
                Some(Input::Response { request, data: result.ok() })
            }
        }
    }

    /// Answers this node's users: what they handed in, and what they see, is on the disk.
    fn answer(&mut self) {
        for question in self.questions.drain(..) {
            question(&self.core);
        }
        for (answer, receptions) in self.submitted.drain(..) {
            let _ = answer.send(receptions);
        }
        for (answer, imported) in self.imported.drain(..) {
            let _ = answer.send(imported);
        }
    }

    fn carry_out(&mut self, output: Output) {
        let sent = match output {
            Output::Publish(topic, data) => self.network.publish(topic, data),
            Output::Verdict(token, verdict) => match self.gossip.remove(&token) {
                Some(token) => self.network.verdict(token, verdict),
                None => Ok(()),
            },
            Output::Request { request, peer, data } => match self.network.request(peer, data) {
                Ok(id) => {
                    self.requests.insert(id, request);
                    Ok(())
                }
                Err(error) => {
                    self.unsent.push(request);
                    Err(error)
                }
            },
            Output::Respond(token, data) => match self.responses.remove(&token) {
                Some(token) => self.network.respond(token, data),
                None => Ok(()),
            },
            Output::Decline(token) => match self.responses.remove(&token) {
                Some(token) => self.network.decline(token),
                None => Ok(()),
            },
            Output::Ban(peer) => self.network.ban(peer, BAN),
            Output::Tell(event) => {
                self.feed.tell(event);
                Ok(())
            }
        };
        if let Err(error) = sent {
            // Gossip that is lost here, catch-up brings; a request that is lost is asked again.
            tracing::debug!(%error, "the network did not take an output");
        }
    }
}
