// Rating a loan: its terms, what the charter asks for, and the form.
import { html, useId, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { useAnswer } from "../base/state.js";
import { day, money, points, short } from "../base/format.js";
import { Act } from "./act.js";
import { Waiting } from "./card.js";
import { percent } from "./predict.js";
import { rating } from "./proposal.js";
import { Radios, TextArea } from "./words.js";

// An attestation holds for half a year unless something else is said.
const DAYS = 180;

// An amount as commands read it: with a point, and nothing between thousands.
function plain(value, { decimals }) {
  const digits = String(value).padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

// What keeps a loan with this rating from being funded, by the charter's policy.
function against({ declined, grade, outlook, rate }, policy) {
  const bound = policy.grades[grade - 1]?.greatest_default ?? policy.greatest_default;
  return [
    declined && t("attest.declines"),
    grade > policy.worst_grade && t("reason.grade", { grade, worst: policy.worst_grade }),
    outlook < policy.least_outlook && t("reason.outlook", { outlook, least: policy.least_outlook }),
    rate > bound / 100 && t("reason.default", { default: `${rate} %`, greatest: points(bound) }),
  ].filter(Boolean);
}

export function Attestation({ entry, attestor, charter }) {
  const answer = useAnswer(`/v1/proposals/${entry.proposal}`, ["sealed"]);
  if (!answer.data) return html`<${Waiting} answer=${answer} />`;
  const { loan } = answer.data.subject;
  const facts = [
    [t("terms.borrower"), loan.borrower],
    [t("terms.category"), entry.category],
    [t("table.amount"), money(loan.amount, charter.currency)],
    [t("terms.term"), t("terms.months", { count: loan.term })],
    [t("terms.rate"), points(loan.rate)],
    [t("terms.repayment"), t(`terms.${loan.repayment}`)],
    [t("terms.expires"), day(loan.expires)],
  ];
  return html`<div class="form">
    <h3>${t("attest.terms")}</h3>
    <p class="text">${loan.purpose}</p>
    <dl class="pairs">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
      <dt>${t("attest.hash")}</dt><dd><code>${entry.terms}</code></dd></dl>
    ${entry.mine && html`<p>${t("attest.before")} ${rating(entry.mine.assessment)}${entry.mine.revoked && html` (${t("attest.revoked", { reason: entry.mine.revoked })})`}</p>`}
    <${Form} key=${entry.terms} entry=${entry} attestor=${attestor} charter=${charter} loan=${loan} />
  </div>`;
}

function Form({ entry, attestor, charter, loan }) {
  const { policy, currency } = charter;
  const name = useId();
  const [said, setSaid] = useState({
    verdict: "approved",
    grade: 1,
    rate: "",
    loss: "",
    outlook: "",
    greatest: plain(loan.amount, currency),
    valid: new Date(Date.now() + DAYS * 86_400_000).toISOString().slice(0, 10),
    reasons: "",
    conditions: "",
  });
  const set = (field) => (value) => setSaid((now) => ({ ...now, [field]: value }));
  const [rate, loss] = [percent(said.rate), percent(said.loss)];
  const outlook = /^\d{1,3}$/.test(said.outlook) && Number(said.outlook) <= 100 ? Number(said.outlook) : null;
  const isAmount = /^\d+([.,]\d+)?$/.test(said.greatest.trim());
  const ready = rate !== null && loss !== null && outlook !== null && isAmount && said.valid !== "" && lines(said.reasons).length > 0;
  const declined = said.verdict === "declined";
  const words = [
    "attest", short(entry.proposal), `--grade=${said.grade}`, `--default=${rate ?? "?"}`, `--loss=${loss ?? "?"}`,
    `--greatest=${said.greatest.trim().replace(",", ".")}`, `--outlook=${outlook ?? "?"}`, `--valid=${said.valid}T23:59:59Z`,
    ...(declined ? ["--declined"] : []),
    ...lines(said.reasons).map((each) => `--reason=${each}`),
    ...lines(said.conditions).map((each) => `--condition=${each}`),
  ];
  const input = (field, label, more) => html`<label><span>${label}</span>
    <input type="text" value=${said[field]} data-test=${field} onInput=${(event) => set(field)(event.target.value)} ...${more} /></label>`;
  const found = against({ declined, grade: Number(said.grade), outlook: outlook ?? 100, rate: rate ? Number(rate.slice(0, -1)) : 0 }, policy);
  return html`<h3>${t("attest.title")}</h3>
    <p class="quiet">${t("attest.policy", { worst: policy.worst_grade, outlook: policy.least_outlook, default: points(policy.greatest_default), amount: money(policy.greatest_amount, currency) })}</p>
    <${Radios} name=${name} legend=${t("attest.verdict")} value=${said.verdict} set=${set("verdict")}
      options=${{ approved: t("ratings.approved"), declined: t("ratings.declined") }} />
    <div class="filters">
      <label><span>${t("trust.grade")}</span><select value=${said.grade} data-test="grade" onChange=${(event) => set("grade")(event.target.value)}>
        ${Array.from({ length: policy.worst_grade + 1 }, (_, n) => n + 1).map((grade) => html`<option value=${grade} selected=${String(grade) === String(said.grade)}>${gradeName(grade, policy)}</option>`)}
      </select></label>
      ${input("rate", t("attest.default"), { inputmode: "decimal", size: 8 })}
      ${input("loss", t("attest.loss"), { inputmode: "decimal", size: 8 })}
      ${input("outlook", t("attest.outlook"), { inputmode: "numeric", size: 8 })}
      ${input("greatest", t("attest.greatest", { code: currency.code }), { inputmode: "decimal", size: 12 })}
      ${input("valid", t("attest.valid"), { type: "date" })}
    </div>
    <${TextArea} label=${t("attest.reasons")} value=${said.reasons} set=${set("reasons")} rows="2" />
    <${TextArea} label=${t("attest.conditions")} value=${said.conditions} set=${set("conditions")} rows="2" />
    ${found.length > 0 && html`<div class="moderated" role="status"><p>${t("attest.against")}</p><ul class="list">${found.map((each) => html`<li>${each}</li>`)}</ul></div>`}
    ${!ready && html`<p class="quiet">${t("attest.missing")}</p>`}
    <${Act} label=${t("attest.sign")} words=${words} member=${attestor} ready=${ready} />`;
}

// A grade with its band: the greatest probability of default that the policy allows for it.
function gradeName(grade, policy) {
  if (grade > policy.worst_grade) return t("attest.worse", { grade });
  const band = policy.grades[grade - 1];
  return band ? t("attest.band", { grade, default: points(band.greatest_default) }) : String(grade);
}
