// What there is to be told, and in which words.
import { t } from "../base/text.js";
import { useAnswer, useKept } from "../base/state.js";
import { link } from "../base/router.js";
import { useMe } from "./me.js";

const LIVE = ["sealed", "closed", "health", "reset", "beginning"];

// The categories that this reader follows, by name; at first all of them.
export function useFollowed() {
  const [kept, keep] = useKept("followed", '["*"]');
  let names;
  try {
    names = JSON.parse(kept);
  } catch {
    names = ["*"];
  }
  return [Array.isArray(names) ? names : ["*"], (next) => keep(JSON.stringify(next))];
}

// Everything, the newest first.
export function useNews(own, charter) {
  const { me } = useMe(own);
  const [followed] = useFollowed();
  const members = new Set([me, ...(own ?? []).filter((each) => each.member).map((each) => each.key)].filter(Boolean));
  const known = followed.filter((name) => name === "*" || charter?.categories.includes(name));
  const part = (values, separator) => encodeURIComponent([...values].join(separator));
  const path = own && charter ? `/v1/notices?members=${part(members, ",")}&categories=${part(known, "\n")}` : null;
  const answer = useAnswer(path, LIVE);
  return { path, answer, news: answer.data ? [...answer.data.notices].reverse() : [], leftOff: answer.data?.left_off ?? 0 };
}

// A notice in the reader's language.
export function inWords(notice) {
  const { kind } = notice;
  if (kind === "proposal") return t(notice.category ? "notices:is.proposal" : "notices:is.motion", notice);
  if (kind === "answer") return t(notice.stance === "question" ? "notices:is.question" : "notices:is.answer", notice);
  if (kind === "response") return t("notices:is.response", { ...notice, status: t(`notices:status.${notice.status}`) });
  if (kind === "misbehaviour") {
    const what = t(`notices:what.${notice.what}`);
    return t(notice.name ? "notices:is.misbehaviourOf" : "notices:is.misbehaviour", { what, name: notice.name });
  }
  return t(`notices:is.${kind}`, notice);
}

// Where more is said about it.
export function placeOf(notice) {
  if (notice.proposal) return link("proposals", notice.proposal);
  if (notice.kind === "outcome") return link("outcome", String(notice.round));
  if (notice.kind === "closing") return link("ballot");
  return link("log");
}
