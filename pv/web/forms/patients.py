"""Forms about a patient's identifiers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.web.forms.base import RoomForm, line
from pv.web.forms.fields import DayField


class PurposeForm(RoomForm):
    """What the name is needed for."""

    purpose = forms.CharField(
        label=_("What for"),
        max_length=200,
        help_text=_("For example: to call the patient for visit M12."),
    )


class IdentityForm(RoomForm):
    """What stands in the vault."""

    name = line(_("Name"), 120)
    birth_date = DayField(label=_("Date of birth"), required=False)
    phone = line(_("Phone"), 40)
    hospital_number = line(_("Hospital number"), 60)
