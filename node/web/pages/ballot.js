// The member's ballot: all that is open at once, with what it would change.
import { html, useEffect, useMemo, useState } from "../base/ui.js";
import { post } from "../base/api.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { money, short } from "../base/format.js";
import { Act } from "../parts/act.js";
import { Badge, Card, Empty, Waiting } from "../parts/card.js";
import { Delegations } from "../parts/delegations.js";
import { PersonChoice, useMe } from "../parts/me.js";
import { Receipts } from "../parts/receipts.js";
import { subjectOf } from "../parts/proposal.js";
import { Trouble } from "../parts/trouble.js";

// While somebody is still choosing, nothing is asked, in milliseconds.
const PAUSE = 250;
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
    <${Sheet} key=${`${me}-${cast?.id}`} me=${me} member=${member} open=${open} cast=${cast} status=${status} charter=${charter} />
    <${Delegations} view=${delegations.data} me=${me} charter=${charter} />`;
}

function Sheet({ me, member, open, cast, status, charter }) {
  const before = useMemo(
    () => ({
      ...Object.fromEntries((cast?.ballot.scores ?? []).map((line) => [line.proposal, line.score])),
      ...Object.fromEntries((cast?.ballot.answers ?? []).map((line) => [line.proposal, line.choice])),
    }),
    [cast?.id],
  );
  const [said, setSaid] = useState(before);
  const [standing, setStanding] = useState(cast?.ballot.standing ?? false);
  const set = (id, value) => setSaid((now) => ({ ...now, [id]: value }));
  const loans = open.filter((proposal) => proposal.subject.loan);
  const motions = open.filter((proposal) => !proposal.subject.loan);
  const lines = [
    ...loans.filter((each) => said[each.id] > 0).map((each) => `${short(each.id)}=${said[each.id]}`),
    ...motions.filter((each) => said[each.id]).map((each) => `${short(each.id)}=${said[each.id]}`),
  ];
  const changed = standing !== (cast?.ballot.standing ?? false) || open.some((each) => (said[each.id] || 0) !== (before[each.id] || 0));
  const byId = (a, b) => (a.proposal < b.proposal ? -1 : 1);
  const draft = {
    round: status.round,
    standing,
    scores: loans.filter((each) => said[each.id] > 0).map((each) => ({ proposal: each.id, score: said[each.id] })).sort(byId),
    answers: motions.filter((each) => said[each.id]).map((each) => ({ proposal: each.id, choice: said[each.id] })).sort(byId),
  };
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
      <${Preview} me=${me} draft=${draft} changed=${changed} charter=${charter} />
      <${Card} title=${t("ballot.cast")}>
        <p>${t(changed ? "ballot.changed" : cast ? "ballot.same" : "ballot.nothing")}</p>
        ${changed && lines.length === 0 && html`<p class="quiet">${t("ballot.empty")}</p>`}
        ${lines.length > 0 &&
        html`<${Act} label=${t("act.cast")} words=${["vote", ...lines, ...(standing ? ["--standing"] : [])]} member=${me} ready=${changed} />`}
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
