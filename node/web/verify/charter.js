// SPEC section 5: the charter, its bounds, and what can follow it.

import {
  bytes32, choice, compare, decode, hex, list, names, option, same, string, structure, u16, u32, u64, u8, withBytes,
} from "./bytes.js";
import { charterHash } from "./hashes.js";
import { isStrong } from "./signatures.js";
import { isLine } from "./text.js";

const CHARTER_BYTES = 15_872;
/** What a record needs beside the charter that it proposes. */
const CHANGE_BYTES = 512;
export const GREATEST_AMOUNT = 2n ** 50n;

const ROLES = ["registrar", "attestor", "treasurer", "board", "moderator"];

/** What a charter consists of, in types that read its bytes or in others that write them. `given` is for a field that its JSON may leave out. */
export function charterOf({ bytes32, choice, given, list, names, option, string, structure, u16, u32, u64, u8 }) {
  const utility = names("cost", "cardinality", "score");
  return structure({
    protocol: u16,
    name: string,
    currency: structure({ code: string, decimals: u8 }),
    groups: list(string),
    categories: list(string),
    roles: list(structure({ role: names(...ROLES), keys: list(bytes32), needed: u8 })),
    witnesses: list(structure({ key: bytes32, power: u64, name: string })),
    schedule: structure({ first_close: u64, period: u64 }),
    sealing: structure({ patience: u64, drift: u64 }),
    rule: choice(
      ["equal-shares", { utility, completion: names("none", "greedy", "add-one", "add-one-then-greedy") }],
      ["greedy", { utility, order: names("per-cost", "total") }],
      ["phragmen"],
    ),
    policy: structure({
      worst_grade: u8,
      greatest_default: u16,
      greatest_amount: u64,
      least_outlook: u8,
      grades: given(list(structure({ greatest_default: u16, greatest_amount: u64 })), []),
      caps: structure({ borrower: option(u16), category: option(u16), expected_loss: option(u16) }),
    }),
    motions: structure({
      quorum: u16,
      majority: u16,
      charter: given(structure({ quorum: u16, majority: u16 }), { quorum: 5_000, majority: 6_666 }),
    }),
    limits: structure({ score: u8, scores: u16, record_bytes: u32, records_per_round: u32 }),
  });
}

// In bytes nothing is left out.
const given = (type) => type;

export const CHARTER = withBytes(charterOf({ bytes32, choice, given, list, names, option, string, structure, u16, u32, u64, u8 }));

/** Something that is not within its bounds. */
export class OutOfBounds extends Error {}

export function within(holds, what) {
  if (!holds) throw new OutOfBounds(what);
}

const isFrom = (least, value, greatest) => least <= value && value <= greatest;
const isAscending = (items, order) => items.every((item, at) => at === 0 || order(items[at - 1], item) < 0);

/** Throws `OutOfBounds`. */
export function checkCharter(charter) {
  const length = charter.raw.length;
  within(length <= charter.limits.record_bytes - CHANGE_BYTES, `a charter of ${length} bytes, which no record could amend`);
  within(charter.protocol === 1, `protocol ${charter.protocol}`);
  within(isLine(charter.name, 120), "the name");
  within(isLine(charter.currency.code, 12) && charter.currency.decimals <= 6, "the currency");
  for (const name of ["groups", "categories"]) {
    const all = charter[name];
    within(isFrom(1, all.length, 64) && new Set(all).size === all.length, `how many ${name} there are, or one is there twice`);
    within(all.every((each) => isLine(each, 120)), `the name of one of the ${name}`);
  }
  checkRoles(charter.roles);
  checkWitnesses(charter.witnesses);
  const { schedule, sealing, motions, limits } = charter;
  within(schedule.first_close <= 2n ** 52n && isFrom(1_000n, schedule.period, 2n ** 42n), "the schedule");
  within(isFrom(100n, sealing.patience, 86_400_000n) && isFrom(100n, sealing.drift, 3_600_000n), "the patience or drift");
  checkPolicy(charter.policy);
  within(motions.quorum <= 10_000 && motions.majority < 10_000, "quorum or majority of motions");
  within(
    motions.charter.quorum <= 10_000 && isFrom(5_000, motions.charter.majority, 9_999),
    "quorum or majority of changes of the charter",
  );
  within(isFrom(1, limits.score, 100) && isFrom(1, limits.scores, 384), "the limits of scores");
  within(
    isFrom(1_024, limits.record_bytes, 16_384) && isFrom(4, limits.records_per_round, 1_024),
    "the limits of records",
  );
}

