"""SPEC sections 11 and 12: the archive, and the checks in the order in which they are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from . import rounds
from .charter import Community
from .codec import BYTES32, NotCanonical, OutOfBounds, Structure, Value, decode, u64
from .hashes import SEAL_TREE, ZEROS, merkle_root
from .ledger import Fault, Ledger
from .records import Malformed, is_signed, read_record
from .rounds import Closing
from .seals import SEALED_BATCH, certificate_fault

MAGIC = b"mutua archive \x00\x01"
GREATEST_PAYLOAD = 4_194_304
CHARTER, SEAL, END = 1, 2, 3
END_MARK = Structure("end mark", height=u64(), head=BYTES32)

CHECKS = {
    "1.1": "the archive begins with a valid charter",
    "1.2": "the seals are numbered without gap from 1",
    "1.3": "a seal holds as many records as its header counts",
    "1.4": "the archive ends with the number and id of its last seal",
    "2.1": "a seal's bytes are canonical",
    "2.2": "a record's bytes are canonical and within the limits",
    "2.3": "seals and records belong to this community",
    "2.4": "each record is signed by its author",
    "2.5": "more than two thirds of the witnesses' power have signed each seal",
    "3.1": "a seal's records are sorted by author and number, each once",
    "3.2": "each author's records are numbered without gap",
    "3.3": "each record names its author's record before it",
    "3.4": "each author may say what they say",
    "3.5": "what a record refers to is sealed before it",
    "3.6": "authors and seals stay within their limits",
    "3.7": "every field of a record is within its bounds",
    "4.1": "each seal names the seal before it",
    "4.2": "the Merkle root is that of the records",
    "4.3": "time goes on from seal to seal",
    "4.4": "a round is closed by the first seal at or past its close, and no other",
    "4.5": "the outcome that the witnesses signed is the one computed from the log",
    "4.6": "a seal holds records or closes a round",
    "5.1": "evidence proves a fork: two different headers, one author, one number, both signed",
}
GROUPS = {"1": "completeness", "2": "authenticity", "3": "consistency", "4": "integrity", "5": "evidence"}


class NoArchive(Exception):
    """The file does not begin as an archive does."""


@dataclass
class Report:
    """What a verification finds. The counts are those up to the last seal that holds."""

    community: Community | None = None
    ledger: Ledger | None = None
    seals: int = 0
    head: bytes = ZEROS
    members: int = 0
    proposals: int = 0
    records: int = 0
    void: int = 0
    signatures: int = 0
    closings: list[Closing] = field(default_factory=list)
    fault: Fault | None = None
    fault_seal: int | None = None
    fault_id: bytes | None = None


class Frames:
    """The frames of a file, one at a time."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.position = 0

    def take(self, length: int) -> bytes:
        taken = self.source.read(length)
        self.position += len(taken)
        return taken

    def next(self, malformed: str) -> tuple[int, bytes]:
        """Kind and payload. `malformed` is the check of a length that no frame may have."""
        head = self.take(5)
        if len(head) < 5:
            raise Fault("1.4", f"the file ends at byte {self.position}, where a frame should be")
        length = int.from_bytes(head[1:], "big")
        if length > GREATEST_PAYLOAD:
            raise Fault(malformed, f"a frame of {length} bytes, before byte {self.position}")
        payload = self.take(length)
        if len(payload) < length:
            raise Fault("1.4", f"the file ends at byte {self.position}, inside a frame")
        return head[0], payload


def verify(source: BinaryIO) -> Report:
    """Makes all checks up to the first that fails. Raises `NoArchive` and `OSError`."""
    frames, report = Frames(source), Report()
    if frames.take(len(MAGIC)) != MAGIC:
        raise NoArchive("it does not begin with the 16 bytes of a mutua archive of version 1")
    try:
        report.community = read_charter(frames)
        report.ledger = Ledger(report.community)
        while True:
            report.fault_seal = report.ledger.height + 1
            kind, payload = frames.next("2.1")
            if kind == END:
                check_end(frames, report, payload)
                break
            if kind != SEAL:
                raise Fault("2.1", "a second charter" if kind == CHARTER else f"there is no kind of frame {kind}")
            check_seal(report, payload)
    except Fault as fault:
        report.fault = fault
    return report


def read_charter(frames: Frames) -> Community:
    """Step 1."""
    kind, payload = frames.next("1.1")
    if kind != CHARTER:
        raise Fault("1.1", f"a frame of kind {kind} stands in the place of the charter")
    try:
        return Community(payload)
    except (NotCanonical, OutOfBounds) as error:
        raise Fault("1.1", f"the charter: {error}") from error


def check_end(frames: Frames, report: Report, payload: bytes) -> None:
    """Step 3."""
    ledger = report.ledger
    try:
        mark = decode(END_MARK, payload, GREATEST_PAYLOAD)
    except NotCanonical as error:
        raise Fault("2.1", f"the end mark: {error}") from error
    if (mark.height, mark.head) != (ledger.height, ledger.head):
        report.fault_seal = ledger.height
        raise Fault("1.4", f"the end names seal {mark.height}, {mark.head.hex()}")
    if frames.take(1):
        report.fault_seal = None
        raise Fault("1.4", f"something follows the end, at byte {frames.position - 1}")


def check_seal(report: Report, payload: bytes) -> None:
    """Steps 4 to 10."""
    community, ledger = report.community, report.ledger
    try:
        batch = decode(SEALED_BATCH, payload, GREATEST_PAYLOAD)
    except NotCanonical as error:
        raise Fault("2.1", str(error)) from error
    header: Value = batch.header
    # 4
    if header.community != community.id:
        raise Fault("2.3", f"it belongs to the community {header.community.hex()}")
    if header.height != ledger.height + 1:
        raise Fault("1.2", f"it has number {header.height}")
    if header.count != len(batch.records):
        raise Fault("1.3", f"its header counts {header.count} records, and it holds {len(batch.records)}")
    # 5
    opened: list[Value] = []
    for position, data in enumerate(batch.records):
        try:
            opened.append(read_record(data, community))
        except Malformed as error:
            raise Fault(error.check, str(error), position) from error
    # 6
    problem = certificate_fault(header, batch.certificate, community)
    if problem:
        raise Fault("2.5", problem)
    # 7
    for position, record in enumerate(opened):
        if not is_signed(record):
            report.fault_id = record.id
            raise Fault("2.4", "the signature does not hold", position)
    # 8
    ledger.check_header(header, opened, sum(map(len, batch.records)))
    for position, (before, record) in enumerate(zip(opened, opened[1:]), start=1):
        if (before.author, before.sequence) >= (record.author, record.sequence):
            report.fault_id = record.id
            raise Fault("3.1", "it does not come after the one before it", position)
    if merkle_root(SEAL_TREE, [record.id for record in opened]) != header.root:
        raise Fault("4.2", "the root is another")
    # 9
    try:
        ledger.check_records(opened)
    except Fault as fault:
        report.fault_id = opened[fault.record].id
        raise
    void = ledger.carry_out(header, opened)
    # 10
    if header.closes is not None:
        closing = rounds.close(ledger, header.time, header.height)
        if closing.digest != header.closes:
            raise Fault("4.5", f"the outcome is {closing.digest.hex()}")
        rounds.begin_next(ledger, closing)
        report.closings.append(closing)
    report.seals, report.head = ledger.height, ledger.head
    report.members, report.proposals = len(ledger.members), len(ledger.proposals)
    report.records += len(opened)
    report.void += void
    report.signatures += len(opened) + len(batch.certificate.signatures)
