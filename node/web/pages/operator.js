// The operator's work: what waits for those who hold an office, with the forms for it. Shown where their keys lie.
import { html, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { money, moment, shortTime } from "../base/format.js";
import { Admission } from "../parts/admission.js";
import { Attestation } from "../parts/attestation.js";
import { Badge, Card, Empty, Waiting } from "../parts/card.js";
import { heldOffices, officeKey } from "../parts/offices.js";
import { Respond } from "../parts/say.js";

// How far ahead attestations that run out are listed, in milliseconds.
const AHEAD = 14 * 86_400_000;

export function Operator({ status, charter, own }) {
  const heading = html`<h1>${t("frame.page.operator")}</h1>`;
  if (!status || !charter || !own) return html`${heading}<${Empty}>${t("frame.loading")}<//>`;
  const [attestor, registrar, board] = ["attestor", "registrar", "board"].map((role) => officeKey(own, role));
  return html`${heading}
    <p class="lead">${heldOffices(own).length === 0 ? t("operator.none") : t("operator.lead")}</p>
    <div class="grid">
      ${attestor && html`<${Queue} attestor=${attestor} charter=${charter} />`}
      ${board && html`<${Owed} status=${status} board=${board} />`}
      ${registrar && html`<${Admission} registrar=${registrar} charter=${charter} />`}
    </div>`;
}

function Queue({ attestor, charter }) {
  const answer = useAnswer(`/v1/attestors/${attestor}/queue?within=${AHEAD}`, ["sealed", "taken", "reset", "beginning"]);
  const [open, setOpen] = useState(null);
  if (!answer.data) return html`<${Card} wide title=${t("operator.queue")}><${Waiting} answer=${answer} /><//>`;
  const { entries, suspended, needed, attestors, close, pending } = answer.data;
  return html`<${Card} wide title=${t("operator.queue")} aside=${html`<${Badge} kind=${entries.length > 0 ? "wait" : "good"}>${t("operator.loans", { count: entries.length })}<//>`}>
    ${suspended && html`<p class="trouble" role="alert">${t("operator.suspended", { reason: suspended })}</p>`}
    <p class="quiet">${t("operator.needed", { needed, count: attestors })} ${t("operator.judged", { moment: moment(close) })}</p>
    ${pending.length > 0 && html`<p class="quiet" role="status">${t("operator.pending", { count: pending.length })}</p>`}
    ${entries.length === 0 && html`<${Empty}>${t("operator.nothing")}<//>`}
    <ul class="entries" data-test="queue">
      ${entries.map((entry) => {
        const isOpen = open === entry.proposal;
        return html`<li key=${entry.proposal}>
          <div class="row"><a href=${link("proposals", entry.proposal)}>${entry.title}</a><strong>${money(entry.amount, charter.currency)}</strong></div>
          <p class="quiet">${entry.borrower} · ${entry.category}${entry.amendments > 0 && html` · ${t("operator.amended", { count: entry.amendments })}`}</p>
          <div class="row"><span><${Badge} kind=${entry.task === "renew" ? "plain" : "wait"}>${t(`operator.task.${entry.task}`)}<//>
              ${entry.missing > 0 && html` <span class="quiet">${t("operator.missing", { count: entry.missing })}</span>`}
              ${entry.disagree && html` <${Badge} kind="bad">${t("operator.disagree")}<//>`}</span>
            <button type="button" aria-expanded=${String(isOpen)} data-test="attest" aria-label=${`${t("operator.attest")}: ${entry.title}`} onClick=${() => setOpen(isOpen ? null : entry.proposal)}>${t("operator.attest")}</button></div>
          ${isOpen && html`<${Attestation} entry=${entry} attestor=${attestor} charter=${charter} close=${close} />`}
        </li>`;
      })}
    </ul>
  <//>`;
}

// Words that name what is answered, its title, and where it is.
function owedOf({ about, title }, questions) {
  const [kind, value] = Object.entries(about)[0];
  if (kind === "outcome") return { kind, words: [`--round=${value}`], title: t("operator.outcome", { round: value }), place: link("outcome", String(value)) };
  if (kind === "motion") return { kind, words: [value], title, place: link("proposals", value) };
  const question = questions.find((each) => each.id === value);
  return { kind, words: [value], title: question?.title ?? title, place: question && link("proposals", question.proposal) };
}

function Owed({ status, board }) {
  const [open, setOpen] = useState(null);
  const owed = status.waiting.map((each) => ({ ...owedOf(each, status.questions), id: JSON.stringify(each.about), since: each.since, said: each.status }));
  const count = status.waiting_count;
  return html`<${Card} wide title=${t("operator.owed")} aside=${html`<${Badge} kind=${count > 0 ? "wait" : "good"}>${t("operator.answers", { count })}<//>`}>
    ${owed.length === 0 && html`<${Empty}>${t("operator.noneOwed")}<//>`}
    <ul class="entries" data-test="owed">
      ${owed.map((each) => html`<li key=${each.id}>
        <div class="row"><span>${each.place ? html`<a href=${each.place}>${each.title}</a>` : each.title}</span>
          <button type="button" aria-expanded=${String(open === each.id)} aria-label=${`${t("operator.answer")}: ${each.title}`} onClick=${() => setOpen(open === each.id ? null : each.id)}>${t("operator.answer")}</button></div>
        <p class="quiet">${t(`operator.kind.${each.kind}`)} · ${t("operator.since", { time: shortTime(each.since) })}${each.said && html` · ${t(`responses.${each.said}`)}`}</p>
        ${open === each.id && html`<div class="form"><${Respond} about=${each.words} board=${board} /></div>`}
      </li>`)}
    </ul>
  <//>`;
}
