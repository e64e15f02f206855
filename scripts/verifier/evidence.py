"""SPEC section 14: evidence files, which show that somebody signed two things of which the honest sign at most one."""

from __future__ import annotations

from typing import Any

from . import signatures
from .charter import Community
from .codec import BLOB, BYTES32, BYTES64, Choice, ListOf, NotCanonical, OptionOf, Structure, Value, decode, u32, u64
from .hashes import RECORD_ID, hash_of
from .receipts import CERTIFIED_SEAL, SEALED_PROOF, SUCCESSION, Refused, certified_fault, follow, need, verify_sealed
from .records import HEADER as RECORD_HEADER
from .records import SIGNED_HEADER, Malformed, is_signed, read_record
from .seals import VOTE, seal_id

MAGIC = b"mutua evidence\x00\x01"
GREATEST_BYTES = 4_194_304

CHECKS = {
    "7.1": "the file's bytes are canonical",
    "7.2": "everything in it belongs to this community",
    "7.3": "the two statements contradict each other, and stand in their order",
    "7.4": "the accused is a witness, or an attestor",
    "7.5": "both statements are signed by those who are accused",
    "7.6": "the attestor's records follow one another without gap",
    "7.7": "neither attestation was taken back, replaced or run out at that moment",
    "7.8": "the later attestation is in a seal",
    "7.9": "each amended charter was adopted under the one before it",
}

# 14.1
PROPOSAL = Structure(
    "proposal", community=BYTES32, height=u64(), round=u32(), pol_round=OptionOf(u32()), value=BYTES32,
)
SIGNED_VOTE = Structure("signed vote", statement=VOTE, signature=BYTES64)
SIGNED_PROPOSAL = Structure("signed proposal", statement=PROPOSAL, signature=BYTES64)

EVIDENCE_FILE = Structure("evidence file", successions=ListOf(SUCCESSION), evidence=Choice(
    Structure("fork", first=SIGNED_HEADER, second=SIGNED_HEADER),
    Structure("seals", first=CERTIFIED_SEAL, second=CERTIFIED_SEAL),
    Structure("votes", witness=BYTES32, first=SIGNED_VOTE, second=SIGNED_VOTE),
    Structure("proposals", witness=BYTES32, first=SIGNED_PROPOSAL, second=SIGNED_PROPOSAL),
    Structure("attestations", records=ListOf(BLOB), sealed=SEALED_PROOF),
))


def verify_file(data: bytes, community: Community) -> dict[str, Any]:
    """Whom an evidence file accuses, and of what. Raises `Refused`."""
    need(data.startswith(MAGIC), "7.1", "it does not begin as an evidence file does")
    try:
        file = decode(EVIDENCE_FILE, data[len(MAGIC):], GREATEST_BYTES)
    except NotCanonical as error:
        raise Refused("7.1", str(error)) from error
    community, evidence = follow(file.successions, community, "7.9"), file.evidence
    accused = KINDS[evidence.kind](evidence, community)
    return {"kind": evidence.kind, "keys": [key.hex() for key in accused]}


def belongs(community: Community, *parts: Value) -> None:
    need(all(part.community == community.id for part in parts), "7.2", "a part of it belongs to another community")


def fork(evidence: Value, community: Community) -> list[bytes]:
    both = (evidence.first, evidence.second)
    first, second = (signed.header for signed in both)
    belongs(community, first, second)
    ids = [hash_of(RECORD_ID, RECORD_HEADER.write(header)) for header in (first, second)]
    need((first.author, first.sequence) == (second.author, second.sequence), "7.3", "they do not have one place")
    need(ids[0] < ids[1], "7.3", "they are one record, or not in the order of their ids")
    for signed, name in zip(both, ids):
        holds = signatures.holds(signatures.RECORD, signed.header.author, name, signed.signature)
        need(holds, "7.5", "the author has not signed both")
    return [first.author]


