#!/usr/bin/env python3
"""An independent verifier for the log of a mutua community, written from protocol/SPEC.md alone.

    verify.py FILE...               check archives that 'mutua log export' wrote
    verify.py --json FILE...        the same for programs: one JSON report per file and line
    verify.py receipt --charter CHARTER FILE...      check receipts, as files or as text
    verify.py evidence --charter CHARTER FILE...     check evidence files
    verify.py --vectors DIR         check this verifier against the test vectors in protocol/vectors

It shares no code with the Rust of mutua, and makes every check of SPEC section 12 under the same number and in the same
order, so that both name the same first fault. The exit status is 0 if all holds, 1 if a check fails, and 2 if a file
cannot be read or is no archive. CHARTER is the founding charter's JSON, or an archive of the community. It needs Python 3.11 or later and two packages:

    pip install --require-hashes -r scripts/requirements.txt

A guide to the code, in the order of SPEC. Each module names its section; read SPEC beside it:

    verifier/codec.py        2     types that read, write and bound values; the tables elsewhere are made of them
    verifier/hashes.py       3     contexts, hashes, Merkle trees
    verifier/signatures.py   4     ZIP-215
    verifier/charter.py      5     the charter as a table, and those that have been in force
    verifier/records.py      6, 7  the bodies as a table; what makes a record well-formed
    verifier/seals.py        8     headers, votes, certificates
    verifier/ledger.py       9     what may be sealed (may_...), and what it does (do_...)
    verifier/rounds.py       10    eligibility, electorate, motions, the outcome as a table
    verifier/allocation.py   10.4  the rules by which the pool is shared out; raised.py makes add-one bearable
    verifier/archive.py      11    the file, and the checks in their order (12)
    verifier/receipts.py     13    receipts, and paths in Merkle trees
    verifier/evidence.py     14    evidence files
    verifier/report.py             what is printed
    verifier/vectors.py      15    the vectors

Where the code and SPEC differ, one of them has a bug: SPEC says what is right.

To add a kind of record: append it to the table `BODY` in records.py, with a function in `FURTHER_BOUNDS` if the table cannot say
all of its bounds; write `may_...` and `do_...` in ledger.py and name them in `MAY` and `DO`; then --vectors must hold, which wants
a vector of every kind. To add a field to the outcome: put it in `OUTCOME_OF_ROUND` in rounds.py, and fill it in `close`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("verify.py: Python 3.11 or later is needed")
try:
    import blake3  # noqa: F401
    import cryptography  # noqa: F401
except ImportError as missing:
    print(f"verify.py: {missing}; see 'pip install' in the first lines of this file", file=sys.stderr)
    sys.exit(2)

from verifier import archive, charter, codec, evidence, receipts, report, vectors

VALID, FAULTY, UNREADABLE = 0, 1, 2

# What proves something with the charter alone: how to check it, and what its checks are.
PROOFS = {
    "receipt": (receipts.verify_file, receipts.CHECKS),
    "evidence": (evidence.verify_file, evidence.CHECKS),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON report per file and line")
    parser.add_argument("--charter", type=Path, help="with 'receipt' or 'evidence': charter.json, or an archive")
    parser.add_argument("--vectors", metavar="DIR", type=Path, help="check the test vectors in this folder")
    parser.add_argument("files", metavar="FILE", nargs="*", help="an archive; or 'receipt' or 'evidence', and files")
    arguments = parser.parse_intermixed_args()
    if bool(arguments.files) == bool(arguments.vectors):
        parser.error("name archives, or a folder with --vectors")
    if arguments.vectors:
        return check_vectors(arguments.vectors)
    kind, *files = arguments.files
    if kind in PROOFS:
        if not files or arguments.charter is None:
            parser.error(f"'{kind}' needs --charter CHARTER and a file")
        return max(check_proof(kind, Path(name), arguments.charter, arguments.json) for name in files)
    return max(check_file(Path(name), arguments.json, bool(files)) for name in arguments.files)


def unreadable(path: Path, problem: str, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"file": str(path), "error": problem}))
    print(f"verify.py: {path}: {problem}", file=sys.stderr)
    return UNREADABLE


def check_proof(kind: str, path: Path, charter_path: Path, as_json: bool) -> int:
    verify, checks = PROOFS[kind]
    try:
        community = charter.read_community(charter_path.read_bytes())
    except OSError as error:
        return unreadable(charter_path, error.strerror or str(error), as_json)
    except (codec.NotCanonical, codec.OutOfBounds, ValueError) as error:
        return unreadable(charter_path, f"this is no charter: {error}", as_json)
    try:
        facts = {"verdict": "valid", "community": community.id.hex(), "proves": verify(path.read_bytes(), community)}
    except OSError as error:
        return unreadable(path, error.strerror or str(error), as_json)
    except receipts.Refused as error:
        fault = {"check": error.check, "title": checks[error.check], "detail": str(error)}
        facts = {"verdict": "faulty", "community": community.id.hex(), "fault": fault}
    if as_json:
        print(json.dumps({"file": str(path), **facts}))
    elif "fault" in facts:
        print(f"{path}: FAULTY: check {fault['check']} ({fault['title']}): {fault['detail']}")
    else:
        print(f"{path}: VALID for {community.charter.name} ({community.id.hex()})")
        for name, proved in facts["proves"].items():
            print(f"  {name}: {proved if not isinstance(proved, dict) else ''}".rstrip())
            for field, value in proved.items() if isinstance(proved, dict) else ():
                print(f"    {field:8} {value}")
    return VALID if facts["verdict"] == "valid" else FAULTY


def check_file(path: Path, as_json: bool, one_of_many: bool) -> int:
    try:
        with path.open("rb") as source:
            found = archive.verify(source)
    except OSError as error:
        return unreadable(path, error.strerror or str(error), as_json)
    except archive.NoArchive as error:
        return unreadable(path, str(error), as_json)
    if as_json:
        print(json.dumps({"file": str(path), **report.facts(found)}))
    else:
        print(f"{path}\n" if one_of_many else "", end="")
        print(report.text(found))
    return FAULTY if found.fault else VALID


def check_vectors(folder: Path) -> int:
    results = list(vectors.check_all(folder))
    broken = [what for what, holds in results if not holds]
    for what in broken:
        print(f"does not hold: {what}")
    print(f"{len(results) - len(broken)} of {len(results)} checks on the vectors hold")
    if not results:
        print(f"verify.py: there are no vectors in {folder}", file=sys.stderr)
        return UNREADABLE
    return FAULTY if broken else VALID


if __name__ == "__main__":
    sys.exit(main())
