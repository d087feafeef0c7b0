"""How a specimen may move and a request may end, and what a ledger of custody adds up to. Plain Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class State(StrEnum):
    COLLECTED = "collected"
    AT_SITE = "at_site"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    STORED = "stored"
    IN_ANALYSIS = "in_analysis"
    EXHAUSTED = "exhausted"
    RETURNED = "returned"
    DISPOSED = "disposed"
    LOST = "lost"


class What(StrEnum):
    COLLECTED = "collected"
    REGISTERED = "registered"
    KEPT = "kept"
    SENT = "sent"
    RECEIVED = "received"
    STORED = "stored"
    MOVED = "moved"
    THAWED = "thawed"
    ALIQUOTED = "aliquoted"
    ANALYSED = "analysed"
    EXCURSION = "excursion"
    HELD = "held"
    RELEASED = "released"
    EXHAUSTED = "exhausted"
    RETURNED = "returned"
    DISPOSED = "disposed"
    LOST = "lost"


IN_HAND = frozenset({State.COLLECTED, State.AT_SITE, State.RECEIVED, State.STORED, State.IN_ANALYSIS})
"""Somewhere people can lay their hands on it."""
RETAINED = IN_HAND | {State.IN_TRANSIT}
"""There is something left that can be analysed, and that a hold protects."""
GONE = frozenset({State.EXHAUSTED, State.RETURNED, State.DISPOSED})
BIRTHS = frozenset({What.COLLECTED, What.REGISTERED})


def _to(new: State, *old: State) -> Mapping[State, State]:
    return dict.fromkeys(old, new)


def _stays(states: Iterable[State]) -> Mapping[State, State]:
    return {state: state for state in states}


# What can happen to a specimen in which state, and the state it is in afterwards. Nothing leads out of a specimen that
# is gone; a lost one can be found again and stored.
MOVES: Mapping[What, Mapping[State, State]] = {
    What.COLLECTED: {},
    What.REGISTERED: {},
    What.KEPT: _to(State.AT_SITE, State.COLLECTED, State.RECEIVED),
    What.SENT: _to(State.IN_TRANSIT, *IN_HAND),
    What.RECEIVED: _to(State.RECEIVED, State.IN_TRANSIT),
    What.STORED: _to(
        State.STORED, State.COLLECTED, State.AT_SITE, State.RECEIVED, State.STORED, State.IN_ANALYSIS, State.LOST
    ),
    What.MOVED: _stays((State.AT_SITE, State.RECEIVED, State.STORED, State.IN_ANALYSIS)),
    What.THAWED: _stays(IN_HAND),
    What.ALIQUOTED: _stays(IN_HAND),
    What.ANALYSED: _to(State.IN_ANALYSIS, *IN_HAND),
    What.EXCURSION: _stays(RETAINED),
    What.HELD: _stays(RETAINED | {State.LOST}),
    What.RELEASED: _stays(State),
    What.EXHAUSTED: _to(State.EXHAUSTED, *IN_HAND),
    What.RETURNED: _to(State.RETURNED, *RETAINED),
    What.DISPOSED: _to(State.DISPOSED, *IN_HAND),
    What.LOST: _to(State.LOST, *RETAINED),
}

TAKES = frozenset({What.ALIQUOTED, What.ANALYSED, What.EXHAUSTED, What.DISPOSED})
"""After which less may be there than before."""
EMPTIES = frozenset({What.EXHAUSTED, What.DISPOSED})
"""After which nothing is."""
NOT_HANDLING = frozenset({What.HELD, What.RELEASED, What.EXCURSION})
"""What is decided or read off a logger: it may be dated before or after what hands did."""


def after(what: What, state: State) -> State | None:
    """The state afterwards, or None where this cannot happen."""
    return MOVES[what].get(state)


class Broken(ValueError):
    """A ledger that does not add up: a gap, a move that cannot be, less than nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ledger, with how the specimen stood afterwards as it was written down then."""

    no: int
    what: What
    state: State
    holder: UUID | None
    place: str
    change: Decimal
    quantity: Decimal | None
    thaws: int
    compromised: bool
    cause: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a specimen stands: what its row keeps beside the ledger."""

    state: State
    holder: UUID | None
    place: str
    quantity: Decimal | None
    thaws: int
    compromised: bool
    causes: tuple[UUID, ...]
    events: int

    @property
    def on_hold(self) -> bool:
        return bool(self.causes)


