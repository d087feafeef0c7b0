"""What the room's services share: the ledger of moves, questions, saving as the next version."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Signature, User
from pv.accounts.roles import Role
from pv.core.errors import Conflict
from pv.safety.models import Case, InboxItem, MalignancyProcess, Question, SafetyMove
from pv.safety.rules import can_move_case, can_move_item

ASKED_OF = {
    Question.What.NO_PLAN: Role.MEDICAL_REVIEWER,
    Question.What.NO_RULE: Role.REGULATORY_AFFAIRS,
    Question.What.NO_PATIENT: Role.PV_OFFICER,
    Question.What.NO_PRODUCT: Role.PV_OFFICER,
    Question.What.PARTIAL_DATE: Role.PV_OFFICER,
    Question.What.DUPLICATE: Role.PV_OFFICER,
    Question.What.NO_RETAIN: Role.SAMPLE_MANAGER,
    Question.What.OTHER: Role.MEDICAL_REVIEWER,
}
LONGEST_DETAIL = 300


def note(
    row: InboxItem | Case | MalignancyProcess,
    what: str,
    *,
    by: User,
    at: datetime,
    old: str = "",
    new: str = "",
    reason: str = "",
    signature: Signature | None = None,
) -> SafetyMove:
    """Add to the ledger that pages read."""
    move: SafetyMove = SafetyMove.objects.create(
        organisation_id=row.organisation_id,
        subject=row.pk,
        what=SafetyMove.What(what),
        old=old,
        new=new,
        reason=reason,
        signature=signature,
        by=by,
        at=at,
    )
    return move


def save(row: InboxItem | Case | MalignancyProcess | Question, *fields: str) -> None:
    """Save these fields as the next version."""
    row.version += 1
    row.save(update_fields=[*fields, "version"])


def move_item(
    item: InboxItem, state: str, *, by: User, at: datetime, reason: str = "", signature: Signature | None = None
) -> list[str]:
    """Triage: set state, by whom and when; the fields to save. Conflict where it was triaged already."""
    if not can_move_item(item.state, state):
        raise Conflict(
            _("This report was triaged already: %(state)s."), params={"state": item.get_state_display()}, code="triaged"
        )
    old, item.state = item.state, state
    item.triaged_by, item.triaged_at, item.triage_reason = by, at, reason
    note(item, "triaged", by=by, at=at, old=old, new=state, reason=reason, signature=signature)
    return ["state", "triaged_by", "triaged_at", "triage_reason"]


def move_case(
    case: Case, state: str, *, by: User, at: datetime, reason: str = "", signature: Signature | None = None
) -> None:
    """Set a case's state, in memory; Conflict where its state does not allow it."""
    if not can_move_case(case.state, state):
        raise Conflict(_("The case is %(state)s: this cannot be done now."), params={"state": case.get_state_display()})
    old, case.state = case.state, state
    note(case, "moved", by=by, at=at, old=old, new=state, reason=reason, signature=signature)


def ask(item: InboxItem, asked: Iterable[tuple[str, str]], *, fresh: bool = False) -> list[Question]:
    """Write down what is missing beside a report, once for each thing; each is a task of a role.

    `fresh`: the report was made just now, so that nothing is asked yet.
    """
    wanted = dict(asked)
    if not wanted:
        return []
    open_now = Question.objects.for_organisations([item.organisation_id]).filter(item=item, answered_at=None)
    there = set() if fresh else set(open_now.values_list("what", flat=True))
    rows = [
        Question(
            organisation_id=item.organisation_id,
            item=item,
            what=what,
            detail=detail[:LONGEST_DETAIL],
            for_role=ASKED_OF[Question.What(what)],
        )
        for what, detail in wanted.items()
        if what not in there
    ]
    made: list[Question] = Question.objects.bulk_create(rows)
    return made


def answer(item: InboxItem, what: Iterable[str], *, by: User, at: datetime, words: str) -> None:
    """Close open questions that what was done just now has answered."""
    mine = Question.objects.for_organisations([item.organisation_id])
    for question in mine.filter(item=item, what__in=list(what), answered_at=None):
        question.answered_at, question.answered_by, question.answer = at, by, words[:500]
        save(question, "answered_at", "answered_by", "answer")


def numbers_of(items: Iterable[InboxItem]) -> str:
    """Which reports, for a question's detail."""
    return ", ".join(
        f"{item.case.number} ({item.number})" if item.case and item.case.number else item.number for item in items
    )


def first_receivers(organisation: UUID, case: Case) -> set[UUID]:
    """Who took the reports of a case in."""
    items = InboxItem.objects.for_organisations([organisation]).filter(case=case)
    return set(items.values_list("first_receiver_id", flat=True))


def iso(day: date | None) -> str:
    """A date as ledgers and contents write it."""
    return day.isoformat() if day else ""
