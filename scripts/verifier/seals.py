"""SPEC section 8: seals, votes and certificates."""

from __future__ import annotations

from . import signatures
from .charter import Community
from .codec import BLOB, BYTES32, BYTES64, ListOf, Names, OptionOf, Structure, Value, u32, u64
from .hashes import SEAL_ID, hash_of

GREATEST_RECORDS = 1_024
GREATEST_RECORDS_BYTES = 1_048_576

# 8.1
HEADER = Structure(
    "header",
    community=BYTES32,
    height=u64(),
    previous=BYTES32,
    time=u64(),
    count=u32(),
    root=BYTES32,
    closes=OptionOf(BYTES32),
)

# 8.3
VOTE = Structure(
    "vote",
    community=BYTES32,
    height=u64(),
    round=u32(),
    kind_of=Names("prevote", "precommit"),
    value=OptionOf(BYTES32),
)
CERTIFICATE = Structure(
    "certificate",
    round=u32(),
    signatures=ListOf(Structure("signed", key=BYTES32, signature=BYTES64)),
)

SEALED_BATCH = Structure("sealed batch", header=HEADER, certificate=CERTIFICATE, records=ListOf(BLOB))


def seal_id(header: Value) -> bytes:
    return hash_of(SEAL_ID, HEADER.write(header))


def certificate_fault(header: Value, certificate: Value, community: Community) -> str | None:
    """Why a certificate does not hold for a seal."""
    signers, witnesses = [signed.key for signed in certificate.signatures], community.rules.witnesses
    if any(left >= right for left, right in zip(signers, signers[1:])):
        return "the signers are not in ascending order"
    for key in signers:
        if key not in witnesses:
            return f"{key.hex()} is no witness"
    power, total = sum(witnesses[key] for key in signers), sum(witnesses.values())
    if 3 * power <= 2 * total:
        return f"a power of {power} of {total} is not more than two thirds"
    vote = VOTE.write(Value("vote", community=community.id, height=header.height, round=certificate.round,
                            kind_of="precommit", value=seal_id(header)))
    for signed in certificate.signatures:
        if not signatures.holds(signatures.VOTE, signed.key, vote, signed.signature):
            return f"the signature of {signed.key.hex()} does not hold"
    return None
