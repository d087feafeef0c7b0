"""Cases: the list, everything on one screen, assess and sign, record the report, news."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.models import Deadline
from pv.safety.models import Assessment, Case, CaseVersion
from pv.safety.numbering import give_numbers
from pv.safety.services import report_malignancy
from tests.support.people import HOLDER_A, PASSWORD, make_user
from tests.support.portal import flat
from tests.web.clinic import Clinic, acting, call, case_of, confirmed, retain, treat
from tests.web.conftest import SignIn


@pytest.fixture
def case(clinic: Clinic) -> Case:
    """The T-cell lymphoma found at month 12, with a retained vial on hold; its number is given."""
    retain(clinic)
    item = confirmed(clinic)
    give_numbers(HOLDER_A)
    return case_of(clinic, item)


def now(clinic: Clinic, case: Case) -> Case:
    with acting(clinic.head):
        found: Case = Case.objects.for_organisations([HOLDER_A]).get(pk=case.pk)
    return found


def test_the_list_is_filtered_and_names_the_report_that_is_due(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    client = sign_in(clinic.officer)

    def found(query: str) -> int:
        return client.get(f"/cases/?{query}").content.decode().count(f'href="/cases/{case.pk}/"')

    page = flat(client.get("/cases/").content)
    assert case.number in page
    assert "Peripheral T-cell lymphoma" in page
    assert "working day" in page
    assert [found(one) for one in ("q=P-0093", "q=CN-", "kind=malignancy", "state=received")] == [1, 1, 1, 1]
    assert [found(one) for one in ("q=nothing", "state=closed")] == [0, 0]
    assert case.number in client.get("/cases/?format=csv").content.decode("utf-8-sig")


def test_everything_stands_on_one_screen(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    page = flat(sign_in(clinic.officer).get(f"/cases/{case.pk}/").content)
    everything = [
        case.number, "report to the authority", "received: follow-up visit", "Version 1", "P-0093", "LOT-",
        "vector batch", "RET-1", "A date is known in part only", "Who was told", "Hospital Alpha",
    ]  # fmt: skip
    assert [words for words in everything if words not in page] == []
    assert re.search(r"\d+ of \d+", page)


def test_a_clock_leads_to_case_version_or_report(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    client = sign_in(clinic.officer)
    with acting(clinic.head):
        version = CaseVersion.objects.for_organisations([HOLDER_A]).get(case=case)
        item = case.items.get()
        clock_of_it = Deadline.objects.for_organisations([HOLDER_A]).get(kind="icsr", closed_at=None)
    for subject in (case.pk, version.pk, item.pk, clock_of_it.subject):
        assert client.get(f"/cases/by/{subject}/")["Location"] == f"/cases/{case.pk}/"
    phone = call(clinic)
    assert client.get(f"/cases/by/{phone.pk}/")["Location"] == f"/inbox/{phone.pk}/"
    assert client.get(f"/cases/by/{clinic.patient.pk}/").status_code == 404


def test_the_reviewer_assesses_and_signs(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    client, address = sign_in(clinic.reviewer), f"/cases/{case.pk}/assess/"
    given = {"causality": "possible", "expected": "no", "reasoning": "CAR positive by PCR", "password": "wrong"}
    wrong = client.post(address, given)
    assert wrong.status_code == 422
    assert wrong.context["assess_form"].errors.keys() == {"password"}
    assert "CAR positive by PCR" in wrong.content.decode()
    assert client.post(address, given | {"reasoning": "", "password": PASSWORD}).status_code == 422
    page = client.post(address, given | {"password": PASSWORD}, follow=True).content.decode()
    assert "Your assessment is signed: possible." in page
    assert "Signed:" in page
    with acting(clinic.head):
        assert Assessment.objects.for_organisations([HOLDER_A]).get().by_id == clinic.reviewer.pk


def test_who_took_the_report_in_does_not_assess_it(sign_in: SignIn, clinic: Clinic) -> None:
    with acting(clinic.head):
        made = report_malignancy(
            by=clinic.head, organisation=HOLDER_A, patient_id=clinic.patient.pk, diagnosis="T-cell lymphoma",
            lineage="t_cell", status="confirmed", onset=None, aware_on=clock.today(), submission=clinic.patient.pk,
        )  # fmt: skip
    assert made.case is not None
    client = sign_in(clinic.head)
    page = client.get(f"/cases/{made.case.pk}/").content.decode()
    assert "another person assesses it" in page
    assert "/assess/" not in page
    given = {"causality": "possible", "expected": "no", "reasoning": "mine", "password": PASSWORD}
    assert client.post(f"/cases/{made.case.pk}/assess/", given).status_code == 403


def test_the_report_is_recorded_and_its_clock_stops(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    client, address = sign_in(clinic.officer), f"/cases/{case.pk}/report/"
    given = {"version": case.version, "reported_on": clock.today().isoformat(), "evidence": "receipt 17"}
    assert client.post(address, given | {"evidence": ""}).status_code == 422
    early = client.post(address, given | {"reported_on": "2001-01-01"})
    assert early.status_code == 422
    assert early.context["reported_form"].errors.keys() == {"reported_on"}
    assert "receipt 17" in early.content.decode()
    page = client.post(address, given, follow=True).content.decode()
    assert "Its clock has stopped." in page
    assert "/report/" not in page
    assert now(clinic, case).state == "reported"


def test_news_make_a_version_that_says_what_changed(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    client = sign_in(clinic.officer)
    given = {
        "version": now(clinic, case).version, "learned_on": clock.today().isoformat(), "outcome": "recovering",
        "diagnosis": "Peripheral T-cell lymphoma, CAR positive", "lineage": "t_cell", "onset": "2026-11",
        "narrative": "As told by the hospital.", "significant": "yes", "why": "molecular result",
    }  # fmt: skip
    assert client.post(f"/cases/{case.pk}/news/", given | {"why": ""}).status_code == 422
    bad = client.post(f"/cases/{case.pk}/news/", given | {"onset": "soon"})
    assert bad.status_code == 422
    page = flat(client.post(f"/cases/{case.pk}/news/", given, follow=True).content)
    assert "Version 2 is written." in page
    assert "molecular result" in page
    versions = page[page.index('id="versions"') :]
    assert "CAR positive" in versions
    assert "recovering" in versions


def test_two_people_at_one_case_meet_a_clear_conflict(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    given = {"version": 99, "reported_on": clock.today().isoformat(), "evidence": "receipt 17"}
    answer = sign_in(clinic.officer).post(f"/cases/{case.pk}/report/", given)
    assert answer.status_code == 409
    assert "What stands now is shown below." in answer.content.decode()
    assert now(clinic, case).state == "received"


def test_another_holders_case_is_not_there(sign_in: SignIn, clinic: Clinic, case: Case, rival: Clinic) -> None:
    client = sign_in(rival.head)
    assert client.get(f"/cases/{case.pk}/").status_code == 404
    assert client.get(f"/cases/by/{case.pk}/").status_code == 404
    for act in ("assess", "report", "news"):
        assert client.post(f"/cases/{case.pk}/{act}/").status_code == 404
    assert case.number not in client.get("/cases/").content.decode()


def test_who_reads_no_cases_and_who_only_reads(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    for role in (Role.SITE_COORDINATOR, Role.LABORATORY, Role.AUTHORITY):
        client = sign_in(make_user(role))
        assert client.get("/cases/").status_code == 403
        assert client.get(f"/cases/{case.pk}/").status_code == 403
    client = sign_in(make_user(Role.INSPECTOR))
    page = client.get(f"/cases/{case.pk}/").content.decode()
    for act in ("assess", "report", "news"):
        assert f"/{act}/" not in page
        assert client.post(f"/cases/{case.pk}/{act}/").status_code == 403


def test_queries_are_bounded(sign_in: SignIn, clinic: Clinic, case: Case) -> None:
    client, figures = sign_in(clinic.officer), []
    for count in (0, 3):
        for n in range(count):
            patient = treat(clinic.recorder, f"P-3{n}", clinic.product, clinic.centre, days_ago=366)
            confirmed(clinic, clinic.visit("M12", patient=patient))
        with CaptureQueriesContext(connection) as queries:
            client.get("/cases/")
        figures.append(len(queries))
    assert figures[0] == figures[1]
    assert figures[0] <= 22
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/cases/{case.pk}/")
    assert len(queries) <= 46
