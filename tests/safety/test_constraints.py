"""What must never be true is refused by the database, each constraint broken on purpose; ledgers are only added to."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError

from pv.core import clock
from pv.core.ids import uuid7
from pv.safety.models import CaseVersion, Reaction, SafetyMove
from tests.support import factories as make
from tests.support.people import HOLDER_B, setting_up

pytestmark = pytest.mark.django_db


def broken(name: str, factory: Any, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=name):
        factory(**values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("inbox_onset_and_precision_together", {"onset_precision": "day"}),
        ("inbox_death_and_precision_together", {"died_precision": "day"}),
        ("inbox_a_new_malignancy_is_always_serious", {"serious": False}),
        ("inbox_triaged_says_by_whom_and_when", {"state": "not_valid", "triage_reason": "x"}),
        ("inbox_case_is_named", {"triaged": True, "case": None}),
        ("inbox_ended_without_case_says_why", {"triaged": True, "state": "duplicate"}),
    ],
)
def test_an_item_that_cannot_be(name: str, values: dict[str, Any]) -> None:
    broken(name, make.InboxItemFactory, **values)


def test_day_zero_lies_not_after_the_holder_knew() -> None:
    tomorrow = clock.today() + timedelta(days=1)
    broken("inbox_day_zero_is_not_after_the_holder_knew", make.InboxItemFactory, day_zero=tomorrow)


def test_one_item_for_each_kind_of_a_submission() -> None:
    submission = uuid7()
    make.InboxItemFactory(submission=submission)
    make.InboxItemFactory(submission=submission, kind="death", malignancy="no")
    make.InboxItemFactory(submission=submission, organisation_id=HOLDER_B)
    broken("inbox_item_once_a_submission_and_kind", make.InboxItemFactory, submission=submission)


def test_numbers_are_given_once() -> None:
    make.InboxItemFactory(number="IN-1")
    broken("inbox_number_once_in_an_organisation", make.InboxItemFactory, number="IN-1")
    make.CaseFactory(serial=1, number="CN-2026-0001")
    broken("case_serial_once_a_year", make.CaseFactory, serial=1, number="CN-2026-0001x")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("case_serial_and_number_together", {"serial": 4}),
        ("case_serial_and_number_together", {"number": "CN-2026-0004"}),
        ("case_of_a_new_malignancy_is_always_serious", {"serious": False}),
        ("case_reported_says_when", {"state": "reported"}),
        ("case_reported_version_says_when", {"reported_version": 1}),
        ("case_reported_version_is_one_of_its_own", {"reported_version": 2, "reported_on": "2026-02-13"}),
        ("case_that_is_a_duplicate_names_the_other", {"state": "duplicate"}),
    ],
)
def test_a_case_that_cannot_be(name: str, values: dict[str, Any]) -> None:
    broken(name, make.CaseFactory, **values)


def test_a_case_is_no_duplicate_of_itself() -> None:
    case = make.CaseFactory()
    with pytest.raises(IntegrityError, match="case_is_no_duplicate_of_itself"), setting_up():
        type(case).objects.filter(pk=case.pk).update(duplicate_of=case)


def test_a_version_has_one_number() -> None:
    version = make.CaseVersionFactory()
    broken("case_version_once", make.CaseVersionFactory, case=version.case, no=1)


def test_a_reactions_partial_onset_has_its_precision() -> None:
    broken("reaction_onset_and_precision_together", make.ReactionFactory, onset_on="2026-02-01")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("process_closed_says_why", {"closed_at": "2026-02-13T00:00Z"}),
        ("process_of_a_confirmed_malignancy_has_its_case", {"status": "confirmed"}),
    ],
)
def test_a_process_that_cannot_be(name: str, values: dict[str, Any]) -> None:
    broken(name, make.MalignancyProcessFactory, **values)


def test_a_report_has_one_process() -> None:
    process = make.MalignancyProcessFactory()
    broken("one_process_an_inbox_item", make.MalignancyProcessFactory, item=process.item)


def test_a_question_is_open_once_and_answered_whole() -> None:
    question = make.QuestionFactory()
    broken("question_open_once", make.QuestionFactory, item=question.item)
    broken("question_answered_says_by_whom_and_what", make.QuestionFactory, answered_at="2026-02-13T00:00Z")


def test_a_childs_parent_is_of_the_same_holder() -> None:
    theirs = make.CaseFactory(organisation_id=HOLDER_B)
    broken("safety_caseversion_case_id_same_organisation", make.CaseVersionFactory, case=theirs)


@pytest.mark.parametrize(
    ("factory", "model"),
    [(make.CaseVersionFactory, CaseVersion), (make.ReactionFactory, Reaction), (make.SafetyMoveFactory, SafetyMove)],
)
def test_ledgers_are_only_added_to(factory: Any, model: Any) -> None:
    row = factory()
    with pytest.raises(DatabaseError), setting_up():
        model.objects.filter(pk=row.pk).update(created_at=clock.now())
    with pytest.raises(DatabaseError), setting_up():
        model.objects.filter(pk=row.pk).delete()
