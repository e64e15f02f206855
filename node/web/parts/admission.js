// Admitting members, and what has become of those admissions.
import { html, useId, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { short } from "../base/format.js";
import { Act } from "./act.js";
import { Badge, Card } from "./card.js";

const KEY = /^[0-9a-f]{64}$/i;

export function Admission({ registrar, charter }) {
  const [key, setKey] = useState("");
  const [name, setName] = useState("");
  const [group, setGroup] = useState(charter.groups[0]);
  const [weight, setWeight] = useState("1");
  const [signed, setSigned] = useState([]);
  const fault = useId();
  const wanted = key.trim();
  const known = useAnswer(KEY.test(wanted) ? `/v1/members/${wanted}` : null, ["sealed"]);
  const wrong = wanted !== "" && !KEY.test(wanted);
  const ready = KEY.test(wanted) && name.trim() !== "" && /^[1-9]\d{0,8}$/.test(weight) && !known.data;
  const done = (answer) => {
    setSigned((all) => [{ id: answer.answer.id, name }, ...all]);
    setKey("");
    setName("");
  };
  const field = (label, value, set, more) => html`<label class="block">${label}
    <input type="text" autocomplete="off" value=${value} onInput=${(event) => set(event.target.value)} ...${more} /></label>`;
  return html`<${Card} wide title=${t("operator.admissions")}>
    <p class="quiet">${t("operator.admissionsNote")}</p>
    <div class="fields">
      ${field(t("operator.key"), key, setKey, { spellcheck: false, size: 64, "aria-invalid": String(wrong || known.data !== undefined), "aria-describedby": fault, "data-test": "key" })}
      <div id=${fault} role="status">
        ${wrong && html`<p class="quiet">${t("operator.keyWrong")}</p>`}
        ${known.data && html`<p class="trouble">${t("operator.known", { name: known.data.name })}</p>`}
      </div>
      ${field(t("operator.name"), name, setName, { "data-test": "name" })}
      <div class="filters">
        <label><span>${t("operator.group")}</span><select value=${group} onChange=${(event) => setGroup(event.target.value)}>
          ${charter.groups.map((each) => html`<option value=${each} selected=${each === group}>${each}</option>`)}</select></label>
        <label><span>${t("operator.weight")}</span><input type="number" min="1" value=${weight} onInput=${(event) => setWeight(event.target.value)} /></label>
      </div>
    </div>
    <${Act} label=${t("operator.admit")} words=${["admit", wanted, `--name=${name}`, `--group=${group}`, `--weight=${weight}`]} member=${registrar} ready=${ready} onDone=${done} />
    ${signed.length > 0 && html`<h3>${t("operator.signed")}</h3><ul class="entries">${signed.map((each) => html`<${Signed} key=${each.id} ...${each} />`)}</ul>`}
  <//>`;
}

function Signed({ id, name }) {
  const answer = useAnswer(`/v1/records/${id}`, ["sealed"]);
  const sealed = answer.data?.sealed;
  return html`<li class="row"><a href=${link("log", "record", id)}>${name}</a> <code>${short(id)}</code>
    <${Badge} kind=${sealed ? "good" : "wait"}>${t(sealed ? "log.sealed" : "talk.unsealed")}<//></li>`;
}
