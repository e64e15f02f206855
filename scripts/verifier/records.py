"""SPEC sections 6 and 7: records, their bodies, and evidence of forks."""

from __future__ import annotations

from . import signatures
from .charter import CHARTER, GREATEST_AMOUNT, STRONG_KEY, Community, check_charter
from .codec import (BOOL, BYTES32, BYTES64, Choice, Line, ListOf, Names, NotCanonical, OptionOf, OutOfBounds,
                    Paragraphs, Position, Structure, Value, ascending, decode, u8, u16, u32, u64)
from .hashes import RECORD_BODY, RECORD_ID, TERMS, ZEROS, hash_of

GREATEST_ANSWERS = 384

AMOUNT = u64(1, GREATEST_AMOUNT)
REASON = Line(4_000)
DOCUMENTS = ListOf(BYTES32, 16)
STATEMENTS = ListOf(Line(4_000), 16)

# 6.1
HEADER = Structure(
    "record header",
    community=BYTES32,
    author=BYTES32,
    sequence=u64(),
    previous=BYTES32,
    clock=u64(),
    body=BYTES32,
)
SIGNED_HEADER = Structure("signed header", header=HEADER, signature=BYTES64)

# 6.3
SUBJECT = Choice(
    Structure(
        "loan",
        borrower=Line(120),
        title=Line(120),
        purpose=Paragraphs(4_000),
        category=Position("categories"),
        amount=AMOUNT,
        term=u16(1, 600),
        rate=u16(0, 10_000),
        repayment=Names("annuity", "linear", "bullet"),
        documents=DOCUMENTS,
        expires=u64(),
    ),
    Structure("motion", title=Line(120), text=Paragraphs(4_000)),
    Structure("charter", title=Line(120), purpose=Paragraphs(4_000), base=BYTES32, charter=CHARTER),
)

# 6.4
ASSESSMENT = Structure(
    "assessment",
    verdict=Names("approved", "declined"),
    grade=u8(1),
    default=u16(0, 10_000),
    loss=u16(0, 10_000),
    greatest_amount=u64(0, GREATEST_AMOUNT),
    outlook=u8(0, 100),
    conditions=STATEMENTS,
    reasons=STATEMENTS,
    documents=DOCUMENTS,
    valid_until=u64(),
)

# 6.2 and 6.5: the variant's place in this list is its number.
BODY = Choice(
    Structure("admit", key=STRONG_KEY, weight=u32(1, 1_048_576), name=Line(120), group=Position("groups")),
    Structure("suspend", key=BYTES32, reason=REASON),
    Structure("readmit", key=BYTES32, reason=REASON),
    Structure("leave"),
    Structure("rotate-key", successor=STRONG_KEY, proof=BYTES64),
    Structure("propose", subject=SUBJECT),
    Structure("amend", proposal=BYTES32, subject=SUBJECT),
    Structure("withdraw", proposal=BYTES32, reason=REASON),
    Structure("attest", proposal=BYTES32, terms=BYTES32, assessment=ASSESSMENT),
    Structure("revoke-attestation", attestation=BYTES32, reason=REASON),
    Structure(
        "ballot",
        round=u32(1),
        standing=BOOL,
        scores=ListOf(Structure("score", proposal=BYTES32, score=u8(1))),
        answers=ListOf(Structure("answer", proposal=BYTES32, choice=Names("yes", "no", "abstain")), GREATEST_ANSWERS),
    ),
    Structure("fund", direction=Names("in", "out"), amount=AMOUNT, source=Line(120), purpose=OptionOf(Line(120))),
    Structure("evidence", first=SIGNED_HEADER, second=SIGNED_HEADER),
    Structure("disburse", proposal=BYTES32, amount=AMOUNT),
    Structure("release", proposal=BYTES32, amount=AMOUNT, reason=REASON),
    Structure("repay", proposal=BYTES32, principal=u64(0, GREATEST_AMOUNT), interest=u64(0, GREATEST_AMOUNT)),
    Structure("write-off", proposal=BYTES32, amount=AMOUNT, reason=REASON),
    Structure("recover", proposal=BYTES32, amount=AMOUNT),
    Structure("predict", proposal=BYTES32, terms=BYTES32, default=u16(0, 10_000)),
    Structure(
        "respond",
        about=Choice(Structure("motion", motion=BYTES32), Structure("outcome", outcome=u32()),
                     Structure("question", question=BYTES32)),
        status=Names("accepted", "planned", "declined", "done"),
        reason=REASON,
    ),
    Structure(
        "argue",
        on=Choice(Structure("proposal", proposal=BYTES32), Structure("argument", argument=BYTES32)),
        stance=Names("for", "against", "question", "answer"),
        text=Paragraphs(4_000, must_show=True),
    ),
    Structure("endorse", argument=BYTES32, withdrawn=BOOL),
    Structure("moderate", argument=BYTES32, hidden=BOOL, reason=REASON),
    Structure("replace-key", lost=BYTES32, successor=STRONG_KEY, consent=BYTES64, reason=REASON),
    Structure(
        "delegate",
        scope=Choice(Structure("all"), Structure("category", category=Position("categories"))),
        to=OptionOf(BYTES32),
    ),
)