function checkRoles(roles) {
  within(isAscending(roles, (one, next) => ROLES.indexOf(one.role) - ROLES.indexOf(next.role)), "the order of the roles");
  within(roles.some(({ role }) => role === "registrar"), "there is no registrar");
  for (const { role, keys, needed } of roles) {
    within(isFrom(1, keys.length, 32) && isAscending(keys, compare), `the number or order of the keys of role ${role}`);
    within(keys.every(isStrong), `a weak key of role ${role}`);
    within(isFrom(1, needed, role === "attestor" ? keys.length : 1), `how many of role ${role} are needed`);
  }
}

function checkWitnesses(witnesses) {
  within(isFrom(1, witnesses.length, 64), `there are ${witnesses.length} witnesses`);
  within(isAscending(witnesses, (one, next) => compare(one.key, next.key)), "the order of the witnesses");
  for (const { key, power, name } of witnesses) {
    within(isStrong(key), "a weak key of a witness");
    within(isFrom(1n, power, 2n ** 32n) && isLine(name, 120), "power or name of a witness");
  }
}

function checkPolicy(policy) {
  within(policy.worst_grade >= 1 && policy.least_outlook <= 100, "the policy's grade or outlook");
  within(policy.grades.length <= Math.min(32, policy.worst_grade), "the number of the policy's grades");
  for (const bounds of [policy, ...policy.grades]) {
    within(bounds.greatest_default <= 10_000 && bounds.greatest_amount <= GREATEST_AMOUNT, "a bound of the policy");
  }
  const caps = Object.values(policy.caps).filter((cap) => cap !== null);
  within(caps.every((cap) => cap <= 10_000), "a cap of the policy");
}

/** 5.1: can the charter follow the one that it amends? */
export function canFollow(charter, base) {
  const begins = (all, first) => first.every((each, at) => all[at] === each);
  return (
    charter.protocol === base.protocol
    && charter.name === base.name
    && charter.currency.code === base.currency.code
    && charter.currency.decimals === base.currency.decimals
    && charter.schedule.first_close === base.schedule.first_close
    && begins(charter.groups, base.groups)
    && begins(charter.categories, base.categories)
    && !same(charter.raw, base.raw)
  );
}

/** A charter by its canonical bytes. Throws `Malformed` and `OutOfBounds`. */
export function readCharter(bytes) {
  const charter = decode(CHARTER, bytes, CHARTER_BYTES);
  checkCharter(charter);
  return charter;
}

export const hashOfCharter = (charter) => charterHash(charter.raw);

/**
 * The charters of a community, from the founding one on: which was in force at which height, and what those that have
 * been in force allowed.
 */
export class Community {
  constructor(founding) {
    this.id = hashOfCharter(founding);
    this.charters = [{ since: 0n, charter: founding, hash: this.id }];
  }

  /** The charter is in force for heights greater than this one. */
  adopt(height, charter) {
    this.charters.push({ since: height, charter, hash: hashOfCharter(charter) });
  }

  get newest() {
    return this.charters.at(-1);
  }

  /** What a seal of this height is judged by. */
  at(height) {
    const known = this.charters.filter(({ since }) => since === 0n || since < height).map(({ charter }) => charter);
    const widest = (limit) => Math.max(...known.map(({ limits }) => limits[limit]));
    return {
      community: this.id,
      charter: known.at(-1),
      widest: { record_bytes: widest("record_bytes"), scores: widest("scores"), score: widest("score") },
      hasHeld: (key, wanted) =>
        known.some(({ roles }) => roles.some(({ role, keys }) => role === wanted && keys.some((each) => same(each, key)))),
    };
  }

  get name() {
    return hex(this.id);
  }
}
