// SPEC section 10.7: the head of an outcome, and a line of its roll.

import { bytes32, choice, list, option, structure, u16, u32, u64, withBytes } from "./bytes.js";
import { outcomeDigest } from "./hashes.js";

export const OUTCOME_HEAD = withBytes(structure({
  round: u32,
  height: u64,
  close: u64,
  time: u64,
  pool: u64,
  turnout: structure({ members: u64, weight: u64, voters: u64, voted: u64 }),
  roll: bytes32,
  charter: bytes32,
  decisions: bytes32,
}));

const DELEGATED = structure({ delegate: bytes32, voter: bytes32, ballot: bytes32 });

export const ROLL_ENTRY = withBytes(structure({
  member: bytes32,
  weight: u32,
  counted: choice(
    ["nothing"],
    ["cast", { cast: bytes32 }],
    ["standing", { standing: bytes32 }],
    ["delegated", {
      all: option(DELEGATED),
      categories: list(structure({ category: u16, line: option(DELEGATED) })),
    }],
  ),
}));

export const digestOf = (head) => outcomeDigest(head.raw);
