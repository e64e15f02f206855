// One seal without the log around it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FRAME, Frames } from "../../node/web/verify/archive.js";
import { bytesOfHex, hex } from "../../node/web/verify/bytes.js";
import { readCharter } from "../../node/web/verify/charter.js";
import { checkSeal } from "../../node/web/verify/one-seal.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../protocol/vectors/${name}`, import.meta.url), "utf8"));
const archive = read("archive.json");
const amended = read("amended.json");

async function opened(file) {
  const frames = new Frames([bytesOfHex(file)]);
  assert.ok(await frames.isArchive());
  const charter = readCharter((await frames.next("1.1")).payload);
  const seals = [];
  for (;;) {
    const { kind, payload } = await frames.next("2.1");
    if (kind === FRAME.end) return { charter, seals };
    seals.push(payload);
  }
}

const failed = ({ checks }) => checks.filter(({ ok }) => !ok).map(({ name }) => name);

test("each seal of a log holds by itself, and linked to the one before it", async () => {
  const { charter, seals } = await opened(archive.archive);
  for (const [at, seal] of seals.entries()) {
    const alone = await checkSeal(charter, seal, null, null);
    const linked = await checkSeal(charter, seal, seals[at - 1] ?? null, null);
    assert.ok(alone.ok && linked.ok);
    assert.equal(hex(linked.id), archive.seals[at]);
    const isLinked = ({ checks }) => checks.some(({ name }) => name === "4.1");
    assert.deepEqual([isLinked(alone), isLinked(linked)], [at === 0, true]);
  }
});

test("a seal does not hold after another one, or with a bit changed", async () => {
  const { charter, seals } = await opened(archive.archive);
  assert.deepEqual(failed(await checkSeal(charter, seals[4], seals[2], null)), ["1.2"]);
  for (let at = 0; at < seals[4].length; at += 41) {
    const spoiled = seals[4].slice();
    spoiled[at] ^= 4;
    const found = await checkSeal(charter, spoiled, seals[3], null);
    assert.ok(!found.ok, `byte ${at}`);
    assert.equal(failed(found).length, 1, `byte ${at}`);
  }
});

test("a seal after a change of the witnesses needs a receipt that shows the change", async () => {
  const { charter, seals } = await opened(amended.archive);
  const { file, proves } = amended.receipts.find(({ what }) => what === "under the second amended charter");
  const height = proves.sealed.height;
  assert.ok((await checkSeal(charter, seals[height - 1], seals[height - 2], bytesOfHex(file))).ok);
  assert.deepEqual(failed(await checkSeal(charter, seals[height - 1], seals[height - 2], null)), ["2.5"]);
});
