"""Taking a row to change it: locked, among those the context may read, and as its reader saw it."""

from typing import TypeVar, cast
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import current
from pv.accounts.models import SYSTEM, TenantModel, User
from pv.audit.models import Event
from pv.core.errors import Conflict, NotFound

Row = TypeVar("Row", bound=TenantModel)


def locked(model: type[Row], pk: UUID, *, version: int | None = None) -> Row:
    """The row, locked until the transaction ends. Raises NotFound, or Conflict if it is no longer at `version`.

    Rows of the public register are read by everybody and taken by nobody: they are not in the context's own list.
    """
    row = model.objects.for_organisations(list(current().organisations)).select_for_update(no_key=True).filter(pk=pk)
    found = cast("Row | None", row.first())
    if found is None:
        raise NotFound(_("There is no such record."))
    if version is not None and version != getattr(found, "version", version):
        raise moved_on(found)
    return found


def moved_on(row: TenantModel) -> Conflict:
    """The refusal for somebody who saved what another has changed in the meantime: it says who and when."""
    last = Event.objects.filter(organisation_id=row.organisation_id, row_id=row.pk).order_by("-id").first()
    if last is None:
        return Conflict(_("Somebody changed this after you opened it. Look at it again before you save."))
    who = _("the system") if last.actor == SYSTEM else User.objects.filter(pk=last.actor).first() or "?"
    return Conflict(
        _("%(who)s changed this on %(when)s, after you opened it. Look at it again before you save."),
        params={"who": who, "when": date_format(timezone.localtime(last.at), "SHORT_DATETIME_FORMAT")},
    )


def own(model: type[Row], organisation: UUID, pk: UUID) -> Row:
    """A row of this organisation, to be referred to; NotFound if it is another's."""
    found = cast("Row | None", model.objects.for_organisations([organisation]).filter(pk=pk).first())
    if found is None:
        raise NotFound(_("There is no such record."))
    return found
