"""Small projects for tests."""

import subprocess
import sys
from pathlib import Path

from bud_codegen.workspace import Workspace, open_workspace

ACTION = """\
type: {type}
version: "1.0.0"
name: Greet
description: Says hello.
category: Integration
icon: hand
execution_mode: {mode}
timeout_seconds: 60
params:
  - name: {param}
    label: Person
    type: string
    required: true
    description: Who is greeted.
outputs:
  - name: text
    type: string
    description: What was said.
examples:
  - title: Greet somebody
    params: {{{param}: Ada}}
"""


def action(type: str = "greet", mode: str = "sync", param: str = "person") -> str:  # noqa: A002
    """Return a small valid action file."""
    return ACTION.format(type=type, mode=mode, param=param)


def make_project(root: Path, *types: str, prefix: str = "acme") -> Workspace:
    """Write a project with small actions and return it."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text(f'[tool.bud]\nprefix = "{prefix}"\n')
    for each in types:
        write_action(root, each, action(each), prefix)
    return open_workspace(root)


def write_action(root: Path, action_type: str, text: str, prefix: str = "acme") -> Path:
    """Write an action file and return its path."""
    path = root / f"actions/{prefix}_actions/integration/{action_type}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def bud(*arguments: str, cwd: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    command = str(Path(sys.executable).with_name("bud"))
    return subprocess.run(
        [command, *arguments], cwd=cwd, input=stdin, capture_output=True, text=True, check=False, timeout=60
    )
