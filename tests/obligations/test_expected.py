"""check_deadlines knows what ought to be open here, and can set it right."""

from datetime import timedelta
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.core import clock as time
from pv.deadlines import expectations
from pv.deadlines import services as deadlines
from pv.deadlines.models import Deadline
from pv.obligations import services
from pv.obligations.models import Obligation
from tests.obligations.conftest import DUE, Opener
from tests.support.factories import DeadlineFactory, MilestoneFactory, ObligationFactory, RuleFactory

pytestmark = pytest.mark.django_db


def found(organisation: UUID) -> list[tuple[str, str]]:
    return sorted((one.kind, one.what) for one in expectations.differences(organisation))


def repair(organisation: UUID) -> None:
    with acting_as(SYSTEM, organisation=organisation, job="check_deadlines"):
        for difference in expectations.differences(organisation):
            expectations.repair(organisation, difference)


def test_services_leave_nothing_to_say(opened: Opener, as_ra: User, holder_a: UUID) -> None:
    obligation = opened()
    opened(code="PMR-2", due_on=None, rule=RuleFactory().code, counted_from=DUE)
    milestone = MilestoneFactory(reached_on=time.today())
    services.plan_milestone(
        by=as_ra, organisation=holder_a, study_id=milestone.study_id, kind="study_complete", planned_on=DUE, owner=as_ra
    )
    services.submit(obligation.pk, by=as_ra, submitted_on=time.today(), evidence="notice")
    assert found(holder_a) == []


def test_a_promise_without_a_clock_is_missing_one(as_ra: User, holder_a: UUID) -> None:
    ObligationFactory()
    ObligationFactory(fulfilled=True)
    MilestoneFactory()
    assert found(holder_a) == [("milestone", "missing"), ("obligation", "missing")]
    repair(holder_a)
    assert found(holder_a) == []
    assert Deadline.objects.filter(closed_at=None).count() == 2


def test_a_clock_on_another_day_is_moved(opened: Opener, as_ra: User, holder_a: UUID) -> None:
    obligation = opened()
    milestone = services.plan_milestone(
        by=as_ra, organisation=holder_a, study_id=MilestoneFactory(reached_on=DUE).study_id, kind="study_complete",
        planned_on=DUE, owner=as_ra,
    )  # fmt: skip
    for clock in Deadline.objects.filter(closed_at=None):
        deadlines.move_deadline(clock.pk, due_on=DUE + timedelta(days=9))
    assert found(holder_a) == [("milestone", "another day"), ("obligation", "another day")]
    repair(holder_a)
    assert found(holder_a) == []
    due = {clock.subject: clock.due_on for clock in Deadline.objects.filter(closed_at=None)}
    assert due == {obligation.pk: DUE, milestone.pk: DUE}


def test_a_clock_whose_promise_is_kept_is_met_and_one_without_a_fact_cancelled(
    opened: Opener, as_ra: User, holder_a: UUID
) -> None:
    obligation = opened()
    Obligation.objects.filter(pk=obligation.pk).update(state="submitted", submitted_on=time.today())
    reached = MilestoneFactory(reached_on=time.today())
    DeadlineFactory(kind="milestone", subject=reached.pk)
    lost = DeadlineFactory(kind="milestone")
    assert found(holder_a) == [("milestone", "left over"), ("milestone", "left over"), ("obligation", "left over")]
    repair(holder_a)
    outcomes = {clock.subject: clock.outcome for clock in Deadline.objects.all()}
    assert outcomes == {obligation.pk: "met", reached.pk: "met", lost.subject: "cancelled"}


def test_a_clock_by_another_rule_is_replaced(opened: Opener, as_ra: User, holder_a: UUID) -> None:
    obligation = opened()
    Obligation.objects.filter(pk=obligation.pk).update(rule=RuleFactory())
    assert found(holder_a) == [("obligation", "left over"), ("obligation", "missing")]
    repair(holder_a)
    assert found(holder_a) == []
