// SPEC sections 13.1 and 13.3: how a charter was changed, as receipts and evidence files show it.

import { Malformed, list, same, structure } from "./bytes.js";
import { certificateFault } from "./certificates.js";
import { CHARTER, OutOfBounds, canFollow, checkCharter, hashOfCharter } from "./charter.js";
import { Refused } from "./checks.js";
import { OUTCOME_HEAD, digestOf } from "./outcomes.js";
import { CERTIFIED_SEAL, sealId } from "./seals.js";

export const SUCCESSIONS = list(structure({ seal: CERTIFIED_SEAL, outcome: OUTCOME_HEAD, charter: CHARTER }));

/** Does the seal close with this outcome? */
export const isOutcomeOf = (outcome, { closes, height, time }) =>
  closes !== null && same(closes, digestOf(outcome)) && outcome.height === height && outcome.time === time;

/** Why a certified seal is not certified by these witnesses, or null. */
export async function certifiedFault({ header, round, signatures }, { witnesses }) {
  if (signatures.some(({ position }) => position >= witnesses.length)) return "there is no witness with this position";
  const signers = signatures.map(({ position, signature }) => ({ key: witnesses[position].key, signature }));
  return certificateFault(header, sealId(header), round, signers, witnesses);
}

/** Follows the changes from the founding charter on, which `community` begins with. `check` is the number of this check. */
export async function follow(checks, check, successions, community) {
  for (const { seal, outcome, charter } of successions) {
    const { header } = seal;
    const base = community.newest;
    const need = (holds, detail) => checks.need(check, holds, detail);
    need(same(header.community, community.id), "a change of another community");
    need(header.height > base.since, "the changes are not in the order of their seals");
    need(isOutcomeOf(outcome, header), "a change's seal closes with another outcome, or with none");
    need(same(outcome.charter, hashOfCharter(charter)), "another charter than the one that was adopted");
    try {
      checkCharter(charter);
    } catch (error) {
      if (!(error instanceof OutOfBounds)) throw error;
      need(false, `an amended charter is not within its bounds: ${error.message}`);
    }
    need(canFollow(charter, base.charter), "an amended charter cannot follow the one before it");
    const fault = await certifiedFault(seal, base.charter);
    need(fault === null, fault);
    community.adopt(header.height, charter);
  }
}

/** What `read` reads; what is not canonical is refused by this check. */
export function canonical(check, read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Refused(check, error.message);
  }
}
