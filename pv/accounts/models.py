"""Organisations (tenants), parties, people and memberships, and the base of every row that belongs to a tenant."""

from datetime import date
from typing import Any, ClassVar, Self
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from pv.accounts.roles import Role
from pv.audit.models import SYSTEM as SYSTEM
from pv.core.ids import uuid7

PUBLIC_ORGANISATION = UUID(int=0)
"""Organisation 0: the public register and the shared rules. In everybody's read list, written by its loader alone."""


class Organisation(models.Model):
    """A tenant: a holder, or a contractor working for holders."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("public register")
        HOLDER = "holder", _("marketing authorisation holder")
        CONTRACTOR = "contractor", _("contractor")
        PLATFORM = "platform", _("operator of the installation")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    name_zh = models.CharField(_("name, Chinese"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.HOLDER)
    is_demo = models.BooleanField(_("made up for the demonstration"), default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TenantQuerySet(models.QuerySet[Any]):
    """Code always names the organisation, and row-level security stands underneath."""

    def for_organisations(self, organisations: "list[UUID]") -> Self:
        """Rows of these organisations, and no others."""
        return self.filter(organisation_id__in=organisations)


class TenantModel(models.Model):
    """A row of one organisation. The composite keys and the policy come from the migration operation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
        verbose_name=_("organisation"),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects: ClassVar[models.Manager[Any]] = TenantQuerySet.as_manager()

    class Meta:
        abstract = True


class Party(TenantModel):
    """Somebody an organisation works with: a hospital, a laboratory, a courier, a delegate."""

    class Kind(models.TextChoices):
        HOSPITAL = "hospital", _("hospital")
        LABORATORY = "laboratory", _("laboratory")
        COURIER = "courier", _("courier")
        DELEGATE = "delegate", _("delegate")

    class Origin(models.TextChoices):
        CHINESE = "chinese", _("Chinese")
        FOREIGN = "foreign", _("foreign or foreign-controlled")

    name = models.CharField(_("name"), max_length=200)
    name_zh = models.CharField(_("name, Chinese"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    origin = models.CharField(_("status under the genetic-resource rules"), max_length=8, choices=Origin.choices)
    origin_from = models.DateField(_("status since"))
    origin_to = models.DateField(_("status until"), null=True, blank=True)

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("organisation", "name", name="party_named_once_in_an_organisation"),
            models.CheckConstraint(
                name="party_origin_ends_after_it_began",
                condition=Q(origin_to=None) | Q(origin_to__gte=models.F("origin_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """E-mail addresses are compared in lower case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person: one account for ever, in as many organisations as they work for. Nobody is a superuser."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(
        _("language"), max_length=8, choices=[("en", "English"), ("zh-hans", "简体中文")], default="zh-hans"
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(_("made up for the demonstration"), default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    last_login = None  # log-ins are events, not a column of the person

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name"]
        constraints = [models.CheckConstraint(name="user_email_in_lower_case", condition=Q(email=Lower("email")))]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """What the admin's frame calls this person."""
        return self.name

    @property
    def is_staff(self) -> bool:
        """Whether the admin may be opened at all; what is seen there is decided by the policy (pv.accounts.policy)."""
        return self.is_active

    # The admin asks these; rooms' admin classes answer by policy, never by Django's permission tables.
    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active


class Membership(TenantModel):
    """That a person works for an organisation in a role, from and until when; a laboratory's only for its party."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=24, choices=Role.choices)
    party = models.ForeignKey(
        Party, models.PROTECT, db_constraint=False, db_index=False, null=True, blank=True, verbose_name=_("party")
    )
    starts_on = models.DateField(_("from"), default=date(2020, 1, 1))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["role"]
        constraints = [
            models.UniqueConstraint("organisation", "user", "role", name="membership_once_for_each_role"),
            models.CheckConstraint(
                name="membership_ends_after_it_began",
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
            ),
            models.CheckConstraint(name="membership_role_is_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class FailedLogin(models.Model):
    """That a log-in failed: for whom (as a hash) and from where. Stored, so that all processes count alike."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.CharField(_("fingerprint of the address"), max_length=64)
    source = models.CharField(_("from"), max_length=64)
    at = models.DateTimeField(_("at"), db_default=models.functions.Now())

    class Meta:
        verbose_name = _("failed log-in")
        verbose_name_plural = _("failed log-ins")
        indexes = [
            models.Index(fields=["subject", "at"], name="failed_login_subject"),
            models.Index(fields=["source", "at"], name="failed_login_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.at:%Y-%m-%d %H:%M}"


class Signature(TenantModel):
    """Ledger: somebody proved afresh who they are, and said what they mean by it, about this very content.

    It stands here rather than with the trail, since it names a person. A second factor follows (docs/security.md).
    """

    class Meaning(models.TextChoices):
        AUTHORED = "authored", _("authored")
        REVIEWED = "reviewed", _("reviewed")
        APPROVED = "approved", _("approved")
        RELEASED = "released", _("released")
        VOID = "void", _("void")

    record_table = models.CharField(_("kind of record"), max_length=63)
    record_id = models.UUIDField(_("record"))
    record_version = models.PositiveIntegerField(_("version of the record"), default=1)
    act = models.CharField(_("what was signed"), max_length=60)
    meaning = models.CharField(_("meaning"), max_length=10, choices=Meaning.choices)
    content_hash = models.CharField(_("fingerprint of the content"), max_length=64)
    signer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("signed by"))
    signer_name = models.CharField(_("name at signing"), max_length=120)
    signed_at = models.DateTimeField(_("signed at"), db_default=Now())
    zone = models.CharField(_("zone"), max_length=40, default="Asia/Shanghai")
    method = models.CharField(_("proved by"), max_length=20, default="password")
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["-signed_at"]
        indexes = [models.Index(fields=["organisation", "record_id"], name="signature_of_a_record")]

    def __str__(self) -> str:
        return f"{self.signer_name} · {self.get_meaning_display()}"
