"""Recording a holder's own products, authorisations, studies, lots and vector batches.

The public register is written by its loader alone; what is recorded here may point to an entry of it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Required, TypedDict, Unpack
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import PUBLIC_ORGANISATION, User
from pv.accounts.rows import locked, own
from pv.accounts.services import check_may
from pv.core.constraints import Refusal, refusing
from pv.core.errors import Conflict, DomainError, NotFound
from pv.core.typed import cleaned, happened
from pv.products.models import Authorisation, Lot, Precision, Product, Study, StudyProduct, VectorBatch

NEEDS_CONFIRMATORY = {
    "conditional_authorisation_has_a_confirmatory_obligation": Refusal(
        _("A conditional approval needs at least one confirmatory obligation. Record them together."), "kind"
    )
}
PRODUCT_WORDS = {"product_key_once_in_an_organisation": Refusal(_("There is a product with this key already."), "key")}
AUTHORISATION_WORDS = {
    "authorisation_key_once_in_an_organisation": Refusal(_("There is an authorisation with this key already."), "key"),
    "authorisation_date_and_precision_together": Refusal(
        _("Give the day of approval and how much of it is known, or neither."), "approved_on"
    ),
}
STUDY_WORDS = {
    "study_protocol_once_in_an_organisation": Refusal(
        _("There is a study with this protocol number already."), "protocol"
    ),
    "study_product_once": Refusal(_("A product is named twice."), "products"),
}

LOT_WORDS = {
    "vector_batch_once_in_an_organisation": Refusal(_("There is a vector batch of this number already."), "code"),
    "lot_once_in_an_organisation": Refusal(_("There is a lot of this number already."), "code"),
}


class ProductFacts(TypedDict, total=False):
    """What may be said of a product beside its key and class."""

    inn: str
    generic_zh: str
    brand_en: str
    brand_zh: str
    target: str
    vector: str
    vector_zh: str
    integrating: str


class AuthorisationFacts(TypedDict, total=False):
    """One product for one indication; what kind of approval; what the certificate says."""

    key: Required[str]
    product_id: Required[UUID]
    holder_en: Required[str]
    indication_en: Required[str]
    kind: Required[str]
    kind_certainty: str
    status: str
    public_entry_id: UUID | None
    holder_zh: str
    indication_zh: str
    kind_note_en: str
    kind_note_zh: str
    approved_on: date | None
    approved_precision: str
    certificate_number: str
    study_complete_on: date | None
    application_by: date | None
    expires_on: date | None
    pivotal_trials: str
    confirmatory_trials: str
    sources: list[str]


def record_product(
    *,
    by: User,
    organisation: UUID,
    key: str,
    product_class: str,
    product_class_zh: str,
    public_entry_id: UUID | None = None,
    **facts: Unpack[ProductFacts],
) -> Product:
    """Record a holder's own product; it may be linked to the entry of the public register."""
    check_may(by, "product.write", organisation)
    if public_entry_id is not None:
        _public(Product, public_entry_id)
    if not (facts.get("inn") or facts.get("generic_zh") or facts.get("brand_en") or facts.get("brand_zh")):
        raise DomainError(_("Give the product at least one name."), field="inn")
    with writing_for(organisation), refusing(PRODUCT_WORDS):
        product: Product = Product.objects.create(
            organisation_id=organisation,
            key=_said(key, "key"),
            product_class=_said(product_class, "product_class"),
            product_class_zh=_said(product_class_zh, "product_class_zh"),
            public_entry_id=public_entry_id,
            **facts,
        )
    return product


def record_authorisation(*, by: User, organisation: UUID, **facts: Unpack[AuthorisationFacts]) -> Authorisation:
    """Record one product approved for one indication.

    A conditional approval comes with its confirmatory obligations, in one go:
    pv.obligations.services.record_conditional_authorisation. Alone it is refused here.
    """
    with refusing(NEEDS_CONFIRMATORY, at_once=True):
        return write_authorisation(by=by, organisation=organisation, **facts)


