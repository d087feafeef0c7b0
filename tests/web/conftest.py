"""A small holder at work, and browsers of people who are signed in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.obligations.models import Obligation
from tests.support.people import HOLDER_B, make_user
from tests.support.portal import World, build_world, open_obligation
from tests.web.clinic import Clinic, build_clinic, stranger

SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """A browser of somebody who is signed in, in a language."""

    def enter(user: User, language: str = "") -> Client:
        if language:
            with acting_as(user):
                User.objects.filter(pk=user.pk).update(language=language)
            user.refresh_from_db()
        client = Client()
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def world(db: None) -> World:
    """One overdue, one at risk, one internal and late, a milestone; the tick has rung once."""
    return build_world()


@pytest.fixture
def foreign(db: None) -> Obligation:
    """An obligation of holder B, with its clock."""
    rival = make_user(Role.REGULATORY_AFFAIRS, organisation=HOLDER_B)
    return open_obligation(rival, "PMR-B", clock.today() + timedelta(days=30), HOLDER_B)


@pytest.fixture
def clinic(db: None) -> Clinic:
    """Patient P-0093, infused a year ago, with the visits up to month 9 recorded; and the people around."""
    return build_clinic()


@pytest.fixture
def rival(db: None) -> Clinic:
    """A patient of holder B."""
    return stranger()
