"""The figures. Each fills a fresh database, does the same work by our code and by raw SQL, and compares."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg
from django.db import connection

from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.deadlines.models import Step
from pv.notices import services
from pv.ops.startup import unasked
from pv.products.models import Product
from tests.support import database
from tests.support.clocks import make_ladder
from tests.support.database import Urls
from tests.support.people import HOLDER_A, make_user, setting_up


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: ours and raw in the same unit, their ratio, and the bound it must keep."""

    name: str
    ours: float
    raw: float
    ratio: float
    bound: float
    at_least: bool = False

    @property
    def ok(self) -> bool:
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound

    def __str__(self) -> str:
        return (
            f"bench {self.name} ours={self.ours:.4g} raw={self.raw:.4g} ratio={self.ratio:.3g} "
            f"bound={self.bound:g} {'ok' if self.ok else 'short'}"
        )


def connect(urls: Urls) -> None:
    """Work as app on the bench's database."""
    connection.settings_dict.update(database.django_settings(urls.app))


def disconnect() -> None:
    connection.close()


def as_superuser(urls: Urls) -> psycopg.Connection:
    """The raw side: no row-level security, no history."""
    name = database.django_settings(urls.app)["NAME"]
    return psycopg.connect(urls.admin.replace("/postgres?", f"/{name}?"), autocommit=True)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# Deadlines and their alarms, made by the server itself; history and keys are switched off for the filling alone.
FILL = """
SET session_replication_role = replica;
WITH made AS (
    INSERT INTO deadlines_deadline (id, organisation_id, kind, args, subject, assignee_id, basis, unconfirmed, working,
        ladder_id, round, zone, calendar, original_due_on, due_on, due_at, outcome)
    SELECT uuidv7(), %(organisation)s, 'test-promise', '{{"name_en": "one"}}', uuidv7(), %(owner)s, 'legal', false, '',
        %(ladder)s, 1, 'Asia/Shanghai', 'CN', d.day, d.day, d.day + interval '1 day', ''
    FROM generate_series(1, %(count)s) AS n, LATERAL (SELECT (current_date + %(days)s + (n %% 300)::int) AS day) AS d
    RETURNING id, due_on, due_at)
INSERT INTO deadlines_alarm (deadline_id, organisation_id, due_on, due_at, zone, calendar, ladder_id, round, rung, nth,
    answered, hurry, urgent, next_alert_at, attempts, error)
SELECT id, %(organisation)s, due_on, due_at, 'Asia/Shanghai', 'CN', %(ladder)s, 1, 0, 0, false, false, true,
    {next_at}, 0, '' FROM made;
"""


def fill(urls: Urls, *, count: int, days: int, next_at: str, owner: User, ladder: object) -> None:
    """`count` open deadlines from `days` ahead on; `next_at` is SQL for the next look."""
    params = {"organisation": HOLDER_A, "owner": owner.pk, "ladder": ladder, "count": count, "days": days}
    with as_superuser(urls) as raw, psycopg.ClientCursor(raw) as cursor:
        cursor.execute(FILL.format(next_at=next_at), params)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE deadlines_alarm, deadlines_deadline, notices_notice, notices_delivery")


RAW_FIRE = """
WITH ringing AS (
    SELECT deadline_id, organisation_id, due_at FROM deadlines_alarm
    WHERE urgent AND next_alert_at <= now() ORDER BY next_alert_at LIMIT 1000 FOR UPDATE SKIP LOCKED),
advanced AS (
    UPDATE deadlines_alarm AS a SET rung = 3, nth = 1, told_at = now(), next_alert_at = now() + interval '1 day'
    FROM ringing AS r WHERE a.deadline_id = r.deadline_id)
INSERT INTO notices_notice (id, organisation_id, deadline_id, round, rung, nth, tone, due_at, rang_for, fired_at,
    skipped, unheard)
SELECT uuidv7(), organisation_id, deadline_id, 1, 3, 1, 'urgent', due_at, now(), now(), '{}', false FROM ringing
ON CONFLICT (deadline_id, round, rung, nth) DO NOTHING
"""


# The same, with the two deliveries that a step by app and by mail writes for its reader.
RAW_FIRE_WITH_MAIL = (
    RAW_FIRE.replace("INSERT INTO notices_notice", ", told AS (INSERT INTO notices_notice")
    + """ RETURNING id, organisation_id)
INSERT INTO notices_delivery (id, organisation_id, notice_id, recipient_id, channel, why, urgent, state, attempts,
    next_attempt_at, sent_at, error)
SELECT uuidv7(), organisation_id, id, (SELECT id FROM accounts_user WHERE email = 'head@a.example'), channel, 'owner',
    true, CASE channel WHEN 'in_app' THEN 'sent' ELSE 'waiting' END, 0, now(), now(), ''
FROM told, unnest('{in_app,email}'::text[]) AS channel
"""
)


