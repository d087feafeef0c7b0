"""`make prod-smoke`: the same processes under production settings, with fresh secrets in files and an empty database.

Asks what a load balancer and a first visitor would ask, tries what production must refuse, stops, and says by its exit
code whether all of it was as it should be. There is no proxy: the smoke test sends the proxy's header itself.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie

from config.run.interrupt import Stop, ignore_stop, listen_for_stop
from config.run.make_secrets import new_key
from config.run.places import LaunchError, make_private, remove_run_directory, run_directory, write_private
from config.run.stack import Stack

SITE = "tracker.example"
HEADERS = {"Host": SITE, "X-Forwarded-Proto": "https", "Referer": f"https://{SITE}/"}
SECRETS = (
    *("SECRET_KEY", "PV_VAULT_KEYS", "PV_VAULT_INDEX_KEY"),
    *("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL"),
)
DEMO_VAULT = "demo-1:ZGVtby1vbmx5LWtleS1vZi10aGUtdmF1bHQtMzItYnk="
DEMO_KEY = "demo-only-key-that-production-refuses-to-start-with"
WATCH_SECONDS = 5

Result = tuple[str, bool, str]  # what must hold, whether it does, what was seen instead


def say(line: str) -> None:
    """One line on the console."""
    print(line, flush=True)


def main() -> int:
    """0 when production starts, answers and refuses as it should."""
    os.umask(0o077)
    run_dir = run_directory() / "prod-smoke"
    remove_run_directory(make_private(run_dir))
    stack = Stack(make_private(run_dir), {}, say)
    stack.forget(*SECRETS, "PV_DEMO", "DEBUG", "EMAIL_HOST")
    failed = 0
    listen_for_stop()
    try:
        for what, holds, seen in smoke(stack):
            say(f"  {'ok    ' if holds else 'FAILED'}  {what}" + ("" if holds else f"\n          {seen}"))
            failed += not holds
    except LaunchError as error:
        say(f"  FAILED  {error}")
        failed += 1
    except Stop:
        say("Stopped before the end.")
        failed += 1
    finally:
        ignore_stop()
        stack.stop()
        if not failed:
            remove_run_directory(run_dir)
    say("Production shape: all as it should be." if not failed else f"Production shape: {failed} failed.")
    return 1 if failed else 0


def smoke(stack: Stack) -> Iterator[Result]:
    """Everything, in order."""
    stack.open_servers()
    stack.set(DJANGO_SETTINGS_MODULE="config.settings.production", ALLOWED_HOSTS=SITE, SECRET_KEY=secrets.token_hex(40))
    stack.set(PV_EXTERNAL_URL=f"https://{SITE}", PV_VAULT_KEYS=new_key("k1"), PV_VAULT_INDEX_KEY=new_key("i1"))
    secrets_into_files(stack)
    stack.prepare("collectstatic")
    yield from settings_are_sound(stack)
    yield from demo_is_refused(stack)
    stack.choose_port()
    stack.catch_mails()
    stack.start_processes()
    stack.wait_until_ready(HEADERS)
    yield from answers(stack)
    yield from visitors(stack)
    yield everything_still_runs(stack)


def secrets_into_files(stack: Stack) -> None:
    """Production reads its secrets from files; no value stays in the environment."""
    folder = make_private(stack.run_dir / "secrets")
    for name in SECRETS:
        value = stack.variables[name]
        stack.forget(name)
        write_private(folder / name.lower(), value + "\n")
        stack.variables[f"{name}_FILE"] = str(folder / name.lower())


def settings_are_sound(stack: Stack) -> Iterator[Result]:
    """Django's own list for production, complete and unsilenced."""
    done = stack.manage("check", "--deploy", "--fail-level", "WARNING")
    clean = done.returncode == 0 and "silenced" in done.stdout and "0 silenced" in done.stdout
    yield "check --deploy is clean, nothing silenced", clean, (done.stdout + done.stderr)[-2000:]


