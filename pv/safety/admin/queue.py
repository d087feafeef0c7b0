"""The triage queue: untriaged malignancies first, then by what is late first; taken by one click in the row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from pv.accounts.admin_base import TenantAdmin, access_of
from pv.accounts.models import User
from pv.accounts.policy import can
from pv.biosamples import clocks as samples
from pv.core import clock
from pv.core.errors import DomainError
from pv.deadlines.models import Deadline
from pv.notices.models import Acknowledgement
from pv.patients.scope import visible_to
from pv.safety import clocks, services
from pv.safety.admin import forms
from pv.safety.admin.shaping import LOOKING, record_of, rows_of
from pv.safety.models import InboxItem, Question
from pv.terminology.clinical import Malignancy


class ShownFilter(SimpleListFilter):
    """What waits, unless one asks for more."""

    title = _("shown")
    parameter_name = "shown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("taken by me")), ("all", _("everything"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": _("waiting for triage")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        waiting = queryset.filter(state=InboxItem.State.NEW)
        if self.value() != "mine":
            return waiting
        organisations = list(access_of(request).roles)
        answers = Acknowledgement.objects.for_organisations(organisations).filter(
            by=request.user, deadline__kind=clocks.ACKNOWLEDGE.code
        )
        owned = Deadline.objects.for_organisations(organisations).filter(
            assignee=request.user, kind=clocks.TRIAGE.code, closed_at=None
        )
        mine = [*answers.values_list("deadline__subject", flat=True), *owned.values_list("subject", flat=True)]
        return waiting.filter(pk__in=mine)


class Queue(ChangeList):
    """Adds to each row what is around it, in three questions for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        items = list(self.result_list)
        self.result_list = items
        self.rows = rows_of(items, reader=reader_of(request), may_take=takable(request), now=clock.now())


