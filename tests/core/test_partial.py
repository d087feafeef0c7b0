"""Partial dates: what people write, what cannot be, what may be said about order."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pv.core.errors import DomainError
from pv.core.partial import FIRST_YEAR, LAST_YEAR, PartialDate, Precision

# As a Chinese input method types digits and signs: the same characters 0xFEE0 higher.
FULL_WIDTH = {ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789-/."}

some_day = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))


@st.composite
def partial_dates(draw: st.DrawFn) -> PartialDate:
    day = draw(some_day)
    known = draw(st.integers(1, 3))
    return PartialDate(*(day.year, day.month, day.day)[:known])


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026", "2026"),
        ("2026-02", "2026-02"),
        ("2026-02-13", "2026-02-13"),
        ("2026-2-3", "2026-02-03"),
        ("2026/2/13", "2026-02-13"),
        ("2026.02.13", "2026-02-13"),
        ("2026 . 02 . 13", "2026-02-13"),
        ("2026。2。13", "2026-02-13"),
        ("2026–02–13", "2026-02-13"),
        ("20260213", "2026-02-13"),
        ("2026年", "2026"),
        ("2026年2月", "2026-02"),
        ("2026年2月份", "2026-02"),
        ("2026年02月13日", "2026-02-13"),
        ("2026年2月13号", "2026-02-13"),
        ("2026 年 2 月 13 日", "2026-02-13"),
        ("2026-02-13".translate(FULL_WIDTH), "2026-02-13"),
        ("2026/2".translate(FULL_WIDTH), "2026-02"),
        ("2026.02.13".translate(FULL_WIDTH), "2026-02-13"),
        ("2026年2月".translate(FULL_WIDTH), "2026-02"),
        ("  2026\u3000年\u30002月\t", "2026-02"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_what_people_write_is_read(text: str, iso: str) -> None:
    assert str(PartialDate.parse(text)) == iso


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025-02-29", "2025-02 has no day 29"),
        ("2026-04-31", "2026-04 has no day 31"),
        ("2026-02-00", "2026-02 has no day 0"),
        ("2026-13", "There is no month 13"),
        ("2026年0月", "There is no month 0"),
        ("20261301", "There is no month 13"),
        ("1026-02", "The year must lie between 1900 and 2199"),
        ("2月", "Please give the year as well"),
        ("2月13日", "Please give the year as well"),
        ("", "Please write the date as"),
        ("   ", "Please write the date as"),
        ("UNK", "Please write the date as"),
        ("13/02/2026", "Please write the date as"),
        ("02/03/2026", "Please write the date as"),
        ("2026-02/13", "Please write the date as"),
        ("202602", "Please write the date as"),
        ("26-02-13", "Please write the date as"),
        ("2026-02-13T10:00", "Please write the date as"),
        ("2026年13日", "Please write the date as"),
        ("٢٠٢٦-٠٢", "Please write the date as"),
        ("-2026", "Please write the date as"),
        ("2026-02-13-", "Please write the date as"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(DomainError, match=words) as caught:
        PartialDate.parse(text)
    assert caught.value.code == "impossible_date"
    assert caught.value.field is None


def test_a_month_alone_takes_the_year_that_is_known() -> None:
    assert PartialDate.parse("2月", year=2026) == PartialDate(2026, 2)
    assert PartialDate.parse("2月13日", year=2026) == PartialDate(2026, 2, 13)
    assert PartialDate.parse("2025年2月", year=2026) == PartialDate(2025, 2)


def test_a_day_needs_its_month() -> None:
    with pytest.raises(DomainError, match="A day needs its month"):
        PartialDate(2026, None, 13)


@given(partial_dates())
def test_iso_text_and_the_chinese_way_are_read_back(partial: PartialDate) -> None:
    chinese = "".join(
        f"{part}{sign}" for part, sign in zip((partial.year, partial.month, partial.day), "年月日", strict=True) if part
    )
    full_width = str(partial).translate(FULL_WIDTH)

    assert PartialDate.parse(str(partial)) == partial
    assert PartialDate.parse(str(partial).replace("-", "/")) == partial
    assert PartialDate.parse(chinese) == partial
    assert PartialDate.parse(full_width) == partial


@given(st.text(alphabet=st.sampled_from("0123456789-/.年月日号 \u3000\uff10\uff12"), max_size=12))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        partial = PartialDate.parse(text)
    except DomainError:
        return
    assert PartialDate.parse(str(partial)) == partial


@given(some_day)
def test_a_full_date_is_exact(day: date) -> None:
    partial = PartialDate.of(day)
    assert partial.precision is Precision.DAY
    assert partial.earliest() == partial.latest() == day
    assert str(partial) == day.isoformat()


def test_the_span_of_a_month_and_of_a_year() -> None:
    february, year = PartialDate(2024, 2), PartialDate(2026)
    assert (february.precision, year.precision) == (Precision.MONTH, Precision.YEAR)
    assert (february.earliest(), february.latest()) == (date(2024, 2, 1), date(2024, 2, 29))
    assert (year.earliest(), year.latest()) == (date(2026, 1, 1), date(2026, 12, 31))


def test_order_is_said_only_where_it_is_known() -> None:
    assert PartialDate(2025).before(PartialDate(2026, 1)) is True
    assert PartialDate(2026, 1, 1).before(PartialDate(2025)) is False
    assert PartialDate(2026, 2).before(PartialDate(2026, 2, 13)) is None
    assert PartialDate(2026, 2).before(PartialDate(2026, 2, 1)) is False  # the month's first day is the first possible
    assert PartialDate(2026, 2, 13).before(PartialDate(2026, 2, 13)) is False


@given(partial_dates(), partial_dates(), st.data())
def test_order_holds_for_every_day_it_may_have_been(one: PartialDate, other: PartialDate, data: st.DataObject) -> None:
    first = data.draw(st.dates(one.earliest(), one.latest()))
    second = data.draw(st.dates(other.earliest(), other.latest()))
    said = one.before(other)
    assume(said is not None)
    assert said == (first < second)


@given(partial_dates(), partial_dates())
def test_unknown_order_means_both_are_possible(one: PartialDate, other: PartialDate) -> None:
    if one.before(other) is None:
        assert one.earliest() < other.latest()
        assert one.latest() >= other.earliest()


def test_lists_are_sorted_by_the_first_possible_day() -> None:
    parts = [PartialDate(2026), PartialDate(2026, 1, 1), PartialDate(2025, 12), PartialDate(2026, 1)]
    assert [str(part) for part in sorted(parts, key=PartialDate.sort_key)] == [
        "2025-12",
        "2026-01-01",
        "2026-01",
        "2026",
    ]


def test_an_instant_is_not_a_day() -> None:
    with pytest.raises(TypeError, match="not an instant"):
        PartialDate.of(datetime(2026, 2, 13, tzinfo=UTC))
