"""Opening a promise: its clock, its basis, and what is refused."""

from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core.errors import DomainError, MissingRule, NotAllowed, NotFound
from pv.deadlines.models import Deadline
from pv.obligations import services
from pv.obligations.models import Obligation, ObligationChange
from pv.products.models import Authorisation
from tests.obligations.conftest import DUE, Opener
from tests.support.factories import AuthorisationFactory, ProductFactory, RuleFactory, StudyFactory
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def clock_of(obligation: Obligation) -> Deadline:
    return Deadline.objects.get(subject=obligation.pk)


def test_opening_starts_the_clock_in_the_same_transaction(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    clock = clock_of(obligation)
    assert (clock.kind, clock.due_on, clock.basis, clock.assignee) == ("obligation", DUE, "legal", as_ra)
    assert clock.args == {"code": "PMR-1", "title_en": "Confirmatory trial", "title_zh": "确证性临床试验"}
    assert clock.product_id == obligation.authorisation.product_id
    assert clock.ladder.code == "study"
    assert clock.alarm.due_on == DUE


def test_the_ledger_begins_with_the_opening(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    change = ObligationChange.objects.get(obligation=obligation)
    assert (change.what, change.new, change.by, change.evidence) == (
        "opened", "2030-06-30", as_ra, "Registration certificate",
    )  # fmt: skip


def test_the_authoritys_sentence_is_kept_with_its_fingerprint(opened: Opener, as_ra: User) -> None:
    obligation = opened()
    assert obligation.sentence_hash == sha256("应于2030年6月30日前完成确证性临床试验。".encode()).hexdigest()


@pytest.mark.parametrize(("source", "basis"), [("", "legal"), ("certificate", "legal"), ("agreed", "internal")])
def test_the_basis_follows_the_date(opened: Opener, as_ra: User, source: str, basis: str) -> None:
    obligation = opened(due_source=source) if source else opened()
    assert (obligation.basis, clock_of(obligation).basis) == (basis, basis)


@pytest.mark.parametrize(
    ("traits", "basis", "unconfirmed"),
    [({}, "legal", False), ({"recalled": True}, "legal", True), ({"draft": True}, "advice", False),
     ({"default": True}, "internal", False)],
)  # fmt: skip
def test_a_rules_date_carries_rule_basis_and_working(
    opened: Opener, as_ra: User, traits: dict[str, bool], basis: str, unconfirmed: bool
) -> None:
    rule = RuleFactory(**traits)
    obligation = opened(due_on=None, rule=rule.code, counted_from=date(2023, 6, 30))
    clock = clock_of(obligation)
    assert (obligation.due_on, obligation.working) == (date(2027, 6, 30), "2023-06-30 + 4 years")
    assert (obligation.due_source, obligation.rule_id, obligation.basis) == ("rule", rule.pk, basis)
    assert (clock.rule_id, clock.working, clock.basis) == (rule.pk, obligation.working, basis)
    assert clock.unconfirmed is unconfirmed


def test_a_shared_rule_answers_too(opened: Opener, as_ra: User) -> None:
    obligation = opened(due_on=None, rule="CN-CA-MAX", counted_from=date(2024, 2, 29))
    assert (obligation.due_on, obligation.basis) == (date(2028, 2, 29), "advice")


def test_a_holders_own_rule_comes_before_the_shared_one(opened: Opener, as_ra: User) -> None:
    RuleFactory(code="CN-CA-MAX", amount=3)
    assert opened(due_on=None, rule="CN-CA-MAX", counted_from=date(2024, 1, 1)).due_on == date(2027, 1, 1)


def test_a_kind_of_duty_no_ladder_names_climbs_the_default_one(opened: Opener, as_ra: User) -> None:
    assert clock_of(opened(kind=Obligation.Kind.RISK_MANAGEMENT)).ladder.code == "default"
    assert clock_of(opened(kind=Obligation.Kind.PERIODIC_REPORT, code="PMR-2")).ladder.code == "periodic"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"due_on": None}, "due_on"),
        ({"rule": "CN-CA-MAX"}, "due_on"),
        ({"due_on": None, "rule": "CN-CA-MAX"}, "counted_from"),
        ({"due_source": "rule"}, "due_source"),
        ({"kind": "something"}, "kind"),
        ({"code": "  "}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"sentence": ""}, "sentence"),
        ({"titles": ("", "标题")}, "title_en"),
        ({"titles": ("Title", " ")}, "title_zh"),
        ({"document": ""}, "document"),
    ],
)
def test_what_is_missing_or_wrong_is_named(opened: Opener, as_ra: User, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        opened(**changes)
    assert refused.value.field == field
    assert not Obligation.objects.exists()


def test_no_rule_is_a_question_never_a_default(opened: Opener, as_ra: User) -> None:
    with pytest.raises(MissingRule):
        opened(due_on=None, rule="CN-NOT-THERE", counted_from=date(2024, 1, 1))
    with pytest.raises(MissingRule, match="no length of its own"):
        opened(due_on=None, rule="CN-CA-DUE", counted_from=date(2024, 1, 1))


def test_a_number_is_given_once(opened: Opener, as_ra: User) -> None:
    opened()
    with pytest.raises(DomainError, match="already") as refused:
        opened()
    assert refused.value.field == "code"
    assert Deadline.objects.count() == 1


def test_the_owner_belongs_to_the_organisation(opened: Opener, as_ra: User, holder_b: UUID) -> None:
    stranger = make_user(Role.PV_HEAD, organisation=holder_b)
    with pytest.raises(DomainError, match="does not work for") as refused:
        opened(owner=stranger)
    assert refused.value.field == "owner"


def test_another_holders_authorisation_or_study_does_not_exist(
    as_ra: User, opened: Opener, holder_a: UUID, holder_b: UUID
) -> None:
    theirs = AuthorisationFactory(organisation_id=holder_b)
    with pytest.raises(NotFound):
        opened(study_id=StudyFactory(organisation_id=holder_b).pk)
    with pytest.raises(NotFound):
        services.open_obligation(
            by=as_ra, organisation=holder_a, authorisation_id=theirs.pk, code="X", kind="other",
            titles=("a", "b"), sentence="c", document="d", owner=as_ra, due_on=DUE,
        )  # fmt: skip


def test_a_recorder_opens_nothing(opened: Opener, holder_a: UUID) -> None:
    recorder = make_user(Role.RECORDER)
    authorisation = AuthorisationFactory()
    with acting_as(recorder, organisation=holder_a), pytest.raises(NotAllowed, match="regulatory affairs"):
        services.open_obligation(
            by=recorder, organisation=holder_a, authorisation_id=authorisation.pk, code="X", kind="other",
            titles=("a", "b"), sentence="c", document="d", owner=recorder, due_on=DUE,
        )  # fmt: skip


def promise(owner: User, **changes: Any) -> services.Promise:
    return {
        "code": "PMR-1",
        "kind": "confirmatory_trial",
        "titles": ("Confirmatory trial", "确证性临床试验"),
        "sentence": "应于2030年6月30日前完成确证性临床试验。",
        "document": "Registration certificate",
        "owner": owner,
        "due_on": DUE,
        **changes,
    }


def record(by: User, organisation: UUID, promises: list[services.Promise], **changes: Any) -> Authorisation:
    facts: Any = {
        "key": "cel/LBCL",
        "product_id": ProductFactory().pk,
        "holder_en": "Holder A",
        "indication_en": "Adults",
        "kind": "conditional",
        "approved_on": date(2026, 7, 1),
    } | changes
    return services.record_conditional_authorisation(by=by, organisation=organisation, promises=promises, **facts)[0]


def test_a_conditional_approval_comes_with_its_obligations(as_ra: User, holder_a: UUID) -> None:
    authorisation = record(as_ra, holder_a, [promise(as_ra), promise(as_ra, code="PMR-2", kind="follow_up_study")])
    assert authorisation.obligations.count() == Deadline.objects.count() == 2


@pytest.mark.parametrize("kinds", [[], ["follow_up_study"]])
def test_a_conditional_approval_without_a_confirmatory_obligation_is_refused(
    as_ra: User, holder_a: UUID, kinds: list[str]
) -> None:
    with pytest.raises(DomainError, match="at least one confirmatory obligation") as refused:
        record(as_ra, holder_a, [promise(as_ra, kind=kind) for kind in kinds])
    assert refused.value.field == "kind"
    assert not Authorisation.objects.for_organisations([holder_a]).exists()
    assert not Deadline.objects.exists()


def test_only_conditional_approvals_are_recorded_this_way(as_ra: User, holder_a: UUID) -> None:
    with pytest.raises(DomainError, match="Only a conditional approval"):
        record(as_ra, holder_a, [promise(as_ra)], kind="full")
