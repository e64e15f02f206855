// One seal with its certificate and its records, without the log around it.

import { Community } from "./charter.js";
import { Checks, resultOf } from "./checks.js";
import { openReceipt } from "./receipts.js";
import { checkBatch, readBatch, sealId } from "./seals.js";
import { follow } from "./successions.js";

/**
 * Checks the frame of a seal (section 11) against a founding charter. `before` is that of the seal before it, or null: then its link is not
 * checked. `receipt` is the file of any receipt about this seal, which shows how the charter had been changed by then, or null if it never was.
 *
 * Whether a round was due (4.4) and what needs a ledger is left out. `{ok, checks, header, id, records, signers}`.
 */
export const checkSeal = (charter, seal, before, receipt) =>
  resultOf(async (checks) => {
    const community = new Community(charter);
    const batch = readBatch(checks, seal, community.id, null);
    const { header } = batch;
    if (receipt) await follow(checks, "6.9", openReceipt(receipt).successions, community);
    const last = before && readBatch(new Checks(), before, community.id, header.height - 1n).header;
    const place = last && { id: sealId(last), time: last.time };
    const { id, records } = await checkBatch(checks, batch, community.at(header.height), place, null);
    return { header, id, records, signers: batch.certificate.signatures.length };
  });
