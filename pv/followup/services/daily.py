"""The daily round over all organisations: lines that can be opened now are opened, and all stay planned ahead."""

import logging
from uuid import UUID

from django.db import DatabaseError

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM, Organisation
from pv.core.errors import DomainError
from pv.followup.services.planning import open_lines, plan_visits, unplanned
from pv.patients.models import Patient
from pv.patients.rules import IN_CARE

logger = logging.getLogger(__name__)
JOB = "plan_visits"
# A transaction holds the locks of so many patients: whoever saves a visit meanwhile waits no longer than a moment.
TOGETHER = 100


def plan_all() -> int:
    """Visits added everywhere. What fails in one place stops no other, is logged, and is tried again tomorrow."""
    with as_clock():
        everybody = Organisation.objects.exclude(pk=PUBLIC_ORGANISATION).order_by("pk")
        organisations = list(everybody.values_list("pk", flat=True))
    return sum(_plan(organisation) for organisation in organisations)


def _plan(organisation: UUID) -> int:
    added = 0
    try:
        with acting_as(SYSTEM, organisation=organisation, job=JOB):
            in_care = Patient.objects.for_organisations([organisation]).filter(state__in=list(IN_CARE))
            patients = list(in_care.order_by("pk").values_list("pk", flat=True))
            for patient in unplanned([organisation]).select_for_update(no_key=True, of=("self",)):
                open_lines(patient)
        for start in range(0, len(patients), TOGETHER):
            with acting_as(SYSTEM, organisation=organisation, job=JOB):
                added += len(plan_visits(patients[start : start + TOGETHER]))
    except (DomainError, DatabaseError):
        logger.exception("Visits could not be planned.", extra={"organisation_id": organisation, "job": JOB})
    return added
