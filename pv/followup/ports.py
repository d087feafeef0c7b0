"""The room's one port: what a visit's record revealed. The room above registers a handler, called in the transaction
that writes the record: a malignancy saved is a malignancy escalated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from pv.accounts.models import User
from pv.followup.models import ReportedEvent, VisitRecord
from pv.patients.models import Patient, Treatment


class Kind(StrEnum):
    MALIGNANCY = "malignancy"
    RELAPSE = "relapse"
    ADVERSE_EVENT = "adverse_event"
    DEATH = "death"
    PREGNANCY = "pregnancy"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One thing that a record revealed. The record is written already; `treatment` is the last infusion before it."""

    kind: Kind
    record: VisitRecord
    event: ReportedEvent | None
    patient: Patient
    treatment: Treatment | None
    is_correction: bool


Handler = Callable[[Trigger, User], object]
_handler: Handler | None = None


def on_trigger(handler: Handler) -> None:
    """Register the one handler; another one is a mistake in wiring."""
    global _handler
    if _handler is not None and _handler != handler:
        raise ValueError("A handler is registered at pv.followup.ports already.")
    _handler = handler


def pull(trigger: Trigger, by: User) -> object:
    """Let the handler act; what it answers. Raises ImproperlyConfigured without one: nothing is saved unescalated."""
    if _handler is None:
        raise ImproperlyConfigured("No room has registered at pv.followup.ports: this would escalate nothing.")
    return _handler(trigger, by)


def check(app_configs: Any, **more: Any) -> list[CheckMessage]:
    """System check: without a handler the product does not start."""
    if _handler is not None:
        return []
    return [Error("No room acts on what visits reveal (pv.followup.ports.on_trigger).", id="pv.followup.E001")]
