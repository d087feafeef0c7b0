"""Make `.venv` and install the locked packages into it, when and only when that is needed.

    python3 config/run/bootstrap.py run     what the product needs
    python3 config/run/bootstrap.py dev     what tests and checks need as well

Runs with any Python from 3.11 to 3.14 and the standard library only. It may be interrupted, and two may run at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
# Stands while packages are being put in: pip takes a package that was copied half for a whole one.
UNFINISHED = VENV / "unfinished"
OLDEST, NEWEST = (3, 11), (3, 14)


def main(arguments: list[str]) -> int:
    """Bring the environment up to date; 0 when it is."""
    if len(arguments) != 1 or arguments[0] not in {"run", "dev"}:
        print("Usage: bootstrap.py run|dev", file=sys.stderr)
        return 2
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        print(f"This is Python {sys.version.split()[0]}; needed is one from 3.11 to 3.14.", file=sys.stderr)
        return 1
    try:
        with one_at_a_time() as lock:
            install(arguments[0], lock)
            compile_messages()
    except subprocess.CalledProcessError as error:
        print(f"Failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next start goes on from here.", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def one_at_a_time() -> Iterator[int]:
    """Wait while another terminal installs into the same checkout; the number is the lock's, for those who go on."""
    with (CHECKOUT / ".venv.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another process is installing packages here; waiting for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def install(kind: str, lock: int) -> None:
    """Install one lock file, unless exactly this one is in already. The development lock contains the other."""
    locks = {name: digest(lock_file(name)) for name in ("run", "dev")}
    stamp = read_stamp()
    place = str(VENV.resolve())
    wanted = {kind: locks[kind], "place": place}
    if wanted.items() <= stamp.items() and works(PYTHON):
        return
    started = time.monotonic()
    # A copied or moved environment still runs its scripts with the Python of its old place.
    moved = stamp.get("place", place) != place
    if moved or UNFINISHED.exists() or not works(PYTHON, "-m", "pip", "--version"):
        make_environment(lock)
    version = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"Installing packages ({kind}) for {version} into .venv ...", flush=True)
    STAMP.unlink(missing_ok=True)
    UNFINISHED.touch()
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    # The lock is complete: pip has nothing to resolve. Left to itself, an older one takes a newer release than the
    # pinned one for a name with an extra (coverage[toml]) and then refuses it, so that a lock breaks by ageing.
    command += ["--progress-bar", "off", "--only-binary", ":all:", "--no-deps", "--require-hashes", "--requirement"]
    # pip may outlive us when we are killed; the lock is then held until it ends as well.
    subprocess.run([*command, lock_file(kind)], check=True, cwd=CHECKOUT, pass_fds=[lock])
    write_stamp(wanted | {"run": locks["run"]})
    UNFINISHED.unlink()
    print(f"Packages installed in {time.monotonic() - started:.0f} s.", flush=True)


def make_environment(lock: int) -> None:
    """Make the virtual environment from nothing."""
    print("Making the virtual environment .venv ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    command: list[str | Path] = [sys.executable, "-m", "venv", VENV]
    done = subprocess.run(command, capture_output=True, text=True, check=False, pass_fds=[lock])
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        print("On Debian and Ubuntu the package python3-venv is needed for this.", file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode, done.args)


def works(*command: Path | str) -> bool:
    """Whether the environment's Python is there and runs."""
    call = command if len(command) > 1 else (*command, "-c", "")
    with contextlib.suppress(OSError):
        return subprocess.run(call, capture_output=True, check=False).returncode == 0
    return False


def lock_file(kind: str) -> Path:
    """The lock file of a kind."""
    return CHECKOUT / "requirements" / f"{kind}.txt"


def digest(path: Path) -> str:
    """The hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp() -> dict[str, str]:
    """Which lock files are in the environment."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


def write_stamp(stamp: dict[str, str]) -> None:
    """Note it, last of all and in one step."""
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(stamp), encoding="utf-8")
    fresh.replace(STAMP)


def compile_messages(python: Path = PYTHON) -> None:
    """Compile translations that are newer than their compiled form, with Babel, since gettext may not be there."""
    for source in sorted((CHECKOUT / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = target.with_name(f".{target.name}.{os.getpid()}")
        command: list[str | Path] = [
            python,
            "-m",
            "babel.messages.frontend",
            "--quiet",
            "compile",
            "-i",
            source,
            "-o",
            fresh,
        ]
        subprocess.run([*command, "-l", source.parents[1].name], check=True)
        fresh.replace(target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
