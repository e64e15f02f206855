//! What several nodes have come to.

use std::time::Duration;

use crate::{NodeProcess, until};

/// Waits until each of these nodes has sealed so many records and holds no others.
///
/// # Panics
/// When the time is up; the message holds where each node stands.
#[track_caller]
pub fn wait_sealed<'a>(
    nodes: impl Iterator<Item = &'a NodeProcess> + Clone,
    records: u64,
    patience: Duration,
) {
    until("all nodes have sealed everything", patience, || {
        let mut behind = Vec::new();
        for node in nodes.clone() {
            match node.api().status() {
                Ok(status) if (status.records, status.tail) == (records, 0) => {}
                Ok(status) => behind.push(format!(
                    "{}: {} of {records} records in {} seals, {} unsealed, {} parked, {} peers",
                    node.name(),
                    status.records,
                    status.height,
                    status.tail,
                    status.parked,
                    status.peers.len(),
                )),
                Err(error) => behind.push(format!("{}: {error}", node.name())),
            }
        }
        if behind.is_empty() { Ok(()) } else { Err(behind.join("; ")) }
    });
}

/// Waits until each of these nodes has closed a round, and gives the digest that each computed.
///
/// # Panics
/// When the time is up, or when a node says that it computed something else than the witnesses sealed.
#[track_caller]
pub fn digests<'a>(
    nodes: impl Iterator<Item = &'a NodeProcess> + Clone,
    round: u32,
    patience: Duration,
) -> Vec<(&'a NodeProcess, String)> {
    let computed = until(&format!("all nodes have closed round {round}"), patience, || {
        nodes
            .clone()
            .map(|node| {
                let digest = node.digest(round).map_err(|error| format!("{}: {error}", node.name()))?;
                Ok((node, digest))
            })
            .collect::<Result<Vec<_>, String>>()
    });
    for (node, _) in &computed {
        assert_eq!(node.status().disagreement, None, "{}", node.name());
    }
    computed
}
