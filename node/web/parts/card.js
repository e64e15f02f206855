// Pieces that pages are put together from.
import { html, useId } from "../base/ui.js";
import { t } from "../base/text.js";
import { Trouble } from "./trouble.js";

// A part of a page, with its heading.
export function Card({ title, aside, children, wide, id }) {
  const own = useId();
  const heading = id ?? own;
  return html`<section class=${wide ? "card wide" : "card"} aria-labelledby=${heading}>
    <header><h2 id=${heading}>${title}</h2>${aside && html`<div class="aside">${aside}</div>`}</header>
    ${children}
  </section>`;
}

// A figure with what it means.
export const Fact = ({ name, children, note }) => html`<div class="fact">
  <dt>${name}</dt><dd>${children}${note && html`<small>${note}</small>`}</dd>
</div>`;

export const Badge = ({ kind = "plain", children }) => html`<span class=${`badge ${kind}`}>${children}</span>`;

// What stands in the place of something that is not there.
export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

// Waits, or says what went wrong.
export function Waiting({ answer, again }) {
  const { problem } = answer;
  if (!problem) return html`<p class="empty" role="status">${t("frame.loading")}</p>`;
  return html`<${Trouble} role="alert" problem=${problem}>
    <button type="button" onClick=${again ?? answer.again}>${t("frame.again")}</button>
  <//>`;
}
