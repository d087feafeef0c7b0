"""Whatever the owner or a superuser changes behind the application's back is found."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import factory
import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.audit import services
from pv.audit.history import history_of
from pv.audit.verify import verify
from pv.ops.startup import unasked
from pv.products.models import Product
from tests.support.database import Urls, django_settings
from tests.support.factories import ProductFactory, UserFactory
from tests.support.people import HOLDER_A, HOLDER_B, setting_up
from tests.support.sealing import seal_everything

pytestmark = pytest.mark.usefixtures("committing")


@pytest.fixture
def superuser(urls: Urls, committing: Urls) -> Iterator[Callable[..., None]]:
    """Somebody who owns the server and leaves no trace that triggers could make."""
    address = urlsplit(urls.admin)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        yield admin.execute


@contextmanager
def undone(urls: Urls, sql: str) -> Iterator[None]:
    """The same as a superuser whose transaction is taken back: Django's own connection sees it meanwhile."""
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(django_settings(urls.admin) | {"NAME": kept["NAME"]})
    try:
        with unasked(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("SET LOCAL session_replication_role = origin")
            yield
            transaction.set_rollback(True)
    finally:
        connection.close()
        connection.settings_dict.update(kept)


@pytest.fixture
def products() -> list[Product]:
    """Three products with a changed one among them, in three runs of the sealer."""
    made = []
    for key in ("one", "two", "three"):
        made.append(ProductFactory(key=key))
        seal_everything()
    with setting_up():
        Product.objects.filter(key="one").update(target="changed")
    seal_everything()
    return made


def findings() -> list[str]:
    return [str(finding) for finding in verify().findings]


def test_an_untouched_history_is_whole(products, capsys) -> None:
    report = verify()
    assert report.findings == []
    assert report.sound
    assert (report.unsealed, report.seals >= 4, report.events >= 4, report.rows >= 4) == (0, True, True, True)
    call_command("verify_audit")
    assert "The history is whole." in capsys.readouterr().out


def test_rows_of_other_holders_and_of_nobody_are_looked_at_too(superuser) -> None:
    ProductFactory(organisation_id=HOLDER_B)
    person = UserFactory()
    seal_everything()
    assert findings() == []
    superuser(f"UPDATE accounts_user SET password = 'mine now' WHERE id = '{person.pk}'")
    assert findings() == [f"accounts_user {person.pk} (installation): changed without an event"]


MANIPULATIONS = {
    "a row is changed": (
        "UPDATE products_product SET target = 'CD20' WHERE key = 'two'",
        "changed without an event",
    ),
    "a row is deleted": (
        "DELETE FROM products_product WHERE key = 'two'",
        "deleted without an event",
    ),
    "a row is inserted": (
        "INSERT INTO products_product SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),"
        " 'key', 'four'))).* FROM products_product AS p WHERE key = 'two'",
        "inserted without an event",
    ),
    "two rows are swapped": (
        "UPDATE products_product AS p SET inn = o.inn FROM products_product AS o"
        " WHERE (p.key, o.key) IN (('two', 'three'), ('three', 'two'))",
        "changed without an event",
    ),
    "an event's reason is changed": (
        "UPDATE audit_event SET reason = 'nothing' WHERE id = (SELECT max(id) FROM audit_event)",
        "event was changed",
    ),
    "an event's actor is changed": (
        "UPDATE audit_event SET actor = gen_random_uuid() WHERE action = 'U'",
        "was changed",
    ),
    "an event's time is changed": (
        "UPDATE audit_event SET at = at - interval '1 day' WHERE action = 'U'",
        "was changed",
    ),
    "an event's old values are changed": ("UPDATE audit_event SET old = '{}' WHERE action = 'U'", "event was changed"),
    "an event is changed and its hash made anew": (
        "UPDATE audit_event SET actor = organisation_id, hash = audit_hash(audit_head(table_name, action, at,"
        " organisation_id, reason, request, job, txid), organisation_id, row_id, old, image_hash)"
        " WHERE action = 'U' AND table_name = 'products_product'",
        "no longer fits",
    ),
    "an event is deleted": (
        "DELETE FROM audit_event WHERE row_id = (SELECT id FROM products_product WHERE key = 'two')",
        "it covered 1 events, now there are 0",
    ),
    "an event is slipped in": (
        "INSERT INTO audit_event (organisation_id, table_name, row_id, action, at, actor, reason, request, job, txid,"
        " old, image_hash, hash) SELECT organisation_id, table_name, row_id, action, at, actor, reason, request, job,"
        " txid, old, image_hash, hash FROM audit_event WHERE action = 'U' AND table_name = 'products_product'",
        "it covered 1 events, now there are 2",
    ),
    "two events change places": (
        "CREATE TABLE swapped AS SELECT * FROM audit_event"
        " WHERE table_name = 'products_product' AND row_id IN (SELECT id FROM products_product WHERE key ^@ 'pair');"
        "DELETE FROM audit_event WHERE id IN (SELECT id FROM swapped);"
        "INSERT INTO audit_event OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(e, jsonb_build_object("
        "'id', (SELECT sum(id) FROM swapped) - e.id))).* FROM swapped AS e",
        "no longer fits",
    ),
    "the first seal is deleted": ("DELETE FROM audit_seal WHERE id = (SELECT min(id) FROM audit_seal)", "is missing"),
    "a seal in the middle is deleted": (
        "DELETE FROM audit_seal WHERE id = (SELECT max(id) - 1 FROM audit_seal)",
        "the seals before it are missing",
    ),
    "a run of the sealer is deleted with its events": (
        "DELETE FROM audit_event WHERE txid >= (SELECT from_txid FROM audit_seal ORDER BY id DESC LIMIT 1 OFFSET 1)"
        " AND txid < (SELECT to_txid FROM audit_seal ORDER BY id DESC LIMIT 1 OFFSET 1);"
        "DELETE FROM audit_seal WHERE id = (SELECT max(id) - 1 FROM audit_seal)",
        "seals before it are missing",
    ),
    "a seal is changed": (
        "UPDATE audit_seal SET seal = sha256('') WHERE id = (SELECT max(id) FROM audit_seal)",
        "no longer fits",
    ),
    "a table's triggers are switched off": (
        "ALTER TABLE products_product DISABLE TRIGGER ALL",
        "history is switched off",
    ),
    "the guard of the events is dropped": (
        "DROP TRIGGER audit_event_append_only ON audit_event",
        "guard is switched off",
    ),
    "the guard of the seals is switched off": ("ALTER TABLE audit_seal DISABLE TRIGGER ALL", "guard is switched off"),
}


def test_manipulation_is_found(products, urls: Urls, subtests) -> None:
    with setting_up():
        ProductFactory.create_batch(2, key=factory.Sequence(lambda n: f"pair {n}"))
    seal_everything()
    ProductFactory(key="last")
    seal_everything()
    for name, (sql, found) in MANIPULATIONS.items():
        with subtests.test(name), undone(urls, sql):
            assert found in "\n".join(findings())
    assert findings() == []


def test_a_cut_tail_is_found(products, superuser) -> None:
    """The last events and their seals are gone: the rows remember."""
    superuser(
        "DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event);"
        "DELETE FROM audit_seal WHERE id = (SELECT max(id) FROM audit_seal)"
    )
    assert findings() == [
        f"products_product {products[0].pk} ({HOLDER_A}): changed without an event",
    ]


def test_a_tail_cut_together_with_its_rows_is_found_by_the_heads_outside(
    products, superuser, settings, tmp_path
) -> None:
    settings.AUDIT_HEADS_FILE = str(tmp_path / "heads")
    ProductFactory(key="four")
    seal_everything()
    assert verify(heads=settings.AUDIT_HEADS_FILE).sound
    superuser(
        "DELETE FROM products_product WHERE key = 'four';"
        "DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event);"
        "DELETE FROM audit_seal WHERE id = (SELECT max(id) FROM audit_seal)"
    )
    assert verify().sound
    heads = [json.loads(line) for line in Path(settings.AUDIT_HEADS_FILE).read_text().splitlines()]
    assert [str(finding) for finding in verify(heads=settings.AUDIT_HEADS_FILE).findings] == [
        f"seal {heads[0]['number']} ({HOLDER_A}): it is not the one that was put outside"
    ]


def test_the_command_seals_first_names_what_it_found_and_ends_with_one(products, superuser, capsys) -> None:
    superuser("UPDATE products_product SET target = 'CD20' WHERE key = 'two'")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit")
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert f"FOUND products_product {products[1].pk} ({HOLDER_A}): changed without an event" in said
    assert "0 events younger than the last seal" in said


def test_a_running_transaction_is_waited_for_and_then_sealed(products, urls: Urls) -> None:
    before = services.watermark()
    with psycopg.connect(urls.app) as slow:
        for name, value in (("actor", SYSTEM), ("organisation", HOLDER_A), ("organisations", HOLDER_A)):
            slow.execute("SELECT set_config(%s, %s, true)", [f"app.{name}", str(value)])
        slow.execute("UPDATE products_product SET target = 'slow' WHERE key = 'one'")
        ProductFactory(key="four")
        assert services.seal() == 0
        assert (verify().unsealed, findings()) == (1, [])
        slow.commit()
    assert seal_everything() == 2
    assert services.watermark() > before
    assert findings() == []


def test_the_sealer_goes_on_where_transaction_ids_begin_again(products, superuser) -> None:
    """As after restoring a dump on another server: what was unsealed there is sealed, and counting starts anew."""
    ProductFactory(key="left over")
    far = 2**40
    superuser(f"UPDATE audit_event SET txid = txid + {far}; UPDATE audit_seal SET to_txid = to_txid + {far},"
              f" from_txid = CASE WHEN from_txid = 0 THEN 0 ELSE from_txid + {far} END;"
              "UPDATE audit_event SET hash = audit_hash(audit_head(table_name, action, at, actor, reason, request, job,"
              " txid), organisation_id, row_id, old, image_hash)")  # fmt: skip
    superuser(
        "DO $$ DECLARE s record; before bytea; BEGIN FOR s IN SELECT * FROM audit_seal ORDER BY organisation_id, number"
        " LOOP SELECT seal INTO before FROM audit_seal WHERE organisation_id IS NOT DISTINCT FROM s.organisation_id AND"
        " number = s.number - 1; UPDATE audit_seal SET seal = sha256(coalesce(before, ''::bytea) || (SELECT string_agg("
        "hash, ''::bytea ORDER BY id) FROM audit_event WHERE organisation_id IS NOT DISTINCT FROM s.organisation_id AND"
        " txid >= s.from_txid AND txid < s.to_txid)) WHERE id = s.id; END LOOP; END $$"
    )
    assert findings() == []
    ProductFactory(key="new life")
    assert seal_everything() == 2
    assert (findings(), verify().unsealed) == ([], 0)
    ProductFactory(key="and on")
    assert seal_everything() == 1
    assert findings() == []


def test_sealing_without_news_makes_no_seal(products) -> None:
    seals = verify().seals
    assert services.seal() == 0
    assert verify().seals == seals


def test_writing_as_the_owner_is_history_too(products, urls: Urls) -> None:
    with psycopg.connect(urls.owner) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("UPDATE products_product SET target = 'owner' WHERE key = 'one'")
    with psycopg.connect(urls.owner) as owner:
        owner.execute("SELECT set_config('app.actor', %s, true)", [str(SYSTEM)])
        owner.execute("UPDATE products_product SET target = 'owner' WHERE key = 'one'")
    seal_everything()
    assert findings() == []


def test_changing_a_password_properly_is_whole() -> None:
    person = UserFactory()
    with acting_as(person):
        User.objects.filter(pk=person.pk).update(password="another")
    seal_everything()
    assert findings() == []


def test_what_a_seal_covers_is_said_to_be_sealed() -> None:
    product = ProductFactory()
    seal_everything()
    with setting_up():
        Product.objects.filter(pk=product.pk).update(target="BCMA")
    with setting_up():
        changed, created = history_of("products_product", product.pk, [HOLDER_A])
    assert (changed.sealed, created.sealed) == (False, True)
