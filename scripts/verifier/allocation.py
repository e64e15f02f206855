"""SPEC sections 10.4 and 10.5: which loans are funded, and who pays for them. All numbers are exact."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from fractions import Fraction

from .codec import Value
from .raised import Horizon, Number, Raised, plain


@dataclass
class Project:
    """A loan that may be funded."""

    cost: int
    borrower: str
    category: int
    default: int
    loss: int


@dataclass
class Voter:
    """A member for whom a ballot counts; scores by the place of the project."""

    member: bytes
    weight: int
    scores: dict[int, int]


@dataclass
class Class:
    """Voters whose scores are the same: a unit of their weight has the same money at any time."""

    weight: int
    scores: dict[int, int]
    money: Number


@dataclass
class Funded:
    """A project that was chosen: its price or time, unless greedy funded it, and what each voter with a score for it
    pays."""

    project: int
    price: Fraction | None
    payments: dict[bytes, Fraction]


@dataclass
class Allocation:
    funded: list[Funded] = field(default_factory=list)
    passed_over: dict[int, str] = field(default_factory=dict)
    left: dict[int, int] = field(default_factory=dict)  # what supporters had left after Equal Shares
    raises: int | None = None  # how often add-one has raised the endowments


class Till:
    """What is left of the budget, and the caps (shares of the budget that loans of one kind may take)."""

    def __init__(self, projects: list[Project], budget: int, caps: Value) -> None:
        self.projects, self.budget, self.left, self.caps = projects, budget, budget, caps
        self.taken: list[Project] = []

    def take(self, project: Project) -> None:
        self.taken.append(project)
        self.left -= project.cost

    def broken_cap(self, project: Project) -> str | None:
        """The first cap that a project would break beside those that were taken."""
        caps, budget, together = self.caps, self.budget, [*self.taken, project]
        borrower = sum(other.cost for other in together if other.borrower == project.borrower)
        if caps.borrower is not None and borrower * 10_000 > budget * caps.borrower:
            return "borrower-cap"
        category = sum(other.cost for other in together if other.category == project.category)
        if caps.category is not None and category * 10_000 > budget * caps.category:
            return "category-cap"
        expected_loss = sum(other.cost * other.default * other.loss for other in together)
        if caps.expected_loss is not None and expected_loss * 10_000 > budget * caps.expected_loss * 10**8:
            return "expected-loss-cap"
        return None


class Election:
    """The projects, the voters and the rule of one round."""

    def __init__(self, projects: list[Project], voters: list[Voter], budget: int, unit: int, rule: Value,
                 caps: Value) -> None:
        self.projects, self.voters, self.rule, self.budget, self.unit = projects, voters, rule, budget, unit
        self.till = Till(projects, budget, caps)
        self.result = Allocation()
        total = sum(voter.weight for voter in voters)
        self.endowment = endowment = Fraction(budget, total) if total else Fraction(0)
        classes: dict[tuple[tuple[int, int], ...], Class] = {}
        self.class_of: dict[bytes, Class] = {}
        for voter in voters:
            scores = tuple(sorted(voter.scores.items()))
            own = classes.setdefault(scores, Class(0, voter.scores, endowment))
            own.weight += voter.weight
            self.class_of[voter.member] = own
        self.supporters: list[list[Class]] = [
            [each for each in classes.values() if project in each.scores] for project in range(len(projects))
        ]
        self.voters_for: list[list[Voter]] = [
            [voter for voter in voters if project in voter.scores] for project in range(len(projects))
        ]

    def utility(self, project: int, voter: Class) -> int:
        return {"cost": self.projects[project].cost, "cardinality": 1, "score": voter.scores[project]}[
            self.rule.utility
        ]

    def allocate(self) -> Allocation:
        if self.rule.kind == "phragmen":
            self.phragmen()
        elif self.rule.kind == "greedy":
            self.greedy(self.rule.order)
        else:
            if self.rule.completion.startswith("add-one"):
                self.add_one()
            else:
                self.equal_shares()
            if self.rule.completion.endswith("greedy"):
                self.greedy("per-cost")
        return self.result

    # Equal Shares

    def price(self, project: int) -> Number | None:
        """The smallest rho with which the supporters' payments min(money, rho * utility) meet the cost."""
        rest = [(each.money / self.utility(project, each), each) for each in self.supporters[project]]
        missing: Number = Fraction(self.projects[project].cost)
        if sum(each.weight * each.money for _, each in rest) < missing:
            return None
        # As if all could pay by their utilities. Those who cannot pay all they have, and the others what is then missing.
        while True:
            price = missing / sum(each.weight * self.utility(project, each) for _, each in rest)
            exhausted = [each for limit, each in rest if limit < price]
            if not exhausted:
                return price
            missing -= sum(each.weight * each.money for each in exhausted)
            rest = [(limit, each) for limit, each in rest if not limit < price]

    def begin(self, raises: int) -> Horizon:
        """As it is before the first purchase, with raised endowments."""
        horizon = Horizon()
        self.till = Till(self.projects, self.budget, self.till.caps)
        self.result = Allocation(raises=raises)
        for each in self.class_of.values():
            each.money = Raised(self.endowment + raises * self.unit, Fraction(self.unit), horizon)
        return horizon

    def add_one(self) -> None:
        """One run after another, but for those that decide as the one before them (raised.py)."""
        raises = 0
        while True:
            horizon = self.begin(raises)
            self.equal_shares()
            if self.till.left < 0:
                # The run before holds; it did not overspend.
                self.begin(raises - 1)
                self.equal_shares()
                return
            if self.is_exhaustive():
                return
            if horizon.steps is None:
                raise AssertionError("with money enough, each project with supporters is bought or breaks a cap")
            raises += horizon.steps

    def is_exhaustive(self) -> bool:
        bought = {funded.project for funded in self.result.funded}
        return all(
            project in bought
            or not self.supporters[project]
            or about.cost > self.till.left
            or self.till.broken_cap(about) is not None
            for project, about in enumerate(self.projects)
        )

    def equal_shares(self) -> None:
        # Prices only rise, so the last price that was computed for a project is a lower bound for the present one.
        queue = [(Fraction(0), project) for project in range(len(self.projects))]
        while queue:
            bound, project = heapq.heappop(queue)
            if self.till.broken_cap(self.projects[project]):
                continue
            price = self.price(project)
            if price is None:
                continue
            if price > bound:
                heapq.heappush(queue, (price, project))
                continue
            self.buy(project, price)
        bought = {funded.project for funded in self.result.funded}
        for project in range(len(self.projects)):
            if project in bought:
                continue
            supporters = self.supporters[project]
            self.result.left[project] = plain(sum(each.weight * each.money for each in supporters)).__floor__()
            cap = self.till.broken_cap(self.projects[project])
            self.result.passed_over[project] = (cap or "supporters-lack-money") if supporters else "no-supporters"

    def buy(self, project: int, price: Number) -> None:
        pays = {
            id(each): min(each.money, price * self.utility(project, each)) for each in self.supporters[project]
        }
        payments = {
            voter.member: voter.weight * plain(pays[id(self.class_of[voter.member])])
            for voter in self.voters_for[project]
        }
        for each in self.supporters[project]:
            each.money -= pays[id(each)]
        self.till.take(self.projects[project])
        self.result.funded.append(Funded(project, plain(price), payments))

    # Greedy, alone or as a completion

    def worth(self, project: int, order: str) -> Fraction:
        """Total utility, per cost or as it is."""
        total = sum(each.weight * self.utility(project, each) for each in self.supporters[project])
        return Fraction(total, self.projects[project].cost if order == "per-cost" else 1)

    def greedy(self, order: str) -> None:
        bought = {funded.project for funded in self.result.funded}
        rest = [project for project in range(len(self.projects)) if project not in bought]
        for project in sorted(rest, key=lambda project: (-self.worth(project, order), project)):
            cost, weight = self.projects[project].cost, sum(each.weight for each in self.supporters[project])
            if not weight:
                reason: str | None = "no-supporters"
            elif cost > self.till.left:
                reason = "pool-spent"
            else:
                reason = self.till.broken_cap(self.projects[project])
            if reason:
                self.result.passed_over[project] = reason
                continue
            self.result.passed_over.pop(project, None)
            payments = {voter.member: Fraction(cost * voter.weight, weight) for voter in self.voters_for[project]}
            self.till.take(self.projects[project])
            self.result.funded.append(Funded(project, None, payments))

    # Phragmen's sequential rule

    def phragmen(self) -> None:
        loads = {id(each): Fraction(0) for each in self.class_of.values()}
        weights = [sum(each.weight for each in supporters) for supporters in self.supporters]
        rest = [project for project, about in enumerate(self.projects) if weights[project] and about.cost <= self.budget]
        while True:
            times = {
                project: (self.projects[project].cost
                          + sum(each.weight * loads[id(each)] for each in self.supporters[project])) / weights[project]
                for project in rest
                if not self.till.broken_cap(self.projects[project])
            }
            time = min(times.values(), default=None)
            tied = [project for project in times if times[project] == time]
            if not tied or any(self.projects[project].cost > self.till.left for project in tied):
                break
            payments = {
                voter.member: voter.weight * (time - loads[id(self.class_of[voter.member])])
                for voter in self.voters_for[tied[0]]
            }
            for each in self.supporters[tied[0]]:
                loads[id(each)] = time
            self.till.take(self.projects[tied[0]])
            self.result.funded.append(Funded(tied[0], time, payments))
            rest.remove(tied[0])
        bought = {funded.project for funded in self.result.funded}
        for project, about in enumerate(self.projects):
            if project in bought:
                continue
            if about.cost > self.budget:
                reason = "pool-spent"
            elif not weights[project]:
                reason = "no-supporters"
            else:
                reason = self.till.broken_cap(about) or ("pool-spent" if about.cost > self.till.left else "stopped")
            self.result.passed_over[project] = reason


def shares_of(cost: int, payments: dict[bytes, Fraction]) -> list[tuple[bytes, int]]:
    """10.5: payments in whole units that add up to the cost."""
    shares = {member: payment.__floor__() for member, payment in payments.items()}
    by_loss = sorted(payments, key=lambda member: (shares[member] - payments[member], member))
    for member in by_loss[:cost - sum(shares.values())]:
        shares[member] += 1
    return sorted(shares.items())
