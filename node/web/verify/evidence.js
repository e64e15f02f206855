// SPEC section 14: evidence files, which show that somebody signed two things of which the honest sign at most one.

import { faultOfFork } from "./bounds.js";
import {
  blob, bytes32, bytes64, choice, compare, decode, hex, list, option, same, structure, u32, u64, utf8Bytes, VALUE_BYTES, withBytes,
} from "./bytes.js";
import { VOTE } from "./certificates.js";
import { Community } from "./charter.js";
import { Checks, Refused, resultOf } from "./checks.js";
import { SEALED_PROOF, checkSealed } from "./receipts.js";
import { SIGNED_HEADER, readRecord, signatureOf } from "./records.js";
import { CERTIFIED_SEAL, sealId } from "./seals.js";
import { PROPOSAL as PROPOSED, VOTE as VOTED, firstBroken, signed } from "./signatures.js";
import { SUCCESSIONS, canonical, certifiedFault, follow } from "./successions.js";

const MAGIC = utf8Bytes("mutua evidence\0\x01");

const PROPOSAL = withBytes(structure({ community: bytes32, height: u64, round: u32, pol_round: option(u32), value: bytes32 }));
const pairOf = (statement) => {
  const each = structure({ statement, signature: bytes64 });
  return { witness: bytes32, first: each, second: each };
};

const FILE = structure({
  successions: SUCCESSIONS,
  evidence: choice(
    ["fork", { first: SIGNED_HEADER, second: SIGNED_HEADER }],
    ["seals", { first: CERTIFIED_SEAL, second: CERTIFIED_SEAL }],
    ["votes", pairOf(VOTE)],
    ["proposals", pairOf(PROPOSAL)],
    ["attestations", { records: list(blob), sealed: SEALED_PROOF }],
  ),
});

/** `{ok, checks, kind, keys}`: what kind of misbehaviour it proves, and whose. */
export const checkEvidence = (charter, file) =>
  resultOf(async (checks) => {
    checks.need("7.1", same(file.subarray(0, MAGIC.length), MAGIC), "it does not begin as an evidence file does");
    const { successions, evidence } = canonical("7.1", () => decode(FILE, file.subarray(MAGIC.length), VALUE_BYTES));
    const community = new Community(charter);
    await follow(checks, "7.9", successions, community);
    return { kind: evidence.kind, keys: await KINDS[evidence.kind](checks, evidence, community), evidence };
  });

const KINDS = { fork, seals, votes, proposals, attestations };
const CHECK_OF_FORK = { community: "7.2", place: "7.3", signature: "7.5" };

function fork(checks, evidence, community) {
  const fault = faultOfFork(evidence, community.id);
  if (fault) throw new Refused(CHECK_OF_FORK[fault[0]], fault[1]);
  for (const check of Object.values(CHECK_OF_FORK)) checks.passed(check);
  return [evidence.first.header.author];
}

const belongs = (checks, community, ...parts) =>
  checks.need("7.2", parts.every((part) => same(part.community, community.id)), "a part of it belongs to another community");

async function seals(checks, { first, second }, community) {
  belongs(checks, community, first.header, second.header);
  const ids = [first, second].map(({ header }) => sealId(header));
  const isOneHeight = first.header.height === second.header.height && compare(ids[0], ids[1]) < 0;
  const isNotLinked = first.header.height + 1n === second.header.height && !same(second.header.previous, ids[0]);
  checks.need("7.3", isOneHeight || isNotLinked, "both can be in one log, or they are not in their order");
  const signers = [];
  for (const seal of [first, second]) {
    const { charter } = community.at(seal.header.height);
    const fault = await certifiedFault(seal, charter);
    checks.need("7.5", fault === null, fault);
    signers.push(seal.signatures.map(({ position }) => charter.witnesses[position].key));
  }
  return signers[0].filter((key) => signers[1].some((other) => same(key, other)));
}

function votes(checks, evidence, community) {
  const [first, second] = [evidence.first.statement, evidence.second.statement];
  belongs(checks, community, first, second);
  const isOneStep = first.height === second.height && first.round === second.round && first.kind === second.kind;
  const isSame = first.value === null ? second.value === null : second.value !== null && same(first.value, second.value);
  checks.need("7.3", isOneStep && !isSame, "an honest witness may have cast both");
  return byWitness(checks, evidence, VOTED, community);
}

function proposals(checks, evidence, community) {
  const [first, second] = [evidence.first.statement, evidence.second.statement];
  belongs(checks, community, first, second);
  const isOneStep = first.height === second.height && first.round === second.round;
  checks.need("7.3", isOneStep && !same(first.raw, second.raw), "an honest witness may have made both");
  return byWitness(checks, evidence, PROPOSED, community);
}

async function byWitness(checks, { witness, first, second }, purpose, community) {
  checks.need("7.3", compare(first.statement.raw, second.statement.raw) < 0, "they are not in the order of their bytes");
  const { witnesses } = community.at(first.statement.height).charter;
  checks.need("7.4", witnesses.some(({ key }) => same(key, witness)), "the accused is no witness");
  const both = [first, second].map(({ statement, signature }) => signed(purpose, witness, statement.raw, signature));
  checks.need("7.5", (await firstBroken(both)) < 0, "the witness has not signed both");
  return [witness];
}

async function attestations(checks, { records: all, sealed }, community) {
  const { header } = sealed.seal;
  const at = community.at(header.height);
  const records = all.map((bytes) => openRecord(bytes, at));
  belongs(checks, community, header);
  const need = (check, holds, detail) => checks.need(check, holds, detail);
  need("7.3", records.length >= 2, "there are not two records");
  const [first, last] = [records[0], records.at(-1)];
  need("7.3", first.body.kind === "attest" && last.body.kind === "attest", "the first or the last record is no attestation");
  need("7.3", same(first.body.terms, last.body.terms), "they are for different terms");
  need("7.3", !same(first.body.proposal, last.body.proposal), "they are for one proposal: the later replaces the earlier");
  need("7.3", first.body.assessment.verdict !== last.body.assessment.verdict, "their verdicts are the same");
  need("7.4", at.hasHeld(first.author, "attestor"), "the accused has been no attestor");
  need("7.5", (await firstBroken(records.map(signatureOf))) < 0, "a record is not signed by its author");
  for (const [position, record] of records.entries()) {
    if (position === 0) continue;
    const before = records[position - 1];
    const follows = same(record.author, before.author) && record.sequence === before.sequence + 1n && same(record.previous, before.id);
    need("7.6", follows, "a record is missing between two, or they are not of one chain");
  }
  for (const { body } of [first, last]) need("7.7", body.assessment.valid_until > header.time, "an attestation had run out");
  for (const { body } of records.slice(1, -1)) need("7.7", !ends(body, first), "the earlier attestation was taken back, or replaced");
  const proved = await sealedProof(sealed, community);
  need("7.8", proved.record === hex(last.id), "another record is in the seal");
  return [first.author];
}

function openRecord(bytes, at) {
  try {
    return readRecord(bytes, at);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Refused(error.check === "2.3" ? "7.2" : "7.1", error.message);
  }
}

const ends = (body, attestation) =>
  body.kind === "revoke-attestation"
    ? same(body.attestation, attestation.id)
    : body.kind === "attest" && same(body.proposal, attestation.body.proposal);

async function sealedProof(sealed, community) {
  try {
    return await checkSealed(new Checks(), sealed, community);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Refused("7.8", error.message);
  }
}
