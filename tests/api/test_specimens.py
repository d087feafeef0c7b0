"""Specimens and what is asked for, through the API: each act does what its service does, for whom it is meant."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.biosamples import services
from pv.biosamples.models import SamplingRequest, Specimen
from pv.deadlines.models import Deadline
from tests.support import api
from tests.support.api import client_for
from tests.support.factories import MembershipFactory, PartyFactory, PatientFactory, SpecimenFactory
from tests.support.people import HOLDER_A, make_user, setting_up

pytestmark = pytest.mark.django_db


def post(client: Client, resource: str, pk: UUID, act: str, **body: Any) -> Any:
    return client.post(f"/api/v1/{resource}/{pk}/{act}/", body, content_type="application/json")


def keys(client: Client, resource: str, **query: Any) -> set[str]:
    answer = client.get(f"/api/v1/{resource}/", query)
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


@pytest.fixture
def manager(machine: Callable[..., Client]) -> Client:
    return machine(Role.SAMPLE_MANAGER)


def test_a_specimen_is_moved_and_tells_its_chain(manager: Client) -> None:
    tube, laboratory = api.specimen(), PartyFactory(laboratory=True)
    sent = post(
        manager, "specimens", tube.pk, "move", what="sent", holder=str(laboratory.pk), celsius="-78.5", document="SF-1"
    )
    assert sent.status_code == 200, sent.content
    shown = sent.json()
    assert (shown["state"], shown["holder_name"], shown["place"]) == ("in_transit", laboratory.name, "")
    assert (shown["version"], shown["events"]) == (2, 2)
    chain = manager.get(f"/api/v1/specimens/{tube.pk}/custody/").json()
    assert [(one["no"], one["what"], one["document"]) for one in chain] == [(1, "registered", ""), (2, "sent", "SF-1")]
    with setting_up():
        assert services.differs(Specimen.objects.get(pk=tube.pk)) == {}


def test_what_is_refused_says_which_input(manager: Client) -> None:
    tube = api.specimen()
    answer = post(manager, "specimens", tube.pk, "move", what="analysed", change="-9")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["change"])
    assert post(manager, "specimens", tube.pk, "move", what="received").status_code == 409
    assert post(manager, "specimens", tube.pk, "move", what="held").status_code == 400
    abroad = PartyFactory(foreign=True)
    answer = post(manager, "specimens", tube.pk, "move", what="sent", holder=str(abroad.pk))
    assert (answer.status_code, answer.json()["code"]) == (422, "no_route")
    with setting_up():
        assert Specimen.objects.get(pk=tube.pk).version == 1


def test_hold_release_and_disposal(manager: Client, machine: Callable[..., Client]) -> None:
    tube, cause = api.specimen(), str(uuid4())
    assert post(manager, "specimens", tube.pk, "hold", cause=cause).json()["hold_cause"] == cause
    quality = machine(Role.QA_CMC)
    gone = {"what": "disposed", "document": "certificate 7"}
    assert post(quality, "specimens", tube.pk, "move", **gone).json()["code"] == "on_hold"
    assert post(quality, "specimens", tube.pk, "move", what="thawed").status_code == 403
    assert post(quality, "specimens", tube.pk, "release", reason="closed").status_code == 403
    assert post(manager, "specimens", tube.pk, "release", reason="closed").json()["on_hold"] is False
    assert post(quality, "specimens", tube.pk, "move", **gone).json()["state"] == "disposed"


def test_too_warm_and_divided(manager: Client) -> None:
    tube = api.specimen()
    assert post(manager, "specimens", tube.pk, "excursion", celsius="-60", minutes=20).json()["compromised"] is True
    parts = [{"code": "S-A", "quantity": "2"}, {"code": "S-B", "quantity": "1", "place": "tank 9"}]
    assert post(manager, "specimens", tube.pk, "divide", parts=parts).json()["quantity"] == "2.000"
    assert len(keys(manager, "specimens", parent=tube.pk)) == 2


def test_a_request_is_answered(manager: Client) -> None:
    taken, tested, gone = (api.sampling_request() for _ in range(3))
    body = {"code": "T-1", "quantity": "15", "unit": "sections", "kept_at_site": True}
    answer = post(manager, "sampling-requests", taken.pk, "collect", **body)
    assert (answer.status_code, answer.json()["state"]) == (200, "met")
    (made,) = manager.get("/api/v1/specimens/", {"request": taken.pk}).json()["results"]
    assert (made["code"], made["state"], made["quantity"]) == ("T-1", "at_site", "15.000")
    at_site = post(manager, "sampling-requests", tested.pk, "meet-at-site", reason="stained for CD3")
    assert at_site.json()["state"] == "at_site"
    lacking = post(manager, "sampling-requests", gone.pk, "not-available", reason="used up")
    assert (lacking.json()["state"], lacking.json()["reason"]) == ("not_available", "used up")
    assert post(manager, "sampling-requests", gone.pk, "not-available", reason="x").status_code == 409
    with setting_up():
        assert not Deadline.objects.filter(closed_at=None).exists()


def test_who_only_reads_does_not_act(machine: Callable[..., Client]) -> None:
    inspector, tube, request = machine(Role.INSPECTOR), api.specimen(), api.sampling_request()
    assert inspector.get(f"/api/v1/specimens/{tube.pk}/").status_code == 200
    for (resource, act), body in api.acts().items():
        if resource in ("specimens", "sampling-requests"):
            row = tube if resource == "specimens" else request
            assert post(inspector, resource, row.pk, act, **body).status_code == 403


def test_they_are_found_by_what_they_are(manager: Client) -> None:
    tube, block = api.specimen(held=True), api.specimen(event=True, holder=PartyFactory())
    assert keys(manager, "specimens", on_hold="true") == {str(tube.pk)}
    assert keys(manager, "specimens", material="tumour_ffpe") == {str(block.pk)}
    assert keys(manager, "specimens", patient=tube.patient_id) == {str(tube.pk)}
    assert keys(manager, "specimens", holder=block.holder_id) == {str(block.pk)}
    wanted, met = api.sampling_request(), api.sampling_request(met=True)
    assert keys(manager, "sampling-requests", state="open") == {str(wanted.pk)}
    assert keys(manager, "sampling-requests", cause=met.cause) == {str(met.pk)}
    assert keys(manager, "sampling-requests", due_to="2020-01-01") == set()


def coordinator_of(centre: Any) -> tuple[User, Client]:
    person = make_user()
    MembershipFactory(user=person, role=Role.SITE_COORDINATOR, party=centre)
    return person, client_for(person)


def test_a_coordinator_sees_and_moves_only_the_own_centres() -> None:
    mine, other = PatientFactory(), PatientFactory()
    tube, theirs = SpecimenFactory(patient=mine), SpecimenFactory(patient=other)
    wanted, not_mine = api.sampling_request(patient=mine), api.sampling_request(patient=other)
    unmatched = api.sampling_request(patient=None)
    _person, client = coordinator_of(mine.centre)
    assert keys(client, "specimens") == {str(tube.pk)}
    assert keys(client, "sampling-requests") == {str(wanted.pk)}
    assert post(client, "specimens", tube.pk, "move", what="thawed").status_code == 200
    for resource, pk, act, body in (
        ("specimens", theirs.pk, "move", {"what": "thawed"}),
        ("sampling-requests", not_mine.pk, "collect", {"code": "T-1"}),
        ("sampling-requests", unmatched.pk, "not-available", {"reason": "x"}),
    ):
        assert post(client, resource, pk, act, **body).status_code == 404
    assert client.get(f"/api/v1/specimens/{theirs.pk}/custody/").status_code == 404
    with setting_up():
        assert SamplingRequest.objects.filter(state="open").count() == 3


def test_a_whole_organisation_sees_requests_of_nobody_yet(manager: Client) -> None:
    unmatched = api.sampling_request(patient=None)
    assert str(unmatched.pk) in keys(manager, "sampling-requests")
    refused = post(manager, "sampling-requests", unmatched.pk, "collect", code="T-1")
    assert refused.status_code == 409
    assert unmatched.organisation_id == HOLDER_A
