// The log: seals, the newest first, and the records in them.
import { html, useEffect, useState } from "../base/ui.js";
import { get } from "../base/api.js";
import { t } from "../base/text.js";
import { link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { count, short, shortTime } from "../base/format.js";
import { Badge, Card, Empty, Waiting } from "../parts/card.js";
import { Figure, base } from "../parts/figure.js";
import { Search } from "../parts/search.js";
import { Witnesses } from "../parts/witnesses.js";

// Seals that are shown at a time.
const SHOWN = 25;

export function Log({ status, charter, parts }) {
  if (!status || !charter) return html`<h1>${t("frame.page.log")}</h1>`;
  const [kind, value] = parts;
  return html`<h1>${t("frame.page.log")}</h1>
    <${Search} />
    ${kind === "record"
      ? html`<${Entry} key=${value} id=${value} />`
      : kind === "seal"
        ? html`<${Seal} key=${value} height=${Number(value)} charter=${charter} />`
        : html`<${Seals} status=${status} charter=${charter} />`}`;
}

function Seals({ status, charter }) {
  const [last, setLast] = useState(null);
  const [seals, setSeals] = useState(null);
  const [problem, setProblem] = useState(null);
  const top = last ?? status.height;
  useEffect(() => {
    const control = new AbortController();
    const heights = Array.from({ length: Math.min(SHOWN, top) }, (_, n) => top - n);
    Promise.all(heights.map((height) => get(`/v1/seals/${height}`, control.signal))).then(setSeals, (error) => error.name !== "AbortError" && setProblem(error));
    return () => control.abort();
  }, [top]);
  if (status.height === 0) return html`<${Empty}>${t("log.empty")}<//>`;
  if (!seals) return html`<${Waiting} answer=${{ problem, again: () => location.reload() }} />`;
  const needed = charter.witnesses.length;
  const course = [...seals].reverse();
  return html`<div class="grid">
    <${Card} wide title=${t("log.course")}>
      <${Figure}
        name="seals"
        words=${t("log.courseWords", { from: seals.at(-1)?.header.height, to: seals[0]?.header.height })}
        head=${[t("health.seal"), t("table.time"), t("now.records")]}
        rows=${seals.map((seal) => [seal.header.height, shortTime(seal.header.time), seal.header.count])}
        numbers=${[0, 2]}
        draw=${(Plot, width) =>
          Plot.plot({
            ...base(width),
            height: 180,
            x: { label: null, type: "band", domain: course.map((seal) => seal.header.height), tickFormat: (height, at) => (at % Math.ceil((course.length * 44) / width) === 0 ? String(height) : ""), tickSize: 0 },
            y: { label: t("now.records"), grid: true, interval: 1 },
            marks: [
              Plot.barY(course, { x: (seal) => seal.header.height, y: (seal) => seal.header.count, fill: (seal) => (seal.header.closes ? "var(--bar-missed)" : "var(--bar)"), inset: 1 }),
              Plot.dot(course.filter((seal) => seal.header.closes), { x: (seal) => seal.header.height, y: (seal) => seal.header.count, fill: "var(--bar-missed)", r: 6 }),
              Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.4 }),
            ],
          })}
      />
    <//>
    <${Card} wide title=${t("log.witnesses")}><${Witnesses} seals=${seals} charter=${charter} /><//>
    <${Card} wide title=${t("log.seals")}>
      <ol class="entries">
        ${seals.map(
          (seal) => html`<li key=${seal.header.height}>
            <div class="row"><a href=${link("log", "seal", String(seal.header.height))}>${t("terms.seal", { height: seal.header.height })}</a>
              ${seal.header.closes && html`<${Badge} kind="wait">${t("log.closes")}<//>`}<span class="quiet">${shortTime(seal.header.time)}</span></div>
            <span class="quiet">${t("log.records", { count: seal.header.count })} · ${t("log.signed", { signers: seal.signers.length, count: needed })} · <code>${short(seal.id)}</code></span>
          </li>`,
        )}
      </ol>
      <p class="exports">
        ${top < status.height && html`<button type="button" onClick=${() => setLast(top + SHOWN >= status.height ? null : top + SHOWN)}>${t("log.newer")}</button>`}
        ${top > SHOWN && html`<button type="button" onClick=${() => setLast(top - SHOWN)}>${t("log.older")}</button>`}
      </p>
    <//>
  </div>`;
}

function Seal({ height, charter }) {
  const answer = useAnswer(`/v1/seals/${height}`, []);
  if (!answer.data) return html`<${Waiting} answer=${answer} />`;
  const { header, id, signers, records } = answer.data;
  const witness = (key) => charter.witnesses.find((each) => each.key === key)?.name ?? short(key);
  return html`<div class="grid">
    <${Card} title=${t("terms.seal", { height })}>
      <p>${shortTime(header.time)} ${header.closes && html`<${Badge} kind="wait">${t("log.closes")}<//>`}</p>
      <dl class="pairs">
        <dt>${t("table.id")}</dt><dd><code>${id}</code></dd>
        <dt>${t("log.previous")}</dt><dd><code>${header.previous}</code></dd>
        <dt>${t("log.root")}</dt><dd><code>${header.root}</code></dd>
        ${header.closes && html`<dt>${t("outcome.digest")}</dt><dd><code>${header.closes}</code></dd>`}
      </dl>
      <p class="exports">${height > 1 && html`<a href=${link("log", "seal", String(height - 1))}>← ${height - 1}</a>`}<a href=${link("log", "seal", String(height + 1))}>${height + 1} →</a></p>
    <//>
    <${Card} title=${t("log.signers", { count: signers.length })}>
      <ul class="list">${signers.map((key) => html`<li>${witness(key)} <code class="quiet">${short(key)}</code></li>`)}</ul>
    <//>
    <${Card} wide title=${t("log.records", { count: records.length })}>
      ${records.length === 0 && html`<${Empty}>${t("log.noRecords")}<//>`}
      <ol class="entries">${records.slice(0, 100).map((each) => html`<${Line} key=${each} id=${each} />`)}</ol>
      ${records.length > 100 && html`<p class="quiet">${t("log.more", { count: records.length - 100 })}</p>`}
    <//>
  </div>`;
}

const kindOf = (body) => (typeof body === "string" ? body : Object.keys(body)[0]);

function Line({ id }) {
  const answer = useAnswer(`/v1/records/${id}`, []);
  const record = answer.data?.record;
  const author = useAnswer(record ? `/v1/members/${record.author}` : null, []);
  return html`<li class="row"><a href=${link("log", "record", id)}><code>${short(id)}</code></a>
    <span>${record ? t(`kind.${kindOf(record.body)}`, { defaultValue: kindOf(record.body) }) : ""}</span>
    <span class="quiet">${author.data?.name ?? (record ? short(record.author) : "")}</span></li>`;
}

function Entry({ id }) {
  const answer = useAnswer(`/v1/records/${id}`, ["sealed"]);
  if (!answer.data) return html`<${Waiting} answer=${answer} />`;
  const { record, sealed, bytes, void: nothing } = answer.data;
  return html`<div class="grid"><${Card} wide title=${t(`kind.${kindOf(record.body)}`, { defaultValue: kindOf(record.body) })}>
    <p><${Badge} kind=${sealed ? "good" : "wait"}>${t(sealed ? "log.sealed" : "mine.unsealed")}<//>
      ${nothing && html` <${Badge} kind="bad">${t("log.void")}<//> <span lang="en">${nothing}</span>`}</p>
    <dl class="pairs">
      <dt>${t("table.id")}</dt><dd><code>${id}</code></dd>
      <dt>${t("log.author")}</dt><dd><code>${record.author}</code></dd>
      <dt>${t("log.number")}</dt><dd>${count(record.sequence)}</dd>
      <dt>${t("log.previous")}</dt><dd><code>${record.previous}</code></dd>
      <dt>${t("log.clock")}</dt><dd>${shortTime(Number(record.time ?? record.clock ?? 0))}</dd>
    </dl>
    <h3>${t("log.says")}</h3>
    <pre tabindex="0">${JSON.stringify(record.body, (_, value) => (typeof value === "bigint" ? value.toString() : value), 2)}</pre>
    <details><summary>${t("log.bytes", { count: bytes.length / 2 })}</summary><pre class="wrap" tabindex="0">${bytes}</pre></details>
  <//></div>`;
}
