"""One id through page, history, task and log."""

from contextvars import ContextVar
from uuid import UUID

current_request: ContextVar[UUID | None] = ContextVar("pv_request", default=None)
"""The request that is being answered, or the one that a task was started by."""
