// Shown to whoever comes without a token.
import { html } from "../vendor/htm/standalone.module.js";
import { t, useLanguage } from "../base/text.js";
import { Command } from "./command.js";
import { Languages } from "./languages.js";

export function Locked() {
  useLanguage();
  return html`<main class="locked">
    <h1>mutua</h1>
    <p>${t("locked.what")}</p>
    <${Command} text="mutua page --open" />
    <p class="quiet">${t("locked.why")}</p>
    <${Languages} />
  </main>`;
}
