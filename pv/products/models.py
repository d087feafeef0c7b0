"""Product, Alias, Authorisation, Study, and the figures of the pipeline."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel


def _reader_wants_chinese() -> bool:
    return (get_language() or "").startswith("zh")


class Product(TenantModel):
    """A cell or gene therapy product. A holder's own row links to the public entry, if there is one."""

    class Integrating(models.TextChoices):
        YES = "yes", _("yes")
        NO = "no", _("no")
        UNKNOWN = "unknown", _("not known")

    key = models.CharField(_("key"), max_length=60)
    inn = models.CharField(_("INN"), max_length=200, blank=True)
    generic_zh = models.CharField(_("generic name, Chinese"), max_length=200, blank=True)
    brand_en = models.CharField(_("brand, English"), max_length=200, blank=True)
    brand_zh = models.CharField(_("brand, Chinese"), max_length=200, blank=True)
    product_class = models.CharField(_("class"), max_length=120)
    product_class_zh = models.CharField(_("class, Chinese"), max_length=120)
    target = models.CharField(_("target"), max_length=120, blank=True)
    vector = models.CharField(_("vector"), max_length=200, blank=True)
    vector_zh = models.CharField(_("vector, Chinese"), max_length=200, blank=True)
    integrating = models.CharField(
        _("integrating"), max_length=8, choices=Integrating.choices, default=Integrating.UNKNOWN
    )
    public_entry = models.ForeignKey(
        "self",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entry of the public register"),
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["key"]
        constraints = [models.UniqueConstraint("organisation", "key", name="product_key_once_in_an_organisation")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name a reader knows it by, in their language."""
        english, chinese = self.inn or self.brand_en, self.generic_zh or self.brand_zh
        return (chinese or english if _reader_wants_chinese() else english or chinese) or self.key


class Alias(TenantModel):
    """Another name: match whole names, never parts (瑞基奥仑赛 stands inside 舒瑞基奥仑赛)."""

    class Language(models.TextChoices):
        EN = "en", _("English")
        ZH = "zh", _("Chinese")
        CODE = "code", _("code")

    product = models.ForeignKey(Product, models.PROTECT, db_constraint=False, db_index=False, related_name="aliases")
    language = models.CharField(_("language"), max_length=4, choices=Language.choices)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("until"), null=True, blank=True)
    note_en = models.CharField(_("note"), max_length=300, blank=True)
    note_zh = models.CharField(_("note, Chinese"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("other name")
        verbose_name_plural = _("other names")
        ordering = ["language", "name"]
        constraints = [
            models.UniqueConstraint("organisation", "product", "language", "name", name="alias_once_for_a_product")
        ]

    def __str__(self) -> str:
        return self.name


class Precision(models.TextChoices):
    """How much of a date is known."""

    DAY = "day", _("day")
    MONTH = "month", _("month")
    UNKNOWN = "unknown", _("not known")


class Authorisation(TenantModel):
    """One product for one indication, by one holder. The kind can be corrected without touching anything else."""

    class Kind(models.TextChoices):
        CONDITIONAL = "conditional", _("conditional approval")
        FULL = "full", _("full approval")
        UNKNOWN = "unknown", _("kind not known")

    class Certainty(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed by wording read")
        SUPPORTED = "supported", _("supported by sources")
        INFERRED_MEDIUM = "inferred_medium", _("inferred, medium certainty")
        INFERRED_LOW = "inferred_low", _("inferred, low certainty")
        UNKNOWN = "unknown", _("not known")

    class Status(models.TextChoices):
        CONDITIONAL = "conditional", _("conditional")
        FULL = "full", _("full")
        SUSPENDED = "suspended", _("suspended")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        UNKNOWN = "unknown", _("not known")

    key = models.CharField(_("key"), max_length=80)
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="authorisations",
        verbose_name=_("product"),
    )
    public_entry = models.ForeignKey(
        "self",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entry of the public register"),
    )
    holder_en = models.CharField(_("holder"), max_length=300)
    holder_zh = models.CharField(_("holder, Chinese"), max_length=300, blank=True)
    holder_note_en = models.CharField(_("about the holder"), max_length=300, blank=True)
    holder_note_zh = models.CharField(_("about the holder, Chinese"), max_length=300, blank=True)
    indication_en = models.TextField(_("indication"))
    indication_zh = models.TextField(_("indication, Chinese"), blank=True)
    indication_zh_translated = models.BooleanField(_("Chinese indication translated by us"), default=False)
    kind = models.CharField(_("kind of approval"), max_length=12, choices=Kind.choices)
    kind_certainty = models.CharField(_("how sure the kind is"), max_length=16, choices=Certainty.choices)
    kind_note_en = models.TextField(_("about the kind"), blank=True)
    kind_note_zh = models.TextField(_("about the kind, Chinese"), blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices)
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    approved_precision = models.CharField(_("known to the"), max_length=8, choices=Precision.choices)
    approved_note_en = models.CharField(_("about the date"), max_length=300, blank=True)
    approved_note_zh = models.CharField(_("about the date, Chinese"), max_length=300, blank=True)
    announced_on = models.DateField(_("announced on"), null=True, blank=True)
    announced_precision = models.CharField(
        _("announcement known to the"), max_length=8, choices=Precision.choices, default=Precision.UNKNOWN
    )
    certificate_number = models.CharField(_("certificate"), max_length=80, blank=True)
    study_complete_on = models.DateField(_("certificate: study complete by"), null=True, blank=True)
    application_by = models.DateField(_("certificate: application filed by"), null=True, blank=True)
    expires_on = models.DateField(_("certificate expires on"), null=True, blank=True)
    pivotal_trials = models.TextField(_("pivotal trials"), blank=True)
    confirmatory_trials = models.TextField(_("confirmatory trials"), blank=True)
    trials_note_en = models.TextField(_("about the trials"), blank=True)
    trials_note_zh = models.TextField(_("about the trials, Chinese"), blank=True)
    confirmatory_status_en = models.TextField(_("confirmatory trial, as published"), blank=True)
    confirmatory_status_zh = models.TextField(_("confirmatory trial, as published, Chinese"), blank=True)
    counted_mid_2025 = models.BooleanField(_("in the count of mid-2025"), default=False)
    sources = ArrayField(models.TextField(), verbose_name=_("sources"), default=list, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint("organisation", "key", name="authorisation_key_once_in_an_organisation"),
            models.CheckConstraint(
                name="authorisation_date_and_precision_together",
                condition=Q(approved_on=None, approved_precision="unknown")
                | Q(approved_on__isnull=False, approved_precision__in=["day", "month"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.label}: {self.indication}"

    @property
    def indication(self) -> str:
        chosen = self.indication_zh if _reader_wants_chinese() else self.indication_en
        return chosen or self.indication_en

    @property
    def holder(self) -> str:
        chosen = self.holder_zh if _reader_wants_chinese() else self.holder_en
        return chosen or self.holder_en


class Study(TenantModel):
    """A study a holder runs: confirmatory, long-term follow-up, real-world or other."""

    class Kind(models.TextChoices):
        CONFIRMATORY = "confirmatory", _("confirmatory trial")
        FOLLOW_UP = "follow_up", _("long-term follow-up study")
        REAL_WORLD = "real_world", _("real-world study")
        OTHER = "other", _("other study")

    protocol = models.CharField(_("protocol number"), max_length=60)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    title_en = models.CharField(_("title"), max_length=300)
    title_zh = models.CharField(_("title, Chinese"), max_length=300)
    registry_numbers = ArrayField(
        models.CharField(max_length=40), verbose_name=_("registry numbers"), default=list, blank=True
    )
    planned_patients = models.PositiveIntegerField(_("patients planned"), null=True, blank=True)
    enrolled_patients = models.PositiveIntegerField(_("patients enrolled"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        ordering = ["protocol"]
        constraints = [
            models.UniqueConstraint("organisation", "protocol", name="study_protocol_once_in_an_organisation")
        ]

    def __str__(self) -> str:
        return self.protocol

    @property
    def title(self) -> str:
        return self.title_zh if _reader_wants_chinese() else self.title_en


class StudyProduct(TenantModel):
    """That a study is about a product."""

    study = models.ForeignKey(Study, models.PROTECT, db_constraint=False, db_index=False, related_name="products")
    product = models.ForeignKey(Product, models.PROTECT, db_constraint=False, db_index=False, related_name="studies")

    class Meta:
        verbose_name = _("product of a study")
        verbose_name_plural = _("products of a study")
        constraints = [models.UniqueConstraint("organisation", "study", "product", name="study_product_once")]

    def __str__(self) -> str:
        return f"{self.study} · {self.product}"


class PipelineFigure(TenantModel):
    """One published count of the development pipeline, with its unit. None is "not given", never zero.

    A figure of section "stage" is a cell of the picture, its key "therapy/stage" in codes; the others stand apart.
    """

    class Section(models.TextChoices):
        STAGE = "stage", _("by therapy and stage")
        FIGURE = "figure", _("figure")
        HEADLINE = "headline", _("headline of another text")

    key = models.CharField(_("key"), max_length=60)
    section = models.CharField(_("section"), max_length=10, choices=Section.choices)
    record = models.CharField(_("figure"), max_length=120)
    record_zh = models.CharField(_("figure, Chinese"), max_length=120)
    therapy = models.CharField(_("therapy"), max_length=60, blank=True)
    therapy_zh = models.CharField(_("therapy, Chinese"), max_length=60, blank=True)
    stage = models.CharField(_("stage"), max_length=60, blank=True)
    stage_zh = models.CharField(_("stage, Chinese"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("order"))
    count = models.PositiveIntegerField(_("count"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=40)
    as_of = models.CharField(_("as of"), max_length=10)
    note_en = models.TextField(_("note"), blank=True)
    note_zh = models.TextField(_("note, Chinese"), blank=True)
    source = models.TextField(_("source"))

    class Meta:
        verbose_name = _("pipeline figure")
        verbose_name_plural = _("pipeline figures")
        ordering = ["position"]
        constraints = [models.UniqueConstraint("organisation", "key", "as_of", name="pipeline_figure_once")]

    def __str__(self) -> str:
        return f"{self.record} {self.therapy} {self.stage}"


class VectorBatch(TenantModel):
    """One batch of vector: what links patients who never met (practice 27). Data come from QA."""

    product = models.ForeignKey(
        Product,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="vector_batches",
        verbose_name=_("product"),
    )
    code = models.CharField(_("vector batch"), max_length=60)
    plasmid = models.CharField(_("plasmid"), max_length=120, blank=True)
    key_reagents = models.TextField(_("key reagents"), blank=True)
    site = models.CharField(_("manufacturing site"), max_length=200, blank=True)
    manufactured_on = models.DateField(_("manufactured on"), null=True, blank=True)
    process_version = models.CharField(_("process version"), max_length=40, blank=True)
    out_of_specification = models.BooleanField(_("out of specification"), default=False)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("vector batch")
        verbose_name_plural = _("vector batches")
        ordering = ["code"]
        constraints = [models.UniqueConstraint("organisation", "code", name="vector_batch_once_in_an_organisation")]

    def __str__(self) -> str:
        return self.code


class Lot(TenantModel):
    """One lot of a product; of an autologous one it is one person's."""

    product = models.ForeignKey(
        Product, models.PROTECT, db_constraint=False, db_index=False, related_name="lots", verbose_name=_("product")
    )
    vector_batch = models.ForeignKey(
        VectorBatch,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="lots",
        verbose_name=_("vector batch"),
    )
    code = models.CharField(_("lot"), max_length=60)
    manufactured_on = models.DateField(_("manufactured on"), null=True, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    process_version = models.CharField(_("process version"), max_length=40, blank=True)
    apheresis_centre = models.CharField(_("apheresis centre"), max_length=200, blank=True)
    out_of_specification = models.BooleanField(_("out of specification"), default=False)
    vector_copy_number = models.DecimalField(
        _("vector copies per cell"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        ordering = ["code"]
        constraints = [models.UniqueConstraint("organisation", "code", name="lot_once_in_an_organisation")]

    def __str__(self) -> str:
        return self.code
