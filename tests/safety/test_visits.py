"""What a visit reveals is escalated in the transaction that writes it, and by no path can it be written without."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.ids import uuid7
from pv.core.partial import PartialDate
from pv.followup import ports
from pv.followup.models import VisitRecord
from pv.followup.services import NewRecord, record_visits
from pv.followup.services.records import NewDeath, NewEvent
from pv.notices.models import Notice
from pv.patients.models import Treatment
from pv.safety.models import Case, InboxItem, Question
from pv.safety.services import Reported, handle_trigger
from tests.safety.conftest import acting
from tests.safety.test_reporting import clocks_of, questions_of
from tests.safety.test_triaging import fresh, stand_down
from tests.support.database import Urls
from tests.support.factories import TreatmentFactory, VisitRecordFactory
from tests.support.people import HOLDER_A, make_user, setting_up

MALIGNANT = {"malignancy": "confirmed", "diagnosis": "T-cell lymphoma", "lineage": "t_cell", "biopsy": "done"}
Visited = Callable[..., list[Reported]]


@pytest.fixture
def recorder(db: None) -> User:
    return make_user(Role.RECORDER)


def new_record(treatment: Treatment, **said: Any) -> NewRecord:
    wanted = {
        "submission": uuid7(), "kind": "full", "patient_id": treatment.patient_id, "alive": "yes",
        "seen": PartialDate.of(clock.today() - timedelta(days=1)),
    } | said  # fmt: skip
    return NewRecord(**wanted)


def check_at_commit() -> None:
    """Ask the constraints that wait for the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def visited(recorder: User, treatment: Treatment) -> Visited:
    """Record a visit of the treated patient; what safety opened, in order."""

    def record(**said: Any) -> list[Reported]:
        with acting(recorder):
            done = record_visits([new_record(treatment, **said)], by=recorder)
            check_at_commit()
        return [one for one in done[0].opened if isinstance(one, Reported)]

    return record


@pytest.mark.django_db
def test_a_confirmed_malignancy_of_a_visit_is_escalated(visited: Visited, recorder: User, treatment: Treatment) -> None:
    (opened,) = visited(**MALIGNANT, onset=PartialDate(2026, 2), known_to_site_on=clock.today() - timedelta(days=2))
    item = opened.item
    assert (item.kind, item.malignancy, item.source, item.first_receiver) == (
        "malignancy",
        "confirmed",
        "visit",
        recorder,
    )
    assert (item.patient_id, item.treatment_id) == (treatment.patient_id, treatment.pk)
    assert (item.day_zero, item.known_to_site_on) == (clock.today(), clock.today() - timedelta(days=2))
    assert set(clocks_of(item, opened.case)) == {"CN-ICSR-SER", "acknowledge", "triage"}
    with setting_up():
        assert Notice.objects.filter(deadline__subject=item.pk).count() == 1
        assert InboxItem.objects.get().record == VisitRecord.objects.get()


@pytest.mark.django_db
def test_a_suspicion_and_an_unbiopsied_relapse_open_no_case(visited: Visited) -> None:
    (suspected,) = visited(**MALIGNANT | {"malignancy": "suspected", "biopsy": "planned"})
    (relapse,) = visited(malignancy="relapse", biopsy="not_planned")
    assert (suspected.case, relapse.case) == (None, None)
    assert (relapse.item.kind, set(clocks_of(relapse.item)), relapse.requests) == ("relapse", {"triage"}, [])
    assert visited(malignancy="relapse", biopsy="done") == []


