//! Misbehaviour that this node has seen, as files that anybody can check.
//!
//! Forks are kept in a table of their own, and proved in the log. What witnesses and attestors did is kept
//! here: once for each matter, and a few matters for each key, so that nobody can fill the disk by misbehaving more.

use std::collections::{BTreeMap, BTreeSet};

use mutua_protocol::{
    codec,
    evidence::{self, Attested, Contradiction, EVIDENCE_FILE_BYTES, Evidence, Misdeed, TwoSeals},
    hash::{OutcomeDigest, RecordId},
    keys::PublicKey,
    ledger::Ledger,
    receipt::{CertifiedSeal, SealedProof, Succession},
    records::{Body, Fork, Received, Verdict},
    seals::{Certificate, SealHeader, SealedBatch},
};
use serde::{Deserialize, Serialize};

use super::{Core, CoreError, limits::MATTERS};
use crate::store::{StoreError, StoredSeal};

/// What kind of misbehaviour.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum MatterKind {
    /// An author signed two records with one number.
    Fork,
    /// The witnesses certified two seals that cannot be in one log.
    Seals,
    /// A witness cast two votes in one step.
    Votes,
    /// A witness made two proposals in one round.
    Proposals,
    /// An attestor let two attestations stand that contradict each other.
    Attestations,
    /// The witnesses certified an outcome that does not follow from the log.
    Outcome,
}

/// What a piece of evidence is about: it is kept once.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Matter {
    /// What kind.
    pub kind: MatterKind,
    /// Whose; zeros where it is no single key's.
    pub key: PublicKey,
    /// The height, or the number in the author's chain.
    pub place: u64,
}

impl Matter {
    const NOBODY: PublicKey = PublicKey([0; 32]);

    /// Whose it is, if it is a single key's.
    #[must_use]
    pub fn of(&self) -> Option<PublicKey> {
        (self.key != Self::NOBODY).then_some(self.key)
    }

    /// The name by which people ask for it, and a good name for its file.
    #[must_use]
    pub fn name(&self) -> String {
        let kind = match self.kind {
            MatterKind::Fork => "fork",
            MatterKind::Seals => "seals",
            MatterKind::Votes => "votes",
            MatterKind::Proposals => "proposals",
            MatterKind::Attestations => "attestations",
            MatterKind::Outcome => "outcome",
        };
        if self.key == Self::NOBODY {
            return format!("{kind}-{}", self.place);
        }
        format!("{kind}-{}-{}", hex::encode(&self.key.0[..8]), self.place)
    }
}

/// What is kept of a matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Held {
    /// The evidence.
    Whole(Evidence),
    /// Two attestations and the height of the later one: the evidence is made of the log when it is asked for.
    Attestations { first: Attested, second: Attested, height: u64 },
}

/// What was seen, and when: milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    matter: Matter,
    seen: u64,
    held: Held,
}

/// What witnesses and attestors were seen to do.
#[derive(Debug, Default)]
pub(super) struct SeenEvidence(BTreeMap<Matter, Kept>);

/// A piece of evidence, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sighting {
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: MatterKind,
    /// Those whose signatures convict them.
    pub keys: Vec<PublicKey>,
    /// What it is about.
    pub about: String,
    /// When this node saw it, milliseconds since 1970, where it remembers.
    pub seen: Option<u64>,
}

/// Everything that this node has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sightings {
    /// What can be proved to anybody.
    pub proved: Vec<Sighting>,
    /// What this node has seen, and nobody has signed: no file can prove it.
    pub unproved: Vec<String>,
}

/// The file of a piece of evidence.
pub enum EvidenceFile {
    /// An evidence file.
    File(Vec<u8>),
    /// The log, with this seal as the last one: an archive.
    Log(Box<SealedBatch>),
}

impl Core {
    /// Takes up what the store holds.
    pub(super) fn load_evidence(&mut self) -> Result<(), CoreError> {
        for entry in self.reader.evidence() {
            // What an older version wrote differently is passed over.
            if let Ok(kept) = codec::decode::<Kept>(&entry?, EVIDENCE_FILE_BYTES) {
                self.evidence.0.insert(kept.matter, kept);
            }
        }
        Ok(())
    }

