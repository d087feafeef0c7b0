"""Legal days: the documented answers, and laws that hold for every date."""

import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.core import calendars
from pv.core.days import (
    FIRST_PLAUSIBLE,
    LAST_PLAUSIBLE,
    Calendar,
    CalendarUnknown,
    DayType,
    Duration,
    Period,
    Remaining,
    Unit,
    add,
    anniversaries,
    check_plausible,
    due_instant,
    hours_after,
    last_working_day_on_or_before,
    legal_day,
    remaining,
    working_days_before,
    working_days_left,
)
from pv.core.errors import DomainError, MissingRule

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = Calendar(
    {day: kind == "workday" for day, kind, *_ in calendars.china_days()}, frozenset(calendars.china_years())
)

any_day = st.dates(date(1990, 1, 1), date(2120, 12, 31))
known_day = st.dates(date(2006, 1, 1), date(2024, 12, 31))  # leaves room to count from, inside the library's years
any_instant = st.integers(0, 60 * 366 * 86_400).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
)
unhurried = settings(deadline=None)


def days(amount: int) -> Duration:
    return Duration(amount, Unit.DAYS)


def working(amount: int) -> Duration:
    return Duration(amount, Unit.DAYS, DayType.WORKING)


def months(amount: int) -> Duration:
    return Duration(amount, Unit.MONTHS)


def years(amount: int) -> Duration:
    return Duration(amount, Unit.YEARS)


class TestCalendarDays:
    def test_day_0_is_not_counted_and_the_last_day_is_not_moved_off_a_holiday(self) -> None:
        assert add(date(2026, 2, 13), days(15)) == date(2026, 2, 28)
        assert add(date(2026, 9, 25), days(7)) == date(2026, 10, 2)  # in the National Day week

    @given(any_day, st.integers(-5000, 5000))
    def test_adding_and_taking_away_leads_back(self, day: date, amount: int) -> None:
        assert add(add(day, days(amount)), -days(amount)) == day

    def test_a_date_nobody_will_see_is_answered(self) -> None:
        for start, duration in [
            (date(9999, 12, 31), days(1)),
            (date(9999, 12, 1), months(1)),
            (date(1, 1, 1), years(-1)),
            (date(2026, 1, 1), days(10**12)),
        ]:
            with pytest.raises(DomainError, match="outside the years 1 to 9999"):
                add(start, duration)


class TestMonthsAndYears:
    @pytest.mark.parametrize(
        ("start", "duration", "expected"),
        [
            (date(2024, 2, 29), years(4), date(2028, 2, 29)),
            (date(2024, 2, 29), years(1), date(2025, 2, 28)),
            (date(2096, 2, 29), years(4), date(2100, 2, 28)),  # 2100 is no leap year
            (date(2024, 2, 29), years(-1), date(2023, 2, 28)),
            (date(2025, 1, 31), months(1), date(2025, 2, 28)),
            (date(2024, 1, 31), months(1), date(2024, 2, 29)),
            (date(2024, 3, 31), months(-1), date(2024, 2, 29)),
            (date(2026, 8, 31), months(-6), date(2026, 2, 28)),
            (date(2023, 6, 30), years(4), date(2027, 6, 30)),
            (date(2025, 12, 31), months(2), date(2026, 2, 28)),
            (date(2025, 12, 15), months(0), date(2025, 12, 15)),
        ],
    )
    def test_the_same_day_or_the_last_of_the_month(self, start: date, duration: Duration, expected: date) -> None:
        assert add(start, duration) == expected

    @given(any_day, st.integers(-600, 600))
    def test_as_the_widely_used_library_has_it(self, day: date, amount: int) -> None:
        relativedelta = pytest.importorskip("dateutil.relativedelta").relativedelta
        assert add(day, months(amount)) == day + relativedelta(months=amount)

    @given(any_day, st.integers(-600, 600))
    def test_leading_back_loses_at_most_three_days(self, day: date, amount: int) -> None:
        back = add(add(day, months(amount)), -months(amount))
        assert timedelta() <= day - back <= timedelta(days=3)
        assert back == day or day.day > 28

    @given(any_day, any_day, st.integers(-600, 600))
    def test_a_later_start_never_ends_earlier(self, one: date, other: date, amount: int) -> None:
        first, second = sorted([one, other])
        assert add(first, months(amount)) <= add(second, months(amount))

    @given(any_day, st.integers(-50, 50))
    def test_a_year_is_twelve_months(self, day: date, amount: int) -> None:
        assert add(day, years(amount)) == add(day, months(12 * amount))


