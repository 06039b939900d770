"""What a project is compared with: the project as git has it, another folder, or an installed distribution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bud_codegen.build import described_catalog
from bud_codegen.diff.git import GitError, Repository, open_repository
from bud_codegen.diff.reading import side_of
from bud_codegen.diff.side import Side
from bud_codegen.installed import InstalledError, installed
from bud_codegen.load import Source
from bud_codegen.model import Catalog, Project
from bud_codegen.validate import action_paths
from bud_codegen.workspace import Workspace, is_source, open_workspace, project_in

SHOWN_DIGITS = 7
"""Of a commit."""
MAINLINES = ("origin/main", "main")
"""Refs that a project is compared with by default, the first that is there."""


class BaselineError(Exception):
    """There is nothing to compare with; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The side before a change: action files or, of an installed distribution, only a catalog."""

    name: str
    """How a person knows it: `main (3f2a1c9)`."""
    project: Project
    sources: Mapping[str, Source]
    catalog: Catalog | None = None

    def side(self) -> Side:
        """Return the side to compare. Raises InvalidActionsError if its action files are wrong."""
        return side_of(self.project, self.sources) if self.catalog is None else Side(self.catalog, {}, {})


def find_baseline(workspace: Workspace, against: str | None, tell: Callable[[str], None]) -> Baseline:
    """Return what `against` names: a git ref, else a project's folder, else an installed distribution.

    By default, it is where HEAD parted from the main line, else HEAD. Raises BaselineError, also for a baseline without
    actions, and WorkspaceError.
    """
    if against is not None and not against.strip():
        raise BaselineError("--against is empty: name a git ref, such as main, a folder or an installed package")
    try:
        found = _of_git(workspace, against) or _of_folder(workspace, against)
        found = found or _of_package(workspace, against or "", tell)
    except (GitError, InstalledError) as error:
        raise BaselineError(str(error)) from error
    if found.catalog is None and not action_paths(found.project, found.sources):
        raise BaselineError(f"{found.name} has no action files in {found.project.actions}: there is nothing to compare")
    return found


def _of_git(workspace: Workspace, against: str | None) -> Baseline | None:
    """Return what a ref holds; None if `against` is no ref of a repository around the project."""
    try:
        repository = open_repository(workspace.root)
    except GitError:
        if against is None:
            raise
        return None
    if against is None:
        return _at(repository, *_default(repository))
    commit = repository.commit(against)
    return _at(repository, against, commit) if commit else None


def _default(repository: Repository) -> tuple[str, str]:
    for ref in MAINLINES:
        if repository.commit(ref):
            return f"the merge base with {ref}", repository.merge_base(ref)
    if repository.advice_on_depth():
        raise GitError("this clone is shallow and knows no main line: git fetch --unshallow; git fetch origin main")
    head = repository.commit("HEAD")
    if head is None:
        raise GitError("there is no commit to compare with yet: commit first, or say --against DIR")
    return "HEAD", head


def _at(repository: Repository, ref: str, commit: str) -> Baseline:
    name = commit[:SHOWN_DIGITS] if commit.startswith(ref) else f"{ref} ({commit[:SHOWN_DIGITS]})"
    pyproject = repository.files(commit, "pyproject.toml").get("pyproject.toml", b"")
    project = project_in(pyproject, f"pyproject.toml of {name}")
    files = repository.files(commit, f"{project.actions}/")
    return Baseline(name, project, {path: text for path, text in files.items() if is_source(PurePosixPath(path))})


def _of_folder(workspace: Workspace, against: str | None) -> Baseline | None:
    folder = Path(against or "")
    if not against or not folder.is_dir():
        return None
    if folder.resolve() == workspace.root:
        raise BaselineError(f"{against} is the project itself; name another folder, or a git ref such as main")
    other = open_workspace(folder)
    return Baseline(against, other.project, other.read_sources())


def _of_package(workspace: Workspace, name: str, tell: Callable[[str], None]) -> Baseline:
    try:
        found = installed(name, tell)
    except InstalledError as error:
        message = f"{name} is no git ref and no folder here, and {error}; {_way_to_a_ref(workspace, name)}"
        raise BaselineError(message) from error
    if not found.packages:
        raise BaselineError(f"the installed {name} has no actions: there is nothing to compare")
    package = found.packages[0]
    return Baseline(f"the installed {package.distribution} {package.version}", Project(), {}, _catalog(found.catalog()))


def _way_to_a_ref(workspace: Workspace, name: str) -> str:
    try:
        advice = open_repository(workspace.root).advice_on_depth()
    except GitError as error:
        return str(error)
    return advice or f"fetch it if it is a branch: git fetch origin {name.removeprefix('origin/')}"


def _catalog(document: Mapping[str, Any]) -> Catalog:
    """Return the catalog that a catalog.json describes; its executors tell whose it is."""
    executor = next(iter(document["actions"].values()))["executor"]
    return described_catalog(Project(executor.partition(".")[0].removesuffix("_actions")), document)
