"""Moving dates: original, due and forecast are kept apart; reason and evidence are asked for; conflicts are named."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.utils import translation

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.audit.models import Event
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.deadlines.models import Deadline
from pv.obligations import services
from pv.obligations.models import Obligation, ObligationChange
from tests.obligations.conftest import DUE, Opener
from tests.support.factories import ObligationFactory, RuleFactory, StudyFactory
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
LATER = DUE + timedelta(days=365)


def test_the_original_date_stays(opened: Opener, as_ra: User) -> None:
    obligation = services.change_due(
        opened().pk, by=as_ra, due_on=LATER, reason="extension granted", evidence="CDE letter 2029-12"
    )
    clock = Deadline.objects.get(subject=obligation.pk)
    assert (obligation.original_due_on, obligation.due_on, obligation.version) == (DUE, LATER, 2)
    assert (clock.original_due_on, clock.due_on, clock.round, clock.basis) == (DUE, LATER, 2, "legal")
    change = ObligationChange.objects.filter(obligation=obligation).latest("id")
    assert (change.what, change.old, change.new) == ("due", "2030-06-30", "2031-06-30")
    assert (change.by, change.reason, change.evidence) == (as_ra, "extension granted", "CDE letter 2029-12")


def test_the_history_knows_the_reason(opened: Opener, as_ra: User) -> None:
    obligation = services.change_due(opened().pk, by=as_ra, due_on=LATER, reason="extension granted", evidence="letter")
    event = Event.objects.filter(row_id=obligation.pk, action="U").latest("id")
    assert (event.reason, event.old["due_on"], event.actor) == ("extension granted", "2030-06-30", as_ra.pk)


def test_a_computed_date_that_was_moved_says_both(opened: Opener, as_ra: User) -> None:
    obligation = opened(due_on=None, rule=RuleFactory().code, counted_from=date(2027, 1, 1))
    services.change_due(obligation.pk, by=as_ra, due_on=LATER, reason="r", evidence="e")
    obligation = services.change_due(obligation.pk, by=as_ra, due_on=DUE, reason="r", evidence="e")
    assert obligation.working == "2027-01-01 + 4 years → 2030-06-30"
    assert (obligation.basis, obligation.due_source) == ("legal", "rule")


def test_the_basis_follows_a_new_source(opened: Opener, as_ra: User) -> None:
    obligation = services.change_due(
        opened(due_source="agreed").pk, by=as_ra, due_on=LATER, reason="r", evidence="e", due_source="certificate"
    )
    assert (obligation.basis, Deadline.objects.get(subject=obligation.pk).basis) == ("legal", "legal")


@pytest.mark.parametrize("missing", ["reason", "evidence"])
def test_reason_and_evidence_are_asked_for(opened: Opener, as_ra: User, missing: str) -> None:
    given = {"reason": "why", "evidence": "letter"} | {missing: " "}
    with pytest.raises(DomainError) as refused:
        services.change_due(opened().pk, by=as_ra, due_on=LATER, **given)
    assert refused.value.field == missing


def test_the_same_date_is_no_change(opened: Opener, as_ra: User) -> None:
    with pytest.raises(DomainError, match="already") as refused:
        services.change_due(opened().pk, by=as_ra, due_on=DUE, reason="r", evidence="e")
    assert refused.value.field == "due_on"


def test_a_forecast_moves_no_clock(opened: Opener, as_ra: User) -> None:
    obligation = services.change_forecast(opened().pk, by=as_ra, forecast_on=LATER, reason="enrolment slow")
    clock = Deadline.objects.get(subject=obligation.pk)
    assert (obligation.due_on, obligation.forecast_on) == (DUE, LATER)
    assert (clock.due_on, clock.forecast_on, clock.round) == (DUE, LATER, 1)
    taken_back = services.change_forecast(obligation.pk, by=as_ra, forecast_on=None)
    assert taken_back.forecast_on is None
    with pytest.raises(DomainError, match="forecast already"):
        services.change_forecast(obligation.pk, by=as_ra, forecast_on=None)


def test_a_new_owner_has_the_clock(opened: Opener, as_ra: User, pv_head: User) -> None:
    obligation = services.reassign(opened().pk, by=as_ra, owner=pv_head, reason="holiday")
    assert Deadline.objects.get(subject=obligation.pk).assignee == pv_head
    with pytest.raises(DomainError, match="owns it already"):
        services.reassign(obligation.pk, by=as_ra, owner=pv_head)


def test_a_stranger_cannot_own(opened: Opener, as_ra: User, holder_b: UUID) -> None:
    with pytest.raises(DomainError, match="does not work for"):
        services.reassign(opened().pk, by=as_ra, owner=make_user(Role.PV_HEAD, organisation=holder_b))


def test_two_people_saving_one_obligation_meet_a_conflict_that_names_the_first(
    opened: Opener, ra: User, pv_head: User, holder_a: UUID
) -> None:
    obligation = opened()
    with acting_as(pv_head, organisation=holder_a):
        services.change_due(obligation.pk, by=pv_head, due_on=LATER, reason="r", evidence="e", version=1)
    with acting_as(ra, organisation=holder_a):
        with pytest.raises(Conflict) as refused:
            services.change_due(
                obligation.pk, by=ra, due_on=DUE + timedelta(days=1), reason="r", evidence="e", version=1
            )
        assert pv_head.name in refused.value.message
        assert "changed this on 2" in refused.value.message
        assert Obligation.objects.get(pk=obligation.pk).due_on == LATER


def test_a_double_click_is_answered_as_done(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    for _ in range(2):
        services.change_due(obligation.pk, by=as_ra, due_on=LATER, reason="r", evidence="e", version=1)
    for _ in range(2):
        services.change_forecast(obligation.pk, by=as_ra, forecast_on=LATER, version=2)
    assert ObligationChange.objects.filter(obligation=obligation).count() == 3


def test_a_repeated_older_change_is_a_conflict(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    services.change_due(obligation.pk, by=as_ra, due_on=LATER, reason="r", evidence="e", version=1)
    services.change_forecast(obligation.pk, by=as_ra, forecast_on=LATER, version=2)
    with pytest.raises(Conflict):
        services.change_due(obligation.pk, by=as_ra, due_on=LATER, reason="r", evidence="e", version=1)


def test_a_conflict_speaks_the_readers_language(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    services.change_forecast(obligation.pk, by=as_ra, forecast_on=LATER)
    with translation.override("zh-hans"), pytest.raises(Conflict) as refused:
        services.change_due(obligation.pk, by=as_ra, due_on=LATER, reason="r", evidence="e", version=1)
    with translation.override("en"):
        assert "Look at it again before you save." in refused.value.message


def test_dates_of_a_finished_obligation_do_not_move(as_ra: User) -> None:
    obligation = ObligationFactory(submitted=True)
    for attempt in (
        lambda: services.change_due(obligation.pk, by=as_ra, due_on=LATER, reason="r", evidence="e"),
        lambda: services.change_forecast(obligation.pk, by=as_ra, forecast_on=LATER),
    ):
        with pytest.raises(Conflict, match="its dates no longer move"):
            attempt()


def test_an_officer_forecasts_but_does_not_move_the_due_date(opened: Opener, holder_a: UUID) -> None:
    officer, obligation = make_user(Role.PV_OFFICER), opened()
    with acting_as(officer, organisation=holder_a):
        services.change_forecast(obligation.pk, by=officer, forecast_on=LATER)
        with pytest.raises(NotAllowed):
            services.change_due(obligation.pk, by=officer, due_on=LATER, reason="r", evidence="e")


def test_another_holders_obligation_does_not_exist(as_ra: User, holder_b: UUID) -> None:
    theirs = ObligationFactory(organisation_id=holder_b)
    with pytest.raises(NotFound):
        services.change_due(theirs.pk, by=as_ra, due_on=LATER, reason="r", evidence="e")


YEARS_MISTYPED = [date(1, 1, 1), date(9999, 12, 28)]


def refused_date(write: Callable[[], object], field: str) -> None:
    with pytest.raises(DomainError, match="Is the year right") as refused:
        write()
    assert (refused.value.code, refused.value.field) == ("date_out_of_range", field)


@pytest.mark.parametrize("mistyped", YEARS_MISTYPED)
def test_a_mistyped_year_is_refused_beside_its_field(
    opened: Opener, as_ra: User, pv_head: User, holder_a: UUID, mistyped: date
) -> None:
    pk = opened().pk
    refused_date(lambda: services.change_due(pk, by=as_ra, due_on=mistyped, reason="r", evidence="e"), "due_on")
    refused_date(lambda: services.change_forecast(pk, by=as_ra, forecast_on=mistyped), "forecast_on")
    refused_date(lambda: opened(code="PMR-2", due_on=mistyped), "due_on")
    refused_date(lambda: opened(code="PMR-2", forecast_on=mistyped), "forecast_on")
    rule = RuleFactory().code
    refused_date(lambda: opened(code="PMR-2", due_on=None, rule=rule, counted_from=mistyped), "counted_from")
    refused_date(lambda: services.submit(pk, by=as_ra, submitted_on=date(1, 1, 1), evidence="Notice 7"), "submitted_on")
    refused_date(lambda: services.fail(pk, by=as_ra, decided_on=date(1, 1, 1), reason="r"), "decided_on")


@pytest.mark.parametrize("mistyped", YEARS_MISTYPED)
def test_a_mistyped_year_of_a_milestone_is_refused(as_ra: User, holder_a: UUID, mistyped: date) -> None:
    plan = {"by": as_ra, "organisation": holder_a, "study_id": StudyFactory().pk, "kind": "study_complete"}
    day = date(2029, 1, 1)
    refused_date(lambda: services.plan_milestone(**plan, planned_on=mistyped, owner=as_ra), "planned_on")
    refused_date(
        lambda: services.plan_milestone(**plan, planned_on=day, forecast_on=mistyped, owner=as_ra), "forecast_on"
    )
    pk = services.plan_milestone(**plan, planned_on=day, owner=as_ra).pk
    refused_date(lambda: services.move_milestone(pk, by=as_ra, due_on=mistyped, reason="r"), "due_on")
    refused_date(lambda: services.forecast_milestone(pk, by=as_ra, forecast_on=mistyped), "forecast_on")
    refused_date(lambda: services.reach_milestone(pk, by=as_ra, reached_on=mistyped), "reached_on")
