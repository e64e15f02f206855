// Whose ballot counts where the member casts none, and how to change that.
import { html, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { useAnswer } from "../base/state.js";
import { short } from "../base/format.js";
import { Act } from "./act.js";
import { Card, Empty } from "./card.js";

// Names in a list from which one is chosen: more are found by what is typed.
const SHOWN = 50;

export function Delegations({ view, me, charter }) {
  if (!view) return null;
  const { delegations, counts_for: counts, delegators } = view;
  return html`<div class="grid"><${Card} wide title=${t("delegation.title")}>
    <p class="quiet">${t("delegation.note")}</p>
    ${delegations.length === 0
      ? html`<${Empty}>${t("delegation.none")}<//>`
      : html`<ul class="entries">${delegations.map((each) => html`<${Held} key=${each.record} held=${each} me=${me} />`)}</ul>`}
    ${delegations.length > 0 && (view.cast || view.standing) && html`<p class="quiet">${t("delegation.own")}</p>`}
    ${counts.heads > 0 && html`<p>${t("delegation.counts", { count: counts.heads })}</p>`}
    ${delegators.length > 0 && html`<p class="quiet">${t("delegation.by", { names: delegators.slice(0, 20).map((each) => each.name || short(each.key)).join(", ") })}</p>`}
    <details class="say"><summary>${t("delegation.change")}</summary><${Choice} me=${me} charter=${charter} /></details>
  <//></div>`;
}

function Held({ held, me }) {
  const [open, setOpen] = useState(false);
  const end = held.way && Object.keys(held.way.end)[0];
  const leads = !held.way
    ? t("mine.unsealed")
    : end === "ballot"
      ? t("delegation.leads", { name: held.way.end_name, count: Number(held.way.steps) })
      : t(`delegation.ends.${end}`, { name: held.way.end_name });
  return html`<li><div class="row"><span>${held.category ?? t("delegation.all")} → <strong>${held.to.name || short(held.to.key)}</strong></span>
      <span class="quiet">${leads}</span>
      <button type="button" class="link" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>${t("delegation.end")}</button></div>
    ${open && html`<div class="form"><${Act} label=${t("delegation.endIt")} words=${["delegate", "--end", ...(held.category ? [`--category=${held.category}`] : [])]} member=${me} /></div>`}</li>`;
}

function Choice({ me, charter }) {
  const members = useAnswer("/v1/members?limit=10000", []);
  const [text, setText] = useState("");
  const [to, setTo] = useState("");
  const [category, setCategory] = useState("");
  const word = text.trim().toLowerCase();
  const others = (members.data ?? []).filter((member) => member.key !== me && member.status === "active");
  const found = others.filter((member) => member.name.toLowerCase().includes(word) || member.key.startsWith(word)).slice(0, SHOWN);
  const chosen = found.some((member) => member.key === to) ? to : "";
  return html`<div class="filters">
      ${others.length > SHOWN && html`<label class="search"><span>${t("delegation.find")}</span><input type="search" value=${text} onInput=${(event) => setText(event.target.value)} /></label>`}
      <label><span>${t("delegation.to")}</span>
        <select value=${chosen} data-test="delegate" onChange=${(event) => setTo(event.target.value)}>
          <option value="">${t("mine.nobody")}</option>
          ${found.map((member) => html`<option value=${member.key} selected=${member.key === chosen}>${member.name} (${short(member.key)})</option>`)}
        </select></label>
      <label><span>${t("delegation.for")}</span>
        <select value=${category} onChange=${(event) => setCategory(event.target.value)}>
          <option value="">${t("delegation.all")}</option>
          ${charter.categories.map((name) => html`<option value=${name} selected=${name === category}>${t("delegation.category", { name })}</option>`)}
        </select></label>
    </div>
    ${chosen && html`<${Act} label=${t("act.delegate")} words=${["delegate", chosen, ...(category ? [`--category=${category}`] : [])]} member=${me} />`}`;
}
