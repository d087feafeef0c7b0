"""Taking, triaging in every outcome, standing down, confirming: what ends, what goes on, and who may not."""

from datetime import timedelta
from typing import Any

import pytest

from pv.accounts.models import FailedLogin, Signature, User
from pv.accounts.roles import Role
from pv.biosamples.models import SamplingRequest
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.core.ids import uuid7
from pv.core.partial import PartialDate
from pv.deadlines.models import Deadline
from pv.notices import services as notices
from pv.safety import services
from pv.safety.models import Case, CaseVersion, InboxItem, MalignancyProcess, SafetyMove
from pv.safety.services import Reported
from tests.safety.conftest import Reporter, acting
from tests.safety.test_reporting import call, clocks_of, questions_of
from tests.support.factories import InboxItemFactory, RotaFactory
from tests.support.people import HOLDER_A, HOLDER_B, PASSWORD, make_user, setting_up

pytestmark = pytest.mark.django_db


def triage(by: User, opened: Reported | InboxItem, outcome: str, **more: Any) -> Reported:
    item = opened.item if isinstance(opened, Reported) else opened
    with acting(by):
        return services.triage(by=by, item_id=item.pk, outcome=outcome, **more)


def fresh(row: Any) -> Any:
    with setting_up():
        return type(row).objects.get(pk=row.pk)


def outcomes(*rows: Any) -> dict[str, str]:
    """How the room's clocks of these rows ended, by rule code or kind."""
    with setting_up():
        found = Deadline.objects.filter(subject__in=[row.pk for row in rows]).select_related("rule")
        return {f"{one.rule.code if one.rule else one.kind}": one.outcome for one in found}


# --- taking


def test_taking_stops_the_climbing_and_the_triage_clock_goes_on_as_the_takers(report: Reporter, reviewer: User) -> None:
    opened = report()
    with acting(reviewer):
        answer = services.take(by=reviewer, item_id=opened.item.pk)
    assert answer is not None
    assert answer.by == reviewer
    clocks = clocks_of(opened.item, opened.case)
    assert set(clocks) == {"CN-ICSR-SER", "triage"}
    assert clocks["triage"].assignee_id == reviewer.pk
    assert fresh(opened.item).state == "new"


def test_taking_twice_is_taking_once(report: Reporter, reviewer: User) -> None:
    opened = report()
    with acting(reviewer):
        first = services.take(by=reviewer, item_id=opened.item.pk)
        assert services.take(by=reviewer, item_id=opened.item.pk) == first


def test_who_comes_second_is_told_who_has_it(report: Reporter, reviewer: User, head: User) -> None:
    opened = report()
    with acting(reviewer):
        services.take(by=reviewer, item_id=opened.item.pk)
    with acting(head), pytest.raises(Conflict, match=reviewer.name):
        services.take(by=head, item_id=opened.item.pk)


def test_what_was_taken_in_the_app_is_taken(report: Reporter, reviewer: User, head: User) -> None:
    opened = report()
    alarm = clocks_of(opened.item)["acknowledge"]
    with acting(reviewer):
        notices.acknowledge(deadline_id=alarm.pk, by=reviewer, via="app")
    with acting(head), pytest.raises(Conflict, match=reviewer.name):
        services.take(by=head, item_id=opened.item.pk)


def test_what_does_not_ring_is_taken_by_giving_it_an_owner(officer: User, reviewer: User) -> None:
    opened = call(officer, malignancy="no", serious=False)
    with acting(reviewer):
        assert services.take(by=reviewer, item_id=opened.item.pk) is None
        assert services.take(by=reviewer, item_id=opened.item.pk) is None
    assert clocks_of(opened.item)["triage"].assignee_id == reviewer.pk
    with acting(officer), pytest.raises(Conflict, match=reviewer.name):
        services.take(by=officer, item_id=opened.item.pk)


def test_what_was_triaged_cannot_be_taken_by_another(report: Reporter, reviewer: User, head: User) -> None:
    opened = report()
    triage(reviewer, opened, "case")
    with acting(head), pytest.raises(Conflict):
        services.take(by=head, item_id=opened.item.pk)


def test_an_auditor_takes_nothing(report: Reporter) -> None:
    opened, auditor = report(), make_user(Role.AUDITOR)
    with acting(auditor), pytest.raises(NotAllowed):
        services.take(by=auditor, item_id=opened.item.pk)


# --- triage: a case


