"""Patients and treatments by machine: scoped, registered once, moved by acts."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pv.accounts.models import Membership
from pv.accounts.roles import Role
from pv.core import clock
from pv.followup.models import Visit
from pv.patients.models import Patient, Treatment
from tests.support.api import client_for
from tests.support.factories import LotFactory, PartyFactory, PatientFactory, ProductFactory, TreatmentFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db

JSON = "application/json"


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/{path}/", body, content_type=JSON, headers=headers)


def ago(days: int) -> str:
    return str(clock.today() - timedelta(days=days))


def test_a_patient_is_registered_treated_and_planned(head: Client) -> None:
    centre, product = PartyFactory(), ProductFactory()
    made = post(head, "patients", {"code": "P-1", "sex": "male", "birth_year": 1970, "centre": str(centre.pk)})
    assert made.status_code == 201, made.content
    patient = made.json()
    assert (patient["code"], patient["state"], patient["centre"]) == ("P-1", "active", str(centre.pk))
    lot = LotFactory(product=product)
    treated = post(
        head,
        "treatments",
        {
            "patient": patient["id"],
            "product": str(product.pk),
            "indication": "LBCL",
            "infused_on": ago(3),
            "dose": "200.5",
            "dose_unit": "10⁶ cells",
            "lots": [{"lot": str(lot.pk), "bags": 2}],
        },
    )
    assert treated.status_code == 201, treated.content
    assert treated.json()["lots"] == [{"lot": str(lot.pk), "code": lot.code, "bags": 2}]
    visits = head.get("/api/v1/visits/", {"patient": patient["id"], "line": "protocol"}).json()["results"]
    assert {"M1", "M3", "M6", "M9", "M12"} <= {one["code"] for one in visits}


def test_the_same_key_registers_once(head: Client) -> None:
    body = {"code": "P-1"}
    first = post(head, "patients", body, **{"Idempotency-Key": "one"})
    again = post(head, "patients", body, **{"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "code"),
        ({"code": " "}, 400, "code"),
        ({"code": "P-9", "birth_year": 1900}, 422, "birth_year"),
        ({"code": "P-9", "in_care_since": "2999-01-01"}, 422, "in_care_since"),
        ({"code": "taken"}, 422, "code"),
    ],
)
def test_what_cannot_be_registered_names_its_field(head: Client, body: Any, status: int, field: str) -> None:
    PatientFactory(code="taken")
    answer = post(head, "patients", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field])


def test_another_holders_centre_product_and_patient_cannot_be_named(head: Client) -> None:
    answer = post(head, "patients", {"code": "P-2", "centre": str(PartyFactory(organisation_id=HOLDER_B).pk)})
    assert (answer.status_code, list(answer.json()["errors"])) == (404, ["centre"])
    mine, theirs = PatientFactory(), PatientFactory(organisation_id=HOLDER_B)
    product, foreign = ProductFactory(), ProductFactory(organisation_id=HOLDER_B)
    for patient, of, field in ((theirs, product, "patient"), (mine, foreign, "product")):
        body = {"patient": str(patient.pk), "product": str(of.pk), "indication": "LBCL"}
        answer = post(head, "treatments", body)
        assert (answer.status_code, list(answer.json()["errors"])) == (404, [field])


def test_a_coordinator_sees_the_own_centre_only() -> None:
    mine, other = PatientFactory(), PatientFactory()
    for one in (mine, other):
        TreatmentFactory(patient=one)
    coordinator = make_user(Role.SITE_COORDINATOR)
    with setting_up():
        Membership.objects.filter(user=coordinator).update(party=mine.centre)
    client = client_for(coordinator)
    assert [one["id"] for one in client.get("/api/v1/patients/").json()["results"]] == [str(mine.pk)]
    assert {one["patient"] for one in client.get("/api/v1/treatments/").json()["results"]} == {str(mine.pk)}
    assert client.get(f"/api/v1/patients/{other.pk}/").status_code == 404
    answer = post(client, f"patients/{other.pk}/lost", {"learned_on": ago(1), "reason": "gone"})
    assert answer.status_code == 404
    body = {"patient": str(other.pk), "product": str(ProductFactory().pk), "indication": "LBCL"}
    assert post(client, "treatments", body).status_code == 404


MOVES = [
    ("death", {"source": "daughter", "died_on": "2026-02"}, "reported_dead"),
    ("verify-death", {"source": "certificate", "died_on": "2026-02-13"}, "died"),
    ("lost", {"reason": "three calls, a letter"}, "lost"),
]


@pytest.mark.parametrize(("act", "body", "state"), MOVES)
def test_life_and_death_are_acts(head: Client, act: str, body: dict[str, str], state: str) -> None:
    patient = PatientFactory()
    answer = post(head, f"patients/{patient.pk}/{act}", body | {"learned_on": ago(1)})
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    again = post(head, f"patients/{patient.pk}/{act}", body | {"learned_on": ago(1)}, **{"If-Match": '"1-aaaa"'})
    assert again.status_code == 412


def test_a_partial_day_of_death_keeps_its_precision(head: Client) -> None:
    patient = PatientFactory()
    said = post(
        head, f"patients/{patient.pk}/death", {"learned_on": ago(0), "source": "x", "died_on": "2026-02"}
    ).json()
    assert (said["died_on"], said["died_precision"]) == ("2026-02-01", "month")
    for wrong in ("2026-02-30", "02/03/2026", "2026-13", "soon"):
        answer = post(head, f"patients/{patient.pk}/death", {"learned_on": ago(0), "source": "x", "died_on": wrong})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["died_on"])


def test_an_infusion_by_machine_opens_follow_up(head: Client) -> None:
    treatment = TreatmentFactory(ordered=True)
    answer = post(head, f"treatments/{treatment.pk}/infuse", {"infused_on": ago(0)})
    assert answer.status_code == 200, answer.content
    again = post(head, f"treatments/{treatment.pk}/infuse", {"infused_on": ago(0)})
    assert again.status_code == 409
    with setting_up():
        assert Visit.objects.filter(patient=treatment.patient).exists()
        assert Treatment.objects.get(pk=treatment.pk).version == 2
        assert Patient.objects.get(pk=treatment.patient_id).organisation_id == HOLDER_A


def test_who_may_only_read_may_not_write() -> None:
    client = client_for(make_user(Role.INSPECTOR))
    assert client.get("/api/v1/patients/").status_code == 200
    assert post(client, "patients", {"code": "P-1"}).status_code == 403
    assert client_for(make_user(Role.LABORATORY)).get("/api/v1/patients/").status_code == 403
