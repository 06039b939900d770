"""A virtual environment for peers whose dependencies do not go with ours: made once, under .bud/, and used again."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PINS = ("dbos==3.4.0", "prefect==3.8.8", "fastapi==0.149.0")
"""FastAPI is older than what pip would choose: that one does not go with this Prefect."""
INSTALL_SECONDS, RUN_SECONDS = 240, 120
_ROOT = Path(__file__).parent.parent
_FOLDER = _ROOT / ".bud" / "peers"
_QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "PREFECT_LOGGING_LEVEL": "CRITICAL"}


class UnavailableError(Exception):
    """A peer that cannot be measured here; the message says why."""


def python() -> Path:
    """Return the interpreter of the environment, made first if need be. Raises UnavailableError."""
    found = _FOLDER / "bin" / "python"
    note = _FOLDER / "pins.json"
    if note.exists() and json.loads(note.read_text()) == list(PINS):
        return found
    shutil.rmtree(_FOLDER, ignore_errors=True)
    sys.stderr.write(f"runtime: installing {', '.join(PINS)} into {_FOLDER}\n")
    _called([sys.executable, "-m", "venv", str(_FOLDER)], INSTALL_SECONDS)
    _called([str(found), "-m", "pip", "install", "--quiet", *PINS], INSTALL_SECONDS)
    note.write_text(json.dumps(PINS))
    return found


def measured(script: str, folder: Path, *arguments: object) -> dict[str, float]:
    """Return what a peer's script prints as JSON, run in an empty folder. Raises UnavailableError."""
    environment = {**os.environ, **_QUIET, "PREFECT_HOME": str(folder / "prefect")}
    command = [str(python()), str(Path(__file__).with_name(script)), *map(str, arguments)]
    return dict(json.loads(_called(command, RUN_SECONDS, folder, environment).splitlines()[-1]))


def _called(
    command: list[str], seconds: float, folder: Path = _ROOT, environment: Mapping[str, str] | None = None
) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{Path(command[1]).name} took longer than {seconds:g} seconds") from error
    lines = (done.stderr or done.stdout).strip().splitlines()
    if done.returncode:
        raise UnavailableError(lines[-1][:160] if lines else f"{command[0]} ended with {done.returncode}")
    return done.stdout
