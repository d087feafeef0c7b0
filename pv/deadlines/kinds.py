"""How a kind of deadline is worded, where it leads, and which ladder it climbs. Rooms register theirs in ready().

A Deadline keeps kind and args, never a title: it is put into the reader's language when it is read.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import get_language

from pv.deadlines.models import Deadline

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Kind:
    """code: stored; label: the kind's own name; title: gettext_lazy template over args; path: with {subject}.

    reads: the verb of the policy that whoever sees such a deadline needs, since its words tell of that room.
    met_by_taking: "I take it" is itself what is due (a malignancy's alarm). An argument in two languages
    stands in args as name_en and name_zh, and the template says %(name)s.
    """

    code: str
    label: "_StrPromise"
    title: "_StrPromise"
    path: str
    ladder: str
    met_by_taking: bool = False
    reads: str = "deadline.read"


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known; a code belongs to one room."""
    if _kinds.setdefault(kind.code, kind) != kind:
        raise ValueError(f"The kind {kind.code!r} is registered already.")


def kind_of(code: str) -> Kind:
    """The registered kind; KeyError for one that no room owns."""
    return _kinds[code]


def all_kinds() -> list[Kind]:
    return list(_kinds.values())


def title_of(deadline: Deadline) -> str:
    """What the deadline is about, in the active language; its bare kind if the words are not to be had."""
    kind = _kinds.get(deadline.kind)
    if kind is None:
        return deadline.kind
    try:
        return str(kind.title) % in_language(deadline.args)
    except (KeyError, ValueError, TypeError):
        return str(kind.label)


def path_of(deadline: Deadline) -> str:
    """Where its page is, below the site's address."""
    kind = _kinds.get(deadline.kind)
    return kind.path.format(subject=deadline.subject, deadline=deadline.pk) if kind else f"/deadlines/{deadline.pk}/"


def in_language(args: dict[str, object]) -> dict[str, object]:
    """The args, with name_en / name_zh folded into name by the active language."""
    ending = "_zh" if (get_language() or "").startswith("zh") else "_en"
    folded = {key.removesuffix(ending): value for key, value in args.items() if key.endswith(ending)}
    return {**args, **folded}
