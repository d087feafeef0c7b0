"""Logs: one JSON object a line, ids only, never what people typed."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pv.core.tracing import current_request

# What looks like a person is taken out, whoever wrote it into a message: e-mail address, Chinese identity number,
# mobile number. Ids are hexadecimal with hyphens and stay.
PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+(\.[\w-]+)+|(?<![\w-])\d{17}[\dXx](?![\w-])|(?<![\w-])(\+?86[ -]?)?1[3-9]\d{9}(?![\w-])"
)
# Celery puts an exception's text and a task's arguments into its messages; both may carry a row's values.
SPOKEN_BY_CELERY = frozenset({"exc", "traceback", "args", "kwargs", "return_value"})


class RequestIdFilter(logging.Filter):
    """Every line written while a request or a task is at work names it."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = current_request.get()
        if request is not None and not hasattr(record, "request_id"):
            record.request_id = request
        return True


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, and the ids handed over in `extra`. Line feeds are encoded by JSON."""

    IDS = ("request_id", "organisation_id", "deadline_id", "delivery_id", "message_id", "job", "driver")

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": PERSONAL.sub("[removed]", _message(record)),
        }
        line |= {key: str(getattr(record, key)) for key in self.IDS if hasattr(record, key)}
        if record.exc_info and record.exc_info[0]:
            # The kind and the place of a fault, never its text: that may carry a row's values.
            line["fault"] = record.exc_info[0].__name__
            line["traceback"] = _places(record)
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    """The message, with the kind of an exception where it would give its text."""
    text, args = str(record.msg), record.args
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    if isinstance(args, Mapping):
        said = {key: "-" if key in SPOKEN_BY_CELERY else _kind(value) for key, value in args.items()}
        return text % said if said else text
    return text % tuple(map(_kind, args)) if args else text


def _kind(value: Any) -> Any:
    return type(value).__name__ if isinstance(value, BaseException) else value


def _places(record: logging.LogRecord) -> list[str]:
    place, lines = record.exc_info[2] if record.exc_info else None, []
    while place is not None:
        code = place.tb_frame.f_code
        lines.append(f"{code.co_filename.rpartition('/')[2]}:{place.tb_lineno} {code.co_name}")
        place = place.tb_next
    return lines
