// The choice of a language.
import { html } from "../vendor/htm/standalone.module.js";
import { LANGUAGES, speak, t, useLanguage } from "../base/text.js";

export function Languages() {
  const now = useLanguage();
  return html`<label class="languages">
    <span class="hidden">${t("frame.language")}</span>
    <select value=${now} onChange=${(event) => speak(event.target.value)}>
      ${Object.entries(LANGUAGES).map(
        ([code, name]) => html`<option value=${code} lang=${code} selected=${code === now}>${name}</option>`,
      )}
    </select>
  </label>`;
}
