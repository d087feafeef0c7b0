"""Who may do what, as one table: verb -> roles. Pages ask `can`, services and doors ask `check_can`.

A verb names an act in the field's words; reading is a verb too. docs/security.md prints this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.roles import Role
from pv.core.errors import NotAllowed

_INSIDE = frozenset(Role) - {Role.LABORATORY, Role.AUTHORITY}
_STAFF = _INSIDE - {Role.INSPECTOR, Role.AUDITOR, Role.ADMINISTRATOR, Role.SITE_COORDINATOR, Role.LEGAL_REPRESENTATIVE}
_DUTIES = frozenset({Role.PV_OFFICER, Role.PV_HEAD, Role.REGULATORY_AFFAIRS, Role.CLINICAL_OPERATIONS})
# Who sees patients at work, and who of them speaks with patients and hospitals.
_FIELD = frozenset({Role.RECORDER, Role.SITE_COORDINATOR, Role.PV_OFFICER, Role.PV_HEAD, Role.CLINICAL_OPERATIONS})
_CLINICAL = _FIELD | {Role.MEDICAL_REVIEWER, Role.REGULATORY_AFFAIRS, Role.QA_CMC, Role.SAMPLE_MANAGER}

VERBS: Mapping[str, frozenset[Role]] = {
    # the public register and the pipeline are open to everybody who is signed in
    "register.read": frozenset(Role),
    # the authority sees submitted documents only, never products under way or internal clocks: practice 5
    "product.read": _INSIDE,
    "product.write": frozenset({Role.REGULATORY_AFFAIRS, Role.PV_HEAD}),
    # what was made, from which batch: practice 27
    "lot.write": frozenset({Role.QA_CMC, Role.REGULATORY_AFFAIRS, Role.PV_HEAD}),
    "study.write": frozenset({Role.CLINICAL_OPERATIONS, Role.REGULATORY_AFFAIRS, Role.PV_HEAD}),
    "obligation.read": _INSIDE - {Role.SITE_COORDINATOR},
    "obligation.write": _DUTIES,
    "obligation.correct_date": frozenset({Role.REGULATORY_AFFAIRS, Role.PV_HEAD}),
    # each kind asks a verb of its room besides, and a site sees its own patients' only (pv.patients.scope)
    "deadline.read": _INSIDE,
    "deadline.reassign": frozenset({Role.PV_HEAD, Role.PV_OFFICER, Role.REGULATORY_AFFAIRS}),
    "notice.read": frozenset(Role),
    # the legal representative is told, and silences nothing by it
    "notice.take": _STAFF,
    "rota.write": frozenset({Role.PV_HEAD, Role.ADMINISTRATOR}),
    "history.read": frozenset(
        {
            Role.PV_HEAD,
            Role.PV_OFFICER,
            Role.MEDICAL_REVIEWER,
            Role.REGULATORY_AFFAIRS,
            Role.CLINICAL_OPERATIONS,
            Role.QA_CMC,
            Role.INSPECTOR,
            Role.AUDITOR,
            Role.ADMINISTRATOR,
        }
    ),
    # patients are under a code; their names stand in the vault. The operator reads none of it
    "patient.read": _CLINICAL | {Role.HGR_OWNER, Role.INSPECTOR, Role.AUDITOR},
    "patient.write": _FIELD,
    "patient.identify": _FIELD - {Role.CLINICAL_OPERATIONS},
    "visit.record": _FIELD,
    "visit.excuse": frozenset({Role.PV_OFFICER, Role.PV_HEAD, Role.CLINICAL_OPERATIONS}),
    "vital.verify": frozenset({Role.PV_OFFICER, Role.PV_HEAD, Role.MEDICAL_REVIEWER}),
    # whoever picks up the telephone writes the report down: practice 25
    "intake.write": _CLINICAL,
    "case.read": _CLINICAL - {Role.SITE_COORDINATOR}
    | {Role.HGR_OWNER, Role.LEGAL_REPRESENTATIVE, Role.INSPECTOR, Role.AUDITOR},
    "case.triage": frozenset({Role.MEDICAL_REVIEWER, Role.PV_OFFICER, Role.PV_HEAD}),
    "case.stand_down": frozenset({Role.MEDICAL_REVIEWER, Role.PV_HEAD}),
    "case.assess": frozenset({Role.MEDICAL_REVIEWER, Role.PV_HEAD}),
    "case.report": frozenset({Role.PV_OFFICER, Role.PV_HEAD}),
    "specimen.read": _CLINICAL | {Role.HGR_OWNER, Role.INSPECTOR, Role.AUDITOR},
    "specimen.write": frozenset({Role.SAMPLE_MANAGER, Role.PV_OFFICER, Role.PV_HEAD, Role.SITE_COORDINATOR}),
    "specimen.hold": frozenset({Role.SAMPLE_MANAGER, Role.PV_OFFICER, Role.PV_HEAD, Role.MEDICAL_REVIEWER}),
    "specimen.dispose": frozenset({Role.SAMPLE_MANAGER, Role.QA_CMC}),
    "rule.read": _INSIDE,
    "rule.write": frozenset({Role.PV_HEAD, Role.REGULATORY_AFFAIRS}),
    "people.read": frozenset({Role.ADMINISTRATOR, Role.PV_HEAD, Role.AUDITOR, Role.INSPECTOR}),
    "people.write": frozenset({Role.ADMINISTRATOR}),
    # in the operator's organisation only: the calendar is everybody's
    "calendar.write": frozenset({Role.ADMINISTRATOR}),
    "operations.read": frozenset({Role.ADMINISTRATOR, Role.PV_HEAD, Role.AUDITOR}),
    "admin.open": _INSIDE - {Role.SITE_COORDINATOR},
}


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody's roles in each of their organisations, and the organisation they work for at the moment."""

    user: UUID | None
    roles: Mapping[UUID, frozenset[Role]]
    organisation: UUID | None

    def anywhere(self, verb: str) -> list[UUID]:
        """The organisations in which this verb is theirs."""
        return [organisation for organisation in self.roles if can(self, verb, organisation)]


def can(access: Access, verb: str, organisation: UUID | None = None) -> bool:
    """Whether `access` may do `verb` in `organisation` (else in the one worked for); for buttons."""
    where = organisation or access.organisation
    return where is not None and bool(VERBS[verb] & access.roles.get(where, frozenset()))


def check_can(access: Access, verb: str, organisation: UUID | None = None) -> None:
    """The same as a gate: raises NotAllowed, naming who may."""
    if not can(access, verb, organisation):
        who = ", ".join(sorted(str(role.label) for role in VERBS[verb]))
        raise NotAllowed(_("Your role does not allow this. It may be done by: %(who)s.") % {"who": who})
