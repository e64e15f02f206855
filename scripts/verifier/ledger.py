"""SPEC section 9: the ledger, what may be sealed, and what it does.

Each kind of body has two functions here: `may_KIND` raises `Inadmissible` (9.4), `do_KIND` raises `Void` or carries the
record out (9.5). The tables at the end name them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from .charter import Community, Rules
from .codec import Value
from .hashes import ZEROS
from .records import terms_hash
from .seals import GREATEST_RECORDS, GREATEST_RECORDS_BYTES, seal_id

GREATEST_TIME = 2**64 - 1
GREATEST_DEPTH = 8  # of an argument
GREATEST_ARGUMENTS = 64  # of a member in a round


class Fault(Exception):
    """A check that fails: its number and, where there is one, the position of the record."""

    def __init__(self, check: str, detail: str, record: int | None = None) -> None:
        super().__init__(detail)
        self.check, self.detail, self.record = check, detail, record


class Inadmissible(Exception):
    """A record that no seal may hold, by the name of the rule of 9.4."""


class Void(Exception):
    """A record that is sealed and changes nothing, by the name of the reason of 9.5."""


# 9.1 State


@dataclass
class Chain:
    """The end of an author's chain, and what they have used of the quota of one round."""

    sequence: int = 0
    id: bytes = ZEROS
    round: int = 0
    used: int = 0

    def used_in(self, round: int) -> int:
        return self.used if self.round == round else 0


@dataclass
class Cast:
    """A ballot, with its record's id and the height of its seal."""

    id: bytes
    height: int
    ballot: Value


@dataclass
class Member:
    name: str
    weight: int
    group: int
    status: str = "active"  # then "leaving", then "left"
    cast: Cast | None = None
    standing: Cast | None = None
    first: bytes = ZEROS  # the key with which the member was admitted
    argued: tuple[int, int] = (0, 0)  # the round, and how often in it
    delegations: dict[int | None, bytes] = field(default_factory=dict)  # by category, and by None for all: to whom

    def argued_in(self, round: int) -> int:
        return self.argued[1] if self.argued[0] == round else 0


@dataclass
class Attestation:
    id: bytes
    terms: bytes
    assessment: Value


@dataclass
class Proposal:
    id: bytes
    owner: bytes
    subject: Value
    terms: bytes
    since: int
    place: tuple[int, int]
    former: set[bytes] = field(default_factory=set)
    status: str = "open"  # then "withdrawn", "expired", "funded" or "decided"
    attestations: dict[bytes, Attestation] = field(default_factory=dict)


@dataclass
class Argument:
    """Without its text, and without what only shows (9.7)."""

    member: bytes  # the author's first key
    stance: str
    depth: int
    hidden: bool = False
    endorsers: set[bytes] = field(default_factory=set)  # by their first keys


@dataclass
class Account:
    """A funded loan's money (9.6)."""

    allocated: int
    disbursed: int = 0
    released: int = 0
    repaid: int = 0
    interest: int = 0
    written_off: int = 0
    recovered: int = 0

    @property
    def undrawn(self) -> int:
        return self.allocated - self.disbursed - self.released

    @property
    def outstanding(self) -> int:
        return self.disbursed - self.repaid - self.written_off

    @property
    def lost(self) -> int:
        return self.written_off - self.recovered


