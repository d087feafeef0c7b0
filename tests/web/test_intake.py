"""A call written down on a phone, and the advice that goes out at once."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pv.accounts.roles import Role
from pv.biosamples.models import Instruction
from pv.core import clock
from pv.safety.models import InboxItem
from tests.support.people import HOLDER_A, HOLDER_B, make_user
from tests.web.clinic import Clinic, acting, call, confirmed, lent, requests_of, retain
from tests.web.conftest import SignIn


def heard(**more: Any) -> dict[str, Any]:
    """What a surgeon says on the telephone."""
    return {
        "submission": str(uuid4()),
        "reporter_name": "Dr Surgeon",
        "reporter_institution": "Hospital Beta",
        "reporter_phone": "010 5555 0100",
        "product_text": "demo-cel",
        "patient_text": "woman, about 60",
        "malignancy": "suspected",
        "what": "Swollen node in the neck",
        "biopsy_on": (clock.today() + timedelta(days=1)).isoformat(),
        "treatment_planned_on": "",
        **more,
    }


def only_item(clinic: Clinic) -> InboxItem:
    with acting(clinic.head):
        found: InboxItem = InboxItem.objects.for_organisations([HOLDER_A]).select_related("product", "patient").get()
    return found


def test_eight_fields_stand_on_one_page(sign_in: SignIn, clinic: Clinic) -> None:
    page = sign_in(clinic.officer).get("/intake/").content.decode()
    for name in ("reporter_name", "reporter_institution", "reporter_phone", "product_text", "patient_text", "what",
                 "biopsy_on", "treatment_planned_on"):  # fmt: skip
        assert f'name="{name}"' in page
    assert re.search(r'name="malignancy" value="suspected"[^>]*checked', page)
    assert '<option value="demo-cel">' in page
    assert 'data-draft="intake"' in page


def test_a_call_is_saved_and_the_answer_proposes_day_0_and_the_advice(sign_in: SignIn, clinic: Clinic) -> None:
    client = sign_in(clinic.officer)
    answer = client.post("/intake/", heard(), follow=True)
    item, page = only_item(clinic), answer.content.decode()
    assert answer.redirect_chain == [(f"/intake/{item.pk}/", 302)]
    assert item.number in page
    assert clock.today().isoformat() in page
    assert "working day" in page
    assert f'href="/samples/advice/{item.pk}/"' in page
    assert "The patient is not matched yet" in page
    assert (item.product.pk, item.patient, item.biopsy) == (clinic.product.pk, None, "planned")
    assert (item.first_receiver_id, item.reporter_phone) == (clinic.officer.pk, "010 5555 0100")


def test_a_code_that_is_known_matches_the_patient(sign_in: SignIn, clinic: Clinic) -> None:
    retain(clinic)
    page = sign_in(clinic.officer).post("/intake/", heard(patient_text="p-0093"), follow=True).content.decode()
    assert only_item(clinic).patient_id == clinic.patient.pk
    assert "1 specimen put on hold" in page
    assert "not matched" not in page


def test_an_unknown_product_and_a_long_story_are_kept_as_told(sign_in: SignIn, clinic: Clinic) -> None:
    story = "It began in spring. " * 60
    given = heard(product_text="some other cell", what=story, malignancy="relapse", biopsy_on="")
    assert sign_in(clinic.officer).post("/intake/", given).status_code == 302
    item = only_item(clinic)
    assert (item.product, item.product_text, item.kind) == (None, "some other cell", "relapse")
    assert story.strip() in item.narrative


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"what": " "}, "what"), ({"reporter_name": ""}, "reporter_name"), ({"biopsy_on": "2026-02"}, "biopsy_on"),
     ({"treatment_planned_on": "soon"}, "treatment_planned_on"), ({"malignancy": "maybe"}, "malignancy")],
)  # fmt: skip
def test_a_refused_call_keeps_what_was_typed(
    sign_in: SignIn, clinic: Clinic, changes: dict[str, str], field: str
) -> None:
    answer = sign_in(clinic.officer).post("/intake/", heard() | changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert f'href="#id_{field}' in page
    assert 'value="Hospital Beta"' in page
    with acting(clinic.head):
        assert not InboxItem.objects.for_organisations([HOLDER_A]).exists()


def test_a_call_sent_twice_is_one_report(sign_in: SignIn, clinic: Clinic) -> None:
    client, given = sign_in(clinic.officer), heard()
    assert [client.post("/intake/", given).status_code for _ in range(2)] == [302, 302]
    assert only_item(clinic).state == "new"


def test_who_took_the_call_sees_its_answer_and_another_centre_does_not(sign_in: SignIn, clinic: Clinic) -> None:
    client = sign_in(clinic.coordinator)
    assert client.post("/intake/", heard()).status_code == 302
    mine = only_item(clinic)
    assert client.get(f"/intake/{mine.pk}/").status_code == 200
    assert client.get(f"/samples/advice/{mine.pk}/").status_code == 200
    assert client.get(f"/inbox/{mine.pk}/").status_code == 403
    theirs = call(clinic)
    assert client.get(f"/intake/{theirs.pk}/").status_code == 404
    assert client.get(f"/samples/advice/{theirs.pk}/").status_code == 404


def test_another_holders_report_is_not_there(sign_in: SignIn, clinic: Clinic) -> None:
    item = call(clinic)
    client = sign_in(make_user(Role.PV_HEAD, organisation=HOLDER_B))
    for address in (f"/intake/{item.pk}/", f"/samples/advice/{item.pk}/", f"/inbox/{item.pk}/"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.LABORATORY, Role.LEGAL_REPRESENTATIVE])
def test_who_takes_no_calls_finds_no_form(sign_in: SignIn, clinic: Clinic, role: Role) -> None:
    client = sign_in(make_user(role))
    assert client.get("/intake/").status_code == 403
    assert client.post("/intake/", heard()).status_code == 403
    assert 'href="/intake/"' not in client.get("/register/").content.decode()


def test_a_call_behind_an_ended_log_in_comes_back(clinic: Clinic) -> None:
    assert Client().post("/intake/", heard())["Location"].startswith("/login/?next=")


# --- the sheet for the hospital


def test_the_advice_stands_in_both_languages(sign_in: SignIn, clinic: Clinic) -> None:
    item = call(clinic)
    client = sign_in(clinic.officer)
    both = client.get(f"/samples/advice/{item.pk}/?lang=both").content.decode()
    sheets = re.findall(r'<article class="panel sheet" lang="([\w-]+)">', both)
    assert sheets == ["zh-Hans", "en"]
    for words in ("before any anti-tumour treatment starts", item.number, "Our default", "1 h", clinic.manager.email):
        assert words in both
    english = client.get(f"/samples/advice/{item.pk}/?lang=en").content.decode()
    assert re.findall(r'<article class="panel sheet" lang="([\w-]+)">', english) == ["en"]
    assert "组织" not in english[english.index("<article") :]
    assert "组织" in client.get(f"/samples/advice/{item.pk}/?lang=zh-hans").content.decode()


def test_sent_or_handed_over_stops_the_clock_of_the_instruction(sign_in: SignIn, clinic: Clinic) -> None:
    item = call(clinic)
    client, address = sign_in(clinic.officer), f"/samples/advice/{item.pk}/"
    assert "Mark as sent or handed over" in client.get(address).content.decode()
    for _twice in range(2):
        page = client.post(address, follow=True).content.decode()
    assert "Sent or handed over by" in page
    assert "state-done" in page
    with acting(clinic.head):
        row = Instruction.objects.for_organisations([HOLDER_A]).get(cause=item.pk)
    assert row.given_by_id == clinic.officer.pk
    assert sign_in(make_user(Role.INSPECTOR)).post(address).status_code == 403


def test_the_advice_says_what_is_secured_already(sign_in: SignIn, clinic: Clinic) -> None:
    retain(clinic)
    item = confirmed(clinic)
    lent(clinic, requests_of(clinic, item)[4])
    page = sign_in(clinic.officer).get(f"/samples/advice/{item.pk}/").content.decode()
    assert page.count("✓") == 2


def test_the_pages_ask_the_database_a_bounded_number_of_questions(sign_in: SignIn, clinic: Clinic) -> None:
    item, client = call(clinic), sign_in(clinic.officer)
    for address, most in (("/intake/", 14), (f"/intake/{item.pk}/", 26), (f"/samples/advice/{item.pk}/", 30)):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= most, address
