"""How a partial date stands in a table: the first day it can have been, and how much of it is known."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.core.partial import PartialDate, Precision


class KnownTo(models.TextChoices):
    """The precision column's values: pv.core.partial.Precision with words."""

    DAY = "day", _("the day")
    MONTH = "month", _("the month")
    YEAR = "year", _("the year")


def precision_column() -> "models.CharField[str, str]":
    """The column beside a partial date's; empty where the date is."""
    return models.CharField(_("known to"), max_length=5, choices=KnownTo.choices, blank=True)


def date_and_precision(column: str, *, precision: str, name: str) -> models.CheckConstraint:
    """A partial date has its precision, and the first day of what is known."""
    return models.CheckConstraint(
        name=name,
        condition=Q(**{column: None, precision: ""})
        | Q(**{f"{column}__isnull": False, f"{precision}__in": KnownTo.values}),
    )


def stored(known: PartialDate | None) -> tuple[date | None, str]:
    """The two columns of a partial date."""
    return (known.earliest(), str(known.precision)) if known else (None, "")


def restored(on: date | None, precision: str) -> PartialDate | None:
    """The partial date that two columns say."""
    if on is None:
        return None
    if precision == Precision.YEAR:
        return PartialDate(on.year)
    return PartialDate(on.year, on.month) if precision == Precision.MONTH else PartialDate.of(on)
