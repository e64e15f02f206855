//! A community of real nodes on loopback.

use std::{path::PathBuf, sync::Arc, time::Duration};

use mutua_protocol::{
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Community as Founded, Completion, Currency,
        MotionPolicy, PROTOCOL, RiskPolicy, Role, RoleHolders, Rule, Schedule, Sealing, Utility,
    },
    hash::{RecordId, derive},
    keys::SecretKey,
    records::{Body, Direction, Received, Subject},
    seals::Witness,
};

use crate::{
    Author, Folder, NodeProcess, PATIENCE, Turn, approval,
    homes::{self, HomePlan},
    loan, now, ports,
};

/// The operator holds every role: the seed of their key.
pub const OPERATOR_SEED: [u8; 32] = [200; 32];

/// The key of member number `n`.
#[must_use]
pub fn member(n: u32) -> SecretKey {
    SecretKey::from_seed(&derive("mutua-tests member", &n.to_be_bytes()))
}

/// What a test wants of its community. The rest is as `mutua init` would have it.
#[derive(Debug, Clone, Copy)]
pub struct Founding {
    /// How many witnesses; the first nodes have their keys.
    pub witnesses: usize,
    /// How many nodes after the witnesses have the key of a witness that the charter does not name yet.
    pub heirs: usize,
    /// How many nodes, witnesses included.
    pub nodes: usize,
    /// From now to the first close.
    pub first_close: Duration,
    /// Between closes.
    pub period: Duration,
    /// How long a witness may hold a record before it must be sealed.
    pub patience: Duration,
}

impl Default for Founding {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            witnesses: 4,
            heirs: 0,
            nodes: 7,
            first_close: day,
            period: day,
            patience: Duration::from_secs(2),
        }
    }
}

/// A community: charter, operator, and nodes, each with a home in one temporary folder.
#[derive(Debug)]
pub struct Community {
    /// The charter and what follows from it.
    pub founded: Arc<Founded>,
    /// Registrar, attestor and treasurer.
    pub operator: Author,
    /// The nodes; the first ones are the witnesses.
    pub nodes: Vec<NodeProcess>,
    /// Where each node listens.
    pub addresses: Vec<String>,
    witnesses: Vec<SecretKey>,
    // In this order: the nodes above end before their folder goes, and the folder before the next test's turn.
    folder: Folder,
    _turn: Turn,
}

impl Community {
    /// Founds a community and writes the homes of its nodes. Nothing runs yet.
    #[must_use]
    pub fn found(name: &str, founding: Founding) -> Self {
        Self::found_as(name, founding, |_| {})
    }

    /// The same, with a charter that is changed in this way.
    ///
    /// # Panics
    /// When the homes cannot be written, or the charter breaks its bounds.
    #[must_use]
    pub fn found_as(name: &str, founding: Founding, change: impl FnOnce(&mut Charter)) -> Self {
        let addresses: Vec<String> =
            (0..founding.nodes).map(|_| format!("/ip4/127.0.0.1/tcp/{}", ports::free())).collect();
        Self::build(name, founding, addresses, |_| Vec::new(), change)
    }

    /// The same, with the addresses given, and for each node the command that runs it.
    ///
    /// # Panics
    /// When the homes cannot be written.
    #[must_use]
    pub fn found_at(
        name: &str,
        founding: Founding,
        addresses: Vec<String>,
        run_by: impl Fn(usize) -> Vec<String>,
    ) -> Self {
        Self::build(name, founding, addresses, run_by, |_| {})
    }

    fn build(
        name: &str,
        founding: Founding,
        addresses: Vec<String>,
        run_by: impl Fn(usize) -> Vec<String>,
        change: impl FnOnce(&mut Charter),
    ) -> Self {
        let turn = Turn::take();
        let folder = Folder::new(name);
        let names: Vec<String> = (1..=founding.nodes)
            .map(|n| match n.checked_sub(founding.witnesses) {
                None | Some(0) => format!("witness-{n}"),
                Some(n) => format!("member-{n}"),
            })
            .collect();
        let homes: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        let witnesses: Vec<SecretKey> = homes
            .iter()
            .enumerate()
            .filter_map(|(n, home)| homes::make(home, n < founding.witnesses + founding.heirs))
            .collect();
        let operator = SecretKey::from_seed(&OPERATOR_SEED);
        let mut charter = charter(name, founding, &operator, &witnesses[..founding.witnesses]);
        change(&mut charter);
        let founded = Founded::new(charter).expect("the charter keeps its bounds");
        let mut nodes = Vec::with_capacity(founding.nodes);
        for (n, (name, home)) in names.iter().zip(&homes).enumerate() {
            let others: Vec<String> =
                addresses.iter().filter(|address| **address != addresses[n]).cloned().collect();
            let plan = HomePlan {
                charter: &founded.charter,
                name,
                listen: &addresses[n..=n],
                bootstrap: &others,
                witness: n < founding.witnesses + founding.heirs,
            };
            homes::write(home, &plan);
            nodes.push(NodeProcess::new(name, home).run_by(run_by(n)));
        }
        let operator = Author::new(founded.id, operator);
        Self { founded: Arc::new(founded), operator, nodes, addresses, witnesses, folder, _turn: turn }
    }

    /// The folder of this test.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The private key of a witness, for tests in which somebody else uses it.
    #[must_use]
    pub fn witness_key(&self, n: usize) -> &SecretKey {
        &self.witnesses[n]
    }

    /// A member who has not spoken yet.
    #[must_use]
    pub fn author(&self, n: u32) -> Author {
        Author::new(self.founded.id, member(n))
    }

