"""Legal days and clocks, as plain arithmetic on values: no input, no output, no Django.

The rules, each with where it comes from:

- **Day count**: the start day is day 0 and not counted, the last day counts in full, so that a day becomes late at the
  midnight that ends it in the authority's zone (day 0: ICSRG 5.2, GVP 49). A last day that falls on a holiday is not
  moved: no rule that moves it was found, and this is the cautious reading.
- **Months and years** lead to the same day of the month, or to the last of the month where it has no such day (our
  default): 29 February + 1 year = 28 February, + 4 years = 29 February.
- **Working days** leave out weekends and public holidays and include make-up workdays (调休); the time limits of REG
  are such days (REG 125). Which days these are is notified year by year: data, never computed.
- **Periods** of periodic reports follow each other without gap (GVP 81); each ends, with its data lock point, the day
  before the next anniversary (our default).

A *day* is a `date` in the authority's zone, an *instant* an aware `datetime`; they are never mixed. An instant
in place of a day is a TypeError, an instant without a zone a ValueError.

ICSRG: 个例药品不良反应收集和报告指导原则. GVP: 药物警戒质量管理规范 (2021). REG: 药品注册管理办法 (2020).
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple, Self

from pv.core.errors import DomainError, MissingRule, gettext_noop

ONE_DAY = timedelta(days=1)
SATURDAY = 5
HOURS_ARE_SHOWN_WITHIN = timedelta(hours=48)
FIRST_PLAUSIBLE = date(1990, 1, 1)
LAST_PLAUSIBLE = date(2200, 12, 31)


def check_plausible(day: date, field: str = "due_on") -> date:
    """A day that people can mean: a mistyped year is answered beside its field, before it reaches tables and pages."""
    _check_is_day(day)
    if not FIRST_PLAUSIBLE <= day <= LAST_PLAUSIBLE:
        raise DomainError(
            gettext_noop("The date must lie between %(first)s and %(last)s. Is the year right?"),
            code="date_out_of_range",
            field=field,
            params={"first": FIRST_PLAUSIBLE.isoformat(), "last": LAST_PLAUSIBLE.isoformat()},
        )
    return day


class Unit(StrEnum):
    """What a duration is counted in."""

    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


class DayType(StrEnum):
    """Which days count: every day (日历日), or working days only (工作日)."""

    CALENDAR = "calendar"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as a rule of law states it: "15 calendar days", "4 years". Negative ones lead backwards."""

    amount: int
    unit: Unit
    day_type: DayType = DayType.CALENDAR

    def __post_init__(self) -> None:
        if self.day_type == DayType.WORKING and self.unit != Unit.DAYS:
            raise ValueError(f"Only days can be working days, not {self.unit}.")

    def __mul__(self, times: int) -> Self:
        return replace(self, amount=self.amount * times)

    def __neg__(self) -> Self:
        return self * -1


class CalendarUnknown(MissingRule):
    """Nobody has entered yet which days of this year are holidays and make-up workdays."""

    default_code = "calendar_unknown"

    def __init__(self, year: int) -> None:
        super().__init__(gettext_noop("The holidays of %(year)s are not known yet."), params={"year": year})
        self.year = year


@dataclass(frozen=True)
class Calendar:
    """Which days are worked in the years it knows: Monday to Friday, but for exceptions (True: worked, False: off).

    Left empty, it knows no year and says so.
    """

    exceptions: Mapping[date, bool] = field(default_factory=dict, hash=False)
    known_years: frozenset[int] = frozenset()
    assumes_weekdays: bool = False

    def assume_weekdays(self) -> Self:
        """The same calendar, guessing Monday to Friday in years it does not know. For warnings, never for due dates."""
        return replace(self, assumes_weekdays=True)

    def is_working(self, day: date) -> bool:
        """Whether people work on this day. Raises CalendarUnknown for a year nobody has entered."""
        _check_is_day(day)
        if day.year not in self.known_years and not self.assumes_weekdays:
            raise CalendarUnknown(day.year)
        return self.exceptions.get(day, day.weekday() < SATURDAY)


NO_CALENDAR = Calendar()


@contextmanager
def _dates_exist() -> Iterator[None]:
    """A date typed as 9999-12-31 is an input to be answered, not a crash."""
    try:
        yield
    except OverflowError as error:
        message = gettext_noop("The date would lie outside the years 1 to 9999.")
        raise DomainError(message, code="date_out_of_range") from error