def test_a_confirmed_malignancy_keeps_its_case_and_its_legal_clock(report: Reporter, reviewer: User) -> None:
    opened = report()
    triage(reviewer, opened, "case")
    item, case = fresh(opened.item), fresh(opened.case)
    assert (item.state, item.triaged_by, item.case_id, case.state) == ("case", reviewer, case.pk, "triaged")
    assert outcomes(item, case) == {
        "CN-ICSR-SER": "", "acknowledge": "met", "triage": "met", "CN-SPM-SAMPLE-INSTR": ""
    }  # fmt: skip


def test_an_event_becomes_a_case_and_its_clock_goes_along_and_turns_legal(officer: User, reviewer: User) -> None:
    opened = call(officer, malignancy="no")
    before = clocks_of(opened.item)["CN-ICSR-SER"]
    case = triage(reviewer, opened, "case").case
    assert case is not None
    after = clocks_of(case)["CN-ICSR-SER"]
    assert outcomes(opened.item)["CN-ICSR-SER"] == "superseded"
    assert (after.basis, after.due_on, after.original_due_on) == ("legal", before.due_on, before.original_due_on)
    assert (case.malignancy, case.serious, fresh(case).state) == (False, True, "triaged")


def test_a_suspicion_may_be_reported_as_a_case_before_pathology_answers(report: Reporter, reviewer: User) -> None:
    opened = report(status="suspected")
    case = triage(reviewer, opened, "case").case
    with setting_up():
        process = MalignancyProcess.objects.get(item=opened.item)
    assert (process.status, process.case_id) == ("suspected", case.pk)
    assert clocks_of(case)["CN-ICSR-SER"].basis == "legal"


def test_who_took_it_in_may_triage_alone(report: Reporter, officer: User) -> None:
    """No rule of ours delays a legal report (practice 1); what is judged or ended is another matter."""
    opened = report()
    triage(officer, opened, "case")
    assert fresh(opened.item).triaged_by == officer


def test_all_clocks_of_a_death_go_along(officer: User, reviewer: User) -> None:
    opened = call(officer, malignancy="no", death_suspected="unknown")
    case = triage(reviewer, opened, "case").case
    clocks = clocks_of(case)
    assert set(clocks) == {"CN-ICSR-SER", "CN-ICSR-DEATH-24H", "CN-ICSR-DEATHINV"}
    assert {code: one.basis for code, one in clocks.items()} == {
        "CN-ICSR-SER": "legal", "CN-ICSR-DEATH-24H": "internal", "CN-ICSR-DEATHINV": "legal"
    }  # fmt: skip


# --- triage: follow-up


def test_a_follow_up_adds_a_version_and_ends_its_own_clocks(report: Reporter, officer: User, reviewer: User) -> None:
    first = report()
    second = report(diagnosis="T-cell lymphoma, CD4 positive")
    triage(reviewer, second, "follow_up", case_id=first.case.pk, reason="same tumour, more is known")
    item, case = fresh(second.item), fresh(first.case)
    assert (item.state, item.case_id, case.versions) == ("follow_up", case.pk, 2)
    with setting_up():
        versions = CaseVersion.objects.filter(case=case)
        assert [one.content["diagnosis"] for one in versions] == [first.item.diagnosis, second.item.diagnosis]
        assert [one.content["reporter_name"] for one in versions] == ["", ""]
    own = fresh(second.case)
    assert (own.state, own.duplicate_of_id) == ("duplicate", case.pk)
    assert outcomes(second.item, own)["CN-ICSR-SER"] == "superseded"
    assert set(clocks_of(case)) == {"CN-ICSR-SER"}


def test_significant_news_about_a_reported_case_start_a_clock_of_the_version(
    report: Reporter, officer: User, reviewer: User
) -> None:
    first = report()
    with acting(officer):
        services.record_report(by=officer, case_id=first.case.pk, reported_on=clock.today(), evidence="receipt 1")
    second = report(aware_on=clock.today() - timedelta(days=1))
    done = triage(reviewer, second, "follow_up", case_id=first.case.pk, reason="news")
    assert done.version is not None
    running = clocks_of(done.version)["CN-ICSR-FU-SER"]
    assert (running.basis, running.due_on) == ("legal", clock.today() + timedelta(days=14))
    assert fresh(first.case).state == "assessment"


