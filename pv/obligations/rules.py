"""The obligation's states and moves, and how its progress is read off. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    SUBMITTED = "submitted"
    FULFILLED = "fulfilled"
    FAILED = "failed"
    RETURNED = "returned"
    WAIVED = "waived"


# Submitted is met by the acceptance notice; fulfilled needs the authority's decision. A failed one opens again only
# by a dated document of the authority: the service asks for it.
MOVES: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset({State.SUBMITTED, State.WAIVED, State.FAILED}),
    State.SUBMITTED: frozenset({State.FULFILLED, State.FAILED, State.RETURNED}),
    State.RETURNED: frozenset({State.OPEN}),
    State.FAILED: frozenset({State.OPEN}),
    State.FULFILLED: frozenset(),
    State.WAIVED: frozenset(),
}

RUNNING = frozenset({State.OPEN, State.RETURNED})
"""States in which the promise's clock runs."""


def can_move(old: State, new: State) -> bool:
    return new in MOVES[old]


class Progress(StrEnum):
    ON_TIME = "on_time"
    AT_RISK = "at_risk"
    LATE = "late"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Dates:
    """A promise's three dates, kept apart: the original is never overwritten by a later one."""

    original: date
    due: date
    forecast: date | None


def progress(state: State, dates: Dates, today: date) -> Progress:
    """Derived, never stored: late once the due day is over, at risk when the forecast lies beyond it."""
    if state not in RUNNING:
        return Progress.DONE
    if today > dates.due:
        return Progress.LATE
    if dates.forecast is not None and dates.forecast > dates.due:
        return Progress.AT_RISK
    return Progress.ON_TIME


def slippage_days(dates: Dates) -> int:
    """How far the expected end lies behind the original promise; a granted extension does not cure it."""
    return ((dates.forecast or dates.due) - dates.original).days
