// What the page asks of the worker. Answers are plain: they are copied from one thread to the other.

import { Node } from "./ask.js";
import { hex } from "./bytes.js";
import { charterOfFile } from "./charter-file.js";
import { checkEvidence } from "./evidence.js";
import { NOT_MADE, checkLog } from "./log.js";
import { checkReceipt } from "./receipts.js";
import { searchLog } from "./search.js";
import { checkSeal } from "./one-seal.js";

const EVIDENCE = "mutua evidence";

/** The page is told this often how far it is, in milliseconds. */
const OFTEN = 200;

const plain = ({ ok, checks }, facts) => ({ ok, checks, facts: ok ? facts() : null });

/** The same, called no more often than the page is told. */
function rarely(tell) {
  let told = 0;
  return (progress) => {
    const now = performance.now();
    if (now - told < OFTEN) return;
    told = now;
    tell(progress);
  };
}

/**
 * The founding charter: of the reader's file if there is one, else the one that the node gives. That of the file is the one to
 * check against: `own` says so.
 */
async function founding(node, file) {
  return file ? { ...(await charterOfFile(file)), own: true } : { ...(await node.founding()), own: false };
}

export const TASKS = {
  /** Whose founding charter a file holds. */
  async charter({ charter: file }) {
    const { charter, id } = await charterOfFile(file);
    return { kind: "charter", community: id, name: charter.name };
  },

  /** A receipt, its text, or an evidence file: `bytes`, or what the node gives for `receipt`. */
  async file({ token, bytes: given, receipt, charter: file }) {
    const node = new Node(token);
    const { charter, id, own } = await founding(node, file);
    const bytes = given ?? (await node.receipt(receipt));
    const isEvidence = String.fromCharCode(...bytes.subarray(0, EVIDENCE.length)) === EVIDENCE;
    if (isEvidence) {
      const found = await checkEvidence(charter, bytes);
      return { kind: "evidence", community: id, own, ...plain(found, () => ({ kind: found.kind, keys: found.keys.map(hex) })) };
    }
    const found = await checkReceipt(charter, bytes);
    return { kind: "receipt", community: id, own, ...plain(found, () => factsOfReceipt(found)) };
  },

  async seal({ token, height, charter: file }) {
    const node = new Node(token);
    const { charter, id, own } = await founding(node, file);
    const { seal, before, receipt } = await node.seal(height, charter);
    const found = await checkSeal(charter, seal, before, receipt);
    const facts = () => ({
      height: Number(found.header.height),
      time: Number(found.header.time),
      id: hex(found.id),
      records: found.records.length,
      signers: found.signers,
      closes: found.header.closes !== null,
      notMade: ["4.4", ...NOT_MADE],
    });
    return { kind: "seal", community: id, own, ...plain(found, facts) };
  },

  /** Words in all that is sealed. */
  async search({ token, text }, tell) {
    const { parts, height: of } = await new Node(token).archive();
    const found = await searchLog(parts, text, rarely((progress) => tell({ ...progress, of })));
    return { kind: "search", ...found };
  },

  async log({ token, charter: file }, tell) {
    const node = new Node(token);
    const { charter, id, own } = await founding(node, file);
    const { parts, height: of } = await node.archive();
    const heads = (_height, round) => node.head(round, charter);
    const progress = rarely(({ height, records }) => tell({ height: Number(height), of, records }));
    const found = await checkLog(parts, { founding: id, heads, progress });
    const facts = {
      height: Number(found.height),
      time: Number(found.time),
      head: hex(found.head),
      records: found.records,
      rounds: found.rounds,
      charters: found.community?.charters.length ?? 0,
      notMade: NOT_MADE,
    };
    const { fault, undecided } = found;
    const place = fault && { seal: fault.seal === null ? null : Number(fault.seal), record: fault.record };
    return { kind: "log", community: id, own, ok: found.ok, checks: found.checks, facts, place, undecided };
  },
};

function factsOfReceipt({ sealed, counted }) {
  const entry = counted?.entry;
  return {
    sealed: sealed && {
      record: sealed.record,
      author: sealed.author,
      sequence: Number(sealed.sequence),
      height: Number(sealed.height),
      time: Number(sealed.time),
      kind: sealed.body?.kind ?? null,
    },
    counted: counted && {
      key: counted.key,
      round: counted.outcome.round,
      digest: counted.digest,
      height: Number(counted.height),
      time: Number(counted.time),
      weight: entry?.weight ?? 0,
      how: entry?.counted.kind ?? "unlisted",
      ballots: entry ? ballotsOf(entry.counted) : [],
    },
  };
}

/** The records that were counted, that for all first. */
function ballotsOf(counted) {
  if (counted.kind === "cast") return [hex(counted.cast)];
  if (counted.kind === "standing") return [hex(counted.standing)];
  if (counted.kind === "nothing") return [];
  const lines = [counted.all, ...counted.categories.map(({ line }) => line)].filter((line) => line !== null);
  return [...new Set(lines.map(({ ballot }) => hex(ballot)))];
}
