//! `mutua import-election`: a real election as a community, every ballot signed by a key of its own.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use clap::Args;
use mutua_node::keystore::{Keystore, Passphrase, Protection};
use mutua_protocol::{
    charter::Community,
    hash::{CommunityId, RecordId},
    keys::SecretKey,
    pabulib::Election,
    records::{Body, Record},
};
use serde::Serialize;

use crate::{
    context::Context,
    election::{Offices, Plan},
    failure::{Done, Failure},
    files,
    home::{Home, Settings, new_passphrase},
    output,
    progress::Progress,
    record_file::RecordWriter,
    rules::RuleArguments,
    times::{self, When},
};

const EXAMPLE: &str = "\
Example:
  mutua import-election warszawa_2024.pb --out warszawa --witnesses 1 --close +10m
  mutua run --home warszawa/witness-1
  mutua submit warszawa/records --to warszawa/witness-1
  mutua outcome --home warszawa/witness-1

Writes the charter, a home for each witness (the first one also holds the keys of registrar, attestor and the
projects' owner), the voters' keys in one encrypted keyring, all records, signed, and in projects.json which
proposal is which project. The keys are protected for demonstrations, not for real use.";

/// Most witnesses of an imported election.
const WITNESSES: u8 = 32;

/// The voters' keyring.
const VOTERS: &str = "voters";

/// The key of a witness, in its home.
const WITNESS: &str = "witness";

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
    /// When the round closes [default: in a minute, and a second more for each 250 records]
    #[arg(long, value_parser = When::parse, value_name = "TIME")]
    close: Option<When>,
    /// How long later rounds are
    #[arg(long, default_value = "1d", value_parser = times::parse_duration, value_name = "DURATION")]
    period: u64,
    /// How many witnesses
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=i64::from(WITNESSES)), value_name = "N")]
    witnesses: u8,
    #[command(flatten)]
    rule: RuleArguments,
}

#[derive(Serialize)]
struct Imported {
    community: CommunityId,
    name: String,
    folder: PathBuf,
    close: u64,
    voters: usize,
    projects: usize,
    records: u64,
    witnesses: Vec<PathBuf>,
    notes: Vec<String>,
}

/// An author whose chain grows in the file.
struct Author {
    key: SecretKey,
    sequence: u64,
    previous: RecordId,
}

/// The keys that speak in the election.
struct Keys {
    registrar: Author,
    attestor: Author,
    projects: Author,
}

impl Arguments {
    /// Imports.
    pub(crate) fn run(self, context: &Context) -> Done {
        let election =
            Election::read(&files::read(&self.file)?).map_err(|error| Failure::file(&self.file, error))?;
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        let rule = self.rule.rule()?;
        // Everything is checked before anything is written.
        let plan = Plan::new(&election, rule, &stem)?;
        let passphrase = new_passphrase(context)?;
        make_folder(&self.out)?;

        let homes: Vec<Home> =
            (1..=self.witnesses).map(|n| Home::at(self.out.join(format!("witness-{n}")))).collect();
        let (keys, offices) = make_keys(&homes, &passphrase)?;
        let close = self.close.unwrap_or(When::In(60_000 + plan.records() * 4)).resolve(times::now());
        let charter = plan.charter(&offices, rule, close, self.period);
        let community = Community::new(charter)
            .map_err(|error| Failure::file(&self.file, format!("its charter would not be valid: {error}")))?;
        let settings = Settings {
            listen: vec!["/ip4/127.0.0.1/tcp/0".to_owned()],
            mdns: false,
            api: SocketAddr::from(([127, 0, 0, 1], 0)),
            witness: Some(WITNESS.to_owned()),
            ..Settings::usual()
        };
        for home in &homes {
            home.create(&community.charter, &settings)?;
        }
        files::write_new_json(&self.out.join("charter.json"), &community.charter)?;
        let voters = voters_keys(&self.out, plan.voters.len(), &passphrase)?;
        let writer = RecordWriter::create(&self.out.join("records"), community.id)?;
        let (records, names) = write_records(&plan, &election, &community, keys, &voters, writer)?;
        files::write_new_json(&self.out.join("projects.json"), &names)?;

        let imported = Imported {
            community: community.id,
            name: community.charter.name.clone(),
            folder: self.out.clone(),
            close,
            voters: plan.voters.len(),
            projects: election.projects().len(),
            records,
            witnesses: homes.iter().map(|home| home.path().to_path_buf()).collect(),
            notes: plan.notes,
        };
        tell(context, &imported)
    }
}