@pytest.mark.django_db
def test_every_event_opens_an_item_with_the_reporters_judgement(visited: Visited) -> None:
    opened = visited(
        malignancy="no",
        events=(
            NewEvent(kind="infection", verbatim="pneumonia", reporter_causality="possible", grade=4),
            NewEvent(kind="hospitalisation", verbatim="admitted for pneumonia", reporter_causality="unlikely"),
            NewEvent(kind="neurologic", verbatim="tremor", onset=PartialDate(2026)),
            NewEvent(kind="pregnancy", verbatim="pregnancy of the partner"),
        ),
    )
    told = {one.item.diagnosis: one.item for one in opened}
    assert (told["pneumonia"].reporter_causality, told["pneumonia"].seriousness) == ("possible", ["life_threatening"])
    assert told["admitted for pneumonia"].seriousness == ["hospitalisation"]
    assert set(clocks_of(told["admitted for pneumonia"])) == {"triage"}  # solicited, and no relation seen
    assert set(clocks_of(told["tremor"])) == {"CN-ICSR-NONSER", "triage"}
    assert "partial_date" in questions_of(told["tremor"])
    assert (told["pregnancy of the partner"].kind, set(clocks_of(told["pregnancy of the partner"]))) == (
        "pregnancy", {"triage"}
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("suspected", "clocks"),
    [
        ("unknown", {"CN-ICSR-SER", "CN-ICSR-DEATH-24H", "CN-ICSR-DEATHINV", "acknowledge", "triage"}),
        ("yes", {"CN-ICSR-SER", "CN-ICSR-DEATH-24H", "CN-ICSR-DEATHINV", "acknowledge", "triage"}),
        ("no", {"triage"}),
    ],
)
def test_a_death_starts_its_clocks_unless_no_reaction_is_suspected(
    visited: Visited, suspected: str, clocks: set[str]
) -> None:
    (opened,) = visited(
        alive="no", malignancy="no",
        death=NewDeath(died=PartialDate.of(clock.today() - timedelta(days=1)), cause="sepsis", suspected=suspected),
    )  # fmt: skip
    assert (opened.item.kind, opened.item.death_cause, opened.item.outcome) == ("death", "sepsis", "fatal")
    assert set(clocks_of(opened.item)) == clocks


@pytest.mark.django_db
def test_a_malignancy_and_a_death_of_one_visit_are_two_items(visited: Visited) -> None:
    opened = visited(**MALIGNANT, alive="no", death=NewDeath(suspected="unknown"))
    assert {one.item.kind for one in opened} == {"malignancy", "death"}
    (death,) = (one.item for one in opened if one.item.kind == "death")
    assert death.diagnosis == "death, cause not known"