class TestWorkingDays:
    def test_the_spring_festival_of_2026(self) -> None:
        """Make-up workdays on 14 and 28 February, off from the 15th to the 23rd."""
        worked = [n for n in range(1, 29) if CHINA.is_working(date(2026, 2, n))]
        assert worked == [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28]
        assert add(date(2026, 2, 13), working(1), CHINA) == date(2026, 2, 14)
        assert add(date(2026, 2, 13), working(2), CHINA) == date(2026, 2, 24)
        assert add(date(2026, 2, 24), working(-2), CHINA) == date(2026, 2, 13)

    def test_six_working_days_are_left_on_a_friday_before_the_festival(self) -> None:
        due_on = add(date(2026, 2, 13), days(15))

        assert due_on == date(2026, 2, 28)
        assert due_on.strftime("%A") == "Saturday"
        assert last_working_day_on_or_before(due_on, CHINA) == due_on
        assert working_days_left(date(2026, 2, 13), due_on, CHINA) == 6

    def test_the_last_working_day_before_a_festival(self) -> None:
        assert last_working_day_on_or_before(date(2026, 2, 22), CHINA) == date(2026, 2, 14)
        assert working_days_before(date(2026, 2, 22), 0, CHINA) == date(2026, 2, 14)
        assert working_days_before(date(2026, 2, 22), 2, CHINA) == date(2026, 2, 12)

    def test_nothing_is_left_on_the_due_day_and_after_it(self) -> None:
        assert working_days_left(date(2026, 2, 28), date(2026, 2, 28), CHINA) == 0
        assert working_days_left(date(2026, 3, 5), date(2026, 2, 28), CHINA) == 0

    def test_zero_working_days_lead_nowhere_even_from_a_holiday(self) -> None:
        assert add(date(2026, 2, 17), working(0), CHINA) == date(2026, 2, 17)

    @unhurried
    @given(known_day, st.integers(-300, 300).filter(bool))
    def test_the_end_is_a_working_day_with_so_many_counted(self, start: date, amount: int) -> None:
        end = add(start, working(amount), CHINA)

        passed = range(1, (end - start).days + 1) if amount > 0 else range((end - start).days, 0)
        worked = [n for n in passed if CHINA.is_working(start + timedelta(days=n))]
        assert CHINA.is_working(end)
        assert len(worked) == abs(amount)

    @unhurried
    @given(known_day, st.integers(0, 300))
    def test_adding_and_taking_away_leads_to_the_working_day_before(self, start: date, amount: int) -> None:
        back = add(add(start, working(amount), CHINA), working(-amount), CHINA)
        assert back == (last_working_day_on_or_before(start, CHINA) if amount else start)

    @unhurried
    @given(known_day, st.integers(0, 300))
    def test_so_many_are_left_where_so_many_are_left(self, day: date, amount: int) -> None:
        assert working_days_left(working_days_before(day, amount, CHINA), day, CHINA) == amount

    @unhurried
    @given(known_day, st.integers(0, 30), st.integers(-50, 50).filter(bool))
    def test_a_later_start_never_ends_earlier(self, first: date, gap: int, amount: int) -> None:
        second = first + timedelta(days=gap)
        assert add(first, working(amount), CHINA) <= add(second, working(amount), CHINA)

    def test_only_days_can_be_working_days(self) -> None:
        with pytest.raises(ValueError, match="Only days"):
            Duration(2, Unit.MONTHS, DayType.WORKING)


class TestCalendar:
    def test_a_year_nobody_entered_is_asked_for(self) -> None:
        year = max(CHINA.known_years) + 1
        with pytest.raises(CalendarUnknown) as caught:
            add(date(year - 1, 12, 20), working(30), CHINA)
        assert caught.value.year == year
        assert caught.value.code == "calendar_unknown"
        assert isinstance(caught.value, MissingRule)
        assert str(caught.value) == f"The holidays of {year} are not known yet."

    def test_without_a_calendar_no_working_day_is_invented(self) -> None:
        with pytest.raises(CalendarUnknown):
            add(date(2026, 2, 13), working(1))

    def test_a_warning_may_guess_the_plain_week(self) -> None:
        year = max(CHINA.known_years) + 1
        guessing = CHINA.assume_weekdays()

        assert [guessing.is_working(date(year, 3, 1) + timedelta(days=n)) for n in range(7)].count(False) == 2
        assert not guessing.is_working(date(2026, 2, 17))  # what is known is not guessed
        assert not CHINA.assumes_weekdays

    def test_it_is_a_value(self) -> None:
        same = Calendar(dict(CHINA.exceptions), CHINA.known_years)
        assert same == CHINA
        assert hash(same) == hash(CHINA)
        assert same != CHINA.assume_weekdays()

    def test_the_error_survives_a_pickle(self) -> None:
        error = pickle.loads(pickle.dumps(CalendarUnknown(2031)))  # noqa: S301 - our own bytes
        assert (error.year, error.code) == (2031, "calendar_unknown")
        assert str(error) == "The holidays of 2031 are not known yet."


