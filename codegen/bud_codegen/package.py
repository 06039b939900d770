"""Start an action package: a folder that pip can install, with a first action that works."""

import re
from pathlib import Path

from bud_codegen.create import CreateError, new_action
from bud_codegen.model import Project
from bud_codegen.templates import template
from bud_codegen.workspace import Workspace, open_workspace

FIRST_CATEGORY = "Integration"
TAKEN = Project().prefix
"""The prefix of bud-actions itself, whose import packages a second distribution must not bring."""


def new_package(parent: Path, name: str) -> Workspace:
    """Write a package into a new folder of `parent`, all but what `run.generate` derives, and return it.

    Raises CreateError rather than write into a folder that holds anything.
    """
    project = Project(prefix_of(name))
    folder = parent / name
    try:
        _refuse_occupied(folder)
        _write_files(folder, name, project)
        workspace = open_workspace(folder)
        _write_first_action(workspace)
    except OSError as error:
        raise CreateError(f"{folder} cannot be written: {error.strerror}") from error
    return workspace


def prefix_of(name: str) -> str:
    """Return the first part of a distribution's import packages: `my-actions` gives `my`. Raises CreateError."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        raise CreateError(f"{name} is not a distribution name; use lower-case words joined by dashes: my-actions")
    prefix = re.sub(r"[-_.]+", "-", name).lower().removesuffix("-actions").replace("-", "_")
    if not prefix.isidentifier():
        raise CreateError(f"{name} does not start with a letter, as its import packages must; choose another name")
    if prefix == TAKEN:
        raise CreateError(f"the import packages of {name} would be those of bud-actions; choose another name")
    return prefix


def _refuse_occupied(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise CreateError(f"{folder.name} is already there and not an empty folder; nothing was written")


def _write_files(folder: Path, name: str, project: Project) -> None:
    for path, source in _templates(project).items():
        _write(folder / path, template(f"package/{source}").render(name=name, project=project))


def _templates(project: Project) -> dict[str, str]:
    """Return {path in the package: template} of everything that belongs to no single action."""
    return {
        "pyproject.toml": "pyproject.toml.j2",
        "Makefile": "Makefile.j2",
        "README.md": "README.md.j2",
        ".gitignore": "gitignore.j2",
        ".gitattributes": "gitattributes.j2",
        ".github/workflows/ci.yml": "ci.yml.j2",
        f"{project.actions}/__init__.py": "init.py.j2",
        f"{project.actions}/py.typed": "py.typed.j2",
    }


def _write_first_action(workspace: Workspace) -> None:
    """Write an action as `bud new` does, and beside it the executor and the test that a person would write."""
    project = workspace.project
    action_type = f"{project.prefix}_hello"  # no other package has this prefix, so none has this type
    path = new_action(workspace, action_type, FIRST_CATEGORY, event_driven=False)
    stem = path.removesuffix(".yaml")
    module = stem.removeprefix(f"{project.actions}/").replace("/", ".")
    written = {f"{stem}.py": "executor.py.j2", f"tests/actions/test_{action_type}.py": "test.py.j2"}
    for target, source in written.items():
        text = template(f"package/{source}").render(project=project, module=module, type=action_type)
        _write(workspace.root / target, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
