"""A record's whole story: its own changes, those of its clocks, who was told, who answered; newest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from pv.accounts.models import TenantModel
from pv.audit.history import Change, Entry, history_of
from pv.audit.models import Event
from pv.biosamples.models import Loan, SamplingRequest, Specimen
from pv.deadlines.kinds import path_of, title_of
from pv.deadlines.models import Deadline
from pv.followup.models import Visit
from pv.obligations.models import Obligation
from pv.patients.models import Patient
from pv.safety.models import Case, InboxItem
from pv.web.presenters.due import as_uuid
from pv.web.presenters.notices import Told, told_of
from pv.web.presenters.words import either

CLOCK = Deadline._meta.db_table
PROMISE = Obligation._meta.db_table
# Where the record has a page of its own.
PAGES: dict[type[TenantModel], str] = {
    Patient: "/patients/{}/",
    Visit: "/visits/{}/",
    InboxItem: "/inbox/{}/",
    Case: "/cases/{}/",
    Specimen: "/samples/{}/",
    SamplingRequest: "/samples/requests/{}/",
    Loan: "/samples/loans/{}/",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: datetime
    who: str
    what: str
    css: str = ""
    reason: str = ""
    job: str = ""
    sealed: bool | None = None
    changes: list[Change] = field(default_factory=list)
    first: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """The lines, and what they are about."""

    title: str
    path: str
    lines: list[Line]


def story_of(row_id: UUID, organisations: list[UUID]) -> Story | None:
    """None when there is no such record among those of these organisations."""
    events = Event.objects.filter(organisation_id__in=organisations, row_id=row_id)
    table = events.values_list("table_name", flat=True).first()
    if table is None:
        return None
    lines = [_line(one, _("record")) for one in history_of(table, row_id, organisations)]
    clocks = list(_clocks(table, row_id, organisations))
    for clock in clocks:
        if clock.pk != row_id:
            lines += [_line(one, _("clock")) for one in history_of(CLOCK, clock.pk, organisations)]
        for told in told_of(clock, organisations):
            lines += _told(told)
    title, path = _about(table, row_id, organisations, clocks)
    return Story(title, path, sorted(lines, key=lambda line: line.at, reverse=True))


def _clocks(table: str, row_id: UUID, organisations: list[UUID]) -> Iterable[Deadline]:
    mine = Deadline.objects.for_organisations(organisations)
    found: Iterable[Deadline] = mine.filter(pk=row_id) if table == CLOCK else mine.filter(subject=row_id)
    return found


def _about(table: str, row_id: UUID, organisations: list[UUID], clocks: list[Deadline]) -> tuple[str, str]:
    if table == PROMISE:
        found = Obligation.objects.for_organisations(organisations).filter(pk=row_id).first()
        if found:
            return f"{found.code} {either(found.title_en, found.title_zh)}", f"/obligations/{row_id}/"
    for model, path in PAGES.items():
        if table == model._meta.db_table:
            row = model.objects.for_organisations(organisations).filter(pk=row_id).first()
            return (str(row), path.format(row_id)) if row else ("", "")
    return (title_of(clocks[0]), path_of(clocks[0])) if clocks else ("", "")


def _line(entry: Entry, about: str) -> Line:
    return Line(
        at=entry.at,
        who=entry.actor_name,
        what=f"{capfirst(about)}: {entry.action}",
        reason=entry.reason,
        job=entry.job,
        sealed=entry.sealed,
        changes=[one for one in entry.changes if _readable(one)],
        first=entry.is_first,
    )


def _readable(change: Change) -> bool:
    """Keys and stored words say nothing to a reader; what they stand for is said elsewhere."""
    texts = [text for text in (change.old, change.new) if text]
    return any(not text.startswith("{") and as_uuid(text) is None for text in texts)


def _told(told: Told) -> list[Line]:
    """A warning and its answer, at the real time of their rows: history knows no shifted clock."""
    names = _(", ").join(f"{reader['person'].name} ({reader['why']})" for reader in told.readers)
    words = _("Warning %(rung)s, step %(step)s, to: %(who)s")
    what = words % {"rung": told.notice.rung, "step": told.notice.nth, "who": names or _("nobody")}
    lines = [Line(at=told.notice.created_at, who=_("the system"), what=what, css="told")]
    if told.answer:
        taken = _("Took it: no further step of warning %(rung)s") % {"rung": told.notice.rung}
        lines.append(
            Line(
                at=told.answer.created_at, who=told.answer.by.name, what=taken, css="answered", reason=told.answer.note
            )
        )
    return lines