@pytest.mark.django_db
def test_a_visit_sent_twice_escalates_once(recorder: User, treatment: Treatment) -> None:
    record = new_record(treatment, **MALIGNANT)
    with acting(recorder):
        record_visits([record], by=recorder)
        record_visits([record], by=recorder)
    with setting_up():
        assert (InboxItem.objects.count(), Case.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_hundreds_of_visits_escalate_what_they_reveal(recorder: User) -> None:
    treatments = [TreatmentFactory() for _ in range(12)]
    records = [
        new_record(one, **(MALIGNANT if n % 6 == 0 else {"malignancy": "no"})) for n, one in enumerate(treatments)
    ]
    with acting(recorder):
        record_visits(records, by=recorder)
        check_at_commit()
    with setting_up():
        assert InboxItem.objects.count() == 2


# --- corrections


@pytest.mark.django_db
def test_a_correction_from_suspected_to_confirmed_makes_the_case_of_the_same_item(visited: Visited) -> None:
    (first,) = visited(**MALIGNANT | {"malignancy": "suspected", "biopsy": "planned"})
    (second,) = visited(**MALIGNANT, corrects_id=first.item.record_id)
    item = fresh(first.item)
    assert second.item.pk == item.pk
    assert (item.malignancy, item.case_id, item.state) == ("confirmed", second.case.pk, "new")
    assert clocks_of(second.case)["CN-ICSR-SER"].basis == "legal"
    assert "other" in questions_of(item)
    with setting_up():
        assert InboxItem.objects.count() == 1


@pytest.mark.django_db
def test_a_correction_that_says_the_same_opens_nothing(visited: Visited) -> None:
    (first,) = visited(**MALIGNANT)
    (second,) = visited(**MALIGNANT, corrects_id=first.item.record_id, note="a slip of the pen")
    assert second.item.pk == first.item.pk
    with setting_up():
        assert not Question.objects.filter(item=first.item, what="other").exists()


@pytest.mark.django_db
def test_a_correction_about_what_was_stood_down_is_a_new_report(visited: Visited, reviewer: User) -> None:
    (first,) = visited(**MALIGNANT | {"malignancy": "suspected", "biopsy": "planned"})
    stand_down(reviewer, first)
    (second,) = visited(**MALIGNANT, corrects_id=first.item.record_id)
    assert second.item.pk != first.item.pk
    assert second.case is not None


# --- the port and the database's own guard


@pytest.mark.django_db
def test_safety_answers_the_port_and_without_it_nothing_starts_or_is_saved(
    recorder: User, treatment: Treatment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ports._handler is handle_trigger
    assert ports.check(None) == []
    monkeypatch.setattr(ports, "_handler", None)
    assert [one.id for one in ports.check(None)] == ["pv.followup.E001"]
    with acting(recorder), pytest.raises(ImproperlyConfigured):
        record_visits([new_record(treatment, **MALIGNANT)], by=recorder)
    with setting_up():
        assert not VisitRecord.objects.exists()


@pytest.mark.django_db
def test_an_event_needs_its_words(recorder: User, treatment: Treatment) -> None:
    trigger = ports.Trigger(
        kind=ports.Kind.ADVERSE_EVENT, record=VisitRecordFactory(), event=None, patient=treatment.patient,
        treatment=treatment, is_correction=False,
    )  # fmt: skip
    with acting(recorder), pytest.raises(ValueError, match="event"):
        handle_trigger(trigger, recorder)
    relapse = replace(trigger, kind=ports.Kind.RELAPSE)
    with acting(recorder):
        assert handle_trigger(relapse, recorder).item.kind == "relapse"


COPY = """
INSERT INTO followup_visitrecord SELECT (r).* FROM (
    SELECT jsonb_populate_record(v, %s::jsonb) AS r FROM followup_visitrecord AS v WHERE v.id = %s) AS copied
"""


@pytest.mark.parametrize("answer", ["confirmed", "suspected"])
def test_a_malignant_record_written_past_everything_is_not_committed(committing: Urls, answer: str) -> None:
    """Raw SQL, in the application's own role: the record and nothing else."""
    harmless = VisitRecordFactory()
    said = {"malignancy": answer, "diagnosis": "lymphoma", "lineage": "t_cell"}
    changes = said | {"id": str(uuid7()), "submission": str(uuid7())}
    user, written = make_user(Role.RECORDER), []

    def write() -> None:
        with acting_as(user, organisation=HOLDER_A), connection.cursor() as cursor:
            cursor.execute(COPY, [json.dumps(changes), harmless.pk])
            written.append(cursor.rowcount)

    with pytest.raises(IntegrityError, match="needs its inbox item"):
        write()
    assert written == [1]
    with setting_up():
        assert VisitRecord.objects.count() == 1


def test_an_item_without_its_case_does_not_let_a_confirmed_record_pass(
    committing: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pv.safety.services import visits

    real = visits.facts_of

    def weakened(trigger: ports.Trigger) -> Any:
        return replace(real(trigger), malignancy="suspected")

    monkeypatch.setattr(visits, "facts_of", weakened)
    recorder, treatment = make_user(Role.RECORDER), TreatmentFactory()
    with pytest.raises(IntegrityError, match="confirmed one its case"), acting(recorder):
        record_visits([new_record(treatment, **MALIGNANT)], by=recorder)
    with setting_up():
        assert not VisitRecord.objects.exists()
        assert not InboxItem.objects.exists()
