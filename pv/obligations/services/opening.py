"""Opening a promise: in the authority's own sentence, with a date and where that date comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.accounts.rows import own
from pv.accounts.services import check_may
from pv.core.constraints import Refusal, refusing
from pv.core.errors import DomainError
from pv.deadlines.computing import compute_due
from pv.deadlines.models import Basis, Rule
from pv.obligations.clocks import open_clock
from pv.obligations.models import Obligation
from pv.obligations.services.shared import What, fits, iso, meant, note, said, works_here
from pv.products.models import Authorisation, Study
from pv.products.services import NEEDS_CONFIRMATORY, AuthorisationFacts, write_authorisation

WORDS = {
    "obligation_numbered_once_in_an_organisation": Refusal(
        _("There is an obligation with this number already."), "code"
    )
}


class Promise(TypedDict):
    """What is promised, and by when: `due_on` as the certificate says (or as agreed), or `rule` and `counted_from`."""

    code: str
    kind: str
    titles: tuple[str, str]
    sentence: str
    document: str
    owner: User
    study_id: NotRequired[UUID | None]
    page: NotRequired[str]
    sentence_language: NotRequired[str]
    due_on: NotRequired[date | None]
    due_source: NotRequired[str]
    rule: NotRequired[str]
    counted_from: NotRequired[date | None]
    forecast_on: NotRequired[date | None]


@dataclass(frozen=True, slots=True)
class _Due:
    """A date, what stands behind it, and how it came about."""

    on: date
    source: str
    basis: str
    rule: Rule | None = None
    working: str = ""


def open_obligation(*, by: User, organisation: UUID, authorisation_id: UUID, **promise: Unpack[Promise]) -> Obligation:
    """Open a promise and its clock.

    Raises DomainError naming the field that must change, MissingRule where no rule answers.
    """
    check_may(by, "obligation.write", organisation)
    authorisation = own(Authorisation, organisation, authorisation_id)
    study_id = promise.get("study_id")
    study = own(Study, organisation, study_id) if study_id else None
    if promise["kind"] not in Obligation.Kind.values:
        raise DomainError(_("This is not one of the choices."), field="kind")
    due = _due(organisation, promise)
    meant(promise.get("forecast_on"), "forecast_on")
    english, chinese = promise["titles"]
    sentence = said(promise["sentence"], "sentence", most=5000)
    with writing_for(organisation), refusing(WORDS):
        obligation: Obligation = Obligation.objects.create(
            organisation_id=organisation,
            code=said(promise["code"], "code", most=40),
            authorisation=authorisation,
            study=study,
            kind=promise["kind"],
            title_en=said(english, "title_en", most=200),
            title_zh=said(chinese, "title_zh", most=200),
            sentence=sentence,
            sentence_language=promise.get("sentence_language", "zh-hans"),
            sentence_hash=sha256(sentence.encode()).hexdigest(),
            document=said(promise["document"], "document", most=200),
            page=fits(promise.get("page", ""), "page", most=20),
            owner=works_here(promise["owner"], organisation),
            due_source=due.source,
            rule=due.rule,
            working=due.working,
            basis=due.basis,
            original_due_on=due.on,
            due_on=due.on,
            forecast_on=promise.get("forecast_on"),
        )
        note(obligation, What.OPENED, by=by, new=iso(due.on), evidence=obligation.document)
        open_clock(obligation)
    return obligation


def record_conditional_authorisation(
    *, by: User, organisation: UUID, promises: Sequence[Promise], **facts: Unpack[AuthorisationFacts]
) -> tuple[Authorisation, list[Obligation]]:
    """Record a conditional approval together with what it was made conditional on: all of it, or nothing."""
    if facts["kind"] != Authorisation.Kind.CONDITIONAL:
        raise DomainError(_("Only a conditional approval is recorded together with its obligations."), field="kind")
    with writing_for(organisation), refusing(NEEDS_CONFIRMATORY, at_once=True):
        authorisation = write_authorisation(by=by, organisation=organisation, **facts)
        opened = [
            open_obligation(by=by, organisation=organisation, authorisation_id=authorisation.pk, **promise)
            for promise in promises
        ]
    return authorisation, opened


def _due(organisation: UUID, promise: Promise) -> _Due:
    """The basis follows the date, not the duty: a certificate's is legal, a rule's is what its status makes it."""
    due_on, code = promise.get("due_on"), promise.get("rule", "")
    if (due_on is None) == (not code):
        raise DomainError(_("Give either the date or the rule it is computed from."), field="due_on")
    if due_on is not None:
        meant(due_on, "due_on")
        source = promise.get("due_source") or Obligation.DueSource.CERTIFICATE
        return _Due(due_on, source, basis_of(source))
    counted_from = promise.get("counted_from")
    if counted_from is None:
        raise DomainError(_("Give the day the rule counts from."), field="counted_from")
    meant(counted_from, "counted_from")
    computed = compute_due(code, organisation, counted_from)
    meant(computed.due_on, "counted_from")
    return _Due(computed.due_on, Obligation.DueSource.RULE, computed.rule.basis, computed.rule, computed.working)


STATED = {Obligation.DueSource.CERTIFICATE: Basis.LEGAL, Obligation.DueSource.AGREED: Basis.INTERNAL}


def basis_of(source: str) -> Basis:
    """What stands behind a date that somebody states."""
    if source not in STATED:
        raise DomainError(_("Say whether the certificate states the date or it was agreed."), field="due_source")
    return STATED[Obligation.DueSource(source)]
