"""Being told to stop: Ctrl-C, SIGTERM and a closed terminal all mean the same, and mean it once."""

from __future__ import annotations

import signal
from types import FrameType

MEANT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(BaseException):
    """Somebody asked us to end."""


def listen_for_stop() -> None:
    """From now on such a signal raises Stop, wherever we are."""

    def stop(signum: int, frame: FrameType | None) -> None:
        ignore_stop()
        raise Stop

    for signum in MEANT:
        # Under nohup a closed terminal is no reason to end. Ctrl-C counts even where a shell had it ignored.
        if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, stop)


def ignore_stop() -> None:
    """We are on our way out; nothing may interrupt that."""
    for signum in MEANT:
        signal.signal(signum, signal.SIG_IGN)
