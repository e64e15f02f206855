// What a round funds, or would: one bar for the pool, and one for each loan against what it needs.
import { html } from "../base/ui.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { count, money, part, share } from "../base/format.js";
import { Badge, Empty, Fact } from "./card.js";
import { Meter } from "./meter.js";
import { reason } from "./proposal.js";
import { Download } from "./download.js";

function line(candidate, view, funded) {
  const { result } = candidate;
  const paid = funded.get(candidate.proposal);
  if (paid) return { kind: "funded", size: 1, supporters: paid.supporters };
  const passed = result["passed-over"];
  if (passed) {
    return {
      kind: "missed",
      size: passed.left === null ? 0 : Math.min(part(passed.left, candidate.amount), 1),
      left: passed.left,
      supporters: passed.supporters,
      reason: passed.reason,
    };
  }
  return { kind: "out", size: 0, reason: result.ineligible };
}

export function Allocation({ view, charter, round }) {
  const { outcome, proposals } = view;
  const { currency } = charter;
  const funded = new Map(outcome.funded.map((loan) => [loan.proposal, loan]));
  const allocated = outcome.funded.reduce((sum, loan) => sum + BigInt(loan.amount), 0n);
  const order = { funded: 0, missed: 1, out: 2 };
  const lines = outcome.candidates
    .map((candidate) => ({ candidate, ...line(candidate, view, funded) }))
    .sort((a, b) => order[a.kind] - order[b.kind] || b.size - a.size);
  if (lines.length === 0) return html`<${Empty}>${t("allocation.none")}<//>`;
  const rows = () => [
    [t("table.id"), t("table.loan"), t("table.borrower"), t("table.amount"), t("table.result"), t("table.supporters"), t("table.reason")],
    ...lines.map(({ candidate, kind, supporters, reason: why }) => [
      candidate.proposal,
      proposals[candidate.proposal]?.title ?? "",
      proposals[candidate.proposal]?.borrower ?? "",
      String(candidate.amount),
      t(`allocation.${kind}`),
      String(supporters ?? ""),
      why ? reason(why, currency) : "",
    ]),
  ];
  return html`
    <dl class="facts">
      <${Fact} name=${t("allocation.allocated")} note=${t("allocation.ofPool", { share: share(part(allocated, outcome.pool)) })}>${money(allocated, currency)}<//>
      <${Fact} name=${t("allocation.remains")}>${money(BigInt(outcome.pool) - allocated, currency)}<//>
      <${Fact} name=${t("allocation.loans")}>${t("allocation.of", { funded: funded.size, all: lines.length })}<//>
    </dl>
    <ol class="loans">
      ${lines.map(({ candidate, kind, size, left, supporters, reason: why }) => {
        const name = proposals[candidate.proposal];
        const words = kind === "funded" ? t("allocation.funded") : why ? reason(why, currency) : "";
        return html`<li class=${kind} key=${candidate.proposal}>
          <div class="row">
            <a href=${link("proposals", candidate.proposal)}>${name?.title ?? candidate.proposal.slice(0, 8)}</a>
            <span class="sum">${money(candidate.amount, currency)}</span>
          </div>
          <${Meter}
            parts=${[{ size, kind }]}
            label=${kind === "missed" && left !== null ? t("allocation.meter", { left: money(left, currency), amount: money(candidate.amount, currency) }) : words}
          />
          <div class="row">
          <span class="quiet">${name?.borrower}${supporters !== undefined && html` · ${t("allocation.supporters", { count: Number(supporters), shown: count(supporters) })}`}</span>
          <span class="why">${kind === "funded" ? html`<${Badge} kind="good">${words}<//>` : words}${kind === "missed" && left !== null && BigInt(left) > 0n && html` <span class="quiet">${t("allocation.left", { left: money(left, currency) })}</span>`}</span>
          </div>
        </li>`;
      })}
    </ol>
    <${Download} name=${`round-${round}.csv`} rows=${rows} />`;
}
