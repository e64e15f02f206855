// Looking for words in all that is sealed: the whole log goes by, and what fits is kept. Nothing is checked on the way.

import { FRAME, Frames } from "./archive.js";
import { VALUE_BYTES, decode, hex } from "./bytes.js";
import { NotGiven } from "./ask.js";
import { SIGNED_RECORD, idOfBytes } from "./records.js";
import { SEALED_BATCH } from "./seals.js";

/** So many of the newest are kept. */
export const FOUND = 100;

/** The parts of a body that people have written. */
function* textsOf(value) {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const each of value) yield* textsOf(each);
  else if (value !== null && typeof value === "object" && !(value instanceof Uint8Array)) {
    for (const [name, each] of Object.entries(value)) if (name !== "kind" && name !== "raw") yield* textsOf(each);
  }
}

/** Where all words are, whatever their case: the text that they are in, or that holds the first of them. */
function fits(texts, words) {
  const low = texts.map((text) => text.toLowerCase());
  if (!words.every((word) => low.some((text) => text.includes(word)))) return null;
  return texts[low.findIndex((text) => text.includes(words[0]))];
}

/** `{found, count, records}`: the newest first. `parts` are those of an archive. */
export async function searchLog(parts, text, progress = () => {}) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const frames = new Frames(parts);
  if (!(await frames.isArchive())) throw new NotGiven("what the node gives is no archive");
  const found = [];
  let [count, records] = [0, 0];
  for (;;) {
    const { kind, payload } = await frames.next("2.1");
    if (kind === FRAME.end) return { found: found.reverse(), count, records };
    if (kind !== FRAME.seal) continue;
    const batch = decode(SEALED_BATCH, payload, VALUE_BYTES);
    const height = Number(batch.header.height);
    for (const bytes of batch.records) {
      records += 1;
      const record = decode(SIGNED_RECORD, bytes, VALUE_BYTES);
      const where = words.length > 0 && fits([...textsOf(record.body)], words);
      if (!where) continue;
      count += 1;
      found.push({ id: hex(idOfBytes(bytes)), kind: record.body.kind, author: hex(record.author), height, text: where });
      if (found.length > FOUND) found.shift();
    }
    progress({ height, records });
  }
}