    /// Keeps evidence, if it convicts anybody and is news.
    pub(super) fn seen_evidence(&mut self, evidence: Evidence) {
        let Ok(convicted) = evidence.verify(&self.community) else { return };
        let (kind, place) = match &convicted.what {
            // Forks have a table of their own.
            Misdeed::Fork { .. } | Misdeed::Attestations { .. } => return,
            Misdeed::Seals(split) => (MatterKind::Seals, split.height),
            Misdeed::Votes { height, .. } => (MatterKind::Votes, *height),
            Misdeed::Proposals { height, .. } => (MatterKind::Proposals, *height),
        };
        let key = match (kind, &convicted.keys[..]) {
            (MatterKind::Votes | MatterKind::Proposals, [key]) => *key,
            _ => Matter::NOBODY,
        };
        self.keep_evidence(Matter { kind, key, place }, Held::Whole(evidence));
    }

    fn keep_evidence(&mut self, matter: Matter, held: Held) {
        let same = |known: &&Matter| (known.kind, known.key) == (matter.kind, matter.key);
        if self.evidence.0.contains_key(&matter) || self.evidence.0.keys().filter(same).count() >= MATTERS {
            return;
        }
        let name = matter.name();
        tracing::error!(%name, "evidence of misbehaviour: 'mutua evidence list' tells more");
        let kept = Kept { matter, seen: self.now.wall, held };
        self.batch.put_evidence(&codec::encode(&matter), codec::encode(&kept));
        self.evidence.0.insert(matter, kept);
    }

    /// Compares a seal that somebody shows with the history held here, which it may contradict.
    pub(super) fn compare_seal(
        &mut self,
        header: &SealHeader,
        certificate: &Certificate,
    ) -> Result<(), CoreError> {
        if header.community != self.community.id || header.height == 0 {
            return Ok(());
        }
        // Another seal of a height that is held, or one that comes next and names another before it.
        let own = header.height.min(self.ledger.height());
        let follows = header.height == self.ledger.height() + 1 && header.previous == self.ledger.head();
        if header.height > own + 1 || follows || own == 0 {
            return Ok(());
        }
        let Some((held, signed)) = self.seal(own)? else { return Ok(()) };
        let witnesses = |height| &self.community.at(height).witnesses;
        if held == *header
            || witnesses(header.height)
                .check(header.community, header.height, header.id(), certificate)
                .is_err()
        {
            return Ok(());
        }
        let evidence = TwoSeals::new(
            CertifiedSeal::new(held, &signed, witnesses(own)),
            CertifiedSeal::new(header.clone(), certificate, witnesses(header.height)),
        );
        self.seen_evidence(Evidence::Seals(evidence));
        Ok(())
    }

    /// Compares the attestations of a seal that was applied with those that stand.
    pub(super) fn compare_attestations(
        &mut self,
        header: &SealHeader,
        records: &[Received],
    ) -> Result<(), CoreError> {
        for received in records {
            let Some(second) = Attested::of(received) else { continue };
            if second.valid_until <= header.time || self.ledger.void().contains_key(&received.id) {
                continue;
            }
            let (attestor, place) = received.order();
            for first in standing_against(&self.ledger, &attestor, &second, header.time) {
                let earlier = match records.iter().find(|other| other.id == first.record) {
                    Some(other) => Some(other.record().sequence),
                    None => self
                        .record(&first.record)?
                        .and_then(|bytes| Received::decode(&bytes, &self.community).ok())
                        .map(|received| received.record().sequence),
                };
                if earlier.is_some_and(|earlier| earlier < place) {
                    let matter = Matter { kind: MatterKind::Attestations, key: attestor, place };
                    self.keep_evidence(matter, Held::Attestations { first, second, height: header.height });
                }
            }
        }
        Ok(())
    }

    /// What there is evidence of, and when this node saw it, where it remembers. Nothing is read or verified.
    #[must_use]
    pub fn matters(&self) -> Vec<(Matter, Option<u64>)> {
        let seen = self.forks.0.iter().map(|(author, seen)| (*author, seen.sequence));
        let forks: BTreeSet<(PublicKey, u64)> = seen.chain(self.ledger.evidence().keys().copied()).collect();
        let forks =
            forks.into_iter().map(|(key, place)| (Matter { kind: MatterKind::Fork, key, place }, None));
        let kept = self.evidence.0.values().map(|kept| (kept.matter, Some(kept.seen)));
        let outcome = self.disputed.iter().map(|batch| (disputed_matter(batch), None));
        forks.chain(kept).chain(outcome).collect()
    }

