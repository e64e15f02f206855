// The founding charter out of a file that the reader has: 'charter.json', or a log, which begins with it. The JSON is written
// as canonical bytes (SPEC section 2), since the community's id is their hash.

import { FRAME, Frames } from "./archive.js";
import { bytesOfHex, concat, hex, u32Bytes, u64Bytes, utf8Bytes } from "./bytes.js";
import { charterOf, hashOfCharter, readCharter } from "./charter.js";

/** A file that is no charter, with the place in it. */
export class NoCharter extends Error {}

function wanted(holds, where, what) {
  if (!holds) throw new NoCharter(`this is not a charter: ${where ? `${where}: ` : ""}${what}`);
}

function number(bytes) {
  const top = 2 ** (8 * bytes);
  return (value, where) => {
    wanted(Number.isSafeInteger(value) && value >= 0 && value < top, where, `a whole number below 2^${8 * bytes} is wanted`);
    return u64Bytes(BigInt(value)).subarray(8 - bytes);
  };
}
const [u8, u16, u32, u64] = [1, 2, 4, 8].map(number);

function string(value, where) {
  wanted(typeof value === "string", where, "a text is wanted");
  const bytes = utf8Bytes(value);
  return concat(u64Bytes(BigInt(bytes.length)), bytes);
}

function key(value, where) {
  const bytes = typeof value === "string" ? bytesOfHex(value) : null;
  wanted(bytes?.length === 32, where, "a key of 64 hexadecimal digits is wanted");
  return bytes;
}

const list = (type) => (value, where) => {
  wanted(Array.isArray(value), where, "a list is wanted");
  return concat(u64Bytes(BigInt(value.length)), ...value.map((each, at) => type(each, `${where}[${at}]`)));
};

const option = (type) => (value, where) =>
  value === null || value === undefined ? Uint8Array.of(0) : concat(Uint8Array.of(1), type(value, where));

/** A field that may be left out. */
const given = (type, usual) => (value, where) => type(value === undefined ? usual : value, where);

const structure = (fields) => (value, where) => {
  wanted(value !== null && typeof value === "object", where, "fields are wanted");
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  wanted(unknown === undefined, where, `there is no field '${unknown}'`);
  return concat(...Object.entries(fields).map(([name, type]) => type(value[name], where ? `${where}.${name}` : name)));
};

const names = (...all) => (value, where) => {
  wanted(all.includes(value), where, `one of ${all.join(", ")} is wanted`);
  return u32Bytes(all.indexOf(value));
};

// A variant without fields is its name, and one with fields an object with the name alone.
const choice = (...variants) => (value, where) => {
  const kind = typeof value === "string" ? value : Object.keys(value ?? {})[0];
  const at = variants.findIndex(([name]) => name === kind);
  wanted(at >= 0, where, `one of ${variants.map(([name]) => name).join(", ")} is wanted`);
  return concat(u32Bytes(at), structure(variants[at][1] ?? {})(typeof value === "string" ? {} : value[kind], where));
};

const charter = charterOf({ bytes32: key, choice, given, list, names, option, string, structure, u16, u32, u64, u8 });

/** The canonical bytes of a charter that was read from JSON. Throws `NoCharter`. */
export const bytesOfCharter = (value) => charter(value, "");

/** The charter and its id, out of the bytes of a file. Throws `NoCharter`, and what `readCharter` throws. */
export async function charterOfFile(bytes) {
  const frames = new Frames([bytes]);
  let found;
  if (await frames.isArchive()) {
    const { kind, payload } = await frames.next("1.1");
    wanted(kind === FRAME.charter, "log", "the file does not begin with a charter");
    found = payload;
  } else {
    found = bytesOfCharter(parsed(bytes));
  }
  const read = readCharter(found);
  return { charter: read, id: hex(hashOfCharter(read)) };
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new NoCharter("this is neither a charter (charter.json) nor a log");
  }
}
