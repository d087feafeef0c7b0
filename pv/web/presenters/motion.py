"""What saving something has set in motion, in sentences: report, clock, people told, samples asked for, visits met."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pv.biosamples.models import SamplingRequest, Specimen
from pv.deadlines.models import Deadline
from pv.followup.models import Visit, VisitRecord
from pv.notices.models import Delivery
from pv.safety.models import InboxItem
from pv.web.presenters.clock import Clock, Desk
from pv.web.templatetags.portal import day

REPORT = "icsr"


@dataclass(slots=True)
class Motion:
    """What hangs on one inbox item: its clocks, how many were told, what is asked for and held."""

    item: InboxItem
    clocks: list[Clock] = field(default_factory=list)
    told: int = 0
    asked: int = 0
    held: int = 0

    @property
    def report(self) -> Clock | None:
        """The report's clock, the binding one first."""
        found = [one for one in self.clocks if one.deadline.kind == REPORT and one.state != "done"]
        return min(found, key=lambda one: one.deadline.due_at, default=None)

    @property
    def is_malignancy(self) -> bool:
        return self.item.kind == InboxItem.Kind.MALIGNANCY


def motions(items: Iterable[InboxItem], desk: Desk) -> list[Motion]:
    """For all these items at once."""
    found = {one.pk: Motion(one) for one in items}
    by_subject = {one.item.pk: one for one in found.values()}
    by_subject |= {one.item.case_id: one for one in found.values() if one.item.case_id}
    clocks = list(
        Deadline.objects.for_organisations(desk.organisations)
        .filter(subject__in=list(by_subject))
        .select_related("assignee", "rule", "alarm")
        .order_by("due_at", "id")
    )
    desk.load_ladders(clocks)
    owners: dict[UUID, Motion] = {}
    for one in clocks:
        owners[one.pk] = by_subject[one.subject]
        by_subject[one.subject].clocks.append(Clock(one, desk))
    _count(found, owners, desk)
    return list(found.values())


def _count(found: dict[UUID, Motion], owners: dict[UUID, Motion], desk: Desk) -> None:
    told = Delivery.objects.for_organisations(desk.organisations).filter(notice__deadline_id__in=list(owners))
    seen = {(owners[deadline].item.pk, who) for deadline, who in told.values_list("notice__deadline_id", "recipient")}
    for pk, _who in seen:
        found[pk].told += 1
    asked = SamplingRequest.objects.for_organisations(desk.organisations).filter(cause__in=list(found))
    for cause in asked.exclude(state=SamplingRequest.State.CANCELLED).values_list("cause", flat=True):
        found[cause].asked += 1
    held = Specimen.objects.for_organisations(desk.organisations).filter(hold_cause__in=list(found), on_hold=True)
    for cause in held.values_list("hold_cause", flat=True):
        if cause:
            found[cause].held += 1


def sentences(motion: Motion) -> list[str]:
    """One item's."""
    item = motion.item
    parts = [_("Inbox item %(number)s.") % {"number": item.number}]
    if item.case_id and item.case:
        number = item.case.number
        parts.append(_("Case %s opened.") % number if number else _("A case is opened; its number follows."))
    if motion.report:
        parts.append(due_words(motion.report))
    if motion.told:
        words = ngettext("%(n)d person is being told.", "%(n)d people are being told.", motion.told)
        parts.append(words % {"n": motion.told})
    if motion.asked:
        parts.append(
            ngettext("%(n)d sample asked for.", "%(n)d samples asked for.", motion.asked) % {"n": motion.asked}
        )
    if motion.held:
        words = ngettext("%(n)d specimen put on hold.", "%(n)d specimens put on hold.", motion.held)
        parts.append(words % {"n": motion.held})
    return parts


def due_words(clock: Clock) -> str:
    """The report's due date, and the last working day on or before it where that is another day."""
    values = {"due": day(clock.deadline.due_on), "left": clock.text, "last": day(clock.last_working_day)}
    if clock.last_working_day:
        return _("Report due %(due)s, last working day %(last)s (%(left)s).") % values
    return _("Report due %(due)s (%(left)s).") % values


def met_words(visits: Iterable[Visit]) -> list[str]:
    return [
        _("%(line)s %(code)s: %(state)s.")
        % {"line": one.get_line_display().capitalize(), "code": one.code, "state": one.get_state_display()}
        for one in visits
    ]


def after_record(visits: Iterable[Visit], record: VisitRecord, desk: Desk, *, links: bool) -> str:
    """The message after a record was saved, with ways on where the reader may go them."""
    mine = InboxItem.objects.for_organisations(desk.organisations).filter(Q(record=record))
    met = met_words(visits) or [_("It counts for no planned visit: none was open on that day.")]
    parts = [_("Saved."), *([] if record.kind == VisitRecord.Kind.MISSED else met)]
    text = format_html("{}", " ".join(parts))
    for motion in motions(mine.select_related("case").order_by("received_at"), desk):
        text += format_html(" {}", " ".join(sentences(motion)))
        if motion.is_malignancy or motion.item.kind == InboxItem.Kind.RELAPSE:
            text += _link(reverse("web:advice", args=[motion.item.pk]), _("Sampling advice"))
        if links:
            text += _link(reverse("web:item", args=[motion.item.pk]), motion.item.number)
    return text


def _link(address: str, words: str) -> SafeString:
    return format_html(' <a href="{}">{}</a>', address, words)
