// SPEC section 6: records, their bytes, and when they are well-formed.

import { checkBody } from "./bounds.js";
import {
  Malformed, bool, bytes32, bytes64, choice, compare, concat, decode, isZeros, list, names, option, string, structure, u16, u32,
  u64, u8, withBytes,
} from "./bytes.js";
import { CHARTER, OutOfBounds } from "./charter.js";
import { Refused } from "./checks.js";
import { bodyHash, recordHash } from "./hashes.js";
import { RECORD, signed } from "./signatures.js";

const RECORD_START = { community: bytes32, author: bytes32, sequence: u64, previous: bytes32, clock: u64 };
const START_BYTES = 112;
const SIGNATURE_BYTES = 64;

export const RECORD_HEADER = withBytes(structure({ ...RECORD_START, body: bytes32 }));
export const SIGNED_HEADER = structure({ header: RECORD_HEADER, signature: bytes64 });

// 6.3 to 6.5
const SUBJECT = withBytes(choice(
  ["loan", {
    borrower: string,
    title: string,
    purpose: string,
    category: u16,
    amount: u64,
    term: u16,
    rate: u16,
    repayment: names("annuity", "linear", "bullet"),
    documents: list(bytes32),
    expires: u64,
  }],
  ["motion", { title: string, text: string }],
  ["charter", { title: string, purpose: string, base: bytes32, charter: CHARTER }],
));

const ASSESSMENT = structure({
  verdict: names("approved", "declined"),
  grade: u8,
  default: u16,
  loss: u16,
  greatest_amount: u64,
  outlook: u8,
  conditions: list(string),
  reasons: list(string),
  documents: list(bytes32),
  valid_until: u64,
});

const BALLOT = {
  round: u32,
  standing: bool,
  scores: list(structure({ proposal: bytes32, score: u8 })),
  answers: list(structure({ proposal: bytes32, choice: names("yes", "no", "abstain") })),
};

const ABOUT = choice(["motion", { motion: bytes32 }], ["outcome", { outcome: u32 }], ["question", { question: bytes32 }]);
const ON = choice(["proposal", { proposal: bytes32 }], ["argument", { argument: bytes32 }]);
const SCOPE = choice(["all"], ["category", { category: u16 }]);

// 6.2
export const BODY = choice(
  ["admit", { key: bytes32, weight: u32, name: string, group: u16 }],
  ["suspend", { key: bytes32, reason: string }],
  ["readmit", { key: bytes32, reason: string }],
  ["leave"],
  ["rotate-key", { successor: bytes32, proof: bytes64 }],
  ["propose", { subject: SUBJECT }],
  ["amend", { proposal: bytes32, subject: SUBJECT }],
  ["withdraw", { proposal: bytes32, reason: string }],
  ["attest", { proposal: bytes32, terms: bytes32, assessment: ASSESSMENT }],
  ["revoke-attestation", { attestation: bytes32, reason: string }],
  ["ballot", BALLOT],
  ["fund", { direction: names("in", "out"), amount: u64, source: string, purpose: option(string) }],
  ["evidence", { first: SIGNED_HEADER, second: SIGNED_HEADER }],
  ["disburse", { proposal: bytes32, amount: u64 }],
  ["release", { proposal: bytes32, amount: u64, reason: string }],
  ["repay", { proposal: bytes32, principal: u64, interest: u64 }],
  ["write-off", { proposal: bytes32, amount: u64, reason: string }],
  ["recover", { proposal: bytes32, amount: u64 }],
  ["predict", { proposal: bytes32, terms: bytes32, default: u16 }],
  ["respond", { about: ABOUT, status: names("accepted", "planned", "declined", "done"), reason: string }],
  ["argue", { on: ON, stance: names("for", "against", "question", "answer"), text: string }],
  ["endorse", { argument: bytes32, withdrawn: bool }],
  ["moderate", { argument: bytes32, hidden: bool, reason: string }],
  ["replace-key", { lost: bytes32, successor: bytes32, consent: bytes64, reason: string }],
  ["delegate", { scope: SCOPE, to: option(bytes32) }],
);

export const SIGNED_RECORD = structure({ ...RECORD_START, body: withBytes(BODY), signature: bytes64 });

/** Number and predecessor fit each other. */
export const isNumbered = ({ sequence, previous }) => sequence >= 1n && (sequence === 1n) === isZeros(previous);

export const idOfHeader = (header) => recordHash(header.raw);

/** 6.1: the record's header, as bytes. */
export function headerBytes(bytes) {
  const body = bytes.subarray(START_BYTES, bytes.length - SIGNATURE_BYTES);
  return concat(bytes.subarray(0, START_BYTES), bodyHash(body));
}

/** The id of a signed record. */
export const idOfBytes = (bytes) => recordHash(headerBytes(bytes));

/**
 * A well-formed record, with its `id`, by the rules `at` its height (see `Community`). Its signature is not checked. Throws
 * `Refused` with the checks of an archive; `position` is that in the seal.
 */
export function readRecord(bytes, at, position) {
  const refuse = (check, detail) => {
    throw new Refused(check, detail, position);
  };
  let record;
  try {
    record = decode(SIGNED_RECORD, bytes, at.widest.record_bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    refuse("2.2", error.message);
  }
  if (compare(record.community, at.community) !== 0) refuse("2.3", "it belongs to another community");
  if (!isNumbered(record)) refuse("3.2", `number ${record.sequence} does not fit its predecessor`);
  try {
    checkBody(record, at);
  } catch (error) {
    if (!(error instanceof OutOfBounds)) throw error;
    refuse(record.body.kind === "evidence" ? "5.1" : "3.7", error.message);
  }
  record.id = idOfBytes(bytes);
  return record;
}

/** What its author should have signed. */
export const signatureOf = (record) => signed(RECORD, record.author, record.id, record.signature);
