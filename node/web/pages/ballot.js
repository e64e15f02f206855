// The member's ballot: all that is open at once, with what it would change.
import { html, useEffect, useState } from "../base/ui.js";
import { post } from "../base/api.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { money } from "../base/format.js";
import { Act } from "../parts/act.js";
import { Badge, Card, Empty, Waiting } from "../parts/card.js";
import { Delegations } from "../parts/delegations.js";
import { PersonChoice, useMe } from "../parts/me.js";
import { Receipts } from "../parts/receipts.js";
import { subjectOf } from "../parts/proposal.js";
import { Trouble } from "../parts/trouble.js";
import { isStanding, linesOf, saidBefore, toSign } from "../parts/sheet.js";

// While somebody is still choosing, nothing is asked, in milliseconds.
const PAUSE = 40;
const LIVE = ["sealed", "taken", "closed", "reset", "beginning"];

export function Ballot({ status, charter, own }) {
  const { me, member, choose } = useMe(own);
  const proposals = useAnswer("/v1/proposals");
  const ballot = useAnswer(me ? `/v1/ballots/${me}` : null, LIVE);
  const delegations = useAnswer(me ? `/v1/delegations/${me}` : null, LIVE);
  const heading = html`<div class="row title"><h1>${t("frame.page.ballot")}</h1><${PersonChoice} own=${own} me=${me} choose=${choose} /></div>`;
  if (!me) return html`${heading}<${Empty}>${t("mine.choose")}<//>`;
  if (!proposals.data || !ballot.data || !charter || !status) return html`${heading}<${Waiting} answer=${ballot.problem ? ballot : proposals} />`;
  const open = proposals.data.filter((proposal) => proposal.status === "open");
  const cast = ballot.data.newest ?? ballot.data.standing;
  return html`${heading}
    <${Sheet} key=${`${me}-${cast?.id}-${ballot.data.standing?.id}`} me=${me} member=${member} open=${open} held=${ballot.data} status=${status} charter=${charter} />
    <${Delegations} view=${delegations.data} me=${me} charter=${charter} />`;
}

function Sheet({ me, member, open, held, status, charter }) {
  const cast = held.newest ?? held.standing;
  const [said, setSaid] = useState(() => saidBefore(open, cast));
  const [standing, setStanding] = useState(isStanding(held));
  const set = (id, value) => setSaid((now) => ({ ...now, [id]: value }));
  const loans = open.filter((proposal) => proposal.subject.loan);
  const motions = open.filter((proposal) => !proposal.subject.loan);
  const { vote, end } = toSign({ held, open, said, standing });
  const lines = linesOf(open, said);
  const isEmpty = lines.scores.length + lines.answers.length === 0;
  const draft = { round: status.round, standing, ...lines };
  return html`<div class="grid">
    <${Card} title=${t("ballot.loans")} aside=${html`<${Badge} kind=${cast ? (cast.sealed ? "good" : "wait") : "wait"}>${t(cast ? (cast.sealed ? "mine.sealed" : "mine.unsealed") : "mine.none")}<//>`}>
      ${loans.length === 0 && html`<${Empty}>${t("allocation.none")}<//>`}
      <ul class="entries">
        ${loans.map((proposal) => {
          const { loan } = proposal.subject;
          const value = Number(said[proposal.id] ?? 0);
          return html`<li key=${proposal.id}>
            <div class="row"><a href=${link("proposals", proposal.id)}>${loan.title}</a><span>${money(loan.amount, charter.currency)}</span></div>
            <label class="score"><span class="hidden">${t("ballot.score", { title: loan.title })}</span>
              <input type="range" min="0" max=${charter.limits.score} step="1" value=${value} onInput=${(event) => set(proposal.id, Number(event.target.value))} />
              <output>${value === 0 ? "–" : value}</output></label>
            ${!proposal.eligibility.eligible && html`<p class="quiet small">${t("status.ineligible")}</p>`}
          </li>`;
        })}
      </ul>
      ${motions.length > 0 && html`<h3>${t("outcome.motions")}</h3>`}
      ${motions.map(
        (proposal) => html`<fieldset class="motion" key=${proposal.id}>
          <legend><a href=${link("proposals", proposal.id)}>${subjectOf(proposal).title}</a></legend>
          ${["yes", "no", "abstain", ""].map(
            (choice) => html`<label><input type="radio" name=${proposal.id} checked=${(said[proposal.id] ?? "") === choice} onChange=${() => set(proposal.id, choice)} /> ${t(`vote.${choice || "silent"}`)}</label>`,
          )}
        </fieldset>`,
      )}
      <label class="block"><input type="checkbox" checked=${standing} onChange=${(event) => setStanding(event.target.checked)} /> ${t("ballot.standing")}</label>
    <//>
    <div>
      <${Preview} me=${me} draft=${draft} changed=${vote !== null} charter=${charter} />
      <${Card} title=${t("ballot.cast")}>
        <p>${t(vote ? "ballot.changed" : cast ? "ballot.same" : "ballot.nothing")}</p>
        ${vote && isEmpty && html`<p class="quiet">${t("ballot.empty")}</p>`}
        ${vote && html`<${Act} label=${t("act.cast")} words=${vote} member=${me} />`}
        ${end && html`<p class="quiet">${t(status.round > 1 ? "ballot.standingCounts" : "ballot.standingFirst")}</p>`}
        ${end && status.round > 1 && html`<${Act} label=${t("act.endStanding")} words=${end} member=${me} />`}
        ${member && html`<p class="quiet">${t("ballot.weight", { count: member.weight })}</p>`}
      <//>
      <${Receipts} me=${me} cast=${cast} round=${status.round} />
    </div>
  </div>`;
}

// What would come out with this ballot, beside what would without it.
function Preview({ me, draft, changed, charter }) {
  const text = JSON.stringify(draft);
  const current = useAnswer("/v1/outcomes/current", LIVE);
  const [state, setState] = useState({});
  useEffect(() => {
    if (!changed) return setState({});
    const control = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setState({ view: await post("/v1/preview", { member: me, ballot: JSON.parse(text) }, control.signal) });
      } catch (problem) {
        if (problem.name !== "AbortError") setState({ problem });
      }
    }, PAUSE);
    return () => (clearTimeout(timer), control.abort());
  }, [text, changed, me, current.data?.digest]);
  const view = state.view ?? current.data;
  if (!view || !current.data) return html`<${Card} title=${t("ballot.preview")}><${Waiting} answer=${current} /><//>`;
  const before = new Set(current.data.outcome.funded.map((loan) => loan.proposal));
  const after = new Set(view.outcome.funded.map((loan) => loan.proposal));
  const shown = view.outcome.candidates.filter((each) => !each.result.ineligible);
  return html`<${Card} title=${t("ballot.preview")}>
    <p class="quiet">${t("ballot.previewNote")}</p>
    ${state.problem && html`<${Trouble} role="alert" problem=${state.problem} />`}
    ${shown.length === 0 && html`<${Empty}>${t("ballot.nothingEligible")}<//>`}
    <ul class="entries" aria-live="polite" data-test="preview">
      ${shown.map((each) => {
        const id = each.proposal;
        const now = after.has(id);
        const moved = now !== before.has(id);
        return html`<li key=${id} class="row">
          <span>${view.proposals[id]?.title}<br /><small>${money(each.amount, charter.currency)}</small></span>
          <${Badge} kind=${now ? "good" : moved ? "bad" : "off"}>${t(now ? (moved ? "ballot.nowFunded" : "allocation.funded") : moved ? "ballot.noLonger" : "allocation.missed")}<//>
        </li>`;
      })}
    </ul>
  <//>`;
}
