"""What `bud doctor` finds: everything that the server would use, where it is, and what is wrong with it.

Reads files, and imports what class-style entry points name; a schema-first package is never imported.
"""

import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bud_actions.base import Discovery, discover
from bud_actions.base.discovery import GROUP
from bud_actions.base.packages import ActionPackage, Modules
from bud_server.executors import executor_problems
from bud_server.settings import SETTINGS_FILE, SettingsError, check_settings, load_settings

if TYPE_CHECKING:
    from bud_codegen.workspace import Workspace

DISTRIBUTION = "bud-actions"
EXTRAS = ("codegen", "server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    kind: str
    """python, bud-actions, extra, settings, project or package."""
    name: str
    found: str
    """What it is, for a person."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same for a program."""
    problems: tuple[str, ...] = ()
    """What is wrong and what to do, a sentence each."""


def examine(root: Path | None) -> list[Finding]:
    """Look at everything; at the project at `root`, or around the working directory, if there is one."""
    extras = {extra: _missing(extra) for extra in EXTRAS}
    return [
        _python(),
        _bud_actions(),
        *(_extra(extra, missing) for extra, missing in extras.items()),
        _settings(can_serve=not extras["server"]),
        *_project(root, can_generate=not extras["codegen"]),
        *_packages(),
    ]


def is_healthy(findings: list[Finding]) -> bool:
    """Whether nothing is wrong."""
    return not any(finding.problems for finding in findings)


def as_text(findings: list[Finding]) -> str:
    """Return aligned lines: a finding each, with its problems below."""
    width = max(len(finding.name) for finding in findings)
    lines = [
        line
        for each in findings
        for line in (
            f"{'broken' if each.problems else 'ok':<6}  {each.name:<{width}}  {each.found}",
            *(f"{'':<6}  {'':<{width}}  - {problem}" for problem in each.problems),
        )
    ]
    broken = [finding.name for finding in findings if finding.problems]
    return "\n".join([*lines, f"broken: {', '.join(broken)}" if broken else "healthy"])


def as_json(findings: list[Finding]) -> str:
    """Return `{"healthy": bool, "findings": [...]}`, the members as Finding has them."""
    return json.dumps({"healthy": is_healthy(findings), "findings": [asdict(each) for each in findings]}, indent=2)


def _python() -> Finding:
    number = ".".join(str(part) for part in sys.version_info[:3])
    facts = {"version": number, "path": sys.executable}
    return Finding(kind="python", name="Python", found=f"{number}, {sys.executable}", facts=facts)


def _bud_actions() -> Finding:
    number, path = version(DISTRIBUTION), str(Path(__file__).parents[1])
    facts = {"version": number, "path": path}
    return Finding(kind="bud-actions", name=DISTRIBUTION, found=f"{number}, {path}", facts=facts)


def _missing(extra: str) -> list[str]:
    """Return the distributions of an extra that are not installed."""
    wanted = [each for each in distribution(DISTRIBUTION).requires or () if re.search(rf"extra == .{extra}\b", each)]
    names = [re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0] for each in wanted]
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _extra(extra: str, missing: list[str]) -> Finding:
    """Describe an extra; doing without one is no fault."""
    absent = f"without {', '.join(missing)}: pip install '{DISTRIBUTION}[{extra}]'"
    found = absent if missing else "installed"
    return Finding(kind="extra", name=f"extra {extra}", found=found, facts={"missing": missing})


def _settings(*, can_serve: bool) -> Finding:
    path = SETTINGS_FILE.resolve() if SETTINGS_FILE.is_file() else None
    found = str(path or f"no {SETTINGS_FILE} here: defaults and the environment")
    facts = {"path": path and str(path)}
    try:
        settings = load_settings(os.environ, path and SETTINGS_FILE, {})
        check_settings(settings)
        if can_serve:
            from bud_server.auth.authenticator import authenticator_for

            authenticator_for(settings)  # reads the files that settings name
    except SettingsError as error:
        return Finding(kind="settings", name="settings", found=found, facts=facts, problems=(str(error),))
    return Finding(kind="settings", name="settings", found=found, facts=facts)


