// Bytes that nobody should trust: refused by a check, and never an exception.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { bytesOfHex, concat, hex, u64Bytes, utf8Bytes } from "../../node/web/verify/bytes.js";
import { OutOfBounds, readCharter } from "../../node/web/verify/charter.js";
import { checkEvidence } from "../../node/web/verify/evidence.js";
import { checkLog } from "../../node/web/verify/log.js";
import { checkReceipt } from "../../node/web/verify/receipts.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../protocol/vectors/${name}`, import.meta.url), "utf8"));
const receipts = read("receipts.json");
const charter = readCharter(bytesOfHex(receipts.charter.bytes));
const archive = bytesOfHex(read("archive.json").archive);
const amended = read("amended.json");

const failed = ({ checks }) => checks.filter(({ ok }) => !ok).map(({ name }) => name);

function changed(bytes, at) {
  const copy = bytes.slice();
  copy[at] ^= 1 << (at % 8);
  return copy;
}

test("a receipt with one bit changed proves nothing", async () => {
  const file = bytesOfHex(receipts.receipts[0].file);
  for (let at = 0; at < file.length; at += 5) {
    const found = await checkReceipt(charter, changed(file, at));
    assert.equal(found.ok, false, `byte ${at}`);
    assert.equal(failed(found).length, 1, `byte ${at}`);
  }
});

test("a receipt or evidence file that is cut off fails the check of its bytes", async () => {
  const file = bytesOfHex(receipts.receipts[0].file);
  const evidence = bytesOfHex(read("evidence.json").evidence[5].file);
  for (let length = 0; length < file.length; length += 7) {
    assert.deepEqual(failed(await checkReceipt(charter, file.slice(0, length))), ["6.1"]);
  }
  for (let length = 0; length < evidence.length; length += 19) {
    assert.deepEqual(failed(await checkEvidence(charter, evidence.slice(0, length))), ["7.1"]);
  }
});

test("a list that says it is endless is refused before anything is kept for it", async () => {
  const endless = concat(utf8Bytes("mutua receipt \0\x01"), u64Bytes(2n ** 64n - 1n), new Uint8Array(64));
  assert.deepEqual(failed(await checkReceipt(charter, endless)), ["6.1"]);
});

test("a text that is no receipt's fails the check of its bytes", async () => {
  const { text } = receipts.receipts[0];
  const spoiled = {
    nothing: "",
    "no prefix": text.slice(1),
    "a letter that is a capital S only elsewhere": text.replace("S", "\u017f"),
    "a digit that base 32 has not": `${text.slice(0, -1)}1`,
    "a letter left out in the middle": text.slice(0, 40) + text.slice(41),
    "padding": `${text}=`,
    "endless": text + "A".repeat(2_000_000),
  };
  for (const [what, each] of Object.entries(spoiled)) {
    assert.deepEqual(failed(await checkReceipt(charter, utf8Bytes(each))), ["6.1"], what);
  }
  assert.deepEqual(failed(await checkReceipt(charter, Uint8Array.of(0xff, 0xfe))), ["6.1"]);
});

async function* parts(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("an archive is the same in parts of any size, and tells how far it is", async () => {
  const heights = [];
  const whole = await checkLog([archive], { progress: ({ height }) => heights.push(height) });
  assert.ok(whole.ok);
  assert.deepEqual(heights, Array.from({ length: Number(whole.height) }, (_, at) => BigInt(at + 1)));
  for (const size of [1, 7, 1_000]) {
    const found = await checkLog(parts(archive, size), {});
    assert.deepEqual([found.ok, found.checks, hex(found.head)], [true, whole.checks, hex(whole.head)]);
  }
});

test("an archive with one bit changed, or cut off, does not hold", async () => {
  for (let at = 3; at < archive.length; at += 97) {
    const found = await checkLog([changed(archive, at)], {});
    assert.ok(!found.ok && found.fault !== null, `byte ${at}`);
    const cut = await checkLog([archive.subarray(0, at)], {});
    assert.ok(!cut.ok && cut.fault !== null, `cut at ${at}`);
  }
});

test("a charter that no record could amend is none", () => {
  const bytes = bytesOfHex(receipts.charter.bytes).slice();
  const limit = new DataView(bytes.buffer, bytes.length - 8, 4);
  limit.setUint32(0, bytes.length + 512 < 1_024 ? 1_024 : bytes.length + 512);
  readCharter(bytes);
  limit.setUint32(0, bytes.length + 511);
  assert.throws(() => readCharter(bytes), OutOfBounds);
});

test("a log that changes its charter is not judged without the outcome, or by another", async () => {
  const file = bytesOfHex(amended.archive);
  const [first, second] = amended.outcomes.map((each) => bytesOfHex(each.head_bytes));
  for (const heads of [undefined, () => null, () => second, () => new Uint8Array(3), () => changed(first, 40)]) {
    const { ok, fault, undecided, height } = await checkLog([file], { heads });
    assert.deepEqual([ok, fault, height], [false, null, BigInt(amended.outcomes[0].outcome.height) - 1n]);
    assert.match(undecided, /seal 11/);
  }
});
