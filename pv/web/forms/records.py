"""What is learnt at a visit or contact: the full visit, the minimum contact, the missed visit, an event in between."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from pv.core.errors import DomainError
from pv.core.ids import uuid7
from pv.followup.models import ContactAttempt, VisitRecord
from pv.terminology.clinical import Biopsy, Causality, EventKind, Lineage, Malignancy, Outcome, Serious, YesNo
from pv.web.forms.base import RoomForm, chosen, line, password, radios, several
from pv.web.forms.fields import DayField, PartialField, text_area

TUMOUR = frozenset({Malignancy.CONFIRMED, Malignancy.SUSPECTED})
# What the service calls the fields.
COLUMNS = {"seen_on": "seen", "onset_on": "onset", "died_on": "died"}
LABS = {
    "leukocytes": "10⁹/l",
    "neutrophils": "10⁹/l",
    "haemoglobin": "g/l",
    "platelets": "10⁹/l",
    "b_cells": "/µl",
    "igg": "g/l",
    "transgene_copies": _("copies/µg DNA"),
}
# The same figure in the unit that other laboratories print.
ALSO = {"haemoglobin": ("g/dl", "0.1"), "igg": ("mg/dl", "100")}


@dataclass(frozen=True, slots=True)
class Block:
    """Fields that are one idea. `when`: shown once that field has one of these answers; without JavaScript always."""

    title: Any
    fields: tuple[str, ...]
    lead: Any = ""
    when: str = ""
    is_malignancy: bool = False
    is_open: bool = True
    css: str = ""


SEEN = Block(_("The contact"), ("seen", "way", "alive"))
DEATH = Block(
    _("Death"),
    ("died", "death_cause", "death_suspected", "death_autopsy"),
    lead=_("Visits pause at once and nobody is called any more. The death is verified in a step of its own."),
    when="alive=no",
)
MALIGNANCY = Block(_("New malignancy?"), ("malignancy",), is_malignancy=True)
TUMOUR_BLOCK = Block(
    _("What was found"), ("diagnosis", "lineage", "onset", "diagnosed_by"), when="malignancy=confirmed,suspected"
)
TISSUE = Block(_("Tissue"), ("biopsy", "biopsy_on"), when="malignancy=confirmed,suspected,relapse")
DISEASE = Block(_("Treated disease"), ("disease_status", "ecog", "new_therapy", "new_therapy_on"))
BLOOD = Block(_("Laboratory"), tuple(LABS), lead=_("Leave empty what was not measured."), css="figures")
KNOWN = Block(
    _("Known since"),
    ("known_to_holder_on", "known_to_delegate_on", "known_to_site_on"),
    lead=_("Day 0 of a report is the day the holder or its delegate first knew. Today, unless you say otherwise."),
)
TOLD = Block(
    _("Who told us"),
    ("reporter_name", "reporter_profession", "reporter_institution", "reporter_phone", "reporter_consents"),
    is_open=False,
)
REST = Block(_("Anything else"), ("reachable_at", "note"), is_open=False)


def day(label: Any, **more: Any) -> DayField:
    return DayField(label=label, required=False, **more)


def partial(label: Any, **more: Any) -> PartialField:
    return PartialField(label=label, required=False, **more)


class RecordForm(RoomForm):
    """The questions that every contact asks."""

    kind: ClassVar[str]
    blocks: ClassVar[tuple[Block, ...]]
    title: ClassVar[Any]
    verb: ClassVar[Any]

    submission = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    seen = PartialField(label=_("Seen or spoken to on"))
    way = radios(_("How"), VisitRecord.Way.choices)
    alive = radios(_("Is the patient alive?"), YesNo.choices)
    died = partial(_("Died on"), help_text=_("As far as it is known: 2026, 2026-02 or 2026-02-13."))
    death_cause = line(_("Cause of death"), 300)
    death_suspected = chosen(_("Is a reaction to the product suspected?"), YesNo.choices)
    death_autopsy = chosen(_("Autopsy"), YesNo.choices)
    malignancy = radios(_("A new malignancy since the infusion"), Malignancy.choices)
    diagnosis = line(_("Diagnosis, in the reporter's words"), 300)
    lineage = radios(_("Where it comes from"), Lineage.choices, required=False)
    onset = partial(_("Onset"), help_text=_("As far as it is known: 2026, 2026-02 or 2026-02-13."))
    diagnosed_by = line(_("How it was diagnosed"), 200)
    biopsy = radios(_("Biopsy"), Biopsy.choices, required=False)
    biopsy_on = day(_("Biopsy on (or planned for)"))
    reachable_at = line(
        _("Looked after now by"), 200, help_text=_("If the patient has moved: hospital or place. Moving ends nothing.")
    )
    known_to_holder_on = day(_("Known to the holder on"))
    known_to_delegate_on = day(_("Known to the delegate on"))
    known_to_site_on = day(_("Known to the site on"))
    reporter_name = line(_("Told by"), 120)
    reporter_profession = line(_("Profession"), 60)
    reporter_institution = line(_("Institution"), 200)
    reporter_phone = line(_("Phone"), 40)
    reporter_consents = chosen(_("May be contacted"), YesNo.choices)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=text_area())

    def __init__(self, data: Any = None, *, today: date, initial: dict[str, Any] | None = None) -> None:
        given = {"submission": uuid7(), "known_to_holder_on": today} | (initial or {})
        super().__init__(data, initial=given)
        wanted = {name for block in self.blocks for name in block.fields} | {"submission", "version"}
        for name in set(self.fields) - wanted:
            del self.fields[name]
        for field in self.fields.values():
            if isinstance(field, DayField):
                field.today = today

    def refuse(self, error: DomainError) -> None:
        """The service names columns; an onset without a tumour is an event's, and is said on top."""
        name = COLUMNS.get(str(error.field), error.field)
        if name == "onset" and self.cleaned_data.get("malignancy") not in TUMOUR:
            name = None
        self.add_error(name if name in self.fields else None, error.message)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("malignancy") in TUMOUR:
            self._ask(given, "diagnosis", _("Say what was found, in the reporter's words."))
            self._ask(given, "lineage", _("Say where it comes from; “not known yet” is an answer."))
        return given

    def _ask(self, given: dict[str, Any], name: str, words: Any) -> None:
        if name in self.fields and not given.get(name) and name not in self.errors:
            self.add_error(name, words)

    def answers(self) -> dict[str, Any]:
        """What the service is told, without what belongs to an answer that was not given."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        if given.get("malignancy") not in TUMOUR:
            for name in (*TUMOUR_BLOCK.fields, *(() if given.get("malignancy") == "relapse" else TISSUE.fields)):
                given.pop(name, None)
        death = {name.removeprefix("death_"): given.pop(name) for name in DEATH.fields if name in given}
        return given | {"kind": self.kind} | ({"death": death} if given.get("alive") == YesNo.NO else {})


class VisitForm(RecordForm):
    """A full visit."""

    kind = VisitRecord.Kind.FULL
    title = _("Record the visit")
    verb = _("Save the visit")
    blocks = (SEEN, DEATH, MALIGNANCY, TUMOUR_BLOCK, TISSUE, DISEASE, BLOOD, KNOWN, TOLD, REST)

    disease_status = chosen(_("Treated disease"), VisitRecord.Disease.choices)
    ecog = chosen(_("ECOG"), [(str(n), str(n)) for n in range(6)])
    new_therapy = line(_("New anti-cancer therapy"), 200)
    new_therapy_on = day(_("Since"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LABS:
            column: Any = VisitRecord._meta.get_field(name)
            self.fields[name] = figure(name, column.verbose_name, column.max_digits, column.decimal_places)

    def clean_ecog(self) -> int | None:
        text = self.cleaned_data["ecog"]
        return int(text) if text else None


def figure(name: str, label: Any, most: int, decimals: int) -> forms.DecimalField:
    """A laboratory value, with its unit beside it and in the other usual unit."""
    attrs = {"inputmode": "decimal", "class": "short", "autocomplete": "off"}
    field = forms.DecimalField(
        label=capfirst(str(label).partition(" (")[0]),
        required=False,
        min_value=Decimal(0),
        max_digits=most,
        decimal_places=decimals,
        localize=False,
        widget=forms.TextInput(attrs=attrs),
    )
    field.unit = LABS[name]  # type: ignore[attr-defined]  # read by the field's template
    field.also = ALSO.get(name)  # type: ignore[attr-defined]
    return field


class ContactForm(RecordForm):
    """The minimum contact: alive, new malignancy, where. It meets lifelong monitoring only."""

    kind = VisitRecord.Kind.MINIMAL
    title = _("Minimum contact")
    verb = _("Save the contact")
    blocks = (
        SEEN, DEATH, MALIGNANCY, TUMOUR_BLOCK, TISSUE,
        Block(_("Anything else"), ("reachable_at", "note", "known_to_holder_on"), is_open=False),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, today: date, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, today=today, initial={"seen": today, "way": VisitRecord.Way.PHONE} | (initial or {}))


class EventReportForm(RecordForm):
    """An event told between two visits."""

    kind = VisitRecord.Kind.MINIMAL
    title = _("Report an event")
    verb = _("Save the event")
    blocks = (
        Block(_("When and from whom"), ("seen", "way", "alive")), DEATH, MALIGNANCY, TUMOUR_BLOCK, TISSUE, KNOWN,
        TOLD, Block(_("Anything else"), ("note",), is_open=False),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, today: date, initial: dict[str, Any] | None = None) -> None:
        usual = {"seen": today, "way": VisitRecord.Way.PHONE, "malignancy": Malignancy.NOT_ASKED}
        super().__init__(data, today=today, initial=usual | (initial or {}))


class MissedForm(RoomForm):
    """A visit that did not take place."""

    title = _("Record the visit as missed")
    verb = _("Save as missed")

    submission = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    missed_reason = line(_("Why it was missed"), 300, required=True)
    reachable_at = line(_("Looked after now by"), 200)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=text_area())

    def __init__(self, data: Any = None, *, today: date, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"submission": uuid7()} | (initial or {}))

    def answers(self) -> dict[str, Any]:
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        return given | {"kind": VisitRecord.Kind.MISSED}


class EventForm(RoomForm):
    """One adverse event, in the reporter's words and judgement."""

    kind = chosen(_("Kind"), EventKind.choices)
    verbatim = line(_("What happened, in the reporter's words"), 300)
    onset = partial(_("Onset"))
    grade = chosen(_("Grade"), [(str(n), str(n)) for n in range(1, 6)])
    seriousness = several(_("Serious because of"), Serious.choices, help_text=_("None: not serious."))
    hospital_from = day(_("In hospital from"))
    hospital_to = day(_("In hospital until"))
    treatment_given = line(_("Treated with"), 300)
    outcome = chosen(_("Outcome"), Outcome.choices)
    reporter_causality = chosen(_("Related to the product, in the reporter's view"), Causality.choices)

    detail = ("treatment_given", "hospital_from", "hospital_to", "outcome", "reporter_causality")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.has_changed():
            for name in ("kind", "verbatim"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, _("This field is required."))
        return given

    def answers(self) -> dict[str, Any]:
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}
        if "grade" in given:
            given["grade"] = int(given["grade"])
        if "seriousness" in given:
            given["seriousness"] = tuple(given["seriousness"])
        return given


