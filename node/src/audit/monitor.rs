//! Following a log: new seals are checked as they come, and the old log must be a prefix of the new one.

use std::{
    io::{BufReader, Read},
    path::Path,
    sync::Arc,
};

use mutua_protocol::{
    archive::{ArchiveError, ArchiveReader, Auditor, Check, Fault, Frame, SealReport, VerifyError},
    charter::Community,
    codec,
    evidence::{Evidence, EvidenceFile, TwoSeals},
    hash::CommunityId,
    keys::PublicKey,
    ledger::Ledger,
    limits,
    receipt::{CertifiedSeal, Succession},
    seals::SealedBatch,
};

use super::{
    Pipeline, Stop,
    mirror::{Mirror, MirrorError},
};

/// Seals asked for at a time: a request that breaks off loses little.
const PART_SEALS: u64 = 128;

/// Where a log comes from.
pub trait Source {
    /// An archive that leaves out the seals before this number (from 1), and may leave out those that come this many later. It
    /// ends with the number and id of the last seal that it holds, or, where it holds none, of the log's last seal.
    ///
    /// # Errors
    /// [`SourceError`] when there is none.
    fn part(&mut self, from: u64, seals: u64) -> Result<Box<dyn Read + '_>, SourceError>;
}

/// Why a source gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be reached now, which may pass.
    #[error("{0}")]
    Unreachable(String),
    /// It will not give anything.
    #[error("{0}")]
    Refused(String),
}

/// Why a monitor has nothing further to check.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The source cannot be reached, or broke off; that may pass.
    #[error("{0}")]
    Unreachable(String),
    /// The source will not give anything.
    #[error("{0}")]
    Refused(String),
    /// The source has fewer seals than were checked; those it has are the same.
    #[error("the source has only {height} seals, where {held} were checked")]
    Behind {
        /// The source's newest seal.
        height: u64,
        /// The newest one that was checked.
        held: u64,
    },
    /// It is the log of another community.
    #[error("this is the log of another community: {name} ({found}), where {followed} is followed")]
    OtherCommunity {
        /// Its name.
        name: String,
        /// Its id.
        found: CommunityId,
        /// The one that is followed.
        followed: CommunityId,
    },
    /// A seal does not hold.
    #[error(transparent)]
    Fault(Fault),
    /// There are two logs.
    #[error(
        "two histories: seal {} was {} when it was checked, and is {} now; both have valid certificates, so that \
         witnesses have signed twice",
        .0.height(), .0.ours.header.id(), .0.theirs.header.id()
    )]
    Conflict(Box<Conflict>),
    /// The monitor's own files fail.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

/// Two certified seals of one height, after one predecessor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The one that was checked.
    pub ours: SealedBatch,
    /// The one that the source has now.
    pub theirs: SealedBatch,
    /// The proof that witnesses have signed both.
    pub evidence: EvidenceFile,
    /// Those who stand in both certificates.
    pub convicted: Vec<PublicKey>,
}

impl Conflict {
    /// Their number.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.ours.header.height
    }
}

impl From<SourceError> for Halt {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Unreachable(message) => Self::Unreachable(message),
            SourceError::Refused(message) => Self::Refused(message),
        }
    }
}

/// Follows one log, and keeps what it has checked in a file.
#[derive(Debug)]
pub struct Monitor {
    pipeline: Pipeline,
    auditor: Auditor,
    mirror: Mirror,
}

impl Monitor {
    /// Goes on with the state in this file, all of which is checked again: `each` is told the number of each seal.
    /// Where there is no such file, begins with the source's charter.
    ///
    /// # Errors
    /// [`Halt`] when the state cannot be used, or there is none and the source gives no charter.
    pub fn open(
        path: &Path,
        pipeline: Pipeline,
        source: &mut dyn Source,
        each: &mut dyn FnMut(u64),
    ) -> Result<Self, Halt> {
        if let Some((mirror, auditor)) = Mirror::resume(path, &pipeline, each)? {
            return Ok(Self { pipeline, auditor, mirror });
        }
        let (_, auditor) = begin(source, 1, 1)?;
        let mirror = Mirror::begin(path, auditor.ledger().community())?;
        Ok(Self { pipeline, auditor, mirror })
    }

