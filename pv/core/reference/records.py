"""What readers of reference files share: named texts that become typed values, and a report of all mistakes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from pv.core.errors import DomainError
from pv.core.partial import FIRST_YEAR, LAST_YEAR, PartialDate, Precision

Choice = TypeVar("Choice", bound=StrEnum)

CODE = re.compile(r"[a-z][a-z0-9_]*")
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,6}")
DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
# A cell that lost its closing quote can swallow the rest of the file; the message shows only its beginning.
SHOWN = 60


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text in English and in Simplified Chinese."""

    en: str
    zh: str

    def __bool__(self) -> bool:
        return bool(self.en)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in one file."""

    path: str
    line: int
    column: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path} line {self.line}" if self.line else self.path
        return f"{place}, {self.column}: {self.message}" if self.column else f"{place}: {self.message}"


class ReferenceFault(Exception):
    """The reference files cannot be used; the text lists every mistake, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(slots=True)
class Report:
    """Collects the mistakes of all files read together."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, path: Path, line: int, column: str, message: str) -> None:
        self.problems.append(Problem(shown_path(path), line, column, message))

    def finish(self) -> None:
        """Raise if anything was noted."""
        if self.problems:
            once = dict.fromkeys(self.problems)
            raise ReferenceFault(sorted(once, key=lambda problem: (problem.path, problem.line)))


def shown_path(path: Path) -> str:
    """The path as the reader of a message knows it: from the working folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def quoted(value: str) -> str:
    """A value as messages show it: on one line and not endless."""
    return repr(value if len(value) <= SHOWN else value[:SHOWN] + "...")


class Record:
    """One row of a table or one mapping of a document: named texts, handed out as typed values."""

    def __init__(
        self,
        report: Report,
        path: Path,
        line: int,
        values: Mapping[str, str],
        lines: Mapping[str, int] | None = None,
        prefix: str = "",
    ) -> None:
        self.report, self.path, self.line = report, path, line
        self.clean = True
        self._values, self._prefix = values, prefix
        self._lines: Mapping[str, int] = {} if lines is None else lines

    def fault(self, name: str, message: str) -> None:
        """Note a mistake in one column."""
        self.clean = False
        self.report.add(self.path, self._lines.get(name, self.line), f"{self._prefix}{name}", message)

    def raw(self, name: str) -> str:
        """The text as it stands in the file; empty where nothing was given."""
        return self._values.get(name, "")

    def fit(self, limits: Mapping[str, int]) -> None:
        """Note texts that are longer than the fields they are loaded into."""
        for name, most in limits.items():
            if (length := len(self._values.get(name, ""))) > most:
                self.fault(name, f"has {length} characters, but at most {most} fit")

    def text(self, name: str, *, required: bool = True) -> str:
        value = self.raw(name)
        if value != value.strip():
            self.fault(name, f"{quoted(value)} has blanks or line breaks at its ends")
        elif "\n" in value or "\t" in value:
            self.fault(name, "contains a line break or a tab")
        elif required and not value:
            self.fault(name, "is empty but must be given")
        return value.strip()

    def pair(self, stem: str, *, required: bool = True) -> Bilingual:
        """The columns <stem>_en and <stem>_zh: both or neither."""
        en = self.text(f"{stem}_en", required=required)
        zh = self.text(f"{stem}_zh", required=required)
        if not required and bool(en) != bool(zh):
            lacking = f"{stem}_zh" if en else f"{stem}_en"
            self.fault(lacking, "is empty although the other language is given")
        return Bilingual(en, zh)

    def matching(self, name: str, pattern: re.Pattern[str], like: str, *, required: bool = True) -> str:
        """A text of a given form; `like` says it in words."""
        value = self.text(name, required=required)
        if value and not pattern.fullmatch(value):
            self.fault(name, f"{quoted(value)} is not {like}")
        return value

    def code(self, name: str, *, required: bool = True) -> str:
        return self.matching(name, CODE, "a code of small letters, digits and underscores", required=required)

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        return self.optional_choice(name, kind, required=True) or next(iter(kind))

    def optional_choice(self, name: str, kind: type[Choice], *, required: bool = False) -> Choice | None:
        value = self.text(name, required=required)
        try:
            return kind(value) if value else None
        except ValueError:
            self.fault(name, f"{quoted(value)} is not one of {', '.join(kind)}")
            return None

    def flag(self, name: str) -> bool:
        return self.choice(name, YesNo) is YesNo.YES

    def integer(self, name: str, *, required: bool = True, at_least: int | None = None) -> int | None:
        value = self.text(name, required=required)
        if not value:
            return None
        if not WHOLE_NUMBER.fullmatch(value):
            self.fault(name, f"{quoted(value)} is not a whole number of at most six digits")
            return None
        number = int(value)
        if at_least is not None and number < at_least:
            self.fault(name, f"{number} is less than {at_least}")
        return number

    def count(self, name: str, *, at_least: int = 0) -> int:
        """A number that must be there."""
        number = self.integer(name, at_least=at_least)
        return at_least if number is None else number

    def day(self, name: str, *, required: bool = False) -> date | None:
        """A date that must be known to the day where it is given."""
        partial = self.partial(name, required=required)
        if partial is not None and partial.precision is not Precision.DAY:
            self.fault(name, f"{quoted(self.raw(name))} is not a full date (YYYY-MM-DD)")
        return partial.earliest() if partial else None

    def partial(self, name: str, *, required: bool = False) -> PartialDate | None:
        """A date of which the day, or day and month, may be missing."""
        value = self.text(name, required=required)
        if not value:
            return None
        found = DATE.fullmatch(value)
        if not found:
            self.fault(name, f"{quoted(value)} is not a date (YYYY-MM-DD, YYYY-MM or YYYY)")
            return None
        try:
            return PartialDate(*(int(part) for part in found.groups() if part))
        except DomainError:
            self.fault(name, f"{quoted(value)} is not a date of the calendar between {FIRST_YEAR} and {LAST_YEAR}")
            return None

    def span(self) -> tuple[date | None, date | None]:
        """The columns valid_from and valid_to, which may be open but not the wrong way round."""
        valid_from, valid_to = self.day("valid_from"), self.day("valid_to")
        if valid_from and valid_to and valid_to < valid_from:
            self.fault("valid_to", f"{valid_to} lies before valid_from, {valid_from}")
        return valid_from, valid_to

    def listed(self, name: str) -> tuple[str, ...]:
        """A list of texts separated by semicolons; may be empty."""
        value = self.text(name, required=False)
        parts = tuple(part.strip() for part in value.split(";")) if value else ()
        if not all(parts):
            self.fault(name, f"{quoted(value)} has an empty entry between its semicolons")
        return parts

    def known(self, name: str, value: str, allowed: Collection[str], what: str) -> None:
        """Check that a value names something that exists elsewhere."""
        if value and value not in allowed:
            self.fault(name, f"{quoted(value)} is not a known {what}")


def check_unique(records: Iterable[Record], *names: str) -> None:
    """Note every record that repeats an earlier one in these columns."""
    seen: dict[tuple[str, ...], int] = {}
    for record in records:
        key = tuple(record.raw(name) for name in names)
        if not any(key):
            continue
        if key in seen:
            record.fault(names[0], f"{quoted(' '.join(key))} was already given in line {seen[key]}")
        seen.setdefault(key, record.line)
