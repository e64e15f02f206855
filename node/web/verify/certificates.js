// SPEC section 8.3: votes, and the certificate of a seal.

import { bytes32, compare, concat, hex, names, option, structure, u32, u32Bytes, u64, u64Bytes, withBytes } from "./bytes.js";
import { VOTE as VOTED, firstBroken, signed } from "./signatures.js";

export const VOTE = withBytes(structure({
  community: bytes32,
  height: u64,
  round: u32,
  kind: names("prevote", "precommit"),
  value: option(bytes32),
}));

const PRECOMMIT = u32Bytes(1);
const SOME = Uint8Array.of(1);

const precommit = (header, round, id) =>
  concat(header.community, u64Bytes(header.height), u32Bytes(round), PRECOMMIT, SOME, id);

/**
 * Why a certificate does not hold for a seal, or null. `signatures` are `{key, signature}`, `witnesses` those of the
 * charter in force at the seal's height.
 */
export async function certificateFault(header, id, round, signatures, witnesses) {
  const powers = new Map(witnesses.map(({ key, power }) => [hex(key), power]));
  let power = 0n;
  for (const [at, { key }] of signatures.entries()) {
    if (at > 0 && compare(signatures[at - 1].key, key) >= 0) return "the signers are not ascending, or one is there twice";
    const own = powers.get(hex(key));
    if (own === undefined) return `${hex(key)} is no witness`;
    power += own;
  }
  const all = witnesses.reduce((sum, each) => sum + each.power, 0n);
  if (power * 3n <= all * 2n) return `those who have signed have a power of ${power} of ${all}: that is not more than two thirds`;
  const vote = precommit(header, round, id);
  const broken = await firstBroken(signatures.map(({ key, signature }) => signed(VOTED, key, vote, signature)));
  return broken < 0 ? null : `the signature of ${hex(signatures[broken].key)} does not hold`;
}