def test_news_that_are_not_significant_start_none(report: Reporter, officer: User, reviewer: User) -> None:
    first = report()
    with acting(officer):
        services.record_report(by=officer, case_id=first.case.pk, reported_on=clock.today(), evidence="receipt 1")
    done = triage(reviewer, report(), "follow_up", case_id=first.case.pk, reason="no news", significant=False)
    assert done.version is not None
    assert clocks_of(done.version) == {}
    assert fresh(first.case).state == "reported"


def test_a_death_that_follows_brings_its_clocks_to_the_case(report: Reporter, officer: User, reviewer: User) -> None:
    first = report()
    death = call(officer, malignancy="no", death_suspected="unknown", what="Died in hospital")
    triage(reviewer, death, "follow_up", case_id=first.case.pk, reason="the same patient has died")
    assert set(clocks_of(first.case)) == {"CN-ICSR-SER", "CN-ICSR-DEATH-24H", "CN-ICSR-DEATHINV"}
    with setting_up():
        assert CaseVersion.objects.get(case=first.case, no=2).content["outcome"] == "fatal"


def test_a_case_that_turns_serious_is_due_sooner_and_never_later(officer: User, reviewer: User) -> None:
    mild = call(officer, malignancy="no", serious=False, aware_on=clock.today() - timedelta(days=20))
    case = triage(reviewer, mild, "case").case
    grave = call(officer, malignancy="no", serious=True, seriousness=["hospitalisation"])
    triage(reviewer, grave, "follow_up", case_id=case.pk, reason="admitted")
    clocks = clocks_of(case)
    assert set(clocks) == {"CN-ICSR-SER"}
    assert clocks["CN-ICSR-SER"].due_on == clock.today() + timedelta(days=10)
    assert fresh(case).serious


def test_an_earlier_day_zero_cuts_the_cases_clock_short_and_the_first_promise_stays(
    report: Reporter, reviewer: User
) -> None:
    first = report(aware_on=clock.today() - timedelta(days=2))
    before = clocks_of(first.case)["CN-ICSR-SER"]
    partner = report(aware_on=clock.today(), known_to_delegate_on=clock.today() - timedelta(days=8))
    triage(reviewer, partner, "duplicate", duplicate_of_id=first.item.pk, reason="the partner's copy")
    after = clocks_of(first.case)["CN-ICSR-SER"]
    assert after.due_on == clock.today() + timedelta(days=7)
    assert (after.original_due_on, after.round) == (before.due_on, 2)
    case = fresh(first.case)
    assert case.day_zero == clock.today() - timedelta(days=8)
    with setting_up():
        assert SafetyMove.objects.filter(subject=case.pk, what="day_zero").exists()


# --- triage: duplicate


def test_a_duplicate_ends_its_case_clocks_process_and_untouched_requests(report: Reporter, reviewer: User) -> None:
    first, second = report(), report()
    triage(reviewer, second, "duplicate", duplicate_of_id=first.item.pk, reason="sent twice")
    item, own = fresh(second.item), fresh(second.case)
    assert (item.state, item.duplicate_of_id) == ("duplicate", first.item.pk)
    assert (own.state, own.duplicate_of_id) == ("duplicate", first.case.pk)
    with setting_up():
        assert MalignancyProcess.objects.get(item=item).close_reason == "sent twice"
        states = set(SamplingRequest.objects.filter(cause=item.pk).values_list("state", flat=True))
        assert states == {"cancelled"}
        assert set(SamplingRequest.objects.filter(cause=first.item.pk).values_list("state", flat=True)) == {"open"}
    assert clocks_of(item, own) == {}
    assert set(clocks_of(first.case)) == {"CN-ICSR-SER"}


def test_a_duplicate_may_be_named_by_the_case(report: Reporter, reviewer: User) -> None:
    first, second = report(), report()
    triage(reviewer, second, "duplicate", case_id=first.case.pk, reason="sent twice")
    assert fresh(second.item).duplicate_of_id == first.item.pk


def test_the_suspicion_that_came_first_gets_the_case_of_its_confirmed_copy(report: Reporter, reviewer: User) -> None:
    first = report(status="suspected", aware_on=clock.today() - timedelta(days=6))
    second = report(aware_on=clock.today())
    triage(reviewer, second, "duplicate", duplicate_of_id=first.item.pk, reason="pathology has answered")
    item, case = fresh(first.item), fresh(second.case)
    assert (item.case_id, item.malignancy, item.state) == (case.pk, "confirmed", "new")
    assert (case.state, case.day_zero) == ("received", first.item.day_zero)
    assert clocks_of(case)["CN-ICSR-SER"].due_on == clock.today() + timedelta(days=9)
    assert "CN-ICSR-SER" not in clocks_of(first.item)
    with setting_up():
        process = MalignancyProcess.objects.get(item=item)
    assert (process.status, process.case_id) == ("confirmed", case.pk)


