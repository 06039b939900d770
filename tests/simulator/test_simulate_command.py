"""`bud simulate`, as a person and as make meet it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from bud_server.settings import load_settings
from tests.support.project import bud

ROOT = Path(__file__).parents[2]
SHOW = "import json, os, urllib.request as r; u = os.environ['BUD_SERVICES'].split(',')[0].split('=')[1]"
ASK = f"{SHOW}; print(json.load(r.urlopen(u + '/clusters/clusters'))['total_record']); raise SystemExit(7)"


def test_the_settings_are_those_of_the_server(tmp_path: Path) -> None:
    printed = bud("simulate", "--port", "9000", "--settings", cwd=tmp_path).stdout
    lines = [line.removeprefix("export ").split("=", 1) for line in printed.splitlines()]
    settings = load_settings({name: value.strip("'") for name, value in lines}, None, {})

    assert "budsim=http://127.0.0.1:9000/budsim" in settings.services
    assert settings.app_api_token
    assert settings.allowed_hosts == ("127.0.0.1",)


def test_a_command_runs_beside_it_with_the_settings(tmp_path: Path) -> None:
    done = bud("simulate", "--port", "0", sys.executable, "-c", ASK, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (7, "3\n"), done.stderr


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = bud("simulate", "--port", "0", "no-such-command", cwd=tmp_path)

    assert done.returncode == 127
    assert "cannot run no-such-command: No such file or directory" in done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = bud("simulate", "--port", str(port), cwd=tmp_path)

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_an_example_without_events_needs_no_server(tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("bud"))
    example = str(ROOT / "examples/health_check.yaml")
    done = bud("simulate", "--port", "0", command, "run", example, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["warned"] is True


def test_make_run_can_simulate() -> None:
    command = [
        "make",
        "--no-print-directory",
        "--dry-run",
        "--always-make",
        "--old-file",
        ".venv/ready",
        "run",
        "SIMULATE=1",
        "PORT=9000",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    *_, last = done.stdout.splitlines()
    events = "http://127.0.0.1:9000/workflow-events"
    assert last == f".venv/bin/bud simulate --events {events} .venv/bin/bud serve --port 9000"
