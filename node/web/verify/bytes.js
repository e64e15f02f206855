// SPEC section 2: canonical bytes, read. A type is an object with `least`, the number of bytes that a value of it has at
// least, and `read`. Each type takes exactly one encoding of each value, so that whatever is read was canonical.

/** Bytes that are no canonical encoding of what should stand there. */
export class Malformed extends Error {}

/** Bytes from left to right; nothing is taken that is not there. */
export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  /** Where the next `length` bytes begin, which are passed over. */
  skip(length) {
    const from = this.at;
    if (length > this.bytes.length - from) throw new Malformed(`the bytes end at ${this.bytes.length}, inside a value`);
    this.at = from + length;
    return from;
  }

  take(length) {
    const from = this.skip(length);
    return this.bytes.subarray(from, from + length);
  }

  /** The length of a list, of which each item has at least `least` bytes. */
  length(least) {
    const length = this.view.getBigUint64(this.skip(8));
    if (length * BigInt(least) > BigInt(this.bytes.length - this.at)) {
      throw new Malformed(`a length of ${length} before byte ${this.at} exceeds the bytes that are left`);
    }
    return Number(length);
  }
}

export const u8 = { least: 1, read: (from) => from.view.getUint8(from.skip(1)) };
export const u16 = { least: 2, read: (from) => from.view.getUint16(from.skip(2)) };
export const u32 = { least: 4, read: (from) => from.view.getUint32(from.skip(4)) };
/** A BigInt: times and amounts are exact. */
export const u64 = { least: 8, read: (from) => from.view.getBigUint64(from.skip(8)) };

const fixed = (length) => ({ least: length, read: (from) => from.take(length) });
export const bytes32 = fixed(32);
export const bytes64 = fixed(64);
export const blob = { least: 8, read: (from) => from.take(from.length(1)) };

export const bool = { least: 1, read: (from) => mark(from, "a boolean") === 1 };

function mark(from, what) {
  const found = u8.read(from);
  if (found > 1) throw new Malformed(`${what} that is ${found}, at byte ${from.at - 1}`);
  return found;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const string = {
  least: 8,
  read(from) {
    const bytes = blob.read(from);
    try {
      return utf8.decode(bytes);
    } catch {
      throw new Malformed(`a text that is not UTF-8, before byte ${from.at}`);
    }
  },
};

export const list = (type) => ({
  least: 8,
  read(from) {
    const length = from.length(type.least);
    const items = [];
    while (items.length < length) items.push(type.read(from));
    return items;
  },
});

/** The value, or null. */
export const option = (type) => ({
  least: 1,
  read: (from) => (mark(from, "an option") === 1 ? type.read(from) : null),
});

export function structure(fields) {
  const entries = Object.entries(fields);
  return {
    least: entries.reduce((sum, [, type]) => sum + type.least, 0),
    read(from) {
      const value = {};
      for (const [name, type] of entries) value[name] = type.read(from);
      return value;
    },
  };
}

/** Each variant is a name and its fields; the value has the name as `kind`. */
export function choice(...variants) {
  const types = variants.map(([kind, fields]) => [kind, structure(fields ?? {})]);
  return {
    least: 4 + Math.min(...types.map(([, type]) => type.least)),
    read(from) {
      const [kind, type] = variant(from, types);
      return { kind, ...type.read(from) };
    },
  };
}

/** A choice whose variants have no fields: the value is the name. */
export const names = (...all) => ({ least: 4, read: (from) => variant(from, all) });

function variant(from, all) {
  const number = u32.read(from);
  if (number >= all.length) throw new Malformed(`there is no variant ${number}, before byte ${from.at}`);
  return all[number];
}

/** The same structure, whose value has its own bytes as `raw`. */
export const withBytes = (type) => ({
  least: type.least,
  read(from) {
    const start = from.at;
    const value = type.read(from);
    value.raw = from.bytes.subarray(start, from.at);
    return value;
  },
});

/** The value that is exactly these bytes, at most `limit`. Throws `Malformed`. */
export function decode(type, bytes, limit) {
  if (bytes.length > limit) throw new Malformed(`${bytes.length} bytes, of which ${limit} are allowed`);
  const from = new Reader(bytes);
  const value = type.read(from);
  if (from.at !== bytes.length) throw new Malformed(`${bytes.length - from.at} bytes after the end of the value`);
  return value;
}

/** No value is longer. */
export const VALUE_BYTES = 4_194_304;

const utf8Writer = new TextEncoder();
export const utf8Bytes = (text) => utf8Writer.encode(text);

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function u32Bytes(number) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

export function u64Bytes(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
}

/** Less than 0, 0, or greater, as the first comes before, is, or comes after the second. */
export function compare(first, second) {
  const length = Math.min(first.length, second.length);
  for (let at = 0; at < length; at += 1) {
    if (first[at] !== second[at]) return first[at] - second[at];
  }
  return first.length - second.length;
}

export const same = (first, second) => compare(first, second) === 0;

export const isZeros = (bytes) => bytes.every((byte) => byte === 0);

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

/** The bytes of pairs of hexadecimal digits, or null. */
export function bytesOfHex(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}
