"""What the demonstration shows: alive, in all states, everybody in their role, the holders apart."""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, Membership, Organisation, User
from pv.accounts.roles import Role
from pv.accounts.services import access_of
from pv.core import clock
from pv.deadlines import expectations
from pv.deadlines.models import Deadline
from pv.obligations.models import Milestone, Obligation, ObligationChange
from pv.obligations.rules import Dates, Progress, State, progress
from pv.ops.demo.people import HOLDER_A, HOLDER_B, PEOPLE, PLATFORM
from pv.products.models import Authorisation, Product, Study
from tests.support import database
from tests.support.database import Urls

ACCOUNTS = [f"{local}@demo-{holder}.example" for local in PEOPLE for holder in "ab"] + [
    "lab@demo-lab.example",
    "authority@authority.example",
    "auditor@demo-a.example",
    "admin@tracker.example",
]


@pytest.fixture(scope="module")
def _seeded(django_db_setup: None, urls: Urls, django_db_blocker: object) -> Iterator[None]:
    """Seeded once for this module, whose tests only look; the clone is made anew afterwards."""
    with django_db_blocker.unblock():
        with override_settings(DEMO=True):
            call_command("seed_demo", verbosity=0)
        yield
        connection.close()
    database.clone(urls, connection.settings_dict["NAME"])


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_seeded")]


def test_every_account_logs_in() -> None:
    for email in ACCOUNTS:
        person = authenticate(None, username=email, password="demo")
        assert isinstance(person, User), email
        assert person.is_demo
        assert access_of(person).roles, email


def test_roles_are_those_of_the_addresses() -> None:
    for local, (role, _words) in PEOPLE.items():
        person = User.objects.get(email=f"{local}@demo-a.example")
        assert access_of(person).roles == {HOLDER_A: frozenset({role})}
        assert person.language == "en"
        assert User.objects.get(email=f"{local}@demo-b.example").language == "zh-hans"


def test_laboratory_and_authority_stand_in_both_holders() -> None:
    lab, authority = (
        User.objects.get(email=email) for email in ("lab@demo-lab.example", "authority@authority.example")
    )
    assert access_of(lab).roles == {HOLDER_A: {Role.LABORATORY}, HOLDER_B: {Role.LABORATORY}}
    assert access_of(authority).roles == {HOLDER_A: {Role.AUTHORITY}, HOLDER_B: {Role.AUTHORITY}}
    with acting_as(lab, organisations=[HOLDER_A, HOLDER_B]):
        parties = [one.party for one in Membership.objects.filter(user=lab)]
    assert {party.organisation_id for party in parties} == {HOLDER_A, HOLDER_B}
    admin = access_of(User.objects.get(email="admin@tracker.example"))
    assert set(admin.roles) == {HOLDER_A, HOLDER_B, PLATFORM}


def test_the_picture_is_alive() -> None:
    today = clock.today()
    officer = User.objects.get(email="officer@demo-a.example")
    with acting_as(officer, organisation=HOLDER_A):
        mine = list(Obligation.objects.for_organisations([HOLDER_A]))
        clocks = Deadline.objects.for_organisations([HOLDER_A]).filter(kind="obligation")
        late, overdue = clocks.late(clock.now()).count(), clocks.overdue(clock.now()).count()
        assert Milestone.objects.for_organisations([HOLDER_A]).filter(reached_on=None, due_on__lt=today).exists()
    states = Counter(one.state for one in mine)
    assert set(states) == {"open", "submitted", "fulfilled", "returned", "waived"}
    seen = {progress(State(one.state), Dates(one.original_due_on, one.due_on, one.forecast_on), today) for one in mine}
    assert seen == set(Progress)
    assert (late, overdue) == (2, 1)
    assert {one.basis for one in mine} == {"legal", "internal", "advice"}


def test_every_product_says_that_it_is_made_up() -> None:
    for holder, local in ((HOLDER_A, "ra@demo-a.example"), (HOLDER_B, "ra@demo-b.example")):
        with acting_as(User.objects.get(email=local), organisation=holder):
            products = Product.objects.for_organisations([holder])
            assert all("demo" in one.inn and "演示" in one.generic_zh for one in products)
            for one in Authorisation.objects.for_organisations([holder]):
                assert "fictional" in one.holder_en
            assert Organisation.objects.get(pk=holder).is_demo


def test_facts_and_clocks_agree() -> None:
    for holder, domain in ((HOLDER_A, "demo-a"), (HOLDER_B, "demo-b")):
        with acting_as(User.objects.get(email=f"ra@{domain}.example"), organisation=holder):
            assert expectations.differences(holder) == []


def test_people_of_one_holder_see_nothing_of_the_other() -> None:
    officer = User.objects.get(email="officer@demo-a.example")
    access = access_of(officer)
    with acting_as(officer, organisation=access.organisation, organisations=access.roles):
        for model in (Product, Authorisation, Study, Obligation, Milestone, ObligationChange, Deadline, Membership):
            assert model.objects.for_organisations([HOLDER_A]).exists()
            assert not model.objects.for_organisations([HOLDER_B]).exists()
            assert not model.objects.filter(organisation_id=HOLDER_B).exists()
            assert set(model.objects.values_list("organisation_id", flat=True)) <= {HOLDER_A, PUBLIC_ORGANISATION}
        assert not Organisation.objects.filter(pk=HOLDER_B).exists()
