"""How a rule's length leads from the day its clock starts to the day it ends. Plain Python."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pv.core.days import ONE_DAY, Calendar, DayType, Duration, Unit, add
from pv.core.errors import DomainError, MissingRule, gettext_noop


@dataclass(frozen=True, slots=True)
class Length:
    """What a rule says about time: a length, or a fixed day of the year (MM-DD)."""

    amount: int | None
    unit: str
    day_type: str = DayType.CALENDAR
    inclusive: bool = False
    fixed_date: str = ""


class Computed(NamedTuple):
    """A date and how it came about: "2023-06-30 + 4 years"."""

    due_on: date
    working: str


def due_from(start: date, length: Length, calendar: Callable[[], Calendar] = Calendar) -> Computed:
    """The day a clock ends that starts on `start`. Only working days ask for the calendar.

    Raises MissingRule where the rule has no length of its own: then the document states the date.
    """
    if length.fixed_date:
        return _next_fixed_date(start, length.fixed_date)
    if length.amount is None or length.unit not in list(Unit):
        raise MissingRule(
            gettext_noop("This rule has no length of its own. Take the date from the document."), field="due_on"
        )
    if length.unit == Unit.HOURS:
        raise DomainError(
            gettext_noop("This rule counts hours from an instant; it gives no date by itself."), field="rule"
        )
    duration = Duration(length.amount, Unit(length.unit), DayType(length.day_type))
    working_days = duration.day_type == DayType.WORKING
    due_on = add(start, duration, calendar() if working_days else Calendar())
    working = f"{start} {_signed(duration)}"
    if length.inclusive:  # the start day is day 1, not day 0
        due_on, working = due_on - ONE_DAY, f"{working} - 1 day"
    return Computed(due_on, working)


def _next_fixed_date(start: date, month_and_day: str) -> Computed:
    month, day = (int(part) for part in month_and_day.split("-"))
    this_year = date(start.year, month, day)
    due_on = this_year if this_year >= start else date(start.year + 1, month, day)
    return Computed(due_on, f"{start}: {due_on}")


def _signed(duration: Duration) -> str:
    amount, unit = abs(duration.amount), str(duration.unit)
    word = unit.removesuffix("s") if amount == 1 else unit
    kind = "working " if duration.day_type == DayType.WORKING else ""
    return f"{'-' if duration.amount < 0 else '+'} {amount} {kind}{word}"
