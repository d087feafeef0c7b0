"""Windows, lines and states as arithmetic: every day counts from the infusion, whatever month it falls into."""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.core.partial import PartialDate
from pv.followup.reference import read_visit_plans
from pv.followup.rules import (
    HORIZON,
    MOVES,
    Attempt,
    Occurrence,
    Planned,
    State,
    VectorClass,
    can_move,
    day_of,
    last_passed,
    meets_loss_criteria,
    occurrences,
    state_after,
    to_plan,
    vector_class,
    whose_window,
    window,
)

PLANS = {plan.code: plan for plan in read_visit_plans(Path("fixtures/visit_plans/visit_plans.yaml"))}
DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))


def line(plan: str, which: str) -> list[Planned]:
    return [
        Planned(one.code, one.months, one.early, one.grace, one.late, one.in_person, one.repeat)
        for one in getattr(PLANS[plan], which)
    ]


def protocol(start: date, plan: str = "integrating") -> list[Occurrence]:
    years = PLANS[plan].protocol_years
    try:
        end = start.replace(year=start.year + years)
    except ValueError:  # 29 February
        end = start.replace(year=start.year + years, day=28)
    return list(occurrences(line(plan, "protocol"), start, end))


def lifelong(start: date, most: int = 40) -> list[Occurrence]:
    return list(islice(occurrences(line("integrating", "lifelong"), start), most))


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 2, 29), 180, date(2039, 2, 28)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 1, 31), 3, date(2025, 4, 30)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2025, 12, 31), 180, date(2040, 12, 31)),
    ],
)
def test_the_29th_of_february_the_31st_and_year_15(start: date, months: int, due: date) -> None:
    found = window(start, months, early=14, grace=0, late=14)
    assert (found.earliest_on, found.due_on, found.closes_on) == (
        due - timedelta(days=14),
        due,
        due + timedelta(days=14),
    )


def test_the_grid_of_an_integrating_product() -> None:
    codes = [one.code for one in protocol(date(2025, 3, 10))]
    assert codes[:6] == ["M1", "M3", "M6", "M9", "M12", "M18"]
    assert codes[-1] == "Y15"
    assert len(codes) == 23
    assert [one.code for one in lifelong(date(2025, 3, 10), 3)] == ["Y1", "Y2", "Y3"]


@given(DAYS, st.sampled_from(sorted(PLANS)))
def test_a_protocol_line_ends_with_its_years_and_never_turns_back(start: date, plan: str) -> None:
    visits = protocol(start, plan)
    assert visits[-1].window.due_on.year == start.year + PLANS[plan].protocol_years
    for earlier, later in pairwise(visits):
        assert earlier.sequence + 1 == later.sequence
        assert earlier.window.closes_on < later.window.earliest_on, "no day belongs to two visits of the protocol"
    assert len({one.code for one in visits}) == len(visits)


@given(DAYS)
def test_lifelong_monitoring_goes_on_past_any_protocol(start: date) -> None:
    visits = lifelong(start, 60)
    assert [one.code for one in visits] == [f"Y{year}" for year in range(1, 61)]
    assert all(one.window.earliest_on <= one.window.due_on <= one.window.closes_on for one in visits)
    assert all(earlier.window.due_on < later.window.due_on for earlier, later in pairwise(visits))


@given(DAYS, st.integers(0, 9000), st.integers(0, 9000), st.sets(st.integers(1, 30)))
def test_a_line_always_has_its_next_visit_and_none_is_born_late(
    start: date, joined_after: int, today_after: int, standing: set[int]
) -> None:
    today = start + timedelta(days=max(joined_after, today_after))
    added = to_plan(
        occurrences(line("integrating", "lifelong"), start),
        standing=standing,
        has_next=False,
        not_before=today,
        until=today + HORIZON,
    )
    assert added, "for ever"
    assert all(one.window.closes_on >= today for one in added)
    assert not {one.sequence for one in added} & standing
    beyond = [one for one in added if one.window.due_on > today + HORIZON]
    assert len(beyond) <= 1
    assert not beyond or added == beyond, "only the next one lies past the horizon, and only if it is the only one"


@given(DAYS, st.integers(0, 6000))
def test_planning_twice_adds_nothing(start: date, after: int) -> None:
    today = start + timedelta(days=after)
    first = to_plan(protocol(start), standing=(), has_next=False, not_before=start, until=today + HORIZON)
    known = [one.sequence for one in first]
    assert to_plan(protocol(start), standing=known, has_next=True, not_before=today, until=today + HORIZON) == []


def test_a_late_joiner_begins_with_the_window_that_is_open() -> None:
    start, joined = date(2022, 1, 10), date(2025, 1, 20)
    added = to_plan(protocol(start), standing=(), has_next=False, not_before=joined, until=joined + HORIZON)
    assert [one.code for one in added] == ["M36", "M42", "M48"]


def test_after_its_years_a_protocol_line_is_at_its_end() -> None:
    start = date(2005, 6, 1)
    assert (
        to_plan(protocol(start), standing=(), has_next=False, not_before=date(2026, 1, 1), until=date(2027, 1, 1)) == []
    )


