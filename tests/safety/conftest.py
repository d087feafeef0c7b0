"""People who take reports in, triage and judge them; one treated patient; a report of a malignancy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.ids import uuid7
from pv.patients.models import Treatment
from pv.safety import services
from pv.safety.services import Reported
from tests.support.factories import TreatmentFactory
from tests.support.people import HOLDER_A, make_user


@pytest.fixture
def officer(db: None) -> User:
    """Takes reports in."""
    return make_user(Role.PV_OFFICER)


@pytest.fixture
def reviewer(db: None) -> User:
    return make_user(Role.MEDICAL_REVIEWER)


@pytest.fixture
def head(db: None) -> User:
    return make_user(Role.PV_HEAD)


@pytest.fixture
def treatment(db: None) -> Treatment:
    """A patient infused a year ago."""
    return TreatmentFactory()


@contextmanager
def acting(person: User, organisation: UUID = HOLDER_A) -> Iterator[None]:
    with acting_as(person, organisation=organisation):
        yield


Reporter = Callable[..., Reported]


@pytest.fixture
def report(officer: User, treatment: Treatment) -> Reporter:
    """Report a confirmed T-cell lymphoma of the treated patient, known for three days; `by` the officer."""

    def send(**changes: Any) -> Reported:
        by = changes.pop("by", officer)
        wanted = {
            "organisation": HOLDER_A,
            "patient_id": treatment.patient_id,
            "diagnosis": "Peripheral T-cell lymphoma",
            "lineage": "t_cell",
            "status": "confirmed",
            "onset": None,
            "aware_on": clock.today() - timedelta(days=3),
            "submission": uuid7(),
        } | changes
        with acting(by):
            return services.report_malignancy(by=by, **wanted)

    return send