class TestPeriods:
    def test_a_leap_day_comes_back(self) -> None:
        found = list(anniversaries(date(2024, 2, 29), years(1), date(2028, 2, 29)))
        assert found == [
            Period(1, date(2024, 2, 29), date(2025, 2, 27)),
            Period(2, date(2025, 2, 28), date(2026, 2, 27)),
            Period(3, date(2026, 2, 28), date(2027, 2, 27)),
            Period(4, date(2027, 2, 28), date(2028, 2, 28)),
            Period(5, date(2028, 2, 29), date(2029, 2, 27)),
        ]

    def test_a_yearly_report_of_an_approval(self) -> None:
        first, second = anniversaries(date(2023, 6, 30), years(1), date(2025, 6, 29))
        assert (first.ends_on, second.starts_on, second.ends_on) == (
            date(2024, 6, 29),
            date(2024, 6, 30),
            date(2025, 6, 29),
        )
        assert add(first.ends_on, days(60)) == date(2024, 8, 28)

    def test_nothing_begins_after_the_end(self) -> None:
        assert list(anniversaries(date(2026, 1, 1), years(1), date(2025, 12, 31))) == []

    @given(any_day, st.sampled_from([months(1), months(6), years(1), years(5), days(14)]), st.integers(0, 4000))
    def test_every_day_lies_in_exactly_one_period(self, start: date, every: Duration, length: int) -> None:
        until = start + timedelta(days=length)
        found = list(anniversaries(start, every, until))

        assert found[0].starts_on == start
        assert found[-1].starts_on <= until <= found[-1].ends_on
        assert [period.number for period in found] == list(range(1, len(found) + 1))
        assert all(one.ends_on + timedelta(days=1) == following.starts_on for one, following in pairwise(found))
        assert all(period.starts_on == add(start, every * (period.number - 1)) for period in found)

    @pytest.mark.parametrize("every", [days(0), years(-1), working(10), Duration(24, Unit.HOURS)])
    def test_a_period_that_cannot_be(self, every: Duration) -> None:
        with pytest.raises(ValueError, match=r"Periods need|Hours run"):
            list(anniversaries(date(2026, 1, 1), every, date(2027, 1, 1)))


