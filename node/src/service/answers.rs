//! Answers to other nodes.

use libp2p::PeerId;
use mutua_protocol::{
    hash::RecordId,
    keys::{PublicKey, Signature},
    seals::{SealHeader, SealedBatch},
};

use super::{Core, CoreError, Output, status::newest_outcome};
use crate::{
    store::StoreError,
    wire::{self, FRAME_BYTES, PAGE_BYTES, REQUEST_RECORDS, Request, Response, Standing},
};

/// Bytes around an item of a list, at most.
const FRAME: usize = 16;

/// Bytes of a signature in a certificate.
const SIGNATURE: usize = PublicKey::LENGTH + Signature::LENGTH;

/// Seals in one page: reading them is no long pause for everything else.
const PAGE_SEALS: usize = 1024;

impl Core {
    /// Answers a peer, or declines.
    pub(super) fn answer(&mut self, peer: PeerId, data: &[u8], token: u64) -> Result<(), CoreError> {
        let response = match wire::decode::<Request>(data) {
            Err(_) => {
                tracing::debug!(%peer, "a request does not decode");
                None
            }
            Ok(Request::Standing) => Some(Response::Standing(self.standing())),
            Ok(Request::Seals { from }) => Some(Response::Seals(self.seals_page(from)?)),
            Ok(Request::Records { ids }) if ids.len() <= REQUEST_RECORDS => {
                Some(Response::Records(self.records_page(&ids)?))
            }
            Ok(Request::Reconcile { message }) if message.len() as u64 <= FRAME_BYTES => {
                self.reconciler().and_then(|mut own| own.reconcile(&message).ok()).map(Response::Reconcile)
            }
            Ok(Request::Records { .. } | Request::Reconcile { .. }) => None,
        };
        self.outputs.push(match response {
            Some(response) => Output::Respond(token, wire::encode(&response)),
            None => {
                self.counters.refuse("request");
                Output::Decline(token)
            }
        });
        Ok(())
    }

    fn standing(&mut self) -> Standing {
        Standing {
            height: self.ledger.height(),
            head: self.ledger.head(),
            tail: u32::try_from(self.tail.ready()).unwrap_or(u32::MAX),
            tail_digest: self.tail.digest(),
            outcome: newest_outcome(&self.ledger),
        }
    }

    /// Only what is on the disk is given out: a seal of the batch under way is not.
    fn seals_page(&self, from: u64) -> Result<Vec<SealedBatch>, StoreError> {
        let mut page = Vec::new();
        let mut size = 0;
        if from > self.ledger.height() {
            return Ok(page);
        }
        for seal in self.reader.seals_from(from.max(1)) {
            let seal = seal?;
            let mut records = Vec::with_capacity(seal.ids.len());
            for id in &seal.ids {
                let Some(bytes) = self.reader.record(id)? else { return Ok(page) };
                size += bytes.len() + FRAME;
                records.push(bytes);
            }
            size += SealHeader::BYTES + FRAME + seal.certificate.signatures.len() * SIGNATURE;
            page.push(SealedBatch { header: seal.header, certificate: seal.certificate, records });
            if size >= PAGE_BYTES || page.len() >= PAGE_SEALS {
                break;
            }
        }
        Ok(page)
    }

    fn records_page(&self, ids: &[RecordId]) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut page = Vec::new();
        let mut size = 0;
        for id in ids {
            let bytes = match self.in_tail(id) {
                Some(received) => Some(received.bytes.to_vec()),
                None => self.reader.record(id)?,
            };
            let Some(bytes) = bytes else { continue };
            size += bytes.len() + FRAME;
            if size > PAGE_BYTES {
                break;
            }
            page.push(bytes);
        }
        Ok(page)
    }
}
