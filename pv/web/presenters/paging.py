"""Keyset paging: a page begins after a row, never at a number, so that it costs the same however far one has read."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime

Row = TypeVar("Row", bound=Model)

PAGE = 50
MOST_EXPORTED = 10_000


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and the mark at which the next one begins."""

    rows: list[Row]
    after: str

    @property
    def is_last(self) -> bool:
        return not self.after


def page_of(query: "QuerySet[Row]", order: Sequence[str], after: str, size: int = PAGE) -> "Page[Row]":
    """Rows in this order (the last field unique), beginning after the mark; a broken mark begins at the start."""
    query = query.order_by(*order)
    if start := _read(after, len(order)):
        query = query.filter(_beyond(order, start))
    rows = list(query[: size + 1])
    more = len(rows) > size
    return Page(rows[:size], _write(rows[size - 1], order) if more else "")


def _beyond(order: Sequence[str], start: Sequence[Any]) -> Q:
    """(a, b) > (x, y) in the order's directions, with the leading field bounded for the index."""
    beyond, same = Q(), Q()
    for name, value in zip(order, start, strict=True):
        field, side = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        beyond |= same & Q(**{f"{field}__{side}": value})
        same &= Q(**{field: value})
    first = order[0]
    side = "lte" if first.startswith("-") else "gte"
    return Q(**{f"{first.lstrip('-')}__{side}": start[0]}) & beyond


def _write(row: Model, order: Sequence[str]) -> str:
    values = [str(_value(row, name.lstrip("-"))) for name in order]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name)
    return row


def _read(mark: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        good = isinstance(values, list) and len(values) == length and all(isinstance(one, str) for one in values)
        return [_typed(one) for one in values] if good else []
    except ValueError:
        return []


def _typed(text: str) -> Any:
    """Dates and instants as such, so that the database compares them and refuses nothing."""
    return (parse_datetime(text) if ":" in text else None) or parse_date(text) or text
