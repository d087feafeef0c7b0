"""Patients in the portal: the list, one life on one line, the names behind the codes."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.roles import Role
from pv.audit.models import Event
from pv.core import clock
from pv.patients import services as patients
from pv.patients.models import Patient
from pv.patients.vault import keep_identity, read_identity
from tests.support.people import HOLDER_A, PASSWORD, make_user
from tests.support.portal import flat
from tests.web.clinic import (
    EVENTS,
    Clinic,
    acting,
    bind,
    confirmed,
    record,
    retain,
    treat,
)
from tests.web.conftest import SignIn


def codes(page: bytes) -> list[str]:
    """The patients of a list, in its order."""
    return re.findall(r'main-cell"><a href="[^"]*">([^<]+)<', flat(page))


def page_of(client: Client, clinic: Clinic) -> str:
    return client.get(f"/patients/{clinic.patient.pk}/").content.decode()


def test_the_list_is_filtered_by_code_state_product_centre_and_lateness(sign_in: SignIn, clinic: Clinic) -> None:
    late = treat(clinic.recorder, "P-0200", clinic.product, None, days_ago=60)
    gone = treat(clinic.recorder, "P-0300", clinic.product, clinic.centre, days_ago=10)
    with acting(clinic.recorder):
        patients.report_death(
            by=clinic.recorder, patient_id=gone.pk, learned_on=clock.today(), source="the family called"
        )
    client = sign_in(clinic.head)

    def found(query: str) -> list[str]:
        return codes(client.get(f"/patients/?{query}").content)

    assert found("") == ["P-0093", "P-0200", "P-0300"]
    assert found("q=p-02") == ["P-0200"]
    assert found("state=reported_dead") == ["P-0300"]
    assert found(f"centre={clinic.centre.pk}") == ["P-0093", "P-0300"]
    assert found(f"product={clinic.product.pk}") == found("sort=nonsense") == found("")
    assert found("visit=late") == [late.code]
    assert found("sort=-code") == ["P-0300", "P-0200", "P-0093"]
    page = client.get("/patients/?q=nobody").content.decode()
    assert "No patient fits." in page


def test_each_row_names_product_and_next_visit(sign_in: SignIn, clinic: Clinic) -> None:
    page = flat(sign_in(clinic.head).get("/patients/").content)
    assert "demo-cel" in page
    assert "M12" in page
    assert 'class="clock ' in page


def test_the_list_leads_to_what_somebody_wants_to_record(sign_in: SignIn, clinic: Clinic) -> None:
    for purpose, path in (("contact", "contact"), ("visit", "visit"), ("sample", "sample")):
        page = sign_in(clinic.head).get(f"/patients/?for={purpose}").content.decode()
        assert f'href="/patients/{clinic.patient.pk}/{path}/"' in page
    inspector = sign_in(make_user(Role.INSPECTOR)).get("/patients/?for=contact").content.decode()
    assert "/contact/" not in inspector


def test_the_list_is_downloaded_as_it_is_filtered(sign_in: SignIn, clinic: Clinic) -> None:
    treat(clinic.recorder, "P-0200", clinic.product, None, days_ago=60)
    answer = sign_in(clinic.head).get("/patients/?q=0200&format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    text = answer.content.decode("utf-8-sig")
    assert "P-0200" in text
    assert "P-0093" not in text


def test_a_page_begins_after_the_last_row_of_the_one_before(sign_in: SignIn, clinic: Clinic) -> None:
    with acting(clinic.recorder):
        for n in range(55):
            patients.register_patient(by=clinic.recorder, organisation=clinic.patient.organisation_id, code=f"Q-{n:03}")
    client = sign_in(clinic.head)
    first = client.get("/patients/")
    mark = re.search(r'after=([^"&]+)"[^>]*>Next page', first.content.decode())
    assert mark
    assert codes(first.content) + codes(client.get(f"/patients/?after={mark[1]}").content) == [
        "P-0093", *(f"Q-{n:03}" for n in range(55)),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_one_life_stands_on_one_line(sign_in: SignIn, clinic: Clinic, language: str) -> None:
    retain(clinic)
    record(clinic, None, 100, patient_id=clinic.patient.pk, kind="minimal", malignancy="not_asked", events=EVENTS)
    confirmed(clinic)
    page = page_of(sign_in(clinic.head, language), clinic)
    drawings = re.findall(r'<svg class="picture life (\w+)".*?</svg>', page, re.DOTALL)
    assert drawings == ["wide", "narrow"]
    wide = page[page.index('class="picture life wide"') : page.index('class="picture life narrow"')]
    for mark, count in (
        ("infusion", 1), ("apheresis", 1), ("malignancy", 1), ("event", 1), ("serious", 1), ("held", 1),
    ):  # fmt: skip
        assert wide.count(f'class="mark m-{mark}"') == count, mark
    assert wide.count('class="mark m-done"') == 6  # M1 to M12, and the year's contact
    assert 'class="mark m-planned"' in wide
    assert ">M12<" in flat(wide)
    assert str(clock.today()) in wide
    # The table behind it says the same.
    table = flat(page[page.index("<table>") : page.index("</table>")])
    assert table.count("<tr>") - 1 == len(re.findall('class="mark m-', wide))


def test_the_page_shows_lots_consents_history_and_the_pair(sign_in: SignIn, clinic: Clinic) -> None:
    retain(clinic)
    with acting(clinic.recorder):
        patients.record_history(by=clinic.recorder, patient_id=clinic.patient.pk, prior_lines="R-CHOP, six cycles")
        patients.give_consent(
            by=clinic.recorder, patient_id=clinic.patient.pk, scope="new_samples", given_on=clock.today()
        )
    page = flat(page_of(sign_in(clinic.head), clinic))
    for words in ("LOT-", "vector batch", "R-CHOP, six cycles", "new samples", "RET-1", "From before treatment only"):
        assert words in page


def test_a_death_pauses_the_visits_and_says_so(sign_in: SignIn, clinic: Clinic) -> None:
    record(clinic, None, 1, patient_id=clinic.patient.pk, kind="minimal", alive="no", malignancy="not_asked")
    page = page_of(sign_in(clinic.head), clinic)
    assert "Visits are paused and nobody is called" in page
    assert 'class="mark m-reported_dead"' in page
    assert "No visit is due while the patient is in this state." in page


def test_buttons_are_there_for_who_may_use_them(sign_in: SignIn, clinic: Clinic) -> None:
    assert f"/patients/{clinic.patient.pk}/contact/" in page_of(sign_in(clinic.recorder), clinic)
    for role in (Role.INSPECTOR, Role.QA_CMC):
        page = page_of(sign_in(make_user(role)), clinic)
        assert "/contact/" not in page
        assert "/identity/" not in page


def test_a_coordinator_sees_the_own_centre_only(sign_in: SignIn, clinic: Clinic) -> None:
    away = treat(clinic.recorder, "P-0200", clinic.product, None, days_ago=60)
    client = sign_in(clinic.coordinator)
    assert codes(client.get("/patients/").content) == ["P-0093"]
    assert client.get(f"/patients/{clinic.patient.pk}/").status_code == 200
    visit = clinic.next_visit(away)
    for address in (f"/patients/{away.pk}/", f"/patients/{away.pk}/contact/", f"/visits/{visit.pk}/",
                    f"/patients/{away.pk}/identity/", f"/patients/{away.pk}/sample/"):  # fmt: skip
        assert client.get(address).status_code == 404, address
    due = client.get("/?who=all").content.decode()
    assert "P-0093" in due
    assert "P-0200" not in due


def test_a_coordinator_without_a_centre_sees_nobody(sign_in: SignIn, clinic: Clinic) -> None:
    bind(clinic.coordinator, None)  # type: ignore[arg-type]  # a membership that names no party
    client = sign_in(clinic.coordinator)
    assert codes(client.get("/patients/").content) == []
    assert client.get(f"/patients/{clinic.patient.pk}/").status_code == 404


def test_another_holders_patient_is_not_there(sign_in: SignIn, clinic: Clinic, rival: Clinic) -> None:
    client = sign_in(clinic.head)
    pk, visit = rival.patient.pk, rival.patient.pk
    for path in ("", "contact/", "visit/", "event/", "attempt/", "identity/", "sample/"):
        assert client.get(f"/patients/{pk}/{path}").status_code == 404, path
        assert client.post(f"/patients/{pk}/{path}").status_code in (404, 405), path
    assert client.get(f"/visits/{visit}/").status_code == 404
    assert "B-0001" not in client.get("/patients/").content.decode()
    assert "B-0001" not in client.get("/?who=all").content.decode()


@pytest.mark.parametrize("role", [Role.LABORATORY, Role.AUTHORITY, Role.ADMINISTRATOR])
def test_who_reads_no_patients_finds_no_way_to_them(sign_in: SignIn, clinic: Clinic, role: Role) -> None:
    client = sign_in(make_user(role))
    assert client.get("/patients/").status_code == 403
    assert client.get(f"/patients/{clinic.patient.pk}/").status_code == 403
    page = client.get("/register/").content.decode()
    assert 'href="/patients/' not in page
    assert "P-0093" not in client.get("/?who=all", follow=True).content.decode()


def test_a_name_is_shown_only_to_who_says_what_for(sign_in: SignIn, clinic: Clinic) -> None:
    with acting(clinic.recorder):
        keep_identity(patient_id=clinic.patient.pk, by=clinic.recorder, name="王小明", phone="13800000000")
    client, address = sign_in(clinic.officer), f"/patients/{clinic.patient.pk}/identity/"
    assert "王小明" not in client.get(address).content.decode() + page_of(client, clinic)
    refused = client.post(address, {"act": "read", "purpose": ""})
    assert refused.status_code == 422
    assert "王小明" not in refused.content.decode()
    shown = client.post(address, {"act": "read", "purpose": "to call for visit M12"}).content.decode()
    assert "王小明" in shown
    assert "13800000000" in shown
    assert sign_in(clinic.manager).post(address, {"act": "read", "purpose": "x"}).status_code == 403
    with acting(clinic.head):
        kept = Event.objects.filter(organisation_id=clinic.patient.organisation_id).values_list("old", "reason")
        assert "王小明" not in str(list(kept))


def test_identifiers_are_kept_and_changed_on_their_own_page(sign_in: SignIn, clinic: Clinic) -> None:
    client, address = sign_in(clinic.recorder), f"/patients/{clinic.patient.pk}/identity/"
    nothing = client.post(address, {"act": "read", "purpose": "to call"}).content.decode()
    assert "Nothing is kept for this patient yet." in nothing
    given = {"act": "keep", "name": "李雷", "birth_date": "1961年2月3日", "phone": "", "hospital_number": "H-17"}
    assert client.post(address, given).status_code == 302
    with acting(clinic.recorder):
        clear = read_identity(patient_id=clinic.patient.pk, by=clinic.recorder, purpose="test")
    assert (clear.name, str(clear.birth_date), clear.hospital_number) == ("李雷", "1961-02-03", "H-17")
    wrong = client.post(address, given | {"birth_date": "1961-02-30"})
    assert wrong.status_code == 422
    assert "李雷" in wrong.content.decode()


def test_queries_of_the_list_do_not_grow_with_its_rows(sign_in: SignIn, clinic: Clinic) -> None:
    client, figures = sign_in(clinic.head), []
    for first, last in ((0, 2), (2, 12)):
        for n in range(first, last):
            treat(clinic.recorder, f"P-1{n:02}", clinic.product, clinic.centre, days_ago=60 + n)
        with CaptureQueriesContext(connection) as queries:
            client.get("/patients/")
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 28


def test_queries_of_a_patient_do_not_grow_with_the_life(sign_in: SignIn, clinic: Clinic) -> None:
    client, figures = sign_in(clinic.head), []
    for days in (30, 3):
        record(clinic, None, days, patient_id=clinic.patient.pk, kind="minimal", malignancy="no", events=EVENTS)
        retain(clinic, f"RET-{days}")
        with CaptureQueriesContext(connection) as queries:
            page_of(client, clinic)
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 44


def test_a_patient_of_today_has_no_line_yet(sign_in: SignIn, clinic: Clinic) -> None:
    with acting(clinic.recorder):
        fresh = patients.register_patient(
            by=clinic.recorder, organisation=clinic.patient.organisation_id, code="P-NEW"
        )  # fmt: skip
    page = sign_in(clinic.head).get(f"/patients/{fresh.pk}/").content.decode()
    assert "Nothing has happened yet" in page
    assert "No visit is planned" in page


def test_a_long_life_is_drawn_with_its_first_year_wider(sign_in: SignIn, clinic: Clinic) -> None:
    old = treat(clinic.recorder, "P-OLD", clinic.product, clinic.centre, days_ago=3000)
    page = sign_in(clinic.head).get(f"/patients/{old.pk}/").content.decode()
    assert "The first year after the infusion is drawn wider." in page
    year = (clock.today() - timedelta(days=1000)).year
    assert f">{year}</text>" in page


# --- what is learnt of a life


def state_of(clinic: Clinic) -> str:
    with acting(clinic.head):
        return str(Patient.objects.for_organisations([HOLDER_A]).get(pk=clinic.patient.pk).state)


def test_a_reported_death_is_verified_and_taken_back_by_a_signature(sign_in: SignIn, clinic: Clinic) -> None:
    record(clinic, None, 1, patient_id=clinic.patient.pk, kind="minimal", alive="no", malignancy="not_asked")
    client, today = sign_in(clinic.head), clock.today()
    address = f"/patients/{clinic.patient.pk}/life/"
    assert f'href="{address}verify-death/"' in page_of(client, clinic)
    version = client.get(f"{address}verify-death/").context["version"]
    given = {
        "version": version, "died": f"{today:%Y-%m}", "learned_on": str(today), "source": "death certificate",
        "suspected": "no",
    }  # fmt: skip
    wrong = client.post(f"{address}verify-death/", given | {"died": "2001"})
    assert wrong.status_code == 422
    assert "death certificate" in wrong.content.decode()
    page = client.post(f"{address}verify-death/", given, follow=True).content.decode()
    assert "The death of P-0093 is verified." in page
    assert 'class="mark m-death"' in page
    assert state_of(clinic) == "died"
    back = {
        "version": client.get(f"{address}alive/").context["version"], "learned_on": str(today),
        "source": "the patient called", "reason": "mixed up with another patient", "password": "wrong",
    }  # fmt: skip
    refused = client.post(f"{address}alive/", back)
    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"password"}
    assert client.post(f"{address}alive/", back | {"password": PASSWORD}).status_code == 302
    assert state_of(clinic) == "active"


def test_a_patient_is_lost_and_found_again(sign_in: SignIn, clinic: Clinic) -> None:
    client, address = sign_in(clinic.recorder), f"/patients/{clinic.patient.pk}/life/"
    today = str(clock.today())
    assert client.post(f"{address}lost/", {"learned_on": today, "reason": ""}).status_code == 422
    assert client.post(f"{address}lost/", {"learned_on": today, "reason": "three letters"}).status_code == 302
    assert state_of(clinic) == "lost"
    assert client.post(f"{address}lost/", {"learned_on": today, "reason": "again"}).status_code == 409
    assert client.post(f"{address}found/", {"learned_on": today, "source": "the hospital"}).status_code == 302
    assert state_of(clinic) == "active"


def test_moving_hands_the_patient_over(sign_in: SignIn, clinic: Clinic) -> None:
    client, address = sign_in(clinic.recorder), f"/patients/{clinic.patient.pk}/life/transfer/"
    today = str(clock.today())
    assert clinic.centre.name in client.get(address).content.decode()
    assert client.post(address, {"on": today, "to_text": ""}).status_code == 422
    given = {"on": today, "to_text": "a hospital in another province", "reason": "moved"}
    page = client.post(address, given, follow=True).content.decode()
    assert "P-0093 is handed over." in page
    assert 'class="mark m-transfer"' in page
    assert sign_in(clinic.coordinator).get(f"/patients/{clinic.patient.pk}/").status_code == 404


def test_news_of_a_life_are_for_who_may_write_them(sign_in: SignIn, clinic: Clinic, rival: Clinic) -> None:
    address = f"/patients/{clinic.patient.pk}/life/"
    assert sign_in(clinic.recorder).get(f"{address}verify-death/").status_code == 403
    assert sign_in(make_user(Role.INSPECTOR)).get(f"{address}lost/").status_code == 403
    assert sign_in(clinic.head).get(f"{address}nonsense/").status_code == 404
    assert sign_in(rival.head).get(f"{address}lost/").status_code == 404
