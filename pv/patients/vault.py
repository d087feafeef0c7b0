"""The vault of direct identifiers: each value is encrypted for its own row and column, found again by a blind index.

AES-256-GCM; a value reads "v1:<key id>:<base64 of nonce and ciphertext>", and table, column, row and organisation are
its associated data, so that a value copied to another place no longer opens. The index is HMAC-SHA-256 with a key of
its own over what is left of a value when spelling is taken away. Keys stand outside the database (settings VAULT_KEYS,
VAULT_INDEX_KEY); the first of VAULT_KEYS is written with, all of them read.
"""

import base64
import binascii
import hmac
import logging
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import current, writing_for
from pv.accounts.models import User
from pv.accounts.services import check_may
from pv.core import clock
from pv.core.errors import DomainError, NotFound
from pv.core.typed import fits, said
from pv.patients.models import Identity, Patient
from pv.patients.services.shared import take

log = logging.getLogger(__name__)

TABLE = Identity._meta.db_table
FIRST_BIRTH = date(1900, 1, 1)
KEY_BYTES, NONCE_BYTES = 32, 12
KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
MADE_UP = ("demo", "test")
"""Ids of keys that are in the open; production refuses them."""


class Locked(DomainError):
    """A value that no key at hand opens: its key is missing, or it was moved or changed in the database."""

    default_code = "vault_locked"


@dataclass(frozen=True, slots=True)
class Clear:
    """Somebody's identifiers as they were typed; empty where none was kept."""

    name: str = ""
    birth_date: date | None = None
    phone: str = ""
    hospital_number: str = ""


def keep_identity(
    *,
    patient_id: UUID,
    by: User,
    name: str = "",
    birth_date: date | None = None,
    phone: str = "",
    hospital_number: str = "",
) -> Identity:
    """Keep these identifiers of a patient; those that are not given stay as they are."""
    patient = take(patient_id, by=by, verb="patient.identify")
    if birth_date is not None:
        if not FIRST_BIRTH <= birth_date <= clock.today():
            raise DomainError(_("This cannot be somebody's date of birth."), field="birth_date")
        if patient.birth_year not in (None, birth_date.year):
            raise DomainError(_("The patient's record says another year of birth."), field="birth_date")
    given = {
        "name": fits(name, "name", most=120),
        "birth_date": birth_date.isoformat() if birth_date else "",
        "phone": fits(phone, "phone", most=40),
        "hospital_number": fits(hospital_number, "hospital_number", most=60),
    }
    mine = Identity.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    row: Identity | None = mine.select_for_update(no_key=True).first()
    identity = row or Identity(organisation_id=patient.organisation_id, patient=patient)
    changed = []
    for column, value in given.items():
        if value:
            setattr(identity, column, _shut(column, identity, value))
            changed.append(column)
            if column in SPELLING:
                setattr(identity, f"{column}_index", blind(patient.organisation_id, column, value))
                changed.append(f"{column}_index")
    with writing_for(patient.organisation_id):
        if row is None:
            identity.save(force_insert=True)
        elif changed:
            identity.version += 1
            identity.save(update_fields=[*changed, "version"])
    return identity


def read_identity(*, patient_id: UUID, by: User, purpose: str) -> Clear:
    """The identifiers in clear, for a stated purpose. Raises NotAllowed, Locked."""
    said(purpose, "purpose", most=200)
    mine = Patient.objects.for_organisations(list(current().organisations))
    patient = mine.filter(pk=patient_id).first()
    if patient is None:
        raise NotFound(_("There is no such record."))
    check_may(by, "patient.identify", patient.organisation_id)
    row = Identity.objects.for_organisations([patient.organisation_id]).filter(patient=patient).first()
    log.info("identifiers of a patient were read", extra={"organisation_id": patient.organisation_id})
    if row is None:
        return Clear()
    clear = {column: _open(column, row) for column in ("name", "birth_date", "phone", "hospital_number")}
    return Clear(
        name=clear["name"],
        birth_date=date.fromisoformat(clear["birth_date"]) if clear["birth_date"] else None,
        phone=clear["phone"],
        hospital_number=clear["hospital_number"],
    )


