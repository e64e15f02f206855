// The pages, in the order of the navigation. `isFor` says to whom one is shown there.
import { html } from "../base/ui.js";
import { Now } from "./now.js";
import { Proposals } from "./proposals.js";
import { Proposal } from "./proposal.js";
import { Ballot } from "./ballot.js";
import { Outcome } from "./outcome.js";
import { Money } from "./money.js";
import { Trust } from "./trust.js";
import { Log } from "./log.js";
import { Check } from "./check.js";
import { Operator } from "./operator.js";
import { heldOffices } from "../parts/offices.js";

const OneOrAll = (shared) =>
  shared.parts[0] ? html`<${Proposal} key=${shared.parts[0]} id=${shared.parts[0]} ...${shared} />` : html`<${Proposals} ...${shared} />`;

export const PAGES = {
  now: { Page: Now },
  proposals: { Page: OneOrAll },
  ballot: { Page: Ballot },
  outcome: { Page: Outcome },
  money: { Page: Money },
  trust: { Page: Trust },
  log: { Page: Log },
  check: { Page: Check },
  operator: { Page: Operator, isFor: (own) => heldOffices(own ?? []).length > 0 },
};
