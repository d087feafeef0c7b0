"""Checks of what was typed, shared by the rooms' services: each refusal names the input it belongs to."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pv.core import clock
from pv.core.days import check_plausible
from pv.core.errors import DomainError
from pv.core.partial import PartialDate

if TYPE_CHECKING:
    from django.db.models import Model


def said(text: str, field: str, *, most: int = 500) -> str:
    """A text that must be there and fit, without the blanks around it."""
    plain = text.strip()
    if not plain:
        raise DomainError(_("This must be given."), code="required", field=field)
    return fits(plain, field, most=most)


def fits(text: str, field: str, *, most: int = 500) -> str:
    """A text that need not be there."""
    plain = text.strip()
    if len(plain) > most:
        raise DomainError(_("This is too long: at most %(most)s characters."), field=field, params={"most": most})
    return plain


def one_of(values: Sequence[str], value: str, field: str) -> str:
    """One of a closed list."""
    if value not in values:
        raise DomainError(_("This is not one of the choices."), field=field)
    return value


def happened(day: date, field: str, *, today: date | None = None) -> date:
    """A day that has come already, and that people can mean. `today` spares a question where many are checked."""
    if check_plausible(day, field) > (today or clock.today()):
        raise DomainError(_("This lies in the future."), field=field)
    return day


def has_begun(known: PartialDate, field: str, *, today: date | None = None) -> PartialDate:
    """A partial date, which may lie long ago (a birth, an earlier tumour): some day of what is known has come."""
    if known.earliest() > (today or clock.today()):
        raise DomainError(_("This lies in the future."), field=field)
    return known


def cleaned(row: "Model", *, but: Sequence[str] = ()) -> None:
    """Ask the model's own fields (length, range, choices) before the database does; the first fault names its field.

    References are left out: whoever wrote the row has looked them up among the organisation's own.
    """
    references = [field.name for field in row._meta.fields if field.is_relation]
    try:
        row.clean_fields(exclude=[*references, *but])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], field=field) from error
