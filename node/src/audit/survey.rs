//! Going on after the first fault, without the ledger.

use std::{io::Read, sync::Arc};

use mutua_protocol::{
    archive::{ArchiveError, ArchiveReader, Auditor, Check, Fault, Surveyed, Surveyor, VerifyError, survey},
    charter::Community,
};

use super::{
    Advance, Findings, Pipeline, Unreadable,
    feed::{Chunk, SealBytes, Tail},
    replay::Broken,
};

/// The faults found so far: all are counted, some are kept.
struct Faults<'a> {
    findings: &'a mut Findings,
    keep: usize,
}

impl Faults<'_> {
    fn add(&mut self, fault: Fault) {
        self.findings.found += 1;
        if self.findings.faults.len() < self.keep {
            self.findings.faults.push(fault);
        }
    }

    fn add_unreadable(&mut self, error: ArchiveError, seal: Option<u64>) -> Result<(), Unreadable> {
        match VerifyError::unreadable(error, seal) {
            VerifyError::Io(error) => Err(error.into()),
            VerifyError::Fault(fault) => {
                self.add(fault);
                Ok(())
            }
        }
    }

    /// Takes the faults of a seal, of which some may have been counted without being kept.
    fn add_seal(&mut self, surveyor: &mut Surveyor, surveyed: &Surveyed) {
        let uncounted = surveyed.found.saturating_sub(surveyed.faults.len()) as u64;
        for fault in surveyor.next(surveyed) {
            // The audit has named it already.
            let same = |first: &Fault| {
                first.check == fault.check
                    && first.seal == fault.seal
                    && first.record.map(|(at, _)| at) == fault.record.map(|(at, _)| at)
            };
            if !self.findings.faults.first().is_some_and(same) {
                self.add(fault);
            }
        }
        self.findings.found += uncounted;
    }
}

/// A chunk whose seals have been looked at by themselves.
struct Looked {
    seals: Vec<SealBytes>,
    ahead: Vec<Surveyed>,
    /// By whose rules.
    by: Arc<Community>,
    tail: Option<Tail>,
}

impl Pipeline {
    /// Looks for further faults from the first one to the end of the file.
    pub(super) fn survey<R: Read>(
        &self,
        auditor: &Auditor,
        reader: &mut ArchiveReader<R>,
        broken: Broken,
        keep: usize,
        findings: &mut Findings,
        advance: &mut dyn FnMut(Advance),
    ) -> Result<(), Unreadable> {
        let Broken { fault, mut rest, goes_on: mut more } = broken;
        let mut surveyor = Surveyor::after(auditor.ledger());
        let mut queue = self.queue::<Looked>();
        let mut records = auditor.ledger().records();
        let mut faults = Faults { findings, keep: keep.max(1) };
        faults.findings.found = 0;
        if !more && rest.is_empty() && fault.check == Check::Canonical {
            faults.findings.lost = Some(reader.position());
        }
        faults.add(fault);
        loop {
            while queue.has_room() && (more || !rest.is_empty()) {
                let chunk = rest.pop_front().unwrap_or_else(|| self.chunk(reader));
                more &= chunk.tail.as_ref().is_none_or(Tail::goes_on);
                let by = Arc::clone(surveyor.community());
                queue.give(chunk.bytes(), move || {
                    let Chunk { seals, tail } = chunk;
                    let ahead = seals.iter().map(|seal| survey(&by, &seal.bytes, keep)).collect();
                    Looked { seals, ahead, by, tail }
                });
            }
            let Some(Looked { seals, ahead, by, tail }) = queue.take() else { return Ok(()) };
            for (SealBytes { bytes, end }, ahead) in seals.iter().zip(ahead) {
                let surveyed = surveyor.look(bytes, keep, &by, ahead);
                records += surveyed.records as u64;
                faults.findings.surveyed += 1;
                faults.add_seal(&mut surveyor, &surveyed);
                advance(Advance { bytes: *end, height: surveyor.expected().saturating_sub(1), records });
            }
            let expected = surveyor.expected();
            match tail {
                None => {}
                Some(Tail::Charter) => {
                    faults.add(Fault { seal: Some(expected), ..auditor.second_charter() });
                }
                Some(Tail::Broken(error)) => {
                    if matches!(error, ArchiveError::TooLong(_)) {
                        faults.findings.lost = Some(reader.position());
                    }
                    faults.add_unreadable(error, Some(expected))?;
                }
                Some(Tail::End { height, head, after }) => {
                    if !surveyor.ends(height, head) {
                        faults.add(Fault {
                            check: Check::End,
                            seal: Some(expected.saturating_sub(1)),
                            record: None,
                            detail: format!(
                                "the end mark names seal {height} ({}), another one is the last",
                                head.short()
                            ),
                        });
                    }
                    if let Err(error) = after {
                        faults.add_unreadable(error, None)?;
                    }
                }
            }
        }
    }
}
