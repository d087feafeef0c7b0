"""Signing: a fresh proof of who somebody is, with a stated meaning, about content that can be compared ever after.

The log-in is not the signature. A wrong password counts like a failed log-in, at every door together, and is counted
although the refusal takes back what the request has written.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from hmac import compare_digest
from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import afterwards, current, writing_for
from pv.accounts.models import FailedLogin, Signature, TenantModel, User
from pv.accounts.throttle import MOST_FOR_ONE_ADDRESS, WINDOW
from pv.core.errors import DomainError, NotAllowed

SOURCE = "signature"
LONGEST_REASON = 500


def sign(
    *,
    by: User,
    password: str,
    record: TenantModel,
    act: str,
    meaning: Signature.Meaning | str,
    content: Mapping[str, object],
    reason: str = "",
) -> Signature:
    """Sign `content` of a record as `by`, whose password is asked for again.

    `content` may hold texts, numbers, dates, instants, ids, decimals, lists and mappings of them. Raises NotAllowed for
    field `password` (code wrong_password or throttled), or where somebody signs for another; ValueError for a meaning
    that is none.
    """
    if current().actor != by.pk:
        raise NotAllowed(_("Only who is acting can sign."))
    if len(reason) > LONGEST_REASON:
        raise DomainError(
            _("This is too long: at most %(most)s characters."), field="reason", params={"most": LONGEST_REASON}
        )
    meant = Signature.Meaning(meaning)
    signer = _prove(by, password)
    table, version = record._meta.db_table, getattr(record, "version", 1)
    with writing_for(record.organisation_id, reason=reason):
        signature: Signature = Signature.objects.create(
            organisation_id=record.organisation_id,
            record_table=table,
            record_id=record.pk,
            record_version=version,
            act=act,
            meaning=meant,
            content_hash=fingerprint(table, record.pk, version, act, meant, content),
            signer=signer,
            signer_name=signer.name,
            reason=reason,
        )
    return signature


def stands(signature: Signature, record: TenantModel, content: Mapping[str, object]) -> bool:
    """Whether this is what was signed: the same record, and content that reads as it did then.

    A record may be versions further on by now; whether its content is still the signed one is what is asked.
    """
    if (signature.record_table, signature.record_id) != (record._meta.db_table, record.pk):
        return False
    now = fingerprint(
        signature.record_table,
        signature.record_id,
        signature.record_version,
        signature.act,
        signature.meaning,
        content,
    )
    return compare_digest(now, signature.content_hash)


def fingerprint(table: str, pk: UUID, version: int, act: str, meaning: str, content: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON of what is signed: sorted keys, no blanks, UTF-8."""
    signed = {
        "table": table,
        "id": str(pk),
        "version": version,
        "act": act,
        "meaning": str(meaning),
        "content": dict(content),
    }
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    """One spelling for one value: an instant in UTC, 2.50 like 2.5."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}"
        case UUID():
            return str(value)
    # gettext_lazy has no place in what is signed either: it reads differently in each language.
    raise TypeError(f"{type(value).__name__} cannot be signed.")


def _prove(by: User, password: str) -> User:
    """Compare with the password as it stands now, not as it stood when the request began."""
    subject = hashlib.sha256(by.email.strip().lower().encode()).hexdigest()
    lately = FailedLogin.objects.filter(subject=subject, at__gt=Now() - WINDOW)
    if lately[:MOST_FOR_ONE_ADDRESS].count() >= MOST_FOR_ONE_ADDRESS:
        raise NotAllowed(
            _("Too many attempts have failed. Please wait a quarter of an hour."), field="password", code="throttled"
        )
    signer = User.objects.filter(pk=by.pk, is_active=True).first()
    if signer is None or not check_password(password, signer.password):
        afterwards(lambda: FailedLogin.objects.create(subject=subject, source=SOURCE))
        raise NotAllowed(_("This is not your password."), field="password", code="wrong_password")
    return signer
