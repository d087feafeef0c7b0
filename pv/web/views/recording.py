"""What a holder begins with: products, approvals, studies, obligations. Each form calls one service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pv.accounts.models import Organisation, TenantModel
from pv.accounts.policy import can, check_can
from pv.core.errors import DomainError, NotAllowed, NotFound
from pv.core.partial import PartialDate
from pv.obligations import services
from pv.obligations.models import Obligation
from pv.products.models import Authorisation, Product, Study
from pv.products.services import record_authorisation, record_product, record_study
from pv.web.forms.new_records import RecordForm
from pv.web.forms.products import AuthorisationForm, ProductForm, StudyForm
from pv.web.forms.promises import ConditionalForm, NewObligationForm, computed_due
from pv.web.http import PortalRequest, page
from pv.web.presenters import obligations as shown
from pv.web.presenters.acts import told_next
from pv.web.presenters.choices import start_of
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.due import as_uuid
from pv.web.presenters.holdings import holdings
from pv.web.templatetags.portal import day as in_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

METHODS = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class New:
    """A form for something new: who may, what is said on its page, and the service behind it."""

    name: str
    form: Callable[..., RecordForm]
    verb: str
    title: "StrOrPromise"
    button: "StrOrPromise"
    lead: "StrOrPromise"
    save: Callable[[PortalRequest, Any], TenantModel]


def _record(request: PortalRequest, new: New, initial: dict[str, Any] | None = None) -> HttpResponse:
    """The form, or what was recorded. A second click finds the record that the first one made."""
    where = _organisation(request)
    check_can(request.access, new.verb, where.pk)
    posted = request.method == "POST"
    form = new.form(request.POST if posted else None, organisation=where.pk, initial=_begun(where) | (initial or {}))
    draft, status = _draft(request, new, where), 422 if posted else 200
    if posted and form.is_valid():
        if form.asks_to_look():
            status = 200
        elif (made := _save(request, form, new)) is not None:
            messages.success(request, _said(made), extra_tags=draft)
            return HttpResponseRedirect(_address(made))
    context = {
        "section": "obligations",
        "new": new,
        "form": form,
        "draft": draft,
        "for_whom": where,
        "look": posted and form.is_valid() and form.asks_to_look(),
    }
    return render(request, "web/new_record_form.html", context, status=status)


def _draft(request: PortalRequest, new: New, where: Organisation) -> str:
    """One draft for each record that a link begins with: what was typed for one approval is not put under another."""
    begun = [as_uuid(request.GET.get(name, "")) for name in ("product", "authorisation", "study")]
    return "-".join(str(one) for one in ("new", new.name, where.pk, *begun) if one)


def _organisation(request: PortalRequest) -> Organisation:
    """The organisation the form was opened for; else the one worked for at the moment."""
    wanted = as_uuid(request.POST.get("organisation", "")) or request.access.organisation
    found = next((one for one in request.organisations if one.pk == wanted), None)
    if found is None:
        raise NotFound(_("There is no such record."))
    return found


def _begun(where: Organisation) -> dict[str, Any]:
    """Sensible beginnings: an approval is one's own."""
    return {"holder_en": where.name, "holder_zh": where.name_zh}


def _save(request: PortalRequest, form: RecordForm, new: New) -> TenantModel | None:
    try:
        with transaction.atomic():
            return new.save(request, form)
    except (NotAllowed, NotFound):
        raise
    except DomainError as error:
        made = form.twin()
        if made is None:
            form.refuse(error)
        return made


def _said(made: TenantModel) -> str:
    """What was set in motion: for an obligation, its date and who is told next."""
    if not isinstance(made, Obligation):
        return _("%(what)s is recorded.") % {"what": made}
    row = shown.rows([made], Desk([made.organisation_id]))[0]
    words = _("%(code)s is recorded, due %(due)s.") % {"code": made.code, "due": in_words(made.due_on)}
    return " ".join(part for part in (words, told_next(row.clock)) if part)


def _address(made: TenantModel) -> str:
    if isinstance(made, Obligation):
        return reverse("web:obligation", args=[made.pk])
    if isinstance(made, Study):
        return reverse("web:study", args=[made.pk])
    return f"{reverse('web:products')}#{made.pk}"


def _save_product(request: PortalRequest, form: ProductForm) -> Product:
    return record_product(by=request.user, organisation=form.where, **form.facts())


def _save_authorisation(request: PortalRequest, form: AuthorisationForm) -> Authorisation:
    return record_authorisation(by=request.user, organisation=form.where, **form.facts())


