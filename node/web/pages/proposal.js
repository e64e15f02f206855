// One proposal: what it is, what speaks for and against it, how it is rated, and what became of it.
import { html, useEffect } from "../base/ui.js";
import { has, t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { count, day, money, part, points, share, short, shortTime } from "../base/format.js";
import { Badge, Card, Empty, Fact, Waiting } from "../parts/card.js";
import { Course } from "../parts/course.js";
import { Meter } from "../parts/meter.js";
import { officeKey } from "../parts/offices.js";
import { Predict } from "../parts/predict.js";
import { Respond } from "../parts/say.js";
import { Talk } from "../parts/talk.js";
import { useMe } from "../parts/me.js";
import { VoteBox } from "../parts/votebox.js";
import { StatusBadge, kindOf, rating, reason, subjectOf, validity } from "../parts/proposal.js";

// While a forecast is drawn, how far it has come is asked again after so many milliseconds.
const DRAWING = 1000;

export function Proposal({ id, charter, own }) {
  const answer = useAnswer(`/v1/proposals/${id}`);
  const { me, member } = useMe(own);
  if (!answer.data || !charter) return html`<h1>${t("frame.page.proposals")}</h1><${Waiting} answer=${answer} />`;
  const proposal = answer.data;
  const subject = subjectOf(proposal);
  const isOpen = proposal.status === "open";
  return html`
    <p class="quiet back"><a href=${link("proposals")}>← ${t("frame.page.proposals")}</a></p>
    <div class="row title"><h1>${subject.title}</h1><${StatusBadge} proposal=${proposal} /></div>
    <div class="grid">
      <${Terms} proposal=${proposal} charter=${charter} />
      ${isOpen && html`<${VoteBox} proposal=${proposal} charter=${charter} me=${me} member=${member} />`}
      ${isOpen && proposal.subject.loan && html`<${Chances} proposal=${proposal} charter=${charter} me=${me} />`}
      ${proposal.subject.loan && html`<${Ratings} proposal=${proposal} charter=${charter} />`}
      ${proposal.account && html`<${Account} proposal=${proposal} charter=${charter} />`}
      ${(proposal.responses.length > 0 || proposal.status === "decided") && html`<${Responses} proposal=${proposal} own=${own} />`}
      <${Talk} proposal=${proposal} me=${me} own=${own} />
    </div>`;
}

function Terms({ proposal, charter }) {
  const { loan } = proposal.subject;
  const subject = subjectOf(proposal);
  return html`<${Card} title=${t(`proposals.kinds.${kindOf(proposal)}`)}>
    ${loan && html`<p class="big">${money(loan.amount, charter.currency)}</p>`}
    <p class="text">${subject.purpose ?? subject.text}</p>
    <dl class="facts small">
      ${loan &&
      html`<${Fact} name=${t("terms.borrower")}>${loan.borrower}<//>
        <${Fact} name=${t("terms.category")}>${charter.categories[loan.category]}<//>
        <${Fact} name=${t("terms.term")}>${t("terms.months", { count: loan.term })}<//>
        <${Fact} name=${t("terms.rate")}>${points(loan.rate)}<//>
        <${Fact} name=${t("terms.repayment")}>${t(`terms.${loan.repayment}`)}<//>
        <${Fact} name=${t("terms.expires")}>${day(loan.expires)}<//>`}
      <${Fact} name=${t("terms.owner")}>${proposal.owner_name}<//>
    </dl>
    ${proposal.amendments > 0 && html`<p class="quiet">${t("terms.amended", { count: proposal.amendments, height: proposal.since })}</p>`}
    ${loan?.documents.length > 0 &&
    html`<h3>${t("terms.documents")}</h3><ul class="list">${loan.documents.map((hash) => html`<li><code>${hash}</code></li>`)}</ul>`}
    <p class="quiet">${t("terms.id")} <code>${short(proposal.id)}</code> · ${t("terms.seal", { height: proposal.height })}</p>
  <//>`;
}

function Chances({ proposal, charter, me }) {
  const forecast = useAnswer("/v1/forecast", ["sealed", "reset", "beginning"]);
  const why = useAnswer(`/v1/outcomes/current/explanation/${proposal.id}`, ["sealed", "taken", "reset", "beginning"]);
  const chance = forecast.data?.view?.forecast.chances.find((each) => each.proposal === proposal.id);
  const drawing = forecast.data && !forecast.data.view;
  useEffect(() => {
    if (!drawing) return undefined;
    const timer = setTimeout(forecast.again, DRAWING);
    return () => clearTimeout(timer);
  }, [forecast.data]);
  const { draws } = forecast.data?.view?.forecast ?? {};
  const fate = why.data?.loan.fate["passed-over"];
  const { against, too_large: tooLarge } = proposal.eligibility;
  return html`<${Card} title=${t("chances.title")}>
    ${against.length > 0 &&
    html`<p>${t("chances.against")}</p><ul class="list">${against.map((each) => html`<li>${reason(each, charter.currency)}</li>`)}</ul>`}
    ${tooLarge.length > 0 && html`<p>${t("chances.tooLarge")}</p><ul class="list">${tooLarge.map((each) => html`<li lang="en">${each}</li>`)}</ul>`}
    ${chance?.funded !== null &&
    chance !== undefined &&
    html`<p class="big">${share(part(chance.funded, draws))} <small>${t("chances.forecast")}</small></p>
      <${Meter} parts=${[{ size: part(chance.funded, draws) }]} label=${t("chances.words", { share: share(part(chance.funded, draws)) })} />
      <p class="quiet">${t("chances.note", { draws: count(draws) })}</p>
      <${Course} id=${proposal.id} forecast=${forecast.data.view.forecast} funded=${chance.funded} />`}
    ${drawing && html`<p class="quiet" role="status">${t("chances.drawing", { done: count(forecast.data.done), of: count(forecast.data.of) })}</p>`}
    ${why.data?.loan.fate.funded && html`<p><${Badge} kind="good">${t("chances.now")}<//></p>`}
    ${fate &&
    html`<h3>${t("chances.nowNot")}</h3>
      <p>${reason(fate.reason, charter.currency)}.${fate.missing !== null && html` ${t("outcome.missing", { missing: money(fate.missing, charter.currency), left: money(fate.left, charter.currency) })}`}</p>
      ${why.data.distance?.further_supporters && html`<p>${t("outcome.supporters", { count: Number(why.data.distance.further_supporters) })}</p>`}`}
    ${proposal.predictions && html`<p>${t("chances.predictions", { count: proposal.predictions.count, mean: share(Number(proposal.predictions.mean.decimal), 2) })}</p>`}
    <${Predict} proposal=${proposal} me=${me} />
  <//>`;
}

function Ratings({ proposal, charter }) {
  const history = proposal.history ?? [];
  return html`<${Card} title=${t("ratings.title")} wide=${history.length > 1}>
    ${proposal.eligibility?.figures && html`<p><strong>${rating(proposal.eligibility.figures)}</strong></p>`}
    ${history.length === 0
      ? html`<${Empty}>${t("ratings.none")}<//>`
      : html`<ol class="entries">
          ${[...history].reverse().map(
            (entry) => html`<li key=${entry.id} class=${entry.counts ? "" : "off"}>
              <div class="row">
                <${Badge} kind=${entry.counts ? (entry.assessment.verdict === "approved" ? "good" : "bad") : "off"}>${t(`ratings.${entry.assessment.verdict}`)}<//>
                <span class="quiet">${shortTime(entry.time)} · ${t("terms.seal", { height: entry.height })}</span>
              </div>
              <p>${rating(entry.assessment)}; ${t("ratings.greatest", { amount: money(entry.assessment.greatest_amount, charter.currency) })}; ${validity(entry.assessment.valid_until)}</p>
              ${entry.assessment.reasons.length > 0 && html`<ul class="list">${entry.assessment.reasons.map((each) => html`<li>${each}</li>`)}</ul>`}
              ${entry.assessment.conditions.length > 0 && html`<p>${t("ratings.conditions")}</p><ul class="list">${entry.assessment.conditions.map((each) => html`<li>${each}</li>`)}</ul>`}
              ${entry.ended && html`<p class="quiet">${t("ratings.ended")} <span lang="en">${entry.ended}</span></p>`}
              <p class="quiet">${t("ratings.by")} <code>${short(entry.attestor)}</code></p>
            </li>`,
          )}
        </ol>`}
  <//>`;
}