def _project(root: Path | None, *, can_generate: bool) -> list[Finding]:
    """Return the project, if there is one, and whether its generated files are up to date."""
    from bud_codegen.workspace import WorkspaceError, project_around

    try:
        workspace = project_around(root)
        if workspace is None:
            return []
        state, problems = _state(workspace) if can_generate else ("not checked: that needs the extra codegen", ())
    except WorkspaceError as error:
        return [Finding(kind="project", name="project", found="cannot be read", problems=(str(error),))]
    facts = {"path": str(workspace.root), "prefix": workspace.project.prefix}
    return [Finding(kind="project", name="project", found=f"{workspace.root}, {state}", facts=facts, problems=problems)]


def _state(workspace: "Workspace") -> tuple[str, tuple[str, ...]]:
    """Return in a few words how a project stands, and its problems."""
    from bud_codegen import run
    from bud_codegen.problem import InvalidActionsError

    lines: list[str] = []
    try:
        is_current = run.check(workspace, run.ALL_TARGETS, lines.append)
    except InvalidActionsError as error:
        return "not generated", (f"problems in action files: {len(error.problems)}; bud lint shows them",)
    if is_current:
        return lines[-1], ()
    return lines[-1], (f"bud generate --check names the files; bud generate mends them{_other_version(workspace)}",)


def _other_version(workspace: "Workspace") -> str:
    from bud_codegen.emit import lock

    content = workspace.read(lock.PATH)
    writer = json.loads(content).get("tools", {}).get(DISTRIBUTION) if content else None
    return f"; bud-actions {writer} wrote them" if writer not in (None, version(DISTRIBUTION)) else ""


def _packages() -> list[Finding]:
    found, modules = discover(allow_broken=True), Modules()
    entries = sorted(entry_points(group=GROUP), key=lambda each: (each.dist.name if each.dist else "", each.name))
    first = {each.dist.name: each for each in reversed(entries) if each.dist}
    return [_package(each, found, modules, is_first=each in first.values()) for each in entries]


def _package(entry: EntryPoint, found: Discovery, modules: Modules, *, is_first: bool) -> Finding:
    """Describe what an entry point offers; the first of a distribution tells of that one's files, too."""
    name, number = (
        (entry.dist.name, entry.dist.version) if entry.dist else ("an unnamed distribution", "without version")
    )
    own = (name, entry.name)
    packages = [each for each in found.packages if (each.distribution, each.entry) == own]
    actions = sum(len(each.entries) for each in packages)
    broken = [each.reason for each in found.broken if (each.distribution, each.entry) == own]
    style = "class-style" if ":" in entry.value else "schema-first"
    path = _path(entry, modules)
    facts = {
        "distribution": name,
        "version": number,
        "entry": entry.name,
        "value": entry.value,
        "style": style,
        "path": path,
        "actions": actions,
    }
    counted = f"{actions} action{'' if actions == 1 else 's'}"
    return Finding(
        kind="package",
        name=f"{name} {number}",
        found=f"{entry.name} = {entry.value}, {style}, {counted}, {path or 'not found'}",
        facts=facts,
        problems=(*broken, *_executor_faults(packages, modules), *(_drift(entry, name) if is_first else ())),
    )


def _path(entry: EntryPoint, modules: Modules) -> str | None:
    """Return the folder or file that an entry point names, found without importing it."""
    spec = modules.find(_module(entry))
    if spec is None:
        return None
    folders = [*(spec.submodule_search_locations or ())]
    return folders[0] if folders else spec.origin


def _module(entry: EntryPoint) -> str:
    """Return the module that a value names, which may be no module at all."""
    return re.split(r"[:\[]", entry.value, maxsplit=1)[0].strip()


def _executor_faults(packages: Iterable[ActionPackage], modules: Modules) -> Iterator[str]:
    """Yield what is wrong with the files of executors, which are read and not imported."""
    names = {entry["executor"].partition(":")[0] for each in packages for _, entry in each.versions}
    for name in sorted(names):
        spec = modules.find(name)
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            yield from executor_problems(Path(spec.origin), spec.origin)


def _drift(entry: EntryPoint, name: str) -> Iterator[str]:
    """Yield the files of a distribution that are no longer as pip recorded them."""
    for file in (entry.dist.files if entry.dist else None) or ():
        if file.hash is None or file.hash.mode != "sha256":
            continue
        path = Path(str(file.locate()))
        if not path.is_file() or _sha256(path) != file.hash.value:
            yield f"{path} has changed since it was installed; install {name} anew"


def _sha256(path: Path) -> str:
    """Digest of a file as a RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
