"""Cases through the API: a malignancy reported in one call, judged, sent, followed, closed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from pv.accounts.roles import Role
from pv.core import clock
from pv.safety.models import InboxItem
from tests.support.factories import TreatmentFactory
from tests.support.people import PASSWORD, setting_up

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def officer(machine: Any) -> Client:
    return machine(Role.PV_OFFICER)


@pytest.fixture
def reviewer(machine: Any) -> Client:
    return machine(Role.MEDICAL_REVIEWER)


def send(client: Client, address: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1/{address}", body or {}, content_type=JSON, headers=headers)


def reported(client: Client, **changes: Any) -> Any:
    """Report a malignancy of a treated patient."""
    body = {
        "patient": str(TreatmentFactory().patient_id), "diagnosis": "Peripheral T-cell lymphoma", "lineage": "t_cell",
        "status": "confirmed", "onset_on": "2026-02", "aware_on": str(clock.today()),
    } | changes  # fmt: skip
    answer = send(client, "cases/report-malignancy/", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_confirmed_malignancy_answers_with_item_and_case(officer: Client) -> None:
    told = reported(officer)
    item, case = told["item"], told["case"]
    assert (item["kind"], item["source"], item["case"], item["onset_on"], item["onset_precision"]) == (
        "malignancy", "api", case["id"], "2026-02-01", "month"
    )  # fmt: skip
    assert (case["malignancy"], case["serious"], case["state"]) == (True, True, "received")
    assert officer.get(f"/api/v1/cases/{case['id']}/").json() == case
    clocks = officer.get("/api/v1/deadlines/", {"subject": case["id"]}).json()["results"]
    assert {(one["kind"], one["basis"]) for one in clocks if one["subject"] == case["id"]} == {("icsr", "legal")}


def test_a_suspected_one_answers_with_the_item_alone(officer: Client) -> None:
    told = reported(officer, status="suspected", lineage="unknown", onset_on=None)
    assert (told["case"], told["item"]["malignancy"]) == (None, "suspected")


def test_the_same_submission_is_one_report(officer: Client) -> None:
    body = {
        "diagnosis": "PTCL", "lineage": "t_cell", "status": "confirmed", "aware_on": str(clock.today()),
        "submission": str(uuid4()),
    }  # fmt: skip
    first, second = (send(officer, "cases/report-malignancy/", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["case"]["id"] == second.json()["case"]["id"]
    with setting_up():
        assert InboxItem.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"aware_on": "2199-01-01"}, 422, "aware_on"),
        ({"aware_on": ""}, 400, "aware_on"),
        ({"onset_on": "2199"}, 422, "onset_on"),
        ({"onset_on": "2026-13"}, 400, "onset_on"),
        ({"lineage": "plasma"}, 400, "lineage"),
        ({"status": "relapse"}, 400, "status"),
        ({"patient": str(uuid4())}, 404, "patient"),
    ],
)
def test_what_cannot_be_meant_is_refused_beside_its_field(
    officer: Client, changes: dict[str, Any], status: int, field: str
) -> None:
    body = {"diagnosis": "PTCL", "lineage": "t_cell", "status": "confirmed", "aware_on": str(clock.today())}
    answer = send(officer, "cases/report-malignancy/", body | changes)
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field])


def test_a_case_is_judged_sent_followed_and_closed(officer: Client, reviewer: Client) -> None:
    case = reported(officer)["case"]["id"]
    judgement = {"causality": "possible", "expected": "yes", "reasoning": "the onset fits", "password": PASSWORD}
    own = send(officer, f"cases/{case}/assess/", judgement)
    assert own.status_code == 403
    judged = send(reviewer, f"cases/{case}/assess/", judgement)
    assert (judged.status_code, judged.json()["state"]) == (200, "ready")
    today = clock.today()
    early = send(officer, f"cases/{case}/report/", {"reported_on": str(today - timedelta(days=9)), "evidence": "x"})
    assert (early.status_code, list(early.json()["errors"])) == (422, ["reported_on"])
    sent = send(officer, f"cases/{case}/report/", {"reported_on": str(today), "evidence": "receipt 7"}).json()
    assert (sent["state"], sent["reported_version"]) == ("reported", 1)
    news = {"changes": {"outcome": "recovering"}, "significant": False, "why": "letter", "learned_on": str(today)}
    assert send(officer, f"cases/{case}/news/", news).json()["versions"] == 2
    bad = send(officer, f"cases/{case}/news/", news | {"changes": {"colour": "red"}})
    assert (bad.status_code, list(bad.json()["errors"])) == (422, ["colour"])
    none = send(officer, f"cases/{case}/investigation/", {"reported_on": str(today), "evidence": "file"})
    assert none.status_code == 409
    waiting = send(officer, f"cases/{case}/close/", {"reason": "nothing more is to come"})
    assert (waiting.status_code, waiting.json()["code"]) == (409, "conflict")
    history = officer.get(f"/api/v1/cases/{case}/history/").json()
    assert [one["no"] for one in history] == [1, 2]
    assert history[0]["reactions"][0]["verbatim"] == "Peripheral T-cell lymphoma"
    assert history[0]["assessments"][0]["causality"] == "possible"
    assert history[1]["content"]["outcome"] == "recovering"


def test_cases_are_narrowed(officer: Client) -> None:
    one = reported(officer)["case"]
    reported(officer)

    def found(**query: str) -> set[str]:
        return {row["id"] for row in officer.get("/api/v1/cases/", query).json()["results"]}

    assert found(patient=one["patient"]) == {one["id"]}
    assert found(state="reported") == set()
    assert len(found(malignancy="true")) == 2


def test_a_recorder_reports_a_malignancy_and_an_auditor_does_not(machine: Any) -> None:
    reported(machine(Role.RECORDER))
    body = {"diagnosis": "PTCL", "lineage": "t_cell", "status": "confirmed", "aware_on": str(clock.today())}
    assert send(machine(Role.AUDITOR), "cases/report-malignancy/", body).status_code == 403