def fire(urls: Urls, size: int) -> Iterator[Line]:
    """Alarms a second of our tick, against raw SQL.

    `fire`: each alarm tells its owner in the app, against raw notices and alarms alone. `fire_with_mail`: by app and by
    mail, against raw SQL that writes those deliveries too.
    """
    owner = make_user(Role.PV_HEAD, email="head@a.example")
    yield _fire(urls, size, "fire", owner, ["in_app"], RAW_FIRE)
    yield _fire(urls, size, "fire_with_mail", owner, ["in_app", "email"], RAW_FIRE_WITH_MAIL)


def _fire(urls: Urls, size: int, name: str, owner: User, channels: list[str], raw_sql: str) -> Line:
    count = min(100_000, size // 10)
    ladder = make_ladder(code=name)
    with setting_up():
        Step.objects.filter(rung__ladder=ladder).update(channels=channels)
    rates: dict[str, list[float]] = {"ours": [], "raw": []}
    for _ in range(3):
        for side in ("raw", "ours"):
            with as_superuser(urls) as raw:
                raw.execute("SET session_replication_role = replica")
                for table in ("notices_delivery", "notices_notice", "deadlines_alarm", "deadlines_deadline"):
                    raw.execute(f"DELETE FROM {table}")
            fill(urls, count=count, days=-320, next_at="now()", owner=owner, ladder=ladder.pk)
            if side == "ours":
                seconds = timed(lambda: services.tick(driver="bench", seconds=600))
            else:
                with as_superuser(urls) as raw:
                    seconds = timed(lambda raw=raw: [raw.execute(raw_sql) for _ in range(count // 1000)])
            rates[side].append(count / seconds)
    ours, by_hand = statistics.median(rates["ours"]), statistics.median(rates["raw"])
    return Line(name, ours, by_hand, ours / by_hand, 0.5, at_least=True)


def idle_tick(urls: Urls, size: int) -> Iterator[Line]:
    """Milliseconds of a tick that has nothing to do, over a few and over very many open clocks."""
    owner, ladder = make_user(Role.PV_HEAD, email="head@a.example"), make_ladder()
    later = "now() + interval '30 days' + random() * interval '900 days'"
    fill(urls, count=10_000, days=100, next_at=later, owner=owner, ladder=ladder.pk)
    few = min(timed(lambda: services.tick(driver="bench")) for _ in range(50))
    fill(urls, count=size - 10_000, days=100, next_at=later, owner=owner, ladder=ladder.pk)
    many = min(timed(lambda: services.tick(driver="bench")) for _ in range(50))
    yield Line(f"idle_tick_{size}_over_10000", many * 1000, few * 1000, many / few, 1.5)


INSERT_SELECT = """
INSERT INTO products_product (id, organisation_id, key, inn, generic_zh, brand_en, brand_zh, product_class,
    product_class_zh, target, vector, vector_zh, integrating)
SELECT uuidv7(), %s, %s || n, 'a name', '名称', '', '', 'CAR-T', 'CAR-T', 'CD19', 'lentiviral', '慢病毒', 'yes'
FROM generate_series(1, %s) AS n
"""


def history(urls: Urls, size: int) -> Iterator[Line]:
    """Seconds for 20,000 rows with history and row-level security, against the same rows without."""
    count = 20_000
    taken: dict[str, list[float]] = {"ours": [], "raw": [], "bulk": [], "bulk_raw": []}
    for _ in range(3):
        with setting_up(), connection.cursor() as cursor:
            taken["ours"].append(timed(lambda c=cursor: c.execute(INSERT_SELECT, [HOLDER_A, str(uuid4()), count])))
        with setting_up():
            taken["bulk"].append(timed(lambda: Product.objects.bulk_create(products(count), batch_size=2000)))
        with as_superuser(urls) as raw:
            raw.execute("SET session_replication_role = replica")
            taken["raw"].append(timed(lambda r=raw: r.execute(INSERT_SELECT, [HOLDER_A, str(uuid4()), count])))
        connection.close()
        connection.settings_dict.update(database.django_settings(superuser_url(urls)))
        with unasked():  # else the product refuses to work as a superuser
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = replica")
            taken["bulk_raw"].append(timed(lambda: Product.objects.bulk_create(products(count), batch_size=2000)))
        connect(urls)
    best = {name: min(seconds) for name, seconds in taken.items()}
    yield Line("history_insert_select", best["ours"], best["raw"], best["ours"] / best["raw"], 3.5)
    yield Line("history_bulk_create", best["bulk"], best["bulk_raw"], best["bulk"] / best["bulk_raw"], 1.5)


def superuser_url(urls: Urls) -> str:
    return urls.admin.replace("/postgres?", f"/{database.django_settings(urls.app)['NAME']}?")


def products(count: int) -> list[Product]:
    """Rows that no other run has made."""
    run = uuid4()
    return [
        Product(organisation_id=HOLDER_A, key=f"{run}{n}", product_class="CAR-T", product_class_zh="CAR-T")
        for n in range(count)
    ]


ALL: dict[str, Callable[[Urls, int], Iterator[Line]]] = {"fire": fire, "idle_tick": idle_tick, "history": history}
