"""Work on a case: news, the signed judgement, the report to the authority, the investigation of a death."""

from collections.abc import Mapping
from datetime import date, datetime, time
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import Signature, User
from pv.accounts.rows import locked
from pv.accounts.services import check_may
from pv.accounts.signing import sign
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed
from pv.core.typed import happened, one_of, said
from pv.deadlines import services as deadlines
from pv.deadlines.models import Deadline
from pv.safety import clocks
from pv.safety.expected import INVESTIGATED, leading_items
from pv.safety.models import Assessment, Case, CaseVersion, InboxItem, Question
from pv.safety.rules import CaseState
from pv.safety.services import shared, versions
from pv.safety.services.triaging import reopen
from pv.terminology.clinical import Causality, YesNo

OVER = (CaseState.NULLIFIED, CaseState.DUPLICATE)


def add_version(
    *,
    by: User,
    case_id: UUID,
    changes: Mapping[str, str],
    significant: bool,
    why: str,
    learned_on: date,
    narrative: str | None = None,
    version: int | None = None,
) -> CaseVersion:
    """Write down news as the next version; earlier ones never change. Significant news about a reported case start a
    clock from `learned_on`, and re-open a closed one. Raises Conflict for a case that was nullified or is a duplicate.
    """
    case = locked(Case, case_id, version=version)
    check_may(by, "case.triage", case.organisation_id)
    _stands(case)
    reason = said(why, "why", most=300)
    happened(learned_on, "learned_on")
    with writing_for(case.organisation_id, reason=reason):
        at, item = clock.now(), leading_item(case)
        made = versions.next_version(
            case, changes, by=by, at=at, day_zero=learned_on, significant=significant, why=reason, narrative=narrative
        )
        reopen(case, by=by, at=at, significant=significant)
        shared.note(case, "version", by=by, at=at, new=str(made.no), reason=reason)
        shared.save(case, "versions", "state")
        opened = clocks.open_follow_up(made, case, item)
        if opened.missing:
            shared.ask(item, [(Question.What.NO_RULE, ", ".join(opened.missing))])
    return made


def leading_item(case: Case) -> InboxItem:
    """The first report of a case."""
    found = leading_items(case.organisation_id, [case.pk]).get(case.pk)
    if not found:
        raise Conflict(_("This case has no report any more."))
    return found[0]


def assess(
    *, by: User, password: str, case_id: UUID, causality: str, expected: str, reasoning: str, version: int | None = None
) -> Assessment:
    """Judge the case as it stands, signed. Whoever took a report of it in does not judge it (invariant 10).

    Judgements stand side by side; one that differs from another person's is a question for a third.
    """
    case = locked(Case, case_id, version=version)
    check_may(by, "case.assess", case.organisation_id)
    _stands(case)
    if by.pk in shared.first_receivers(case.organisation_id, case):
        raise NotAllowed(_("Who took the report in does not assess it. Another person has to."), code="own_report")
    one_of(Causality.values, causality, "causality")
    one_of(YesNo.values, expected, "expected")
    why = said(reasoning, "reasoning", most=5000)
    with writing_for(case.organisation_id):
        at, judged = clock.now(), versions.latest(case)
        signature = sign(
            by=by,
            password=password,
            record=case,
            act="assessment",
            meaning=Signature.Meaning.REVIEWED,
            content=content_of_assessment(judged, causality, expected, why),
        )
        before = _last_of_another(judged, by)
        made: Assessment = Assessment.objects.create(
            organisation_id=case.organisation_id, case_version=judged, causality=causality, expected=expected,
            reasoning=why, signature=signature, by=by, at=at,
        )  # fmt: skip
        if case.state in (CaseState.RECEIVED, CaseState.TRIAGED, CaseState.ASSESSMENT):
            shared.move_case(case, Case.State.READY, by=by, at=at, signature=signature)
            shared.save(case, "state")
        if before is not None and (before.causality, before.expected) != (causality, expected):
            detail = f"{before.by.name}: {before.causality}; {by.name}: {causality}"
            shared.ask(leading_item(case), [(Question.What.OTHER, detail)])
    return made


def content_of_assessment(judged: CaseVersion, causality: str, expected: str, reasoning: str) -> dict[str, object]:
    """What an assessment's signature covers."""
    return {
        "case": judged.case_id,
        "version": judged.no,
        "content": judged.content_hash,
        "causality": causality,
        "expected": expected,
        "reasoning": reasoning,
    }