def seals(evidence: Value, community: Community) -> list[bytes]:
    first, second = evidence.first, evidence.second
    belongs(community, first.header, second.header)
    ids = [seal_id(first.header), seal_id(second.header)]
    of_one_height = first.header.height == second.header.height and ids[0] < ids[1]
    not_linked = first.header.height + 1 == second.header.height and second.header.previous != ids[0]
    need(of_one_height or not_linked, "7.3", "both can be in one log, or they are not in their order")
    for seal in (first, second):
        problem = certified_fault(seal, community.at(seal.header.height))
        need(problem is None, "7.5", problem or "")
    return sorted(signers(first, community) & signers(second, community))


def signers(seal: Value, community: Community) -> set[bytes]:
    witnesses = community.at(seal.header.height).charter.witnesses
    return {witnesses[signed.position].key for signed in seal.signatures}


def votes(evidence: Value, community: Community) -> list[bytes]:
    first, second = evidence.first.statement, evidence.second.statement
    belongs(community, first, second)
    one_step = all(getattr(first, name) == getattr(second, name) for name in ("height", "round", "kind_of"))
    need(one_step and first.value != second.value, "7.3", "an honest witness may have cast both")
    return by_witness(evidence, VOTE, signatures.VOTE, community)


def proposals(evidence: Value, community: Community) -> list[bytes]:
    first, second = evidence.first.statement, evidence.second.statement
    belongs(community, first, second)
    one_step = (first.height, first.round) == (second.height, second.round)
    need(one_step and first != second, "7.3", "an honest witness may have made both")
    return by_witness(evidence, PROPOSAL, signatures.PROPOSAL, community)


def by_witness(evidence: Value, kind: Structure, purpose: bytes, community: Community) -> list[bytes]:
    both = [(kind.write(signed.statement), signed.signature) for signed in (evidence.first, evidence.second)]
    need(both[0][0] < both[1][0], "7.3", "they are not in the order of their bytes")
    witnesses = community.at(evidence.first.statement.height).rules.witnesses
    need(evidence.witness in witnesses, "7.4", "the accused is no witness")
    for statement, signature in both:
        need(signatures.holds(purpose, evidence.witness, statement, signature), "7.5", "the witness has not signed both")
    return [evidence.witness]


def attestations(evidence: Value, community: Community) -> list[bytes]:
    community, records = community.at(evidence.sealed.seal.header.height), []
    for data in evidence.records:
        try:
            records.append(read_record(data, community))
        except Malformed as error:
            raise Refused("7.2" if error.check == "2.3" else "7.1", str(error)) from error
    belongs(community, evidence.sealed.seal.header)
    need(len(records) >= 2, "7.3", "there are not two records")
    first, last = records[0], records[-1]
    need(first.body.kind == last.body.kind == "attest", "7.3", "the first or the last record is no attestation")
    need(first.body.terms == last.body.terms, "7.3", "they are for different terms")
    need(first.body.proposal != last.body.proposal, "7.3", "they are for one proposal: the later replaces the earlier")
    need(first.body.assessment.verdict != last.body.assessment.verdict, "7.3", "their verdicts are the same")
    need(community.has_held(first.author, "attestor"), "7.4", "the accused has been no attestor")
    need(all(map(is_signed, records)), "7.5", "a record is not signed by its author")
    for before, after in zip(records, records[1:]):
        follows = (after.author, after.sequence, after.previous) == (before.author, before.sequence + 1, before.id)
        need(follows, "7.6", "a record is missing between two, or they are not of one chain")
    moment = evidence.sealed.seal.header.time
    for record in (first, last):
        need(record.body.assessment.valid_until > moment, "7.7", "an attestation had run out")
    for record in records[1:-1]:
        revoked = record.body.kind == "revoke-attestation" and record.body.attestation == first.id
        replaced = record.body.kind == "attest" and record.body.proposal == first.body.proposal
        need(not revoked and not replaced, "7.7", "the earlier attestation was taken back, or replaced")
    try:
        sealed = verify_sealed(evidence.sealed, community)
    except Refused as error:
        raise Refused("7.8", str(error)) from error
    need(sealed["record"] == last.id.hex(), "7.8", "another record is in the seal")
    return [first.author]


KINDS = {"fork": fork, "seals": seals, "votes": votes, "proposals": proposals, "attestations": attestations}