def _save_conditional(request: PortalRequest, form: ConditionalForm) -> Obligation:
    _approval, opened = services.record_conditional_authorisation(
        by=request.user, organisation=form.where, promises=[form.promise()], **form.facts()
    )
    return opened[0]


def _save_study(request: PortalRequest, form: StudyForm) -> Study:
    return record_study(by=request.user, organisation=form.where, **form.facts())


def _save_obligation(request: PortalRequest, form: NewObligationForm) -> Obligation:
    return services.open_obligation(
        by=request.user,
        organisation=form.where,
        authorisation_id=UUID(form.cleaned_data["authorisation"]),
        **form.promise(),
    )


PRODUCT = New(
    "product",
    ProductForm,
    "product.write",
    gettext_lazy("New product"),
    gettext_lazy("Record the product"),
    gettext_lazy("A product of your own. Its approvals and studies are recorded afterwards."),
    _save_product,
)
AUTHORISATION = New(
    "authorisation",
    AuthorisationForm,
    "product.write",
    gettext_lazy("New approval without conditions"),
    gettext_lazy("Record the approval"),
    gettext_lazy("One product for one indication. A conditional approval is recorded with its obligation instead."),
    _save_authorisation,
)
CONDITIONAL = New(
    "conditional",
    ConditionalForm,
    "product.write",
    gettext_lazy("New conditional approval"),
    gettext_lazy("Record approval and obligation"),
    gettext_lazy(
        "The approval and its first confirmatory obligation are recorded together, or not at all. "
        "Further obligations follow one by one."
    ),
    _save_conditional,
)
STUDY = New(
    "study",
    StudyForm,
    "study.write",
    gettext_lazy("New study"),
    gettext_lazy("Record the study"),
    gettext_lazy("Its milestones are planned on its own page afterwards."),
    _save_study,
)
OBLIGATION = New(
    "obligation",
    NewObligationForm,
    "obligation.write",
    gettext_lazy("New obligation"),
    gettext_lazy("Open the obligation"),
    gettext_lazy("One thing to be delivered, by a date. Its clock starts when it is saved."),
    _save_obligation,
)


@page("product.write", methods=METHODS)
def product(request: PortalRequest) -> HttpResponse:
    """A product of one's own."""
    return _record(request, PRODUCT)


@page("product.write", methods=METHODS)
def authorisation(request: PortalRequest) -> HttpResponse:
    """An approval without conditions."""
    return _record(request, AUTHORISATION, {"product": request.GET.get("product", "")})


@page("product.write", methods=METHODS)
def conditional(request: PortalRequest) -> HttpResponse:
    """A conditional approval together with its confirmatory obligation."""
    initial = {"product": request.GET.get("product", ""), "owner": str(request.user.pk)}
    return _record(request, CONDITIONAL, initial)


@page("study.write", methods=METHODS)
def study(request: PortalRequest) -> HttpResponse:
    """A study of one's own."""
    return _record(request, STUDY)


@page("obligation.write", methods=METHODS)
def obligation(request: PortalRequest) -> HttpResponse:
    """An obligation of an approval that is recorded already."""
    chosen = {name: request.GET.get(name, "") for name in ("authorisation", "study")}
    return _record(request, OBLIGATION, chosen | {"owner": str(request.user.pk)})


@page("obligation.write")
def computed(request: PortalRequest) -> HttpResponse:
    """What a rule makes of a day, while the form is being filled in; nothing is stored."""
    where = as_uuid(request.GET.get("organisation", "")) or request.access.organisation
    check_can(request.access, "obligation.write", where)
    context: dict[str, Any] = {}
    code, typed = request.GET.get("rule", ""), request.GET.get("counted_from", "").strip()
    if code and where and not typed:
        context["start"] = start_of(code, where)
    elif code and where:
        try:
            start = PartialDate.parse(typed)
            if start.day is not None:
                context["computed"] = computed_due(code, where, start.earliest())
        except DomainError as error:
            context["problem"] = error.message
    return render(request, "web/parts/computed_due.html", context)


@page("product.read")
def products(request: PortalRequest) -> HttpResponse:
    """One's own products with their approvals, and one's own studies."""
    mine, access = request.access.anywhere("product.read"), request.access
    may_open = set(access.anywhere("obligation.write"))
    context = {
        "section": "obligations",
        "holdings": holdings(mine),
        "studies": Study.objects.for_organisations(mine).prefetch_related("products__product").order_by("protocol"),
        "names": organisation_names(request.organisations),
        "may_write": can(access, "product.write"),
        "may_enrol": can(access, "study.write"),
        "may_open": may_open,
        "may_read": bool(access.anywhere("obligation.read")),
    }
    return render(request, "web/products.html", context)
