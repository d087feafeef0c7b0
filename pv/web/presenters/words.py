"""The reader's language, for texts that are stored in both."""

import unicodedata

from django.utils.translation import get_language


def in_chinese() -> bool:
    """Whether the reader reads Chinese at the moment."""
    return (get_language() or "").startswith("zh")


def either(english: str, chinese: str) -> str:
    """The text in the reader's language, or the other one where that is missing."""
    return (chinese or english) if in_chinese() else (english or chinese)


def places(text: str) -> int:
    """How wide a text is, in half-width places: pictures cannot ask the font. Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def shorten(text: str, most: int) -> str:
    """A text cut to so many places."""
    if places(text) <= most:
        return text
    while text and places(text) > most - 1:
        text = text[:-1]
    return text.rstrip() + "…"