class EventForms(BaseFormSet):  # type: ignore[type-arg]  # the stubs' generic is not to be had at run time
    """The events of one record; one is open, more are added."""

    @property
    def is_wrong(self) -> bool:
        return self.is_bound and any(form.errors for form in self.forms)

    def answers(self) -> list[dict[str, Any]]:
        return [form.answers() for form in self.forms if form.has_changed()]


def event_forms(data: Any, more: int = 0) -> EventForms:
    """As many as were sent, one at least, and `more` empty ones."""
    kind: Any = formset_factory(EventForm, formset=EventForms, extra=1, max_num=20, absolute_max=20)
    if more:
        data = data.copy()
        data["events-TOTAL_FORMS"] = str(min(as_number(data.get("events-TOTAL_FORMS")) + more, 20))
    made: EventForms = kind(prefix="events") if data is None else kind(data, prefix="events")
    return made


def as_number(text: Any) -> int:
    return int(text) if str(text or "").isdecimal() else 0


class AttemptForm(RoomForm):
    """Somebody tried to reach the patient."""

    on = DayField(label=_("On"))
    channel = radios(_("How"), ContactAttempt.Channel.choices)
    result = radios(_("What came of it"), ContactAttempt.Result.choices)
    note = line(_("Note"), 300)

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, initial={"on": today, "channel": ContactAttempt.Channel.PHONE})
        on = self.fields["on"]
        if isinstance(on, DayField):
            on.today = today


class ExcuseForm(RoomForm):
    """The signed decision that a visit's data are not to be had, or that the visit does not apply."""

    state = radios(
        _("Decided"),
        [("unavailable", _("the data cannot be had")), ("not_applicable", _("the visit does not apply"))],
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=text_area())
    password = password()
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
