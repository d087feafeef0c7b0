"""Quick intake: eight fields on a phone, two taps (practice 25)."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.core.ids import uuid7
from pv.terminology.clinical import Biopsy, Malignancy
from pv.web.forms.base import RoomForm, line, radios
from pv.web.forms.fields import DayField, text_area

REPORTED = [
    (Malignancy.SUSPECTED.value, _("suspected new malignancy")),
    (Malignancy.CONFIRMED.value, _("new malignancy, confirmed by pathology")),
    (Malignancy.RELAPSE.value, _("relapse or progression, not biopsied")),
    (Malignancy.NO.value, _("another adverse event")),
]


class IntakeForm(RoomForm):
    """Who calls, from where, about whom, what happened, and when somebody will cut or treat."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    reporter_name = line(_("Who calls"), 120, required=True)
    reporter_institution = line(_("Hospital"), 200)
    reporter_phone = line(_("Call-back number"), 40)
    product_text = line(_("Product"), 200, help_text=_("As the caller says it."))
    patient_text = line(
        _("Patient, as far as known"), 300, help_text=_("Code if it is known; else initials, age, sex, when infused.")
    )
    malignancy = radios(_("What is reported"), REPORTED)
    what = forms.CharField(
        label=_("What happened"), max_length=5000, widget=text_area(3), help_text=_("In the caller's words.")
    )
    biopsy_on = DayField(label=_("Biopsy, when"), required=False)
    treatment_planned_on = DayField(label=_("Treatment, when"), required=False)

    def __init__(self, data: Any = None, *, today: date, products: list[str] | None = None) -> None:
        super().__init__(data, initial={"submission": uuid7(), "malignancy": Malignancy.SUSPECTED})
        for field in self.fields.values():
            if isinstance(field, DayField):
                field.today = today
        for name in ("reporter_name", "reporter_institution", "reporter_phone", "patient_text"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["reporter_phone"].widget.attrs |= {"type": "tel", "inputmode": "tel"}
        self.fields["product_text"].widget.attrs["list"] = "products"
        self.products = products or []
        self.today = today

    def answers(self) -> dict[str, Any]:
        """What the service is told; a biopsy of yesterday or earlier was done."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        if day := given.get("biopsy_on"):
            given["biopsy"] = Biopsy.DONE if day < self.today else Biopsy.PLANNED
        return given
