"""A project on disk: what it holds, what should be there, and how to bring the two together.

The only module, with the commands, that reads or writes files.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from bud_codegen.emit import lock
from bud_codegen.model import Project

if TYPE_CHECKING:
    from bud_codegen.load import Source

GENERATED = "generated/"
IGNORED_FOLDERS = frozenset({"__pycache__", "node_modules", ".mypy_cache", ".ruff_cache"})
TARGET_FOLDERS = {
    "python": "generated/python/",
    "openapi": "generated/openapi/",
    "typescript": "generated/typescript/",
    "docs": "generated/docs/",
    "editor": "generated/editor/",
}
"""Where each target's files stand."""


NO_LOCK = lock.Lock({}, {})


class WorkspaceError(Exception):
    """The project cannot be worked on as it is; the message says what to do."""


class Difference(NamedTuple):
    """A file that is not as it should be."""

    kind: str
    """stale, missing, orphaned or hand-edited."""
    path: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.kind}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A project's root folder."""

    root: Path
    project: Project

    def source_paths(self) -> list[str]:
        """Return the paths of the action files and categories.yaml."""
        paths = _files(self.root / self.project.actions)
        names = (path.relative_to(self.root) for path in paths)
        return [path.as_posix() for path in names if is_source(path)]

    def read_sources(self) -> dict[str, "Source"]:
        """Return {path: content} of the action files and categories.yaml; the reason, if one cannot be read."""
        return {path: _content(self.root / path) for path in self.source_paths()}

    def read_python(self) -> dict[str, "Source"]:
        """Return {path: content} of all Python files below the actions; the reason, if one cannot be read."""
        paths = (path for path in _files(self.root / self.project.actions) if path.suffix == ".py")
        return {path.relative_to(self.root).as_posix(): _content(path) for path in paths}

    def lint_settings(self) -> Mapping[str, Any]:
        """Return the project's `[tool.bud.lint]`; empty if there is none."""
        table = (_settings(self.root) or {}).get("lint", {})
        if not isinstance(table, Mapping):
            raise WorkspaceError(f"{self.root / 'pyproject.toml'}: [tool.bud.lint] must be a table")
        return table

    def read_modules(self) -> dict[str, bytes]:
        """Return {path: content} of the Python files beside the actions and of the tests."""
        found = (path for folder in (self.project.actions, "tests") for path in _files(self.root / folder))
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found if path.suffix == ".py"}

    def read_lock(self) -> lock.Lock | None:
        """Return the lock, or None if there is none. Raises WorkspaceError if it is damaged."""
        content = self.read(lock.PATH)
        if content is None:
            return None
        try:
            return lock.read(content)
        except ValueError as error:
            raise WorkspaceError(f"{lock.PATH} cannot be read ({error}); delete it and run bud generate") from error

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if it is not there."""
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be read: {error.strerror}") from error

    def generated_files(self) -> list[str]:
        """Return the paths of all files below generated/."""
        folder = self.root / GENERATED
        return sorted(path.relative_to(self.root).as_posix() for path in _files(folder))


def _content(path: Path) -> "Source":
    try:
        return path.read_bytes()
    except OSError as error:
        return error


def open_workspace(root: Path | None) -> Workspace:
    """Return the project at a folder, or the one around the working directory."""
    start = Path.cwd() if root is None else root
    folder = root or next((each for each in (start, *start.parents) if _settings(each) is not None), start)
    if not folder.is_dir():
        raise WorkspaceError(f"{folder} is not a folder")
    return Workspace(folder.resolve(), _project(_settings(folder), str(folder / "pyproject.toml")))


def project_around(root: Path | None) -> Workspace | None:
    """Return the project at a folder, or the one around the working directory; None where there is none."""
    workspace = open_workspace(root)
    return workspace if root or (workspace.root / workspace.project.actions).is_dir() else None


def _settings(folder: Path) -> Mapping[str, object] | None:
    path = folder / "pyproject.toml"
    if not path.is_file():
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read: {error}") from error
    return _settings_in(content, str(path))


def _settings_in(pyproject: bytes, name: str) -> Mapping[str, object] | None:
    try:
        tools = tomllib.loads(pyproject.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{name} cannot be read: {error}") from error
    settings = tools.get("bud") if isinstance(tools, Mapping) else None
    return settings if isinstance(settings, Mapping) else None


def project_in(pyproject: bytes, name: str) -> Project:
    """Return the project that the content of a pyproject.toml describes; `name` is how errors call the file.

    Raises WorkspaceError.
    """
    return _project(_settings_in(pyproject, name), name)


def _project(settings: Mapping[str, object] | None, name: str) -> Project:
    prefix = (settings or {}).get("prefix", "bud")
    if not isinstance(prefix, str) or not prefix.isidentifier():
        raise WorkspaceError(f"{name}: [tool.bud] prefix must be a Python name, such as acme")
    return Project(prefix)


def is_source(path: PurePath) -> bool:
    """Whether a file below the actions folder is an action file or categories.yaml."""
    return path.suffix in (".yaml", ".yml") and IGNORED_FOLDERS.isdisjoint(path.parts)


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in IGNORED_FOLDERS)
        yield from (Path(parent) / name for name in sorted(names))


def differences(
    workspace: Workspace, files: Mapping[str, bytes], scaffolds: Mapping[str, bytes], targets: Iterable[str]
) -> list[Difference]:
    """Compare what should be there with what is.

    `files` and `scaffolds` are {path: content} of a generation of `targets`.
    """
    return list(_differences(workspace, workspace.read_lock() or NO_LOCK, files, scaffolds, targets))


def _differences(
    workspace: Workspace,
    recorded: lock.Lock,
    files: Mapping[str, bytes],
    scaffolds: Mapping[str, bytes],
    targets: Iterable[str],
) -> Iterator[Difference]:
    # The lock comes last: a run that is cut short leaves the old one, which still tells what was there before.
    for path in sorted(files, key=lambda path: (path == lock.PATH, path)):
        yield from _file_difference(workspace, recorded, path, files[path])
    for path in sorted(scaffolds):
        yield from _scaffold_difference(workspace, recorded, path, scaffolds)
    yield from _orphans(workspace, recorded, files, targets)
    yield from _left_scaffolds(workspace, recorded, scaffolds)


def _file_difference(workspace: Workspace, recorded: lock.Lock, path: str, expected: bytes) -> Iterator[Difference]:
    actual = workspace.read(path)
    if actual is None:
        yield Difference("missing", path, "run make generate, and commit it")
    elif actual != expected:
        is_edited = path != lock.PATH and recorded.files.get(path) != lock.sha256(actual)
        if is_edited:
            yield Difference("hand-edited", path, "change its action file instead; make generate overwrites it")
        else:
            yield Difference("stale", path, "run make generate, and commit the result")


def _scaffold_difference(
    workspace: Workspace, recorded: lock.Lock, path: str, scaffolds: Mapping[str, bytes]
) -> Iterator[Difference]:
    actual = workspace.read(path)
    if actual is None and _is_executor(path):
        yield Difference("missing", path, "run make generate to get its first version, then write the executor")
    elif actual is not None and actual != scaffolds[path] and recorded.scaffolds.get(path) == lock.sha256(actual):
        yield Difference("stale", path, "nobody has edited it yet: run make generate to refresh it")


def _is_executor(path: str) -> bool:
    return path.startswith("actions/")


def _orphans(
    workspace: Workspace, recorded: lock.Lock, files: Mapping[str, bytes], targets: Iterable[str]
) -> Iterator[Difference]:
    folders = tuple(TARGET_FOLDERS[target] for target in targets)
    for path in workspace.generated_files():
        if path in files or not path.startswith(folders):
            continue
        if _is_unedited(workspace, recorded, path):
            yield Difference("orphaned", path, "its action is gone; make generate deletes it")
        else:
            yield Difference("orphaned", path, "bud did not write it as it is: delete it or move it out of generated/")


def _left_scaffolds(workspace: Workspace, recorded: lock.Lock, scaffolds: Mapping[str, bytes]) -> Iterator[Difference]:
    """Yield executors and tests whose action is gone."""
    for path in sorted(recorded.scaffolds.keys() - scaffolds.keys()):
        content = workspace.read(path)
        if content is not None and recorded.scaffolds[path] == lock.sha256(content):
            yield Difference("orphaned", path, "its action is gone and nobody edited it; make generate deletes it")
        elif content is not None:
            yield Difference("orphaned", path, "its action is gone: delete it, or move it away")


def _is_unedited(workspace: Workspace, recorded: lock.Lock, path: str) -> bool:
    content = workspace.read(path)
    digest = recorded.files.get(path) or recorded.scaffolds.get(path)
    return content is not None and digest == lock.sha256(content)


class Written(NamedTuple):
    """What a run changed."""

    changed: list[str]
    deleted: list[str]
    notes: list[str]
    """What a person should know, such as hand edits that were overwritten."""


def write(
    workspace: Workspace, files: Mapping[str, bytes], scaffolds: Mapping[str, bytes], targets: Iterable[str]
) -> Written:
    """Bring the disk in line with a generation of `targets`.

    A file whose content is right keeps its modification time. A person's files are never written: only missing
    executors, with their tests, and first versions that nobody has edited.
    """
    written = Written([], [], [])
    recorded = workspace.read_lock() or NO_LOCK
    for difference in list(_differences(workspace, recorded, files, scaffolds, targets)):
        path = difference.path
        if difference.kind == "orphaned":
            _delete_orphan(workspace, recorded, path, written)
            continue
        if difference.kind == "hand-edited":
            written.notes.append(f"{path}: was edited by hand and has been overwritten; edit its action file instead")
        _replace(workspace.root / path, files[path] if path in files else scaffolds[path])
        written.changed.append(path)
    _write_tests(workspace, scaffolds, written)
    return written


def _write_tests(workspace: Workspace, scaffolds: Mapping[str, bytes], written: Written) -> None:
    """Write the test of each executor that this run created, unless there is one."""
    changed = set(written.changed)
    executors = [path for path in scaffolds if _is_executor(path)]
    tests = [path for path in scaffolds if not _is_executor(path)]
    for executor, test in zip(executors, tests, strict=True):
        if executor in changed and workspace.read(test) is None:
            _replace(workspace.root / test, scaffolds[test])
            written.changed.append(test)


def _delete_orphan(workspace: Workspace, recorded: lock.Lock, path: str, written: Written) -> None:
    if not _is_unedited(workspace, recorded, path):
        written.notes.append(
            f"{path}: belongs to no action, and bud did not write it as it is; delete it or move it away"
        )
        return
    (workspace.root / path).unlink()
    written.deleted.append(path)
    folder = (workspace.root / path).parent
    while folder != workspace.root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            temporary.write_bytes(content)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        if path.parent.is_dir():
            temporary.unlink(missing_ok=True)
        raise WorkspaceError(f"{path} cannot be written: {error.strerror}") from error
