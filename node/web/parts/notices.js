// What is new for the reader: on the page, and by the browser for those who want that.
import { html, useEffect, useRef, useState } from "../base/ui.js";
import { t, useTexts } from "../base/text.js";
import { useKept } from "../base/state.js";
import { shortTime } from "../base/format.js";
import { Badge, Card, Empty, Waiting } from "./card.js";
import { inWords, placeOf, useFollowed, useNews } from "./news.js";

const SHOWN = 5;

export function Notices({ own, charter }) {
  const ready = useTexts("notices");
  const { answer, news, leftOff } = useNews(own, charter);
  const [all, setAll] = useState(false);
  // What came since the reader was here last is marked, and stays so until the page is left.
  const [seen, see] = useKept("seen", "0");
  const before = useRef(Number(seen));
  const newest = Math.max(0, ...news.map((notice) => notice.time ?? 0));
  useEffect(() => {
    if (newest > Number(seen)) see(String(newest));
  }, [newest]);
  if (!ready) return null;
  const shown = all ? news : news.slice(0, SHOWN);
  return html`<${Card} wide title=${t("notices:title")}>
    ${!answer.data && html`<${Waiting} answer=${answer} />`}
    ${answer.data && news.length === 0 && html`<${Empty}>${t("notices:nothing")}<//>`}
    ${shown.length > 0 &&
    html`<ul class="list" data-test="notices">
      ${shown.map(
        (notice) => html`<li key=${notice.id}>
          <a href=${placeOf(notice)}>${inWords(notice)}</a> ${notice.time && html`<span class="quiet">${shortTime(notice.time)}</span>`}
          ${notice.time > before.current && html` <${Badge} kind="wait">${t("notices:new")}<//>`}
        </li>`,
      )}
    </ul>`}
    ${news.length > SHOWN &&
    html`<p><button type="button" class="link" aria-expanded=${String(all)} onClick=${() => setAll(!all)}>
      ${all ? t("notices:fewer") : t("notices:all", { count: news.length })}
    </button>${all && leftOff > 0 && html` <span class="quiet">${t("notices:leftOff", { count: leftOff })}</span>`}</p>`}
    <${Choice} charter=${charter} />
  <//>`;
}

function Choice({ charter }) {
  const [followed, follow] = useFollowed();
  const [told, tell] = useKept("told-by-browser", "no");
  const [denied, setDenied] = useState(false);
  const follows = (name) => followed.includes("*") || followed.includes(name);
  const change = (name, on) => {
    const names = charter.categories.filter((each) => (each === name ? on : follows(each)));
    follow(names.length === charter.categories.length ? ["*"] : names);
  };
  const ask = async (on) => {
    const granted = on && "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
    setDenied(on && !granted);
    tell(granted ? "yes" : "no");
  };
  return html`<details>
    <summary>${t("notices:follow")}</summary>
    <fieldset>
      <legend>${t("notices:categories")}</legend>
      ${charter.categories.map(
        (name) => html`<label><input type="checkbox" checked=${follows(name)} onChange=${(event) => change(name, event.target.checked)} /> ${name}</label> `,
      )}
    </fieldset>
    <p class="quiet">${t("notices:everybody")}</p>
    <label><input type="checkbox" checked=${told === "yes"} onChange=${(event) => ask(event.target.checked)} /> ${t("notices:browser")}</label>
    ${denied && html`<p class="trouble" role="alert">${t("notices:denied")}</p>`}
    <p class="quiet">${t("notices:terminal")}</p>
  </details>`;
}

// Has the browser tell what comes while any page is open, where the reader has asked for it.
export function NoticeTeller({ own, charter }) {
  const ready = useTexts("notices");
  const { path, answer, news } = useNews(own, charter);
  const known = useRef({ path: null, ids: new Set() });
  useEffect(() => {
    if (!ready || !answer.data) return;
    // Whoever asks for something else hears what comes from now on.
    const fresh = known.current.path === path ? news.filter((notice) => !known.current.ids.has(notice.id)) : [];
    known.current = { path, ids: new Set(news.map((notice) => notice.id)) };
    if (localStorage.getItem("mutua-told-by-browser") !== "yes" || !("Notification" in globalThis)) return;
    if (Notification.permission !== "granted") return;
    for (const notice of fresh) new Notification(inWords(notice), { tag: notice.id, icon: "icon.svg" });
  }, [ready, answer.data]);
  return null;
}
