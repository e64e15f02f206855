// Where the community stands now.
import { html } from "../base/ui.js";
import { t } from "../base/text.js";
import { useAnswer, useClock } from "../base/state.js";
import { count, left, moment, money, part, share, short } from "../base/format.js";
import { Badge, Card, Empty, Fact, Waiting } from "../parts/card.js";
import { Allocation } from "../parts/allocation.js";
import { Notices } from "../parts/notices.js";
import { Meter } from "../parts/meter.js";
import { PersonChoice, useMe } from "../parts/me.js";
import { link } from "../base/router.js";
import { titleOf } from "../parts/proposal.js";

const LIVE = ["sealed", "closed", "taken", "reset", "beginning"];

export function Now({ status, charter, own }) {
  const outcome = useAnswer("/v1/outcomes/current", LIVE);
  const proposals = useAnswer("/v1/proposals");
  const waiting = !status || !charter;
  return html`<h1>${t("now.title", { round: status?.round ?? "" })}</h1>
    ${waiting
      ? html`<${Waiting} answer=${outcome} />`
      : html`<div class="grid">
          <${Round} status=${status} charter=${charter} outcome=${outcome.data} />
          <${Mine} own=${own} proposals=${proposals.data} questions=${status.questions} />
          <${Notices} own=${own} charter=${charter} />
          <${Provisional} charter=${charter} answer=${outcome} />
          <${Health} status=${status} charter=${charter} />
        </div>`}`;
}

function Round({ status, charter, outcome }) {
  const now = useClock();
  const over = now >= status.close;
  const turnout = outcome?.outcome.turnout;
  const started = status.close - charter.schedule.period;
  const gone = Math.min(Math.max((now - started) / charter.schedule.period, 0), 1);
  return html`<${Card} title=${t("now.round", { round: status.round })}>
    <p class="clock" data-test="left">
      ${over ? t("now.closing") : html`<strong>${left(status.close - now)}</strong> <span>${t("now.left")}</span>`}
    </p>
    <${Meter} parts=${[{ size: gone }]} label=${t("now.gone", { share: share(gone) })} />
    <p class="quiet">${t("now.closes", { moment: moment(status.close) })}</p>
    <dl class="facts">
      <${Fact} name=${t("now.pool")}>${money(status.pool, charter.currency)}<//>
      <${Fact} name=${t("now.turnout")} note=${turnout && t("now.voters", { voters: count(turnout.voters), members: count(turnout.members) })}>
        ${turnout ? share(part(turnout.voted, turnout.weight)) : "…"}
      <//>
      <${Fact} name=${t("now.records")} note=${status.tail > 0 ? t("now.tail", { count: status.tail }) : t("now.allSealed")}>
        ${count(status.records)}
      <//>
    </dl>
  <//>`;
}

function Mine({ own, proposals, questions }) {
  const { me, member, choose } = useMe(own);
  const ballot = useAnswer(me ? `/v1/ballots/${me}` : null, LIVE);
  const open = proposals?.filter((proposal) => proposal.status === "open") ?? [];
  const said = ballot.data?.newest ?? ballot.data?.standing;
  const answered = new Set([...(said?.ballot.scores ?? []), ...(said?.ballot.answers ?? [])].map((line) => line.proposal));
  const owed = questions.filter((question) => question.owner === me);
  const missing = open.filter((proposal) => !answered.has(proposal.id));
  return html`<${Card} title=${t("mine.title")} aside=${html`<${PersonChoice} own=${own} me=${me} choose=${choose} />`}>
    ${!me
      ? html`<${Empty}>${t("mine.choose")}<//>`
      : html`
          <p>
            ${member && html`<strong>${member.name}</strong>${" "}`}
            ${said
              ? html`<${Badge} kind=${said.sealed ? "good" : "wait"}>${said.sealed ? t("mine.sealed") : t("mine.unsealed")}<//>
                  <span class="quiet">${t("mine.ballot", { id: short(said.id) })}</span>`
              : html`<${Badge} kind="wait">${t("mine.none")}<//>`}
          </p>
          ${missing.length === 0
            ? html`<p>${open.length === 0 ? t("mine.nothingOpen") : t("mine.complete")}</p>`
            : html`<p>${t("mine.missing", { count: missing.length })}</p>
                <ul class="list">
                  ${missing.slice(0, 6).map(
                    (proposal) => html`<li><a href=${link("proposals", proposal.id)}>${titleOf(proposal)}</a></li>`,
                  )}
                </ul>
                ${missing.length > 6 && html`<p><a href=${link("proposals")}>${t("mine.more", { count: missing.length - 6 })}</a></p>`}
                <p><a class="button" href=${link("ballot")}>${t("mine.vote")}</a></p>`}
          ${owed.length > 0 &&
          html`<p>${t("mine.owed", { count: owed.length })}</p>
            <ul class="list">${owed.slice(0, 6).map((each) => html`<li><a href=${link("proposals", each.proposal)}>${each.title}</a></li>`)}</ul>`}
        `}
  <//>`;
}

function Provisional({ charter, answer }) {
  return html`<${Card} wide title=${t("now.provisional")}>
    <p class="quiet">${t("now.provisionalNote")}</p>
    ${answer.data ? html`<${Allocation} view=${answer.data} charter=${charter} round="current" />` : html`<${Waiting} answer=${answer} />`}
  <//>`;
}

function Health({ status, charter }) {
  const behind = status.peers.filter((peer) => peer.height !== null && peer.height < status.height).length;
  return html`<${Card} title=${t("health.title")} wide>
    <dl class="facts">
      <${Fact} name=${t("health.peers")} note=${behind > 0 ? t("health.behind", { count: behind }) : t("health.level")}>${status.peers.length}<//>
      <${Fact} name=${t("health.seal")} note=${moment(status.time)}>${count(status.height)}<//>
      <${Fact} name=${t("health.witnesses")} note=${t("health.quorum", { count: Math.floor((2 * charter.witnesses.length) / 3) + 1 })}>
        ${charter.witnesses.length}
      <//>
      <${Fact} name=${t("health.witness")}>
        ${status.witness ? (status.witness.halted ? t("health.halted") : t("health.voting")) : t("health.noWitness")}
      <//>
    </dl>
    ${status.witness?.halted && html`<p class="trouble">${status.witness.halted}</p>`}
    ${status.peers.length > 0 &&
    html`<div class="scroll" tabindex="0" role="group" aria-label=${t("health.peers")}><table>
      <thead><tr><th scope="col">${t("health.peer")}</th><th scope="col" class="number">${t("health.seal")}</th>
        <th scope="col" class="number">${t("health.tail")}</th><th scope="col">${t("health.outcome")}</th></tr></thead>
      <tbody>
        ${status.peers.map(
          (peer) => html`<tr><td><code title=${peer.peer}>…${peer.peer.slice(-8)}</code></td>
            <td class="number">${peer.height ?? "–"}</td><td class="number">${peer.tail ?? "–"}</td>
            <td>${agreement(peer, status)}</td></tr>`,
        )}
      </tbody>
    </table></div>`}
  <//>`;
}

// What a peer has computed for the round that this node closed last.
function agreement(peer, status) {
  if (!peer.outcome || !status.outcome) return "–";
  const [round, digest] = peer.outcome;
  if (round !== status.outcome[0]) return t("health.otherRound", { round });
  return digest === status.outcome[1]
    ? html`<${Badge} kind="good">${t("health.same")}<//>`
    : html`<${Badge} kind="bad">${t("health.different")}<//>`;
}
