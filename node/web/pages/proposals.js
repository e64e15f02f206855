// What can be voted on, and what could.
import { html, useMemo } from "../base/ui.js";
import { t } from "../base/text.js";
import { link, setQuery, useRoute } from "../base/router.js";
import { useAnswer } from "../base/state.js";
import { money, points } from "../base/format.js";
import { Empty, Waiting } from "../parts/card.js";
import { StatusBadge, kindOf, subjectOf, titleOf } from "../parts/proposal.js";

const STATES = ["open", "funded", "decided", "withdrawn", "expired", "all"];
const KINDS = ["all", "loan", "motion", "charter"];
const ORDERS = {
  newest: (a, b) => b.height - a.height,
  amount: (a, b) => Number(BigInt(b.subject.loan?.amount ?? 0) - BigInt(a.subject.loan?.amount ?? 0)),
  talk: (a, b) => talk(b) - talk(a),
  title: (a, b) => titleOf(a).localeCompare(titleOf(b)),
};
const talk = ({ arguments: tally }) => tally.in_favour + tally.against + tally.questions;

export function Proposals({ charter }) {
  const answer = useAnswer("/v1/proposals");
  const { query } = useRoute();
  const [text, state, kind, order, category] = [
    query.get("text") ?? "",
    query.get("state") ?? "open",
    query.get("kind") ?? "all",
    query.get("order") ?? "newest",
    query.get("category") ?? "",
  ];
  const shown = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return (answer.data ?? [])
      .filter((proposal) => state === "all" || proposal.status === state)
      .filter((proposal) => kind === "all" || kindOf(proposal) === kind)
      .filter((proposal) => category === "" || String(proposal.subject.loan?.category) === category)
      .filter((proposal) => {
        const subject = subjectOf(proposal);
        const all = [subject.title, subject.borrower, subject.purpose, subject.text, proposal.owner_name, proposal.id].join(" ").toLowerCase();
        return words.every((word) => all.includes(word));
      })
      .sort(ORDERS[order] ?? ORDERS.newest);
  }, [answer.data, text, state, kind, order, category]);
  const choice = (name, value, options, words) => html`<label>
    <span>${t(`proposals.${name}`)}</span>
    <select value=${value} onChange=${(event) => setQuery({ [name]: event.target.value })}>
      ${options.map((each) => html`<option value=${each} selected=${each === value}>${words(each)}</option>`)}
    </select>
  </label>`;
  return html`<h1>${t("frame.page.proposals")}</h1>
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label class="search"><span>${t("proposals.text")}</span>
        <input type="search" value=${text} onInput=${(event) => setQuery({ text: event.target.value })} /></label>
      ${choice("state", state, STATES, (each) => t(`proposals.states.${each}`))}
      ${choice("kind", kind, KINDS, (each) => t(`proposals.kinds.${each}`))}
      ${charter && charter.categories.length > 1 && choice("category", category, ["", ...charter.categories.keys()].map(String), (each) => (each === "" ? t("proposals.kinds.all") : charter.categories[each]))}
      ${choice("order", order, Object.keys(ORDERS), (each) => t(`proposals.orders.${each}`))}
    </form>
    ${!answer.data || !charter
      ? html`<${Waiting} answer=${answer} />`
      : html`<p class="quiet" role="status">${t("proposals.found", { count: shown.length })}</p>
          ${shown.length === 0 && html`<${Empty}>${t("proposals.none")}<//>`}
          <ul class="cards">
            ${shown.map((proposal) => html`<${Entry} key=${proposal.id} proposal=${proposal} charter=${charter} />`)}
          </ul>`}`;
}

function Entry({ proposal, charter }) {
  const { loan } = proposal.subject;
  const subject = subjectOf(proposal);
  const { arguments: tally } = proposal;
  const figures = proposal.eligibility?.figures;
  return html`<li class="card">
    <div class="row">
      <span class="quiet">${loan ? charter.categories[loan.category] : t(`proposals.kinds.${kindOf(proposal)}`)}</span>
      <${StatusBadge} proposal=${proposal} />
    </div>
    <h2><a href=${link("proposals", proposal.id)}>${subject.title}</a></h2>
    ${loan
      ? html`<p class="big">${money(loan.amount, charter.currency)} <small>${t("proposals.terms", { months: loan.term, rate: points(loan.rate) })}</small></p>
          <p class="quiet">${loan.borrower}</p>`
      : html`<p class="clamp">${subject.text ?? subject.purpose}</p>`}
    <p class="row quiet">
      <span>${figures ? t("proposals.grade", { grade: figures.grade }) : loan && proposal.status === "open" ? t("proposals.unrated") : ""}</span>
      <span>${t("proposals.talk", { for: tally.in_favour, against: tally.against })}${proposal.open_questions > 0 && html` · ${t("proposals.questions", { count: proposal.open_questions })}`}</span>
    </p>
  </li>`;
}
