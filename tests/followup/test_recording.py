"""record_visits: what a record does to visits, clocks, the patient's life, and what it reveals."""


import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.models import User
from pv.deadlines.models import Deadline
from pv.followup.ports import Trigger
from tests.followup.conftest import Infused, full, save, visit_of

pytestmark = pytest.mark.django_db


def test_a_full_visit_meets_the_protocol_s_and_credits_lifelong_monitoring(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    visit = visit_of(patient, "M12")
    [answer] = save(as_recorder, full(visit))
    assert {(one.line, one.code, one.state) for one in answer.visits_met} == {
        ("protocol", "M12", "done"),
        ("lifelong", "Y1", "done"),
    }
    met = Deadline.objects.filter(subject__in=[one.pk for one in answer.visits_met])
    assert [one.outcome for one in met] == ["met", "met"]
    assert pulled == []


def test_one_visit_takes_few_questions(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    visit = visit_of(infused(360), "M12")
    with CaptureQueriesContext(connection) as asked:
        save(as_recorder, full(visit))
    assert len(asked) <= 25