class TestInstants:
    def test_a_day_is_late_at_the_midnight_that_ends_it(self) -> None:
        assert due_instant(date(2026, 2, 28), SHANGHAI) == datetime(2026, 2, 28, 16, tzinfo=UTC)
        assert due_instant(date(2026, 2, 28), SHANGHAI).tzinfo is UTC

    def test_where_summer_time_skips_midnight_the_followingday_begins_an_hour_later(self) -> None:
        beirut = ZoneInfo("Asia/Beirut")  # 31 March 2024 began at 01:00
        instant = due_instant(date(2024, 3, 30), beirut)
        assert instant == datetime(2024, 3, 30, 22, tzinfo=UTC)
        assert legal_day(instant, beirut) == date(2024, 3, 31)
        assert legal_day(instant - timedelta.resolution, beirut) == date(2024, 3, 30)

    @given(any_day, st.sampled_from(["Asia/Shanghai", "America/Santiago", "Africa/Cairo", "Europe/Berlin", "UTC"]))
    def test_the_due_day_is_the_one_that_ends_there(self, day: date, name: str) -> None:
        zone = ZoneInfo(name)
        instant = due_instant(day, zone)
        assert legal_day(instant, zone) == day + timedelta(days=1)
        assert legal_day(instant - timedelta.resolution, zone) == day

    def test_the_end_of_the_calendar_is_answered(self) -> None:
        with pytest.raises(DomainError):
            due_instant(date.max, SHANGHAI)
        with pytest.raises(DomainError):
            hours_after(datetime.max.replace(tzinfo=UTC), 1)

    def test_hours_are_elapsed_hours(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")  # the night to 29 March 2026 lacks an hour
        assert hours_after(datetime(2026, 3, 28, 12, tzinfo=berlin), 24) == datetime(2026, 3, 29, 13, tzinfo=berlin)
        assert hours_after(datetime(2026, 2, 13, 18, 40, tzinfo=SHANGHAI), 24) == datetime(
            2026, 2, 14, 10, 40, tzinfo=UTC
        )

    def test_the_legal_day_is_the_authoritys(self) -> None:
        assert legal_day(datetime(2026, 2, 13, 16, tzinfo=UTC), SHANGHAI) == date(2026, 2, 14)

    def test_days_and_instants_are_never_mixed(self) -> None:
        instant = datetime(2026, 2, 13, tzinfo=UTC)
        naive = instant.replace(tzinfo=None)
        for mistaken in (
            lambda: add(instant, days(1)),
            lambda: CHINA.is_working(instant),
            lambda: due_instant(instant, SHANGHAI),
        ):
            with pytest.raises(TypeError, match="not an instant"):
                mistaken()
        for zoneless in (
            lambda: legal_day(naive, SHANGHAI),
            lambda: hours_after(naive, 1),
            lambda: remaining(naive, instant, SHANGHAI),
            lambda: remaining(instant, naive, SHANGHAI),
        ):
            with pytest.raises(ValueError, match="needs its zone"):
                zoneless()
        with pytest.raises(ValueError, match="Hours run from an instant"):
            add(date(2026, 2, 13), Duration(24, Unit.HOURS))


class TestRemaining:
    DUE_AT = due_instant(date(2026, 2, 28), SHANGHAI)

    @pytest.mark.parametrize(
        ("clock", "expected"),
        [
            ("2026-02-13 18:40:00", Remaining(late=False, days=15)),
            ("2026-02-13 00:00:00", Remaining(late=False, days=15)),
            ("2026-02-26 23:59:00", Remaining(late=False, days=2)),
            ("2026-02-27 00:00:00", Remaining(late=False, hours=48)),
            ("2026-02-28 09:30:30", Remaining(late=False, hours=14, minutes=29)),
            ("2026-02-28 23:59:59", Remaining(late=False)),
            ("2026-03-01 00:00:00", Remaining(late=True)),
            ("2026-03-02 23:59:00", Remaining(late=True, hours=47, minutes=59)),
            ("2026-03-10 09:00:00", Remaining(late=True, days=10)),
        ],
    )
    def test_hours_when_it_is_near_and_dates_when_it_is_far(self, clock: str, expected: Remaining) -> None:
        now = datetime.fromisoformat(clock).replace(tzinfo=SHANGHAI)
        assert remaining(now, self.DUE_AT, SHANGHAI) == expected

    def test_hours_are_elapsed_hours(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")  # the night to 29 March 2026 lacks an hour
        now, due_at = datetime(2026, 3, 29, 0, tzinfo=berlin), datetime(2026, 3, 29, 12, tzinfo=berlin)
        assert remaining(now, due_at, berlin) == Remaining(late=False, hours=11)

    @given(any_day, st.integers(-400, 400), st.integers(0, 24 * 60 - 1))
    def test_days_are_the_distance_of_the_dates(self, due_on: date, distance: int, minute: int) -> None:
        today = due_on - timedelta(days=distance)
        now = due_instant(today - timedelta(days=1), SHANGHAI) + timedelta(minutes=minute)

        found = remaining(now, due_instant(due_on, SHANGHAI), SHANGHAI)

        assert found.late == (distance < 0)
        assert found.days in (0, abs(distance))

    @given(any_instant, any_instant)
    def test_late_means_what_the_table_of_clocks_means(self, now: datetime, due_at: datetime) -> None:
        found = remaining(now, due_at, SHANGHAI)
        assert found.late == (due_at <= now)
        assert found.days != 1
        assert (found.days == 0) == (abs(due_at - now) <= timedelta(hours=48))
        assert not (found.days and (found.hours or found.minutes))


def test_durations_can_be_turned_and_repeated() -> None:
    assert -working(3) == working(-3)
    assert months(6) * 4 == months(24)


@pytest.mark.parametrize("day", [FIRST_PLAUSIBLE, date(2026, 2, 28), LAST_PLAUSIBLE])
def test_a_day_that_people_can_mean_is_plausible(day: date) -> None:
    assert check_plausible(day) == day


@pytest.mark.parametrize("day", [date.min, date(1989, 12, 31), date(2201, 1, 1), date(9999, 12, 28), date.max])
def test_a_mistyped_year_is_answered_beside_its_field(day: date) -> None:
    with pytest.raises(DomainError) as refused:
        check_plausible(day, "forecast_on")

    assert (refused.value.code, refused.value.field) == ("date_out_of_range", "forecast_on")
    assert "1990-01-01" in refused.value.message
