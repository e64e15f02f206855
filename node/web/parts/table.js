// A table that can be scrolled by keyboard where it does not fit.
import { html } from "../base/ui.js";

export function Table({ caption, head, rows, numbers = [] }) {
  const kind = (column) => (numbers.includes(column) ? "number" : undefined);
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${caption}>
    <table>
      <caption class="hidden">${caption}</caption>
      <thead><tr>${head.map((cell, column) => html`<th scope="col" class=${kind(column)}>${cell}</th>`)}</tr></thead>
      <tbody>
        ${rows.map((row) => html`<tr>${row.map((cell, column) => html`<td class=${kind(column)}>${cell}</td>`)}</tr>`)}
      </tbody>
    </table>
  </div>`;
}
