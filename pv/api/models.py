"""What this door remembers: answers a machine may ask for again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel, User


class IdempotentAnswer(TenantModel):
    """What a POST with an Idempotency-Key was answered, for a day."""

    user = models.ForeignKey(User, models.PROTECT, db_index=False, related_name="+", verbose_name=_("person"))
    key = models.CharField(_("key"), max_length=255)
    address = models.CharField(_("address"), max_length=200)
    fingerprint = models.CharField(_("fingerprint of what was sent"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    answer = models.JSONField(_("answer"), null=True)
    etag = models.CharField(_("version told"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("answer to a repeated request")
        verbose_name_plural = _("answers to repeated requests")
        constraints = [
            models.UniqueConstraint("organisation", "user", "key", name="answer_once_for_each_key_of_a_user")
        ]

    def __str__(self) -> str:
        return self.address
