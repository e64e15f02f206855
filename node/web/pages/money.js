// Where the money came from, where it is, and what became of it.
import { html, useMemo } from "../base/ui.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { amount, day, money, part, shortTime } from "../base/format.js";
import { Badge, Card, Empty, Fact, Waiting } from "../parts/card.js";
import { Figure, base } from "../parts/figure.js";
import { Meter } from "../parts/meter.js";
import { Table } from "../parts/table.js";
import { Download } from "../parts/download.js";

const STATES = { promised: "wait", running: "plain", repaid: "good", "written-off": "bad", released: "off" };

// The pool after each thing that changed it: deposits, rounds, and what borrowers did.
function course(portfolio, rounds) {
  const steps = portfolio.deposits.map((each) => [each.time, (each.direction === "in" ? 1n : -1n) * BigInt(each.amount), 0n]);
  for (const round of rounds) steps.push([round.time, -BigInt(round.allocated), 0n]);
  for (const loan of portfolio.loans) {
    for (const move of loan.movements) {
      const sum = BigInt(move.principal) + BigInt(move.interest);
      if (["repay", "recover", "release"].includes(move.step)) steps.push([move.time, sum, move.step === "repay" ? -BigInt(move.principal) : 0n]);
      if (move.step === "disburse") steps.push([move.time, 0n, BigInt(move.principal)]);
      if (move.step === "write-off") steps.push([move.time, 0n, -BigInt(move.principal)]);
    }
  }
  steps.sort((a, b) => a[0] - b[0]);
  let [pool, owed] = [0n, 0n];
  const points = steps.map(([time, change, lent]) => ({ time, pool: (pool += change), owed: (owed += lent) }));
  if (points.length > 0) points.push({ ...points.at(-1), time: Math.max(Date.now(), points.at(-1).time) });
  return points;
}

