"""Reads a reference file's text and refuses what an editor cannot show."""

from __future__ import annotations

import re
from pathlib import Path

from pv.core.reference.records import Report

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufeff]")


def read_text(path: Path, report: Report) -> str | None:
    """The text of a file with plain line ends, or None with the reason noted."""
    try:
        content = path.read_bytes()
    except OSError as error:
        report.add(path, 0, "", f"cannot be read: {error.strerror or error}")
        return None
    if content.startswith(b"\xef\xbb\xbf"):
        report.add(path, 1, "", "starts with a byte order mark; save it as UTF-8 without one")
        content = content[3:]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        report.add(path, content.count(b"\n", 0, error.start) + 1, "", "is not UTF-8 text")
        return None
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        report.add(path, line, "", "has Windows or old Mac line ends; save it with plain line feeds")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        report.add(path, line, "", f"contains the invisible character U+{ord(found[0]):04X}")
    return text
