// The bytes that are checked, from the node. It need not be trusted: what it gives is held against the founding charter, and that is
// held by the reader against the community's id.

import { FRAME, Frames } from "./archive.js";
import { Malformed, VALUE_BYTES, decode, hex } from "./bytes.js";
import { hashOfCharter, readCharter } from "./charter.js";
import { Refused } from "./checks.js";
import { openReceipt } from "./receipts.js";
import { idOfBytes } from "./records.js";
import { SEALED_BATCH } from "./seals.js";

/** Something that the node did not give. */
export class NotGiven extends Error {}

export class Node {
  /** `token` opens the API; `signal` ends what runs. */
  constructor(token, signal) {
    this.options = { signal, credentials: "omit", headers: { Authorization: `Bearer ${token}` } };
  }

  async ask(path) {
    let answer;
    try {
      answer = await fetch(path, this.options);
    } catch {
      throw new NotGiven("the node does not answer");
    }
    if (answer.ok) return answer;
    const { detail } = await answer.json().catch(() => ({}));
    throw new NotGiven(detail ?? `the node answers with status ${answer.status}`);
  }

  /** Parts of an archive, and the number of the newest seal. */
  async archive(query = "") {
    const answer = await this.ask(`/v1/archive${query}`);
    return { parts: partsOf(answer.body), height: Number(answer.headers.get("mutua-height")) };
  }

  async receipt(query) {
    return new Uint8Array(await (await this.ask(`/v1/receipts?${query}`)).arrayBuffer());
  }

  /** The founding charter, with its hash, which is the community's id. */
  async founding() {
    const { parts } = await this.archive("?seals=0");
    const frames = new Frames(parts);
    if (!(await frames.isArchive())) throw new NotGiven("what the node gives is no archive");
    const charter = readCharter((await frames.next("1.1")).payload);
    return { charter, id: hex(hashOfCharter(charter)) };
  }

  /** The head of the outcome of a round, out of a receipt about anybody. */
  async head(round, charter) {
    const key = hex(charter.witnesses[0].key);
    const file = await this.receipt(`round=${round}&key=${key}`);
    return readOr(null, () => openReceipt(file).counted?.outcome.raw ?? null);
  }

  /** The frame of a seal, that of the one before it, and a receipt about it. */
  async seal(height, charter) {
    const { parts, height: newest } = await this.archive(height > 1 ? `?from=${height - 1}&seals=2` : "?seals=1");
    if (height > newest) throw new NotGiven(`the newest seal has number ${newest}`);
    const frames = new Frames(parts);
    await frames.isArchive();
    const seals = [];
    for (;;) {
      const { kind, payload } = await frames.next("2.1");
      if (kind === FRAME.end) break;
      if (kind === FRAME.seal) seals.push(payload);
    }
    const seal = seals.at(-1);
    if (!seal) throw new NotGiven(`the node gives no seal ${height}`);
    return { seal, before: height > 1 ? seals[0] : null, receipt: await this.about(seal, charter) };
  }

  async about(seal, charter) {
    const batch = readOr(null, () => decode(SEALED_BATCH, seal, VALUE_BYTES));
    if (!batch) return null;
    const { header, records } = batch;
    const rounds = header.closes === null ? [] : await (await this.ask("/v1/outcomes")).json();
    const closed = rounds.find(({ height }) => BigInt(height) === header.height);
    if (closed) return this.receipt(`round=${closed.round}&key=${hex(charter.witnesses[0].key)}`);
    return records.length > 0 ? this.receipt(`record=${hex(idOfBytes(records[0]))}`) : null;
  }
}

/** What `read` reads, or something else where the bytes are not what they should be: the checks will say so. */
function readOr(other, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed || error instanceof Refused) return other;
    throw error;
  }
}

async function* partsOf(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
