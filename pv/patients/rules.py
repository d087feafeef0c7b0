"""Life and death of a patient as one table of moves; nothing here asks Django."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from pv.core.errors import DomainError, gettext_noop
from pv.core.partial import PartialDate


class State(StrEnum):
    ACTIVE = "active"
    LOST = "lost"
    REPORTED_DEAD = "reported_dead"
    DIED = "died"


class Move(StrEnum):
    """What somebody learnt or decided."""

    LOSE = "lose"
    FIND = "find"
    REPORT_DEATH = "report_death"
    VERIFY_DEATH = "verify_death"
    ALIVE_AFTER_ALL = "alive_after_all"


@dataclass(frozen=True, slots=True)
class Leads:
    """From which states a move leads, and where to."""

    start: frozenset[State]
    to: State


# A second report of the same death is kept too: it may know more. Back to life is signed (the services ask for it).
MOVES: Mapping[Move, Leads] = {
    Move.LOSE: Leads(frozenset({State.ACTIVE}), State.LOST),
    Move.FIND: Leads(frozenset({State.LOST}), State.ACTIVE),
    Move.REPORT_DEATH: Leads(frozenset({State.ACTIVE, State.LOST, State.REPORTED_DEAD}), State.REPORTED_DEAD),
    Move.VERIFY_DEATH: Leads(frozenset({State.ACTIVE, State.LOST, State.REPORTED_DEAD}), State.DIED),
    Move.ALIVE_AFTER_ALL: Leads(frozenset({State.REPORTED_DEAD, State.DIED}), State.ACTIVE),
}

IN_CARE = frozenset({State.ACTIVE, State.LOST})
"""States in which a patient is asked for: one seen as lost still is, year by year."""

DEAD = frozenset({State.REPORTED_DEAD, State.DIED})


def can_move(state: State, move: Move) -> bool:
    return state in MOVES[move].start


def check_order(treatment: Mapping[str, date | None]) -> None:
    """Ordered, apheresis, released, infused or returned: each not before the one before it. Raises DomainError."""
    steps = ["ordered_on", "apheresis_on", "released_on", "infused_on"]
    known = [(step, day) for step in steps if (day := treatment.get(step)) is not None]
    for (_earlier, before), (step, day) in pairwise(known):
        if day < before:
            raise DomainError(
                gettext_noop("This lies before the step before it, on %(day)s."),
                field=step,
                params={"day": before.isoformat()},
            )


def check_death(died: PartialDate | None, infused_on: date | None) -> None:
    """Nobody died before the infusion, as far as the date is known. Raises DomainError."""
    if died is not None and infused_on is not None and died.latest() < infused_on:
        raise DomainError(
            gettext_noop("This lies before the infusion on %(day)s."),
            field="died_on",
            params={"day": infused_on.isoformat()},
        )