def _last_of_another(judged: CaseVersion, by: User) -> Assessment | None:
    others = Assessment.objects.for_organisations([judged.organisation_id]).filter(case_version=judged)
    found: Assessment | None = others.exclude(by=by).select_related("by").order_by("-at").first()
    return found


def record_report(*, by: User, case_id: UUID, reported_on: date, evidence: str, version: int | None = None) -> Case:
    """The report went to the authority on `reported_on`: that meets every reporting clock of the case that runs.

    It is recorded whatever was left undone before it (practice 1). Raises DomainError for a day before day 0.
    """
    case = locked(Case, case_id, version=version)
    check_may(by, "case.report", case.organisation_id)
    _stands(case)
    if case.state == CaseState.CLOSED:
        raise Conflict(_("The case is closed. News open it again."))
    _sent(case, reported_on, "reported_on")
    document = said(evidence, "evidence", most=300)
    with writing_for(case.organisation_id, reason=document):
        at = clock.now()
        _meet(case, clocks.ICSR.code, reported_on)
        case.reported_on, case.reported_version = reported_on, case.versions
        shared.move_case(case, Case.State.REPORTED, by=by, at=at, reason=document)
        shared.note(case, "reported", by=by, at=at, new=f"v{case.versions} {reported_on.isoformat()}", reason=document)
        shared.save(case, "state", "reported_on", "reported_version")
    return case


def record_investigation(
    *, by: User, case_id: UUID, reported_on: date, evidence: str, version: int | None = None
) -> Case:
    """The report on the investigation of a death was filed on this day."""
    case = locked(Case, case_id, version=version)
    check_may(by, "case.report", case.organisation_id)
    _sent(case, reported_on, "reported_on")
    document = said(evidence, "evidence", most=300)
    running = clocks.running(case.organisation_id, [case.pk], [clocks.DEATH_INVESTIGATION.code])
    if not running:
        raise Conflict(_("No investigation of a death is outstanding here."))
    with writing_for(case.organisation_id, reason=document):
        _meet(case, clocks.DEATH_INVESTIGATION.code, reported_on)
        shared.note(case, INVESTIGATED, by=by, at=clock.now(), new=reported_on.isoformat(), reason=document)
        shared.save(case)
    return case


def close_case(*, by: User, case_id: UUID, reason: str, version: int | None = None) -> Case:
    """Nothing more is expected. News open it again; an outstanding report or question keeps it open (lesson 35)."""
    case = locked(Case, case_id, version=version)
    check_may(by, "case.report", case.organisation_id)
    why = said(reason, "reason")
    if outstanding := clocks.running(case.organisation_id, subjects_of(case), clocks.REPORTING):
        raise Conflict(
            _("A report is outstanding until %(due_on)s."), params={"due_on": outstanding[0].due_on.isoformat()}
        )
    open_now = Question.objects.for_organisations([case.organisation_id]).filter(item__case=case, answered_at=None)
    if question := open_now.first():
        raise Conflict(_("A question is open: %(question)s."), params={"question": question.get_what_display()})
    with writing_for(case.organisation_id, reason=why):
        shared.move_case(case, Case.State.CLOSED, by=by, at=clock.now(), reason=why)
        shared.save(case, "state")
    return case


def subjects_of(case: Case) -> list[UUID]:
    """What clocks of a case run about: itself, and its versions."""
    history = CaseVersion.objects.for_organisations([case.organisation_id]).filter(case=case)
    return [case.pk, *history.values_list("pk", flat=True)]


def _stands(case: Case) -> None:
    if case.state in OVER:
        raise Conflict(_("The case is %(state)s: this cannot be done now."), params={"state": case.get_state_display()})


def _sent(case: Case, day: date, field: str) -> None:
    happened(day, field)
    if day < case.day_zero:
        raise DomainError(
            _("This lies before day 0 (%(day)s)."), field=field, params={"day": case.day_zero.isoformat()}
        )


def _meet(case: Case, kind: str, on: date) -> list[Deadline]:
    """What is sent on a day is sent in time if that day was: the instant a day begins stands for it."""
    met_at = datetime.combine(on, time.min, tzinfo=clocks.SHANGHAI)
    now = clock.now()
    same_day = clocks.legal_day_of(now) == on
    running = clocks.running(case.organisation_id, subjects_of(case), [kind])
    return [deadlines.meet_deadline(one.pk, met_at=now if same_day else met_at) for one in running]