class Ledger:
    """What follows from the charter and the seals so far."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.height, self.head, self.time, self.round = 0, ZEROS, 0, 1
        self.anchor: int = community.charter.schedule.first_close  # what closes are counted from (10.1)
        self.close = self.anchor
        self.chains: dict[bytes, Chain] = {}
        self.members: dict[bytes, Member] = {}
        self.suspended: set[bytes] = set()
        self.retired: dict[bytes, bytes] = {}
        self.lost: set[bytes] = set()  # those of the retired that a registrar has replaced
        self.proposals: dict[bytes, Proposal] = {}
        self.attested: dict[bytes, tuple[bytes, bytes]] = {}  # id of the record: attestor, proposal
        self.proved: set[tuple[bytes, int]] = set()
        self.accounts: dict[bytes, Account] = {}  # by proposal
        self.arguments: dict[bytes, Argument] = {}
        self.void: set[bytes] = set()  # ids of the records that changed nothing
        self.paid_in = self.paid_out = 0

    @property
    def available(self) -> int:
        loans = self.accounts.values()
        from_loans = sum(each.released + each.repaid + each.interest + each.recovered - each.allocated for each in loans)
        return self.paid_in - self.paid_out + from_loans

    def chain(self, author: bytes) -> Chain:
        return self.chains.get(author, Chain())

    def is_known(self, key: bytes) -> bool:
        return key in self.members or key in self.retired or self.community.has_named(key)

    def way(self, key: bytes) -> list[bytes]:
        """The key, its successor, the successor's, and so on."""
        way = [key]
        while way[-1] in self.retired:
            way.append(self.retired[way[-1]])
        return way

    def newest(self, key: bytes) -> bytes:
        return self.way(key)[-1]

    # 9.2 Applying a seal

    def check_header(self, header: Value, records: list[Value], sizes: int) -> None:
        """Step 8 of section 12."""
        if header.previous != self.head:
            raise Fault("4.1", f"it names {header.previous.hex()} before it, which is not the last seal")
        if header.time <= self.time:
            raise Fault("4.3", f"its time {header.time} is not after {self.time}")
        if len(records) > GREATEST_RECORDS or sizes > GREATEST_RECORDS_BYTES:
            raise Fault("3.6", f"{len(records)} records with {sizes} bytes are more than a seal may hold")
        if (header.closes is not None) != (header.time >= self.close):
            raise Fault("4.4", f"the close is at {self.close}, the seal's time is {header.time}")
        if not records and header.closes is None:
            raise Fault("4.6", "it holds no record and closes no round")

    def check_records(self, records: list[Value]) -> None:
        """Step 9 of section 12: by the ledger as it was before the seal."""
        ends: dict[bytes, Chain] = {}
        handed_over: set[bytes] = set()
        for position, record in enumerate(records):
            author = record.author
            if author in self.retired or author in handed_over:
                raise Fault("3.3", "the author's key was replaced", position)
            end = ends.get(author) or self.chain(author)
            if record.sequence != end.sequence + 1:
                raise Fault("3.2", f"number {record.sequence} follows number {end.sequence}", position)
            if record.previous != end.id:
                raise Fault("3.3", f"it names {record.previous.hex()} before it and not {end.id.hex()}", position)
            used = end.used_in(self.round) + 1
            if author not in self.community.rules.officers and used > self.community.charter.limits.records_per_round:
                raise Fault("3.6", f"it is the author's record number {used} in this round", position)
            try:
                self.check_author(record)
                self.check_role(record)
                MAY[record.body.kind](self, record.author, record.body)
            except Inadmissible as rule:
                raise Fault("3.5" if str(rule) in REFERENCES else "3.4", f"{rule}", position) from rule
            ends[author] = Chain(record.sequence, record.id, self.round, used)
            if record.body.kind == "rotate-key":
                handed_over.add(author)

    def check_author(self, record: Value) -> None:
        author = record.author
        if author in self.retired:
            raise Inadmissible("Retired")
        if author in self.suspended and record.body.kind != "leave":
            raise Inadmissible("Suspended")
        has_been_named = self.community.has_named(author)
        if author not in self.members and not has_been_named:
            raise Inadmissible("UnknownAuthor")
        if author in self.members and self.members[author].status == "left" and not has_been_named:
            raise Inadmissible("Left")

    def check_role(self, record: Value) -> None:
        role = ROLES.get(record.body.kind)
        need(role is None or self.community.has_held(record.author, role), "Role")

    def carry_out(self, header: Value, records: list[Value]) -> int:
        """Carries records out that have been checked; the number of those that are void."""
        void = 0
        for record in records:
            used = self.chain(record.author).used_in(self.round) + 1
            self.chains[record.author] = Chain(record.sequence, record.id, self.round, used)
        for position, record in in_turn(records):
            seal = Seal(header.height, header.time, position)
            try:
                member = self.members.get(record.author)
                has_left = member is not None and member.status == "left"
                void_if(has_left and record.body.kind in OF_MEMBERS, "HasLeft")
                if record.body.kind == "attest":
                    self.attested[record.id] = (record.author, record.body.proposal)
                self.check_rules_in_force(record)
                DO[record.body.kind](self, record, record.body, seal)
            except Void:
                void += 1
                self.void.add(record.id)
        self.height, self.head, self.time = header.height, seal_id(header), header.time
        return void

    def check_rules_in_force(self, record: Value) -> None:
        """What has been allowed is admissible, and void if it is allowed no more."""
        rules, kind = self.community.rules, record.body.kind
        void_if(kind in ROLES and not rules.holds_role(record.author, ROLES[kind]), "RoleEnded")
        void_if(kind == "rotate-key" and record.author in rules.named, "NamedInCharter")
        void_if(kind == "replace-key" and record.body.lost in rules.named, "NamedInCharter")
        if kind in ("propose", "amend") and record.body.subject.kind == "charter":
            void_if(record.body.subject.base != rules.hash, "OtherCharter")
            void_if(bool(self.replaced_in(Rules(record.body.subject.charter))), "NamesReplacedKey")

    def replaced_in(self, rules: Rules) -> set[bytes]:
        """The retired keys that a charter names."""
        return {key for key in rules.named if key in self.retired}


