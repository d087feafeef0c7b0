"""Acts call one service; a precondition that fails and a key used before change nothing."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from pv.accounts.roles import Role
from pv.api.models import IdempotentAnswer
from pv.notices.models import Acknowledgement
from pv.obligations.models import Obligation, ObligationChange
from tests.support import api
from tests.support.api import client_for
from tests.support.people import HOLDER_A, make_user, setting_up

JSON = "application/json"
ACTS = [
    ("authorisations", "kind"),
    ("studies", "enrolment"),
    ("obligations", "due"),
    ("obligations", "forecast"),
    ("obligations", "owner"),
    ("obligations", "submit"),
    ("obligations", "fulfil"),
    ("obligations", "fail"),
    ("obligations", "return"),
    ("obligations", "waive"),
    ("obligations", "reopen"),
    ("milestones", "move"),
    ("milestones", "forecast"),
    ("milestones", "reach"),
    ("deadlines", "take"),
    ("notices", "seen"),
]
STATES: dict[str, dict[str, Any]] = {
    "fulfil": {"submitted": True, "submitted_on": "2026-01-05"},
    "return": {"submitted": True},
    "reopen": {"state": "returned"},
}
each_act = pytest.mark.parametrize(("resource", "act"), ACTS)


def post(client: Client, resource: str, pk: object, act: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/{resource}/{pk}/{act}/", body, content_type=JSON, headers=headers)


def prepared(resource: str, act: str) -> tuple[Any, dict[str, Any]]:
    row = api.obligation(**STATES.get(act, {})) if resource == "obligations" else api.ROWS[resource](HOLDER_A)
    body = api.acts()[resource, act]
    if act == "owner":
        body = {"owner": str(make_user(Role.REGULATORY_AFFAIRS).pk)}
    with setting_up():
        return type(row).objects.get(pk=row.pk), body


def changed(row: Any) -> dict[str, Any]:
    with setting_up():
        fresh = type(row).objects.get(pk=row.pk)
    return {k: v for k, v in vars(fresh).items() if k != "_state" and v != vars(row).get(k)}


@pytest.mark.django_db
@each_act
def test_an_act_changes_the_record_and_shows_it(head, resource: str, act: str) -> None:
    row, body = prepared(resource, act)
    answer = post(head, resource, row.pk, act, body)
    assert answer.status_code == 200, answer.content
    assert answer["ETag"] == head.get(f"/api/v1/{resource}/{row.pk}/")["ETag"]
    assert answer.json() == head.get(f"/api/v1/{resource}/{row.pk}/").json()
    if hasattr(row, "version"):
        assert changed(row)["version"] == row.version + 1


@pytest.mark.django_db
@each_act
def test_a_record_changed_since_it_was_read_is_left_alone(head, resource: str, act: str) -> None:
    row, body = prepared(resource, act)
    for tag in ('"0-aaaa"', '"aaaa"', 'W/"1-aaaa"', ""):
        answer = post(head, resource, row.pk, act, body, **{"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert changed(row) == {}


@pytest.mark.django_db
@each_act
def test_a_record_as_it_was_read_is_changed(head, resource: str, act: str) -> None:
    row, body = prepared(resource, act)
    etag = head.get(f"/api/v1/{resource}/{row.pk}/")["ETag"]
    assert post(head, resource, row.pk, act, body, **{"If-Match": f'"other", {etag}'}).status_code == 200
    second, body = prepared(resource, act) if resource != "notices" else (row, body)
    assert post(head, resource, second.pk, act, body, **{"If-Match": "*"}).status_code == 200


@pytest.mark.django_db
@each_act
def test_asked_again_with_the_same_key_it_happens_once(head, resource: str, act: str) -> None:
    row, body = prepared(resource, act)
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    first = post(head, resource, row.pk, act, body, **key)
    with setting_up():
        after = type(row).objects.get(pk=row.pk)
    again = post(head, resource, row.pk, act, body, **key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.json(), again["ETag"]) == (first.json(), first["ETag"])
    assert again["Idempotent-Replayed"] == "true"
    assert changed(after) == {}


@pytest.mark.django_db
@each_act
def test_a_role_that_may_only_read_changes_nothing(machine, resource: str, act: str) -> None:
    row, body = prepared(resource, act)
    answer = post(machine(Role.AUDITOR), resource, row.pk, act, body)
    assert answer.status_code == (404 if resource == "notices" else 403)
    assert changed(row) == {}


@pytest.mark.django_db
def test_a_key_for_another_request_is_refused(head) -> None:
    row, body = prepared("obligations", "forecast")
    key = {"Idempotency-Key": "k"}
    assert post(head, "obligations", row.pk, "forecast", body, **key).status_code == 200
    other = post(head, "obligations", row.pk, "forecast", {"forecast_on": "2032-02-02"}, **key)
    elsewhere = post(head, "obligations", api.obligation().pk, "forecast", body, **key)
    assert [one.status_code for one in (other, elsewhere)] == [422, 422]
    assert other.json()["code"] == "key_reused"


@pytest.mark.django_db
def test_a_key_belongs_to_its_user(head, machine) -> None:
    row, body = prepared("obligations", "forecast")
    key = {"Idempotency-Key": "k"}
    assert post(head, "obligations", row.pk, "forecast", body, **key).status_code == 200
    other = post(machine(Role.PV_OFFICER), "obligations", row.pk, "forecast", {"forecast_on": "2032-02-02"}, **key)
    assert other.status_code == 200


@pytest.mark.django_db
def test_a_refusal_is_not_kept(head) -> None:
    row, body = prepared("obligations", "submit")
    key = {"Idempotency-Key": "k"}
    assert (
        post(head, "obligations", row.pk, "submit", {"submitted_on": "2999-01-01", "evidence": "x"}, **key).status_code
        == 422
    )
    assert post(head, "obligations", row.pk, "submit", body, **key).status_code == 200


@pytest.mark.django_db
def test_a_key_is_forgotten_after_a_day(head) -> None:
    row, body = prepared("obligations", "forecast")
    key = {"Idempotency-Key": "k"}
    post(head, "obligations", row.pk, "forecast", body, **key)
    with setting_up():
        IdempotentAnswer.objects.update(created_at=Now() - timedelta(hours=25))
    answer = post(head, "obligations", row.pk, "forecast", {"forecast_on": "2032-02-02"}, **key)
    assert (answer.status_code, answer.json()["forecast_on"]) == (200, "2032-02-02")


@pytest.mark.django_db
@pytest.mark.parametrize("key", [" ", "a b", "ü", "x" * 256])
def test_a_key_is_plain_text(head, key: str) -> None:
    row, body = prepared("obligations", "forecast")
    answer = post(head, "obligations", row.pk, "forecast", body, **{"Idempotency-Key": key})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])


@pytest.mark.django_db
def test_taking_what_somebody_else_took_names_them(head, machine) -> None:
    row = api.rung_deadline()
    assert post(head, "deadlines", row.pk, "take", {}).json()["is_taken"] is True
    answer = post(machine(Role.PV_OFFICER), "deadlines", row.pk, "take", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "taken")
    assert "pv_head" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_refused_act_leaves_nothing_behind(head) -> None:
    row = api.obligation()
    post(head, "obligations", row.pk, "owner", {"owner": str(make_user(organisation=HOLDER_A).pk)})
    answer = post(head, "obligations", row.pk, "owner", {"owner": str(HOLDER_A)})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"owner": ["There is no such person."]}
    assert changed(row) == {}
    with setting_up():
        assert not ObligationChange.objects.filter(obligation=row).exists()


def at_once(count: int, work: Any) -> list[Any]:
    """Several threads, each with a connection of its own, released together."""
    answers: list[Any] = [None] * count
    gate = threading.Barrier(count)

    def run(place: int) -> None:
        gate.wait()
        try:
            answers[place] = work(place)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_the_same_key_from_several_at_once_acts_once(committing) -> None:
    user, row = make_user(Role.PV_HEAD), api.rung_deadline()
    clients = [client_for(user) for _ in range(4)]
    answers = at_once(
        4, lambda place: post(clients[place], "deadlines", row.pk, "take", {}, **{"Idempotency-Key": "k"})
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert sum("Idempotent-Replayed" not in answer for answer in answers if answer.status_code == 200) == 1
    with setting_up():
        assert Acknowledgement.objects.filter(deadline=row).count() == 1


def test_two_people_who_read_the_same_version_do_not_overwrite_each_other(committing) -> None:
    row = api.obligation()
    clients = [client_for(make_user(role)) for role in (Role.PV_HEAD, Role.PV_OFFICER)]
    etag = clients[0].get(f"/api/v1/obligations/{row.pk}/")["ETag"]
    days = ["2031-01-01", "2031-02-02"]
    answers = at_once(
        2,
        lambda place: post(
            clients[place], "obligations", row.pk, "forecast", {"forecast_on": days[place]}, **{"If-Match": etag}
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    with setting_up():
        assert Obligation.objects.get(pk=row.pk).version == row.version + 1
