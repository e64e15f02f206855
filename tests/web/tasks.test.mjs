// What the page's worker makes of a node's answers, and of those of a node that lies.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";

import { bytesOfHex, concat } from "../../node/web/verify/bytes.js";
import { TASKS } from "../../node/web/verify/tasks.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../protocol/vectors/${name}`, import.meta.url), "utf8"));
const amended = read("amended.json");
const receipt = (what) => bytesOfHex(amended.receipts.find((each) => each.what === what).file);
const FIRST = receipt("before any change");
const SECOND = receipt("under the first amended charter");
const THIRD = receipt("under the second amended charter");

/** Magic and frames of an archive. */
function framesOf(archive) {
  const view = new DataView(archive.buffer);
  const frames = [];
  for (let at = 16; at < archive.length; at += frames.at(-1).length) {
    frames.push(archive.subarray(at, at + 5 + view.getUint32(at + 1)));
  }
  return { opening: concat(archive.subarray(0, 16), frames[0]), seals: frames.slice(1, -1), end: frames.at(-1) };
}

/** A node whose log is that of the amended community, with some of its answers replaced. */
function nodeWith(replaced = {}) {
  const { opening, seals, end } = framesOf(bytesOfHex(amended.archive));
  const answers = {
    "/v1/archive": (query) => {
      const from = Number(query.get("from") ?? 1) - 1;
      const part = seals.slice(from, from + Number(query.get("seals") ?? seals.length));
      return new Response(concat(opening, ...part, end), { headers: { "mutua-height": String(seals.length) } });
    },
    "/v1/receipts": (query) => new Response([null, FIRST, SECOND, THIRD][query.get("round") ?? 1]),
    "/v1/outcomes": () => Response.json(amended.outcomes.map(({ outcome: { round, height } }) => ({ round, height }))),
    ...replaced,
  };
  globalThis.fetch = async (path, { headers }) => {
    assert.equal(headers.Authorization, "Bearer secret");
    const { pathname, searchParams } = new URL(path, "http://node");
    return answers[pathname](searchParams);
  };
}

const original = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = original;
});

const token = "secret";
const failed = ({ checks }) => checks.filter(({ ok }) => !ok).map(({ name }) => name);

test("a log is checked through the changes of its charter", async () => {
  nodeWith();
  const found = await TASKS.log({ token }, () => {});
  assert.deepEqual([found.ok, found.community, found.undecided], [true, amended.charter.community, null]);
  assert.deepEqual([found.facts.height, found.facts.charters, found.facts.rounds], [20, 3, 3]);
});

test("a node that shows another outcome, or none, decides nothing", async () => {
  for (const file of [SECOND, new Uint8Array(9)]) {
    nodeWith({ "/v1/receipts": () => new Response(file) });
    const found = await TASKS.log({ token }, () => {});
    assert.deepEqual([found.ok, found.facts.height], [false, 10]);
    assert.match(found.undecided, /seal 11/);
  }
});

test("a node whose answer breaks off is found out", async () => {
  const archive = bytesOfHex(amended.archive);
  const cut = (length) => () => new Response(archive.slice(0, length));
  nodeWith({ "/v1/archive": (query) => cut(query.get("seals") === "0" ? archive.length : 9_000)() });
  const found = await TASKS.log({ token }, () => {});
  assert.deepEqual([found.ok, failed(found)], [false, ["1.4"]]);
});

test("the log of another community is refused, also by a node that names the right one first", async () => {
  const other = bytesOfHex(read("archive.json").archive);
  const whole = bytesOfHex(amended.archive);
  for (const [what, first, charter] of [
    ["a file, and a node of two faces", whole, whole],
    ["a file, and another node", other, whole],
    ["a node of two faces", whole, undefined],
  ]) {
    nodeWith({ "/v1/archive": (query) => new Response(query.get("seals") === "0" ? first : other) });
    const found = await TASKS.log({ token, charter }, () => {});
    assert.deepEqual([what, found.ok, failed(found), found.community], [what, false, ["1.1"], amended.charter.community]);
    assert.match(found.checks.at(-1).detail, /another community/);
  }
});

test("seals are checked by the charter in force", async () => {
  nodeWith();
  for (const height of [1, 11, 18, 20]) {
    const found = await TASKS.seal({ token, height });
    assert.deepEqual([height, found.ok, failed(found)], [height, true, []]);
    assert.equal(found.facts.height, height);
  }
});

test("receipts and evidence files are told apart, and told in plain words", async () => {
  nodeWith();
  const about = await TASKS.file({ token, bytes: FIRST });
  const { sealed, counted } = amended.receipts.find(({ what }) => what === "before any change").proves;
  assert.deepEqual([about.kind, about.ok, about.facts.sealed.record], ["receipt", true, sealed.record]);
  assert.deepEqual([about.facts.counted.how, about.facts.counted.ballots], Object.entries(counted.entry.counted).flatMap(([how, id]) => [how, [id]]));
  const evidence = await TASKS.file({ token, bytes: bytesOfHex(amended.evidence[0].file) });
  assert.deepEqual([evidence.kind, evidence.ok, evidence.facts.keys], ["evidence", true, amended.evidence[0].proves.keys]);
  const nothing = await TASKS.file({ token, bytes: new Uint8Array(3) });
  assert.deepEqual([nothing.ok, nothing.facts, failed(nothing)], [false, null, ["6.1"]]);
});

test("what a node refuses is said in its words", async () => {
  nodeWith({ "/v1/archive": () => Response.json({ detail: "the token does not fit" }, { status: 401 }) });
  await assert.rejects(TASKS.log({ token }, () => {}), /the token does not fit/);
  nodeWith();
  await assert.rejects(TASKS.seal({ token, height: 21 }), /the newest seal has number 20/);
});
