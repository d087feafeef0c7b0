"""Become another program, in such a way that it ends when the one who started it ends.

Run as a script between launcher and program (`python -I -S leash.py PARENT SIGNAL UID GID PROGRAM ...`) rather than as
`preexec_fn`: Python code between fork and exec can hang when the launcher has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(signum: int) -> None:
    """Ask Linux to signal us when our parent dies; elsewhere the next start clears up what is left."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)


def main(arguments: list[str]) -> None:
    """Drop rights when told to, tie ourselves to the parent, and become the program."""
    parent, signum, uid, gid, *program = arguments
    os.umask(0o077)
    if uid != "-":
        os.setgroups([int(gid)])
        os.setgid(int(gid))
        os.setuid(int(uid))
    # Only after the change of user: that change clears the request.
    die_with_parent(int(signum))
    if os.getppid() != int(parent):
        sys.exit("the launcher is gone")
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_DFL)  # a shell's background job hands them down ignored
    os.execvp(program[0], program)  # noqa: S606  the list comes from the launcher, and no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