@pytest.mark.parametrize("old", State)
@pytest.mark.parametrize("new", State)
def test_every_pair_of_states(old: State, new: State) -> None:
    allowed = {
        ("planned", "done"), ("planned", "minimal"), ("planned", "missed"), ("planned", "unavailable"),
        ("planned", "not_applicable"), ("minimal", "done"), ("missed", "recovered"), ("missed", "unavailable"),
        ("missed", "not_applicable"), ("unavailable", "recovered"), ("not_applicable", "planned"),
        ("not_applicable", "done"), ("not_applicable", "minimal"),
    }  # fmt: skip
    assert can_move(old, new) == ((str(old), str(new)) in allowed)
    assert set(MOVES) == set(State)


@pytest.mark.parametrize(
    ("old", "kind", "after"),
    [
        (State.PLANNED, "full", State.DONE),
        (State.PLANNED, "minimal", State.MINIMAL),
        (State.PLANNED, "missed", State.MISSED),
        (State.MISSED, "full", State.RECOVERED),
        (State.MISSED, "minimal", State.RECOVERED),
        (State.UNAVAILABLE, "full", State.RECOVERED),
        (State.MINIMAL, "full", State.DONE),
    ],
)
def test_what_a_record_makes_of_a_visit(old: State, kind: str, after: State) -> None:
    assert state_after(old, kind) == after


@dataclass
class Row:
    earliest_on: date
    due_on: date
    closes_on: date
    state: str = "planned"


def row(day: int, state: str = "planned") -> Row:
    due = date(2026, 1, 1) + timedelta(days=day)
    return Row(due - timedelta(days=30), due, due + timedelta(days=30), state)


def test_a_day_belongs_to_the_window_it_lies_in_both_ends_included() -> None:
    one = row(100)
    assert whose_window([one], one.earliest_on) is one
    assert whose_window([one], one.closes_on) is one
    assert whose_window([one], one.earliest_on - timedelta(days=1)) is None
    assert whose_window([one], one.closes_on + timedelta(days=1)) is None


def test_of_two_windows_the_earlier_one_is_met_first() -> None:
    first, second = row(100), row(140)
    assert whose_window([second, first], date(2026, 1, 1) + timedelta(days=120)) is first
    first.state = "done"
    assert whose_window([second, first], date(2026, 1, 1) + timedelta(days=120)) is second


def test_a_late_contact_answers_the_latest_window_that_passed() -> None:
    older, newer, coming = row(0), row(100), row(400)
    day = date(2026, 1, 1) + timedelta(days=150)
    assert last_passed([older, newer, coming], day) is newer
    newer.state = "missed"
    assert last_passed([newer, older, coming], day) is older


@given(DAYS, st.integers(0, 5000))
def test_a_partial_day_is_taken_as_the_first_it_can_have_been_after_the_infusion(infused_on: date, after: int) -> None:
    day = infused_on + timedelta(days=after)
    for known in (PartialDate.of(day), PartialDate(day.year, day.month), PartialDate(day.year)):
        taken = day_of(known, infused_on)
        assert infused_on <= taken <= day


@pytest.mark.parametrize(
    ("integrating", "words", "kind"),
    [
        ("yes", ("CAR-T (autologous)", "", "lentiviral"), VectorClass.INTEGRATING),
        ("no", ("Gene therapy (in vivo)", "", "AAV"), VectorClass.AAV),
        ("no", ("基因治疗", "", "腺相关病毒"), VectorClass.AAV),
        ("unknown", ("Edited HSC", "", "CRISPR-Cas9"), VectorClass.EDITED),
        ("no", ("Oncolytic virus", "", "adenovirus"), VectorClass.ONCOLYTIC),
        ("no", ("MSC", "间充质干细胞", ""), VectorClass.CELL),
        ("unknown", ("MSC", "间充质干细胞", ""), None),
        ("unknown", ("CAR-T", "", ""), None),
        ("no", ("CAR-T", "", ""), None),
    ],
)
def test_the_class_of_a_product_is_read_off_its_record_or_not_at_all(
    integrating: str, words: tuple[str, ...], kind: VectorClass | None
) -> None:
    assert vector_class(integrating, *words) == kind


def test_of_the_public_register_only_who_does_not_say_its_vector_is_asked_about() -> None:
    """Three CAR-T products with a vector not published, and a plasmid, for which no plan is stated."""
    with Path("fixtures/register/authorisations.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    without = {
        one["product_key"]
        for one in rows
        if vector_class(one["integrating"], one["product_class_en"], one["product_class_zh"], one["vector_en"]) is None
    }
    assert without == {"renike-cel", "pCAR-19B", "satri-cel", "NL003"}


def tried(day: int, channel: str, reached: bool = False) -> Attempt:
    return Attempt(date(2026, 1, day), channel, reached)


ENOUGH = [tried(1, "phone"), tried(5, "message"), tried(9, "letter"), tried(9, "hospital")]


def test_loss_asks_for_days_ways_a_letter_and_a_question_elsewhere() -> None:
    assert meets_loss_criteria(ENOUGH)
    for left_out in range(len(ENOUGH)):
        rest = [one for at, one in enumerate(ENOUGH) if at != left_out]
        assert meets_loss_criteria(rest) == (left_out in (0, 1) and len({one.on for one in rest}) >= 3)


def test_several_attempts_on_a_day_count_once() -> None:
    assert not meets_loss_criteria([tried(1, "phone"), tried(1, "letter"), tried(1, "message"), tried(2, "registry")])


def test_being_reached_begins_the_count_anew() -> None:
    assert not meets_loss_criteria([*ENOUGH, tried(20, "phone", reached=True)])
    assert not meets_loss_criteria([*ENOUGH, tried(20, "phone", reached=True), tried(21, "phone")])
