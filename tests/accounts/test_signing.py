"""A signature is a fresh proof of identity with a stated meaning, about content that can be compared ever after."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.translation import gettext_lazy

from pv.accounts.context import acting_as, afterwards
from pv.accounts.models import SYSTEM, FailedLogin, Party, Signature, User
from pv.accounts.roles import Role
from pv.accounts.signing import fingerprint, sign, stands
from pv.core.errors import DomainError, NotAllowed
from tests.support.database import Urls
from tests.support.factories import PartyFactory
from tests.support.people import PASSWORD, make_user

CONTENT = {"outcome": "not a malignancy", "seen": [date(2026, 2, 13)]}


@pytest.fixture
def reviewer(db: None) -> User:
    return make_user(Role.MEDICAL_REVIEWER)


@pytest.fixture
def party(db: None) -> Party:
    return PartyFactory()


@pytest.fixture
def acting(reviewer: User, holder_a: UUID) -> Iterator[User]:
    with acting_as(reviewer, organisation=holder_a):
        yield reviewer


def signed(by: User, record: Any, **changes: Any) -> Signature:
    given = {"password": PASSWORD, "act": "stand_down", "meaning": "reviewed", "content": CONTENT} | changes
    return sign(by=by, record=record, **given)


def test_it_keeps_who_signed_what_and_what_is_meant(acting: User, party: Party) -> None:
    signature = signed(acting, party, reason="inflammation only")
    signature.refresh_from_db()
    assert (signature.record_table, signature.record_id) == ("accounts_party", party.pk)
    assert (signature.signer, signature.signer_name, signature.method) == (acting, acting.name, "password")
    assert (signature.meaning, signature.act, signature.reason) == ("reviewed", "stand_down", "inflammation only")
    assert len(signature.content_hash) == 64


def test_it_stands_for_this_content_of_this_record_only(acting: User, party: Party) -> None:
    signature = signed(acting, party)
    assert stands(signature, party, CONTENT)
    assert stands(signature, party, dict(reversed(list(CONTENT.items()))))
    assert not stands(signature, party, CONTENT | {"outcome": "a malignancy"})
    assert not stands(signature, party, {})
    assert not stands(signature, PartyFactory(), CONTENT)
    assert not stands(signature, acting, CONTENT)  # type: ignore[arg-type]  # a record of another table


def test_a_later_version_with_the_same_content_still_stands(acting: User, party: Party) -> None:
    signature = signed(acting, party)
    party.version = 7  # type: ignore[attr-defined]  # as records with versions have
    assert stands(signature, party, CONTENT)
    assert signed(acting, party).record_version == 7


def test_an_altered_signature_is_found(acting: User, party: Party) -> None:
    for changed in ({"act": "approve"}, {"meaning": "approved"}, {"record_version": 2}):
        signature = signed(acting, party)
        for name, value in changed.items():
            setattr(signature, name, value)
        assert not stands(signature, party, CONTENT)


def test_one_value_has_one_spelling() -> None:
    def of(**content: object) -> str:
        return fingerprint("t", UUID(int=1), 1, "a", "reviewed", content)

    noon = datetime(2026, 2, 13, 12, tzinfo=UTC)
    assert of(at=noon) == of(at=noon.astimezone(timezone(timedelta(hours=8))))
    assert of(amount=Decimal("2.50")) == of(amount=Decimal("2.5"))
    assert of(amount=Decimal("100")) == of(amount=Decimal("1E+2"))
    assert of(name="新发恶性肿瘤") != of(name="复发")
    for unsignable in (gettext_lazy("no"), object(), {1}):
        with pytest.raises(TypeError):
            of(it=unsignable)


def test_a_wrong_password_signs_nothing(acting: User, party: Party) -> None:
    with pytest.raises(NotAllowed) as refused:
        signed(acting, party, password=PASSWORD + " ")
    assert (refused.value.field, refused.value.code) == ("password", "wrong_password")
    assert not Signature.objects.exists()


def test_nobody_signs_for_another(acting: User, party: Party) -> None:
    other = make_user(Role.PV_HEAD)
    with pytest.raises(NotAllowed):
        signed(other, party)


def test_who_was_switched_off_signs_no_more(acting: User, party: Party) -> None:
    User.objects.filter(pk=acting.pk).update(is_active=False)
    with pytest.raises(NotAllowed) as refused:
        signed(acting, party)
    assert refused.value.code == "wrong_password"


def test_the_password_is_asked_as_it_stands_now(acting: User, party: Party) -> None:
    changed = User.objects.get(pk=acting.pk)
    changed.set_password("another long pass phrase")
    changed.save(update_fields=["password"])
    with pytest.raises(NotAllowed):
        signed(acting, party)
    assert signed(acting, party, password="another long pass phrase").pk


def test_a_record_of_another_holder_is_not_signed(reviewer: User, holder_a: UUID, holder_b: UUID) -> None:
    theirs = PartyFactory(organisation_id=holder_b)
    with acting_as(reviewer, organisation=holder_a), pytest.raises(NotAllowed):
        signed(reviewer, theirs)


def test_an_unknown_meaning_and_an_endless_reason_are_refused(acting: User, party: Party) -> None:
    with pytest.raises(ValueError, match="maybe"):
        signed(acting, party, meaning="maybe")
    with pytest.raises(DomainError) as refused:
        signed(acting, party, reason="x" * 501)
    assert refused.value.field == "reason"


def test_a_failure_is_counted_although_all_else_is_taken_back(reviewer: User, party: Party, holder_a: UUID) -> None:
    with pytest.raises(NotAllowed), acting_as(reviewer, organisation=holder_a):
        signed(reviewer, party, password="wrong")
    assert FailedLogin.objects.count() == 1


def test_failures_at_signing_and_at_the_log_in_count_together(reviewer: User, party: Party, holder_a: UUID) -> None:
    for _ in range(5):
        Client().post("/login/", {"email": reviewer.email, "password": "wrong"})
        with pytest.raises(NotAllowed), acting_as(reviewer, organisation=holder_a):
            signed(reviewer, party, password="wrong")
    with acting_as(reviewer, organisation=holder_a), pytest.raises(NotAllowed) as refused:
        signed(reviewer, party)
    assert (refused.value.field, refused.value.code) == ("password", "throttled")
    assert Client().post("/login/", {"email": reviewer.email, "password": PASSWORD}).status_code == 422


def test_the_failure_is_really_committed(committing: Urls, holder_a: UUID) -> None:
    reviewer, party = make_user(Role.MEDICAL_REVIEWER), PartyFactory()
    with acting_as(reviewer, organisation=holder_a):
        with pytest.raises(NotAllowed):
            signed(reviewer, party, password="wrong")
        transaction.set_rollback(True)
    assert FailedLogin.objects.filter(source="signature").count() == 1


def test_what_is_left_for_afterwards_waits_for_the_outermost_context(db: None, holder_a: UUID) -> None:
    done: list[int] = []
    with acting_as(SYSTEM, organisation=holder_a):
        with acting_as(SYSTEM, organisation=holder_a):
            afterwards(lambda: done.append(1))
        assert done == []
    assert done == [1]
    with pytest.raises(NotAllowed):
        afterwards(lambda: done.append(2))


def test_signatures_are_only_added_to_and_seen_by_nobody_else(
    acting: User, party: Party, holder_a: UUID, holder_b: UUID
) -> None:
    signature = signed(acting, party)
    for attempt in (
        lambda: Signature.objects.filter(pk=signature.pk).update(signer_name="somebody else"),
        lambda: Signature.objects.filter(pk=signature.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match=r"only ever added to|permission denied"), transaction.atomic():
            attempt()
    with acting_as(SYSTEM, organisation=holder_b):
        assert not Signature.objects.exists()
