"""Calendar days that differ from the plain week, and the shift of the demo's clock."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from pv.core.ids import uuid7


class CalendarDay(models.Model):
    """A public holiday, or a weekend day worked in exchange. Data: seeded from a library, edited in the admin."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("holiday")
        WORKDAY = "workday", _("make-up workday")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    calendar = models.CharField(_("calendar"), max_length=8, default="CN")
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name_en = models.CharField(_("name, English"), max_length=80, blank=True)
    name_zh = models.CharField(_("name, Chinese"), max_length=80, blank=True)
    source = models.CharField(_("source"), max_length=120)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["calendar", "day"]
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="calendar_day_stated_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()}"


class CalendarYear(models.Model):
    """A year whose holidays are known. A year that is missing is asked for months ahead."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    calendar = models.CharField(_("calendar"), max_length=8, default="CN")
    year = models.PositiveSmallIntegerField(_("year"))
    source = models.CharField(_("source"), max_length=120)

    class Meta:
        verbose_name = _("calendar year")
        verbose_name_plural = _("calendar years")
        ordering = ["calendar", "year"]
        constraints = [models.UniqueConstraint(fields=["calendar", "year"], name="calendar_year_stated_once")]

    def __str__(self) -> str:
        return f"{self.calendar} {self.year}"


class ClockShift(models.Model):
    """One row: by how much the demo's clock differs from the real one. Read by core_now()."""

    shift = models.DurationField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_clock_only")]
