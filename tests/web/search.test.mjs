// Words are found in the log, whatever kind of record they stand in.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { bytesOfHex } from "../../node/web/verify/bytes.js";
import { searchLog } from "../../node/web/verify/search.js";

const amended = JSON.parse(readFileSync(new URL("../../protocol/vectors/amended.json", import.meta.url), "utf8"));
const search = (text) => searchLog([bytesOfHex(amended.archive)], text);

test("all words have to be in one record, whatever their case", async () => {
  const { found, records } = await search("");
  assert.deepEqual([found.length, records > 10], [0, true]);
  const all = await search("e");
  assert.ok(all.count > 3 && all.found.length === all.count);
  assert.ok(all.found.every(({ text, id }) => text.toLowerCase().includes("e") && /^[0-9a-f]{64}$/.test(id)));
  assert.ok(all.found.every(({ height }, at) => at === 0 || height <= all.found[at - 1].height), "the newest come first");
  const [{ text, id }] = all.found;
  const again = await search(`  ${text.toUpperCase()} `);
  assert.ok(again.found.some((each) => each.id === id));
  assert.equal((await search(`${text} xyzzy`)).count, 0);
});

test("names of kinds and fields are no text", async () => {
  assert.equal((await search("equal-shares")).count, 0);
});
