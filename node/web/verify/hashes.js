// SPEC section 3: named hashes.

import { blake3 } from "../vendor/noble-hashes/blake3.js";
import { utf8Bytes } from "./bytes.js";

/** A hash with a context of its own, over the parts one after the other. */
function named(context) {
  const fresh = blake3.create({ context: utf8Bytes(context) });
  return (...parts) => {
    const hash = fresh.clone();
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
}

export const charterHash = named("mutua 1 community id");
export const bodyHash = named("mutua 1 record body");
export const recordHash = named("mutua 1 record id");
export const termsHash = named("mutua 1 proposal terms");
export const sealHash = named("mutua 1 seal id");
export const outcomeDigest = named("mutua 1 outcome digest");

/** The hashes of trees, for `merkle.js`. */
export const sealTree = named("mutua 1 seal tree");
export const rollTree = named("mutua 1 roll tree");
