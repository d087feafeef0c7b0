"""Moves of inbox items and cases, day 0, which reporting times run, and how soon somebody must look. Plain Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class ItemState(StrEnum):
    NEW = "new"
    CASE = "case"
    FOLLOW_UP = "follow_up"
    DUPLICATE = "duplicate"
    NOT_VALID = "not_valid"
    NOT_REPORTABLE = "not_reportable"
    STOOD_DOWN = "stood_down"


ENDS = frozenset(ItemState) - {ItemState.NEW}

ITEM_MOVES: Mapping[ItemState, frozenset[ItemState]] = {ItemState.NEW: ENDS} | {end: frozenset() for end in ENDS}
"""An item is triaged once. News about it is a new item, and finds its way to the case as a follow-up."""


class CaseState(StrEnum):
    RECEIVED = "received"
    TRIAGED = "triaged"
    ASSESSMENT = "assessment"
    READY = "ready"
    REPORTED = "reported"
    CLOSED = "closed"
    NULLIFIED = "nullified"
    DUPLICATE = "duplicate"


# Whatever has not been done yet, a report that was sent is recorded: no rule of ours delays one (practice 1).
_ENDS = frozenset({CaseState.REPORTED, CaseState.NULLIFIED, CaseState.DUPLICATE})
CASE_MOVES: Mapping[CaseState, frozenset[CaseState]] = {
    CaseState.RECEIVED: _ENDS | {CaseState.TRIAGED, CaseState.READY},
    CaseState.TRIAGED: _ENDS | {CaseState.READY},
    CaseState.ASSESSMENT: _ENDS | {CaseState.READY},
    CaseState.READY: _ENDS | {CaseState.ASSESSMENT},
    CaseState.REPORTED: _ENDS | {CaseState.ASSESSMENT, CaseState.CLOSED},
    CaseState.CLOSED: frozenset({CaseState.ASSESSMENT}),
    CaseState.NULLIFIED: frozenset(),
    CaseState.DUPLICATE: frozenset(),
}

UNREPORTED = frozenset({CaseState.RECEIVED, CaseState.TRIAGED, CaseState.ASSESSMENT, CaseState.READY})
"""States in which the clock of the first report runs, until a version was reported."""


def can_move_item(old: str, new: str) -> bool:
    return ItemState(new) in ITEM_MOVES[ItemState(old)]


def can_move_case(old: str, new: str) -> bool:
    return CaseState(new) in CASE_MOVES[CaseState(old)]


def day_zero(holder: date, delegate: date | None) -> date:
    """The day the holder or its delegate first knew, whichever was earlier: a delegate's knowledge is the holder's.

    A hospital's is not, unless it is the delegate (ICSRG 5.2; GVP 49).
    """
    return min(holder, delegate) if delegate else holder


@dataclass(frozen=True, slots=True)
class Report:
    """What decides which clocks a report starts. `suspected`: yes, no, unknown, or empty where nobody was asked."""

    kind: str
    serious: bool
    fatal: bool = False
    suspected: str = ""
    solicited: bool = False
    related: bool = True


class Wanted(StrEnum):
    """A reporting time by the rule that states it."""

    SERIOUS = "CN-ICSR-SER"
    NON_SERIOUS = "CN-ICSR-NONSER"
    DEATH_AT_ONCE = "CN-ICSR-DEATH-24H"
    DEATH_INVESTIGATION = "CN-ICSR-DEATHINV"
    FOLLOW_UP_SERIOUS = "CN-ICSR-FU-SER"
    FOLLOW_UP_NON_SERIOUS = "CN-ICSR-FU-NONSER"


DEATH = (Wanted.DEATH_AT_ONCE, Wanted.SERIOUS, Wanted.DEATH_INVESTIGATION)
# Asked for in an organised way: reported only if reporter or holder sees a possible relation (ICSRG 3.2; GVP 52).
SOLICITED = frozenset({"visit", "programme"})
UNRELATED = frozenset({"unlikely"})


def reporting_times(report: Report) -> tuple[Wanted, ...]:
    """Which reporting times run from day 0 on. Relapse and pregnancy start none; in doubt they run (ICSRG 4.1)."""
    if report.kind in ("relapse", "pregnancy"):
        return ()
    if report.kind == "malignancy":
        return DEATH if report.fatal and report.suspected != "no" else (Wanted.SERIOUS,)
    if report.fatal:
        if report.suspected != "no":
            return DEATH
        return () if report.solicited else (Wanted.SERIOUS,)
    if report.solicited and not report.related:
        return ()
    return (Wanted.SERIOUS,) if report.serious else (Wanted.NON_SERIOUS,)


def times_of_a_case(serious: bool, reports: Iterable[Report]) -> tuple[Wanted, ...]:
    """The same for a case: the reviewer saw a relation; what any of its reports wants at once is wanted."""
    first = Wanted.SERIOUS if serious else Wanted.NON_SERIOUS
    deadly = any(Wanted.DEATH_AT_ONCE in reporting_times(report) for report in reports)
    return DEATH if deadly else (first,)


def follow_up_time(serious: bool) -> Wanted:
    """Of significant news about a case that was reported already, by the category it has now."""
    return Wanted.FOLLOW_UP_SERIOUS if serious else Wanted.FOLLOW_UP_NON_SERIOUS


def rings_at_once(report: Report) -> bool:
    """Whether somebody is called now, until one takes it: a new malignancy, or a death that may be a reaction."""
    return report.kind == "malignancy" or Wanted.DEATH_AT_ONCE in reporting_times(report)


def triage_within(report: Report) -> timedelta:
    """How soon somebody must have looked: 24 hours where it rings at once (practice 10), else 3 or 7 days [default]."""
    if rings_at_once(report):
        return timedelta(hours=24)
    return timedelta(days=3 if report.serious or report.kind == "relapse" else 7)


def known_since(received_at: datetime, day_zero_ended_at: datetime) -> datetime:
    """The instant clocks in hours start at: it was known when we were told, and at the latest when day 0 ended."""
    return min(received_at, day_zero_ended_at)


# Lower grades first. Pending and unassessable stand outside of the order: from them any proposal is a higher one.
GRADES = ("unlikely", "possible", "probable", "certain")
PROPOSED_BY_MOLECULAR_CLASS = {"M3": "possible", "M4": "probable"}


def proposed_causality(present: str, molecular_class: str) -> str:
    """What the molecular rule makes of a causality: the same or a higher one, never a lower one (practice 28)."""
    proposal = PROPOSED_BY_MOLECULAR_CLASS.get(molecular_class)
    if proposal is None or (present in GRADES and GRADES.index(present) >= GRADES.index(proposal)):
        return present
    return proposal
