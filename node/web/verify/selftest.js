// SPEC section 15: these modules against the test vectors. It needs no tool, so that any browser can run it.

import { VALUE_BYTES, bytesOfHex, decode, hex, utf8Bytes } from "./bytes.js";
import { VOTE, certificateFault } from "./certificates.js";
import { Community, hashOfCharter, readCharter } from "./charter.js";
import { Refused } from "./checks.js";
import { checkEvidence } from "./evidence.js";
import { bodyHash, rollTree, sealTree, termsHash } from "./hashes.js";
import { checkLog } from "./log.js";
import { rootOf } from "./merkle.js";
import { OUTCOME_HEAD, ROLL_ENTRY, digestOf } from "./outcomes.js";
import { checkReceipt } from "./receipts.js";
import { BODY, headerBytes, readRecord, signatureOf } from "./records.js";
import { SEALED_BATCH, sealId } from "./seals.js";
import { PROPOSAL, RECORD, REPLACEMENT, SUCCESSION, VOTE as VOTED, firstBroken, holds, isStrong, signed } from "./signatures.js";

const PURPOSES = { record: RECORD, vote: VOTED, proposal: PROPOSAL, succession: SUCCESSION, replacement: REPLACEMENT };

/** These are for who computes outcomes, which nothing here does. */
export const FOR_AUDITS = ["allocations.json", "rules.json"];

/**
 * What the vectors of one file say, one after the other: `[what, holds]`. `read` gives the content of the file with a name.
 */
export const vectorsOf = (name, read) => FILES[name](read(name), read);

export const FILES = {
  async *"keys.json"(file) {
    const [message, key] = [file.message, file.public].map(bytesOfHex);
    for (const { purpose, signature, signed: bytes } of file.signatures) {
      const vector = signed(PURPOSES[purpose], key, message, bytesOfHex(signature));
      yield [`what is signed as a ${purpose}`, hex(vector.message) === bytes];
      yield [`signature of a ${purpose}`, holds(vector)];
    }
    for (const { what, key: signer, signed: bytes, signature, valid } of file.zip215) {
      const vector = { key: bytesOfHex(signer), message: bytesOfHex(bytes), signature: bytesOfHex(signature) };
      yield [what, holds(vector) === valid];
      yield [`${what}, by the browser first`, ((await firstBroken([vector])) < 0) === valid];
    }
    for (const weak of file.weak) yield [`weak key ${weak}`, !isStrong(bytesOfHex(weak))];
    yield ["strong key", isStrong(key)];
  },

  async *"merkle.json"({ trees }) {
    for (const { leaves, root } of trees) {
      yield [`tree of ${leaves.length} leaves`, hex(rootOf(sealTree, leaves.map(bytesOfHex))) === root];
    }
  },

  async *"charter.json"({ charters }) {
    for (const { bytes, charter, community } of charters) {
      const read = readCharter(bytesOfHex(bytes));
      yield [`id of ${community}`, hex(hashOfCharter(read)) === community];
      yield [`fields of ${community}`, isSaid(read, charter)];
    }
  },

  async *"records.json"({ records }, read) {
    const at = firstCommunity(read);
    const kinds = new Set();
    for (const { name, bytes, header, body_hash: hash, id, terms, record } of records) {
      const found = readRecord(bytesOfHex(bytes), at);
      kinds.add(found.body.kind);
      yield [`header of ${name}`, hex(headerBytes(bytesOfHex(bytes))) === header];
      yield [`body hash of ${name}`, hex(bodyHash(found.body.raw)) === hash];
      yield [`id of ${name}`, hex(found.id) === id];
      yield [`signature of ${name}`, holds(signatureOf(found))];
      yield [`fields of ${name}`, isSaid(found.body, record.body)];
      if (terms) yield [`terms of ${name}`, hex(termsHash(found.body.subject.raw)) === terms];
    }
    yield ["a record of every kind", kinds.size === 25];
  },

  async *"refused.json"({ refused }, read) {
    const at = firstCommunity(read);
    for (const { what, bytes, check } of refused) {
      yield [`${what}: ${check}`, faultOf(bytesOfHex(bytes), at) === check];
    }
  },

  async *"seals.json"({ seals, prevote_for_nothing: nothing }, read) {
    const charter = foundingOf(read("archive.json").archive);
    for (const { bytes, header, header_bytes: raw, id, certificate, certificate_bytes: all, record_ids: ids } of seals) {
      const batch = decode(SEALED_BATCH, bytesOfHex(bytes), VALUE_BYTES);
      const name = `of seal ${batch.header.height}`;
      yield [`header ${name}`, hex(batch.header.raw) === raw];
      yield [`fields ${name}`, isSaid(batch.header, header)];
      yield [`id ${name}`, hex(sealId(batch.header)) === id];
      yield [`certificate ${name}`, hex(batch.certificate.raw) === all && batch.certificate.round === certificate.round];
      const { round, signatures } = batch.certificate;
      const fault = await certificateFault(batch.header, bytesOfHex(id), round, signatures, charter.witnesses);
      yield [`witnesses ${name}`, fault === null];
      const at = new Community(charter).at(batch.header.height);
      const found = batch.records.map((record) => hex(readRecord(record, at).id));
      yield [`record ids ${name}`, found.join() === ids.join()];
    }
    const vote = decode(VOTE, bytesOfHex(nothing.bytes), VALUE_BYTES);
    yield ["a prevote for nothing", vote.kind === "prevote" && vote.value === null];
  },

  async *"outcomes.json"({ outcomes }) {
    for (const { outcome, digest, head_bytes: bytes, roll, roll_bytes: lines } of outcomes) {
      const head = decode(OUTCOME_HEAD, bytesOfHex(bytes), VALUE_BYTES);
      const name = `of round ${outcome.round}`;
      yield [`digest ${name}`, hex(digestOf(head)) === digest];
      const { round, height, close, time, pool, turnout, charter } = outcome;
      const { decisions, raw, ...said } = head;
      yield [`head ${name}`, isSaid(said, { round, height, close, time, pool, turnout, roll: outcome.roll, charter })];
      yield [`root of the roll ${name}`, hex(rootOf(rollTree, lines.map(bytesOfHex))) === outcome.roll];
      const entries = lines.map((line) => decode(ROLL_ENTRY, bytesOfHex(line), VALUE_BYTES));
      yield [`roll ${name}`, entries.every((entry, at) => isSaid(entry, roll[at]))];
    }
  },

  async *"archive.json"(file) {
    const found = await checkLog([bytesOfHex(file.archive)], {});
    yield ["archive", found.ok];
    yield ["community", found.community.name === file.community];
    yield ["last seal", found.height === BigInt(file.seals.length) && hex(found.head) === file.seals.at(-1)];
    yield ["rounds", found.rounds === file.outcomes.length];
  },

  async *"amended.json"(file) {
    const archive = [bytesOfHex(file.archive)];
    const heads = (height) => bytesOfHex(file.outcomes.find(({ outcome }) => BigInt(outcome.height) === height).head_bytes);
    const found = await checkLog(archive, { heads });
    yield ["archive", found.ok];
    const charters = found.community.charters.map(({ since, hash }) => `${since + 1n} ${hex(hash)}`);
    yield ["charters", charters.join() === file.charters.map((vector) => `${vector.from_seal} ${vector.hash}`).join()];
    yield* proofs("receipts", checkReceipt, { ...file, refused: file.refused_receipts });
    yield* proofs("evidence", checkEvidence, { ...file, refused: file.refused_evidence });
  },

  "receipts.json": (file) => proofs("receipts", checkReceipt, file),
  "evidence.json": (file) => proofs("evidence", checkEvidence, file),
};

