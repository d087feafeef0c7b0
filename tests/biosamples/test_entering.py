"""How a specimen comes into the ledger: collected for a request, or found where it has lain for years."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.models import User
from pv.biosamples import services
from pv.biosamples.models import CustodyEvent, Specimen
from pv.core import clock
from pv.core.errors import Conflict
from pv.core.partial import PartialDate
from pv.deadlines.models import Deadline
from pv.patients.models import Patient
from tests.biosamples.conftest import ML, Asker, fresh, refusal, register
from tests.support.factories import PartyFactory, TreatmentFactory

pytestmark = pytest.mark.django_db


def test_a_retain_found_in_the_store_is_entered_as_it_stands(as_manager: User, patient: Patient) -> None:
    centre = PartyFactory()
    tube = register(as_manager, patient, holder_id=centre.pk, thaws=2, compromised=True, note="old label")
    assert (tube.state, tube.place, tube.holder, tube.thaws, tube.compromised) == ("stored", "tank 2", centre, 2, True)
    assert (tube.collected_on, tube.collected_precision) == (date(2023, 5, 1), "month")
    (entry,) = CustodyEvent.objects.filter(specimen=tube)
    assert (entry.no, entry.what, entry.by, entry.change, entry.note) == (1, "registered", as_manager, 20, "old label")
    assert (tube.events, tube.version) == (1, 1)
    assert services.differs(fresh(tube)) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": " "}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"timing": "later"}, "timing"),
        ({"material": "hair"}, "material"),
        ({"temperature": "cold"}, "temperature"),
        ({"state": "lost"}, "state"),
        ({"route": "somehow"}, "route"),
        ({"unit": ""}, "unit"),
        ({"quantity": None}, "unit"),
        ({"quantity": Decimal(-1)}, "quantity"),
        ({"quantity": Decimal("1e15")}, "quantity"),
        ({"thaws": -1}, "thaws"),
        ({"collected": PartialDate(2190)}, "collected"),
        ({"place": "x" * 121}, "place"),
    ],
)
def test_what_is_wrong_with_a_new_specimen_is_named(
    as_manager: User, patient: Patient, changes: dict[str, Any], field: str
) -> None:
    assert refusal(lambda: register(as_manager, patient, **changes)).field == field
    assert not Specimen.objects.exists()


def test_a_number_is_given_once(as_manager: User, patient: Patient) -> None:
    register(as_manager, patient)
    assert refusal(lambda: register(as_manager, patient)).field == "code"


def test_another_patients_treatment_is_refused(as_manager: User, patient: Patient) -> None:
    theirs = TreatmentFactory()
    assert refusal(lambda: register(as_manager, patient, treatment_id=theirs.pk)).field == "treatment_id"
    own = patient.treatments.get()
    assert register(as_manager, patient, treatment_id=own.pk).treatment == own


def test_what_is_registered_after_the_malignancy_is_held_and_meets_what_waits(
    ask: Asker, patient: Patient, cause: UUID, as_manager: User
) -> None:
    request = ask()[0]
    tube = register(as_manager, patient)
    assert (tube.on_hold, tube.hold_cause, tube.request) == (True, cause, request)
    request.refresh_from_db()
    assert (request.state, request.touched) == ("met", True)
    assert Deadline.objects.get(subject=request.pk).outcome == "met"
    spoilt = register(as_manager, patient, code="S-2", material="product", compromised=True)
    assert (spoilt.on_hold, spoilt.request) == (True, None)
    later = register(as_manager, patient, code="S-3", timing="at_event", material="blood")
    assert not later.on_hold
    for one in (tube, spoilt, later):
        assert services.differs(fresh(one)) == {}


def test_after_a_stand_down_nothing_new_is_held(ask: Asker, patient: Patient, cause: UUID, as_head: User) -> None:
    ask()
    services.stand_down_requests(cause=cause, by=as_head, reason="benign")
    assert not register(as_head, patient).on_hold


def test_a_specimen_collected_for_a_request_meets_it(ask: Asker, as_manager: User, patient: Patient) -> None:
    request, taken = ask()[5], clock.now() - timedelta(hours=3)
    block = services.collect(by=as_manager, code="T-1", request_id=request.pk, at=taken, version=request.version)
    assert (block.timing, block.material, block.temperature) == ("at_event", "tumour_ffpe", "room")
    assert (block.patient, block.request, block.state) == (patient, request, "collected")
    request.refresh_from_db()
    assert (request.state, request.ended_at, request.touched) == ("met", taken, True)
    met = Deadline.objects.get(subject=request.pk)
    assert (met.outcome, met.met_at) == ("met", taken)
    second = services.collect(by=as_manager, code="T-2", request_id=request.pk, **ML)
    assert second.request == request
    assert refusal(lambda: services.collect(by=as_manager, code="T-3", request_id=request.pk, version=1), Conflict)


def test_nobody_may_travel_so_the_site_keeps_it(ask: Asker, as_manager: User) -> None:
    block = services.collect(by=as_manager, code="T-1", request_id=ask()[5].pk, kept_at_site=True)
    assert [one.what for one in CustodyEvent.objects.filter(specimen=block)] == ["collected", "kept"]
    assert (block.state, services.differs(fresh(block))) == ("at_site", {})


def test_a_specimen_may_be_collected_without_a_request(as_manager: User, patient: Patient) -> None:
    tube = services.collect(
        by=as_manager,
        code="B-1",
        patient_id=patient.pk,
        organisation=patient.organisation_id,
        timing="after_event",
        material="blood",
        temperature="vapour",
        **ML,
    )
    assert (tube.collected_on, tube.state) == (clock.today(), "collected")
    assert refusal(lambda: services.collect(by=as_manager, code="B-2")).field == "patient_id"
    tomorrow = clock.now() + timedelta(days=1)
    assert (
        refusal(
            lambda: services.collect(
                by=as_manager, code="B-2", patient_id=patient.pk, organisation=patient.organisation_id, at=tomorrow
            )
        ).field
        == "at"
    )


def test_nothing_is_collected_for_what_is_no_longer_asked(
    ask: Asker, cause: UUID, as_head: User, stranger: Patient
) -> None:
    request = ask()[5]
    other = {"timing": "at_event", "request_id": request.pk}
    assert refusal(lambda: register(as_head, stranger, **other)).field == "request_id"
    services.stand_down_requests(cause=cause, by=as_head, reason="benign")
    refusal(lambda: services.collect(by=as_head, code="T-1", request_id=request.pk), Conflict)
