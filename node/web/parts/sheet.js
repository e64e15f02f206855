// A ballot as it is chosen on the page, and the commands that sign exactly this.

// Whoever voted before an amendment voted on something else: what was said then counts no more.
const counts = (cast, proposal) => cast.height === null || cast.height > proposal.since;

/** What the member has said of each open proposal: a score, or an answer. `cast` is the ballot that counts as of now, or null. */
export function saidBefore(open, cast) {
  const lines = cast ? [...cast.ballot.scores.map((line) => [line.proposal, line.score]), ...cast.ballot.answers.map((line) => [line.proposal, line.choice])] : [];
  const still = new Set(open.filter((each) => cast && counts(cast, each)).map((each) => each.id));
  return Object.fromEntries(lines.filter(([id]) => still.has(id)));
}

/** The lines of the ballot: those of the proposals of which something is said. */
export function linesOf(open, said) {
  const chosen = open.filter((each) => said[each.id]).sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    scores: chosen.filter((each) => each.subject.loan).map((each) => ({ proposal: each.id, score: said[each.id] })),
    answers: chosen.filter((each) => !each.subject.loan).map((each) => ({ proposal: each.id, choice: said[each.id] })),
  };
}

/** Is the ballot that counts as of now one that counts in later rounds, too? One that was ended is not. */
export const isStanding = ({ newest, standing }) => standing !== null && (newest === null || newest.id === standing.id);

/**
 * What is to be signed so that all is as the sheet shows it: `vote` are the words that cast this ballot, or null where it is cast already, and
 * `end` those that end a standing ballot which would count in later rounds.
 */
export function toSign({ held, open, said, standing }) {
  const before = saidBefore(open, held.newest ?? held.standing);
  const was = isStanding(held);
  const isOther = open.some((each) => (said[each.id] || "") !== (before[each.id] || ""));
  const isCast = !isOther && (standing === was || (was && held.newest !== null));
  const { scores, answers } = linesOf(open, said);
  const lines = [...scores.map((line) => `${line.proposal}=${line.score}`), ...answers.map((line) => `${line.proposal}=${line.choice}`)];
  return {
    // Nothing that was said before is added to it.
    vote: isCast ? null : ["vote", "--fresh", ...lines, ...(standing ? ["--standing"] : [])],
    end: !standing && held.standing !== null ? ["vote", "--end-standing"] : null,
  };
}
