"""Two verifiers on the same archives: 'mutua audit' and this one. The work behind scripts/mutate-archive.

The folder that it reads was written by 'cargo run -p mutua-protocol --example mutations':

    sound/*.archive      histories that hold: both must accept them, with the same outcomes
    spoiled/*.archive    one fault each, and index.json with its check, seal and record: both must name this place
    unruly/*.archive     histories whose last seal holds whatever was said: both must say the same

Beside that, sound histories with a random byte changed, or cut off at a random place: neither may pass, and both must name the
same check, seal and record.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Iterable

sys.path.insert(0, str(Path(__file__).parent.parent))

from verifier import archive, report  # noqa: E402


@dataclass(frozen=True)
class Found:
    """A verdict: valid, or the check that failed with the place of the fault."""

    check: str | None
    seal: int | None = None
    record: int | None = None

    def __str__(self) -> str:
        if self.check is None:
            return "valid"
        return f"check {self.check}, seal {self.seal}, record {self.record}"


# Where the file is no archive at all, the verifiers say so and exit with 2: that is check 1.1 (step 1).
NO_ARCHIVE = Found("1.1")

Facts = dict[str, Any]


def found_in(facts: Facts) -> Found:
    fault = facts["fault"]
    if fault is None:
        return Found(None)
    return Found(fault["check"], fault["seal"], fault["record"] and fault["record"]["position"])


def by_mutua(program: str, path: Path) -> tuple[Found, Facts]:
    ended = subprocess.run([program, "audit", "--json", str(path)], capture_output=True, check=False)
    if ended.returncode == 2:
        return NO_ARCHIVE, {}
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"{path}: mutua audit ended with {ended.returncode}: {ended.stderr.decode()}")
    facts = json.loads(ended.stdout)
    if (facts["fault"] is None) != (ended.returncode == 0):
        raise RuntimeError(f"{path}: mutua audit ended with {ended.returncode}, against its own report")
    return found_in(facts), facts


def by_this(path: Path) -> tuple[Found, Facts]:
    try:
        with path.open("rb") as source:
            facts = report.facts(archive.verify(source))
    except archive.NoArchive:
        return NO_ARCHIVE, {}
    return found_in(facts), facts


@dataclass
class Compared:
    """What both say of a file, and what is wrong with that."""

    name: str
    found: Found
    problems: list[str]


# What must be the same in both reports beside verdict and place.
ALWAYS = ["community", "seals", "head", "rounds"]
IF_VALID = [*ALWAYS, "records", "void_records", "signatures"]


def compare(program: str, task: tuple[str, Path, Found | str]) -> Compared:
    """`task` is a name, a file, and what must be found: a place, or `any`, or `refused`."""
    name, path, expected = task
    (theirs, their_facts), (ours, our_facts) = by_mutua(program, path), by_this(path)
    problems = []
    if theirs != ours:
        problems.append(f"mutua audit says {theirs}; verify.py says {ours}")
    elif their_facts:
        fields = IF_VALID if ours.check is None else ALWAYS
        problems += [f"'{field}' differs: {their_facts[field]} and {our_facts[field]}"
                     for field in fields if their_facts[field] != our_facts[field]]
        if ours.check and their_facts["fault"]["title"] != our_facts["fault"]["title"]:
            problems.append(f"check {ours.check} has two titles")
    if isinstance(expected, Found) and ours != expected:
        problems.append(f"expected {expected}; found {ours}")
    if expected == "refused" and ours.check is None:
        problems.append("it is accepted")
    return Compared(name, ours, problems)


def damaged(program: str, folder: str, task: tuple[str, Path, int | None, int]) -> Compared:
    """A copy with one byte changed (xor a number), or cut off where the number is None."""
    name, path, change, place = task
    data = bytearray(path.read_bytes())
    if change is None:
        del data[place:]
    else:
        data[place] ^= change
    copy = Path(folder) / f"{os.getpid()}.archive"
    copy.write_bytes(data)
    return compare(program, (name, copy, "refused"))


def damages(sound: list[Path], flips: int, cuts: int, seed: int) -> Iterable[tuple[str, Path, int | None, int]]:
    dice = random.Random(seed)
    for number in range(flips + cuts):
        path = dice.choice(sound)
        place = dice.randrange(path.stat().st_size)
        change = dice.randrange(1, 256) if number < flips else None
        what = f"cut off at byte {place}" if change is None else f"byte {place} xor {change}"
        yield f"{path.name}, {what}", path, change, place


def show(kind: str, compared: list[Compared], began: float) -> int:
    wrong = [each for each in compared if each.problems]
    for each in wrong[:40]:
        print(f"DIFFERS: {kind}: {each.name}: {'; '.join(each.problems)}")
    print(f"{len(compared):6} {kind}: {len(wrong) or 'none'} of them differ, {time.monotonic() - began:.0f} s", flush=True)
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(prog="mutate-archive", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what the example 'mutations' wrote")
    parser.add_argument("--mutua", required=True, help="the program 'mutua'")
    parser.add_argument("--flips", type=int, default=1000, help="how many random bytes to change")
    parser.add_argument("--cuts", type=int, default=200, help="how many random cuts to make")
    parser.add_argument("--seed", type=int, default=1, help="of the random damages")
    arguments = parser.parse_args()

    sound = sorted((arguments.folder / "sound").glob("*.archive"))
    unruly = sorted((arguments.folder / "unruly").glob("*.archive"))
    spoiled = json.loads((arguments.folder / "spoiled" / "index.json").read_text("utf-8"))
    wrong = 0
    tables: dict[str, Counter[str | None]] = {}
    with ProcessPoolExecutor() as pool, tempfile.TemporaryDirectory() as copies:

        def run(kind: str, work: Any, tasks: Iterable[Any]) -> None:
            nonlocal wrong
            began = time.monotonic()
            compared = list(pool.map(work, tasks, chunksize=8))
            tables[kind] = Counter(each.found.check for each in compared)
            wrong += show(kind, compared, began)

        both = partial(compare, arguments.mutua)
        run("sound", both, [(path.name, path, Found(None)) for path in sound])
        run("spoiled", both, [
            (f"{each['name']} ({each['file']})", arguments.folder / "spoiled" / each["file"],
             Found(each["check"], each["seal"], each["record"]))
            for each in spoiled
        ])
        run("unruly", both, [(path.name, path, "any") for path in unruly])
        damage = partial(damaged, arguments.mutua, copies)
        cut = list(damages(sound, arguments.flips, arguments.cuts, arguments.seed))
        run("changed", damage, [each for each in cut if each[2] is not None])
        run("cut off", damage, [each for each in cut if each[2] is None])

    kinds = list(tables)
    print(f"\ncheck  {'  '.join(kinds)}  what must hold")
    for check, title in archive.CHECKS.items():
        counts = "  ".join(str(tables[kind][check] or ".").rjust(len(kind)) for kind in kinds)
        print(f"{check:5}  {counts}  {title}")
    valid = "  ".join(str(tables[kind][None] or ".").rjust(len(kind)) for kind in kinds)
    print(f"valid  {valid}\n")

    idle = [check for check in archive.CHECKS if not tables["spoiled"][check]]
    if idle:
        print(f"no spoiled archive is caught by {', '.join(idle)}")
    if len(spoiled) < 200:
        print(f"{len(spoiled)} spoiled archives are fewer than 200")
    if not sound or not unruly:
        print(f"there are no histories in {arguments.folder}")
    if wrong or idle or len(spoiled) < 200 or not sound or not unruly:
        print("The verifiers do not agree, or a check was not tried.")
        return 1
    print("Both verifiers say the same of every archive, and every check has caught something.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
