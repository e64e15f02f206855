// What every page says of a proposal in the same way.
import { html } from "../base/ui.js";
import { has, t } from "../base/text.js";
import { money, points, day } from "../base/format.js";
import { Badge } from "./card.js";

export const subjectOf = (proposal) => proposal.subject.loan ?? proposal.subject.motion ?? proposal.subject.charter;
export const kindOf = (proposal) => Object.keys(proposal.subject)[0];
export const titleOf = (proposal) => subjectOf(proposal).title;

const KINDS = { open: "plain", funded: "good", decided: "plain", withdrawn: "off", expired: "off" };

export function StatusBadge({ proposal }) {
  if (proposal.status === "open" && proposal.eligibility && !proposal.eligibility.eligible) {
    return html`<${Badge} kind="wait">${t("status.ineligible")}<//>`;
  }
  return html`<${Badge} kind=${KINDS[proposal.status]}>${t(`status.${proposal.status}`, { round: proposal.round })}<//>`;
}

// A reason of the protocol, such as "expired" or { grade: { grade: 6, worst: 5 } }, as a sentence.
export function reason(value, currency) {
  const [name, fields] = typeof value === "string" ? [value, {}] : Object.entries(value)[0];
  const key = `reason.${name}`;
  if (!has(key)) return name;
  const shown = { ...fields };
  if (name === "amount" && currency) shown.greatest = money(fields.greatest, currency);
  if (name === "default") [shown.default, shown.greatest] = [points(fields.default), points(fields.greatest)];
  return t(key, shown);
}

// The figures of a rating, in a line.
export const rating = (figures) =>
  t("rating.line", { grade: figures.grade, default: points(figures.default), loss: points(figures.loss), outlook: figures.outlook });

export const validity = (time) => t("rating.until", { day: day(time) });