    /// The ledger as far as it was checked.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.auditor.ledger()
    }

    /// Checks what is new at the source, a part of it if there is much: `each` is told of every seal that holds, and
    /// says whether to go on. What was checked is kept, whatever comes after it. Returns how many seals were new.
    ///
    /// # Errors
    /// [`Halt`] that says why there is nothing more.
    pub fn poll(
        &mut self,
        source: &mut dyn Source,
        each: &mut dyn FnMut(&SealReport) -> bool,
    ) -> Result<u64, Halt> {
        let held = self.ledger().height();
        let community = Arc::clone(self.ledger().community());
        // The newest seal that was checked comes once more: if it is the same, so is everything before it.
        let (mut reader, other) = begin(source, held.max(1), PART_SEALS)?;
        same_community(&community, other.ledger().community())?;
        if held > 0 {
            match reader.frame() {
                Ok(Some(Frame::Seal(bytes))) => {
                    let batch = decode(&bytes, held)?;
                    if batch.header.height != held || Some(batch.header.id()) != self.mirror.id(held) {
                        drop(reader);
                        return Err(self.differs(source, held));
                    }
                }
                Ok(Some(Frame::End { height, head })) => {
                    drop(reader);
                    return Err(if height < held && self.mirror.id(height) == Some(head) {
                        Halt::Behind { height, held }
                    } else {
                        self.differs(source, height.min(held))
                    });
                }
                Ok(Some(Frame::Charter(_))) => return Err(Halt::Fault(self.auditor.second_charter())),
                Ok(None) => return Err(Halt::Unreachable("the source broke off".to_owned())),
                Err(error) => return Err(unreadable(error, held)),
            }
        }
        let mirror = &mut self.mirror;
        let mut kept = Ok(());
        let stop = self.pipeline.replay(&mut self.auditor, &mut reader, &mut |sealed| {
            kept = mirror.append(sealed.report.height, sealed.report.id, sealed.bytes);
            kept.is_ok() && each(sealed.report)
        });
        kept?;
        let next = self.auditor.ledger().height() + 1;
        if next > held + 1 {
            self.mirror.commit()?;
        }
        match stop {
            Stop::End | Stop::Asked => Ok(next - 1 - held),
            Stop::Io(error) => Err(Halt::Unreachable(format!("the source broke off: {error}"))),
            // A file that is still growing, or a connection that was lost.
            Stop::Fault(broken) if broken.fault.check == Check::End && broken.fault.seal == Some(next) => {
                Err(Halt::Unreachable(format!("the source broke off after seal {}", next - 1)))
            }
            Stop::Fault(broken) => Err(Halt::Fault(broken.fault)),
        }
    }

    /// The source has another log: finds where it begins, and whether the witnesses have signed it.
    fn differs(&self, source: &mut dyn Source, height: u64) -> Halt {
        self.conflict(source, height).unwrap_or_else(|halt| halt)
    }

    fn conflict(&self, source: &mut dyn Source, height: u64) -> Result<Halt, Halt> {
        // The ids are linked: both logs are the same up to some seal, and differ after it. A source that answers as it
        // pleases only has another seal named.
        let (mut same, mut other, mut theirs) = (0, height, None);
        while theirs.is_none() || other - same > 1 {
            let middle = if theirs.is_none() { height } else { same + (other - same) / 2 };
            let batch = self.single(source, middle)?;
            if Some(batch.header.id()) == self.mirror.id(middle) && middle < height {
                same = middle;
            } else {
                other = middle;
                theirs = Some(batch);
            }
        }
        let Some(theirs) = theirs else { return Err(Halt::Unreachable("the source broke off".to_owned())) };
        let ours = self.mirror.seal(other)?;
        let community = self.ledger().community();
        let fault =
            |check, detail: String| Halt::Fault(Fault { check, seal: Some(other), record: None, detail });
        if theirs.header == ours.header {
            return Err(Halt::Unreachable("the source changes while it is read".to_owned()));
        }
        let evidence =
            Evidence::Seals(TwoSeals::new(certified(community, &ours), certified(community, &theirs)));
        let successions = Succession::up_to(self.ledger(), evidence.height(), |height, community| {
            Ok::<_, Halt>(certified(community, &self.mirror.seal(height)?))
        })?;
        let convicted = evidence.verify(community).map_err(|error| {
            fault(Check::Certificate, format!("another seal {other} than was checked before, and {error}"))
        })?;
        let evidence = EvidenceFile { successions, evidence };
        Ok(Halt::Conflict(Box::new(Conflict { ours, theirs, evidence, convicted: convicted.keys })))
    }

    /// One seal of the source.
    fn single(&self, source: &mut dyn Source, height: u64) -> Result<SealedBatch, Halt> {
        let (mut reader, other) = begin(source, height, 1)?;
        same_community(self.ledger().community(), other.ledger().community())?;
        match reader.frame() {
            Ok(Some(Frame::Seal(bytes))) => {
                let batch = decode(&bytes, height)?;
                if batch.header.height == height && batch.header.community == self.ledger().community().id {
                    return Ok(batch);
                }
                let detail = format!("another seal than {height} stands in its place");
                Err(Halt::Fault(Fault { check: Check::Height, seal: Some(height), record: None, detail }))
            }
            Ok(_) => {
                let detail = "the source does not show a seal that it has counted".to_owned();
                Err(Halt::Fault(Fault { check: Check::End, seal: Some(height), record: None, detail }))
            }
            Err(error) => Err(unreadable(error, height)),
        }
    }
}

