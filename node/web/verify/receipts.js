// SPEC section 13: receipts, which show with the founding charter alone that a record was sealed, and what was counted for a key.

import {
  blob, bytes32, choice, compare, decode, hex, list, option, same, structure, u32, u64, utf8Bytes,
} from "./bytes.js";
import { Community } from "./charter.js";
import { Refused, resultOf } from "./checks.js";
import { rollTree, sealTree } from "./hashes.js";
import { isLeaf, rootOf } from "./merkle.js";
import { OUTCOME_HEAD, ROLL_ENTRY } from "./outcomes.js";
import { SIGNED_HEADER, idOfHeader, isNumbered, readRecord } from "./records.js";
import { bytesOfText } from "./receipt-text.js";
import { CERTIFIED_SEAL, sealId } from "./seals.js";
import { RECORD, firstBroken, signed } from "./signatures.js";
import { SUCCESSIONS, canonical, certifiedFault, follow, isOutcomeOf } from "./successions.js";

const MAGIC = utf8Bytes("mutua receipt \0\x01");
export const RECEIPT_BYTES = 1_048_576;

const PATH = list(bytes32);
export const SEALED_PROOF = structure({
  content: choice(["whole", { record: blob }], ["without-body", { signed: SIGNED_HEADER }]),
  position: u32,
  path: PATH,
  seal: CERTIFIED_SEAL,
});
const LINE = structure({ entry: ROLL_ENTRY, position: u64, path: PATH });
const COUNTED_PROOF = structure({
  outcome: OUTCOME_HEAD,
  place: choice(
    ["listed", { line: LINE }],
    ["unlisted", { key: bytes32, before: option(LINE), after: option(LINE) }],
  ),
  seal: CERTIFIED_SEAL,
});
const RECEIPT = structure({ successions: SUCCESSIONS, sealed: option(SEALED_PROOF), counted: option(COUNTED_PROOF) });

/**
 * Checks a receipt, as a file or as the text of one in a file, against a founding charter (`readCharter`).
 * `{ok, checks, sealed, counted, community}`; without `ok` nothing but the checks, the last of which failed.
 */
export const checkReceipt = (charter, file) =>
  resultOf(async (checks) => {
    const receipt = openReceipt(file);
    checks.passed("6.1");
    const community = new Community(charter);
    await follow(checks, "6.9", receipt.successions, community);
    const sealed = receipt.sealed && (await checkSealed(checks, receipt.sealed, community));
    const counted = receipt.counted && (await checkCounted(checks, receipt.counted, community));
    return { sealed, counted, community };
  });

/** Check 6.1. Throws `Refused`. */
export function openReceipt(file) {
  const isFile = same(file.subarray(0, MAGIC.length), MAGIC);
  const bytes = isFile ? file.subarray(MAGIC.length) : bytesOfText(file, RECEIPT_BYTES);
  const receipt = canonical("6.1", () => decode(RECEIPT, bytes, RECEIPT_BYTES));
  if (receipt.sealed === null && receipt.counted === null) throw new Refused("6.1", "it holds no proof");
  return receipt;
}

/** What a sealed proof shows. Throws `Refused`. */
export async function checkSealed(checks, proof, community) {
  const { header } = proof.seal;
  checks.need("6.2", same(header.community, community.id), "the seal belongs to another community");
  const at = community.at(header.height);
  const record = proof.content.kind === "whole" ? openWhole(proof.content.record, at) : openHeader(proof.content.signed, at);
  checks.passed("6.2");
  const isSigned = (await firstBroken([signed(RECORD, record.author, record.id, record.signature)])) < 0;
  checks.need("6.3", isSigned, "the author's signature does not hold");
  const leaf = isLeaf(sealTree, record.id, BigInt(proof.position), proof.path, BigInt(header.count), header.root);
  checks.need("6.4", leaf, "the path does not lead to the root of the seal");
  await checkCertificate(checks, proof.seal, at);
  return {
    record: hex(record.id),
    author: hex(record.author),
    sequence: record.sequence,
    body: proof.content.kind === "whole" ? record.body : null,
    height: header.height,
    time: header.time,
    seal: hex(sealId(header)),
  };
}

function openWhole(bytes, at) {
  try {
    return readRecord(bytes, at);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Refused(error.check === "2.3" ? "6.2" : "6.3", error.message);
  }
}

function openHeader({ header, signature }, at) {
  if (!same(header.community, at.community)) throw new Refused("6.2", "the record belongs to another community");
  if (!isNumbered(header)) throw new Refused("6.3", `number ${header.sequence} does not fit its predecessor`);
  return { ...header, id: idOfHeader(header), signature };
}

async function checkCounted(checks, { outcome, place, seal }, community) {
  const { header } = seal;
  checks.need("6.2", same(header.community, community.id), "the seal belongs to another community");
  checks.need("6.6", isOutcomeOf(outcome, header), "the seal closes with another outcome, or with none");
  if (place.kind === "listed") {
    checks.need("6.7", isLine(place.line, outcome), "the path does not lead to the root of the roll");
  } else {
    checkUnlisted(checks, place, outcome);
  }
  await checkCertificate(checks, seal, community.at(header.height));
  const entry = place.kind === "listed" ? place.line.entry : null;
  return {
    key: hex(entry ? entry.member : place.key),
    entry,
    outcome,
    digest: hex(header.closes),
    height: header.height,
    time: header.time,
  };
}

function isLine({ entry, position, path }, { turnout, roll }) {
  return isLeaf(rollTree, entry.raw, position, path, turnout.members, roll);
}

function checkUnlisted(checks, { key, before, after }, outcome) {
  const need = (holds, detail) => checks.need("6.8", holds, detail);
  for (const line of [before, after]) {
    need(line === null || isLine(line, outcome), "the path of a neighbour does not lead to the root of the roll");
  }
  const { members } = outcome.turnout;
  if (before && after) {
    need(before.position + 1n === after.position, "its neighbours do not stand side by side");
  } else if (before) {
    need(before.position + 1n === members, "the line before it is not the last one");
  } else if (after) {
    need(after.position === 0n, "the line after it is not the first one");
  } else {
    need(members === 0n && same(outcome.roll, rootOf(rollTree, [])), "the roll is not empty");
  }
  need(!before || compare(before.entry.member, key) < 0, "it does not come after the line before it");
  need(!after || compare(key, after.entry.member) < 0, "it does not come before the line after it");
}

async function checkCertificate(checks, seal, { charter }) {
  const fault = await certifiedFault(seal, charter);
  checks.need("6.5", fault === null, fault);
}
