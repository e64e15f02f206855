// The pages, in the order of the navigation.
import { Check } from "./check.js";
import { Now } from "./now.js";
import { Proposals } from "./proposals.js";

export const PAGES = {
  now: { Page: Now },
  proposals: { Page: Proposals },
  check: { Page: Check },
};
