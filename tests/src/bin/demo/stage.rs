//! The seven nodes, and what is asked of all of them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use mutua_tests::{AuditedLog, NodeProcess, audited, free_port, wait_sealed};

use crate::telling::Teller;

/// How long the demo waits for what usually takes a second: a machine may be slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A part in the play: one node.
pub(crate) struct Part {
    /// Name of the home folder.
    pub(crate) name: &'static str,
    /// Whose node it is.
    pub(crate) whose: &'static str,
    pub(crate) witness: bool,
}

const fn part(name: &'static str, whose: &'static str, witness: bool) -> Part {
    Part { name, whose, witness }
}

/// Four witnesses, one of them the operator's, and three members.
pub(crate) const PARTS: [Part; 7] = [
    part("operator", "the operator, a witness", true),
    part("witness-2", "the works council, a witness", true),
    part("witness-3", "the auditors' union, a witness", true),
    part("witness-4", "the town, a witness", true),
    part("member-1", "a member", false),
    part("member-2", "a member", false),
    part("member-3", "a member", false),
];

/// The node that is killed: a witness, but not the operator's.
pub(crate) const VICTIM: usize = 2;

/// All nodes, with the folder of their homes.
pub(crate) struct Stage {
    pub(crate) folder: PathBuf,
    pub(crate) nodes: Vec<NodeProcess>,
    /// Where each node listens.
    pub(crate) listen: Vec<Vec<String>>,
}

impl Stage {
    /// Chooses addresses; no home is written yet.
    pub(crate) fn new(folder: &Path) -> Self {
        let nodes = PARTS.iter().map(|part| NodeProcess::new(part.name, &folder.join(part.name))).collect();
        let listen = PARTS
            .iter()
            .map(|_| {
                let port = free_port();
                vec![format!("/ip4/127.0.0.1/tcp/{port}"), format!("/ip4/127.0.0.1/udp/{port}/quic-v1")]
            })
            .collect();
        Self { folder: folder.to_owned(), nodes, listen }
    }

    /// Where node `n` finds the others: the operator and the first witness, as members would be told.
    pub(crate) fn bootstrap(&self, n: usize) -> Vec<String> {
        [0, 1].iter().filter(|other| **other != n).map(|other| self.listen[*other][0].clone()).collect()
    }

    /// Starts all nodes.
    pub(crate) fn start(&mut self) {
        for node in &mut self.nodes {
            node.spawn();
        }
        for node in &mut self.nodes {
            node.wait_until_up();
        }
    }

    /// The nodes that run.
    pub(crate) fn running(&self) -> impl Iterator<Item = &NodeProcess> + Clone {
        self.nodes.iter().filter(|node| node.is_running())
    }

    /// Waits until every running node has sealed so many records and holds no others.
    pub(crate) fn wait_sealed(&self, records: u64) {
        wait_sealed(self.running(), records, PATIENCE);
    }

    /// The log as a node has it now, checked.
    pub(crate) fn log(&self, node: usize) -> AuditedLog {
        let archive = self.nodes[node].api().archive();
        audited(&archive.unwrap_or_else(|error| panic!("{}: {error}", self.nodes[node].name())))
    }

    /// Ends all nodes as a user would.
    pub(crate) fn stop(&mut self) -> Result<(), String> {
        for node in &mut self.nodes {
            let status = node.terminate();
            if !status.success() {
                return Err(format!("{} did not end cleanly: {status}\n{}", node.name(), node.last_lines()));
            }
        }
        Ok(())
    }

    /// Writes the charter where everybody can read it.
    pub(crate) fn charter_file(&self) -> PathBuf {
        self.folder.join("charter.json")
    }

    /// What each node computed, as a table. True when they agree with each other and with the seal.
    pub(crate) fn tell_digests(&self, teller: &Teller, patience: Duration) -> bool {
        let digests = mutua_tests::digests(self.nodes.iter(), 1, patience);
        let log = self.log(0);
        let sealed = log.outcomes.first().map(ToString::to_string).unwrap_or_default();
        teller.say(format!(
            "{:<11} {:<31} {:>5} {:>8}   outcome it computed",
            "node", "whose", "seals", "records"
        ));
        let mut agree = true;
        for ((node, digest), part) in digests.iter().zip(&PARTS) {
            let status = node.status();
            let same = *digest == sealed;
            agree &= same;
            let shown = &digest[..digest.len().min(16)];
            teller.say(format!(
                "{:<11} {:<31} {:>5} {:>8}   {}",
                part.name,
                part.whose,
                status.height,
                status.records,
                if same { teller.good(shown) } else { teller.bad(shown) }
            ));
        }
        teller.say(format!(
            "{:<58}   {}",
            "signed by the witnesses in the seal",
            &sealed[..sealed.len().min(16)]
        ));
        teller.say(if agree {
            teller.good("Seven nodes, one outcome.")
        } else {
            teller.bad("THE NODES DIFFER.")
        });
        agree
    }

    /// How large a file is.
    pub(crate) fn size(path: &Path) -> u64 {
        fs::metadata(path).map_or(0, |data| data.len())
    }
}
