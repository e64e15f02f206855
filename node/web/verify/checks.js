// The checks that were made, by their numbers in SPEC, and the first that failed.

/** A check that failed. `record` is the position of the record in its seal, if the fault is one of a record. */
export class Refused extends Error {
  constructor(check, detail, record) {
    super(detail);
    this.check = check;
    this.record = record;
  }
}

export class Checks {
  constructor() {
    this.made = new Map();
  }

  /** Notes that a check was made. Throws `Refused` if it failed. */
  need(check, holds, detail, record) {
    if (!holds) throw new Refused(check, detail, record);
    this.passed(check);
  }

  /** `times` is how often it was made. */
  passed(check, times = 1) {
    this.made.set(check, (this.made.get(check) ?? 0) + times);
  }

  /** `[{name, ok, times, detail}]`, in the order in which each was first made; the one that failed last. */
  list(refused) {
    const all = [...this.made].filter(([name]) => name !== refused?.check);
    const passed = all.map(([name, times]) => ({ name, ok: true, times, detail: "" }));
    if (!refused) return passed;
    const times = (this.made.get(refused.check) ?? 0) + 1;
    return [...passed, { name: refused.check, ok: false, times, detail: refused.message }];
  }
}

/**
 * What comes of checks: `{ok, checks}` and what `work` returns. Whatever the bytes are, this throws nothing but what is a
 * fault of this program.
 */
export async function resultOf(work) {
  const checks = new Checks();
  try {
    const found = await work(checks);
    return { ok: true, checks: checks.list(), ...found };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, checks: checks.list(error) };
  }
}
