"""One holder's rows are not there for another: not read, not written, not named as a parent."""

from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from pv.accounts.context import acting_as, as_clock, current, writing_for
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM, Membership, Organisation, User
from pv.accounts.policy import VERBS, Access, can, check_can
from pv.accounts.roles import Role
from pv.accounts.services import access_of, add_membership, may_change_person
from pv.core.errors import NotAllowed
from pv.products.models import Authorisation, Product
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db


def product(organisation: object = HOLDER_A, **more: object) -> Product:
    with setting_up(organisation):  # type: ignore[arg-type]
        return Product.objects.create(
            organisation_id=organisation, key=str(uuid4()), product_class="CAR-T", product_class_zh="CAR-T", **more
        )


def seen_by(organisation: object) -> set[object]:
    with acting_as(SYSTEM, organisation=organisation):  # type: ignore[arg-type]
        return set(Product.objects.exclude(organisation_id=PUBLIC_ORGANISATION).values_list("pk", flat=True))


class TestReading:
    def test_each_holder_sees_its_own_rows_even_where_the_code_forgets_to_ask(self) -> None:
        mine, theirs = product(HOLDER_A), product(HOLDER_B)
        assert (seen_by(HOLDER_A), seen_by(HOLDER_B)) == ({mine.pk}, {theirs.pk})

    def test_without_a_context_nothing_is_there(self) -> None:
        product()
        assert not Product.objects.exists()
        assert not Organisation.objects.exists()

    def test_the_public_register_is_there_for_everybody_who_acts(self) -> None:
        with acting_as(SYSTEM, organisation=HOLDER_B):
            assert Organisation.objects.filter(pk=PUBLIC_ORGANISATION).exists()

    def test_a_count_tells_nothing(self) -> None:
        product(HOLDER_A)
        with acting_as(SYSTEM, organisation=HOLDER_B):
            assert Product.objects.filter(organisation_id=HOLDER_A).count() == 0

    def test_the_clock_s_role_sees_clocks_and_no_products(self) -> None:
        product()
        with pytest.raises(DatabaseError, match="permission denied"), as_clock():
            Product.objects.exists()


class TestWriting:
    def test_a_row_for_another_organisation_is_refused(self) -> None:
        with acting_as(SYSTEM, organisation=HOLDER_A, organisations=[HOLDER_B]):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                Product.objects.create(organisation_id=HOLDER_B, key="x", product_class="x", product_class_zh="x")

    def test_a_row_that_may_be_read_but_is_not_written_for_cannot_be_changed(self) -> None:
        theirs = product(HOLDER_B)
        with acting_as(SYSTEM, organisation=HOLDER_A, organisations=[HOLDER_B]):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                Product.objects.filter(pk=theirs.pk).update(inn="mine now")

    def test_the_public_register_is_written_by_its_owner_alone(self) -> None:
        with acting_as(SYSTEM, organisation=PUBLIC_ORGANISATION):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                Product.objects.create(
                    organisation_id=PUBLIC_ORGANISATION, key="x", product_class="x", product_class_zh="x"
                )

    def test_a_row_never_changes_its_organisation(self) -> None:
        mine = product(HOLDER_A)
        with setting_up(HOLDER_B), pytest.raises(DatabaseError), transaction.atomic():
            Product.objects.filter(pk=mine.pk).update(organisation_id=HOLDER_B)

    def test_a_child_cannot_name_another_holder_s_parent(self) -> None:
        theirs = product(HOLDER_B)
        with setting_up(HOLDER_A), pytest.raises(IntegrityError, match="same_organisation"), transaction.atomic():
            Authorisation.objects.create(
                organisation_id=HOLDER_A,
                product_id=theirs.pk,
                key="x",
                holder_en="x",
                indication_en="x",
                kind="full",
                kind_certainty="confirmed",
                status="full",
                approved_precision="unknown",
            )

    def test_a_shared_reference_may_be_public_or_one_s_own_and_nobody_else_s(self) -> None:
        theirs = product(HOLDER_B)
        assert product(HOLDER_A, public_entry_id=product(HOLDER_A).pk)
        with pytest.raises(IntegrityError, match="no such row"), transaction.atomic():
            product(HOLDER_A, public_entry_id=theirs.pk)

    def test_a_shared_reference_to_another_s_row_and_to_none_are_refused_in_the_same_words(self) -> None:
        def refusal(pk: UUID) -> str:
            with pytest.raises(IntegrityError) as refused, transaction.atomic():
                product(HOLDER_A, public_entry_id=pk)
            return str(refused.value)

        assert refusal(product(HOLDER_B).pk) == refusal(uuid4())

    def test_app_may_neither_truncate_nor_alter_nor_delete(self) -> None:
        product()
        for sql in (
            "TRUNCATE products_product CASCADE",
            "ALTER TABLE products_product ADD x int",
            "DELETE FROM products_product",
            "DROP TABLE products_alias",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), setting_up(), connection.cursor() as cursor:
                cursor.execute(sql)


