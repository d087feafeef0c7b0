"""What the room's services share."""

from typing import TypeVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Party, TenantModel, User
from pv.accounts.rows import locked
from pv.accounts.services import check_may
from pv.core.errors import DomainError, NotFound
from pv.patients.models import Patient

Row = TypeVar("Row", bound=TenantModel)


def take(patient_id: UUID, *, by: User, verb: str, version: int | None = None) -> Patient:
    """The patient, locked; NotFound, NotAllowed, or Conflict when somebody changed the record since `version`."""
    patient = locked(Patient, patient_id, version=version)
    check_may(by, verb, patient.organisation_id)
    return patient


def save(patient: Patient, *fields: str) -> None:
    """Save these fields as the next version."""
    patient.version += 1
    patient.save(update_fields=[*fields, "version"])


def named(model: type[Row], organisation: UUID, pk: UUID | None, field: str) -> Row | None:
    """A row of this organisation that an input names; NotFound beside that input if it is another's."""
    if pk is None:
        return None
    found: Row | None = model.objects.for_organisations([organisation]).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such record."), field=field)
    return found


def centre_of(organisation: UUID, pk: UUID | None, field: str) -> Party | None:
    """A hospital or delegate that may look after a patient."""
    centre = named(Party, organisation, pk, field)
    if centre is not None and centre.kind not in (Party.Kind.HOSPITAL, Party.Kind.DELEGATE):
        raise DomainError(_("Patients are looked after by a hospital or a delegate."), field=field)
    return centre
