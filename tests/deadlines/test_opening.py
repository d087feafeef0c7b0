"""Opening many clocks at once leaves exactly what opening them one by one does, in a few queries."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import SYSTEM
from pv.core import clock
from pv.core.errors import DomainError, MissingRule, NotAllowed
from pv.deadlines import services
from pv.deadlines.models import Alarm, Basis, Deadline
from pv.deadlines.opening import Wanted, open_deadlines
from tests.support.clocks import ALARM, KIND, make_ladder
from tests.support.factories import RuleFactory
from tests.support.people import HOLDER_A, HOLDER_B, setting_up

pytestmark = pytest.mark.django_db
DAY = date(2031, 5, 2)


@pytest.fixture(autouse=True)
def _ladder() -> None:
    make_ladder()


def wanted(**changes: Any) -> Wanted:
    given = {"kind": KIND, "subject": uuid4(), "basis": Basis.LEGAL, "args": {"name_en": "one", "name_zh": "甲"}}
    return Wanted(**({"due_on": DAY} | given | changes))


def open_all(*clocks: Wanted) -> list[Deadline]:
    with setting_up():
        return open_deadlines(HOLDER_A, list(clocks))


def as_stored(deadline: Deadline) -> tuple[dict[str, Any], dict[str, Any]]:
    """Deadline and alarm, without what differs between any two."""
    with as_clock():
        row = Deadline.objects.filter(pk=deadline.pk).values().get()
        alarm = Alarm.objects.filter(deadline_id=deadline.pk).values().get()
    for own in ("id", "subject", "created_at", "deadline_id"):
        row.pop(own, None), alarm.pop(own, None)
    return row, alarm


@pytest.mark.parametrize(
    "when",
    [
        {"due_on": DAY},
        {"due_on": date(2020, 1, 1)},
        {"due_at": datetime(2031, 5, 2, 17, 30, tzinfo=UTC), "due_on": None},
        {"due_at": datetime(2020, 1, 1, tzinfo=UTC), "due_on": None},
        {"due_on": DAY, "original_due_on": date(2030, 5, 2), "zone": "Europe/Berlin"},
        {"due_on": DAY, "working": "2026-05-02 + 5 years", "unconfirmed": True, "patient_id": UUID(int=7)},
    ],
)
def test_it_leaves_what_opening_one_by_one_leaves(when: dict[str, Any]) -> None:
    (many,) = open_all(wanted(**when))
    with setting_up():
        single = services.open_deadline(
            organisation=HOLDER_A, kind=KIND, subject=uuid4(), basis=Basis.LEGAL,
            args={"name_en": "one", "name_zh": "甲"}, **when,
        )  # fmt: skip
    assert as_stored(many) == as_stored(single)


def test_one_that_runs_already_is_left_alone() -> None:
    subject, rule = uuid4(), RuleFactory()
    first = open_all(wanted(subject=subject), wanted(subject=subject, rule=rule), wanted(subject=subject, kind=ALARM))
    assert len(first) == 3
    assert open_all(wanted(subject=subject, due_on=DAY + timedelta(days=1)), wanted(subject=subject, rule=rule)) == []
    with setting_up():
        services.cancel_deadline(first[0].pk, reason="fell away")
    assert len(open_all(wanted(subject=subject), wanted(subject=subject, rule=rule))) == 1
    assert open_all() == []


def test_a_hundred_take_no_more_queries_than_two() -> None:
    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            open_all(*(wanted() for _ in range(count)))
        return len(seen)

    assert queries(100) == queries(2) <= 14


def test_each_kind_climbs_its_ladder_and_one_may_be_named() -> None:
    other = make_ladder([(1, "days", "before", "info", None, [(0, ["owner"])])], code="other")
    usual, named = open_all(wanted(), wanted(ladder="other"))
    assert (usual.ladder.code, named.ladder) == ("test", other)
    with pytest.raises(MissingRule):
        open_all(wanted(ladder="none"))


@pytest.mark.parametrize("when", [{"due_on": None}, {"due_on": date(9999, 1, 1)}, {"zone": "Mars/Olympus"}])
def test_a_date_that_nobody_can_mean_opens_nothing(when: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        open_all(wanted(), wanted(**when))
    with setting_up():
        assert not Deadline.objects.exists()


def test_nobody_opens_another_holders_clock() -> None:
    with acting_as(SYSTEM, organisation=HOLDER_A), pytest.raises(NotAllowed):
        open_deadlines(HOLDER_B, [wanted()])


def test_one_whose_warning_has_passed_rings_at_once() -> None:
    (late,) = open_all(wanted(due_on=clock.today() - timedelta(days=3)))
    with as_clock():
        alarm = Alarm.objects.get(deadline_id=late.pk)
    assert alarm.urgent
    assert alarm.next_alert_at <= clock.now()
