"""Visits by machine: recorded once, escalated at once, refused with the input named."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from pv.accounts.roles import Role
from pv.core import clock
from pv.followup.models import Visit, VisitRecord
from pv.safety.models import InboxItem
from tests.support import api
from tests.support.api import client_for
from tests.support.people import HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db

JSON = "application/json"


def ago(days: int) -> str:
    return str(clock.today() - timedelta(days=days))


def body(**more: Any) -> dict[str, Any]:
    return {"kind": "full", "seen_on": ago(1), "alive": "yes", "malignancy": "no"} | more


def post(client: Client, path: str, what: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/{path}/", what, content_type=JSON, headers=headers)


def test_a_visit_is_recorded_and_meets_both_lines(head: Client) -> None:
    visit = api.visit()
    answer = post(head, f"visits/{visit.pk}/record", body(ecog=1, leukocytes="4.2"))
    assert answer.status_code == 201, answer.content
    said = answer.json()
    assert said["record"]["leukocytes"] == "4.20"
    assert {(one["line"], one["state"]) for one in said["visits_met"]} == {("protocol", "done"), ("lifelong", "done")}
    assert said["opened"] == []
    shown = head.get(f"/api/v1/visit-records/{said['record']['id']}/").json()
    assert shown["visit"] == str(visit.pk)


def test_a_confirmed_malignancy_answers_with_what_it_opened(head: Client) -> None:
    visit = api.visit()
    found = body(malignancy="confirmed", diagnosis="T-cell lymphoma", lineage="t_cell", onset_on=ago(20)[:7])
    said = post(head, f"visits/{visit.pk}/record", found).json()
    assert [one["kind"] for one in said["opened"]] == ["malignancy"]
    assert said["opened"][0]["case"]
    assert (said["record"]["onset_precision"], said["record"]["lineage"]) == ("month", "t_cell")


def test_the_same_submission_is_answered_again_and_opens_nothing_twice(head: Client) -> None:
    visit = api.visit()
    found = body(malignancy="suspected", diagnosis="a node", submission=str(uuid4()))
    first = post(head, f"visits/{visit.pk}/record", found)
    again = post(head, f"visits/{visit.pk}/record", found)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["record"] == again.json()["record"]
    assert first.json()["opened"] == again.json()["opened"]
    with setting_up():
        assert (VisitRecord.objects.count(), InboxItem.objects.count()) == (1, 1)


def test_the_same_key_repeats_the_answer(head: Client) -> None:
    visit = api.visit()
    first = post(head, f"visits/{visit.pk}/record", body(), **{"Idempotency-Key": "k"})
    again = post(head, f"visits/{visit.pk}/record", body(), **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()


def test_a_visit_changed_since_it_was_read_is_left_alone(head: Client) -> None:
    visit = api.visit()
    tag = head.get(f"/api/v1/visits/{visit.pk}/")["ETag"]
    assert post(head, f"visits/{visit.pk}/record", body(), **{"If-Match": tag}).status_code == 201
    answer = post(head, f"visits/{visit.pk}/record", body(), **{"If-Match": tag})
    assert answer.status_code == 412
    assert post(head, f"visits/{visit.pk}/record", body()).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"seen_on": "2199-01-01"}, 422, "seen_on"),
        ({"seen_on": "2026-02-30"}, 400, "seen_on"),
        ({"seen_on": None}, 422, "seen_on"),
        ({"seen_on": "2001-01-01"}, 422, "seen_on"),
        ({"ecog": 6}, 400, "ecog"),
        ({"malignancy": "maybe"}, 400, "malignancy"),
        ({"malignancy": "confirmed"}, 422, "diagnosis"),
        ({"events": [{"kind": "infection", "verbatim": ""}]}, 400, "events.0.verbatim"),
        ({"events": [{"kind": "infection", "verbatim": "x", "onset_on": "2999"}]}, 400, "events.0.onset_on"),
        ({"corrects": str(uuid4())}, 422, "corrects"),
    ],
)
def test_what_cannot_be_recorded_names_its_field(head: Client, wrong: dict[str, Any], status: int, field: str) -> None:
    visit = api.visit()
    answer = post(head, f"visits/{visit.pk}/record", body(**wrong))
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field]), answer.content
    with setting_up():
        assert Visit.objects.get(pk=visit.pk).state == "planned"
        assert not VisitRecord.objects.exists()


def test_a_contact_is_recorded_for_a_patient(head: Client) -> None:
    visit = api.visit()
    contact = body(kind="minimal", way="phone", patient=str(visit.patient_id))
    said = post(head, "visit-records", contact)
    assert said.status_code == 201, said.content
    assert [(one["line"], one["state"]) for one in said.json()["visits_met"]] == [("lifelong", "minimal")]
    theirs = api.visit(HOLDER_B)
    answer = post(head, "visit-records", contact | {"patient": str(theirs.patient_id)})
    assert (answer.status_code, list(answer.json()["errors"])) == (404, ["patient"])


def test_an_attempt_is_logged(head: Client) -> None:
    visit = api.visit()
    answer = post(head, f"visits/{visit.pk}/attempt", {"on": ago(1), "channel": "phone", "result": "no_answer"})
    assert (answer.status_code, answer.json()["state"]) == (200, "planned")


def test_who_may_not_record_is_told_so() -> None:
    visit = api.visit()
    client = client_for(make_user(Role.MEDICAL_REVIEWER))
    assert client.get(f"/api/v1/visits/{visit.pk}/").status_code == 200
    assert post(client, f"visits/{visit.pk}/record", body()).status_code == 403
    assert post(client, f"visits/{visit.pk}/attempt", {}).status_code == 403
