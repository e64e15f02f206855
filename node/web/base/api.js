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

export const get = async (path, signal) => JSON.parse(await (await request(path, { signal })).text(), exact);

export const post = async (path, body, signal) =>
  JSON.parse(await (await request(path, { method: "POST", body, signal })).text(), exact);
