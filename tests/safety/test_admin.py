"""The triage queue: the worst first, taken by one click, and a report's page where nothing typed is lost."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.notices.models import Acknowledgement
from pv.patients.models import Treatment
from pv.safety import services
from pv.safety.models import InboxItem, Question
from pv.safety.services import Reported
from tests.safety.conftest import Reporter, acting
from tests.safety.test_cases import send
from tests.safety.test_reporting import call
from tests.safety.test_triaging import fresh, triage
from tests.support.factories import InboxItemFactory
from tests.support.people import HOLDER_B, PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db
QUEUE = "/admin/safety/inboxitem/"


def client(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def page_of(item: InboxItem) -> str:
    return f"{QUEUE}{item.pk}/change/"


def listed(browser: Client, **query: str) -> list[str]:
    """The reports on the page, in their order."""
    page = browser.get(QUEUE, query).content.decode()
    return re.findall(rf'href="{QUEUE}([0-9a-f-]{{36}})/change/"', page)


def act(browser: Client, item: InboxItem, name: str, **typed: Any) -> Any:
    return browser.post(f"{QUEUE}{item.pk}/act/", {"act": name, "version": item.version} | typed)


# --- the queue


def test_untriaged_malignancies_stand_on_top_then_what_is_late_first(
    report: Reporter, officer: User, reviewer: User
) -> None:
    mild = call(officer, malignancy="no", serious=False)
    death = call(officer, malignancy="no", death_suspected="unknown")
    late = call(officer, malignancy="no", aware_on=clock.today() - timedelta(days=30))
    taken, waiting = report(), report(status="suspected")
    confirmed = report()  # later than the suspicion, and worse
    with acting(reviewer):
        services.take(by=reviewer, item_id=taken.item.pk)
    done = report()
    triage(reviewer, done, "case")
    wanted = [confirmed, waiting, taken, late, death, mild]
    assert listed(client(reviewer)) == [str(one.item.pk) for one in wanted]


def test_what_waits_is_shown_and_the_rest_on_demand(report: Reporter, reviewer: User, head: User) -> None:
    waiting, mine, done = report(), report(), report()
    with acting(reviewer):
        services.take(by=reviewer, item_id=mine.item.pk)
    triage(head, done, "case")
    browser = client(reviewer)
    assert set(listed(browser)) == {str(waiting.item.pk), str(mine.item.pk)}
    assert listed(browser, shown="mine") == [str(mine.item.pk)]
    assert set(listed(browser, shown="all")) == {str(one.item.pk) for one in (waiting, mine, done)}


def test_a_row_says_what_whose_how_late_by_whom_and_who_has_it(
    report: Reporter, treatment: Treatment, officer: User, reviewer: User, head: User
) -> None:
    opened = report(aware_on=clock.today() - timedelta(days=20))
    browser = client(reviewer)
    page = browser.get(QUEUE).content.decode()
    for words in (
        "new malignancy · T-cell", treatment.patient.code, treatment.product.label, officer.name, "ago", "Triage",
        "overdue 5 days", "legal", "I take it", opened.item.number, opened.item.diagnosis,
    ):  # fmt: skip
        assert words in page, words
    with acting(head):
        services.take(by=head, item_id=opened.item.pk)
    page = browser.get(QUEUE).content.decode()
    assert f"taken by {head.name}" in page
    assert "I take it" not in page


def test_the_queue_is_found_by_number_patient_and_words(report: Reporter, reviewer: User, treatment: Treatment) -> None:
    opened = report()
    browser = client(reviewer)
    for words in (opened.item.number, treatment.patient.code, "Peripheral"):
        assert listed(browser, q=words) == [str(opened.item.pk)]
    assert listed(browser, q="nothing like it") == []
    assert "Nothing waits here." in browser.get(QUEUE, {"q": "nothing like it"}).content.decode()


def test_the_queue_asks_the_same_however_much_waits(report: Reporter, officer: User, reviewer: User) -> None:
    browser = client(reviewer)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(QUEUE).status_code == 200
        return len(queries)

    report()
    count()
    few = count()
    for _ in range(4):
        report()
        call(officer, malignancy="no", death_suspected="unknown")
    assert count() == few
    assert few <= 20


# --- one click


def test_one_click_in_the_row_takes_it_and_comes_back_to_the_queue(report: Reporter, reviewer: User) -> None:
    opened = report()
    browser = client(reviewer)
    page = browser.get(QUEUE).content.decode()
    where = re.search(r'formaction="([^"]+)"', page)
    assert where is not None
    answer = browser.post(where[1].replace("&amp;", "&"), follow=True)
    assert answer.redirect_chain[-1][0] == QUEUE
    assert f"{opened.item.number} is yours." in answer.content.decode()
    assert "taken by me" in answer.content.decode()
    with setting_up():
        assert Acknowledgement.objects.get().via == "admin"


def test_a_link_takes_nothing(report: Reporter, reviewer: User) -> None:
    opened = report()
    for name in ("take", "act", "match"):
        assert client(reviewer).get(f"{QUEUE}{opened.item.pk}/{name}/").status_code == 403
    with setting_up():
        assert not Acknowledgement.objects.exists()


def test_who_comes_second_reads_who_has_it(report: Reporter, reviewer: User, head: User) -> None:
    opened = report()
    client(head).post(f"{QUEUE}{opened.item.pk}/take/")
    answer = client(reviewer).post(f"{QUEUE}{opened.item.pk}/take/", follow=True)
    assert f"{head.name} has taken this already" in answer.content.decode()


@pytest.mark.parametrize("next_page", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_taking_leads_nowhere_else(report: Reporter, reviewer: User, next_page: str) -> None:
    opened = report()
    answer = client(reviewer).post(f"{QUEUE}{opened.item.pk}/take/?next={next_page}")
    assert answer["Location"] == page_of(opened.item)


# --- a report's page


def test_its_page_shows_story_clocks_questions_samples_and_who_was_told(
    report: Reporter, officer: User, reviewer: User
) -> None:
    opened = report(
        aware_on=clock.today() - timedelta(days=3), reporter_name="Dr Example", reporter_institution="First Hospital",
        narrative="letter of the hospital, page 2", source="phone",
    )  # fmt: skip
    page = client(reviewer).get(page_of(opened.item)).content.decode()
    for words in (
        "Dr Example", "First Hospital", "letter of the hospital, page 2", "CN-ICSR-SER", "+ 15 days", "Triage",
        "no sample from before the treatment is known", "Samples asked for", "Who was told", reviewer.name,
        "It is a case", "Follow-up to a case", "Duplicate", "Not valid", f"/samples/advice/{opened.item.pk}/",
    ):  # fmt: skip
        assert words in page, words
    assert "Stand the suspicion down" not in page
    assert "Confirmed by pathology" not in page


def test_what_is_offered_follows_role_and_state(report: Reporter, officer: User, reviewer: User) -> None:
    opened = report(status="suspected")
    offered = {
        "reviewer": client(reviewer).get(page_of(opened.item)).content.decode(),
        "officer": client(officer).get(page_of(opened.item)).content.decode(),
        "auditor": client(make_user(Role.AUDITOR)).get(page_of(opened.item)).content.decode(),
    }
    assert "Sign and stand down" in offered["reviewer"]
    assert "Sign and stand down" not in offered["officer"]
    assert "Make it a case" in offered["officer"]
    assert "Make it a case" not in offered["auditor"]
    assert "I take it" not in offered["auditor"]
    triage(reviewer, opened, "case")
    after = client(reviewer).get(page_of(opened.item)).content.decode()
    assert "Make it a case" not in after
    assert "Confirmed by pathology" in after  # reported before pathology has answered


def test_the_clocks_of_a_legal_report_show_the_last_working_day(
    report: Reporter, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pv.safety.admin import shaping

    opened = report()
    with setting_up():
        due = opened.deadlines[-1].due_on
    monkeypatch.setattr(shaping.days, "last_working_day_on_or_before", lambda day, known: day - timedelta(days=2))
    page = client(reviewer).get(page_of(opened.item)).content.decode()
    assert f"last working day {due - timedelta(days=2)}" in page


@pytest.mark.parametrize("outcome", ["case", "follow-up", "duplicate", "nothing"])
def test_each_form_does_what_it_says(report: Reporter, reviewer: User, outcome: str) -> None:
    first, opened = report(), report()
    typed = {
        "case": {},
        "follow-up": {"target": f"item:{first.item.pk}", "significant": "on", "reason": "more is known"},
        "duplicate": {"target": f"item:{first.item.pk}", "reason": "sent twice"},
        "nothing": {"outcome": "not_valid", "reason": "another patient", "password": PASSWORD},
    }[outcome]
    answer = act(client(reviewer), opened.item, outcome, **typed)
    assert (answer.status_code, answer["Location"]) == (302, page_of(opened.item))
    states = {"case": "case", "follow-up": "follow_up", "duplicate": "duplicate", "nothing": "not_valid"}
    item = fresh(opened.item)
    assert (item.state, item.triaged_by) == (states[outcome], reviewer)
    assert client(reviewer).get(page_of(item)).status_code == 200


def test_a_target_may_be_named_by_its_number(report: Reporter, reviewer: User, officer: User) -> None:
    first = report()
    with setting_up():
        type(first.case).objects.filter(pk=first.case.pk).update(serial=7, number="CN-2026-0007")
    browser = client(reviewer)
    second, third = report(), report()
    act(browser, second.item, "follow-up", number="cn-2026-0007", significant="on", reason="news")
    act(browser, third.item, "duplicate", number=first.item.number.lower(), reason="twice")
    assert (fresh(second.item).case_id, fresh(third.item).duplicate_of_id) == (first.case.pk, first.item.pk)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("follow-up", {"reason": "news of the node"}, "Choose one, or give its number."),
        ("follow-up", {"number": "CN-1999-0001", "reason": "news of the node"}, "There is no such case or report."),
        ("duplicate", {"number": "IN-1", "reason": "news of the node"}, "There is no such case or report."),
        (
            "nothing",
            {"outcome": "not_valid", "reason": "news of the node", "password": "not-mine"},
            "This is not your password.",
        ),
    ],
)
def test_a_refused_form_comes_back_as_it_was_typed(
    report: Reporter, reviewer: User, name: str, typed: dict[str, str], said: str
) -> None:
    opened = report()
    answer = act(client(reviewer), opened.item, name, **typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert said in page
    assert "news of the node" in page
    assert re.search(r"<details[^>]*open", page)
    assert typed.get("password", "no such text") not in re.sub(r"<[^>]+>", "", page)
    assert fresh(opened.item).state == "new"


def test_a_suspicion_is_stood_down_or_confirmed_from_its_page(report: Reporter, reviewer: User) -> None:
    browser = client(reviewer)
    down, up = report(status="suspected"), report(status="suspected")
    assert act(browser, down.item, "stand-down", reason="hyperplasia", password=PASSWORD).status_code == 302
    bad = act(browser, up.item, "confirm", diagnosis="PTCL", lineage="t_cell", onset="31/12/2026")
    assert "Please write the date as" in bad.content.decode()
    assert act(browser, up.item, "confirm", diagnosis="PTCL", lineage="t_cell", onset="2026-01").status_code == 302
    assert (fresh(down.item).state, fresh(up.item).state, fresh(up.item).malignancy) == (
        "stood_down", "case", "confirmed"
    )  # fmt: skip


def test_somebody_elses_change_in_between_is_a_clear_conflict(report: Reporter, reviewer: User, head: User) -> None:
    opened = report(status="suspected")
    triage(head, opened, "case")
    answer = act(client(reviewer), opened.item, "stand-down", reason="hyperplasia", password=PASSWORD, follow=True)
    page = answer.content.decode()
    assert fresh(opened.item).state == "case"
    assert f"{head.name} changed this on" in page
    assert "hyperplasia" in page  # what was typed is still there


def test_the_patient_is_matched_by_the_code(officer: User, reviewer: User, treatment: Treatment) -> None:
    opened = call(officer)
    browser = client(reviewer)
    where = f"{QUEUE}{opened.item.pk}/match/"
    wrong = browser.post(where, {"code": "P-none", "version": opened.item.version})
    assert "There is no patient with this code." in wrong.content.decode()
    assert "P-none" in wrong.content.decode()
    assert (
        browser.post(where, {"code": treatment.patient.code.lower(), "version": opened.item.version}).status_code == 302
    )
    assert fresh(opened.item).patient_id == treatment.patient_id
    assert "Which patient?" not in browser.get(page_of(opened.item)).content.decode()


def test_a_question_is_answered_in_its_place(report: Reporter, reviewer: User) -> None:
    opened = report()
    with setting_up():
        question = Question.objects.get(item=opened.item)
    browser = client(reviewer)
    where = reverse("admin:safety_inboxitem_answer", args=[opened.item.pk, question.pk])
    empty = browser.post(where, {"answer": "  "})
    assert empty.status_code == 200
    assert browser.post(where, {"answer": "none was kept"}).status_code == 302
    assert "none was kept" in browser.get(page_of(opened.item)).content.decode()
    assert "answered already" in browser.post(where, {"answer": "again"}).content.decode()
    stranger = reverse("admin:safety_inboxitem_answer", args=[opened.item.pk, uuid4()])
    assert browser.post(stranger, {"answer": "x"}).status_code == 404


# --- who may not


def test_a_report_is_not_acted_on_by_who_may_not(report: Reporter) -> None:
    opened, auditor = report(), make_user(Role.AUDITOR)
    browser = client(auditor)
    page = act(browser, opened.item, "case").content.decode()
    assert "Your role does not allow this" in page
    assert (
        "Your role does not allow this" in browser.post(f"{QUEUE}{opened.item.pk}/take/", follow=True).content.decode()
    )
    assert fresh(opened.item).state == "new"


def test_another_holders_report_is_not_there(reviewer: User) -> None:
    theirs = InboxItemFactory(organisation_id=HOLDER_B)
    browser = client(reviewer)
    for name in ("take", "act", "match"):
        assert browser.post(f"{QUEUE}{theirs.pk}/{name}/", {"act": "case"}).status_code == 404
        assert browser.post(f"{QUEUE}{uuid4()}/{name}/", {"act": "case"}).status_code == 404


def test_an_act_that_does_not_exist_is_none(report: Reporter, reviewer: User) -> None:
    assert act(client(reviewer), report().item, "vanish").status_code == 404


def test_a_case_with_everything_opens_in_the_admin(report: Reporter, officer: User, head: User) -> None:
    opened: Reported = report()
    send(officer, opened.case)
    browser = client(head)
    for address in (
        reverse("admin:safety_case_change", args=[opened.case.pk]),
        reverse("admin:safety_caseversion_change", args=[opened.version.pk]),
        reverse("admin:safety_malignancyprocess_change", args=[opened.process.pk]),
    ):
        assert browser.get(address).status_code == 200
