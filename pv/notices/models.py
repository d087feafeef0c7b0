"""Notice (a step that has come), Delivery (one reader, one channel), Message (one hand-over), and answers."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel, User
from pv.core.ids import uuid7
from pv.deadlines.models import Deadline, Rung


class Notice(TenantModel):
    """That step nth of a rung was told, in this round of the deadline. Exactly once, by the constraint."""

    deadline = models.ForeignKey(
        Deadline,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="notices",
        verbose_name=_("deadline"),
    )
    round = models.PositiveIntegerField(_("round"))
    rung = models.PositiveIntegerField(_("level"))
    nth = models.PositiveSmallIntegerField(_("step"))
    tone = models.CharField(_("tone"), max_length=8, choices=Rung.Tone.choices)
    due_at = models.DateTimeField(_("late from"))
    rang_for = models.DateTimeField(_("its instant"))
    fired_at = models.DateTimeField(_("told at"))
    skipped = ArrayField(models.IntegerField(), verbose_name=_("levels passed over"), default=list, blank=True)
    unheard = models.BooleanField(_("nobody to tell"), default=False)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-fired_at"]
        constraints = [
            models.UniqueConstraint("deadline", "round", "rung", "nth", name="notice_once_for_each_step_of_a_round")
        ]
        indexes = [models.Index(fields=["organisation", "-fired_at"], name="notice_latest")]

    def __str__(self) -> str:
        return f"{self.deadline_id} {self.round}/{self.rung}/{self.nth}"


class Message(TenantModel):
    """One hand-over to a channel: a single mail, or a digest. Its id makes the Message-ID."""

    recipient = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recipient"))
    channel = models.CharField(_("channel"), max_length=12)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body = models.TextField(_("text"), blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.pk)


class Delivery(TenantModel):
    """One notice for one reader by one channel. In-app ones are delivered by standing here."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        DROPPED = "dropped", _("no longer wanted")
        DEAD = "dead", _("given up")

    class Channel(models.TextChoices):
        IN_APP = "in_app", _("in the app")
        EMAIL = "email", _("e-mail")

    notice = models.ForeignKey(
        Notice,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("notice"),
    )
    recipient = models.ForeignKey(User, models.PROTECT, db_index=False, related_name="+", verbose_name=_("recipient"))
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    why = models.CharField(_("told as"), max_length=24)
    urgent = models.BooleanField(_("urgent"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    message = models.ForeignKey(
        Message,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("message"),
    )
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint("notice", "recipient", "channel", name="delivery_once_for_each_reader_and_channel")
        ]
        indexes = [
            models.Index(fields=["-urgent", "next_attempt_at"], name="delivery_waiting", condition=Q(state="waiting")),
            models.Index(fields=["created_at"], name="delivery_dead", condition=Q(state="dead")),
            models.Index(
                fields=["organisation", "recipient", "-created_at"],
                name="delivery_inbox",
                condition=Q(channel="in_app"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Acknowledgement(TenantModel):
    """ "I take it": somebody answered a rung. Its remaining steps fall away; later rungs still ring."""

    deadline = models.ForeignKey(
        Deadline,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="acknowledgements",
        verbose_name=_("deadline"),
    )
    round = models.PositiveIntegerField(_("round"))
    rung = models.PositiveIntegerField(_("level"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    via = models.CharField(_("via"), max_length=12)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["-at"]
        constraints = [models.UniqueConstraint("deadline", "round", "rung", name="rung_answered_once_in_a_round")]

    def __str__(self) -> str:
        return f"{self.deadline_id} {self.round}/{self.rung}"


class Rota(TenantModel):
    """Who is on call, and who stands in for whom, from and until when."""

    class Kind(models.TextChoices):
        ON_CALL = "on_call", _("on call")
        DEPUTY = "deputy", _("deputy")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    stands_in_for = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("stands in for")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("rota entry")
        verbose_name_plural = _("rota")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(name="rota_ends_after_it_began", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="rota_a_deputy_stands_in_for_somebody",
                condition=Q(kind="on_call", stands_in_for=None) | Q(kind="deputy", stands_in_for__isnull=False),
            ),
            models.CheckConstraint(
                name="rota_nobody_stands_in_for_themselves", condition=~Q(stands_in_for=F("person"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person}"


class JobRun(models.Model):
    """One run of a job: the watcher is watched. Knows no organisation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.CharField(_("job"), max_length=24)
    driver = models.CharField(_("driver"), max_length=12)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    handled = models.IntegerField(_("handled"), default=0)
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        ordering = ["-started_at"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["job", "-started_at"], name="jobrun_latest")]

    def __str__(self) -> str:
        return f"{self.job} {self.started_at:%Y-%m-%d %H:%M}"
