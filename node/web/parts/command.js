// A command to be typed where the keys are, with a button that copies it.
import { html, useState } from "../vendor/htm/standalone.module.js";
import { t } from "../base/text.js";

// A word as a shell takes it, whatever is in it.
export const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

export function Command({ text, label }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      // Without the permission the text can still be selected.
    }
  };
  return html`<div class="command">
    ${label && html`<span class="quiet">${label}</span>`}
    <code tabindex="0">${text}</code>
    <button type="button" onClick=${copy}>${copied ? t("act.copied") : t("act.copy")}</button>
  </div>`;
}
