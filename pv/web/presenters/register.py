"""The public register: what is known of each approval, how surely, and the bound computed from it.

Nothing here compares a bound with today: a real holder is never said to be late.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pv.products.models import Authorisation, Precision, Product
from pv.products.reference import ComputedBound, computed_bound
from pv.web.presenters.words import either

CERTAINTY = {
    Authorisation.Certainty.CONFIRMED: gettext_lazy("the wording was read"),
    Authorisation.Certainty.SUPPORTED: gettext_lazy("supported by sources, wording not read"),
    Authorisation.Certainty.INFERRED_MEDIUM: gettext_lazy("inferred, medium certainty"),
    Authorisation.Certainty.INFERRED_LOW: gettext_lazy("inferred, low certainty"),
    Authorisation.Certainty.UNKNOWN: gettext_lazy("no text says"),
}
INFERRED = frozenset({Authorisation.Certainty.INFERRED_MEDIUM, Authorisation.Certainty.INFERRED_LOW})


class Entry:
    """One approval as the register shows it."""

    def __init__(self, row: Authorisation) -> None:
        self.row = row

    @property
    def product(self) -> Product:
        return self.row.product

    @property
    def brand(self) -> str:
        return either(self.product.brand_en, self.product.brand_zh)

    @property
    def product_class(self) -> str:
        return either(self.product.product_class, self.product.product_class_zh)

    @property
    def approved(self) -> str:
        return known(self.row.approved_on, self.row.approved_precision)

    @property
    def announced(self) -> str:
        return known(self.row.announced_on, self.row.announced_precision)

    @property
    def kind(self) -> str:
        return self.row.get_kind_display()

    @property
    def certainty(self) -> str:
        return str(CERTAINTY[Authorisation.Certainty(self.row.kind_certainty)])

    @property
    def is_inferred(self) -> bool:
        return self.row.kind_certainty in INFERRED

    @property
    def kind_note(self) -> str:
        return either(self.row.kind_note_en, self.row.kind_note_zh)

    @cached_property
    def bound(self) -> ComputedBound | None:
        """Of a conditional approval only: nothing bounds a full one, and of the others the kind is not known."""
        if self.row.kind != Authorisation.Kind.CONDITIONAL:
            return None
        return computed_bound(self.row.approved_on, self.row.approved_precision)

    @property
    def bound_working(self) -> str:
        """ "2022-10 + 4 years", in the reader's language."""
        if self.bound is None:
            return ""
        return _("%(start)s + %(years)s years") % {"start": self.bound.start, "years": self.bound.years}

    @property
    def bound_words(self) -> str:
        """How the bound was computed, and what decides."""
        if self.bound is None:
            return self.no_bound
        parts = [self.bound_working]
        if self.bound.month_known_only:
            parts.append(_("month known only"))
        parts.append(_("the certificate decides"))
        return _("; ").join(parts)

    @property
    def no_bound(self) -> str:
        if self.row.kind == Authorisation.Kind.FULL:
            return _("none: full approval")
        if self.row.kind == Authorisation.Kind.UNKNOWN:
            return _("not computed: the kind of approval is not known")
        return _("not computed: the date of approval is not known")

    @property
    def approved_note(self) -> str:
        return either(self.row.approved_note_en, self.row.approved_note_zh)

    @property
    def sources(self) -> list["Source"]:
        return [Source.of(line) for line in self.row.sources]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The rest of what is known, for the detail page; what is not known is left out."""
        row, product = self.row, self.product
        rows = [
            (
                _("Names"),
                ", ".join(filter(None, [product.inn, product.generic_zh, product.brand_en, product.brand_zh])),
            ),
            (_("Class"), self.product_class),
            (_("Target"), product.target),
            (_("Vector"), either(product.vector, product.vector_zh)),
            (_("Writes into the genome"), product.get_integrating_display()),
            (_("Holder"), row.holder),
            (_("About the holder"), either(row.holder_note_en, row.holder_note_zh)),
            (_("Certificate"), row.certificate_number),
            (_("Pivotal trials"), row.pivotal_trials),
            (_("Confirmatory trials"), row.confirmatory_trials),
            (_("About the trials"), either(row.trials_note_en, row.trials_note_zh)),
            (_("Confirmatory trial, as published"), either(row.confirmatory_status_en, row.confirmatory_status_zh)),
        ]
        return [(label, text) for label, text in rows if text]


HOW = {
    "read": gettext_lazy("read"),
    "second hand": gettext_lazy("second hand"),
    "recalled": gettext_lazy("recalled"),
}
# One line as the loader writes it: where [how / 如何]: states / 内容, and perhaps that it disagrees.
SOURCE = re.compile(
    r"(?P<where>.*) \[(?P<how>read|second hand|recalled) / [^\]]*\]: (?P<states>.*?)(?P<disagrees> — disagrees / .*)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Source:
    """One text behind an entry."""

    where: str
    how: str
    states: str
    was_read: bool
    disagrees: bool

    @classmethod
    def of(cls, line: str) -> "Source":
        match = SOURCE.fullmatch(line)
        if match is None:
            return cls(line, "", "", was_read=False, disagrees=False)
        english, split, chinese = match["states"].partition(" / ")
        states = either(english, chinese) if split and " / " not in chinese else match["states"]
        how = str(HOW[match["how"]])
        where = "" if match["where"] == "—" else match["where"]
        return cls(where, how, states, match["how"] == "read", bool(match["disagrees"]))


def known(day: Any, precision: str) -> str:
    """A date no more precise than it is known."""
    if day is None or precision == Precision.UNKNOWN:
        return _("not known")
    return f"{day:%Y-%m-%d}" if precision == Precision.DAY else f"{day:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Total:
    """One figure of the count of mid-2025."""

    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The count of mid-2025, and on how many inferences its split into conditional and full rests."""

    figures: list[Total]
    inferred: list[Entry]
    later: int


