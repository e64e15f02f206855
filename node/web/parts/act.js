// Something that a member may do: the command for it, and where the node lends its desk, a way to have it signed from here.
// The passphrase goes to the command and is kept nowhere.
import { html, useState, useId } from "../base/ui.js";
import { post } from "../base/api.js";
import { t } from "../base/text.js";
import { useAnswer } from "../base/state.js";
import { Command, quoted } from "./command.js";
import { Trouble } from "./trouble.js";

// `words` are those of the command, without the program's name; `member` is whose key signs. What people write stands behind its
// option in one word (`--reason=...`), so that it is never read as an option itself.
export function Act({ label, words, member, ready = true, onDone }) {
  const keys = useAnswer("/v1/own-keys");
  const [state, setState] = useState({});
  const [passphrase, setPassphrase] = useState("");
  const field = useId();
  const own = keys.data?.find((each) => each.key === member);
  const said = own && keys.data.length > 1 ? [...words, `--as=${own.label}`] : words;
  const sign = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      const done = await post("/v1/desk", { words: said, passphrase });
      setPassphrase("");
      setState({ done: done.answer?.id ?? true });
      onDone?.(done);
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<div class="act">
    <${Command} label=${label} text=${`mutua ${said.map(quoted).join(" ")}`} />
    ${own &&
    html`<form onSubmit=${sign} class="sign">
      <label for=${field}>${t("act.passphrase", { key: own.label })}</label>
      <input id=${field} type="password" autocomplete="off" required value=${passphrase} onInput=${(event) => setPassphrase(event.target.value)} />
      <button type="submit" class="main" disabled=${!ready || state.busy}>${state.busy ? t("act.signing") : t("act.sign")}</button>
    </form>`}
    <div role="status">
      ${state.done && html`<p class="good">${t("act.done")}</p>`}
      ${state.problem && html`<${Trouble} problem=${state.problem} />`}
    </div>
  </div>`;
}
