"""Two seams that the writing of a population needs: one wake-up for a transaction, and consent by the form."""

from contextlib import suppress
from datetime import date, datetime
from unittest.mock import Mock
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from pv.accounts.context import acting_as
from pv.accounts.roles import Role
from pv.core.errors import DomainError
from pv.notices import services as notices
from pv.ops.demo.population.agenda import Agenda
from pv.patients import services as patients
from pv.patients.models import Consent
from tests.support.database import Urls
from tests.support.people import make_user

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Undone(Exception):
    """Raised to take a savepoint back."""


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Mock:
    mock = Mock()
    monkeypatch.setattr("pv.notices.services._publish", mock)
    return mock


def test_the_tick_is_woken_once_for_a_transaction(committing: Urls, broker: Mock) -> None:
    with transaction.atomic():
        for _again in range(3):
            with transaction.atomic():
                notices.kick()
        broker.assert_not_called()
    broker.assert_called_once()
    notices.kick()
    assert broker.call_count == 2


def test_a_wake_up_that_was_taken_back_does_not_stand_for_the_next(committing: Urls, broker: Mock) -> None:
    with transaction.atomic():
        with suppress(Undone), transaction.atomic():
            notices.kick()
            raise Undone
        notices.kick()
    broker.assert_called_once()


@pytest.mark.django_db
def test_a_form_says_consent_to_several_scopes_or_to_none(holder_a: UUID) -> None:
    recorder = make_user(Role.RECORDER)
    with acting_as(recorder, organisation=holder_a):
        patient = patients.register_patient(by=recorder, organisation=holder_a, code="P-1")
        form = {"by": recorder, "patient_id": patient.pk, "given_on": date(2024, 5, 6), "document": "form 2"}
        patients.give_consents(scopes=["contact", "new_samples"], **form)
        with pytest.raises(DomainError) as refused:
            patients.give_consents(scopes=["sharing", "contact"], **form)
        assert refused.value.field == "scope"
        assert patients.consents_to(patient.pk, holder_a) == {"contact", "new_samples"}
        assert set(Consent.objects.values_list("document", flat=True)) == {"form 2"}


def test_shortly_after_midnight_an_hour_of_today_is_now() -> None:
    """A specimen drawn today at nine would lie in the future, and the demonstration could not be made until then."""
    now = datetime(2026, 11, 25, 0, 14, tzinfo=SHANGHAI)
    agenda = Agenda(now)
    assert agenda.by_now(date(2026, 11, 25), 9) == now
    assert agenda.by_now(date(2026, 11, 24), 9) == datetime(2026, 11, 24, 9, tzinfo=SHANGHAI)