fn tell(context: &Context, imported: &Imported) -> Done {
    output::show(context.json, imported, |page| {
        let folder = imported.folder.display();
        page.line(format!("{folder} holds the election as a community."));
        page.gap().facts([
            ("community", format!("{} ({})", imported.name, imported.community.short())),
            ("voters", imported.voters.to_string()),
            ("projects", imported.projects.to_string()),
            ("records", imported.records.to_string()),
            ("closes", times::show(imported.close)),
            ("ballots", imported.notes.join("; ")),
        ]);
        page.gap().line("Next, each node in a terminal of its own:");
        page.line(format!("  mutua run --home {folder}/witness-1"));
        if imported.witnesses.len() > 1 {
            page.line(format!(
                "  mutua run --home {folder}/witness-2 --bootstrap ADDRESS     (and so on; an address of the first \
                 stands under \"listen\" in {folder}/witness-1/api.json)"
            ));
        }
        page.line(format!("  mutua submit {folder}/records --to {folder}/witness-1"));
        page.line(format!("  mutua outcome --home {folder}/witness-1     (when the round has closed)"));
    })
}

/// Makes the folder, which may be there and empty.
fn make_folder(path: &Path) -> Done {
    if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::file(path, "is not empty; name a new folder with --out"));
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Failure::file(path, format!("cannot be made: {error}")))
}

/// A key for each witness in its home, and the offices' keys in the first one.
fn make_keys(homes: &[Home], passphrase: &Passphrase) -> Done<(Keys, Offices)> {
    let make = |store: &Keystore, label: &str| {
        store.create(label, passphrase, Protection::ThrowAway).map_err(Failure::keys)
    };
    let mut witnesses = Vec::with_capacity(homes.len());
    let mut stores = Vec::with_capacity(homes.len());
    for home in homes {
        let store = home.keystore()?;
        witnesses.push(make(&store, WITNESS)?.public());
        stores.push(store);
    }
    let author = |label| {
        let key = make(&stores[0], label)?;
        Ok::<_, Failure>(Author { key, sequence: 0, previous: Record::NONE })
    };
    let keys = Keys {
        registrar: author("registrar")?,
        attestor: author("attestor")?,
        projects: author("projects")?,
    };
    let offices = Offices {
        registrar: keys.registrar.key.public(),
        attestor: keys.attestor.key.public(),
        projects: keys.projects.key.public(),
        witnesses,
    };
    Ok((keys, offices))
}

/// A key for each voter, all under one encrypted master seed.
fn voters_keys(out: &Path, count: usize, passphrase: &Passphrase) -> Done<Vec<SecretKey>> {
    let ring = Keystore::open(out.join("keys"))
        .and_then(|store| store.create_keyring(VOTERS, count as u64, passphrase, Protection::ThrowAway))
        .map_err(Failure::keys)?;
    (0..ring.count()).map(|index| ring.key(index).map_err(Failure::keys)).collect()
}

/// Writes all records in three stages: admissions and budget, proposals, attestations and ballots. Returns how
/// many, and which proposal is which project.
fn write_records(
    plan: &Plan<'_>,
    election: &Election,
    community: &Community,
    keys: Keys,
    voters: &[SecretKey],
    mut writer: RecordWriter,
) -> Done<(u64, BTreeMap<RecordId, String>)> {
    let now = times::now();
    let Keys { mut registrar, mut attestor, mut projects } = keys;
    let progress = Progress::new(plan.records(), "signing records");
    let mut done = 0;
    let mut put = |writer: &mut RecordWriter, author: &mut Author, body: Body| {
        body.check(community, &author.key.public())
            .map_err(|error| Failure::input(format!("the election does not fit a community: {error}")))?;
        let bytes = author.say(community.id, now, body);
        done += 1;
        progress.set(done);
        writer.record(&bytes)?;
        Ok::<RecordId, Failure>(author.previous)
    };
    let people = || plan.voters.iter().filter_map(|position| election.voter(*position)).zip(voters);

    writer.stage()?;
    put(&mut writer, &mut projects, plan.fund())?;
    put(&mut writer, &mut registrar, plan.admit_projects(projects.key.public()))?;
    for (voter, key) in people() {
        put(&mut writer, &mut registrar, plan.admit(&voter, key.public()))?;
    }

    writer.stage()?;
    let mut proposals = Vec::with_capacity(election.projects().len());
    for project in election.projects() {
        let subject = plan.loan(project, now);
        let id = put(&mut writer, &mut projects, Body::Propose(subject.clone()))?;
        proposals.push((id, subject));
    }

    writer.stage()?;
    for (id, subject) in &proposals {
        put(&mut writer, &mut attestor, plan.attest(*id, subject, now))?;
    }
    let ids: Vec<RecordId> = proposals.iter().map(|(id, _)| *id).collect();
    for (voter, key) in people() {
        let mut author = Author { key: key.clone(), sequence: 0, previous: Record::NONE };
        put(&mut writer, &mut author, plan.ballot(&voter, &ids))?;
    }
    let names = ids.into_iter().zip(election.projects().iter().map(|project| project.id.clone())).collect();
    Ok((writer.finish()?, names))
}

impl Author {
    /// Signs the next record of the chain.
    fn say(&mut self, community: CommunityId, clock: u64, body: Body) -> Vec<u8> {
        self.sequence += 1;
        let record = Record {
            community,
            author: self.key.public(),
            sequence: self.sequence,
            previous: self.previous,
            clock,
            body,
        };
        self.previous = record.id();
        record.sign(&self.key).bytes()
    }
}
