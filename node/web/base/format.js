// Numbers and times as people read them. Amounts are integers in the currency's smallest unit, and stay exact.
import { language } from "./text.js";

const made = new Map();
function formatter(kind, options) {
  const key = kind.name + language() + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new kind(language(), options));
  return made.get(key);
}

const separators = () => {
  const parts = formatter(Intl.NumberFormat, {}).formatToParts(12345.6);
  const find = (type) => parts.find((part) => part.type === type)?.value ?? "";
  return { group: find("group") || "\u202f", decimal: find("decimal") || "." };
};

export function count(value) {
  return formatter(Intl.NumberFormat, {}).format(value);
}

// An amount without its unit. Cents are left out where they are zero and nobody compares columns.
export function amount(value, currency, { whole = false } = {}) {
  const exact = BigInt(value);
  const unit = 10n ** BigInt(currency.decimals);
  const size = exact < 0n ? -exact : exact;
  const { group, decimal } = separators();
  const digits = (size / unit).toString().replace(/\B(?=(\d{3})+$)/g, group);
  const rest = size % unit;
  const cents = currency.decimals > 0 && !(whole && rest === 0n) ? decimal + rest.toString().padStart(currency.decimals, "0") : "";
  return `${exact < 0n ? "−" : ""}${digits}${cents}`;
}

const SIGNS = { EUR: "€", USD: "$", GBP: "£", CHF: "CHF" };

export const money = (value, currency, options = { whole: true }) =>
  `${amount(value, currency, options)}\u00a0${SIGNS[currency.code] ?? currency.code}`;

// How large a part is of a whole, as a number between 0 and 1: for pictures only.
export function part(value, whole) {
  const [above, below] = [BigInt(value), BigInt(whole)];
  return below === 0n ? 0 : Number((above * 1_000_000n) / below) / 1_000_000;
}

export const share = (value, digits = 0) =>
  formatter(Intl.NumberFormat, { style: "percent", maximumFractionDigits: digits }).format(value);

// Basis points.
export const points = (value) => share(value / 10_000, 2);

export const day = (time) => formatter(Intl.DateTimeFormat, { dateStyle: "medium" }).format(time);

export const moment = (time) =>
  formatter(Intl.DateTimeFormat, { dateStyle: "full", timeStyle: "long" }).format(time);

export const shortTime = (time) =>
  formatter(Intl.DateTimeFormat, { dateStyle: "short", timeStyle: "medium" }).format(time);

// Time that is left: days and hours, or minutes and seconds.
export function left(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const first = Math.max(0, units.findIndex(([, size]) => seconds >= size));
  const from = seconds === 0 ? 3 : first;
  let rest = seconds;
  for (const [, size] of units.slice(0, from)) rest %= size;
  return units
    .slice(from, from + 2)
    .map(([unit, size]) => {
      const value = Math.floor(rest / size);
      rest %= size;
      return formatter(Intl.NumberFormat, { style: "unit", unit, unitDisplay: "long" }).format(value);
    })
    .join(" ");
}

export const short = (id) => id.slice(0, 8);

// An exact fraction such as "3/7" or "2", shown as a decimal.
export function fraction(text, digits = 3) {
  const [above, below = "1"] = String(text).split("/");
  const scale = 10n ** BigInt(digits);
  const value = (BigInt(above) * scale) / BigInt(below);
  return formatter(Intl.NumberFormat, { maximumFractionDigits: digits }).format(Number(value) / Number(scale));
}
