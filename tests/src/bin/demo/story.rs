//! The story of Harbrook: one round of a small town's credit cooperative.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use mutua_node::keystore::{Keystore, Passphrase};
use mutua_protocol::{
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Community, Completion, Currency, MotionPolicy,
        PROTOCOL, RiskPolicy, Role, RoleHolders, Rule, Schedule, Sealing, Utility,
    },
    hash::RecordId,
    keys::{PublicKey, SecretKey},
    records::{
        Answer, Ballot, Body, Choice, Loan, Motion, ProposalId, Received, Repayment, Score, Subject, Verdict,
    },
    seals::Witness,
};
use mutua_tests::{Author, PASSPHRASE, now, until};

use crate::{
    stage::{PARTS, PATIENCE, Stage, VICTIM},
    telling::{Teller, count, cut},
    town::{LoanIdea, Person, Town, basis_points},
    verdict::{self, Telling},
};

/// The first three members of the list vote on nodes of their own.
const HOMES: [usize; 3] = [4, 5, 6];

/// Where the others vote: any node but the one that is killed, in turn.
const COUNTERS: [usize; 6] = [4, 0, 5, 1, 6, 3];

/// Commands of the program that sign something, in the whole story: what the time until the close depends on.
const COMMANDS: u32 = 24;

/// How wide a command is shown.
const COMMAND: usize = 118;

/// Somebody of the town.
struct Actor {
    key: PublicKey,
    /// For those whose key lies here and not in a home.
    author: Option<Author>,
}

/// The story as it goes.
pub(crate) struct Story<'a> {
    teller: &'a mut Teller,
    stage: &'a mut Stage,
    town: Town,
    community: Arc<Community>,
    /// By name.
    actors: BTreeMap<String, Actor>,
    /// By key in the data file.
    proposals: BTreeMap<String, ProposalId>,
    /// Records that have been accepted by some node.
    said: u64,
}

/// Keys, charter, homes.
pub(crate) fn found<'a>(teller: &'a mut Teller, stage: &'a mut Stage, close: Option<u64>) -> Story<'a> {
    let town = Town::harbrook();
    teller.chapter(&format!("{} is founded", town.name));
    teller.say("Seven nodes on this machine, each with a home folder and keys of its own:");
    let began = std::time::Instant::now();
    let mut made = 0;
    for (n, part) in PARTS.iter().enumerate() {
        let labels: &[&str] = match (n, part.witness) {
            (0, _) => &["witness", "operator"],
            (_, true) => &["witness"],
            (_, false) => &["me"],
        };
        for label in labels {
            stage.nodes[n].mutua().ok(["key", "new", label]);
            made += 1;
        }
    }
    let each = began.elapsed() / made;
    // Measured, because a slow machine needs longer for each command.
    let wait = close.map_or_else(|| close_after(each), Duration::from_secs);
    let community = Community::new(charter(&town, stage, wait)).expect("the charter keeps its bounds");
    let text = serde_json::to_string_pretty(&community.charter).expect("a charter has a JSON form");
    fs::write(stage.charter_file(), text).expect("the demo's folder can be written");
    let charter = stage.charter_file().to_string_lossy().into_owned();
    teller.command("anybody", "mutua charter check charter.json");
    mutua_tests::Mutua::offline().ok(["charter", "check", &charter]);
    for (n, part) in PARTS.iter().enumerate() {
        let mut arguments = vec!["join".to_owned(), charter.clone(), "--no-key".to_owned()];
        let mut add = |name: &str, value: &str| arguments.extend([name.to_owned(), value.to_owned()]);
        add("--api", "127.0.0.1:0");
        stage.listen[n].iter().for_each(|address| add("--listen", address));
        stage.bootstrap(n).iter().for_each(|address| add("--bootstrap", address));
        if part.witness {
            add("--witness", "witness");
        }
        stage.nodes[n].mutua().ok(&arguments);
    }
    teller.command("each", "mutua join charter.json --bootstrap ADDRESS ...; mutua run");
    stage.start();
    teller.say(format!(
        "Four witnesses seal the log, three must agree. The round closes {} s after the founding.",
        wait.as_secs()
    ));
    teller.aside(format!("community {}", community.id));
    let mut actors = BTreeMap::new();
    for (n, person) in town.members.iter().enumerate() {
        let (key, author) = match HOMES.get(n) {
            Some(home) => (key_in(stage, *home, "me"), None),
            None => {
                let key = SecretKey::from_seed(&random());
                (key.public(), Some(Author::new(community.id, key)))
            }
        };
        actors.insert(person.name.clone(), Actor { key, author });
    }
    let community = Arc::new(community);
    Story { teller, stage, town, community, actors, proposals: BTreeMap::new(), said: 0 }
}

