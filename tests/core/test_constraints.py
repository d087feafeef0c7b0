"""What the database refuses is said in words where they are known, and otherwise goes on as it is."""

from uuid import UUID

import pytest
from django.db import IntegrityError

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM
from pv.core.constraints import Refusal, refusing
from pv.core.errors import DomainError
from pv.products.models import Study
from tests.support.factories import StudyFactory

pytestmark = pytest.mark.django_db
NAME = "study_protocol_once_in_an_organisation"


def test_a_known_constraint_names_the_field_and_the_transaction_lives_on(holder_a: UUID) -> None:
    StudyFactory(protocol="X")
    with acting_as(SYSTEM, organisation=holder_a):
        with pytest.raises(DomainError, match="twice") as refused, refusing({NAME: Refusal("twice", "protocol")}):
            Study.objects.create(organisation_id=holder_a, protocol="X")
        assert refused.value.field == "protocol"
        assert Study.objects.count() == 1


def test_an_unknown_one_is_no_persons_fault(holder_a: UUID) -> None:
    StudyFactory(protocol="X")
    with acting_as(SYSTEM, organisation=holder_a):
        with pytest.raises(IntegrityError, match=NAME), refusing({"another": Refusal("twice")}, at_once=True):
            Study.objects.create(organisation_id=holder_a, protocol="X")
        assert Study.objects.count() == 1
