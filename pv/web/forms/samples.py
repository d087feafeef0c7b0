"""Specimens: registered, collected, moved, held; loans; what was asked for and how it was answered."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.biosamples.models import CustodyEvent, Loan, Specimen
from pv.biosamples.models.plans import Temperature
from pv.biosamples.rules import State, What, after
from pv.biosamples.services import MOVABLE
from pv.terminology.clinical import Material, Timing
from pv.web.forms.base import RoomForm, chosen, line, radios
from pv.web.forms.fields import DayField, PartialField

Choices = Iterable[tuple[Any, Any]]


class MomentField(forms.DateTimeField):
    """A day with its hour, or nothing: then it is now."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "short", "placeholder": "2026-02-28 14:30", "autocomplete": "off", "inputmode": "numeric"}
        super().__init__(
            required=False,
            input_formats=["%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d"],
            widget=forms.TextInput(attrs=attrs),
            help_text=_("Now, unless you say otherwise: 2026-02-28 14:30."),
            **kwargs,
        )


def number(label: Any, **more: Any) -> forms.DecimalField:
    attrs = {"inputmode": "decimal", "class": "short", "autocomplete": "off"}
    return forms.DecimalField(
        label=label, required=False, max_digits=14, decimal_places=3, widget=forms.TextInput(attrs=attrs), **more
    )


class SampleForm(RoomForm):
    """Whoever has it is one of the organisation's parties."""

    def __init__(self, *args: Any, parties: Choices = (), today: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("holder_id", "lender_id"):
            field = self.fields.get(name)
            if isinstance(field, forms.TypedChoiceField):
                blank = [] if field.required else [("", _("the organisation itself"))]
                field.choices = [*blank, *((str(pk), label) for pk, label in parties)]
        for field in self.fields.values():
            if isinstance(field, DayField):
                field.today = today

    def answers(self) -> dict[str, Any]:
        """What the service is told, without what was left empty."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


def party(label: Any, *, required: bool = False) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, coerce=UUID, empty_value=None, required=required)


class SpecimenForm(SampleForm):
    """A specimen of a patient: taken now, or there already."""

    act = radios(
        _("What is recorded"), [("collected", _("it was taken just now")), ("there", _("it is there already"))]
    )
    code = line(_("Number on the tube or block"), 40, required=True)
    timing = radios(_("From when"), Timing.choices)
    material = chosen(_("What it is"), Material.choices, required=True)
    temperature = chosen(_("How cold it is kept"), Temperature.choices, required=True)
    collected = PartialField(
        label=_("Taken on"), required=False, help_text=_("As far as it is known; for what is there already.")
    )
    holder_id = party(_("Who has it"))
    place = line(_("Where it stands"), 120, help_text=_("Freezer, rack, box, position."))
    quantity = number(_("Quantity"))
    unit = line(_("Unit"), 20)
    route = chosen(
        _("Route under the genetic-resource rules"), Specimen.Route.choices, required=True,
        initial=Specimen.Route.UNDECIDED, help_text=_("Not decided never stops clinical sampling."),
    )  # fmt: skip
    route_evidence = line(_("Evidence of the route"), 200)
    document = line(_("Document"), 200)
    note = line(_("Note"), 300)


class CollectForm(SampleForm):
    """What was asked for was taken."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    code = line(_("Number on the tube or block"), 40, required=True)
    at = MomentField(label=_("Taken at"))
    kept_at_site = forms.BooleanField(
        label=_("The site keeps it for now"), required=False, help_text=_("Lawful: nobody may be able to travel.")
    )
    holder_id = party(_("Who has it"))
    place = line(_("Where it stands"), 120)
    quantity = number(_("Quantity"))
    unit = line(_("Unit"), 20)
    note = line(_("Note"), 300)


class EndForm(SampleForm):
    """A request ends without a specimen."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    how = radios(
        _("What became of it"),
        [("at_site", _("the site has stained or tested it itself")), ("not_available", _("it cannot be had"))],
    )
    reason = line(_("Reason"), 500, required=True)


class MoveForm(SampleForm):
    """What was done with a specimen: only what can be done as it stands."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    what = radios(_("What was done"), [])
    at = MomentField(label=_("When"))
    holder_id = party(_("To whom, or who has it now"))
    place = line(_("Where it stands"), 120)
    change = number(_("Used up"), help_text=_("How much an analysis used."))
    celsius = number(_("Temperature (°C)"))
    document = line(_("Document"), 200, help_text=_("Waybill, receipt, certificate of destruction."))
    note = line(_("Note"), 300)

    def __init__(self, *args: Any, specimen: Specimen, may_dispose: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = [one for one in MOVABLE if after(What(one), State(specimen.state)) is not None]
        if specimen.on_hold or not may_dispose:
            allowed = [one for one in allowed if one != What.DISPOSED]
        labels = dict(CustodyEvent.What.choices)
        field = self.fields["what"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(one, labels[one]) for one in allowed]
        self.allowed = allowed

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        if "change" in given:
            given["change"] = -abs(given["change"])
        return given


class ExcursionForm(SampleForm):
    """It was warmer than it may be."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    celsius = number(_("Highest temperature (°C)"))
    minutes = forms.IntegerField(
        label=_("Minutes above the limit"), min_value=1, max_value=1_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
    )  # fmt: skip
    at = MomentField(label=_("When"))
    note = line(_("Note"), 300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["celsius"].required = True


class HoldForm(SampleForm):
    """Not to be destroyed, because of one report."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    cause = forms.TypedChoiceField(label=_("Because of"), coerce=UUID)
    note = line(_("Note"), 300)

    def __init__(self, *args: Any, causes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["cause"]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [(str(pk), label) for pk, label in causes]


class ReleaseForm(SampleForm):
    """A hold ends."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = line(_("Reason"), 300, required=True)


class LoanForm(SampleForm):
    """Blocks or slides lent by a pathology department."""

    kind = radios(_("What was lent"), Loan.Kind.choices)
    pieces = forms.IntegerField(
        label=_("Pieces"), min_value=1, max_value=999, initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
    )  # fmt: skip
    pathology_number = line(_("Pathology number"), 60)
    lender_id = party(_("Lender"), required=True)
    borrower = line(_("Borrowed by"), 120, required=True, help_text=_("Often the patient, against an identity card."))
    deposit = number(_("Deposit (CNY)"))
    lent_on = DayField(label=_("Lent on"))
    return_by = DayField(label=_("To be returned by"))
    note = line(_("Note"), 300)


class ReturnForm(SampleForm):
    """It went back."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    returned_on = DayField(label=_("Returned on"))
    note = line(_("Note"), 300)