def find_by(organisation: UUID, *, name: str = "", phone: str = "", hospital_number: str = "") -> list[UUID]:
    """Patients who were given one of these names or numbers, whatever the spelling; the best match first.

    Compared by blind index: nothing is decrypted. Whether the asker may know is the caller's question.
    """
    given = {"name": name, "phone": phone, "hospital_number": hospital_number}
    wanted = {f"{column}_index": blind(organisation, column, value) for column, value in given.items() if value.strip()}
    any_of = Q()
    for column, index in wanted.items():
        any_of |= Q(**{column: index})
    if not wanted:
        return []
    rows = Identity.objects.for_organisations([organisation]).filter(any_of)
    scored = [(sum(getattr(row, column) == index for column, index in wanted.items()), row.patient_id) for row in rows]
    return [patient for _score, patient in sorted(scored, key=lambda one: (-one[0], str(one[1])))]


# --- what is left of a value when spelling is taken away
def _letters(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", text).casefold() if one.isalnum())


def _digits(text: str) -> str:
    """Without country code, blanks and signs: 0086 138-0000-0000 and +86 13800000000 are one number."""
    digits = "".join(one for one in unicodedata.normalize("NFKC", text) if one.isdecimal())
    return re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)


SPELLING: Mapping[str, Callable[[str], str]] = {"name": _letters, "phone": _digits, "hospital_number": _letters}


def blind(organisation: UUID, column: str, value: str) -> str:
    """The index of a value: the same for the same value in one column of one organisation, and telling nothing else."""
    plain = SPELLING[column](value)
    if not plain:
        return ""
    _key_id, key = _parse(settings.VAULT_INDEX_KEY)
    return hmac.new(key, f"{organisation}|{column}|{plain}".encode(), sha256).hexdigest()


# --- shutting and opening
def _shut(column: str, row: Identity, text: str) -> str:
    key_id, key = _keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), _place(column, row))
    return f"v1:{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def _open(column: str, row: Identity) -> str:
    value: str = getattr(row, column)
    if not value:
        return ""
    try:
        _version, key_id, text = value.split(":")
        raw = base64.b64decode(text, validate=True)
        key = dict(_keys())[key_id]
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _place(column, row)).decode()
    except (ValueError, KeyError, InvalidTag) as error:
        raise Locked(_("This cannot be opened: its key is missing, or the record was tampered with.")) from error


def _place(column: str, row: Identity) -> bytes:
    """What a value is bound to."""
    return f"{TABLE}|{column}|{row.pk}|{row.organisation_id}".encode()


# --- keys
def _keys() -> list[tuple[str, bytes]]:
    return [_parse(one) for one in settings.VAULT_KEYS.split(",")]


def _parse(text: str) -> tuple[str, bytes]:
    """ "id:base64 of 32 bytes"; raises ValueError, which never repeats the text."""
    key_id, _colon, encoded = text.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES:
        raise ValueError("A key of the vault reads id:base64, 32 bytes long.") from None
    return key_id, key


def problems_of_keys(keys: str, index_key: str) -> list[str]:
    """What is wrong with these settings for production; no key is ever repeated."""
    found = []
    parsed: dict[str, list[tuple[str, bytes]]] = {"PV_VAULT_KEYS": [], "PV_VAULT_INDEX_KEY": []}
    for name, texts in (("PV_VAULT_KEYS", keys.split(",")), ("PV_VAULT_INDEX_KEY", [index_key])):
        try:
            parsed[name] = [_parse(text) for text in texts]
        except ValueError:
            found.append(
                f"{name} is missing or malformed: id:base64 of 32 bytes (config/run/make_secrets.py makes it)."
            )
        if any(key_id.startswith(MADE_UP) for key_id, _key in parsed[name]):
            found.append(f"{name} holds a key of the demo or the tests.")
    ids = [key_id for key_id, _key in parsed["PV_VAULT_KEYS"]]
    if len(ids) != len(set(ids)):
        found.append("PV_VAULT_KEYS names one id twice.")
    if {key for _id, key in parsed["PV_VAULT_KEYS"]} & {key for _id, key in parsed["PV_VAULT_INDEX_KEY"]}:
        found.append("PV_VAULT_INDEX_KEY must be a key of its own.")
    return found
