// What is said about a proposal: for and against side by side, questions below, each with its replies.
import { html, useMemo } from "../base/ui.js";
import { t } from "../base/text.js";
import { useAnswer } from "../base/state.js";
import { Argument } from "./argument.js";
import { Card, Empty, Waiting } from "./card.js";
import { Say } from "./say.js";

export function Talk({ proposal, me, own }) {
  const answer = useAnswer(`/v1/proposals/${proposal.id}/arguments?hidden=true`, ["sealed", "taken", "reset", "beginning"]);
  const threads = useMemo(() => {
    const all = (answer.data?.arguments ?? []).map((each) => ({ ...each, replies: [] }));
    const byId = new Map(all.map((each) => [each.id, each]));
    const roots = [];
    for (const each of all) (byId.get(each.reply_to)?.replies ?? roots).push(each);
    const strongest = (a, b) => b.endorsements.heads - a.endorsements.heads;
    return {
      for: roots.filter((each) => each.stance === "for").sort(strongest),
      against: roots.filter((each) => each.stance === "against").sort(strongest),
      other: roots.filter((each) => !["for", "against"].includes(each.stance)),
    };
  }, [answer.data]);
  const column = (stance) => html`<div class=${`side ${stance}`}>
    <h3>${t(`talk.${stance}`)} <span class="quiet">${threads[stance].length}</span></h3>
    ${threads[stance].length === 0 && html`<${Empty}>${t("talk.nothing")}<//>`}
    ${threads[stance].map((each) => html`<${Argument} key=${each.id} argument=${each} me=${me} own=${own} />`)}
  </div>`;
  return html`<${Card} wide title=${t("talk.title")}>
    ${!answer.data
      ? html`<${Waiting} answer=${answer} />`
      : html`<div class="sides">${column("for")}${column("against")}</div>
          <h3>${t("talk.questions")} <span class="quiet">${answer.data.open_questions > 0 ? t("proposals.questions", { count: answer.data.open_questions }) : ""}</span></h3>
          ${threads.other.length === 0 && html`<${Empty}>${t("talk.nothing")}<//>`}
          ${threads.other.map((each) => html`<${Argument} key=${each.id} argument=${each} me=${me} own=${own} />`)}
          ${answer.data.more && html`<p class="quiet">${t("talk.more")}</p>`}
          <details class="say"><summary>${t("talk.say")}</summary><${Say} about=${proposal.id} me=${me} /></details>`}
  <//>`;
}
