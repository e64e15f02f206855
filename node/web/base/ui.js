// What pages are written with.
export * from "../vendor/htm/standalone.module.js";
import { useRef } from "../vendor/htm/standalone.module.js";

let made = 0;

// An id that is used once, for headings and labels.
export function useId() {
  const id = useRef();
  id.current ??= `id-${++made}`;
  return id.current;
}
