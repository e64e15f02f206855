"""SPEC section 15: this verifier against the test vectors."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any, Iterator

from . import evidence, receipts, rounds, signatures
from .allocation import Election, Project, Voter, shares_of
from .archive import verify
from .charter import RULE, Community
from .codec import Value, decode
from .hashes import ROLL_TREE, SHARES, hash_of, merkle_root
from .records import BODY, Malformed, header_bytes, is_signed, read_record, terms_hash
from .seals import CERTIFICATE, HEADER, SEALED_BATCH, VOTE, certificate_fault, seal_id

LIMIT = 1 << 22

PURPOSES = {
    "record": signatures.RECORD,
    "vote": signatures.VOTE,
    "proposal": signatures.PROPOSAL,
    "succession": signatures.SUCCESSION,
    "replacement": signatures.REPLACEMENT,
}

# A vector: what it is, whether it holds.
Result = tuple[str, bool]


def check_all(folder: Path) -> Iterator[Result]:
    """Checks every vector of every file. A file that this verifier does not know is one that does not hold."""
    for path in sorted(folder.glob("*.json")):
        known = FILES.get(path.name)
        if known is None:
            yield f"{path.name}: this verifier does not know it", False
            continue
        for what, holds in known(json.loads(path.read_text("utf-8")), folder):
            yield f"{path.name}: {what}", holds


def first_community(folder: Path) -> Community:
    charters = json.loads((folder / "charter.json").read_text("utf-8"))["charters"]
    return Community(bytes.fromhex(charters[0]["bytes"]))


def archive_of(folder: Path) -> bytes:
    return bytes.fromhex(json.loads((folder / "archive.json").read_text("utf-8"))["archive"])


def keys(file: Any, folder: Path) -> Iterator[Result]:
    message, key = bytes.fromhex(file["message"]), bytes.fromhex(file["public"])
    for vector in file["signatures"]:
        purpose, signature = PURPOSES[vector["purpose"]], bytes.fromhex(vector["signature"])
        yield f"what is signed as a {vector['purpose']}", (purpose + message).hex() == vector["signed"]
        yield f"signature of a {vector['purpose']}", signatures.holds(purpose, key, message, signature)
        yield "the same by ZIP-215 alone", signatures.holds_by_zip215(key, purpose + message, signature)
    for vector in file["zip215"]:
        signature = signatures.holds(b"", *(bytes.fromhex(vector[name]) for name in ("key", "signed", "signature")))
        yield vector["what"], signature == vector["valid"]
    for weak in file["weak"]:
        yield f"weak key {weak}", not signatures.is_strong(bytes.fromhex(weak))
    yield "strong key", signatures.is_strong(key)


def merkle(file: Any, folder: Path) -> Iterator[Result]:
    for tree in file["trees"]:
        root = merkle_root(file["context"], [bytes.fromhex(leaf) for leaf in tree["leaves"]])
        yield f"tree of {len(tree['leaves'])} leaves", root.hex() == tree["root"]


def charter(file: Any, folder: Path) -> Iterator[Result]:
    for number, vector in enumerate(file["charters"]):
        data = bytes.fromhex(vector["bytes"])
        community = Community(data)
        yield f"id of charter {number}", community.id.hex() == vector["community"]
        yield f"fields of charter {number}", leaves(community.charter) == leaves_of(vector["charter"])


def records(file: Any, folder: Path) -> Iterator[Result]:
    community, kinds = first_community(folder), set()
    for vector in file["records"]:
        record = read_record(bytes.fromhex(vector["bytes"]), community)
        kinds.add(record.body.kind)
        yield f"header of {vector['name']}", header_bytes(bytes.fromhex(vector["bytes"])).hex() == vector["header"]
        yield f"body hash of {vector['name']}", vector["header"].endswith(vector["body_hash"])
        yield f"id of {vector['name']}", record.id.hex() == vector["id"]
        yield f"signature of {vector['name']}", is_signed(record)
        yield f"fields of {vector['name']}", leaves(record.body) == leaves_of(vector["record"]["body"])
        if vector["terms"]:
            yield f"terms of {vector['name']}", terms_hash(record.body.subject).hex() == vector["terms"]
    yield "a record of every kind", kinds == {variant.kind for variant in BODY.variants}


def seals(file: Any, folder: Path) -> Iterator[Result]:
    community = verify(io.BytesIO(archive_of(folder))).community
    for vector in file["seals"]:
        batch = decode(SEALED_BATCH, bytes.fromhex(vector["bytes"]), LIMIT)
        name = f"of seal {batch.header.height}"
        yield f"header {name}", HEADER.write(batch.header).hex() == vector["header_bytes"]
        yield f"fields {name}", leaves(batch.header) == leaves_of(vector["header"])
        yield f"id {name}", seal_id(batch.header).hex() == vector["id"]
        yield f"certificate {name}", CERTIFICATE.write(batch.certificate).hex() == vector["certificate_bytes"]
        yield f"witnesses {name}", certificate_fault(batch.header, batch.certificate, community) is None
        ids = [read_record(data, community).id.hex() for data in batch.records]
        yield f"record ids {name}", ids == vector["record_ids"]
    nothing = decode(VOTE, bytes.fromhex(file["prevote_for_nothing"]["bytes"]), LIMIT)
    yield "a prevote for nothing", (nothing.kind_of, nothing.value) == ("prevote", None)


def outcomes(file: Any, folder: Path) -> Iterator[Result]:
    closings = verify(io.BytesIO(archive_of(folder))).closings
    yield "number of rounds", len(closings) == len(file["outcomes"])
    for closing, vector in zip(closings, file["outcomes"]):
        name = f"of round {closing.outcome.round}"
        data = bytes.fromhex(vector["bytes"])
        outcome = decode(rounds.OUTCOME_OF_ROUND, data, LIMIT)
        yield f"outcome {name}, as computed", outcome == closing.outcome
        yield f"fields {name}", leaves(outcome) == leaves_of(vector["outcome"])
        yield f"digest {name}", rounds.digest_of(data).hex() == vector["digest"]
        roll = [rounds.ROLL_ENTRY.write(entry) for entry in closing.roll]
        yield f"roll {name}", [entry.hex() for entry in roll] == vector["roll_bytes"]
        yield f"root of the roll {name}", merkle_root(ROLL_TREE, roll) == outcome.roll
        shares = [rounds.SHARE_LIST.write(rounds.share_values(closing.shares[loan.proposal])) for loan in outcome.funded]
        yield f"shares {name}", [each.hex() for each in shares] == vector["shares_bytes"]
        yield f"digests of shares {name}", [hash_of(SHARES, each) for each in shares] == [
            loan.shares for loan in outcome.funded
        ]


def allocations(file: Any, folder: Path) -> Iterator[Result]:
    for election in file["elections"]:
        projects = [Project(each["cost"], each["borrower"], each["category"], each["risk"], 1)
                    for each in election["projects"]]
        voters = [
            Voter(number.to_bytes(4, "big"), each["weight"],
                  {place: score for place, score in enumerate(each["scores"]) if score})
            for number, each in enumerate(election["voters"])
        ]
        for result in election["results"]:
            rule = decode(RULE, bytes.fromhex(result["rule_bytes"]), LIMIT)
            caps = Value("caps", **election["caps"])
            own = Election(projects, voters, election["budget"], election["unit"], rule, caps).allocate()
            name = f"{election['what']}: {json.dumps(result['rule'])}"
            yield f"{name}: selection", [each.project for each in own.funded] == [
                each["project"] for each in result["funded"]
            ]
            yield f"{name}: prices", [each.price and str(each.price) for each in own.funded] == [
                each["price"] for each in result["funded"]
            ]
            shares = [
                [[int.from_bytes(member, "big"), amount]
                 for member, amount in shares_of(projects[each.project].cost, each.payments)]
                for each in own.funded
            ]
            yield f"{name}: shares", shares == [each["shares"] for each in result["funded"]]
            yield f"{name}: raises", (own.raises or 0) == result["raises"]
            yield f"{name}: reasons", own.passed_over == {
                each["project"]: rounds.PASSED_OVER.names[each["reason"]] for each in result["passed_over"]
            }
            left = {each["project"]: int(Fraction(each["left"])) for each in result["passed_over"] if each["left"]}
            yield f"{name}: left", {project: own.left.get(project) for project in left} == left


def rules(file: Any, folder: Path) -> Iterator[Result]:
    for vector in file["rounds"]:
        report = verify(io.BytesIO(bytes.fromhex(vector["archive"])))
        name = json.dumps(vector["rule"])
        yield f"{name}: verdict", report.fault is None
        if report.fault is not None:
            continue
        data = rounds.OUTCOME_OF_ROUND.write(report.closings[0].outcome)
        yield f"{name}: outcome", data.hex() == vector["bytes"]
        yield f"{name}: digest", report.closings[0].digest.hex() == vector["digest"]


def archive(file: Any, folder: Path) -> Iterator[Result]:
    report = verify(io.BytesIO(bytes.fromhex(file["archive"])))
    yield "verdict", report.fault is None
    yield "community", report.community.id.hex() == file["community"]
    yield "last seal", report.head.hex() == file["seals"][-1]
    yield "outcomes", [closing.digest.hex() for closing in report.closings] == file["outcomes"]
    yield "pool", str(report.ledger.available) == file["pool"]
    yield "void records", report.void == len(file["void"])


def amended(file: Any, folder: Path) -> Iterator[Result]:
    """A community that changes its charter: everything is judged from the founding one."""
    report = verify(io.BytesIO(bytes.fromhex(file["archive"])))
    yield "verdict", report.fault is None
    history = report.community.history
    yield "charters", [(height + 1, rules.hash.hex()) for height, rules in history] == [
        (vector["from_seal"], vector["hash"]) for vector in file["charters"]
    ]
    for (_, rules), vector in zip(history, file["charters"]):
        yield f"fields of the charter from seal {vector['from_seal']}", leaves(rules.charter) == leaves_of(vector["charter"])
    for closing, vector in zip(report.closings, file["outcomes"]):
        name = f"of round {closing.outcome.round}"
        yield f"outcome {name}", rounds.OUTCOME_OF_ROUND.write(closing.outcome).hex() == vector["bytes"]
        yield f"fields {name}", leaves(closing.outcome) == leaves_of(vector["outcome"])
        yield f"digest {name}", closing.digest.hex() == vector["digest"]
    yield "number of rounds", len(report.closings) == len(file["outcomes"])
    yield "void records", report.void == len(file["void"])
    for name, verify_file in (("receipts", receipts.verify_file), ("evidence", evidence.verify_file)):
        part = {"charter": file["charter"], name: file[name], "refused": file[f"refused_{name}"]}
        yield from proofs(verify_file, name)(part, folder)


def refused(file: Any, folder: Path) -> Iterator[Result]:
    community = first_community(folder)
    for vector in file["refused"]:
        try:
            record = read_record(bytes.fromhex(vector["bytes"]), community)
            check = None if is_signed(record) else "2.4"
        except Malformed as error:
            check = error.check
        yield f"{vector['what']} (found {check}, expected {vector['check']})", check == vector["check"]


def proofs(verify_file: Any, name: str) -> Any:
    """Checks the vectors of receipts or of evidence files."""

    def check(file: Any, folder: Path) -> Iterator[Result]:
        community = Community(bytes.fromhex(file["charter"]["bytes"]))
        yield "community", community.id.hex() == file["charter"]["community"]
        for vector in file[name]:
            proved = verify_file(bytes.fromhex(vector["file"]), community)
            yield vector["what"], same_proof(proved, vector["proves"])
            if vector.get("text"):
                text = vector["text"].lower()
                broken = "\u00a0\v\n".join(text[place:place + 9] for place in range(0, len(text), 9))
                yield f"text of {vector['what']}", verify_file(text.encode(), community) == proved
                yield f"broken text of {vector['what']}", verify_file(broken.encode(), community) == proved
        for vector in file["refused"]:
            try:
                verify_file(bytes.fromhex(vector["file"]), community)
                found = None
            except receipts.Refused as error:
                found = error.check
            yield f"{vector['what']} (found {found}, expected {vector['check']})", found == vector["check"]

    return check


def same_proof(proved: dict[str, Any], expected: dict[str, Any]) -> bool:
    if "kind" in expected:
        return proved == {"kind": expected["kind"], "keys": expected["keys"]}
    sealed, counted = expected["sealed"], expected["counted"]
    same = (sealed is None) == (proved["sealed"] is None) and (counted is None) == (proved["counted"] is None)
    if sealed:
        same &= all(proved["sealed"][name] == sealed[name] for name in ("record", "seal", "height", "time"))
        same &= proved["sealed"]["author"] == sealed["header"]["author"]
    if counted:
        same &= all(proved["counted"][name] == counted[name] for name in ("key", "round", "digest", "height", "time"))
        entry = counted["entry"]
        how = entry and entry["counted"]
        kind, ballot = next(iter(how.items())) if isinstance(how, dict) else (how, None)
        same &= (proved["counted"]["counted"], proved["counted"]["ballot"]) == (kind, ballot)
    return bool(same)


FILES = {
    "keys.json": keys,
    "merkle.json": merkle,
    "charter.json": charter,
    "records.json": records,
    "seals.json": seals,
    "outcomes.json": outcomes,
    "allocations.json": allocations,
    "rules.json": rules,
    "archive.json": archive,
    "amended.json": amended,
    "refused.json": refused,
    "receipts.json": proofs(receipts.verify_file, "receipts"),
    "evidence.json": proofs(evidence.verify_file, "evidence"),
}


# Fields by name. The JSON of the vectors and the values here nest in slightly different ways, so that what is
# compared is which names have which values, sorted.


def leaves(value: Value) -> list[tuple[str, str]]:
    return sorted(walk(value, ""))


def walk(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Value):
        fields = [(field, content) for field, content in value.__dict__.items() if field != "kind"]
        if not fields:
            yield name, value.kind
        for field, content in fields:
            yield from walk(content, field)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, name)
    else:
        yield name, value.hex() if isinstance(value, bytes) else str(value)


def leaves_of(content: Any) -> list[tuple[str, str]]:
    return sorted(walk_json(content, ""))


def walk_json(content: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for field, inner in content.items():
            yield from walk_json(inner, field)
    elif isinstance(content, list) and content and all(isinstance(item, int) for item in content):
        yield name, bytes(content).hex()
    elif isinstance(content, list):
        for item in content:
            yield from walk_json(item, name)
    else:
        yield name, content if isinstance(content, str) else str(content)