def write_authorisation(*, by: User, organisation: UUID, **facts: Unpack[AuthorisationFacts]) -> Authorisation:
    """The same without asking for obligations: for the room above, which writes them in the same transaction."""
    check_may(by, "product.write", organisation)
    own(Product, organisation, facts["product_id"])
    if (entry := facts.get("public_entry_id")) is not None:
        _public(Authorisation, entry)
    facts["key"] = _said(facts["key"], "key")
    facts["holder_en"] = _said(facts["holder_en"], "holder_en")
    facts["indication_en"] = _said(facts["indication_en"], "indication_en")
    _one_of(Authorisation.Kind.values, facts["kind"], "kind")
    _one_of(Authorisation.Certainty.values, facts.setdefault("kind_certainty", "confirmed"), "kind_certainty")
    _one_of(Authorisation.Status.values, facts.setdefault("status", facts["kind"]), "status")
    facts.setdefault("approved_precision", Precision.DAY if facts.get("approved_on") else Precision.UNKNOWN)
    _check_typing_errors(facts)
    with writing_for(organisation), refusing(AUTHORISATION_WORDS):
        authorisation: Authorisation = Authorisation.objects.create(organisation_id=organisation, **facts)
    return authorisation


def correct_kind(
    authorisation_id: UUID,
    *,
    by: User,
    kind: str,
    kind_certainty: str,
    reason: str,
    version: int | None = None,
) -> Authorisation:
    """Correct what kind of approval it is; nothing else is touched, and obligations stay as they are.

    A status that only repeated the kind follows it; what the authority did (suspended, withdrawn) stays.
    """
    authorisation = locked(Authorisation, authorisation_id, version=version)
    check_may(by, "product.write", authorisation.organisation_id)
    why = _said(reason, "reason")
    old = authorisation.kind
    if kind == old and kind_certainty == authorisation.kind_certainty:
        raise Conflict(_("It is recorded as this kind already."))
    with writing_for(authorisation.organisation_id, reason=why), refusing(NEEDS_CONFIRMATORY, at_once=True):
        authorisation.kind = _one_of(Authorisation.Kind.values, kind, "kind")
        authorisation.kind_certainty = _one_of(Authorisation.Certainty.values, kind_certainty, "kind_certainty")
        if authorisation.status == old:
            authorisation.status = authorisation.kind
        authorisation.version += 1
        authorisation.save(update_fields=["kind", "kind_certainty", "status", "version"])
    return authorisation


def record_study(
    *,
    by: User,
    organisation: UUID,
    protocol: str,
    kind: str,
    title_en: str,
    title_zh: str,
    products: Iterable[UUID] = (),
    registry_numbers: Sequence[str] = (),
    planned_patients: int | None = None,
    enrolled_patients: int | None = None,
) -> Study:
    """Record a study and which products it is about."""
    check_may(by, "study.write", organisation)
    about = [own(Product, organisation, product_id) for product_id in products]
    with writing_for(organisation), refusing(STUDY_WORDS):
        study: Study = Study.objects.create(
            organisation_id=organisation,
            protocol=_said(protocol, "protocol"),
            kind=_one_of(Study.Kind.values, kind, "kind"),
            title_en=_said(title_en, "title_en"),
            title_zh=_said(title_zh, "title_zh"),
            registry_numbers=list(registry_numbers),
            planned_patients=_patients(planned_patients, "planned_patients"),
            enrolled_patients=_patients(enrolled_patients, "enrolled_patients"),
        )
        StudyProduct.objects.bulk_create(
            [StudyProduct(organisation_id=organisation, study=study, product=product) for product in about]
        )
    return study


