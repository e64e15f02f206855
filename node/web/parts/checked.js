// What came of checks: a sentence, the facts, and each check with what it means.
import { html } from "../base/ui.js";
import { count, moment, short } from "../base/format.js";
import { has, t } from "../base/text.js";
import { Badge } from "./card.js";

export function Checked({ result }) {
  const verdict = result.ok ? "valid" : result.undecided ? "undecided" : "refused";
  const kind = { valid: "good", undecided: "wait", refused: "bad" }[verdict];
  const failed = result.checks.find(({ ok }) => !ok);
  return html`
    <p data-test="verdict" data-verdict=${verdict}><${Badge} kind=${kind}>${t(`check:${verdict}`)}<//> ${sentence(result)}</p>
    ${result.undecided && html`<p class="trouble" lang="en">${result.undecided}</p>`}
    ${failed && html`<p class="trouble"><strong>${failed.name}</strong> ${meaning(failed.name)}.${" "}
      <span lang="en">${failed.detail}</span>${" "}${result.place && where(result.place)}</p>`}
    ${result.facts && html`<${Facts} result=${result} />`}
    <p class="quiet"><small>${t(result.own ? "check:againstOwn" : "check:against")} <code>${result.community}</code></small></p>
    <${Table} of=${t(`check:${TITLES[result.kind]}`)} checks=${result.checks} />
    ${result.ok && result.facts.notMade && html`<${NotMade} names=${result.facts.notMade} />`}`;
}

function meaning(name) {
  const key = `check:meaning.${name.replace(".", "_")}`;
  return has(key) ? t(key) : name;
}

function where({ seal, record }) {
  if (seal === null) return t("check:placeFile");
  return record === null ? t("check:place", { seal: count(seal) }) : t("check:placeRecord", { seal: count(seal), record });
}

function sentence({ kind, ok, facts, undecided }) {
  if (kind === "log") {
    const height = count(facts.height);
    if (undecided) return t("check:logUndecided", { height });
    if (!ok) return t("check:logRefused", { height });
    return t("check:logValid", { seals: height, count: facts.records, rounds: count(facts.rounds), time: moment(facts.time) });
  }
  if (!ok) return t(`check:${kind}Refused`);
  if (kind === "evidence") return t("check:evidenceValid", { what: t(`check:evidence_${facts.kind}`) });
  if (kind !== "seal") return "";
  const { height, records, signers, time } = facts;
  return t("check:sealValid", { height: count(height), count: records, signers: count(signers), time: moment(time) });
}

function Receipt({ facts: { sealed, counted } }) {
  const isThis = sealed && counted?.ballots.length === 1 && counted.ballots[0] === sealed.record;
  return html`
    ${sealed && html`<p>${t("check:sealedFact", {
      record: short(sealed.record),
      author: short(sealed.author),
      sequence: count(sealed.sequence),
      height: count(sealed.height),
      time: moment(sealed.time),
    })}</p>`}
    ${counted && html`<p>${t("check:countedFact", {
      round: counted.round,
      height: count(counted.height),
      time: moment(counted.time),
      key: short(counted.key),
    })}${" "}
      <strong data-test="counted">${t(`check:counted_${isThis ? "this" : counted.how}`, { ballot: counted.ballots.map(short).join(", ") })}</strong>
      ${counted.how !== "unlisted" && html`${" "}${t("check:weight", { weight: count(counted.weight) })}`}</p>`}`;
}

const Evidence = ({ facts }) => html`<p>${t("check:accused")}${" "}
  ${facts.keys.map((key) => html`<code>${key}</code> `)}</p>`;

const Seal = ({ facts }) => html`<p>${facts.closes && html`${t("check:sealCloses")}${" "}`}${t("check:id")} <code>${facts.id}</code></p>`;

const Log = ({ facts }) => html`<p>${facts.charters > 0 && html`${t("check:charters", { count: facts.charters })}${" "}`}
  ${t("check:head")} <code>${facts.head}</code></p>`;

const FACTS = { receipt: Receipt, evidence: Evidence, seal: Seal, log: Log };

const Facts = ({ result }) => html`<${FACTS[result.kind]} facts=${result.facts} />`;

const TITLES = { receipt: "file", evidence: "file", seal: "seal", log: "log" };

const Table = ({ of, checks }) => html`<details><summary>${t("check:checks")} (${checks.length})</summary>
  <div class="scroll" tabindex="0" role="region" aria-label=${`${t("check:checks")}: ${of}`}><table>
    <thead><tr><th scope="col">${t("check:name")}</th><th scope="col">${t("check:what")}</th>
      <th scope="col" class="number">${t("check:times")}</th><th scope="col">${t("check:result")}</th></tr></thead>
    <tbody>${checks.map(
      ({ name, ok, times }) => html`<tr><th scope="row">${name}</th><td>${meaning(name)}</td><td class="number">${count(times)}</td>
        <td><${Badge} kind=${ok ? "good" : "bad"}>${t(ok ? "check:ok" : "check:failed")}<//></td></tr>`,
    )}</tbody>
  </table></div></details>`;

const NotMade = ({ names }) => html`<details><summary>${t("check:notMade")}</summary>
  <p>${t("check:notMadeNote")}</p>
  <ul class="list">${names.map((name) => html`<li><strong>${name}</strong> ${meaning(name)}</li>`)}</ul>
  <p>${t("check:partly")}</p></details>`;
