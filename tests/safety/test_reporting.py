"""One report opens everything that belongs to it, once, and nothing that is missing stops it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import as_clock
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.biosamples import services as biosamples
from pv.biosamples.models import SamplingRequest
from pv.core import clock
from pv.core.errors import DomainError, MissingRule, NotAllowed, NotFound
from pv.core.ids import uuid7
from pv.core.partial import PartialDate
from pv.deadlines.models import Deadline, Ladder, Rung
from pv.notices.models import Delivery, Notice
from pv.patients.models import Treatment
from pv.safety import services
from pv.safety.models import CaseVersion, InboxItem, MalignancyProcess, Question, Reaction, SafetyMove
from tests.safety.conftest import Reporter, acting
from tests.support.factories import PatientFactory, ProductFactory, RuleFactory, TreatmentFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db


def clocks_of(*subjects: Any) -> dict[str, Deadline]:
    """The room's own open clocks of these rows, by rule code or kind."""
    with setting_up():
        found = Deadline.objects.filter(subject__in=[row.pk for row in subjects], closed_at=None)
        found = found.exclude(kind__startswith="sample").select_related("rule")
        return {one.rule.code if one.rule else one.kind: one for one in found}


def questions_of(item: InboxItem) -> set[str]:
    with setting_up():
        return set(Question.objects.filter(item=item, answered_at=None).values_list("what", flat=True))


def test_a_confirmed_malignancy_opens_item_case_version_reaction_and_process(
    report: Reporter, treatment: Treatment, officer: User
) -> None:
    opened = report(onset=PartialDate(2026, 2, 3))
    item, case = opened.item, opened.case
    assert case is not None
    assert (item.state, item.serious, item.first_receiver, item.case) == ("new", True, officer, case)
    assert (item.product_id, item.treatment) == (treatment.product_id, treatment)
    assert (case.state, case.serious, case.malignancy, case.day_zero) == ("received", True, True, item.day_zero)
    with setting_up():
        version = CaseVersion.objects.get(case=case)
        reaction = Reaction.objects.get(case_version=version)
        process = MalignancyProcess.objects.get(item=item)
    assert (version.no, version.content["diagnosis"], version.by) == (1, "Peripheral T-cell lymphoma", officer)
    assert (reaction.seriousness, str(reaction.onset_on), reaction.onset_precision) == (["other"], "2026-02-03", "day")
    assert (process.case_id, process.status, process.lineage) == (case.pk, "confirmed", "t_cell")


def test_its_clocks_run_by_the_rules_from_day_zero(report: Reporter) -> None:
    opened = report(aware_on=clock.today() - timedelta(days=3))
    clocks = clocks_of(opened.item, opened.case)
    assert set(clocks) == {"CN-ICSR-SER", "acknowledge", "triage"}
    icsr = clocks["CN-ICSR-SER"]
    assert (icsr.subject, icsr.basis, icsr.due_on) == (opened.case.pk, "legal", clock.today() + timedelta(days=12))
    assert icsr.working == f"{opened.item.day_zero} + 15 days"
    assert icsr.args["number"] == opened.item.number
    assert clocks["triage"].due_at == opened.item.received_at + timedelta(hours=24)
    assert clocks["acknowledge"].due_at == opened.item.received_at


def test_a_suspicion_runs_the_same_clock_as_an_internal_one_beside_the_item(report: Reporter) -> None:
    opened = report(status="suspected")
    icsr = clocks_of(opened.item)["CN-ICSR-SER"]
    assert opened.case is None
    assert (icsr.subject, icsr.basis, icsr.due_on) == (opened.item.pk, "internal", clock.today() + timedelta(days=12))
    assert opened.process.status == "suspected"
    assert len(opened.requests) > 5


def test_day_zero_is_the_delegates_where_it_knew_earlier(report: Reporter) -> None:
    earlier = clock.today() - timedelta(days=9)
    opened = report(known_to_delegate_on=earlier, known_to_site_on=earlier - timedelta(days=30))
    assert (opened.item.day_zero, opened.case.day_zero) == (earlier, earlier)
    assert clocks_of(opened.case)["CN-ICSR-SER"].due_on == earlier + timedelta(days=15)


