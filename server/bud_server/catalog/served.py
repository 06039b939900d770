"""The catalog that is served: made of the catalogs of all installed packages, its answers made when first asked for."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from bud_codegen.spelling import camel_case_meta
from bud_schemas import ParamValidator
from bud_schemas.shapes import major_of, names_of
from bud_server.catalog.lifecycle import lifecycle_headers, notice_of
from bud_server.http.answer import Answer
from bud_server.http.json_text import json_bytes

Document = Mapping[str, Any]
NOTHING: Mapping[str, Document] = {}


class CatalogError(Exception):
    """The catalog cannot be read; the message says what to do."""


class Filters(NamedTuple):
    """What a list of actions is narrowed down to; None means anything."""

    category: str | None = None
    service: str | None = None
    execution_mode: str | None = None
    q: str | None = None
    """Words looked for in type, name and description, in any case."""
    has_older: bool = False
    """Whether versions that stand beside a newer one are listed too."""

    def match(self, meta: Document) -> bool:
        """Whether an action is wanted."""
        return (
            self.category in (None, meta["category"])
            and (self.service is None or self.service in meta["required_services"])
            and self.execution_mode in (None, meta["execution_mode"])
            and (self.q is None or _is_about(meta, self.q))
        )


NO_FILTERS = Filters()


def _is_about(meta: Document, words: str) -> bool:
    text = f"{meta['type']} {meta['name']} {meta['description']}".lower()
    return all(word in text for word in set(words.lower().split()))


class Spelling:
    """The catalog's answers with keys in one spelling."""

    def __init__(self, catalog: "ServedCatalog", respell: Callable[[Document], Document]) -> None:
        self._catalog = catalog
        self._respell = respell
        self._actions: dict[str, Answer] = {}

    @cached_property
    def listing(self) -> Answer:
        """The answer with all actions, flat and by category."""
        return Answer(_written(self.listed(NO_FILTERS)), self._catalog.digest)

    def listed(self, filters: Filters) -> dict[str, Any]:
        """Return the wanted actions, flat and by category."""
        listed = self._catalog.versions if filters.has_older else self._catalog.entries.items()
        metas = [entry["meta"] for _, entry in listed if filters.match(entry["meta"])]
        actions = [self._respell(meta) for meta in metas]
        pairs = list(zip(metas, actions, strict=True))
        groups = [
            {
                "name": each["name"],
                "icon": each["icon"],
                "actions": [action for meta, action in pairs if meta["category"] == each["name"]],
            }
            for each in self._catalog.categories
        ]
        return {
            "actions": actions,
            "categories": [group for group in groups if group["actions"]],
            "total": len(actions),
        }

    def action(self, action_type: str) -> Answer | None:
        """Return the answer with one action, by anything that it is called; None if there is none."""
        answer = self._actions.get(action_type)
        if answer is None:
            entry = self._catalog.entry(action_type)
            if entry is None:
                return None
            meta = entry["meta"]
            headers = lifecycle_headers([notice_of(meta["deprecated"], meta)] if meta["deprecated"] else ())
            body = json_bytes(self._respell(meta), is_ours=True)
            answer = self._actions[action_type] = Answer(body, self._catalog.digest, headers=headers)
        return answer


def _written(listed: Document) -> bytes:
    """Return the JSON text of a listing, each action written once and put in both places."""
    texts = {each["type"]: json_bytes(each, is_ours=True) for each in listed["actions"]}

    def text(value: Document) -> bytes:
        actions = b",".join(texts[each["type"]] for each in value["actions"])
        rest = {key: each for key, each in value.items() if key not in ("actions", "categories")}
        return b'{"actions":[%b],' % actions + json_bytes(rest, is_ours=True)[1:]

    categories = b",".join(text(group) for group in listed["categories"])
    return b'{"categories":[%b],' % categories + text(listed)[1:]


