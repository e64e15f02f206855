"""SPEC section 5: the charter, and how it changes."""

from __future__ import annotations

import json
from copy import copy
from typing import Any

from .codec import (Choice, Fixed, Line, ListOf, Names, OptionOf, OutOfBounds, Structure, Text, Type, Unsigned,
                    Value, ascending, decode, u8, u16, u32, u64)
from .hashes import COMMUNITY_ID, hash_of
from .signatures import is_strong

GREATEST_BYTES = 15_872
CHANGE_BYTES = 512  # what a record needs beside the charter that it proposes
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
CHARTER_CHANGES = Structure("charter changes", quorum=u16(0, 10_000), majority=u16(5_000, 9_999))

CHARTER = Structure(
    "charter",
    protocol=u16(1, 1),
    name=Line(120),
    currency=Structure("currency", code=Line(12), decimals=u8(0, 6)),
    groups=NAMES,
    categories=NAMES,
    roles=ListOf(Structure(
        "role",
        role=Names("registrar", "attestor", "treasurer", "board", "moderator"),
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
    motions=Structure(
        "motions",
        quorum=u16(0, 10_000),
        majority=u16(0, 9_999),
        charter=CHARTER_CHANGES,
    ),
    limits=Structure(
        "limits",
        score=u8(1, 100),
        scores=u16(1, 384),
        record_bytes=u32(1_024, 16_384),
        records_per_round=u32(4, 1_024),
    ),
)


class Rules:
    """A charter that is within its bounds, with its hash, and who holds which key in it."""

    def __init__(self, charter: Value) -> None:
        """Raises `OutOfBounds`."""
        check_charter(charter)
        self.charter = charter
        self.hash = hash_of(COMMUNITY_ID, CHARTER.write(charter))
        self.roles: dict[str, Value] = {entry.role: entry for entry in charter.roles}
        self.witnesses: dict[bytes, int] = {witness.key: witness.power for witness in charter.witnesses}
        self.officers: set[bytes] = {key for entry in charter.roles for key in entry.keys}
        self.named: set[bytes] = self.officers | set(self.witnesses)

    def holds_role(self, key: bytes, role: str) -> bool:
        return role in self.roles and key in self.roles[role].keys

    def can_follow(self, base: Rules) -> bool:
        """5.1"""
        new, old = self.charter, base.charter
        same = all(getattr(new, name) == getattr(old, name) for name in ("protocol", "name", "currency"))
        longer = all(getattr(new, name)[:len(getattr(old, name))] == getattr(old, name) for name in ("groups", "categories"))
        return same and longer and new.schedule.first_close == old.schedule.first_close and new != old


class Community:
    """A community by the hash of its founding charter, with all charters that have been in force: the last one is."""

    def __init__(self, data: bytes) -> None:
        """Raises `NotCanonical` or `OutOfBounds`."""
        founding = Rules(decode(CHARTER, data, GREATEST_BYTES))
        self.id = founding.hash
        self.history: list[tuple[int, Rules]] = [(0, founding)]  # from the seal after this height on

    @property
    def rules(self) -> Rules:
        """Those in force."""
        return self.history[-1][1]

    @property
    def charter(self) -> Value:
        return self.rules.charter

    def adopt(self, rules: Rules, height: int) -> None:
        """They are in force after the seal of this height."""
        self.history.append((height, rules))

    def at(self, height: int) -> Community:
        """The same community as it was for the seal of this height."""
        then = copy(self)
        then.history = self.history[:1] + [entry for entry in self.history[1:] if entry[0] < height]
        return then

    def has_named(self, key: bytes) -> bool:
        return any(key in rules.named for _, rules in self.history)

    def has_held(self, key: bytes, role: str) -> bool:
        return any(rules.holds_role(key, role) for _, rules in self.history)

    def widest(self, limit: str) -> int:
        """The greatest value of a field of `limits` in any charter that has been in force."""
        return max(getattr(rules.charter.limits, limit) for _, rules in self.history)


def check_charter(charter: Value) -> None:
    """Raises `OutOfBounds`."""
    CHARTER.check(charter, None)
    for name in ("groups", "categories"):
        if len(set(getattr(charter, name))) != len(getattr(charter, name)):
            raise OutOfBounds(f"{name} has an entry twice")
    order = ["registrar", "attestor", "treasurer", "board", "moderator"]
    ascending((order.index(entry.role) for entry in charter.roles), "roles")
    if not any(entry.role == "registrar" for entry in charter.roles):
        raise OutOfBounds("there is no registrar")
    for entry in charter.roles:
        ascending(entry.keys, f"the keys of the {entry.role}s")
        if entry.needed > (len(entry.keys) if entry.role == "attestor" else 1):
            raise OutOfBounds(f"{entry.needed} {entry.role}s cannot be needed")
    ascending((witness.key for witness in charter.witnesses), "witnesses")
    if len(CHARTER.write(charter)) + CHANGE_BYTES > charter.limits.record_bytes:
        raise OutOfBounds("no record could hold such a charter")
    if len(charter.policy.grades) > charter.policy.worst_grade:
        raise OutOfBounds("there are bounds for grades beyond the worst")


def read_community(data: bytes) -> Community:
    """The community of a charter: its canonical bytes, its JSON form, or an archive that begins with it.

    Raises `NotCanonical`, `OutOfBounds` and `ValueError`."""
    if data.startswith(b"mutua archive "):
        length = int.from_bytes(data[17:21], "big")
        return Community(data[21:21 + length])
    if data.lstrip()[:1] == b"{":
        return Community(CHARTER.write(from_json(CHARTER, json.loads(data))))
    return Community(data)


def from_json(kind: Type, content: Any) -> Any:
    """A value from its JSON form: keys in hexadecimal, choices by name. What is optional may be left out."""
    if content is None and kind is CHARTER_CHANGES:
        return Value(kind.kind, quorum=5_000, majority=6_666)
    if content is None and isinstance(kind, OptionOf):
        return None
    if content is None and isinstance(kind, ListOf):
        return []
    if isinstance(kind, OptionOf):
        return from_json(kind.item, content)
    if isinstance(kind, ListOf) and isinstance(content, list):
        return [from_json(kind.item, item) for item in content]
    if isinstance(kind, Choice):
        name, fields = next(iter(content.items())) if isinstance(content, dict) else (content, {})
        if name in kind.numbers:
            return from_json(kind.variants[kind.numbers[name]], fields)
    if isinstance(kind, Structure) and isinstance(content, dict):
        return Value(kind.kind, **{name: from_json(field, content.get(name)) for name, field in kind.fields.items()})
    if isinstance(kind, Fixed) and isinstance(content, str):
        return bytes.fromhex(content)
    if isinstance(kind, Names) and content in kind.names or isinstance(kind, Text) and isinstance(content, str):
        return content
    if isinstance(kind, Unsigned) and isinstance(content, int) and 0 <= content < 1 << 8 * kind.width:
        return content
    raise ValueError(f"the charter's JSON has {content!r} in a wrong place")