def reader_of(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def takable(request: HttpRequest) -> set[UUID]:
    """Where this reader may take."""
    return set(access_of(request).anywhere("notice.take"))


ROOMS_OWN = (*LOOKING, *clocks.REPORTING)


def rank() -> Case:
    """Nobody has it: confirmed malignancies, then suspected ones. Then those that somebody has, then all else."""
    alarm = Deadline.objects.filter(
        organisation_id=OuterRef("organisation_id"),
        subject=OuterRef("pk"),
        kind=clocks.ACKNOWLEDGE.code,
        closed_at=None,
    )
    waits, tumour = Q(state=InboxItem.State.NEW), Q(kind=InboxItem.Kind.MALIGNANCY)
    return Case(
        When(waits & tumour & Q(malignancy=Malignancy.CONFIRMED) & Exists(alarm), then=Value(0)),
        When(waits & tumour & Exists(alarm), then=Value(1)),
        When(waits & tumour, then=Value(2)),
        When(waits, then=Value(3)),
        default=Value(4),
        output_field=IntegerField(),
    )


def first_due() -> Subquery:
    """When the report's earliest open clock ends."""
    running = Deadline.objects.filter(
        organisation_id=OuterRef("organisation_id"), subject=OuterRef("pk"), closed_at=None, kind__in=ROOMS_OWN
    )
    return Subquery(running.order_by("due_at").values("due_at")[:1])


# name of the form -> (form, service, verb). Shown in this order.
ACTS: Mapping[str, tuple[type[forms.Act], Callable[..., Any], str]] = {
    "case": (forms.ToCase, services.triage, "case.triage"),
    "confirm": (forms.Confirm, services.confirm_suspicion, "case.triage"),
    "follow-up": (forms.ToFollowUp, services.triage, "case.triage"),
    "duplicate": (forms.ToDuplicate, services.triage, "case.triage"),
    "stand-down": (forms.StandDown, services.stand_down, "case.stand_down"),
    "nothing": (forms.ToNothing, services.triage, "case.triage"),
}
TITLES = {
    "case": _("It is a case"),
    "confirm": _("Confirmed by pathology"),
    "follow-up": _("Follow-up to a case"),
    "duplicate": _("Duplicate"),
    "stand-down": _("Stand the suspicion down"),
    "nothing": _("Not valid, or not to be reported"),
}
BUTTONS = {
    "case": _("Make it a case"),
    "confirm": _("Confirm"),
    "follow-up": _("Add to that case"),
    "duplicate": _("It is a duplicate"),
    "stand-down": _("Sign and stand down"),
    "nothing": _("End the report"),
}


@admin.register(InboxItem)
class InboxItemAdmin(TenantAdmin):
    read_verb = "case.read"
    change_list_template = "safety/queue.html"
    list_display = ("number",)
    list_filter = (ShownFilter, "kind", "malignancy", "lineage", "source")
    list_filter_sheet = True
    list_select_related = ("patient", "product", "first_receiver", "case")
    search_fields = ("number", "diagnosis", "patient__code", "patient_text")
    list_per_page = 50
    actions = None
    shown: ClassVar[tuple[str, ...]] = ("number", "kind", "state", "diagnosis", "day_zero", "received_at")

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        return self.list_display

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_changelist(self, request: HttpRequest, **more: Any) -> type[ChangeList]:
        return Queue

    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        """The worst first, among equals by the clock that ends first."""
        return [rank().asc(), first_due().asc(nulls_last=True), "-received_at"]

    # --- a report's page, and what is done there
    def get_urls(self) -> list[URLPattern]:
        def at(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            found: URLPattern = path(
                f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"safety_inboxitem_{name}"
            )
            return found

        mine = [at("take", self.take), at("match", self.match), at("act", self.act)]
        answering = path(
            "<uuid:pk>/answer/<uuid:question>/", self.admin_site.admin_view(self.answer), name="safety_inboxitem_answer"
        )
        urls: list[URLPattern] = super().get_urls()
        return [*mine, answering, *urls]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied  # nothing is typed into a report; acts have addresses of their own
        item = self.get_object(request, object_id)
        if item is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        return self.page(request, item, extra=extra_context)

    def page(
        self,
        request: HttpRequest,
        item: InboxItem,
        *,
        refused: str = "",
        form: Any = None,
        extra: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The report with everything around it; the refused form as it was typed."""
        access = access_of(request)
        may = {verb for verb in ("case.triage", "case.stand_down") if can(access, verb, item.organisation_id)}
        answering = UUID(refused.removeprefix("answer:")) if refused.startswith("answer:") else None
        record = record_of(item, reader=reader_of(request), may_take=takable(request), now=clock.now())
        context = {
            **self.admin_site.each_context(request),
            "title": f"{item.number} · {record.row.headline}",
            "opts": self.opts,
            "original": item,
            "item": item,
            "record": record,
            "row": record.row,
            "acts": self._acts(item, may, refused, form),
            "match": form if refused == "match" else forms.Match(item=item),
            "may_match": refused == "match"
            or (can(access, "intake.write", item.organisation_id) and item.patient_id is None),
            "may_answer": "case.triage" in may,
            "answer_form": form if answering else None,
            "answering": answering,
            "advice": samples.INSTRUCTION.path.format(subject=item.pk),
            "show_history": bool(access.anywhere("history.read")),
        }
        return TemplateResponse(request, "safety/record.html", context | (extra or {}))

    def _acts(self, item: InboxItem, may: set[str], refused: str = "", form: Any = None) -> list[dict[str, Any]]:
        """The forms that may be sent now; one that was refused comes back whatever has changed meanwhile."""
        return [
            {
                "name": name,
                "title": TITLES[name],
                "button": BUTTONS[name],
                "form": form if name == refused else made(item=item),
                "open": name == refused,
            }
            for name, (made, _service, verb) in ACTS.items()
            if name == refused or (verb in may and self._is_offered(name, item, may))
        ]

    def _is_offered(self, name: str, item: InboxItem, may: set[str]) -> bool:
        waits = item.state == InboxItem.State.NEW
        if name in ("confirm", "stand-down"):
            reported = name == "confirm" and item.state == InboxItem.State.CASE
            return item.malignancy == Malignancy.SUSPECTED and (waits or reported)
        if name == "nothing" and item.kind == InboxItem.Kind.MALIGNANCY:
            return waits and "case.stand_down" in may
        return waits

    def _posted(self, request: HttpRequest, pk: UUID) -> InboxItem:
        """The report named in the address among those this reader may see; only a button acts, never a link."""
        if request.method != "POST":
            raise PermissionDenied
        item: InboxItem | None = self.get_object(request, str(pk))
        if item is None:
            raise Http404
        return item

    def take(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """ "I take it", from the row or the page."""
        item = self._posted(request, pk)
        try:
            services.take(by=reader_of(request), item_id=item.pk, via="admin")
            messages.success(request, _("%(number)s is yours.") % {"number": item.number})
        except DomainError as error:
            messages.error(request, error.message)
        return HttpResponseRedirect(self._back(request, item))

    def _back(self, request: HttpRequest, item: InboxItem) -> str:
        wanted = request.GET.get("next", "")
        if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
            return wanted
        return reverse("admin:safety_inboxitem_change", args=[item.pk])

    def act(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """One of the triage forms, by its name."""
        item = self._posted(request, pk)
        name = request.POST.get("act", "")
        if name not in ACTS:
            raise Http404
        made, service, _verb = ACTS[name]
        return self._do(request, item, name, made(request.POST, item=item), service)

    def match(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Say which patient it is about, by the code."""
        item = self._posted(request, pk)

        def matched(*, by: User, item_id: UUID, code: str, version: int) -> None:
            found = visible_to(by, [item.organisation_id]).filter(code__iexact=code.strip()).first()
            if found is None:
                raise DomainError(_("There is no patient with this code."), field="code")
            services.match_patient(by=by, item_id=item_id, patient_id=found.pk, version=version)

        return self._do(request, item, "match", forms.Match(request.POST, item=item), matched)

    def answer(self, request: HttpRequest, pk: UUID, question: UUID) -> HttpResponse:
        """Answer one of its questions."""
        item = self._posted(request, pk)
        asked = Question.objects.for_organisations([item.organisation_id]).filter(item=item, pk=question).first()
        if asked is None:
            raise Http404

        def answered(*, by: User, item_id: UUID, answer: str) -> None:
            services.answer_question(by=by, question_id=asked.pk, answer=answer)

        return self._do(request, item, f"answer:{question}", forms.Answer(request.POST), answered)

    def _do(
        self, request: HttpRequest, item: InboxItem, name: str, form: Any, service: Callable[..., Any]
    ) -> HttpResponse:
        """Validate, call one service, and go on; a refusal comes back with what was typed."""
        if form.is_valid():
            try:
                given = form.given() if isinstance(form, forms.Act) else form.cleaned_data
                service(by=reader_of(request), item_id=item.pk, **given)
            except DomainError as error:
                form.add_error(FIELDS.get(error.field or "", error.field) if _has(form, error) else None, error.message)
            else:
                messages.success(request, _("Saved."))
                return HttpResponseRedirect(reverse("admin:safety_inboxitem_change", args=[item.pk]))
        fresh = self.get_object(request, str(item.pk))
        return self.page(request, fresh or item, refused=name, form=form)


# A service's field by the name the form has for it.
FIELDS = {"case_id": "number", "duplicate_of_id": "number"}


def _has(form: Any, error: DomainError) -> bool:
    return FIELDS.get(error.field or "", error.field or "") in form.fields
