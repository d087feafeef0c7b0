"""A record's history in words: who changed what from what to what, when and why, in the reader's language.

An event keeps the old values only. The new ones are found by walking back from the row as it stands now.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pv.audit.models import SYSTEM, Event, Seal

# What says nothing to a reader: the key, whose it is, and what the entry itself says already.
UNSAID = frozenset({"id", "organisation_id", "created_at", "version"})
SECRET = "password"  # noqa: S105 - the name of a column whose content the trail never holds


class Change(NamedTuple):
    """One field: its label, what stood there, what stands there then. Empty text is nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a record. `sealed` says whether a seal covers it already; that takes about a minute."""

    at: datetime
    actor: UUID
    actor_name: str
    action: str
    changes: list[Change]
    reason: str
    job: str
    request: UUID | None
    sealed: bool
    is_first: bool = False


class _Moved(NamedTuple):
    column: str
    old: Any
    new: Any


def history_of(table: str, row_id: UUID, organisations: Iterable[UUID], *, limit: int = 200) -> list[Entry]:
    """The record's events, newest first, among those of these organisations. Deleted records have a history, too.

    Rows of no organisation (people, calendars) show theirs only inside `reading_installation()`.
    """
    model = _model(table)
    mine = Event.objects.filter(table_name=table, row_id=row_id)
    owned = any(field.column == "organisation_id" for field in model._meta.local_fields)
    mine = mine.filter(organisation_id__in=list(organisations)) if owned else mine.filter(organisation_id=None)
    events = list(mine.order_by("-id")[:limit])
    if not events:
        return []
    order = {field.column: place for place, field in enumerate(model._meta.local_fields)}
    moves = [
        sorted(group, key=lambda move: order.get(move.column, len(order)))
        for group in _walk_back(events, _row(model, row_id))
    ]
    words = _Words(model, [move for group in moves for move in group])
    names = _names(event.actor for event in events)
    sealed = _seal_of(events[0].organisation_id)
    return [
        Entry(
            at=event.at,
            actor=event.actor,
            actor_name=names.get(event.actor, str(event.actor)),
            action=event.get_action_display(),
            changes=[words.change(move) for move in group],
            reason=event.reason,
            job=event.job,
            request=event.request,
            sealed=sealed(event),
            is_first=event.action == Event.Action.INSERT,
        )
        for event, group in zip(events, moves, strict=True)
    ]


def name_of(table: str) -> str:
    """What a record of this table is called; the table's own name if no model has it any more."""
    try:
        return str(_model(table)._meta.verbose_name)
    except LookupError:
        return table


@cache
def _model(table: str) -> type[models.Model]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == table:
            return model
    raise LookupError(f"No model has the table {table}.")


def _row(model: type[models.Model], row_id: UUID) -> dict[str, Any]:
    """The record as it stands, in the trail's own form; empty if it is gone or not this reader's."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        # The name is a model's own, never a reader's word.
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t WHERE id = %s", [row_id])  # noqa: S608
        found = cursor.fetchone()
    return json.loads(found[0]) if found else {}


def _walk_back(events: Iterable[Event], now: Mapping[str, Any]) -> Iterator[list[_Moved]]:
    """What each event moved; `events` run from the newest to the oldest."""
    state = dict(now)
    for event in events:
        was: dict[str, Any] = event.old or {}
        if event.action == Event.Action.UPDATE:
            yield [_Moved(column, old, state.get(column)) for column, old in was.items() if column not in UNSAID]
            state |= was
        elif event.action == Event.Action.DELETE:
            yield [_Moved(column, old, None) for column, old in was.items() if column not in UNSAID and _said(old)]
            state = dict(was)
        else:
            yield [_Moved(column, None, new) for column, new in state.items() if column not in UNSAID and _said(new)]


def _said(value: Any) -> bool:
    return value not in (None, "", [], {})


class _Words:
    """Labels and values of a model's columns as a reader says them."""

    def __init__(self, model: type[models.Model], moves: Iterable[_Moved]) -> None:
        self.fields = {field.column: field for field in model._meta.local_fields}
        self.titles = self._titles(list(moves))

    def _titles(self, moves: list[_Moved]) -> dict[tuple[type[models.Model], str], str]:
        """What the keys in these values point at: one query for each kind of record."""
        wanted: dict[type[models.Model], set[str]] = {}
        for move in moves:
            field = self.fields.get(move.column)
            if isinstance(field, models.ForeignKey):
                keys = {str(value) for value in (move.old, move.new) if value is not None}
                wanted.setdefault(field.related_model, set()).update(keys)
        return {
            (model, str(row.pk)): str(row)
            for model, keys in wanted.items()
            for row in model._base_manager.filter(pk__in=keys)
        }

    def change(self, move: _Moved) -> Change:
        field = self.fields.get(move.column)
        if field is None:  # a column that has left the model since
            return Change(move.column, _plain(move.old), _plain(move.new))
        label = capfirst(str(field.verbose_name))
        if move.column == SECRET:
            return Change(label, gettext("not kept"), gettext("not kept"))
        return Change(label, self._value(field, move.old), self._value(field, move.new))

    def _value(self, field: "models.Field[Any, Any]", value: Any) -> str:
        if not _said(value):
            return ""
        if isinstance(field, models.ForeignKey):
            return self.titles.get((field.related_model, str(value)), str(value))
        if field.flatchoices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(field, models.DateTimeField):
            return date_format(timezone.localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")
        if isinstance(field, models.DateField):
            return date_format(date.fromisoformat(value), "DATE_FORMAT")
        return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _names(actors: Iterable[UUID]) -> dict[UUID, str]:
    people = get_user_model()._default_manager.filter(pk__in=set(actors) - {SYSTEM})
    return {SYSTEM: str(_("the system"))} | {person.pk: str(person) for person in people}


def _seal_of(organisation: UUID | None) -> Callable[[Event], bool]:
    """Whether an event of this chain is sealed: its latest seal knows."""
    last = Seal.objects.filter(organisation_id=organisation).order_by("-number").first()

    def sealed(event: Event) -> bool:
        return last is not None and (event.id <= last.after_id or event.txid < last.to_txid)

    return sealed