    /// How many pieces of evidence there are, by kind.
    pub(super) fn count_evidence(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (matter, _) in self.matters() {
            let name = match matter.kind {
                MatterKind::Fork => "forked chains",
                MatterKind::Seals => "contradicting seals",
                MatterKind::Votes => "contradicting votes of witnesses",
                MatterKind::Proposals => "contradicting proposals of witnesses",
                MatterKind::Attestations => "contradicting attestations",
                MatterKind::Outcome => "certified outcomes that do not follow from the log",
            };
            *counts.entry(name.to_owned()).or_insert(0) += 1;
        }
        counts
    }

    /// Everything that this node has seen.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn sightings(&self) -> Result<Sightings, CoreError> {
        let mut proved: Vec<Sighting> = self
            .known_forks()?
            .into_iter()
            .map(|(matter, fork)| Sighting {
                name: matter.name(),
                kind: matter.kind,
                keys: vec![fork.author()],
                about: format!("two records with the number {}", fork.sequence()),
                seen: None,
            })
            .collect();
        proved.extend(self.evidence.0.values().map(|kept| self.sighting(kept)));
        if let Some(batch) = &self.disputed {
            let matter = disputed_matter(batch);
            proved.push(Sighting {
                name: matter.name(),
                kind: matter.kind,
                keys: batch.certificate.signatures.iter().map(|(key, _)| *key).collect(),
                about: self.disagreement.clone().unwrap_or_default(),
                seen: None,
            });
        }
        Ok(Sightings { proved, unproved: self.other_outcomes() })
    }

    fn sighting(&self, kept: &Kept) -> Sighting {
        let (keys, about) = match &kept.held {
            Held::Whole(evidence) => match evidence.verify(&self.community) {
                Ok(convicted) => (convicted.keys, about(&convicted.what)),
                Err(fault) => (Vec::new(), fault.to_string()),
            },
            Held::Attestations { first, second, .. } => (vec![kept.matter.key], two_verdicts(first, second)),
        };
        let name = kept.matter.name();
        Sighting { name, kind: kept.matter.kind, keys, about, seen: Some(kept.seen) }
    }

    /// Peers that computed another outcome of the newest round that both have closed. Nobody signs what they say of it.
    fn other_outcomes(&self) -> Vec<String> {
        let own = |round: u32| -> Option<OutcomeDigest> {
            let closing = self.ledger.closings().get((round as usize).checked_sub(1)?)?;
            Some(closing.digest)
        };
        let peers = self.catchup.peers().into_iter().filter_map(|peer| {
            let (round, theirs) = peer.outcome?;
            let ours = own(round).filter(|ours| *ours != theirs)?;
            Some(format!(
                "peer {} says that the outcome of round {round} is {theirs}; this node computed {ours}",
                peer.peer
            ))
        });
        peers.collect()
    }

    /// The forks that were seen, and those that the log proves.
    fn known_forks(&self) -> Result<BTreeMap<Matter, Fork>, CoreError> {
        let mut forks = BTreeMap::new();
        let open = |id: &RecordId| -> Result<Option<Received>, StoreError> {
            let bytes = self.reader.record(id)?;
            Ok(bytes.and_then(|bytes| Received::decode(&bytes, &self.community).ok()))
        };
        for id in self.ledger.evidence().values() {
            if let Some(received) = open(id)?
                && let Body::Evidence(fork) = &received.record().body
            {
                forks.insert(fork_matter(fork), **fork);
            }
        }
        for entry in self.reader.forks() {
            let (_, _, a, b) = entry?;
            if let (Some(a), Some(b)) = (open(&a)?, open(&b)?) {
                let fork = Fork::of(&a, &b);
                forks.insert(fork_matter(&fork), fork);
            }
        }
        Ok(forks)
    }

    /// The file of the evidence with this name.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn evidence_file(&self, name: &str) -> Result<Option<EvidenceFile>, CoreError> {
        let file = |evidence: Evidence| {
            let successions = self.successions(evidence.height())?;
            Ok::<_, CoreError>(Some(EvidenceFile::File(
                evidence::EvidenceFile { successions, evidence }.to_file(),
            )))
        };
        if let Some((_, fork)) = self.known_forks()?.into_iter().find(|(matter, _)| matter.name() == name) {
            return file(Evidence::Fork(fork));
        }
        if let Some(batch) = self.disputed.as_ref().filter(|batch| disputed_matter(batch).name() == name) {
            return Ok(Some(EvidenceFile::Log(Box::new(batch.clone()))));
        }
        let kept = self.evidence.0.values().find(|kept| kept.matter.name() == name);
        match kept.map(|kept| &kept.held) {
            None => Ok(None),
            Some(Held::Whole(evidence)) => file(evidence.clone()),
            Some(Held::Attestations { first, second, height }) => {
                match self.contradiction(first.record, second.record, *height)? {
                    None => Ok(None),
                    Some(contradiction) => file(Evidence::Attestations(contradiction)),
                }
            }
        }
    }

    /// The records of an attestor from one attestation to another one, and the seal of the later.
    fn contradiction(
        &self,
        first: RecordId,
        second: RecordId,
        height: u64,
    ) -> Result<Option<Contradiction>, CoreError> {
        let Some(seal) = self.reader.seal(height)? else { return Ok(None) };
        let Some(sealed) = self.sealed_proof(&seal, &second)? else { return Ok(None) };
        let mut records = Vec::new();
        let mut size = 0;
        let mut id = second;
        loop {
            let Some(bytes) = self.reader.record(&id)? else { return Ok(None) };
            let Ok(received) = Received::decode(&bytes, &self.community) else { return Ok(None) };
            size += bytes.len();
            if size > EVIDENCE_FILE_BYTES / 2 {
                return Ok(None);
            }
            records.push(bytes);
            if id == first {
                break;
            }
            id = received.record().previous;
        }
        records.reverse();
        Ok(Some(Contradiction { records, sealed }))
    }

    /// A seal with as few signatures as suffice, of those who were witnesses then.
    fn certified(&self, seal: &StoredSeal) -> CertifiedSeal {
        let witnesses = &self.community.at(seal.header.height).witnesses;
        CertifiedSeal::new(seal.header.clone(), &seal.certificate, witnesses)
    }

    /// How the charter was changed before the seal of this height.
    ///
    /// # Errors
    /// [`CoreError`] when the store fails.
    pub fn successions(&self, height: u64) -> Result<Vec<Succession>, CoreError> {
        Succession::up_to(&self.ledger, height, |height, _| {
            let seal = self.reader.seal(height)?.ok_or_else(|| CoreError::Replay {
                height,
                fault: "it is missing, and its close has adopted a charter".to_owned(),
            })?;
            Ok(self.certified(&seal))
        })
    }

    fn sealed_proof(&self, seal: &StoredSeal, id: &RecordId) -> Result<Option<SealedProof>, CoreError> {
        let Some(bytes) = self.reader.record(id)? else { return Ok(None) };
        let Ok(received) = Received::decode(&bytes, &self.community) else { return Ok(None) };
        let certified = self.certified(seal);
        Ok(SealedProof::new(&received, certified, &seal.ids))
    }
}

