// Fields in which people write what they sign.
import { html } from "../base/ui.js";

export const TextArea = ({ label, value, set, rows = 3 }) => html`<label class="block">${label}
  <textarea rows=${rows} value=${value} onInput=${(event) => set(event.target.value)}></textarea></label>`;

export const Radios = ({ legend, name, options, value, set, hidden }) => html`<fieldset>
  <legend class=${hidden ? "hidden" : undefined}>${legend}</legend>
  ${Object.entries(options).map(
    ([each, words]) => html`<label><input type="radio" name=${name} value=${each} checked=${value === each} onChange=${() => set(each)} /> ${words}</label>`,
  )}
</fieldset>`;
