"""A holder's own products, approvals and studies."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel
from pv.products.models import Authorisation, Precision, Product, Study
from pv.products.services import MOST_PATIENTS
from pv.web.forms.fields import DayField, text_area
from pv.web.forms.new_records import CHOOSE, Block, RecordForm, Refusable, among_own, as_id, choose, plausible
from pv.web.presenters import choices

NOT_LISTED = _("not in it, or not known")


class ProductForm(RecordForm):
    """A product of one's own."""

    key = forms.CharField(
        label=_("Short name"), max_length=60, help_text=_("How your house calls it, for example demo-cel. Once only.")
    )
    inn = forms.CharField(label=_("INN"), max_length=200, required=False)
    generic_zh = forms.CharField(label=_("Generic name, Chinese"), max_length=200, required=False)
    brand_en = forms.CharField(label=_("Brand, English"), max_length=200, required=False)
    brand_zh = forms.CharField(label=_("Brand, Chinese"), max_length=200, required=False)
    public_entry = among_own(_("In the public register"), required=False)
    product_class = forms.CharField(
        label=_("Class"), max_length=120, help_text=_("For example: CAR-T (autologous), AAV gene therapy.")
    )
    product_class_zh = forms.CharField(label=_("Class, Chinese"), max_length=120)
    target = forms.CharField(label=_("Target"), max_length=120, required=False, help_text=_("For example CD19."))
    vector = forms.CharField(label=_("Vector"), max_length=200, required=False)
    vector_zh = forms.CharField(label=_("Vector, Chinese"), max_length=200, required=False)
    integrating = forms.ChoiceField(
        label=_("Does the vector integrate?"),
        choices=Product.Integrating.choices,
        initial=Product.Integrating.UNKNOWN,
        help_text=_("The length of the follow-up depends on it."),
    )

    blocks = (
        Block(
            _("Names"),
            ("key", "inn", "generic_zh", "brand_en", "brand_zh", "public_entry"),
            _("At least one of the four names."),
        ),
        Block(_("What it is"), ("product_class", "product_class_zh", "target", "vector", "vector_zh", "integrating")),
    )

    def prepare(self) -> None:
        choose(self, "public_entry", [("", NOT_LISTED), *choices.public_products()])

    def facts(self) -> dict[str, Any]:
        """What the service takes."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "organisation"}
        given["public_entry_id"] = as_id(given.pop("public_entry"))
        return given

    def twin(self) -> TenantModel | None:
        found: TenantModel | None = Product.objects.for_organisations([self.where]).filter(**self.facts()).first()
        return found


class ApprovalFields(Refusable):
    """One product approved for one indication, as its certificate says."""

    product = among_own(_("Product"))
    key = forms.CharField(
        label=_("Short name of the approval"),
        max_length=80,
        help_text=_("Product and indication, for example demo-cel/LBCL-3L. Once only."),
    )
    indication_en = forms.CharField(label=_("Indication"), max_length=2000, widget=text_area(2))
    indication_zh = forms.CharField(
        label=_("Indication, Chinese"), max_length=2000, required=False, widget=text_area(2)
    )
    public_entry = among_own(_("In the public register"), required=False)
    holder_en = forms.CharField(label=_("Holder"), max_length=300)
    holder_zh = forms.CharField(label=_("Holder, Chinese"), max_length=300, required=False)
    certificate_number = forms.CharField(label=_("Certificate number"), max_length=80, required=False)
    approved_on = DayField(label=_("Approved on"), help_text=_("The day on the certificate, for example 2026-02-28."))
    study_complete_on = DayField(label=_("Certificate: study complete by"), required=False)
    application_by = DayField(label=_("Certificate: application filed by"), required=False)
    expires_on = DayField(label=_("Certificate expires on"), required=False)

    def approval(self) -> dict[str, Any]:
        """What the service takes, but for the kind."""
        names = ("key", "indication_en", "indication_zh", "holder_en", "holder_zh", "certificate_number")
        days = ("approved_on", "study_complete_on", "application_by", "expires_on")
        given = {name: self.cleaned_data[name] for name in (*names, *days)}
        return given | {
            "product_id": as_id(self.cleaned_data["product"]),
            "public_entry_id": as_id(self.cleaned_data["public_entry"]),
            "approved_precision": Precision.DAY,
        }

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        plausible(self, "approved_on", "study_complete_on", "application_by", "expires_on")
        return given


APPROVAL_BLOCKS = (
    Block(_("What was approved"), ("product", "key", "indication_en", "indication_zh", "public_entry")),
    Block(
        _("What the certificate says"),
        (
            *("holder_en", "holder_zh", "certificate_number", "approved_on"),
            *("study_complete_on", "application_by", "expires_on"),
        ),
        _("Leave out a date that the certificate does not name."),
    ),
)


def choose_approval(form: RecordForm) -> None:
    """The organisation's products, and the entries of the public register."""
    choose(form, "product", [("", CHOOSE), *choices.products(form.where)])
    choose(form, "public_entry", [("", NOT_LISTED), *choices.public_authorisations()])


