// What happens, as it happens: one stream of events for the whole page, taken up again where it broke off.
import { createParser } from "../vendor/eventsource-parser/index.js";
import { request } from "./api.js";

// Longest pause between two attempts, in milliseconds.
const PAUSE = 15_000;
// The node sends a sign of life every 15 seconds; without one the connection is taken for lost.
const SILENCE = 40_000;

const listeners = new Set();
let state = "connecting";
let last;

export const liveState = () => state;

// Calls back with ("sealed" | "closed" | "taken" | "health" | "beginning" | "reset" | "state", data).
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(name, data) {
  for (const listener of [...listeners]) listener(name, data);
}

function become(next) {
  if (state === next) return;
  state = next;
  tell("state", next);
}

async function read(onLife) {
  const control = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => control.abort(), SILENCE);
  };
  alive();
  try {
    const headers = last ? { "Last-Event-ID": last } : {};
    const answer = await request("/v1/events", { headers, signal: control.signal });
    const parser = createParser({
      onEvent: (event) => {
        last = event.id ?? last;
        tell(event.event, JSON.parse(event.data));
      },
    });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    become("live");
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      onLife();
      parser.feed(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

export async function startLive() {
  let pause = 500;
  for (;;) {
    try {
      await read(() => (pause = 500));
    } catch (problem) {
      if (problem.status === 401) return become("refused");
      if (problem.status === 503) become("full");
      else become("lost");
    }
    if (state === "live") become("lost");
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, PAUSE);
  }
}
