// The table behind a picture, as a file.
import { html } from "../base/ui.js";
import { t } from "../base/text.js";

// What begins like a formula is text, whatever a spreadsheet thinks of it.
function cell(value) {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+([.,]\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

export function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export const Download = ({ name, rows }) => html`<p class="exports">
  <button type="button" class="link" onClick=${() => save(name, "text/csv;charset=utf-8", csv(rows()))}>${t("table.csv")}</button>
</p>`;
