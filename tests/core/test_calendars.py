"""The seed of the holiday table, against what the State Council's notices say."""

from datetime import date, timedelta

import chinese_calendar

from pv.core import calendars
from pv.core.days import Calendar

SEED = {special.day: special for special in calendars.china_days()}


def test_the_spring_festival_of_2026() -> None:
    weekdays_off = [date(2026, 2, n) for n in (16, 17, 18, 19, 20, 23)]
    assert [special.day for special in SEED.values() if special.kind == "holiday" and special.day in weekdays_off] == (
        weekdays_off
    )
    assert SEED[date(2026, 2, 17)] == (date(2026, 2, 17), "holiday", "Spring Festival", "春节")
    assert SEED[date(2026, 2, 14)].kind == SEED[date(2026, 2, 28)].kind == "workday"
    assert not {date(2026, 2, n) for n in (15, 21, 22)} & SEED.keys()  # weekends, off as always


def test_only_what_differs_from_the_plain_week_in_order_and_once() -> None:
    days = [special.day for special in calendars.china_days()]
    assert days == sorted(set(days))
    assert all((special.kind == "holiday") == (special.day.weekday() < 5) for special in SEED.values())


def test_it_answers_as_the_library_on_every_day_of_its_years() -> None:
    years = calendars.china_years()
    calendar = Calendar({day: special.kind == "workday" for day, special in SEED.items()}, frozenset(years))
    day = date(years[0], 1, 1)
    while day.year in years:
        assert calendar.is_working(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_the_years_are_those_with_days_and_without_gap() -> None:
    assert {day.year for day in SEED} == set(calendars.china_years())
    assert {2004, 2026} <= set(calendars.china_years())


def test_every_day_is_named_in_both_languages() -> None:
    assert all(special.name_en and special.name_zh for special in SEED.values())
    assert {
        "New Year's Day": "元旦",
        "Spring Festival": "春节",
        "Tomb-sweeping Day": "清明节",
        "Labour Day": "劳动节",
        "Dragon Boat Festival": "端午节",
        "Mid-autumn Festival": "中秋节",
        "National Day": "国庆节",
    }.items() <= {special.name_en: special.name_zh for special in SEED.values()}.items()
    assert all(len(special.name_en) <= 80 and len(special.name_zh) <= 80 for special in SEED.values())
    assert len(calendars.SOURCE) <= 120