def test_samples_are_asked_for_with_the_report(report: Reporter) -> None:
    opened = report()
    with setting_up():
        requests = SamplingRequest.objects.filter(cause=opened.item.pk)
        assert {one.timing for one in requests} == {"before_treatment", "at_event", "after_event"}
        assert Deadline.objects.filter(kind="sample_collection", closed_at=None).exists()
    assert "no_retain" in questions_of(opened.item)


def test_the_first_notice_stands_before_the_commit(report: Reporter, reviewer: User, head: User) -> None:
    opened = report()
    with as_clock():
        notice = Notice.objects.get(deadline__subject=opened.item.pk, deadline__kind="acknowledge")
        told = Delivery.objects.filter(notice=notice, channel="in_app").values_list("recipient__email", flat=True)
        assert {reviewer.email, head.email} <= set(told)
    assert (notice.rung, notice.nth, notice.tone) == (1, 1, Rung.Tone.URGENT)


def test_the_same_submission_twice_is_one_report(report: Reporter) -> None:
    submission = uuid7()
    first, second = report(submission=submission), report(submission=submission)
    assert (second.item.pk, second.case.pk, second.version.no, second.again) == (first.item.pk, first.case.pk, 1, True)
    assert {one.pk for one in second.requests} == {one.pk for one in first.requests}
    with setting_up():
        assert InboxItem.objects.count() == 1
        assert Notice.objects.filter(deadline__kind="acknowledge").count() == 1


def test_the_same_tumour_reported_again_is_a_question_with_the_match_named(report: Reporter) -> None:
    first = report()
    second = report(lineage="unknown")
    other = report(lineage="solid")
    with setting_up():
        question = Question.objects.get(item=second.item, what="duplicate")
    assert first.item.number in question.detail
    with setting_up():
        named = Question.objects.get(item=other.item, what="duplicate").detail
    assert first.item.number not in named
    assert second.item.number in named


def test_an_unmatched_patient_delays_nothing(report: Reporter) -> None:
    opened = report(patient_id=None, patient_text="man of about sixty, infused last spring")
    assert set(clocks_of(opened.item, opened.case)) == {"CN-ICSR-SER", "acknowledge", "triage"}
    assert {"no_patient", "no_product"} <= questions_of(opened.item)
    assert opened.requests


def test_a_partial_onset_is_kept_and_asked_for(report: Reporter) -> None:
    opened = report(onset=PartialDate(2026, 2))
    assert (str(opened.item.onset_on), opened.item.onset_precision) == ("2026-02-01", "month")
    assert "partial_date" in questions_of(opened.item)


def test_no_sampling_plan_is_a_question(report: Reporter, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: Any) -> list[Any]:
        raise MissingRule("No sampling plan answers.")

    monkeypatch.setattr(biosamples, "ask_for_samples", none)
    opened = report()
    assert (opened.requests, "no_plan" in questions_of(opened.item)) == ([], True)
    assert "CN-ICSR-SER" in clocks_of(opened.case)