def test_of_two_suspicions_the_one_that_stays_keeps_the_earlier_day_zero(report: Reporter, reviewer: User) -> None:
    first = report(status="suspected", aware_on=clock.today())
    second = report(status="suspected", aware_on=clock.today() - timedelta(days=5))
    triage(reviewer, second, "duplicate", duplicate_of_id=first.item.pk, reason="the same")
    assert fresh(first.item).day_zero == second.item.day_zero
    assert clocks_of(first.item)["CN-ICSR-SER"].due_on == clock.today() + timedelta(days=10)


def test_two_cases_that_were_both_sent_are_a_question(report: Reporter, officer: User, reviewer: User) -> None:
    first, second = report(), report()
    with acting(officer):
        for one in (first, second):
            services.record_report(by=officer, case_id=one.case.pk, reported_on=clock.today(), evidence="receipt")
    triage(reviewer, second, "duplicate", duplicate_of_id=first.item.pk, reason="the same")
    assert "other" in questions_of(second.item)


# --- triage: nothing


@pytest.mark.parametrize("outcome", ["not_valid", "not_reportable"])
def test_what_was_no_malignancy_needs_a_signature_only_where_it_is_not_reported(
    officer: User, reviewer: User, outcome: str
) -> None:
    opened = call(officer, malignancy="no")
    if outcome == "not_reportable":
        with pytest.raises(NotAllowed) as refused:
            triage(reviewer, opened, outcome, reason="no relation")
        assert refused.value.field == "password"
    triage(reviewer, opened, outcome, reason="no relation", password=PASSWORD)
    item = fresh(opened.item)
    assert (item.state, item.triage_reason) == (outcome, "no relation")
    assert clocks_of(item) == {}
    assert outcomes(item)["CN-ICSR-SER"] == "cancelled"
    with setting_up():
        assert Signature.objects.filter(record_id=item.pk).count() == (outcome == "not_reportable")


def test_a_malignancy_is_ended_by_a_reviewers_signature_alone(report: Reporter, officer: User, reviewer: User) -> None:
    opened = report()
    with pytest.raises(NotAllowed):
        triage(officer, opened, "not_valid", reason="another patient", password=PASSWORD)
    with pytest.raises(NotAllowed):
        triage(reviewer, opened, "not_valid", reason="another patient", password="wrong")
    assert (fresh(opened.item).state, fresh(opened.case).state) == ("new", "received")
    triage(reviewer, opened, "not_valid", reason="another patient", password=PASSWORD)
    assert (fresh(opened.item).state, fresh(opened.case).state) == ("not_valid", "nullified")
    assert clocks_of(opened.item, opened.case) == {}


# --- refusals


@pytest.mark.parametrize(
    ("outcome", "more", "field"),
    [
        ("follow_up", {}, "reason"),
        ("follow_up", {"reason": "x"}, "case_id"),
        ("follow_up", {"reason": "x", "case_id": uuid7()}, None),
        ("duplicate", {"reason": "x"}, "duplicate_of_id"),
        ("duplicate", {"reason": "x", "duplicate_of_id": uuid7()}, "duplicate_of_id"),
        ("duplicate", {"reason": "x", "case_id": uuid7()}, "case_id"),
        ("not_valid", {"reason": " "}, "reason"),
        ("not_valid", {"reason": "x" * 501}, "reason"),
        ("stood_down", {"reason": "x"}, "outcome"),
        ("new", {"reason": "x"}, "outcome"),
    ],
)
def test_a_triage_that_cannot_be_meant_is_refused_beside_its_field(
    report: Reporter, reviewer: User, outcome: str, more: dict[str, Any], field: str | None
) -> None:
    opened = report()
    with pytest.raises(DomainError) as refused:
        triage(reviewer, opened, outcome, **more)
    assert refused.value.field == field
    assert fresh(opened.item).state == "new"


def test_a_report_is_no_duplicate_or_follow_up_of_itself(report: Reporter, reviewer: User) -> None:
    opened = report()
    for outcome, more in (
        ("duplicate", {"duplicate_of_id": opened.item.pk}),
        ("follow_up", {"case_id": opened.case.pk}),
    ):
        with pytest.raises(DomainError):
            triage(reviewer, opened, outcome, reason="x", **more)


