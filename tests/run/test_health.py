"""What a container's health check sees."""

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from config.run import health
from config.run.servers import start_valkey

pytestmark = pytest.mark.enable_socket


class Web(BaseHTTPRequestHandler):
    """Answers like the product behind its proxy."""

    def do_GET(self) -> None:
        known = self.headers["Host"] == "tracker.example" and self.headers["X-Forwarded-Proto"] == "https"
        self.send_response(200 if known and self.path == "/healthz" else 400)
        self.end_headers()

    def log_message(self, *details: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setenv("ALLOWED_HOSTS", "tracker.example, www.tracker.example")
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_web_server_that_answers_is_healthy(web: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.web_answers(web)
    monkeypatch.setattr(health, "web_answers", lambda: True)
    assert health.healthy("web")


def test_a_web_server_that_refuses_is_not(
    web: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "elsewhere.example")
    refused = health.web_answers
    monkeypatch.setattr(health, "web_answers", lambda: refused(web))
    assert not health.healthy("web")
    assert "400" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "file"), [("beat", "beat-schedule.dat"), ("run_tick", "run_tick.alive")])
def test_a_process_that_left_no_sign_lately_is_not_healthy(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "RUN_DIR", tmp_path)
    assert not health.healthy(name)
    (tmp_path / file).touch()
    assert health.healthy(name)
    long_ago = time.time() - 3600
    os.utime(tmp_path / file, (long_ago, long_ago))
    assert not health.healthy(name)


def test_a_worker_that_does_not_answer_through_the_broker_is_not_healthy(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey = start_valkey(run_dir, fast=True)
    try:
        secret = run_dir / "redis_url"
        secret.write_text(valkey.url + "\n", encoding="utf-8")
        monkeypatch.delenv("REDIS_URL", raising=False)
        monkeypatch.setenv("REDIS_URL_FILE", str(secret))
        monkeypatch.setattr(health, "PATIENCE", 0.2)
        assert not health.healthy("worker")
    finally:
        valkey.stop()
