// Finding a record: by the first digits of its id, a seal by its number, and words in all that was ever sealed.
import { html, useState } from "../base/ui.js";
import { get } from "../base/api.js";
import { t } from "../base/text.js";
import { token } from "../base/token.js";
import { link } from "../base/router.js";
import { count, short } from "../base/format.js";
import { Trouble } from "./trouble.js";
import { useWorker } from "./worker.js";

const PREFIX = /^[0-9a-f]{4,64}$/i;

export function Search() {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const work = useWorker();
  const search = async (event) => {
    event.preventDefault();
    const wanted = text.trim();
    setFound(null);
    if (/^\d{1,10}$/.test(wanted) && wanted.length < 4) return (location.hash = link("log", "seal", wanted));
    if (PREFIX.test(wanted)) {
      try {
        const ids = await get(`/v1/records?prefix=${wanted.toLowerCase()}`);
        if (ids.length === 1) location.hash = link("log", "record", ids[0]);
        if (ids.length > 0) return setFound({ ids });
      } catch (problem) {
        return setFound({ problem });
      }
    }
    if (wanted !== "") work.start({ task: "search", token: token(), text: wanted });
  };
  const { running, progress, result, problem } = work;
  return html`<form class="filters" role="search" onSubmit=${search}>
      <label class="search"><span>${t("log.search")}</span><input type="search" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
      <button type="submit">${t("log.find")}</button>
    </form>
    ${running && html`<p class="quiet">${progress ? t("log.searching", { height: count(progress.height), of: count(progress.of) }) : t("frame.loading")}</p>`}
    <div role="status" data-test="found">
      ${found?.problem && html`<${Trouble} problem=${found.problem} />`}
      ${problem && html`<p class="trouble">${problem}</p>`}
      ${found?.ids?.length > 1 && html`<ul class="list">${found.ids.map((id) => html`<li><a href=${link("log", "record", id)}><code>${id}</code></a></li>`)}</ul>`}
      ${result && html`<${Found} result=${result} />`}
    </div>`;
}

const Found = ({ result: { found, count: all } }) => html`<p>${t("log.found", { count: all })}${all > found.length && html` ${t("log.shown", { count: found.length })}`}</p>
  <ul class="entries">${found.map((each) => html`<li key=${each.id}>
    <div class="row"><a href=${link("log", "record", each.id)}>${t(`kind.${each.kind}`)}</a><span class="quiet">${t("terms.seal", { height: each.height })} · <code>${short(each.id)}</code></span></div>
    <p class="clamp">${each.text}</p></li>`)}</ul>`;