class AuthorisationForm(ApprovalFields, RecordForm):
    """An approval without conditions."""

    kind = forms.ChoiceField(
        label=_("Kind of approval"),
        choices=[one for one in Authorisation.Kind.choices if one[0] != Authorisation.Kind.CONDITIONAL],
    )

    blocks = (APPROVAL_BLOCKS[0], Block(_("Kind of approval"), ("kind",)), APPROVAL_BLOCKS[1])

    def prepare(self) -> None:
        choose_approval(self)

    def facts(self) -> dict[str, Any]:
        """What the service takes."""
        return self.approval() | {"kind": self.cleaned_data["kind"]}

    def twin(self) -> TenantModel | None:
        mine = Authorisation.objects.for_organisations([self.where])
        found: TenantModel | None = mine.filter(**self.facts()).first()
        return found


class StudyForm(RecordForm):
    """A study, and the products it is about: one box for each, so that a draft keeps them apart."""

    protocol = forms.CharField(label=_("Protocol number"), max_length=60, help_text=_("Once only."))
    kind = forms.ChoiceField(label=_("Kind"), choices=Study.Kind.choices)
    title_en = forms.CharField(label=_("Title, English"), max_length=300)
    title_zh = forms.CharField(label=_("Title, Chinese"), max_length=300)
    registry_numbers = forms.CharField(
        label=_("Registry numbers"),
        max_length=400,
        required=False,
        help_text=_("Several are separated by blanks or commas: CTR20260001, NCT01234567."),
    )
    planned_patients = forms.IntegerField(
        label=_("Patients planned"), min_value=0, max_value=MOST_PATIENTS, required=False
    )
    enrolled_patients = forms.IntegerField(
        label=_("Patients enrolled by now"), min_value=0, max_value=MOST_PATIENTS, required=False
    )

    blocks = (
        Block(_("The study"), ("protocol", "kind", "title_en", "title_zh", "registry_numbers")),
        Block(_("Patients"), ("planned_patients", "enrolled_patients")),
    )

    def prepare(self) -> None:
        self.boxes = []
        for pk, label in choices.products(self.where):
            name = f"product-{pk}"
            self.fields[name] = forms.BooleanField(label=label, required=False)
            self.boxes.append((name, pk))

    def products(self) -> list[forms.BoundField]:
        """The boxes to tick."""
        return [self[name] for name, _pk in self.boxes]

    def clean_registry_numbers(self) -> list[str]:
        numbers = [one for one in re.split(r"[\s,;，；、]+", self.cleaned_data["registry_numbers"]) if one]
        if any(len(one) > 40 for one in numbers):
            raise forms.ValidationError(_("A registry number has at most 40 characters."))
        return numbers

    def facts(self) -> dict[str, Any]:
        """What the service takes."""
        names = ("protocol", "kind", "title_en", "title_zh", "registry_numbers")
        given = {name: self.cleaned_data[name] for name in (*names, "planned_patients", "enrolled_patients")}
        return given | {"products": [as_id(pk) for name, pk in self.boxes if self.cleaned_data[name]]}

    def twin(self) -> TenantModel | None:
        given = self.facts()
        del given["products"]
        found: TenantModel | None = Study.objects.for_organisations([self.where]).filter(**given).first()
        return found


class EnrolmentForm(Refusable):
    """How many patients a study has enrolled by now, as it stood when its page was opened."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    enrolled_patients = forms.IntegerField(
        label=_("Patients enrolled by now"),
        min_value=0,
        max_value=MOST_PATIENTS,
        help_text=_("The number of today; it may be more than planned."),
    )
    planned_patients = forms.IntegerField(
        label=_("Patients planned"), min_value=0, max_value=MOST_PATIENTS, required=False
    )
