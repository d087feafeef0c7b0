"""People who may open and move obligations, and one obligation with its clock."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.obligations import services
from pv.obligations.models import Obligation
from tests.support.factories import AuthorisationFactory
from tests.support.people import make_user

DUE = date(2030, 6, 30)


@pytest.fixture
def ra(db: None) -> User:
    return make_user(Role.REGULATORY_AFFAIRS)


@pytest.fixture
def pv_head(db: None) -> User:
    return make_user(Role.PV_HEAD)


@pytest.fixture
def as_ra(ra: User, holder_a: UUID) -> Iterator[User]:
    """The rest of the test is done by regulatory affairs of holder A."""
    with acting_as(ra, organisation=holder_a):
        yield ra


Opener = Callable[..., Obligation]


@pytest.fixture
def opened(ra: User, holder_a: UUID) -> Opener:
    """Open an obligation of holder A through the service."""

    def open_one(**changes: Any) -> Obligation:
        wanted = {
            "code": "PMR-1",
            "kind": Obligation.Kind.CONFIRMATORY_TRIAL,
            "titles": ("Confirmatory trial", "确证性临床试验"),
            "sentence": "应于2030年6月30日前完成确证性临床试验。",
            "document": "Registration certificate",
            "owner": ra,
            "due_on": DUE,
        } | changes
        authorisation = AuthorisationFactory()
        with acting_as(ra, organisation=holder_a):
            return services.open_obligation(by=ra, organisation=holder_a, authorisation_id=authorisation.pk, **wanted)

    return open_one
