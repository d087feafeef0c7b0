"""The inbox: reports in the order of their clocks, candidates side by side, triage, suspicion, questions."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.roles import Role
from pv.deadlines.models import Deadline
from pv.safety import services as safety
from pv.safety.models import Case, InboxItem, Question
from tests.support.people import HOLDER_A, PASSWORD, make_user
from tests.support.portal import flat
from tests.web.clinic import EVENTS, Clinic, acting, call, confirmed, record, requests_of, retain
from tests.web.conftest import SignIn


def now(clinic: Clinic, item: InboxItem) -> InboxItem:
    with acting(clinic.head):
        found: InboxItem = InboxItem.objects.for_organisations([HOLDER_A]).select_related("case").get(pk=item.pk)
    return found


def numbers(page: bytes) -> list[str]:
    """The reports of a list, in its order."""
    return re.findall(r'class="quiet">(IN-[\w-]+)<', flat(page))


def adverse_event(clinic: Clinic) -> InboxItem:
    made = record(
        clinic, None, 2, patient_id=clinic.patient.pk, kind="minimal", malignancy="not_asked", events=EVENTS[:1]
    )  # fmt: skip
    with acting(clinic.head):
        found: InboxItem = InboxItem.objects.for_organisations([HOLDER_A]).get(record=made.record)
    return found


def test_what_is_due_first_stands_on_top(sign_in: SignIn, clinic: Clinic) -> None:
    event, phone = adverse_event(clinic), call(clinic)
    client = sign_in(clinic.officer)
    assert numbers(client.get("/inbox/").content) == [phone.number, event.number]
    assert numbers(client.get("/inbox/?kind=adverse_event").content) == [event.number]
    assert numbers(client.get("/inbox/?source=phone").content) == [phone.number]
    assert numbers(client.get("/inbox/?q=pneumonia").content) == [event.number]
    assert numbers(client.get("/inbox/?q=P-0093").content) == [event.number]
    assert numbers(client.get("/inbox/?state=case").content) == []
    assert set(numbers(client.get("/inbox/?state=all&sort=latest").content)) == {event.number, phone.number}
    page = client.get("/inbox/").content.decode()
    assert "not matched" in page
    assert "nobody has it" in page
    text = client.get("/inbox/?format=csv").content.decode("utf-8-sig")
    assert phone.number in text


def test_a_report_shows_clocks_words_questions_and_samples(sign_in: SignIn, clinic: Clinic) -> None:
    phone = call(clinic)
    page = sign_in(clinic.officer).get(f"/inbox/{phone.pk}/").content.decode()
    for words in ("to be taken", "triage", "report to the authority", "Swollen node in the neck", "Dr Surgeon",
                  "010 5555 0100", "The patient is not matched yet", "Sampling advice", "First receiver"):  # fmt: skip
        assert words in page
    assert page.count("/samples/requests/") == len(requests_of(clinic, phone))


def test_one_click_takes_it_and_the_climbing_stops(sign_in: SignIn, clinic: Clinic) -> None:
    item = confirmed(clinic)
    client = sign_in(clinic.reviewer)
    page = client.post(f"/inbox/{item.pk}/take/", follow=True).content.decode()
    assert "You have it." in page
    assert f"{clinic.reviewer.name} has it" in page
    assert f"{clinic.reviewer.name} has it" in client.get("/inbox/").content.decode()
    late = sign_in(clinic.officer).post(f"/inbox/{item.pk}/take/")
    assert late.status_code == 409
    assert clinic.reviewer.name in late.content.decode()
    with acting(clinic.head):
        open_kinds = set(
            Deadline.objects.for_organisations([HOLDER_A]).filter(subject__in=[item.pk, item.case_id], closed_at=None)
            .values_list("kind", flat=True)
        )  # fmt: skip
    assert "acknowledge" not in open_kinds
    assert {"triage", "icsr"} <= open_kinds


def test_opening_the_page_does_nothing(sign_in: SignIn, clinic: Clinic) -> None:
    item = confirmed(clinic)
    client = sign_in(clinic.reviewer)
    for act in ("take", "triage", "match", "confirm", "stand-down"):
        assert client.get(f"/inbox/{item.pk}/{act}/").status_code == 405
    assert now(clinic, item).version == item.version


def test_a_report_becomes_a_case_of_its_own_by_one_button(sign_in: SignIn, clinic: Clinic) -> None:
    event = adverse_event(clinic)
    client = sign_in(clinic.officer)
    page = client.post(
        f"/inbox/{event.pk}/triage/", {"version": event.version, "outcome": "case", "reason": ""}, follow=True
    ).content.decode()
    assert "Triaged: became a case." in page
    assert now(clinic, event).case is not None
    assert "What is it?" not in page
    again = client.post(f"/inbox/{event.pk}/triage/", {"version": event.version, "outcome": "case", "reason": ""})
    assert again.status_code == 409


def test_candidates_stand_side_by_side_and_are_chosen_by_their_button(sign_in: SignIn, clinic: Clinic) -> None:
    first = confirmed(clinic)
    again = call(clinic, patient_id=clinic.patient.pk)
    client = sign_in(clinic.officer)
    page = flat(client.get(f"/inbox/{again.pk}/").content)
    assert first.number in page
    assert ">same<" in page
    assert f'value="duplicate:{first.pk}"' in page
    assert f'value="follow_up:{first.case_id}"' in page
    address = f"/inbox/{again.pk}/triage/"
    silent = client.post(address, {"version": again.version, "outcome": f"duplicate:{first.pk}", "reason": ""})
    assert silent.status_code == 422
    assert silent.context["triage_form"].errors.keys() == {"reason"}
    told = {"version": again.version, "outcome": f"duplicate:{first.pk}", "reason": "the same node"}
    assert client.post(address, told).status_code == 302
    assert (now(clinic, again).state, now(clinic, again).duplicate_of_id) == ("duplicate", first.pk)


def test_news_of_a_case_make_its_next_version(sign_in: SignIn, clinic: Clinic) -> None:
    first = confirmed(clinic)
    event = adverse_event(clinic)
    given = {"version": event.version, "outcome": f"follow_up:{first.case_id}", "reason": "it belongs to it"}
    assert sign_in(clinic.officer).post(f"/inbox/{event.pk}/triage/", given).status_code == 302
    with acting(clinic.head):
        assert Case.objects.for_organisations([HOLDER_A]).get(pk=first.case_id).versions == 2


def test_not_reportable_is_signed(sign_in: SignIn, clinic: Clinic) -> None:
    event = adverse_event(clinic)
    client, address = sign_in(clinic.head), f"/inbox/{event.pk}/triage/"
    given = {"version": event.version, "outcome": "not_reportable", "reason": "before the infusion", "password": "no"}
    wrong = client.post(address, given)
    assert wrong.status_code == 422
    assert wrong.context["triage_form"].errors.keys() == {"password"}
    assert "before the infusion" in wrong.content.decode()
    assert client.post(address, given | {"password": PASSWORD}).status_code == 302
    assert now(clinic, event).state == "not_reportable"


@pytest.mark.parametrize("outcome", ["", "nonsense", "duplicate:", "duplicate:not-an-id", "follow_up:"])
def test_an_outcome_that_names_nothing_is_refused(sign_in: SignIn, clinic: Clinic, outcome: str) -> None:
    event = adverse_event(clinic)
    answer = sign_in(clinic.officer).post(
        f"/inbox/{event.pk}/triage/", {"version": event.version, "outcome": outcome, "reason": "because"}
    )
    assert answer.status_code == 422
    assert now(clinic, event).state == "new"


def test_a_half_known_patient_is_matched_and_the_retained_vial_held(sign_in: SignIn, clinic: Clinic) -> None:
    vial, phone = retain(clinic), call(clinic)
    client, address = sign_in(clinic.officer), f"/inbox/{phone.pk}/match/"
    wrong = client.post(address, {"patient": "P-9999"})
    assert wrong.status_code == 422
    assert "There is no patient of this code." in wrong.content.decode()
    page = client.post(address, {"patient": "p-0093"}, follow=True).content.decode()
    assert "Matched to P-0093." in page
    assert vial.code in page


def test_pathology_confirms_a_suspicion(sign_in: SignIn, clinic: Clinic) -> None:
    phone = call(clinic)
    client = sign_in(clinic.reviewer)
    page = client.get(f"/inbox/{phone.pk}/").content.decode()
    assert "Pathology confirms it" in page
    given = {"version": phone.version, "diagnosis": "T-cell lymphoma", "lineage": "t_cell", "onset": ""}
    assert client.post(f"/inbox/{phone.pk}/confirm/", given | {"lineage": ""}).status_code == 422
    page = client.post(f"/inbox/{phone.pk}/confirm/", given, follow=True).content.decode()
    assert "The suspicion is confirmed." in page
    assert "Report due" in page
    row = now(clinic, phone)
    assert (row.malignancy, row.state, row.day_zero) == ("confirmed", "case", phone.day_zero)


def test_a_suspicion_is_stood_down_with_reason_and_password(sign_in: SignIn, clinic: Clinic) -> None:
    phone = call(clinic)
    client, address = sign_in(clinic.reviewer), f"/inbox/{phone.pk}/stand-down/"
    given = {"version": phone.version, "reason": "reactive node, biopsy 7", "password": "wrong"}
    wrong = client.post(address, given)
    assert wrong.status_code == 422
    assert wrong.context["stand_down_form"].errors.keys() == {"password"}
    assert "reactive node, biopsy 7" in wrong.content.decode()
    page = client.post(address, given | {"password": PASSWORD}, follow=True).content.decode()
    assert "The suspicion is stood down." in page
    assert {one.state for one in requests_of(clinic, phone)} == {"cancelled"}
    assert sign_in(clinic.officer).post(address, given).status_code == 403


def test_an_open_question_is_answered_on_the_page(sign_in: SignIn, clinic: Clinic) -> None:
    phone = call(clinic)
    with acting(clinic.head):
        question = Question.objects.for_organisations([HOLDER_A]).get(item=phone)
    client, address = sign_in(clinic.officer), f"/inbox/{phone.pk}/questions/{question.pk}/"
    assert client.post(address, {"answer": ""}).status_code == 422
    page = client.post(address, {"answer": "the hospital calls back"}, follow=True).content.decode()
    assert "the hospital calls back" in page
    assert client.post(f"/inbox/{phone.pk}/questions/{phone.pk}/", {"answer": "x"}).status_code == 404


def test_another_holders_report_is_not_there(sign_in: SignIn, clinic: Clinic, rival: Clinic) -> None:
    phone = call(clinic)
    client = sign_in(rival.head)
    assert client.get(f"/inbox/{phone.pk}/").status_code == 404
    for act in ("take", "triage", "match", "confirm", "stand-down"):
        assert client.post(f"/inbox/{phone.pk}/{act}/", {"version": "1"}).status_code == 404, act
    assert phone.number not in client.get("/inbox/?state=all").content.decode()


def test_who_reads_no_cases_and_who_only_reads(sign_in: SignIn, clinic: Clinic) -> None:
    phone = call(clinic)
    for role in (Role.SITE_COORDINATOR, Role.LABORATORY, Role.ADMINISTRATOR):
        client = sign_in(make_user(role))
        assert client.get("/inbox/").status_code == 403
        assert client.get(f"/inbox/{phone.pk}/").status_code == 403
    client = sign_in(make_user(Role.INSPECTOR))
    page = client.get(f"/inbox/{phone.pk}/").content.decode()
    for act in ("take", "triage", "match", "confirm", "stand-down", "questions"):
        assert f"/{act}/" not in page
    given: dict[str, Any] = {"version": phone.version, "outcome": "case"}
    assert client.post(f"/inbox/{phone.pk}/triage/", given).status_code == 403


def test_an_empty_inbox_says_so(sign_in: SignIn, clinic: Clinic) -> None:
    assert "Everything is triaged." in sign_in(clinic.officer).get("/inbox/").content.decode()


def test_queries_do_not_grow_with_the_reports(sign_in: SignIn, clinic: Clinic) -> None:
    client, figures = sign_in(clinic.officer), []
    for count in (2, 8):
        for _n in range(count):
            call(clinic, reporter_phone="")
        with CaptureQueriesContext(connection) as queries:
            client.get("/inbox/")
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 28


def test_queries_of_one_report_are_bounded(sign_in: SignIn, clinic: Clinic) -> None:
    retain(clinic)
    item = confirmed(clinic)
    with acting(clinic.reviewer):
        safety.take(by=clinic.reviewer, item_id=item.pk)
    client = sign_in(clinic.reviewer)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/inbox/{item.pk}/")
    assert len(queries) <= 46
