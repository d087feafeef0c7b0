"""A line of the log is one JSON object with ids and without people."""

import json
import logging
from io import StringIO
from uuid import UUID

import pytest
from django.db import DataError, connection, transaction
from django.test import Client

from pv.core.tracing import current_request
from pv.ops import tracing
from pv.ops.logs import JsonFormatter, RequestIdFilter

REQUEST = UUID("0190a000-0000-7000-8000-0000000000ff")


def line(message: object, *args: object, exc_info: object = None, **extra: object) -> dict[str, object]:
    fields = {"name": "pv.test", "levelname": "WARNING", "msg": message, "args": args, "exc_info": exc_info}
    record = logging.makeLogRecord(fields | extra)
    if len(args) == 1 and isinstance(args[0], dict):
        record.args = args[0]
    RequestIdFilter().filter(record)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return json.loads(text)


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What the installation's own handler writes."""
    (handler,) = (it for it in logging.getLogger().handlers if isinstance(it.formatter, JsonFormatter))
    assert isinstance(handler, logging.StreamHandler)
    stream = StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    return stream


def test_a_line_is_an_object_with_ids() -> None:
    said = line("rang %s", 3, deadline_id=REQUEST)
    assert (said["message"], said["level"], said["logger"]) == ("rang 3", "warning", "pv.test")
    assert said["deadline_id"] == str(REQUEST)


def test_a_line_feed_makes_no_second_line() -> None:
    assert line('typed\n{"level": "info"}')["message"] == 'typed\n{"level": "info"}'


def test_the_request_stands_in_every_line() -> None:
    token = current_request.set(REQUEST)
    try:
        assert line("x")["request_id"] == str(REQUEST)
    finally:
        current_request.reset(token)
    assert "request_id" not in line("x")


@pytest.mark.parametrize(
    "typed", ["li.na@hospital.example", "11010519491231002X", "13800138000", "+86 13800138000", "+8613800138000"]
)
def test_what_looks_like_a_person_is_taken_out(typed: str) -> None:
    assert line("saved for %s", typed)["message"] == "saved for [removed]"


def test_ids_stay() -> None:
    assert line("%s", REQUEST)["message"] == str(REQUEST)
    assert line("0190a000-0000-7000-8000-138001380001")["message"] == "0190a000-0000-7000-8000-138001380001"


@pytest.mark.django_db
def test_an_errors_text_never_enters_the_log() -> None:
    """PostgreSQL quotes the row's values in it."""
    with pytest.raises(DataError, match="Patient Zero") as raised, transaction.atomic():
        connection.cursor().execute("SELECT %s::text::date", ["Patient Zero"])
    error = raised.value
    told = [
        line("could not save: %s", error),
        line(error),
        line("fault", exc_info=(type(error), error, error.__traceback__)),
        line("Task %(name)s: %(exc)s", {"name": "pv.x", "exc": repr(error)}),
    ]
    assert told[0]["message"] == "could not save: DataError"
    assert (told[2]["fault"], bool(told[2]["traceback"])) == ("DataError", True)
    assert told[3]["message"] == "Task pv.x: -"
    assert "atient" not in json.dumps(told)


def test_the_request_travels_with_its_task() -> None:
    headers: dict[str, object] = {}
    tracing.send_along(headers)
    assert headers == {}
    token = current_request.set(REQUEST)
    try:
        tracing.send_along(headers)
    finally:
        current_request.reset(token)
    task = type("Task", (), {"request": type("Request", (), headers)})
    tracing.take_up(task)
    assert current_request.get() == REQUEST
    tracing.take_up(type("Task", (), {"request": object()}))
    assert current_request.get() is None


def test_a_refusal_is_logged_under_its_request_and_without_what_was_typed(console: StringIO) -> None:
    Client().post("/healthz?name=Zero", {"name": "Patient Zero"}, headers={"X-Request-Id": str(REQUEST)})
    said = [json.loads(text) for text in console.getvalue().splitlines()]
    assert [one["request_id"] for one in said] == [str(REQUEST)]
    assert "Zero" not in json.dumps(said)
