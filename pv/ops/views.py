"""What load balancers and monitors ask. Nobody is signed in here: counts and ages only, never a row."""

import logging
from dataclasses import asdict
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from pv.notices import watch
from pv.notices.watch import Figures
from pv.ops.metrics import exposition

log = logging.getLogger(__name__)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nobody, so that a database that is away restarts no web server."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 only without the database; whatever else is wrong is said, with 200: pages work without broker and beat."""
    figures = _figures()
    if figures is None:
        return JsonResponse({"status": "unavailable", "database": False, "broker": _broker_answers()}, status=503)
    broker, pending = _broker_answers(), _pending_migrations()
    troubles = figures.troubles()
    troubles += [] if broker else ["broker"]
    troubles += ["migrations"] if pending else []
    return JsonResponse(
        {
            "status": "degraded" if troubles else "ok",
            "troubles": sorted(troubles),
            "database": True,
            "broker": broker,
            "migrations_pending": pending,
            **_rounded(figures),
        }
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus. The proxy lets only the inside ask."""
    return HttpResponse(exposition(_figures()), content_type=CONTENT_TYPE_LATEST)


def _figures() -> Figures | None:
    try:
        return watch.figures()
    except (DatabaseError, InterfaceError) as error:
        log.warning("the database does not answer: %s", error)
        if not connection.in_atomic_block:
            connection.close()
        return None


def _rounded(figures: Figures) -> dict[str, Any]:
    said = asdict(figures)
    del said["runs"]
    return {
        f"{key}_seconds" if key.startswith(("oldest", "seal", "tick_age", "beat")) else key: (
            round(value, 1) if isinstance(value, float) else value
        )
        for key, value in said.items()
    }


def _broker_answers() -> bool:
    """Whether Redis can be reached within a second."""
    try:
        with Redis.from_url(
            settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
        ) as broker:
            return bool(broker.ping())
    except (RedisError, OSError) as error:
        log.warning("the broker does not answer: %s", error)
        return False


def _pending_migrations() -> int:
    """How many migrations this code knows and the database does not; once none, none for the life of this process."""
    try:
        return _none_pending()
    except _Pending as pending:
        return pending.count


class _Pending(Exception):
    """Not cached: the next question looks again."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


@cache
def _none_pending() -> int:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        raise _Pending(len(plan))
    return 0
