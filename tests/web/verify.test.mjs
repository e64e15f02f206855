// The checks in the browser's language, against the test vectors and against bytes that nobody should trust.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { FILES, FOR_AUDITS, vectorsOf } from "../../node/web/verify/selftest.js";

const folder = new URL("../../protocol/vectors/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

test("every file of vectors is known", () => {
  const all = readdirSync(folder).filter((name) => name.endsWith(".json"));
  assert.deepEqual([...Object.keys(FILES), ...FOR_AUDITS].sort(), all.sort());
});

for (const name of Object.keys(FILES)) {
  test(name, async () => {
    let vectors = 0;
    const failed = [];
    for await (const [what, holds] of vectorsOf(name, read)) {
      vectors += 1;
      if (!holds) failed.push(what);
    }
    assert.deepEqual(failed, []);
    assert.ok(vectors > 0);
  });
}
