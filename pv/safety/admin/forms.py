"""The forms of a report's page: what each sends to which service. A refusal comes back beside what was typed."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    BASE_INPUT_CLASSES,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from pv.core.errors import DomainError
from pv.core.partial import PartialDate
from pv.safety.models import Case, InboxItem
from pv.terminology.clinical import Lineage

MOST_CANDIDATES = 8


REASON = _("Reason")


def reason_field(label: Any = REASON, *, required: bool = True) -> forms.CharField:
    """Why; it stands in the record's ledger."""
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})
    return forms.CharField(label=label, required=required, max_length=500, widget=widget)


def password_field(*, required: bool = True) -> forms.CharField:
    """The signature: asked for afresh, never shown again."""
    attrs = {"class": " ".join(BASE_INPUT_CLASSES), "autocomplete": "current-password"}
    widget = forms.PasswordInput(attrs=attrs)
    return forms.CharField(label=_("Your password, as signature"), required=required, strip=False, widget=widget)


class Act(forms.Form):
    """A form with the version its reader saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, item: InboxItem, **more: Any) -> None:
        self.item = item
        super().__init__(*args, **{"auto_id": f"{type(self).__name__.lower()}_%s", "label_suffix": ""} | more)
        self.fields["version"].initial = item.version

    def given(self) -> dict[str, Any]:
        """What the service is called with."""
        return dict(self.cleaned_data)


class ToCase(Act):
    reason = reason_field(_("Note (optional)"), required=False)

    def given(self) -> dict[str, Any]:
        return super().given() | {"outcome": "case"}


class Target(Act):
    """Which case or report: one of the candidates, or another by its number."""

    target = forms.ChoiceField(label=_("Candidates"), required=False, widget=UnfoldAdminRadioSelectWidget)
    number = forms.CharField(
        label=_("or another, by its number"), required=False, max_length=24, widget=UnfoldAdminTextInputWidget
    )
    reason = reason_field()

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        found = candidates(self.item)
        field: Any = self.fields["target"]
        field.choices = [(key, label) for key, label in found]
        if not found:
            del self.fields["target"]

    def _named(self) -> tuple[str, UUID]:
        """("case" | "item", id). Raises DomainError for the field that names nothing."""
        number = self.cleaned_data.get("number", "").strip()
        chosen = self.cleaned_data.get("target", "")
        if not number and not chosen:
            raise DomainError(_("Choose one, or give its number."), field="number")
        if not number:
            what, _colon, pk = chosen.partition(":")
            return what, UUID(pk)
        mine = [self.item.organisation_id]
        case = Case.objects.for_organisations(mine).filter(number__iexact=number).first()
        if case is not None:
            return "case", case.pk
        other = InboxItem.objects.for_organisations(mine).filter(number__iexact=number).first()
        if other is None:
            raise DomainError(_("There is no such case or report."), field="number")
        return "item", other.pk


class ToFollowUp(Target):
    significant = forms.BooleanField(
        label=_("Significant new information: a reported case gets a new reporting time"), required=False, initial=True
    )
    field_order = ("target", "number", "significant", "reason")

    def given(self) -> dict[str, Any]:
        what, pk = self._named()
        if what == "item":
            other = InboxItem.objects.for_organisations([self.item.organisation_id]).get(pk=pk)
            if other.case_id is None:
                raise DomainError(_("That report is no case yet. Is this a duplicate of it?"), field="number")
            pk = other.case_id
        said = self.cleaned_data
        return {
            "outcome": "follow_up", "case_id": pk, "significant": said["significant"], "reason": said["reason"],
            "version": said["version"],
        }  # fmt: skip


class ToDuplicate(Target):
    def given(self) -> dict[str, Any]:
        what, pk = self._named()
        said = self.cleaned_data
        key = "case_id" if what == "case" else "duplicate_of_id"
        return {"outcome": "duplicate", key: pk, "reason": said["reason"], "version": said["version"]}


class ToNothing(Act):
    outcome = forms.ChoiceField(
        label=_("What it is"),
        choices=[
            ("not_valid", _("not valid: no patient, reporter, product or event")),
            ("not_reportable", _("not to be reported")),
        ],
        widget=UnfoldAdminRadioSelectWidget,
        initial="not_valid",
    )
    reason = reason_field()
    password = password_field(required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        always = self.item.kind == InboxItem.Kind.MALIGNANCY
        self.fields["password"].help_text = (
            _("A new malignancy is ended by signature only.") if always else _("Needed for what is not to be reported.")
        )


class StandDown(Act):
    reason = reason_field()
    password = password_field()


class Confirm(Act):
    diagnosis = forms.CharField(label=_("Diagnosis by pathology"), max_length=300, widget=UnfoldAdminTextInputWidget)
    lineage = forms.ChoiceField(label=_("Lineage"), choices=Lineage.choices, widget=UnfoldAdminSelectWidget)
    onset = forms.CharField(
        label=_("Onset"),
        required=False,
        max_length=20,
        help_text=_("2026-02-13, or 2026-02, or 2026"),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["diagnosis"].initial = self.item.diagnosis
        self.fields["lineage"].initial = self.item.lineage

    def given(self) -> dict[str, Any]:
        said = super().given()
        try:
            onset = PartialDate.parse(said["onset"]) if said["onset"].strip() else None
        except DomainError as error:
            error.field = "onset"
            raise
        return said | {"onset": onset}


class Match(Act):
    code = forms.CharField(label=_("Patient code"), max_length=40, widget=UnfoldAdminTextInputWidget)


class Answer(forms.Form):
    answer = forms.CharField(label=_("Answer"), max_length=500, widget=UnfoldAdminTextInputWidget)


def candidates(item: InboxItem) -> list[tuple[str, str]]:
    """Reports that may be about the same: of this patient first, else the latest of the same kind."""
    mine = InboxItem.objects.for_organisations([item.organisation_id]).exclude(pk=item.pk)
    mine = mine.filter(state__in=["new", "case", "follow_up"]).select_related("case", "patient")
    near = mine.filter(patient=item.patient_id) if item.patient_id else mine.filter(kind=item.kind)
    return [(_key(one), _label(one)) for one in near.order_by("-received_at")[:MOST_CANDIDATES]]


def _key(item: InboxItem) -> str:
    return f"item:{item.pk}"


def _label(item: InboxItem) -> str:
    number = f"{item.case.number} ({item.number})" if item.case and item.case.number else item.number
    whose = item.patient.code if item.patient else item.patient_text
    day_zero = f"{_('day 0')} {item.day_zero}"
    parts = (number, whose, item.diagnosis, item.get_lineage_display(), day_zero, item.get_state_display())
    return " · ".join(str(part) for part in parts if part)
