"""The embedded servers keep their promises: passwords, safety settings, and life after a kill -9."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.run import servers
from config.run.embedded import free_port, wait_for
from config.run.places import CHECKOUT, LaunchError, read_secrets
from config.run.servers import Postgres, Valkey, ready_made_cluster, start_postgres, start_valkey

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def postgres(run_dir: Path) -> Iterator[Postgres]:
    server = start_postgres(run_dir)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """For tests that only ask."""
    run_dir = tmp_path_factory.mktemp("quiet")
    server = start_postgres(run_dir)
    yield server
    server.stop()
    servers.remove_run_directory(run_dir)


@pytest.fixture
def valkey(run_dir: Path) -> Iterator[Valkey]:
    server = start_valkey(run_dir)
    yield server
    server.stop()


def ask(server: Postgres, question: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def test_postgres_keeps_what_it_has_confirmed(quiet: Postgres) -> None:
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "wal_level": "logical",
        "idle_in_transaction_session_timeout": "1min",
        "password_encryption": "scram-sha-256",
        "TimeZone": "UTC",
        "listen_addresses": "",
    }
    assert {name: ask(quiet, f"SHOW {name}") for name in wanted} == wanted


def test_postgres_sorts_and_folds_alike_everywhere(quiet: Postgres) -> None:
    provider = "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = current_database()"
    assert ask(quiet, provider) == "b C.UTF-8"
    assert ask(quiet, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'postgres'") == "UTF8"


def test_postgres_lets_nobody_in_without_the_password(quiet: Postgres) -> None:
    wrong = quiet.url_for("postgres", "guessed", "postgres")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_postgres_does_not_run_as_root(quiet: Postgres) -> None:
    owner = quiet.data.stat().st_uid
    assert owner != 0
    assert stat.S_IMODE(quiet.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((quiet.sockets / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_data_survive_a_restart_under_the_same_address(run_dir: Path) -> None:
    first = start_postgres(run_dir)
    with psycopg.connect(first.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    assert not first.alive()
    second = start_postgres(run_dir)
    try:
        assert second.url == first.url
        assert ask(second, "SELECT answer FROM kept") == 42
    finally:
        second.stop()


def test_a_killed_postgres_starts_again_with_what_it_had_confirmed(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postgres.pid, signal.SIGKILL)
    assert wait_for(lambda: not postgres.alive(), 5)
    assert postgres.pid_file().exists()
    postgres.start()
    assert ask(postgres, "SELECT answer FROM kept") == 42


LAUNCHER = """
import sys, time
from pathlib import Path
from config.run.servers import Postgres, start_postgres, start_valkey
if sys.argv[2] == "loose":  # as on a system where nobody tells a child that its parent died
    Postgres.polite_signal = 0
server = start_postgres(Path(sys.argv[1]))
print(server.pid, flush=True)
time.sleep(60)
"""


def killed_launcher(run_dir: Path, how: str) -> int:
    """Start a server in another process, kill that with -9 and return the server's number."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(run_dir), how], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    with launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        launcher.kill()
    return pid