# 6.1
SIGNED_RECORD = Structure(
    "signed record",
    community=BYTES32,
    author=BYTES32,
    sequence=u64(),
    previous=BYTES32,
    clock=u64(),
    body=BODY,
    signature=BYTES64,
)


class Malformed(Exception):
    """A record that is not well-formed, with the number of the check that it fails."""

    def __init__(self, check: str, detail: str) -> None:
        super().__init__(detail)
        self.check = check


def terms_hash(subject: Value) -> bytes:
    return hash_of(TERMS, SUBJECT.write(subject))


def header_bytes(data: bytes) -> bytes:
    """The header of a signed record: the fields before the body, and the body's hash."""
    return data[:112] + hash_of(RECORD_BODY, data[112:-64])


def read_record(data: bytes, community: Community) -> Value:
    """A signed record that is well-formed, with its `id`. Raises `Malformed`. Its signature is checked apart."""
    try:
        record: Value = decode(SIGNED_RECORD, data, community.widest("record_bytes"))
    except NotCanonical as error:
        raise Malformed("2.2", str(error)) from error
    if record.community != community.id:
        raise Malformed("2.3", f"it belongs to the community {record.community.hex()}")
    read_sequence(record)
    record.id = hash_of(RECORD_ID, header_bytes(data))
    try:
        BODY.check(record.body, community.charter)
        if record.body.kind in FURTHER_BOUNDS:
            FURTHER_BOUNDS[record.body.kind](record, community)
    except OutOfBounds as error:
        check = "5.1" if record.body.kind == "evidence" else "3.7"
        raise Malformed(check, f"{record.body.kind}: {error}") from error
    return record


def read_sequence(record: Value) -> None:
    """Number and predecessor fit each other. Raises `Malformed`."""
    if record.sequence < 1 or (record.sequence == 1) != (record.previous == ZEROS):
        raise Malformed("3.2", f"number {record.sequence} does not fit the predecessor {record.previous.hex()}")


def is_signed(record: Value) -> bool:
    return signatures.holds(signatures.RECORD, record.author, record.id, record.signature)


# Bounds that the table of bodies cannot say.


def check_rotation(record: Value, community: Community) -> None:
    agreed = community.id + record.author
    if not signatures.holds(signatures.SUCCESSION, record.body.successor, agreed, record.body.proof):
        raise OutOfBounds("the successor has not signed")


def check_replacement(record: Value, community: Community) -> None:
    body, agreed = record.body, community.id + record.body.lost
    if not signatures.holds(signatures.REPLACEMENT, body.successor, agreed, body.consent):
        raise OutOfBounds("the new key has not consented")


def check_subject(record: Value, community: Community) -> None:
    if record.body.subject.kind == "charter":
        check_charter(record.body.subject.charter)


def check_ballot(record: Value, community: Community) -> None:
    ballot, scores, score = record.body, community.widest("scores"), community.widest("score")
    if len(ballot.scores) > scores:
        raise OutOfBounds(f"{len(ballot.scores)} scores are more than {scores}")
    if any(entry.score > score for entry in ballot.scores):
        raise OutOfBounds(f"a score is greater than {score}")
    ascending((entry.proposal for entry in ballot.scores), "scores")
    ascending((entry.proposal for entry in ballot.answers), "answers")


def check_evidence(record: Value, community: Community) -> None:
    """Section 7: two signed headers that prove a fork."""
    first, second = record.body.first, record.body.second
    ids = [hash_of(RECORD_ID, HEADER.write(signed.header)) for signed in (first, second)]
    if any(signed.header.community != community.id for signed in (first, second)):
        raise OutOfBounds("a record in it belongs to another community")
    if first.header.author != second.header.author or first.header.sequence != second.header.sequence:
        raise OutOfBounds("the two records do not have one place")
    if ids[0] >= ids[1]:
        raise OutOfBounds("the two records are one, or not in the order of their ids")
    for signed, name in zip((first, second), ids):
        if not signatures.holds(signatures.RECORD, signed.header.author, name, signed.signature):
            raise OutOfBounds("a record in it is not signed by its author")


def check_repay(record: Value, community: Community) -> None:
    if record.body.principal == 0 and record.body.interest == 0:
        raise OutOfBounds("principal and interest are both 0")


def check_argue(record: Value, community: Community) -> None:
    if record.body.stance == "answer" and record.body.on.kind == "proposal":
        raise OutOfBounds("an answer is about a proposal")


def check_delegate(record: Value, community: Community) -> None:
    if record.body.to == record.author:
        raise OutOfBounds("a delegation to oneself")


FURTHER_BOUNDS = {
    "delegate": check_delegate,
    "argue": check_argue,
    "propose": check_subject,
    "amend": check_subject,
    "repay": check_repay,
    "rotate-key": check_rotation,
    "replace-key": check_replacement,
    "ballot": check_ballot,
    "evidence": check_evidence,
}
