"""What may be said about an obligation or a milestone as it stands: its dates, its owner, its next state."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import User
from pv.obligations.models import Milestone, Obligation
from pv.obligations.services import MOST_EVIDENCE
from pv.web.forms.fields import DayField, text_area
from pv.web.forms.new_records import CHOOSE, Refusable, among_own, choose, offer_today
from pv.web.presenters import choices


class ActForm(Refusable):
    """A form about one record, as it stood when its page was opened."""

    answers: ClassVar[str]
    """What this form sets; its draft is kept under this name."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        row: Obligation | Milestone,
        today: date,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"version": row.version} | (initial or {}))
        self.row, self.today = row, today
        self.prepare()

    def prepare(self) -> None:
        """Fill in what depends on the record."""

    def typed(self, *names: str) -> str:
        """What was typed into the first of these fields that this form has."""
        name = next((one for one in names if one in self.fields), None)
        return str(self[name].value() or "") if name else ""


def reason_field(*, required: bool = True) -> forms.CharField:
    """Why; an inspector reads it."""
    hint = _("One or two sentences. An inspector reads it.")
    return forms.CharField(
        label=_("Reason"), max_length=500, required=required, widget=text_area(), help_text=hint if required else ""
    )


def evidence_field(hint: Any, *, required: bool = True) -> forms.CharField:
    """The document behind it."""
    return forms.CharField(label=_("Evidence"), max_length=MOST_EVIDENCE, required=required, help_text=hint)


class DueForm(ActForm):
    """Another due date, and what allows it."""

    answers = "due_on"
    due_on = DayField(label=_("New due date"), help_text=_("For example 2026-02-28. What was first promised stays."))
    due_source = forms.ChoiceField(
        label=_("Where the new date comes from"),
        required=False,
        choices=[
            ("", _("as before: nothing but the day changes")),
            (Obligation.DueSource.CERTIFICATE.value, _("the authority states it: legal")),
            (Obligation.DueSource.AGREED.value, _("agreed inside the house: internal")),
        ],
    )
    reason = reason_field()
    evidence = evidence_field(_("The document that allows it: title, number, date, page."))


class ForecastForm(ActForm):
    """When it will probably be done. No clock moves."""

    answers = "forecast_on"
    forecast_on = DayField(
        label=_("Forecast"),
        required=False,
        help_text=_("When you expect it to be done. Leave it empty to take it back."),
    )
    reason = reason_field(required=False)

    def prepare(self) -> None:
        self.initial["forecast_on"] = self.row.forecast_on


class SubmitForm(ActForm):
    """That the authority accepted the submission."""

    answers = "submitted_on"
    submitted_on = DayField(label=_("Accepted by the authority on"), help_text=_("The day on the acceptance notice."))
    evidence = evidence_field(_("The acceptance notice: number and date."))

    def prepare(self) -> None:
        offer_today(self, "submitted_on", self.today)


class DecidedForm(ActForm):
    """That something was decided on a day that has come."""

    decided_on = DayField(label=_("Decided on"), help_text=_("The day on the authority’s document."))

    def prepare(self) -> None:
        offer_today(self, "decided_on", self.today)


class FulfilForm(DecidedForm):
    """That the authority decided it is fulfilled."""

    answers = "fulfilled"
    evidence = evidence_field(_("The authority’s decision: title, number, date."))


class WaiveForm(DecidedForm):
    """That the authority no longer asks for it."""

    answers = "waived"
    reason = reason_field()
    evidence = evidence_field(_("The authority’s letter: title, number, date."))


class FailForm(DecidedForm):
    """That it was not kept."""

    answers = "failed"
    decided_on = DayField(label=_("Known on"), help_text=_("The day on which this was clear."))
    reason = reason_field()
    evidence = evidence_field(_("For example the final report."), required=False)


class ReturnForm(ActForm):
    """That the authority sent the submission back."""

    answers = "returned"
    reason = reason_field()
    evidence = evidence_field(_("The authority’s letter: title, number, date."))


class ReopenForm(ActForm):
    """That it is taken up again; a failed one by a dated document of the authority."""

    answers = "reopened"
    reason = reason_field()
    document = forms.CharField(
        label=_("Document of the authority"), max_length=MOST_EVIDENCE, required=False, help_text=_("Title and number.")
    )
    document_on = DayField(label=_("Date of the document"), required=False)

    def prepare(self) -> None:
        if isinstance(self.row, Obligation) and self.row.state == Obligation.State.FAILED:
            self.fields["document"].required = self.fields["document_on"].required = True


class OwnerForm(ActForm):
    """Who owns it from now on."""

    answers = "owner"
    owner = among_own(_("New owner"), hint=_("Who is told first from the next warning on."))
    reason = reason_field(required=False)

    def prepare(self) -> None:
        people, now = choices.people(self.row.organisation_id), str(self.row.owner_id)
        others = [one for one in people if one[0] != now]
        # What is sent is for the service to judge: of two clicks the second finds the new owner there.
        choose(self, "owner", [("", CHOOSE), *(people if self.is_bound else others)])

    def clean_owner(self) -> User:
        return User.objects.get(pk=self.cleaned_data["owner"])


class MoveForm(ActForm):
    """Another day for a step of a study."""

    answers = "moved"
    due_on = DayField(label=_("Now planned"), help_text=_("The first plan stays."))
    reason = reason_field()


class MilestoneForecastForm(ActForm):
    """When the step will probably be reached."""

    answers = "forecast"
    forecast_on = DayField(
        label=_("Forecast"),
        required=False,
        help_text=_("When you expect it to be reached. Leave it empty to take it back."),
    )

    def prepare(self) -> None:
        self.initial["forecast_on"] = self.row.forecast_on


class ReachedForm(ActForm):
    """The day the step was reached."""

    answers = "reached"
    reached_on = DayField(label=_("Reached on"))

    def prepare(self) -> None:
        offer_today(self, "reached_on", self.today)


class PlanForm(Refusable):
    """A step of a study that is not planned yet."""

    kind = forms.ChoiceField(label=_("Milestone"))
    planned_on = DayField(label=_("Planned for"), help_text=_("Warnings count from this day."))
    forecast_on = DayField(label=_("Forecast"), required=False, help_text=_("If you expect another day already."))
    owner = among_own(_("Owner"), hint=_("Who is told first when it becomes due."))

    def __init__(
        self, data: QueryDict | None, *, organisation: UUID, planned: Iterable[str], initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial=initial)
        choose(self, "kind", [one for one in Milestone.Kind.choices if data or one[0] not in planned])
        choose(self, "owner", [("", CHOOSE), *choices.people(organisation)])

    def clean_owner(self) -> User:
        return User.objects.get(pk=self.cleaned_data["owner"])
