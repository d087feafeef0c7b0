"""Bringing a table in line with a list of rows: what is the same is left alone, so a second time writes nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. `gone` names rows that stand in the table and no longer in the list; they are never deleted."""

    what: str
    total: int
    new: int = 0
    changed: int = 0
    gone: tuple[str, ...] = ()

    def __str__(self) -> str:
        line = f"{self.what}: {self.total} ({self.new} new, {self.changed} changed)"
        return f"{line}; no longer in the files, kept: {', '.join(self.gone)}" if self.gone else line


def upsert(what: str, existing: QuerySet[Row], key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Loaded:
    """Create the rows that are new and update the fields that differ; `existing` are all rows the list speaks for.

    `key` names the fields that tell rows apart. Columns that a row does not name belong to people and are not touched.
    """
    before = {_key(row, key): row for row in existing}
    listed = {tuple(row[name] for name in key) for row in rows}
    new: list[Row] = []
    changed: list[Row] = []
    fields: set[str] = set()
    for values in rows:
        found = before.get(tuple(values[name] for name in key))
        if found is None:
            new.append(existing.model(**values))
        elif differing := [name for name, value in values.items() if getattr(found, name) != value]:
            for name in differing:
                setattr(found, name, values[name])
            fields.update(differing)
            changed.append(found)
    existing.model._default_manager.bulk_create(new)
    if changed:
        existing.model._default_manager.bulk_update(changed, _names(existing.model, fields))
    gone = tuple(sorted(" ".join(map(str, one)) for one in before.keys() - listed))
    return Loaded(what, len(rows), len(new), len(changed), gone)


def _key(row: Model, key: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in key)


def _names(model: type[Model], columns: Collection[str]) -> list[str]:
    """bulk_update wants a foreign key's own name, not its column's."""
    by_column = {field.attname: field.name for field in model._meta.concrete_fields}
    return sorted(by_column[column] for column in columns)
