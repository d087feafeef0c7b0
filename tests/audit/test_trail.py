"""Every path of writing leaves history, and no path of the application's can take it back."""

import pytest
from django.contrib.auth.hashers import make_password
from django.db import Error, ProgrammingError, connection, transaction

from pv.accounts.context import acting_as, reading_installation
from pv.accounts.models import SYSTEM, User
from pv.accounts.roles import Role
from pv.audit.models import Event
from pv.core.models import CalendarDay
from pv.products.models import Product
from tests.support.factories import ProductFactory, UserFactory
from tests.support.people import HOLDER_A, HOLDER_B, OPERATOR, make_user, setting_up

pytestmark = pytest.mark.django_db


def events(table: str = "products_product") -> list[tuple[str, dict | None]]:
    mine = Event.objects.filter(table_name=table, reason="test setup")
    return list(mine.order_by("id").values_list("action", "old"))


def product(key: str) -> Product:
    return Product(organisation_id=HOLDER_A, key=key, inn=key, product_class="CAR-T", product_class_zh="CAR-T")


def test_every_path_of_writing_leaves_history() -> None:
    with setting_up():
        product("one").save()
        Product.objects.bulk_create([product("two"), product("three")])
        Product.objects.filter(key="one").update(target="CD19")
        row = Product.objects.get(key="two")
        row.target = "BCMA"
        row.save()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE products_product SET vector = 'LV' WHERE organisation_id = %s", [HOLDER_A])
        found = events()
    assert [action for action, _ in found] == ["I"] * 3 + ["U"] * 5
    assert found[3][1] == {"target": ""}
    assert found[-1][1] == {"vector": ""}


def test_a_deletion_keeps_the_whole_row() -> None:
    with setting_up(OPERATOR):
        CalendarDay.objects.create(day="2031-01-01", kind="holiday", name_en="New Year", source="test")
        CalendarDay.objects.filter(day="2031-01-01").delete()
        with reading_installation():
            action, old = events("core_calendarday")[-1]
    assert action == "D"
    assert old is not None
    assert (old["day"], old["name_en"]) == ("2031-01-01", "New Year")


def test_an_event_says_who_why_and_in_which_request() -> None:
    person = make_user(name="Li Na")
    with acting_as(person, organisation=HOLDER_A, reason="letter of 3 March", job="import") as context:
        product("one").save()
        event = Event.objects.get(organisation_id=HOLDER_A)
    assert (event.actor, event.reason, event.job, event.request) == (
        person.pk,
        "letter of 3 March",
        "import",
        context.request,
    )


def test_a_write_without_an_actor_is_refused() -> None:
    with transaction.atomic(), pytest.raises(ProgrammingError, match="without an actor"), transaction.atomic():
        User.objects.create(email="nobody@a.example", name="Nobody")
    with acting_as(None, organisation=HOLDER_A), pytest.raises(Error), transaction.atomic():
        product("one").save()


@pytest.mark.parametrize("table", ["audit_event", "audit_seal", "audit_event_default"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET organisation_id = NULL", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_touch_the_trail(table: str, verb: str) -> None:
    ProductFactory()
    with setting_up(), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(verb.format(table))


@pytest.mark.parametrize("verb", ["DELETE FROM audit_event", "UPDATE audit_event SET reason = 'x'"])
def test_the_sealer_and_the_clock_cannot_touch_it_either(verb: str) -> None:
    from pv.core.roles import as_role

    for name in ("sealer", "clock"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), as_role(name):
            connection.cursor().execute(verb)


def test_the_application_cannot_write_an_event_of_its_own() -> None:
    with setting_up(), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(
            "INSERT INTO audit_event (table_name, row_id, action, at, actor, reason, job, txid, hash)"
            " VALUES ('x', gen_random_uuid(), 'I', now(), gen_random_uuid(), '', '', 1, '')"
        )


@pytest.mark.parametrize(
    "verb", ["TRUNCATE products_product CASCADE", "ALTER TABLE products_product DISABLE TRIGGER ALL"]
)
def test_the_application_cannot_go_round_the_triggers(verb: str) -> None:
    with setting_up(), pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute(verb.format("products_product"))


def test_a_row_keeps_its_identity() -> None:
    with setting_up(OPERATOR):
        CalendarDay.objects.create(day="2031-01-01", kind="holiday", source="test")
        with pytest.raises(Error, match="never changes"), transaction.atomic():
            connection.cursor().execute("UPDATE core_calendarday SET id = gen_random_uuid() WHERE day = '2031-01-01'")


def test_another_holder_sees_no_event() -> None:
    ProductFactory()
    with acting_as(SYSTEM, organisation=HOLDER_B):
        assert not Event.objects.exclude(organisation_id=None).filter(organisation_id=HOLDER_A).exists()
        assert events() == []


def test_events_of_no_organisation_are_for_administrators() -> None:
    UserFactory()
    with setting_up():
        assert events("accounts_user") == []
        with reading_installation():
            assert [action for action, _ in events("accounts_user")] == ["I"]
        assert events("accounts_user") == []


def test_a_passwords_hash_never_enters_the_trail() -> None:
    person = make_user(Role.RECORDER)
    with setting_up():
        User.objects.filter(pk=person.pk).update(password=make_password("another pass phrase"))
        with reading_installation():
            found = events("accounts_user")
            assert found[-1] == ("U", {"password": None})
            with connection.cursor() as cursor:
                cursor.execute("SELECT string_agg(e::text, ' ') FROM audit_event AS e")
                everything = cursor.fetchone()[0]
    assert "$" not in everything
    assert person.password not in everything


def test_typed_line_feeds_cannot_pass_for_a_field() -> None:
    """Two events that differ in who and why never hash alike, whatever somebody types."""
    sql = "SELECT audit_head('t', 'U', now(), %s, %s, NULL, %s, 1)"
    someone, other = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
    with connection.cursor() as cursor:
        cursor.execute(sql, [someone, f'x"\nrequest=\njob=""\nactor={other}', ""])
        head = cursor.fetchone()[0]
    assert len(head.splitlines()) == 8
    assert [line for line in head.splitlines() if line.startswith("actor=")] == [f"actor={someone}"]