class TestAccounts:
    """One account for all organisations: who could change it could enter each of them."""

    def change(self, person: User, actor: User | UUID, organisation: UUID, *more: UUID) -> int:
        with acting_as(actor, organisation=organisation, organisations=more):
            return User.objects.filter(pk=person.pk).update(password="taken over")

    def test_another_holder_s_person_cannot_be_changed(self) -> None:
        theirs, mine = make_user(Role.PV_HEAD, organisation=HOLDER_B), make_user(Role.ADMINISTRATOR)
        assert self.change(theirs, mine, HOLDER_A) == 0
        assert self.change(theirs, mine, HOLDER_A, HOLDER_B) == 0
        with setting_up(HOLDER_A):
            add_membership(user=theirs, organisation=HOLDER_A, role=Role.RECORDER)
        assert self.change(theirs, mine, HOLDER_A) == 0

    def test_one_s_own_person_and_oneself_can(self) -> None:
        mine, person = make_user(Role.ADMINISTRATOR), make_user(Role.RECORDER)
        assert self.change(person, mine, HOLDER_A) == 1
        assert self.change(person, person, HOLDER_A) == 1
        with acting_as(person):
            assert User.objects.filter(pk=person.pk).update(language="en") == 1

    def test_without_an_actor_nobody_is_changed(self) -> None:
        person = make_user(Role.RECORDER)
        with pytest.raises(DatabaseError, match="without an actor"), transaction.atomic():
            User.objects.filter(pk=person.pk).update(password="taken over")

    def test_nobody_learns_what_somebody_does_elsewhere(self) -> None:
        theirs, mine = make_user(Role.PV_HEAD, organisation=HOLDER_B), make_user(Role.ADMINISTRATOR)
        with acting_as(mine, organisation=HOLDER_A):
            assert access_of(theirs).roles == {}
            assert access_of(mine).roles == {HOLDER_A: {Role.ADMINISTRATOR}}

    @pytest.mark.parametrize("dates", [{"starts_on": "2099-01-01"}, {"ends_on": "2021-01-01"}])
    def test_a_membership_elsewhere_that_ended_or_is_to_begin_counts(self, dates: dict[str, str]) -> None:
        by, person = access_of(make_user(Role.ADMINISTRATOR)), make_user(Role.RECORDER)
        assert may_change_person(by, person)
        with setting_up(HOLDER_B):
            Membership.objects.create(organisation_id=HOLDER_B, user=person, role=Role.PV_HEAD, **dates)
        assert not may_change_person(by, person)

    def test_a_person_who_was_switched_off_or_left_can_be_changed_by_their_administrator(self) -> None:
        by, person = make_user(Role.ADMINISTRATOR), make_user(Role.RECORDER)
        with setting_up():
            Membership.objects.filter(user=person).update(ends_on="2021-01-01")
            User.objects.filter(pk=person.pk).update(is_active=False)
        assert may_change_person(access_of(by), person)
        assert self.change(person, by, HOLDER_A) == 1

    def test_only_an_administrator_may_and_a_stranger_is_nobody_s(self) -> None:
        person, stranger = make_user(Role.RECORDER), make_user(email="stranger@a.example")
        assert not may_change_person(access_of(make_user(Role.PV_HEAD)), person)
        assert not may_change_person(access_of(make_user(Role.ADMINISTRATOR)), stranger)


class TestContext:
    def test_a_nested_context_is_restored(self) -> None:
        with acting_as(SYSTEM, organisation=HOLDER_A, organisations=[HOLDER_B]):
            with writing_for(HOLDER_B):
                assert current().organisation == HOLDER_B
                Product.objects.create(organisation_id=HOLDER_B, key="x", product_class="x", product_class_zh="x")
            assert current().organisation == HOLDER_A
            Product.objects.create(organisation_id=HOLDER_A, key="x", product_class="x", product_class_zh="x")

    def test_a_failed_nested_context_is_restored_too(self) -> None:
        with acting_as(SYSTEM, organisation=HOLDER_A, organisations=[HOLDER_B]):
            with pytest.raises(RuntimeError), writing_for(HOLDER_B):
                raise RuntimeError
            Product.objects.create(organisation_id=HOLDER_A, key="x", product_class="x", product_class_zh="x")

    def test_nobody_writes_for_an_organisation_outside_the_context(self) -> None:
        with acting_as(SYSTEM, organisation=HOLDER_A), pytest.raises(NotAllowed), writing_for(HOLDER_B):
            pass

    def test_outside_of_a_context_nobody_acts(self) -> None:
        with pytest.raises(NotAllowed):
            current()


class TestAccess:
    def test_roles_are_found_before_any_context_stands(self) -> None:
        user = make_user(Role.PV_HEAD, Role.PV_OFFICER)
        assert access_of(user).roles == {HOLDER_A: {Role.PV_HEAD, Role.PV_OFFICER}}

    def test_a_membership_that_has_ended_gives_nothing(self) -> None:
        user = make_user(Role.PV_HEAD)
        with setting_up():
            Membership.objects.filter(user=user).update(ends_on="2021-01-01")
        assert access_of(user).roles == {}

    def test_a_person_who_was_switched_off_has_no_roles(self) -> None:
        user = make_user(Role.PV_HEAD)
        with setting_up():
            type(user).objects.filter(pk=user.pk).update(is_active=False)
        assert access_of(user).roles == {}

    def test_adding_a_membership_twice_is_adding_it_once(self) -> None:
        user = make_user(Role.PV_HEAD)
        with setting_up():
            add_membership(user=user, organisation=HOLDER_A, role=Role.AUDITOR)
            add_membership(user=user, organisation=HOLDER_A, role=Role.AUDITOR)
        assert access_of(user).roles[HOLDER_A] == {Role.PV_HEAD, Role.AUDITOR}

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_verb_is_allowed_to_its_roles_and_in_their_organisation_only(self, verb: str) -> None:
        for role in Role:
            access = Access(uuid4(), {HOLDER_A: frozenset({role})}, HOLDER_A)
            assert can(access, verb) == (role in VERBS[verb])
            assert not can(access, verb, HOLDER_B)

    def test_a_refusal_names_who_may(self) -> None:
        with pytest.raises(NotAllowed, match="administrator"):
            check_can(Access(uuid4(), {HOLDER_A: frozenset({Role.RECORDER})}, HOLDER_A), "people.write")
