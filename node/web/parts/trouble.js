// What went wrong: by its kind in the reader's language, and behind it the node's own words, which are English.
import { html } from "../base/ui.js";
import { has, language, t } from "../base/text.js";

export function inWords(problem) {
  if (problem.status === 0) return t("frame.unreachable");
  const key = `problem.${problem.status}`;
  return t(has(key) ? key : "problem.other", { status: problem.status });
}

export function Trouble({ problem, children, role }) {
  const words = problem.status !== 0 && problem.message;
  return html`<div class="trouble" role=${role}><p>${inWords(problem)}${words && html` <span lang=${language() === "en" ? undefined : "en"}>${words}</span>`}</p>${children}</div>`;
}
