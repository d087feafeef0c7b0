"""A new obligation, alone or together with the conditional approval that it belongs to."""

from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel, User
from pv.core.days import check_plausible
from pv.core.errors import DomainError
from pv.deadlines.computing import ComputedDue, compute_due
from pv.obligations.models import Obligation
from pv.obligations.services import Promise
from pv.products.models import Authorisation
from pv.web.forms.fields import DayField, text_area
from pv.web.forms.new_records import CHOOSE, Block, RecordForm, Refusable, among_own, as_id, choose
from pv.web.forms.products import APPROVAL_BLOCKS, ApprovalFields, choose_approval
from pv.web.presenters import choices

RULE = Obligation.DueSource.RULE
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]


class PromiseFields(Refusable):
    """What is promised, in the authority's own sentence, by when, and who sees to it."""

    computed: ComputedDue | None = None
    where: UUID

    code = forms.CharField(
        label=_("Number"), max_length=40, help_text=_("How your house counts it, for example PMR-12. Once only.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Obligation.Kind.choices)
    title_en = forms.CharField(label=_("Title, English"), max_length=200)
    title_zh = forms.CharField(label=_("Title, Chinese"), max_length=200)
    study = among_own(_("Study"), required=False)
    sentence = forms.CharField(
        label=_("The authority’s own sentence"),
        max_length=5000,
        widget=text_area(4),
        help_text=_("Word for word, as it stands in the document."),
    )
    sentence_language = forms.ChoiceField(label=_("Its language"), choices=LANGUAGES)
    document = forms.CharField(
        label=_("Document"), max_length=200, help_text=_("Title, number and date, for example the certificate.")
    )
    page = forms.CharField(
        label=_("Page"), max_length=20, required=False, widget=forms.TextInput(attrs={"class": "short"})
    )
    due_source = forms.ChoiceField(label=_("Where the date comes from"), choices=Obligation.DueSource.choices)
    due_on = DayField(label=_("Due on"), help_text=_("The day as it is stated or agreed."))
    rule = among_own(_("Rule"))
    counted_from = DayField(label=_("The day it counts from"), help_text=_("Each rule says which day that is."))
    owner = among_own(_("Owner"), hint=_("Who is told first when it becomes due."))

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        if self.cleaned_data.get("due_source") == RULE:
            self._drop("due_on")
            self._compute()
        else:
            self._drop("rule", "counted_from")
        return given

    def _drop(self, *names: str) -> None:
        """What was typed for the other kind of date counts for nothing."""
        for name in names:
            self.errors.pop(name, None)
            self.cleaned_data[name] = None

    def _compute(self) -> None:
        code, start = self.cleaned_data.get("rule"), self.cleaned_data.get("counted_from")
        if not code or not start:
            return
        try:
            self.computed = computed_due(code, self.where, start)
        except DomainError as error:
            self.add_error("counted_from" if error.field == "counted_from" else "rule", error.message)

    def asks_to_look(self) -> bool:
        """A computed date is shown before it is saved; the page that showed it says which day it was."""
        return self.computed is not None and self.data.get("seen") != self.computed.due_on.isoformat()

    def promise(self) -> Promise:
        """What the service takes."""
        given = self.cleaned_data
        found: Promise = {
            "code": given["code"],
            "kind": given["kind"],
            "titles": (given["title_en"], given["title_zh"]),
            "sentence": given["sentence"],
            "sentence_language": given["sentence_language"],
            "document": given["document"],
            "page": given["page"],
            "study_id": as_id(given["study"]),
            "owner": User.objects.get(pk=given["owner"]),
        }
        if self.computed is not None:
            found |= {"rule": given["rule"], "counted_from": given["counted_from"]}
        else:
            found |= {"due_on": given["due_on"], "due_source": given["due_source"]}
        return found

    def same_promise(self, authorisation: Any) -> Obligation | None:
        """The very same promise, where it is recorded already."""
        given = self.cleaned_data
        names = ("code", "kind", "title_en", "title_zh", "document", "page")
        found: Obligation | None = (
            Obligation.objects.for_organisations([self.where])
            .filter(
                **{name: given[name] for name in names},
                authorisation=authorisation,
                study_id=as_id(given["study"]),
                owner_id=given["owner"],
                sentence_hash=sha256(given["sentence"].encode()).hexdigest(),
                original_due_on=self.computed.due_on if self.computed else given["due_on"],
            )
            .first()
        )
        return found


def computed_due(code: str, organisation: UUID, start: date) -> ComputedDue:
    """What a rule makes of a day; both days must be such as people can mean."""
    computed = compute_due(code, organisation, check_plausible(start, "counted_from"))
    check_plausible(computed.due_on, "counted_from")
    return computed


PROMISE_BLOCKS = (
    Block(_("What is promised"), ("code", "kind", "title_en", "title_zh", "study")),
    Block(_("In the authority’s own words"), ("sentence", "sentence_language", "document", "page")),
    Block(
        _("By when"),
        ("due_source", "due_on", "rule", "counted_from"),
        _("Either the day itself, or a rule and the day it counts from."),
        css="by-when",
    ),
    Block(_("Who sees to it"), ("owner",)),
)


def choose_promise(form: RecordForm) -> None:
    """The organisation's studies, rules and people."""
    choose(form, "study", [("", _("none, or not known yet")), *choices.studies(form.where)])
    choose(form, "rule", [("", CHOOSE), *choices.rules(form.where)])
    choose(form, "owner", [("", CHOOSE), *choices.people(form.where)])


class NewObligationForm(PromiseFields, RecordForm):
    """An obligation of an approval that is recorded already."""

    authorisation = among_own(_("Authorisation"), hint=_("The approval it belongs to."))

    blocks = (Block(_("Of which approval"), ("authorisation",)), *PROMISE_BLOCKS)

    def prepare(self) -> None:
        choose_promise(self)
        choose(self, "authorisation", [("", CHOOSE), *choices.authorisations(self.where)])

    def twin(self) -> TenantModel | None:
        return self.same_promise(as_id(self.cleaned_data["authorisation"]))


class ConditionalForm(PromiseFields, ApprovalFields, RecordForm):
    """A conditional approval, and what it was made conditional on."""

    blocks = (*APPROVAL_BLOCKS, *PROMISE_BLOCKS)

    def prepare(self) -> None:
        choose_approval(self)
        choose_promise(self)

    def facts(self) -> dict[str, Any]:
        """What the service takes of the approval."""
        return self.approval() | {"kind": Authorisation.Kind.CONDITIONAL}

    def twin(self) -> TenantModel | None:
        mine = Authorisation.objects.for_organisations([self.where])
        approval = mine.filter(**self.facts()).first()
        return self.same_promise(approval.pk) if approval else None
