// The member's own estimate of a loan's risk.
import { html, useId, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { Act } from "./act.js";

// A percentage with at most two decimals, with a point or a comma.
const PERCENT = /^(100([.,]0{1,2})?|\d{1,2}([.,]\d{1,2})?)$/;

export const percent = (text) => (PERCENT.test(text.trim()) ? `${text.trim().replace(",", ".")}%` : null);

export function Predict({ proposal, me }) {
  const [text, setText] = useState("");
  const rate = percent(text);
  const isWrong = text !== "" && rate === null;
  const fault = useId();
  return html`<details class="say"><summary>${t("chances.predict")}</summary>
    <p class="quiet">${t("chances.predictNote")}</p>
    <label class="block">${t("chances.default")} <input type="text" inputmode="decimal" size="6" value=${text} aria-invalid=${String(isWrong)} aria-describedby=${fault} onInput=${(event) => setText(event.target.value)} /> %</label>
    <p class="quiet" id=${fault} role="status">${isWrong ? t("chances.notPercent") : ""}</p>
    <${Act} label=${t("act.predict")} words=${["predict", proposal.id, rate ?? "2.5%"]} member=${me} ready=${rate !== null} />
  </details>`;
}
