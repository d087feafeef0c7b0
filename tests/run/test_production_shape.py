"""What Dockerfile and docker-compose.yml promise, read from the files themselves: no Docker engine is needed."""

import json
import re
import stat
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.run import make_secrets
from config.run.places import CHECKOUT
from config.run.prepare import STEPS
from config.run.processes import processes
from config.run.servers import POSTGRES_SETTINGS

COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {process.name: process for process in processes("0.0.0.0", 8000)}  # noqa: S104 - inside a container, compared only
LASTING = sorted(SERVICES.keys() - {"migrate"})


def dockerfile() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    text = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last_stage() -> dict[str, str]:
    """The last of each instruction in the stage that becomes the image."""
    found = dockerfile()
    start = max(number for number, (word, _) in enumerate(found) if word == "FROM")
    return dict(found[start:])


@pytest.mark.parametrize("name", OURS)
def test_compose_starts_the_same_commands_as_the_demo(name: str) -> None:
    assert SERVICES[name]["command"] == ["python", *OURS[name].arguments]
    assert OURS[name].variables.items() <= SERVICES[name]["environment"].items()


def test_compose_has_every_process_and_what_it_leans_on() -> None:
    assert set(SERVICES) == {*OURS, "migrate", "postgres", "valkey", "proxy"}


def test_the_image_serves_pages_when_nothing_else_is_said() -> None:
    assert json.loads(last_stage()["CMD"]) == ["python", *OURS["web"].arguments]


def test_the_image_is_built_in_stages_from_one_pinned_base_with_hashed_packages() -> None:
    bases = [rest for word, rest in dockerfile() if word == "FROM"]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.1[1-4]-slim-\w+( AS \w+)?", base) for base in bases)
    assert any("--require-hashes" in rest for word, rest in dockerfile() if word == "RUN")


def test_the_image_does_not_run_as_root_and_tells_its_health() -> None:
    assert last_stage()["USER"] == "10001:10001"
    assert '["python", "-m", "config.run.health", "web"]' in last_stage()["HEALTHCHECK"]


def test_the_image_carries_no_secret() -> None:
    for word, rest in dockerfile():
        assert word not in {"ADD", "ARG"}
        assert word != "ENV" or not re.search(r"SECRET|PASSWORD|URL", rest)
    allowed = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in allowed
    assert not [line for line in allowed if line.startswith("!") and ("deploy" in line or ".run" in line)]


@pytest.mark.parametrize("name", LASTING)
def test_each_service_restarts_and_tells_its_health(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_writes_only_where_it_must_and_gains_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


def test_only_the_proxy_is_open_to_the_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert (
        SERVICES["postgres"]["networks"] == SERVICES["valkey"]["networks"] == SERVICES["web"]["networks"] == ["inside"]
    )
    caddy = (CHECKOUT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    assert "reverse_proxy web:8000" in caddy
    assert "\n{$PV_SITE} {" in caddy  # a bare host name: Caddy answers by https and redirects http to it


def test_nothing_serves_before_the_migration_is_done() -> None:
    assert SERVICES["migrate"]["command"] == ["python", "-m", "config.run.prepare"]
    assert list(STEPS) == ["prepare_database", "migrate", "load_reference"]
    for name in OURS:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_the_second_driver_needs_no_broker() -> None:
    assert "valkey" not in SERVICES["run_tick"]["depends_on"]


def test_only_the_migration_knows_the_owner_and_the_superuser() -> None:
    for name, service in SERVICES.items():
        known = set(service.get("secrets", []))
        assert known.isdisjoint({"database_owner_url", "database_admin_url"}) or name == "migrate"
        assert "postgres_password" not in known or name == "postgres"


def test_every_secret_is_a_file_and_no_value_stands_in_compose() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_URL", variable) and variable != "PV_EXTERNAL_URL":
                assert variable.endswith("_FILE"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"]
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert all(secret["file"].startswith("./deploy/secrets/") for secret in COMPOSE["secrets"].values())
    assert "/deploy/secrets/" in (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_there_is_no_default_for_what_must_be_chosen() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
    assert re.findall(r"\$\{PV_SITE:?-[^}]*\}", text) == []
    assert "${PV_SITE:?" in text
    assert re.findall(r"\$\{\w*PASSWORD\w*[^}]*\}", text) == []


def test_the_database_keeps_what_it_has_confirmed() -> None:
    command = SERVICES["postgres"]["command"]
    given = dict(part.split("=", 1) for flag, part in pairwise(command) if flag == "-c")
    shared = ("wal_level", "idle_in_transaction_session_timeout", "password_encryption", "timezone", "fsync")
    for name in (*shared, "synchronous_commit"):
        assert given[name] == POSTGRES_SETTINGS[name]
    made_with = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert "--data-checksums" in made_with
    assert "--auth-local=scram-sha-256" in made_with
    assert "--auth-host=scram-sha-256" in made_with
    assert SERVICES["postgres"]["image"].startswith("postgres:18")


def test_the_broker_keeps_and_refuses_rather_than_forgets() -> None:
    command = SERVICES["valkey"]["command"]
    given = dict(zip(command[1::2], command[2::2], strict=True))
    wanted = {"--appendonly": "yes", "--appendfsync": "everysec", "--maxmemory-policy": "noeviction"}
    assert wanted.items() <= given.items()
    assert given["--aclfile"] == "/run/secrets/valkey_acl"


def test_secrets_are_made_once_each_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "secrets"
    make_secrets.main(folder)
    first = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    make_secrets.main(folder)
    assert {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} == first
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    needed = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert needed <= set(first)
    assert first["app_password"].strip() in first["database_url"]
    assert first["valkey_password"].strip() in first["valkey_acl"]
    assert first["valkey_password"].strip() in first["redis_url"]
    assert "user default off" in first["valkey_acl"]
    passwords = [first[name] for name in first if name.endswith("_password") and name != "email_password"]
    assert len(set(passwords)) == len(passwords) == 5
    shown = capsys.readouterr().out
    assert not [password for password in passwords if password.strip() in shown]
