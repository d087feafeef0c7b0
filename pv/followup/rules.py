"""Windows and lines of visits as plain arithmetic on dates, and the visit's states; nothing here asks Django.

Every date counts from the infusion, so that a late visit moves no later one. Months lead to the same day of the month
or to its last (pv.core.days): infused on 31 January, month 1 is 28 or 29 February, month 2 is 31 March again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from pv.core.days import LAST_PLAUSIBLE, Duration, Unit, add
from pv.core.partial import PartialDate

HORIZON = timedelta(days=400)
"""How far ahead visits stand as rows [default]: every coming one of a year, however late a year's visit may be."""


class State(StrEnum):
    PLANNED = "planned"
    DONE = "done"
    MINIMAL = "minimal"
    MISSED = "missed"
    RECOVERED = "recovered"
    UNAVAILABLE = "unavailable"
    NOT_APPLICABLE = "not_applicable"


# What was given up comes back when it is learnt after all. Not applicable returns to planned when a patient reported
# dead is alive, and to done when a visit before the death is entered late.
MOVES: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.DONE, State.MINIMAL, State.MISSED, State.UNAVAILABLE, State.NOT_APPLICABLE}),
    State.MINIMAL: frozenset({State.DONE}),
    State.MISSED: frozenset({State.RECOVERED, State.UNAVAILABLE, State.NOT_APPLICABLE}),
    State.UNAVAILABLE: frozenset({State.RECOVERED}),
    State.NOT_APPLICABLE: frozenset({State.PLANNED, State.DONE, State.MINIMAL}),
    State.DONE: frozenset(),
    State.RECOVERED: frozenset(),
}
MET = frozenset({State.DONE, State.MINIMAL, State.RECOVERED})
EXCUSED = frozenset({State.UNAVAILABLE, State.NOT_APPLICABLE})


def can_move(old: State, new: State) -> bool:
    return new in MOVES[old]


def state_after(old: State, kind: str) -> State:
    """What a record of this kind makes of a visit: full, minimal or missed."""
    if kind == "missed":
        return State.MISSED
    if old in (State.MISSED, State.UNAVAILABLE):
        return State.RECOVERED
    return State.DONE if kind == "full" else State.MINIMAL


@dataclass(frozen=True, slots=True)
class Planned:
    """One visit of a plan: months after the infusion, days before and after that it counts. The last may repeat."""

    code: str
    months: int
    early_days: int
    grace_days: int
    late_days: int
    in_person: bool = True
    repeat_months: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The three dates of a visit: earliest useful, due, closing; all of them belong to it."""

    earliest_on: date
    due_on: date
    closes_on: date

    def contains(self, day: date) -> bool:
        return self.earliest_on <= day <= self.closes_on


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A visit of a line in its place, with its dates."""

    sequence: int
    code: str
    window: Window
    in_person: bool


def window(starts_on: date, months: int, *, early: int, grace: int, late: int) -> Window:
    """The window of a visit so many months after the infusion."""
    target = add(starts_on, Duration(months, Unit.MONTHS))
    return Window(target - timedelta(days=early), target + timedelta(days=grace), target + timedelta(days=late))


def occurrences(visits: Sequence[Planned], starts_on: date, ends_on: date | None = None) -> Iterator[Occurrence]:
    """Every visit of a line in order, until its years end; a line without end goes as far as dates are plausible."""
    last = ends_on or LAST_PLAUSIBLE
    for sequence, (visit, months) in enumerate(_in_order(visits), start=1):
        if add(starts_on, Duration(months, Unit.MONTHS)) > last:
            return
        code = visit.code if months == visit.months else _code(months)
        dates = window(starts_on, months, early=visit.early_days, grace=visit.grace_days, late=visit.late_days)
        yield Occurrence(sequence, code, dates, visit.in_person)


def _in_order(visits: Sequence[Planned]) -> Iterator[tuple[Planned, int]]:
    for visit in visits:
        yield visit, visit.months
    if visits and (every := visits[-1].repeat_months):
        months = visits[-1].months
        while months < MOST_MONTHS:
            months += every
            yield visits[-1], months


MOST_MONTHS = 12 * 200


