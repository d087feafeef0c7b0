"""Specimens with their chain of custody, what was asked for and how it was answered, loans."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.roles import Role
from pv.biosamples.models import CustodyEvent, Loan, SamplingRequest, Specimen
from pv.core import clock
from pv.safety.models import InboxItem
from tests.support.people import HOLDER_A, make_user
from tests.support.portal import flat
from tests.web.clinic import Clinic, acting, call, confirmed, lent, requests_of, retain, treat
from tests.web.conftest import SignIn


@pytest.fixture
def vial(clinic: Clinic) -> Specimen:
    """Two vials kept from the apheresis."""
    return retain(clinic)


@pytest.fixture
def item(clinic: Clinic, vial: Specimen) -> InboxItem:
    """The malignancy because of which they are on hold."""
    return confirmed(clinic)


def now(clinic: Clinic, row: Specimen) -> Specimen:
    with acting(clinic.head):
        found: Specimen = Specimen.objects.for_organisations([HOLDER_A]).get(pk=row.pk)
    return found


def open_request(clinic: Clinic, item: InboxItem) -> SamplingRequest:
    return next(one for one in requests_of(clinic, item) if one.state == "open" and one.timing == "at_event")


def codes(page: bytes) -> list[str]:
    return re.findall(r'main-cell"><a href="[^"]*">([^<]+)<', flat(page))


def test_the_list_is_filtered(sign_in: SignIn, clinic: Clinic, item: InboxItem) -> None:
    client = sign_in(clinic.manager)
    retain(clinic, "TUM-1", timing="at_event", material="tumour_ffpe", temperature="room")

    def found(query: str) -> list[str]:
        return codes(client.get(f"/samples/?{query}").content)

    assert found("") == ["RET-1", "TUM-1"]
    assert found("hold=held") == found("timing=before_treatment") == found("material=apheresis") == ["RET-1"]
    assert found("q=tum") == ["TUM-1"]
    assert found("q=P-0093") == found("state=there") == found("state=stored") == ["RET-1", "TUM-1"]
    assert found("state=lost") == []
    assert "RET-1" in client.get("/samples/?format=csv").content.decode("utf-8-sig")


def test_a_specimen_shows_its_chain_and_what_holds_it(sign_in: SignIn, clinic: Clinic, item: InboxItem) -> None:
    vial = retain(clinic, "RET-2")
    page = flat(sign_in(clinic.manager).get(f"/samples/{vial.pk}/").content)
    for words in ("Registered (was there already)", "Put on hold", "LN2-3 / rack 2 / A4", "2 vial", item.number):
        assert words in page, words
    assert 'value="disposed"' not in page  # a hold forbids it
    assert 'value="moved"' in page


def test_what_was_done_is_the_next_entry(sign_in: SignIn, clinic: Clinic, vial: Specimen) -> None:
    client, address = sign_in(clinic.manager), f"/samples/{vial.pk}/move/"
    given: dict[str, Any] = {"version": vial.version, "what": "moved", "place": "LN2-4 / B2", "note": "new tank"}
    silent = client.post(address, given | {"place": ""})
    assert silent.status_code == 422
    assert silent.context["move_form"].errors.keys() == {"place"}
    page = client.post(address, given, follow=True).content.decode()
    assert "Entered: moved." in page
    assert "LN2-4 / B2" in page
    assert (now(clinic, vial).place, now(clinic, vial).events) == ("LN2-4 / B2", 2)
    stale = client.post(address, given)
    assert stale.status_code == 409
    assert now(clinic, vial).events == 2


def test_what_an_analysis_used_is_taken_off(sign_in: SignIn, clinic: Clinic, vial: Specimen) -> None:
    client, address = sign_in(clinic.manager), f"/samples/{vial.pk}/move/"
    given = {"version": vial.version, "what": "analysed", "change": "3"}
    assert client.post(address, given).context["move_form"].errors.keys() == {"change"}
    assert client.post(address, given | {"change": "0.5"}).status_code == 302
    assert str(now(clinic, vial).quantity.normalize()) == "1.5"


def test_an_excursion_marks_the_specimen(sign_in: SignIn, clinic: Clinic, vial: Specimen) -> None:
    client = sign_in(clinic.manager)
    given = {"version": vial.version, "celsius": "-60", "minutes": "20", "at": "", "note": "alarm 7"}
    assert client.post(f"/samples/{vial.pk}/excursion/", given | {"minutes": "0"}).status_code == 422
    page = client.post(f"/samples/{vial.pk}/excursion/", given, follow=True).content.decode()
    assert "compromised" in page
    assert "-60 °C" in page


def test_two_clicks_hold_and_a_reason_ends_it(sign_in: SignIn, clinic: Clinic, item: InboxItem) -> None:
    tube = retain(clinic, "TUM-1", timing="at_event", material="tumour_ffpe", temperature="room")
    client = sign_in(clinic.manager)
    given = {"version": tube.version, "cause": str(item.pk)}
    assert "must not be destroyed" in client.post(f"/samples/{tube.pk}/hold/", given, follow=True).content.decode()
    held = now(clinic, tube)
    assert (held.on_hold, held.hold_cause) == (True, item.pk)
    address = f"/samples/{tube.pk}/release/"
    assert client.post(address, {"version": held.version, "reason": ""}).status_code == 422
    assert client.post(address, {"version": held.version, "reason": "analysed"}).status_code == 302
    assert not now(clinic, tube).on_hold


def test_a_specimen_is_registered_of_a_patient(sign_in: SignIn, clinic: Clinic) -> None:
    client, address = sign_in(clinic.manager), f"/patients/{clinic.patient.pk}/sample/"
    given = {
        "act": "there", "code": "RET-9", "timing": "before_treatment", "material": "blood", "temperature": "freezer",
        "collected": "2025-10", "route": "undecided", "quantity": "2", "unit": "ml", "place": "F-2",
    }  # fmt: skip
    refused = client.post(address, given | {"unit": ""})
    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"unit"}
    assert 'value="RET-9"' in refused.content.decode()
    page = client.post(address, given, follow=True).content.decode()
    assert "RET-9 is registered." in page
    assert "2025-10" in page
    assert client.post(address, given).status_code == 422  # the number is taken
    taken = given | {"act": "collected", "code": "BL-1", "timing": "at_event", "collected": ""}
    assert client.post(address, taken).status_code == 302
    with acting(clinic.head):
        states = dict(Specimen.objects.for_organisations([HOLDER_A]).values_list("code", "state"))
    assert states == {"RET-9": "stored", "BL-1": "collected"}


def test_a_request_is_met_by_what_was_taken(sign_in: SignIn, clinic: Clinic, item: InboxItem) -> None:
    request = open_request(clinic, item)
    client = sign_in(clinic.manager)
    page = client.get(f"/samples/requests/{request.pk}/").content.decode()
    assert request.item.what_en in page
    assert item.number in page
    given = {"version": request.version, "code": "BX-1", "quantity": "15", "unit": "sections", "kept_at_site": "on"}
    page = client.post(f"/samples/requests/{request.pk}/collect/", given, follow=True).content.decode()
    assert "BX-1 is registered; the request is met." in page
    assert "held at the site" in page
    page = client.get(f"/samples/requests/{request.pk}/").content.decode()
    assert "BX-1" in page
    assert "state-done" in page
    assert "/collect/" not in page


@pytest.mark.parametrize(("how", "state"), [("at_site", "at_site"), ("not_available", "not_available")])
def test_a_request_ends_without_a_specimen(
    sign_in: SignIn, clinic: Clinic, item: InboxItem, how: str, state: str
) -> None:
    request = open_request(clinic, item)
    client, address = sign_in(clinic.manager), f"/samples/requests/{request.pk}/end/"
    given = {"version": request.version, "how": how, "reason": "stained there, report 12"}
    assert client.post(address, given | {"reason": ""}).status_code == 422
    assert client.post(address, given).status_code == 302
    row = next(one for one in requests_of(clinic, item) if one.pk == request.pk)
    assert (row.state, row.reason) == (state, "stained there, report 12")
    assert client.post(address, given).status_code == 409


def test_pathology_lends_and_gets_it_back(sign_in: SignIn, clinic: Clinic, item: InboxItem) -> None:
    request = open_request(clinic, item)
    client = sign_in(clinic.manager)
    given = {
        "kind": "unstained", "pieces": "15", "lender_id": str(clinic.centre.pk), "borrower": "the patient",
        "lent_on": clock.today().isoformat(), "return_by": (clock.today() + timedelta(days=28)).isoformat(),
    }  # fmt: skip
    wrong = client.post(f"/samples/requests/{request.pk}/loan/", given | {"return_by": "2001-01-01"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors.keys() == {"return_by"}
    assert client.post(f"/samples/requests/{request.pk}/loan/", given).status_code == 302
    with acting(clinic.head):
        loan = Loan.objects.for_organisations([HOLDER_A]).get()
    address = f"/samples/loans/{loan.pk}/"
    assert "To be returned by" in client.get(address).content.decode()
    back = {"version": loan.version, "returned_on": clock.today().isoformat()}
    page = client.post(address, back, follow=True).content.decode()
    assert "Its clock has stopped." in page
    assert client.post(address, back).status_code == 409


def test_a_request_of_an_unmatched_report_waits_for_the_patient(sign_in: SignIn, clinic: Clinic) -> None:
    request = requests_of(clinic, call(clinic))[0]
    page = sign_in(clinic.manager).get(f"/samples/requests/{request.pk}/").content.decode()
    assert "not matched to a patient yet" in page
    assert "/collect/" not in page
    assert sign_in(clinic.coordinator).get(f"/samples/requests/{request.pk}/").status_code == 404


def test_a_coordinator_sees_the_own_centres_specimens(sign_in: SignIn, clinic: Clinic, vial: Specimen) -> None:
    away = treat(clinic.recorder, "P-0200", clinic.product, None, days_ago=60)
    other = retain(clinic, "FAR-1", patient_id=away.pk)
    client = sign_in(clinic.coordinator)
    assert codes(client.get("/samples/").content) == ["RET-1"]
    assert client.get(f"/samples/{vial.pk}/").status_code == 200
    assert client.get(f"/samples/{other.pk}/").status_code == 404
    assert client.post(f"/samples/{other.pk}/move/", {"version": "1", "what": "moved"}).status_code == 404


def test_another_holders_rows_are_not_there(
    sign_in: SignIn, clinic: Clinic, item: InboxItem, vial: Specimen, rival: Clinic
) -> None:
    request, loan = open_request(clinic, item), lent(clinic)
    client = sign_in(rival.head)
    pages = [
        f"/samples/{vial.pk}/", f"/samples/requests/{request.pk}/", f"/samples/loans/{loan.pk}/",
        f"/samples/advice/{item.pk}/", f"/samples/requests/{request.pk}/collect/",
        f"/samples/requests/{request.pk}/end/", f"/samples/requests/{request.pk}/loan/",
    ]  # fmt: skip
    for address in pages:
        assert client.get(address).status_code == 404, address
        assert client.post(address).status_code in (404, 405), address
    for act in ("move", "excursion", "hold", "release"):
        assert client.post(f"/samples/{vial.pk}/{act}/", {"version": "1"}).status_code == 404
    assert "RET-1" not in client.get("/samples/").content.decode()


def test_who_only_reads_changes_nothing(sign_in: SignIn, clinic: Clinic, item: InboxItem, vial: Specimen) -> None:
    client, request = sign_in(make_user(Role.INSPECTOR)), open_request(clinic, item)
    page = client.get(f"/samples/{vial.pk}/").content.decode()
    page += client.get(f"/samples/requests/{request.pk}/").content.decode()
    for act in ("move", "excursion", "hold", "release", "collect", "end", "loan"):
        assert f"/{act}/" not in page
    assert client.post(f"/samples/{vial.pk}/move/", {"version": "1"}).status_code == 403
    assert client.post(f"/samples/requests/{request.pk}/end/", {}).status_code == 403
    assert sign_in(make_user(Role.LABORATORY)).get("/samples/").status_code == 403
    with acting(clinic.head):
        assert CustodyEvent.objects.for_organisations([HOLDER_A]).filter(specimen=vial).count() == 2


def test_queries_are_bounded(sign_in: SignIn, clinic: Clinic, item: InboxItem, vial: Specimen) -> None:
    client, figures = sign_in(clinic.manager), []
    for first, last in ((10, 12), (12, 30)):
        for n in range(first, last):
            retain(clinic, f"S-{n}")
        with CaptureQueriesContext(connection) as queries:
            client.get("/samples/")
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 14
    request, loan = open_request(clinic, item), lent(clinic)
    for address, most in (
        (f"/samples/{vial.pk}/", 20), (f"/samples/requests/{request.pk}/", 26), (f"/samples/loans/{loan.pk}/", 22),
        (f"/patients/{clinic.patient.pk}/sample/", 16),
    ):  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= most, address