fn fork_matter(fork: &Fork) -> Matter {
    Matter { kind: MatterKind::Fork, key: fork.author(), place: fork.sequence() }
}

fn disputed_matter(batch: &SealedBatch) -> Matter {
    Matter { kind: MatterKind::Outcome, key: Matter::NOBODY, place: batch.header.height }
}

/// The attestations of this attestor that stand at this time, and that another one of theirs contradicts.
fn standing_against(ledger: &Ledger, attestor: &PublicKey, later: &Attested, time: u64) -> Vec<Attested> {
    let others = ledger.proposals().values().filter(|other| other.id != later.proposal);
    others
        .filter_map(|proposal| {
            let held = proposal.attestations.get(attestor)?;
            let first = Attested {
                record: held.id,
                proposal: proposal.id,
                terms: held.terms,
                verdict: held.assessment.verdict,
                valid_until: held.assessment.valid_until,
            };
            (first.is_contradicted_by(later) && first.valid_until > time).then_some(first)
        })
        .collect()
}

fn two_verdicts(first: &Attested, second: &Attested) -> String {
    let verdict = |attested: &Attested| match attested.verdict {
        Verdict::Approved => "approved",
        Verdict::Declined => "declined",
    };
    format!(
        "the same terms {} in proposal {} and {} in proposal {}",
        verdict(first),
        first.proposal.short(),
        verdict(second),
        second.proposal.short()
    )
}

/// What somebody did, in words.
fn about(misdeed: &Misdeed) -> String {
    match misdeed {
        Misdeed::Fork { sequence } => format!("two records with the number {sequence}"),
        Misdeed::Seals(split) => format!(
            "two certified seals of height {}: {} and {}",
            split.height,
            split.first.short(),
            split.second.short()
        ),
        Misdeed::Votes { height, round } => {
            format!("two votes in one step of round {round} on seal {height}")
        }
        Misdeed::Proposals { height, round } => {
            format!("two proposals in round {round} for seal {height}")
        }
        Misdeed::Attestations { first, second, .. } => two_verdicts(first, second),
    }
}
