"""The texts a reader sees: collected from Python and templates, kept in one catalogue for each language.

Babel does what the gettext tools would, so that none have to be installed. English is the language of the source; its
texts are their own keys.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sdf]|%%")
HEADER = """\
# Simplified Chinese texts of the tracker: written for the reader, not translated word by word.
# `manage.py messages` keeps the list complete and in the order of the source.
msgid ""
msgstr ""
"Language: zh_Hans\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

Key = tuple[str | tuple[str, ...], str | None]


def collect(root: Path) -> Catalog:
    """Every text of the product, in the order of the source."""
    found = Catalog(locale="zh_Hans", domain="django", fuzzy=False)
    for path in sorted(
        [*root.glob("pv/**/*.py"), *root.glob("config/**/*.py"), *root.glob("pv/**/templates/**/*.html")]
    ):
        place = path.relative_to(root).as_posix()
        if "/migrations/" in place:
            continue
        for text, context in _texts(path, place):
            found.add(text, locations=[(place, 0)], context=context)
    return found


def _texts(path: Path, place: str) -> Iterator[Key]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        # What templatize() makes of a page reads as Python but for the indentation.
        source = "\n".join(line.strip() for line in templatize(source, origin=place).splitlines())
    stream = io.BytesIO(source.encode())
    for _line, text, _comments, context in extract("python", stream, KEYWORDS, options={"encoding": "utf-8"}):
        yield text if isinstance(text, str) else tuple(text), context


def read(path: Path) -> Catalog:
    """A catalogue from its file; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale="zh_Hans", domain="django", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans", domain="django")


def updated(wanted: Catalog, known: Catalog) -> Catalog:
    """The texts of the source with the translations that are known. What has left the source is dropped."""
    fresh = Catalog(locale="zh_Hans", domain="django", fuzzy=False)
    for message in wanted:
        if message.id:
            old = known.get(_singular(message), message.context)
            translation = old.string if old is not None and not old.fuzzy else ""
            if message.pluralizable and isinstance(translation, str):
                translation = (translation,)
            fresh.add(message.id, translation, locations=message.locations, context=message.context)
    return fresh


def put(catalog: Catalog, message: Message, string: str | list[str] | tuple[str, ...]) -> None:
    """Set a translation. Catalog.add() leaves the string of a text it knows already."""
    have = catalog.get(_singular(message), message.context)
    if have is None:
        catalog.add(message.id, string, context=message.context)
    else:
        have.string = string


def write(path: Path, catalog: Catalog) -> None:
    """The file as it is kept: places without line numbers, so that moved code changes nothing."""
    out = io.BytesIO()
    write_po(out, catalog, width=118, include_lineno=False, omit_header=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(HEADER.encode() + out.getvalue())


def faults(wanted: Catalog, known: Catalog) -> list[str]:
    """What keeps a catalogue from being complete: missing, fuzzy, left over, or with other placeholders."""
    found = []
    keys = {(_singular(one), one.context) for one in wanted if one.id}
    for message in known:
        if message.id and (_singular(message), message.context) not in keys:
            found.append(f"left over: {_singular(message)}")
        elif message.id and message.fuzzy:
            found.append(f"fuzzy: {_singular(message)}")
    for message in wanted:
        if not message.id:
            continue
        have = known.get(_singular(message), message.context)
        strings = _strings(have)
        if not strings or not all(strings):
            found.append(f"missing: {_singular(message)}")
        elif any(_placeholders(one) not in _allowed(message) for one in strings):
            found.append(f"other placeholders: {_singular(message)}")
    return found


def _strings(message: Message | None) -> list[str]:
    """A translation's forms; none where there is no such text."""
    if message is None or not message.string:
        return []
    return [message.string] if isinstance(message.string, str) else list(message.string)


def _singular(message: Message) -> str:
    """What a catalogue files a text under."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


def _allowed(message: Message) -> list[Counter[str]]:
    """Chinese has one form for every number: it may follow the singular's placeholders or the plural's."""
    return [_placeholders(text) for text in ([message.id] if isinstance(message.id, str) else message.id)]


def untranslated_in_templates(source: str) -> list[str]:
    """Words of a template that stand outside every translation, for the test that looks for them."""
    source = re.sub(r"{% block body_class %}.*?{% endblock[^%]*%}", " ", source)
    bare = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%.*?%}|{{.*?}}|{#.*?#}", " ", source, flags=re.DOTALL)
    bare = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]*>|&\w+;", " ", bare, flags=re.DOTALL)
    return re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", bare)
