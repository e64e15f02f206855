// The founding charter from a file of the reader's own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { bytesOfHex, hex, utf8Bytes } from "../../node/web/verify/bytes.js";
import { bytesOfCharter, charterOfFile } from "../../node/web/verify/charter-file.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../protocol/vectors/${name}`, import.meta.url), "utf8"));
const { charters } = read("charter.json");
const file = (value) => utf8Bytes(JSON.stringify(value, null, 2));

test("a charter in JSON has the bytes and the id of the vectors", async () => {
  for (const { bytes, charter, community } of charters) {
    assert.equal(hex(bytesOfCharter(charter)), bytes);
    assert.equal((await charterOfFile(file(charter))).id, community);
  }
});

test("each rule and each cap has bytes of its own", async () => {
  const [{ charter }] = charters;
  const rules = ["phragmen", { greedy: { utility: "cost", order: "total" } }, { "equal-shares": { utility: "score", completion: "add-one" } }];
  const caps = [{}, { borrower: 100 }, { category: 100 }, { expected_loss: 100 }];
  const ids = new Set();
  for (const rule of rules) {
    for (const each of caps) {
      const changed = { ...charter, rule, policy: { ...charter.policy, caps: each } };
      const found = await charterOfFile(file(changed));
      assert.equal(found.charter.rule.kind, typeof rule === "string" ? rule : Object.keys(rule)[0]);
      assert.equal(found.charter.policy.caps.borrower, each.borrower ?? null);
      ids.add(found.id);
    }
  }
  assert.equal(ids.size, rules.length * caps.length);
});

test("what a charter in JSON leaves out is as for the program", async () => {
  const [{ charter }] = charters;
  const without = (path) => {
    const copy = structuredClone(charter);
    const last = path.at(-1);
    delete path.slice(0, -1).reduce((inner, name) => inner[name], copy)[last];
    return copy;
  };
  const { policy, motions } = charter;
  const caps = (name) => ({ ...charter, policy: { ...policy, caps: { ...policy.caps, [name]: null } } });
  for (const [path, same] of [
    [["policy", "grades"], { ...charter, policy: { ...policy, grades: [] } }],
    [["motions", "charter"], { ...charter, motions: { ...motions, charter: { quorum: 5_000, majority: 6_666 } } }],
    ...["borrower", "category", "expected_loss"].map((name) => [["policy", "caps", name], caps(name)]),
  ]) {
    assert.equal((await charterOfFile(file(without(path)))).id, (await charterOfFile(file(same))).id, path.join("."));
  }
  for (const path of [["policy", "caps"], ["motions"], ["limits"]]) {
    await assert.rejects(charterOfFile(file(without(path))), (error) => error.message.includes(path.join(".")));
  }
});

test("a log begins with its founding charter", async () => {
  const { archive, community } = read("archive.json");
  assert.equal((await charterOfFile(bytesOfHex(archive))).id, community);
});

test("what is no charter is refused, with the place", async () => {
  const [{ charter }] = charters;
  for (const [value, says] of [
    [utf8Bytes("mutua receipt"), /neither/],
    [Uint8Array.of(255, 254), /neither/],
    [file(null), /fields are wanted/],
    [file([charter]), /no field '0'/],
    [file({ ...charter, name: undefined }), /name: a text/],
    [file({ ...charter, more: 1 }), /no field 'more'/],
    [file({ ...charter, protocol: -1 }), /protocol: a whole number/],
    [file({ ...charter, protocol: 65_536 }), /protocol: a whole number/],
    [file({ ...charter, schedule: { first_close: 1.5, period: 1 } }), /schedule.first_close/],
    [file({ ...charter, rule: { dice: {} } }), /rule: one of/],
    [file({ ...charter, rule: null }), /rule: one of/],
    [file({ ...charter, roles: [{ role: "king", keys: [], needed: 1 }] }), /roles\[0\].role: one of/],
    [file({ ...charter, witnesses: [{ key: "00", power: 1, name: "w" }] }), /witnesses\[0\].key: a key/],
    [file({ ...charter, witnesses: [] }), /witnesses/],
    [file({ ...charter, policy: { ...charter.policy, grades: null } }), /policy.grades: a list/],
  ]) {
    await assert.rejects(charterOfFile(value), (error) => says.test(error.message), String(says));
  }
});
