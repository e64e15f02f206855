// SPEC sections 11 and 12: the whole log, as an archive that comes in parts. Everything is checked that needs no ledger.

import { FRAME, Frames } from "./archive.js";
import { Malformed, bytes32, decode, hex, same, structure, u64 } from "./bytes.js";
import { Community, OutOfBounds, canFollow, hashOfCharter, readCharter } from "./charter.js";
import { Checks, Refused } from "./checks.js";
import { OUTCOME_HEAD } from "./outcomes.js";
import { checkBatch, readBatch } from "./seals.js";
import { isOutcomeOf } from "./successions.js";

/** What only an audit checks, which computes the ledger: right, reference and quota of each record, and every outcome. */
export const NOT_MADE = ["3.4", "3.5", "4.5"];

const END_MARK = structure({ height: u64, head: bytes32 });
const LATEST = 2n ** 64n - 1n;
const ZEROS = new Uint8Array(32);

/** More changes of the charter than this in one round are not kept in memory. */
const OPEN_CHANGES = 1_024;

/** Whether the charter was changed cannot be told from the archive alone, and nobody here has the outcome. */
class Undecided extends Error {}

/**
 * Checks an archive, `parts` of which are `Uint8Array`s. `founding`, in hexadecimal, is the community whose it has to be; without it, that is
 * not checked. `heads`, which may be async, gives the 164 bytes of an outcome's head (10.7) by the height of the closing seal and the round,
 * or null. It is asked only about rounds in which a change of the charter was proposed: a head is checked against the seal, so that whoever
 * gives it need not be trusted. `progress` is told of the state after every seal.
 *
 * `{ok, checks, community, height, head, time, records, rounds, fault, undecided}`: the state is that up to the last seal that holds; `fault` is
 * `{check, seal, record, detail}`; `undecided` says why the checking could not go on though nothing is wrong.
 */
export async function checkLog(parts, { founding = null, heads = () => null, progress = () => {} }) {
  const log = new Log(new Frames(parts), founding, heads);
  try {
    await log.check(progress);
    return { ok: true, checks: log.checks.list(), ...log.state() };
  } catch (error) {
    if (error instanceof Undecided) return { ok: false, checks: log.checks.list(), ...log.state(), undecided: error.message };
    if (!(error instanceof Refused)) throw error;
    const fault = { check: error.check, seal: log.seal, record: error.record ?? null, detail: error.message };
    return { ok: false, checks: log.checks.list(error), ...log.state(), fault };
  }
}

class Log {
  constructor(frames, founding, heads) {
    this.frames = frames;
    this.founding = founding;
    this.heads = heads;
    this.checks = new Checks();
    this.community = null;
    this.last = { id: ZEROS, time: 0n, height: 0n };
    this.records = 0;
    this.rounds = 0;
    /** Author, in hexadecimal: number and id of the newest record. */
    this.chains = new Map();
    /** Hash, in hexadecimal: charters that were proposed in this round and amend the one in force. */
    this.changes = new Map();
    /** The seal that is looked at, if a fault is one of a seal. */
    this.seal = null;
  }

  state() {
    const { community, last, records, rounds } = this;
    return { community, height: last.height, head: last.id, time: last.time, records, rounds, fault: null, undecided: null };
  }

  async check(progress) {
    if (!(await this.frames.isArchive())) throw new Refused("1.1", "it does not begin as an archive of this version does");
    await this.begin();
    for (;;) {
      this.seal = this.last.height + 1n;
      const { kind, payload } = await this.frames.next("2.1");
      if (kind === FRAME.end) return this.end(payload);
      const what = kind === FRAME.charter ? "a second charter" : `there is no kind of frame ${kind}`;
      if (kind !== FRAME.seal) throw new Refused("2.1", what);
      await this.next(payload);
      progress(this.state());
    }
  }