@_dates_exist()
def add(start: date, duration: Duration, calendar: Calendar = NO_CALENDAR) -> date:
    """The last day of a period that begins with `start` as day 0.

    31 January + 1 month is 28 or 29 February; 29 February + 4 years is 29 February where there is one. Zero working
    days lead nowhere; any other number of them ends on a working day. Only working days need the calendar.
    """
    _check_is_day(start)
    if duration.unit == Unit.HOURS:
        raise ValueError("Hours run from an instant, not from a day: hours_after().")
    if duration.day_type == DayType.WORKING:
        return _add_working_days(start, duration.amount, calendar)
    if duration.unit == Unit.DAYS:
        return start + timedelta(days=duration.amount)
    return _add_months(start, duration.amount * (12 if duration.unit == Unit.YEARS else 1))


def _add_months(start: date, months: int) -> date:
    year, month = divmod(12 * start.year + start.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError(year)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _add_working_days(day: date, amount: int, calendar: Calendar) -> date:
    step = ONE_DAY if amount > 0 else -ONE_DAY
    for _ in range(abs(amount)):
        day += step
        while not calendar.is_working(day):
            day += step
    return day


def last_working_day_on_or_before(day: date, calendar: Calendar) -> date:
    """The day itself if it is worked, else the nearest worked one before it: what warnings count from."""
    while not calendar.is_working(day):
        day -= ONE_DAY
    return day


def working_days_left(today: date, due_on: date, calendar: Calendar) -> int:
    """How many working days follow today up to and including the due day. Today itself is no longer counted on."""
    return sum(calendar.is_working(today + n * ONE_DAY) for n in range(1, (due_on - today).days + 1))


def working_days_before(day: date, amount: int, calendar: Calendar) -> date:
    """The working day on which `amount` working days are left until `day`; 0: the last one on or before it."""
    return _add_working_days(last_working_day_on_or_before(day, calendar), -amount, calendar)


class Period(NamedTuple):
    """One of a row of periods, numbered from 1; both days belong to it. The last is a report's data lock point."""

    number: int
    starts_on: date
    ends_on: date


def anniversaries(start: date, every: Duration, until: date) -> Iterator[Period]:
    """Contiguous periods that begin with `start`, as many as cover every day up to and including `until`.

    Each anniversary is counted from `start`, not from the one before it: a 29 February or a 31st that a shorter month
    cut comes back where it can.
    """
    if every.amount <= 0 or every.day_type == DayType.WORKING:
        raise ValueError("Periods need a positive number of calendar days, months or years.")
    number, starts_on = 1, start
    while starts_on <= until:
        following = add(start, every * number)
        yield Period(number, starts_on, following - ONE_DAY)
        number, starts_on = number + 1, following


def legal_day(instant: datetime, zone: tzinfo) -> date:
    """The day it is in the authority's zone at that instant."""
    return _in_utc(instant).astimezone(zone).date()


@_dates_exist()
def due_instant(due_on: date, zone: tzinfo) -> datetime:
    """The instant at which something due on that day becomes late: the midnight that ends the day in the zone, in UTC.

    Where summer time skips that midnight, the first instant of the next day.
    """
    _check_is_day(due_on)
    return datetime.combine(due_on + ONE_DAY, time.min, tzinfo=zone).astimezone(UTC)


@_dates_exist()
def hours_after(start: datetime, hours: int) -> datetime:
    """So many elapsed hours later, in UTC, where no hour is missing or doubled by summer time."""
    return _in_utc(start) + timedelta(hours=hours)


@dataclass(frozen=True, slots=True)
class Remaining:
    """How long until, or since, something becomes late, in the measure a reader thinks in.

    Either whole days, or (days is 0) hours and minutes; begun minutes do not count.
    """

    late: bool
    days: int = 0
    hours: int = 0
    minutes: int = 0


def remaining(now: datetime, due_at: datetime, zone: tzinfo) -> Remaining:
    """Hours and minutes within 48 hours, else days, counted from date to date as a calendar on the wall shows them.

    Due on the 28th, the 13th is 15 days before and the 10th of next month 10 days late, whatever the hour: the same
    figures as in a list of dates. It is late from `due_at` itself on.
    """
    gap = _in_utc(due_at) - _in_utc(now)
    late = gap <= timedelta()
    if abs(gap) <= HOURS_ARE_SHOWN_WITHIN:
        hours, minutes = divmod(abs(gap) // timedelta(minutes=1), 60)
        return Remaining(late, hours=hours, minutes=minutes)
    # The due instant of a day is the midnight after it: what ends then is due on the day before.
    due_on = legal_day(due_at - timedelta.resolution, zone)
    return Remaining(late, days=abs(due_on - legal_day(now, zone)).days)


def _check_is_day(day: date) -> None:
    """A datetime passes for a date in Python, but which day it is depends on a zone: legal_day()."""
    if isinstance(day, datetime):
        raise TypeError("A day is asked for, not an instant: legal_day().")


def _in_utc(instant: datetime) -> datetime:
    """Without a zone Python would take the machine's own; within one it ignores the hours that summer time skips."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs its zone.")
    return instant.astimezone(UTC)
