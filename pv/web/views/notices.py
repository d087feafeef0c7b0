"""My notices, the bell's count, taking over, and who was told what."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse, HttpResponseNotModified, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pv.accounts.policy import can, check_can
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.deadlines.models import Alarm, Deadline
from pv.deadlines.services import schedule
from pv.notices.models import Acknowledgement
from pv.notices.services import acknowledge, mark_seen, my_notices
from pv.patients.scope import readable_clocks
from pv.web.http import PortalRequest, page, safe_next
from pv.web.presenters import notices as shown
from pv.web.presenters.clock import Clock, Desk, NextTold, organisation_names
from pv.web.presenters.paging import page_of

SHOW = ("unseen", "unanswered", "all")
VIA = frozenset({"mail", "notices", "due", "page"})
STEPS_AHEAD = 6


@page("notice.read")
def notices(request: PortalRequest) -> HttpResponse:
    """What I was told; the bell leads here, so that a take is two taps away."""
    show = request.GET.get("show", "unseen")
    show = show if show in SHOW else "unseen"
    mine = request.access.anywhere("notice.read")
    query = my_notices(request.user, mine)
    if show == "unseen":
        query = query.filter(seen_at=None)
    elif show == "unanswered":
        query = query.filter(Exists(_unanswered()), notice__deadline__closed_at=None)
    query = query.select_related("notice__deadline__assignee", "notice__deadline__rule", "notice__deadline__alarm")
    found = page_of(query, ("-created_at", "-id"), request.GET.get("after", ""), 30)
    context = {
        "section": "notices",
        "show": show,
        "notices": shown.present(found.rows, Desk(mine)),
        "after": found.after,
        "names": organisation_names(request.organisations),
        "takes": {one for one in mine if can(request.access, "notice.take", one)},
    }
    return render(request, "web/notices.html", context)


def _unanswered() -> "QuerySet[Alarm]":
    """The notice's rung is the one its deadline stands at, and nobody has taken it."""
    return Alarm.objects.filter(
        deadline_id=OuterRef("notice__deadline_id"),
        organisation_id=OuterRef("organisation_id"),
        round=OuterRef("notice__round"),
        rung=OuterRef("notice__rung"),
        answered=False,
    )


@page("notice.read")
def notice_count(request: PortalRequest) -> HttpResponse:
    """The bell's figure, asked every few seconds; 304 while nothing has changed."""
    figure = shown.unseen(request.user, request.access)
    etag = f'"bell-{request.user.pk.hex[-6:]}-{figure or 0}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    return JsonResponse({"count": int(figure.rstrip("+") or 0), "shown": figure}, headers={"ETag": etag})


@page("notice.read", methods=("POST",))
def seen(request: PortalRequest) -> HttpResponse:
    """Note that these were seen. That answers nothing."""
    mark_seen(_uuids(request.POST.getlist("delivery")), by=request.user)
    return HttpResponseRedirect(safe_next(request, request.POST.get("next", ""), reverse("web:notices")))


def _uuids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[:500]]
    except ValueError:
        raise NotFound(_("There is no such notice.")) from None


def find(request: PortalRequest, pk: UUID, verb: str) -> Deadline:
    """The deadline among those this reader may see."""
    mine = readable_clocks(
        Deadline.objects.for_organisations(request.access.anywhere(verb)), request.user, request.access
    )
    found: Deadline | None = mine.select_related("assignee", "rule", "alarm").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@page("notice.read", methods=("GET", "HEAD", "POST"))
def take(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Opening the address does nothing; the button takes it. A second click changes nothing."""
    deadline = find(request, pk, "notice.read")
    problem, status = "", 200
    if request.method == "POST":
        check_can(request.access, "notice.take", deadline.organisation_id)
        try:
            with transaction.atomic():
                _take(request, pk)
        except Conflict as error:
            problem, status = error.message, 409
        except (NotAllowed, NotFound):
            raise
        except DomainError as error:
            problem, status = error.message, 422
        else:
            messages.success(request, _("You have it. Nobody further is told of this warning."))
            return HttpResponseRedirect(reverse("web:take", args=[pk]))
        deadline = find(request, pk, "notice.read")
    clock = Clock(deadline, Desk([deadline.organisation_id]))
    context = {
        "section": "notices",
        "clock": clock,
        "taken": _answer(clock),
        "problem": problem,
        "via": "mail",
        "may_take": can(request.access, "notice.take", deadline.organisation_id),
    }
    return render(request, "web/take.html", context, status=status)


def _take(request: PortalRequest, pk: UUID) -> Acknowledgement:
    via = request.POST.get("via", "page")
    note = request.POST.get("note", "").strip()[:300]
    return acknowledge(deadline_id=pk, by=request.user, via=via if via in VIA else "page", note=note)


def _answer(clock: Clock) -> Acknowledgement | None:
    alarm = clock.alarm
    if alarm is None or not alarm.answered:
        return None
    answers = shown.answers_of([clock.pk], clock.desk.organisations)
    return answers.get((clock.pk, alarm.round, alarm.rung))


@page("notice.take", methods=("POST",))
def take_several(request: PortalRequest) -> HttpResponse:
    """Take one or the chosen ones from a list; what somebody else has taken is said, the others are taken."""
    wanted = _uuids(request.POST.getlist("one") or request.POST.getlist("deadline"))
    mine = Deadline.objects.for_organisations(request.access.anywhere("notice.take")).filter(pk__in=wanted)
    allowed = set(readable_clocks(mine, request.user, request.access).values_list("pk", flat=True))
    done = 0
    for pk in wanted:
        if pk not in allowed:
            raise NotFound(_("There is no such deadline."))
        try:
            with transaction.atomic():
                acknowledge(deadline_id=pk, by=request.user, via="due")
        except DomainError as error:
            messages.warning(request, error.message)
        else:
            done += 1
    if done:
        words = ngettext("You have taken %(n)d.", "You have taken %(n)d.", done) % {"n": done}
        messages.success(request, words)
    return HttpResponseRedirect(safe_next(request, request.POST.get("next", "")))


@page("deadline.read")
def deadline(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Who was told what for one deadline, and what comes next."""
    found = find(request, pk, "deadline.read")
    where = found.organisation_id
    desk = Desk([where])
    clock = Clock(found, desk)
    context = {
        "section": "due",
        "clock": clock,
        "told": shown.told_of(found, [where]),
        "coming": _coming(clock),
        "may_take": clock.may_be_taken and can(request.access, "notice.take", where),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/deadline.html", context)


def _coming(clock: Clock) -> list[NextTold]:
    """The steps ahead; those of a rung that somebody has taken fall away."""
    if clock.alarm is None or clock.alarm.next_alert_at is None:
        return []
    alarm, first = clock.alarm, clock.alarm.next_alert_at
    ahead = [
        ring
        for ring in schedule(clock.deadline, since=first)
        if ring.at >= first and not (alarm.answered and ring.rung == alarm.rung)
    ]
    return [clock.told_at(ring.at, ring.audience) for ring in ahead[:STEPS_AHEAD]]
