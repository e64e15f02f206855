// What people say about a proposal, to each other, and for the board or as moderators: each with the command that says it.
import { html, useId, useState } from "../base/ui.js";
import { t } from "../base/text.js";
import { Act } from "./act.js";
import { Radios, TextArea } from "./words.js";

const OPTIONS = { for: "--for", against: "--against", question: "--ask", answer: "--answer" };

// For, against or a question; to a question an answer comes first.
export function Say({ about, me, question = false }) {
  const stances = question ? ["answer", "for", "against", "question"] : ["for", "against", "question"];
  const [text, setText] = useState("");
  const [stance, setStance] = useState(stances[0]);
  const name = useId();
  return html`<${Radios} hidden name=${name} legend=${t("talk.how")} value=${stance} set=${setStance}
      options=${Object.fromEntries(stances.map((each) => [each, t(`talk.stance.${each}`)]))} />
    <${TextArea} label=${t("talk.text")} value=${text} set=${setText} />
    <${Act} label=${t("act.say")} words=${["argue", about, `${OPTIONS[stance]}=${text}`]} member=${me} ready=${text.trim() !== ""} onDone=${() => setText("")} />`;
}

export function Endorse({ argument, me }) {
  const [way, setWay] = useState("stand");
  const name = useId();
  return html`<${Radios} hidden name=${name} legend=${t("talk.endorse")} value=${way} set=${setWay}
      options=${{ stand: t("talk.stand"), back: t("talk.back") }} />
    <p class="quiet">${t("talk.endorseNote")}</p>
    <${Act} label=${t("act.say")} words=${["endorse", argument.id, ...(way === "back" ? ["--withdraw"] : [])]} member=${me} />`;
}

export function Moderate({ argument, moderator }) {
  const [reason, setReason] = useState("");
  const way = argument.hidden ? "show" : "hide";
  return html`<p class="quiet">${t("talk.moderateNote")}</p>
    <${TextArea} label=${t("talk.reason")} value=${reason} set=${setReason} rows="2" />
    <${Act} label=${t(`talk.${way}It`)} words=${["moderate", argument.id, `--${way}`, `--reason=${reason}`]} member=${moderator} ready=${reason.trim() !== ""} onDone=${() => setReason("")} />`;
}

const STANDS = ["accepted", "planned", "declined", "done"];

// The board's answer: `about` are the words that name what is answered.
export function Respond({ about, board }) {
  const [reason, setReason] = useState("");
  const [status, setStatus] = useState(STANDS[0]);
  const name = useId();
  return html`<${Radios} name=${name} legend=${t("responses.stands")} value=${status} set=${setStatus}
      options=${Object.fromEntries(STANDS.map((each) => [each, t(`responses.${each}`)]))} />
    <${TextArea} label=${t("responses.reason")} value=${reason} set=${setReason} />
    <${Act} label=${t("responses.say")} words=${["respond", ...about, `--status=${status}`, `--reason=${reason}`]} member=${board} ready=${reason.trim() !== ""} onDone=${() => setReason("")} />`;
}