def test_nothing_is_merged_into_what_was_ended(report: Reporter, reviewer: User) -> None:
    first, second, third = report(), report(), report()
    triage(reviewer, second, "duplicate", duplicate_of_id=first.item.pk, reason="the same")
    for outcome, more in (
        ("duplicate", {"duplicate_of_id": second.item.pk}),
        ("follow_up", {"case_id": second.case.pk}),
    ):
        with pytest.raises(Conflict):
            triage(reviewer, third, outcome, reason="x", **more)


ALL = [one for one in InboxItem.State.values]  # noqa: C416  # every state, as a list


@pytest.mark.parametrize("state", [one for one in ALL if one != "new"])
@pytest.mark.parametrize("outcome", ["case", "follow_up", "duplicate", "not_valid", "not_reportable"])
def test_what_was_triaged_is_not_triaged_again(reviewer: User, state: str, outcome: str) -> None:
    item = InboxItemFactory(triaged=True, state=state, triage_reason="done")
    with pytest.raises(Conflict) as refused:
        triage(reviewer, item, outcome, reason="again", password=PASSWORD)
    assert refused.value.code == "triaged"


def test_another_version_seen_is_a_conflict(report: Reporter, officer: User, reviewer: User) -> None:
    opened = report()
    with pytest.raises(Conflict):
        triage(reviewer, opened, "case", version=opened.item.version + 1)


def test_a_recorder_does_not_triage(report: Reporter) -> None:
    with pytest.raises(NotAllowed):
        triage(make_user(Role.RECORDER), report(), "case")


def test_another_holders_report_is_not_there(reviewer: User) -> None:
    theirs = InboxItemFactory(organisation_id=HOLDER_B)
    with acting(reviewer):
        for act in (
            lambda: services.take(by=reviewer, item_id=theirs.pk),
            lambda: services.triage(by=reviewer, item_id=theirs.pk, outcome="case"),
            lambda: services.stand_down(by=reviewer, password=PASSWORD, item_id=theirs.pk, reason="x"),
            lambda: services.confirm_suspicion(by=reviewer, item_id=theirs.pk, diagnosis="x", lineage="t_cell"),
            lambda: services.match_patient(by=reviewer, item_id=theirs.pk, patient_id=uuid7()),
        ):
            with pytest.raises(NotFound):
                act()


# --- standing down and confirming


def stand_down(by: User, opened: Reported, **more: Any) -> Reported:
    wanted = {"password": PASSWORD, "reason": "reactive hyperplasia"} | more
    with acting(by):
        return services.stand_down(by=by, item_id=opened.item.pk, **wanted)


def test_a_suspicion_stood_down_ends_its_clocks_and_untouched_requests_and_is_signed(
    report: Reporter, reviewer: User
) -> None:
    opened = report(status="suspected")
    stand_down(reviewer, opened)
    item = fresh(opened.item)
    assert (item.state, item.triage_reason, item.triaged_by) == ("stood_down", "reactive hyperplasia", reviewer)
    assert clocks_of(item) == {}
    assert outcomes(item)["CN-ICSR-SER"] == "cancelled"
    with setting_up():
        assert set(SamplingRequest.objects.filter(cause=item.pk).values_list("state", flat=True)) == {"cancelled"}
        signature = Signature.objects.get(record_id=item.pk)
        assert SafetyMove.objects.get(subject=item.pk, what="triaged").signature_id == signature.pk
    assert (signature.signer, signature.meaning, signature.reason) == (reviewer, "reviewed", "reactive hyperplasia")


def test_a_wrong_password_stands_nothing_down_and_counts(report: Reporter, reviewer: User) -> None:
    opened = report(status="suspected")
    with pytest.raises(NotAllowed) as refused:
        stand_down(reviewer, opened, password="guess")
    assert (refused.value.field, refused.value.code) == ("password", "wrong_password")
    assert set(clocks_of(opened.item)) == {"CN-ICSR-SER", "acknowledge", "triage"}
    assert FailedLogin.objects.count() == 1


def test_standing_down_needs_its_reason_and_a_suspicion_that_stands(report: Reporter, reviewer: User) -> None:
    with pytest.raises(DomainError) as refused:
        stand_down(reviewer, report(status="suspected"), reason="  ")
    assert refused.value.field == "reason"
    with pytest.raises(Conflict):
        stand_down(reviewer, report())
    done = report(status="suspected")
    triage(reviewer, done, "case")
    with pytest.raises(Conflict):
        stand_down(reviewer, done)


