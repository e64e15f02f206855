// How right those were who estimated the risk of loans.
import { html } from "../base/ui.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { count, money, share, short } from "../base/format.js";
import { Badge, Card, Empty, Fact, Waiting } from "../parts/card.js";
import { Figure, base } from "../parts/figure.js";
import { Table } from "../parts/table.js";

const decimal = (exact) => Number(exact.decimal);

export function Trust({ charter }) {
  const answer = useAnswer("/v1/track-record");
  const heading = html`<h1>${t("frame.page.trust")}</h1><p class="lead">${t("trust.lead")}</p>`;
  if (!answer.data || !charter) return html`${heading}<${Waiting} answer=${answer} />`;
  const { loans, attestors, members, predictions, crowd } = answer.data;
  if (loans.length === 0) return html`${heading}<div class="grid"><${Card} wide title=${t("trust.ended")}><${Empty}>${t("trust.none")}<//><//></div>`;
  const show = (value) => money(value, charter.currency);
  const grades = attestors.flatMap((each) =>
    each.grades.map((grade) => ({ who: each.name ?? short(each.attestor), grade: grade.grade, loans: Number(grade.loans), expected: decimal(grade.expected), came: Number(grade.defaulted) / Number(grade.loans) })),
  );
  return html`${heading}
    <div class="grid">
      <${Card} wide title=${t("trust.calibration")}>
        <${Figure}
          name="calibration"
          words=${t("trust.calibrationWords")}
          head=${[t("trust.who"), t("trust.grade"), t("trust.loans"), t("trust.expected"), t("trust.came")]}
          rows=${grades.map((each) => [each.who, each.grade, each.loans, share(each.expected, 1), share(each.came, 1)])}
          numbers=${[1, 2, 3, 4]}
          draw=${(Plot, width) => {
            const top = Math.max(0.05, ...grades.map((each) => Math.max(each.expected, each.came))) * 1.12;
            const tickFormat = (value) => (value > 1 ? "" : share(value));
            return Plot.plot({
              ...base(width),
              height: Math.min(440, width),
              marginTop: 36,
              marginBottom: 46,
              x: { label: t("trust.expected"), labelOffset: 40, tickFormat, domain: [0, top], grid: true },
              y: { label: t("trust.came"), tickFormat, domain: [0, top], grid: true },
              r: { range: [4, 18] },
              marks: [
                Plot.line([[0, 0], [top, top]], { stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "4 4" }),
                Plot.dot(grades, { x: "expected", y: "came", r: "loans", fill: "var(--bar)", fillOpacity: 0.6, stroke: "var(--bar)" }),
                Plot.text(grades, { x: "expected", y: "came", text: (each) => String(each.grade), fill: "currentColor" }),
              ],
            });
          }}
        />
      <//>
      <${Card} title=${t("trust.attestors")}>
        <${Table}
          caption=${t("trust.attestors")}
          head=${[t("trust.who"), t("trust.loans"), t("trust.brier"), t("trust.expectedLoss"), t("money.lost")]}
          rows=${attestors.map((each) => [each.name ?? short(each.attestor), count(each.score.estimates), each.score.brier.decimal, show(each.expected_loss.decimal.split(".")[0]), show(each.lost)])}
          numbers=${[1, 2, 3, 4]}
        />
        <p class="quiet">${t("trust.brierNote")}</p>
      <//>
      <${Card} title=${t("trust.members")}>
        <dl class="facts">
          ${crowd && html`<${Fact} name=${t("trust.crowd")} note=${t("trust.estimates", { count: Number(crowd.estimates) })}>${crowd.brier.decimal}<//>`}
          ${predictions && html`<${Fact} name=${t("trust.each")} note=${t("trust.estimates", { count: Number(predictions.estimates) })}>${predictions.brier.decimal}<//>`}
        </dl>
        ${members.length === 0
          ? html`<${Empty}>${t("trust.noPredictions")}<//>`
          : html`<${Table}
              caption=${t("trust.members")}
              head=${[t("trust.who"), t("trust.loans"), t("trust.brier")]}
              rows=${[...members].sort((a, b) => decimal(a.score.brier) - decimal(b.score.brier)).slice(0, 100).map((each) => [each.name ?? short(each.member), count(each.score.estimates), each.score.brier.decimal])}
              numbers=${[1, 2]}
            />`}
      <//>
      <${Card} wide title=${t("trust.ended")}>
        <${Table}
          caption=${t("trust.ended")}
          head=${[t("table.loan"), t("table.state"), t("money.disbursed"), t("trust.expectedLoss"), t("money.lost")]}
          rows=${loans.map((loan) => [
            html`<a href=${link("proposals", loan.proposal)}>${loan.title}</a>`,
            html`<${Badge} kind=${loan.defaulted ? "bad" : "good"}>${t(loan.defaulted ? "money.states.written-off" : "money.states.repaid")}<//>`,
            show(loan.disbursed),
            show(loan.expected_loss.decimal.split(".")[0]),
            show(loan.lost),
          ])}
          numbers=${[2, 3, 4]}
        />
      <//>
    </div>`;
}
