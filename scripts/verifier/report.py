"""What a verification found, for people and, as the JSON of `mutua audit --json`, for programs."""

from __future__ import annotations

import time
from typing import Any

from .archive import CHECKS, GROUPS, Report
from .rounds import Closing


def facts(report: Report) -> dict[str, Any]:
    """The report as JSON."""
    community, fault = report.community, report.fault
    return {
        "verdict": "faulty" if fault else "valid",
        "community": community and {
            "id": community.id.hex(),
            "name": community.charter.name,
            "currency": community.charter.currency.code,
            "decimals": community.charter.currency.decimals,
            "witnesses": len(community.charter.witnesses),
            "members": report.members,
            "proposals": report.proposals,
        },
        "seals": report.seals,
        "head": report.head.hex() if report.seals else None,
        "records": report.records,
        "void_records": report.void,
        "signatures": report.signatures,
        "rounds": [round_facts(closing) for closing in report.closings],
        "fault": fault and {
            "check": fault.check,
            "title": CHECKS[fault.check],
            "group": GROUPS[fault.check[0]],
            "seal": report.fault_seal,
            "record": None if fault.record is None else {
                "position": fault.record,
                "id": report.fault_id and report.fault_id.hex(),
            },
            "detail": fault.detail,
        },
    }


def round_facts(closing: Closing) -> dict[str, Any]:
    outcome = closing.outcome
    return {
        "round": outcome.round,
        "digest": closing.digest.hex(),
        "seal": outcome.height,
        "close": outcome.close,
        "time": outcome.time,
        "members": outcome.turnout.members,
        "voters": outcome.turnout.voters,
        "pool": outcome.pool,
        "allocated": sum(loan.amount for loan in outcome.funded),
        "candidates": len(outcome.candidates),
        "funded": len(outcome.funded),
    }


def text(report: Report) -> str:
    """The report as text."""
    lines: list[str] = []
    found = facts(report)
    community = found["community"]
    if community:
        lines += [
            f"community   {community['name']} ({community['id']})",
            f"members     {community['members']}",
            f"proposals   {community['proposals']}",
            f"witnesses   {community['witnesses']}",
            f"seals       {found['seals']}",
            f"records     {found['records']}, {found['void_records']} of them without effect",
            f"signatures  {found['signatures']}",
            "",
        ]
    if found["rounds"]:
        lines += [f"Rounds (amounts in {community['currency']})", "", *table(found["rounds"], community["decimals"]), ""]
    elif community:
        lines += ["No round has closed yet.", ""]
    fault = found["fault"]
    if fault is None:
        lines += [f"Every one of the {len(CHECKS)} checks holds, up to seal {found['seals']}.", "Verdict: VALID"]
    else:
        place = "the file" if fault["seal"] is None else f"seal {fault['seal']}"
        if fault["record"]:
            place += f", record {fault['record']['position']} (counted from 0)"
        lines += [f"check       {fault['check']} ({fault['title']})", f"where       {place}",
                  f"found       {fault['detail']}", "", "Verdict: FAULTY"]
    return "\n".join(lines)


def table(rounds: list[dict[str, Any]], decimals: int) -> list[str]:
    rows = [("round", "closed", "seal", "members", "voted", "pool", "allocated", "funded", "digest")]
    for each in rounds:
        rows.append((
            str(each["round"]), instant(each["time"]), str(each["seal"]), str(each["members"]), str(each["voters"]),
            amount(each["pool"], decimals), amount(each["allocated"], decimals),
            f"{each['funded']}/{each['candidates']}", each["digest"],
        ))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def amount(units: int, decimals: int) -> str:
    return f"{units // 10**decimals}.{units % 10**decimals:0{decimals}}" if decimals else str(units)


def instant(milliseconds: int) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(milliseconds // 1000))
    except (OverflowError, OSError, ValueError):
        return f"{milliseconds} ms"