def test_a_fault_while_asking_for_samples_takes_nothing_back_but_what_it_wrote(
    report: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = biosamples.ask_for_samples

    def breaks(**given: Any) -> list[Any]:
        real(**given)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return []

    monkeypatch.setattr(biosamples, "ask_for_samples", breaks)
    opened = report()
    with setting_up():
        assert InboxItem.objects.filter(pk=opened.item.pk, case=opened.case).exists()
        assert not SamplingRequest.objects.filter(cause=opened.item.pk).exists()
        assert Notice.objects.filter(deadline__subject=opened.item.pk).exists()
    assert "no_plan" in questions_of(opened.item)


def test_no_rule_in_force_on_day_zero_is_a_question(report: Reporter) -> None:
    opened = report(aware_on=date(2020, 3, 1))
    assert set(clocks_of(opened.item, opened.case)) == {"acknowledge", "triage"}
    with setting_up():
        assert "CN-ICSR-SER" in Question.objects.get(item=opened.item, what="no_rule").detail


def test_a_year_without_holidays_is_a_question_where_the_rule_counts_working_days(report: Reporter) -> None:
    RuleFactory(code="CN-ICSR-SER", version=9, amount=400, unit="days", day_type="working", duty_kind="icsr")
    opened = report()
    assert "CN-ICSR-SER" not in clocks_of(opened.item, opened.case)
    assert "no_rule" in questions_of(opened.item)


def test_a_ladder_that_is_missing_stops_no_other_clock(report: Reporter) -> None:
    """The holder's own version of one ladder cannot even be climbed; without any the alarm could not start."""
    with setting_up():
        shared = Ladder.objects.filter(code="reporting").first()
        assert shared is not None

    def none(kind: str, organisation: Any, code: str = "") -> Ladder:
        if kind == "acknowledge":
            raise MissingRule("No ladder is set up for this kind of deadline.")
        return real(kind, organisation, code)

    from pv.deadlines import opening

    real = opening.ladder_for
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "ladder_for", none)
        opened = report()
    assert set(clocks_of(opened.item, opened.case)) == {"CN-ICSR-SER", "triage"}
    assert "no_rule" in questions_of(opened.item)


