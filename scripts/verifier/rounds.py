"""SPEC section 10: what the close of a round yields, and what it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from .allocation import Allocation, Election, Project, Voter, shares_of
from .charter import Rules
from .codec import BLOB, BOOL, BYTES32, Choice, ListOf, Names, OptionOf, Structure, Value, u8, u16, u32, u64
from .hashes import DECISIONS, OUTCOME, ROLL_TREE, SHARES, hash_of, merkle_root
from .ledger import GREATEST_TIME, Account, Cast, Ledger, Member, Proposal

# 10.7

FIGURES = Structure("figures", grade=u8(), default=u16(), loss=u16(), greatest_amount=u64(), outlook=u8())

INELIGIBLE = Choice(
    Structure("expired"),
    Structure("declined"),
    Structure("attestations", have=u8(), needed=u8()),
    Structure("grade", grade=u8(), worst=u8()),
    Structure("default", default=u16(), greatest=u16()),
    Structure("outlook", outlook=u8(), least=u8()),
    Structure("amount", greatest=u64()),
)

PASSED_OVER = Names("no-supporters", "no-utility", "supporters-lack-money", "pool-spent", "borrower-cap", "category-cap",
                    "expected-loss-cap", "stopped")

RESULT = Choice(
    Structure("funded", figures=FIGURES),
    Structure("passed-over", figures=FIGURES, reason=PASSED_OVER, supporters=u64(), left=OptionOf(u64())),
    Structure("ineligible", reason=INELIGIBLE),
)

CHANGE = Choice(Structure("adopted"), Structure("not-carried"), Structure("lapsed", by=BYTES32),
                Structure("replaced-key", key=BYTES32))

OUTCOME_OF_ROUND = Structure(
    "outcome",
    round=u32(),
    height=u64(),
    close=u64(),
    time=u64(),
    pool=u64(),
    turnout=Structure("turnout", members=u64(), weight=u64(), voters=u64(), voted=u64()),
    roll=BYTES32,
    charter=BYTES32,
    raises=OptionOf(u64()),
    candidates=ListOf(Structure("candidate", proposal=BYTES32, terms=BYTES32, amount=u64(), result=RESULT)),
    funded=ListOf(Structure(
        "funded loan",
        proposal=BYTES32,
        amount=u64(),
        price=OptionOf(Structure("price", numerator=BLOB, denominator=BLOB)),
        supporters=u64(),
        shares=BYTES32,
    )),
    motions=ListOf(Structure(
        "motion", proposal=BYTES32, yes=u64(), no=u64(), abstain=u64(), quorum=BOOL, carried=BOOL, change=OptionOf(CHANGE),
    )),
)

HEAD = 132  # bytes of the fields `round` to `charter`, which are of fixed width


def digest_of(outcome: bytes) -> bytes:
    """The digest of an outcome, from its canonical bytes."""
    return hash_of(OUTCOME, outcome[:HEAD] + hash_of(DECISIONS, outcome[HEAD:]))


# The fields of an outcome's head. Receipts show it alone.
OUTCOME_HEAD = Structure(
    "head",
    **{name: OUTCOME_OF_ROUND.fields[name] for name in ("round", "height", "close", "time", "pool", "turnout", "roll", "charter")},
    decisions=BYTES32,
)


def head_digest(head: Value) -> bytes:
    """The same digest, from the head."""
    return hash_of(OUTCOME, OUTCOME_HEAD.write(head))


DELEGATED = OptionOf(Structure("line", delegate=BYTES32, voter=BYTES32, ballot=BYTES32))

ROLL_ENTRY = Structure(
    "roll entry",
    member=BYTES32,
    weight=u32(),
    counted=Choice(
        Structure("nothing"),
        Structure("cast", record=BYTES32),
        Structure("standing", record=BYTES32),
        Structure("delegated", all=DELEGATED,
                  categories=ListOf(Structure("in category", category=u16(), counted=DELEGATED))),
    ),
)

SHARE_LIST = ListOf(Structure("share", member=BYTES32, amount=u64()))


@dataclass
class Closing:
    """An outcome with the parts that it holds digests of."""

    outcome: Value
    digest: bytes
    roll: list[Value]
    shares: dict[bytes, list[tuple[bytes, int]]]
    adopted: Rules | None


# 10.2 Eligible loans


def candidates_of(ledger: Ledger) -> list[Proposal]:
    loans = [each for each in ledger.proposals.values() if each.status == "open" and each.subject.kind == "loan"]
    return sorted(loans, key=lambda loan: loan.place)


def valid_assessments(ledger: Ledger, loan: Proposal, time: int) -> list[Value]:
    return [
        attestation.assessment
        for attestor, attestation in loan.attestations.items()
        if attestation.terms == loan.terms
        and attestation.assessment.valid_until > time
        and ledger.community.rules.holds_role(attestor, "attestor")
        and attestor not in ledger.suspended
    ]


def figures_of(assessments: list[Value]) -> Value:
    return Value(
        "figures",
        grade=max(each.grade for each in assessments),
        default=max(each.default for each in assessments),
        loss=max(each.loss for each in assessments),
        greatest_amount=min(each.greatest_amount for each in assessments),
        outlook=min(each.outlook for each in assessments),
    )


def ineligible(ledger: Ledger, loan: Proposal, time: int) -> Value | None:
    """The first reason why a candidate is not eligible."""
    policy, roles = ledger.community.charter.policy, ledger.community.rules.roles
    assessments = valid_assessments(ledger, loan, time)
    needed = roles["attestor"].needed if "attestor" in roles else 1
    if loan.subject.expires <= time:
        return Value("expired")
    if any(each.verdict == "declined" for each in assessments):
        return Value("declined")
    if len(assessments) < needed:
        return Value("attestations", have=len(assessments), needed=needed)
    figures = figures_of(assessments)
    if figures.grade > policy.worst_grade:
        return Value("grade", grade=figures.grade, worst=policy.worst_grade)
    bounds = [policy, *policy.grades[figures.grade - 1:figures.grade]]
    greatest = min(each.greatest_default for each in bounds)
    if figures.default > greatest:
        return Value("default", default=figures.default, greatest=greatest)
    if figures.outlook < policy.least_outlook:
        return Value("outlook", outlook=figures.outlook, least=policy.least_outlook)
    greatest = min(figures.greatest_amount, *(each.greatest_amount for each in bounds))
    if loan.subject.amount > greatest:
        return Value("amount", greatest=greatest)
    return None


# 10.3 Electorate


def electorate_of(ledger: Ledger) -> list[tuple[bytes, Member]]:
    return [
        (key, member)
        for key, member in sorted(ledger.members.items())
        if member.status != "left" and key not in ledger.suspended
    ]


@dataclass
class Counted:
    """What counts for a member of the electorate."""

    counted_as: Value  # as the roll says it
    all: Cast | None = None  # for motions, and for the loans of categories that are not named
    categories: dict[int, Cast | None] = field(default_factory=dict)

    @property
    def votes(self) -> bool:
        return self.counted_as.kind != "nothing"

    def scores(self, ledger: Ledger, place: dict[bytes, int]) -> dict[int, int]:
        """The scores that hold, by the position of the loan."""
        scores = {}
        for cast in {each.id: each for each in (self.all, *self.categories.values()) if each}.values():
            for entry in cast.ballot.scores:
                if entry.proposal in place:
                    loan = ledger.proposals[entry.proposal]
                    counts = self.categories.get(loan.subject.category, self.all)
                    if counts is cast and cast.height > loan.since:
                        scores[place[entry.proposal]] = min(entry.score, ledger.community.charter.limits.score)
        return scores


def own_ballot(member: Member) -> Cast | None:
    return member.cast or member.standing


def count_ballots(ledger: Ledger, electorate: list[tuple[bytes, Member]]) -> dict[bytes, Counted]:
    """What counts for each member of the electorate."""
    electors = dict(electorate)
    named = {scope for member in electors.values() for scope in member.delegations if scope is not None}
    to_all = delegates_of(ledger, electors, None)
    by_all = voters_of(electors, to_all)
    by_category = {}
    for category in sorted(named):
        to_one = delegates_of(ledger, electors, category)
        by_category[category] = (to_one, voters_of(electors, to_one))
    counted = {}
    for key, member in electorate:
        own = own_ballot(member)
        if own:
            kind = "cast" if member.cast else "standing"
            counted[key] = Counted(Value(kind, record=own.id), own)
            continue
        line = line_of(electors, key, to_all, by_all)
        others = {category: line_of(electors, key, *graph) for category, graph in by_category.items()}
        others = {category: other for category, other in others.items() if other != line}
        if line is None and not others:
            counted[key] = Counted(Value("nothing"))
            continue
        counted[key] = Counted(
            Value("delegated", all=line_value(electors, line),
                  categories=[Value("in category", category=category, counted=line_value(electors, other))
                              for category, other in others.items()]),
            line and own_ballot(electors[line[1]]),
            {category: other and own_ballot(electors[other[1]]) for category, other in others.items()},
        )
    return counted


def delegates_of(ledger: Ledger, electors: dict[bytes, Member], scope: int | None) -> dict[bytes, bytes]:
    """For one scope, the next of each member who has one."""
    delegates = {}
    for key, member in electors.items():
        named = member.delegations.get(scope, member.delegations.get(None))
        delegate = None if named is None else ledger.newest(named)
        if delegate in electors:
            delegates[key] = delegate
    return delegates


def voters_of(electors: dict[bytes, Member], delegates: dict[bytes, bytes]) -> dict[bytes, bytes | None]:
    """For one scope, whose own ballot counts for each member: every way is followed to its end."""
    ends: dict[bytes, bytes | None] = {key: key for key, member in electors.items() if own_ballot(member)}
    for key in electors:
        way: dict[bytes, None] = {}
        at: bytes | None = key
        while at is not None and at not in ends and at not in way:
            way[at] = None
            at = delegates.get(at)
        end = None if at is None else ends.get(at)  # a circle is in no end yet
        for passed in way:
            ends[passed] = end
    return ends


def line_of(electors: dict[bytes, Member], key: bytes, delegates: dict[bytes, bytes],
            ends: dict[bytes, bytes | None]) -> tuple[bytes, bytes] | None:
    """The delegate and the voter of a member without an own ballot."""
    end = ends[key]
    return None if end is None else (delegates[key], end)


def line_value(electors: dict[bytes, Member], line: tuple[bytes, bytes] | None) -> Value | None:
    if line is None:
        return None
    delegate, voter = line
    return Value("line", delegate=delegate, voter=voter, ballot=own_ballot(electors[voter]).id)


def roll_entry(key: bytes, member: Member, counted: Counted) -> Value:
    return Value("roll entry", member=key, weight=member.weight, counted=counted.counted_as)


# 10.4 to 10.7


def close(ledger: Ledger, time: int, height: int) -> Closing:
    """The outcome of the ledger's round, its records carried out. Changes nothing."""
    electorate = electorate_of(ledger)
    counted = count_ballots(ledger, electorate)
    voters = [(key, member, counted[key]) for key, member in electorate if counted[key].votes]
    roll = [roll_entry(key, member, counted[key]) for key, member in electorate]
    weight = sum(member.weight for _, member in electorate)

    candidates = candidates_of(ledger)
    reasons = {loan.id: ineligible(ledger, loan, time) for loan in candidates}
    eligible = [loan for loan in candidates if reasons[loan.id] is None]
    figures = {loan.id: figures_of(valid_assessments(ledger, loan, time)) for loan in eligible}
    place = {loan.id: number for number, loan in enumerate(eligible)}

    ballots = [
        Voter(key, member.weight, what.scores(ledger, place))
        for key, member, what in voters
    ]
    projects = [
        Project(loan.subject.amount, loan.subject.borrower, loan.subject.category, figures[loan.id].default,
                figures[loan.id].loss)
        for loan in eligible
    ]
    charter = ledger.community.charter
    budget, unit = min(ledger.available, 2**64 - 1), 10**charter.currency.decimals
    allocation = Election(projects, ballots, budget, unit, charter.rule, charter.policy.caps).allocate()
    supporters = [sum(voter.weight for voter in ballots if number in voter.scores) for number in range(len(projects))]

    motions = decide_motions(ledger, weight, voters)
    adopted = adopted_by(ledger, motions)

    shares = {eligible[each.project].id: shares_of(projects[each.project].cost, each.payments)
              for each in allocation.funded}
    outcome = Value(
        "outcome",
        round=ledger.round,
        height=height,
        close=ledger.close,
        time=time,
        pool=budget,
        charter=(adopted or ledger.community.rules).hash,
        raises=allocation.raises,
        turnout=Value("turnout", members=len(electorate), weight=weight, voters=len(voters),
                      voted=sum(member.weight for _, member, _ in voters)),
        roll=merkle_root(ROLL_TREE, [ROLL_ENTRY.write(entry) for entry in roll]),
        candidates=[
            Value("candidate", proposal=loan.id, terms=loan.terms, amount=loan.subject.amount,
                  result=result_of(reasons[loan.id], figures.get(loan.id), place.get(loan.id), allocation, supporters))
            for loan in candidates
        ],
        funded=[
            Value("funded loan", proposal=eligible[each.project].id, amount=projects[each.project].cost,
                  price=price_of(each.price), supporters=supporters[each.project],
                  shares=hash_of(SHARES, SHARE_LIST.write(share_values(shares[eligible[each.project].id]))))
            for each in allocation.funded
        ],
        motions=motions,
    )
    return Closing(outcome, digest_of(OUTCOME_OF_ROUND.write(outcome)), roll, shares, adopted)


