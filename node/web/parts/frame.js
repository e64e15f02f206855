// The frame around every page: where we are, whose node it is, and whether it is in touch.
import { html, useEffect, useRef } from "../base/ui.js";
import { t, useLanguage } from "../base/text.js";
import { useRoute, link } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { Languages } from "./languages.js";
import { Announcer } from "./announcer.js";
import { NoticeTeller } from "./notices.js";
import { Touch } from "./touch.js";
import { PAGES } from "../pages/all.js";

export function Frame() {
  useLanguage();
  const { parts } = useRoute();
  const name = parts[0] in PAGES ? parts[0] : "now";
  const { Page } = PAGES[name];
  const status = useAnswer("/v1/status", ["sealed", "closed", "reset", "beginning", "health", "taken"]);
  const charter = useAnswer("/v1/charter", ["closed", "reset", "beginning"]);
  const own = useAnswer("/v1/own-keys");
  const main = useRef();
  const place = parts.join("/");
  const first = useRef(true);
  useEffect(() => {
    document.title = `${t(`frame.page.${name}`)} · ${status.data?.name ?? "mutua"}`;
  });
  // Whoever goes to another page by keyboard begins at its top.
  useEffect(() => {
    if (!first.current) main.current.focus({ preventScroll: true });
    first.current = false;
    // On a narrow screen the navigation is wider than what is seen of it.
    document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    scrollTo(0, 0);
  }, [place]);
  const community = { status: status.data, charter: charter.data, own: own.data };
  return html`
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}>${t("frame.skip")}</a>
    <header class="top">
      <div class="inner">
        <a class="name" href=${link("now")}><img src="icon.svg" alt="" width="26" height="26" />
          <span>${status.data?.name ?? "mutua"}</span></a>
        <div class="tools"><${Touch} status=${status} /><${Languages} /></div>
      </div>
      <nav class="inner" aria-label=${t("frame.pages")}>
        <ul>
          ${Object.entries(PAGES)
            .filter(([, page]) => page.isFor?.(own.data) ?? true)
            .map(([each]) => {
              const here = each === (name);
              return html`<li><a href=${link(each)} aria-current=${here ? "page" : undefined}>${t(`frame.page.${each}`)}</a></li>`;
            })}
        </ul>
      </nav>
    </header>
    <main id="main" class="inner" tabindex="-1" ref=${main}>
      ${status.data?.disagreement &&
      html`<div class="trouble" role="alert"><h2>${t("frame.disagreement")}</h2><p>${status.data.disagreement}</p></div>`}
      <${Page} key=${name} ...${community} parts=${parts.slice(1)} />
    </main>
    <footer class="inner quiet">
      ${status.data && html`<span>mutua ${status.data.version}</span><span>${t("frame.community")} <code>${status.data.community.slice(0, 16)}</code></span>`}
    </footer>
    <${Announcer} />
    <${NoticeTeller} own=${own.data} charter=${charter.data} />`;
}