def test_a_report_known_for_long_is_late_at_once_and_still_saved(report: Reporter) -> None:
    opened = report(aware_on=clock.today() - timedelta(days=40))
    icsr = clocks_of(opened.case)["CN-ICSR-SER"]
    assert icsr.is_overdue(clock.now())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"aware_on": date(2199, 1, 1)}, "aware_on"),
        ({"known_to_delegate_on": date(2199, 1, 1)}, "known_to_delegate_on"),
        ({"diagnosis": "  "}, "diagnosis"),
        ({"diagnosis": "x" * 301}, "diagnosis"),
        ({"lineage": "plasma"}, "lineage"),
        ({"status": "relapse"}, "status"),
        ({"onset": PartialDate(2199)}, "onset"),
        ({"source": "rumour"}, "source"),
        ({"seriousness": ["grave"]}, "seriousness"),
        ({"reporter_phone": "1" * 41}, "reporter_phone"),
    ],
)
def test_what_cannot_be_meant_is_refused_beside_its_field(
    report: Reporter, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        report(**changes)
    assert refused.value.field == field
    with setting_up():
        assert not InboxItem.objects.exists()


def test_another_holders_patient_or_product_is_not_there(report: Reporter) -> None:
    for changes in (
        {"patient_id": PatientFactory(organisation_id=HOLDER_B).pk},
        {"product_id": ProductFactory(organisation_id=HOLDER_B).pk},
    ):
        with pytest.raises(NotFound):
            report(**changes)


def test_who_may_not_take_reports_in_is_refused(report: Reporter) -> None:
    with pytest.raises(NotAllowed):
        report(by=make_user(Role.AUDITOR))


def test_the_last_infusion_is_the_one_reported_about(treatment: Treatment) -> None:
    later = TreatmentFactory(patient=treatment.patient, infused_on=treatment.infused_on + timedelta(days=60))
    TreatmentFactory(patient=treatment.patient, ordered=True)
    with setting_up():
        assert services.last_infusion(treatment.patient) == later


def test_a_malignancy_that_is_not_serious_cannot_be_written(report: Reporter) -> None:
    opened = report()
    with pytest.raises(IntegrityError, match="inbox_a_new_malignancy_is_always_serious"), setting_up():
        InboxItem.objects.filter(pk=opened.item.pk).update(serious=False)


def test_what_was_opened_stands_in_the_ledger(report: Reporter, officer: User) -> None:
    opened = report()
    with setting_up():
        move = SafetyMove.objects.get(subject=opened.item.pk)
    assert (move.what, move.new, move.by) == ("opened", "confirmed", officer)


def test_a_malignancy_is_reported_in_few_queries(report: Reporter, officer: User) -> None:
    """With its clocks, thirteen sampling requests and the first notice; the number follows the commit."""
    report()
    patient, today = TreatmentFactory().patient_id, clock.today()
    with CaptureQueriesContext(connection) as queries:
        opened = report(patient_id=patient, aware_on=today)
    assert (len(opened.requests), len(queries) <= 72) == (13, True), len(queries)


# --- quick intake


def call(by: User, **changes: Any) -> services.Reported:
    wanted = {"organisation": HOLDER_A, "submission": uuid7(), "what": "Cervical node, lymphoma suspected"} | changes
    with acting(by):
        return services.quick_intake(by=by, **wanted)


def test_a_call_needs_nothing_but_what_happened(officer: User, reviewer: User) -> None:
    opened = call(officer)
    item = opened.item
    assert (item.kind, item.malignancy, item.lineage, item.source) == ("malignancy", "suspected", "unknown", "phone")
    assert (item.day_zero, item.known_to_holder_on) == (clock.today(), clock.today())
    assert (opened.case, bool(opened.requests)) == (None, True)
    assert set(clocks_of(item)) == {"CN-ICSR-SER", "acknowledge", "triage"}
    assert questions_of(item) >= {"no_patient", "no_product"}


def test_a_long_story_is_kept_whole(officer: User) -> None:
    story = "The surgeon says " + "a lot " * 100
    item = call(officer, what=story, narrative="call of 18:40").item
    assert (len(item.diagnosis), item.diagnosis[-1]) == (300, "…")
    assert item.narrative == f"{story.strip()}\n\ncall of 18:40"


def test_a_call_keeps_who_called_and_when_tissue_is_cut(officer: User) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    item = call(
        officer, reporter_name="Dr Example", reporter_institution="First Hospital", reporter_phone="010-5550",
        product_text="CD19 product", biopsy="planned", biopsy_on=tomorrow, treatment_planned_on=tomorrow,
        patient_text="woman, 58", known_to_delegate_on=clock.today() - timedelta(days=1),
    ).item  # fmt: skip
    assert (item.biopsy, item.biopsy_on, item.treatment_planned_on) == ("planned", tomorrow, tomorrow)
    assert item.day_zero == clock.today() - timedelta(days=1)
    assert item.first_receiver == officer


def test_calls_from_one_number_about_somebody_unknown_may_be_the_same(officer: User) -> None:
    first = call(officer, reporter_phone="010-5550").item
    second = call(officer, reporter_phone="010-5550").item
    third = call(officer, reporter_phone="010-7777").item
    assert "duplicate" in questions_of(second)
    assert "duplicate" not in questions_of(first) | questions_of(third)


@pytest.mark.parametrize(
    ("answers", "kind", "clocks"),
    [
        ({"malignancy": "confirmed"}, "malignancy", {"CN-ICSR-SER", "acknowledge", "triage"}),
        ({"malignancy": "relapse"}, "relapse", {"triage"}),
        ({"malignancy": "no"}, "adverse_event", {"CN-ICSR-SER", "triage"}),
        ({"malignancy": "no", "serious": False}, "adverse_event", {"CN-ICSR-NONSER", "triage"}),
        (
            {"malignancy": "no", "death_suspected": "unknown"},
            "death",
            {"CN-ICSR-SER", "CN-ICSR-DEATH-24H", "CN-ICSR-DEATHINV", "acknowledge", "triage"},
        ),
    ],
)
def test_a_call_opens_what_it_is_about(officer: User, answers: dict[str, Any], kind: str, clocks: set[str]) -> None:
    opened = call(officer, **answers)
    assert opened.item.kind == kind
    subjects = [opened.item, *([opened.case] if opened.case else [])]
    assert set(clocks_of(*subjects)) == clocks


def test_a_death_is_due_at_once_within_24_hours_of_being_told(officer: User) -> None:
    item = call(officer, malignancy="no", death_suspected="yes", died=PartialDate(2026, 2)).item
    clocks = clocks_of(item)
    assert clocks["CN-ICSR-DEATH-24H"].due_at == item.received_at + timedelta(hours=24)
    assert clocks["CN-ICSR-DEATH-24H"].kind == "icsr"
    assert clocks["CN-ICSR-DEATHINV"].kind == "death_investigation"
    assert clocks["CN-ICSR-DEATHINV"].due_on == item.day_zero + timedelta(days=15)