export function Money({ charter }) {
  const answer = useAnswer("/v1/portfolio");
  const rounds = useAnswer("/v1/outcomes", ["closed", "reset", "beginning"]);
  const points = useMemo(() => (answer.data && rounds.data ? course(answer.data, rounds.data) : []), [answer.data, rounds.data]);
  if (!answer.data || !rounds.data || !charter) return html`<h1>${t("frame.page.money")}</h1><${Waiting} answer=${answer} />`;
  const { currency } = charter;
  const { pool, total, loans, deposits, categories } = answer.data;
  const show = (value) => money(value, currency);
  const unit = 10 ** currency.decimals;
  const overdue = total.overdue.reduce((sum, each) => sum + BigInt(each), 0n);
  return html`<h1>${t("frame.page.money")}</h1>
    <div class="grid">
      <${Card} wide title=${t("money.where")}>
        <${Flow} pool=${pool} total=${total} show=${show} />
        <dl class="facts">
          <${Fact} name=${t("money.in")}>${show(BigInt(pool.paid_in) - BigInt(pool.paid_out))}<//>
          <${Fact} name=${t("money.interest")}>${show(total.sums.interest)}<//>
          <${Fact} name=${t("money.repaid")}>${show(total.sums.repaid)}<//>
          <${Fact} name=${t("money.overdue")}>${show(overdue)}<//>
          <${Fact} name=${t("money.lost")}>${show(total.lost)}<//>
        </dl>
      <//>
      <${Card} wide title=${t("money.time")}>
        ${points.length === 0
          ? html`<${Empty}>${t("money.nothing")}<//>`
          : html`<${Figure}
              name="pool"
              words=${t("money.timeWords", { pool: show(points.at(-1).pool), owed: show(points.at(-1).owed) })}
              head=${[t("table.time"), t("now.pool"), t("money.outstanding")]}
              rows=${points.map((each) => [shortTime(each.time), amount(each.pool, currency), amount(each.owed, currency)])}
              numbers=${[1, 2]}
              draw=${(Plot, width) => {
                const data = points.map((each) => ({ time: new Date(each.time), pool: Number(each.pool) / unit, owed: Number(each.owed) / unit }));
                return Plot.plot({
                  ...base(width),
                  height: 260,
                  marginLeft: 68,
                  x: { label: null },
                  y: { label: currency.code, grid: true, zero: true },
                  marks: [
                    Plot.areaY(data, { x: "time", y: "pool", curve: "step-after", fill: "var(--bar)", fillOpacity: 0.22 }),
                    Plot.lineY(data, { x: "time", y: "pool", curve: "step-after", stroke: "var(--bar)", strokeWidth: 2.5 }),
                    Plot.lineY(data, { x: "time", y: "owed", curve: "step-after", stroke: "var(--bar-missed)", strokeWidth: 2.5, strokeDasharray: "6 4" }),
                    Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.4 }),
                  ],
                });
              }}
            />`}
      <//>
      <${Card} wide title=${t("money.loans")}>
        ${loans.length === 0
          ? html`<${Empty}>${t("money.noLoans")}<//>`
          : html`<${Table}
                caption=${t("money.loans")}
                head=${[t("table.loan"), t("table.state"), t("table.amount"), t("money.outstanding"), t("money.repaid"), t("money.next")]}
                rows=${loans.map((loan) => [
                  html`<a href=${link("proposals", loan.proposal)}>${loan.title}</a><br /><small>${loan.borrower}</small>`,
                  html`<${Badge} kind=${STATES[loan.status]}>${t(`money.states.${loan.status}`)}<//>`,
                  show(loan.figures.sums.allocated),
                  show(loan.figures.outstanding),
                  show(loan.figures.sums.repaid),
                  loan.next ? html`${show(loan.next.amount)}<br /><small>${day(loan.next.time)}</small>` : "–",
                ])}
                numbers=${[2, 3, 4, 5]}
              />
              <${Download} name="loans.csv" rows=${() => [
                [t("table.id"), t("table.loan"), t("table.borrower"), t("table.state"), t("table.amount"), t("money.outstanding"), t("money.repaid"), t("money.lost")],
                ...loans.map((loan) => [loan.proposal, loan.title, loan.borrower, loan.status, loan.figures.sums.allocated, loan.figures.outstanding, loan.figures.sums.repaid, loan.figures.lost]),
              ]} />`}
      <//>
      <${Card} title=${t("money.categories")}>
        ${Object.keys(categories).length === 0 && html`<${Empty}>${t("money.noLoans")}<//>`}
        <ul class="entries">
          ${Object.entries(categories).map(
            ([name, figures]) => html`<li><div class="row"><span>${name}</span><strong>${show(figures.sums.allocated)}</strong></div>
              <${Meter} parts=${[{ size: part(figures.sums.allocated, total.sums.allocated) }]} label=${show(figures.sums.allocated)} /></li>`,
          )}
        </ul>
      <//>
      <${Card} title=${t("money.sources")}>
        ${deposits.length === 0 && html`<${Empty}>${t("money.nothing")}<//>`}
        <ul class="entries">
          ${deposits.map(
            (each) => html`<li><div class="row"><span>${each.source}</span><strong>${each.direction === "in" ? "+" : "−"}${show(each.amount)}</strong></div>
              <span class="quiet">${shortTime(each.time)}${each.purpose && html` · ${each.purpose}`}</span></li>`,
          )}
        </ul>
      <//>
    </div>`;
}

// One bar for all money: what is free, promised, with borrowers, and lost.
function Flow({ pool, total, show }) {
  const parts = [
    ["free", pool.available],
    ["promised", total.undrawn],
    ["lent", total.outstanding],
    ["lost", total.lost],
  ].map(([kind, value]) => ({ kind, value: BigInt(value) }));
  const all = parts.reduce((sum, each) => sum + each.value, 0n);
  const words = parts.map((each) => `${t(`money.parts.${each.kind}`)}: ${show(each.value)}`).join(", ");
  return html`<div class="flow">
    <${Meter} parts=${parts.map((each) => ({ size: part(each.value, all), kind: each.kind }))} label=${words} />
    <ul class="legend">
      ${parts.map((each) => html`<li><i class=${each.kind} aria-hidden="true"></i>${t(`money.parts.${each.kind}`)} <strong>${show(each.value)}</strong></li>`)}
    </ul>
  </div>`;
}