function Account({ proposal, charter }) {
  const { account } = proposal;
  const show = (value) => money(value, charter.currency);
  return html`<${Card} title=${t("money.account")}>
    <dl class="facts">
      <${Fact} name=${t("money.disbursed")}>${show(account.sums.disbursed)}<//>
      <${Fact} name=${t("money.undrawn")}>${show(account.undrawn)}<//>
      <${Fact} name=${t("money.outstanding")}>${show(account.outstanding)}<//>
      <${Fact} name=${t("money.repaid")}>${show(account.sums.repaid)}<//>
      <${Fact} name=${t("money.lost")}>${show(account.lost)}<//>
    </dl>
    ${account.movements?.length > 0 &&
    html`<ul class="entries">${account.movements.map((each) => html`<li class="row"><span>${t(`step.${each.step}`, { defaultValue: each.step })}</span><span>${show(BigInt(each.principal) + BigInt(each.interest))}</span><span class="quiet">${shortTime(each.time)}</span></li>`)}</ul>`}
    <p><a href=${link("outcome", String(proposal.round))}>${t("money.why", { round: proposal.round })}</a></p>
  <//>`;
}

function Responses({ proposal, own }) {
  const { responses } = proposal;
  const board = officeKey(own, "board");
  return html`<${Card} title=${t("responses.title")}>
    ${responses.length === 0 && html`<${Empty}>${t("responses.none")}<//>`}
    <ol class="entries">
      ${responses.map(
        (each) => html`<li><div class="row"><${Badge}>${has(`responses.${each.status}`) ? t(`responses.${each.status}`) : each.status}<//><span class="quiet">${shortTime(each.time)}</span></div><p class="text">${each.reason}</p></li>`,
      )}
    </ol>
    ${board && proposal.status === "decided" && html`<details class="say"><summary>${t("responses.answer")}</summary><${Respond} about=${[proposal.id]} board=${board} /></details>`}
  <//>`;
}
