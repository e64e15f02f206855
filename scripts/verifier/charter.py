"""SPEC section 5: the charter."""

from __future__ import annotations

from .codec import (Choice, Fixed, Line, ListOf, Names, OptionOf, OutOfBounds, Structure, Value, ascending,
                    decode, u8, u16, u32, u64)
from .hashes import COMMUNITY_ID, hash_of
from .signatures import is_strong

GREATEST_BYTES = 32_768
GREATEST_AMOUNT = 2**50


class StrongKey(Fixed):
    """A public key that is in canonical form and not of small order (section 4)."""

    def __init__(self) -> None:
        super().__init__(32)

    def check(self, value: bytes, charter: Value | None) -> None:
        if not is_strong(value):
            raise OutOfBounds(f"the key {value.hex()} is weak")


STRONG_KEY = StrongKey()
NAMES = ListOf(Line(120), 64, least=1)
SHARE = OptionOf(u16(0, 10_000))
UTILITY = Names("cost", "cardinality", "score")
COMPLETION = Names("none", "greedy", "add-one", "add-one-then-greedy")
ORDER = Names("per-cost", "total")
RULE = Choice(
    Structure("equal-shares", utility=UTILITY, completion=COMPLETION),
    Structure("greedy", utility=UTILITY, order=ORDER),
    Structure("phragmen"),
)

CHARTER = Structure(
    "charter",
    protocol=u16(1, 1),
    name=Line(120),
    currency=Structure("currency", code=Line(12), decimals=u8(0, 6)),
    groups=NAMES,
    categories=NAMES,
    roles=ListOf(Structure(
        "role",
        role=Names("registrar", "attestor", "treasurer"),
        keys=ListOf(STRONG_KEY, 32, least=1),
        needed=u8(1),
    )),
    witnesses=ListOf(Structure("witness", key=STRONG_KEY, power=u64(1, 2**32), name=Line(120)), 64, least=1),
    schedule=Structure("schedule", first_close=u64(0, 2**52), period=u64(1_000, 2**42)),
    sealing=Structure("sealing", patience=u64(100, 86_400_000), drift=u64(100, 3_600_000)),
    rule=RULE,
    policy=Structure(
        "policy",
        worst_grade=u8(1),
        greatest_default=u16(0, 10_000),
        greatest_amount=u64(0, GREATEST_AMOUNT),
        least_outlook=u8(0, 100),
        grades=ListOf(Structure(
            "grade", greatest_default=u16(0, 10_000), greatest_amount=u64(0, GREATEST_AMOUNT),
        ), 32),
        caps=Structure("caps", borrower=SHARE, category=SHARE, expected_loss=SHARE),
    ),
    motions=Structure("motions", quorum=u16(0, 10_000), majority=u16(0, 9_999)),
    limits=Structure(
        "limits",
        score=u8(1, 100),
        scores=u16(1, 384),
        record_bytes=u32(1_024, 16_384),
        records_per_round=u32(4, 1_024),
    ),
)


class Community:
    """A charter with the id that it gives its community, and who holds which key in it."""

    def __init__(self, data: bytes) -> None:
        """Raises `NotCanonical` or `OutOfBounds`."""
        self.charter: Value = decode(CHARTER, data, GREATEST_BYTES)
        CHARTER.check(self.charter, None)
        self._check_lists()
        self.id = hash_of(COMMUNITY_ID, data)
        self.roles: dict[str, Value] = {entry.role: entry for entry in self.charter.roles}
        self.witnesses: dict[bytes, int] = {witness.key: witness.power for witness in self.charter.witnesses}
        self.officers: set[bytes] = {key for entry in self.charter.roles for key in entry.keys}
        self.named: set[bytes] = self.officers | set(self.witnesses)

    def _check_lists(self) -> None:
        charter = self.charter
        for name in ("groups", "categories"):
            if len(set(getattr(charter, name))) != len(getattr(charter, name)):
                raise OutOfBounds(f"{name} has an entry twice")
        order = ["registrar", "attestor", "treasurer"]
        ascending((order.index(entry.role) for entry in charter.roles), "roles")
        if not any(entry.role == "registrar" for entry in charter.roles):
            raise OutOfBounds("there is no registrar")
        for entry in charter.roles:
            ascending(entry.keys, f"the keys of the {entry.role}s")
            if entry.needed > (len(entry.keys) if entry.role == "attestor" else 1):
                raise OutOfBounds(f"{entry.needed} {entry.role}s cannot be needed")
        ascending((witness.key for witness in charter.witnesses), "witnesses")
        if len(charter.policy.grades) > charter.policy.worst_grade:
            raise OutOfBounds("there are bounds for grades beyond the worst")

    def holds_role(self, key: bytes, role: str) -> bool:
        return role in self.roles and key in self.roles[role].keys
