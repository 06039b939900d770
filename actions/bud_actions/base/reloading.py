"""Development: import edited modules anew, all of them or none."""

import ast
import importlib
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType

KEPT = "bud_actions.base"
"""What executors and the server share; an edit in there needs a new start."""


@contextmanager
def imported_anew(edited: Collection[str], packages: Collection[str]) -> Iterator[frozenset[str]]:
    """Take loaded modules, and those of some packages that import them, out of use; yield their names.

    Whatever imports them inside the `with` gets their new code. If that fails, the former modules are in use again.
    """
    former = {name: sys.modules[name] for name in _with_importers(edited, packages)}
    for name, module in former.items():
        del sys.modules[name]
        _forget_bytecode(module)
    importlib.invalidate_caches()
    try:
        yield frozenset(former)
    except BaseException:
        sys.modules.update(former)
        for name, module in former.items():
            parent, _, last = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], last, module)
        raise


def _forget_bytecode(module: ModuleType) -> None:
    """Delete the compiled file, which passes for current if an edit of the same second leaves the size as it was."""
    cached = getattr(module, "__cached__", None)
    if cached is not None:
        Path(cached).unlink(missing_ok=True)


def _with_importers(edited: Iterable[str], packages: Collection[str]) -> list[str]:
    loaded = {name: module for name, module in sys.modules.items() if _is_reloadable(name, packages)}
    found = [name for name in edited if name in loaded]
    imports = {name: _imports(module) for name, module in loaded.items()} if found else {}
    for name in found:  # grows meanwhile
        found += [importer for importer, names in imports.items() if name in names and importer not in found]
    return found


def _is_reloadable(name: str, packages: Collection[str]) -> bool:
    return name.partition(".")[0] in packages and name != KEPT and not name.startswith(f"{KEPT}.")


def _imports(module: ModuleType) -> set[str]:
    """Return the names that a module's file imports; modules, or what may be one."""
    try:
        tree = ast.parse(Path(str(module.__file__)).read_bytes())
    except (OSError, SyntaxError, ValueError):  # what cannot be imported now keeps the code that it has
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), module.__package__)
            names.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return names
