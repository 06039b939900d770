"""What the emitters print: a catalog of valid actions.

The types between the stages are JSON Schema in the language's own profile: one small type language that every emitter
reads, and the one that the catalog publishes anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Project:
    """Where a project keeps its parts; paths are relative to its root and use `/`."""

    prefix: str = "bud"
    """The first part of its import packages: `bud` gives bud_actions and bud_generated."""

    @property
    def actions(self) -> str:
        """Folder of the action files and executors."""
        return f"actions/{self.prefix}_actions"

    @property
    def package(self) -> str:
        """Import name of the generated Python package."""
        return f"{self.prefix}_generated"

    @property
    def executors(self) -> str:
        """Import name of the package that holds the executors."""
        return f"{self.prefix}_actions"


@dataclass(frozen=True, slots=True)
class Category:
    """A group of actions, as categories.yaml lists it."""

    name: str
    icon: str
    folder: str
    order: int


@dataclass(frozen=True, slots=True)
class Action:
    """One valid action."""

    type: str
    folder: str
    """Folder of its files below the project's actions folder: `model`."""
    stem: str
    """Name of its Python modules: `add`, or `add_v1` of an older version."""
    source: str
    """Path of its action file from the project's root."""
    digest: str
    """SHA-256 of its metadata, in hex; unchanged by comments and layout."""
    meta: Mapping[str, Any]
    """Its metadata with snake_case keys in a fixed order and every default filled in, as catalog.json holds it."""
    input_schema: Schema
    """What a step gives: params with a default may be left out."""
    params_schema: Schema
    """What an executor receives: defaults filled in."""
    outputs_schema: Schema
    """What it yields."""
    is_newest: bool = True
    """Whether its name alone means it; an older major version is asked for as `type@major`."""

    @property
    def major(self) -> int:
        """First part of its version."""
        return int(self.meta["version"].partition(".")[0])

    @property
    def reference(self) -> str:
        """The shortest name that means this version: `model_add`, or `model_add@1` of an older one."""
        return self.type if self.is_newest else f"{self.type}@{self.major}"

    @property
    def class_name(self) -> str:
        """Its type in PascalCase: `ModelAdd`, or `ModelAddV1` of an older version."""
        name = "".join(word[:1].upper() + word[1:] for word in self.type.split("_"))
        return name if self.is_newest else f"{name}V{self.major}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All valid actions of a project."""

    project: Project
    categories: tuple[Category, ...]
    """In display order."""
    actions: tuple[Action, ...]
    """The newest version of each, by category, then by type."""
    digest: str
    """SHA-256 over the categories and the digests of the actions, in hex."""
    older: tuple[Action, ...] = ()
    """Versions that stand beside a newer one, by category, type and version."""
    reserved: frozenset[str] = frozenset()
    """Types that were removed and may not come back."""

    @property
    def versions(self) -> tuple[Action, ...]:
        """All actions, the newest versions first."""
        return (*self.actions, *self.older)

    def order_of(self, action: Action) -> tuple[int, str]:
        """Return what sorts actions by category and type."""
        rank = next(index for index, each in enumerate(self.categories) if each.name == action.meta["category"])
        return rank, action.type

    def by_category(self) -> list[tuple[Category, list[Action]]]:
        """Group the newest versions; categories without actions are left out."""
        groups = [(each, [a for a in self.actions if a.meta["category"] == each.name]) for each in self.categories]
        return [(category, actions) for category, actions in groups if actions]
