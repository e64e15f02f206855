// How a loan's chance has moved, as this browser has seen it: a node keeps the present forecast alone.
import { html, useEffect, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { share, shortTime } from "../base/format.js";
import { Figure, base } from "./figure.js";

const KEPT = "mutua-forecasts";
// Forecasts that are kept for a loan, and loans for which they are.
const POINTS = 200;
const LOANS = 100;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

// Adds one of each seal, and gives those of the round.
function seen(id, { round, height, draws }, funded) {
  const all = read();
  const points = (all[id] ?? []).filter((each) => each.round === round && each.height !== height);
  points.push({ round, height, draws, funded, time: Date.now() });
  delete all[id];
  all[id] = points.slice(-POINTS);
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(Object.entries(all).slice(-LOANS))));
  return all[id];
}

// Within this band 19 of 20 forecasts lie that are drawn anew from the same ballots (Wilson's interval).
function band({ funded, draws }) {
  const [z, p] = [1.96, funded / draws];
  const middle = (p + (z * z) / (2 * draws)) / (1 + (z * z) / draws);
  const half = (z / (1 + (z * z) / draws)) * Math.sqrt((p * (1 - p)) / draws + (z * z) / (4 * draws * draws));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

export function Course({ id, forecast, funded }) {
  const [points, setPoints] = useState([]);
  useEffect(() => setPoints(seen(id, forecast, funded)), [id, forecast.height, funded]);
  if (points.length < 2) return null;
  const data = points.map((each) => {
    const [low, high] = band(each);
    return { time: new Date(each.time), height: each.height, chance: each.funded / each.draws, low, high };
  });
  return html`<h3>${t("chances.course")}</h3>
    <${Figure}
      name=${`forecast-${id.slice(0, 8)}`}
      words=${t("chances.courseWords", { count: points.length, first: share(data[0].chance), last: share(data.at(-1).chance) })}
      head=${[t("table.time"), t("health.seal"), t("chances.chance"), t("chances.low"), t("chances.high")]}
      rows=${data.map((each) => [shortTime(each.time), each.height, share(each.chance, 1), share(each.low, 1), share(each.high, 1)])}
      numbers=${[1, 2, 3, 4]}
      draw=${(Plot, width) =>
        Plot.plot({
          ...base(width),
          height: 200,
          x: { label: null },
          y: { label: null, domain: [0, 1], tickFormat: (value) => share(value), grid: true },
          marks: [
            Plot.areaY(data, { x: "time", y1: "low", y2: "high", curve: "step-after", fill: "var(--bar)", fillOpacity: 0.25 }),
            Plot.lineY(data, { x: "time", y: "chance", curve: "step-after", stroke: "var(--bar)", strokeWidth: 2.5 }),
            Plot.dot(data, { x: "time", y: "chance", fill: "var(--bar)", r: 3 }),
          ],
        })}
    />`;
}
