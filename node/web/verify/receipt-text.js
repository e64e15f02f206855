// SPEC section 13.1: a receipt as text.

import { Refused } from "./checks.js";
import { withoutWhite } from "./text.js";

const PREFIX = "MUTUA-RECEIPT-1:";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The receipt in a text; at most `limit` bytes. Throws `Refused`. */
export function bytesOfText(file, limit) {
  let text;
  try {
    text = utf8.decode(file);
  } catch {
    throw new Refused("6.1", "it is neither a receipt's file nor its text");
  }
  const letters = withoutWhite(text).replace(/[a-z]+/g, (small) => small.toUpperCase());
  if (!letters.startsWith(PREFIX)) throw new Refused("6.1", `it does not begin with ${PREFIX}`);
  return bytesOfBase32(letters.slice(PREFIX.length), limit);
}

function bytesOfBase32(letters, limit) {
  const length = Math.floor((letters.length * 5) / 8);
  const unused = letters.length * 5 - length * 8;
  if (length > limit) throw new Refused("6.1", `${length} bytes, of which ${limit} are allowed`);
  if (unused >= 5) throw new Refused("6.1", "its last letter is one too many");
  const bytes = new Uint8Array(length);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of letters) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) throw new Refused("6.1", "it holds something else than letters, digits from 2 to 7, and white space");
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 0xff;
      at += 1;
    }
  }
  if ((held & ((1 << unused) - 1)) !== 0) throw new Refused("6.1", "unused bits of the last letter are not zero");
  return bytes;
}