def update_enrolment(
    study_id: UUID,
    *,
    by: User,
    enrolled_patients: int,
    planned_patients: int | None = None,
    version: int | None = None,
) -> Study:
    """Say how many patients a study has enrolled by now; it may be more than planned."""
    study = locked(Study, study_id, version=version)
    check_may(by, "study.write", study.organisation_id)
    with writing_for(study.organisation_id):
        study.enrolled_patients = _patients(enrolled_patients, "enrolled_patients")
        if planned_patients is not None:
            study.planned_patients = _patients(planned_patients, "planned_patients")
        study.version += 1
        study.save(update_fields=["enrolled_patients", "planned_patients", "version"])
    return study


class BatchFacts(TypedDict, total=False):
    """What look-back asks of a vector batch."""

    plasmid: str
    key_reagents: str
    site: str
    manufactured_on: date | None
    process_version: str
    out_of_specification: bool
    note: str


def record_vector_batch(
    *, by: User, organisation: UUID, product_id: UUID, code: str, **facts: Unpack[BatchFacts]
) -> VectorBatch:
    """Record one batch of vector: it links patients who never met."""
    check_may(by, "lot.write", organisation)
    row = VectorBatch(
        organisation_id=organisation,
        product=own(Product, organisation, product_id),
        code=_said(code, "code"),
        **facts,
    )
    _write_lot(row)
    return row


class LotFacts(TypedDict, total=False):
    """What is known of a lot beside its number."""

    manufactured_on: date | None
    expires_on: date | None
    process_version: str
    apheresis_centre: str
    out_of_specification: bool
    vector_copy_number: Decimal | None
    note: str


def record_lot(
    *,
    by: User,
    organisation: UUID,
    product_id: UUID,
    code: str,
    vector_batch_id: UUID | None = None,
    **facts: Unpack[LotFacts],
) -> Lot:
    """Record one lot of a product, and the vector batch it was made with."""
    check_may(by, "lot.write", organisation)
    batch = own(VectorBatch, organisation, vector_batch_id) if vector_batch_id else None
    if batch is not None and batch.product_id != product_id:
        raise DomainError(_("This vector batch is of another product."), field="vector_batch")
    row = Lot(
        organisation_id=organisation,
        product=own(Product, organisation, product_id),
        vector_batch=batch,
        code=_said(code, "code"),
        **facts,
    )
    if row.manufactured_on and row.expires_on and row.expires_on < row.manufactured_on:
        raise DomainError(_("It would have expired before it was made."), field="expires_on")
    _write_lot(row)
    return row


def _write_lot(row: Lot | VectorBatch) -> None:
    cleaned(row)
    if row.manufactured_on is not None:
        happened(row.manufactured_on, "manufactured_on")
    with writing_for(row.organisation_id), refusing(LOT_WORDS):
        row.save(force_insert=True)


def _public(model: type[Product] | type[Authorisation], pk: UUID) -> None:
    if not model.objects.for_organisations([PUBLIC_ORGANISATION]).filter(pk=pk).exists():
        raise NotFound(_("The public register has no such entry."), field="public_entry")


def _said(text: str, field: str) -> str:
    """A text that must be there, without the blanks around it."""
    if not text.strip():
        raise DomainError(_("This must be given."), code="required", field=field)
    return text.strip()


def _one_of(values: Sequence[str], value: str, field: str) -> str:
    if value not in values:
        raise DomainError(_("This is not one of the choices."), field=field)
    return value


MOST_PATIENTS = 1_000_000


def _patients(number: int | None, field: str) -> int | None:
    if number is not None and not 0 <= number <= MOST_PATIENTS:
        raise DomainError(_("A number of patients lies between 0 and one million."), field=field)
    return number


def _check_typing_errors(facts: AuthorisationFacts) -> None:
    """A date before the approval is a slip of the finger; any other contradiction in a certificate is recorded."""
    approved = facts.get("approved_on")
    dates = {
        "study_complete_on": facts.get("study_complete_on"),
        "application_by": facts.get("application_by"),
        "expires_on": facts.get("expires_on"),
    }
    for field, day in dates.items():
        if approved is not None and day is not None and day < approved:
            raise DomainError(_("This lies before the day of approval."), field=field)
