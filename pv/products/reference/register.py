"""Reads the public register of real approvals from its files, strictly.

The files carry facts and how far each is certain. Nothing in this module says, or lets anyone conclude, that a real
holder is late.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pv.core.partial import PartialDate
from pv.core.reference import Bilingual, Record, Report, Table, read_csv
from pv.products.reference.bound import ComputedBound, computed_bound
from pv.products.reference.words import (
    AliasKind,
    AliasLanguage,
    Certainty,
    DatePrecision,
    HowRead,
    Integrating,
    Kind,
    NameKind,
    Therapy,
    Wording,
)

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9-]*")
PRODUCT_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One text behind an entry: how it was read, where it stands, what it states, and whether it agrees."""

    authorisation: str
    how_read: HowRead
    where: str
    quoting: str
    states: Bilingual
    agrees: bool


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One product approved for one indication, as far as public texts tell. Empty means not found."""

    key: str
    product_key: str
    therapy: Therapy
    counted_mid_2025: bool
    inn: str
    generic_zh: str
    brand_en: str
    brand_zh: str
    holder: Bilingual
    holder_note: Bilingual
    product_class: Bilingual
    target: str
    vector: Bilingual
    integrating: Integrating
    indication: Bilingual
    indication_zh_origin: Wording
    kind: Kind
    kind_certainty: Certainty
    kind_note: Bilingual
    approved: PartialDate | None
    approved_note: Bilingual
    announced: PartialDate | None
    certificate_number: str
    pivotal_trials: tuple[str, ...]
    confirmatory_trials: tuple[str, ...]
    trials_note: Bilingual
    confirmatory_status: Bilingual
    sources: tuple[Evidence, ...]

    @property
    def bound(self) -> ComputedBound | None:
        """Only a conditional approval has one."""
        if self.kind is not Kind.CONDITIONAL or self.approved is None:
            return None
        return computed_bound(self.approved.earliest(), self.approved.precision)


@dataclass(frozen=True, slots=True)
class Alias:
    """A whole name of a product; names contain one another (瑞基奥仑赛 in 舒瑞基奥仑赛), so parts never match."""

    product_key: str
    language: AliasLanguage
    name: str
    kind: AliasKind
    valid_from: date | None
    valid_to: date | None
    note: Bilingual


@dataclass(frozen=True, slots=True)
class HolderName:
    """A name a holder bears or bore."""

    holder_en: str
    name: Bilingual
    kind: NameKind
    valid_from: date | None
    valid_to: date | None
    note: Bilingual


@dataclass(frozen=True, slots=True)
class Register:
    authorisations: tuple[Authorisation, ...]
    aliases: tuple[Alias, ...]
    holder_names: tuple[HolderName, ...]

    def product_named(self, name: str) -> str | None:
        """The key of the product that bears this whole name, whatever the case or width of its letters."""
        wanted = folded(name)
        return next((alias.product_key for alias in self.aliases if folded(alias.name) == wanted), None)


def folded(name: str) -> str:
    """A name as it is compared: one form for full-width and half-width letters, capitals and small ones."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


AUTHORISATION_COLUMNS = (
    *("key", "product_key", "therapy", "counted_mid_2025", "inn", "generic_zh"),
    *("brand_en", "brand_zh", "holder_en", "holder_zh", "holder_note_en", "holder_note_zh"),
    *("product_class_en", "product_class_zh", "target", "vector_en", "vector_zh", "integrating"),
    *("indication_en", "indication_zh", "indication_zh_origin", "kind", "kind_certainty", "kind_note_en"),
    *("kind_note_zh", "approved_on", "approved_precision", "approved_note_en", "approved_note_zh", "announced_on"),
    *(
        "announced_precision",
        "certificate_number",
        "pivotal_trials",
        "confirmatory_trials",
        "trials_note_en",
        "trials_note_zh",
    ),
    *("confirmatory_status_en", "confirmatory_status_zh"),
)
EVIDENCE_COLUMNS = ["authorisation", "how_read", "where", "quoting", "states_en", "states_zh", "agrees"]
ALIAS_COLUMNS = ["product_key", "language", "name", "kind", "valid_from", "valid_to", "note_en", "note_zh"]
HOLDER_NAME_COLUMNS = ["holder_en", "name_en", "name_zh", "kind", "valid_from", "valid_to", "note_en", "note_zh"]
# As wide as the fields they are loaded into.
LIMITS = {
    **dict.fromkeys(("inn", "generic_zh", "brand_en", "brand_zh", "vector_en", "vector_zh", "name"), 200),
    **dict.fromkeys(("holder_en", "holder_zh", "approved_note_en", "approved_note_zh", "note_en", "note_zh"), 300),
    **dict.fromkeys(("product_class_en", "product_class_zh", "target"), 120),
    **dict.fromkeys(("key", "certificate_number"), 80),
    "product_key": 60,
}
# What belongs to the product must read the same in each of its rows.
PRODUCT_COLUMNS = (
    *("therapy", "inn", "generic_zh", "brand_en", "brand_zh", "holder_en"),
    *("holder_zh", "product_class_en", "target", "vector_en", "integrating"),
)


