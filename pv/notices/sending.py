"""Handing over: one message, one commit. A crash repeats a message under the same Message-ID; it never loses one.

Attempts are committed before anything is rendered, so that a crash of the whole process is counted too. Then the row
is locked, asked once more whether it is still wanted, rendered in the reader's language, handed over, and marked.
"""

import logging
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import InterfaceError, OperationalError, connection
from django.utils import translation
from psycopg.errors import LockNotAvailable

from pv.accounts.context import as_clock
from pv.core import clock
from pv.notices.models import Acknowledgement, Delivery, Message
from pv.notices.wording import mail_for

log = logging.getLogger(__name__)

GIVE_UP_AFTER = 12

# The lease and the back-off are one: until next_attempt_at nobody else takes the row. Urgent: 10 s doubling to 10 min;
# others: 60 s doubling to 1 h; a tenth of jitter, so that a thousand do not come back together.
TAKE = """
UPDATE notices_delivery AS d SET
    attempts = d.attempts + 1,
    next_attempt_at = now() + (1 + random() / 10) * CASE WHEN d.urgent
        THEN least(interval '10 seconds' * 2 ^ least(d.attempts, 12), interval '10 minutes')
        ELSE least(interval '60 seconds' * 2 ^ least(d.attempts, 12), interval '1 hour') END
WHERE d.id = (SELECT w.id FROM notices_delivery AS w
              WHERE w.state = 'waiting' AND w.channel = 'email' AND w.next_attempt_at <= now()
              ORDER BY w.urgent DESC, w.next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING d.id, d.attempts, d.message_id, d.organisation_id, d.recipient_id, d.channel
"""


class Refused(Exception):
    """The channel took nothing, and gave no reason."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that this process may try now."""

    id: UUID
    attempts: int


def take_attempt() -> Taken | None:
    """Count an attempt and make the message's row, in a transaction of their own; None when nothing waits."""
    with as_clock():
        with connection.cursor() as cursor:
            cursor.execute(TAKE)
            row = cursor.fetchone()
        if row is None:
            return None
        delivery_id, attempts, message_id, organisation_id, recipient_id, channel = row
        if message_id is None:
            message = Message.objects.create(
                organisation_id=organisation_id, recipient_id=recipient_id, channel=channel
            )
            Delivery.objects.filter(organisation_id=organisation_id, pk=delivery_id).update(message=message)
    return Taken(delivery_id, attempts)


def send_next() -> bool:
    """Try the next waiting delivery. True when there was one, whatever became of it."""
    taken = take_attempt()
    if taken is None:
        return False
    if taken.attempts > GIVE_UP_AFTER:  # its process died at every attempt, so nobody noted a failure
        _note_failure(taken, RuntimeError("the sender died at every attempt"))
        return True
    try:
        _hand_over(taken)
    except (OperationalError, InterfaceError) as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        log.warning("a frozen sender holds a delivery", extra={"delivery_id": taken.id})
    except Exception as error:  # whatever is wrong with this one, the others must go out
        _note_failure(taken, error)
    return True


def _hand_over(taken: Taken) -> None:
    with as_clock():
        delivery = (
            # Not skipping locked rows: another sender's look for work holds the row for a moment, and a mail passed
            # over here would wait for its whole back-off. A frozen sender is waited for no longer than lock_timeout.
            Delivery.objects.select_for_update(of=("self",))
            .select_related("notice__deadline", "recipient", "message")
            .filter(pk=taken.id, state=Delivery.State.WAITING)
            .first()
        )
        if delivery is None:
            return
        if not still_wanted(delivery):
            Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.DROPPED, next_attempt_at=None)
            return
        mail = _compose(delivery)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")  # a frozen process whose transaction is gone must not send again
        if not mail.send():
            raise Refused("nobody to hand it to")
        now = clock.now()
        Message.objects.filter(pk=delivery.message_id).update(subject=mail.subject[:300], body=mail.body, sent_at=now)
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.SENT, sent_at=now, next_attempt_at=None, error=""
        )


def still_wanted(delivery: Delivery) -> bool:
    """Met, moved, taken, or the reader gone a second ago: then nothing goes out."""
    notice, deadline = delivery.notice, delivery.notice.deadline
    if deadline.closed_at is not None or deadline.round != notice.round:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT notices_works_here(%s, %s, core_now())", [delivery.organisation_id, delivery.recipient_id]
        )
        if not cursor.fetchone()[0]:
            return False
    return not Acknowledgement.objects.filter(
        organisation_id=delivery.organisation_id, deadline_id=deadline.pk, round=notice.round, rung=notice.rung
    ).exists()


def _compose(delivery: Delivery) -> EmailMessage:
    notice = delivery.notice
    with translation.override(delivery.recipient.language):
        subject, body = mail_for(delivery)
    host = urlsplit(settings.EXTERNAL_URL).hostname or "tracker.example"
    return EmailMessage(
        subject,
        body,
        settings.DEFAULT_FROM_EMAIL,
        [delivery.recipient.email],
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
        headers={
            "Message-ID": f"<{delivery.message_id}@{host}>",
            "Date": formatdate(usegmt=True),
            "Auto-Submitted": "auto-generated",
            "X-Notice-Keys": f"{notice.deadline_id}/{notice.round}/{notice.rung}/{notice.nth}",
            "Importance": "high" if delivery.urgent else "normal",
        },
    )


# Given up: an operator sees it, and the ladder does not wait any longer for an answer to what nobody received. Only the
# step that was given up hurries: of three readers without a mail server, one brings the next step, not all three.
GIVE_UP = """
UPDATE deadlines_alarm AS a SET hurry = true, next_alert_at = core_now()
FROM notices_notice AS n WHERE n.id = %s AND a.deadline_id = n.deadline_id AND a.round = n.round AND a.rung = n.rung
  AND a.nth = n.nth AND NOT a.answered
"""


def _note_failure(taken: Taken, error: Exception) -> None:
    dead = taken.attempts >= GIVE_UP_AFTER
    log.warning("a message could not be handed over: %s", type(error).__name__, extra={"delivery_id": taken.id})
    change: dict[str, Any] = {"error": f"{type(error).__name__}: {error}"[:500]}
    if dead:
        change |= {"state": Delivery.State.DEAD, "next_attempt_at": None}
    with as_clock():
        waiting = Delivery.objects.filter(pk=taken.id, state=Delivery.State.WAITING)
        if waiting.update(**change) and dead:
            with connection.cursor() as cursor:
                cursor.execute(GIVE_UP, [Delivery.objects.values_list("notice_id", flat=True).get(pk=taken.id)])
