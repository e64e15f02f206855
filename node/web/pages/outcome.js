// What rounds have decided, and why.
import { html, useEffect, useMemo, useState } from "../base/ui.js";
import { post } from "../base/api.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { count, money, moment, part, share, short } from "../base/format.js";
import { Badge, Card, Empty, Fact, Waiting } from "../parts/card.js";
import { Allocation } from "../parts/allocation.js";
import { Meter } from "../parts/meter.js";
import { Table } from "../parts/table.js";
import { reason } from "../parts/proposal.js";
import { Trouble } from "../parts/trouble.js";

const OTHERS = [
  { "equal-shares": { utility: "cost", completion: "none" } },
  { "equal-shares": { utility: "cost", completion: "add-one-then-greedy" } },
  { greedy: { utility: "score", order: "per-cost" } },
  "phragmen",
];

export function Outcome({ status, charter, parts }) {
  const rounds = useAnswer("/v1/outcomes", ["closed", "reset", "beginning"]);
  if (!rounds.data || !charter || !status) return html`<h1>${t("frame.page.outcome")}</h1><${Waiting} answer=${rounds} />`;
  const newest = rounds.data.at(-1)?.round;
  const round = parts[0] ? Number(parts[0]) : newest;
  return html`<h1>${t("frame.page.outcome")}</h1>
    ${rounds.data.length === 0 && html`<${Empty}>${t("outcome.none")} <a href=${link("now")}>${t("outcome.provisional")}</a><//>`}
    ${rounds.data.length > 1 &&
    html`<nav class="rounds" aria-label=${t("outcome.rounds")}>
      ${[...rounds.data].reverse().map(
        (each) => html`<a href=${link("outcome", String(each.round))} aria-current=${each.round === round ? "page" : undefined}>
          ${t("now.round", { round: each.round })}<small>${money(each.allocated, charter.currency)}</small></a>`,
      )}
    </nav>`}
    ${round !== undefined && html`<${Round} key=${round} round=${round} status=${status} charter=${charter} />`}`;
}

function Round({ round, status, charter }) {
  const answer = useAnswer(`/v1/outcomes/${round}`, ["reset"]);
  const why = useAnswer(`/v1/outcomes/${round}/explanation`, ["reset"]);
  if (!answer.data) return html`<${Waiting} answer=${answer} />`;
  const { outcome, digest, delegated, proposals } = answer.data;
  const { currency } = charter;
  const { turnout } = outcome;
  const explanation = why.data?.explanation;
  const same = status.peers.filter((peer) => peer.outcome?.[0] === round);
  const agree = same.filter((peer) => peer.outcome[1] === digest).length;
  return html`<div class="grid">
    <${Card} wide title=${t("outcome.decided", { round })} aside=${html`<span class="quiet">${moment(outcome.time)}</span>`}>
      <${Allocation} view=${answer.data} charter=${charter} round=${round} />
    <//>
    <${Card} title=${t("outcome.who")}>
      <dl class="facts">
        <${Fact} name=${t("now.turnout")} note=${t("now.voters", { voters: count(turnout.voters), members: count(turnout.members) })}>${share(part(turnout.voted, turnout.weight))}<//>
        <${Fact} name=${t("outcome.delegated")}>${count(delegated.heads)}<//>
        ${explanation &&
        html`<${Fact} name=${t("outcome.represented")} note=${t("outcome.representedNote")}>${share(part(explanation.represented[1], explanation.voted[1]))}<//>
          ${explanation.endowment !== null && html`<${Fact} name=${t("outcome.endowment")} note=${t("outcome.endowmentNote")}>${money(explanation.endowment, currency)}<//>`}`}
      </dl>
      ${explanation && html`<p class="quiet">${t("outcome.rule", { rule: ruleName(explanation.rule) })}${explanation.fairness && !explanation.fairness.left_out && html` ${t("outcome.fair")}`}</p>`}
    <//>
    <${Card} title=${t("outcome.agreement")}>
      <p><${Badge} kind=${status.disagreement ? "bad" : "good"}>${status.disagreement ? t("health.different") : t("outcome.sealed", { height: outcome.height })}<//></p>
      <p>${round === status.outcome?.[0] ? t("outcome.peers", { agree, count: same.length }) : t("outcome.past")}</p>
      <p class="quiet">${t("outcome.digest")} <code>${digest}</code></p>
    <//>
    <${Missed} explanation=${explanation} names=${why.data?.names} round=${round} currency=${currency} answer=${why} />
    ${outcome.motions.length > 0 && html`<${Motions} motions=${outcome.motions} proposals=${proposals} />`}
    <${Payments} round=${round} names=${why.data?.names} explanation=${explanation} currency=${currency} />
    <${WhatIf} round=${round} charter=${charter} />
  </div>`;
}

export function ruleName(rule) {
  const [name, fields] = typeof rule === "string" ? [rule, {}] : Object.entries(rule)[0];
  const detail = [fields.utility, fields.completion, fields.order].filter((each) => each && each !== "none").map((each) => t(`rule.${each}`, { defaultValue: each }));
  return t(`rule.${name}`) + (detail.length ? ` (${detail.join(", ")})` : "");
}

// What just missed, and by how much.
function Missed({ explanation, names, round, currency, answer }) {
  const missed = (explanation?.loans ?? []).filter((loan) => loan.fate["passed-over"]);
  const nearest = [...missed].sort((a, b) => Number(BigInt(a.fate["passed-over"].missing ?? a.amount) - BigInt(b.fate["passed-over"].missing ?? b.amount)));
  return html`<${Card} wide title=${t("outcome.missed")}>
    ${!explanation
      ? html`<${Waiting} answer=${answer} />`
      : nearest.length === 0
        ? html`<${Empty}>${t("outcome.missedNone")}<//>`
        : html`<ul class="entries">
            ${nearest.map((loan) => {
              const fate = loan.fate["passed-over"];
              return html`<li key=${loan.proposal}>
                <div class="row"><a href=${link("proposals", loan.proposal)}>${names[loan.proposal]?.title}</a><strong>${money(loan.amount, currency)}</strong></div>
                <p>${reason(fate.reason, currency)}.
                  ${fate.missing !== null && html` ${t("outcome.missing", { missing: money(fate.missing, currency), left: money(fate.left, currency) })}`}
                  ${fate.cap && html` ${t("outcome.cap", { with: money(fate.cap.with, currency), allowed: money(fate.cap.allowed, currency) })}`}</p>
                ${fate.left !== null && html`<${Meter} parts=${[{ size: part(fate.left, loan.amount), kind: "missed" }]} label=${t("allocation.meter", { left: money(fate.left, currency), amount: money(loan.amount, currency) })} />`}
                <${Nearly} round=${round} proposal=${loan.proposal} currency=${currency} />
              </li>`;
            })}
          </ul>`}
  <//>`;
}

// What would have been enough: found by running the rule again, so it is asked for.
function Nearly({ round, proposal, currency }) {
  const [wanted, setWanted] = useState(false);
  const answer = useAnswer(wanted ? `/v1/outcomes/${round}/explanation/${proposal}` : null, []);
  if (!wanted) return html`<button type="button" class="link" onClick=${() => setWanted(true)}>${t("outcome.enough")}</button>`;
  if (!answer.data) return html`<${Waiting} answer=${answer} />`;
  const { distance } = answer.data;
  if (!distance) return html`<p>${t("outcome.enoughUnknown")}</p>`;
  return html`<ul class="list">
    <li>${distance.further_supporters === null ? t("outcome.noSupporters") : t("outcome.supporters", { count: Number(distance.further_supporters) })}</li>
    <li>${distance.greatest_cost === null ? t("outcome.noAmount") : t("outcome.amount", { amount: money(distance.greatest_cost, currency) })}</li>
  </ul>`;
}

function Motions({ motions, proposals }) {
  return html`<${Card} wide title=${t("outcome.motions")}>
    <ul class="entries">
      ${motions.map((motion) => {
        const all = BigInt(motion.yes) + BigInt(motion.no) + BigInt(motion.abstain);
        const words = t("outcome.answers", { yes: count(motion.yes), no: count(motion.no), abstain: count(motion.abstain) });
        return html`<li key=${motion.proposal}>
          <div class="row"><a href=${link("proposals", motion.proposal)}>${proposals[motion.proposal]?.title}</a>
            <${Badge} kind=${motion.carried ? "good" : "off"}>${t(motion.carried ? "outcome.carried" : motion.quorum ? "outcome.notCarried" : "outcome.noQuorum")}<//></div>
          <${Meter} parts=${[{ size: part(motion.yes, all) }, { size: part(motion.no, all), kind: "against" }]} label=${words} />
          <p class="quiet">${words}</p>
        </li>`;
      })}
    </ul>
  <//>`;
}

// Whose vote paid what.
function Payments({ round, names, explanation, currency }) {
  const [wanted, setWanted] = useState("");
  const answer = useAnswer(wanted ? `/v1/outcomes/${round}/explanation/${wanted}` : null, []);
  const members = useAnswer(wanted ? "/v1/members?limit=10000" : null, []);
  const funded = (explanation?.loans ?? []).filter((loan) => loan.fate.funded).sort((a, b) => a.fate.funded.place - b.fate.funded.place);
  const who = useMemo(() => new Map(members.data?.map((member) => [member.key, member.name])), [members.data]);
  if (funded.length === 0) return null;
  const paid = (answer.data?.supporters ?? []).filter((each) => each.paid).sort((a, b) => Number(BigInt(b.paid) - BigInt(a.paid)));
  return html`<${Card} wide title=${t("outcome.paid")}>
    <label class="choice">${t("outcome.paidFor")}${" "}
      <select value=${wanted} onChange=${(event) => setWanted(event.target.value)}>
        <option value="">${t("outcome.choose")}</option>
        ${funded.map((loan) => html`<option value=${loan.proposal}>${loan.fate.funded.place}. ${names[loan.proposal]?.title}</option>`)}
      </select></label>
    ${wanted &&
    (answer.data
      ? html`<${Table}
          caption=${t("outcome.paid")}
          head=${[t("table.member"), t("table.score"), t("table.paid"), t("table.left")]}
          rows=${paid.map((each) => [who.get(each.member) ?? short(each.member), each.score, money(each.paid, currency, {}), each.left === null ? "–" : money(each.left, currency, {})])}
          numbers=${[1, 2, 3]}
        />`
      : html`<${Waiting} answer=${answer} />`)}
  <//>`;
}

function WhatIf({ round, charter }) {
  const [state, setState] = useState({});
  const ask = async () => {
    setState({ busy: true });
    try {
      setState({ view: await post(`/v1/outcomes/${round}/what-if`, { changes: OTHERS.map((rule) => ({ rule })) }) });
    } catch (problem) {
      setState({ problem });
    }
  };
  useEffect(() => setState({}), [round]);
  const { view } = state;
  const variants = view ? [view.base, ...view.variants.filter((each) => JSON.stringify(each.rule) !== JSON.stringify(view.base.rule))] : [];
  const mark = (variant, proposal) => (variant.funded.some((loan) => loan.proposal === proposal) ? html`<span class="yes">● <span class="hidden">${t("allocation.funded")}</span></span>` : html`<span class="quiet">– <span class="hidden">${t("allocation.missed")}</span></span>`);
  return html`<${Card} wide title=${t("outcome.whatIf")}>
    <p class="quiet">${t("outcome.whatIfNote")}</p>
    ${!view && html`<button type="button" onClick=${ask} disabled=${state.busy}>${state.busy ? t("frame.loading") : t("outcome.try")}</button>`}
    ${state.problem && html`<${Trouble} role="alert" problem=${state.problem} />`}
    ${view &&
    html`<${Table}
      caption=${t("outcome.whatIf")}
      head=${[t("table.loan"), ...variants.map((variant, n) => html`${ruleName(variant.rule)}${n === 0 && html`<br /><small>${t("outcome.charters")}</small>`}`)]}
      rows=${[
        ...view.loans.map((id) => [html`<a href=${link("proposals", id)}>${view.names[id]?.title}</a>`, ...variants.map((variant) => mark(variant, id))]),
        [html`<strong>${t("allocation.allocated")}</strong>`, ...variants.map((variant) => money(variant.allocated, charter.currency))],
        [html`<strong>${t("outcome.represented")}</strong>`, ...variants.map((variant) => share(part(variant.represented, view.voted)))],
      ]}
    />`}
  <//>`;
}
