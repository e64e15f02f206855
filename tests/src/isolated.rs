//! Nodes in network namespaces of their own, connected by cables that can be pulled.
//!
//! Some nodes run in this machine's network and listen on a bridge's address. Each of the others has a
//! namespace with one virtual cable to that bridge. Needs root and `ip`.

use std::{path::PathBuf, process::Command};

use crate::ports;

/// A bridge, and a namespace for each node that can be cut off. Removed on drop.
#[derive(Debug)]
pub struct Isolated {
    name: String,
    addresses: Vec<String>,
    /// The nodes that have a namespace.
    apart: Vec<usize>,
}

impl Isolated {
    /// A network for so many nodes, of which some can be cut off.
    ///
    /// # Errors
    /// Why it cannot be made here.
    pub fn new(name: &str, nodes: usize, apart: &[usize]) -> Result<Self, String> {
        // Names of links have at most 15 characters; the process id tells two runs apart.
        let id = std::process::id() % 100_000;
        let subnet = format!("10.{}.{}", 128 + id / 256 % 64, id % 256);
        let place = |n: usize| apart.iter().position(|one| *one == n);
        let addresses = (0..nodes)
            .map(|n| {
                let host = place(n).map_or(1, |place| place + 2);
                format!("/ip4/{subnet}.{host}/tcp/{}", ports::free())
            })
            .collect();
        let network = Self { name: format!("{name}{id}"), addresses, apart: apart.to_vec() };
        let bridge = network.bridge();
        ip(&format!("link add {bridge} type bridge"))?;
        ip(&format!("addr add {subnet}.1/24 dev {bridge}"))?;
        ip(&format!("link set {bridge} up"))?;
        for (place, n) in apart.iter().enumerate() {
            let (space, cable) = (network.space(*n), network.cable(*n));
            ip(&format!("netns add {space}"))?;
            ip(&format!("link add {cable} type veth peer name eth0 netns {space}"))?;
            ip(&format!("link set {cable} master {bridge} up"))?;
            ip(&format!("-n {space} link set lo up"))?;
            ip(&format!("-n {space} addr add {subnet}.{}/24 dev eth0", place + 2))?;
            ip(&format!("-n {space} link set eth0 up"))?;
        }
        Ok(network)
    }

    fn bridge(&self) -> String {
        format!("{}b", self.name)
    }

    fn cable(&self, n: usize) -> String {
        format!("{}v{n}", self.name)
    }

    fn space(&self, n: usize) -> String {
        format!("{}n{n}", self.name)
    }

    /// Where each node listens.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// The command that runs a program where this node is.
    #[must_use]
    pub fn run_by(&self, n: usize) -> Vec<String> {
        if !self.apart.contains(&n) {
            return Vec::new();
        }
        let space = self.space(n);
        ["ip", "netns", "exec", &space].map(str::to_owned).to_vec()
    }

    /// Pulls the cables.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn pull(&self) {
        self.set("down");
    }

    /// Plugs them in again.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn plug_in(&self) {
        self.set("up");
    }

    fn set(&self, state: &str) {
        for n in &self.apart {
            ip(&format!("link set {} {state}", self.cable(*n))).expect("the link is ours");
        }
    }
}

impl Drop for Isolated {
    fn drop(&mut self) {
        for n in &self.apart {
            let _ = ip(&format!("link del {}", self.cable(*n)));
            let _ = ip(&format!("netns del {}", self.space(*n)));
        }
        let _ = ip(&format!("link del {}", self.bridge()));
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .map_err(|error| format!("'ip' cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("ip {arguments}: {}", error.trim()))
}

/// The program that asks an API from inside a namespace.
pub(crate) fn asker() -> PathBuf {
    crate::binary::target_folder().join("mutua-ask")
}
