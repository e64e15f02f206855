"""SPEC section 13: receipts, which show with the founding charter alone that a record was sealed and what was counted for a key."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .charter import CHARTER, Community, Rules
from .codec import (BLOB, BYTES32, BYTES64, WHITE, Choice, ListOf, NotCanonical, OptionOf, OutOfBounds, Structure, Value, decode,
                    u8, u32, u64)
from .hashes import COMMUNITY_ID, RECORD_ID, ROLL_TREE, SEAL_TREE, ZEROS, hash_of, merkle_root
from .records import HEADER as RECORD_HEADER
from .records import SIGNED_HEADER, Malformed, is_signed, read_record, read_sequence
from .rounds import OUTCOME_HEAD, ROLL_ENTRY, head_digest
from .seals import HEADER, certificate_fault, seal_id

MAGIC = b"mutua receipt \x00\x01"
PREFIX = "MUTUA-RECEIPT-1:"
GREATEST_BYTES = 1_048_576

CHECKS = {
    "6.1": "the receipt's bytes are canonical, and hold a proof",
    "6.2": "everything in it belongs to this community",
    "6.3": "the record is within its bounds and signed by its author",
    "6.4": "the record is in the seal",
    "6.5": "more than two thirds of the witnesses' power have signed the seal",
    "6.6": "the outcome is the one that the seal closes with",
    "6.7": "the line is in the roll of that outcome",
    "6.8": "the key is not in the roll of that outcome",
    "6.9": "each amended charter was adopted under the one before it",
}

# 13.1
CERTIFIED_SEAL = Structure(
    "certified seal",
    header=HEADER,
    round=u32(),
    signatures=ListOf(Structure("signed", position=u8(), signature=BYTES64)),
)
SUCCESSION = Structure("succession", seal=CERTIFIED_SEAL, outcome=OUTCOME_HEAD, charter=CHARTER)
PATH = ListOf(BYTES32)
SEALED_PROOF = Structure(
    "sealed proof",
    content=Choice(Structure("whole", record=BLOB), Structure("without body", signed=SIGNED_HEADER)),
    position=u32(),
    path=PATH,
    seal=CERTIFIED_SEAL,
)
LINE = Structure("line", entry=ROLL_ENTRY, position=u64(), path=PATH)
COUNTED_PROOF = Structure(
    "counted proof",
    outcome=OUTCOME_HEAD,
    place=Choice(
        Structure("listed", line=LINE),
        Structure("unlisted", key=BYTES32, before=OptionOf(LINE), after=OptionOf(LINE)),
    ),
    seal=CERTIFIED_SEAL,
)
RECEIPT = Structure(
    "receipt",
    successions=ListOf(SUCCESSION),
    sealed=OptionOf(SEALED_PROOF),
    counted=OptionOf(COUNTED_PROOF),
)


class Refused(Exception):
    """A receipt or evidence file that does not hold, with the number of the check that it fails."""

    def __init__(self, check: str, detail: str) -> None:
        super().__init__(detail)
        self.check = check


def need(condition: bool, check: str, detail: str) -> None:
    if not condition:
        raise Refused(check, detail)


def bytes_of_text(text: str) -> bytes:
    """The receipt in a text. Raises `Refused`."""
    letters = "".join(character for character in text if character not in WHITE)
    need(letters.isascii(), "6.1", "it holds something else than letters, digits and white space")
    letters = letters.upper()
    need(letters.startswith(PREFIX), "6.1", f"it does not begin with {PREFIX}")
    letters = letters[len(PREFIX):]
    try:
        data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as error:
        raise Refused("6.1", f"it is not in base 32: {error}") from error
    need(base64.b32encode(data).decode().rstrip("=") == letters, "6.1", "unused bits of the last letter are not zero")
    return data


def verify_file(data: bytes, community: Community) -> dict[str, Any]:
    """What a receipt's file, or its text in a file, proves. Raises `Refused`."""
    if data.startswith(MAGIC):
        return verify(data[len(MAGIC):], community)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("6.1", "it is neither a receipt's file nor its text") from error
    return verify(bytes_of_text(text), community)


def verify(data: bytes, community: Community) -> dict[str, Any]:
    """13.3"""
    try:
        receipt = decode(RECEIPT, data, GREATEST_BYTES)
    except NotCanonical as error:
        raise Refused("6.1", str(error)) from error
    need(receipt.sealed is not None or receipt.counted is not None, "6.1", "it proves nothing")
    community = follow(receipt.successions, community, "6.9")
    return {
        "sealed": receipt.sealed and verify_sealed(receipt.sealed, community),
        "counted": receipt.counted and verify_counted(receipt.counted, community),
    }


def follow(successions: list[Value], founded: Community, check: str) -> Community:
    """The community with the charters that were adopted one after the other."""
    community = founded.at(0)
    for succession in successions:
        header, outcome = succession.seal.header, succession.outcome
        need(header.community == community.id, check, "the seal of a succession belongs to another community")
        need(header.height > community.history[-1][0], check, "the successions are not in their order")
        need(header.closes == head_digest(outcome), check, "the seal of a succession closes with another outcome, or with none")
        need((outcome.height, outcome.time) == (header.height, header.time), check, "the outcome is that of another seal")
        need(outcome.charter == hash_of(COMMUNITY_ID, CHARTER.write(succession.charter)), check, "another charter was adopted")
        try:
            rules = Rules(succession.charter)
        except OutOfBounds as error:
            raise Refused(check, f"an adopted charter: {error}") from error
        need(rules.can_follow(community.rules), check, "an adopted charter cannot follow the one before it")
        problem = certified_fault(succession.seal, community)
        need(problem is None, check, problem or "")
        community.adopt(rules, header.height)
    return community


