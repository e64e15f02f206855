// Who is looking: the member whose key lies in the node's home, or whom the reader names.
import { html } from "../base/ui.js";
import { t } from "../base/text.js";
import { useAnswer, useKept } from "../base/state.js";

// The member's key, and how to choose another one.
export function useMe(own) {
  const [kept, keep] = useKept("me", "");
  const mine = own?.find((each) => each.member);
  const me = kept || mine?.key || "";
  const known = own?.find((each) => each.key === me)?.member;
  const found = useAnswer(me && !known ? `/v1/members/${me}` : null);
  return { me, member: known ?? found.data, choose: keep };
}

export function PersonChoice({ own, me, choose }) {
  const members = useAnswer("/v1/members?limit=2000");
  const mine = own?.filter((each) => each.member) ?? [];
  const others = (members.data ?? []).filter((member) => !mine.some((each) => each.key === member.key));
  return html`<label class="choice">
    <span class="hidden">${t("mine.who")}</span>
    <select value=${me} onChange=${(event) => choose(event.target.value)}>
      <option value="">${t("mine.nobody")}</option>
      ${mine.map((each) => html`<option value=${each.key} selected=${each.key === me}>${each.member.name} (${each.label})</option>`)}
      ${others.map((member) => html`<option value=${member.key} selected=${member.key === me}>${member.name}</option>`)}
    </select>
  </label>`;
}