def result_of(reason: Value | None, figures: Value | None, place: int | None, allocation: Allocation,
              supporters: list[int]) -> Value:
    if reason is not None:
        return Value("ineligible", reason=reason)
    if any(each.project == place for each in allocation.funded):
        return Value("funded", figures=figures)
    return Value("passed-over", figures=figures, reason=allocation.passed_over[place], supporters=supporters[place],
                 left=allocation.left.get(place))


def price_of(price: Fraction | None) -> Value | None:
    if price is None:
        return None
    numerator, denominator = (
        number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (price.numerator, price.denominator)
    )
    return Value("price", numerator=numerator, denominator=denominator)


def share_values(shares: list[tuple[bytes, int]]) -> list[Value]:
    return [Value("share", member=member, amount=amount) for member, amount in shares]


def decide_motions(ledger: Ledger, weight: int, voters: list[tuple[bytes, Member, Counted]]) -> list[Value]:
    """10.6"""
    motions = [each for each in ledger.proposals.values() if each.status == "open" and each.subject.kind != "loan"]
    votes = {motion.id: {"yes": 0, "no": 0, "abstain": 0} for motion in motions}
    for _, member, what in voters:
        cast = what.all
        for entry in cast.ballot.answers if cast else []:
            if entry.proposal in votes and cast.height > ledger.proposals[entry.proposal].since:
                votes[entry.proposal][entry.choice] += member.weight
    decided, adopted = [], None
    for motion in sorted(motions, key=lambda motion: motion.place):
        yes, no, abstain = (votes[motion.id][choice] for choice in ("yes", "no", "abstain"))
        is_change = motion.subject.kind == "charter"
        policy = ledger.community.charter.motions.charter if is_change else ledger.community.charter.motions
        quorum = (yes + no + abstain) * 10_000 >= weight * policy.quorum
        carried = quorum and yes * 10_000 > (yes + no) * policy.majority
        change = change_of(ledger, motion, carried, adopted) if is_change else None
        decided.append(Value("motion", proposal=motion.id, yes=yes, no=no, abstain=abstain, quorum=quorum,
                             carried=carried, change=change))
        if change is not None and change.kind == "adopted":
            adopted = motion.id
    return decided