def running(pid: int) -> bool:
    """Whether it runs: a process that has ended but was not fetched by its new parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_dies_with_its_launcher(run_dir: Path) -> None:
    pid = killed_launcher(run_dir, "leashed")
    assert wait_for(lambda: not running(pid), 10)


def test_a_server_left_over_is_ended_and_its_data_are_taken_over(run_dir: Path) -> None:
    left_over = killed_launcher(run_dir, "loose")
    assert running(left_over)
    server = start_postgres(run_dir)
    try:
        assert not running(left_over)
        assert ask(server, "SELECT 1") == 1
    finally:
        server.stop()


def test_an_interrupted_making_of_the_cluster_is_begun_anew(run_dir: Path) -> None:
    server = Postgres(run_dir, None, fast=True, template=None)
    half = server.place.path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").touch()
    server.start()
    try:
        assert ask(server, "SELECT 1") == 1
    finally:
        server.stop()


def test_two_launchers_do_not_share_a_run_directory(postgres: Postgres, run_dir: Path) -> None:
    with pytest.raises(LaunchError, match="already runs postgres"):
        start_postgres(run_dir)
    assert ask(postgres, "SELECT 1") == 1


def test_two_run_directories_do_not_disturb_each_other(quiet: Postgres, tmp_path: Path) -> None:
    other = start_postgres(tmp_path / "other", fast=True)
    try:
        assert other.url != quiet.url
        assert ask(other, "SHOW fsync") == "off"
        assert ask(quiet, "SHOW fsync") == "on"
    finally:
        other.stop()
        servers.remove_run_directory(tmp_path / "other")


def test_a_start_that_fails_tells_why(run_dir: Path) -> None:
    server = Postgres(run_dir, None, fast=True, template=None)
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("3\n", encoding="utf-8")
    with pytest.raises(LaunchError, match="did not start") as refusal:
        server.start()
    assert "incompatible" in str(refusal.value)


def test_a_ready_made_cluster_is_built_once_and_copied_with_its_passwords(tmp_path: Path, run_dir: Path) -> None:
    built = []

    def build(server: Postgres) -> None:
        built.append(server.url)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    cache = tmp_path / "cache"
    template = ready_made_cluster(cache, "one", build)
    assert ready_made_cluster(cache, "one", build) == template
    assert len(built) == 1
    server = start_postgres(run_dir, fast=True, template=template)
    try:
        assert ask(server, "SELECT answer FROM kept") == 42
        assert read_secrets(run_dir)["postgres"] == read_secrets(template)["postgres"]
        assert server.url != built[0]
    finally:
        server.stop()
        servers.remove_run_directory(template)


def test_a_ready_made_cluster_that_failed_is_not_taken_for_whole(tmp_path: Path) -> None:
    def fail(server: Postgres) -> None:
        raise ValueError("no")

    cache = tmp_path / "cache"
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            ready_made_cluster(cache, "one", fail)
    servers.remove_run_directory(cache / "one")


def test_only_the_templates_used_last_are_kept(tmp_path: Path) -> None:
    now = time.time()
    for name, age in {"a": 5000, "b": 4000, "c": 3000, "d": 2000, "e": 1000, "copied now": 1}.items():
        mark = tmp_path / name / "complete"
        mark.parent.mkdir()
        mark.touch()
        os.utime(mark, (now - age, now - age))
    servers.forget_old_templates(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copied now", "d", "e"]


def test_valkey_knows_two_users_and_no_nameless_one(valkey: Valkey) -> None:
    with (
        redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)) as nameless,
        pytest.raises(redis.AuthenticationError),
    ):
        nameless.ping()
    with redis.Redis.from_url(valkey.url) as app:
        assert app.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            app.flushall()
        with pytest.raises(redis.exceptions.NoPermissionError):
            app.config_get("*")
    with redis.Redis.from_url(valkey.operator_url) as operator:
        found = operator.config_get("maxmemory-policy", "appendonly", "appendfsync", "maxmemory", "bind")
    assert found == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": str(256 * 1024 * 1024),
        "bind": "127.0.0.1",
    }


def test_valkey_keeps_its_data_and_its_address_when_killed(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as app:
        app.set("kept", "42")
    address = valkey.url
    os.kill(valkey.pid, signal.SIGKILL)
    assert wait_for(lambda: not valkey.alive(), 5)
    valkey.start()
    assert valkey.url == address
    with redis.Redis.from_url(valkey.url) as app:
        assert app.get("kept") == b"42"


def test_no_password_stands_on_a_command_line(quiet: Postgres, valkey: Valkey) -> None:
    for server in (quiet, valkey):
        words = set(read_secrets(server.run_dir).values())
        shown = " ".join(server.command()[0])
        assert not [word for word in words if word in shown]


def test_a_taken_port_is_stepped_over(valkey: Valkey) -> None:
    assert free_port(valkey.port) != valkey.port
    assert urlsplit(valkey.url).port == valkey.port
