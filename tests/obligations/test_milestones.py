"""Milestones: planned, moved, forecast, reached; each with its clock."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock as time
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.deadlines.kinds import path_of, title_of
from pv.deadlines.models import Deadline
from pv.obligations import services
from pv.obligations.clocks import MILESTONE_NAMES
from pv.obligations.models import Milestone
from tests.support.factories import MilestoneFactory, StudyFactory, StudyProductFactory
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
PLANNED = date(2028, 3, 1)


def plan(by: User, organisation: UUID, **changes: object) -> Milestone:
    wanted: dict[str, object] = {
        "study_id": changes.get("study_id") or StudyFactory(protocol="CONF-7", organisation_id=organisation).pk,
        "kind": "last_patient_in",
        "planned_on": PLANNED,
        "owner": by,
    } | changes
    return services.plan_milestone(by=by, organisation=organisation, **wanted)


def test_a_milestone_has_an_internal_clock(as_ra: User, holder_a: UUID) -> None:
    milestone = plan(as_ra, holder_a)
    clock = Deadline.objects.get(subject=milestone.pk)
    assert (clock.kind, clock.basis, clock.due_on, clock.assignee) == ("milestone", "internal", PLANNED, as_ra)
    assert clock.ladder.code == "milestone"
    assert title_of(clock) == "CONF-7: last patient enrolled"
    assert str(milestone.pk) in path_of(clock)


def test_every_kind_has_its_words_in_both_languages() -> None:
    assert set(MILESTONE_NAMES) == set(Milestone.Kind)


def test_the_product_is_named_where_the_study_has_one(as_ra: User, holder_a: UUID) -> None:
    about = StudyProductFactory()
    milestone = plan(as_ra, holder_a, study_id=about.study_id)
    assert Deadline.objects.get(subject=milestone.pk).product_id == about.product_id
    StudyProductFactory(study=about.study)
    other = plan(as_ra, holder_a, study_id=about.study_id, kind="study_complete")
    assert Deadline.objects.get(subject=other.pk).product_id is None


def test_moving_keeps_the_first_plan(as_ra: User, holder_a: UUID) -> None:
    later = PLANNED + timedelta(days=60)
    milestone = services.move_milestone(plan(as_ra, holder_a).pk, by=as_ra, due_on=later, reason="enrolment", version=1)
    clock = Deadline.objects.get(subject=milestone.pk)
    assert (milestone.planned_on, milestone.due_on, milestone.version) == (PLANNED, later, 2)
    assert (clock.original_due_on, clock.due_on, clock.round) == (PLANNED, later, 2)
    with pytest.raises(DomainError, match="already"):
        services.move_milestone(milestone.pk, by=as_ra, due_on=later, reason="again")
    with pytest.raises(Conflict, match="changed this on"):
        services.move_milestone(milestone.pk, by=as_ra, due_on=PLANNED, reason="back", version=1)


def test_a_forecast_moves_no_clock(as_ra: User, holder_a: UUID) -> None:
    later = PLANNED + timedelta(days=60)
    milestone = services.forecast_milestone(plan(as_ra, holder_a).pk, by=as_ra, forecast_on=later)
    clock = Deadline.objects.get(subject=milestone.pk)
    assert (clock.due_on, clock.forecast_on, clock.round) == (PLANNED, later, 1)


def test_reaching_meets_the_clock_once(as_ra: User, holder_a: UUID) -> None:
    milestone = services.reach_milestone(plan(as_ra, holder_a).pk, by=as_ra, reached_on=time.today())
    assert Deadline.objects.get(subject=milestone.pk).outcome == "met"
    with pytest.raises(Conflict, match="reached on"):
        services.reach_milestone(milestone.pk, by=as_ra, reached_on=time.today())


def test_the_future_is_not_reached_yet(as_ra: User, holder_a: UUID) -> None:
    with pytest.raises(DomainError, match="future") as refused:
        services.reach_milestone(plan(as_ra, holder_a).pk, by=as_ra, reached_on=time.today() + timedelta(days=1))
    assert refused.value.field == "reached_on"


def test_a_study_has_each_milestone_once(as_ra: User, holder_a: UUID) -> None:
    milestone = plan(as_ra, holder_a)
    with pytest.raises(DomainError, match="already") as refused:
        plan(as_ra, holder_a, study_id=milestone.study_id)
    assert refused.value.field == "kind"
    with pytest.raises(DomainError, match="not one of the choices"):
        plan(as_ra, holder_a, study_id=milestone.study_id, kind="party")


def test_only_people_of_the_duties_plan(holder_a: UUID) -> None:
    recorder = make_user(Role.RECORDER)
    milestone = MilestoneFactory()
    with acting_as(recorder, organisation=holder_a):
        with pytest.raises(NotAllowed):
            plan(recorder, holder_a)
        with pytest.raises(NotAllowed):
            services.reach_milestone(milestone.pk, by=recorder, reached_on=time.today())


def test_another_holders_milestone_does_not_exist(as_ra: User, holder_b: UUID) -> None:
    with pytest.raises(NotFound):
        services.reach_milestone(MilestoneFactory(organisation_id=holder_b).pk, by=as_ra, reached_on=time.today())
