//! `mutua import-election`: a real election as a community.

use std::{collections::BTreeMap, fs, path::PathBuf};

use clap::Args;
use mutua_node::keystore::{Keyring, Keystore, Protection};
use mutua_protocol::{
    allocation::Instance,
    charter::{
        Caps, Charter, CharterLimits, Community, Currency, MotionPolicy, PROTOCOL, RiskPolicy, Role,
        RoleHolders, Schedule, Sealing,
    },
    hash::RecordId,
    keys::{PublicKey, SecretKey},
    limits,
    pabulib::Election,
    records::{
        Assessment, Ballot, Body, Direction, Loan, ProposalId, Record, Score, SignedRecord, Subject, Verdict,
    },
    seals::Witness,
};
use serde::Serialize;

use super::Context;
use crate::{
    Done,
    failure::Failure,
    files,
    home::{Home, Settings, new_passphrase},
    output,
    progress::Progress,
    record_file::RecordWriter,
    rules::{RuleArguments, Utility},
    times::{self, When},
};

const EXAMPLE: &str = "\
Example:
  mutua import-election lodz_2022.pb --out lodz --witnesses 4
  mutua --home lodz/witness-1 run            # and the other three, in terminals of their own
  mutua submit lodz/records --to lodz/witness-1 --to lodz/witness-2

Every voter becomes a member with a key of their own, every project a loan with an attestation, every
ballot a signed record. The folder holds the charter, a home for each witness, the encrypted keys, the
signed records in an order in which they can be handed in, and projects.json, which maps proposals to
the ids in the file. The keys are throw-away keys, protected by a passphrase that is quick to try:
do not use them for anything else.";

/// What `mutua import-election` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The election, a .pb file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// When the round closes [default: half a minute from now, and a second for each 300 records]
    #[arg(long, value_parser = When::parse, value_name = "TIME")]
    close: Option<When>,
    /// How long later rounds are
    #[arg(long, default_value = "1d", value_parser = times::parse_duration, value_name = "DURATION")]
    period: u64,
    /// How many witnesses
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    witnesses: u8,
    #[command(flatten)]
    rule: RuleArguments,
}

#[derive(Serialize)]
struct Made {
    community: String,
    folder: PathBuf,
    voters: usize,
    projects: usize,
    records: u64,
    close: u64,
}

/// An author who keeps a chain.
struct Author {
    key: SecretKey,
    sequence: u64,
    previous: RecordId,
}

impl Author {
    fn new(key: SecretKey) -> Self {
        Self { key, sequence: 0, previous: Record::NONE }
    }

    fn say(&mut self, community: &Community, clock: u64, body: Body) -> (RecordId, SignedRecord) {
        self.sequence += 1;
        let record = Record {
            community: community.id,
            author: self.key.public(),
            sequence: self.sequence,
            previous: self.previous,
            clock,
            body,
        };
        let id = record.id();
        self.previous = id;
        (id, record.sign(&self.key))
    }
}

/// The people of the community.
struct People {
    operator: Author,
    proposer: Author,
    voters: Keyring,
    witnesses: Vec<PublicKey>,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let election =
            Election::read(&files::read(&self.file)?).map_err(|error| Failure::file(&self.file, error))?;
        let reading = Election::reading_for(self.rule.rule().engine());
        let instance = election.instance(reading).map_err(|error| Failure::file(&self.file, error))?;
        self.check(&election, &instance)?;

