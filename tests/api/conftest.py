"""Machines with tokens."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from pv.accounts.roles import Role
from tests.support.api import client_for
from tests.support.people import HOLDER_A, HOLDER_B, make_user

As = Callable[..., Client]


@pytest.fixture
def machine() -> As:
    """`machine(Role.PV_HEAD)`: a client of somebody with these roles in holder A (or `organisation`)."""

    def make(*roles: Role, organisation: UUID = HOLDER_A, **headers: str) -> Client:
        return client_for(make_user(*roles, organisation=organisation), **headers)

    return make


@pytest.fixture
def head(machine: As) -> Client:
    """May do nearly everything in holder A."""
    return machine(Role.PV_HEAD)


@pytest.fixture
def rival(machine: As) -> Client:
    """May do the same in holder B."""
    return machine(Role.PV_HEAD, organisation=HOLDER_B)