def demo_is_refused(stack: Stack) -> Iterator[Result]:
    """What belongs to the demo does not start in production."""
    deploy, role = ("check", "--deploy"), ("check", "--database=default")
    attempts: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
        "the demo switch is refused": (deploy, {"PV_DEMO": "1"}, "PV_DEMO"),
        "the demo's key is refused": (deploy, {"SECRET_KEY": DEMO_KEY}, "SECRET_KEY"),
        "a missing key is refused": (("check",), {"SECRET_KEY_FILE": ""}, "SECRET_KEY"),
        "the demo's vault is refused": (deploy, {"PV_VAULT_KEYS": DEMO_VAULT}, "PV_VAULT_KEYS"),
        "a missing key of the vault is refused": (deploy, {"PV_VAULT_INDEX_KEY_FILE": ""}, "PV_VAULT_INDEX_KEY"),
        "debugging is refused": (deploy, {"DEBUG": "1"}, "DEBUG"),
        "demo users are refused": (("seed_demo",), {}, "CommandError"),
        "the owner of the tables is refused": (role, log_in_as("OWNER", stack), "owns the tables"),
        "a superuser is refused": (role, log_in_as("ADMIN", stack), "superuser"),
    }
    for what, (command, variables, reason) in attempts.items():
        done = stack.manage(*command, variables=variables)
        refused = done.returncode != 0 and reason in done.stderr and "Unknown command" not in done.stderr
        yield what, refused, f"manage.py {' '.join(command)}: {done.returncode} {done.stderr[-600:]}"


def log_in_as(who: str, stack: Stack) -> dict[str, str]:
    """Variables that give a process somebody else's log-in."""
    return {"DATABASE_URL_FILE": stack.variables[f"DATABASE_{who}_URL_FILE"]}


def answers(stack: Stack) -> Iterator[Result]:
    """What an operator's monitor asks."""
    for path in ("/healthz", "/readyz"):
        answer = stack.ask(path, HEADERS)
        yield f"{path} answers 200", answer.status == 200, f"{answer.status} {answer.body[:300]}"
    plain = stack.ask("/", {"Host": SITE})
    target = plain.headers.get("Location", "")
    moved = plain.status == 301 and target.startswith(f"https://{SITE}/")
    yield "plain http is sent to https", moved, f"{plain.status} {target}"
    stranger = stack.ask("/", HEADERS | {"Host": "elsewhere.example"})
    yield "a foreign host name is refused", stranger.status == 400, str(stranger.status)
    missing = stack.ask("/no-such-page/", HEADERS)
    quiet = missing.status in {302, 404} and "DEBUG" not in missing.body and "urlconf" not in missing.body.lower()
    yield "a missing page tells nothing of the code", quiet, f"{missing.status} {missing.body[:300]}"


def visitors(stack: Stack) -> Iterator[Result]:
    """What a first visitor meets, and a visitor who tries the demo's password."""
    path = log_in_path(stack)
    page = stack.ask(path, HEADERS)
    yield "the log-in page opens", page.status == 200 and 'type="password"' in page.body, f"{page.status} {path}"
    strict = "max-age" in page.headers.get("Strict-Transport-Security", "")
    yield "the browser is told to stay with https", strict, str(page.headers)
    cookies = SimpleCookie("; ".join(page.headers.get_all("Set-Cookie", [])))
    token = next((morsel for name, morsel in cookies.items() if "csrf" in name.lower()), None)
    yield "cookies are for https only", token is not None and bool(token["secure"]), str(cookies)
    if token:
        form = {"csrfmiddlewaretoken": token.value, "username": "officer@demo-a.example", "password": "demo"}
        sent = stack.ask(path, HEADERS | {"Cookie": f"{token.key}={token.value}"}, form | {"email": form["username"]})
        yield "the demo's password opens nothing", sent.status != 302, f"{sent.status} {sent.headers}"


def log_in_path(stack: Stack) -> str:
    """Where the front door sends somebody who is not logged in."""
    path = "/"
    for _ in range(3):
        target = stack.ask(path, HEADERS).headers.get("Location")
        if not target:
            break
        path = target.removeprefix(f"https://{SITE}")
    return path


def everything_still_runs(stack: Stack) -> Result:
    """No process has ended since it was started."""
    end = time.monotonic() + WATCH_SECONDS
    while time.monotonic() < end:
        stack.supervisor.look_after()
        time.sleep(0.2)
    failures = {child.process.name: child.failures for child in stack.supervisor.children if child.failures}
    return f"every process runs for {WATCH_SECONDS} s and more", not failures, f"ended: {failures}"


if __name__ == "__main__":
    sys.exit(main())