def test_an_officer_does_not_stand_down(report: Reporter, officer: User) -> None:
    with pytest.raises(NotAllowed):
        stand_down(officer, report(status="suspected"))


def confirm(by: User, opened: Reported, **more: Any) -> Reported:
    wanted = {"diagnosis": "Peripheral T-cell lymphoma, NOS", "lineage": "t_cell"} | more
    with acting(by):
        return services.confirm_suspicion(by=by, item_id=opened.item.pk, **wanted)


def test_a_confirmed_suspicion_becomes_a_case_from_the_day_zero_that_was_kept(report: Reporter, reviewer: User) -> None:
    opened = report(status="suspected", lineage="unknown", aware_on=clock.today() - timedelta(days=5))
    first = clocks_of(opened.item)["CN-ICSR-SER"]
    done = confirm(reviewer, opened, onset=PartialDate(2026, 1))
    item, case = fresh(opened.item), done.case
    assert (item.state, item.malignancy, item.lineage, item.case_id) == ("case", "confirmed", "t_cell", case.pk)
    assert (case.malignancy, case.day_zero, fresh(case).state) == (True, item.day_zero, "triaged")
    icsr = clocks_of(case)["CN-ICSR-SER"]
    assert (icsr.basis, icsr.due_on, icsr.original_due_on) == ("legal", first.due_on, first.original_due_on)
    assert clocks_of(item) == {} or set(clocks_of(item)) <= {"CN-SPM-SAMPLE-INSTR"}
    with setting_up():
        process = MalignancyProcess.objects.get(item=item)
        version = CaseVersion.objects.get(case=case)
    assert (process.status, process.case_id, process.lineage) == ("confirmed", case.pk, "t_cell")
    assert (version.content["diagnosis"], version.content["onset"]) == ("Peripheral T-cell lymphoma, NOS", "2026-01")


def test_a_lineage_that_is_known_now_asks_for_what_its_plan_wants_besides(report: Reporter, reviewer: User) -> None:
    opened = report(status="suspected", lineage="unknown")
    with setting_up():
        before = SamplingRequest.objects.filter(cause=opened.item.pk).count()
    confirm(reviewer, opened)
    with setting_up():
        after = SamplingRequest.objects.filter(cause=opened.item.pk)
        assert after.count() >= before
        assert not after.filter(state="cancelled").exists()


def test_a_suspicion_reported_before_pathology_gets_a_version_when_it_answers(
    report: Reporter, officer: User, reviewer: User
) -> None:
    opened = report(status="suspected")
    case = triage(reviewer, opened, "case").case
    with acting(officer):
        services.record_report(by=officer, case_id=case.pk, reported_on=clock.today(), evidence="receipt")
    done = confirm(reviewer, opened)
    assert (done.version.no, done.version.content["malignancy"]) == (2, "confirmed")
    assert "CN-ICSR-FU-SER" in clocks_of(done.version)


def test_only_a_standing_suspicion_is_confirmed(report: Reporter, reviewer: User) -> None:
    with pytest.raises(Conflict):
        confirm(reviewer, report())
    ended = report(status="suspected")
    stand_down(reviewer, ended)
    with pytest.raises(Conflict):
        confirm(reviewer, ended)
    with pytest.raises(DomainError) as refused:
        confirm(reviewer, report(status="suspected"), lineage="plasma")
    assert refused.value.field == "lineage"


def test_the_deputy_on_the_rota_hears_of_it_too(report: Reporter, head: User) -> None:
    deputy = make_user(Role.PV_OFFICER, email="deputy@a.example")
    now = clock.now()
    RotaFactory(
        kind="on_call",
        person=deputy,
        stands_in_for=None,
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1),
    )
    opened = report()
    with acting(deputy):
        assert notices.unseen_count(deputy, [HOLDER_A]) >= 1
        assert services.take(by=deputy, item_id=opened.item.pk) is not None


def test_a_case_of_the_other_holder_takes_no_follow_up(report: Reporter, reviewer: User) -> None:
    with setting_up(HOLDER_B):
        theirs = Case.objects.create(organisation_id=HOLDER_B, year=2026, day_zero=clock.today(), serious=True)
    with pytest.raises(NotFound):
        triage(reviewer, report(), "follow_up", case_id=theirs.pk, reason="x")