    /// Starts all nodes that do not run, and waits until they answer.
    #[track_caller]
    pub fn start(&mut self) {
        let all: Vec<usize> = (0..self.nodes.len()).collect();
        self.start_some(&all);
    }

    /// Starts these nodes, and waits until they answer.
    #[track_caller]
    pub fn start_some(&mut self, which: &[usize]) {
        for n in which {
            self.nodes[*n].spawn();
        }
        for n in which {
            self.nodes[*n].wait_until_up();
        }
    }

    /// The nodes that run.
    pub fn running(&self) -> impl Iterator<Item = &NodeProcess> + Clone {
        self.nodes.iter().filter(|node| node.is_running())
    }

    /// Hands records to a node, which must take them all.
    ///
    /// # Panics
    /// When it does not answer or does not take one.
    #[track_caller]
    pub fn submit(&self, node: usize, records: &[Received]) {
        let node = &self.nodes[node];
        for part in records.chunks(500) {
            let receptions = node
                .api()
                .submit(part.iter().map(|received| &*received.bytes))
                .unwrap_or_else(|error| panic!("{}: {error}; log:\n{}", node.name(), node.last_lines()));
            for reception in receptions {
                assert!(reception.is_durable(), "{} did not take a record: {reception:?}", node.name());
            }
        }
    }

    /// Waits until every running node has sealed all records, as many as are said, and holds no others.
    #[track_caller]
    pub fn wait_sealed(&self, records: u64) {
        crate::wait_sealed(self.running(), records, PATIENCE);
    }

    /// Admits members 0..n, pays 1,000,000 smallest units into the pool, and waits until all nodes
    /// have sealed it. The first records of the log.
    #[track_caller]
    pub fn admit(&mut self, members: u32) -> Vec<Author> {
        let mut records: Vec<Received> = (0..members)
            .map(|n| {
                let (key, name) = (member(n).public(), format!("Member {n}"));
                self.operator.say(Body::Admit { key, weight: 1, name, group: 0 })
            })
            .collect();
        let source = "A test's deposits".to_owned();
        records.push(self.operator.say(Body::Fund {
            direction: Direction::In,
            amount: 1_000_000,
            source,
            purpose: None,
        }));
        self.submit(0, &records);
        self.wait_sealed(records.len() as u64);
        (0..members).map(|n| self.author(n)).collect()
    }

    /// Lets `owner` propose loans of these amounts, and the operator approve them; waits until all nodes
    /// have sealed that. `before` is the number of records sealed so far.
    #[track_caller]
    pub fn propose(&mut self, before: u64, owner: &mut Author, amounts: &[u64]) -> Vec<RecordId> {
        let subjects: Vec<Subject> = amounts
            .iter()
            .enumerate()
            .map(|(n, amount)| loan(&format!("Loan {} of {}", n + 1, owner.key().short()), *amount))
            .collect();
        let proposed: Vec<Received> =
            subjects.iter().map(|subject| owner.say(Body::Propose(subject.clone()))).collect();
        self.submit(0, &proposed);
        let count = proposed.len() as u64;
        self.wait_sealed(before + count);
        let approved: Vec<Received> = proposed
            .iter()
            .zip(&subjects)
            .map(|(proposal, subject)| self.operator.say(approval(proposal.id, subject)))
            .collect();
        self.submit(0, &approved);
        self.wait_sealed(before + 2 * count);
        proposed.iter().map(|proposal| proposal.id).collect()
    }

    /// Waits until every running node has closed this round, and compares what they computed.
    ///
    /// # Panics
    /// When two of them differ, or one of them says that it differs from the seal.
    #[track_caller]
    pub fn agreed_outcome(&self, round: u32) -> String {
        let due = self.founded.charter.schedule.first_close
            + u64::from(round - 1) * self.founded.charter.schedule.period;
        let patience = PATIENCE + Duration::from_millis(due.saturating_sub(now()));
        let digests = crate::digests(self.running(), round, patience);
        let shown = || digests.iter().map(|(node, digest)| (node.name(), digest)).collect::<Vec<_>>();
        assert!(digests.windows(2).all(|pair| pair[0].1 == pair[1].1), "nodes differ: {:#?}", shown());
        digests.into_iter().next().expect("a node runs").1
    }
}

fn charter(name: &str, founding: Founding, operator: &SecretKey, keys: &[SecretKey]) -> Charter {
    let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let held = |role| RoleHolders { role, keys: vec![operator.public()], needed: 1 };
    let mut witnesses: Vec<Witness> = keys
        .iter()
        .zip(1..)
        .map(|(key, n)| Witness { key: key.public(), power: 1, name: format!("Witness {n}") })
        .collect();
    witnesses.sort_by_key(|witness| witness.key);
    Charter {
        protocol: PROTOCOL,
        name: format!("Test of {name}"),
        currency: Currency { code: "EUR".to_owned(), decimals: 2 },
        groups: vec!["customers".to_owned()],
        categories: vec!["business".to_owned()],
        roles: vec![held(Role::Registrar), held(Role::Attestor), held(Role::Treasurer)],
        witnesses,
        schedule: Schedule {
            first_close: now() + millis(founding.first_close),
            period: millis(founding.period),
        },
        sealing: Sealing { patience: millis(founding.patience), drift: 30_000 },
        rule: Rule::EqualShares { utility: Utility::Cost, completion: Completion::None },
        policy: RiskPolicy {
            worst_grade: 5,
            greatest_default: 1000,
            greatest_amount: 1 << 40,
            least_outlook: 20,
            grades: Vec::new(),
            caps: Caps::default(),
        },
        motions: MotionPolicy { quorum: 1000, majority: 5000, charter: CharterMajority::default() },
        limits: CharterLimits { records_per_round: 1024, ..CharterLimits::default() },
    }
}
