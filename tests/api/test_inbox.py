"""Reports through the API: quick intake saves whatever is known; taken, triaged, confirmed, stood down once."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from pv.accounts.models import Signature
from pv.accounts.roles import Role
from pv.patients.models import Treatment
from pv.safety.models import Case, InboxItem
from tests.support.api import client_for
from tests.support.factories import MembershipFactory, PartyFactory, PatientFactory, TreatmentFactory
from tests.support.people import HOLDER_B, PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db
INBOX = "/api/v1/inbox/"
JSON = "application/json"


@pytest.fixture
def officer(machine: Any) -> Client:
    return machine(Role.PV_OFFICER)


@pytest.fixture
def reviewer(machine: Any) -> Client:
    return machine(Role.MEDICAL_REVIEWER)


def send(client: Client, address: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1/{address}", body or {}, content_type=JSON, headers=headers)


def intake(client: Client, **said: Any) -> Any:
    answer = send(client, "inbox/quick-intake/", {"what": "Cervical node, lymphoma suspected"} | said)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_call_is_saved_with_what_is_known(officer: Client) -> None:
    item = intake(officer, reporter_phone="010-5550", patient_text="woman, 58", onset_on="2026-02", biopsy="planned")
    assert (item["state"], item["malignancy"], item["onset_on"], item["onset_precision"]) == (
        "new", "suspected", "2026-02-01", "month"
    )  # fmt: skip
    assert {one["what"] for one in item["questions"]} >= {"no_patient", "no_product", "partial_date"}
    assert officer.get(f"{INBOX}{item['id']}/").json() == item


def test_sent_again_it_is_answered_again(officer: Client) -> None:
    body = {"what": "lymphoma suspected", "submission": str(uuid4())}
    first, second = (send(officer, "inbox/quick-intake/", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    key = {"Idempotency-Key": "call-18-40"}
    third, fourth = (send(officer, "inbox/quick-intake/", {"what": "another"}, **key) for _ in range(2))
    assert (third.status_code, fourth.status_code, fourth["Idempotent-Replayed"]) == (201, 201, "true")
    with setting_up():
        assert InboxItem.objects.count() == 2


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({"what": " "}, 400, "what"),
        ({"what": "x", "onset_on": "31.12.2026"}, 400, "onset_on"),
        ({"what": "x", "aware_on": "2199-01-01"}, 422, "aware_on"),
        ({"what": "x", "patient": str(uuid4())}, 404, "patient"),
        ({"what": "x", "malignancy": "perhaps"}, 400, "malignancy"),
    ],
)
def test_what_cannot_be_meant_is_refused_beside_its_field(
    officer: Client, said: dict[str, Any], status: int, field: str
) -> None:
    answer = send(officer, "inbox/quick-intake/", said)
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field])


def test_a_site_coordinator_reports_but_reads_no_inbox_and_names_the_own_patients_only(db: None) -> None:
    centre = PartyFactory()
    coordinator = make_user(email="site@a.example")
    MembershipFactory(user=coordinator, role=Role.SITE_COORDINATOR, party=centre)
    machine = client_for(coordinator)
    assert machine.get(INBOX).status_code == 403
    mine, other = PatientFactory(centre=centre), PatientFactory()
    assert intake(machine, patient=str(mine.pk))["patient"] == str(mine.pk)
    assert send(machine, "inbox/quick-intake/", {"what": "x", "patient": str(other.pk)}).status_code == 404


def test_who_may_not_take_reports_in_is_refused(machine: Any) -> None:
    assert send(machine(Role.AUDITOR), "inbox/quick-intake/", {"what": "x"}).status_code == 403


def test_it_is_taken_once_and_the_second_learns_by_whom(officer: Client, reviewer: Client) -> None:
    item = intake(officer)
    assert send(reviewer, f"inbox/{item['id']}/take/").status_code == 200
    assert send(reviewer, f"inbox/{item['id']}/take/").status_code == 200
    refused = send(officer, f"inbox/{item['id']}/take/")
    assert (refused.status_code, refused.json()["code"]) == (409, "taken")


def test_it_is_triaged_once(officer: Client, reviewer: Client) -> None:
    item = intake(officer, malignancy="no")
    first = send(reviewer, f"inbox/{item['id']}/triage/", {"outcome": "case"})
    assert (first.status_code, first.json()["state"]) == (200, "case")
    assert first.json()["case"] is not None
    again = send(reviewer, f"inbox/{item['id']}/triage/", {"outcome": "not_valid", "reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "triaged")


def test_a_duplicate_and_a_follow_up_name_what_they_belong_to(officer: Client, reviewer: Client) -> None:
    first, copy, news = (intake(officer) for _ in range(3))
    done = send(reviewer, f"inbox/{copy['id']}/triage/", {
        "outcome": "duplicate", "duplicate_of": first["id"], "reason": "sent twice"
    })  # fmt: skip
    assert done.json()["duplicate_of"] == first["id"]
    case = send(reviewer, f"inbox/{first['id']}/triage/", {"outcome": "case"}).json()["case"]
    done = send(reviewer, f"inbox/{news['id']}/triage/", {"outcome": "follow_up", "case": case, "reason": "news"})
    assert (done.json()["state"], done.json()["case"]) == ("follow_up", case)
    missing = send(reviewer, f"inbox/{intake(officer)['id']}/triage/", {"outcome": "follow_up", "reason": "x"})
    assert (missing.status_code, list(missing.json()["errors"])) == (422, ["case"])


def test_a_suspicion_is_stood_down_by_signature(officer: Client, reviewer: Client) -> None:
    item = intake(officer)
    wrong = send(reviewer, f"inbox/{item['id']}/stand-down/", {"reason": "hyperplasia", "password": "guess"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    assert "guess" not in wrong.content.decode()
    done = send(reviewer, f"inbox/{item['id']}/stand-down/", {"reason": "hyperplasia", "password": PASSWORD})
    assert (done.status_code, done.json()["state"], done.json()["triage_reason"]) == (200, "stood_down", "hyperplasia")
    with setting_up():
        assert Signature.objects.get().reason == "hyperplasia"
    assert send(officer, f"inbox/{item['id']}/stand-down/", {"reason": "x", "password": PASSWORD}).status_code == 403


def test_a_suspicion_is_confirmed_and_a_patient_matched(officer: Client, reviewer: Client) -> None:
    item, treatment = intake(officer), TreatmentFactory()
    assert isinstance(treatment, Treatment)
    matched = send(officer, f"inbox/{item['id']}/match/", {"patient": str(treatment.patient_id)})
    assert matched.json()["patient_code"] == treatment.patient.code
    theirs = PatientFactory(organisation_id=HOLDER_B)
    assert send(officer, f"inbox/{item['id']}/match/", {"patient": str(theirs.pk)}).status_code == 404
    confirmed = send(
        reviewer, f"inbox/{item['id']}/confirm/", {"diagnosis": "PTCL", "lineage": "t_cell", "onset_on": "2026"}
    ).json()
    assert (confirmed["state"], confirmed["malignancy"], confirmed["onset_precision"]) == ("case", "confirmed", "year")
    with setting_up():
        assert str(Case.objects.get().pk) == confirmed["case"]


def test_the_inbox_is_narrowed(officer: Client, reviewer: Client) -> None:
    one, other = intake(officer), intake(officer, malignancy="no")

    def found(**query: str) -> set[str]:
        return {row["id"] for row in officer.get(INBOX, query).json()["results"]}

    assert found(kind="malignancy") == {one["id"]}
    assert found(malignancy="no") == {other["id"]}
    assert found(number=one["number"]) == {one["id"]}
    send(reviewer, f"inbox/{one['id']}/triage/", {"outcome": "case"})
    assert found(state="new") == {other["id"]}


def test_the_list_asks_the_same_however_long_it_is(officer: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(4):
        intake(officer)
    with django_assert_max_num_queries(16):
        assert len(officer.get(INBOX).json()["results"]) == 4