def in_turn(records: list[Value]) -> list[tuple[int, Value]]:
    """Records with their positions, in the order in which they are carried out (9.2)."""
    return sorted(enumerate(records), key=lambda placed: placed[1].body.kind == "replace-key")


@dataclass
class Seal:
    """Where a record stands: the height and time of its seal, and its position."""

    height: int
    time: int
    position: int


# Kinds that are void once their author has left (9.5).
OF_MEMBERS = {"propose", "amend", "withdraw", "predict", "ballot", "argue", "endorse", "delegate"}


# Whom a kind is for (9.4).
ROLES = {
    "admit": "registrar",
    "suspend": "registrar",
    "readmit": "registrar",
    "replace-key": "registrar",
    "attest": "attestor",
    "revoke-attestation": "attestor",
    "fund": "treasurer",
    "disburse": "treasurer",
    "release": "treasurer",
    "repay": "treasurer",
    "write-off": "treasurer",
    "recover": "treasurer",
    "respond": "board",
    "moderate": "moderator",
}


# 9.4 Admissible

REFERENCES = {"UnknownCharter", "UnknownKey", "UnknownProposal", "UnknownTerms", "UnknownAttestation", "UnknownArgument",
              "VoidReference", "FutureRound", "OpenRound"}


def need(condition: bool, rule: str) -> None:
    if not condition:
        raise Inadmissible(rule)


def need_member(ledger: Ledger, author: bytes) -> None:
    need(author in ledger.members, "NotMember")


def need_proposal(ledger: Ledger, proposal: bytes, is_loan: bool | None = None) -> Proposal:
    need(proposal not in ledger.void, "VoidReference")
    need(proposal in ledger.proposals, "UnknownProposal")
    found = ledger.proposals[proposal]
    need(is_loan is None or is_loan == (found.subject.kind == "loan"), "OtherKind")
    return found


def need_base(ledger: Ledger, subject: Value) -> None:
    """A charter change is one of a charter that has been in force."""
    if subject.kind != "charter":
        return
    bases = [rules for _, rules in ledger.community.history if rules.hash == subject.base]
    need(bool(bases), "UnknownCharter")
    need(Rules(subject.charter).can_follow(bases[0]), "CannotFollow")