class ServedCatalog:
    """All actions that are installed. Never changed: a reload makes another one."""

    def __init__(
        self,
        digest: str,
        categories: Iterable[Document],
        entries: Mapping[str, Document],
        older: Mapping[str, Document] = NOTHING,
    ) -> None:
        self.digest = digest
        self.categories = tuple(categories)
        """In display order."""
        self.entries = entries
        """Entries as in catalog.json by type; by category and then by type."""
        self.older = older
        """Entries of versions that stand beside a newer one, by `type@major`."""
        self.snake_case = Spelling(self, lambda meta: meta)
        self.camel_case = Spelling(self, camel_case_meta)
        self._names = {
            **{name: entry for entry in older.values() for name in names_of(entry["meta"], is_newest=False)},
            **{name: entry for entry in entries.values() for name in names_of(entry["meta"])},
        }
        self._pins: Mapping[str, int] = {}
        self._validators: dict[str, ParamValidator] = {}
        """By digest."""
        self._schemas: dict[str, Answer] = {}

    def pinned(self, pins: Mapping[str, int]) -> "ServedCatalog":
        """Return the catalog as a pipeline sees it whose actions are pinned, by type, to major versions.

        A pin whose version is not there leaves its action unknown.
        """
        needed = {kind: major for kind, major in pins.items() if self._newest_major(kind) not in (None, major)}
        if not needed:
            return self
        view = copy(self)
        view._pins = needed
        return view

    def pin_of(self, name: str) -> int | None:
        """Return the major version that an action is pinned to, if not to the newest."""
        found = self._names.get(name)
        return None if found is None else self._pins.get(found["meta"]["type"])

    def _newest_major(self, kind: str) -> int | None:
        entry = self.entries.get(kind)
        return None if entry is None else major_of(entry["meta"])

    def entry(self, action_type: str) -> Document | None:
        """Return an action's entry by its type or an alias, or by one of them with `@major`; None if there is none."""
        found = self._names.get(action_type)
        if not self._pins or "@" in action_type:
            return found
        if found is None:
            return self._former(action_type)
        kind = found["meta"]["type"]
        major = self._pins.get(kind)
        return found if major is None else self._names.get(f"{kind}@{major}")

    def _former(self, alias: str) -> Document | None:
        """Return the entry of a pinned version that has an alias which the newest one has no more."""
        entries = (self._names.get(f"{alias}@{major}") for major in self._pins.values())
        return next((each for each in entries if each and self._is_pinned(each["meta"])), None)

    def _is_pinned(self, meta: Document) -> bool:
        return self._pins.get(meta["type"]) == major_of(meta)

    @property
    def document(self) -> Document:
        """The catalog as a catalog.json says it."""
        return {"digest": self.digest, "categories": self.categories, "actions": self.entries, "older": self.older}

    def reference_of(self, entry: Document) -> str:
        """Return the shortest name that means a version: its action's type, or `type@major` of an older one."""
        kind: str = entry["meta"]["type"]
        return kind if self.entries.get(kind) is entry else f"{kind}@{major_of(entry['meta'])}"

    def reference(self, name: str, version: str) -> str | None:
        """Return what means a version of an action, given whole or by its major part; None if it is not there."""
        kind, _, major = name.partition("@")
        asked = version.partition(".")[0]
        entry = self.entry(f"{kind}@{asked}") if major in ("", asked) else None
        is_there = entry is not None and version in (entry["meta"]["version"], asked)
        return f"{kind}@{asked}" if is_there else None

    def majors_of(self, names: Iterable[str]) -> dict[str, int]:
        """Return, by type, the major version of each action that is named without one; unknown names are left out."""
        named = sorted({name for name in names if "@" not in name})
        metas = [entry["meta"] for name in named if (entry := self.entry(name)) is not None]
        return {meta["type"]: major_of(meta) for meta in metas}

    def versions_of(self, name: str) -> list[str]:
        """Return the versions of an action that stand side by side, the newest first; empty for an unknown one."""
        newest = self._names.get(name)
        if newest is None:
            return []
        kind = newest["meta"]["type"]
        older = [entry["meta"]["version"] for entry in self.older.values() if entry["meta"]["type"] == kind]
        return [newest["meta"]["version"], *reversed(older)]

    @property
    def versions(self) -> Iterator[tuple[str, Document]]:
        """Names and entries of all actions, the newest versions first."""
        yield from self.entries.items()
        yield from self.older.items()

    def validator(self, action_type: str) -> ParamValidator | None:
        """Return the validator of an action's params; None if there is no such action."""
        entry = self.entry(action_type)
        return None if entry is None else self.validator_of(entry)

    def validator_of(self, entry: Document) -> ParamValidator:
        """Return the validator of a version's params, which need not be installed any more."""
        found = self._validators.get(entry["digest"])
        if found is None:
            found = self._validators[entry["digest"]] = ParamValidator(entry["meta"])
        return found

    def schema(self, action_type: str) -> Answer | None:
        """Return the answer with the JSON Schema of an action's params; None if there is no such action."""
        found = self._schemas.get(action_type)
        if found is None:
            entry = self.entry(action_type)
            if entry is None:
                return None
            dialect = "https://json-schema.org/draft/2020-12/schema"
            schema = {
                "$schema": dialect,
                "title": f"Params of {entry['meta']['name']}",
                **_given(entry["input_schema"]),
            }
            body = json_bytes(schema, is_ours=True)
            found = self._schemas[action_type] = Answer(body, self.digest, "application/schema+json")
        return found


_TEMPLATE = {"type": "string", "pattern": r"\{\{[\s\S]*\}\}", "description": "A text with {{ ... }} in it."}
_ABOUT_A_PARAM = ("title", "description", "default", "deprecated", "writeOnly")


def _given(schema: Document) -> Document:
    """Return a schema of params that allows a template for each, as a step may give one."""
    return {**schema, "properties": {name: _or_template(each) for name, each in schema["properties"].items()}}


def _or_template(schema: Document) -> Document:
    value = {key: each for key, each in schema.items() if key not in _ABOUT_A_PARAM}
    if value in ({}, {"type": "string"}):
        return schema
    about = {key: schema[key] for key in _ABOUT_A_PARAM if key in schema}
    return {**about, "anyOf": [value, _TEMPLATE]}


def read_catalog(path: Path) -> ServedCatalog:
    """Return the catalog in a catalog.json. Raises CatalogError if it is missing or damaged."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise CatalogError(f"{path} is missing: run bud generate") from error
    except ValueError as error:
        raise CatalogError(f"{path} is damaged ({error}): run bud generate") from error
    return served(document)


def served(document: Document) -> ServedCatalog:
    """Return what is served of a catalog document."""
    return ServedCatalog(
        document["digest"], document["categories"], document["actions"], document.get("older", NOTHING)
    )
