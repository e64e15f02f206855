// SPEC section 5: what texts may hold.

import { utf8Bytes } from "./bytes.js";

const WHITE = "\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const REORDERING = "\\u202a-\\u202e\\u2066-\\u2069";
const ALL_WHITE = new RegExp(`^[${WHITE}]*$`);
const ANY_WHITE = new RegExp(`[${WHITE}]+`, "g");
const NO_LINE = new RegExp(`[\\u0000-\\u001f\\u007f-\\u009f${REORDERING}]`);
const NO_PARAGRAPHS = new RegExp(`[\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f${REORDERING}]`);

const isShort = (text, bytes) => utf8Bytes(text).length <= bytes;

export const isBlank = (text) => ALL_WHITE.test(text);
export const isLine = (text, bytes) => isShort(text, bytes) && !isBlank(text) && !NO_LINE.test(text);
export const isParagraphs = (text, bytes) => isShort(text, bytes) && !NO_PARAGRAPHS.test(text);
export const withoutWhite = (text) => text.replace(ANY_WHITE, "");
