// How many witnesses have signed each seal, over time.
import { html } from "../base/ui.js";
import { t } from "../base/text.js";
import { shortTime } from "../base/format.js";
import { Figure, base } from "./figure.js";

export function Witnesses({ seals, charter }) {
  const all = charter.witnesses.length;
  const needed = Math.floor((2 * all) / 3) + 1;
  const data = seals.map((seal) => ({ height: seal.header.height, time: new Date(Number(seal.header.time)), signers: seal.signers.length }));
  return html`<${Figure}
    name="witnesses"
    words=${t("log.witnessesWords", { count: all })}
    head=${[t("health.seal"), t("table.time"), t("log.signedBy")]}
    rows=${data.map((each) => [each.height, shortTime(each.time), each.signers])}
    numbers=${[0, 2]}
    draw=${(Plot, width) =>
      Plot.plot({
        ...base(width),
        height: 180,
        x: { label: null, type: "utc" },
        y: { label: t("health.witnesses"), domain: [0, all], grid: true, interval: 1, tickFormat: "d" },
        marks: [
          Plot.ruleY([needed], { stroke: "currentColor", strokeOpacity: 0.6, strokeDasharray: "4 4" }),
          Plot.lineY(data, { x: "time", y: "signers", curve: "step-after", stroke: "var(--bar)", strokeWidth: 2 }),
          Plot.dot(data, { x: "time", y: "signers", fill: "var(--bar)", r: 4 }),
          Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.4 }),
        ],
      })}
  />`;
}
