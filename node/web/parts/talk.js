// What is said about a proposal: for and against side by side, questions below, each with its replies.
import { html, useMemo, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { useAnswer } from "../base/state.js";
import { count, short, shortTime } from "../base/format.js";
import { Badge, Card, Empty, Waiting } from "./card.js";
import { Act } from "./act.js";

export function Talk({ proposal, me }) {
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
    ${threads[stance].map((each) => html`<${Argument} key=${each.id} argument=${each} me=${me} />`)}
  </div>`;
  return html`<${Card} wide title=${t("talk.title")}>
    ${!answer.data
      ? html`<${Waiting} answer=${answer} />`
      : html`<div class="sides">${column("for")}${column("against")}</div>
          <h3>${t("talk.questions")} <span class="quiet">${answer.data.open_questions > 0 ? t("proposals.questions", { count: answer.data.open_questions }) : ""}</span></h3>
          ${threads.other.length === 0 && html`<${Empty}>${t("talk.nothing")}<//>`}
          ${threads.other.map((each) => html`<${Argument} key=${each.id} argument=${each} me=${me} />`)}
          ${answer.data.more && html`<p class="quiet">${t("talk.more")}</p>`}
          ${proposal.status === "open" && html`<${Say} proposal=${proposal} me=${me} />`}`}
  <//>`;
}

function Argument({ argument, me }) {
  const [open, setOpen] = useState(false);
  const reply = argument.depth > 1;
  return html`<article class="argument">
    <p class="quiet">
      <strong>${argument.author_name || short(argument.author)}</strong>
      ${reply || !["for", "against"].includes(argument.stance) ? html` · ${t(`talk.stance.${argument.stance}`)}` : ""}
      ${argument.time ? html` · ${shortTime(argument.time)}` : html` <${Badge} kind="wait">${t("talk.unsealed")}<//>`}
      ${argument.waits && html` <${Badge} kind="wait">${t("talk.waits")}<//>`}
    </p>
    ${argument.hidden
      ? html`<p class="quiet">${t("talk.hidden", { reason: argument.moderations.at(-1)?.reason ?? "" })}
            ${argument.text !== null && html` <button type="button" class="link" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>${t(open ? "talk.hide" : "talk.show")}</button>`}</p>
          ${open && html`<p class="text">${argument.text}</p>`}`
      : html`<p class="text">${argument.text}</p>`}
    <p class="quiet small">${argument.endorsements.heads > 0 && html`${t("talk.endorsed", { count: argument.endorsements.heads, shown: count(argument.endorsements.heads) })} · `}<code>${short(argument.id)}</code></p>
    ${argument.responses.map((each) => html`<div class="response"><p class="quiet"><strong>${t("responses.board")}</strong> · ${shortTime(each.time)}</p><p class="text">${each.reason}</p></div>`)}
    ${argument.replies.length > 0 && html`<div class="replies">${argument.replies.map((each) => html`<${Argument} key=${each.id} argument=${each} me=${me} />`)}</div>`}
  </article>`;
}

// What the member wants to say, as the command that says it.
function Say({ proposal, me }) {
  const [text, setText] = useState("");
  const [stance, setStance] = useState("for");
  const options = { for: "--for", against: "--against", question: "--ask" };
  return html`<details class="say">
    <summary>${t("talk.say")}</summary>
    <fieldset><legend class="hidden">${t("talk.say")}</legend>
      ${Object.keys(options).map(
        (each) => html`<label><input type="radio" name="stance" value=${each} checked=${stance === each} onChange=${() => setStance(each)} /> ${t(`talk.stance.${each}`)}</label>`,
      )}
      <label class="block">${t("talk.text")}<textarea rows="3" value=${text} onInput=${(event) => setText(event.target.value)}></textarea></label>
    </fieldset>
    <${Act} label=${t("act.say")} words=${["argue", short(proposal.id), options[stance], text]} member=${me} ready=${text.trim() !== ""} onDone=${() => setText("")} />
  </details>`;
}
