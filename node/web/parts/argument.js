// One argument with its replies, and what can be done about it.
import { html, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { count, short, shortTime } from "../base/format.js";
import { Badge } from "./card.js";
import { officeKey } from "./offices.js";
import { Endorse, Moderate, Respond, Say } from "./say.js";

export function Argument({ argument, me, own }) {
  const reply = argument.depth > 1;
  const named = reply || !["for", "against"].includes(argument.stance);
  return html`<article class="argument" id=${`argument-${argument.id}`}>
    <p class="quiet">
      <strong>${argument.author_name || short(argument.author)}</strong>
      ${named ? html` · ${t(`talk.stance.${argument.stance}`)}` : ""}
      ${argument.time ? html` · ${shortTime(argument.time)}` : html` <${Badge} kind="wait">${t("talk.unsealed")}<//>`}
      ${argument.waits && html` <${Badge} kind="wait">${t("talk.waits")}<//>`}
    </p>
    <${Words} argument=${argument} />
    ${argument.endorsements.heads > 0 && html`<p class="quiet small">${t("talk.endorsed", { count: argument.endorsements.heads, shown: count(argument.endorsements.heads) })}</p>`}
    ${argument.responses.map((each) => html`<div class="response"><p class="quiet"><strong>${t("responses.board")}</strong> · ${t(`responses.${each.status}`)} · ${shortTime(each.time)}</p><p class="text">${each.reason}</p></div>`)}
    ${argument.height !== null && html`<${Doing} argument=${argument} me=${me} own=${own} />`}
    ${argument.replies.length > 0 && html`<div class="replies">${argument.replies.map((each) => html`<${Argument} key=${each.id} argument=${each} me=${me} own=${own} />`)}</div>`}
  </article>`;
}

// The text. What a moderator has hidden stays in the log, and is shown to who asks for it, with all that was done, by whom and why.
function Words({ argument }) {
  const [open, setOpen] = useState(false);
  const last = argument.moderations.at(-1);
  const earlier = argument.moderations.slice(0, -1);
  const said = html`<p class="text">${argument.text}</p>`;
  const history = earlier.length > 0 && html`<ul class="list quiet small" data-test="moderations">${earlier.map(
    (each) => html`<li key=${each.record}>${moderated(each)} ${by(each)}</li>`,
  )}</ul>`;
  if (!argument.hidden) {
    return html`${said}${last && html`<p class="quiet small">${moderated(last)} ${by(last)}</p>`}${history}`;
  }
  return html`<p class="moderated">${last && html`${moderated(last)} ${by(last)}`}
      ${argument.text !== null && html` <button type="button" class="link" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>${t(open ? "talk.hide" : "talk.show")}</button>`}</p>
    ${history}
    ${open && said}`;
}

const moderated = ({ hidden, reason }) => t(hidden ? "talk.hidden" : "talk.shownAgain", { reason });
const by = ({ author, time }) => html`<span class="quiet">${shortTime(time)} · <code>${short(author)}</code></span>`;

// What a member, the board or a moderator can do: one form at a time.
function Doing({ argument, me, own }) {
  const [open, setOpen] = useState(null);
  const [moderator, board] = [officeKey(own, "moderator"), officeKey(own, "board")];
  const question = argument.stance === "question";
  const forms = {
    reply: me && html`<${Say} about=${argument.id} me=${me} question=${question} />`,
    endorse: me && me !== argument.author && !argument.hidden && html`<${Endorse} argument=${argument} me=${me} />`,
    respond: board && question && html`<${Respond} about=${[argument.id]} board=${board} />`,
    moderate: moderator && html`<${Moderate} argument=${argument} moderator=${moderator} />`,
  };
  const all = Object.keys(forms).filter((each) => forms[each]);
  const name = (each) => t(`talk.${question && each === "reply" ? "answer" : each}`);
  // What is told apart at a glance has to be told apart by ear, too.
  const said = `${argument.author_name || short(argument.author)}, ${short(argument.id)}`;
  return html`<p class="doing">${all.map(
      (each) => html`<button type="button" class="link" data-do=${each} aria-expanded=${String(open === each)} aria-label=${`${name(each)}: ${said}`} onClick=${() => setOpen(open === each ? null : each)}>${name(each)}</button>`,
    )}<code class="quiet small">${short(argument.id)}</code></p>
    ${open && html`<div class="form">${forms[open]}</div>`}`;
}
