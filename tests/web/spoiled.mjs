// The log's checks in the browser's language, against spoiled archives: `node tests/web/spoiled.mjs FOLDER`, with a folder that
// `cargo run -p mutua-protocol --example mutations -- FOLDER` wrote. Whoever keeps no ledger cannot find every fault; what is found must
// be the right one, at the right place, and what needs no ledger must be found.

import { createReadStream, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { NOT_MADE, checkLog } from "../../node/web/verify/log.js";

/** Made in part: quotas, and that nothing follows a key which was handed over, need a ledger. */
const IN_PART = ["3.3", "3.6"];

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node tests/web/spoiled.mjs FOLDER");
  process.exit(2);
}

const verdict = async (...path) => checkLog(createReadStream(join(folder, ...path)), {});
const placeOf = ({ check, seal, record }) => `check ${check}, seal ${seal}, record ${record}`;

const counts = { "right place": 0, "needs a ledger": 0, "needs an outcome": 0, wrong: 0 };
const note = (how, what) => {
  counts[how] += 1;
  if (how === "wrong") console.log(what);
};

for (const each of JSON.parse(readFileSync(join(folder, "spoiled", "index.json"), "utf8"))) {
  const { ok, fault, undecided } = await verdict("spoiled", each.file);
  const needsLedger = NOT_MADE.includes(each.check) || IN_PART.includes(each.check);
  if (undecided) note("needs an outcome");
  else if (fault && placeOf(fault) === placeOf(each)) note("right place");
  else if (needsLedger && (ok || fault.seal > each.seal)) note("needs a ledger");
  else note("wrong", `${each.name} (${each.file}): expected ${placeOf(each)}, found ${fault ? placeOf(fault) : "nothing"}`);
}
for (const file of readdirSync(join(folder, "sound"))) {
  const { ok, fault, undecided } = await verdict("sound", file);
  if (undecided) note("needs an outcome");
  else note(ok ? "right place" : "wrong", `${file} is sound: ${ok || placeOf(fault)}`);
}
console.log(Object.entries(counts).map(([how, count]) => `${count} ${how}`).join(", "));
process.exitCode = counts.wrong > 0 || counts["right place"] === 0 ? 1 : 0;
