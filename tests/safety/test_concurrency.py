"""Two people, or one double click, at the very same moment: one acts, the other learns who did; nothing opens twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import Conflict
from pv.core.ids import uuid7
from pv.deadlines.models import Deadline
from pv.followup.services import record_visits
from pv.notices.models import Acknowledgement, Notice
from pv.safety import services
from pv.safety.models import Case, InboxItem, SafetyMove
from pv.safety.services import Reported
from tests.obligations.test_concurrency import at_once
from tests.safety.conftest import acting
from tests.safety.test_numbering import report
from tests.safety.test_visits import MALIGNANT, new_record
from tests.support.database import Urls
from tests.support.factories import TreatmentFactory
from tests.support.people import HOLDER_A, PASSWORD, make_user, setting_up

pytestmark = pytest.mark.usefixtures("committing")


@pytest.fixture
def people(committing: Urls) -> list[User]:
    return [make_user(Role.MEDICAL_REVIEWER, email=f"reviewer{n}@a.example") for n in range(2)]


@pytest.fixture
def opened(people: list[User]) -> Reported:
    return report(make_user(Role.PV_OFFICER), TreatmentFactory().patient_id, status="suspected")


def as_person(person: User, act: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        with acting(person):
            act()

    return run


def triages(item: UUID) -> list[tuple[str, str]]:
    with setting_up():
        found = SafetyMove.objects.filter(subject=item, what="triaged").select_related("by")
        return [(one.new, one.by.email) for one in found]


@pytest.mark.parametrize("first", [0, 1], ids=["one then the other", "the other way round"])
def test_who_triages_second_meets_a_conflict_in_either_order(people: list[User], opened: Reported, first: int) -> None:
    """One after the other, both having seen the same version."""
    acts = [
        lambda: services.triage(by=people[0], item_id=opened.item.pk, outcome="case", version=1),
        lambda: services.stand_down(
            by=people[1], password=PASSWORD, item_id=opened.item.pk, reason="hyperplasia", version=1
        ),
    ]
    with acting(people[first]):
        acts[first]()
    with acting(people[1 - first]), pytest.raises(Conflict, match=people[first].name):
        acts[1 - first]()
    assert [who for _, who in triages(opened.item.pk)] == [people[first].email]


def test_of_two_triaging_at_once_one_does(people: list[User], opened: Reported) -> None:
    def triage(who: User, outcome: str) -> Callable[[], None]:
        return as_person(
            who,
            lambda: services.triage(
                by=who, item_id=opened.item.pk, outcome=outcome, reason="looked at it", password=PASSWORD
            ),
        )

    assert at_once([triage(people[0], "case"), triage(people[1], "not_valid")]) == ["done", "triaged"]
    assert len(triages(opened.item.pk)) == 1
    with setting_up():
        item = InboxItem.objects.get(pk=opened.item.pk)
        running = Deadline.objects.filter(closed_at=None, kind__in=["triage", "acknowledge"])
        assert not running.exists()
        assert Deadline.objects.filter(closed_at=None, kind="icsr").count() == (item.state == "case")


def test_of_two_taking_at_once_one_has_it(people: list[User], opened: Reported) -> None:
    acts = [as_person(who, lambda who=who: services.take(by=who, item_id=opened.item.pk)) for who in people]  # type: ignore[misc]
    assert at_once(acts) == ["done", "taken"]
    with setting_up():
        answer = Acknowledgement.objects.get()
        assert Deadline.objects.get(kind="triage").assignee_id == answer.by_id


def test_a_form_sent_twice_at_the_same_moment_is_one_report(people: list[User]) -> None:
    officer, patient, submission = make_user(Role.PV_OFFICER), TreatmentFactory().patient_id, uuid7()
    acts = [lambda: report(officer, patient, submission=submission)] * 3
    assert at_once(acts) == ["done", "done", "done"]  # type: ignore[arg-type]  # their answers are not looked at
    with setting_up():
        assert (InboxItem.objects.count(), Case.objects.count()) == (1, 1)
        assert Notice.objects.filter(deadline__kind="acknowledge").count() == 1
        assert Deadline.objects.filter(kind="icsr").count() == 1


def test_a_visit_sent_twice_at_the_same_moment_escalates_once(people: list[User]) -> None:
    recorder, treatment = make_user(Role.RECORDER), TreatmentFactory()
    record = new_record(treatment, **MALIGNANT)
    assert at_once([as_person(recorder, lambda: record_visits([record], by=recorder))] * 2) == ["done", "done"]
    with setting_up():
        assert (InboxItem.objects.count(), Case.objects.count()) == (1, 1)


def test_confirming_and_standing_down_at_once_leaves_one_of_them(people: list[User], opened: Reported) -> None:
    acts = [
        as_person(
            people[0],
            lambda: services.confirm_suspicion(
                by=people[0], item_id=opened.item.pk, diagnosis="T-cell lymphoma", lineage="t_cell"
            ),
        ),
        as_person(
            people[1],
            lambda: services.stand_down(by=people[1], password=PASSWORD, item_id=opened.item.pk, reason="hyperplasia"),
        ),
    ]
    said = at_once(acts)
    assert said.count("done") == 1
    with setting_up():
        item = InboxItem.objects.get(pk=opened.item.pk)
        assert (item.state, Case.objects.count()) in [("case", 1), ("stood_down", 0)]


def test_two_items_merged_into_each_other_at_once_do_not_both_vanish(people: list[User]) -> None:
    officer, patient = make_user(Role.PV_OFFICER), TreatmentFactory().patient_id
    one, two = (report(officer, patient, aware_on=clock.today() - timedelta(days=n)).item for n in range(2))

    def merge(who: User, item: InboxItem, other: InboxItem) -> Callable[[], None]:
        return as_person(
            who,
            lambda: services.triage(
                by=who, item_id=item.pk, outcome="duplicate", duplicate_of_id=other.pk, reason="the same"
            ),
        )

    said = at_once([merge(people[0], one, two), merge(people[1], two, one)])
    assert said == ["done", "ended"]
    with setting_up():
        assert InboxItem.objects.filter(organisation_id=HOLDER_A, state="duplicate").count() == 1
        assert Deadline.objects.filter(kind="icsr", closed_at=None).count() == 1
