// What the page makes of a rating before it is signed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { against, amountOf, boundsOf, plain } from "../../node/web/parts/rated.js";

const euro = { decimals: 2 };
const policy = {
  worst_grade: 3,
  least_outlook: 20,
  greatest_default: 1_000,
  greatest_amount: 50_000_00,
  grades: [{ greatest_default: 200, greatest_amount: 90_000_00 }, { greatest_default: 2_000, greatest_amount: 30_000_00 }],
};
const loan = { policy, amount: 28_000_00, close: 1_000 };
const fine = { declined: false, grade: 1, outlook: 50, default: 150, greatest: 28_000_00n, valid: 2_000 };

test("an amount is read exactly, and never by a thousandth", () => {
  for (const [text, value] of [["28000", 28_000_00n], [" 28000.5 ", 28_000_50n], ["28000,50", 28_000_50n], ["0.01", 1n]]) {
    assert.equal(amountOf(text, euro), value, text);
    assert.equal(amountOf(plain(value, euro), euro), value);
  }
  for (const text of ["28.000", "28,000", "28.000,00", "28 000", "", ".5", "5.", "1e9", "-1", "9".repeat(19)]) {
    assert.equal(amountOf(text, euro), null, text);
  }
  assert.deepEqual([amountOf("28.0", { decimals: 0 }), amountOf("28", { decimals: 0 }), amountOf("28.000", { decimals: 3 })], [null, 28n, 28_000n]);
  assert.deepEqual([plain(5, euro), plain("2800050", euro), plain(7, { decimals: 0 })], ["0.05", "28000.50", "7"]);
});

test("the stricter of policy and grade is the bound", () => {
  assert.deepEqual(boundsOf(1, policy), { default: 200, amount: 50_000_00 });
  assert.deepEqual(boundsOf(2, policy), { default: 1_000, amount: 30_000_00 });
  assert.deepEqual(boundsOf(3, policy), { default: 1_000, amount: 50_000_00 });
});

test("whatever keeps the loan from being funded is told", () => {
  assert.deepEqual(against(fine, loan), []);
  assert.deepEqual(against({ ...fine, outlook: null, default: null, greatest: null, valid: null }, loan), []);
  for (const [changed, reason] of [
    [{ declined: true }, "declines"],
    [{ grade: 4 }, { grade: { grade: 4, worst: 3 } }],
    [{ outlook: 19 }, { outlook: { outlook: 19, least: 20 } }],
    [{ default: 201 }, { default: { default: 201, greatest: 200 } }],
    [{ grade: 2, default: 1_001 }, { default: { default: 1_001, greatest: 1_000 } }],
    [{ greatest: 28_00n }, { amount: { greatest: 28_00n } }],
    [{ valid: 1_000 }, { early: { close: 1_000 } }],
  ]) {
    assert.deepEqual(against({ ...fine, ...changed }, loan), [reason]);
  }
  assert.deepEqual(against({ ...fine, grade: 2, greatest: 40_000_00n }, { ...loan, amount: 31_000_00 }), [{ amount: { greatest: 30_000_00n } }]);
});
