"""The request's id travels with the task it starts, so that one word finds page, task and log."""

from typing import Any
from uuid import UUID

from celery import signals

from pv.core.tracing import current_request

HEADER = "pv_request"


def send_along(headers: dict[str, Any] | None = None, **more: Any) -> None:
    """Before a task is published."""
    request = current_request.get()
    if headers is not None and request is not None:
        headers[HEADER] = str(request)


def take_up(task: Any = None, **more: Any) -> None:
    """Before a task runs: its starter's id, or none left over from the task before."""
    given = getattr(task.request, HEADER, None) if task is not None else None
    current_request.set(UUID(given) if given else None)


def connect() -> None:
    signals.before_task_publish.connect(send_along, dispatch_uid="pv.ops.tracing.send_along")
    signals.task_prerun.connect(take_up, dispatch_uid="pv.ops.tracing.take_up")
