"""The room's one port: what changed about a patient. Rooms above register what has to follow, in the same transaction.

Follow-up opens its duty lines at the first infusion, pauses at a report of death, moves along at a transfer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from pv.accounts.models import User


class What(StrEnum):
    INFUSED = "infused"
    VITAL = "vital"
    TRANSFERRED = "transferred"


@dataclass(frozen=True, slots=True)
class PatientChange:
    """Something that duties hang on; the patient's row is written and locked already."""

    patient_id: UUID
    organisation: UUID
    what: What


Handler = Callable[[PatientChange, User], object]
_handlers: list[Handler] = []


def on_change(handler: Handler) -> None:
    """Register what follows from a change; a second time changes nothing."""
    if handler not in _handlers:
        _handlers.append(handler)


def tell(change: PatientChange, by: User) -> None:
    """Let every room that registered act on it. Raises ImproperlyConfigured where none did: nobody would be visited."""
    if not _handlers:
        raise ImproperlyConfigured("No room has registered at pv.patients.ports: nothing would follow from this.")
    for handler in _handlers:
        handler(change, by)


def check(app_configs: Any, **more: Any) -> list[CheckMessage]:
    """System check: without a handler the product does not start."""
    if _handlers:
        return []
    return [Error("No room acts on changes of patients (pv.patients.ports.on_change).", id="pv.patients.E001")]
