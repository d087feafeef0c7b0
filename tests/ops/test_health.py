"""What monitors are told: counts only, degraded with 200, 503 without the database alone."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import Client

from pv.accounts.context import as_clock
from pv.audit.services import seal
from pv.core import clock
from pv.core.ids import uuid7
from pv.deadlines.models import Alarm
from pv.notices import services, watch
from pv.notices.models import Delivery, JobRun
from pv.notices.watch import Figures
from pv.ops import views
from pv.web.admin_frame import TROUBLES
from tests.support.factories import DeadlineFactory, DeliveryFactory, NoticeFactory, ProductFactory
from tests.support.people import HOLDER_A, HOLDER_B, setting_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bool]]:
    state = {"answers": True}
    monkeypatch.setattr(views, "_broker_answers", lambda: state["answers"])
    return state


@pytest.fixture(autouse=True)
def _sealed(db: None) -> None:
    """The template may have been built long ago: what it wrote is sealed first, as the sealer would have done."""
    seal()


def ran(job: str, *, ago: float = 1, driver: str = "beat", error: str = "") -> None:
    with as_clock():
        now = services.real_now()
        JobRun.objects.create(
            id=uuid7(), job=job, driver=driver, started_at=now - timedelta(seconds=ago + 1),
            ended_at=now - timedelta(seconds=ago), handled=3, error=error,
        )  # fmt: skip


def troubles() -> list[str]:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    return answer.json()["troubles"]


def test_health_asks_nobody(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_all_is_well() -> None:
    ran("tick")
    ran("beat")
    body = Client().get("/readyz").json()
    assert (body["status"], body["database"], body["broker"], body["migrations_pending"]) == ("ok", True, True, 0)
    assert body["tick_age_seconds"] < 30


def test_a_tick_that_stopped_is_degraded() -> None:
    ran("tick", ago=181)
    ran("beat")
    assert troubles() == ["tick"]


def test_a_failed_tick_is_no_complete_tick() -> None:
    ran("tick", ago=300)
    ran("tick", error="OperationalError")
    ran("beat")
    assert troubles() == ["tick"]


def test_a_beat_that_never_was_is_degraded() -> None:
    ran("tick", driver="run_tick")
    ran("beat", driver="run_tick")
    assert troubles() == ["beat"]


def test_a_broker_away_is_degraded(broker) -> None:
    ran("tick")
    ran("beat")
    broker["answers"] = False
    assert troubles() == ["broker"]


def test_deliveries_given_up_and_urgent_ones_that_wait_are_told() -> None:
    ran("tick")
    ran("beat")
    DeliveryFactory(state=Delivery.State.DEAD)
    late = DeliveryFactory(urgent=True)
    with as_clock():
        Delivery.objects.filter(pk=late.pk).update(created_at=services.real_now() - timedelta(seconds=61))
    body = Client().get("/readyz").json()
    assert body["troubles"] == ["dead", "urgent"]
    assert body["deliveries"] == {"dead": 1, "waiting": 1}
    assert 60 < body["oldest_urgent_seconds"] < 90


def test_alarms_set_aside_are_told() -> None:
    ran("tick")
    ran("beat")
    deadline = DeadlineFactory()
    with setting_up():
        when = clock.now()
        Alarm.objects.update_or_create(
            deadline_id=deadline.pk,
            defaults={"next_alert_at": when - timedelta(hours=1), "parked_until": when + timedelta(hours=1)},
        )
    body = Client().get("/readyz").json()
    assert (body["troubles"], body["alarms_parked"], body["alarms_due"]) == (["parked"], 1, 0)
    assert b"pv_alarms_parked 1.0" in Client().get("/metrics").content


@pytest.mark.parametrize("organisation", [HOLDER_A, HOLDER_B])
def test_notices_without_anybody_to_tell_are_told_for_a_week(organisation: UUID) -> None:
    ran("tick")
    ran("beat")
    NoticeFactory(organisation_id=organisation, unheard=True, fired_at=clock.now() - timedelta(days=8))
    NoticeFactory(organisation_id=organisation, nth=2)
    assert troubles() == []
    NoticeFactory(organisation_id=organisation, nth=3, unheard=True, fired_at=clock.now() - timedelta(days=6))
    body = Client().get("/readyz").json()
    assert (body["troubles"], body["notices_unheard"]) == (["unheard"], 1)
    assert b"pv_notices_unheard 1.0" in Client().get("/metrics").content


def test_every_trouble_has_words_for_the_banner() -> None:
    worst = Figures(None, None, None, 9e9, 9e9, 1, 1, 1, 9e9, {"dead": 1}, ())
    assert set(worst.troubles()) == set(TROUBLES)


def test_no_database_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("secret words")

    monkeypatch.setattr(watch, "figures", away)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": False, "broker": True}
    assert b"pv_up 0.0" in Client().get("/metrics").content


def test_metrics_tell_the_spine_and_the_requests() -> None:
    ran("tick")
    ran("beat", ago=7)
    DeliveryFactory(state=Delivery.State.DEAD)
    Client().get("/healthz")
    answer = Client().get("/metrics")
    assert answer["Content-Type"].startswith("text/plain")
    lines = dict(line.rsplit(" ", 1) for line in answer.content.decode().splitlines() if not line.startswith("#"))
    assert lines["pv_up"] == "1.0"
    assert lines["pv_dead_deliveries"] == "1.0"
    assert lines['pv_deliveries{state="dead"}'] == "1.0"
    assert lines['pv_job_runs{driver="beat",job="beat"}'] == "1.0"
    assert lines['pv_job_handled{driver="beat",job="tick"}'] == "3.0"
    assert 6 < float(lines["pv_beat_age_seconds"]) < 30
    assert "pv_alarms_due" in lines
    assert "pv_seal_age_seconds" in lines
    assert float(lines['pv_requests_total{method="GET",status="200",view="ops:healthz"}']) >= 1


def test_nothing_but_numbers_is_told() -> None:
    ProductFactory(key="canary-of-holder-a", inn="canaryleucel")
    DeliveryFactory(error="canary in an error")
    for path in ("/readyz", "/metrics"):
        assert b"canary" not in Client().get(path).content


def test_they_take_no_writing_method() -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert Client().post(path).status_code == 405


def test_figures_ask_few_questions(django_assert_max_num_queries) -> None:
    DeliveryFactory.create_batch(3)
    with django_assert_max_num_queries(7):  # three questions, the role taken and left, a savepoint
        watch.figures()


def test_pending_migrations_are_counted_until_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ran("tick")
    ran("beat")
    views._none_pending.cache_clear()
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: [1, 2])
    assert troubles() == ["migrations"]
    monkeypatch.undo()
    monkeypatch.setattr(views, "_broker_answers", lambda: True)
    assert troubles() == []


def test_the_real_broker_is_asked_briefly(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    monkeypatch.undo()
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    assert views._broker_answers() is False


def test_the_banner_asks_seldom(django_assert_num_queries) -> None:
    watch.troubles(fresh_for=-1)
    with django_assert_num_queries(0):
        assert "tick" in watch.troubles(fresh_for=60)
    assert connection.vendor == "postgresql"
