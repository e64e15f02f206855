// The member's ballot on the page: what is signed is what the sheet shows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isStanding, linesOf, saidBefore, toSign } from "../../node/web/parts/sheet.js";

const id = (digit) => digit.repeat(64);
const [oven, mill, hours] = [id("a"), id("b"), id("c")];
const open = [
  { id: mill, since: 5, subject: { loan: {} } },
  { id: oven, since: 5, subject: { loan: {} } },
  { id: hours, since: 5, subject: { motion: {} } },
];
const cast = (name, { height = 9, standing = false, scores = [], answers = [] } = {}) => ({
  id: name,
  height,
  ballot: {
    standing,
    scores: scores.map(([proposal, score]) => ({ proposal, score })),
    answers: answers.map(([proposal, choice]) => ({ proposal, choice })),
  },
});
const nothing = { newest: null, standing: null };
const once = { newest: cast("once", { scores: [[oven, 7], [mill, 2]], answers: [[hours, "yes"]] }), standing: null };
const forLater = cast("later", { standing: true, scores: [[oven, 7]] });

test("a first ballot holds what is chosen, each proposal by its whole id", () => {
  const found = toSign({ held: nothing, open, said: { [oven]: 4, [mill]: 0, [hours]: "no" }, standing: false });
  assert.deepEqual(found, { vote: ["vote", "--fresh", `${oven}=4`, `${hours}=no`], end: null });
});

test("what is set to 0, or to no answer, is taken back", () => {
  const said = { ...saidBefore(open, once.newest), [mill]: 0, [hours]: "" };
  const { vote } = toSign({ held: once, open, said, standing: false });
  assert.deepEqual(vote, ["vote", "--fresh", `${oven}=7`]);
  assert.deepEqual(linesOf(open, said), { scores: [{ proposal: oven, score: 7 }], answers: [] });
});

test("a ballot on which nothing is left can be cast", () => {
  const { vote } = toSign({ held: once, open, said: { [oven]: 0, [mill]: 0, [hours]: "" }, standing: false });
  assert.deepEqual(vote, ["vote", "--fresh"]);
  assert.equal(toSign({ held: nothing, open, said: {}, standing: false }).vote, null);
});

test("what is as it was cast is not to be signed again", () => {
  assert.deepEqual(toSign({ held: once, open, said: saidBefore(open, once.newest), standing: false }), { vote: null, end: null });
});

test("a standing ballot ends when its tick is removed", () => {
  const earlier = { newest: null, standing: forLater };
  const said = saidBefore(open, forLater);
  assert.deepEqual([isStanding(earlier), toSign({ held: earlier, open, said, standing: true })], [true, { vote: null, end: null }]);
  // Cast in an earlier round: in this one it counts no more either, unless it is cast for this one.
  assert.deepEqual(toSign({ held: earlier, open, said, standing: false }), {
    vote: ["vote", "--fresh", `${oven}=7`],
    end: ["vote", "--end-standing"],
  });
  // Cast in this round: there it stays.
  const now = { newest: forLater, standing: forLater };
  assert.deepEqual(toSign({ held: now, open, said, standing: false }), { vote: null, end: ["vote", "--end-standing"] });
  // Ended, though cast in this round: it can be made one again.
  const ended = { newest: forLater, standing: null };
  assert.equal(isStanding(ended), false);
  assert.deepEqual(toSign({ held: ended, open, said, standing: true }).vote, ["vote", "--fresh", `${oven}=7`, "--standing"]);
});

test("a ballot for this round alone says that a standing one counts in later rounds", () => {
  const both = { newest: once.newest, standing: forLater };
  assert.equal(isStanding(both), false);
  const said = saidBefore(open, once.newest);
  assert.deepEqual(toSign({ held: both, open, said, standing: false }), { vote: null, end: ["vote", "--end-standing"] });
  assert.deepEqual(toSign({ held: both, open, said, standing: true }).vote.at(-1), "--standing");
});

test("what was said of terms that were amended since is not shown as said", () => {
  assert.deepEqual(saidBefore(open, cast("old", { height: 5, scores: [[oven, 7]] })), {});
  assert.deepEqual(saidBefore(open, cast("unsealed", { height: null, scores: [[oven, 7]] })), { [oven]: 7 });
  assert.deepEqual(saidBefore(open, cast("of others", { scores: [[id("d"), 7]] })), {});
});