def need_terms(ledger: Ledger, body: Value) -> None:
    proposal = need_proposal(ledger, body.proposal, is_loan=True)
    need(body.terms == proposal.terms or body.terms in proposal.former, "UnknownTerms")


def may_by_role(ledger: Ledger, author: bytes, body: Value) -> None:
    """Whoever holds the role may."""


def may_suspend(ledger: Ledger, author: bytes, body: Value) -> None:
    need(ledger.is_known(body.key), "UnknownKey")


def may_member(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)


def need_not_always_named(ledger: Ledger, key: bytes) -> None:
    need(not all(key in rules.named for _, rules in ledger.community.history), "NamedInCharter")


def may_rotate_key(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    need_not_always_named(ledger, author)


def may_propose(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    need_base(ledger, body.subject)


def may_replace_key(ledger: Ledger, author: bytes, body: Value) -> None:
    may_suspend(ledger, author, Value("replace-key", key=body.lost))
    need_not_always_named(ledger, body.lost)


def may_amend(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    proposal = need_proposal(ledger, body.proposal)
    need(proposal.owner == author, "NotOwn")
    need(proposal.subject.kind == body.subject.kind, "OtherKind")
    need_base(ledger, body.subject)


def may_withdraw(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    need(need_proposal(ledger, body.proposal).owner == author, "NotOwn")


def may_attest(ledger: Ledger, author: bytes, body: Value) -> None:
    need_terms(ledger, body)


def may_revoke_attestation(ledger: Ledger, author: bytes, body: Value) -> None:
    need(body.attestation in ledger.attested, "UnknownAttestation")
    need(ledger.attested[body.attestation][0] == author, "OtherAttestor")


def may_ballot(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    need(body.round <= ledger.round, "FutureRound")
    for entry in body.scores:
        need_proposal(ledger, entry.proposal, is_loan=True)
    for entry in body.answers:
        need_proposal(ledger, entry.proposal, is_loan=False)


def may_evidence(ledger: Ledger, author: bytes, body: Value) -> None:
    need(ledger.is_known(body.first.header.author), "UnknownKey")


def may_predict(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    need_terms(ledger, body)


def may_respond(ledger: Ledger, author: bytes, body: Value) -> None:
    if body.about.kind == "motion":
        need_proposal(ledger, body.about.motion, is_loan=False)
    elif body.about.kind == "question":
        need(need_argument(ledger, body.about.question).stance == "question", "NotQuestion")
    else:
        need(body.about.outcome < ledger.round, "OpenRound")


def need_argument(ledger: Ledger, argument: bytes) -> Argument:
    need(argument not in ledger.void, "VoidReference")
    need(argument in ledger.arguments, "UnknownArgument")
    return ledger.arguments[argument]


def may_argue(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    if body.on.kind == "proposal":
        need_proposal(ledger, body.on.proposal)
        return
    found = need_argument(ledger, body.on.argument)
    need(body.stance != "answer" or found.stance == "question", "NotQuestion")
    need(found.depth < GREATEST_DEPTH, "TooDeep")


def may_endorse(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    need(need_argument(ledger, body.argument).member != ledger.members[author].first, "OwnArgument")


def may_delegate(ledger: Ledger, author: bytes, body: Value) -> None:
    need_member(ledger, author)
    need(body.to is None or body.to in ledger.members or body.to in ledger.retired, "UnknownKey")


def may_moderate(ledger: Ledger, author: bytes, body: Value) -> None:
    need_argument(ledger, body.argument)


def may_move_money(ledger: Ledger, author: bytes, body: Value) -> None:
    need_proposal(ledger, body.proposal, is_loan=True)


# 9.5 Effective


def void_if(condition: bool, reason: str) -> None:
    if condition:
        raise Void(reason)


def do_admit(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    void_if(body.key in ledger.members or body.key in ledger.retired, "AlreadyMember")
    ledger.members[body.key] = Member(body.name, body.weight, body.group, first=body.key)


def do_suspend(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    key = ledger.newest(body.key)
    void_if(key in ledger.suspended, "AlreadySuspended")
    ledger.suspended.add(key)


def do_readmit(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    key = ledger.newest(body.key)
    void_if(key not in ledger.suspended, "NotSuspended")
    ledger.suspended.remove(key)


def do_leave(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    member = ledger.members[record.author]
    void_if(member.status != "active", "AlreadyLeaving")
    member.status = "leaving"


def do_rotate_key(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    old, new = record.author, body.successor
    void_if(ledger.is_known(new), "SuccessorInUse")
    hand_over(ledger, old, new)


def do_replace_key(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    void_if(body.lost in ledger.retired, "AlreadyReplaced")
    void_if(body.lost not in ledger.members, "NoMember")
    void_if(ledger.members[body.lost].status == "left", "HasLeft")
    void_if(ledger.is_known(body.successor), "SuccessorInUse")
    hand_over(ledger, body.lost, body.successor)
    ledger.lost.add(body.lost)


def hand_over(ledger: Ledger, old: bytes, new: bytes) -> None:
    ledger.members[new] = ledger.members.pop(old)
    if old in ledger.suspended:
        ledger.suspended.remove(old)
        ledger.suspended.add(new)
    for proposal in ledger.proposals.values():
        if proposal.owner == old:
            proposal.owner = new
    ledger.chains[new] = Chain(round=ledger.round, used=ledger.chain(old).used_in(ledger.round))
    ledger.retired[old] = new


def do_propose(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    ledger.proposals[record.id] = Proposal(record.id, record.author, body.subject, terms_hash(body.subject),
                                           seal.height, (seal.height, seal.position))


def do_amend(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    proposal, terms = ledger.proposals[body.proposal], terms_hash(body.subject)
    void_if(proposal.status != "open", "NotOpen")
    void_if(proposal.terms == terms, "SameTerms")
    proposal.former.add(proposal.terms)
    proposal.subject, proposal.terms, proposal.since = body.subject, terms, seal.height


def do_withdraw(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    proposal = ledger.proposals[body.proposal]
    void_if(proposal.status != "open", "NotOpen")
    proposal.status = "withdrawn"


def do_attest(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    proposal = ledger.proposals[body.proposal]
    void_if(proposal.status != "open", "NotOpen")
    void_if(proposal.terms != body.terms, "AmendedTerms")
    void_if(body.assessment.valid_until <= seal.time, "RunOut")
    proposal.attestations[record.author] = Attestation(record.id, body.terms, body.assessment)


def do_revoke_attestation(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    attestor, proposal = ledger.attested[body.attestation]
    attestations = ledger.proposals[proposal].attestations
    void_if(attestor not in attestations or attestations[attestor].id != body.attestation, "NotCurrent")
    del attestations[attestor]


def do_ballot(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    member, cast = ledger.members[record.author], Cast(record.id, seal.height, body)
    void_if(body.round < ledger.round and not body.standing, "AfterClose")
    if body.round == ledger.round:
        member.cast = cast
    if body.standing:
        member.standing = cast if body.scores or body.answers else None


def do_fund(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    void_if(body.direction == "out" and body.amount > ledger.available, "PoolTooSmall")
    if body.direction == "in":
        ledger.paid_in += body.amount
    else:
        ledger.paid_out += body.amount


def do_evidence(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    culprit = body.first.header
    place = (culprit.author, culprit.sequence)
    void_if(place in ledger.proved, "ProvedBefore")
    void_if(any(key in ledger.lost for key in ledger.way(culprit.author)), "LostKey")
    ledger.proved.add(place)
    ledger.suspended.add(ledger.newest(culprit.author))


def do_predict(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    """What is predicted changes no outcome: it is not kept here."""
    proposal = ledger.proposals[body.proposal]
    void_if(proposal.status != "open", "NotOpen")
    void_if(proposal.terms != body.terms, "AmendedTerms")


def do_respond(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    """What is answered changes no outcome: it is not kept here."""


def do_argue(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    member = ledger.members[record.author]
    argued = member.argued_in(ledger.round)
    void_if(argued >= GREATEST_ARGUMENTS, "TooManyArguments")
    member.argued = (ledger.round, argued + 1)
    depth = 1 if body.on.kind == "proposal" else ledger.arguments[body.on.argument].depth + 1
    ledger.arguments[record.id] = Argument(member.first, body.stance, depth)


def do_endorse(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    endorsers, member = ledger.arguments[body.argument].endorsers, ledger.members[record.author].first
    if body.withdrawn:
        void_if(member not in endorsers, "NotEndorsed")
        endorsers.remove(member)
    else:
        void_if(member in endorsers, "AlreadyEndorsed")
        endorsers.add(member)


def do_moderate(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    argument = ledger.arguments[body.argument]
    void_if(argument.hidden == body.hidden, "AlreadyHidden" if body.hidden else "NotHidden")
    argument.hidden = body.hidden


def do_delegate(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    delegations = ledger.members[record.author].delegations
    scope = None if body.scope.kind == "all" else body.scope.category
    if body.to is None:
        void_if(scope not in delegations, "NotDelegated")
        del delegations[scope]
    else:
        delegations[scope] = body.to


def account_of(ledger: Ledger, proposal: bytes) -> Account:
    void_if(proposal not in ledger.accounts, "NotFunded")
    return ledger.accounts[proposal]


def do_disburse(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    account = account_of(ledger, body.proposal)
    void_if(body.amount > account.undrawn, "MoreThanUndrawn")
    account.disbursed += body.amount


def do_release(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    account = account_of(ledger, body.proposal)
    void_if(body.amount > account.undrawn, "MoreThanUndrawn")
    account.released += body.amount


def do_repay(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    account = account_of(ledger, body.proposal)
    void_if(account.disbursed == 0 or body.principal > account.outstanding, "MoreThanOwed")
    account.repaid += body.principal
    account.interest += body.interest


def do_write_off(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    account = account_of(ledger, body.proposal)
    void_if(body.amount > account.outstanding, "MoreThanOwed")
    account.written_off += body.amount


def do_recover(ledger: Ledger, record: Value, body: Value, seal: Seal) -> None:
    account = account_of(ledger, body.proposal)
    void_if(body.amount > account.lost, "MoreThanLost")
    account.recovered += body.amount


MAY = {
    "admit": may_by_role,
    "suspend": may_suspend,
    "readmit": may_suspend,
    "leave": may_member,
    "rotate-key": may_rotate_key,
    "replace-key": may_replace_key,
    "propose": may_propose,
    "amend": may_amend,
    "withdraw": may_withdraw,
    "attest": may_attest,
    "revoke-attestation": may_revoke_attestation,
    "ballot": may_ballot,
    "fund": may_by_role,
    "evidence": may_evidence,
    "disburse": may_move_money,
    "release": may_move_money,
    "repay": may_move_money,
    "write-off": may_move_money,
    "recover": may_move_money,
    "predict": may_predict,
    "respond": may_respond,
    "argue": may_argue,
    "endorse": may_endorse,
    "moderate": may_moderate,
    "delegate": may_delegate,
}

DO = {
    "admit": do_admit,
    "suspend": do_suspend,
    "readmit": do_readmit,
    "leave": do_leave,
    "rotate-key": do_rotate_key,
    "replace-key": do_replace_key,
    "propose": do_propose,
    "amend": do_amend,
    "withdraw": do_withdraw,
    "attest": do_attest,
    "revoke-attestation": do_revoke_attestation,
    "ballot": do_ballot,
    "fund": do_fund,
    "evidence": do_evidence,
    "disburse": do_disburse,
    "release": do_release,
    "repay": do_repay,
    "write-off": do_write_off,
    "recover": do_recover,
    "predict": do_predict,
    "respond": do_respond,
    "argue": do_argue,
    "endorse": do_endorse,
    "moderate": do_moderate,
    "delegate": do_delegate,
}