const firstCommunity = (read) => new Community(readCharter(bytesOfHex(read("charter.json").charters[0].bytes))).at(1n);

/** The first frame of an archive: magic, kind, length, charter. */
function foundingOf(archive) {
  const bytes = bytesOfHex(archive);
  const length = new DataView(bytes.buffer).getUint32(17);
  return readCharter(bytes.slice(21, 21 + length));
}

function faultOf(bytes, at) {
  try {
    return holds(signatureOf(readRecord(bytes, at))) ? null : "2.4";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.check;
  }
}

async function* proofs(name, checkFile, file) {
  const charter = readCharter(bytesOfHex(file.charter.bytes));
  for (const { what, file: bytes, text, proves } of file[name]) {
    const found = await checkFile(charter, bytesOfHex(bytes));
    yield [what, found.ok && isProof(found, proves)];
    if (text) {
      const small = text.toLowerCase().replace(/.{9}/g, "$&\u00a0\v\n");
      for (const written of [text, small]) {
        const again = await checkFile(charter, utf8Bytes(written));
        yield [`text of ${what}`, again.ok && isProof(again, proves)];
      }
    }
  }
  for (const { what, file: bytes, check } of file.refused) {
    const found = await checkFile(charter, bytesOfHex(bytes));
    const failed = found.checks.filter(({ ok }) => !ok).map((each) => each.name);
    yield [`${what}: ${check}`, !found.ok && failed.join() === check];
  }
}

function isProof(found, proves) {
  if (proves.kind) return found.kind === proves.kind && found.keys.map(hex).join() === proves.keys.join();
  const { sealed, counted } = proves;
  if ((found.sealed === null) !== (sealed === null) || (found.counted === null) !== (counted === null)) return false;
  const isOne = (one, other, fields) => fields.every((field) => String(one[field]) === String(other[field]));
  if (sealed) {
    const isWhat = found.sealed.body === null ? sealed.body === null : isSaid(found.sealed.body, sealed.body);
    if (!isWhat || found.sealed.author !== sealed.header.author) return false;
    if (!isOne(found.sealed, sealed, ["record", "seal", "height", "time"])) return false;
  }
  if (counted) {
    if (!isOne(found.counted, counted, ["key", "digest", "height", "time"]) || found.counted.outcome.round !== counted.round) return false;
    if ((found.counted.entry === null) !== (counted.entry === null)) return false;
    return counted.entry === null || isSaid(found.counted.entry, counted.entry);
  }
  return true;
}

// Fields by name. The JSON of the vectors and the values here nest in slightly different ways, so that what is compared is
// which names have which values.

const isSaid = (value, json) => leaves(value).sort().join("\n") === leavesOfJson(json).sort().join("\n");

function leaves(value, name = "") {
  if (value instanceof Uint8Array) return [`${name}=${hex(value)}`];
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, name));
  if (value === null || typeof value !== "object") return [`${name}=${value}`];
  const fields = Object.entries(value).filter(([field]) => field !== "kind" && field !== "raw");
  if (fields.length === 0) return [`${name}=${value.kind}`];
  return fields.flatMap(([field, inner]) => leaves(inner, field));
}

function leavesOfJson(json, name = "") {
  if (Array.isArray(json)) return json.flatMap((item) => leavesOfJson(item, name));
  if (json === null || typeof json !== "object") return [`${name}=${json}`];
  return Object.entries(json).flatMap(([field, inner]) => leavesOfJson(inner, field));
}
