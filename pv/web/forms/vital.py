"""What is learnt of life and death between visits, and who looks after a patient."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.core.errors import DomainError
from pv.terminology.clinical import YesNo
from pv.web.forms.base import RoomForm, chosen, line, password
from pv.web.forms.fields import DayField, PartialField, text_area

COLUMNS = {"died_on": "died", "to_centre": "to_centre_id"}


class LifeForm(RoomForm):
    """Something about a patient, learnt on a day."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, today: date, version: int, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"version": version} | (initial or {}))
        for field in self.fields.values():
            if isinstance(field, DayField):
                field.today = today

    def refuse(self, error: DomainError) -> None:
        """The service names columns."""
        name = COLUMNS.get(str(error.field), error.field)
        self.add_error(name if name in self.fields else None, error.message)

    def answers(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class VerifyDeathForm(LifeForm):
    """The death is verified: the visits end."""

    died = PartialField(label=_("Died on"), help_text=_("As far as it is known: 2026, 2026-02 or 2026-02-13."))
    learned_on = DayField(label=_("Learnt on"))
    source = line(_("From whom"), 200, required=True, help_text=_("Death certificate, hospital record, register."))
    cause = line(_("Cause of death"), 300)
    suspected = chosen(_("Is a reaction to the product suspected?"), YesNo.choices)
    autopsy = chosen(_("Autopsy"), YesNo.choices)


class AliveForm(LifeForm):
    """Somebody reported or recorded as dead is alive."""

    learned_on = DayField(label=_("Learnt on"))
    source = line(_("From whom"), 200, required=True)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=text_area(2))
    password = password()


class LostForm(LifeForm):
    """Nobody can reach the patient any more."""

    learned_on = DayField(label=_("On"))
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=text_area(2), help_text=_("What was tried, and what came of it.")
    )


class FoundForm(LifeForm):
    """A patient who was lost is found again."""

    learned_on = DayField(label=_("On"))
    source = line(_("From whom"), 200, required=True)


class TransferForm(LifeForm):
    """Somebody else looks after the patient. Moving ends nothing."""

    on = DayField(label=_("From which day on"))
    to_centre_id = forms.TypedChoiceField(label=_("Centre"), coerce=UUID, empty_value=None, required=False)
    to_text = line(_("Or in words"), 200, help_text=_("Any hospital, a call centre, a delegate."))
    reason = line(_("Reason"), 500)

    def offer(self, centres: Iterable[tuple[UUID, str]]) -> None:
        """The hospitals and delegates that patients may go to."""
        field = self.fields["to_centre_id"]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [("", "–"), *((str(pk), label) for pk, label in centres)]