def _code(months: int) -> str:
    return f"Y{months // 12}" if months % 12 == 0 else f"M{months}"


def to_plan(
    line: Iterable[Occurrence],
    *,
    standing: Collection[int],
    has_next: bool,
    not_before: date,
    until: date,
) -> list[Occurrence]:
    """Which visits of a line are still to be written down: all that are due until then, and always at least the next.

    standing: sequences that are rows already; has_next: one of them is still planned. A visit whose window closed
    before `not_before` is never born: nobody is told late of what was not ours to see.
    """
    wanted: list[Occurrence] = []
    for one in line:
        if one.sequence in standing or one.window.closes_on < not_before:
            continue
        if one.window.due_on > until and (has_next or wanted):
            break
        wanted.append(one)
    return wanted


class HasWindow(Protocol):
    """What can be credited: a row of Visit."""

    earliest_on: date
    due_on: date
    closes_on: date
    state: str


Row = TypeVar("Row", bound=HasWindow)
OPEN = frozenset({State.PLANNED, State.MISSED})


def whose_window(visits: Iterable[Row], day: date) -> Row | None:
    """The visit of a line, not ended yet, in whose window the day lies; of two the earlier one."""
    found = [one for one in visits if one.state in OPEN and one.earliest_on <= day <= one.closes_on]
    return min(found, key=lambda one: one.due_on, default=None)


def last_passed(visits: Iterable[Row], day: date) -> Row | None:
    """The latest planned visit whose window had closed by that day: a late contact still answers it."""
    found = [one for one in visits if one.state == State.PLANNED and one.closes_on < day]
    return max(found, key=lambda one: one.due_on, default=None)


def day_of(seen: PartialDate, infused_on: date | None) -> date:
    """The day a partial date is taken as: its first possible one, but none before the infusion."""
    first = seen.earliest()
    return max(first, infused_on) if infused_on is not None and infused_on <= seen.latest() else first


class VectorClass(StrEnum):
    """Kinds of product that are followed alike (regulation 5.2)."""

    INTEGRATING = "integrating"
    EDITED = "edited"
    AAV = "aav"
    ONCOLYTIC = "oncolytic"
    CELL = "cell"


# Words of the class and the vector as they stand in a product's record, in both languages.
_WORDS: Mapping[VectorClass, tuple[str, ...]] = {
    VectorClass.EDITED: ("edit", "crispr", "编辑"),
    VectorClass.AAV: ("aav", "adeno-associated", "腺相关"),
    VectorClass.ONCOLYTIC: ("oncolytic", "溶瘤"),
    VectorClass.CELL: ("msc", "mesenchymal", "stem cell", "stromal", "islet", "间充质", "干细胞"),
}


def vector_class(integrating: str, *described: str) -> VectorClass | None:
    """Of which class a product is; None where its record does not say: then nobody guesses."""
    if integrating == "yes":
        return VectorClass.INTEGRATING
    text = " ".join(described).lower()
    found = next((kind for kind, words in _WORDS.items() if any(word in text for word in words)), None)
    return None if found is VectorClass.CELL and integrating != "no" else found


@dataclass(frozen=True, slots=True)
class Attempt:
    """That somebody tried to reach a patient."""

    on: date
    channel: str
    reached: bool = False


ATTEMPT_DAYS, ATTEMPT_CHANNELS = 3, 2
DIRECT = frozenset({"phone", "message"})
ASKED_ELSEWHERE = frozenset({"hospital", "registry", "death_register"})


def meets_loss_criteria(attempts: Iterable[Attempt]) -> bool:
    """Three attempts on different days by two ways, a letter, and a question elsewhere [default; regulation 5.4].

    Several attempts on one day count once; having been reached begins the count anew.
    """
    since: list[Attempt] = []
    for attempt in sorted(attempts, key=lambda one: one.on):
        since = [] if attempt.reached else [*since, attempt]
    channels = {one.channel for one in since}
    return (
        len({one.on for one in since}) >= ATTEMPT_DAYS
        and len(channels & (DIRECT | {"letter"})) >= ATTEMPT_CHANNELS
        and "letter" in channels
        and bool(channels & ASKED_ELSEWHERE)
    )
