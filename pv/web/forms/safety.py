"""What is said about a report or a case: triage, match, confirm, stand down, answer, assess, report."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.safety.models import InboxItem
from pv.terminology.clinical import Causality, Lineage, Outcome, YesNo
from pv.web.forms.base import RoomForm, chosen, line, password, radios
from pv.web.forms.fields import DayField, PartialField, text_area

REASON = _("One or two sentences. An inspector reads it.")


class TriageForm(RoomForm):
    """What a report is. The button says the outcome, and which case or report it belongs to."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.CharField(widget=forms.HiddenInput, max_length=60)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        widget=text_area(2),
        help_text=_("Needed for everything but a new case."),
    )
    password = password(_("Needed for “not reportable”, and to end a new malignancy: you sign it."))

    outcomes = {str(one) for one in InboxItem.State.values}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].required = False

    def refuse(self, error: Any) -> None:
        field = {"case_id": None, "duplicate_of_id": None}.get(str(error.field), error.field)
        self.add_error(field if field in self.fields else None, error.message)


class MatchForm(RoomForm):
    """Which patient a report is about."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    patient = line(_("Patient code"), 40, required=True)


class ConfirmForm(RoomForm):
    """Pathology confirms a suspicion."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    diagnosis = line(_("Diagnosis, in the pathologist's words"), 300, required=True)
    lineage = radios(_("Where it comes from"), Lineage.choices)
    onset = PartialField(
        label=_("Onset"), required=False, help_text=_("As far as it is known: 2026, 2026-02 or 2026-02-13.")
    )


class StandDownForm(RoomForm):
    """A suspicion was none."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=text_area(2), help_text=REASON)
    password = password()


class AnswerForm(RoomForm):
    """An open question is answered."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    answer = forms.CharField(label=_("Answer"), max_length=500)


class AssessForm(RoomForm):
    """One person's signed judgement of the version that stands."""

    causality = radios(_("Related to the product, in the holder's view"), Causality.choices)
    expected = radios(_("Expected by the label"), YesNo.choices)
    reasoning = forms.CharField(label=_("Reasoning"), max_length=4000, widget=text_area(4), help_text=REASON)
    password = password()


class ReportedForm(RoomForm):
    """That the report went to the authority."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reported_on = DayField(label=_("Reported on"))
    evidence = line(_("Evidence"), 280, required=True, help_text=_("The receipt or acknowledgement: number and date."))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = self.fields["reported_on"]
        if isinstance(day, DayField):
            day.today = today


class NewsForm(RoomForm):
    """News about a case: a new version beside the old ones."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    learned_on = DayField(label=_("Learnt on"))
    diagnosis = line(_("What happened"), 300, required=True)
    lineage = chosen(_("Lineage"), Lineage.choices)
    onset = line(_("Onset"), 10, help_text=_("As far as it is known: 2026, 2026-02 or 2026-02-13."))
    outcome = chosen(_("Outcome"), Outcome.choices)
    narrative = forms.CharField(label=_("Narrative as it stands now"), required=False, widget=text_area(5))
    significant = radios(
        _("Is the news significant?"),
        [("yes", _("yes: if the case was reported, a follow-up report is due")), ("no", _("no"))],
    )
    why = line(_("What is new, and why it is significant or not"), 300, required=True)

    content = ("diagnosis", "lineage", "onset", "outcome")

    def __init__(self, *args: Any, stands: Mapping[str, str], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stands = stands
        day = self.fields["learned_on"]
        if isinstance(day, DayField):
            day.today = today

    def answers(self) -> dict[str, Any]:
        """What the service is told: only what differs from how the case stands."""
        given = dict(self.cleaned_data)
        said = {name: given.pop(name) for name in self.content}
        changes = {name: value for name, value in said.items() if value != self.stands.get(name, "")}
        return given | {"changes": changes, "significant": given["significant"] == "yes"}
