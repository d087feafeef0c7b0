"""Refusals: a code for machines, a field for forms, words in the reader's language at the moment of reading."""

import pickle

import pytest
from django.utils.translation import gettext_lazy

from pv.core import errors
from pv.core.errors import Conflict, DomainError, MissingRule, NotAllowed, NotFound


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (DomainError, "invalid"),
        (NotAllowed, "not_allowed"),
        (Conflict, "conflict"),
        (MissingRule, "missing_rule"),
        (NotFound, "not_found"),
    ],
)
def test_each_kind_has_its_code(kind: type[DomainError], code: str) -> None:
    error = kind("No.")
    assert isinstance(error, DomainError)
    assert (str(error), error.message, error.code, error.field) == ("No.", "No.", code, None)
    assert kind("No.", code="own").code == "own"


def test_it_names_the_field_that_has_to_change() -> None:
    assert DomainError("Not a date.", field="day_0").field == "day_0"


def test_it_is_put_into_words_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    error = DomainError("There is no month %(month)s.", params={"month": 13})
    assert str(error) == "There is no month 13."

    monkeypatch.setattr(errors, "gettext", {"There is no month %(month)s.": "没有 %(month)s 月。"}.__getitem__)
    assert str(error) == error.message == "没有 13 月。"


def test_lazy_texts_and_percent_signs_pass_through() -> None:
    assert str(DomainError(gettext_lazy("Enrolment is below 80 %."))) == "Enrolment is below 80 %."
    assert str(DomainError(gettext_lazy("Only %(n)s left."), params={"n": 3})) == "Only 3 left."


def test_it_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(Conflict("Changed by %(who)s.", field="status", params={"who": "an officer"})))  # noqa: S301 - our own bytes
    assert (type(error), str(error), error.code, error.field) == (
        Conflict,
        "Changed by an officer.",
        "conflict",
        "status",
    )
