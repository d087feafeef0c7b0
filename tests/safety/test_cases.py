"""Judgement, report, news and end of a case; open questions; matching the patient; who may not do what."""

from datetime import date, timedelta
from typing import Any

import pytest

from pv.accounts.models import Signature, User
from pv.accounts.roles import Role
from pv.accounts.signing import stands
from pv.biosamples.models import Specimen
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.core.ids import uuid7
from pv.deadlines.models import Deadline
from pv.patients.models import Treatment
from pv.safety import services
from pv.safety.models import Assessment, Case, CaseVersion, MalignancyProcess, Question
from pv.safety.services.cases import content_of_assessment
from tests.safety.conftest import Reporter, acting
from tests.safety.test_reporting import call, clocks_of, questions_of
from tests.safety.test_triaging import fresh, outcomes, triage
from tests.support.factories import CaseFactory, PatientFactory, QuestionFactory, SpecimenFactory, TreatmentFactory
from tests.support.people import HOLDER_B, PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db


def assess(by: User, case: Case, **more: Any) -> Assessment:
    wanted = {"password": PASSWORD, "causality": "possible", "expected": "yes", "reasoning": "The onset fits."} | more
    with acting(by):
        return services.assess(by=by, case_id=case.pk, **wanted)


def send(by: User, case: Case, **more: Any) -> Case:
    wanted = {"reported_on": clock.today(), "evidence": "receipt 2026-7"} | more
    with acting(by):
        return services.record_report(by=by, case_id=case.pk, **wanted)


# --- judgement


def test_a_judgement_is_signed_about_the_version_it_judges(report: Reporter, reviewer: User) -> None:
    case = report().case
    made = assess(reviewer, case)
    with setting_up():
        version = CaseVersion.objects.get(case=case)
        signature = Signature.objects.get(pk=made.signature_id)
        content = content_of_assessment(version, "possible", "yes", "The onset fits.")
        assert stands(signature, case, content)
        assert not stands(signature, case, content | {"causality": "unlikely"})
    assert (made.case_version_id, fresh(case).state) == (version.pk, "ready")


def test_who_took_the_report_in_does_not_judge_it(report: Reporter, reviewer: User) -> None:
    case = report(by=reviewer).case
    with pytest.raises(NotAllowed) as refused:
        assess(reviewer, case)
    assert refused.value.code == "own_report"
    with setting_up():
        assert not Assessment.objects.exists()
        assert not Signature.objects.exists()


def test_nor_who_took_a_follow_up_of_it_in(report: Reporter, reviewer: User, officer: User) -> None:
    case = report().case
    news = report(by=reviewer)
    triage(officer, news, "follow_up", case_id=case.pk, reason="news")
    with pytest.raises(NotAllowed):
        assess(reviewer, case)


def test_a_judgement_without_the_right_password_is_none(report: Reporter, reviewer: User) -> None:
    case = report().case
    with pytest.raises(NotAllowed) as refused:
        assess(reviewer, case, password="guess")
    assert (refused.value.field, fresh(case).state) == ("password", "received")


