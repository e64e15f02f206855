// Where we are: `#/name/part?key=value`.
import { useEffect, useState } from "../vendor/htm/standalone.module.js";

function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { parts, query: new URLSearchParams(query) };
}

export function useRoute() {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const changed = () => setRoute(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

// Replaces the query of the address without a step in the history.
export function setQuery(values) {
  const { parts, query } = read();
  for (const [key, value] of Object.entries(values)) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  const text = query.toString();
  history.replaceState(null, "", link(...parts) + (text ? `?${text}` : ""));
  dispatchEvent(new Event("hashchange"));
}
