//! How an amended charter came into force: the step from one charter to the next, checkable offline.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CertifiedSeal;
use crate::{
    charter::{Charter, Community},
    ledger::Ledger,
    outcome::OutcomeHead,
};

/// The close at which an amended charter was adopted, certified by the witnesses of the charter before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// The seal that closed the round.
    pub seal: CertifiedSeal,
    /// Its outcome, which names the charter that holds afterwards.
    pub outcome: OutcomeHead,
    /// That charter.
    pub charter: Charter,
}

/// Why the charters of a receipt or an evidence file do not follow from the founding charter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("succession {number} (counted from 1): {detail}")]
pub struct BrokenSuccession {
    /// Which, from 1.
    pub number: usize,
    /// What was found.
    pub detail: String,
}

impl Succession {
    /// The successions that somebody needs who has the founding charter and wants to judge the seal of this height.
    /// The certified seals come from whoever keeps them.
    ///
    /// # Errors
    /// Whatever `seal` says when it has none of that height.
    pub fn up_to<E>(
        ledger: &Ledger,
        height: u64,
        mut seal: impl FnMut(u64, &Community) -> Result<CertifiedSeal, E>,
    ) -> Result<Vec<Self>, E> {
        let mut successions = Vec::new();
        for community in ledger.community().at(height).history() {
            let closing = ledger.closings().iter().find(|closing| closing.outcome.height == community.since);
            let Some(closing) = closing.filter(|_| community.since > 0) else { continue };
            successions.push(Self {
                seal: seal(community.since, community.at(community.since))?,
                outcome: closing.outcome.head(),
                charter: community.charter.clone(),
            });
        }
        successions.reverse();
        Ok(successions)
    }

    /// Follows the successions from the founding charter, each judged under the one before it.
    ///
    /// # Errors
    /// [`BrokenSuccession`] with the first that does not hold.
    pub fn follow(founding: &Community, successions: &[Self]) -> Result<Community, BrokenSuccession> {
        let mut community = Arc::new(founding.clone());
        for (number, succession) in (1..).zip(successions) {
            let next = succession.apply(&community).map_err(|detail| BrokenSuccession { number, detail })?;
            community = Arc::new(next);
        }
        Ok(Arc::unwrap_or_clone(community))
    }

    fn apply(&self, community: &Arc<Community>) -> Result<Community, String> {
        let Self { seal, outcome, charter } = self;
        let header = &seal.header;
        if header.community != community.id {
            return Err("the seal belongs to another community".to_owned());
        }
        if header.height <= community.since {
            return Err("the seal is not after the change before".to_owned());
        }
        if header.closes != Some(outcome.digest()) {
            return Err("the seal does not close with this outcome".to_owned());
        }
        if (outcome.height, outcome.time) != (header.height, header.time) {
            return Err("the outcome names another seal or time".to_owned());
        }
        if outcome.charter != charter.hash() {
            return Err("the outcome adopts another charter".to_owned());
        }
        let next = community.amended(charter.clone(), header.height).map_err(|error| error.to_string())?;
        seal.check(community).map_err(|error| error.to_string())?;
        Ok(next)
    }
}