  async begin() {
    const { kind, payload } = await this.frames.next("1.1");
    if (kind !== FRAME.charter) throw new Refused("1.1", `a frame of kind ${kind} stands in the place of the charter`);
    let community;
    try {
      community = new Community(readCharter(payload));
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof OutOfBounds)) throw error;
      throw new Refused("1.1", `the charter: ${error.message}`);
    }
    const id = hex(community.id);
    this.checks.need("1.1", this.founding === null || id === this.founding, `it is the log of another community: ${id}`);
    this.community = community;
    this.anchor = this.community.newest.charter.schedule.first_close;
    this.close = this.anchor;
  }

  async end(payload) {
    let mark;
    try {
      mark = decode(END_MARK, payload, payload.length);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new Refused("2.1", `the end mark: ${error.message}`);
    }
    this.seal = this.last.height;
    const isLast = mark.height === this.last.height && same(mark.head, this.last.id);
    this.checks.need("1.4", isLast, `the end names seal ${mark.height}, ${hex(mark.head)}`);
    this.seal = null;
    this.checks.need("1.4", await this.frames.isAtEnd(), `something follows the end, at byte ${this.frames.position - 1}`);
  }

  async next(payload) {
    const { checks, community, last } = this;
    const batch = readBatch(checks, payload, community.id, last.height + 1n);
    const { header } = batch;
    const due = header.time >= this.close;
    const { id, records } = await checkBatch(checks, batch, community.at(header.height), last, due);
    const chains = this.continued(records);
    this.note(records);
    if (header.closes !== null) await this.closeRound(header);
    for (const [author, end] of chains) this.chains.set(author, end);
    this.last = { id, time: header.time, height: header.height };
    this.records += records.length;
  }

  /** Step 9, as far as it needs no ledger: that nothing follows a key that was handed over is left out. */
  continued(records) {
    const chains = new Map();
    for (const [position, { author, sequence, previous, id }] of records.entries()) {
      const name = hex(author);
      const end = chains.get(name) ?? this.chains.get(name) ?? { sequence: 0n, id: ZEROS };
      this.checks.need("3.2", sequence === end.sequence + 1n, `it has number ${sequence}, after ${end.sequence}`, position);
      this.checks.need("3.3", same(previous, end.id), `it names ${hex(previous)} as the record before it`, position);
      chains.set(name, { sequence, id });
    }
    return chains;
  }

  /** Keeps what could be adopted when the round closes: others than these amend no charter that is in force. */
  note(records) {
    const base = this.community.newest.hash;
    for (const { body } of records) {
      if (body.subject?.kind !== "charter" || !same(body.subject.base, base)) continue;
      if (this.changes.size === OPEN_CHANGES) throw new Undecided(`more than ${OPEN_CHANGES} changes of the charter in one round`);
      const { charter } = body.subject;
      const name = hex(hashOfCharter(charter));
      // A copy, so that the bytes of the seal around it are not kept.
      if (!this.changes.has(name)) this.changes.set(name, readCharter(charter.raw.slice()));
    }
  }

  /** 10.1 */
  async closeRound(header) {
    const adopted = this.changes.size > 0 ? await this.adopted(header) : null;
    this.changes.clear();
    this.rounds += 1;
    if (adopted) {
      this.community.adopt(header.height, adopted);
      this.anchor = this.close;
    }
    const { period } = this.community.newest.charter.schedule;
    const { time } = header;
    const next = time < this.anchor ? this.anchor : this.anchor + ((time - this.anchor) / period + 1n) * period;
    this.close = next < LATEST ? next : LATEST;
  }

  /** The charter that was adopted, by the head of the outcome, or null. */
  async adopted(header) {
    const bytes = await this.heads(header.height, this.rounds + 1);
    if (!bytes) {
      throw new Undecided(
        `a change of the charter was proposed before seal ${header.height}, and whether it was carried is not in the archive`,
      );
    }
    const wrong = `what was given as the outcome of seal ${header.height} is not the one that it closes with`;
    let head;
    try {
      head = decode(OUTCOME_HEAD, bytes, bytes.length);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new Undecided(wrong);
    }
    if (!isOutcomeOf(head, header)) throw new Undecided(wrong);
    const { charter: base, hash } = this.community.newest;
    if (same(head.charter, hash)) return null;
    const charter = this.changes.get(hex(head.charter));
    const isPossible = charter !== undefined && canFollow(charter, base) && head.close === this.close;
    if (!isPossible) throw new Refused("4.5", `the outcome adopts the charter ${hex(head.charter)}, which nobody could have proposed`);
    return charter;
  }
}
