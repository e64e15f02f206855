// Rating a loan: its terms, what the charter asks for, and the form.
import { html, useId, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { useAnswer } from "../base/state.js";
import { day, moment, money, points } from "../base/format.js";
import { Act } from "./act.js";
import { Waiting } from "./card.js";
import { percent } from "./predict.js";
import { rating, reason } from "./proposal.js";
import { against, amountOf, boundsOf, plain } from "./rated.js";
import { Radios, TextArea } from "./words.js";

// An attestation holds for half a year unless something else is said.
const DAYS = 180;

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

// A reason against the loan, as a sentence.
function told(value, currency) {
  if (value === "declines") return t("attest.declines");
  return value.early ? t("attest.early", { moment: moment(value.early.close) }) : reason(value, currency);
}

export function Attestation({ entry, attestor, charter, close }) {
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
    <${Form} key=${entry.terms} entry=${entry} attestor=${attestor} charter=${charter} loan=${loan} close=${close} />
  </div>`;
}

function Form({ entry, attestor, charter, loan, close }) {
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
  const greatest = amountOf(said.greatest, currency);
  const ready = rate !== null && loss !== null && outlook !== null && greatest !== null && said.valid !== "" && lines(said.reasons).length > 0;
  const declined = said.verdict === "declined";
  const until = `${said.valid}T23:59:59Z`;
  const words = [
    "attest", entry.proposal, `--grade=${said.grade}`, `--default=${rate ?? "?"}`, `--loss=${loss ?? "?"}`,
    `--greatest=${greatest === null ? "?" : plain(greatest, currency)}`, `--outlook=${outlook ?? "?"}`, `--valid=${until}`,
    ...(declined ? ["--declined"] : []),
    ...lines(said.reasons).map((each) => `--reason=${each}`),
    ...lines(said.conditions).map((each) => `--condition=${each}`),
  ];
  const input = (field, label, more) => html`<label><span>${label}</span>
    <input type="text" value=${said[field]} data-test=${field} onInput=${(event) => set(field)(event.target.value)} ...${more} /></label>`;
  const grade = Number(said.grade);
  const rated = {
    declined, grade, outlook, greatest,
    default: rate && Math.round(Number(rate.slice(0, -1)) * 100),
    valid: said.valid === "" ? null : Date.parse(until),
  };
  const found = against(rated, { policy, amount: loan.amount, close });
  const isBeyond = greatest !== null && greatest > BigInt(boundsOf(grade, policy).amount);
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
      ${input("greatest", t("attest.greatest", { code: currency.code }), { inputmode: "decimal", size: 12, "aria-describedby": `${name}-amount`, "aria-invalid": String(greatest === null) })}
      ${input("valid", t("attest.valid"), { type: "date" })}
    </div>
    <p class="quiet" id=${`${name}-amount`} role="status" data-test="amount">${greatest === null ? t("attest.noAmount", { decimals: currency.decimals }) : t("attest.amount", { amount: money(greatest, currency, {}) })}
      ${isBeyond && html` ${t("attest.beyond", { amount: money(boundsOf(grade, policy).amount, currency) })}`}</p>
    <${TextArea} label=${t("attest.reasons")} value=${said.reasons} set=${set("reasons")} rows="2" />
    <${TextArea} label=${t("attest.conditions")} value=${said.conditions} set=${set("conditions")} rows="2" />
    ${found.length > 0 && html`<div class="moderated" role="status"><p>${t("attest.against")}</p><ul class="list">${found.map((each) => html`<li>${told(each, currency)}</li>`)}</ul></div>`}
    ${!ready && html`<p class="quiet">${t("attest.missing")}</p>`}
    <${Act} label=${t("attest.sign")} words=${words} member=${attestor} ready=${ready} />`;
}

// A grade with its band: the greatest probability of default that the policy allows for it.
function gradeName(grade, policy) {
  if (grade > policy.worst_grade) return t("attest.worse", { grade });
  const band = policy.grades[grade - 1];
  return band ? t("attest.band", { grade, default: points(band.greatest_default) }) : String(grade);
}
