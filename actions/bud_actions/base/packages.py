"""Read what one installed package offers, and say what is wrong with it.

A schema-first package is read without importing anybody's code: its catalog.json says everything, and whether its
executors are there is asked of the file system.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

Document = Mapping[str, Any]
Entries = Mapping[str, Document]
"""{type: entry as in catalog.json}."""


class PackageError(Exception):
    """Why a package cannot be served, and what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An entry point, as an installed distribution declares it."""

    distribution: str
    version: str
    entry: str
    """Name of the entry point."""
    value: str
    """What it points at: `acme_generated`, or `acme.greet:Greet`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPackage:
    """The actions that one entry point offers."""

    distribution: str
    version: str
    entry: str
    style: Literal["catalog", "class"]
    """Whether it was read from a catalog.json or from a class."""
    entries: Entries
    """In the catalog's order."""
    categories: tuple[Document, ...]
    """The groups it brings, each with name, icon and order."""
    digest: str
    """SHA-256, in hex, over the categories and the digests of the actions."""
    older: Entries = field(default_factory=dict)
    """Versions that stand beside a newer one, by `type@major`."""

    def without(self, names: Iterable[str]) -> "ActionPackage":
        """Return the package without some of its actions: types, with all versions, or single older versions."""
        left_out = set(names)
        if not left_out:
            return self
        entries = {each: entry for each, entry in self.entries.items() if each not in left_out}
        older = {
            each: entry
            for each, entry in self.older.items()
            if each not in left_out and entry["meta"]["type"] not in left_out
        }
        return replace(self, entries=entries, older=older, digest=_digest(self.categories, entries, older))

    @property
    def document(self) -> Document:
        """What it offers, as a catalog.json says it; without its digest."""
        return {"categories": self.categories, "actions": self.entries, "older": self.older}

    @property
    def versions(self) -> Iterator[tuple[str, Document]]:
        """Names and entries of all actions, the newest versions first."""
        yield from self.entries.items()
        yield from self.older.items()


def read_package(source: Source, modules: "Modules") -> tuple[ActionPackage, dict[str, str]]:
    """Return a package, and {type: reason} of actions in it that cannot be used. Raises PackageError."""
    module, _, attribute = source.value.partition("[")[0].strip().partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *(attribute or "_").split("."))):
        raise PackageError(f"its value `{source.value}` is neither a package nor module:Class")
    if attribute:
        return _read_class(source, module, attribute), {}
    package = _read_catalog(source, module, modules)
    return package, dict(_unusable(package.versions, modules))


class Modules:
    """Finds modules without importing anything; remembers what it found."""

    def __init__(self) -> None:
        self._found: dict[str, ModuleSpec | None] = {}

    def find(self, name: str) -> ModuleSpec | None:
        """Return where a module is, or None."""
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: str) -> ModuleSpec | None:
        parent, _, last = name.rpartition(".")
        if not parent:
            try:
                return find_spec(name)
            except (ImportError, ValueError):  # it stands in sys.modules without saying where it is from
                return None
        spec = self.find(parent)
        folders = spec.submodule_search_locations if spec else None
        # Under its last name only: for the full name, a namespace package would want its parent imported.
        return PathFinder.find_spec(last, folders) if folders is not None else None

    def folders(self, name: str) -> list[Path]:
        """Return the folders of a package: one, or several of a namespace package."""
        spec = self.find(name)
        return [Path(each) for each in (spec.submodule_search_locations if spec else None) or ()]


def _read_catalog(source: Source, module: str, modules: Modules) -> ActionPackage:
    path = _catalog_path(source, module, modules)
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise PackageError(f"{path} cannot be read ({error}); write it anew with bud generate") from error
    if not _is_intact(document):
        raise PackageError(f"{path} is damaged: it does not fit its own digests; write it anew with bud generate")
    return ActionPackage(
        distribution=source.distribution,
        version=source.version,
        entry=source.entry,
        style="catalog",
        entries={each: _in_our_language(entry) for each, entry in document["actions"].items()},
        categories=tuple(document["categories"]),
        digest=document["digest"],
        older={each: _in_our_language(entry) for each, entry in document.get("older", {}).items()},
    )


def _catalog_path(source: Source, module: str, modules: Modules) -> Path:
    folders = modules.folders(module)
    if not folders:
        raise PackageError(f"there is no package {module}; see that the wheel of {source.distribution} contains it")
    path = next((path for folder in folders if (path := folder / "catalog.json").is_file()), None)
    if path is None:
        remedy = "run bud generate and see that the wheel contains it, or let the entry point name module:Class"
        raise PackageError(f"{folders[0] / 'catalog.json'} is missing; {remedy}")
    return path


_ENTRY_KEYS = frozenset({"source", "executor", "input_schema", "params_schema", "outputs_schema"})


