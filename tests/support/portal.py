"""What tests of the portal share: a small holder at work, and ways to read a page."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.models import Deadline
from pv.notices.services import tick
from pv.obligations import services
from pv.obligations.models import Milestone, Obligation
from tests.support.factories import AuthorisationFactory, StudyFactory
from tests.support.people import HOLDER_A, make_user


def flat(page: bytes | str) -> str:
    """A page without the blanks and line feeds of its source."""
    text = page.decode() if isinstance(page, bytes) else page
    return re.sub(r" ?([<>]) ?", r"\1", re.sub(r"\s+", " ", text))


def codes(page: bytes) -> list[str]:
    """The numbers of a list's rows, in their order."""
    return re.findall(r'main-cell"><a href="[^"]*">(\S+)', flat(page))


@dataclass(frozen=True)
class World:
    """Rows to look at, all of holder A."""

    ra: User
    officer: User
    head: User
    late: Obligation
    risky: Obligation
    agreed: Obligation
    milestone: Milestone

    def clock_of(self, obligation: Obligation | Milestone) -> Deadline:
        with acting_as(self.ra, organisation=HOLDER_A):
            return Deadline.objects.for_organisations([HOLDER_A]).get(subject=obligation.pk, closed_at=None)


def open_obligation(by: User, code: str, due_on: date, organisation: Any = HOLDER_A, **more: Any) -> Obligation:
    """An obligation with its clock, through the service."""
    authorisation = more.pop("authorisation", None) or AuthorisationFactory(organisation_id=organisation)
    wanted = {
        "code": code,
        "kind": Obligation.Kind.CONFIRMATORY_TRIAL,
        "titles": (f"Trial {code}", f"试验{code}"),
        "sentence": "应完成确证性临床试验。",
        "document": "Registration certificate",
        "owner": by,
        "due_on": due_on,
    } | more
    with acting_as(by, organisation=organisation):
        return services.open_obligation(by=by, organisation=organisation, authorisation_id=authorisation.pk, **wanted)


def build_world() -> World:
    """One overdue, one at risk, one internal and late, a milestone; the tick has rung once."""
    ra, officer, head = (make_user(role) for role in (Role.REGULATORY_AFFAIRS, Role.PV_OFFICER, Role.PV_HEAD))
    today = clock.today()
    study = StudyFactory()
    late = open_obligation(ra, "PMR-1", today - timedelta(days=6), study_id=study.pk)
    risky = open_obligation(ra, "PMR-2", today + timedelta(days=300), forecast_on=today + timedelta(days=400))
    agreed = open_obligation(officer, "AGR-1", today - timedelta(days=20), due_source="agreed")
    with acting_as(ra, organisation=HOLDER_A):
        milestone = services.plan_milestone(
            by=ra,
            organisation=HOLDER_A,
            study_id=study.pk,
            kind="last_patient_in",
            planned_on=today + timedelta(days=100),
            owner=ra,
        )
    tick(driver="test")
    return World(ra, officer, head, late, risky, agreed, milestone)