        fs::create_dir(&self.out)
            .map_err(|error| Failure::file(&self.out, format!("cannot be made: {error}")))?;
        let passphrase = new_passphrase(context)?;
        let keystore = Keystore::open(self.out.join("keys")).map_err(Failure::keys)?;
        let make = |store: &Keystore, label: &str| {
            store.create(label, &passphrase, Protection::ThrowAway).map_err(Failure::keys)
        };
        let homes: Vec<Home> =
            (1..=self.witnesses).map(|number| Home::at(self.out.join(format!("witness-{number}")))).collect();
        let mut witnesses = Vec::new();
        for home in &homes {
            fs::create_dir(home.path())
                .map_err(|error| Failure::file(home.path(), format!("cannot be made: {error}")))?;
            witnesses.push(make(&home.keystore()?, "witness")?.public());
        }
        let voters = keystore
            .create_keyring("voters", election.voter_count() as u64, &passphrase, Protection::ThrowAway)
            .map_err(Failure::keys)?;
        let mut people = People {
            operator: Author::new(make(&keystore, "operator")?),
            proposer: Author::new(make(&keystore, "proposer")?),
            voters,
            witnesses,
        };
        let community = self.found(&election, &people)?;
        self.write_homes(&community, &homes)?;
        let made = self.write_records(&community, &election, &instance, &mut people)?;
        output::show(context.json, &made, |page| {
            page.line(format!("{} is a community now.", made.folder.display()));
            page.gap();
            page.facts([
                ("community", made.community.clone()),
                ("voters", made.voters.to_string()),
                ("projects", made.projects.to_string()),
                ("records", made.records.to_string()),
                ("round closes", times::show(made.close)),
            ]);
        })
    }

    /// Says what does not fit a community before anything is made.
    fn check(&self, election: &Election, instance: &Instance) -> Done {
        let wrong = |problem: String| Err(Failure::file(&self.file, problem));
        if election.decimals() > 6 {
            return wrong(format!("amounts have {} decimals, at most 6 fit a charter", election.decimals()));
        }
        if election.budget() == 0 || election.budget() > limits::AMOUNT {
            return wrong("its budget is zero or too large for a pool".to_owned());
        }
        for project in election.projects() {
            if project.cost == 0 || project.cost > limits::AMOUNT {
                return wrong(format!("project {} costs nothing, or too much for a loan", project.id));
            }
        }
        for (position, voter) in election.voters().enumerate() {
            if voter.weight == 0 || voter.weight > u64::from(limits::MEMBER_WEIGHT) {
                return wrong(format!(
                    "voter {} has weight {}; a member's is between 1 and {}",
                    voter.id,
                    voter.weight,
                    limits::MEMBER_WEIGHT
                ));
            }
            let (mut count, mut greatest) = (0, 0);
            for (_, score) in instance.ballot(position) {
                count += 1;
                greatest = greatest.max(score);
            }
            if count > limits::SCORES {
                return wrong(format!(
                    "voter {} names {count} projects; at most {} fit a ballot",
                    voter.id,
                    limits::SCORES
                ));
            }
            if self.rule.utility == Utility::Score && greatest > u32::from(limits::SCORE) {
                return wrong(format!(
                    "voter {} gives {greatest} points, and a score is at most {}; use --utility cost or cardinality, for \
                     which only the choice of projects counts",
                    voter.id,
                    limits::SCORE
                ));
            }
        }
        Ok(())
    }

    fn found(&self, election: &Election, people: &People) -> Done<Community> {
        let records = 2 * election.voter_count() as u64 + 2 * election.projects().len() as u64 + 2;
        let now = times::now();
        let close = self.close.map_or(now + 30_000 + records * 1000 / 300, |close| close.resolve(now));
        let operator = people.operator.key.public();
        let holds = |role| RoleHolders { role, keys: vec![operator], needed: 1 };
        let mut witnesses: Vec<Witness> = people
            .witnesses
            .iter()
            .zip(1..)
            .map(|(key, number)| Witness { key: *key, power: 1, name: format!("witness {number}") })
            .collect();
        witnesses.sort_by_key(|witness| witness.key);
        let text = |key: &str, otherwise: &str| {
            let said = clean(election.meta(key).unwrap_or_default(), limits::NAME_BYTES);
            if said.is_empty() { otherwise.to_owned() } else { said }
        };
        let charter = Charter {
            protocol: PROTOCOL,
            name: text("description", "An election"),
            currency: Currency { code: clean(&text("currency", "units"), 12), decimals: election.decimals() },
            groups: vec!["voters".to_owned()],
            categories: vec!["projects".to_owned()],
            roles: [Role::Registrar, Role::Attestor, Role::Treasurer].map(holds).to_vec(),
            witnesses,
            schedule: Schedule { first_close: close, period: self.period },
            sealing: Sealing { patience: 5_000, drift: 10_000 },
            rule: self.rule.rule(),
            policy: RiskPolicy {
                worst_grade: 1,
                greatest_default: 10_000,
                greatest_amount: limits::AMOUNT,
                least_outlook: 0,
                caps: Caps::default(),
            },
            motions: MotionPolicy { quorum: 0, majority: 5_000 },
            limits: CharterLimits {
                score: limits::SCORE,
                records_per_round: limits::RECORDS_PER_ROUND,
                ..CharterLimits::default()
            },
        };
        Community::new(charter).map_err(|error| Failure::file(&self.file, error))
    }

    fn write_homes(&self, community: &Community, homes: &[Home]) -> Done {
        for home in homes {
            let settings = Settings {
                listen: vec!["/ip4/127.0.0.1/tcp/0".to_owned()],
                api: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
                witness: Some("witness".to_owned()),
                ..Settings::usual()
            };
            home.create(&community.charter, &settings)?;
        }
        let text = serde_json::to_string_pretty(&community.charter)
            .map_err(|error| Failure::input(format!("the charter cannot be written: {error}")))?;
        self.write("charter.json", &text)
    }

    fn write(&self, name: &str, text: &str) -> Done {
        let path = self.out.join(name);
        fs::write(&path, text).map_err(|error| Failure::file(&path, format!("cannot be written: {error}")))
    }

    /// Admissions and money; then proposals; then attestations and ballots.
    fn write_records(
        &self,
        community: &Community,
        election: &Election,
        instance: &Instance,
        people: &mut People,
    ) -> Done<Made> {
        let clock = times::now();
        let mut writer = RecordWriter::create(&self.out.join("records"))?;
        let voters = election.voter_count();
        let progress = Progress::new(2 * voters as u64, "signing");
        let mut count = 0u64;
        let mut put = |signed: &SignedRecord| {
            count += 1;
            writer.record(&signed.bytes())
        };
        let proposer = people.proposer.key.public();
        let admit = |key, weight, name: &str| Body::Admit {
            key,
            weight,
            name: if name.is_empty() { "-".to_owned() } else { name.to_owned() },
            group: 0,
        };
        put(&people.operator.say(community, clock, admit(proposer, 1, "Proposer of all projects")).1)?;
        let fund = Body::Fund {
            direction: Direction::In,
            amount: election.budget(),
            source: "the election's budget".to_owned(),
        };
        put(&people.operator.say(community, clock, fund).1)?;
        for (position, (voter, key)) in election.voters().zip(people.voters.publics()).enumerate() {
            let weight = u32::try_from(voter.weight).unwrap_or(limits::MEMBER_WEIGHT);
            let body = admit(key, weight, &clean(voter.id, limits::NAME_BYTES));
            put(&people.operator.say(community, clock, body).1)?;
            progress.set(position as u64);
        }
        let mut proposals: Vec<(ProposalId, Subject)> = Vec::new();
        for project in election.projects() {
            let subject = Subject::Loan(loan(project.id.as_str(), project.name.as_deref(), project.cost));
            let (id, signed) = people.proposer.say(community, clock, Body::Propose(subject.clone()));
            put(&signed)?;
            proposals.push((id, subject));
        }
        for (proposal, subject) in &proposals {
            let body = Body::Attest { proposal: *proposal, terms: subject.terms(), assessment: sound() };
            put(&people.operator.say(community, clock, body).1)?;
        }
        for position in 0..voters {
            let mut scores: Vec<Score> = instance
                .ballot(position)
                .filter(|(_, score)| *score > 0)
                .filter_map(|(project, score)| {
                    let score = if self.rule.utility == Utility::Score { score } else { 1 };
                    let score = u8::try_from(score).unwrap_or(limits::SCORE);
                    Some(Score { proposal: proposals.get(project as usize)?.0, score })
                })
                .collect();
            scores.sort_by_key(|score| score.proposal);
            let ballot = Ballot { round: 1, standing: false, scores, answers: Vec::new() };
            let key = people.voters.key(position as u64).map_err(Failure::keys)?;
            put(&Author::new(key).say(community, clock, Body::Ballot(ballot)).1)?;
            progress.set((voters + position) as u64);
        }
        writer.finish()?;
        let names: BTreeMap<String, &str> = proposals
            .iter()
            .zip(election.projects())
            .map(|((id, _), project)| (id.to_string(), project.id.as_str()))
            .collect();
        let text = serde_json::to_string_pretty(&names)
            .map_err(|error| Failure::input(format!("projects.json cannot be written: {error}")))?;
        self.write("projects.json", &text)?;
        Ok(Made {
            community: community.id.to_string(),
            folder: self.out.clone(),
            voters,
            projects: proposals.len(),
            records: count,
            close: community.charter.schedule.first_close,
        })
    }
}

