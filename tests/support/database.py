"""One template database, built as the owner and kept by the hash of what is in it; each worker clones it.

Tests connect as `app`, never as owner or superuser: under row-level security anything else would be a false green.
"""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psycopg

if TYPE_CHECKING:
    from config.run.servers import Postgres

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".run" / "test-clusters"
TEMPLATE = "pv_template"
OWNER_PASSWORD = "owner-of-the-tests"
APP_PASSWORD = "app-of-the-tests"


def fingerprint() -> str:
    """A hash of everything that decides what stands in the template."""
    digest = hashlib.sha256(sys.version.encode())
    for pattern in (
        "pv/*/migrations/*.py",
        "pv/core/tables.py",
        "pv/core/roles.py",
        "pv/*/reference/*.py",
        "pv/core/upsert.py",
        "pv/core/calendars.py",
        "pv/*/loading*.py",
        "pv/ops/management/commands/*.py",
        "fixtures/**/*",
        "requirements/run.txt",
        "config/run/servers.py",
    ):
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:20]


def environment(urls: "Urls") -> dict[str, str]:
    """What a management command needs to work on this database."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_ADMIN_URL": urls.admin,
        "DATABASE_OWNER_URL": urls.owner,
        "DATABASE_URL": urls.app,
    }


@dataclass(frozen=True)
class Urls:
    """The three ways into one database."""

    admin: str
    owner: str
    app: str

    @classmethod
    def of(cls, server: "Postgres", name: str) -> "Urls":
        return cls(
            admin=server.url,
            owner=server.url_for("pv_owner", OWNER_PASSWORD, name),
            app=server.url_for("pv_app", APP_PASSWORD, name),
        )

    def named(self, name: str) -> "Urls":
        """The same server's database of another name."""
        return Urls(self.admin, *(url.replace(f"/{TEMPLATE}?", f"/{name}?") for url in (self.owner, self.app)))


def build(server: "Postgres") -> None:
    """Fill the template: roles, tables, reference data."""
    for command in (["prepare_database"], ["migrate", "-v0"], ["load_reference"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment(Urls.of(server, TEMPLATE)),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed while the test template was built:\n{done.stderr[-4000:]}")
    from tests.support.people import ORGANISATIONS_SQL

    with psycopg.connect(Urls.of(server, TEMPLATE).owner) as connection:
        connection.execute(ORGANISATIONS_SQL)


def clone(urls: Urls, name: str) -> None:
    """A fresh copy of the template; an old one of this name is dropped."""
    with psycopg.connect(urls.admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER pv_owner')
        connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO pv_app')


def django_settings(url: str) -> dict[str, Any]:
    """The parts of Django's connection settings that an address decides."""
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return {
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username,
        "PASSWORD": parts.password,
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": query.get("port") or str(parts.port or ""),
    }
