"""What the database refuses, said in words. A constraint's name is known to the service that may run into it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from django.db import IntegrityError, connection, transaction

from pv.core.errors import DomainError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a broken constraint, and the input it belongs to."""

    message: "StrOrPromise"
    field: str | None = None


@contextmanager
def refusing(words: Mapping[str, Refusal], *, at_once: bool = False) -> Iterator[None]:
    """Turn a broken constraint into a DomainError; what was written inside is taken back, the transaction lives on.

    `at_once` also asks the constraints that would otherwise wait for the commit, where nobody could answer any more.
    """
    try:
        with transaction.atomic():
            yield
            if at_once:
                _ask_now(words)
    except IntegrityError as error:
        refusal = words.get(_broken(error))
        if refusal is None:
            raise
        raise DomainError(refusal.message, code="invalid", field=refusal.field) from error


def _broken(error: IntegrityError) -> str:
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""


def _ask_now(words: Mapping[str, Refusal]) -> None:
    """Only the named ones: others in this transaction may rightly be unfinished."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conname = ANY (%s) AND condeferrable", [list(words)])
        names = ", ".join(f'"{row[0]}"' for row in cursor.fetchall())
        if names:
            cursor.execute(f"SET CONSTRAINTS {names} IMMEDIATE")
            cursor.execute(f"SET CONSTRAINTS {names} DEFERRED")