def read_register(folder: Path) -> Register:
    """Read the register's four files, or raise a ReferenceFault that lists every mistake in all of them."""
    report = Report()
    entries = read_csv(folder / "authorisations.csv", AUTHORISATION_COLUMNS, report, LIMITS)
    texts = read_csv(folder / "evidence.csv", EVIDENCE_COLUMNS, report, LIMITS)
    names = read_csv(folder / "aliases.csv", ALIAS_COLUMNS, report, LIMITS)
    holders = read_csv(folder / "holder_names.csv", HOLDER_NAME_COLUMNS, report, LIMITS)

    evidence = tuple(_evidence(row) for row in texts)
    authorisations = tuple(_authorisation(row, evidence) for row in entries)
    aliases = tuple(_alias(row) for row in names)
    holder_names = tuple(_holder_name(row) for row in holders)

    entries.unique("key")
    _check_products_agree(entries)
    _check_names_are_unambiguous(names)
    holders.unique("holder_en", "name_en")
    if entries.complete:
        _check_known(texts, "authorisation", {row.raw("key") for row in entries}, "authorisation")
        _check_known(names, "product_key", {row.raw("product_key") for row in entries}, "product")
        _check_known(holders, "holder_en", {row.raw("holder_en") for row in entries}, "holder")
    if texts.complete:
        _check_every_entry_has_evidence(entries, {text.authorisation for text in evidence})
    report.finish()
    return Register(authorisations, aliases, holder_names)


def _authorisation(row: Record, evidence: Sequence[Evidence]) -> Authorisation:
    key = row.matching("key", KEY, "a key like axi-cel/LBCL-3L")
    kind, certainty = row.choice("kind", Kind), row.choice("kind_certainty", Certainty)
    if row.clean and (kind is Kind.UNKNOWN) != (certainty is Certainty.UNKNOWN):
        row.fault("kind_certainty", f"{certainty} does not fit the kind {kind}: both are unknown, or neither")
    return Authorisation(
        key=key,
        product_key=row.matching("product_key", PRODUCT_KEY, "a key of letters, digits and hyphens"),
        therapy=row.choice("therapy", Therapy),
        counted_mid_2025=row.flag("counted_mid_2025"),
        inn=row.text("inn", required=False),
        generic_zh=row.text("generic_zh", required=False),
        brand_en=row.text("brand_en", required=False),
        brand_zh=row.text("brand_zh", required=False),
        holder=row.pair("holder"),
        holder_note=row.pair("holder_note", required=False),
        product_class=row.pair("product_class"),
        target=row.text("target", required=False),
        vector=row.pair("vector", required=False),
        integrating=row.choice("integrating", Integrating),
        indication=row.pair("indication"),
        indication_zh_origin=row.choice("indication_zh_origin", Wording),
        kind=kind,
        kind_certainty=certainty,
        kind_note=row.pair("kind_note"),
        approved=_dated(row, "approved"),
        approved_note=row.pair("approved_note", required=False),
        announced=_dated(row, "announced"),
        certificate_number=row.text("certificate_number", required=False),
        pivotal_trials=row.listed("pivotal_trials"),
        confirmatory_trials=row.listed("confirmatory_trials"),
        trials_note=row.pair("trials_note", required=False),
        confirmatory_status=row.pair("confirmatory_status", required=False),
        sources=tuple(text for text in evidence if text.authorisation == key),
    )


def _dated(row: Record, stem: str) -> PartialDate | None:
    """The date of <stem>_on, which must be as precise as <stem>_precision says."""
    partial, stated = row.partial(f"{stem}_on"), row.choice(f"{stem}_precision", DatePrecision)
    known = partial.precision if partial else DatePrecision.UNKNOWN
    if row.clean and known != stated:
        row.fault(f"{stem}_precision", f"{stated} does not fit the date {row.raw(f'{stem}_on') or '(empty)'}")
    return partial


def _evidence(row: Record) -> Evidence:
    how_read = row.choice("how_read", HowRead)
    return Evidence(
        authorisation=row.text("authorisation"),
        how_read=how_read,
        # What is recalled stands nowhere; that is why it is marked.
        where=row.text("where", required=how_read is not HowRead.RECALLED),
        quoting=row.text("quoting", required=False),
        states=row.pair("states"),
        agrees=row.flag("agrees"),
    )


def _alias(row: Record) -> Alias:
    valid_from, valid_to = row.span()
    return Alias(
        product_key=row.text("product_key"),
        language=row.choice("language", AliasLanguage),
        name=row.text("name"),
        kind=row.choice("kind", AliasKind),
        valid_from=valid_from,
        valid_to=valid_to,
        note=row.pair("note", required=False),
    )


def _holder_name(row: Record) -> HolderName:
    valid_from, valid_to = row.span()
    return HolderName(
        holder_en=row.text("holder_en"),
        name=row.pair("name"),
        kind=row.choice("kind", NameKind),
        valid_from=valid_from,
        valid_to=valid_to,
        note=row.pair("note", required=False),
    )


def _check_known(table: Table, name: str, allowed: Collection[str], what: str) -> None:
    for row in table:
        row.known(name, row.raw(name), allowed, what)


def _check_products_agree(entries: Table) -> None:
    first: dict[str, Record] = {}
    for row in entries:
        earlier = first.setdefault(row.raw("product_key"), row)
        for name in PRODUCT_COLUMNS:
            if row.raw(name) != earlier.raw(name):
                row.fault(name, f"differs from line {earlier.line}, which is the same product")


def _check_names_are_unambiguous(names: Table) -> None:
    first: dict[str, Record] = {}
    for row in names:
        earlier = first.setdefault(folded(row.raw("name")), row)
        if earlier is not row and earlier.raw("product_key") != row.raw("product_key"):
            row.fault("name", f"already names another product in line {earlier.line}")
    names.unique("product_key", "language", "name")


def _check_every_entry_has_evidence(entries: Table, with_evidence: Collection[str]) -> None:
    for row in entries:
        if row.raw("key") not in with_evidence:
            row.fault("key", "has no line in evidence.csv")