def totals(entries: Iterable[Entry]) -> Totals:
    """Counted from the rows, so that a corrected kind changes the figures."""
    everything = list(entries)
    counted = [one for one in everything if one.row.counted_mid_2025]
    car_t = [one for one in counted if therapy(one.product) == "car_t"]
    kinds = Authorisation.Kind
    figures = [
        Total(len({one.product.pk for one in car_t}), _("CAR-T products")),
        Total(len(car_t), _("CAR-T indications")),
        Total(_of_kind(car_t, kinds.CONDITIONAL), _("of these conditional")),
        Total(_of_kind(car_t, kinds.FULL), _("of these full")),
        Total(_of_kind([one for one in counted if therapy(one.product) == "stem_cell"], kinds.CONDITIONAL),
              _("stem-cell product, conditional")),
        Total(_of_kind([one for one in counted if therapy(one.product) == "gene_therapy"], kinds.FULL),
              _("gene therapy, full")),
    ]  # fmt: skip
    return Totals(figures, [one for one in counted if one.is_inferred], len(everything) - len(counted))


def _of_kind(entries: list[Entry], kind: str) -> int:
    return sum(one.row.kind == kind for one in entries)


def therapy(product: Product) -> str:
    """Which of the count's groups a product belongs to, read off its class."""
    words = product.product_class
    if words.startswith("CAR-T"):
        return "car_t"
    return "gene_therapy" if "gene therapy" in words else "stem_cell" if words.startswith("MSC") else "other"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    q: str
    kind: str
    counted: str

    @classmethod
    def of(cls, given: QueryDict) -> "Asked":
        kind, counted = given.get("kind", ""), given.get("counted", "")
        return cls(
            given.get("q", "").strip()[:80],
            kind if kind in Authorisation.Kind.values else "",
            counted if counted in ("yes", "no") else "",
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.kind or self.counted)

    def wants(self, entry: Entry) -> bool:
        row, product = entry.row, entry.product
        if self.kind and row.kind != self.kind:
            return False
        if self.counted and row.counted_mid_2025 != (self.counted == "yes"):
            return False
        names = (product.inn, product.generic_zh, product.brand_en, product.brand_zh, product.key, row.holder_en)
        text = " ".join((*names, row.holder_zh, row.indication_en, row.indication_zh)).casefold()
        return self.q.casefold() in text
