"""The visit record, the minimum contact, the missed visit: typed in the portal, once, with what they set in motion."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.roles import Role
from pv.core import clock
from pv.followup.models import ContactAttempt, Excuse, ReportedEvent, Visit, VisitRecord
from pv.followup.services import record_visits
from pv.patients.models import Patient
from pv.safety.models import InboxItem
from tests.support.people import HOLDER_A, PASSWORD, make_user
from tests.web.clinic import Clinic, acting, new_record, retain
from tests.web.conftest import SignIn

NO_EVENT = {"events-TOTAL_FORMS": "1", "events-INITIAL_FORMS": "0"}


def typed(**more: Any) -> dict[str, Any]:
    """A full visit of yesterday, everything well."""
    return {
        "submission": str(uuid4()),
        "version": "1",
        "seen": (clock.today() - timedelta(days=1)).isoformat(),
        "way": "in_person",
        "alive": "yes",
        "malignancy": "no",
        **NO_EVENT,
        **more,
    }


TUMOUR = {
    "malignancy": "confirmed",
    "diagnosis": "Peripheral T-cell lymphoma",
    "lineage": "t_cell",
    "onset": "",
    "biopsy": "done",
}


def records(clinic: Clinic, patient: Patient | None = None) -> list[VisitRecord]:
    with acting(clinic.head):
        mine = VisitRecord.objects.for_organisations([HOLDER_A]).filter(patient=patient or clinic.patient)
        return list(mine.order_by("at", "id"))


def last(clinic: Clinic) -> VisitRecord:
    return records(clinic)[-1]


def state_of(clinic: Clinic, visit: Visit) -> str:
    with acting(clinic.head):
        return str(Visit.objects.for_organisations([HOLDER_A]).get(pk=visit.pk).state)


def test_the_form_shows_patient_window_questions_and_the_definition(sign_in: SignIn, clinic: Clinic) -> None:
    visit = clinic.next_visit()
    page = sign_in(clinic.recorder).get(f"/visits/{visit.pk}/").content.decode()
    for words in ("P-0093 M12", "demo-cel", visit.closes_on.isoformat(), "Relapse, progression, transformation and"):
        assert words in page
    for answer in ("no", "confirmed", "suspected", "relapse", "not_asked"):
        assert f'name="malignancy" value="{answer}"' in page
    # Without JavaScript every block is there; with it, blocks unfold by their answer.
    for field in ("diagnosis", "lineage", "onset", "biopsy", "died", "death_cause", "events-0-verbatim", "haemoglobin"):
        assert f'name="{field}"' in page
    assert 'data-when="malignancy=confirmed,suspected"' in page
    assert f'data-draft="visit-{visit.pk}"' in page
    assert f'name="known_to_holder_on" value="{clock.today()}"' in page
    assert re.search(r'name="submission" value="[0-9a-f-]{36}"', page)


def test_a_full_visit_is_saved_with_its_figures(sign_in: SignIn, clinic: Clinic) -> None:
    visit = clinic.next_visit()
    given = typed(haemoglobin="112.5", ecog="1", disease_status="complete_response", note="well")
    answer = sign_in(clinic.recorder).post(f"/visits/{visit.pk}/", given, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(f"/patients/{clinic.patient.pk}/", 302)]
    assert "Protocol follow-up M12: done." in page
    assert f'data-draft-done="visit-{visit.pk}"' in page
    row = last(clinic)
    assert (row.kind, row.visit_id, row.ecog, row.note) == ("full", visit.pk, 1, "well")
    assert row.haemoglobin == Decimal("112.5")
    assert state_of(clinic, visit) == "done"


def test_a_malignancy_says_what_it_has_set_in_motion(sign_in: SignIn, clinic: Clinic) -> None:
    retain(clinic)
    visit = clinic.next_visit()
    month = f"{clock.today():%Y-%m}"
    given = typed(**TUMOUR | {"onset": month})
    page = sign_in(clinic.head).post(f"/visits/{visit.pk}/", given, follow=True).content.decode()
    with acting(clinic.head):
        item = InboxItem.objects.for_organisations([HOLDER_A]).get(record=last(clinic))
    assert f"Inbox item {item.number}." in page
    assert "A case is opened; its number follows." in page or "opened." in page
    assert "Report due" in page
    assert "working day" in page
    assert re.search(r"\d+ pe(ople are|rson is) being told\.", page)
    assert re.search(r"\d+ samples asked for\.", page)
    assert "1 specimen put on hold." in page
    assert f'href="/samples/advice/{item.pk}/"' in page
    assert f'href="/inbox/{item.pk}/"' in page
    row = last(clinic)
    assert (row.onset_precision, row.onset_on.isoformat()[:7]) == ("month", month)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"seen": ""}, "seen", "This field is required."),
        ({"seen": "2026-13"}, "seen", "There is no month 13."),
        ({"seen": "30/02/2026"}, "seen", "Please write the date as 2026-02-13"),
        ({"seen": "2999-01-01"}, "seen", ""),
        ({"seen": "2001-01-01"}, "seen", ""),
        ({"alive": ""}, "alive", "This field is required."),
        ({"malignancy": ""}, "malignancy", "This field is required."),
        ({"malignancy": "confirmed"}, "diagnosis", "Say what was found"),
        ({"malignancy": "suspected", "diagnosis": "node"}, "lineage", "Say where it comes from"),
        ({"haemoglobin": "much"}, "haemoglobin", "Enter a number."),
        ({"biopsy_on": "2026-02", "malignancy": "relapse"}, "biopsy_on", "Please give the day as well"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_says_where(
    sign_in: SignIn, clinic: Clinic, changes: dict[str, str], field: str, words: str
) -> None:
    visit = clinic.next_visit()
    before = len(records(clinic))
    given = typed(note="typed by hand") | changes
    answer = sign_in(clinic.recorder).post(f"/visits/{visit.pk}/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert f'href="#id_{field}' in page
    assert page.count(words) >= 2
    assert "typed by hand" in page
    assert f'name="submission" value="{given["submission"]}"' in page
    assert len(records(clinic)) == before
    assert state_of(clinic, visit) == "planned"


def test_a_double_click_and_a_form_sent_again_store_one_record(sign_in: SignIn, clinic: Clinic) -> None:
    visit, client = clinic.next_visit(), sign_in(clinic.head)
    given, before = typed(**TUMOUR), len(records(clinic))
    answers = [client.post(f"/visits/{visit.pk}/", given) for _ in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert len(records(clinic)) == before + 1
    with acting(clinic.head):
        assert InboxItem.objects.for_organisations([HOLDER_A]).filter(record=last(clinic)).count() == 1


def test_two_people_at_one_visit_meet_a_clear_conflict(sign_in: SignIn, clinic: Clinic) -> None:
    visit = clinic.next_visit()
    with acting(clinic.officer):
        record_visits([new_record(visit)], by=clinic.officer)
    answer = sign_in(clinic.recorder).post(f"/visits/{visit.pk}/", typed(note="mine"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert clinic.officer.name in page
    assert "Nothing of yours was saved" in page
    assert re.search(r">\s*mine</textarea>", page)
    assert 'name="version" value="2"' in page


def test_events_are_added_without_losing_what_was_typed(sign_in: SignIn, clinic: Clinic) -> None:
    visit, client = clinic.next_visit(), sign_in(clinic.recorder)
    before = len(records(clinic))
    given = typed(**{"events-0-kind": "infection", "events-0-verbatim": "pneumonia", "more": "event"})
    page = client.post(f"/visits/{visit.pk}/", given).content.decode()
    assert 'name="events-1-verbatim"' in page
    assert 'value="pneumonia"' in page
    assert len(records(clinic)) == before
    given |= {
        "events-TOTAL_FORMS": "2", "events-0-seriousness": ["hospitalisation", "other"], "events-0-grade": "3",
        "events-0-onset": "2026-02", "events-1-kind": "other", "events-1-verbatim": "rash",
    }  # fmt: skip
    del given["more"]
    answer = client.post(f"/visits/{visit.pk}/", given | {"events-0-onset": f"{clock.today():%Y-%m}"})
    assert answer.status_code == 302
    with acting(clinic.head):
        events = list(ReportedEvent.objects.for_organisations([HOLDER_A]).filter(record=last(clinic)).order_by("kind"))
        items = InboxItem.objects.for_organisations([HOLDER_A]).filter(record=last(clinic)).count()
    assert [(one.kind, one.verbatim, one.grade) for one in events] == [
        ("infection", "pneumonia", 3), ("other", "rash", None),
    ]  # fmt: skip
    assert events[0].seriousness == ["hospitalisation", "other"]
    assert items == 2


def test_an_event_without_its_words_is_refused_beside_the_field(sign_in: SignIn, clinic: Clinic) -> None:
    given = typed(**{"events-0-kind": "infection"})
    answer = sign_in(clinic.recorder).post(f"/visits/{clinic.next_visit().pk}/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_events-0-verbatim"' in page


def test_answers_that_belong_to_another_answer_are_left_out(sign_in: SignIn, clinic: Clinic) -> None:
    given = typed(**TUMOUR | {"malignancy": "no", "died": "2026", "death_cause": "sepsis"})
    assert sign_in(clinic.recorder).post(f"/visits/{clinic.next_visit().pk}/", given).status_code == 302
    row = last(clinic)
    assert (row.diagnosis, row.lineage, row.biopsy, row.died_on, row.death_cause) == ("", "", "", None, "")


def test_the_minimum_contact_is_a_short_form_and_leaves_the_protocol_visit_open(
    sign_in: SignIn, clinic: Clinic
) -> None:
    client, address = sign_in(clinic.recorder), f"/patients/{clinic.patient.pk}/contact/"
    page = client.get(address).content.decode()
    assert f'name="seen" value="{clock.today()}"' in page  # today, and by phone: four clicks are left
    assert re.search(r'name="way" value="phone"[^>]*checked', page)
    assert "haemoglobin" not in page
    visit = clinic.next_visit()
    given = {"submission": str(uuid4()), "seen": str(clock.today()), "way": "phone", "alive": "yes", "malignancy": "no"}
    page = client.post(address, given, follow=True).content.decode()
    assert "Saved." in page
    assert "It counts for no planned visit" in page or "Lifelong monitoring Y" in page
    assert last(clinic).kind == "minimal"
    assert state_of(clinic, visit) == "planned"


def test_a_death_reported_at_a_contact_pauses_the_patient(sign_in: SignIn, clinic: Clinic) -> None:
    given = {
        "submission": str(uuid4()), "seen": str(clock.today()), "way": "phone", "alive": "no",
        "malignancy": "not_asked", "died": f"{clock.today():%Y-%m}", "death_suspected": "unknown",
    }  # fmt: skip
    client = sign_in(clinic.head)
    page = client.post(f"/patients/{clinic.patient.pk}/contact/", given, follow=True).content.decode()
    assert "Reported dead, unverified" in page
    assert "Report due" in page
    with acting(clinic.head):
        row = Patient.objects.for_organisations([HOLDER_A]).get(pk=clinic.patient.pk)
    assert (row.state, row.died_precision) == ("reported_dead", "month")


def test_the_way_to_the_next_visit_leads_to_the_one_that_is_due(sign_in: SignIn, clinic: Clinic) -> None:
    answer = sign_in(clinic.recorder).get(f"/patients/{clinic.patient.pk}/visit/")
    assert answer["Location"] == f"/visits/{clinic.next_visit().pk}/"
    page = sign_in(clinic.recorder).get(f"/patients/{clinic.patient.pk}/visit/?unplanned=1").content.decode()
    assert 'name="haemoglobin"' in page


def test_a_missed_visit_says_why(sign_in: SignIn, clinic: Clinic) -> None:
    visit, client = clinic.next_visit(), sign_in(clinic.recorder)
    address = f"/visits/{visit.pk}/missed/"
    assert client.post(address, {"submission": str(uuid4()), "missed_reason": ""}).status_code == 422
    given = {"submission": str(uuid4()), "version": "1", "missed_reason": "moved away"}
    assert client.post(address, given).status_code == 302
    assert (last(clinic).kind, last(clinic).missed_reason) == ("missed", "moved away")
    assert state_of(clinic, visit) == "missed"


def test_an_attempt_is_noted_and_shown(sign_in: SignIn, clinic: Clinic) -> None:
    client = sign_in(clinic.recorder)
    given = {"on": str(clock.today()), "channel": "phone", "result": "no_answer", "note": "rang twice"}
    page = client.post(f"/patients/{clinic.patient.pk}/attempt/", given, follow=True).content.decode()
    assert "rang twice" in page
    assert client.post(f"/patients/{clinic.patient.pk}/attempt/", given | {"result": ""}).status_code == 422
    with acting(clinic.head):
        assert ContactAttempt.objects.for_organisations([HOLDER_A]).count() == 1


def test_an_excuse_is_signed_with_the_password(sign_in: SignIn, clinic: Clinic) -> None:
    visit, client = clinic.next_visit(), sign_in(clinic.officer)
    given = {"state": "unavailable", "reason": "records burnt", "password": "wrong", "version": "1"}
    wrong = client.post(f"/visits/{visit.pk}/excuse/", given)
    assert wrong.status_code == 422
    assert wrong.context["form"].errors.keys() == {"password"}
    assert "records burnt" in wrong.content.decode()
    assert "wrong" not in re.findall(r'name="password"[^>]*', wrong.content.decode())[0]
    assert client.post(f"/visits/{visit.pk}/excuse/", given | {"password": PASSWORD}).status_code == 302
    assert state_of(clinic, visit) == "unavailable"
    with acting(clinic.head):
        assert Excuse.objects.for_organisations([HOLDER_A]).filter(visit=visit).count() == 1
    assert sign_in(clinic.recorder).get(f"/visits/{visit.pk}/excuse/").status_code == 403


def test_an_event_between_visits_opens_its_report(sign_in: SignIn, clinic: Clinic) -> None:
    given = typed(**{"way": "phone", "malignancy": "not_asked", "events-0-kind": "other", "events-0-verbatim": "rash"})
    page = sign_in(clinic.head).post(f"/patients/{clinic.patient.pk}/event/", given, follow=True).content.decode()
    assert "Inbox item IN-" in page
    assert state_of(clinic, clinic.next_visit()) == "planned"


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.QA_CMC, Role.MEDICAL_REVIEWER])
def test_who_only_reads_records_nothing(sign_in: SignIn, clinic: Clinic, role: Role) -> None:
    client, visit = sign_in(make_user(role)), clinic.next_visit()
    for address in (f"/visits/{visit.pk}/", f"/visits/{visit.pk}/missed/", f"/patients/{clinic.patient.pk}/contact/",
                    f"/patients/{clinic.patient.pk}/event/", f"/patients/{clinic.patient.pk}/attempt/"):  # fmt: skip
        assert client.get(address).status_code == 403
        assert client.post(address, typed()).status_code == 403


def test_a_form_behind_an_ended_log_in_stores_nothing_and_comes_back(clinic: Clinic) -> None:
    visit = clinic.next_visit()
    before = len(records(clinic))
    answer = Client().post(f"/visits/{visit.pk}/", typed())
    assert answer["Location"].startswith("/login/?next=")
    assert len(records(clinic)) == before


def test_the_forms_ask_the_database_a_bounded_number_of_questions(sign_in: SignIn, clinic: Clinic) -> None:
    client, visit = sign_in(clinic.recorder), clinic.next_visit()
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/visits/{visit.pk}/")
    assert len(queries) <= 28
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/patients/{clinic.patient.pk}/contact/")
    assert len(queries) <= 26
    with CaptureQueriesContext(connection) as queries:
        client.post(f"/visits/{visit.pk}/", typed())
    assert len(queries) <= 48
