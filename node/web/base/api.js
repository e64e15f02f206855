// Asking the node.
import { token } from "./token.js";

// What the node says is wrong (RFC 9457).
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// Amounts may be greater than what a number holds exactly: those become BigInt.
function exact(_key, value, context) {
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source
    ? BigInt(context.source)
    : value;
}

export async function request(path, { method = "GET", body, signal, headers } = {}) {
  const answer = await fetch(path, {
    method,
    signal,
    credentials: "omit",
    headers: {
      Authorization: `Bearer ${token()}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable");
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, problem.detail ?? answer.statusText);
  }
  return answer;
}

const read = async (answer) => JSON.parse(await answer.text(), exact);

// A list that the node gives in parts comes whole, unless a limit is named.
export async function get(path, signal) {
  let answer = await request(path, { signal });
  const value = await read(answer);
  if (!Array.isArray(value) || /[?&]limit=/.test(path)) return value;
  for (let next; (next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1]); ) {
    answer = await request(next, { signal });
    value.push(...(await read(answer)));
  }
  return value;
}

export const post = async (path, body, signal) =>
  read(await request(path, { method: "POST", body, signal }));
