"""One event a change, and the seals over them. Both are written by functions of the database only."""

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

SYSTEM = UUID(int=1)
"""The actor of jobs and loaders; shown as "the system"."""


class Event(models.Model):
    """One changed row: who, when, why. An UPDATE keeps the old values, a DELETE the whole row, an INSERT none."""

    class Action(models.TextChoices):
        INSERT = "I", _("created")
        UPDATE = "U", _("changed")
        DELETE = "D", _("deleted")

    id = models.BigAutoField(primary_key=True)
    organisation_id = models.UUIDField(_("organisation"), null=True)
    table_name = models.TextField(_("table"))
    row_id = models.UUIDField(_("record's id"))
    action = models.CharField(_("what"), max_length=1, choices=Action.choices)
    at = models.DateTimeField(_("at"))
    actor = models.UUIDField(_("by"))
    reason = models.TextField(_("reason"))
    request = models.UUIDField(_("request"), null=True)
    job = models.TextField(_("job"))
    txid = models.BigIntegerField(_("transaction"))
    old = models.JSONField(_("values before"), null=True)
    image_hash = models.BinaryField(null=True)
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "audit_event"
        ordering = ["id"]
        verbose_name = _("history event")
        verbose_name_plural = _("history")


class Seal(models.Model):
    """SHA-256 of the previous seal and of the hashes of every event of one range of transactions."""

    id = models.BigAutoField(primary_key=True)
    organisation_id = models.UUIDField(null=True)
    number = models.BigIntegerField(_("number"))
    from_txid = models.BigIntegerField(_("from transaction"))
    to_txid = models.BigIntegerField(_("to transaction"))
    after_id = models.BigIntegerField()
    to_id = models.BigIntegerField()
    events = models.BigIntegerField(_("events"))
    at = models.DateTimeField(_("at"))
    seal = models.BinaryField()

    class Meta:
        managed = False
        db_table = "audit_seal"
        ordering = ["organisation_id", "number"]
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
