"""What a rule's length makes of the day its clock starts."""

from datetime import date

import pytest

from pv.core.days import Calendar
from pv.core.errors import DomainError, MissingRule
from pv.deadlines.rules import Length, due_from

START = date(2023, 6, 30)


@pytest.mark.parametrize(
    ("length", "due_on", "working"),
    [
        (Length(4, "years"), date(2027, 6, 30), "2023-06-30 + 4 years"),
        (Length(1, "years"), date(2024, 6, 30), "2023-06-30 + 1 year"),
        (Length(12, "months"), date(2024, 6, 30), "2023-06-30 + 12 months"),
        (Length(15, "days"), date(2023, 7, 15), "2023-06-30 + 15 days"),
        (Length(0, "days"), START, "2023-06-30 + 0 days"),
        (Length(-6, "months"), date(2022, 12, 30), "2023-06-30 - 6 months"),
        (Length(15, "days", inclusive=True), date(2023, 7, 14), "2023-06-30 + 15 days - 1 day"),
        (Length(None, "none", fixed_date="04-30"), date(2024, 4, 30), "2023-06-30: 2024-04-30"),
        (Length(None, "none", fixed_date="06-30"), START, "2023-06-30: 2023-06-30"),
    ],
)
def test_a_length_leads_to_a_day_with_its_working(length: Length, due_on: date, working: str) -> None:
    assert due_from(START, length) == (due_on, working)


def test_working_days_follow_the_calendar() -> None:
    calendar = Calendar({date(2023, 7, 3): False}, frozenset({2023}))
    computed = due_from(START, Length(2, "days", "working"), lambda: calendar)
    assert computed == (date(2023, 7, 5), "2023-06-30 + 2 working days")


def test_calendar_days_do_not_ask_for_a_calendar() -> None:
    def unasked() -> Calendar:
        raise AssertionError

    assert due_from(START, Length(2, "days"), unasked).due_on == date(2023, 7, 2)


def test_a_rule_without_length_is_a_question() -> None:
    with pytest.raises(MissingRule, match="no length of its own"):
        due_from(START, Length(None, "none"))


def test_hours_run_from_an_instant() -> None:
    with pytest.raises(DomainError, match="counts hours"):
        due_from(START, Length(24, "hours"))
