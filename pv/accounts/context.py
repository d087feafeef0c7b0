"""Who acts, for whom, why: the settings that row-level security and the history triggers read.

Transaction-local, so that a pooled connection carries nothing over; entered by the middleware for every request and by
`acting_as` in tasks, commands and streams. Nothing set, nothing visible; a write without an actor raises.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connection, transaction

from pv.accounts.models import PUBLIC_ORGANISATION, Organisation, User
from pv.core.errors import NotAllowed
from pv.core.ids import uuid7
from pv.core.roles import as_role
from pv.core.tracing import current_request


@dataclass(frozen=True, slots=True)
class Context:
    """What a transaction stands in: actor, the organisations it may read, the one it writes for, and why."""

    actor: UUID | None
    organisations: tuple[UUID, ...]
    organisation: UUID | None
    reason: str
    request: UUID
    job: str
    installation: bool = False

    def settings(self) -> dict[str, str]:
        readable = dict.fromkeys([*self.organisations, PUBLIC_ORGANISATION]) if self.actor else {}
        return {
            "app.actor": str(self.actor or ""),
            "app.organisations": ",".join(map(str, readable)),
            "app.organisation": str(self.organisation or ""),
            "app.reason": self.reason,
            "app.request": str(self.request),
            "app.job": self.job,
            "app.installation": "on" if self.installation else "",
        }


NOBODY = Context(actor=None, organisations=(), organisation=None, reason="", request=UUID(int=0), job="")

_current: ContextVar[Context | None] = ContextVar("pv_context", default=None)
_afterwards: ContextVar[list[Callable[[], object]]] = ContextVar("pv_afterwards")


def current() -> Context:
    """The context of this transaction; raises NotAllowed outside of one."""
    context = _current.get()
    if context is None:
        raise NotAllowed("Nobody is acting here: enter acting_as() first.")
    return context


def _send(context: Context) -> None:
    settings = context.settings()
    sql = "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(settings))
    with connection.cursor() as cursor:
        cursor.execute(sql, [part for pair in settings.items() for part in pair])


def afterwards(act: Callable[[], object]) -> None:
    """Run `act` once the outermost context has ended, also where everything written in it is taken back."""
    current()
    _afterwards.get().append(act)


@contextmanager
def _outermost() -> Iterator[None]:
    acts: list[Callable[[], object]] = []
    token = _afterwards.set(acts)
    try:
        yield
    finally:
        _afterwards.reset(token)
        for act in acts:
            act()


@contextmanager
def _inside(context: Context) -> Iterator[Context]:
    outer = _current.get()
    with _outermost() if outer is None else nullcontext(), transaction.atomic():
        _send(context)
        token = _current.set(context)
        try:
            yield context
        finally:
            _current.reset(token)
        # A savepoint's rollback takes the settings back, and the transaction's own end ends them by itself.
        if (outer is not None or connection.savepoint_ids) and not connection.needs_rollback:
            _send(outer or NOBODY)


def _id(it: "Organisation | User | UUID | None") -> UUID | None:
    return it if it is None or isinstance(it, UUID) else it.pk


@contextmanager
def acting_as(
    actor: User | UUID | None,
    *,
    organisation: Organisation | UUID | None = None,
    organisations: Iterable[Organisation | UUID] = (),
    reason: str = "",
    job: str = "",
    request: UUID | None = None,
    installation: bool = False,
) -> Iterator[Context]:
    """Open a transaction in which `actor` reads `organisations` (and `organisation`) and writes for `organisation`.

    Nested, it narrows or changes the context and restores it on leaving. `installation` lets administrators read the
    history of rows that belong to no organisation.
    """
    written = _id(organisation)
    readable = [one for one in (written, *map(_id, organisations)) if one is not None]
    context = Context(
        actor=_id(actor),
        organisations=tuple(dict.fromkeys(readable)),
        organisation=written,
        reason=reason,
        request=request or current_request.get() or uuid7(),
        job=job,
        installation=installation,
    )
    with _inside(context) as inside:
        yield inside


@contextmanager
def writing_for(organisation: UUID, *, reason: str = "") -> Iterator[Context]:
    """Write for one of the organisations that the context may read already; services open it around their changes."""
    outer = current()
    if organisation not in outer.organisations:
        raise NotAllowed("This organisation is not yours.")
    if outer.organisation == organisation and not reason:
        with transaction.atomic():
            yield outer
        return
    with _inside(replace(outer, organisation=organisation, reason=reason or outer.reason)) as inside:
        yield inside


def become(
    actor: User, *, organisation: Organisation | UUID | None, organisations: Iterable[Organisation | UUID]
) -> None:
    """Turn the context that stands into this person's: a token says who asks after the request has begun."""
    readable = [_id(organisation), *map(_id, organisations)]
    context = replace(
        current(),
        actor=actor.pk,
        organisation=_id(organisation),
        organisations=tuple(dict.fromkeys(one for one in readable if one is not None)),
    )
    _send(context)
    _current.set(context)


@contextmanager
def reading_installation() -> Iterator[None]:
    """See the history of rows that belong to no organisation as well: people, calendars. Doors ask the policy first."""
    with _inside(replace(current(), installation=True)):
        yield


@contextmanager
def as_clock() -> Iterator[None]:
    """Take the clock's role for the rest of this transaction: the tick and the sender work across organisations."""
    with as_role("clock"):
        yield
