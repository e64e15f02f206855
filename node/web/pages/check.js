// Where members check for themselves: receipts, evidence files, a seal, the whole log.
import { html, useEffect, useId, useState } from "../base/ui.js";
import { count } from "../base/format.js";
import { setQuery, useRoute } from "../base/router.js";
import { t, useTexts } from "../base/text.js";
import { token } from "../base/token.js";
import { Badge, Card, Empty } from "../parts/card.js";
import { Checked } from "../parts/checked.js";
import { useWorker } from "../parts/worker.js";

// More than any receipt as text, or evidence file, can have.
const FILE_BYTES = 5_000_000;

export function Check({ status }) {
  const ready = useTexts("check");
  const [own, setOwn] = useState(null);
  if (!ready) return html`<${Empty}>${t("frame.loading")}<//>`;
  return html`<h1>${t("check:title")}</h1>
    <p>${t("check:intro")}</p>
    <p class="quiet"><small>${t("check:codeNote")}</small></p>
    <div class="grid">
      <${Against} own=${own} choose=${setOwn} />
      <${File} charter=${own?.bytes} />
      <${Seal} newest=${status?.height} charter=${own?.bytes} />
      <${Log} charter=${own?.bytes} />
    </div>`;
}

// Against which founding charter: the one that the node gives, or one that the reader has from elsewhere.
function Against({ own, choose }) {
  const work = useWorker();
  const [bytes, setBytes] = useState(null);
  const chooser = useId();
  const { result, problem } = work;
  useEffect(() => {
    choose(result && { bytes, id: result.community, name: result.name });
  }, [result]);
  const read = async (file) => {
    const start = new Uint8Array(await file.slice(0, FILE_BYTES).arrayBuffer());
    setBytes(start);
    work.start({ task: "charter", charter: start });
  };
  return html`<${Card} wide title=${t("check:charter")}>
    <p class="quiet">${t("check:communityNote")}</p>
    <p><label for=${chooser}>${t("check:charterFile")}</label>${" "}
      <input id=${chooser} type="file" accept=".json,.log" onChange=${({ target }) => (target.files[0] ? read(target.files[0]) : work.stop())} /></p>
    <div role="status">
      ${problem && html`<p class="trouble">${t("check:problem", { what: problem })}</p>`}
      <p>${own ? html`<${Badge} kind="good">${t("check:charterOwn", { name: own.name })}<//> <code>${own.id}</code>` : t("check:charterNode")}</p>
    </div>
  <//>`;
}

function File({ charter }) {
  const { query } = useRoute();
  const receipt = query.get("receipt");
  const work = useWorker();
  const [text, setText] = useState("");
  const [tooLarge, setTooLarge] = useState(false);
  const [over, setOver] = useState(false);
  const field = useId();
  const chooser = useId();
  const check = async (blob) => {
    setTooLarge(blob.size > FILE_BYTES);
    if (blob.size > FILE_BYTES) return;
    work.start({ task: "file", token: token(), charter, bytes: new Uint8Array(await blob.arrayBuffer()) });
  };
  useEffect(() => {
    if (receipt) work.start({ task: "file", token: token(), charter, receipt });
  }, [receipt, charter]);
  const dropped = (event) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file) check(file);
  };
  const dragged = (event) => {
    event.preventDefault();
    setOver(true);
  };
  return html`<${Card} wide title=${t("check:file")}>
    <p class="quiet">${t("check:fileNote")}</p>
    ${receipt && html`<p>${t("check:fromNode")} <code>${receipt}</code></p>`}
    <div class=${over ? "drop over" : "drop"} onDragOver=${dragged} onDragLeave=${() => setOver(false)} onDrop=${dropped}>
      <p><label for=${chooser}>${t("check:choose")}</label>
        <input id=${chooser} type="file" onChange=${({ target }) => target.files[0] && check(target.files[0])} /></p>
      <form onSubmit=${(event) => (event.preventDefault(), check(new Blob([text])))}>
        <label for=${field}>${t("check:text")}</label>
        <textarea id=${field} rows="4" spellcheck="false" autocomplete="off" value=${text}
          onInput=${({ target }) => setText(target.value)}></textarea>
        <button type="submit" disabled=${text.trim() === "" || work.running}>${t("check:checkText")}</button>
      </form>
    </div>
    ${tooLarge && html`<p class="trouble" role="alert">${t("check:tooLarge")}</p>`}
    <${Outcome} work=${work} />
  <//>`;
}

function Seal({ newest, charter }) {
  const work = useWorker();
  const { query } = useRoute();
  const asked = Number(query.get("seal")) || null;
  const [height, setHeight] = useState(null);
  const field = useId();
  const check = (number) => work.start({ task: "seal", token: token(), charter, height: number });
  useEffect(() => {
    if (asked) check(asked);
  }, [asked, charter]);
  const submit = (event) => {
    event.preventDefault();
    const number = Number(height ?? asked ?? newest);
    if (number === asked) check(number);
    else setQuery({ seal: String(number) });
  };
  return html`<${Card} title=${t("check:seal")}>
    <p class="quiet">${t("check:sealNote")}</p>
    <form class="filters" onSubmit=${submit}>
      <label for=${field}>${t("check:height")}
        <input id=${field} type="number" min="1" max=${newest} required value=${height ?? asked ?? newest ?? ""}
          onInput=${({ target }) => setHeight(target.value)} /></label>
      <button type="submit" disabled=${work.running || !newest}>${t("check:checkSeal")}</button>
    </form>
    <${Outcome} work=${work} />
  <//>`;
}

function Log({ charter }) {
  const work = useWorker();
  return html`<${Card} title=${t("check:log")}>
    <p class="quiet">${t("check:logNote")}</p>
    <p>${work.running
      ? html`<button type="button" onClick=${work.stop}>${t("check:stop")}</button>`
      : html`<button type="button" onClick=${() => work.start({ task: "log", token: token(), charter })}>${t("check:checkLog")}</button>`}</p>
    <${Outcome} work=${work} />
  <//>`;
}

// What runs, and what came of it. Figures of what runs are for the eyes: read aloud is only what comes of it.
function Outcome({ work }) {
  const { running, progress, result, problem, stopped } = work;
  const done = progress && { height: count(progress.height), of: count(progress.of), records: count(progress.records) };
  return html`
    ${running && progress && html`<p><progress max=${progress.of} value=${progress.height} aria-label=${t("check:working")}></progress>
      <br /><small>${t("check:progress", done)}</small></p>`}
    <div role="status">
      ${running && html`<p class="quiet">${t("check:working")}</p>`}
      ${stopped && html`<p>${t("check:stopped")}</p>`}
      ${problem && html`<p class="trouble">${t("check:problem", { what: problem })}</p>`}
      ${result && html`<${Checked} result=${result} />`}
    </div>`;
}
