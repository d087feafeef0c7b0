"""Which deadlines ought to be open: every room that owns facts says so, and check_deadlines compares."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pv.deadlines.models import Deadline


@dataclass(frozen=True, slots=True)
class Expected:
    """A fact that can be late wants an open deadline of this kind, with this date."""

    kind: str
    subject: UUID
    rule: UUID | None
    due_on: date


@dataclass(frozen=True, slots=True)
class Difference:
    """What check_deadlines found: missing, left over, or on another day."""

    what: str
    kind: str
    subject: UUID
    wanted: date | None
    found: date | None


Query = Callable[[UUID], Iterable[Expected]]
Repair = Callable[[UUID, UUID], None]

_queries: dict[str, tuple[Query, Repair]] = {}


def register(kind: str, query: Query, repair: Repair) -> None:
    """`query(organisation)` yields what ought to be open; `repair(organisation, subject)` sets it right."""
    _queries[kind] = (query, repair)


def forget(kind: str) -> None:
    """Take a kind out again."""
    _queries.pop(kind, None)


def differences(organisation: UUID) -> list[Difference]:
    """Compare what rooms expect with what is open, for one organisation that the context may read."""
    open_now = {
        (one.kind, one.subject, one.rule_id): one.due_on
        for one in Deadline.objects.for_organisations([organisation]).filter(closed_at=None, kind__in=list(_queries))
    }
    wanted = {
        (one.kind, one.subject, one.rule): one.due_on for query, _ in _queries.values() for one in query(organisation)
    }
    found = []
    for key in sorted(open_now.keys() | wanted.keys(), key=str):
        is_due, should_be = open_now.get(key), wanted.get(key)
        if is_due != should_be:
            what = "missing" if is_due is None else "left over" if should_be is None else "another day"
            found.append(Difference(what, key[0], key[1], should_be, is_due))
    return found


def repair(organisation: UUID, difference: Difference) -> None:
    """Let the room that owns the fact set its deadline right."""
    _queries[difference.kind][1](organisation, difference.subject)
