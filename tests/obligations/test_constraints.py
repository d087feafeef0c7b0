"""What the database itself refuses, whoever writes."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM
from pv.obligations.models import Milestone, Obligation, ObligationChange
from pv.products.models import Authorisation
from tests.support.factories import (
    AuthorisationFactory,
    MilestoneFactory,
    ObligationChangeFactory,
    ObligationFactory,
    ProductFactory,
    RuleFactory,
    StudyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("obligation_numbered_once_in_an_organisation", lambda: [ObligationFactory(code="X") for _ in range(2)]),
        ("obligation_submitted_says_when", lambda: ObligationFactory(state="submitted")),
        ("obligation_submitted_says_when", lambda: ObligationFactory(fulfilled=True, submitted_on=None)),
        ("obligation_fulfilled_says_when", lambda: ObligationFactory(fulfilled=True, decided_on=None)),
        ("obligation_from_a_rule_names_it", lambda: ObligationFactory(due_source="rule")),
        ("obligation_dates_are_plausible", lambda: ObligationFactory(due_on=date(9999, 12, 28))),
        ("obligation_dates_are_plausible", lambda: ObligationFactory(forecast_on=date(1, 1, 1))),
        ("milestone_dates_are_plausible", lambda: MilestoneFactory(reached_on=date(1989, 12, 31))),
        ("milestone_once_in_a_study", lambda: MilestoneFactory(study=MilestoneFactory().study)),
    ],
)
def test_a_broken_constraint_is_named(name: str, make: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=name):
        make()


def test_two_holders_may_use_the_same_number(holder_b: UUID) -> None:
    ObligationFactory(code="X")
    ObligationFactory(code="X", organisation_id=holder_b)


@pytest.mark.parametrize(
    ("constraint", "make"),
    [
        (
            "obligation_authorisation_id",
            lambda b: ObligationFactory(authorisation=AuthorisationFactory(organisation_id=b)),
        ),
        ("obligation_study_id", lambda b: ObligationFactory(study=StudyFactory(organisation_id=b))),
        ("milestone_study_id", lambda b: MilestoneFactory(study=StudyFactory(organisation_id=b))),
        (
            "obligationchange_obligation_id",
            lambda b: ObligationChangeFactory(obligation=ObligationFactory(organisation_id=b)),
        ),
    ],
)
def test_a_child_cannot_name_another_holders_parent(
    holder_b: UUID, constraint: str, make: Callable[[UUID], Any]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        make(holder_b)


def test_another_holders_rule_cannot_be_named(holder_b: UUID) -> None:
    with pytest.raises(IntegrityError, match="no such row in this organisation"):
        ObligationFactory(rule=RuleFactory(organisation_id=holder_b))


GUARD = "needs at least one confirmatory obligation"


def commit_now(write: Callable[[], Any]) -> None:
    """Write, and ask what would otherwise be asked at the commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        write()
        cursor.execute("SET CONSTRAINTS conditional_authorisation_has_a_confirmatory_obligation IMMEDIATE")
        cursor.execute("SET CONSTRAINTS conditional_authorisation_has_a_confirmatory_obligation DEFERRED")


def conditional_alone() -> Authorisation:
    return AuthorisationFactory(kind="conditional", status="conditional")


def test_no_conditional_authorisation_without_a_confirmatory_obligation() -> None:
    with pytest.raises(IntegrityError, match=GUARD):
        commit_now(conditional_alone)
    commit_now(lambda: AuthorisationFactory(conditional=True))


def test_an_obligation_of_another_kind_does_not_do() -> None:
    with pytest.raises(IntegrityError, match=GUARD):
        commit_now(lambda: ObligationFactory(kind="other", authorisation=conditional_alone()))


def test_a_full_one_cannot_become_conditional_alone(holder_a: UUID) -> None:
    mine = Authorisation.objects.filter(pk=AuthorisationFactory().pk)
    with acting_as(SYSTEM, organisation=holder_a), pytest.raises(IntegrityError, match=GUARD):
        commit_now(lambda: mine.update(kind="conditional"))


def test_the_ledger_is_only_added_to(holder_a: UUID) -> None:
    change = ObligationChangeFactory()
    with acting_as(SYSTEM, organisation=holder_a):
        for attempt in (
            lambda: ObligationChange.objects.filter(pk=change.pk).update(reason="never mind"),
            lambda: ObligationChange.objects.filter(pk=change.pk).delete(),
        ):
            with pytest.raises(DatabaseError, match=r"only ever added to|permission denied"), transaction.atomic():
                attempt()


@pytest.mark.parametrize("factory", [ObligationFactory, MilestoneFactory, ProductFactory, StudyFactory])
def test_nothing_of_record_is_deleted_or_moved_to_another_holder(
    factory: Callable[[], Any], holder_a: UUID, holder_b: UUID
) -> None:
    row = factory()
    mine = type(row).objects.filter(pk=row.pk)
    with acting_as(SYSTEM, organisation=holder_a, organisations=[holder_b]):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            mine._raw_delete(mine.db)
        with pytest.raises(DatabaseError, match=r"identity of a row never changes|row-level"), transaction.atomic():
            mine.update(organisation_id=holder_b)


def test_the_other_holder_sees_nothing(holder_a: UUID, holder_b: UUID) -> None:
    ObligationChangeFactory(), MilestoneFactory()
    with acting_as(SYSTEM, organisation=holder_b):
        for model in (Obligation, Milestone, ObligationChange):
            assert not model.objects.exists()
    with acting_as(SYSTEM, organisation=holder_b, organisations=[]), pytest.raises(DatabaseError):
        Obligation.objects.create(
            organisation_id=holder_a, authorisation=AuthorisationFactory(), owner_id=SYSTEM, due_on="2030-01-01"
        )
