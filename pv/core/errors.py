"""What a service may refuse, in words for the person who asked. Raised by rules and services, translated only at doors.

A message is an English msgid, marked with `gettext_noop` or lazy, with its values in `params`: modules that may not
import Django can raise it too, and it is put into the reader's language at the moment it is read.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext, gettext_noop

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["Conflict", "DomainError", "MissingRule", "NotAllowed", "NotFound", "gettext_noop"]


class DomainError(Exception):
    """The wish cannot be granted as it stands. `field` names the input that has to change, where one can be named."""

    default_code: ClassVar[str] = "invalid"

    def __init__(
        self,
        message: "StrOrPromise",
        *,
        code: str = "",
        field: str | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.field = field
        self.params = dict(params or {})

    @property
    def message(self) -> str:
        """The message in the language active now."""
        text = gettext(str(self.args[0]))
        return text % self.params if self.params else text

    def __str__(self) -> str:
        return self.message


class NotAllowed(DomainError):
    """This person, in this role, may not do it."""

    default_code = "not_allowed"


class Conflict(DomainError):
    """The record has moved on since it was read, or its state does not allow the move."""

    default_code = "conflict"


class MissingRule(DomainError):
    """No rule, plan or calendar answers. A question for somebody's list, never a silent default."""

    default_code = "missing_rule"


class NotFound(DomainError):
    """There is no such record among those this person may see."""

    default_code = "not_found"
