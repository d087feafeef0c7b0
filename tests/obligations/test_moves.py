"""Moves of a promise's state, and what they do to its clock."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.core import clock as time
from pv.core.errors import Conflict, DomainError
from pv.deadlines.models import Deadline
from pv.obligations import services
from pv.obligations.models import Obligation, ObligationChange
from pv.obligations.rules import MOVES, State, can_move
from tests.obligations.conftest import DUE, Opener
from tests.support.factories import ObligationFactory

pytestmark = pytest.mark.django_db
Move = Callable[..., Obligation]


def today() -> date:
    return time.today()


def move_to(new: State, pk: Any, by: User, **changes: Any) -> Obligation:
    """The service that leads to a state, with everything it asks for."""
    given: dict[State, tuple[Move, dict[str, Any]]] = {
        State.SUBMITTED: (services.submit, {"submitted_on": today(), "evidence": "acceptance notice"}),
        State.FULFILLED: (services.fulfil, {"decided_on": today(), "evidence": "decision"}),
        State.FAILED: (services.fail, {"decided_on": today(), "reason": "benefit not shown"}),
        State.RETURNED: (services.return_, {"reason": "data missing", "evidence": "notice"}),
        State.WAIVED: (services.waive, {"decided_on": today(), "reason": "no longer asked", "evidence": "letter"}),
        State.OPEN: (services.reopen, {"reason": "again", "document": "order", "document_on": today()}),
    }
    service, wanted = given[new]
    return service(pk, by=by, **(wanted | changes))


def in_state(state: State) -> Obligation:
    dates = {
        State.SUBMITTED: {"submitted_on": date(2026, 1, 5)},
        State.FULFILLED: {"submitted_on": date(2026, 1, 5), "decided_on": date(2026, 6, 1)},
    }
    return ObligationFactory(state=state, **dates.get(state, {}))


@pytest.mark.parametrize(("old", "new"), list(product(State, State)))
def test_every_move_is_allowed_or_refused_in_words(as_ra: User, old: State, new: State) -> None:
    obligation = in_state(old)
    if can_move(old, new):
        assert move_to(new, obligation.pk, as_ra).state == new
    else:
        with pytest.raises(Conflict, match=f"is {old} and cannot become {new}"):
            move_to(new, obligation.pk, as_ra)
        assert Obligation.objects.get(pk=obligation.pk).state == old


@pytest.mark.parametrize(
    ("path", "outcomes"),
    [
        (["submitted"], ["met"]),
        (["submitted", "fulfilled"], ["met"]),
        (["submitted", "returned"], ["met", ""]),
        (["submitted", "returned", "open", "submitted"], ["met", "met"]),
        (["submitted", "failed", "open"], ["met", ""]),
        (["failed"], ["cancelled"]),
        (["failed", "open"], ["cancelled", ""]),
        (["waived"], ["cancelled"]),
    ],
)
def test_the_clock_follows_the_state(opened: Opener, as_ra: User, path: list[str], outcomes: list[str]) -> None:
    obligation = opened()
    for state in path:
        move_to(State(state), obligation.pk, as_ra)
    clocks = Deadline.objects.filter(subject=obligation.pk).order_by("id")
    assert [clock.outcome for clock in clocks] == outcomes
    changes = ObligationChange.objects.filter(obligation=obligation, what="state").order_by("id")
    assert [change.new for change in changes] == path


def test_acceptance_on_the_due_day_is_in_time(opened: Opener, as_ra: User) -> None:
    obligation = opened(due_on=today())
    services.submit(obligation.pk, by=as_ra, submitted_on=today(), evidence="CXSL 2600001")
    clock = Deadline.objects.get(subject=obligation.pk)
    assert clock.met_at < clock.due_at


def test_the_day_of_acceptance_counts_not_the_day_it_was_entered(opened: Opener, as_ra: User) -> None:
    obligation = opened(due_on=today() - timedelta(days=30))
    services.submit(obligation.pk, by=as_ra, submitted_on=today() - timedelta(days=31), evidence="notice")
    clock = Deadline.objects.get(subject=obligation.pk)
    assert clock.met_at < clock.due_at < clock.closed_at


def test_the_evidence_names_document_and_day(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    services.submit(obligation.pk, by=as_ra, submitted_on=date(2026, 1, 5), evidence="CXSL 2600001")
    change = ObligationChange.objects.filter(obligation=obligation).latest("id")
    assert (change.old, change.new, change.evidence) == ("open", "submitted", "CXSL 2600001 (2026-01-05)")


@pytest.mark.parametrize(
    ("old", "new", "changes", "field"),
    [
        ("open", "submitted", {"submitted_on": date(2199, 1, 1)}, "submitted_on"),
        ("open", "submitted", {"evidence": ""}, "evidence"),
        ("submitted", "fulfilled", {"decided_on": date(2199, 1, 1)}, "decided_on"),
        ("submitted", "fulfilled", {"decided_on": date(2025, 12, 31)}, "decided_on"),
        ("submitted", "fulfilled", {"evidence": " "}, "evidence"),
        ("submitted", "returned", {"reason": ""}, "reason"),
        ("open", "failed", {"reason": ""}, "reason"),
        ("open", "waived", {"evidence": ""}, "evidence"),
        ("open", "waived", {"reason": ""}, "reason"),
        ("failed", "open", {"document": ""}, "document"),
        ("failed", "open", {"document_on": None}, "document"),
        ("failed", "open", {"document_on": date(2199, 1, 1)}, "document_on"),
        ("open", "failed", {"reason": "x" * 501}, "reason"),
    ],
)
def test_what_is_missing_or_impossible_is_named(
    as_ra: User, old: str, new: str, changes: dict[str, Any], field: str
) -> None:
    obligation = in_state(State(old))
    with pytest.raises(DomainError) as refused:
        move_to(State(new), obligation.pk, as_ra, **changes)
    assert refused.value.field == field
    assert Obligation.objects.get(pk=obligation.pk).state == old


def test_a_returned_one_opens_again_without_a_document(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    move_to(State.SUBMITTED, obligation.pk, as_ra)
    move_to(State.RETURNED, obligation.pk, as_ra)
    reopened = services.reopen(obligation.pk, by=as_ra, reason="data are complete now")
    assert (reopened.state, reopened.submitted_on) == ("open", None)
    assert Deadline.objects.filter(subject=obligation.pk, closed_at=None).count() == 1


def test_a_clock_started_again_keeps_both_dates(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    later = DUE + timedelta(days=100)
    services.change_due(obligation.pk, by=as_ra, due_on=later, reason="r", evidence="e")
    move_to(State.SUBMITTED, obligation.pk, as_ra)
    move_to(State.RETURNED, obligation.pk, as_ra)
    clock = Deadline.objects.get(subject=obligation.pk, closed_at=None)
    assert (clock.original_due_on, clock.due_on) == (DUE, later)


@pytest.mark.parametrize(("old", "new"), sorted((old, new) for old in MOVES for new in MOVES[old]))
def test_a_double_click_moves_once(as_ra: User, old: State, new: State) -> None:
    obligation = in_state(old)
    first = move_to(new, obligation.pk, as_ra, version=1)
    second = move_to(new, obligation.pk, as_ra, version=1)
    assert first.version == second.version == 2
    assert ObligationChange.objects.filter(obligation=obligation, what="state").count() == 1


def test_two_people_submitting_one_obligation(opened: Opener, as_ra: User, pv_head: User) -> None:
    obligation = opened()
    with acting_as(pv_head, organisation=obligation.organisation_id):
        services.submit(obligation.pk, by=pv_head, submitted_on=today(), evidence="notice", version=1)
    with pytest.raises(Conflict, match="changed this on"):
        services.submit(obligation.pk, by=as_ra, submitted_on=today(), evidence="notice", version=1)


def test_a_move_takes_few_queries(opened: Opener, as_ra: User, django_assert_max_num_queries: Any) -> None:
    obligation = opened()
    with django_assert_max_num_queries(30):
        services.submit(obligation.pk, by=as_ra, submitted_on=today(), evidence="notice")
    assert connection.in_atomic_block


@pytest.mark.parametrize(
    ("old", "new"), [(State.OPEN, State.SUBMITTED), (State.SUBMITTED, State.FULFILLED), (State.OPEN, State.WAIVED)]
)
def test_long_evidence_fits_with_its_day_or_is_refused_in_words(as_ra: User, old: State, new: State) -> None:
    obligation = in_state(old)
    with pytest.raises(DomainError, match="at most 280 characters") as refused:
        move_to(new, obligation.pk, as_ra, evidence="x" * 281)
    assert refused.value.field == "evidence"
    assert move_to(new, obligation.pk, as_ra, evidence="x" * 280).state == new
    assert ObligationChange.objects.get(obligation=obligation, new=new).evidence == f"{'x' * 280} ({today()})"


def test_a_long_document_is_refused_in_words(as_ra: User) -> None:
    with pytest.raises(DomainError, match="at most 280 characters"):
        move_to(State.OPEN, in_state(State.FAILED).pk, as_ra, document="x" * 281)
