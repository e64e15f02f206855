// SPEC section 4: keys and signatures, by the rule of ZIP-215.
//
// Browsers' own Ed25519 (WebCrypto) is quick and stricter than ZIP-215: what it accepts holds. What it refuses, or does
// not know, is decided by the library.

import { Point, hashes, verify } from "../vendor/noble-ed25519/index.js";
import { sha512 } from "../vendor/noble-hashes/sha2.js";
import { concat, utf8Bytes } from "./bytes.js";

hashes.sha512 = sha512;

const purpose = (what) => utf8Bytes(`mutua 1 signature of a ${what}\0`);

export const RECORD = purpose("record");
export const VOTE = purpose("vote");
export const PROPOSAL = purpose("proposal");
export const SUCCESSION = purpose("succession");
export const REPLACEMENT = purpose("replacement");

/** A signature, and what it should be one of. */
export const signed = (kind, key, bytes, signature) => ({ key, message: concat(kind, bytes), signature });

export function holds({ key, message, signature }) {
  try {
    return verify(signature, message, key, { zip215: true });
  } catch {
    return false; // Bytes that are no point, or S that is too great.
  }
}

const ED25519 = { name: "Ed25519" };

async function holdsQuickly({ key, message, signature }) {
  try {
    const imported = await crypto.subtle.importKey("raw", key, ED25519, false, ["verify"]);
    return await crypto.subtle.verify(ED25519, imported, signature, message);
  } catch {
    return false; // No WebCrypto here, or a key that it does not take.
  }
}

/** So many are given to the browser at once, which has threads of its own. */
const AT_ONCE = 128;

/** The position of the first that does not hold, or -1. */
export async function firstBroken(all) {
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const part = all.slice(from, from + AT_ONCE);
    const quickly = await Promise.all(part.map(holdsQuickly));
    const broken = part.findIndex((each, at) => !quickly[at] && !holds(each));
    if (broken >= 0) return from + broken;
  }
  return -1;
}

/** The canonical encoding of a point that is not of small order. */
export function isStrong(key) {
  try {
    return !Point.fromBytes(key, false).isSmallOrder();
  } catch {
    return false;
  }
}
