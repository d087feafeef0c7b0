"""The parts of the launcher that speak to the console, to ports and to the web server."""

import http.server
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.run import demo, interrupt, stack
from config.run.embedded import free_port
from config.run.interrupt import Stop
from config.run.places import LaunchError, secret
from config.run.stack import Stack, reserve, taken
from config.run.supervisor import Supervisor

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def built(run_dir: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "EMAIL_HOST", "PV_PORT"):
        monkeypatch.delenv(name, raising=False)
    made = Stack(run_dir, {}, said.append)
    yield made
    made.stop()


def test_real_servers_are_used_where_they_are_named(built: Stack, said: list[str]) -> None:
    built.set(DATABASE_URL="postgresql://a@db/pv", DATABASE_OWNER_URL="postgresql://o@db/pv", REDIS_URL_FILE="/x")
    built.open_servers()
    assert built.servers == []
    assert said == ["Database: the one that DATABASE_URL names.", "Broker: the one that REDIS_URL names."]


def test_a_real_database_without_its_owner_is_asked_for(built: Stack) -> None:
    built.set(DATABASE_URL="postgresql://a@db/pv")
    with pytest.raises(LaunchError, match="DATABASE_OWNER_URL"):
        built.open_servers()


def test_the_processes_that_serve_do_not_know_the_owner(built: Stack) -> None:
    built.set(DATABASE_URL="a", DATABASE_OWNER_URL="o", DATABASE_ADMIN_URL="s", DATABASE_OWNER_URL_FILE="f")
    assert "DATABASE_URL" in built.serving_variables()
    assert not {name for name in built.serving_variables() if "OWNER" in name or "ADMIN" in name}


