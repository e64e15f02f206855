// What pages show: answers of the node, asked for again when something happened that may change them.
import { useCallback, useEffect, useRef, useState } from "../vendor/htm/standalone.module.js";
import { get } from "./api.js";
import { listen } from "./live.js";

// Several events in a row are one reason to ask.
const GATHER = 250;
const KEPT = 60;
const kept = new Map();

function keep(path, data) {
  kept.delete(path);
  kept.set(path, data);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
}

const OCCASIONS = ["sealed", "closed", "reset", "beginning"];

// The answer to GET `path`, and after `on` events the newer one. Without a path nothing is asked.
export function useAnswer(path, on = OCCASIONS) {
  const [found, setFound] = useState({ path, data: kept.get(path), problem: null });
  const [turn, setTurn] = useState(0);
  const timer = useRef();
  const again = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(
    () =>
      listen((name) => {
        if (!on.includes(name)) return;
        clearTimeout(timer.current);
        timer.current = setTimeout(again, GATHER);
      }),
    [on.join()],
  );
  useEffect(() => {
    if (!path) return setFound({ path, data: undefined, problem: null });
    const control = new AbortController();
    get(path, control.signal).then(
      (data) => {
        keep(path, data);
        setFound({ path, data, problem: null });
      },
      (problem) => {
        if (problem.name !== "AbortError") setFound((old) => ({ path, data: old.path === path ? old.data : kept.get(path), problem }));
      },
    );
    return () => control.abort();
  }, [path, turn]);
  const fits = found.path === path;
  return { data: fits ? found.data : kept.get(path), problem: fits ? found.problem : null, again };
}

// The time, once a second or more rarely.
export function useClock(every = 1000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

// A value that this browser remembers: the same in every part of the page that asks for it.
export function useKept(name, otherwise) {
  const key = `mutua-${name}`;
  const [value, setValue] = useState(() => localStorage.getItem(key) ?? otherwise);
  useEffect(() => {
    const changed = (event) => event.detail === key && setValue(localStorage.getItem(key) ?? otherwise);
    addEventListener("mutua-kept", changed);
    return () => removeEventListener("mutua-kept", changed);
  }, [key]);
  const set = useCallback((next) => {
    localStorage.setItem(key, next);
    dispatchEvent(new CustomEvent("mutua-kept", { detail: key }));
  }, [key]);
  return [value, set];
}