/// Time from the founding to the close, on a machine on which making a key takes so long.
fn close_after(key: Duration) -> Duration {
    let wanted = Duration::from_secs(12) + key * (COMMANDS * 2 + 14);
    wanted.clamp(Duration::from_secs(20), Duration::from_secs(150))
}

fn random() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("the system gives random bytes");
    seed
}

fn keystore(stage: &Stage, node: usize) -> Keystore {
    Keystore::open(stage.nodes[node].home().join("keys")).expect("the home has keys")
}

fn key_in(stage: &Stage, node: usize, label: &str) -> PublicKey {
    keystore(stage, node).find(label).expect("the key was made").public
}

fn charter(town: &Town, stage: &Stage, wait: Duration) -> Charter {
    let operator = key_in(stage, 0, "operator");
    let held = |role| RoleHolders { role, keys: vec![operator], needed: 1 };
    let mut witnesses: Vec<Witness> = PARTS
        .iter()
        .enumerate()
        .filter(|(_, part)| part.witness)
        .map(|(n, part)| Witness {
            key: key_in(stage, n, "witness"),
            power: 1,
            name: part.whose.trim_end_matches(", a witness").to_owned(),
        })
        .collect();
    witnesses.sort_by_key(|witness| witness.key);
    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Charter {
        protocol: PROTOCOL,
        name: town.name.clone(),
        currency: Currency { code: town.currency.clone(), decimals: town.decimals },
        groups: town.groups.clone(),
        categories: town.categories.clone(),
        roles: vec![held(Role::Registrar), held(Role::Attestor), held(Role::Treasurer)],
        witnesses,
        schedule: Schedule { first_close: now() + wait, period: 90 * 86_400_000 },
        sealing: Sealing { patience: 2_000, drift: 30_000 },
        rule: Rule::EqualShares { utility: Utility::Cost, completion: Completion::None },
        policy: RiskPolicy {
            worst_grade: town.policy.worst_grade,
            greatest_default: basis_points(&town.policy.greatest_default),
            greatest_amount: town.units(&town.policy.greatest_amount),
            least_outlook: town.policy.least_outlook,
            grades: Vec::new(),
            caps: Caps::default(),
        },
        motions: MotionPolicy { quorum: 2_000, majority: 5_000, charter: CharterMajority::default() },
        limits: CharterLimits::default(),
    }
}