def follow(was: Standing, entry: Entry) -> Standing:
    """What an entry makes of a specimen, computed anew: only place and holder are taken from what was written down."""
    new = after(entry.what, was.state)
    if new is None:
        raise Broken(f"entry {entry.no}: {entry.what} cannot happen to one that is {was.state}")
    if entry.what == What.DISPOSED and was.causes:
        raise Broken(f"entry {entry.no}: disposed of while on hold")
    quantity = was.quantity if was.quantity is None else was.quantity + entry.change
    if quantity is not None and quantity < 0:
        raise Broken(f"entry {entry.no}: less than nothing")
    if entry.change > 0 or (entry.change and entry.what not in TAKES) or (entry.what in EMPTIES and quantity):
        raise Broken(f"entry {entry.no}: {entry.what} does not change a quantity by {entry.change}")
    return replace(
        was,
        state=new,
        holder=entry.holder,
        place=entry.place,
        quantity=quantity,
        thaws=was.thaws + (entry.what == What.THAWED),
        compromised=was.compromised or entry.what == What.EXCURSION,
        causes=_causes(was.causes, entry.what, entry.cause),
        events=was.events + 1,
    )


def _causes(causes: tuple[UUID, ...], what: What, cause: UUID | None) -> tuple[UUID, ...]:
    """Two causes may hold one specimen; releasing for one of them leaves it on hold for the other."""
    if cause is None or what not in (What.HELD, What.RELEASED):
        return causes
    others = tuple(one for one in causes if one != cause)
    return (*others, cause) if what == What.HELD else others


def replay(entries: Iterable[Entry]) -> Standing:
    """How a specimen stands, from its ledger alone. Raises Broken where the ledger has a gap or contradicts itself."""
    standing: Standing | None = None
    for at, entry in enumerate(entries, start=1):
        if entry.no != at:
            raise Broken(f"entry {at} is missing")
        standing = _born(entry) if standing is None else follow(standing, entry)
        written = (entry.state, entry.quantity, entry.thaws, entry.compromised)
        if written != (standing.state, standing.quantity, standing.thaws, standing.compromised):
            raise Broken(f"entry {at}: what was written down afterwards does not follow")
    if standing is None:
        raise Broken("there is no entry")
    return standing


def _born(entry: Entry) -> Standing:
    if entry.what not in BIRTHS:
        raise Broken(f"entry {entry.no}: begins with {entry.what}")
    if (entry.quantity or 0) != entry.change:
        raise Broken(f"entry {entry.no}: begins with another quantity than it brings")
    return Standing(
        entry.state, entry.holder, entry.place, entry.quantity, entry.thaws, entry.compromised, causes=(), events=1
    )


class RequestState(StrEnum):
    OPEN = "open"
    MET = "met"
    AT_SITE = "at_site"
    NOT_AVAILABLE = "not_available"
    CANCELLED = "cancelled"


# What was not available may be found after all, and what was tested at the site may be sent later.
REQUEST_MOVES: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.OPEN: frozenset(RequestState) - {RequestState.OPEN},
    RequestState.NOT_AVAILABLE: frozenset({RequestState.MET, RequestState.AT_SITE}),
    RequestState.AT_SITE: frozenset({RequestState.MET}),
    RequestState.MET: frozenset(),
    RequestState.CANCELLED: frozenset(),
}


def can_end(old: RequestState, new: RequestState) -> bool:
    return new in REQUEST_MOVES[old]
