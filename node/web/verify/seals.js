// SPEC sections 8 and 12: a seal with its certificate and its records.

import {
  Malformed, VALUE_BYTES, blob, bytes32, bytes64, compare, decode, hex, isZeros, list, option, same, structure, u32, u64, u8, withBytes,
} from "./bytes.js";
import { certificateFault } from "./certificates.js";
import { Refused } from "./checks.js";
import { sealHash, sealTree } from "./hashes.js";
import { rootOf } from "./merkle.js";
import { readRecord, signatureOf } from "./records.js";
import { firstBroken } from "./signatures.js";

export const SEAL_RECORDS = 1_024;
export const SEAL_BYTES = 1_048_576;

export const SEAL_HEADER = withBytes(structure({
  community: bytes32,
  height: u64,
  previous: bytes32,
  time: u64,
  count: u32,
  root: bytes32,
  closes: option(bytes32),
}));

export const SEALED_BATCH = structure({
  header: SEAL_HEADER,
  certificate: withBytes(structure({ round: u32, signatures: list(structure({ key: bytes32, signature: bytes64 })) })),
  records: list(blob),
});

/** 13.1 */
export const CERTIFIED_SEAL = structure({
  header: SEAL_HEADER,
  round: u32,
  signatures: list(structure({ position: u8, signature: bytes64 })),
});

export const sealId = (header) => sealHash(header.raw);

/** Step 4 of section 12. `height` is null if any will do. */
export function readBatch(checks, payload, community, height) {
  let batch;
  try {
    batch = decode(SEALED_BATCH, payload, VALUE_BYTES);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Refused("2.1", error.message);
  }
  checks.passed("2.1");
  const { header, records } = batch;
  checks.need("2.3", same(header.community, community), `it belongs to the community ${hex(header.community)}`);
  checks.need("1.2", height === null || header.height === height, `it has number ${header.height}`);
  checks.need("1.3", header.count === records.length, `its header counts ${header.count} records, and it holds ${records.length}`);
  return batch;
}

/**
 * Steps 5 to 8: everything about a seal that needs no ledger. `at` is what its height is judged by; `before` is the `{id, time}` of
 * the seal before it, and `due` says whether a round is: null where that is not known. The records, opened.
 */
export async function checkBatch(checks, batch, at, before, due) {
  const records = batch.records.map((bytes, position) => {
    const record = readRecord(bytes, at, position);
    for (const check of ["2.2", "2.3", "3.2", record.body.kind === "evidence" ? "5.1" : "3.7"]) checks.passed(check);
    return record;
  });
  const { header, certificate } = batch;
  const id = sealId(header);
  const fault = await certificateFault(header, id, certificate.round, certificate.signatures, at.charter.witnesses);
  checks.need("2.5", fault === null, fault);
  const broken = await firstBroken(records.map(signatureOf));
  if (broken >= 0) throw new Refused("2.4", "the author's signature does not hold", broken);
  checks.passed("2.4", records.length);
  checkPlace(checks, header, before, due, records, batch.records);
  return { id, records };
}

function checkPlace(checks, header, before, due, records, bytes) {
  if (before !== null) {
    checks.need("4.1", same(header.previous, before.id), `it names ${hex(header.previous)} as the seal before it`);
    checks.need("4.3", header.time > before.time, `its time ${header.time} is not after that of the seal before it`);
  } else if (header.height === 1n) {
    checks.need("4.1", isZeros(header.previous), "the first seal names one before it");
  }
  const size = bytes.reduce((sum, each) => sum + each.length, 0);
  checks.need("3.6", records.length <= SEAL_RECORDS && size <= SEAL_BYTES, `${records.length} records of ${size} bytes`);
  if (due !== null) {
    const wrong = due ? "a round is due, and it closes none" : "it closes a round, and none is due";
    checks.need("4.4", (header.closes !== null) === due, wrong);
  }
  checks.need("4.6", records.length > 0 || header.closes !== null, "it holds no record and closes no round");
  for (const [position, record] of records.entries()) {
    const last = records[position - 1];
    const order = last ? compare(last.author, record.author) || (last.sequence < record.sequence ? -1 : 1) : -1;
    checks.need("3.1", order < 0, "it does not come after the one before it", position);
  }
  checks.need("4.2", same(rootOf(sealTree, records.map((record) => record.id)), header.root), "the root is another");
}
