// Whether the page is in touch with its node, and the node with the others.
import { html, useEffect, useState } from "../base/ui.js";
import { liveState, listen } from "../base/live.js";
import { t } from "../base/text.js";

export function useLiveState() {
  const [state, setState] = useState(liveState());
  useEffect(() => {
    // It may have changed between the first drawing and now.
    setState(liveState());
    return listen((name) => name === "state" && setState(liveState()));
  }, []);
  return state;
}

export function Touch({ status }) {
  const state = useLiveState();
  const peers = status.data?.peers.length;
  const kind = state === "live" ? (peers === 0 ? "alone" : "good") : state === "connecting" ? "plain" : "bad";
  const words = state === "live" && peers !== undefined ? t("touch.live", { count: peers }) : t(`touch.${state}`);
  return html`<span class=${`touch ${kind}`}><i aria-hidden="true"></i>${words}</span>`;
}
