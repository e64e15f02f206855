// SPEC section 11: the frames of an archive, from bytes that come in parts of any size.

import { Refused } from "./checks.js";
import { same, utf8Bytes } from "./bytes.js";

const MAGIC = utf8Bytes("mutua archive \0\x01");
export const PAYLOAD_BYTES = 4_194_304;
export const FRAME = { charter: 1, seal: 2, end: 3 };

/** Takes frames from an iterator over `Uint8Array`s. No more than one frame and one part is kept. */
export class Frames {
  constructor(parts) {
    this.parts = parts[Symbol.asyncIterator]?.() ?? parts[Symbol.iterator]();
    this.rest = new Uint8Array(0);
    this.position = 0;
  }

  /** So many bytes, or fewer where the file ends. */
  async take(length) {
    const taken = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.rest.length === 0) {
        const { done, value } = await this.parts.next();
        if (done) break;
        this.rest = value;
        continue;
      }
      const part = this.rest.subarray(0, length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.rest = this.rest.subarray(part.length);
    }
    this.position += filled;
    return taken.subarray(0, filled);
  }

  async isArchive() {
    return same(await this.take(MAGIC.length), MAGIC);
  }

  /** `{kind, payload}`. `malformed` is the check of a length that no frame may have. Throws `Refused`. */
  async next(malformed) {
    const head = await this.take(5);
    if (head.length < 5) throw new Refused("1.4", `the file ends at byte ${this.position}, where a frame should be`);
    const length = new DataView(head.buffer).getUint32(1);
    if (length > PAYLOAD_BYTES) throw new Refused(malformed, `a frame of ${length} bytes, before byte ${this.position}`);
    const payload = await this.take(length);
    if (payload.length < length) throw new Refused("1.4", `the file ends at byte ${this.position}, inside a frame`);
    return { kind: head[0], payload };
  }

  async isAtEnd() {
    return (await this.take(1)).length === 0;
  }
}