fn loan(id: &str, name: Option<&str>, cost: u64) -> Loan {
    let name = clean(name.unwrap_or_default(), limits::NAME_BYTES);
    Loan {
        borrower: clean(&format!("Project {id}"), limits::NAME_BYTES),
        title: if name.is_empty() { clean(&format!("Project {id}"), limits::NAME_BYTES) } else { name },
        purpose: String::new(),
        category: 0,
        amount: cost,
        term: 12,
        rate: 0,
        documents: Vec::new(),
        expires: u64::MAX,
    }
}

fn sound() -> Assessment {
    Assessment {
        verdict: Verdict::Approved,
        grade: 1,
        default: 0,
        loss: 0,
        greatest_amount: limits::AMOUNT,
        outlook: 100,
        conditions: Vec::new(),
        reasons: vec!["imported from an election's file".to_owned()],
        documents: Vec::new(),
        valid_until: u64::MAX,
    }
}

/// Text from a file as the protocol allows it: no control characters, at most so many bytes.
fn clean(text: &str, bytes: usize) -> String {
    let mut clean = String::new();
    for character in text.chars().map(|character| if character.is_control() { ' ' } else { character }) {
        let reorders = matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if clean.len() + character.len_utf8() > bytes {
            break;
        }
        if !reorders {
            clean.push(character);
        }
    }
    clean.trim().to_owned()
}