impl Story<'_> {
    /// From the first admission to the audit. True when all nodes agree.
    pub(crate) fn tell(&mut self) -> Result<bool, String> {
        self.admissions();
        self.proposals();
        self.ratings();
        self.voting()?;
        self.closing()
    }

    /// Somebody types a command at a node.
    fn types(&mut self, who: &str, node: usize, arguments: &[&str]) {
        let shown: Vec<String> = arguments.iter().map(|part| quoted(part)).collect();
        self.teller.command(who, cut(&format!("mutua {}", shown.join(" ")), COMMAND));
        self.stage.nodes[node].mutua().ok(arguments);
        self.said += 1;
    }

    /// Records that were signed here go to a node.
    fn hand_in(&mut self, node: usize, records: &[Received]) {
        let node = &self.stage.nodes[node];
        let receptions = node
            .api()
            .submit(records.iter().map(|record| &*record.bytes))
            .unwrap_or_else(|error| panic!("{}: {error}", node.name()));
        for reception in receptions {
            assert!(reception.is_durable(), "{} did not take a record: {reception:?}", node.name());
        }
        self.said += records.len() as u64;
    }

    fn says(&mut self, name: &str, body: Body) -> Received {
        let actor = self.actors.get_mut(name).unwrap_or_else(|| panic!("nobody is called {name}"));
        actor.author.as_mut().unwrap_or_else(|| panic!("{name}'s key lies in a home")).say(body)
    }

    /// On which node a member is at home.
    fn home(&self, name: &str) -> Option<usize> {
        let n = self.town.members.iter().position(|person| person.name == name)?;
        HOMES.get(n).copied()
    }

    fn admissions(&mut self) {
        self.teller.chapter("The operator admits the members and pays deposits into the pool");
        let (pool, source) = (self.town.pool.clone(), self.town.source.clone());
        self.types("operator", 0, &["fund", &pool, "--source", &source, "--as", "operator"]);
        let members: Vec<(PublicKey, String, String)> = self
            .town
            .members
            .iter()
            .map(|person| (self.actors[&person.name].key, person.name.clone(), person.group.clone()))
            .collect();
        for (key, name, group) in &members[..HOMES.len()] {
            let key = key.to_string();
            let arguments = ["admit", &key, "--name", name, "--group", group, "--as", "operator"];
            self.types("operator", 0, &arguments);
        }
        // The other admissions come from a program of the operator's, with the operator's key.
        let mut operator = self.operator();
        let rest: Vec<Received> = members[HOMES.len()..]
            .iter()
            .map(|(key, name, group)| {
                let group = Town::position(&self.town.groups, group);
                operator.say(Body::Admit { key: *key, weight: 1, name: name.clone(), group })
            })
            .collect();
        self.hand_in(0, &rest);
        self.teller.aside(format!("... and {} more", rest.len()));
        self.stage.wait_sealed(self.said);
        self.teller.say(format!("{} records are sealed, and all seven nodes have them.", self.said));
    }

    /// The operator's key from their home, at the end of its chain.
    fn operator(&self) -> Author {
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        let key = keystore(self.stage, 0).unlock("operator", &passphrase).expect("the passphrase is right");
        let path = format!("/v1/chains/{}", key.public());
        let head = self.stage.nodes[0].api().get(&path).unwrap_or_else(|error| panic!("{error}"));
        let sequence = head["sequence"].as_u64().expect("a chain has a sequence number");
        let id: RecordId =
            head["id"].as_str().and_then(|id| id.parse().ok()).expect("a chain has a newest record");
        Author::resumed(self.community.id, key, sequence, id)
    }

    fn subject(&self, idea: &LoanIdea, amount: &str) -> Subject {
        Subject::Loan(Loan {
            borrower: idea.borrower.clone(),
            title: idea.title.clone(),
            purpose: idea.purpose.clone(),
            category: Town::position(&self.town.categories, &idea.category),
            amount: self.town.units(amount),
            term: idea.term,
            rate: basis_points(&idea.rate),
            repayment: Repayment::Annuity,
            documents: Vec::new(),
            expires: now() + 180 * 86_400_000,
        })
    }

    fn proposals(&mut self) {
        let loans = std::mem::take(&mut self.town.loans);
        let motions = std::mem::take(&mut self.town.motions);
        self.teller.chapter(&format!(
            "Members propose {} and {}",
            count(loans.len() as u64, "loan", "loans"),
            count(motions.len() as u64, "motion", "motions")
        ));
        for (n, idea) in loans.iter().enumerate() {
            if let Some(home) = self.home(&idea.owner) {
                let term = idea.term.to_string();
                let arguments = [
                    "propose",
                    "loan",
                    "--title",
                    &idea.title,
                    "--borrower",
                    &idea.borrower,
                    "--amount",
                    &idea.amount,
                    "--purpose",
                    &idea.purpose,
                    "--category",
                    &idea.category,
                    "--term",
                    &term,
                    "--rate",
                    &idea.rate,
                    "--expires",
                    "+180d",
                ];
                let who = idea.owner.clone();
                self.types(&who, home, &arguments);
            } else {
                let body = Body::Propose(self.subject(idea, &idea.amount));
                let record = self.says(&idea.owner, body);
                self.hand_in(COUNTERS[n % COUNTERS.len()], &[record]);
            }
        }
        for idea in &motions {
            if let Some(home) = self.home(&idea.owner) {
                let arguments = ["propose", "motion", "--title", &idea.title, "--text", &idea.text];
                self.types(&idea.owner, home, &arguments);
            } else {
                let motion = Motion { title: idea.title.clone(), text: idea.text.clone() };
                let record = self.says(&idea.owner, Body::Propose(Subject::Motion(motion)));
                self.hand_in(0, &[record]);
            }
        }
        self.stage.wait_sealed(self.said);
        let ledger = self.stage.log(0).ledger;
        let keys = loans
            .iter()
            .map(|idea| (&idea.key, &idea.title))
            .chain(motions.iter().map(|idea| (&idea.key, &idea.title)));
        for (key, title) in keys {
            let found = ledger.proposals().values().find(|proposal| proposal.subject.title() == title);
            let found = found.unwrap_or_else(|| panic!("'{title}' is not in the log"));
            self.proposals.insert(key.clone(), found.id);
        }
        (self.town.loans, self.town.motions) = (loans, motions);
    }

    fn ratings(&mut self) {
        self.teller.chapter("The operator checks the loans and signs what it finds");
        let loans = std::mem::take(&mut self.town.loans);
        for idea in &loans {
            let Some(rating) = &idea.attestation else { continue };
            let (id, grade) = (self.proposals[&idea.key].short(), rating.grade.to_string());
            let outlook = rating.outlook.to_string();
            let mut arguments = vec![
                "attest",
                &id,
                "--grade",
                &grade,
                "--default",
                &rating.default,
                "--loss",
                &rating.loss,
                "--greatest",
                &idea.amount,
                "--outlook",
                &outlook,
                "--valid",
                "+180d",
                "--as",
                "operator",
            ];
            if rating.verdict == Verdict::Declined {
                arguments.push("--declined");
            }
            rating.reasons.iter().for_each(|reason| arguments.extend(["--reason", reason]));
            self.types("operator", 0, &arguments);
        }
        self.stage.wait_sealed(self.said);
        for (n, idea) in loans.iter().enumerate() {
            let Some(amount) = &idea.amended else { continue };
            let proposal = self.proposals[&idea.key];
            let body = Body::Amend { proposal, subject: self.subject(idea, amount) };
            let record = self.says(&idea.owner, body);
            self.hand_in(COUNTERS[n % COUNTERS.len()], &[record]);
            self.teller
                .say(format!("Afterwards {} asks for {amount} instead of {}:", idea.owner, idea.amount));
            self.teller.say(format!("'{}' has new terms, and no rating for them.", idea.title));
        }
        self.stage.wait_sealed(self.said);
        let rated = loans.iter().filter(|idea| idea.attestation.is_some()).count();
        self.teller.say(format!("{rated} of {} loans are rated; the operator is held to it.", loans.len()));
        self.town.loans = loans;
    }

    fn ballot(&self, person: &Person) -> Body {
        let mut scores: Vec<Score> = person
            .scores
            .iter()
            .map(|(key, score)| Score { proposal: self.proposals[key], score: *score })
            .collect();
        scores.sort_by_key(|score| score.proposal);
        let mut answers: Vec<Answer> = person
            .answers
            .iter()
            .map(|(key, choice)| Answer { proposal: self.proposals[key], choice: *choice })
            .collect();
        answers.sort_by_key(|answer| answer.proposal);
        Body::Ballot(Ballot { round: 1, standing: false, scores, answers })
    }

    /// These members vote, one after the other, on node after node.
    fn vote(&mut self, people: &[Person]) {
        for (n, person) in people.iter().enumerate() {
            if !person.votes() {
                continue;
            }
            if let Some(home) = self.home(&person.name) {
                let scores = person.scores.iter().map(|(key, score)| (key, score.to_string()));
                let answers = person.answers.iter().map(|(key, choice)| (key, word(*choice).to_owned()));
                let choices: Vec<String> = scores
                    .chain(answers)
                    .map(|(key, said)| format!("{}={said}", self.proposals[key].short()))
                    .collect();
                let arguments: Vec<&str> =
                    std::iter::once("vote").chain(choices.iter().map(String::as_str)).collect();
                self.types(&person.name, home, &arguments);
            } else {
                let body = self.ballot(person);
                let record = self.says(&person.name, body);
                self.hand_in(COUNTERS[n % COUNTERS.len()], &[record]);
            }
        }
    }

    fn voting(&mut self) -> Result<(), String> {
        self.teller.chapter("The members vote, on different nodes; a witness is killed meanwhile");
        let people = std::mem::take(&mut self.town.members);
        let names = |town: &mut Town, people| town.members = people;
        // `home` looks for names: the list goes back before anybody votes.
        let copies: Vec<Person> = people
            .iter()
            .map(|person| Person {
                name: person.name.clone(),
                group: person.group.clone(),
                scores: person.scores.clone(),
                answers: person.answers.clone(),
            })
            .collect();
        names(&mut self.town, people);
        let (first, rest) = copies.split_at(copies.len() / 2);
        let (second, last) = rest.split_at(rest.len() / 2);
        self.vote(first);
        let whose = PARTS[VICTIM].whose;
        self.stage.nodes[VICTIM].kill();
        let height = self.stage.nodes[0].status().height;
        self.teller.say(format!(
            "{} {} (kill -9): {whose}.",
            self.teller.bad("SIGKILL for"),
            PARTS[VICTIM].name
        ));
        self.vote(second);
        let went_on = until("seals go on without one witness", PATIENCE, || {
            let now = self.stage.nodes[0].status().height;
            if now > height { Ok(now) } else { Err(format!("still at seal {now}")) }
        });
        self.teller.say(format!("The other three go on: seal {height} before, seal {went_on} now."));
        self.stage.nodes[VICTIM].start();
        self.vote(last);
        self.stage.wait_sealed(self.said);
        let status = self.stage.nodes[VICTIM].status();
        self.teller.say(format!(
            "{} is back, and has caught up to seal {}. {} ballots are in.",
            PARTS[VICTIM].name,
            status.height,
            copies.iter().filter(|person| person.votes()).count()
        ));
        if status.round != 1 {
            return Err("this machine was too slow: the round closed before everybody had voted; \
                        try again with 'scripts/demo --close 120'"
                .to_owned());
        }
        Ok(())
    }

    fn closing(&mut self) -> Result<bool, String> {
        let close = self.community.charter.schedule.first_close;
        let left = close.saturating_sub(now());
        self.teller.chapter(&format!("The round closes in {} s, and every node computes", left / 1000));
        let agree = self.stage.tell_digests(self.teller, PATIENCE + Duration::from_millis(left));
        self.teller.chapter("What was decided, and why");
        let ledger = self.stage.log(5).ledger;
        let closing = ledger.closings().first().ok_or("no round has closed")?;
        Telling { teller: self.teller, ledger: &ledger, closing, lines: 20 }.tell();
        self.teller.chapter("An auditor takes the log, and trusts nobody");
        verdict::audit(self.teller, self.stage)?;
        Ok(agree)
    }
}

/// An argument as a shell would want it, and long keys cut.
fn quoted(part: &str) -> String {
    let part = cut(part, 32);
    if part.contains('\'') {
        format!("\"{part}\"")
    } else if part.contains(' ') {
        format!("'{part}'")
    } else {
        part
    }
}

fn word(choice: Choice) -> &'static str {
    match choice {
        Choice::Yes => "yes",
        Choice::No => "no",
        Choice::Abstain => "abstain",
    }
}
