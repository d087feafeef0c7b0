"""Case numbers: without gaps, in order of arrival, whatever is rolled back, doubled or killed on the way."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from uuid import UUID

import pytest
from django.db import DatabaseError, connection

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.ids import uuid7
from pv.deadlines.models import Deadline
from pv.notices import chores
from pv.notices.models import JobRun
from pv.safety import numbering, services
from pv.safety.models import Case, Counter, InboxItem
from pv.safety.services import Reported
from tests.support.database import Urls
from tests.support.factories import CaseFactory, TreatmentFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

TOGETHER = 6


def numbers(organisation: UUID = HOLDER_A) -> list[str]:
    with setting_up():
        rows = Case.objects.for_organisations([organisation]).order_by("id")
        return list(rows.values_list("number", flat=True))


def report(by: User, patient: UUID, **changes: object) -> Reported:
    wanted = {
        "organisation": HOLDER_A, "patient_id": patient, "diagnosis": "T-cell lymphoma", "lineage": "t_cell",
        "status": "confirmed", "onset": None, "aware_on": clock.today(), "submission": uuid7(),
    } | changes  # fmt: skip
    with acting_as(by, organisation=HOLDER_A):
        return services.report_malignancy(by=by, **wanted)  # type: ignore[arg-type]  # a mapping of a test


def test_the_number_follows_right_after_the_commit_and_reaches_the_clocks(committing: Urls) -> None:
    officer, treatment = make_user(Role.PV_OFFICER), TreatmentFactory()
    opened = report(officer, treatment.patient_id)
    year = opened.case.year
    assert numbers() == [f"CN-{year}-0001"]
    with setting_up():
        assert Deadline.objects.get(subject=opened.case.pk).args["number"] == f"CN-{year}-0001"
        assert Deadline.objects.get(subject=opened.item.pk, kind="triage").args["number"] == opened.item.number


def test_concurrent_reports_get_numbers_without_gap_or_double(committing: Urls) -> None:
    officer = make_user(Role.PV_OFFICER)
    patients = [TreatmentFactory().patient_id for _ in range(TOGETHER)]
    gate = Barrier(TOGETHER)

    def one(patient: UUID) -> None:
        gate.wait()
        try:
            report(officer, patient)
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(one, patients))
    numbering.give_missing_numbers()
    year = clock.today().year
    assert sorted(numbers()) == [f"CN-{year}-{n:04}" for n in range(1, TOGETHER + 1)]


def test_a_report_that_is_rolled_back_takes_no_number(committing: Urls) -> None:
    officer, treatment = make_user(Role.PV_OFFICER), TreatmentFactory()

    def fails() -> None:
        with acting_as(officer, organisation=HOLDER_A):
            report(officer, treatment.patient_id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    opened = report(officer, treatment.patient_id)
    assert numbers() == [f"CN-{opened.case.year}-0001"]


def test_after_a_crash_between_commit_and_numbering_the_clocks_chore_gives_it(
    committing: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, treatment = make_user(Role.PV_OFFICER), TreatmentFactory()

    def dies(_: UUID) -> int:
        raise DatabaseError("the server went away")

    with monkeypatch.context() as patch:
        patch.setattr(numbering, "give_numbers", dies)
        opened = report(officer, treatment.patient_id)  # the user is told nothing of it
    assert numbers() == [""]
    assert chores.run(driver="run_tick") == 1
    assert numbers() == [f"CN-{opened.case.year}-0001"]
    with setting_up():
        run = JobRun.objects.get(job="case_numbers")
    assert (run.handled, run.error) == (1, "")
    assert chores.run(driver="beat") == 0


@pytest.mark.django_db
def test_numbers_follow_the_order_of_arrival_year_by_year_and_holder_by_holder() -> None:
    mine = [CaseFactory(year=2026), CaseFactory(year=2027), CaseFactory(year=2026)]
    CaseFactory(organisation_id=HOLDER_B, year=2026)
    assert numbering.give_missing_numbers() == 4
    assert numbers() == ["CN-2026-0001", "CN-2027-0001", "CN-2026-0002"]
    assert numbers(HOLDER_B) == ["CN-2026-0001"]
    assert numbering.give_numbers(HOLDER_A) == 0
    with setting_up():
        assert Counter.objects.get(organisation_id=HOLDER_A, year=2026).last == 2
        assert Case.objects.get(pk=mine[0].pk).version == 1


@pytest.mark.django_db
def test_a_numbering_that_fails_half_way_takes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    CaseFactory(year=2026)

    def breaks(*_: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(numbering, "_name_in_clocks", breaks)
        with pytest.raises(DatabaseError):
            numbering.give_numbers(HOLDER_A)
    assert numbers() == [""]
    numbering.give_numbers(HOLDER_A)
    assert numbers() == ["CN-2026-0001"]


def test_an_inbox_number_can_be_read_out() -> None:
    drawn = {numbering.draw_inbox_number(date(2026, 2, 13)) for _ in range(200)}
    assert len(drawn) > 190
    assert all(re.fullmatch(r"IN-260213-[2-9A-HJKMNP-TV-Z]{4}", one) for one in drawn)


@pytest.mark.django_db
def test_a_number_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    officer, patient = make_user(Role.PV_OFFICER), TreatmentFactory().patient_id
    drawn = iter(["IN-260213-AAAA", "IN-260213-AAAA", "IN-260213-BBBB"])
    monkeypatch.setattr(numbering, "draw_inbox_number", lambda _: next(drawn))
    first, second = report(officer, patient), report(officer, patient)
    assert (first.item.number, second.item.number) == ("IN-260213-AAAA", "IN-260213-BBBB")
    with setting_up():
        assert (InboxItem.objects.count(), Case.objects.count()) == (2, 2)
