"""People who look after patients, and what the room's port was told."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.patients import ports
from tests.support.people import make_user


@pytest.fixture
def recorder(db: None) -> User:
    return make_user(Role.RECORDER)


@pytest.fixture
def pv_head(db: None) -> User:
    return make_user(Role.PV_HEAD)


@pytest.fixture
def as_recorder(recorder: User, holder_a: UUID) -> Iterator[User]:
    """The rest of the test is done by a recorder of holder A."""
    with acting_as(recorder, organisation=holder_a):
        yield recorder


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the port told, noted instead of followed."""
    noted: list[str] = []
    monkeypatch.setattr(ports, "_handlers", [lambda change, by: noted.append(str(change.what))])
    return noted
