// A picture with its words: drawn by the plotting library, with the table behind it and both as files.
import { html, useEffect, useRef, useState } from "../base/ui.js";
import { t, useLanguage } from "../base/text.js";
import { csv, save } from "./download.js";
import { Table } from "./table.js";

let library;

// Large, and needed on few pages: brought when the first picture is drawn.
async function plot() {
  library ??= import("../vendor/d3/d3.min.js").then(() => import("../vendor/plot/plot.umd.min.js")).then(() => globalThis.Plot);
  return library;
}

// A drawing as a file of its own: the page's colours are written out.
function standalone(svg) {
  const copy = svg.cloneNode(true);
  const style = getComputedStyle(svg);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const text = new XMLSerializer().serializeToString(copy);
  return text
    .replace(/var\((--[a-z-]+)\)/g, (_, name) => style.getPropertyValue(name).trim())
    .replaceAll("currentColor", style.color);
}

// `draw(Plot, width)` gives an SVG element; `head` and `rows` are the table behind it.
export function Figure({ name, words, draw, head, rows, numbers = [] }) {
  const place = useRef();
  const speaking = useLanguage();
  const [width, setWidth] = useState(0);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    let current = true;
    if (width > 0) {
      plot().then((Plot) => {
        if (!current || !place.current) return;
        const svg = draw(Plot, width);
        // One picture with one name: its parts are not told one by one.
        for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
        svg.setAttribute("role", "img");
        svg.setAttribute("aria-label", words);
        place.current.replaceChildren(svg);
      });
    }
    return () => (current = false);
  }, [width, rows, speaking]);
  return html`<figure>
    <div class="drawing" ref=${place}></div>
    <figcaption class="quiet">${words}</figcaption>
    <p class="exports">
      <button type="button" class="link" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>${t(open ? "table.hide" : "table.show")}</button>
      <button type="button" class="link" onClick=${() => save(`${name}.svg`, "image/svg+xml", standalone(place.current.querySelector("svg")))}>${t("table.svg")}</button>
      <button type="button" class="link" onClick=${() => save(`${name}.csv`, "text/csv;charset=utf-8", csv([head, ...rows]))}>${t("table.csv")}</button>
    </p>
    ${open && html`<${Table} caption=${words} head=${head} rows=${rows} numbers=${numbers} />`}
  </figure>`;
}

// What all drawings have in common.
export const base = (width) => ({
  width,
  className: "plot",
  marginLeft: 56,
  marginRight: 16,
  style: { fontSize: "13px", fontFamily: "inherit", background: "transparent" },
});
