"""Specimen, and its ledger of custody."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import Party, TenantModel, User
from pv.biosamples.models.plans import SamplingRequest, Temperature
from pv.core.partial_columns import date_and_precision, precision_column
from pv.followup.models import Visit
from pv.patients.models import Patient, Treatment
from pv.terminology.clinical import Material, Timing


class Specimen(TenantModel):
    """One tube, block or set of slides. Where it is now is a cache of its ledger and can be rebuilt from it."""

    class State(models.TextChoices):
        COLLECTED = "collected", _("collected")
        AT_SITE = "at_site", _("held at the site")
        IN_TRANSIT = "in_transit", _("in transit")
        RECEIVED = "received", _("received")
        STORED = "stored", _("stored")
        IN_ANALYSIS = "in_analysis", _("in analysis")
        EXHAUSTED = "exhausted", _("exhausted")
        RETURNED = "returned", _("returned")
        DISPOSED = "disposed", _("disposed of")
        LOST = "lost", _("lost")

    class Route(models.TextChoices):
        """By which lawful way it was taken (practice 30). A gate never stops clinical sampling."""

        CLINICAL = "clinical", _("clinical purpose")
        NOTIFICATION = "notification", _("notification")
        PERMIT = "permit", _("permit")
        PRIOR_REPORT = "prior_report", _("prior report")
        UNDECIDED = "undecided", _("not decided")

    code = models.CharField(_("specimen"), max_length=40)
    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="specimens",
        verbose_name=_("patient"),
    )
    treatment = models.ForeignKey(
        Treatment,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="specimens",
        verbose_name=_("treatment"),
    )
    visit = models.ForeignKey(
        Visit,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="specimens",
        verbose_name=_("drawn at"),
    )
    request = models.ForeignKey(
        SamplingRequest,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="specimens",
        verbose_name=pgettext_lazy("samples", "request"),
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="aliquots",
        verbose_name=_("taken from"),
    )
    timing = models.CharField(_("when"), max_length=16, choices=Timing.choices)
    material = models.CharField(_("material"), max_length=12, choices=Material.choices)
    description = models.CharField(_("description"), max_length=200, blank=True)
    collected_on = models.DateField(_("collected on"), null=True, blank=True)
    collected_precision = precision_column()
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    temperature = models.CharField(_("temperature"), max_length=8, choices=Temperature.choices)
    route = models.CharField(_("route"), max_length=12, choices=Route.choices, default=Route.UNDECIDED)
    route_evidence = models.CharField(_("evidence of the route"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    holder = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("held by"),
    )
    place = models.CharField(_("place"), max_length=120, blank=True)
    thaws = models.PositiveSmallIntegerField(_("times thawed"), default=0)
    compromised = models.BooleanField(_("compromised"), default=False)
    on_hold = models.BooleanField(_("on hold: not to be destroyed"), default=False)
    hold_cause = models.UUIDField(_("held because of"), null=True, blank=True)
    events = models.PositiveIntegerField(_("entries of its ledger"), default=0)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("specimen")
        verbose_name_plural = _("specimens")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint("organisation", "code", name="specimen_code_once_in_an_organisation"),
            date_and_precision(
                "collected_on", precision="collected_precision", name="specimen_collected_and_precision_together"
            ),
            models.CheckConstraint(
                name="specimen_quantity_never_negative", condition=Q(quantity=None) | Q(quantity__gte=0)
            ),
            models.CheckConstraint(
                name="specimen_quantity_and_unit_together",
                condition=Q(quantity=None, unit="") | (Q(quantity__isnull=False) & ~Q(unit="")),
            ),
            models.CheckConstraint(
                name="specimen_on_hold_is_not_destroyed", condition=~Q(on_hold=True, state="disposed")
            ),
            models.CheckConstraint(
                name="specimen_on_hold_says_why", condition=Q(on_hold=False) | Q(hold_cause__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "patient"], name="specimen_of_a_patient"),
            models.Index(fields=["organisation", "state", "code"], name="specimen_by_state"),
        ]

    def __str__(self) -> str:
        return self.code


class CustodyEvent(TenantModel):
    """Ledger: what happened to a specimen, by whom, from where to where, how much, how cold. The one way it moves."""

    class What(models.TextChoices):
        COLLECTED = "collected", _("collected")
        REGISTERED = "registered", _("registered (was there already)")
        KEPT = "kept", _("kept at the site")
        SENT = "sent", _("sent")
        RECEIVED = "received", _("received")
        STORED = "stored", _("stored")
        MOVED = "moved", _("moved")
        THAWED = "thawed", _("thawed")
        ALIQUOTED = "aliquoted", _("divided")
        ANALYSED = "analysed", _("given to analysis")
        EXCURSION = "excursion", _("temperature excursion")
        HELD = "held", _("put on hold")
        RELEASED = "released", _("released from hold")
        EXHAUSTED = "exhausted", _("used up")
        RETURNED = "returned", _("returned")
        DISPOSED = "disposed", _("disposed of")
        LOST = "lost", _("found missing")

    specimen = models.ForeignKey(
        Specimen,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="custody",
        verbose_name=_("specimen"),
    )
    no = models.PositiveIntegerField(_("number"))
    what = models.CharField(_("what"), max_length=10, choices=What.choices)
    at = models.DateTimeField(_("when"))
    state_after = models.CharField(_("state afterwards"), max_length=12, choices=Specimen.State.choices)
    from_holder = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("from"),
    )
    to_holder = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("to"),
    )
    place = models.CharField(_("place"), max_length=120, blank=True)
    change = models.DecimalField(_("change of quantity"), max_digits=14, decimal_places=3, default=0)
    quantity_after = models.DecimalField(
        _("quantity afterwards"), max_digits=14, decimal_places=3, null=True, blank=True
    )
    thaws_after = models.PositiveSmallIntegerField(_("times thawed afterwards"), default=0)
    compromised_after = models.BooleanField(_("compromised afterwards"), default=False)
    celsius = models.DecimalField(_("temperature (°C)"), max_digits=5, decimal_places=1, null=True, blank=True)
    minutes = models.PositiveIntegerField(_("minutes above the limit"), null=True, blank=True)
    document = models.CharField(_("document"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    cause = models.UUIDField(_("because of"), null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("entry of custody")
        verbose_name_plural = _("chain of custody")
        ordering = ["no"]
        indexes = [
            models.Index(fields=["organisation", "cause"], name="custody_of_a_cause", condition=Q(cause__isnull=False))
        ]
        constraints = [
            models.UniqueConstraint("organisation", "specimen", "no", name="custody_without_gap_or_fork"),
            models.CheckConstraint(
                name="custody_quantity_never_negative", condition=Q(quantity_after=None) | Q(quantity_after__gte=0)
            ),
            models.CheckConstraint(
                name="custody_hold_says_why", condition=~Q(what__in=["held", "released"]) | Q(cause__isnull=False)
            ),
            models.CheckConstraint(
                name="custody_excursion_says_how_long",
                condition=~Q(what="excursion") | Q(minutes__isnull=False, celsius__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.specimen} {self.no}: {self.get_what_display()}"