def change_of(ledger: Ledger, motion: Proposal, carried: bool, adopted: bytes | None) -> Value:
    """What comes of a charter change, when this one was adopted before it."""
    if not carried:
        return Value("not-carried")
    if adopted is not None:
        return Value("lapsed", by=adopted)
    replaced = ledger.replaced_in(Rules(motion.subject.charter))
    return Value("replaced-key", key=min(replaced)) if replaced else Value("adopted")


def adopted_by(ledger: Ledger, motions: list[Value]) -> Rules | None:
    for motion in motions:
        if motion.change is not None and motion.change.kind == "adopted":
            return Rules(ledger.proposals[motion.proposal].subject.charter)
    return None


# 10.1 and 10.8


def next_close(ledger: Ledger, time: int) -> int:
    period = ledger.community.charter.schedule.period
    periods = 0 if time < ledger.anchor else (time - ledger.anchor) // period + 1
    return min(ledger.anchor + periods * period, GREATEST_TIME)


def begin_next(ledger: Ledger, closing: Closing) -> None:
    """What a close changes."""
    outcome = closing.outcome
    funded = {each.proposal: each.amount for each in outcome.funded}
    for proposal in ledger.proposals.values():
        if proposal.status != "open":
            continue
        if proposal.subject.kind != "loan":
            proposal.status = "decided"
        elif proposal.id in funded:
            proposal.status = "funded"
            ledger.accounts[proposal.id] = Account(funded[proposal.id])
        elif proposal.subject.expires <= outcome.time:
            proposal.status = "expired"
    for member in ledger.members.values():
        member.cast = None
        if member.status == "leaving":
            member.status, member.standing = "left", None
            member.delegations.clear()
    if closing.adopted:
        ledger.community.adopt(closing.adopted, outcome.height)
        ledger.anchor = outcome.close
    ledger.close = next_close(ledger, outcome.time)
    ledger.round += 1
