"""Create a new action file that is valid as it is."""

import re

from bud_codegen.model import Category
from bud_codegen.names import RESERVED_MODULES, is_module_name
from bud_codegen.templates import template
from bud_codegen.validate.categories import read_categories, standard_categories
from bud_codegen.validate.structure import suggestion
from bud_codegen.workspace import Workspace


class CreateError(Exception):
    """The action cannot be created; the message says why."""


def new_action(workspace: Workspace, action_type: str, category: str, *, event_driven: bool) -> str:
    """Write a first action file and return its path. Raises CreateError rather than overwrite anything."""
    refuse_bad_type(action_type)
    folder = _category(workspace, category).folder
    stem = stem_of(folder, action_type)
    path = f"{workspace.project.actions}/{folder}/{stem}.yaml"
    if workspace.read(path) is not None:
        raise CreateError(f"{path} is already there; nothing was written")
    text = template("scaffold/action.yaml.j2").render(
        type=action_type,
        name=" ".join(word.capitalize() for word in action_type.split("_")),
        category=category,
        event_driven=event_driven,
    )
    target = workspace.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    for package in (target.parent.parent, target.parent):
        if not (package / "__init__.py").exists():
            (package / "__init__.py").write_text("", encoding="utf-8")
    return path


def refuse_bad_type(action_type: str) -> None:
    """Raise CreateError for a name that no action can have."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", action_type) or len(action_type) > 64:
        raise CreateError(f"{action_type} is not an action type; use lower-case words joined by underscores")


def stem_of(folder: str, action_type: str) -> str:
    """Return the name, without ending, of an action's files in a folder: `model`, `model_add` gives `add`.

    Raises CreateError if Python could not import it.
    """
    stem = action_type.removeprefix(f"{folder}_")
    if not is_module_name(stem) or stem in RESERVED_MODULES:
        stem = action_type
    if not is_module_name(stem):
        raise CreateError(f"{action_type} cannot be the name of a Python module; choose another type")
    return stem


def _category(workspace: Workspace, name: str) -> Category:
    path = f"{workspace.project.actions}/categories.yaml"
    source = workspace.read(path)
    own = read_categories(path, source).categories if source is not None else []
    categories = {category.name: category for category in [*standard_categories(), *own]}
    if name not in categories:
        hint = suggestion(name, list(categories)) or f"there are: {', '.join(categories)}"
        raise CreateError(f"there is no category {name}; {hint}")
    return categories[name]
