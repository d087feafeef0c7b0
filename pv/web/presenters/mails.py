"""The demonstration's mails, as its catcher laid them down: one file each."""

import mailbox
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

NEWEST = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """One caught mail."""

    key: str
    at: datetime
    to: str
    sender: str
    subject: str
    message_id: str
    text: str


def newest(folder: Path, to: Collection[str]) -> list[Mail]:
    """The newest mails to these addresses, newest first."""
    found = (mail for key in _keys(folder) if (mail := one(folder, key)) and mail.to in to)
    return sorted(islice(found, NEWEST), key=lambda mail: mail.at, reverse=True)


def _keys(folder: Path) -> list[str]:
    """Names begin with the second of arrival: the newest first."""
    return sorted(_box(folder).keys(), reverse=True) if folder.is_dir() else []


def _box(folder: Path) -> mailbox.Maildir:
    return mailbox.Maildir(folder, create=False)


def one(folder: Path, key: str) -> Mail | None:
    """The mail of this key; None if there is none, or if it went away meanwhile."""
    if not folder.is_dir():
        return None
    box = _box(folder)
    try:
        raw = box.get_bytes(key)
        arrived = box.get_message(key).get_date()
    except (KeyError, OSError):
        return None
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    return Mail(
        key=key,
        at=datetime.fromtimestamp(arrived, UTC),
        to=str(mail["Delivered-To"] or mail["To"] or ""),
        sender=str(mail["From"] or ""),
        subject=str(mail["Subject"] or "") or _("(no subject)"),
        message_id=str(mail["Message-ID"] or ""),
        text=body.get_content() if body else "",
    )
