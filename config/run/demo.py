"""`make demo`: the whole product on this machine, with made-up holders and every process running.

python -m config.run.demo           start it; ends with Ctrl-C
python -m config.run.demo reset     stop it and remove its data
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import IO

from config.run.environment import ENVIRONMENT_FILE, save_environment
from config.run.interrupt import Stop, ignore_stop, listen_for_stop
from config.run.leash import die_with_parent
from config.run.places import LaunchError, open_private, remove_run_directory, run_directory, secret, write_private
from config.run.servers import Postgres, Valkey
from config.run.stack import Stack

LOCK = ".demo.lock"
PATIENCE = 120
# What `manage.py` in a second terminal gets to know.
SHARED = (
    *("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "SECRET_KEY", "PV_ROLE_PREFIX"),
    *(
        "PV_VAULT_KEYS",
        "PV_VAULT_INDEX_KEY",
        "PV_RUN_DIR",
        "PV_DEMO",
        "PV_EXTERNAL_URL",
        "EMAIL_HOST",
        "EMAIL_PORT",
        "EMAIL_USE_TLS",
    ),
)


def say(line: str) -> None:
    """One calm line on the console."""
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Start or reset the demo."""
    os.umask(0o077)
    run_dir = run_directory()
    try:
        if arguments == ["reset"]:
            return reset(run_dir)
        return start_or_point(run_dir)
    except LaunchError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def take_lock(run_dir: Path) -> IO[str] | None:
    """The lock that the running demo holds, or None when one runs already."""
    file = open_private(run_dir / LOCK)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def start_or_point(run_dir: Path) -> int:
    """Start the demo, or say where the one of this checkout runs already.

    One that is just starting has no address yet; one that is just stopping has none any more, and then it is our turn.
    """
    end = time.monotonic() + PATIENCE
    address = run_dir / "url"
    while not (lock := take_lock(run_dir)):
        with contextlib.suppress(FileNotFoundError):
            found = address.read_text(encoding="utf-8").strip()
            say("The demo of this checkout runs already.")
            say(found)
            return 0
        if time.monotonic() > end:
            raise LaunchError(f"Another start of this demo does not become ready; see {run_dir / 'log'}.")
        time.sleep(0.1)
    return run(run_dir, lock)


def run(run_dir: Path, lock: IO[str]) -> int:
    """Start everything, look after it until told to stop, stop everything."""
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM)  # whoever kills make means us
    forget_last_run(run_dir)
    stack = Stack(run_dir, demo_variables(run_dir), say)
    listen_for_stop()
    try:
        start(stack)
        while True:
            stack.supervisor.look_after()
            time.sleep(0.2)
    except Stop:
        say("\nStopping ...")
    finally:
        ignore_stop()
        forget_last_run(run_dir)
        stack.stop()
        lock.close()
    say("Stopped.")
    return 0


def start(stack: Stack) -> None:
    """From nothing to a page that answers; the address is the last line."""
    began = time.monotonic()
    stack.supervisor.clear_up()
    stack.open_servers()
    stack.prepare("collectstatic", "seed_demo")
    stack.choose_port()
    stack.set(PV_EXTERNAL_URL=stack.url)
    stack.catch_mails()
    stack.start_processes()
    stack.wait_until_ready()
    save_environment(stack.run_dir, {name: stack.variables[name] for name in SHARED if name in stack.variables})
    write_private(stack.run_dir / "url", stack.url + "\n")
    say(f"Ready after {time.monotonic() - began:.0f} s. Ctrl-C stops it; logs are in {stack.run_dir / 'log'}.")
    say("Log in as officer@demo-a.example with the password demo.")
    say(stack.url)


def demo_variables(run_dir: Path) -> dict[str, str]:
    """What makes it the demo."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "PV_DEMO": "1",
        "SECRET_KEY": secret(run_dir, "secret_key"),
        "PV_VAULT_KEYS": vault_key(run_dir, "vault_key"),
        "PV_VAULT_INDEX_KEY": vault_key(run_dir, "vault_index_key"),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    }


def vault_key(run_dir: Path, name: str) -> str:
    """A key of the vault, made once like every secret of the demo; its id tells production to refuse it."""
    return f"demo-1:{base64.b64encode(hashlib.sha256(secret(run_dir, name).encode()).digest()).decode()}"


def forget_last_run(run_dir: Path) -> None:
    """Remove the notes that say "it runs here"; `env.json` stays only while it runs."""
    for name in ("url", ENVIRONMENT_FILE):
        (run_dir / name).unlink(missing_ok=True)
    shutil.rmtree(run_dir / "metrics", ignore_errors=True)  # counts of processes that are gone


def reset(run_dir: Path) -> int:
    """Stop a running demo and remove everything it has stored. A real server named by DATABASE_URL is left alone."""
    lock = take_lock(run_dir)
    if lock is None:
        say("Stopping the running demo ...")
        os.kill(int((run_dir / LOCK).read_text(encoding="utf-8")), signal.SIGTERM)
        end = time.monotonic() + 30
        while not (lock := take_lock(run_dir)):
            if time.monotonic() > end:
                raise LaunchError("The running demo does not end.")
            time.sleep(0.1)
    stack = Stack(run_dir, {}, say)
    stack.supervisor.clear_up()
    if (run_dir / "secrets.json").exists():
        Valkey(run_dir, None, fast=False).clear_up()
        Postgres(run_dir, None, fast=False, template=None).clear_up()
    remove_run_directory(run_dir)
    lock.close()
    if os.environ.get("DATABASE_URL"):
        say("The database that DATABASE_URL names is left as it is.")
    say("All data of the demo are removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