def test_a_taken_port_is_stepped_over_and_told(built: Stack, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        port = listener.getsockname()[1]
        assert taken(port)
        monkeypatch.setenv("PV_PORT", str(port))
        built.choose_port()
    assert built.port > port
    assert said == [f"Port {port} is taken; using {built.port}."]
    assert built.url == f"http://localhost:{built.port}"


def test_a_port_on_the_other_protocol_of_localhost_counts_as_taken() -> None:
    with socket.create_server(("::1", free_port()), family=socket.AF_INET6) as listener:
        assert taken(listener.getsockname()[1])


def test_two_launchers_do_not_choose_the_same_port(built: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    reserved = reserve(port)
    assert reserved is not None
    with reserved:
        monkeypatch.setenv("PV_PORT", str(port))
        built.choose_port()
        assert built.port != port


def test_no_free_port_is_told(built: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "taken", lambda port: True)
    with pytest.raises(LaunchError, match="No free port from 8000 to 8099"):
        built.choose_port()


def test_a_failed_preparation_shows_what_it_said_last(built: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    built.set(DATABASE_URL="no address at all")
    with pytest.raises(LaunchError, match="PostgreSQL: its address begins with postgresql://"):
        built.prepare()
    assert "Traceback" in (built.run_dir / "log" / "prepare.log").read_text(encoding="utf-8")


def test_a_web_server_that_never_answers_is_told_with_its_log(built: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "READY_SECONDS", 0.3)
    (built.run_dir / "log" / "web.log").write_text("no module named sense\n", encoding="utf-8")
    built.port = free_port()
    with pytest.raises(LaunchError, match="no module named sense"):
        built.wait_until_ready()


class Redirecting(http.server.BaseHTTPRequestHandler):
    """Sends everybody elsewhere, but says yes to a form."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *details: object) -> None:
        """Say nothing."""


def test_a_redirect_is_shown_and_not_followed(built: Stack) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        built.port = server.server_port
        moved, sent = built.ask("/"), built.ask("/", form={"email": "a@b.example"})
        server.shutdown()
        thread.join()
    assert (moved.status, moved.headers["Location"]) == (302, "/elsewhere")
    assert (sent.status, sent.body) == (200, "email=a%40b.example")


def test_a_named_mail_server_is_used(built: Stack) -> None:
    built.set(EMAIL_HOST="mail.example")
    built.catch_mails()
    assert built.supervisor.children == []


@pytest.mark.parametrize("signum", interrupt.MEANT)
@pytest.mark.usefixtures("process_as_before")
def test_being_told_to_stop_counts_once(signum: signal.Signals) -> None:
    interrupt.listen_for_stop()

    def tell() -> None:
        os.kill(os.getpid(), signum)
        time.sleep(1)

    with pytest.raises(Stop):
        tell()
    os.kill(os.getpid(), signum)


@pytest.mark.usefixtures("process_as_before")
def test_a_closed_terminal_does_not_end_what_was_started_with_nohup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interrupt.listen_for_stop()
    os.kill(os.getpid(), signal.SIGHUP)


class Fake(Stack):
    """A stack whose parts only note that they were called; the first look after them meets a Ctrl-C."""

    def __init__(self, run_dir: Path, variables: dict[str, str], say: Callable[[str], None]) -> None:
        super().__init__(run_dir, variables, lambda line: None)
        self.calls: list[str] = []
        self.supervisor = Interrupted(run_dir, [], dict, say)
        made.append(self)

    def open_servers(self) -> None:
        self.calls.append("servers")

    def prepare(self, *more: str) -> None:
        self.calls += more

    def choose_port(self) -> None:
        self.calls.append("port")

    def catch_mails(self) -> None:
        self.calls.append("mails")

    def start_processes(self) -> None:
        self.calls.append("processes")

    def wait_until_ready(self, headers: dict[str, str] | None = None) -> None:
        self.calls.append("ready")


class Interrupted(Supervisor):
    def look_after(self) -> None:
        assert (self.run_dir / "url").read_text(encoding="utf-8") == "http://localhost:0\n"
        raise Stop


made: list[Fake] = []


@pytest.mark.usefixtures("process_as_before")
def test_the_demo_starts_in_order_prints_its_address_last_and_forgets_it_when_stopped(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "Stack", Fake)
    monkeypatch.setenv("PV_RUN_DIR", str(run_dir))
    monkeypatch.delenv("MAKELEVEL", raising=False)
    assert demo.main([]) == 0
    assert made.pop().calls == ["servers", "collectstatic", "seed_demo", "port", "mails", "processes", "ready"]
    shown = capsys.readouterr().out.splitlines()
    assert shown[-4:] == ["http://localhost:0", "", "Stopping ...", "Stopped."]
    assert not (run_dir / "url").exists()
    assert not (run_dir / "env.json").exists()


@pytest.mark.usefixtures("process_as_before")
def test_a_second_demo_points_to_the_first(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PV_RUN_DIR", str(run_dir))
    lock = demo.take_lock(run_dir)
    assert lock is not None
    with lock:
        (run_dir / "url").write_text("http://localhost:8000\n", encoding="utf-8")
        assert demo.main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "http://localhost:8000"


@pytest.mark.usefixtures("process_as_before")
def test_a_second_demo_does_not_wait_for_ever(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PV_RUN_DIR", str(run_dir))
    monkeypatch.setattr(demo, "PATIENCE", 0.2)
    lock = demo.take_lock(run_dir)
    assert lock is not None
    with lock:
        assert demo.main([]) == 1
    assert "does not become ready" in capsys.readouterr().err


@pytest.mark.usefixtures("process_as_before")
def test_resetting_removes_everything(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PV_RUN_DIR", str(run_dir))
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@db/pv")
    secret(run_dir, "postgres")
    assert demo.main(["reset"]) == 0
    assert not run_dir.exists()
    assert "is left as it is" in capsys.readouterr().out


@pytest.mark.usefixtures("process_as_before")
def test_what_goes_wrong_is_told_in_plain_words(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(run_dir: Path) -> None:
        raise LaunchError("The cellar is flooded.")

    monkeypatch.setenv("PV_RUN_DIR", str(run_dir))
    monkeypatch.setattr(demo, "start_or_point", refuse)
    assert demo.main([]) == 1
    assert capsys.readouterr().err == "\nThe cellar is flooded.\n"
