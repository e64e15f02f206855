// A bar that shows a part of a whole; the words beside it say the same.
import { html } from "../base/ui.js";

// `parts` are { size: 0..1, kind }, drawn one after the other; `mark` is a place on the bar.
export function Meter({ parts, mark, label }) {
  let at = 0;
  return html`<svg class="meter" viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label=${label}>
    <rect class="ground" width="1000" height="14" rx="7" />
    ${parts.map(({ size, kind }) => {
      const from = at;
      at += Math.min(Math.max(size, 0), 1) * 1000;
      return html`<rect class=${`fill ${kind ?? ""}`} x=${from} width=${Math.min(at, 1000) - from} height="14" />`;
    })}
    ${mark !== undefined && html`<rect class="mark" x=${Math.min(mark, 1) * 1000 - 3} width="6" height="14" />`}
  </svg>`;
}
