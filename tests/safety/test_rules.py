"""Moves, day 0, which reporting times run, and that no rule lowers a causality."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.safety import rules
from pv.safety.models import Case, InboxItem
from pv.safety.rules import CaseState, ItemState, Report, Wanted, reporting_times

DAY = date(2026, 2, 13)


def test_an_item_is_triaged_once() -> None:
    allowed = {(old, new) for old, new in product(ItemState, ItemState) if rules.can_move_item(old, new)}
    assert allowed == {(ItemState.NEW, new) for new in ItemState if new != ItemState.NEW}


CASE_PAIRS = {
    ("received", "triaged"), ("received", "ready"), ("received", "reported"), ("received", "nullified"),
    ("received", "duplicate"), ("triaged", "ready"), ("triaged", "reported"), ("triaged", "nullified"),
    ("triaged", "duplicate"), ("assessment", "ready"), ("assessment", "reported"), ("assessment", "nullified"),
    ("assessment", "duplicate"), ("ready", "assessment"), ("ready", "reported"), ("ready", "nullified"),
    ("ready", "duplicate"), ("reported", "assessment"), ("reported", "reported"), ("reported", "closed"),
    ("reported", "nullified"), ("reported", "duplicate"), ("closed", "assessment"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), list(product(CaseState, CaseState)))
def test_a_case_moves_as_the_table_says(old: CaseState, new: CaseState) -> None:
    assert rules.can_move_case(old, new) == ((old, new) in CASE_PAIRS)


def test_whatever_was_left_undone_a_report_that_was_sent_is_recorded() -> None:
    assert all(rules.can_move_case(state, CaseState.REPORTED) for state in rules.UNREPORTED)


def test_tables_and_columns_know_the_same_states() -> None:
    assert set(ItemState) == set(InboxItem.State.values)
    assert set(CaseState) == set(Case.State.values)


@pytest.mark.parametrize(
    ("holder", "delegate", "zero"),
    [(DAY, None, DAY), (DAY, DAY - timedelta(days=4), DAY - timedelta(days=4)), (DAY, DAY + timedelta(days=2), DAY)],
)
def test_day_zero_is_the_earlier_of_the_holders_and_its_delegates_knowledge(
    holder: date, delegate: date | None, zero: date
) -> None:
    assert rules.day_zero(holder, delegate) == zero


DEATH = (Wanted.DEATH_AT_ONCE, Wanted.SERIOUS, Wanted.DEATH_INVESTIGATION)


@pytest.mark.parametrize(
    ("report", "times"),
    [
        (Report("malignancy", serious=True, solicited=True), (Wanted.SERIOUS,)),
        (Report("malignancy", serious=True, fatal=True, suspected="unknown"), DEATH),
        (Report("adverse_event", serious=True), (Wanted.SERIOUS,)),
        (Report("adverse_event", serious=False), (Wanted.NON_SERIOUS,)),
        (Report("adverse_event", serious=True, solicited=True, related=False), ()),
        (Report("adverse_event", serious=True, solicited=False, related=False), (Wanted.SERIOUS,)),
        (Report("adverse_event", serious=True, fatal=True), DEATH),
        (Report("death", serious=True, fatal=True, suspected="yes"), DEATH),
        (Report("death", serious=True, fatal=True, suspected="unknown", solicited=True), DEATH),
        (Report("death", serious=True, fatal=True, suspected="", solicited=True), DEATH),
        (Report("death", serious=True, fatal=True, suspected="no", solicited=True), ()),
        (Report("death", serious=True, fatal=True, suspected="no", solicited=False), (Wanted.SERIOUS,)),
        (Report("relapse", serious=False), ()),
        (Report("pregnancy", serious=False), ()),
    ],
)
def test_reporting_times_follow_what_was_told(report: Report, times: tuple[Wanted, ...]) -> None:
    assert reporting_times(report) == times


def test_what_a_case_wants_is_what_any_of_its_reports_wants() -> None:
    event = Report("adverse_event", serious=True, solicited=True, related=False)
    assert rules.times_of_a_case(True, [event]) == (Wanted.SERIOUS,)
    assert rules.times_of_a_case(False, [event]) == (Wanted.NON_SERIOUS,)
    assert rules.times_of_a_case(True, [event, Report("death", serious=True, fatal=True)]) == DEATH


@pytest.mark.parametrize(
    ("report", "within"),
    [
        (Report("malignancy", serious=True), timedelta(hours=24)),
        (Report("death", serious=True, fatal=True, suspected="unknown"), timedelta(hours=24)),
        (Report("death", serious=True, fatal=True, suspected="no", solicited=True), timedelta(days=3)),
        (Report("relapse", serious=False), timedelta(days=3)),
        (Report("adverse_event", serious=False), timedelta(days=7)),
    ],
)
def test_somebody_looks_the_sooner_the_graver_it_is(report: Report, within: timedelta) -> None:
    assert rules.triage_within(report) == within


def test_a_clock_in_hours_starts_when_it_was_told_and_at_the_latest_when_day_zero_ended() -> None:
    told, over = datetime(2026, 2, 13, 10, tzinfo=UTC), datetime(2026, 2, 13, 16, tzinfo=UTC)
    assert rules.known_since(told, over) == told
    assert rules.known_since(told + timedelta(days=3), over) == over


GRADES = st.sampled_from(["certain", "probable", "possible", "unlikely", "pending", "unassessable"])


@given(GRADES, st.sampled_from(["M0", "M1", "M2", "M3", "M4", "", "M9"]))
def test_a_rule_never_lowers_a_causality(present: str, found: str) -> None:
    proposed = rules.proposed_causality(present, found)
    order = ["pending", "unassessable", "unlikely", "possible", "probable", "certain"]
    assert proposed == present or order.index(proposed) > order.index(present)


@pytest.mark.parametrize(
    ("present", "found", "proposed"),
    [
        ("unlikely", "M3", "possible"), ("possible", "M4", "probable"), ("certain", "M4", "certain"),
        ("pending", "M3", "possible"), ("pending", "M1", "pending"), ("probable", "M0", "probable"),
    ],
)  # fmt: skip
def test_the_molecular_rule_proposes_what_it_says(present: str, found: str, proposed: str) -> None:
    assert rules.proposed_causality(present, found) == proposed
