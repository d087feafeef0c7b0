"""Every refusal has the same shape, wherever it comes from."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from pv.accounts.roles import Role
from pv.api.obligations import Obligations
from pv.core import clock
from tests.support.api import client_for, obligation
from tests.support.people import make_user

pytestmark = pytest.mark.django_db

OBLIGATIONS = "/api/v1/obligations/"
REQUEST = "0190a000-0000-7000-8000-0000000000ee"


def told(answer, status: int) -> dict:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert {"type", "title", "detail", "instance", "code"} <= set(body)
    return body


def test_without_a_token() -> None:
    answer = Client(headers={"X-Request-Id": REQUEST}).get(OBLIGATIONS)
    body = told(answer, 401)
    assert (body["title"], body["instance"]) == ("Unauthorized", f"urn:uuid:{REQUEST}")
    assert answer["WWW-Authenticate"] == "Token"
    assert answer["X-Request-Id"] == REQUEST


def test_in_a_role_that_may_not(machine) -> None:
    body = told(machine(Role.LABORATORY).get(OBLIGATIONS), 403)
    assert body["code"] == "not_allowed"
    assert "PV head" in body["detail"]


def test_in_a_role_that_may_read_only(machine) -> None:
    row = obligation()
    answer = machine(Role.AUDITOR).post(
        f"{OBLIGATIONS}{row.pk}/forecast/", {"forecast_on": "2031-01-01"}, content_type="application/json"
    )
    assert told(answer, 403)["code"] == "not_allowed"


@pytest.mark.parametrize(
    "path", ["nothing/", "obligations/x/", "obligations", f"obligations/{REQUEST}/", "", "tokens/x/"]
)
def test_at_no_address(head, path: str) -> None:
    assert told(head.get(f"/api/v1/{path}"), 404)["detail"] == "There is no such record."


def test_with_json_that_is_none(head) -> None:
    row = obligation()
    answer = head.post(f"{OBLIGATIONS}{row.pk}/forecast/", "{", content_type="application/json")
    assert told(answer, 400)["code"] == "parse_error"


@pytest.mark.parametrize("body", ["[]", "3", "null", '"x"'])
def test_with_json_that_is_no_object(head, body: str) -> None:
    row = obligation()
    answer = head.post(f"{OBLIGATIONS}{row.pk}/forecast/", body, content_type="application/json")
    told(answer, 400)


def test_with_an_impossible_date(head) -> None:
    row = obligation()
    answer = head.post(
        f"{OBLIGATIONS}{row.pk}/due/",
        {"due_on": "2026-02-30", "reason": "", "evidence": "x"},
        content_type="application/json",
    )
    assert sorted(told(answer, 400)["errors"]) == ["due_on", "reason"]


def test_with_a_wish_the_service_refuses(head) -> None:
    row = obligation()
    answer = head.post(
        f"{OBLIGATIONS}{row.pk}/submit/",
        {"submitted_on": str(clock.today() + timedelta(days=1)), "evidence": "x"},
        content_type="application/json",
    )
    assert told(answer, 422)["errors"] == {"submitted_on": ["This lies in the future."]}


def test_with_a_move_the_state_forbids(head) -> None:
    row = obligation(submitted=True)
    answer = head.post(
        f"{OBLIGATIONS}{row.pk}/waive/",
        {"decided_on": "2026-01-01", "reason": "x", "evidence": "x"},
        content_type="application/json",
    )
    assert told(answer, 409)["code"] == "conflict"


def test_with_a_method_an_address_does_not_take(head) -> None:
    row = obligation()
    for method in ("put", "patch", "delete", "post"):
        told(getattr(head, method)(f"{OBLIGATIONS}{row.pk}/", {}, content_type="application/json"), 405)


def test_with_a_form_or_asking_for_a_page(head) -> None:
    row = obligation()
    told(head.post(f"{OBLIGATIONS}{row.pk}/forecast/", {"forecast_on": "2031-01-01"}), 415)
    told(head.get(OBLIGATIONS, headers={"Accept": "text/html"}), 406)


@pytest.mark.parametrize("cursor", ["x", "cD0lMDA=", "cD1hYmM=", "bz0tMQ==", "cD0yMDI2LTA5LTMx"])
@pytest.mark.parametrize("resource", ["obligations", "deadlines", "notices"])
def test_with_a_cursor_somebody_made_up(head, resource: str, cursor: str) -> None:
    answer = head.get(f"/api/v1/{resource}/", {"cursor": cursor})
    if answer.status_code != 200:  # an offset may be made up and still lead somewhere
        assert told(answer, 400)["errors"] == {"cursor": ["This cursor is not valid."]}


def test_with_a_filter_that_is_none(head) -> None:
    assert sorted(told(head.get(OBLIGATIONS, {"owner": "x", "due_to": "2026-02-30"}), 400)["errors"]) == [
        "due_to",
        "owner",
    ]


def test_when_the_database_is_away(head, monkeypatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("server closed the connection, Patient Zero")

    monkeypatch.setattr(Obligations, "list", away)
    answer = head.get(OBLIGATIONS)
    assert "Zero" not in answer.content.decode()
    assert (told(answer, 503)["code"], answer["Retry-After"]) == ("unavailable", "5")


def test_when_the_database_is_away_before_the_api_begins(head, monkeypatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("pv.accounts.middleware.acting_as", away)
    answer = head.get(OBLIGATIONS)
    assert (told(answer, 503)["code"], answer["Retry-After"]) == ("unavailable", "5")


def test_when_the_fault_is_ours(head, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("Patient Zero")

    monkeypatch.setattr(Obligations, "list", broken)
    answer = head.get(OBLIGATIONS)
    assert "Zero" not in answer.content.decode()
    assert told(answer, 500)["code"] == "fault"


def test_in_the_callers_language() -> None:
    client = client_for(make_user(Role.PV_HEAD), **{"Accept-Language": "zh-hans"})
    assert told(client.get("/api/v1/nothing/"), 404)["detail"] != ""


def test_a_session_needs_the_csrf_token() -> None:
    row, user = obligation(), make_user(Role.PV_HEAD)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user)
    assert client.get(OBLIGATIONS).status_code == 200
    answer = client.post(
        f"{OBLIGATIONS}{row.pk}/forecast/", {"forecast_on": "2031-01-01"}, content_type="application/json"
    )
    assert "CSRF" in told(answer, 403)["detail"]


def test_a_foreign_host_name_is_refused(head) -> None:
    told(head.get(OBLIGATIONS, headers={"Host": "elsewhere.example"}), 400)


def test_a_body_past_the_limit_is_refused_not_a_fault(head: Client) -> None:
    body = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    refused = head.post("/api/v1/tokens/", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_a_body_nested_without_end_is_refused_not_a_fault(head: Client) -> None:
    refused = head.post("/api/v1/tokens/", "[" * 100_000, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("query", ["late=ture", "late=banana", "unknown=1", "ordering=code", "search=x", "limit=2"])
def test_a_filter_that_is_not_understood_is_refused_by_name(head: Client, query: str) -> None:
    refused = head.get(f"/api/v1/obligations/?{query}")
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == [query.partition("=")[0]]


def test_a_misspelt_field_is_refused_by_name(head: Client) -> None:
    row = obligation()
    refused = head.post(
        f"/api/v1/obligations/{row.pk}/forecast/", {"forecast_om": "2027-01-01"}, content_type="application/json"
    )
    assert refused.status_code == 400
    assert "forecast_om" in refused.json()["errors"] or "forecast_on" in refused.json()["errors"]
