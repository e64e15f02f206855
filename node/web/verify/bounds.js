// SPEC sections 6.2 to 6.5 and 7: the bounds of what a record says.

import { compare, concat, same } from "./bytes.js";
import { GREATEST_AMOUNT, checkCharter, within } from "./charter.js";
import { recordHash } from "./hashes.js";
import { RECORD, REPLACEMENT, SUCCESSION, holds, isStrong, signed } from "./signatures.js";
import { isBlank, isLine, isParagraphs } from "./text.js";

const NAME = 120;
const TEXT = 4_000;
const DOCUMENTS = 16;
const CLAUSES = 16;
const ANSWERS = 384;
const ALL = 10_000;

const amount = (value) => within(value >= 1n && value <= GREATEST_AMOUNT, `an amount of ${value}`);
const name = (text, what) => within(isLine(text, NAME), what);
const reason = (body) => within(isLine(body.reason, TEXT), "the reason");
const strong = (key) => within(isStrong(key), "a weak key");
const position = (value, all, what) => within(value < all.length, `there is no ${what} ${value}`);
const share = (value, what) => within(value <= ALL, what);

const paid = (body) => amount(body.amount);
const paidWithReason = (body) => {
  amount(body.amount);
  reason(body);
};

const BODIES = {
  admit(body, { charter }) {
    strong(body.key);
    within(body.weight >= 1 && body.weight <= 1_048_576, `a weight of ${body.weight}`);
    name(body.name, "the name");
    position(body.group, charter.groups, "group");
  },
  suspend: reason,
  readmit: reason,
  leave() {},
  "rotate-key"(body, at, author) {
    strong(body.successor);
    const agreement = signed(SUCCESSION, body.successor, concat(at.community, author), body.proof);
    within(holds(agreement), "the successor has not signed the succession");
  },
  propose: (body, at) => checkSubject(body.subject, at),
  amend: (body, at) => checkSubject(body.subject, at),
  withdraw: reason,
  attest: (body) => checkAssessment(body.assessment),
  "revoke-attestation": reason,
  ballot: checkBallot,
  fund(body) {
    amount(body.amount);
    name(body.source, "the source");
    if (body.purpose !== null) name(body.purpose, "the purpose");
  },
  evidence: checkFork,
  disburse: paid,
  release: paidWithReason,
  repay(body) {
    const { principal, interest } = body;
    within(principal <= GREATEST_AMOUNT && interest <= GREATEST_AMOUNT, "a payment that is too great");
    within(principal > 0n || interest > 0n, "a payment of nothing");
  },
  "write-off": paidWithReason,
  recover: paid,
  predict: (body) => share(body.default, "the probability of default"),
  respond: reason,
  argue(body) {
    within(isParagraphs(body.text, TEXT) && !isBlank(body.text), "the text");
    within(body.stance !== "answer" || body.on.kind === "argument", "an answer to a proposal");
  },
  endorse() {},
  moderate: reason,
  "replace-key"(body, at) {
    strong(body.successor);
    const consent = signed(REPLACEMENT, body.successor, concat(at.community, body.lost), body.consent);
    within(holds(consent), "the successor has not signed the replacement");
    reason(body);
  },
  delegate(body, { charter }, author) {
    if (body.scope.kind === "category") position(body.scope.category, charter.categories, "category");
    within(body.to === null || !same(body.to, author), "a delegation to oneself");
  },
};

/** Throws `OutOfBounds`. `at` says by what the record's height is judged. */
export function checkBody({ body, author }, at) {
  BODIES[body.kind](body, at, author);
}

function checkSubject(subject, { charter }) {
  name(subject.title, "the title");
  if (subject.kind === "motion") {
    within(isParagraphs(subject.text, TEXT), "the text");
    return;
  }
  within(isParagraphs(subject.purpose, TEXT), "the purpose");
  if (subject.kind === "charter") {
    checkCharter(subject.charter);
    return;
  }
  name(subject.borrower, "the borrower");
  position(subject.category, charter.categories, "category");
  amount(subject.amount);
  within(subject.term >= 1 && subject.term <= 600, `a term of ${subject.term} months`);
  share(subject.rate, "the rate");
  within(subject.documents.length <= DOCUMENTS, "the number of documents");
}

function checkAssessment(assessment) {
  within(assessment.grade >= 1 && assessment.outlook <= 100, "grade or outlook");
  share(assessment.default, "the probability of default");
  share(assessment.loss, "the loss given default");
  within(assessment.greatest_amount <= GREATEST_AMOUNT, "the greatest amount");
  for (const clauses of [assessment.conditions, assessment.reasons]) {
    within(clauses.length <= CLAUSES && clauses.every((each) => isLine(each, TEXT)), "conditions or reasons");
  }
  within(assessment.documents.length <= DOCUMENTS, "the number of documents");
}

function checkBallot(ballot, { widest }) {
  within(ballot.round >= 1, "a ballot for round 0");
  within(ballot.scores.length <= widest.scores && ballot.answers.length <= ANSWERS, "the length of the ballot");
  for (const lines of [ballot.scores, ballot.answers]) {
    const isAfter = (line, at) => at === 0 || compare(lines[at - 1].proposal, line.proposal) < 0;
    within(lines.every(isAfter), "the order of the ballot");
  }
  within(ballot.scores.every(({ score }) => score >= 1 && score <= widest.score), "a score");
}

/** Section 7: what is wrong with the evidence of a fork, in the order of the checks of section 14, or null. */
export function faultOfFork({ first, second }, community) {
  const ids = [first, second].map(({ header }) => recordHash(header.raw));
  if (![first, second].every(({ header }) => same(header.community, community))) return ["community", "they belong to another community"];
  const isOnePlace = same(first.header.author, second.header.author) && first.header.sequence === second.header.sequence;
  if (!isOnePlace) return ["place", "they have not one author and one number"];
  if (compare(ids[0], ids[1]) >= 0) return ["place", "they are one record, or not in the order of their ids"];
  const isSigned = ({ header, signature }, at) => holds(signed(RECORD, header.author, ids[at], signature));
  return [first, second].every(isSigned) ? null : ["signature", "the author has not signed both"];
}

function checkFork(body, { community }) {
  const fault = faultOfFork(body, community);
  within(fault === null, fault?.[1]);
}
