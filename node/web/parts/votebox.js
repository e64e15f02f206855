// The member's vote on one proposal. A ballot says everything at once: what stands on the newest one is kept.
import { html } from "../base/ui.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { Card, Empty } from "./card.js";

export function VoteBox({ proposal, charter, me }) {
  const ballot = useAnswer(me ? `/v1/ballots/${me}` : null, ["sealed", "taken", "reset", "beginning"]);
  const said = ballot.data?.newest ?? ballot.data?.standing;
  const score = said?.ballot.scores.find((each) => each.proposal === proposal.id)?.score;
  const answer = said?.ballot.answers.find((each) => each.proposal === proposal.id)?.choice;
  const stale = said?.height !== null && said?.height !== undefined && said.height <= proposal.since;
  return html`<${Card} title=${t("vote.title")}>
    ${!me
      ? html`<${Empty}>${t("mine.choose")}<//>`
      : score !== undefined
        ? html`<p class="big">${score} <small>${t("vote.of", { greatest: charter.limits.score })}</small></p>`
        : answer !== undefined
          ? html`<p class="big">${t(`vote.${answer}`)}</p>`
          : html`<p>${t("vote.none")}</p>`}
    ${stale && (score !== undefined || answer !== undefined) && html`<p class="trouble">${t("vote.stale")}</p>`}
    ${me && html`<p><a class="button" href=${link("ballot")}>${t("vote.change")}</a></p>`}
  <//>`;
}
