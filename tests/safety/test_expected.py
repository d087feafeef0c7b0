"""check_deadlines finds nothing after any walk through the room, and sets right what was disturbed."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from pv.accounts.models import User
from pv.core import clock
from pv.deadlines import services as deadlines
from pv.deadlines.expectations import differences
from pv.deadlines.models import Deadline
from pv.safety import services
from tests.safety.conftest import Reporter, acting
from tests.safety.test_cases import news, send
from tests.safety.test_reporting import call, clocks_of
from tests.safety.test_triaging import confirm, stand_down, triage
from tests.support.people import HOLDER_A, PASSWORD, setting_up

pytestmark = pytest.mark.django_db
KINDS = {"icsr", "acknowledge", "triage", "death_investigation"}


def found() -> list[tuple[str, str]]:
    with setting_up():
        return [(one.what, one.kind) for one in differences(HOLDER_A) if one.kind in KINDS]


def test_nothing_differs_wherever_a_report_stands(report: Reporter, officer: User, reviewer: User) -> None:
    suspected, confirmed, to_confirm = report(status="suspected"), report(), report(status="suspected")
    assert found() == []
    with acting(reviewer):
        services.take(by=reviewer, item_id=suspected.item.pk)
    assert found() == []
    stand_down(reviewer, suspected)
    confirm(reviewer, to_confirm)
    triage(reviewer, confirmed, "case")
    assert found() == []
    triage(reviewer, report(), "duplicate", duplicate_of_id=confirmed.item.pk, reason="the same")
    triage(reviewer, report(), "follow_up", case_id=confirmed.case.pk, reason="news")
    assert found() == []
    send(officer, confirmed.case)
    news(officer, confirmed.case)
    news(officer, confirmed.case, significant=False)
    assert found() == []
    send(officer, confirmed.case)
    triage(reviewer, report(), "not_valid", reason="a mistake", password=PASSWORD)
    assert found() == []


def test_nor_wherever_a_death_or_an_event_stands(report: Reporter, officer: User, reviewer: User) -> None:
    death = call(officer, malignancy="no", death_suspected="unknown")
    mild = call(officer, malignancy="no", serious=False)
    call(officer, malignancy="relapse")
    assert found() == []
    case = triage(reviewer, death, "case").case
    other = triage(reviewer, mild, "case").case
    assert found() == []
    send(officer, case)
    with acting(officer):
        services.record_investigation(by=officer, case_id=case.pk, reported_on=clock.today(), evidence="file")
    assert found() == []
    send(officer, other)
    late = call(officer, malignancy="no", death_suspected="unknown")
    triage(reviewer, late, "follow_up", case_id=other.pk, reason="has died")
    assert "CN-ICSR-DEATH-24H" in clocks_of(other)
    assert found() == []


def test_a_question_instead_of_a_clock_is_no_difference(report: Reporter) -> None:
    report(aware_on=clock.today().replace(year=2020))
    assert found() == []


def test_a_clock_that_was_moved_by_hand_is_left_alone(report: Reporter) -> None:
    opened = report()
    with setting_up():
        running = Deadline.objects.get(subject=opened.case.pk)
        deadlines.move_deadline(running.pk, due_on=running.due_on - timedelta(days=2), reason="asked by the authority")
    assert found() == []


def repaired() -> str:
    out = StringIO()
    try:
        call_command("check_deadlines", "--repair", stdout=out)
    except SystemExit:
        return out.getvalue()
    return out.getvalue()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_clock_that_is_missing_is_opened_again(officer: User, kind: str) -> None:
    opened = call(officer, malignancy="no", death_suspected="unknown")
    with setting_up():
        for running in Deadline.objects.filter(subject=opened.item.pk, kind=kind):
            deadlines.cancel_deadline(running.pk, reason="by mistake")
    assert {what for what, _ in found()} == {"missing"}
    repaired()
    assert found() == []
    with setting_up():
        again = Deadline.objects.filter(subject=opened.item.pk, kind=kind, closed_at=None)
        assert again.count() == (2 if kind == "icsr" else 1)


def test_what_is_left_over_is_closed(report: Reporter, officer: User, reviewer: User) -> None:
    suspected, sent = report(status="suspected"), report()
    with setting_up():
        type(suspected.item).objects.filter(pk=suspected.item.pk).update(
            state="stood_down", triage_reason="x", triaged_by=reviewer, triaged_at=clock.now()
        )
        type(sent.case).objects.filter(pk=sent.case.pk).update(
            state="reported", reported_on=clock.today(), reported_version=1
        )
    assert ("left over", "icsr") in found()
    repaired()
    assert found() == []


def test_the_clock_of_a_version_is_opened_again(report: Reporter, officer: User) -> None:
    case = report().case
    send(officer, case)
    version: Any = news(officer, case)
    with setting_up():
        deadlines.cancel_deadline(Deadline.objects.get(subject=version.pk).pk, reason="by mistake")
    assert found() == [("missing", "icsr")]
    repaired()
    assert "CN-ICSR-FU-SER" in clocks_of(version)
