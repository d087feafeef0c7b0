"""What may be said about an obligation: another due date, a forecast, that its submission was accepted."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pv.core.errors import DomainError
from pv.obligations.models import Obligation
from pv.obligations.services import MOST_EVIDENCE
from pv.web.forms.fields import DayField, text_area


class ObligationForm(forms.Form):
    """A form about one obligation, as it stood when its page was opened."""

    answers: ClassVar[str]
    """The date this form sets: the field of the form and of the obligation."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        obligation: Obligation,
        today: date,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"version": obligation.version} | (initial or {}))
        self.obligation, self.today = obligation, today

    def refuse(self, error: DomainError) -> None:
        """Put a service's refusal beside the field it names, or on top."""
        field = error.field if error.field in self.fields else None
        self.add_error(field, error.message)


class DueForm(ObligationForm):
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
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=text_area(),
        help_text=_("One or two sentences. An inspector reads it."),
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=MOST_EVIDENCE,
        help_text=_("The document that allows it: title, number, date, page."),
    )


class ForecastForm(ObligationForm):
    """When it will probably be done. No clock moves."""

    answers = "forecast_on"
    forecast_on = DayField(
        label=_("Forecast"),
        required=False,
        help_text=_("When you expect it to be done. Leave it empty to take it back."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False, widget=text_area())

    def __init__(self, data: QueryDict | None, *, obligation: Obligation, today: date) -> None:
        now = {"forecast_on": obligation.forecast_on}
        super().__init__(data, obligation=obligation, today=today, initial=now)


class SubmitForm(ObligationForm):
    """That the authority accepted the submission."""

    answers = "submitted_on"
    submitted_on = DayField(label=_("Accepted by the authority on"), help_text=_("The day on the acceptance notice."))
    evidence = forms.CharField(
        label=_("Evidence"), max_length=MOST_EVIDENCE, help_text=_("The acceptance notice: number and date.")
    )

    def __init__(self, data: QueryDict | None, *, obligation: Obligation, today: date) -> None:
        super().__init__(data, obligation=obligation, today=today)
        day = self.fields["submitted_on"]
        if isinstance(day, DayField):
            day.today = today
