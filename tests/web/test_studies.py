"""A study's page: its enrolment, and its milestones planned, moved, forecast and reached."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import acting_as
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.models import Deadline
from pv.obligations import services
from pv.obligations.models import Milestone
from pv.products.models import Study
from pv.products.services import update_enrolment
from tests.support import api
from tests.support.factories import MilestoneFactory, StudyFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up
from tests.support.portal import World, flat
from tests.web.conftest import SignIn

ACTS = ("move", "forecast", "reach")


def given(act: str) -> dict[str, Any]:
    today = clock.today()
    return {
        "move": {"due_on": (today + timedelta(days=200)).isoformat(), "reason": "Two sites less."},
        "forecast": {"forecast_on": (today + timedelta(days=150)).isoformat()},
        "reach": {"reached_on": today.isoformat()},
    }[act] | {"version": 1}


def address(world: World, act: str = "") -> str:
    return f"/obligations/milestones/{world.milestone.pk}/" + (f"{act}/" if act else "")


def study_page(world: World, more: str = "") -> str:
    return f"/studies/{world.milestone.study_id}/{more}"


def now(world: World) -> Milestone:
    with setting_up():
        return Milestone.objects.for_organisations([HOLDER_A]).get(pk=world.milestone.pk)


def study(world: World) -> Study:
    with setting_up():
        return Study.objects.for_organisations([HOLDER_A]).get(pk=world.milestone.study_id)


def plan(world: World) -> dict[str, Any]:
    planned = (clock.today() + timedelta(days=300)).isoformat()
    return {"kind": "study_complete", "planned_on": planned, "forecast_on": "", "owner": str(world.ra.pk)}


def test_the_study_and_its_milestone_are_one_page(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    for where in (study_page(world), address(world)):
        page = client.get(where).content.decode()
        assert "Milestones of the study" in page
        assert "PMR-1" in page
        assert "38 of 90 patients enrolled" in page
        for act in ACTS:
            assert f'href="{address(world, act)}"' in page
    assert f'href="{address(world, "move")}"' in client.get(f"/obligations/{world.late.pk}/").content.decode()


@pytest.mark.parametrize("act", ACTS)
def test_a_milestone_is_changed_and_its_clock_follows(sign_in: SignIn, world: World, act: str) -> None:
    clock_before = world.clock_of(world.milestone)
    answer = sign_in(world.ra).post(address(world, act), given(act), follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(study_page(world), 302)]
    assert "last patient enrolled" in page
    row = now(world)
    assert (row.version, row.planned_on) == (2, world.milestone.planned_on)
    with setting_up():
        after = Deadline.objects.for_organisations([HOLDER_A]).get(pk=clock_before.pk)
    assert (after.due_on, after.forecast_on, after.closed_at is None) == (row.due_on, row.forecast_on, act != "reach")


@pytest.mark.parametrize("act", ACTS)
def test_a_double_click_changes_it_once(sign_in: SignIn, world: World, act: str) -> None:
    client = sign_in(world.ra)
    assert [client.post(address(world, act), given(act)).status_code for _ in range(2)] == [302, 302]
    assert now(world).version == 2


@pytest.mark.parametrize(
    ("act", "wrong"),
    [("move", {"reason": ""}), ("forecast", {"forecast_on": "2026-02-30"}), ("reach", {"reached_on": "2199-01-01"})],
)
def test_a_refused_form_keeps_what_was_typed(sign_in: SignIn, world: World, act: str, wrong: dict[str, str]) -> None:
    answer = sign_in(world.ra).post(address(world, act), given(act) | wrong)
    page = answer.content.decode()
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, set(wrong))
    for name, value in (given(act) | wrong).items():
        assert not value or f'"{value}"' in page or f">\n{value}<" in page, name
    assert now(world).version == 1


def test_two_people_on_one_milestone_meet_a_clear_conflict(sign_in: SignIn, world: World) -> None:
    with acting_as(world.head, organisation=HOLDER_A):
        services.move_milestone(
            world.milestone.pk, by=world.head, due_on=clock.today() + timedelta(days=120), reason="Slower"
        )
    client = sign_in(world.ra)
    answer = client.post(address(world, "move"), given("move"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert (clock.today() + timedelta(days=120)).isoformat() in page
    assert "Two sites less." in page
    assert 'name="version" value="2"' in page
    assert client.post(address(world, "move"), given("move") | {"version": 2}).status_code == 302


def test_what_was_reached_moves_no_more(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    client.post(address(world, "reach"), given("reach"))
    page = client.get(study_page(world)).content.decode()
    for act in ACTS:
        assert f'href="{address(world, act)}"' not in page
        assert client.get(address(world, act)).status_code == 409
    assert client.post(address(world, "move"), given("move") | {"version": 2}).status_code == 409


def test_a_step_is_planned_and_its_clock_starts(sign_in: SignIn, world: World) -> None:
    client, where = sign_in(world.ra), study_page(world, "milestones/new/")
    offered = [key for key, _label in client.get(where).context["form"].fields["kind"].choices]
    assert "last_patient_in" not in offered
    answer = client.post(where, plan(world), follow=True)
    assert "study complete is planned for" in answer.content.decode()
    with setting_up():
        row = Milestone.objects.for_organisations([HOLDER_A]).get(kind="study_complete")
        assert Deadline.objects.for_organisations([HOLDER_A]).filter(subject=row.pk, closed_at=None).count() == 1


def test_a_double_click_plans_once_and_another_day_is_refused(sign_in: SignIn, world: World) -> None:
    client, where = sign_in(world.ra), study_page(world, "milestones/new/")
    assert [client.post(where, plan(world)).status_code for _ in range(2)] == [302, 302]
    answer = client.post(where, plan(world) | {"planned_on": "2031-01-01"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["kind"])
    assert "2031-01-01" in answer.content.decode()
    assert client.post(where, plan(world) | {"planned_on": "1950-01-01", "kind": "report_filed"}).status_code == 422


def test_when_every_step_is_planned_there_is_nothing_to_plan(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    assert "milestones/new/" in client.get(study_page(world)).content.decode()
    for kind in set(Milestone.Kind.values) - {"last_patient_in"}:
        MilestoneFactory(study=study(world), kind=kind, owner=world.ra)
    assert "milestones/new/" not in client.get(study_page(world)).content.decode()


ENROLLED = {"version": "1", "enrolled_patients": "45", "planned_patients": "90"}


def test_the_enrolment_is_one_number_and_the_result_stands_on_the_same_page(sign_in: SignIn, world: World) -> None:
    answer = sign_in(world.ra).post(study_page(world, "enrolment/"), ENROLLED, follow=True)
    assert answer.redirect_chain == [(study_page(world), 302)]
    assert "45 of 90 patients enrolled" in answer.content.decode()
    assert (study(world).enrolled_patients, study(world).version) == (45, 2)


def test_a_double_click_enrols_once(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    assert [client.post(study_page(world, "enrolment/"), ENROLLED).status_code for _ in range(2)] == [302, 302]
    assert study(world).version == 2


def test_an_impossible_number_stays_in_its_field(sign_in: SignIn, world: World) -> None:
    for typed in ("-1", "many", "1000001", ""):
        given = ENROLLED | {"enrolled_patients": typed}
        answer = sign_in(world.ra).post(study_page(world, "enrolment/"), given)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["enrolled_patients"])
        assert not typed or f'value="{typed}"' in answer.content.decode()
    assert study(world).version == 1


def test_two_people_who_count_meet_a_clear_conflict(sign_in: SignIn, world: World) -> None:
    with acting_as(world.head, organisation=HOLDER_A):
        update_enrolment(world.milestone.study_id, by=world.head, enrolled_patients=44)
    client = sign_in(world.ra)
    answer = client.post(study_page(world, "enrolment/"), ENROLLED)
    page = flat(answer.content)
    assert answer.status_code == 409
    assert world.head.name in page
    assert 'value="45"' in page
    assert "44 of 90 patients enrolled" in page
    assert client.post(study_page(world, "enrolment/"), ENROLLED | {"version": "2"}).status_code == 302


def test_who_only_reads_gets_no_button_and_no_form(sign_in: SignIn, world: World) -> None:
    client = sign_in(make_user(Role.INSPECTOR))
    page = client.get(study_page(world)).content.decode()
    for more in ("move/", "forecast/", "reach/", "milestones/new/", "enrolment/"):
        assert more not in page
    for act in ACTS:
        assert client.get(address(world, act)).status_code == 403
        assert client.post(address(world, act), given(act)).status_code == 403
    assert client.get(study_page(world, "milestones/new/")).status_code == 403
    assert client.post(study_page(world, "milestones/new/"), plan(world)).status_code == 403
    assert client.post(study_page(world, "enrolment/"), ENROLLED).status_code == 403
    officer = sign_in(world.officer).get(study_page(world)).content.decode()
    assert "milestones/new/" in officer
    assert "enrolment/" not in officer


def test_another_holders_study_is_not_there(sign_in: SignIn, world: World) -> None:
    client = sign_in(world.ra)
    theirs, step = StudyFactory(organisation_id=HOLDER_B).pk, api.milestone(HOLDER_B).pk
    for where in (f"/studies/{theirs}/", f"/studies/{theirs}/milestones/new/"):
        assert client.get(where).status_code == 404
    assert client.post(f"/studies/{theirs}/milestones/new/", plan(world)).status_code == 404
    assert client.post(f"/studies/{theirs}/enrolment/", ENROLLED).status_code == 404
    assert client.get(f"/obligations/milestones/{step}/").status_code == 404
    for act in ACTS:
        assert client.get(f"/obligations/milestones/{step}/{act}/").status_code == 404
        assert client.post(f"/obligations/milestones/{step}/{act}/", given(act)).status_code == 404


def test_a_study_without_milestones_says_so(sign_in: SignIn, world: World) -> None:
    page = sign_in(world.ra).get(f"/studies/{StudyFactory().pk}/").content.decode()
    assert "No milestone is planned yet." in page
    assert "No obligation names this study." in page


def test_queries_do_not_grow_with_the_milestones(sign_in: SignIn, world: World) -> None:
    client, figures = sign_in(world.ra), []
    for kind in ("first_consent", "half_enrolled", "study_complete"):
        client.post(study_page(world, "milestones/new/"), plan(world) | {"kind": kind})
        with CaptureQueriesContext(connection) as queries:
            client.get(study_page(world))
        figures.append(len(queries))
    assert figures[0] == figures[2]
    assert figures[0] <= 22
