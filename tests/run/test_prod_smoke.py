"""The production shape, tried as `make prod-smoke` tries it."""

from pathlib import Path

import pytest

from config.run import prod_smoke

pytestmark = pytest.mark.enable_socket


@pytest.mark.usefixtures("process_as_before")
def test_production_starts_answers_and_refuses_what_belongs_to_the_demo(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PV_RUN_DIR", str(run_dir))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    code = prod_smoke.main()
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert shown.splitlines()[-1] == "Production shape: all as it should be."
    assert shown.count("  ok  ") >= 15
    assert not (run_dir / "prod-smoke").exists()
