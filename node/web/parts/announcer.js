// Says aloud, for those who do not look, what has just happened.
import { html, useEffect, useState } from "../base/ui.js";
import { listen } from "../base/live.js";
import { t } from "../base/text.js";

export function Announcer() {
  const [words, setWords] = useState("");
  useEffect(
    () =>
      listen((name, data) => {
        if (name === "closed") setWords(t("live.closed", { round: data.round }));
        else if (name === "sealed") setWords(t("live.sealed", { height: data.height, count: data.records }));
        else if (name === "state" && data === "lost") setWords(t("touch.lost"));
      }),
    [],
  );
  return html`<div class="hidden" role="status" aria-live="polite">${words}</div>`;
}