def test_judgements_stand_side_by_side_and_a_difference_is_a_question(
    report: Reporter, reviewer: User, head: User
) -> None:
    opened = report()
    assess(reviewer, opened.case)
    assert "other" not in questions_of(opened.item)
    assess(head, opened.case, causality="probable")
    assert "other" in questions_of(opened.item)
    with setting_up():
        assert Assessment.objects.filter(case_version__case=opened.case).count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"causality": "maybe"}, "causality"), ({"expected": "x"}, "expected"), ({"reasoning": " "}, "reasoning")],
)
def test_a_judgement_that_cannot_be_meant_names_its_field(
    report: Reporter, reviewer: User, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        assess(reviewer, report().case, **changes)
    assert refused.value.field == field


def test_an_officer_does_not_judge(report: Reporter) -> None:
    other = make_user(Role.PV_OFFICER, email="another-officer@a.example")
    with pytest.raises(NotAllowed):
        assess(other, report().case)


# --- the report to the authority


def test_a_report_meets_the_clock_on_the_day_it_was_sent(report: Reporter, officer: User) -> None:
    case = report(aware_on=clock.today() - timedelta(days=20)).case
    send(officer, case, reported_on=clock.today() - timedelta(days=6))
    with setting_up():
        met = Deadline.objects.get(subject=case.pk, kind="icsr")
    assert met.outcome == "met"
    assert met.met_at < met.due_at
    stored = fresh(case)
    assert (stored.state, stored.reported_version, stored.reported_on) == (
        "reported", 1, clock.today() - timedelta(days=6)
    )  # fmt: skip


@pytest.mark.parametrize("state", ["received", "triaged", "assessment", "ready", "reported"])
def test_it_is_recorded_whatever_was_left_undone(report: Reporter, officer: User, state: str) -> None:
    case = report().case
    with setting_up():
        Case.objects.filter(pk=case.pk).update(state=state, reported_on=clock.today())
    assert send(officer, case).state == "reported"


@pytest.mark.parametrize("state", ["closed", "nullified", "duplicate"])
def test_nothing_is_sent_of_what_has_ended(report: Reporter, officer: User, state: str) -> None:
    case, other = report().case, CaseFactory()
    with setting_up():
        Case.objects.filter(pk=case.pk).update(state=state, duplicate_of=other if state == "duplicate" else None)
    with pytest.raises(Conflict):
        send(officer, case)


def test_a_day_before_day_zero_or_to_come_is_refused(report: Reporter, officer: User) -> None:
    case = report().case
    for day in (case.day_zero - timedelta(days=1), clock.today() + timedelta(days=1)):
        with pytest.raises(DomainError) as refused:
            send(officer, case, reported_on=day)
        assert refused.value.field == "reported_on"
    with pytest.raises(DomainError) as refused:
        send(officer, case, evidence="")
    assert refused.value.field == "evidence"


def test_a_reviewer_records_no_report(report: Reporter, reviewer: User) -> None:
    with pytest.raises(NotAllowed):
        send(reviewer, report().case)


def test_the_investigation_of_a_death_has_its_own_report(officer: User, reviewer: User) -> None:
    case = triage(reviewer, call(officer, malignancy="no", death_suspected="unknown"), "case").case
    send(officer, case)
    assert set(clocks_of(case)) == {"CN-ICSR-DEATHINV"}
    with acting(officer):
        services.record_investigation(by=officer, case_id=case.pk, reported_on=clock.today(), evidence="file 3")
        with pytest.raises(Conflict):
            services.record_investigation(by=officer, case_id=case.pk, reported_on=clock.today(), evidence="file 3")
    assert outcomes(case)["CN-ICSR-DEATHINV"] == "met"


# --- news


def news(by: User, case: Case, **more: Any) -> CaseVersion:
    wanted = {
        "changes": {"outcome": "recovering"}, "significant": True, "why": "letter of the hospital",
        "learned_on": clock.today(),
    } | more  # fmt: skip
    with acting(by):
        return services.add_version(by=by, case_id=case.pk, **wanted)


def test_a_version_never_changes_and_news_are_the_next_one(report: Reporter, officer: User) -> None:
    case = report().case
    second = news(officer, case)
    with setting_up():
        first = CaseVersion.objects.get(case=case, no=1)
        assert (first.content["outcome"], second.content["outcome"]) == ("unknown", "recovering")
        assert second.content["diagnosis"] == first.content["diagnosis"]
        assert second.content_hash != first.content_hash
    assert (second.no, fresh(case).versions) == (2, 2)


def test_before_the_first_report_news_go_into_it(report: Reporter, officer: User) -> None:
    case = report().case
    assert clocks_of(news(officer, case)) == {}
    assert set(clocks_of(case)) == {"CN-ICSR-SER"}


def test_after_it_significant_news_start_a_clock_from_the_day_they_came(report: Reporter, officer: User) -> None:
    case = report().case
    send(officer, case)
    version = news(officer, case, learned_on=clock.today() - timedelta(days=2))
    assert clocks_of(version)["CN-ICSR-FU-SER"].due_on == clock.today() + timedelta(days=13)
    assert fresh(case).state == "assessment"
    send(officer, case)
    assert (clocks_of(version), fresh(case).reported_version) == ({}, 2)
    assert clocks_of(news(officer, case, significant=False)) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"changes": {"colour": "red"}}, "colour"),
        ({"changes": {"lineage": "plasma"}}, "lineage"),
        ({"changes": {"seriousness": "grave"}}, "seriousness"),
        ({"why": " "}, "why"),
        ({"learned_on": date(2199, 1, 1)}, "learned_on"),
    ],
)
def test_news_that_cannot_be_meant_name_their_field(
    report: Reporter, officer: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        news(officer, report().case, **changes)
    assert refused.value.field == field


# --- the end


def close(by: User, case: Case) -> Case:
    with acting(by):
        return services.close_case(by=by, case_id=case.pk, reason="nothing more is to come")


def test_a_case_is_closed_when_nothing_is_outstanding_and_news_open_it_again(report: Reporter, officer: User) -> None:
    opened = report()
    with pytest.raises(Conflict, match="outstanding"):
        close(officer, opened.case)
    send(officer, opened.case)
    with pytest.raises(Conflict, match="question"):
        close(officer, opened.case)
    with setting_up():
        waiting = list(Question.objects.filter(item=opened.item, answered_at=None))
    with acting(officer):
        for question in waiting:
            services.answer_question(by=officer, question_id=question.pk, answer="asked the laboratory")
    assert close(officer, opened.case).state == "closed"
    news(officer, opened.case)
    assert fresh(opened.case).state == "assessment"


# --- questions


def test_a_question_is_answered_by_its_role_or_who_may_triage_and_once(db: None) -> None:
    question = QuestionFactory(what="no_rule", for_role="regulatory_affairs")
    regulator, recorder = make_user(Role.REGULATORY_AFFAIRS), make_user(Role.RECORDER)
    with acting(recorder), pytest.raises(NotAllowed):
        services.answer_question(by=recorder, question_id=question.pk, answer="x")
    with acting(regulator):
        with pytest.raises(DomainError) as refused:
            services.answer_question(by=regulator, question_id=question.pk, answer=" ")
        assert refused.value.field == "answer"
        answered = services.answer_question(by=regulator, question_id=question.pk, answer="CN-ICSR-SER of 2021")
        assert (answered.answered_by, answered.answer) == (regulator, "CN-ICSR-SER of 2021")
        with pytest.raises(Conflict):
            services.answer_question(by=regulator, question_id=question.pk, answer="again")


# --- matching


def test_a_match_reaches_item_case_process_clocks_and_retained_material(
    officer: User, reviewer: User, treatment: Treatment
) -> None:
    specimen = SpecimenFactory(patient=treatment.patient, timing="before_treatment", state="stored")
    opened = call(officer, malignancy="confirmed", lineage="t_cell")
    with acting(officer):
        services.match_patient(by=officer, item_id=opened.item.pk, patient_id=treatment.patient_id)
    item, case = fresh(opened.item), fresh(opened.case)
    assert (item.patient_id, item.treatment_id, item.product_id) == (
        treatment.patient_id, treatment.pk, treatment.product_id
    )  # fmt: skip
    assert (case.patient_id, case.product_id) == (treatment.patient_id, treatment.product_id)
    assert {one.patient_id for one in clocks_of(item, case).values()} == {treatment.patient_id}
    assert not {"no_patient", "no_product"} & questions_of(item)
    with setting_up():
        assert MalignancyProcess.objects.get(item=item).patient_id == treatment.patient_id
        assert Specimen.objects.get(pk=specimen.pk).on_hold


def test_a_match_finds_what_was_reported_already(officer: User, report: Reporter, treatment: Treatment) -> None:
    report()
    opened = call(officer, lineage="t_cell")
    with acting(officer):
        services.match_patient(by=officer, item_id=opened.item.pk, patient_id=treatment.patient_id)
    assert "duplicate" in questions_of(opened.item)


def test_matching_twice_changes_nothing_and_another_patient_is_a_conflict(officer: User, treatment: Treatment) -> None:
    opened = call(officer)
    other = TreatmentFactory().patient
    with acting(officer):
        services.match_patient(by=officer, item_id=opened.item.pk, patient_id=treatment.patient_id)
        before = fresh(opened.item).version
        again = services.match_patient(by=officer, item_id=opened.item.pk, patient_id=treatment.patient_id)
        assert (again.again, fresh(opened.item).version) == (True, before)
        with pytest.raises(Conflict):
            services.match_patient(by=officer, item_id=opened.item.pk, patient_id=other.pk)
        for stranger in (uuid7(), PatientFactory(organisation_id=HOLDER_B).pk):
            with pytest.raises(NotFound):
                services.match_patient(by=officer, item_id=call(officer).item.pk, patient_id=stranger)
