"""How far a malignancy's process is follows from what stands in the rooms."""

import pytest

from pv.accounts.models import User
from pv.biosamples import services as biosamples
from pv.biosamples.models import SamplingRequest
from pv.core import clock
from pv.safety import services
from pv.safety.models import MalignancyProcess
from pv.safety.progress import Stage, progress_of
from tests.safety.conftest import Reporter, acting
from tests.safety.test_triaging import triage
from tests.support.people import setting_up

pytestmark = pytest.mark.django_db


def reached(process: MalignancyProcess) -> list[str]:
    with setting_up():
        fresh = MalignancyProcess.objects.get(pk=process.pk)
        return [str(step.stage) for step in progress_of(fresh) if step.at]


def test_a_report_is_opened_and_told_at_once_and_taken_by_somebody(report: Reporter, reviewer: User) -> None:
    opened = report()
    assert reached(opened.process) == ["opened", "escalated"]
    with acting(reviewer):
        services.take(by=reviewer, item_id=opened.item.pk)
    assert reached(opened.process) == ["opened", "escalated", "acknowledged"]


def test_a_triage_without_taking_is_taking(report: Reporter, reviewer: User) -> None:
    opened = report()
    triage(reviewer, opened, "case")
    assert "acknowledged" in reached(opened.process)


def test_samples_are_secured_when_nothing_required_is_missing(report: Reporter, officer: User) -> None:
    opened = report()
    with setting_up():
        wanted = list(
            SamplingRequest.objects.filter(
                cause=opened.item.pk, timing__in=["before_treatment", "at_event"], item__required=True
            )
        )
    assert len(wanted) > 1
    with acting(officer):
        for one in wanted[:-1]:
            biosamples.not_available(by=officer, request_id=one.pk, reason="none was kept")
    assert "samples_secured" not in reached(opened.process)
    with acting(officer):
        biosamples.meet_at_site(by=officer, request_id=wanted[-1].pk, reason="stained for CD3 and CAR")
    assert "samples_secured" in reached(opened.process)


def test_conclusion_and_end_are_what_the_process_says(report: Reporter, reviewer: User) -> None:
    first, second = report(), report()
    triage(reviewer, second, "duplicate", duplicate_of_id=first.item.pk, reason="the same")
    assert reached(second.process)[-1] == "closed"
    with setting_up():
        MalignancyProcess.objects.filter(pk=first.process.pk).update(concluded_at=clock.now())
    assert reached(first.process)[-1] == "conclusion"


def test_every_stage_has_its_words(report: Reporter) -> None:
    steps = progress_of(report().process)
    assert [step.stage for step in steps] == list(Stage)
    assert all(step.name for step in steps)
