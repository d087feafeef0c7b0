"""What the embedded servers have in common: how one is started, found again after a kill -9, and stopped.

A server ends with the process (on Linux: the thread) that started it. It holds a lock file open for as long as it or
one of its children lives; so a new start knows for certain whether an old server is left over from a kill -9, and ends
it, instead of trusting a process number in a file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import IO

from config.run.places import LaunchError, Place, make_private, open_private, place_for

LEASH = Path(__file__).with_name("leash.py")
START_SECONDS = 60
STOP_SECONDS = 6
PORTS = range(15000, 32768)


class Server(ABC):
    """One embedded server, running or stopped. Its address stays the same over restarts."""

    name: str
    polite_signal: signal.Signals

    def __init__(self, run_dir: Path, log: Path | None) -> None:
        self.run_dir = run_dir
        self.place: Place = place_for(run_dir)
        self.log = log or make_private(run_dir / "log") / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._owner: IO[str] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address that most callers want."""

    @abstractmethod
    def command(self) -> tuple[list[str], str]:
        """The program with its arguments, and what it reads from standard input."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers."""

    @abstractmethod
    def prepare(self) -> None:
        """Make what must be there before the program can start."""

    @abstractmethod
    def pid_file(self) -> Path:
        """The file into which the server writes its process number."""

    @property
    def pid(self) -> int:
        """The process number of the running server."""
        if self.process is None:
            raise LaunchError(f"{self.name} does not run.")
        return self.process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it and return when it answers."""
        self.launch()
        if not wait_for(lambda: self.ready() or not self.alive(), START_SECONDS) or not self.alive():
            last = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
            self.stop()
            raise LaunchError(f"{self.name} did not start. The end of {self.log}:\n" + "\n".join(last))

    def launch(self) -> None:
        """Start it without waiting for an answer, ending first what a killed launcher left behind."""
        self._own()
        lock = self._lock_after_leftovers()
        try:
            self.prepare()
            program, text = self.command()
            with open_private(self.log) as log:
                self.process = self.spawn(program, text, log, lock)
        finally:
            os.close(lock)

    def spawn(self, program: list[str], text: str, log: IO[str], lock: int) -> subprocess.Popen[bytes]:
        """Run a program as the servers' account, tied to us, with the lock in its hands."""
        process = subprocess.Popen(
            self.leashed(program),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.place.path,
            env=bare_environment(),
            pass_fds=[lock],
            start_new_session=True,
        )
        if process.stdin:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(text.encode())
                process.stdin.close()
        return process

    def leashed(self, program: list[str]) -> list[str]:
        """The program behind the leash that drops rights and dies with us."""
        account = self.place.account
        ids = [str(account.uid), str(account.gid)] if account else ["-", "-"]
        return [
            sys.executable,
            "-I",
            "-S",
            str(LEASH),
            str(os.getpid()),
            str(int(self.polite_signal)),
            *ids,
            *program,
        ]

    def stop(self) -> None:
        """End it: politely, after some seconds by force."""
        if self.process is not None:
            end_group(self.process.pid, self.polite_signal, lambda: not self.alive())
            self.process.wait()
            self.process = None
        if self._owner:
            self._owner.close()
            self._owner = None

    def clear_up(self) -> None:
        """End what a killed launcher left running."""
        os.close(self._lock_after_leftovers())

    def _own(self) -> None:
        """Refuse when another living launcher has this server in use."""
        if self._owner:
            return
        owner = open_private(self.run_dir / f".{self.name}.owner")
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner.close()
            raise LaunchError(f"Another process already runs {self.name} in {self.run_dir}.") from None
        self._owner = owner

    def _lock_after_leftovers(self) -> int:
        """The lock that means "this server lives", taken once every leftover process is gone."""
        file = self.place.path / f"{self.name}.lock"
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.place.give(file)

        def free() -> bool:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            return False

        # Usually it is already on its way out, since its launcher died; then waiting is enough.
        if not wait_for(free, 3):
            with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
                leftover = int(self.pid_file().read_text(encoding="utf-8").split()[0])
                end_group(leftover, self.polite_signal, free)
            if not wait_for(free, 3):
                raise LaunchError(f"An old {self.name} still runs in {self.place.path} and does not end.")
        self.pid_file().unlink(missing_ok=True)
        return lock


def free_port(wanted: int = 0) -> int:
    """The wanted port of 127.0.0.1 if nobody listens there, else any other that is free.

    Never one that the system gives to outgoing connections (from 32768 on): while a server is away, a client that tries
    again and again would sooner or later be given the server's own port, speak to itself, and keep the server out.
    """
    for port in (wanted or random.choice(PORTS), *random.sample(PORTS, 50)):  # noqa: S311 not a secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise LaunchError("No free port on 127.0.0.1.")


def bare_environment() -> dict[str, str]:
    """What a server may know of our environment: nothing secret, no locale, no time zone."""
    kept = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")  # some Pythons, and so the leash, need their library path
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def wait_for(done: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again until yes or until the time is over."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def end_group(leader: int, polite: signal.Signals, gone: Callable[[], bool], seconds: float = STOP_SECONDS) -> None:
    """Ask the leader of a process group to end; when it does not, kill the whole group."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(leader, polite)
    wait_for(gone, seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
