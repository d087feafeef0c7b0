"""How the made-up holders are written down: plain values, with dates counted from today or from an approval."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal, NamedTuple

from pv.core.days import Duration, Unit, add

Words = tuple[str, str]
"""English and Chinese."""


class Span(NamedTuple):
    """So many months and days from a day; negative ones lead back."""

    months: int = 0
    days: int = 0

    def after(self, start: date) -> date:
        return add(start, Duration(self.months, Unit.MONTHS)) + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Setting:
    """The day all dates are counted from, and the seed that varies them a little."""

    today: date
    seed: int

    def on(self, span: Span) -> date:
        return span.after(self.today)

    def up_to(self, most: int, name: str) -> int:
        """A number from 0 to `most`, the same one for the same seed and name."""
        return Random(f"{self.seed}/{name}").randint(0, most)  # noqa: S311 - it varies a picture, nothing secret


@dataclass(frozen=True, slots=True)
class Product:
    key: str
    generic_zh: str
    product_class: Words
    target: str
    vector: Words
    integrating: Literal["yes", "no"]


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of a study: planned, moved, forecast and reached, each counted from today."""

    kind: str
    planned: Span
    reached: Span | None = None
    forecast: Span | None = None
    moved: Span | None = None


@dataclass(frozen=True, slots=True)
class Study:
    protocol: str
    kind: str
    title: Words
    products: tuple[str, ...]
    planned: int
    enrolled: int
    milestones: tuple[Milestone, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to an obligation later, on a day counted from today."""

    what: Literal["submit", "fulfil", "fail", "return", "waive", "extend"]
    on: Span
    evidence: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """An obligation. Its date stands in the certificate (`due`, counted from the approval), comes from a rule, or was
    agreed internally (counted from today)."""

    code: str
    kind: str
    title: Words
    sentence: str
    owner: str
    due: Span | None = None
    rule: str = ""
    rule_from: Span | None = None
    agreed: Span | None = None
    study: str = ""
    page: str = ""
    forecast: Span | None = None
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorisation:
    key: str
    product: str
    indication: Words
    kind: Literal["conditional", "full"]
    certificate: str
    approved: Span
    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """Everything of one holder; its names stand with the organisations."""

    products: tuple[Product, ...]
    studies: tuple[Study, ...]
    authorisations: tuple[Authorisation, ...]