/// A seal with all who have signed it.
fn certified(community: &Community, batch: &SealedBatch) -> CertifiedSeal {
    let signature = |key: &PublicKey| {
        let found = batch.certificate.signatures.iter().find(|(signer, _)| signer == key);
        found.map(|(_, signature)| *signature)
    };
    let signatures = (0u8..)
        .zip(community.at(batch.header.height).witnesses.witnesses())
        .filter_map(|(position, witness)| Some((position, signature(&witness.key)?)))
        .collect();
    CertifiedSeal { header: batch.header.clone(), round: batch.certificate.round, signatures }
}

type PartReader<'a> = ArchiveReader<BufReader<Box<dyn Read + 'a>>>;

/// Opens a part of the source's log, up to its charter.
fn begin(source: &mut dyn Source, from: u64, seals: u64) -> Result<(PartReader<'_>, Auditor), Halt> {
    let part = source.part(from, seals)?;
    let mut reader =
        ArchiveReader::new(BufReader::with_capacity(1 << 18, part)).map_err(|error| match error {
            ArchiveError::Io(error) => Halt::Unreachable(format!("the source broke off: {error}")),
            error => Halt::Unreachable(error.to_string()),
        })?;
    match Auditor::begin(&mut reader) {
        Ok(auditor) => Ok((reader, auditor)),
        Err(VerifyError::Io(error)) => Err(Halt::Unreachable(format!("the source broke off: {error}"))),
        Err(VerifyError::Fault(fault)) if fault.check == Check::End => {
            Err(Halt::Unreachable("the source broke off".to_owned()))
        }
        Err(VerifyError::Fault(fault)) => Err(Halt::Fault(fault)),
    }
}

fn same_community(followed: &Community, found: &Community) -> Result<(), Halt> {
    if followed.id == found.id {
        return Ok(());
    }
    Err(Halt::OtherCommunity { name: found.charter.name.clone(), found: found.id, followed: followed.id })
}

fn decode(bytes: &[u8], height: u64) -> Result<SealedBatch, Halt> {
    codec::decode(bytes, limits::DECODE_BYTES).map_err(|error| {
        let detail = error.to_string();
        Halt::Fault(Fault { check: Check::Canonical, seal: Some(height), record: None, detail })
    })
}

fn unreadable(error: ArchiveError, height: u64) -> Halt {
    match VerifyError::unreadable(error, Some(height)) {
        VerifyError::Io(error) => Halt::Unreachable(format!("the source broke off: {error}")),
        VerifyError::Fault(fault) if fault.check == Check::End => {
            Halt::Unreachable("the source broke off".to_owned())
        }
        VerifyError::Fault(fault) => Halt::Fault(fault),
    }
}
