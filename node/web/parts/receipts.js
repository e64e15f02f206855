// Receipts to download: of this round's ballot once it is sealed, and of what was counted in rounds that have closed.
import { html, useState } from "../base/ui.js";
import { request } from "../base/api.js";
import { t } from "../base/text.js";
import { useAnswer } from "../base/state.js";
import { short } from "../base/format.js";
import { Card, Empty } from "./card.js";
import { save } from "./download.js";
import { Trouble } from "./trouble.js";

// The same bytes, under the same name, as `mutua receipt --ballot ROUND` writes.
export function Receipts({ me, cast, round }) {
  const rounds = useAnswer("/v1/outcomes", ["closed", "reset", "beginning"]);
  const [wanted, setWanted] = useState(null);
  const [problem, setProblem] = useState(null);
  const closed = (rounds.data ?? []).map((each) => each.round).reverse();
  const open = cast?.sealed && cast.ballot.round === round;
  const all = [...(open ? [round] : []), ...closed];
  const chosen = all.includes(wanted) ? wanted : all[0];
  const about = chosen === round ? `record=${cast?.id}` : `round=${chosen}&key=${me}`;
  const download = async () => {
    try {
      const answer = await request(`/v1/receipts?${about}`);
      save(`ballot-${chosen}-${short(me)}.receipt`, "application/octet-stream", await answer.blob());
      setProblem(null);
    } catch (found) {
      setProblem(found);
    }
  };
  return html`<${Card} title=${t("receipts.title")}>
    <p class="quiet">${t("receipts.note")}</p>
    ${all.length === 0
      ? html`<${Empty}>${t("receipts.none")}<//>`
      : html`<p><label class="choice">${t("receipts.which")}${" "}
            <select value=${chosen} onChange=${(event) => setWanted(Number(event.target.value))}>
              ${all.map((each) => html`<option value=${each} selected=${each === chosen}>${t(each === round ? "receipts.open" : "receipts.closed", { round: each })}</option>`)}
            </select></label></p>
          <p class="exports"><button type="button" data-test="receipt" onClick=${download}>${t("receipts.download")}</button>
            <a class="button" data-test="check-receipt" href=${`#/check?receipt=${encodeURIComponent(about)}`}>${t("receipts.check")}</a></p>`}
    <div role="status">${problem && html`<${Trouble} problem=${problem} />`}</div>
  <//>`;
}