def verify_sealed(proof: Value, community: Community) -> dict[str, Any]:
    header = proof.seal.header
    need(header.community == community.id, "6.2", "the seal belongs to another community")
    community = community.at(header.height)
    record = proof_record(proof.content, community)
    leaf = (record.id, proof.position, proof.path)
    need(is_leaf(SEAL_TREE, *leaf, header.count, header.root), "6.4", "the path does not lead to the seal's root")
    check_certificate(proof.seal, community)
    return {"record": record.id.hex(), "author": record.author.hex(), "seal": seal_id(header).hex(), "height": header.height,
            "time": header.time}


def proof_record(content: Value, community: Community) -> Value:
    """The record, or its header, with its `id`."""
    if content.kind == "whole":
        try:
            record = read_record(content.record, community)
        except Malformed as error:
            raise Refused("6.2" if error.check == "2.3" else "6.3", str(error)) from error
    else:
        record = content.signed.header
        need(record.community == community.id, "6.2", "the record belongs to another community")
        try:
            read_sequence(record)
        except Malformed as error:
            raise Refused("6.3", str(error)) from error
        record.id = hash_of(RECORD_ID, RECORD_HEADER.write(record))
        record.signature = content.signed.signature
    need(is_signed(record), "6.3", "the author's signature does not hold")
    return record


def verify_counted(proof: Value, community: Community) -> dict[str, Any]:
    header, outcome = proof.seal.header, proof.outcome
    need(header.community == community.id, "6.2", "the seal belongs to another community")
    community = community.at(header.height)
    need(header.closes == head_digest(outcome), "6.6", "the seal closes with another outcome, or with none")
    need((outcome.height, outcome.time) == (header.height, header.time), "6.6", "the outcome is that of another seal")
    if proof.place.kind == "listed":
        line = proof.place.line
        need(is_line(line, outcome), "6.7", "the path does not lead to the root of the roll")
        key, entry = line.entry.member, line.entry
    else:
        check_unlisted(proof.place, outcome)
        key, entry = proof.place.key, None
    check_certificate(proof.seal, community)
    return {
        "key": key.hex(),
        "counted": entry and entry.counted.kind,
        "ballot": entry and ballot_of(entry.counted),
        "weight": entry and entry.weight,
        "round": outcome.round,
        "digest": header.closes.hex(),
        "height": header.height,
        "time": header.time,
    }


def ballot_of(counted: Value) -> str | None:
    """The ballot that was counted, if it is one for everything."""
    if counted.kind in ("cast", "standing"):
        return counted.record.hex()
    if counted.kind == "delegated" and not counted.categories:
        return counted.all and counted.all.ballot.hex()
    return None


def check_unlisted(place: Value, outcome: Value) -> None:
    before, after, members = place.before, place.after, outcome.turnout.members
    for line in (before, after):
        need(line is None or is_line(line, outcome), "6.8", "the path of a neighbour does not lead to the root of the roll")
    if before and after:
        need(before.position + 1 == after.position, "6.8", "its neighbours do not stand side by side")
    elif before:
        need(before.position + 1 == members, "6.8", "the line before it is not the last one")
    elif after:
        need(after.position == 0, "6.8", "the line after it is not the first one")
    else:
        need(members == 0 and outcome.roll == merkle_root(ROLL_TREE, []), "6.8", "the roll is not empty")
    need(not before or before.entry.member < place.key, "6.8", "it does not come after the line before it")
    need(not after or place.key < after.entry.member, "6.8", "it does not come before the line after it")


def is_line(line: Value, outcome: Value) -> bool:
    leaf = ROLL_ENTRY.write(line.entry)
    return is_leaf(ROLL_TREE, leaf, line.position, line.path, outcome.turnout.members, outcome.roll)


def check_certificate(seal: Value, community: Community) -> None:
    problem = certified_fault(seal, community)
    need(problem is None, "6.5", problem or "")


def certified_fault(seal: Value, community: Community) -> str | None:
    """Why a certified seal is not certified."""
    witnesses = community.charter.witnesses
    if any(signed.position >= len(witnesses) for signed in seal.signatures):
        return "there is no witness with this position"
    signatures = [Value("signed", key=witnesses[signed.position].key, signature=signed.signature)
                  for signed in seal.signatures]
    return certificate_fault(seal.header, Value("certificate", round=seal.round, signatures=signatures), community)


# 13.2


def is_leaf(context: str, leaf: bytes, position: int, path: list[bytes], leaves: int, root: bytes) -> bool:
    if position >= leaves:
        return False
    found, last, rest = hash_of(context, b"\0" + leaf), leaves - 1, list(path)
    while last > 0:
        if position % 2 == 1 or position < last:
            if not rest:
                return False
            other = rest.pop(0)
            found = hash_of(context, b"\1" + (other + found if position % 2 == 1 else found + other))
        position, last = position // 2, last // 2
    return found == root and not rest