def _is_intact(document: Any) -> bool:
    """Whether a catalog is as the generator wrote it, which has checked what it says."""
    from bud_schemas.shapes import digest_of, major_of

    try:
        older = document.get("older", {})
        for name, entry in (*document["actions"].items(), *older.items()):
            meta = entry["meta"]
            called = f"{meta['type']}@{major_of(meta)}" if "@" in name else meta["type"]
            is_whole = entry.keys() >= _ENTRY_KEYS and called == name and ":" in entry["executor"]
            if not is_whole or digest_of(meta) != entry["digest"]:
                return False
        return bool(_digest(document["categories"], document["actions"], older) == document["digest"])
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def _digest(categories: Iterable[Document], entries: Entries, older: Entries) -> str:
    from bud_schemas.shapes import catalog_digest

    return catalog_digest(
        ((each["name"], each["icon"], each["order"]) for each in categories),
        ((action_type, entry["digest"]) for action_type, entry in entries.items()),
        ((reference, entry["digest"]) for reference, entry in older.items()),
    )


def _in_our_language(entry: Document) -> Document:
    """Fill in what an older generator did not know. Raises PackageError for what this version does not know."""
    from bud_schemas.shapes import complete

    meta = entry["meta"]
    is_complete = True
    parts = {"ActionMeta": [meta], "ParamDefinition": meta["params"], "OutputDefinition": meta["outputs"]}
    for kind, members in parts.items():
        known, always = _keys(kind)
        for each in members:
            if not each.keys() <= known:
                unknown = min(each.keys() - known)
                what = f"action {meta['type']} has `{unknown}`, which is newer than the installed bud-actions"
                raise PackageError(f"{what}; upgrade bud-actions")
            is_complete = is_complete and always <= each.keys()
    return entry if is_complete else {**entry, "meta": complete(meta)}


@cache
def _keys(kind: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys that a kind of object may have, and those that it always has in a catalog."""
    import bud_schemas
    from bud_schemas.shapes import VALUES_LEFT_OUT

    schema = bud_schemas.load("action")
    known = frozenset((schema if kind == "ActionMeta" else schema["$defs"][kind])["properties"])
    return known, known - VALUES_LEFT_OUT


def _unusable(entries: Iterable[tuple[str, Document]], modules: Modules) -> Iterator[tuple[str, str]]:
    for action_type, entry in entries:
        module = entry["executor"].partition(":")[0]
        spec = modules.find(module)
        if spec is None or spec.origin is None:
            remedy = "bud generate writes a first version; see that the wheel contains it"
            yield action_type, f"the executor of {action_type} is missing: there is no module {module}; {remedy}"


def _read_class(source: Source, module: str, attribute: str) -> ActionPackage:
    try:
        action = attrgetter(attribute)(import_module(module))
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}"
        raise PackageError(f"importing {source.value} failed with {said}; repair or upgrade it") from error
    entry = class_entry(action, f"{module}:{attribute}", f"{module}:{attribute}.executor_class")
    meta = entry["meta"]
    if meta["type"] != source.entry:
        raise PackageError(f"the type of {source.value} is {meta['type']}; name the entry point {meta['type']} too")
    # Only where no catalog says more about the category: it comes last, with the icon of its action.
    categories = ({"name": meta["category"], "icon": meta["icon"] or "puzzle", "order": 1000},)
    entries = {meta["type"]: entry}
    return ActionPackage(
        distribution=source.distribution,
        version=source.version,
        entry=source.entry,
        style="class",
        entries=entries,
        categories=categories,
        digest=_digest(categories, entries, {}),
    )


def class_entry(action_class: Any, source: str, executor: str) -> Document:
    """Return the catalog entry of a class with `meta` and `executor_class`. Raises PackageError."""
    from bud_schemas.metadata import meta_problems, without_nulls
    from bud_schemas.shapes import complete, entry_of

    meta = _meta_of(action_class, source)
    _check_executor(action_class, source)
    try:
        problems = meta_problems(meta)
    except ModuleNotFoundError as error:
        raise PackageError(str(error)) from error
    if problems:
        raise PackageError(f"the meta of {source} is not valid: {'; '.join(problems)}")
    return entry_of(complete(json.loads(json.dumps(without_nulls(meta)))), source, executor)


def _meta_of(action_class: Any, source: str) -> Document:
    meta = getattr(action_class, "meta", None)
    to_dict = getattr(meta, "to_dict", None)
    document = to_dict() if callable(to_dict) else meta
    if not isinstance(document, Mapping):
        raise PackageError(f"{source} has no `meta` that is an ActionMeta")
    return document


def _check_executor(action_class: Any, source: str) -> None:
    executor = getattr(action_class, "executor_class", None)
    if not isinstance(executor, type) or not callable(getattr(executor, "execute", None)):
        raise PackageError(f"{source} has no `executor_class` that is a class with execute")
    unwritten = sorted(getattr(executor, "__abstractmethods__", ()))
    if unwritten:
        raise PackageError(f"the executor_class of {source} does not define {', '.join(unwritten)}")
